#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# The four limits (of a phase, a test, the run, and of silence): each ends what it limits and nothing else, and before it
# does, what hangs is written down beside the measurements and named in the result.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

mkdir -p "$work/suites/tests/limits" "$work/suites/plans"
cp -r suites/requirements suites/hosts suites/fleets suites/gate.yaml "$work/suites"
export VGAUGE_SUITES=$work/suites
cat >"$work/suites/plans/limits.yaml" <<'P'
name: limits
summary: Tests that end in time, and one that would not.
tests: ["*"]
P
limits_test() { # ID SECONDS [MECHANISM]
    cat >"$work/suites/tests/limits/$1.yaml" <<T
id: $1
requirement: VGPU-TEL-005
summary: Streams samples.
why: Something has to be under way.
needs: { mechanism: ${3:-native} }
tenants:
  - { name: peer, count: 1 }
phases:
  - { name: stream, run: [ { on: peer, workload: sample-stream, params: { rate: 100, seconds: $2 } } ] }
analyze:
  - { name: policy, analysis: provisioning, phase: stream }
expect:
  - { metric: policy.creates, report: true }
no_control: it measures nothing of a vGPU
T
}
limits_test a-short 1
limits_test b-long 100
limits_test c-short 1

ln -s run/tests/b-long/native.full.best-effort.boot-1 "$work/long"
limited=(run --plan limits --host native)
of() { # TEST: its result
    python3 - "$work/run" "$1" <<'P'
import glob, json, sys
for path in glob.glob(sys.argv[1] + "/tests/" + sys.argv[2] + "/*/verdict.json"):
    verdict = json.load(open(path))
    print(verdict["verdict"] + ": " + " ".join(verdict["reasons"]))
P
}
collected() { # what there is to see, and the names of it in the text on standard input
    local text file
    text=$(cat)
    for file in peer.0.backtrace.txt kernel.log; do
        grep -q "$file" <<<"$text" || { echo "$file is not named: $text"; return 1; }
        [ -s "$work/long/$file" ] || { echo "$file is not there"; return 1; }
    done
    grep -q 'thread .* vgauge-agent: state' "$work/long/peer.0.backtrace.txt" &&
        grep -q 'thread .* vgauge-workload: state' "$work/long/peer.0.backtrace.txt" &&
        grep -q 'kernel log' "$work/long/kernel.log"
}
neighbours_passed() { [[ "$(of a-short)" == pass:* && "$(of c-short)" == pass:* ]] && [ "$(wc -l <"$work/run/journal.jsonl")" = 3 ]; }
decided() { # EXTENDED-REGEX: what the long test came to
    of b-long | grep -E "$1" || { of b-long; return 1; }
}
backtrace() { # a debugger's; not every machine lets one look into other processes
    command -v gdb >/dev/null || return 0
    grep -qE '^#[0-9]+ |not permitted|No symbol|no backtrace' "$work/long/peer.0.backtrace.txt"
}

run 120 "${limited[@]}" --set 'b-long.stream.timeout_s=2' --out "$work/run"
check "a phase that is over its limit: timeout" decided '^timeout: .*Phase stream was not over after .* s: phase stream did not end within 2 s'
check "  its processes and the kernel's log are there, and named" eval 'of b-long | collected'
check "  a debugger was asked where its threads stand" backtrace
check "  the tests before and after it were run" neighbours_passed
check "  nothing is left" nothing_left

rm -rf "$work/run"
run 120 "${limited[@]}" --set b-long.timeout_s=3 --out "$work/run"
check "a test that is over its limit: timeout" decided '^timeout: .*the test did not end within 3 s: b-long was in phase stream'
check "  its processes and the kernel's log are there, and named" eval 'of b-long | collected'
check "  the tests before and after it were run" neighbours_passed
check "  nothing is left" nothing_left

# A workload that hangs: it stands still, and its agent does not.
hang() { # NAME: stops the process of that name that streams for 100 s
    local deadline=$((SECONDS + 30)) hung
    until hung=$(pgrep -f "^$work/bin/$1 .*seconds=100" | tail -n 1) && [ -n "$hung" ]; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "no $1 came"; return 1; }
        sleep 0.1
    done
    sleep 0.5
    kill -STOP "$hung"
}
rm -rf "$work/run"
begin "${limited[@]}" --set b-long.inactivity_s=2 --out "$work/run"
check "a workload that hangs" hang vgauge-workload
finish 120
check "  is found out by its silence, at once and not at the end of its phase: timeout" decided \
    "^timeout: .*sample-stream in peer.0 said nothing for 2 s, and the tenant's agent still answers"
check "  its processes and the kernel's log are there, and named" eval 'of b-long | collected'
check "  its thread is seen to stand still" grep -q 'vgauge-workload: state [Tt]' "$work/long/peer.0.backtrace.txt"
check "  the tests before and after it were run" neighbours_passed
check "  nothing is left" nothing_left

rm -rf "$work/run"
run 120 "${limited[@]}" --timeout 4 --out "$work/run"
check "a run that is over its limit ends with status 3 and one sentence" says 3 "the run did not end within 4 s: b-long was in phase stream"
check "  its processes and the kernel's log are there, and named" eval 'collected <"$work/err"'
check "  what had finished is kept, and what had not is no result" eval '[ "$(wc -l <"$work/run/journal.jsonl")" = 1 ]'
check "  run.json says the same" grep -q '"reason": *"the run did not end within 4 s' "$work/run/run.json"
check "  nothing is left" nothing_left
run 120 "${limited[@]/limits/quick}" --timeout 0
check "no time at all is refused" says 2 "--timeout takes a whole number of seconds"

sed -i 's/^tests:/timeout_s: 4\n&/' "$work/suites/plans/limits.yaml"
rm -rf "$work/run"
run 120 "${limited[@]}" --out "$work/run"
check "the plan's own limit does the same" says 3 "the run did not end within 4 s: b-long"
sed -i '/^timeout_s: 4$/d' "$work/suites/plans/limits.yaml"

# Where no debugger is installed: the runner finds no program at all.
printf '#!/bin/sh\nPATH=%s exec %s "$@"\n' "$work/nothing" "$vgauge" >"$work/poor"
chmod 755 "$work/poor"
vgauge=$work/poor
rm -rf "$work/run"
run 120 "${limited[@]}" --set 'b-long.stream.timeout_s=1' --out "$work/run"
check "without a debugger it is said so, and the rest is there" \
    eval 'of b-long | collected && grep -q "no backtrace: cannot run gdb: is it installed?" "$work/long/peer.0.backtrace.txt"'

# A guest that hangs with its VMM: the other processes of the test's tenant are the VMM and its renderers.
vgauge=$work/bin/vgauge
rm "$work"/suites/tests/limits/*
limits_test b-long 100 virtio-venus
stop_vmm() { # once the guest streams
    local deadline=$((SECONDS + 150))
    until ls "$work"/run/tests/b-long/*/stream.peer.0.0.numbers.csv >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "no guest streams"; return 1; }
        sleep 0.2
    done
    sleep 1
    vmm=$(pgrep -f "guest=vgauge-$pid-") && kill -STOP "$vmm"
}
rm -rf "$work/run" "$work/long"
begin run --plan limits --host reference --mechanism virtio-venus --profile full --policy best-effort --boots 1 --set b-long.inactivity_s=4 --out "$work/run"
check "a VM that hangs" stop_vmm
finish 120
ln -s "$(echo "$work"/run/tests/b-long/virtio*)" "$work/long"
check "  is found out by its silence: timeout" decided \
    "^timeout: .*sample-stream in peer.0 said nothing for 4 s, and the tenant's agent does not answer"
check "  its console, its VMM's threads and the kernel's log are there, and named" eval \
    'of b-long | grep -q "peer.0.console.log, peer.0.backtrace.txt, kernel.log" && grep -q "thread .* qemu-.*: state [Tt]" "$work/long/peer.0.backtrace.txt" && [ -s "$work/long/peer.0.console.log" ]'
check "  a debugger was asked where its threads stand" backtrace
check "  nothing is left" nothing_left
exit $failed
