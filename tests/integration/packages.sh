#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2034,SC2317 # expressions for eval; functions are called indirectly
# A test that needs packages which no guest image here has is skipped without a boot, with the sentence that says what to
# do; the recipe of the usual image does not know of the second one.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

# As on a machine where only `make images` was run.
printf '#!/bin/sh\n%s "$@" | grep -v ^extra_\n' "$VGAUGE_IMAGES_SCRIPT" >"$work/images"
chmod 755 "$work/images"
VGAUGE_IMAGES_SCRIPT=$work/images run 120 run --plan full --test 'api-piglit,api-vkmark,api-glmark2' --out "$work/run"

verdicts() {
    python3 - "$work/run/results.json" <<'P'
import json, sys
found = {}
for judgement in json.load(open(sys.argv[1]))["judgements"]:
    if any("make images EXTRA=1" in reason for reason in judgement["reasons"]):
        found[judgement["test"]] = judgement["verdict"]
assert found == {"api-piglit": "skip", "api-vkmark": "skip", "api-glmark2": "skip"}, found
P
}
check "tests of packages that are not there are skipped and say what to do" verdicts
check "nothing was tested, says the exit status" eval '[ "$status" = 4 ] || { echo "it was $status"; false; }'
check "no VM was booted for it" eval '! grep "booting" "$work/out" "$work/err"'

# The usual image's digest must not depend on the list of the second one.
cp -r guest-workloads/image "$work/image"
key() { "$work/image/build-images" --print | sed -n "s/^$1=//p"; }
before=$(key guest_key)
echo "another-package" >>"$work/image/guest-extra.packages"
check "another package of the second image leaves the usual one as it is" eval '[ -n "$before" ] && [ "$before" = "$(key guest_key)" ]'
exit $failed
