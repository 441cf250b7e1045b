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

# --- a series: goes on where it was ended, and does again what was of another test
mkdir -p "$series/bin/tests/controls"
cat >"$series/bin/vgauge" <<'V'
#!/bin/bash
# Stands for a run: passes, or fails as stated where the directory's name begins with a control.
while [ $# -gt 0 ]; do
    case $1 in --out) out=$2 ;; --test) test=$2 ;; esac
    shift
done
mkdir -p "$out"
echo '{"state": "complete"}' >"$out/run.json"
reasons='"fair.max_deviation is 0.2"' verdict=fail
[[ $out != */clean.* ]] || reasons='' verdict=pass
echo "{\"judgements\": [{\"test\": \"$test\", \"instance\": \"virtio-venus.half.equal-share.boot-1\", \"verdict\":
  \"$verdict\", \"reasons\": [$reasons], \"duration_s\": 1, \"checks\": []}]}" >"$out/results.json"
echo "${out##*/}" >>"$(dirname "$0")/ran"
V
printf '#!/bin/sh\nexec sleep 100\n' >"$series/bin/tests/controls/bad-scheduler"
chmod +x "$series/bin/vgauge" "$series/bin/tests/controls/bad-scheduler"
printf 'clean fair-equal-throughput\nfavoured-tenant fair-equal-throughput\n' >"$series/order"
go_on() { # rounds
    BUILD=$series/bin ORDER=$series/order REPEAT=$1 tests/controls/series "$series/kept" >"$series/table" 2>&1
}
ran() { wc -l <"$series/bin/ran"; }
check "a series runs each line so often" eval 'go_on 2 && [ "$(ran)" = 4 ]'
check "first one test, then the next" eval '[ "$(head -n 2 "$series/bin/ran" | grep -c "^clean")" = 2 ]'
check "what is there is not run again" eval 'go_on 3 && [ "$(ran)" = 6 ]'
echo 0123456789abcdef >"$series/kept/favoured-tenant.fair-equal-throughput-1.of"
check "but for what was of another test" eval 'go_on 3 && [ "$(ran)" = 7 ]'
check "the table has all of it" eval 'grep -E "^favoured-tenant .* 3 +- +- +-$" "$series/table"'
exit $failed
