# shellcheck shell=bash
# What demo.sh is told with: steps, commands shown as they run, and cleaning up.
# SANDYQ_BIN, KEEP, root and port come from the script that reads this file, which
# in turn uses ready_at.
# shellcheck disable=SC2034,SC2154

work=
platform=
platform_id=
server_pid=
step_number=0
ready_at=0

if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

step() {
    step_number=$((step_number + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step_number" "$*" "$plain"
}

say() { printf '  %s\n' "$*"; }
indent() { sed 's/^/    /'; }

# look COMMAND...: where to read more.
look() {
    local command
    for command in "$@"; do printf '  %slook closer: %s%s\n' "$dim" "$command" "$plain"; done
}

fail() {
    printf '\ndemo: failed: %s\n' "$*" >&2
    exit 1
}

sandyq() { "$SANDYQ_BIN" "$@"; }

# as CONTEXT ARGUMENT...: the program with this identity.
as() { sandyq --context "$@"; }

# shown COMMAND...: the command as a person would type it.
shown() {
    local word line=''
    [[ $1 != as ]] || set -- sandyq --context "${@:2}"
    for word in "$@"; do
        word=${word#"$root/"}
        [[ $word =~ ^[a-zA-Z0-9_./:=,+-]+$ ]] || word="'$word'"
        line+=" $word"
    done
    printf '  $%s\n' "$line"
}

# show COMMAND...: shows the command, runs it, and shows what it says.
show() {
    shown "$@"
    "$@" 2>&1 | indent
}

# quietly COMMAND...: shows the command, and what it says only if it fails.
quietly() {
    local said
    shown "$@"
    said=$("$@" 2>&1) || { indent <<<"$said"; fail "the command above"; }
}

# get CONTEXT ARGUMENT...: the result as JSON.
get() { as "$1" --output json "${@:2}"; }

# field PATH: a part of the JSON on standard input, such as 0.name or -1.name.
field() {
    python3 -c '
import functools, json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$1"
}

# refused CODES COMMAND...: must fail with one of these exit codes.
refused() {
    local codes=$1 said code=0
    shift
    shown "$@"
    said=$("$@" 2>&1) || code=$?
    indent <<<"$said"
    [[ ",$codes," == *",$code,"* ]] || fail "this should have been refused with exit code $codes, but ended with $code"
    say "refused, as it should be (exit code $code)"
}

# invite BY WHOM ORGANIZATION ROLE: an invitation, and the enrolment with it.
invite() {
    local by=$1 whom=$2 organization=$3 role=$4
    quietly as "$by" user invite --org "$organization" --id "$whom" --name "Demo $whom" --role "$role" --out "$work/$whom.json"
    quietly as "$whom" enroll "$work/$whom.json"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

make_work_folder() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/sandyq-demo.XXXXXX")
    platform=$work/platform
    platform_id=sandyq-demo-$$
    export SANDYQ_HOME=$work/identities
    ready_at=$SECONDS
    trap clean_up EXIT
    trap 'exit 130' INT TERM
}

start_server() {
    setsid "$SANDYQ_BIN" serve --dir "$platform" >"$work/server.log" 2>&1 </dev/null &
    server_pid=$!
    local _
    for _ in $(seq 100); do
        kill -0 "$server_pid" 2>/dev/null || { indent <"$work/server.log"; fail "the server ended; its log is above"; }
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.1
    done
    say "the server listens on 127.0.0.1:$port; its log is $work/server.log"
}

summary() {
    local name value
    printf '\n%sSummary%s\n' "$bold" "$plain"
    while IFS='|' read -r name value; do printf '  %-32s %s\n' "$name" "$value"; done
}

finish() {
    if [[ -z ${KEEP:-} ]]; then
        printf '\nEvery step succeeded. The image stays, so that the next run is quick: .cache/python.tar, and sandyq/python in Docker.\n'
        return
    fi
    trap - EXIT
    cat <<TEXT

Every step succeeded. The server is up; use it with

  export SANDYQ_HOME=$SANDYQ_HOME
  alias sandyq=$SANDYQ_BIN
  sandyq context list
  sandyq --context auditor audit entries
  sandyq --context developer job list lab

and end it with

  kill $server_pid && rm -r $work
TEXT
}

# Containers of jobs that did not end; the server leaves them for its next start.
remove_containers() {
    local host=${DOCKER_HOST:-unix:///var/run/docker.sock} socket found id
    socket=${host#unix://}
    local ask=(curl -fsS -m 20 --unix-socket "$socket")
    found=$("${ask[@]}" -G http://docker/containers/json --data-urlencode all=1 \
        --data-urlencode "filters={\"label\":[\"sandyq.platform=$platform_id\"]}") || return 0
    for id in $(python3 -c 'import json, sys; print(*[c["Id"] for c in json.load(sys.stdin)])' <<<"$found"); do
        "${ask[@]}" -X DELETE "http://docker/containers/$id?force=1" || true
    done
}

# Volumes of such jobs are mounted below the work folder.
clean_up() {
    local code=$? mount
    trap - EXIT INT TERM
    if [[ -n $server_pid ]] && kill -TERM "$server_pid" 2>/dev/null; then
        wait "$server_pid" 2>/dev/null || true
    fi
    if [[ $code -ne 0 && $code -ne 130 ]]; then
        printf '\ndemo: ended in step %d with exit code %d\n' "$step_number" "$code" >&2
        if [[ -s $work/server.log ]]; then
            printf 'the last lines of the server log:\n' >&2
            tail -n 20 "$work/server.log" | indent >&2
        fi
    fi
    remove_containers 2>/dev/null || true
    while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount" || true; done \
        < <(awk -v below="$work/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r)
    rm -rf "$work"
    exit "$code"
}
