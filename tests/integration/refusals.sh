#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `harness-refusals` on a native tenant: passes, fails under a judge that believes everything, and an environment that a run could
# not read makes its results invalid.
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

make -s "BUILD=$build" "$build/credulous-judge/vgauge" || exit 3
sed 's/^    policies:/    software_renderer: true\n&/' suites/hosts/native.yaml >"$work/host.yaml"
verdict() { # directory, verdict, words that the reasons must have...
    python3 - "$@" <<'P'
import glob, json, sys
directory, verdict, *words = sys.argv[1:]
found, = [json.load(open(p)) for p in glob.glob(directory + "/tests/harness-refusals/*/verdict.json")]
said = " ".join(found["reasons"])
print(found["verdict"], said)
sys.exit(found["verdict"] != verdict or not all(word in said for word in words))
P
}
one() { # directory, host file
    "$vgauge" run --plan full --host "$2" --test harness-refusals --out "$1" >"$work/out" 2>"$work/err" </dev/null
    true
}
one "$work/run" "$work/host.yaml"
check "what means nothing is refused" verdict "$work/run" pass
cp -r "$work/run" "$work/believed"
"$build/credulous-judge/vgauge" judge "$work/believed" >/dev/null 2>&1
check "a judge that believes everything is caught" verdict "$work/believed" fail "llvmpipe step in" "softpipe steps in" \
    "no driver is named" "environment is not known"
# A device that tells neither vendor nor model, and a driver that has no such attributes as clocks and firmware.
mkdir -p "$work/root/sys/bus/pci/devices/0000:41:00.0" "$work/root/sys/module/some"
ln -s ../../../../module/some "$work/root/sys/bus/pci/devices/0000:41:00.0/driver"
sed "s|^pgpus:|root: $work/root\npgpus:|; s|name: gpu0|&, pci: \"0000:41:00.0\"|" "$work/host.yaml" >"$work/unknown.yaml"
one "$work/unknown" "$work/unknown.yaml"
check "an environment that cannot be read makes a result invalid" verdict "$work/unknown" invalid 'pgpu.gpu0.device` is not known'
only_device() { ! grep -o 'pgpu.gpu0.[a-z]*. is not known' "$work"/unknown/tests/*/*/verdict.json | grep -v 'gpu0.device'; }
check "what a driver does not have is not missing" only_device
exit "$failed"
