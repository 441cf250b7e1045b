#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # conditions are evaluated by `check`
# A package of a real run: real tenants, real samples. The suite is this one with all but two tests taken out, one boot instead of
# five, and the native tenants as the product, so that it needs no VM and no hour; rules, certifying and verifying are those of every
# package. What vgauge itself makes of such a run is the other half: by its own suite it refuses.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

mkdir "$work/small"
cp -r suites/requirements suites/plans "$work/small"
mkdir -p "$work/small/tests/api"
cp suites/tests/api/driver-vulkan.yaml suites/tests/api/golden-vulkan.yaml "$work/small/tests/api"
sed -i 's/^repeat: 5$/repeat: 1/; s/, "!native"//; s/, "!harness\/\*"//' "$work/small/plans/certification.yaml"
find "$work/small/plans" -name '*.yaml' ! -name certification.yaml -delete
{ cat suites/hosts/native.yaml && echo '    software_renderer: true'; } >"$work/host.yaml"
export VGAUGE_SUITES=$work/small
run 200 run --plan certification --host "$work/host.yaml" --out "$work/run"
check "with raw samples" eval '[ "$(cat "$work"/run/tests/*/*/*.csv | wc -l)" -ge 50 ]'
check "both tests are decided" eval '[ "$(grep -lE "\"verdict\": *\"(pass|fail|finding)\"" "$work"/run/tests/*/*/verdict.json | wc -l)" = 2 ]'

"$vgauge" key new "$work/key" >/dev/null
unset VGAUGE_SUITES
check "vgauge refuses it: its own suite is another" eval '! "$vgauge" certify "$work/run" --product P --vendor V --key "$work/key" --out "$work/refused.tar.gz" 2>"$work/err" && grep -qE "plan was changed|another suite" "$work/err"'
check "nothing is left of it" [ ! -e "$work/refused.tar.gz" ]

mkdir "$work/made"
mv "$work/run" "$work/made/run"
mv "$work/small" "$work/made/suites"
check "by the small suite it is certified" "$build/bench-certify" "$work/made"
package=$work/made/package.tar.gz
verified() { "$vgauge" verify "$package" --suites "$work/made/suites" --key "$work/made/key.pub" >"$work/out" 2>"$work/err"; }
verified
status=$?
check "the package of the real run holds" eval '[ "$status" -le 1 ] && grep -q "^Verified: " "$work/out"'
mkdir "$work/opened"
check "it has logs, samples and both documents" eval 'tar -xzf "$package" -C "$work/opened" && ls "$work"/opened/document/certificate.{html,pdf} "$work"/opened/run/tests/*/*/{*.log,*.csv}'
check "a run by the same samples gives the same bytes" eval 'mv "$package" "$work/first.tar.gz" && "$build/bench-certify" "$work/made" >/dev/null && cmp "$package" "$work/first.tar.gz"'
rm -f "$package"
sed -i '$d' "$(find "$work/made/run/tests/api-golden-vulkan" -name '*.csv' | sort | head -n 1)" # the last row of the first file of samples
"$build/bench-certify" "$work/made" >"$work/out" 2>"$work/err"
check "with one sample less it is not certified" eval 'grep -q "measurements.json says" "$work/err" && [ ! -e "$package" ]'
exit $failed
