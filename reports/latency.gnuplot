# SPDX-License-Identifier: GPL-3.0-or-later
# Distribution of a latency: per cent of samples at or below a value, logarithmic in time. ARG6 and ARG7: size in px.
# ARG8: columns of the legend.
set terminal svg size ARG6,ARG7 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("latency.gnuplot")] . "common.gnuplot"
data = ARG1; curves = ARG3 + 0; colours = ARG4; dashes = ARG5
load common
stats data using 1 nooutput
set xrange [0.999 * 10**floor(log10(STATS_min)) : 10**ceil(log10(STATS_max * 1.0001))]
set logscale x
set xtics ("1 ns" 1e-3, "10 ns" 1e-2, "100 ns" 1e-1, "1 us" 1, "10 us" 10, "100 us" 1e2, "1 ms" 1e3, "10 ms" 1e4, "100 ms" 1e5, "1 s" 1e6, "10 s" 1e7, "100 s" 1e8)
set mxtics 10
set xlabel "time, logarithmic"
set ylabel "samples at or below (%)"
set yrange [0:101]
set ytics 0,25,100
set key below left Left reverse height 1 samplen 2.5 maxcols ARG8
# Five patterns; then they come again, thinner.
pattern(i) = (int(word(dashes, i)) - 1) % 5 + 1
width(i) = int(word(dashes, i)) > 5 ? 0.9 : 1.7
plot for [i=1:curves] data index (i-1) using 1:2 with lines lw width(i) lc rgb word(colours, i) dt pattern(i) title columnheader(1)
