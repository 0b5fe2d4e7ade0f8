# shellcheck shell=bash
# What the image scripts share. Sourced, never run.
#
# An image is packed straight into the archive format of `docker save`: one
# layer, one configuration, one manifest. The engine is not needed to build it,
# and the configuration carries no date, so equal files give an equal digest.

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

say() { printf '%s\n' "$*" >&2; }

# need PROGRAM PACKAGE: stops with the package to install when PROGRAM is absent.
need() {
    command -v "$1" >/dev/null 2>&1 || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]] ||
        die "$1 is missing; install it with: apt-get install $2 (or run deploy/setup.sh)"
}

engine_architecture() {
    case "$(uname -m)" in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
        *) die "no image can be built on $(uname -m); x86_64 and aarch64 are supported" ;;
    esac
}

# recipe_hash FILE...: what a cached archive was made from.
recipe_hash() { cat -- "$@" | sha256sum | cut -d' ' -f1; }

# is_fresh OUT HASH: true when OUT was made by the same recipe.
is_fresh() { [[ -s $1 && -f $1.recipe && $(<"$1.recipe") == "$2" ]]; }

# pack_image ROOT TAG OUT [TAR OPTION...]: packs the directory ROOT as image TAG
# into OUT and prints the image's digest.
pack_image() {
    local root=$1 tag=$2 out=$3
    shift 3
    local work diff config_digest
    work=$(mktemp -d "$(dirname "$out")/.pack.XXXXXX")
    tar --sort=name --numeric-owner --format=gnu "$@" -C "$root" -cf "$work/layer.tar" .
    diff=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
    printf '{"architecture":"%s","config":{},"created":"1970-01-01T00:00:00Z","history":[{"created":"1970-01-01T00:00:00Z","created_by":"%s"}],"os":"linux","rootfs":{"diff_ids":["sha256:%s"],"type":"layers"}}' \
        "$(engine_architecture)" "$(basename "$0")" "$diff" >"$work/config"
    config_digest=$(sha256sum "$work/config" | cut -d' ' -f1)
    mv "$work/config" "$work/$config_digest.json"
    printf '[{"Config":"%s.json","Layers":["layer.tar"],"RepoTags":["%s"]}]' "$config_digest" "$tag" >"$work/manifest.json"
    tar --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 --format=gnu -C "$work" \
        -cf "$out.part" manifest.json "$config_digest.json" layer.tar
    mv "$out.part" "$out"
    rm -rf "$work"
    printf 'sha256:%s\n' "$config_digest"
}
