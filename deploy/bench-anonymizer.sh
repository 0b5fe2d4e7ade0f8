#!/usr/bin/env bash
# Measures the anonymization engine beside what ARX 3.9.2 took on a two-core machine, and beside a polars program of the same run.
#
#   deploy/bench-anonymizer.sh [PART...]      parts: search process local floor growth verify (all)
#
#   BENCH_DIR=FOLDER   where data goes (.cache/bench-anonymizer)
#   X40=FILE           1,206,480 rows made of adult.csv; made here by resampling when not given, so that scores on it differ a
#                      little from those of ARX's file
#   ROWS="1 10 50"     millions of rows of the growth test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=${BENCH_DIR:-$PWD/.cache/bench-anonymizer}
adult=$PWD/examples/adult
x40=${X40:-$folder/x40.csv}
read -ra millions <<<"${ROWS:-1 10 50}"
parts=${*:-search process local floor growth verify}
sandyq=target/release/sandyq
bench=target/release/examples/engine
mkdir -p "$folder"

cargo build --release --locked -p sandyq -p sandyq-anonymizer --bins --example engine
[[ -f $x40 ]] || "$bench" resample "$adult/adult.csv" 1206480 "$x40"

wanted() { [[ " $parts " == *" $1 "* ]]; }
# A number of a JSON object.
field() { tr -d '\n' | sed -n "s/.*\"$1\": *\([0-9.eE+-]*\).*/\1/p"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }
least() { awk -v a="${1:-$2}" -v b="$2" 'BEGIN { print (a < b ? a : b) }'; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }

# Case, table, profile, and what ARX has: geometric score, arithmetic score, suppressed, search s, process s, MB.
cases="
a            adult case-a           .542211 .625000 0     .036 2.0  365
b            adult case-b           .170123 .178339 1346  .297 2.3  379
b100         adult case-b100        .162133 .169130 2184  .478 2.3  388
c            adult case-c           .171702 .179877 1400  .434 2.5  371
cr           adult case-cr          .209361 .219773 1408  .528 2.9  445
ce           adult case-ce          .215449 .225725 1180  .586 2.6  428
d            adult case-d           .815003 .839694 235   1.01 3.1  517
dh           adult case-dh          .612806 .674946 1384  .97  3.2  453
adult9-b     adult case-adult9-b    .241932 .269635 1346  .943 2.8  402
adult9-b100  adult case-adult9-b100 .220412 .227700 2553  3.15 5.2  539
x40-a        x40   case-a           .470538 .545844 0     .41  3.4  770
x40-b        x40   case-b           .035664 .036062 30140 .67  3.6  881
x40-c        x40   case-c           .067585 .069165 55843 2.1  4.9  1224
x40-d        x40   case-d           .735174 .785322 6208  9.6  12.2 1422
x40-dh       x40   case-dh          .407607 .467173 48233 10.5 13.4 2080
"
local_cases="
adult        adult case-local        .032524 .032900 0 .59 3.0 -
adult9       adult case-adult9-local .057749 .059077 0 3.8 6.1 -
x40          x40   case-local        .004857 .004876 0 1.5 5   -
"

table_of() { if [[ $1 == x40 ]]; then echo "$x40"; else echo "$adult/adult.csv"; fi; }

# ARX's figure is the time to encode and to search a table in memory; so is ours, from the codes that reading gives each value.
search() {
    printf '%-12s %9s %9s %8s %9s %9s %8s %7s\n' search geometric ARX suppr. 'seconds' ARX faster 'of it encoding'
    while read -r name table profile geometric _ _ seconds _; do
        [[ -n $name ]] || continue
        local line repeats=5 encode found
        [[ $table == x40 ]] || repeats=21
        line=$("$bench" search "$(table_of "$table")" "$adult/$profile.toml" "$adult/hierarchies" "$repeats")
        encode=$(field encode <<<"$line")
        found=$(awk -v a="$encode" -v b="$(field search <<<"$line")" 'BEGIN { print a + b }')
        printf '%-12s %9.6f %9.6f %8d %9.4f %9.3f %7sx %7.4f\n' "$name" "$(field geometric <<<"$line")" "$geometric" \
            "$(field suppressed <<<"$line")" "$found" "$seconds" "$(ratio "$seconds" "$found")" "$encode"
    done <<<"$cases"
    echo
}

# One cold run of the program: sets `wall` and `summary`.
run() {
    local input=$1 profile=$2 out=$3 begun
    rm -f "$out"
    begun=$(now)
    summary=$("$sandyq" -o json anonymize "$input" --profile "$profile" --out "$out")
    wall=$(since "$begun")
}

process() {
    printf '%-12s %9s %9s %8s %8s %8s\n' process seconds ARX faster MB ARX
    while read -r name table profile _ _ _ _ seconds megabytes; do
        [[ -n $name ]] || continue
        run "$(table_of "$table")" "$adult/$profile.toml" "$folder/out.csv"
        printf '%-12s %9.3f %9.1f %7sx %8d %8s\n' "$name" "$wall" "$seconds" "$(ratio "$seconds" "$wall")" \
            $(($(field peak_memory_bytes <<<"$summary") / 1000000)) "$megabytes"
    done <<<"$cases"
    echo
}

local_recoding() {
    printf '%-12s %-8s %10s %9s %9s %9s %9s %8s\n' local mode arithmetic ARX search ARX process 'MB'
    for mode in local local_fast; do
        while read -r name table profile _ arithmetic _ seconds _; do
            [[ -n $name ]] || continue
            local text="$folder/$mode.toml"
            sed "s/^recoding = .*/recoding = \"$mode\"/" "$adult/$profile.toml" >"$text"
            # The hierarchies are looked for beside the profile.
            ln -sfn "$adult/hierarchies" "$folder/hierarchies"
            run "$(table_of "$table")" "$text" "$folder/out.csv"
            printf '%-12s %-8s %10.6f %9.6f %9.3f %9.2f %9.3f %8d\n' "$name" "${mode#local_}" "$(field arithmetic <<<"$summary")" \
                "$arithmetic" "$(field search <<<"$summary")" "$seconds" "$wall" \
                $(($(field peak_memory_bytes <<<"$summary") / 1000000))
        done <<<"$local_cases"
    done
    echo
}

floor() {
    local python=$folder/python/bin/python
    if [[ ! -x $python ]]; then
        python3 -m venv "$folder/python" && "$folder/python/bin/pip" install --quiet polars
    fi
    cat >"$folder/floor.py" <<'PYTHON'
import sys, time
import polars as pl
source, out = sys.argv[1:]
quasi = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "salary-class"]
def once():
    begun = time.perf_counter()
    table = pl.read_csv(source, separator=";", infer_schema=False)
    table.group_by(quasi).len()
    table.write_csv(out, separator=";")
    return time.perf_counter() - begun
print(min(once() for _ in range(3)))
PYTHON
    local seconds
    seconds=$("$python" "$folder/floor.py" "$x40" "$folder/floor.csv")
    printf 'polars, x40: reading, grouping and writing take %.3f s without the start of the interpreter\n' "$seconds"
    for case in b d; do
        local best=
        for _ in 1 2 3; do
            run "$x40" "$adult/case-$case.toml" "$folder/out.csv"
            best=$(least "$best" "$wall")
        done
        printf 'x40 %s: the whole process takes %.3f s, %s times that\n' "$case" "$best" "$(ratio "$best" "$seconds")"
    done
    echo
}

growth() {
    printf '%-12s %9s %9s %9s %8s\n' growth seconds 's/1M rows' 'to first' MB
    local first=
    for count in "${millions[@]}"; do
        local input=$folder/growth-$count.parquet each
        [[ -f $input ]] || "$bench" resample "$adult/adult.csv" $((count * 1000000)) "$input"
        run "$input" "$adult/case-b.toml" "$folder/out.parquet"
        each=$(ratio "$wall" "$count")
        first=${first:-$each}
        printf '%-12s %9.2f %9.3f %9s %8d\n' "$count M rows" "$wall" "$each" "$(ratio "$each" "$first")" \
            $(($(field peak_memory_bytes <<<"$summary") / 1000000))
        rm -f "$folder/out.parquet"
    done
    echo
}

# The median of numbers, one on each line.
median() { sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# Reading and verifying are steps of the same runs, and both are the medians of seven: the least of a few would take the luckiest reading
# and the luckiest verification from different runs. Files that were just written are in memory. The digest of the release is taken while it
# is written, byte after byte on one core, so that writing is shown too: it takes longer where the processor has no instructions for it.
verify() {
    grep -qw sha_ni /proc/cpuinfo || echo 'this processor has no instructions for SHA-256'
    printf '%-12s %9s %9s %9s %9s\n' verify reading writing verifying ratio
    while read -r name table profile _; do
        [[ -n $name ]] || continue
        local read='' write='' verify=''
        for _ in 1 2 3 4 5 6 7; do
            run "$(table_of "$table")" "$adult/$profile.toml" "$folder/out.csv"
            read+=$(field read <<<"$summary")$'\n'
            write+=$(field write <<<"$summary")$'\n'
            verify+=$(field verify <<<"$summary")$'\n'
        done
        read=$(printf '%s' "$read" | median)
        write=$(printf '%s' "$write" | median)
        verify=$(printf '%s' "$verify" | median)
        printf '%-12s %9.4f %9.4f %9.4f %9s\n' "$name" "$read" "$write" "$verify" "$(ratio "$verify" "$read")"
    done <<<"$cases$(awk 'NF { $1 = $1 "-local" } 1' <<<"$local_cases")"
    echo
}

wanted search && search
wanted process && process
wanted local && local_recoding
wanted floor && floor
wanted growth && growth
wanted verify && verify
rm -f "$folder/out.csv" "$folder/floor.csv"
