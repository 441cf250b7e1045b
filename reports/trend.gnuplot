# SPDX-License-Identifier: GPL-3.0-or-later
# One metric over months. Blocks of the data file: values (time, value, lowest, highest boot), levels between changes
# (start, end, level), changes (time, colour), changes of the environment (time), labels to the right of their time
# (time, height in 0..1, text, colour), labels to the left. Times are seconds since 1970; an empty block is one NaN.
# ARG3: how many rows each block has, "6 2 1 1 2 0". ARG4: title. ARG5: of the y axis. ARG6: format of dates.
set terminal svg size 1000,500 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("trend.gnuplot")] . "common.gnuplot"
data = ARG1
some(block) = int(word(ARG3, block + 1)) > 0 ? 1 : 0
load common
set title ARG4 font ",14" textcolor rgb "#20262b"
set xdata time
set timefmt "%s"
set format x ARG6
set ylabel ARG5
set autoscale xfix
set offsets graph 0.01, graph 0.01, graph 0.05 + 0.17 * some(2), graph 0.05 + 0.23 * some(3)
set y2range [0:1]
unset y2tics
set key below left Left reverse height 1 samplen 2 maxcols 4
plot for [i=1:some(3)] data index 3 using 1:(0):(0):(1) axes x1y2 with vectors nohead lw 1 dt 3 lc rgb "#5b636b" title "driver or environment changed", \
     for [i=1:some(2)] data index 2 using 1:(0):(0):(1):2 axes x1y2 with vectors nohead lw 1.4 dt 2 lc rgb variable notitle, \
     for [i=1:some(2)] keyentry with lines lw 1.4 dt 2 lc rgb "#5b636b" title "the level changed (state, number)", \
     data index 0 using 1:2:3:4 with yerrorbars pt 7 ps 0.01 lw 1 lc rgb "#b9cfe0" title "lowest to highest boot", \
     for [i=1:some(1)] data index 1 using 1:3:($2-$1):(0) with vectors nohead lw 2.4 lc rgb "#20262b" title "level (median)", \
     data index 0 using 1:2 with points pt 7 ps 0.45 lc rgb "#0072B2" title "run (median of its boots)", \
     for [i=1:some(4)] data index 4 using 1:2:3:4 axes x1y2 with labels left offset 0.6,0 font ",11" textcolor rgb variable notitle, \
     for [i=1:some(5)] data index 5 using 1:2:3:4 axes x1y2 with labels right offset -0.6,0 font ",11" textcolor rgb variable notitle
