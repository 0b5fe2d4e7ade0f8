#!/usr/bin/env bash
# Measures the sandbox of target/release/sandyq against its bars, and prints them
# as ratios of one run. Needs root (jobs mount volumes) and Docker.
#
#   deploy/bench-sandbox.sh [PART...]
#
#   parts: decision launch throughput trial waiting recovery collect deadline
#
#   BENCH_DIR=FOLDER   where data goes, on the disk to be measured (.cache/bench)
#   BENCH_STRICT=1     a missed bar is exit code 1
#   BENCH_BUILT=FOLDER programs that were built already: FOLDER/sandyq and
#                      FOLDER/examples/bench_sandbox; they are built when not set
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'bench-sandbox: %s\n' "$*" >&2
    exit 1
}

[[ $EUID -eq 0 ]] || fail "jobs mount volumes, so this needs root; run: sudo make bench-sandbox"
folder=${BENCH_DIR:-$PWD/.cache/bench}
mkdir -p "$folder"
# What a file system in memory makes durable says nothing about a disk.
[[ $(stat -f -c %T "$folder") != tmpfs ]] || fail "$folder is in memory; set BENCH_DIR to a folder on a disk"
free=$(df --output=avail -k "$folder" | tail -n 1)
((free > 8 * 1024 * 1024)) || fail "$folder needs 8 GiB free; set BENCH_DIR to another disk"

built=${BENCH_BUILT:-$PWD/target/release}
if [[ -z ${BENCH_BUILT:-} ]]; then
    # Naming the program too gives both the same features, so that what it was built from is not built again.
    cargo build --release --locked -p sandyq -p sandyq-store -p sandyq-tests --example append_rate --example bench_sandbox
fi
export SANDYQ_BIN=${SANDYQ_BIN:-$built/sandyq}
[[ -x $SANDYQ_BIN ]] || fail "$SANDYQ_BIN is not built; run: make build"
TMPDIR=$folder exec "$built/examples/bench_sandbox" "$@"
