# SPDX-License-Identifier: GPL-3.0-or-later
# Points and the line that was fitted to them, per series. Blocks of the data file: ARG3 series of points, then a line
# (two points) for each. ARG4: colours, ARG5: dash types of the lines, ARG6 and ARG7: of the axes. ARG8: height in px.
set terminal svg size 560,ARG8 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("scatter.gnuplot")] . "common.gnuplot"
data = ARG1; series = ARG3 + 0; colours = ARG4; dashes = ARG5
load common
set xlabel ARG6
set ylabel ARG7
set xrange [0:*]
set yrange [*<0:*]
set offsets graph 0.02, graph 0.04, graph 0.08, 0
set key below left Left reverse height 1 samplen 2.5 maxcols 1
plot for [i=1:series] data index (series+i-1) using 1:2 with lines lw 1.7 lc rgb word(colours, i) dt int(word(dashes, i)) title columnheader(1), \
     for [i=1:series] data index (i-1) using 1:2 with points pt 7 ps 0.5 lc rgb word(colours, i) notitle
