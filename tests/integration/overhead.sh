#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `vgauge overhead` says of two runs that differ by a known delay, as two mechanisms would; and what it refuses. Native:
# profiles of other names stand for mechanisms. The delay is many times a latency, so that no machine's own noise decides.
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

make -s "BUILD=$build" "$build/submit-layer/submit-layer.so" || exit 3
layer=$(readlink -f "$build/submit-layer")
cp -r suites "$work/suites"
sed -i 's/samples: 2000/samples: 200/; s/">=": 2000/">=": 200/; s/"<=": 0.5, else: invalid/"<=": 64, else: invalid/' \
    "$work/suites/tests/direct-submission/latency-rounds.yaml"
export VGAUGE_SUITES=$work/suites
sed 's/^    policies:/    software_renderer: true\n&/' suites/hosts/native.yaml >"$work/bare.yaml"
sed "s/name: full, max: 4/name: other, max: 4/
    s|^    software_renderer.*|&\n    environment: [VK_LAYER_PATH=$layer, VK_INSTANCE_LAYERS=VK_LAYER_VGAUGE_submit, \"SUBMIT_LAYER=fixed:1000000\"]|" \
    "$work/bare.yaml" >"$work/vgpu.yaml"
for side in bare vgpu; do
    "$vgauge" run --plan full --host "$work/$side.yaml" --test dsub-latency-rounds --boots 6 --out "$work/$side" >"$work/out" 2>"$work/err" </dev/null
done

says() { "$vgauge" overhead "$work/bare" "$work/vgpu" --json >"$work/overhead.json" 2>"$work/err"; }
check "two runs of one host with other mechanisms are compared" says
right() {
    python3 - "$work/overhead.json" <<'P'
import json, sys
rows = {row["metric"]: row for row in json.load(open(sys.argv[1]))["overhead"]}
p50 = rows["dsub-latency-rounds/tiny.p50"]
print(p50)
assert p50["bare_boots"] == 6 and p50["vgpu_boots"] == 6
assert p50["vgpu"] >= 1e6
assert 1.5 < p50["lower"] <= p50["overhead"] <= p50["upper"]
assert abs(p50["overhead"] - p50["vgpu"] / p50["bare"]) < 0.5 * p50["overhead"]
P
}
check "the ratio has the delay, with its interval" right
turned() {
    "$vgauge" overhead "$work/vgpu" "$work/bare" --json >"$work/turned.json" && python3 - "$work/overhead.json" "$work/turned.json" <<'P'
import json, sys
a, b = ({row["metric"]: row for row in json.load(open(path))["overhead"]} for path in sys.argv[1:])
assert abs(a["dsub-latency-rounds/tiny.p50"]["overhead"] * b["dsub-latency-rounds/tiny.p50"]["overhead"] - 1) < 1e-6
P
}
check "and the other way round it is the inverse" turned
text() { "$vgauge" overhead "$work/bare" "$work/vgpu" | grep -q 'tiny.p50 .*\[.*\], 6 and 6'; }
check "people get a line of it" text
refuses() { ! "$vgauge" overhead "$@" >"$work/said.txt" 2>&1 && grep -q "$word" "$work/said.txt"; }
cp -r "$work/vgpu" "$work/elsewhere"
python3 - "$work/elsewhere/run.json" <<'P'
import json, sys
run = json.load(open(sys.argv[1]))
hits = [field for field in run["run"]["fingerprint"] if field["key"] == "host.kernel"] if "run" in run else \
       [field for field in run["fingerprint"] if field["key"] == "host.kernel"]
hits[0]["value"] = "6.9-elsewhere"
json.dump(run, open(sys.argv[1], "w"))
P
word='two machines'
check "another machine is refused" refuses "$work/bare" "$work/elsewhere"
allowed() { "$vgauge" overhead "$work/bare" "$work/elsewhere" --across host.kernel >/dev/null; }
check "unless it is said to be meant" allowed

# A side's mechanism is what its results say.
as_if() { # run, mechanism: a copy RUN-MECHANISM
    cp -r "$work/$1" "$work/$1-$2" && sed -i "s/\"mechanism\": *\"native\"/\"mechanism\": \"$2\"/" "$work/$1-$2"/tests/*/*/verdict.json
}
as_if vgpu virtio-venus
as_if vgpu nvidia-vfio
as_if bare nvidia-vfio
word='wrong way round'
check "a vGPU in the place of bare metal is refused" refuses "$work/vgpu-virtio-venus" "$work/bare"
two_vgpus() {
    "$vgauge" overhead "$work/vgpu-virtio-venus" "$work/vgpu-nvidia-vfio" >"$work/out" 2>"$work/err" &&
        grep -q 'virtio-venus, not bare metal' "$work/err"
}
check "two vGPUs get a warning" two_vgpus
reported() { "$vgauge" overhead "$work/bare" "$work/vgpu-virtio-venus" >"$work/out" && grep -q 'VGPU: virtio-venus' "$work/out" && ! grep -q 'limit' "$work/out"; }
check "a mechanism without a limit is only reported" reported
cat >"$work/rules.yaml" <<'Y'
source: made up
confidence: 0.9
overhead:
  - { metric: "dsub-latency-rounds/tiny.p50", mechanisms: nvidia-vfio, at_most: 1.5, source: a contract }
Y
beyond() {
    "$vgauge" overhead "$work/bare" "$work/vgpu-nvidia-vfio" --rules "$work/rules.yaml" >"$work/out"
    [ $? = 1 ] && grep -q 'BEYOND the limit of 1.5 (a contract)' "$work/out"
}
check "a direct vGPU beyond its limit fails" beyond
check "the table says which interval it has" grep -q 'OVERHEAD \[90 % interval\]' "$work/out"
within() {
    "$vgauge" overhead "$work/vgpu" "$work/bare-nvidia-vfio" --rules "$work/rules.yaml" --json >"$work/out" &&
        grep -q '"judged": "within"' "$work/out"
}
check "and one that is faster is within" within
exit "$failed"
