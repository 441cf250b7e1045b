# SPDX-License-Identifier: GPL-3.0-or-later
# A latency over time: for each short span its median (solid) and its longest sample (thin), one colour per instance.
# ARG3 curves, ARG4 colours, ARG5 dash types, ARG6 line widths, ARG7 height in px.
set terminal svg size 560,ARG7 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("timeline.gnuplot")] . "common.gnuplot"
data = ARG1; curves = ARG3 + 0; colours = ARG4; dashes = ARG5; widths = ARG6
load common
stats data using 2 nooutput
set xrange [0:*]
set logscale y
set yrange [0.999 * 10**floor(log10(STATS_min)) : 10**ceil(log10(STATS_max * 1.0001))]
set ytics ("1 ns" 1e-3, "10 ns" 1e-2, "100 ns" 1e-1, "1 us" 1, "10 us" 10, "100 us" 1e2, "1 ms" 1e3, "10 ms" 1e4, "100 ms" 1e5, "1 s" 1e6, "10 s" 1e7, "100 s" 1e8)
set mytics 10
set xlabel "time since the first sample (s)"
set ylabel "latency, logarithmic"
set key below left Left reverse height 1 samplen 2.5 maxcols 1
plot for [i=1:curves] data index (i-1) using 1:2 with lines lw (word(widths, i) + 0.0) lc rgb word(colours, i) dt int(word(dashes, i)) title columnheader(1)
