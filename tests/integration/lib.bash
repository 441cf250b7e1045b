# SPDX-License-Identifier: GPL-3.0-or-later
# What the integration tests share: results in one form, programs in a directory of their own, so that a test can
# replace one, and the proof that a run left nothing behind. Sourced from the root of the tree.
build=${BUILD:-build}
work=$(mktemp -d /tmp/vgauge-test-XXXXXX) || exit 3
children=()
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    local child
    for child in "${children[@]}"; do kill -KILL "$child" 2>/dev/null; done
    rm -rf "$work"
}
trap cleanup EXIT
failed=0
VGAUGE_SUITES=$PWD/suites
VGAUGE_REPORTS=$PWD/reports
VGAUGE_IMAGES_SCRIPT=$PWD/guest-workloads/image/build-images
export VGAUGE_SUITES VGAUGE_REPORTS VGAUGE_IMAGES_SCRIPT
mkdir "$work/bin"
cp "$build/vgauge" "$build/vgauge-agent" "$build/vgauge-workload" "$build/payload.squashfs" "$work/bin" || exit 3
chmod 755 "$work" "$work/bin"
vgauge=$work/bin/vgauge

# check NAME COMMAND...: ok if the command succeeds; what it said is shown if not.
check() {
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1; then echo "ok - $name"; else
        echo "not ok - $name"
        { cat "$work/said" && tail -n 15 "$work/err" 2>/dev/null; } | cut -c 1-300 | sed 's/^/    /'
        failed=1
    fi
}

# begin ARGUMENT...: starts vgauge in a session of its own, so that a signal to its group is what Ctrl-C does. Behind `&`
# a shell ignores SIGINT, which a terminal's foreground does not.
begin() {
    setsid env --default-signal=INT,QUIT "$vgauge" "$@" >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    children+=("$pid")
}

# finish SECONDS: waits for it; sets status ("hung" when it takes longer) and peak_kib.
finish() {
    local deadline=$((SECONDS + $1)) now
    peak_kib=0
    while kill -0 "$pid" 2>/dev/null; do
        now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
        [ "${now:-0}" -le "$peak_kib" ] || peak_kib=$now
        if [ $SECONDS -gt $deadline ]; then
            kill -KILL "$pid"
            wait "$pid" 2>/dev/null
            status=hung
            return
        fi
        sleep 0.05
    done
    wait "$pid" 2>/dev/null
    status=$?
}

run() { # SECONDS ARGUMENT...
    local limit=$1
    shift
    begin "$@"
    finish "$limit"
}

# Of the run that was process $pid: no VM, X server, cgroup, socket or directory.
nothing_left() {
    ! pgrep -af "guest=vgauge-$pid-|/run/vgauge/$pid/|/vgauge-[0-9]+/$pid/" &&
        ! pgrep -af "^$work/bin/" && ! find /sys/fs/cgroup -maxdepth 3 -name "vgauge-$pid-*" | grep . &&
        [ ! -e "/run/vgauge/$pid" ]
}

# One sentence (progress and, after a console's heading, its lines aside) that holds TEXT; exit status STATUS.
says() { # STATUS TEXT
    [ "$status" = "$1" ] || { echo "exit status $status, not $1"; return 1; }
    grep '^vgauge: ' "$work/err" | grep -cF -- "$2" >/dev/null || { echo "no sentence says '$2'"; return 1; }
    [ "$(grep -c '^vgauge: ' "$work/err")" = 1 ] || { echo "more than one sentence"; return 1; }
    ! LC_ALL=C grep -q '[[:cntrl:]]' "$work/err" || { echo "control characters"; return 1; }
}

# refused NAME STATUS TEXT SECONDS ARGUMENT...: wrong input is told in one sentence, in time, and leaves nothing.
refused() {
    local name=$1 expected=$2 text=$3 limit=$4
    shift 4
    run "$limit" "$@" --out "$work/run"
    check "$name" says "$expected" "$text"
    check "$name: nothing is left" eval 'nothing_left && [ ! -e "$work/run" ]'
    rm -rf "$work/run"
}

# host_file OUT [KEY VALUE]...: the reference host with other values below `machine`.
host_file() {
    local out=$1
    shift
    cp suites/hosts/reference.yaml "$out"
    while [ $# -gt 1 ]; do
        sed -i "/^  $1:/d; s|^machine:|&\n  $1: $2|" "$out"
        shift 2
    done
}

verdicts() { # the verdicts of the run in instance order: "lost pass"
    python3 -c 'import json, sys; print(*[json.loads(l)["verdict"] for l in open(sys.argv[1])])' "$work/run/journal.jsonl"
}

# The first tenant that starts is evil-agent.c, in the mode that VGAUGE_EVIL says; the later ones are as they should be,
# and so is the next first one after $work/used was removed.
make_first_tenant_evil() {
    "${CC:-cc}" -O1 -Wall -Wextra -Werror -o "$work/evil" tests/integration/evil-agent.c || exit 3
    mkdir "$work/real"
    mv "$work/bin/vgauge-agent" "$work/real/vgauge-agent"
    cp "$work/bin/vgauge-workload" "$work/real/"
    cat >"$work/bin/vgauge-agent" <<W
#!/bin/sh
mkdir "$work/used" 2>/dev/null && exec "$work/evil" "\$@"
exec "$work/real/vgauge-agent" "\$@"
W
    chmod 755 "$work/bin/vgauge-agent"
}

# A suite of this script's own, in which the test of Vulkan's latency takes 1,000 samples, for scripts that are about the
# path and not about the figures, edited by sed's EXPRESSION besides; and a library for tenants to be preloaded with.
make_short_suite() { # SOURCE LIBRARY EXPRESSION
    cp -r suites "$work/suites"
    sed -i "s/samples: 10000/samples: 1000/; s/\">=\": 10000/\">=\": 1000/; $3" \
        "$work/suites/tests/direct-submission/vulkan-latency.yaml"
    export VGAUGE_SUITES=$work/suites VGAUGE_BASELINES=$work/baselines
    gcc -shared -fPIC -O2 -o "$work/$2" "tests/integration/$1" -ldl || exit 3
}
