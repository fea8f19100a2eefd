#!/usr/bin/env bash
# What makes a paper's table, as one script: split, train five models, recommend, judge with intervals, draw.
#
#   examples/experiment.sh items.arrow ratings.csv results
#
# items.arrow has embeddings (visrec fuse). Ratings: MIN_WEIGHT=4 makes likes of them. SPLIT="--by time" asks what comes
# next; MODELS="als bpr" compares others, all with the first; TUNE=30 searches each one's settings before.
set -euo pipefail
items=$1 log=$2 results=$3
read -ra models <<< "${MODELS:-ease item-knn graph-filter als hybrid}"
read -ra how <<< "${SPLIT:---by random --test 0.2}"
read -ra likes <<< "${MIN_WEIGHT:+--min-weight $MIN_WEIGHT}"
mkdir -p "$results"

# Models are trained and tuned on the training rows; nothing looks at the test rows but eval.
visrec split "$log" "${how[@]}" --seed "${SEED:-0}" -o "$results/split.arrow"

lists=()
for model in "${models[@]}"; do
  visrec train-cf "$results/split.arrow" --items "$items" --model "$model" --tune "${TUNE:-0}" "${likes[@]}" --quiet \
    | visrec recommend - --all-users -k 50 --quiet -o "$results/$model.arrow"
  lists+=("$results/$model.arrow")
done

visrec eval "${lists[@]}" --truth "$results/split.arrow" --items "$items" "${likes[@]}" --baselines \
  --metrics ndcg@10,recall@10,map@10,mrr@10,coverage@10,novelty@10,ndcg@5,ndcg@20,ndcg@50,recall@5,recall@20,recall@50 \
  --by warmth,popularity --html "$results/report.html" --figure "$results/curves.pdf" --markdown "$results/table.md" \
  --per-user "$results/per_user.parquet" -o "$results/metrics.csv"
