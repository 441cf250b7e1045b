#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# `vgauge place` from the command line: table, JSON, decisions, picture; and wrong input in one sentence.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

run 60 place --fleet datacentre --generate 7,20000 --save "$work/requests.csv" --out "$work/decisions.csv" --plot "$work/plot.svg"
check "a generated stream is decided" test "$status" = 0
check "one line per policy" eval '[ "$(grep -cE "^(breadth|depth)-first-(residents|remaining) |^numa-(preferred|required) |^explicit " "$work/out")" = 7 ]'
check "columns are aligned" eval 'awk "/^POLICY/ { at = index(\$0, \"UTILISATION\") } /^(breadth|depth|numa|explicit)/ { if (substr(\$0, at - 1, 1) != \" \" || substr(\$0, at, 1) == \" \") exit 1 }" "$work/out"'
check "every decision is written" eval '[ "$(wc -l <"$work/decisions.csv")" = 140001 ]'
check "each decision names a pGPU or a refusal" eval '! sed 1d "$work/decisions.csv" | grep -vE "^[a-z-]+,[0-9.]+,[0-9]+,[A-Za-z0-9_-]+,([a-z]+\.[0-9]+/[0-9]+,|,[a-z-]+)$"'
check "the picture is an SVG with a curve per policy" eval 'xmllint --noout "$work/plot.svg" && grep -q numa-required "$work/plot.svg"'
run 60 place --fleet datacentre --requests "$work/requests.csv" --policy 'depth-*' --json
cp "$work/out" "$work/read.json"
check "the saved stream is read back" test "$status" = 0
run 60 place --fleet datacentre --generate 7,20000 --policy 'depth-*' --json
check "and decided as the generated one" python3 - "$work/read.json" "$work/out" <<'P'
import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
assert [p["policy"] for p in a["policies"]] == ["depth-first-remaining", "depth-first-residents"], a
for p, q in zip(a["policies"], b["policies"]):
    assert p["placed"] == q["placed"] and p["refused"] == q["refused"], (p, q)
    assert p["placed"] + sum(p["refused"].values()) == a["arrivals"] == 20000
    assert p["decisions_per_s"] > 0 and 0 < p["utilisation_mean"] <= p["utilisation_most"] <= 1
P

wrong() { # NAME TEXT ARGUMENT...
    local name=$1 text=$2
    shift 2
    run 20 place "$@"
    check "$name" says 2 "$text"
}
wrong "no fleet" 'needs --fleet=FILE' --generate 1,10
wrong "no requests" 'needs one of --requests=FILE and --generate=SEED,COUNT' --fleet datacentre
wrong "a picture that cannot be written" 'cannot write the plot to /nowhere/plot.svg' --fleet datacentre --generate 1,10 --plot /nowhere/plot.svg
mkfifo "$work/fifo"
ln -s fifo "$work/link-to-fifo"
for option in plot out save; do # opening it would wait for a reader
    wrong "--$option=FIFO" "/fifo is a FIFO; give the name of a file" --fleet datacentre --generate 1,10 "--$option" "$work/fifo"
    wrong "--$option=LINK to a FIFO" "/link-to-fifo is a FIFO; give the name of a file" --fleet datacentre --generate 1,10 "--$option" "$work/link-to-fifo"
done
check "the FIFO is still there" test -p "$work/fifo"
if mknod "$work/device" c 1 3 2>/dev/null; then # root only
    wrong "--plot=DEVICE" "/device is a device; give the name of a file" --fleet datacentre --generate 1,10 --plot "$work/device"
    check "the device is still there" test -c "$work/device"
fi
ln -s picture.svg "$work/link.svg"
run 60 place --fleet datacentre --generate 1,10 --plot "$work/link.svg"
check "a link is followed and stays" eval '[ "$status" = 0 ] && [ -L "$work/link.svg" ] && xmllint --noout "$work/picture.svg"'
wrong "an unknown fleet" 'unknown fleet `datacenter`, did you mean `datacentre`?' --fleet datacenter --generate 1,10
wrong "an unknown policy" 'unknown placement policy `depth-first-resident`, did you mean `depth-first-residents`?' --fleet datacentre --generate 1,10 --policy depth-first-resident
wrong "a count that is none" '--generate takes SEED,COUNT' --fleet datacentre --generate 7
wrong "a load out of range" '--load takes a number' --fleet datacentre --generate 1,10 --load 0
wrong "a load for a stream from a file" '--load belongs to --generate' --fleet datacentre --requests "$work/requests.csv" --load 1
sed 's/^    model: mig/    model: mgi/' suites/fleets/datacentre.yaml >"$work/fleet.yaml"
line=$(grep -n 'model: mgi' "$work/fleet.yaml" | cut -d: -f1)
wrong "a wrong model" "fleet.yaml, line $line, column 12: unknown capacity model \`mgi\`, did you mean \`mig\`?" --fleet "$work/fleet.yaml" --generate 1,10
sed '3s/,arrive,/,arrivs,/; 3s/,leave,/,arrivs,/' "$work/requests.csv" >"$work/bad.csv"
wrong "a wrong event" 'bad.csv, line 3, column ' --fleet datacentre --requests "$work/bad.csv"
wrong "a place that cannot be written" 'cannot write decisions to ' --fleet datacentre --generate 1,10 --out "$work/nowhere/x.csv"
exit $failed
