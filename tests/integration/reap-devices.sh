#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# A run that is killed while it has mediated devices leaves them, as the kernel has it. The next `vgauge reap` removes
# them, and neither those of a run that lives nor those that somebody else made. On models of drivers that outlive the run.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

mkdir "$work/mount"
"$build/vgauge-model" --profile all "$work/mount" >"$work/model.log" 2>&1 &
model=$!
end_model() {
    kill "$model" 2>/dev/null
    wait "$model" 2>/dev/null
    umount -l "$work/mount" 2>/dev/null
    cleanup
}
trap end_model EXIT
for _ in $(seq 50); do grep -q '^serving' "$work/model.log" && break; kill -0 "$model" 2>/dev/null || break; sleep 0.1; done
grep -q '^serving' "$work/model.log" || { echo "ok - devices of killed runs # SKIP FUSE cannot be used here: $(head -n 1 "$work/model.log")"; exit 0; }
sed "s|^model: .*|root: $work/mount\nconnection: qemu:///embed|" suites/hosts/model.yaml >"$work/host.yaml"

devices() { ls "$work/mount/sys/bus/mdev/devices" 2>/dev/null; }
foreign=11111111-2222-4333-8444-555555555555
# Where there is room beside what the run has. A drill begins with the model as it is after boot, so not before the run.
make_foreign() {
    local create
    for create in "$work"/mount/sys/class/mdev_bus/*/mdev_supported_types/*/create; do
        { echo "$foreign" >"$create"; } 2>/dev/null && [ -e "$work/mount/sys/bus/mdev/devices/$foreign" ] && return
    done
    echo "no pGPU has room"
    return 1
}
only_foreign() { [ "$(devices)" = "$foreign" ] || { echo "there is: $(devices)"; return 1; }; }
has_some() { # within 60 s: the run has devices of its own, and stands still with them
    local deadline=$((SECONDS + 60))
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do
        if devices | grep -qv "$foreign"; then
            kill -STOP "$pid"
            sleep 0.1
            devices | grep -qv "$foreign" && return
            kill -CONT "$pid"
        fi
    done
    echo "the run never had a device"
    return 1
}
rounds=${ROUNDS:-3}
for ((round = 1; round <= rounds; round++)); do
    rm -rf "$work/run"
    begin run --plan placement-model --host "$work/host.yaml" --test 'life-refill,place-maximum' --mechanism 'nvidia-mdev,kernel-sample-mdev' --out "$work/run"
    check "round $round: a run has mediated devices" has_some
    check "  and somebody else has one" make_foreign
    mine=$(devices | grep -v "$foreign")
    "$vgauge" reap >/dev/null 2>&1
    check "  as long as it lives, reap leaves them" test "$(devices | grep -v "$foreign")" = "$mine"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    check "  killed, it leaves $(wc -w <<<"$mine")" test "$(devices | grep -v "$foreign")" = "$mine"
    "$vgauge" reap >"$work/reaped" 2>&1
    check "  reap removes them, and not what somebody else made" only_foreign
    check "  nothing else is left" nothing_left
done
exit $failed
