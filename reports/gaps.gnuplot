# SPDX-License-Identifier: GPL-3.0-or-later
# How many per cent of the gaps are at least so long, both axes logarithmic, one line per tenant. After the curves the
# data file has a block of limits (length in us, per cent from, to, name). ARG6: number of limits, ARG7: lowest per
# cent, ARG8: what is measured.
set terminal svg size 560,380 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("gaps.gnuplot")] . "common.gnuplot"
data = ARG1; curves = ARG3 + 0; colours = ARG4; dashes = ARG5; limits = ARG6 + 0; lowest = ARG7 + 0
load common
stats data using 1 nooutput
# Below a hundred-thousandth of the longest there is nothing to see: every gap is at least so long.
least = STATS_min > STATS_max * 1e-5 ? STATS_min : STATS_max * 1e-5
set xrange [0.999 * 10**floor(log10(least)) : 10**ceil(log10(STATS_max * 1.25))]
set logscale xy
set xtics ("1 ns" 1e-3, "10 ns" 1e-2, "100 ns" 1e-1, "1 us" 1, "10 us" 10, "100 us" 1e2, "1 ms" 1e3, "10 ms" 1e4, "100 ms" 1e5, "1 s" 1e6, "10 s" 1e7, "100 s" 1e8)
set mxtics 10
set yrange [lowest:150]
set ytics ("100" 100, "10" 10, "1" 1, "0.1" 0.1, "0.01" 0.01, "0.001" 0.001, "0.0001" 0.0001)
set xlabel ARG8 . ", logarithmic"
set ylabel "at least so long (%), logarithmic"
set key below left Left reverse height 1 samplen 2.5 maxcols 2
plot for [i=1:curves] data index (i-1) using 1:2 with lines lw 1.7 lc rgb word(colours, i) dt int(word(dashes, i)) title columnheader(1), \
     for [l=1:(limits > 0 ? 1 : 0)] data index curves using 1:2:(0):($3-$2) with vectors nohead lw 1.8 dt (6,4) lc rgb "#20262b" notitle, \
     for [l=1:(limits > 0 ? 1 : 0)] data index curves using 1:(lowest):4 with labels left rotate by 90 offset -1,0.4 font ",11" textcolor rgb "#20262b" notitle
