#!/usr/bin/env bash
# "You may also like": five similar items for every item, as a CSV for the shop's database.
#
#   examples/similar_items.sh ./imgs items.csv similar.csv
#
# ENCODER=colour+hog needs no model at all; the default is lite0.
set -euo pipefail
pictures=$1 items=$2 result=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

visrec preprocess "$pictures" --items "$items" --rejects "$work/rejects.csv" \
  | visrec embed-images --encoder "${ENCODER:-lite0}" \
  | visrec fuse -o "$work/catalogue.arrow"

visrec recommend "$work/catalogue.arrow" --all -k 5 --columns title -o "$result"

# What could not be used is a table like any other.
visrec show "$work/rejects.csv" --format csv
