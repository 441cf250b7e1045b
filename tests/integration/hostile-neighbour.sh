#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# Two tenants measure at once, one of them breaks the link's rules in every way that there is: it costs itself, with the
# reason; the runner's memory stays where it is; each sample of the other one arrives. TABLE=FILE gets the figures.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

make_first_tenant_evil
cp -r suites "$work/suites"
export VGAUGE_SUITES=$work/suites
rm -rf "$work"/suites/tests/* "$work"/suites/plans/*
mkdir "$work/suites/tests/both"
cat >"$work/suites/tests/both/both.yaml" <<T
id: both
requirement: VGPU-TEL-005
summary: Two tenants send samples at once.
why: One of them is hostile.
tenants: [ { name: peer, count: 2 } ]
phases:
  - name: all
    timeout_s: 5
    run:
      - { on: peer, workload: sample-stream, params: { rate: 5000, seconds: 2 } }
analyze: [ { name: quiet, analysis: host-quiet, phase: all } ]
expect: [ { metric: quiet.others_cpu, report: true } ]
no_control: it is a test of the runner
T
printf 'name: both\nsummary: One test.\ntests: ["*"]\n' >"$work/suites/plans/both.yaml"

# neighbours EXPECTED-STATUS REASON: what became of the two.
neighbours() {
    python3 - "$work/run" "$1" "$2" <<'P'
import glob, json, sys
run, expected, reason = sys.argv[1:]
path = glob.glob(run + "/tests/both/*/measurements.json")[0]
measurements = json.load(open(path))
phase = measurements["phases"][-1]
states = {t["name"]: t for t in measurements["tenants"]}
runs = {r["tenant"]: r for r in phase["runs"]}
# Whichever agent came first is the evil one.
names = sorted(states, key=lambda name: states[name]["hello"]["agent"] != "evil")
evil, good = runs[names[0]], runs[names[1]]
state = states[names[0]]["state"] if evil["status"] == "ok" else evil["status"]
message = evil["message"] or states[names[0]]["reason"] or ""
assert state == expected, (evil, states[names[0]])
assert reason in message, message
assert good["status"] == "ok" and states[names[1]]["state"] == "ok", (good["status"], good["message"], states[names[1]])
facts = {f["name"]: f["value"] for f in good["facts"]}
with open(path.rsplit("/", 1)[0] + "/" + good["streams"][0]["file"]) as rows:
    next(rows)
    numbers = [int(line.split(",")[1]) for line in rows]
assert numbers == list(range(10000)) and facts["sent_rows"] == "10000", (len(numbers), facts)
print("%s|%s" % (state, (message or "-").replace("|", "/")[:110]))
P
}
clean_output() { # no control character and no element of a tenant's reaches a terminal or a page
    ! LC_ALL=C grep -q $'\e' "$work/out" "$work/err" "$work/run/results.json" "$work/run/results.tap" "$work/run/junit.xml" \
        "$work/run/report/index.html" && ! grep -rq '<script>alert' "$work/run/report" "$work/run/junit.xml"
}
: >"$work/table"
for case in 'chatter-later|lost|' 'flood-later|lost|a line of more than 65536 bytes' 'deep|lost|nests deeper' 'types|lost|whose `' \
    'nan|lost|not JSON' 'utf8|lost|not JSON' 'escapes|ok|' 'html|ok|' 'future|lost|from the future' 'never|timeout|did not stop when asked to either' \
    'twice|lost|which has ended' 'reboot|lost|hello' 'die|lost|'; do
    IFS='|' read -r mode expected reason <<<"$case"
    rm -rf "$work/used" "$work/run"
    export VGAUGE_EVIL=$mode
    run 60 run --plan both --host native --out "$work/run"
    check "$mode: the tenant is $expected, its neighbour's 10,000 samples are all there" neighbours "$expected" "$reason"
    said=$(<"$work/said")
    check "$mode: the runner's memory is bounded ($peak_kib KiB)" test "$peak_kib" -gt 0 -a "$peak_kib" -lt 100000
    check "$mode: nothing of it reaches a terminal or a page" clean_output
    check "$mode: nothing is left" nothing_left
    echo "$mode|$said|$peak_kib" >>"$work/table"
done
[ -z "${TABLE:-}" ] || awk -F'|' '{ printf "%-14s %-8s %6.1f MiB  %s\n", $1, $2, $4 / 1024, $3 }' "$work/table" >"$TABLE"
exit $failed
