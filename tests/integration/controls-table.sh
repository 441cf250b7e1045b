#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# The table of a series of controls: a failure counts only where it was wanted and for the stated reason, in the stated
# instance; whatever else happened is listed.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
series=$(mktemp -d /tmp/vgauge-series-XXXXXX) || exit 3
trap 'rm -rf "$series"' EXIT
failed=0
check() { # name, command...
    local name=$1
    shift
    if "$@" >"$series/said" 2>&1; then echo "ok - $name"; else
        echo "not ok - $name"
        sed 's/^/    /' "$series/said" "$series/table" | cut -c 1-200
        failed=1
    fi
}
judgement() { # run, test, instance, verdict, reason
    mkdir -p "$series/$1"
    cat >"$series/$1/results.json" <<J
{"judgements": [{"test": "$2", "instance": "virtio-venus.$3.boot-1", "verdict": "$4", "reasons": ["$5"], "duration_s": 20,
  "checks": [{"metric": "fair.max_deviation", "op": "<=", "threshold": 0.1, "value": 0.25}]},
 {"test": "fair-slice", "instance": "native.full.none.boot-1", "verdict": "skip", "reasons": ["no"], "duration_s": 0,
  "checks": []}]}
J
}
judgement clean-1 fair-weights quarter.weighted pass ""
judgement clean-2 fair-weights quarter.weighted invalid "quiet.others_cpu is 0.4"
judgement starved-tenant.fair-weights-1 fair-weights quarter.weighted fail "fair.max_deviation is 0.9 and must be less"
judgement starved-tenant.fair-weights-2 fair-weights quarter.weighted fail "quite another reason"
judgement starved-tenant.fair-efficiency-1 fair-efficiency quarter.best-effort fail "together.at_most is 0.5"
mkdir "$series/clean-3" # interrupted: no results
tests/controls/table "$series" >"$series/table" 2>&1
counts() { # control, what, counts...
    local control=$1 what=$2
    shift 2
    grep -E "^$control +$what +$*\$" "$series/table"
}
check "clean runs are counted by verdict" counts clean "fair-weights, quarter, weighted" "pass +1 +- +- +1 +-"
check "a failure counts where it is for the stated reason" \
    counts starved-tenant "fair-weights, quarter, weighted" "fail as stated +- +1 +1 +- +-"
check "and not in an instance that the control does not name" \
    counts starved-tenant "fair-efficiency, quarter, best-effort" "pass +- +- +1 +- +-"
check "what was not wanted is listed" grep -c "^  starved-tenant 2: fair-weights.*quite another reason" "$series/table"
check "what was wanted is not" eval '! grep "^  .*fair.max_deviation is 0.9" "$series/table"'
check "readings name run, limit and value" \
    eval 'tests/controls/table "$series" --readings | grep "^clean,2,fair-weights,quarter,weighted,invalid,20.0,fair.max_deviation,<= 0.1,0.25"'
exit $failed
