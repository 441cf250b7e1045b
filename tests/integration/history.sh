#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # backquotes are part of the sentences; functions are called through "check"
# `vgauge history` from run directories to pictures and exports, in SQLite and in a PostgreSQL server of this test's own,
# and with databases that are cut, changed, of somebody else or of a newer vgauge, a full disk, and two who write at once.
# Needs neither VMs nor a GPU. `tests/integration/history.sh [PATH-OF-VGAUGE]`
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
vgauge=$(realpath "${1:-$(cd "$here" && realpath "${BUILD:-build}")/vgauge}") || exit 1
export VGAUGE_SUITES=$here/suites VGAUGE_REPORTS=$here/reports
work=$(mktemp -d /tmp/vgauge-test-XXXXXX) || exit 1
failed=0
# shellcheck source=tests/integration/postgres.bash
. "$here/tests/integration/postgres.bash"
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    stop_server
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1; then echo "ok - $name"; else
        echo "not ok - $name"
        sed 's/^/    /' "$work/said" | head -n 20
        failed=1
    fi
}

# says STATUS TEXT ARGUMENT...: vgauge history exits so and says TEXT; an error is one sentence without control characters.
says() {
    local status=$1 text=$2 got
    shift 2
    timeout 90 "$vgauge" history "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    cat "$work/out" "$work/err"
    [ "$got" = "$status" ] || { echo "exit status $got, not $status"; return 1; }
    grep -qF -- "$text" "$work/out" "$work/err" || { echo "nothing says '$text'"; return 1; }
    [ "$got" -lt 2 ] || [ "$(grep -c '^vgauge: ' "$work/err")" = 1 ] || { echo "not one sentence"; return 1; }
    ! LC_ALL=C grep -q '[[:cntrl:]]' "$work/err" || { echo "control characters"; return 1; }
}

count() { "$vgauge" history export -d "$1" | wc -l; } # rows and a header
value() { sqlite3 "$1" "$2"; }

"$here/tests/integration/make-history-runs" runs 100
mapfile -t first < <(printf 'runs/run-%04d\n' {0..54})
mapfile -t rest < <(printf 'runs/run-%04d\n' {55..99})

# --- SQLite, as months go by
check "runs are added" says 0 'runs/run-0054  added, 12 values' add "${first[@]}" -d h.db
check "a run is added once" says 0 'was there already' add runs/run-0003 -d h.db
check "it is still there once" [ "$(count h.db)" = $((55 * 4 + 1)) ]
check "a replaced run is there once" says 0 'replaced, 12 values' add runs/run-0003 --replace -d h.db
check "nothing is lost by it" [ "$(count h.db)" = $((55 * 4 + 1)) ]
check "a change for the worse is found, and is status 1" says 1 'detected      +12.0 % (' changes -d h.db
check "a change names what else changed there" says 1 'guest.mesa 22.3.6-1+deb12u1 -> 24.0.8-1' changes -d h.db
check "a dry run finds it, too" says 1 'between run 40 (2026-02-09 00:00) and run 41' changes -d h.db --dry-run
check "it is acknowledged" says 0 'Change 1 is acknowledged' changes -d h.db --acknowledge 1 --note $'seen\e[31m by me'
check "an acknowledged one is status 0, its note is shown safely" says 0 'seen\x1b[31m by me' changes -d h.db
check "more runs are added" says 0 'runs/run-0099  added' add "${rest[@]}" -d h.db
check "a level that came back is fixed" says 0 'the level came back with run 71' changes -d h.db --all
check "a state that somebody set holds" says 0 'Change 2 is ignored' changes -d h.db --ignore 2
check "an ignored one is not listed" eval '! "$vgauge" history changes -d h.db | grep -q "ignored  "'
check "show lists metrics" says 0 'none' show -d h.db
check "show lists runs" says 0 'guest.mesa 22.3.6' show --runs -d h.db
check "one file is left" [ "$(echo h.db*)" = h.db ]

# --- pictures and exports
check "plots are drawn" says 0 'pictures/dsub-virtio-venus.full.equal-share-empty.p50.svg' plot empty -d h.db --out pictures
check "a plot is XML, with its marks" eval 'xmllint --noout pictures/*.svg && grep -q "guest.mesa 22.3.6" pictures/*.svg && grep -q "fixed (1)" pictures/*.svg'
# --- the page of a run, with its past
before=$(sha256sum <h.db)
check "a run's page shows the past of its metrics" eval '"$vgauge" report runs/run-0054 --history h.db'
check "a picture for each metric with a practical threshold" [ "$(grep -o 'class="plot wide"' runs/run-0054/report/index.html | wc -l)" = 3 ]
check "with the change in words" grep -qE 'empty\.p50: [0-9]+ runs from 2026-01-01 to .* \+1[0-9.]+ % from 2026-02-10 on \([a-z]+; guest.mesa 22' runs/run-0054/report/index.html
check "that metric stands first" eval 'grep -o "<strong>Trend\.</strong> [^:]*" runs/run-0054/report/index.html | head -1 | grep -q empty.p50'
check "the page is good with it" eval '"$here/tests/integration/measure-page" runs/run-0054/report/index.html light && "$here/tests/integration/measure-page" runs/run-0054/report/index.html dark'
check "the history was only read" [ "$(sha256sum <h.db)" = "$before" ]
check "without a history there is no such part" eval '"$vgauge" report runs/run-0054 && ! grep -q "id=\"trends\"" runs/run-0054/report/index.html'
check "a history that is not there is told" eval '! "$vgauge" report runs/run-0054 --history nothing.db 2>"$work/err" && grep -q nothing.db "$work/err"'

"$vgauge" history export -d h.db --format csv --out h.csv
"$vgauge" history export -d h.db --format json --out h.json
"$vgauge" history export -d h.db --format openmetrics --out h.txt
cat >compare.py <<'P'
import csv, json
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
rows = list(csv.DictReader(open("h.csv", newline="")))
document = json.load(open("h.json"))
families = {f.name: f for f in parse(open("h.txt").read())}
assert len(rows) == 400 and len(document["runs"]) == 100 and len(document["trends"]) == 4
p50 = [t for t in document["trends"] if t["metric"].endswith("/empty.p50")][0]
samples = families["vgauge_empty_p50_seconds"].samples
assert families["vgauge_empty_p50_seconds"].unit == "seconds" and len(samples) == 100
csv_p50 = [float(r["value"]) for r in rows if r["metric"].endswith("/empty.p50")]
assert csv_p50 == [p["value"] for p in p50["points"]]
assert all(abs(s.value * 1e9 / v - 1) < 1e-12 for s, v in zip(samples, csv_p50))
assert float(samples[0].timestamp) == 1767225600 and samples[0].labels["configuration"] == "virtio-venus.full.equal-share"
assert [c["state"] for c in p50["changes"]] == ["fixed", "ignored"]
assert 1.1 < p50["changes"][0]["ratio"] < 1.13 and p50["changes"][0]["direction"] == "worse"
assert all(s.value == 0 for s in families["vgauge_history_open_regressions"].samples)
P
check "CSV, JSON and OpenMetrics say the same; a strict parser takes the latter" /usr/bin/python3 compare.py
sed -i '$d' h.txt
check "the parser is strict: it wants the end" eval '! /usr/bin/python3 compare.py'

# --- wrong words
check "no database" says 2 'there is no history nope.db' show -d nope.db
check "no such command" says 2 'did you mean `changes`?' changez
check "no such metric" says 2 'no metric in the history is called `empty.p51`, did you mean' show empty.p51 -d h.db
check "no such format" says 2 'did you mean `json`?' export --format jsno -d h.db
check "no such change" says 2 'knows no change 99' changes --fixed 99 -d h.db
check "no run directory, and no file for nothing" eval 'says 2 "no run directory" add runs -d new.db && [ ! -e new.db ]'
check "a run that is not over" eval 'cp -r runs/run-0000 open && sed -i "s/\"complete\"/\"running\"/" open/run.json && says 2 "is not over" add open -d h.db'

# --- databases that are none
cp h.db good.db
head -c 50000 good.db >cut.db
check "a cut database" says 2 'cut.db is damaged' changes -d cut.db
check "a cut database is not made worse" cmp cut.db <(head -c 50000 good.db)
head -c 5000 /dev/urandom >noise.db
check "a file that is no database" says 2 'noise.db is no history' show -d noise.db
value other.db 'CREATE TABLE things (x)'
check "somebody else's database" says 2 'other.db is no history of vgauge' add runs/run-0000 -d other.db
check "somebody else's database stays as it is" [ "$(value other.db 'SELECT count(*) FROM sqlite_schema')" = 1 ]
cp good.db newer.db
value newer.db "UPDATE meta SET value = '99' WHERE name = 'schema'"
check "a newer database" says 2 'its schema is 99' add runs/run-0000 -d newer.db
for attack in "UPDATE value SET value = value * 0.9 WHERE run = 50" "DELETE FROM value WHERE run = 50 AND boot = 1" \
    "UPDATE run SET started = started + 1 WHERE id = 50" "UPDATE fingerprint SET fields = replace(fields, '24.0.8', '24.0.9')" \
    "UPDATE series SET min_effect = 9" "UPDATE change SET state = 'detected'" \
    "UPDATE value SET series = 9 - series, boot = boot + 10 WHERE run = 50"; do
    cp good.db changed.db
    value changed.db "PRAGMA foreign_keys = OFF; $attack"
    check "a changed database: $attack" says 2 'was changed by something else than vgauge' changes -d changed.db
done
cp good.db trap.db
value trap.db "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM value; END"
check "a database with a trigger" says 2 'trap.db is no history of vgauge' add runs/run-0000 -d trap.db
mkdir directory.db
check "a directory" says 2 'not a regular file' add runs/run-0000 -d directory.db

# --- an older schema is brought up to date, and nothing is lost
cp good.db old.db
value old.db "DROP TABLE change; UPDATE meta SET value = '1' WHERE name = 'schema'"
check "an older schema is not touched by who only reads" says 2 'the older schema 1' show -d old.db
check "an older schema is brought up to date" says 0 'guest.mesa' changes --all -d old.db
check "its values are all there" [ "$(count old.db)" = 401 ]
check "it has the newest schema now" [ "$(value old.db "SELECT value FROM meta WHERE name = 'schema'")" = 2 ]

# --- a full disk
if unshare -rm true 2>/dev/null; then
    mkdir small
    # shellcheck disable=SC2094 # each command has its own
    unshare -rm bash -c 'mount -t tmpfs -o size=320k tmpfs small && head -c 65536 /dev/zero >small/other &&
        "$0" history add runs/* -d small/h.db; s=$?; rm small/other # room again: SQLite needs some to read, too
        "$0" history export -d small/h.db >left.csv; echo $? >left; exit $s' "$vgauge" >full.out 2>full.err
    status=$?
    check "a full disk is told" eval '[ $status = 3 ] && grep -q "the disk that holds small/h.db is full; nothing was changed" full.err'
    check "what was added before is whole" eval '[ "$(cat left)" = 0 ] && [ $(($(wc -l <left.csv) - 1)) = $((4 * $(grep -c added full.out))) ] && [ "$(grep -c added full.out)" -gt 5 ]'
else
    echo "ok - a full disk (not tried: no mount namespace here)"
fi

# --- many at once
at_once() { # WHERE: eight writers, each with its own runs, from nothing
    local i pids=()
    for i in 0 1 2 3 4 5 6 7; do
        "$vgauge" history add runs/run-00"$i"? -d "$1" >"w$i" 2>&1 &
        pids+=($!)
    done
    for i in "${!pids[@]}"; do wait "${pids[$i]}" || { cat "w$i"; return 1; }; done
    [ "$(count "$1")" = 321 ] || { echo "$(count "$1") rows"; return 1; }
    [ "$(cat w? | grep -c 'added, 12 values')" = 80 ]
}
check "eight write to a new file at once, and nothing is lost" at_once many.db
value many.db 'SELECT 1' >/dev/null
mkfifo hold
sqlite3 many.db <hold >/dev/null 2>&1 &
holder=$!
exec 9>hold
echo 'BEGIN IMMEDIATE;' >&9
sleep 0.5
check "readers do not wait for a writer" says 0 'none' show -d many.db
check "a database that stays locked is told after its time" says 3 'being written by another process' add runs/run-0090 -d many.db
exec 9>&-
wait $holder

# --- PostgreSQL: a server in a directory of its own, without a network, that ends with this test
check "a PostgreSQL server starts" start_server fleet many other
fleet="postgresql://vg:secret@/fleet?host=$server"
sql() { psql -h "$server" -U vg -d "$1" -qAtc "$2"; }
check "no history there yet" says 2 'postgresql://vg@/fleet holds no history yet' show -d "$fleet"
check "runs are added to it" says 0 'runs/run-0099  added, 12 values' add runs/* -d "$fleet"
check "a run is added to it once" says 0 'was there already' add runs/run-0003 -d "$fleet"
check "a run is replaced there" says 0 'replaced, 12 values' add runs/run-0003 --replace -d "$fleet"
check "changes are found and kept there" says 0 'the level came back with run 71' changes --all -d "$fleet"
check "it holds what the file holds" cmp <("$vgauge" history export -d "$fleet") <("$vgauge" history export -d good.db)
check "states are kept there" says 0 'Change 2 is acknowledged' changes -A 2 -m "it's a ''note''" -d "$fleet"
check "notes are text, never SQL" says 0 "it's a ''note''" changes -d "$fleet"
check "eight write to a new database at once" at_once "postgresql://vg@/many?host=$server"
sql other 'CREATE SCHEMA vgauge; CREATE TABLE vgauge.things (x int)'
check "somebody else's schema" says 2 'is no history of vgauge' add runs/run-0000 -d "postgresql://vg@/other?host=$server"
sql fleet "UPDATE vgauge.value SET value = value * 0.9 WHERE run = 50"
check "a changed database there" says 2 'was changed by something else than vgauge' changes -d "$fleet"
check "no password is shown" eval '! grep -rq secret said out err'
sql many "UPDATE vgauge.meta SET value = '99'"
check "a newer database there" says 2 'its schema is 99' add runs/run-0000 -d "postgresql://vg@/many?host=$server"
sql many "UPDATE vgauge.meta SET value = '1'; DROP TABLE vgauge.change"
check "an older schema is brought up to date there" says 0 'added' add runs/run-0090 -d "postgresql://vg@/many?host=$server"
check "no server" says 3 'postgresql://vg@/fleet' show -d "postgresql://vg@/fleet?host=/nonexistent"
exit $failed
