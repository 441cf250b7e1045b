#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# A run that is killed while it has mediated devices or VFs leaves them, as the kernel has it. The next `vgauge reap` takes
# them back, and neither those of a run that lives nor those that are somebody else's. On models of drivers that outlive
# the run.
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

pci=$work/mount/sys/bus/pci/devices
vfs() { for file in "$pci"/*/sriov_numvfs; do [ "$(<"$file")" = 0 ] || echo "$(basename "$(dirname "$file")") $(<"$file")"; done; }
taken() { # VFs with vfio-pci, or with a vGPU
    local function
    for function in "$pci"/*; do
        [ -e "$function/physfn" ] || continue
        [ "$(basename "$(readlink "$function/driver")")" = vfio-pci ] || [ "$(cat "$function/nvidia/current_vgpu_type" 2>/dev/null)" -gt 0 ] 2>/dev/null || continue
        basename "$function"
    done
}
has_vfs() { # within 60 s: the run stands still with VFs, one of them taken
    local deadline=$((SECONDS + 60))
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do
        if [ -n "$(taken)" ]; then
            kill -STOP "$pid"
            sleep 0.1
            [ -n "$(taken)" ] && return
            kill -CONT "$pid"
        fi
    done
    echo "the run never had a VF"
    return 1
}
none() { [ -z "$(vfs)$(taken)" ] || { echo "there is: $(vfs) $(taken)"; return 1; }; }
free_vf() { # the last VF that nobody has
    local function
    for function in "$pci"/*; do
        [ -e "$function/physfn" ] && ! taken | grep -qx "$(basename "$function")" && basename "$function"
    done | tail -n 1
}
take_one() { # somebody else does, while the run stands still
    local pf tries
    for ((tries = 0; tries < 100; tries++)); do
        theirs=$(free_vf)
        [ -z "$theirs" ] || break
        kill -CONT "$pid" && sleep 0.03
        kill -STOP "$pid" && sleep 0.1
    done
    pf=$(basename "$(readlink "$pci/$theirs/physfn")")
    kept="$pf $(<"$pci/$pf/sriov_numvfs")"
    echo vfio-pci >"$pci/$theirs/driver_override"
    [ ! -e "$pci/$theirs/driver" ] || echo "$theirs" >"$pci/$theirs/driver/unbind"
    echo "$theirs" >"$work/mount/sys/bus/pci/drivers_probe"
    taken | grep -qx "$theirs" || { echo "$theirs is not taken"; return 1; }
}
only_theirs() { [ "$(vfs);$(taken)" = "$kept;$theirs" ] || { echo "there is: $(vfs); $(taken)"; return 1; }; }
give_back() {
    echo >"$pci/$theirs/driver_override" && echo "$theirs" >"$pci/$theirs/driver/unbind" && echo 0 >"$pci/${kept% *}/sriov_numvfs"
}
for mechanism in xe-sriov nvidia-vfio; do
    rm -rf "$work/run"
    begin run --plan placement-model --host "$work/host.yaml" --test 'life-refill,place-maximum' --mechanism "$mechanism" --out "$work/run"
    check "$mechanism: a run has VFs" has_vfs
    before=$(vfs; taken)
    "$vgauge" reap >/dev/null 2>&1
    check "  as long as it lives, reap leaves them" test "$(vfs; taken)" = "$before"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    check "  killed, it leaves the VFs of $(vfs | wc -l)" test "$(vfs; taken)" = "$before"
    "$vgauge" reap >"$work/reaped" 2>&1
    check "  reap takes them back" none
    check "  nothing else is left" nothing_left
done
rm -rf "$work/run"
begin run --plan placement-model --host "$work/host.yaml" --test 'life-refill,place-maximum' --mechanism xe-sriov --out "$work/run"
check "a run has VFs beside somebody else's" has_vfs
check "  somebody else takes one" take_one
kill -KILL "$pid"
wait "$pid" 2>/dev/null
"$vgauge" reap >"$work/reaped" 2>&1
check "  reap leaves that one, and the VFs of its pGPU" only_theirs
check "  and says so" grep -q "stay: the VF $theirs is in use" "$work/reaped"
give_back
rm -rf "$work/run"
run 120 run --plan placement-model --host "$work/host.yaml" --test life-refill --mechanism xe-sriov,nvidia-vfio --out "$work/run"
check "a run that ends by itself leaves no VF" none
exit $failed
