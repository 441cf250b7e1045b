#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The plan placement-model against the served models: clean, judged again from its rows, and under the known-bad
# behaviours. Where FUSE cannot be mounted, one line says so.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'umount -l "$work/mount" 2>/dev/null; rm -rf "$work"' EXIT
failed=0
check() { # name, status
    if [ "$2" = 0 ]; then echo "ok - $1"; else echo "not ok - $1"; failed=1; fi
}
mkdir "$work/mount"
"$BUILD/vgauge-model" --profile mdpy "$work/mount" >"$work/model.log" 2>&1 &
model=$!
for _ in $(seq 50); do grep -q '^serving' "$work/model.log" && break; kill -0 $model 2>/dev/null || break; sleep 0.1; done
if ! grep -q '^serving' "$work/model.log"; then
    echo "ok - placement on models # SKIP FUSE cannot be used here: $(head -n 1 "$work/model.log")"
    exit 0
fi
available=$work/mount/sys/class/mdev_bus/mdpy/mdev_supported_types/mdpy-hd/available_instances
create=$work/mount/sys/class/mdev_bus/mdpy/mdev_supported_types/mdpy-vga/create
echo 11111111-2222-4333-8444-555555555555 >"$create"
[ "$(cat "$available")" = 3 ]
check "creating one instance changes another type's counter" $?
kill $model
wait $model
check "the model ends by itself when asked to" $?

refuses() { # name, word, argument...
    local name=$1 word=$2
    shift 2
    timeout 20 "$BUILD/vgauge-model" "$@" >"$work/said" 2>&1
    [ $? = 2 ] && [ "$(wc -l <"$work/said")" = 1 ] && grep -qF "$word" "$work/said"
    check "vgauge-model refuses $name in one sentence" $?
}
mkdir "$work/full"
touch "$work/full/file"
refuses "a profile that is none" "unknown profile \`a200\`" --profile a200 "$work/mount"
refuses "a behaviour that is none" "unknown behaviour \`nothing\`" --break nothing "$work/mount"
refuses "a directory that is not there" 'No such file or directory' "$work/nowhere"
refuses "a file" 'it is no directory' "$work/full/file"
refuses "a directory with something in it" 'it is not empty' "$work/full"
serve() {
    rm -f "$work/model.log"
    "$BUILD/vgauge-model" --profile mdpy "$1" >"$work/model.log" 2>&1 &
    model=$!
    for _ in $(seq 50); do grep -qs '^serving' "$work/model.log" && break; sleep 0.1; done
}
"$BUILD/vgauge-model" --profile a100 "$work/mount" >"$work/model.log" 2>&1 &
model=$!
for _ in $(seq 50); do grep -qs '^serving' "$work/model.log" && break; sleep 0.1; done
(cd "$work/mount" && usr/lib/nvidia/sriov-manage -e 0000:41:00.0) && [ -e "$work/mount/sys/bus/pci/devices/0000:41:00.0/virtfn0" ]
check "its sriov-manage works from where one stands" $?
said=$("$work/mount/usr/lib/nvidia/sriov-manage" -e 0000:99:00.0 2>&1)
[ $? = 1 ] && [ "$said" = "no device '0000:99:00.0'" ]
check "and names a device that is not there" $?
kill $model
wait $model
serve "$work/mount"
refuses "a place where a model is served" 'a model is served there already' "$work/mount"
kill -KILL $model
wait $model 2>/dev/null
! ls "$work/mount" >/dev/null 2>&1
check "a model that is killed leaves a dead mount" $?
serve "$work/mount"
[ "$(cat "$available")" = 4 ] && grep -q 'left by a model that was killed' "$work/model.log"
check "which the next one takes away" $?
kill $model
wait $model
dead=/tmp/vgauge-model-$(tr -dc a-z0-9 </dev/urandom | head -c 6)
mkdir "$dead"
serve "$dead"
kill -KILL $model
wait $model 2>/dev/null
"$BUILD/vgauge" reap >"$work/reap" && [ ! -e "$dead" ]
check "vgauge reap takes away what a killed run's model left" $?

timeout 600 "$BUILD/vgauge" run --plan placement-model --seed 5 --out "$work/run" >"$work/run.log" 2>&1
check "the plan passes on clean models" $?
passes=$(grep -c '"verdict": "pass"' "$work"/run/tests/*/*/verdict.json | grep -c ':1$')
[ "$passes" -ge 60 ]
check "at least 60 results were decided ($passes)" $?
cp "$work/run/results.json" "$work/before.json"
"$BUILD/vgauge" judge "$work/run" >/dev/null 2>&1
check "the run can be judged again from its rows" $?
[ -s "$work/before.json" ] && cmp -s <(grep -v '"judged"' "$work/before.json") <(grep -v '"judged"' "$work/run/results.json")
check "and the results are the same" $?
[ -z "$(find /tmp -maxdepth 1 -name 'vgauge-model-*' -newer "$work/model.log" 2>/dev/null)" ]
check "nothing is left mounted" $?
"$BUILD/vgauge" run --plan placement-model --test place-counters --mechanism gvt-g --host suites/hosts/model.yaml --out "$work/again" --seed 5 >/dev/null 2>&1
[ -s "$work/again/tests/place-counters/gvt-g.all.none.boot-1/drill.host.random-walk.steps.csv" ] &&
    cmp -s <(cut -d, -f1-13 "$work/run/tests/place-counters/gvt-g.all.none.boot-1/drill.host.random-walk.steps.csv") \
    <(cut -d, -f1-13 "$work/again/tests/place-counters/gvt-g.all.none.boot-1/drill.host.random-walk.steps.csv")
check "the same seed walks the same walk" $?
exit $failed
