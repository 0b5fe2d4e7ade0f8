#!/usr/bin/env bash
# Measures how well and how fast personal data is found and replaced, each figure with its bar.
#
#   deploy/bench-detect.sh [PART...]      parts: quality columns masking replacement classification (all)
#
#   BENCH_DIR=FOLDER   where data goes (.cache/bench-detect)
#   DOCUMENTS=N        texts of each corpus (20000)
#   ROWS=N             citizens of the invented library (100000)
#   SEED=S             another seed gives other texts, another library (1)
#   MEGABYTES=N        size of the CSV whose classification is timed (1000)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=${BENCH_DIR:-$PWD/.cache/bench-detect}
seed=${SEED:-1}
rows=${ROWS:-100000}
parts=${*:-quality columns masking replacement classification}
examples=${CARGO_TARGET_DIR:-target}/release/examples
mkdir -p "$folder"

wanted() { [[ " $parts " == *" $1 "* ]]; }
title() { printf '\n== %s\n' "$1"; }
# Whether a number reaches a bar: at_least VALUE BAR.
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { print (a >= b ? "met" : "MISSED") }'; }

quality() {
    title "Recognizers on labelled texts"
    cargo build --release --locked --quiet -p sandyq-synth --example detect_quality
    "$examples/detect_quality" "${DOCUMENTS:-20000}" "$seed"
}

columns() {
    title "Column types of the invented library ($rows citizens, seed $seed) and of Adult"
    cargo build --release --locked --quiet -p sandyq-synth --example library --example column_types
    local library=$folder/library
    rm -rf "$library"
    "$examples/library" "$rows" "$seed" "$library"
    "$examples/column_types" "$library" examples/adult/adult.csv
    rm -rf "$library"
}

masking() {
    title "Rate of text masking on one core"
    cargo build --release --locked --quiet -p sandyq-detect --example detect_rate
    local told rate
    told=$("$examples/detect_rate")
    echo "$told"
    rate=$(awk '/^detection:/ { print $2 }' <<<"$told")
    echo "text masking: $rate MB/s   bar 100: $(at_least "$rate" 100)"
}

replacement() {
    title "Rate of replacement"
    cargo build --release --locked --quiet -p sandyq-replace --example rates
    local told ratio
    told=$("$examples/rates")
    echo "$told"
    ratio=$(sed -n 's/^pseudonyms.*ratio \([0-9.]*\).*/\1/p' <<<"$told")
    echo "pseudonyms to bare HMAC: $ratio   bar 0.8: $(at_least "$ratio" 0.8)"
}

classification() {
    title "Classification of a CSV file beside reading it with polars"
    cargo build --release --locked --quiet -p sandyq-classify --features rate --example classify_rate
    TMPDIR=$folder "$examples/classify_rate" "${MEGABYTES:-1000}"
}

for part in quality columns masking replacement classification; do
    if wanted "$part"; then "$part"; fi
done
