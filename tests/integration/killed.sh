#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# SIGINT, SIGTERM or SIGKILL at a random moment, KILLS times (default 10; SEED repeats a series), on runs with VMs and with
# native tenants (RUNS=vm or native: only those; TABLE=FILE gets a line for each): after `vgauge reap` nothing of the run is left, and what is not ours was not touched.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash
kills=${KILLS:-10}
RANDOM=${SEED:-$(date +%s)}
seed=$RANDOM
RANDOM=$seed

sed 's/^  - name: native/&\n    software_renderer: true/' suites/hosts/native.yaml >"$work/native.yaml"
native=(run --host "$work/native.yaml" --test 'api-*,dsub-vulkan-latency' --set 'dsub-vulkan-latency.samples=100000' --out "$work/run")
vm=(run --mechanism virtio-venus --test 'api-driver-vulkan,fair-equal-throughput' --out "$work/run")

# What looks like ours and is not: a runtime directory whose owner lives, its "VM", and a control group of a process that
# lives.
(umask 077; mkdir -p /run/vgauge) && mkdir -m 700 "/run/vgauge/decoy-$$" || exit 3
echo $$ >"/run/vgauge/decoy-$$/runner"
flock "/run/vgauge/decoy-$$/runner" bash -c 'exec -a "sleep guest=vgauge-decoy /run/vgauge/decoy-'$$'/x" sleep 3000' &
holder=$!
groups=()
for parent in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpuset /sys/fs/cgroup; do
    mkdir "$parent/vgauge-$$-decoy" 2>/dev/null && groups+=("$parent/vgauge-$$-decoy")
done
decoys_live() {
    [ -e "/run/vgauge/decoy-$$/runner" ] && pgrep -f "guest=vgauge-decoy /run/vgauge/decoy-$$" >/dev/null || return 1
    for group in "${groups[@]}"; do [ -d "$group" ] || return 1; done
}
sleep 0.2

kinds=(INT TERM KILL)
left=0
alive_at_kill=0
for ((i = 1; i <= kills; i++)); do
    rm -rf "$work/run"
    signal=${kinds[$((RANDOM % 3))]}
    kind=vm
    [ $((RANDOM % 3)) != 0 ] || kind=native
    kind=${RUNS:-$kind}
    if [ "$kind" = native ]; then
        begin "${native[@]}"
        after=$((RANDOM % 2500))
    else
        begin "${vm[@]}"
        after=$((RANDOM % 12000))
    fi
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
    kill -0 "$pid" 2>/dev/null && alive_at_kill=$((alive_at_kill + 1))
    kill -"$signal" "$pid" 2>/dev/null
    finish 60
    "$vgauge" reap >"$work/reaped" 2>&1
    [ -z "${TABLE:-}" ] || echo "$kind SIG$signal $after ms: exit status $status; $(tr '\n' ' ' <"$work/reaped")" >>"$TABLE"
    if ! nothing_left >"$work/said" 2>&1 || [ "$status" = hung ]; then
        left=$((left + 1))
        echo "SIG$signal after $after ms (status $status): $(tr '\n' ' ' <"$work/said" | cut -c 1-300); /run/vgauge: $(ls /run/vgauge)"
    fi
done
check "$kills runs ended by a signal at a random moment ($alive_at_kill were running), reaped: $left left something (SEED=$seed)" \
    test "$left" = 0 -a "$alive_at_kill" -ge $((kills / 2))
check "what is not of a dead run of ours was not touched" decoys_live

# A renderer that outlives the VMM and the runner: it is in the dead run's group.
if [ ${#groups[@]} != 0 ]; then
    bash -c 'exit 0' &
    dead=$!
    wait "$dead"
    sleep 3000 &
    orphan=$!
    for group in "${groups[@]}"; do
        mkdir "${group%/*}/vgauge-$dead-orphan" && { echo "$orphan" >"${group%/*}/vgauge-$dead-orphan/cgroup.procs"; } 2>/dev/null # a cpuset without cores takes none
    done
    "$vgauge" reap >/dev/null 2>&1
    check "a renderer without its run is ended, and its groups go" eval '! kill -0 "$orphan" 2>/dev/null && ! ls -d /sys/fs/cgroup/{,*/}vgauge-"$dead"-orphan 2>/dev/null'
    kill -KILL "$orphan" 2>/dev/null
    for group in "${groups[@]}"; do rmdir "${group%/*}/vgauge-$dead-orphan" 2>/dev/null; done
fi
kill "$holder" 2>/dev/null
pkill -f "guest=vgauge-decoy /run/vgauge/decoy-$$" 2>/dev/null
rm -rf "/run/vgauge/decoy-$$"
for group in "${groups[@]}"; do rmdir "$group"; done
exit $failed
