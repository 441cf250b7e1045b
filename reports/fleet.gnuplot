# SPDX-License-Identifier: GPL-3.0-or-later
# A fleet over time, one curve per placement policy: utilisation above, fragmentation of what is free below. Blocks of the
# data file: ARG3 curves of the one, then as many of the other. ARG6 and ARG7: size in px.
set terminal svg size ARG6,ARG7 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("fleet.gnuplot")] . "common.gnuplot"
data = ARG1; curves = ARG3 + 0; colours = ARG4; dashes = ARG5
load common
set multiplot
set lmargin 9
set rmargin 2
set xrange [0:*]
set yrange [0:100]
set ytics 0,25,100
set origin 0,0.56
set size 1,0.42
unset key
set ylabel "fleet in use (%)"
plot for [i=1:curves] data index (i-1) using 1:2 with lines lw 1.7 lc rgb word(colours, i) dt int(word(dashes, i)) notitle
set origin 0,0
set size 1,0.57
set yrange [0:*]
set ytics autofreq
set ylabel "of what is free, unusable (%)"
set xlabel "time since the stream began (h)"
set key below left Left reverse height 1 samplen 4 maxcols 2
plot for [i=1:curves] data index (curves+i-1) using 1:2 with lines lw 1.7 lc rgb word(colours, i) dt int(word(dashes, i)) title columnheader(1)
unset multiplot
