#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# Malformed calls and streams from a VM are replayable: two runs with the same --seed send the same, a third with another
# seed sends others, by the digest that each run's results carry.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

# digest NAME SEED: of a run of its own, from its measurements; the phase `again` must have said the same.
digest() {
    run 240 run --plan full --mechanism virtio-virgl --test fuzz-virgl --set fuzz-virgl.streams=40 --seed "$2" \
        --out "$work/$1"
    python3 - "$work/$1" <<'P'
import glob, json, sys
path = glob.glob(sys.argv[1] + "/tests/fuzz-virgl/*/measurements.json")[0]
found = {}
for phase in json.load(open(path))["phases"]:
    for run in phase["runs"]:
        facts = {fact["name"]: fact["value"] for fact in run["facts"]}
        if run["workload"] == "drm-fuzz":
            assert facts["streams"] == "40", facts
            found[phase["name"]] = facts["digest"]
assert set(found) == {"fuzz", "again"} and found["fuzz"] == found["again"], found
print(found["fuzz"])
P
}

first=$(digest first 7)
second=$(digest second 7)
other=$(digest other 8)
check "a run with a seed sends streams and says their digest" test -n "$first"
check "another run with that seed sends the same (${first:-none})" test "$first" = "$second"
check "a run with another seed sends others (${other:-none})" eval '[ -n "$other" ] && [ "$other" != "$first" ]'
exit $failed
