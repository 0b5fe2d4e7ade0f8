#!/usr/bin/env bash
# Measures speed and memory of target/release/sandyq against the targets, and
# prints them as ratios of one run. Needs root (jobs mount volumes) and Docker.
#
#   deploy/bench.sh [PART...]      parts: server upload decision launch append
#
#   BENCH_DIR=FOLDER   where data goes, on the disk to be measured (.cache/bench)
#   BENCH_STRICT=1     a missed bar is exit code 1
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'bench: %s\n' "$*" >&2
    exit 1
}

export SANDYQ_BIN=${SANDYQ_BIN:-$PWD/target/release/sandyq}
[[ -x $SANDYQ_BIN ]] || fail "$SANDYQ_BIN is not built; run: make build"
[[ $EUID -eq 0 ]] || fail "jobs mount volumes, so this needs root; run: sudo make bench"

folder=${BENCH_DIR:-$PWD/.cache/bench}
mkdir -p "$folder"
# What a file system in memory makes durable says nothing about a disk.
[[ $(stat -f -c %T "$folder") != tmpfs ]] || fail "$folder is in memory; set BENCH_DIR to a folder on a disk"
free=$(df --output=avail -k "$folder" | tail -n 1)
((free > 8 * 1024 * 1024)) || fail "$folder needs 8 GiB free; set BENCH_DIR to another disk"

# Naming the program too gives both the same features, so that what it was built from is not built again.
cargo build --release --locked -p sandyq -p sandyq-store -p sandyq-tests --example append_rate --example bench
TMPDIR=$folder exec target/release/examples/bench "$@"
