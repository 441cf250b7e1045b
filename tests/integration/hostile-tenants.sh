#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# A tenant that sends garbage, floods, lies or dies costs itself and nobody else: its test is `lost` with the reason,
# the next one runs, vgauge's memory stays bounded. A guest that never says hello is given up after a stated time, with
# the last lines of its console.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

cc=${CC:-cc}
make_first_tenant_evil
sed 's/^  - name: native/&\n    software_renderer: true/' suites/hosts/native.yaml >"$work/native.yaml"

evil() { # MODE
    rm -rf "$work/used" "$work/run"
    VGAUGE_EVIL=$1 run 60 run --host "$work/native.yaml" --test 'api-*' --rerun 0 --out "$work/run"
}
only_its_own() { # REASON
    [ "$status" = 1 ] || { echo "exit status $status"; return 1; }
    [ "$(verdicts)" = "lost pass" ] || { echo "verdicts: $(verdicts)"; return 1; }
    grep -rq --include=verdict.json -- "$1" "$work/run/tests" || { echo "no reason '$1'"; return 1; }
    ! LC_ALL=C grep -q $'\e' "$work/out" "$work/err" "$work/run/results.json" "$work/run/results.tap" \
        "$work/run/report/index.html"
}
for case in 'flood|a line of more than 65536 bytes' 'chatter|a message of an unknown type' 'stranger|' 'liar|' 'die|'; do
    mode=${case%%|*}
    evil "$mode"
    check "a tenant in mode $mode loses its own test only" only_its_own "${case#*|}"
    check "a tenant in mode $mode: memory is bounded ($peak_kib KiB)" test "$peak_kib" -gt 0 -a "$peak_kib" -lt 200000
    check "a tenant in mode $mode: nothing is left" nothing_left
done

rm -rf "$work/run"
# Before hello there is no tenant yet: the host is called broken, for nothing ever came up.
for mode in noise mute; do
    rm -rf "$work/used"
    export VGAUGE_EVIL=$mode
    case $mode in
    noise) text='was lost before its agent said hello' ;;
    mute) text='did not say hello within 10 s' ;;
    esac
    refused "native tenant, $mode" 3 "$text" 20 run --host "$work/native.yaml" --test api-driver-gl
    check "native tenant, $mode: the console is shown, escaped" grep -q "evil-agent: $mode, and a .x1b" "$work/err"
done
unset VGAUGE_EVIL

# The same in VMs.
mv "$work/real/vgauge-agent" "$work/bin/vgauge-agent"
payload() { # AGENT
    guest-workloads/image/make-payload "$work/bin/payload.squashfs" "$1" "$work/bin/vgauge-workload"
}
vm=(run --mechanism virtio-venus --test api-driver-vulkan)

"$cc" -O1 -DEVIL_MODE='"flood"' -o "$work/evil" tests/integration/evil-agent.c || exit 3
payload "$work/evil" || exit 3
rm -rf "$work/run"
run 90 "${vm[@]}" --out "$work/run"
lost_vm() { [ "$status" = 1 ] && [ "$(verdicts)" = lost ] && grep -rq 'a line of more than' "$work"/run/tests/*/*/verdict.json; }
check "a guest that floods its link is lost" lost_vm
check "a guest that floods its link: memory is bounded ($peak_kib KiB)" test "$peak_kib" -gt 0 -a "$peak_kib" -lt 400000
check "a guest that floods its link: nothing is left" nothing_left
rm -rf "$work/run"

printf '#!/bin/sh\necho the agent sleeps\nexec sleep 1000\n' >"$work/sleeper"
payload "$work/sleeper" || exit 3
host_file "$work/host.yaml" boot_timeout_s 15
refused "a guest without a hello" 3 'did not say hello within 15 s; what was found then: guest.0.backtrace.txt, kernel.log; the last lines of its console:' 40 \
    "${vm[@]}" --host "$work/host.yaml"
check "a guest without a hello: its console is shown" grep -q 'the agent sleeps' "$work/err"

host_file "$work/host.yaml" boot_timeout_s 30 cmdline '"init=/nonexistent rdinit=/nonexistent"'
refused "a guest kernel that panics" 3 'the last lines of its console:' 45 "${vm[@]}" --host "$work/host.yaml"
check "a guest kernel that panics: its console is shown" grep -qi 'panic' "$work/err"

payload /dev/null || exit 3
host_file "$work/host.yaml" boot_timeout_s 15
refused "a payload without an agent" 3 'the last lines of its console:' 40 "${vm[@]}" --host "$work/host.yaml"
exit $failed
