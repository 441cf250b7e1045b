#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Expectations from `vgauge run` to the gate, on native tenants: failing tests run again, a flake is never a pass, what is
# expected, waived, expired or out of its versions, what passed unexpectedly, and which files a run was judged by.
# shellcheck disable=SC2016,SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

# Fewer samples than one would judge by: what is compared matters little here.
make_short_suite no-dispatch.c wrong.so /quiet/d
sed 's/^    policies:/    software_renderer: true\n&/' suites/hosts/native.yaml >"$work/good.yaml"
sed "s|^    software_renderer.*|&\n    environment: [LD_PRELOAD=$work/wrong.so]|" "$work/good.yaml" >"$work/bad.yaml"
sed "s|wrong.so]|wrong.so, NO_DISPATCH_ONCE=$work/once]|" "$work/bad.yaml" >"$work/flaky.yaml"
cat >"$work/rules.yaml" <<'Y'
boots: 6
baseline_boots: 9
looks: [6, 8]
source: a short test
thresholds: [{ metric: "*", min_effect: 10, source: not asked for }]
Y

entry() { # file, what follows "test: ..."
    printf 'expectations:\n  - { test: dsub-vulkan-latency, reason: a known bug, reference: BUG-7, %s }\n' "$2" >"$work/$1.yaml"
}
entry xfail 'expect: xfail, expires: 2099-01-01'
entry flake 'expect: flake, expires: 2099-01-01'
entry waived 'expect: waived, expires: 2099-01-01'
entry expired 'expect: xfail, expires: 2020-01-01'
kernel=$(uname -r)
entry here "expect: xfail, expires: 2099-01-01, versions: [{ key: host.kernel, from: \"$kernel\" }]"
entry fixed "expect: xfail, expires: 2099-01-01, versions: [{ key: host.kernel, below: \"$kernel\" }]"
printf 'expectations:\n  - { test: dsub-vulkan-latency, expect: xfail, reference: BUG-7, expires: 2099-01-01 }\n' >"$work/no-reason.yaml"

# status EXPECTED COMMAND...: what it says goes to $work/out and $work/err.
status() {
    local expected=$1 got
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    [ "$got" = "$expected" ] || { echo "status $got instead of $expected: $*"; cat "$work/out" "$work/err"; return 1; }
}
run() { # status, host, directory, more...
    local expected=$1 host=$2 out=$3
    shift 3
    status "$expected" "$vgauge" run --plan full --host "$work/$host.yaml" --test dsub-vulkan-latency --profile full --out "$work/$out" "$@"
}
says() { grep -qF -- "$1" "$work/out" "$work/err" || { echo "nothing says: $1"; cat "$work/out" "$work/err"; return 1; }; }
cat >"$work/overlay.py" <<'P'
import json, sys
judgements = json.load(open(sys.argv[1]))["judgements"]
found = {(j.get("expectation") or "", j["verdict"]) for j in judgements if j["verdict"] != "skip"}
print(found)
sys.exit(found != {(sys.argv[2], sys.argv[3])})
P
overlay() { python3 "$work/overlay.py" "$work/$1/results.json" "$2" "$3"; } # run, what lies over its results, their verdict
judged() { # status, run, expectations: judged again
    status "$1" "$vgauge" judge "$work/$2" --expectations "$work/$3.yaml"
}

check "a failure that stays is a failure" run 1 bad bad --rerun 2
check "it was run again twice" test -d "$work/bad/reruns/2" -a ! -d "$work/bad/reruns/3"
check "and is nothing else" overlay bad "" fail
check "one that a rerun does not show is a failure, too" run 1 flaky flaky --rerun 2
check "which is called unstable" overlay flaky unstable fail
check "one rerun was enough for that" test -d "$work/flaky/reruns/1" -a ! -d "$work/flaky/reruns/2"
check "an expected flake does not fail the run" judged 0 flaky flake
check "but is no pass" overlay flaky flake fail
check "without a rerun that passed nobody knows that it is one" judged 1 bad flake

check "the plan says how often, if nobody else does" run 1 bad planned
check "which is once" test -d "$work/planned/reruns/1" -a ! -d "$work/planned/reruns/2"
check "none at all can be asked for" run 1 bad never --rerun 0
check "and is what is done" test ! -e "$work/never/reruns"

check "an expected failure does not fail the run" judged 0 bad xfail
check "and stays one" overlay bad xfail fail
check "a waived one does not, either" judged 0 bad waived
check "and says so" overlay bad waived fail
check "an expectation that is over excuses nothing" judged 1 bad expired
check "and is told" grep -qE 'expired|2020-01-01' "$work/bad/results.json"
check "one for this kernel holds" judged 0 bad here
check "one for older kernels does not" judged 1 bad fixed
check "an expectation needs a reason" judged 2 bad no-reason
check "which is told with its place" says 'no-reason.yaml, line 2'
check "and nothing else changed by that" overlay bad "" fail

check "the files can be given with the run" run 0 bad given --expectations "$work/xfail.yaml"
cat >"$work/files.py" <<'P'
import hashlib, json, sys
files = json.load(open(sys.argv[1]))["files"]
digest = hashlib.sha256(open(sys.argv[2], "rb").read()).hexdigest()
print(files)
sys.exit(not (len(files) == 1 and files[0]["file"] == sys.argv[2] and digest in files[0]["digest"] and "BUG-7" in json.dumps(files[0])))
P
check "what was expected is not run again" test ! -e "$work/given/reruns"
check "the run knows which files judged it" python3 "$work/files.py" "$work/given/expectations.json" "$work/xfail.yaml"
mv "$work/xfail.yaml" "$work/gone.yaml"
mv "$work/given" "$work/elsewhere"
check "and is judged by them when they are gone" status 0 "$vgauge" judge "$work/elsewhere"
check "as before" overlay elsewhere xfail fail
mv "$work/gone.yaml" "$work/xfail.yaml"

check "good boots for a baseline" run 0 good base --boots 9
check "are blessed" status 0 "$vgauge" bless "$work/base" --as main --rules "$work/rules.yaml"
gate() { "$vgauge" gate "$@" --baseline main --rules "$work/rules.yaml" --across 'mechanism.native.environment'; }
check "six more" run 0 good new --boots 6
check "open the gate" status 0 gate "$work/new"
check "a pass that was not expected is no failure" judged 0 new xfail
check "it is reported" overlay new xpass pass
check "it does not close the gate" status 0 gate "$work/new"
check "but is shown" says xpass
check "it closes a strict one" status 1 gate "$work/new" --strict
check "and is named there" says xpass
sed 's/test: [^,]*,/test: no-such-test,/' "$work/flake.yaml" >"$work/stale.yaml"
check "an expectation of nothing is told" status 0 "$vgauge" judge "$work/new" --expectations "$work/stale.yaml"
check "by its entry" says "entry 1 (no-such-test,"
check "it does not close the gate" status 0 gate "$work/new"
check "but is a warning" says "warning: $work/stale.yaml: entry 1"
check "a strict gate is closed by it" status 1 gate "$work/new" --strict --all
check "which says so" says "not allowed (strict): $work/stale.yaml: entry 1"
check "as does JUnit" xmllint --xpath '//testcase[contains(@name, "no-such-test")]/failure' "$work/new/gate.xml"
check "a failure closes the gate" status 1 gate "$work/bad"
check "an expected flake, judged again" judged 0 flaky flake
check "closes a strict gate" status 1 gate "$work/flaky" --strict
check "and is named there" says flake
exit $failed
