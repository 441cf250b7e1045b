#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Baselines and the gate on real native boots: a run like the baseline passes, one whose submissions are slowed is caught
# and named, and whatever is wrong with a baseline or an environment is said.
# shellcheck disable=SC2016,SC2317 # expressions for sed; functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

# Fewer samples and boots than one would judge by: this is about the path, tests/bench/gate.c about the rates.
make_short_suite slow-submit.c slow.so 's/"<=": 0.5, else: invalid/"<=": 64, else: invalid/'
sed 's/^    policies:/    software_renderer: true\n&/' suites/hosts/native.yaml >"$work/native.yaml"
sed "s|^    software_renderer.*|&\n    environment: [LD_PRELOAD=$work/slow.so, SLOW_SUBMIT_US=400]|" "$work/native.yaml" >"$work/slow.yaml"
# A machine whose cores change speed by tens of percent within a minute must not decide this: only a doubling counts here,
# and the slowed driver adds twenty times what a submission takes.
cat >"$work/policy.yaml" <<'Y'
boots: 6
baseline_boots: 12
looks: [6, 8]
source: a short test
thresholds:
  - { metric: "*.p50,*.p90,*.p99,*.p99_9", min_effect: 1, source: a machine that is not quiet }
Y
test=(--test dsub-vulkan-latency)

run() { "$vgauge" run --host "$1" "${test[@]}" --boots "$2" --out "$3" >"$3.log" 2>&1 </dev/null; }
# status EXPECTED COMMAND...: what it says goes to $work/out and $work/err.
status() {
    local expected=$1 got
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    [ "$got" = "$expected" ] || { echo "status $got instead of $expected: $*"; cat "$work/out" "$work/err"; return 1; }
}
says() { grep -qF -- "$1" "$work/out" "$work/err" || { echo "nothing says: $1"; cat "$work/out" "$work/err"; return 1; }; }
gate() { "$vgauge" gate "$@" --rules "$work/policy.yaml"; }

check "twelve boots are measured" run "$work/native.yaml" 12 "$work/old"
check "six more are" run "$work/native.yaml" 6 "$work/new"
check "and six slowed ones" run "$work/slow.yaml" 6 "$work/slow"

check "the baseline that is shipped is whole" status 0 "$vgauge" baseline show reference --baselines baselines
check "and has boots enough" test "$(sed -n 's/.*"metric": "tiny.floor".*"boots": \[\(.*\)\].*/\1/p' baselines/reference/*.json | tr ',' '\n' | wc -l)" -ge 20
check "without a baseline the gate says how to make one" status 2 gate "$work/new" --baseline main
check "a run with too few boots is not blessed" status 2 "$vgauge" bless "$work/new" --as main --rules "$work/policy.yaml"
check "a good run is" status 0 "$vgauge" bless "$work/old" --as main --by tester --reason "first" --rules "$work/policy.yaml"
file=$(head -n 1 "$work/out")
check "its file is text, one metric a line" grep -qE '^    \{"test": "dsub-vulkan-latency", .*"metric": "empty.p50", .*"boots": \[.*\]\},?$' "$file"
check "it is not replaced by accident" status 2 "$vgauge" bless "$work/old" --as main --rules "$work/policy.yaml"
check "but on purpose" status 0 "$vgauge" bless "$work/old" --as main --rules "$work/policy.yaml" --replace
on_full_disk() (trap '' XFSZ && ulimit -f 1 && exec "$@") # no file grows beyond 1 KiB
check "a full disk is an error" status 3 on_full_disk "$vgauge" bless "$work/old" --as other --rules "$work/policy.yaml"
check "which leaves nothing behind" test ! -e "$work/baselines/other"
check "it is listed" status 0 "$vgauge" baseline list
check "with its name" says main
check "it is shown" status 0 "$vgauge" baseline show main
check "with its metrics" says empty.p50

check "a run like the baseline passes" status 0 gate "$work/new" --baseline main
check "in a sentence" says "No metric of 8 is worse"
check "the baseline's own run is not judged by it" status 3 gate "$work/old" --baseline main
check "which is said" says "one of the runs that the baseline was made of"
check "a slowed one is compared only across what differs" status 3 gate "$work/slow" --baseline main
check "which is named" says "mechanism.native.environment is"
across=(--across mechanism.native.environment)
check "and then closes the gate" status 1 gate "$work/slow" --baseline main "${across[@]}"
check "which names the metric" grep -qE 'dsub-vulkan-latency/native.full.best-effort/empty.p50 .* regressed' "$work/out"
check "in one screen" test "$(wc -l <"$work/out")" -le 40
check "JUnit says so" xmllint --xpath '//testcase[contains(@name, "empty.p50")]/failure[@type="regressed"]/@message' "$work/slow/gate.xml"
check "Markdown says so" grep -q '^| dsub.*empty.p50 | .*\*\*regressed\*\* |$' "$work/slow/gate.md"
check "JSON says so" python3 -c 'import json, sys; g = json.load(open(sys.argv[1])); sys.exit(g["exit_status"] != 1 or g["verdict"] != "regressed")' "$work/slow/gate.json"
check "compare says so too" status 1 "$vgauge" compare "$work/old" "$work/slow" "${across[@]}"
check "the other way round it is an improvement" status 0 "$vgauge" compare "$work/slow" "$work/old" "${across[@]}"
check "which is called one" says improved
check "a misspelt field is told" status 2 gate "$work/slow" --baseline main --across mechanism.nativ.environment
check "with the right one" says "did you mean"

check "what is undecided is booted again" gate "$work/new" --baseline main --top-up --out "$work/topped"
if [ -d "$work/new-look-2" ]; then
    check "up to the last look" python3 -c 'import json, sys; sys.exit(len(json.load(open(sys.argv[1]))["runs"]) != 2)' "$work/topped/gate.json"
fi

cp "$file" "$work/good.json"
for damage in 's/"boots": \[[0-9]/&9/' 's/tester/nobody/; s/root@/nobody@/' 's|vgauge-baseline/1|vgauge-baseline/9|' '10,$d'; do
    sed "$damage" "$work/good.json" >"$file"
    check "a baseline after '$damage' is refused" status 2 gate "$work/new" --baseline main
    check "by its file's name" says "$(basename "$file")"
done
cp "$work/good.json" "$file"
check "restored, it is believed again" status 0 gate "$work/new" --baseline main

cat >"$work/known.yaml" <<'Y'
expectations:
  - { test: dsub-vulkan-latency, expect: waived, reason: not on this machine, reference: BUG-7, expires: 2099-01-01 }
  - { test: nothing, expect: xfail, reason: r, reference: BUG-8, expires: 2099-01-01, versions: [{ key: host.kernel, from: "1" }] }
Y
check "a run is judged again by expectations" status 0 "$vgauge" judge "$work/new" --expectations "$work/known.yaml"
check "and says by which" grep -q known.yaml "$work/new/results.json"

check "two hosts are booted alternately" status 1 "$vgauge" ab --a "$work/native.yaml" --b "$work/slow.yaml" --pairs 12 "${test[@]}" --out "$work/ab"
check "and compared pair by pair" says "empty.p50"
check "with what differs between them" says "mechanism.native.environment"
check "a host that there is not" status 2 "$vgauge" ab --a nosuch --b nosuch --out "$work/none"
check "leaves nothing behind" test ! -e "$work/none"
check "wrong rules are told before anything is booted" status 2 "$vgauge" ab --a nosuch --b nosuch --rules "$work/known.yaml" --out "$work/none"
check "by their file" says "known.yaml"
sed 's/\*\.p50,.*99_9/*.p5O/' "$work/policy.yaml" >"$work/misspelt.yaml"
check "a threshold of no metric is refused" status 2 "$vgauge" gate "$work/new" --baseline main --rules "$work/misspelt.yaml"
check "by its name" says 'no metric of these runs is called `*.p5O`'
check "a run is not compared with itself" status 2 "$vgauge" compare "$work/old" "$work/old/"
cp -r "$work/new" "$work/copy"
check "nor is a copy a replicate" status 2 gate "$work/new" "$work/copy" --baseline main
check "which is told" says "given twice"
# The CI job, as docs/ci has it.
export VGAUGE=$vgauge VGAUGE_PLAN=quick VGAUGE_HOST=$work/native.yaml VGAUGE_OUT=$work/ci VGAUGE_ARGS="${test[*]}"
check "the CI script runs and passes" status 0 docs/ci/gate.sh main --rules "$work/policy.yaml"
check "and leaves what CI systems show" test -s "$work/ci/gate.xml" -a -s "$work/ci/gate.md"
export VGAUGE_HOST=$work/slow.yaml VGAUGE_OUT=$work/ci-slow
check "and fails for a slowed driver" status 1 docs/ci/gate.sh main --rules "$work/policy.yaml" "${across[@]}"
exit $failed
