#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called indirectly
# One boot serves two tests: the second VM of the first test stands still while the next one measures its first tenant
# alone, then goes on as its second, with its clock known anew and the pGPU divided again.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

run 240 run --plan full --host reference --mechanism virtio-venus --test fair-equal-throughput --test perf-frame-pacing \
    --set '*.seconds=2' --seed 1 --out "$work/run"

cat >"$work/look.py" <<'P'
import glob, json, sys
load = lambda test: json.load(open(glob.glob(f"{sys.argv[2]}/tests/{test}/*/measurements.json")[0]))
first, second = load("fair-equal-throughput"), load("perf-frame-pacing")
tenants = {t["name"]: t for t in second["tenants"]}
def same_boots():
    before = [t["boot_id"] for t in first["tenants"]]
    after = [tenants[name]["boot_id"] for name in ("heavy.0", "light.0")]
    assert len(set(before)) == 2 and before == after, (before, after)
    assert all(t["boot_s"] == 0 for t in tenants.values()), tenants
def alone_first():
    said = [e["what"] for e in second["events"] if e["what"].startswith("policy ")]
    assert [w.split()[-2] for w in said] == ["1", "2"], said
    assert any(e["what"] == "light.0 start done" for e in second["events"])
    solo = second["phases"][0]
    assert {r["tenant"] for r in solo["readings"]} == {"heavy.0"}, solo["readings"]
    assert {r["tenant"] for r in second["phases"][1]["readings"]} == {"heavy.0", "light.0"}
def clock():
    # Its clock stood still for as long as the solo phase took, so that the old offset is wrong by seconds.
    start = [e["host_ns"] for e in second["events"] if e["what"] == "light.0 start"][0]
    points = tenants["light.0"]["clock"]
    assert points and all(p["host_ns"] >= start for p in points), (start, points)
    old = {t["name"]: t for t in first["tenants"]}["other.0"]["clock"][-1]
    assert points[0]["offset_ns"] - old["offset_ns"] > 1e9, (old, points)
def worked():
    contended = second["phases"][1]
    assert contended["outcome"] == "ok", contended
    rows = {r["tenant"]: r["streams"][0]["rows"] for r in contended["runs"]}
    assert rows["light.0"] > 20 and rows["heavy.0"] > 5, rows
    for run in contended["runs"]:
        for mark in run["marks"]:
            assert contended["start_host_ns"] <= mark["host_ns"] <= contended["end_host_ns"], (run["tenant"], mark)
globals()[sys.argv[1]]()
P
look() { python3 "$work/look.py" "$1" "$work/run"; }
expected_status() { case $status in 0 | 1 | 3) ;; *) echo "exit status $status"; return 1 ;; esac; }
check "the run ends by itself" expected_status
check "both tests ran in the same two boots" look same_boots
check "the second VM takes no part until it is started" look alone_first
check "its clock is compared anew" look clock
check "both tenants worked, at instants that are inside the phase" look worked
check "no VM, cgroup or runtime directory is left" nothing_left
exit $failed
