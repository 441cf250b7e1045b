#!/bin/sh
# SPDX-License-Identifier: MIT
# One CI job: measure, compare with a baseline, decide. Any CI system can run it; the exit status is the gate's
# (docs/comparing.md): 0 good, 1 regression or failure, 2 wrong input, 3 cannot be decided here, 4 nothing compared.
#   gate.sh BASELINE [option of `vgauge gate`...]
# What it reads: VGAUGE (program), VGAUGE_PLAN, VGAUGE_HOST, VGAUGE_BOOTS, VGAUGE_OUT (run directory, must not exist),
# VGAUGE_EXPECTATIONS (a file of known failures), VGAUGE_ARGS (more options of `vgauge run`, split at spaces).
set -u
baseline=${1:?which baseline? gate.sh BASELINE [option...]}
shift
vgauge=${VGAUGE:-vgauge}
out=${VGAUGE_OUT:-vgauge-run}

# shellcheck disable=SC2086 # VGAUGE_ARGS is several words
"$vgauge" run --plan "${VGAUGE_PLAN:-ci}" --host "${VGAUGE_HOST:-reference}" --boots "${VGAUGE_BOOTS:-6}" \
    ${VGAUGE_EXPECTATIONS:+--expectations "$VGAUGE_EXPECTATIONS"} ${VGAUGE_ARGS:-} --out "$out"
status=$?
case $status in
0 | 1 | 3) ;; # the gate looks at the results itself
*) exit $status ;;
esac
[ -f "$out/results.json" ] || exit 3
exec "$vgauge" gate "$out" --baseline "$baseline" --top-up "$@"
