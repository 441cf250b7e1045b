#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that a report reads may be damaged, or somebody else's: each file of a run, damaged in every way, must be
# refused in a sentence or missed in one; never a crash, a hang, or silence.
# shellcheck disable=SC2016 # check evaluates them
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

check "a run is made" tests/integration/make-report-run "$work/run" 3 2 200
"$vgauge" report "$work/run" >"$work/out" 2>"$work/err"
check "whole, it is reported without a word" eval '[ -s "$work/run/report/index.html" ] && [ ! -s "$work/err" ]'
tests/integration/damage-run "$vgauge" "$work/run" "$work" | tee "$work/found"
check "nine kinds of files were damaged" test "$(grep -cE '^(not )?ok - .* damaged' "$work/found")" = 9
exit $failed
