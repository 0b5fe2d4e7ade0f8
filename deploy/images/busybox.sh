#!/usr/bin/env bash
# Makes a tiny image (busybox and its applets) for tests, as an archive that
# `docker load` and `sandyq image import` take.
#
#   deploy/images/busybox.sh [OUT.tar]     (default: .cache/busybox.tar)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$here/lib.sh"

out=${1:-$here/../../.cache/busybox.tar}
need busybox busybox-static
busybox=$(command -v busybox)
recipe=$(recipe_hash "$0" "$here/lib.sh" "$busybox")
if is_fresh "$out" "$recipe"; then
    say "busybox image: $out is up to date"
    exit 0
fi
mkdir -p "$(dirname "$out")"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{bin,data,dev,etc,out,proc,sys,tmp}
chmod 1777 "$root/tmp"
install -m 755 "$busybox" "$root/bin/busybox"
if "$root/bin/busybox" --list >"$root/applets" && ! grep -qx sh "$root/applets"; then
    die "$busybox has no shell; install busybox-static"
fi
while read -r applet; do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
done <"$root/applets"
rm "$root/applets"
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

digest=$(pack_image "$root" sandyq/busybox:latest "$out" --owner=0 --group=0 --mtime=@0)
echo "$recipe" >"$out.recipe"
say "busybox image: $out ($(du -h "$out" | cut -f1)), $digest"
