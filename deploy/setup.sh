#!/usr/bin/env bash
# Makes a Debian or Ubuntu machine ready for Sandyq: installs what is missing,
# starts the Docker engine and checks each part. Run again, it changes nothing.
#
#   deploy/setup.sh [build] [demo] [test]     (default: demo)
#
#   build   what compiling needs
#   demo    build, and what running the demonstration needs
#   test    demo, and what the tests need
#
# The Rust toolchain is checked for, not installed.
set -euo pipefail

declare -A wanted=()
rust_at_least=1.90

fail() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

say() { printf 'set-up: %s\n' "$*"; }

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "'$*' needs root; run this script as root or install sudo"
    fi
}

# has PROGRAM: also where only root's path leads.
has() { command -v "$1" >/dev/null 2>&1 || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]]; }

# want TEST-COMMAND PACKAGE...: the packages are missing unless the test passes.
want() {
    local check=$1 package
    shift
    if ! eval "$check"; then
        for package in "$@"; do wanted[$package]=1; done
    fi
}

want_build() {
    want 'has gcc' gcc libc6-dev
    want 'has make' make
    want 'has git' git
    want 'has curl' curl
    want '[[ -s /etc/ssl/certs/ca-certificates.crt ]]' ca-certificates
}

want_demo() {
    want_build
    want 'has dockerd' docker.io
    want 'has iptables' iptables
    want 'has mkfs.ext4' e2fsprogs
    want 'has mount && has losetup' mount
    want 'has debootstrap' debootstrap
    want 'has python3' python3
    want 'python3 -c "import ensurepip, venv" 2>/dev/null' python3-venv
    want 'has openssl' openssl
}

want_test() {
    want_demo
    want 'has busybox && busybox --list 2>/dev/null | grep -qx sh && busybox --list | grep -qx wget' busybox-static
    want 'has chromium' chromium
    want 'compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null' postgresql
}

check_distribution() {
    [[ $(uname -s) == Linux ]] || fail "Sandyq runs on Linux; this is $(uname -s)"
    has apt-get && return
    local name=unknown
    # shellcheck source=/dev/null
    [[ -r /etc/os-release ]] && name=$(source /etc/os-release && echo "${PRETTY_NAME:-$ID}")
    fail "this machine ($name) has no apt-get, and these packages are missing: ${!wanted[*]}
        install their equivalents by hand and run this script again"
}

install_missing() {
    [[ ${#wanted[@]} -gt 0 ]] || return 0
    check_distribution
    say "installing ${!wanted[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null ||
        fail "apt-get update failed; check the network and /etc/apt"
    # A new PostgreSQL must not start a server here: the tests start their own.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${!wanted[@]}" >/dev/null ||
        fail "apt-get could not install: ${!wanted[*]}"
}

check_rust() {
    has cargo || fail "the Rust toolchain is missing; install it from https://rustup.rs (at least $rust_at_least)"
    local version
    version=$(cargo --version | cut -d' ' -f2)
    [[ $(printf '%s\n%s\n' "$rust_at_least" "$version" | sort -V | head -n1) == "$rust_at_least" ]] ||
        fail "Rust $version is too old; at least $rust_at_least is needed (rustup update)"
}

docker_socket() { local host=${DOCKER_HOST:-unix:///var/run/docker.sock}; printf '%s' "${host#unix://}"; }

# Asks the engine itself; the docker program may not be there.
docker_answers() {
    local ping=(curl -fsS -m 5 --unix-socket "$(docker_socket)" http://docker/_ping)
    [[ $("${ping[@]}" 2>/dev/null) == OK ]]
}

start_docker() {
    docker_answers && return
    if [[ -S $(docker_socket) && ! -w $(docker_socket) ]]; then
        as_root true
        if [[ $(as_root curl -fsS -m 5 --unix-socket "$(docker_socket)" http://docker/_ping 2>/dev/null) == OK ]]; then
            say "the Docker engine runs; jobs need root anyway, because output volumes are mounted"
            return
        fi
    fi
    if [[ -d /run/systemd/system ]]; then
        say "starting the Docker engine through systemd"
        as_root systemctl enable --now docker ||
            fail "systemd could not start Docker; see: journalctl -u docker"
    else
        say "starting the Docker engine without systemd; its log is /var/log/dockerd.log"
        # A session of its own, so that it outlives this script and its terminal.
        as_root sh -c 'setsid nohup dockerd >>/var/log/dockerd.log 2>&1 </dev/null &'
    fi
    for _ in $(seq 300); do
        docker_answers && return
        sleep 0.1
    done
    fail "the Docker engine does not answer after 30 s; see: tail /var/log/dockerd.log (or journalctl -u docker)"
}

# The arguments that jobs of high risk run under, newest platform first.
gvisor_arguments() {
    local platform=ptrace
    if runsc flags 2>&1 | grep -q systrap; then platform=systrap; fi
    printf '["--platform=%s", "--network=none", "--oci-seccomp"]' "$platform"
}

# Adds gVisor to the engine's runtimes and keeps whatever else is in its configuration.
# Without it jobs of high risk are refused, and the rest goes on.
register_gvisor() {
    if ! has runsc && has apt-get; then
        say "installing runsc (gVisor)"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends runsc >/dev/null 2>&1 || true
    fi
    if ! has runsc; then
        say "gVisor is not installed and apt has no package runsc: jobs of high risk will be refused"
        return
    fi
    local file=/etc/docker/daemon.json changed
    changed=$(as_root python3 - "$file" "$(command -v runsc)" "$(gvisor_arguments)" <<'PYTHON'
import json, os, sys

path, program, arguments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
try:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    config = json.loads(text) if text.strip() else {}
except FileNotFoundError:
    config = {}
except ValueError as error:
    sys.exit(f"{path} is not JSON: {error}")
runtimes = config.setdefault("runtimes", {})
# A job that serves makes a socket that the host reaches it by; all others make none.
wanted = {"runsc": arguments, "runsc-serve": [*arguments, "--host-uds=create"]}
missing = [name for name in wanted if name not in runtimes]
for name in missing:
    runtimes[name] = {"path": program, "runtimeArgs": wanted[name]}
if missing:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)
        file.write("\n")
    os.replace(path + ".new", path)
    print("changed")
PYTHON
    ) || fail "gVisor could not be registered in $file"
    if [[ $changed == changed ]] || ! docker_has_gvisor; then reload_docker; fi
    docker_has_gvisor || say "the Docker engine has not taken gVisor from $file; restart it, or jobs of high risk are refused"
}

docker_has_gvisor() {
    local info
    info=$(as_root curl -fsS -m 10 --unix-socket "$(docker_socket)" http://docker/info 2>/dev/null) || return 1
    [[ $info == *'"runsc":'* && $info == *'"runsc-serve":'* ]]
}

# The engine reads its runtimes anew without a restart, so containers go on.
reload_docker() {
    say "telling the Docker engine of gVisor"
    if [[ -d /run/systemd/system ]]; then
        as_root systemctl reload docker || true
    else
        # shellcheck disable=SC2016  # read by root, who may
        as_root sh -c 'kill -HUP "$(cat /var/run/docker.pid)"' || true
    fi
    for _ in $(seq 50); do
        docker_has_gvisor && return
        sleep 0.1
    done
}

check_docker() {
    local info
    info=$(curl -fsS -m 10 --unix-socket "$(docker_socket)" http://docker/info 2>/dev/null) || return 0
    [[ $info == *'name=seccomp'* && $info != *'profile=unconfined'* ]] ||
        fail "the Docker engine has no seccomp filter; jobs would be refused"
    local limit
    for limit in MemoryLimit PidsLimit; do
        [[ $info == *"\"$limit\":true"* ]] || fail "the Docker engine cannot enforce $limit; jobs would be refused"
    done
}

check_loop() {
    [[ -e /dev/loop-control ]] || as_root modprobe loop 2>/dev/null || true
    [[ -e /dev/loop-control ]] ||
        fail "this kernel has no loop devices (/dev/loop-control), so output volumes cannot be limited"
}

parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(demo)
for part in "${parts[@]}"; do
    case $part in
        build | demo | test) "want_$part" ;;
        *) fail "unknown part '$part'; parts are: build, demo, test" ;;
    esac
done
install_missing
check_rust
if [[ "${parts[*]}" != build ]]; then
    start_docker
    register_gvisor
    check_docker
    check_loop
fi
say "${parts[*]}: ready"
