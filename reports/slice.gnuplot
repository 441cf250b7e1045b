# SPDX-License-Identifier: GPL-3.0-or-later
# Histograms of run and wait lengths side by side, one outline per tenant. The data file has ARG3 curves of runs, as many
# of waits, a block of configured runs (ms, name) and one of configured waits; ARG4 and ARG5 are of all curves. ARG6 and
# ARG7: where the axes end (ms), ARG8: number of configured lengths.
# The key stands below both, in a panel of its own that is as wide as the picture; two names to the line fit always.
key_height = 20 * ((ARG3 + 1) / 2) + 10
height = 360 + key_height
set terminal svg size 940,height font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("slice.gnuplot")] . "common.gnuplot"
data = ARG1; tenants = ARG3 + 0; colours = ARG4; lines = ARG8 + 0
load common
set yrange [0:*<100]
set offsets 0, 0, graph 0.1, 0
set y2range [0:1]
unset y2tics
set tmargin at screen 1 - 16.0 / height
set bmargin at screen (key_height + 56.0) / height
unset key
set multiplot
do for [panel=0:1] {
    set lmargin at screen 0.08 + 0.5 * panel
    set rmargin at screen 0.48 + 0.5 * panel
    set xrange [0:(panel ? ARG7 : ARG6) + 0]
    set xlabel panel ? "length of a wait (ms)" : "length of a run (ms)"
    set ylabel panel ? "waits (%)" : "runs (%)" offset 1.5,0
    first = panel * tenants
    plot for [i=1:tenants] data index (first+i-1) using 1:2 with fillsteps fs transparent solid 0.15 noborder fc rgb word(colours, first+i) notitle, \
         for [i=1:tenants] data index (first+i-1) using 1:2 with steps lw 1.7 lc rgb word(colours, first+i) notitle, \
         for [l=1:(lines > 0 ? 1 : 0)] data index (2*tenants+panel) using 1:(0):(0):(1) axes x1y2 with vectors nohead lw 1.8 dt (6,4) lc rgb "#20262b" notitle, \
         for [l=1:(lines > 0 ? 1 : 0)] data index (2*tenants+panel) using 1:(0.97):2 axes x1y2 with labels right rotate by 90 offset -1,0 font ",11" textcolor rgb "#20262b" notitle
}
set offsets 0, 0, 0, 0
set lmargin at screen 0.08
set rmargin at screen 0.98
set tmargin at screen key_height * 1.0 / height
set bmargin at screen 0
unset border; unset tics; unset grid; unset xlabel; unset ylabel
set xrange [0:1]
set yrange [0:1]
set key left top Left reverse horizontal samplen 2.5 maxcols 4
plot for [i=1:tenants] data index (i-1) using (2):(2) with lines lw 1.7 lc rgb word(colours, i) title columnheader(1)
unset multiplot
