# shellcheck shell=bash
# The second act of demo.sh: an invented registry of two tables that join, with notes
# in Russian and Kazakh. Uses lib.sh, and what demo.sh made: the identities, the sandbox
# lab and the image. Leaves registry_* for the summary.
# shellcheck disable=SC2034,SC2154

registry_arrives() {
    local registry=$work/registry
    registry_started=$SECONDS
    step "A health agency has a registry, and does not know what is personal in it"
    say "invented, and the same each time: nobody in it is real"
    show sandyq synth --rows 2000 --seed 7 --out "$registry"
    show sandyq classify "$registry/citizens.csv"
    quietly as operator org create health --kind agency --name "Agency of Health"
    invite operator keeper health agency-owner
    quietly as keeper library create registry --name "Citizens and clinic visits" --purpose research \
        --description "Two tables that join by the identification number" \
        --basis law --basis-reference "code on health, article 60" --provenance-kind generated
    show as keeper library push registry "$registry/citizens.csv" "$registry/visits.ndjson" \
        --provenance "Invented by sandyq synth"
    registry_version=$(get keeper library versions registry | field -1.name)
    say "the platform has looked by itself on arrival, and drafted a profile"
    show as keeper library classification "$registry_version" --profile "$work/draft.toml"
    echo "  $work/draft.toml begins with"
    sed -n '1,16p' "$work/draft.toml" | indent
    look "sandyq --context keeper library classification $registry_version --profile draft.toml"
}

registry_is_depersonalized() {
    step "The agency edits the draft, and depersonalizes both tables together"
    say "one pseudonym for a person in both; k counts people, not visits; what is personal in notes gives way to its kind"
    sed -n '/^\[relations/,/^$/p; /citizens\.columns\."ИИН"\]/,/^$/p; /visits\.columns\.notes/,$p' \
        "$root/examples/registry/profile.toml" | indent
    show as keeper depersonalize "$registry_version" --profile "$root/examples/registry/profile.toml" \
        --hierarchies "$root/examples/registry/hierarchies" --watch
    registry_run=$(get keeper run list "$registry_version" | field -1.name)
    registry_report=$(get keeper run show "$registry_run")
    say "the report of quality: is the data fit for use?"
    python3 "$root/examples/registry/quality.py" <<<"$registry_report" | indent
    show as keeper run report "$registry_run" --dataset visits --html "$work/visits.html"
    quietly as keeper publish "$registry_version" --run "$registry_run" --yes
    look "sandyq --context keeper run show $registry_run" \
        "sandyq --context keeper run report $registry_run --dataset citizens --html citizens.html"
}

registry_is_used() {
    local grant number name note released samples code=0
    step "The developer joins the two tables, without numbers or names of the people"
    say "what the recognizers do not know would stay in a note: the owner weighs that before publishing prose"
    quietly as developer grant request --version "$registry_version" --sandbox lab --purpose research.income --term 3d \
        --justification "health beside income"
    grant=$(get keeper grant list --state requested | field -1.name)
    quietly as keeper grant approve "$grant" --reason "within the purposes of the library"
    samples=$(python3 "$root/examples/registry/notes.py" "$work/registry/visits.ndjson")
    echo "  \$ sandyq --context developer job run --sandbox lab --image ${image:0:19}... --version $registry_version \\"
    echo "        --purpose research.income --cpus 1 --memory 1GiB --wall-clock 5m --follow -- \\"
    echo "        /usr/bin/python3 -c \"\$(cat examples/registry/join.py)\" ..."
    # shellcheck disable=SC2086
    as developer job run --sandbox lab --image "$image" --version "$registry_version" --purpose research.income \
        --name "join" --cpus 1 --memory 1GiB --wall-clock 5m --follow -- \
        /usr/bin/python3 -c "$(<"$root/examples/registry/join.py")" $samples >"$work/join.txt" 2>&1 || code=$?
    grep -v "note=\|sample=" "$work/join.txt" | indent
    [[ $code -eq 0 ]] || fail "the job did not succeed"
    registry_joined=$(told joined)
    IFS="|" read -r number name note < <(python3 "$root/examples/registry/notes.py" "$work/registry/visits.ndjson" "$(told sample)")
    registry_numbers=$(told identification_numbers)
    say "a note as the agency has it:"
    wrapped <<<"$note"
    say "the same note as the developer sees it (the log shows *** for any twelve digits):"
    released=$(told note)
    wrapped <<<"$released"
    [[ $registry_numbers == 0 ]] || fail "identification numbers are in the release: $registry_numbers"
    [[ $released != *"$name"* ]] || fail "$name can still be read"
    [[ $registry_joined -gt 0 ]] || fail "the tables do not join"
    say "neither table has a number with a right check digit: $number is gone, and $name with it;"
    say "the patient is $(told pseudonym) now, in this sandbox only"
    registry_seconds=$((SECONDS - registry_started))
    look "sandyq --context developer job logs sandboxes/lab/jobs/00000002"
}

# told NAME: the value of a line name=value of the job's log.
told() { grep -o "\b$1=.*" "$work/join.txt" | head -n 1 | sed "s/^$1=//; /^[0-9]/s/ .*//"; }

# By characters: fold counts bytes.
wrapped() {
    python3 -c 'import sys, textwrap; print(textwrap.fill(sys.stdin.read(), 116))' | indent
}
