#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# The programs are built as docs/security.md says, and nothing that vgauge makes for itself is open to others.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

hardened() { # PROGRAM
    local header dynamic symbols
    header=$(readelf -hlW "$1") dynamic=$(readelf -dW "$1") symbols=$(readelf --dyn-syms -W "$1")
    grep -q 'Type: *DYN (Position-Independent Executable' <<<"$header" || { echo "no PIE"; return 1; }
    grep -q GNU_RELRO <<<"$header" || { echo "no RELRO"; return 1; }
    grep -qE '\(FLAGS(_1)?\).*(BIND_NOW|NOW)' <<<"$dynamic" || { echo "RELRO is not full"; return 1; }
    grep -qE 'GNU_STACK.* RW +0x' <<<"$header" || { echo "an executable stack"; return 1; }
    grep -q __stack_chk_fail <<<"$symbols" || { echo "no stack protector"; return 1; }
    grep -qE '__(sn|vsn|f|vf|as)?printf_chk|__(mem|str)[a-z]+_chk|__read_chk' <<<"$symbols" || { echo "no _FORTIFY_SOURCE"; return 1; }
}
if grep -q __asan_init < <(nm "$build/vgauge" 2>/dev/null); then
    echo "ok - hardening (skipped: a sanitizer build has its own means)"
else
    for program in vgauge vgauge-agent vgauge-workload vgauge-model; do
        check "$program: PIE, full RELRO, stack protector, fortified, no executable stack" hardened "$build/$program"
    done
    # 3, not 2: only it bounds what malloc gave. The program does not tell them apart, the command that made it does.
    compile=$(make -n V=1 BUILD="$build" -W runner/base/text.c "$build/obj/runner/base/text.o" 2>/dev/null)
    for flag in -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE -O2; do
        check "the compiler is given $flag" grep -qF -- " $flag " <<<"$compile"
    done
fi
# The linker alone would make it a build with sanitizers in name only.
compile=$(make -n V=1 SAN=1 BUILD="$work/san" "$work/san/obj/runner/base/text.o" 2>/dev/null)
check "with SAN=1 the compiler is given the sanitizers" grep -qF -- ' -fsanitize=address,undefined ' <<<"$compile"
folder() { env -u BUILD -u SAN -u MAKEFLAGS -u MAKEOVERRIDES make --no-print-directory -n clean "$@" 2>&1; }
of_its_own() { [ "$(folder)" = "rm -rf build" ] && [ "$(folder SAN=1)" = "rm -rf build-san" ]; }
check "what the sanitizers watch is built in a folder of its own" of_its_own

# While a run goes on: its runtime directory and sockets are its user's alone.
sed 's/^  - name: native/&\n    software_renderer: true/' suites/hosts/native.yaml >"$work/native.yaml"
begin run --host "$work/native.yaml" --test dsub-vulkan-latency --out "$work/run"
for _ in $(seq 100); do
    [ ! -e "/run/vgauge/$pid/runner" ] || break
    sleep 0.05
done
private() { # no one but the owner may enter, read or write
    [ -d "/run/vgauge/$pid" ] && [ "$(stat -c %a /run/vgauge "/run/vgauge/$pid" | sort -u)" = 700 ] &&
        ! find "/run/vgauge/$pid" -perm /077 ! -type l | grep .
}
check "a run's runtime directory, files and sockets are private" private
kill -INT "$pid"
finish 30
check "and gone afterwards" nothing_left

# Everything foreign that reaches a command line is one argument: no shell, whatever it holds.
evil='x;touch '$work'/owned;$(touch '$work'/owned)`touch '$work'/owned`'
for arguments in "run --host $evil" "run --plan $evil" "report $evil" "judge $evil" "run --test $evil --dry-run"; do
    IFS=' ' read -r verb option _ <<<"$arguments"
    case $option in --*) run 20 "$verb" "$option" "$evil" ;; *) run 20 "$verb" "$evil" ;; esac
    check "$verb ${option%%;*}: a foreign string is no command" eval '[ "$status" = 2 ] && [ ! -e "$work/owned" ]'
done
exit $failed
