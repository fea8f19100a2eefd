#!/usr/bin/env bash
# For CI: train the model as the code now does, and fail where its recommendations are worse than the last good ones.
#
#   examples/gate.sh items.arrow split.arrow accepted.arrow
#
# accepted.arrow holds the recommendations that were accepted last; the first time there are none, and today's are kept.
# When the gate passes they take its place (KEEP=no leaves it alone). MODEL, SETTINGS and AT_LEAST say what is judged.
set -euo pipefail
items=$1 split=$2 accepted=$3
today=$(dirname "$accepted")/today.arrow

visrec train-cf "$split" --items "$items" --model "${MODEL:-als}" ${SETTINGS:+--set "$SETTINGS"} --quiet \
  | visrec recommend - --all-users -k 20 --quiet -o "$today"

gates=(--fail-under "${AT_LEAST:-ndcg@10=0.02}")
[ -e "$accepted" ] && gates+=(--fail-if-worse-than "$accepted")

# Exit code 1 where a gate is not passed: set -e then stops here, after the reports are written.
visrec eval "$today" --truth "$split" --metrics ndcg@10,recall@20 "${gates[@]}" \
  --junit gate.xml --markdown "${GITHUB_STEP_SUMMARY:-gate.md}" -o gate.csv

[ "${KEEP:-yes}" = no ] || mv "$today" "$accepted"
