#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The controls of submission latency: a layer that makes submissions worse in each of its ways, seen where each should show;
# and two runs that take turns, one of them under the layer, compared. All native. Injected delays are many times a latency, so
# that no machine's own noise decides.
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

make -s "BUILD=$build" "$build/submit-layer/submit-layer.so" || exit 3
layer=$(readlink -f "$build/submit-layer")
# mode, arguments...: p50 and p99 of the latency in ns
measured() {
    local mode=$1
    shift
    VK_LAYER_PATH=$layer VK_INSTANCE_LAYERS=VK_LAYER_VGAUGE_submit SUBMIT_LAYER=$mode \
        "${vgauge%/*}/vgauge-workload" vk-submit-latency samples=400 stamped=0 kind=tiny "$@" 2>&1 |
        awk '$1 == "submission.latency" { print $3, $5 }'
}
above() { # mode, p50 at least, p99 at least, arguments...
    local mode=$1 least50=$2 least99=$3 p50 p99
    shift 3
    read -r p50 p99 < <(measured "$mode" "$@") || return 1
    if [ "$p50" -lt "$least50" ] || [ "$p99" -lt "$least99" ]; then
        echo "p50 $p50, p99 $p99"
        return 1
    fi
}
below() { # mode, p50 at most
    local p50 p99
    read -r p50 p99 < <(measured "$1") || return 1
    [ "$p50" -le "$2" ] || { echo "p50 $p50, p99 $p99"; return 1; }
}
check "the layer that does nothing leaves the median alone" below pass 2000000
check "a fixed delay is in the median" above fixed:3000000 3000000 3000000
check "one in twenty is in the tail" above random:0.05:3000000 0 3000000
check "and not in the median" below random:0.05:3000000 2000000
check "a part is in the median" above part:100 1000000 1000000
check "a batch makes each wait for it" above batch:8:3000000 3000000 3000000
check "also by a timeline semaphore" above fixed:3000000 3000000 3000000 signal=timeline
check "in an open loop what comes late counts from its tick" above fixed:3000000 20000000 100000000 rate_hz=1000 in_flight=4
nonsense() { ! measured sideways >/dev/null 2>&1 || [ -z "$(measured sideways)" ]; }
check "a mode that there is not is refused" nonsense

cp -r suites "$work/suites"
sed -i 's/samples: 2000/samples: 200/; s/">=": 2000/">=": 200/; s/"<=": 0.5, else: invalid/"<=": 64, else: invalid/' \
    "$work/suites/tests/direct-submission/latency-rounds.yaml"
export VGAUGE_SUITES=$work/suites
sed 's/^    policies:/    software_renderer: true\n&/' suites/hosts/native.yaml >"$work/a.yaml"
sed "s|^    software_renderer.*|&\n    environment: [VK_LAYER_PATH=$layer, VK_INSTANCE_LAYERS=VK_LAYER_VGAUGE_submit, \"SUBMIT_LAYER=fixed:300000\"]|" \
    "$work/a.yaml" >"$work/b.yaml"
ab() { # directory, b
    "$vgauge" ab --turns --pairs 6 --a "$work/a.yaml" --b "$2" --plan full --test dsub-latency-rounds --profile full \
        --policy best-effort --rules tests/bench/added-delay.rules.yaml --out "$1" >"$work/out" 2>"$work/err" </dev/null
}
regresses() { ab "$work/ab" "$work/b.yaml"; [ $? = 1 ] || { cat "$work/out" "$work/err"; return 1; }; }
check "two runs in turns: the slowed one regressed" regresses
check "and what regressed is named" grep -q 'tiny.p50' "$work/out"
cat >"$work/order.py" <<'P'
import glob, json, sys
starts = []
for side in "ab":
    path = glob.glob("%s/%s/001/tests/*/*/measurements.json" % (sys.argv[1], side))[0]
    starts += [(phase["start_host_ns"], phase["end_host_ns"], side) for phase in json.load(open(path))["phases"]]
starts.sort()
order = "".join(s[2] for s in starts)
assert order == ("abba" * 5), order
assert all(one[1] <= other[0] for one, other in zip(starts, starts[1:])), "phases overlap"
for side in "ab":
    arguments = json.load(open("%s/%s/001/run.json" % (sys.argv[1], side)))["arguments"]
    assert "--profile=full" in arguments and "--policy=best-effort" in arguments, arguments
P
check "phases went A B, B A, ... and never at once; profile and policy were passed on" python3 "$work/order.py" "$work/ab"

# No boot is as steady as this; what a pair is made again for is said, and what it was is kept.
{ sed '/^thresholds/,$d' tests/bench/added-delay.rules.yaml; echo 'steady: [ { metric: "*.spread", at_most: 0, source: none is } ]'; } >"$work/rules.yaml"
again() {
    "$vgauge" ab --turns --pairs 1 --again 2 --a "$work/a.yaml" --b "$work/a.yaml" --plan full --test dsub-latency-rounds \
        --rules "$work/rules.yaml" --out "$work/again" >"$work/out" 2>"$work/err" </dev/null
    [ "$(grep -c '^Pair 1 of 1 is made again (. of at most 2): A: .*tiny.spread is .*, more than 0$' "$work/err")" = 2 ] &&
        grep -qE '^  again +2 pairs' "$work/out" && grep -q '"pairs_made_again": 2' "$work/again/gate.json" &&
        [ -s "$work/again/unsteady/002/b/run.json" ] && [ -s "$work/again/a/001/run.json" ] && [ ! -e "$work/again/unsteady/003" ]
}
check "a pair of boots that were not steady is made again, at most so often" again

# A metric that there is not would call every boot steady: told after the first pair, not when all are made.
sed -i 's/"\*\.spread", at_most: 0/"*.spraed", at_most: 0/' "$work/rules.yaml"
misspelt() {
    "$vgauge" ab --turns --pairs 2 --a "$work/a.yaml" --b "$work/a.yaml" --plan full --test dsub-latency-rounds \
        --rules "$work/rules.yaml" --out "$work/misspelt" >"$work/out" 2>"$work/err" </dev/null
    [ $? = 2 ] && grep -qE 'rules.yaml, line [0-9]+, column 21: no metric .*[*][.]spraed., did you mean .spread.' "$work/err" &&
        [ -s "$work/misspelt/b/001/run.json" ] && [ ! -e "$work/misspelt/a/002" ]
}
check "a misspelt metric of a steady boot is told, with its place and the nearest name" misspelt
exit "$failed"
