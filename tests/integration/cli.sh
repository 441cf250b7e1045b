#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016 # backquotes are part of the sentences that are expected
# The command line with wrong input: one clear sentence on stderr, the right exit status, nothing left behind. Needs
# neither VMs nor a GPU. `tests/integration/cli.sh [PATH-OF-VGAUGE]`
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
vgauge=$(realpath "${1:-$(cd "$here" && realpath "${BUILD:-build}")/vgauge}") || exit 1
export VGAUGE_SUITES=${VGAUGE_SUITES:-$here/suites} VGAUGE_REPORTS=${VGAUGE_REPORTS:-$here/reports}
work=$(mktemp -d) || exit 1 # stays empty
inputs=$(mktemp -d) || exit 1
trap 'rm -rf "$work" "$inputs"' EXIT
cd "$work" || exit 1
failed=0

result() { # NAME OK DETAIL
    if [ "$2" = yes ]; then
        echo "ok - $1"
    else
        echo "not ok - $1: $3"
        failed=$((failed + 1))
    fi
}

# refused STATUS TEXT ARGUMENT...: exits so, says exactly one sentence that holds TEXT, prints nothing else, leaves nothing.
refused() {
    local status=$1 text=$2 got out=$work/.out err=$work/.err
    shift 2
    "$vgauge" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    local why=
    [ "$got" = "$status" ] || why="exit status $got, not $status"
    grep -qF -- "$text" "$err" || why="$why; stderr does not say '$text' but: $(cat "$err")"
    [ "$(wc -l <"$err")" = 1 ] || why="$why; $(wc -l <"$err") lines on stderr"
    grep -q '^vgauge: ' "$err" || why="$why; no 'vgauge: ' in front"
    LC_ALL=C grep -q '[[:cntrl:]]' "$err" && why="$why; control characters reach the terminal"
    [ -s "$out" ] && why="$why; something on stdout"
    rm -f "$out" "$err"
    [ -z "$(ls -A "$work")" ] || why="$why; left behind: $(ls -A "$work")"
    result "vgauge $(printf '%q ' "$@")is refused" "$([ -z "$why" ] && echo yes)" "$why"
}

# accepted TEXT ARGUMENT...: exits 0, says TEXT on stdout, nothing on stderr, leaves nothing.
accepted() {
    local text=$1 out err
    shift
    err=$( { out=$("$vgauge" "$@" </dev/null); status=$?; echo "$out" >&3; } 3>"$work/.out" 2>&1; exit $status)
    local status=$? why=
    [ "$status" = 0 ] || why="exit status $status"
    grep -qF -- "$text" "$work/.out" || why="$why; stdout does not say '$text'"
    [ -z "$err" ] || why="$why; stderr says: $err"
    rm -f "$work/.out"
    [ -z "$(ls -A "$work")" ] || why="$why; left behind: $(ls -A "$work")"
    result "vgauge $(printf '%q ' "$@")" "$([ -z "$why" ] && echo yes)" "$why"
}

# --- usage
refused 2 'which command?'
refused 2 'no command `rnu`, did you mean `run`?' rnu
refused 2 'no option `--verison`' --verison
refused 2 'no command `\x1b[31m' $'\e[31mred'
refused 2 'did you mean `--plan`?' run --dry-run --plna quick
refused 2 '`--plan` of `vgauge run` needs a value' run --plan
refused 2 'takes no value' run --dry-run=yes
refused 2 'no option `-Z`' run -Z
refused 2 'one argument too many' run quick
refused 2 'one argument too many' judge one two
refused 2 'needs RUN' judge
refused 2 'needs RUN' report
refused 2 'needs NAME' describe
refused 2 'did you mean `plans`?' list plnas
refused 2 'whole number' run --seed=-1
refused 2 'whole number' run --seed 18446744073709551616
refused 2 'knows only `destructive`' run --allow everything

# --- names
refused 2 'unknown plan `quik`, did you mean `quick`?' run --dry-run --plan quik
refused 2 'unknown host `refrence`, did you mean `reference`?' run --dry-run --host refrence
refused 2 'nope.yaml' run --dry-run --host ./nope.yaml
refused 2 'did you mean `fair-equal-throughput`?' run --dry-run --test fiar-equal-throughput
refused 2 'did you mean `seconds`?' run --dry-run --set fair-equal-throughput.secnds=3
refused 2 'must be a number, not `abc`' run --dry-run --set fair-equal-throughput.seconds=abc
refused 2 'TEST.PARAM=VALUE' run --dry-run --set seconds
refused 2 'did you mean `fair-equal-throughput`?' run --dry-run --set fair-equal-throughptu.seconds=3
refused 2 'did you mean `vk-submit-latency`?' describe vk-submit-latncy
refused 2 'did you mean `VGPU-ISO-002`?' describe VGPU-ISO-0002
refused 2 'did you mean `fair-' run --dry-run --set fair.seconds=1
refused 2 'did you mean `fair-equal-throughput`?' run --dry-run --test equal-throughput
refused 2 'did you mean `vk-submit-latency`?' describe vk-submit
refused 2 'did you mean `mechanisms`?' list mech
refused 2 'names the kinds' list foo
refused 2 '`!*` excludes every test of plan `quick`' run --dry-run --test '!*'
refused 2 'unknown host' list profiles --host refrence

sed '/^connection:/d' "$VGAUGE_SUITES/hosts/reference.yaml" >"$inputs/unconnected.yaml"
refused 2 'needs a `connection`' run --dry-run --host "$inputs/unconnected.yaml"
refused 2 'did you mean `virtio-venus`?' run --dry-run --mechanism virtio-venuss
refused 2 'offers no scheduling policy `fixed-shar`, did you mean `fixed-share`?' run --dry-run --policy fixed-shar
refused 2 'offers no profile `qarter`, did you mean `quarter`?' run --dry-run --profile half,qarter

# --- directories
refused 2 'no run directory' judge "$work/nope"
refused 2 'holds no run.json' judge /tmp
refused 2 'no run directory' report "$work/nope"
refused 2 'holds no run.json' report /etc/passwd
refused 2 'not an empty directory' run --host native --test api-driver-vulkan --out /etc/passwd
refused 3 'Not a directory' run --host native --test api-driver-vulkan --out /etc/passwd/run
refused 3 '/proc/vgauge-run' run --host native --test api-driver-vulkan --out /proc/vgauge-run

mkdir "$work/broken" && echo '{"plan": 3' >"$work/broken/run.json"
text=$("$vgauge" judge broken 2>&1)
result "a run.json that is cut is refused" "$([ $? = 2 ] && [[ $text == *run.json* ]] && echo yes)" "$text"
rm -r "$work/broken"

mkdir "$work/full" && touch "$work/full/mine"
text=$("$vgauge" run --host native --test api-driver-vulkan --out full 2>&1)
result "--out does not touch a directory in use" \
    "$([ $? = 2 ] && [ "$(ls "$work/full")" = mine ] && [[ $text == *'not an empty directory'* ]] && echo yes)" "$text"
rm -r "$work/full"

VGAUGE_SUITES=$work/nowhere refused 2 'VGAUGE_SUITES' list tests
mkdir "$work/.suites" && cp -r "$VGAUGE_SUITES/." "$work/.suites" && plan=$work/.suites/plans/quick.yaml
sed -i 's/^summary:/sumary:/' "$plan"
line=$(grep -n '^sumary:' "$plan" | cut -d: -f1)
text=$(VGAUGE_SUITES=$work/.suites "$vgauge" run --dry-run 2>&1)
result "a typo in a plan names file, line and the right word" \
    "$([ $? = 2 ] && [[ $text == *"quick.yaml, line $line, column 1:"*'did you mean `summary`?'* ]] && echo yes)" "$text"
rm -r "$work/.suites"

text=$("$vgauge" list tests 2>&1 >/dev/full)
result "a full disk under stdout is an error" "$([ $? = 3 ] && [[ $text == *'standard output'* ]] && echo yes)" "$text"

# --- right input
accepted 'vgauge 0.' --version
accepted 'describe NAME' --help
accepted 'Usage: vgauge run' run --help
accepted '--json' list --help
accepted 'requirements' list
for kind in commands coverage plans suites tests requirements workloads probes mechanisms analyses checks hosts profiles; do
    accepted '' list $kind
    text=$("$vgauge" list $kind --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)) > 0)' 2>&1)
    result "list $kind --json is an array that is not empty" "$([ "$text" = True ] && echo yes)" "$text"
done
for name in quick reference native fair-equal-throughput VGPU-SCHED-002 vk-submit-latency process-cpu share; do
    accepted " $name" describe $name
    text=$("$vgauge" describe $name --json | python3 -c 'import json, sys; print({"kind"} <= set(json.load(sys.stdin)[0]))' 2>&1)
    result "describe $name --json names the kind" "$([ "$text" = True ] && echo yes)" "$text"
done
accepted 'host native' describe native
accepted 'mechanism native' describe native
accepted 'fair-equal-throughput' run --dry-run
accepted 'about' run --dry-run --host native --plan quick --test 'api-*'

# --- what the plan of certification asks of a host
accepted 'virtio-virgl on host reference' describe certification
accepted 'gvt-g on host gvt-g' describe certification --host "$VGAUGE_SUITES/hosts/examples/gvt-g.yaml"
accepted 'native on host native' describe quick --host native
refused 2 'did you mean `virtio-venus`?' describe certification --mechanism virtio-venu
refused 2 'unknown host `refrence`, did you mean `reference`?' describe certification --host refrence
refused 2 '`share` is none' describe share --host native
"$vgauge" run --dry-run --plan certification >"$inputs/dry"
text=$("$vgauge" describe certification --json | python3 -c '
import json, re, sys
plan, rows = json.load(sys.stdin)[0], open(sys.argv[1]).read().split("SKIPPED TEST")[0].splitlines()
duties = [(m["mechanism"], t) for m in plan["duties"] for t in m["tests"]]
for duty in ("mandatory", "optional"):
    listed = sum(t["results"] for _, t in duties if t["duty"] == duty)
    planned = sum(row.endswith(" " + duty) for row in rows)
    assert listed == planned > 0, (duty, listed, planned)
for mechanism, test in duties:
    assert not (mechanism == "native" and test["duty"] == "mandatory"), test
    assert test["results"] == test["points"] * test["boots"] and test["boots"] in (0, 5), test
    assert (test["estimate_s"] > 0) == (test["results"] > 0) == ("why_not" not in test), test
    assert (test["duty"] == "not applicable") == (test["results"] == 0), test
print("yes")' "$inputs/dry" 2>&1)
result "describe certification and its dry run say the same of every test" "$text" "$text"
sed '/^allow:/d' "$VGAUGE_SUITES/hosts/reference.yaml" >"$inputs/careful.yaml"
accepted 'mandatory tests, without which no run of this host is certified' describe certification --host "$inputs/careful.yaml"
text=$("$vgauge" run --dry-run --test '!iso-*' 2>&1)
result "--test '!iso-*' leaves the isolation tests out" \
    "$([[ $text == *fair-equal-throughput* && $text != *iso-* ]] && echo yes)" "$text"

# --- the doctor: native tenants need nothing but a place to write; a libvirt that does not answer stops VMs alone
accepted 'for the host file native' doctor --host native
"$vgauge" doctor --host native --json >"$inputs/doctor.json" 2>&1
text=$(python3 - "$inputs/doctor.json" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["host"] == "native" and len(d["findings"]) > 15, d
for f in d["findings"]:
    assert f["ability"] in ("yes", "partly", "no", "unknown") and f["found"], f
    assert f["ability"] == "yes" or f["advice"], f
    assert "stops" not in f, f
quick = [p for p in d["plans"] if p["plan"] == "quick"][0]
assert quick["instances"] > 0 and quick["estimate_s"] > 0, quick
tests = {t["test"]: t for t in d["tests"]}
assert tests["api-driver-vulkan"]["can_run"] and "reason" not in tests["api-driver-vulkan"]
assert not tests["iso-scrub-after-kill"]["can_run"] and "VM" in tests["iso-scrub-after-kill"]["reason"]
P
)
result "doctor --json has findings, plans and tests, each with its reason" "$([ -z "$text" ] && [ -s "$inputs/doctor.json" ] && echo yes)" "$text"
sed 's|^connection:.*|connection: qemu+tcp://127.0.0.1:1/system|' "$VGAUGE_SUITES/hosts/reference.yaml" >"$inputs/deaf.yaml"
"$vgauge" doctor --host "$inputs/deaf.yaml" >"$inputs/said" 2>&1
status=$?
result "doctor exits 3 where something stops tenants in VMs, and says what" \
    "$([ $status = 3 ] && grep -q 'stops tenants in VMs' "$inputs/said" && echo yes)" "status $status: $(head -n 30 "$inputs/said")"
result "doctor leaves nothing" "$([ -z "$(ls -A "$work")" ] && ! compgen -G '/tmp/vgauge-doctor-??????' >/dev/null && echo yes)" \
    "$(ls -A "$work"; compgen -G '/tmp/vgauge-doctor-??????')"
refused 2 'bogus' doctor --host bogus

# --- a run that starts only processes: what it records, and what it says last
mkdir "$inputs/my hosts"
host="$inputs/my hosts/native.yaml"
cp "$VGAUGE_SUITES/hosts/native.yaml" "$host"
"$vgauge" run -H "$host" --mech native -t api-driver-vulkan -s 'fair-*.seconds=12' --set=fair-equal-throughput.job_ms=9 \
    --seed 7 --out "$inputs/run" >"$inputs/said" 2>/dev/null
page=$inputs/run/report/index.html
result "the last line of a run is the path of its page" \
    "$([ "$(tail -n 1 "$inputs/said" | awk '{ print $NF }')" = "$page" ] && [ -s "$page" ] && echo yes)" "$(tail -n 2 "$inputs/said")"
result "a run says which parameters were changed" \
    "$(grep -q '^Changed parameters: fair-\*\.seconds=12 (--set), fair-equal-throughput\.job_ms=9 (--set)\.$' "$inputs/said" && echo yes)" \
    "$(cat "$inputs/said")"
recorded=$(python3 -c 'import json, sys; print("|".join(json.load(open(sys.argv[1]))["arguments"]))' "$inputs/run/run.json" 2>&1)
wanted="vgauge|run|--host=$host|--mechanism=native|--test=api-driver-vulkan|--set=fair-*.seconds=12|--set=fair-equal-throughput.job_ms=9|--seed=7|--out=$inputs/run"
result "options are recorded in their long spelling" "$([ "$recorded" = "$wanted" ] && echo yes)" "$recorded"
repeat=$(grep -o '<code><span class="word">build/vgauge run.*</code>' "$page" | sed 's|</code>.*||; s/<[^>]*>//g; s|^build/vgauge|"$vgauge"|')
text=$(eval "$repeat --dry-run" 2>&1) || text="exit status $?: $text"
result "the page's command repeats the run" \
    "$([[ $text != exit* ]] && [[ $text == *'1 instance,'*native.full* ]] && [[ $repeat == *"'--host=$host'"* ]] && echo yes)" "$repeat: $text"

echo "$failed failed"
[ "$failed" = 0 ]
