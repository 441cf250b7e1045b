#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# A run whose process is killed at one of its writes leaves a directory that is whole as far as it goes, and goes on from
# there: what had finished is not touched, nothing is done twice or left out. CUTS=all cuts at every write, renaming,
# fsync and removal; by default at 24 of them, spread over the run.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

sed 's/^  - name: native/&\n    software_renderer: true/' suites/hosts/native.yaml >"$work/native.yaml"
tests=(run --host "$work/native.yaml" --test 'api-*' --seed 1 --out "$work/run")
calls=write,pwrite64,rename,fsync,mkdir,unlink,unlinkat,ftruncate
cat >"$work/look.py" <<'P'
import glob, hashlib, json, os, sys
run, stage = sys.argv[1:3]
known = run + ".finished"
def journal():
    path = run + "/journal.jsonl"
    text = open(path).read() if os.path.exists(path) else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]  # the last one may be cut
def digest(entry):
    folder = f"{run}/tests/{entry['test']}/{entry['instance']}"
    files = sorted(glob.glob(folder + "/*"))
    return {f: hashlib.sha256(open(f, "rb").read()).hexdigest() for f in files if os.path.isfile(f)}
if stage == "cut":
    for path in glob.glob(run + "/**/*.json", recursive=True):
        json.load(open(path))
    finished = {f"{e['test']}/{e['instance']}": digest(e) for e in journal()}
    for name in finished:
        assert f"{run}/tests/{name}/verdict.json" in finished[name], name
    json.dump(finished, open(known, "w"))
else:
    before, entries = json.load(open(known)), journal()
    names = [f"{e['test']}/{e['instance']}" for e in entries]
    assert sorted(set(names)) == sorted(names), names
    assert sorted(e["test"] for e in entries if e["verdict"] != "skip") == ["api-driver-gl", "api-driver-vulkan"], entries
    for e in entries:
        name = f"{e['test']}/{e['instance']}"
        assert name not in before or digest(e) == before[name], f"{name} was touched"
    results = json.load(open(run + "/results.json"))
    assert results["run"]["state"] == "complete" and len(results["judgements"]) == len(names), results["run"]
    assert not glob.glob(run + "/**/*.tmp-*", recursive=True), "halves of files are left"
P

rm -rf "$work/run"
# A sanitizer cannot look for leaks in what another program traces.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 strace -qq -o "$work/calls" -e trace="$calls" "$vgauge" "${tests[@]}" >"$work/out" 2>"$work/err"
status=$?
check "a run under strace ends well (status $status)" test "$status" = 0
# From the first run.json to the last, which says that the run is complete.
mapfile -t saved < <(grep -n 'rename.*/run\.json"' "$work/calls" | cut -d: -f1)
first=${saved[0]:-1} last=${saved[-1]:-0}
check "the run writes something to cut at (calls $first to $last)" test $((last - first)) -gt 20
run 30 run --resume "$work/run"
check "a complete run is not resumed" says 2 'came to its end'

# Each call as "NAME NTH-OF-ITS-NAME": strace counts each name by itself.
mapfile -t points < <(awk -v first="$first" -v last="$last" '{ sub(/\(.*/, ""); n[$0]++; if (NR >= first && NR <= last) print $0, n[$0] }' "$work/calls")
cut=0
broken=0
step=$((${#points[@]} / 24))
[ "${CUTS:-}" != all ] && [ "$step" -gt 0 ] || step=1
for ((i = 0; i < ${#points[@]}; i += step)); do
    read -r call nth <<<"${points[$i]}"
    at="$nth of $call"
    rm -rf "$work/run" "$work/run.finished"
    { strace -qq -o /dev/null -e trace="$call" -e inject="$call":signal=KILL:when="$nth" \
        "$vgauge" "${tests[@]}" >"$work/out" 2>"$work/err" </dev/null; } 2>/dev/null # `Killed`
    [ -e "$work/run/run.json" ] || continue # before there is anything to go on with
    grep -q '"state": "complete"' "$work/run/run.json" && continue
    cut=$((cut + 1))
    if ! python3 "$work/look.py" "$work/run" cut >"$work/said" 2>&1; then
        echo "cut at call $at: $(tail -n 1 "$work/said")"
        broken=$((broken + 1))
        continue
    fi
    "$vgauge" run --resume "$work/run" >"$work/out" 2>"$work/err" </dev/null
    # In the instant between making the directory and saying in it what it is for, there is nothing to go on with.
    if grep -q '"arguments": \[\]' "$work/run/run.json" && grep -q 'ended before it had begun' "$work/err"; then
        continue
    fi
    if ! python3 "$work/look.py" "$work/run" resumed >"$work/said" 2>&1; then
        echo "cut at call $at, resumed: $(tail -n 1 "$work/said"); $(tail -n 1 "$work/err")"
        broken=$((broken + 1))
    fi
done
check "killed at $cut of ${#points[@]} calls that write, each run goes on to its end ($broken do not)" \
    test "$broken" = 0 -a "$cut" -ge 15

# --- what must not go on
rm -rf "$work/run"
begin "${tests[@]}"
writer=$pid
for _ in $(seq 200); do [ -s "$work/run/journal.jsonl" ] && break; sleep 0.01; done
kill -STOP "$writer"
run 30 run --resume "$work/run"
check "a run that is being written is not resumed" says 2 'being written by another vgauge'
kill -KILL "$writer"
wait "$writer" 2>/dev/null
check "that run was killed before its end (or what follows shows nothing)" grep -q '"state": "running"' "$work/run/run.json"
cp "$work/native.yaml" "$work/kept.yaml"
sed -i 's/max: [0-9]*/max: 7/' "$work/native.yaml"
run 30 run --resume "$work/run"
check "a host file that has changed is refused" says 2 'the host file has changed since it began'
cp "$work/kept.yaml" "$work/native.yaml"
cp "$work/run/run.json" "$work/kept.json"
python3 - "$work/run/run.json" <<'P'
import json, sys
run = json.load(open(sys.argv[1]))
[f for f in run["fingerprint"] if f["key"] == "host.kernel"][0]["value"] = "1.2.3"
json.dump(run, open(sys.argv[1], "w"))
P
run 30 run --resume "$work/run"
check "another environment is refused" eval '[ "$status" = 2 ] && grep -q "host.kernel was 1.2.3 when the run began" "$work/err"'
run 30 run --resume "$work/bin"
check "a directory that is no run is refused" says 2 'is not a run directory'
run 30 run --resume "$work/run" --plan full
check "nothing else is taken beside --resume" says 2 'stands alone'
run 60 run --host "$work/native.yaml" --test api-driver-vulkan --out "$work/last" # reaps what the killed ones left
check "nothing of the killed runs is left" eval '! pgrep -af "^$work/bin/"'
exit $failed
