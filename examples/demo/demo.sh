#!/usr/bin/env bash
# The whole main job, on real parts: a library goes in, a depersonalized version
# is granted, a container trains on it, the result leaves through review. Then a
# registry with notes: what is personal in it is found, and replaced.
#
#   examples/demo/demo.sh          (or: make demo)
#   KEEP=1 examples/demo/demo.sh   leaves the server up and says how to use it
#
# SANDYQ_BIN names a program that is built already.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR source=registry.sh
source "$here/registry.sh"

title "Sandyq: from a data library to a trained model, nothing leaves unseen"

step "Making the machine ready"
say "installs missing Debian packages and starts Docker where needed; builds the program and an image with Python"
"$root/deploy/setup.sh" demo | indent
if [[ -z ${SANDYQ_BIN:-} ]]; then
    make -s -C "$root" build 2>&1 | indent
    SANDYQ_BIN=$root/target/release/sandyq
fi
export SANDYQ_BIN
image_archive=${SANDYQ_IMAGE:-$root/.cache/python.tar}
"$root/deploy/images/python.sh" "$image_archive" | indent
if [[ $EUID -ne 0 ]]; then
    say "jobs write to mounted volumes of a fixed size, and mounting needs root: going on with sudo"
    exec sudo --preserve-env=SANDYQ_BIN,SANDYQ_IMAGE,KEEP env PATH="$PATH" "$here/demo.sh"
fi
make_work_folder

step "The operator starts the platform, and everybody enrols with a key of their own"
port=$(free_port)
show sandyq init "$platform" --listen "127.0.0.1:$port" --platform-id "$platform_id" \
    --operator-name "National operator" | tee "$work/init.txt"
say "the key of the log was shown: the auditor keeps it apart from the platform"
tail -n 1 "$work/init.txt" | tr -d ' ' >"$work/log.key"
start_server
show as operator enroll "$platform/operator.invitation"
invite operator reviewer operator operator-reviewer
show as operator org create statistics --kind agency --name "Bureau of Statistics"
invite operator owner statistics agency-owner
invite owner steward statistics agency-steward
show as operator org create institute --kind developer --name "Institute of Applied AI"
invite operator developer institute developer-lead
show as operator org create inspection --kind auditor --name "Inspection of Records"
invite operator auditor inspection auditor
look "sandyq context list" "sandyq --context developer whoami"

step "The agency uploads a library and depersonalizes it"
data=$root/examples/adult
rows_in=$(($(wc -l <"$data/adult.csv") - 1))
show as owner library create adult --name "Census income" --purpose research \
    --description "Census of 1994, prediction of income" --provenance-kind licensed \
    --basis not-personal --basis-reference "published without names in 1996"
show as steward library push adult "$data/adult.csv" --delimiter ";" \
    --provenance "Census of 1994; UCI Machine Learning Repository, CC BY 4.0"
version=$(get steward library versions adult | field -1.name)
show as steward depersonalize "$version" --profile "$data/profile.toml" --hierarchies "$data/hierarchies" --watch
run=$(get steward run list "$version" | field -1.name)
report=$(get owner run show "$run")
say "the owner reads the report and approves it, by hash, together with the profile"
show as owner publish "$version" --run "$run" --yes
look "sandyq --context owner run show $run" "sandyq --context owner -o json run show $run"

step "A developer registers an AI system and gets a sandbox, an image and access to the library"
show as developer system create income --name "Income classifier" --purpose research.income \
    --description "Predicts an income class for a regional study" --risk minimal \
    --risk-reasons "decides nothing about persons" --autonomy assistant
quietly as developer system submit income
quietly as operator system register income --reason "complete"
show as developer sandbox create lab --system income --stage training --term 7d \
    --cpu-time 2h --concurrent-jobs 2 --memory 2GiB --output-bytes 1GiB
quietly as operator sandbox approve lab --reason "as asked"
show as developer image import "$image_archive" --name "Python with scikit-learn and polars"
image=$(get developer image list | field -1.name)
say "an image runs only once the operator has approved its very digest"
quietly as operator image approve "$image" --reason "made by deploy/images/python.sh"
show as developer grant request --version "$version" --sandbox lab --purpose research.income --term 3d \
    --justification "income model for the regional study"
grant=$(get owner grant list --state requested | field -1.name)
show as owner grant approve "$grant" --reason "within the purposes of the library"
show as developer access check --sandbox lab --version "$version" --purpose research.income
look "sandyq --context owner grant show $grant" "sandyq --context operator sandbox show lab"

step "A purpose outside the grant is refused"
refused 3,4 as developer job run --sandbox lab --image "$image" --version "$version" --purpose marketing -- /bin/true
look "sandyq --context developer access check --sandbox lab --version $version --purpose marketing"

step "The developer's container trains on the k-anonymous data"
say "no network, no other writable place than /out and /tmp; the program comes along in the command"
echo "  \$ sandyq --context developer job run --sandbox lab --image ${image:0:19}... --version $version \\"
echo "        --purpose research.income --cpus 2 --memory 1GiB --wall-clock 5m --follow -- \\"
echo "        /usr/bin/python3 -c \"\$(cat examples/demo/train.py)\""
as developer job run --sandbox lab --image "$image" --version "$version" --purpose research.income \
    --name "train" --cpus 2 --memory 1GiB --wall-clock 5m --follow -- \
    /usr/bin/python3 -c "$(<"$here/train.py")" >"$work/job.txt" 2>&1 ||
    { indent <"$work/job.txt"; fail "the job did not succeed"; }
indent <"$work/job.txt"
job=$(get developer job list lab | field -1.name)
output=$(get developer job show "$job" | field output)
look "sandyq --context developer job show $job" "sandyq --context developer job logs $job"

step "Nothing leaves before a reviewer has seen it"
refused 3,4 as developer output download "$output" --to "$work/too-early"
show as reviewer output review "$output"
show as reviewer output download "$output" --to "$work/review"
manifest=$(get reviewer output show "$output" | field manifest_sha256)
quietly as reviewer output release "$output" --manifest "$manifest" --reason "aggregates and a linear model, no rows"
show as developer output download "$output" --to "$work/results"
cmp "$work/review/model.json" "$work/results/model.json" || fail "what was downloaded is not what was reviewed"
echo "  metrics.json:"
indent <"$work/results/metrics.json"
echo
look "sandyq --context reviewer output show $output"

registry_arrives
registry_is_depersonalized
registry_is_used

step "The auditor takes the log away and verifies it without the platform"
say "with nothing but the key that was shown when the platform was made"
show as auditor audit checkpoint --out "$work/log.checkpoint"
show as auditor audit export --out "$work/log.ndjson"
show sandyq audit verify "$work/log.ndjson" --key "$work/log.key" --checkpoint "$work/log.checkpoint"
say "one changed word in one entry is found"
sed '6s/"action":"/&Un/' "$work/log.ndjson" >"$work/forged.ndjson"
cmp -s "$work/log.ndjson" "$work/forged.ndjson" && fail "the log could not be forged"
refused 7 sandyq audit verify "$work/forged.ndjson" --key "$work/log.key"
look "sandyq --context auditor audit entries" "sandyq --context auditor audit prove 3"

summary <<TABLE
records in the library|$rows_in
records released|$(field reports.0.released_rows <<<"$report")
records suppressed|$(field reports.0.suppressed_rows <<<"$report")
k, measured on the release|$(field reports.0.measured_k <<<"$report")
loss by generalization|$(field reports.0.loss <<<"$report")
accuracy of the model|$(field accuracy <"$work/results/metrics.json") (always the majority: $(field accuracy_of_always_the_majority <"$work/results/metrics.json"))
area under the ROC curve|$(field roc_auc <"$work/results/metrics.json")
registry, visits released|$(field reports.1.released_rows <<<"$registry_report"), of which join $registry_joined
registry, least k of a table|$(for each in 0 1; do field "reports.$each.measured_k" <<<"$registry_report"; done | sort -n | head -n 1) (people)
registry, identification numbers|$registry_numbers
registry, time|$registry_seconds s
entries in the verified log|$(($(wc -l <"$work/log.ndjson") - 1))
time after set-up|$((SECONDS - ready_at)) s
TABLE
finish
