#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# The examples of docs/adding are complete: put into a copy of the tree they build without a warning, are listed, and a
# native run with all five of them passes. What `make new-...` writes builds as well.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash
tree=$work/tree
mkdir "$tree"
cp -r Makefile .ci docs runner guest-workloads host-probes suites reports tests "$tree" || exit 3
cp -r "$build" "$tree/build" # so that only what is new is compiled
for page in workload test analysis probe mechanism; do
    check "docs/adding/$page.md has an example" docs/adding/extract docs/adding/$page.md "$tree"
done
check "make new-workload writes one" make -s -C "$tree" new-workload NAME=my-sums
check "make new-probe writes one" make -s -C "$tree" new-probe NAME=my-load
check "make new-test writes one" make -s -C "$tree" new-test NAME=my-test
check "a name that cannot be one is refused" eval '! make -s -C "$tree" new-test NAME=My_Test'
check "a second of the same name is refused" eval '! make -s -C "$tree" new-test NAME=my-test'
formatted() { clang-format --version | grep -q "version 14" || return 0
    clang-format --dry-run -Werror --style=file:.clang-format "$tree"/{guest-workloads/system,host-probes}/{example,my}-*.c \
        "$tree"/runner/*/example[-_]*.c; }
[ ! -e .clang-format ] || check "the examples are formatted as everything is" formatted
# The new files' times decide: the copies of the old ones must look as old as their objects.
find "$tree/build" -newer "$work/bin/vgauge" -prune -o -name '*.o' -exec touch {} + -o -name '*.h' -path '*/shaders/*' -exec touch {} +
check "with them the tree builds without a warning" make -s -C "$tree" -j2 build WERROR=1
unset VGAUGE_SUITES VGAUGE_REPORTS
listed() { "$tree/build/vgauge" list "$1" | grep "^$2 " >/dev/null; }
check "the workload is listed" listed workloads example-sums
check "the probe is listed" listed probes example-load
check "the analysis is listed" listed analyses example-mean
check "the mechanism is listed" listed mechanisms example-process
check "the test is listed" listed tests example-test
cat >"$work/host.yaml" <<'Y'
name: example
summary: Tenants of the example mechanism.
pgpus: [ { name: cpu } ]
mechanisms:
  - name: example-process
    profiles: [ { name: full, max: 2 } ]
    policies: [ { name: best-effort } ]
Y
"$tree/build/vgauge" run --plan full --host "$work/host.yaml" --test example-test --out "$work/run" >"$work/out" 2>"$work/err"
status=$?
check "the test passes with workload, analysis, probe and mechanism (status $status)" test "$status" = 0
check "the analysis' metric is there" grep -q '"mean.mean"' "$work/run/results.json"
check "the probe's samples are there" eval 'ls "$work"/run/tests/example-test/*/ | grep -q example-load'
exit $failed
