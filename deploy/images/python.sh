#!/usr/bin/env bash
# Makes the Python image that training jobs run in: Debian (or Ubuntu) packages
# of the host's own suite by debootstrap, scikit-learn from the same place, and
# polars from PyPI to read Parquet. No registry is needed.
#
#   deploy/images/python.sh [OUT.tar]      (default: .cache/python.tar)
#
# SANDYQ_MIRROR and SANDYQ_SUITE choose another mirror or suite.
# Downloaded packages stay in the folder of OUT.tar, so a second build is quicker.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$here/lib.sh"

packages=(python3 python3-sklearn)
requirements=$here/python-requirements.txt

host_release() {
    # shellcheck source=/dev/null
    (source /etc/os-release && printf '%s %s\n' "$ID" "${VERSION_CODENAME:-}")
}

# The mirror that the host's own apt uses, which may be one inside the organization.
host_mirror() {
    local mirror
    # shellcheck disable=SC2016  # apt fills these in
    mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
        awk -v suite="$1" '$1 == suite { print $2; exit }')
    [[ -n $mirror ]] || die "apt knows no mirror of '$1'; run apt-get update, or set SANDYQ_MIRROR and SANDYQ_SUITE"
    echo "$mirror"
}

# Ubuntu keeps scikit-learn in another component than Debian does.
components() { if [[ $1 == ubuntu ]]; then echo main,universe; else echo main; fi; }

# The dpkg settings of the image: no documentation, no translations, no test
# suites, no compiler (scipy depends on one that it never runs), and no fsync per
# file (an interrupted build is thrown away anyway).
lean_dpkg() {
    cat >"$root/etc/dpkg/dpkg.cfg.d/lean" <<'DPKG'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/lib/python3/dist-packages/*/tests/*
path-exclude=/usr/lib/python3/dist-packages/pythran/*
path-exclude=/usr/include/*
path-exclude=/usr/lib/gcc/*
path-exclude=/usr/lib/*.a
path-exclude=/usr/bin/*-linux-gnu-lto-dump*
DPKG
}

install_packages() {
    lean_dpkg
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    mkdir -p "$root/var/cache/apt/archives"
    mount --bind "$debs" "$root/var/cache/apt/archives"
    DEBIAN_FRONTEND=noninteractive chroot "$root" \
        apt-get -q install -y --no-install-recommends "${packages[@]}"
    umount "$root/var/cache/apt/archives"
}

# The wheel is unpacked from outside, so the image holds no pip.
install_wheels() {
    local version platform
    version=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    platform=manylinux_2_17_$(uname -m)
    [[ -x $cache/pip/bin/pip ]] || python3 -m venv "$cache/pip"
    "$cache/pip/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
        --only-binary :all: --implementation cp --python-version "$version" \
        --platform "$platform" --platform "manylinux2014_$(uname -m)" --platform "manylinux_2_24_$(uname -m)" \
        --target "$root/usr/local/lib/python$version/dist-packages" -r "$requirements"
    chroot "$root" python3 -m compileall -q "/usr/local/lib/python$version/dist-packages"
}

# What a job never needs, and what would differ from one build to the next.
strip_root() {
    rm -rf "$root"/usr/share/{doc,man,info,locale,lintian} \
        "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/debconf/* \
        "$root"/var/log/* "$root"/tmp/* "$root"/usr/local/lib/python3*/dist-packages/bin \
        "$root/etc/dpkg/dpkg.cfg.d/lean" "$root/etc/resolv.conf"
    find "$root/usr/lib/python3/dist-packages" -type d -name tests -prune -exec rm -rf {} +
    : >"$root/etc/machine-id"
    # A job has no capabilities, and no-new-privileges; set-uid bits would only mislead.
    find "$root" -xdev -perm /6000 -type f -exec chmod ug-s {} +
    mkdir -p "$root/data" "$root/out"
}

check_root() {
    chroot "$root" python3 - <<'PYTHON' >/dev/null || die "the image cannot train on Parquet; see the error above"
import io
import numpy
import polars
from sklearn.linear_model import LogisticRegression

table = io.BytesIO()
polars.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 0, 1, 1]}).write_parquet(table)
table.seek(0)
frame = polars.read_parquet(table)
model = LogisticRegression().fit(frame.select("x").to_numpy(), frame["y"].to_numpy())
assert numpy.array_equal(model.predict([[0.0], [3.0]]), [0, 1])
PYTHON
}

clean_up() {
    if mountpoint -q "$root/var/cache/apt/archives"; then umount "$root/var/cache/apt/archives"; fi
    rm -rf "$work"
}

out=${1:-$here/../../.cache/python.tar}
read -r distribution suite < <(host_release)
suite=${SANDYQ_SUITE:-$suite}
mirror=${SANDYQ_MIRROR:-$(host_mirror "$suite")}
recipe=$(recipe_hash "$0" "$here/lib.sh" "$requirements" <(echo "$mirror $suite"))
if is_fresh "$out" "$recipe"; then
    say "Python image: $out is up to date"
    exit 0
fi
if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die "making an image needs root, and there is no sudo"
    say "Python image: debootstrap needs root; asking sudo"
    exec sudo --preserve-env=SANDYQ_MIRROR,SANDYQ_SUITE "$0" "$@"
fi
need debootstrap debootstrap
need python3 python3
python3 -c 'import ensurepip, venv' 2>/dev/null || die "python3-venv is missing; install it with: apt-get install python3-venv"

mkdir -p "$(dirname "$out")"
cache=$(cd "$(dirname "$out")" && pwd)
debs=$cache/debs-$suite
mkdir -p "$debs/partial"
# The folder is made beside the result: /tmp may be small, or mounted nodev.
work=$(mktemp -d "$cache/.python-root.XXXXXX")
root=$work/root
trap clean_up EXIT

say "Python image: $distribution $suite from $mirror (about two minutes the first time)"
debootstrap --variant=minbase --components="$(components "$distribution")" --cache-dir="$debs" \
    "$suite" "$root" "$mirror" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; die "debootstrap failed; its last lines are above"; }
say "Python image: installing ${packages[*]}"
install_packages >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; die "apt-get failed; its last lines are above"; }
say "Python image: adding $(grep -o '^[a-z0-9-]*==[0-9.]*' "$requirements" | tr '\n' ' ')"
install_wheels
strip_root
check_root
say "Python image: packing"
digest=$(pack_image "$root" sandyq/python:latest "$out")
echo "$recipe" >"$out.recipe"
if [[ -n ${SUDO_UID:-} ]]; then chown "$SUDO_UID:${SUDO_GID:-0}" "$cache" "$out" "$out.recipe"; fi
say "Python image: $out ($(du -h "$out" | cut -f1)), $digest"
