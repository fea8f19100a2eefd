#!/usr/bin/env bash
# One line through every verb, on the shop that the demo draws. Usage: every_verb.sh VISREC FOLDER
# It runs where no test tool is installed: with the oldest dependencies, on another Python, from a wheel.
set -euo pipefail
program=$1 folder=$2
visrec() { "$program" "$@"; }
rows() { # rows FILE N: the table has at least N rows
  local n
  n=$(visrec show "$1" --format ndjson 2>/dev/null | wc -l)
  [ "$n" -ge "$2" ] || { echo "$1 has $n rows, and $2 were expected" >&2; exit 1; }
}
mkdir -p "$folder" && cd "$folder"
export VISREC_CACHE_DIR="$PWD/cache"

visrec doctor
visrec demo shop --draw-only
visrec preprocess shop/images --items shop/items.csv --rejects rejects.csv -o items.arrow
visrec embed-images items.arrow -o images.arrow
visrec embed-text items.arrow --columns title -o texts.parquet
visrec fuse images.arrow texts.parquet -o catalogue.arrow
visrec concat catalogue.arrow catalogue.arrow --upsert | cmp - <(visrec concat catalogue.arrow)
visrec recommend catalogue.arrow --item dress-003 -k 5 -o alike.arrow
visrec recommend catalogue.arrow --text 'red dress' --column text_embedding -k 5 --format ndjson >words.ndjson
visrec train-encoder items.arrow --target labels:category --epochs 1 --pixels 96 --freeze all -o encoder.safetensors
visrec export-encoder file:encoder.safetensors -o encoder.onnx
visrec interactions shop/clicks.csv -o log.parquet
visrec split log.parquet --by random --test 0.2 -o split.arrow
visrec train-cf split.arrow --items catalogue.arrow --model als -o als.arrow
visrec train-cf split.arrow --items catalogue.arrow --model hybrid -o hybrid.arrow
visrec recommend als.arrow --all-users -k 10 -o lists.arrow
visrec recommend hybrid.arrow --user user-001 -k 5 --explain -o reasons.arrow
visrec profile als.arrow --user user-001 -o profile.arrow
visrec eval lists.arrow --truth split.arrow --baselines --html report.html -o metrics.csv
visrec show alike.arrow --html gallery.html
visrec check catalogue.arrow als.arrow split.arrow lists.arrow
visrec cache info
# what older releases of Arrow and polars stumble over: a missing vector in Parquet, JSON beyond 64 bits and of any depth
printf '{"item_id":"a","n":14933243513335727983}\n{"item_id":"b","n":98765432109876543210}\n' >long.ndjson
{ printf '{"item_id":"a","t":'; printf '[%.0s' {1..5000}; printf ']%.0s' {1..5000}; echo '}'; } >deep.ndjson
visrec embed-images items.arrow -o images.parquet
visrec check images.parquet
visrec show long.ndjson --format ndjson 2>/dev/null | grep -c 14933243513335727983 >found.txt  # -q would close the pipe
visrec show deep.ndjson && exit 1 || [ $? -eq 65 ]
rows alike.arrow 5
rows lists.arrow 1000
for page in report.html gallery.html; do grep -q '</html>' "$page"; done
grep -q '^lists,ndcg,10,all,0\.' metrics.csv
echo "every verb works"
