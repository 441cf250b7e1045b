# SPDX-License-Identifier: GPL-3.0-or-later
# Throughput over time, one line per tenant. After the curves the data file has a block of phases (start, end, name) and
# a block of marks (instant, what). ARG6: width in px, ARG7: number of phases, ARG8: number of marks, ARG9: their colours.
set terminal svg size ARG6,380 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("throughput.gnuplot")] . "common.gnuplot"
data = ARG1; curves = ARG3 + 0; colours = ARG4; dashes = ARG5; phases = ARG7 + 0; marks = ARG8 + 0; mark_colours = ARG9
load common
set xlabel "time since the first phase started (s)"
set ylabel "jobs completed (1/s)"
set yrange [0:*]
set offsets 0, 0, graph 0.16, 0
set y2range [0:1]
unset y2tics
set key below left Left reverse height 1 samplen 2.5 maxcols 3
set style fill solid 1.0 noborder
bands = phases > 0 ? 1 : 0
# Names of phases stand in two rows by turns, so that those of short phases do not run into each other; what is marked
# stands at the foot of its line.
plot for [b=1:bands] data index curves using (($1+$2)/2):(0.5):1:2:(0):(1) axes x1y2 with boxxyerror fc rgb "#f3f5f7" notitle, \
     for [b=1:(phases > 1 ? 1 : 0)] data index curves every 2::1 using (($1+$2)/2):(0.5):1:2:(0):(1) axes x1y2 with boxxyerror fc rgb "#e8edf0" notitle, \
     for [b=1:bands] data index curves using (($1+$2)/2):(0.97-0.05*(int($0)%2)):3 axes x1y2 with labels textcolor rgb ink notitle, \
     for [i=1:curves] data index (i-1) using 1:2 with lines lw 1.7 lc rgb word(colours, i) dt int(word(dashes, i)) title columnheader(1), \
     for [m=1:marks] data index (curves+1) every ::(m-1)::(m-1) using 1:(0):(0):(0.88) axes x1y2 with vectors nohead lw 1.4 dt (6,4) lc rgb word(mark_colours, m) notitle, \
     for [m=1:marks] data index (curves+1) every ::(m-1)::(m-1) using 1:(0.02):2 axes x1y2 with labels left rotate by 90 offset -1,0 font ",11" textcolor rgb word(mark_colours, m) notitle
