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
#
# Needs python3 with venv for polars, which is installed into BENCH_DIR.
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

# The lesser of two numbers; the second may be missing.
least() { awk -v a="$1" -v b="$2" 'BEGIN { print (b == "" || a < b ? a : b) }'; }

# With the program's set of features, so that nothing is compiled twice beside it.
cargo build --release --locked -p sandyq -p sandyq-classify -p sandyq-detect -p sandyq-replace -p sandyq-synth \
    --example classify_rate --example column_types --example detect_quality --example detect_rate --example library --example rates

quality() {
    title "Recognizers on labelled texts"
    "$examples/detect_quality" "${DOCUMENTS:-20000}" "$seed"
}

columns() {
    title "Column types of the invented library ($rows citizens, seed $seed) and of Adult"
    local library=$folder/library
    rm -rf "$library"
    "$examples/library" "$rows" "$seed" "$library"
    "$examples/column_types" "$library" examples/adult/adult.csv
    rm -rf "$library"
}

masking() {
    title "Rate of text masking on one core"
    local told rate
    told=$("$examples/detect_rate")
    echo "$told"
    rate=$(awk '/^detection:/ { print $2 }' <<<"$told")
    echo "text masking: $rate MB/s   bar 100: $(at_least "$rate" 100)"
}

replacement() {
    title "Rate of replacement"
    local told ratio
    told=$("$examples/rates")
    echo "$told"
    ratio=$(sed -n 's/^pseudonyms.*ratio \([0-9.]*\).*/\1/p' <<<"$told")
    echo "pseudonyms to bare HMAC: $ratio   bar 0.8: $(at_least "$ratio" 0.8)"
}

# The register of citizens of an invented library, its rows again and again up to that many megabytes.
register() {
    local library=$folder/library
    rm -rf "$library"
    "$examples/library" "$rows" "$seed" "$library" >/dev/null
    head -n 1 "$library/citizens.csv" >"$1"
    tail -n +2 "$library/citizens.csv" >"$folder/rows.csv"
    while (($(stat -c %s "$1") < $2 * 1000000)); do
        cat "$folder/rows.csv" >>"$1"
    done
    rm -rf "$library" "$folder/rows.csv"
}

classification() {
    local megabytes=${MEGABYTES:-1000} python=$folder/python/bin/python csv=$folder/register.csv
    title "Classification of a CSV file of $megabytes MB beside reading it with polars, both on all cores, from the page cache"
    if [[ ! -x $python ]]; then
        python3 -m venv "$folder/python" && "$folder/python/bin/pip" install --quiet polars
    fi
    # Types are told by all rows, or a cell that is none of the first ones' type is an error; as text alone there is nothing to tell.
    cat >"$folder/read.py" <<'PYTHON'
import sys, time
import polars as pl
begun = time.perf_counter()
pl.read_csv(sys.argv[1], infer_schema=False)
print(f"{time.perf_counter() - begun:.3f}")
PYTHON
    register "$csv" "$megabytes"
    local round polars ours best_polars='' best_ours='' told
    for round in 1 2 3 4 5; do
        polars=$("$python" "$folder/read.py" "$csv")
        told=$("$examples/classify_rate" "$csv" 1)
        ours=$(sed -n 's/ s$//p' <<<"$told")
        echo "round $round: polars $polars s, classification $ours s"
        best_polars=$(least "$polars" "$best_polars")
        best_ours=$(least "$ours" "$best_ours")
    done
    sed -n '$p' <<<"$told"
    rm -f "$csv" "$folder/read.py"
    awk -v a="$best_ours" -v b="$best_polars" 'BEGIN {
        printf "classification to reading: %.2f   bar 2 at most: %s\n", a / b, (a <= 2 * b ? "met" : "MISSED")
    }'
}

for part in quality columns masking replacement classification; do
    if wanted "$part"; then "$part"; fi
done
