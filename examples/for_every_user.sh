#!/usr/bin/env bash
# From pictures and clicks to a page that shows what each user liked beside what they are offered, and why.
#
#   examples/for_every_user.sh ./imgs items.csv clicks.csv users.html
#
# ENCODER=colour+hog needs no model at all; the default is lite0. The default model, hybrid, also offers what nobody has
# clicked yet; EXPOSURE says how readily (0 to 1). MODEL=als knows only what was clicked.
set -euo pipefail
pictures=$1 items=$2 clicks=$3 page=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

visrec preprocess "$pictures" --items "$items" --rejects "$work/rejects.csv" \
  | visrec embed-images --encoder "${ENCODER:-lite0}" --labels "${LABELS:-0}" \
  | visrec fuse -o "$work/items.arrow"

model=${MODEL:-hybrid}
settings=()
[ "$model" = hybrid ] && settings=(--set "exposure=${EXPOSURE:-1}")

visrec train-cf "$clicks" --items "$work/items.arrow" --model "$model" "${settings[@]}" \
  | visrec recommend - --all-users -k 12 --explain --show-history 8 \
  | visrec show - --html "$page"
