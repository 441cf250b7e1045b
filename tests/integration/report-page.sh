#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The page as a reader sees it: in a browser, narrow and wide, light and dark. First it is shown that the checks see what is
# wrong: each kind of fault is put into a copy of the page, and must be found. VGAUGE_SCREENSHOTS keeps pictures.
# shellcheck disable=SC2016,SC2317 # expressions for sed; functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash

run=$work/run
page=$run/report/index.html
measure() { tests/integration/measure-page "$@"; }
check "a run with everything in it is made" tests/integration/make-report-run "$run" 18 4 40000
check "its reports are written" "$vgauge" report "$run"
cp "$page" "$work/page.html"
check "its results are as the schema says" python3 -m jsonschema -i "$run/results.json" runner/record/results.schema.json
check "and the schema says something" eval 'sed "s/sha256:0123/sha256:01/" "$run/results.json" >"$work/wrong.json" && ! python3 -m jsonschema -i "$work/wrong.json" runner/record/results.schema.json'
exported() { # TEST: out of the run, unpacked elsewhere, it would run there
    rm -rf "$work/elsewhere" "$work/export.tar.gz" && mkdir "$work/elsewhere" &&
        "$vgauge" export "$run" "$1" --out "$work/export.tar.gz" && tar -xzf "$work/export.tar.gz" -C "$work/elsewhere" &&
        (cd / && "$work/elsewhere/$1/repeat" --dry-run) && [ -n "$(find "$work/elsewhere/$1/seen" -name "virtio-venus.full.*.json" -size +100c)" ]
}
for test in dsub-made-000 fair-made-001 iso-made-002 iso-made-005 iso-made-008 place-made-011; do
    check "a test of it is exported and could run elsewhere: $test" exported "$test"
done

# One copy with every kind of fault: each must be found, in these words.
sed -e 's|</main>|<p style="width: 900px">wide</p><p style="color: #ccc; background: #fff">faint</p></main>|' \
    -e 's|</main>|<p style="width: 3em">in words that are hardly ever on one line with each other</p></main>|' \
    -e 's|</main>|<a href="#nothing">x</a><a href="../gone.json">x</a></main>|' \
    -e 's|</main>|<img src="https://example.org/x.png" alt=""><script></script></main>|' \
    -e 's|</style>|figure svg { visibility: hidden } </style>|' "$work/page.html" >"$run/report/faulty.html"
measure "$run/report/faulty.html" >"$work/found"
check "a faulty page is found faulty" test $? = 1
seen() { grep -q -- "$1" "$work/found" || { cat "$work/found"; return 1; }; }
check "by what is too wide" seen 'at 360 px: scrolls sideways: 9[0-9]* px in 360'
check "by a text that is hard to read" seen 'contrast 1\.[0-9]*: faint'
check "by a text with hardly a word to the line" seen 'at 360 px: squeezed into [0-9]* px: in words'
check "by a plot that is not shown" seen 'a plot is not to be seen'
check "by a link to nothing" seen 'leads nowhere: #nothing'
check "by a link to a missing file" seen 'leads nowhere: ../gone.json'
check "by what the console says" seen 'console: '
check "by a script" seen '<script> on the page'
rm -f "$run/report/faulty.html"

check "the page is good in a light window" measure "$page" light
check "and in a dark one" measure "$page" dark
sed -e 's|</style>|@media print { .many tr { display: table-row } .many td { display: table-cell !important } } </style>|' "$work/page.html" >"$run/report/faulty.html"
check "a page of which paper shows only a part is found faulty" eval '! measure "$run/report/faulty.html" print >"$work/found" && seen "reaches beyond the window"'
rm -f "$run/report/faulty.html"
check "and nothing of it is lost on paper" measure "$page" print
check "with a plot for every test that has one" eval '[ "$(grep -o "<figure" "$page" | wc -l)" -ge 18 ] && ! grep -q "class=\"problem\"" "$page"'
check "two places of one mechanism have a curve each, with its name" eval '[ "$(grep -oE ">virtio-venus, [a-z]+, [a-z-]+</text>" "$page" | sort -u | wc -l)" -ge 4 ]'
# Whatever the catalogue can measure is to be seen where it was measured.
for picture in "Latency by mechanism." "Latency." "Latency over time." "Throughput over time." "Share against entitlement." \
    "What a submission makes the host do." "CPU time that a submission costs the host." "Memory that was looked at." "Placement occupancy." \
    "Time without a completion." "Time from frame to frame." "Time slice."; do
    check "there is a picture: $picture" eval 'xmllint --html --xpath "count(//figure[figcaption/strong=\"$picture\"]//*[local-name()=\"svg\"]//*[local-name()=\"path\" or local-name()=\"polygon\"])" "$page" 2>/dev/null >"$work/out"; [ "$(cat "$work/out")" -gt 0 ]'
done
check "the policies stand in the same order under each profile" eval '[ "$(xmllint --html --xpath "//tr[@class=\"policies\"]/th/text()" "$page" 2>/dev/null | tr "\n" " " | sed "s/> *</></g")" = "$(for _ in 1 2 3 4; do printf "%s " equal-share fixed-share best-effort weighted; done)" ]'
check "no guest becomes markup" eval '! grep -q "<script" "$page" && grep -q "&lt;script&gt;" "$page"'
check "the answer is in words" grep -qE '<h1[^>]*>[0-9]+ of [0-9]+ requirements not met.*fixed-share is 14 % short with 4 tenants' "$page"

"$vgauge" report "$run" >/dev/null # once more: the page must not depend on when it was made
check "the same run gives the same page" cmp "$page" "$work/page.html"
check "as PDF" eval '"$vgauge" report "$run" --pdf && head -c 5 "$run/report/index.pdf" | grep -q "%PDF-"'
cp "$run/report/index.pdf" "$work/first.pdf"
check "with what stands at the right end of the matrix" eval 'pdftotext "$run/report/index.pdf" - | tr "\n" " " | grep -q "virtio-venus, quarter, weighted"'
check "the same page gives the same PDF" eval 'sleep 1.1; "$vgauge" report "$run" --pdf && cmp "$run/report/index.pdf" "$work/first.pdf"'
told() { # TEXT COMMAND...: it is refused, and says so
    local text=$1
    shift
    "$@" >"$work/out" 2>&1 && { echo "it was not refused"; return 1; }
    grep -q -- "$text" "$work/out" || { cat "$work/out"; return 1; }
}
check "an unknown converter is told" told "none of the programs" env VGAUGE_PDF=typewriter "$vgauge" report "$run" --pdf
mkdir "$work/empty"
ln -s "$(command -v gnuplot)" "$work/empty/gnuplot"
check "without any it is said what to install" told "apt-get install chromium" env PATH="$work/empty" "$vgauge" report "$run" --pdf

check "an older run is made" tests/integration/make-report-run "$work/old" 15 4 20000
sed -i 's/"verdict": "fail"/"verdict": "pass"/' "$work"/old/tests/fair-made-001/*/verdict.json
sed -i 's/"verdict": "pass"/"verdict": "fail"/' "$work"/old/tests/dsub-made-000/virtio-venus.half.*/verdict.json
"$vgauge" diff "$work/old" "$run" "$run" --html "$work/diff.html" >"$work/out" 2>&1
check "a run that got worse is a regression" test $? = 1
check "with what it was and is" grep -q 'regression *fair-made-001 .*: pass -> fail' "$work/out"
check "what was mended is a fix" grep -q 'fix *dsub-made-000 .*: fail -> pass' "$work/out"
check "what came is new" grep -q 'new *.*-made-01[567] .*not there -> ' "$work/out"
check "on one screen" test "$(wc -l <"$work/out")" -le 45
check "the page of both is good in a light window" measure "$work/diff.html" light
check "and in a dark one" measure "$work/diff.html" dark
check "and on paper" measure "$work/diff.html" print
"$vgauge" diff "$run" "$work/old" --json >"$work/diff.json"
check "the other way round what was new is gone" python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(not (d["result_counts"]["gone"] == 12 and d["result_counts"]["fix"] == 1 and d["result_counts"]["new"] == 0))' "$work/diff.json"
"$vgauge" diff "$run" "$run" --json >"$work/diff.json"
check "a run does not differ from itself, with results that measured nothing" python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(any(n for of in ("result_counts", "metric_counts") for kind, n in d[of].items() if kind != "same"))' "$work/diff.json"
check "one run is not enough" told "between two runs" "$vgauge" diff "$run"

mkdir "$work/made" "$work/opened"
check "a package with a certificate is made" "$build/bench-certify" "$work/made" 30 4 50
tar -xzf "$work/made/package.tar.gz" -C "$work/opened"
certificate=$work/opened/document/certificate
check "the certificate is good in a light window" measure "$certificate.html" light
check "and in a dark one, where it stays light" measure "$certificate.html" dark
check "and on paper" measure "$certificate.html" print
check "a viewer reads its PDF without complaint" eval 'pdfinfo "$certificate.pdf" >"$work/out" 2>"$work/err" && [ ! -s "$work/err" ] && grep -q "^Title: *vGPU conformance of Made GPU 1.0, by Nobody$" "$work/out"'
# Where the viewer puts each word: within the margins, or the widths that lines were broken by are not the font's.
check "with every word within the margins" eval 'pdftotext -bbox "$certificate.pdf" "$work/words" && python3 -c "
import re, sys
ends = [tuple(map(float, w)) for w in re.findall(r\"xMin=.([\d.]+). yMin=.([\d.]+). xMax=.([\d.]+). yMax=.([\d.]+)\", open(sys.argv[1]).read())]
assert len(ends) > 100 and all(47 < x and X < 548 and 40 < y and Y < 830 for x, y, X, Y in ends), ends" "$work/words"'
check "and the same words as the page" python3 - "$certificate" <<'END'
import html, re, subprocess, sys
page = re.sub(r"<style>.*?</style>|<title>.*?</title>", " ", open(sys.argv[1] + ".html", encoding="utf-8").read(), flags=re.S)
page = html.unescape(re.sub(r"<[^>]*>", " ", page))
paper = subprocess.run(["pdftotext", sys.argv[1] + ".pdf", "-"], capture_output=True, text=True, check=True).stdout
letters = lambda text: re.sub(r"\s", "", text)
for line in filter(None, (line.strip() for line in re.split(r"[.;,]\s|\s{2,}", page))):
    assert letters(line)[:25] in letters(paper), line
END

check "a run of 200 tests on 4 profiles is made" tests/integration/make-report-run "$work/large" 200 4 60000
check "its page is written" "$vgauge" report "$work/large"
check "in less than 15 MB" test "$(stat -c %s "$work/large/report/index.html")" -lt 15000000

if [ -n "${VGAUGE_SCREENSHOTS:-}" ]; then
    mkdir -p "$VGAUGE_SCREENSHOTS"
    cp "$page" "$VGAUGE_SCREENSHOTS/page.html"
    for scheme in light dark; do
        for width in 360 1280; do
            tests/integration/measure-page --screenshot "$VGAUGE_SCREENSHOTS/$scheme-$width.png" "$width" "$page" "$scheme"
        done
    done
fi
exit $failed
