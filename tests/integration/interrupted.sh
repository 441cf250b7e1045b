#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# Ctrl-C and SIGTERM at many moments: the run says `interrupted`, keeps what had finished, and leaves no VM, X server,
# cgroup or directory. After a SIGKILL the next run cleans up. The live line of a terminal leaves no trace.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

sed 's/^  - name: native/&\n    software_renderer: true/' suites/hosts/native.yaml >"$work/native.yaml"
native=(run --host "$work/native.yaml" --test 'api-*,dsub-vulkan-latency' --set 'dsub-vulkan-latency.samples=100000' --out "$work/run")
vm=(run --mechanism virtio-venus --test 'api-driver-vulkan,fair-equal-throughput' --out "$work/run")

# interrupt SECONDS SIGNAL TIMES ARGUMENT...
interrupt() {
    local after=$1 signal=$2 times=$3
    shift 3
    rm -rf "$work/run"
    begin "$@"
    sleep "$after"
    for ((i = 0; i < times; i++)); do
        kill -"$signal" -- "-$pid" 2>/dev/null
        sleep 0.1
    done
    finish 30
}
cat >"$work/look.py" <<'P'
import glob, json, sys
run, status = sys.argv[1], sys.argv[2]
state = json.load(open(run + "/run.json"))["state"]
journal = [json.loads(line) for line in open(run + "/journal.jsonl")] if glob.glob(run + "/journal.jsonl") else []
for entry in journal:  # what had finished keeps its verdict
    path = f"{run}/tests/{entry['test']}/{entry['instance']}/verdict.json"
    assert json.load(open(path))["verdict"] == entry["verdict"], path
results = json.load(open(run + "/results.json"))
assert len(results["judgements"]) == len(journal), (results["judgements"], journal)
assert results["run"]["state"] == state, results["run"]
assert results["summary"]["exit_status"] == int(status), (results["summary"], status)
if status == "3":
    assert state == "interrupted", state
else:  # it was already reporting: then it is a whole run
    assert state == "complete" and status in "01", (state, status)
    assert glob.glob(run + "/report/index.html")
P
stopped() { # as the comment above says; before there is a run directory, only the status counts
    [ "$status" != 3 ] || [ "$(grep -c '^vgauge: interrupted' "$work/err")" = 1 ] || { echo "no word"; return 1; }
    [ -e "$work/run" ] || { [ "$status" = 3 ] || [ "$status" = 130 ]; } || { echo "status $status, no run"; return 1; }
    [ ! -e "$work/run" ] || python3 "$work/look.py" "$work/run" "$status"
}
for after in 0.03 0.1 0.2 0.3 0.45 0.6 0.8 1.0 1.3 1.6 2.0; do
    interrupt $after INT 1 "${native[@]}"
    check "native, Ctrl-C after $after s (status $status)" stopped
    check "native, Ctrl-C after $after s: nothing is left" nothing_left
done
for case in '0.15 INT' '0.6 INT' '1.2 INT' '2.5 INT' '4 TERM' '7 INT' '12 INT' '22 HUP'; do
    read -r after signal <<<"$case"
    interrupt "$after" "$signal" 1 "${vm[@]}"
    check "VM, SIG$signal after $after s (status $status)" stopped
    check "VM, SIG$signal after $after s: nothing is left" nothing_left
done
kept() { [ "$(verdicts)" = pass ] && python3 "$work/look.py" "$work/run" 3; }
check "the test that had finished keeps its verdict" kept
rejudged() {
    "$vgauge" judge "$work/run" >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" = 3 ] || { echo "exit status $status"; return 1; }
    grep -q '^The run was interrupted' "$work/out"
}
check "judged again, an interrupted run does not pass either" rejudged
interrupt 3 INT 3 "${vm[@]}"
check "VM, three times Ctrl-C" stopped
check "VM, three times Ctrl-C: nothing is left" nothing_left

# --- SIGKILL
interrupt 1.3 KILL 1 "${native[@]}"
killed=$pid
check "native: a killed run cannot clean up (or this test shows nothing)" test -d "/run/vgauge/$killed"
rm -rf "$work/run"
run 60 run --host "$work/native.yaml" --test api-driver-vulkan --out "$work/run"
check "native: the run after it says that it cleaned up" grep -q '^vgauge: warning: cleaned up after 1 run ' "$work/err"
pid=$killed
check "native: nothing of the killed run is left" nothing_left
interrupt 4 KILL 1 "${vm[@]}"
killed=$pid
check "a killed run cannot clean up (or this test shows nothing)" test -d "/run/vgauge/$killed"
rm -rf "$work/run"
run 60 run --mechanism virtio-venus --test api-driver-vulkan --out "$work/run"
check "the run after it says that it cleaned up" grep -q '^vgauge: warning: cleaned up after 1 run ' "$work/err"
check "the run after it passes (status $status)" test "$status" = 0
pid=$killed
check "nothing of the killed run is left" nothing_left

# --- a terminal
cat >"$work/terminal.py" <<'P'
import fcntl, os, pty, re, struct, subprocess, sys, termios
width = 70
leader, follower = pty.openpty()
fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
child = subprocess.Popen(sys.argv[1:], stdin=follower, stdout=follower, stderr=follower, env={**os.environ, "TERM": "xterm"})
os.close(follower)
data = b""
while True:
    try:
        chunk = os.read(leader, 65536)
    except OSError:
        break
    if not chunk:
        break
    data += chunk
assert child.wait() == 0, (child.returncode, data)
text = data.decode()
lines, row, column, redrawn, touched = [[]], 0, 0, 0, set()
for piece in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", text, re.S):
    if piece == "\n":
        row += 1
        lines.append([])
    elif piece == "\r":
        column = 0
    elif piece == "\x1b[K":
        del lines[row][column:]
    elif piece.startswith("\x1b"):
        assert re.fullmatch(r"\x1b\[[0-9;]*m", piece), piece
    else:
        lines[row][column:column + 1] = [piece]
        column += 1
    shown = "".join(lines[row])
    if piece == "\x1b[K" and " left  " in shown:
        redrawn += 1
        touched.add(row)
        assert len(shown) < width, shown
screen = ["".join(line) for line in lines]
assert redrawn >= 3, (redrawn, text)
assert not [line for line in screen if " left  " in line], screen
assert any(line.startswith("pass ") for line in screen), screen
P
check "on a terminal one live line is redrawn and leaves no trace" \
    python3 "$work/terminal.py" "$vgauge" run --host "$work/native.yaml" --test 'api-*' --boots 3 --out "$work/terminal"
exit $failed
