#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # the checks are called by name
# The whole path once for real: two VMs with a vGPU each, from boot to report. A noisy machine may make the verdict
# `invalid`; it may not make it wrong, lose samples, or leave anything behind.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
build=${BUILD:-build}
out=$(mktemp -d /tmp/vgauge-two-vms-XXXXXX)
trap 'rm -rf "$out"' EXIT
failed=0
check() { # name, command...
    local name=$1
    shift
    if "$@" >"$out/said" 2>&1; then echo "ok - $name"; else
        echo "not ok - $name"
        sed 's/^/    /' "$out/said" | tail -n 30
        failed=1
    fi
}
"$build/vgauge" run --plan quick --host reference --test fair-equal-throughput \
    --set fair-equal-throughput.seconds=4 --out "$out/run" --seed 1 >"$out/log" 2>&1 &
pid=$!
wait "$pid"
status=$?
cat >"$out/look.py" <<'P'
import glob, json, sys
run = sys.argv[2]
path = glob.glob(run + "/tests/fair-equal-throughput/virtio-venus.*/")[0]
m = json.load(open(path + "measurements.json"))
v = json.load(open(path + "verdict.json"))
def two_tenants():
    assert len(m["tenants"]) == 2, m["tenants"]
    boots = {t["boot_id"] for t in m["tenants"]}
    assert len(boots) == 2 and all(t["state"] == "ok" for t in m["tenants"]), m["tenants"]
def real_gpu():
    runs = [r for p in m["phases"] for r in p["runs"]]
    assert runs and all({f["name"]: f["value"] for f in r["facts"]}["vk_driver_id"] == "MESA_VENUS" for r in runs), runs
def samples():
    phase = [p for p in m["phases"] if p["name"] == "contended"][0]
    for r in phase["runs"]:
        assert r["status"] == "ok", r
        rows = sum(1 for _ in open(path + r["streams"][0]["file"])) - 1
        assert rows == r["streams"][0]["rows"] and rows >= 25, (rows, r)
def verdict():
    assert v["verdict"] in ("pass", "invalid"), v
def probes():
    p = {p["name"]: p for p in m["probes"]}
    assert p["process-cpu"]["streams"][0]["rows"] > 3, p
globals()[sys.argv[1]]()
P
look() { python3 "$out/look.py" "$1" "$out/run"; }
expected_status() { case $status in 0 | 3) ;; *) cat "$out/log"; return 1 ;; esac; }
nothing_left() { # of this run: others may live beside it
    ! pgrep -af "guest=vgauge-$pid-" && ! find /sys/fs/cgroup -maxdepth 3 -name "vgauge-$pid-*" | grep . && [ ! -e "/run/vgauge/$pid" ]
}
schema() { python3 -m jsonschema -i "$out/run/results.json" runner/record/results.schema.json; }
proved() { [ "$status" != 0 ] || prove -e cat "$out/run/results.tap"; }
rejudged() {
    cp "$out/run/results.json" "$out/first.json" && "$build/vgauge" judge "$out/run" >/dev/null
    python3 - "$out/first.json" "$out/run/results.json" <<'P'
import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
for r in (a, b): r.get("run", {}).pop("judged", None)
assert a == b, "judging again gave another result"
P
}
check "the run ends with status 0 (pass) or 3 (invalid)" expected_status
check "two VMs booted and stayed" look two_tenants
check "each workload ran on Venus" look real_gpu
check "raw samples of both tenants are on disk, as many as were announced" look samples
check "the verdict is pass, or invalid with a reason" look verdict
check "the host was watched" look probes
check "results.json follows its schema" schema
check "prove reads the TAP" proved
check "JUnit is well-formed" xmllint --noout "$out/run/junit.xml"
check "the report is there" test -s "$out/run/report/index.html"
check "judging the run directory again gives the same results" rejudged
check "no VM, cgroup or runtime directory is left" nothing_left
exit $failed
