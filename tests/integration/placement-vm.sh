#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real VMs on two pGPUs: placed as said, found there, gone without a trace. The two shortest tests of the plan
# placement-vm; `make run PLAN=placement-vm` runs all, and their controls.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
build=${BUILD:-build}
out=$(mktemp -d /tmp/vgauge-placement-vm-XXXXXX)
trap 'rm -rf "$out"' EXIT
failed=0
check() { # name, status
    if [ "$2" = 0 ]; then echo "ok - $1"; else echo "not ok - $1"; failed=1; fi
}
"$build/vgauge" run --plan placement-vm --test vm-exclusion,vm-lifetime --set vm-lifetime.stops=1 --seed 3 \
    --out "$out/run" >"$out/log" 2>&1
[ -e "$out/run/results.json" ]
check "the plan runs on the reference hypervisor with two pGPUs" $?
grep -q '"verdict": "pass"' "$out"/run/tests/vm-exclusion/*/verdict.json
check "a pGPU that a VM has as a whole takes no other, and the other way round" $?
grep -q '"verdict": "pass"' "$out"/run/tests/vm-lifetime/*/verdict.json
check "a place goes with its VM, however that ends" $?
[ $failed = 0 ] || tail -n 20 "$out/log"
exit $failed
