#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A manager that stands still: one that nobody asks is not missed, one that each submission asks stops the tenant, and is
# caught. Either way it goes on afterwards, also when the runner is killed meanwhile. Native, beside a process that is
# called like a manager; MECHANISM=virtio-venus: the same with VMs, where the renderer asks.
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

make -s "BUILD=$build" "$build/submit-layer/submit-layer.so" || exit 3
layer=$(readlink -f "$build/submit-layer")
name=vg-manager-$((RANDOM % 1000)) # nobody else's

# Answers every byte at once.
cat >"$work/manager.py" <<'P'
import os, socket, sys, threading
open("/proc/self/comm", "w").write(sys.argv[2])
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(8)
def serve(line):
    while True:
        byte = line.recv(1)
        if not byte:
            return
        line.send(byte)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
P
python3 "$work/manager.py" "$work/manager" "$name" &
manager=$!
children+=("$manager")
until [ -S "$work/manager" ]; do sleep 0.05; done

# Shorter, and what a busy machine does is no reason: the point is who notices, not how exactly.
cp -r suites "$work/suites"
test=$work/suites/tests/direct-submission/manager-frozen.yaml
sed -i 's/seconds: 10 /seconds: 3 /; s/seconds: 1[14] /seconds: 5 /; s/">=": 10, else/">=": 3, else/
    /else: undecided/d; s/"<=": 0.25, else: invalid/"<=": 64, else: invalid/' "$test"
export VGAUGE_SUITES=$work/suites
mechanism=${MECHANISM:-native}
host() { # file, environment
    if [ "$mechanism" != native ]; then
        sed "/^allow:/d; s/^  - name: $mechanism/&\n    managers: [$name]/
            s/environment: \[LP_NUM_THREADS=1\]/environment: [LP_NUM_THREADS=1, $2]/" suites/hosts/reference.yaml >"$1"
        return
    fi
    sed "s/^    policies:/    software_renderer: true\n    managers: [$name]\n    environment: [$2]\n&/" suites/hosts/native.yaml >"$1"
}
host "$work/clean.yaml" VGAUGE_NOTHING=1
host "$work/asking.yaml" "VK_LAYER_PATH=${layer//\//\\/}, VK_INSTANCE_LAYERS=VK_LAYER_VGAUGE_submit, \"SUBMIT_LAYER=ask:${work//\//\\/}\\/manager\""

run() { # host, more
    rm -rf "$work/run"
    "$vgauge" run --plan full --host "$1" --test dsub-manager-frozen --mechanism "$mechanism" --rerun 0 --out "$work/run" "${@:2}" >"$work/out" 2>"$work/err" </dev/null
}
said() { # verdict, what must be in it
    python3 - "$work/run" "$1" "${2:-}" <<'P'
import glob, json, sys
verdict = json.load(open(glob.glob(sys.argv[1] + "/tests/*/*/verdict.json")[0]))
print(verdict["verdict"], verdict["reasons"], {v["metric"]: v["value"] for v in verdict["values"]})
sys.exit(not (verdict["verdict"] == sys.argv[2] and sys.argv[3] in " ".join(verdict["reasons"])))
P
}
goes_on() { [[ $(awk '{ print $3 }' "/proc/$manager/stat") == [SR] ]]; }

run "$work/clean.yaml"
check "it is opt-in: without permission it is skipped" said skip destructive
sed "/managers:/d" "$work/clean.yaml" >"$work/nameless.yaml"
run "$work/nameless.yaml" --allow destructive
check "and without a manager's name" said skip managers
run "$work/clean.yaml" --allow destructive
clean() { said pass || said fail work.at_least || said fail work.at_most || said fail work.recovery; }
check "a manager out of the path is frozen and let go, and not missed" clean
much() {
    python3 - "$work/run" <<'P'
import glob, json, sys
verdict = json.load(open(glob.glob(sys.argv[1] + "/tests/*/*/verdict.json")[0]))
values = {v["metric"]: v["value"] for v in verdict["values"]}
print(values)
sys.exit(not (values["work.throughput"] > 0.5 and values["work.stood_still_s"] >= 3))
P
}
check "work went on while it stood still" much
check "it goes on" goes_on
run "$work/asking.yaml" --allow destructive
check "a manager in the path is caught" said fail work.at_most
check "it goes on, too" goes_on

begin run --plan full --host "$work/clean.yaml" --test dsub-manager-frozen --mechanism "$mechanism" --out "$work/killed" --allow destructive
stands() { [[ $(awk '{ print $3 }' "/proc/$manager/stat") == T ]]; }
for _ in {1..2400}; do stands && break; sleep 0.05; done
check "it stands still during the test" stands
kill -KILL "$pid"
wait "$pid" 2>/dev/null
for _ in {1..100}; do goes_on && break; sleep 0.05; done
check "it goes on when the runner is killed" goes_on
exit "$failed"
