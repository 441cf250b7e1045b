#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # conditions are evaluated by `check`, which also calls `told`
# Packages from the command line: a key, what a run says of its making, what is refused, a package that is verified by
# vgauge and by openssl, one test exported and repeated from its archive. Native tenants only: no VM.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash
mkdir "$work/made" "$work/elsewhere"

# told STATUS TEXT ARGUMENT...: exit status and one sentence.
told() {
    local expected=$1 text=$2
    shift 2
    "$vgauge" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    says "$expected" "$text"
}

check "a key is made" eval '"$vgauge" key new "$work/key" | grep -q "^sha256:[0-9a-f]\{64\}$" && [ "$(stat -c %a "$work/key")" = 600 ]'
check "a key is never written over" told 2 'never written over' key new "$work/key"
check "openssl reads the key" openssl pkey -in "$work/key" -noout
check "both halves have one fingerprint" eval '[ "$("$vgauge" key show "$work/key")" = "$("$vgauge" key show "$work/key.pub")" ]'

run 200 run --host native --test api-driver-vulkan --out "$work/run"
check "a run says by which suite and programs it was made" python3 - "$work/run" "$work/bin" <<'END'
import hashlib, json, sys
run = json.load(open(sys.argv[1] + "/run.json"))["environment"]
assert run["suites"]["why"] == "the suite that this vgauge was built with", run["suites"]
for name, digest in run["programs"]["value"].items():
    assert digest == "sha256:" + hashlib.sha256(open(f"{sys.argv[2]}/{name}", "rb").read()).hexdigest(), name
assert len(run["programs"]["value"]) == 4, run["programs"]
END
check "the suite's digest is what find, sort and sha256sum say" python3 - "$work/run" \
    "sha256:$(cd suites && find requirements tests plans -type f -name '*.yaml' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)" <<'END'
import json, sys
assert json.load(open(sys.argv[1] + "/run.json"))["environment"]["suites"]["value"] == sys.argv[2], sys.argv[2]
END
check "a run of another plan is refused" told 2 'plan' certify "$work/run" --product P --vendor V --key "$work/key" --out "$work/p.tar.gz"
check "nothing is left of it" [ ! -e "$work/p.tar.gz" ]
check "a package without names is refused" told 2 '--product' certify "$work/run"
check "what is no package is rejected" told 2 'not compressed by gzip' verify "$work/key"
check "a package that is not there" told 2 'there is no package' verify "$work/nothing"

"${build}/bench-certify" "$work/made" 4 2 100 >"$work/said" 2>&1
check "a made-up run is certified" [ -s "$work/made/package.tar.gz" ]
check "its package is verified" eval '"$vgauge" verify "$work/made/package.tar.gz" --suites "$work/made/suites" --key "$work/made/key.pub" | grep -q "^Verified: Made GPU 1.0 by Nobody conforms"'
check "as JSON" eval '"$vgauge" verify --json "$work/made/package.tar.gz" --suites "$work/made/suites" | python3 -c "import json, sys; d = json.load(sys.stdin); assert d[\"conforms\"] and not d[\"signer_known\"], d"'
check "by another suite it is rejected" told 2 'verify it with that version' verify "$work/made/package.tar.gz"
check "by another key it is rejected" told 2 'signed by another key' verify "$work/made/package.tar.gz" --suites "$work/made/suites" --key "$work/key.pub"
sed -i 's/100000/200000/' "$work/made/suites/tests/made/made-000.yaml"
check "by a suite with another threshold it is rejected" told 2 'verify it with that version' verify "$work/made/package.tar.gz" --suites "$work/made/suites"
check "openssl verifies the signature alone" eval 'tar -xzf "$work/made/package.tar.gz" -C "$work/elsewhere" &&
    openssl pkeyutl -verify -pubin -inkey "$work/elsewhere/signer.pem" -rawin -in "$work/elsewhere/manifest.json" -sigfile "$work/elsewhere/manifest.json.sig"'
check "nothing is left in the temporary directory" eval '! ls -d /tmp/vgauge-verify-* /tmp/vgauge-suites-* 2>/dev/null | while read -r d; do [ "$d" -nt "$work/key" ] && echo "$d"; done | grep .'

check "a test is exported" eval 'cd "$work/elsewhere" && "$vgauge" export "$work/run" api-driver-vulkan >/dev/null && tar xzf api-driver-vulkan.vgauge-test.tar.gz'
check "a test that the run does not have" told 2 'did you mean `api-driver-vulkan`' export "$work/run" api-driver-vulkn
unset VGAUGE_SUITES VGAUGE_REPORTS
check "it is repeated from its archive, with the same verdict" eval 'cd / && "$work/elsewhere/api-driver-vulkan/repeat" --out "$work/again" ; grep -h "\"verdict\":" "$work"/run/tests/*/native.*/verdict.json >"$work/then" && grep -h "\"verdict\":" "$work"/again/tests/*/native.*/verdict.json | cmp - "$work/then"'
check "with the same seed, parameters and host" python3 - "$work/run" "$work/again" <<'END'
import json, sys
one, other = (json.load(open(d + "/run.json")) for d in sys.argv[1:])
assert one["seed"] == other["seed"] and one["host_file"] == other["host_file"]
tests = [json.load(open(d + "/tests/api-driver-vulkan/test.json"))["test"] for d in sys.argv[1:]]
assert tests[0] == tests[1], tests
END
exit $failed
