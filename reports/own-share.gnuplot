# SPDX-License-Identifier: GPL-3.0-or-later
# What one tenant got in each phase, against what it is promised there. One block: number, phase, share, promised, lowest
# and highest allowed (NaN where the test judges none). ARG6 and ARG7: size in px.
set terminal svg size ARG6,ARG7 font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("own-share.gnuplot")] . "common.gnuplot"
data = ARG1; bars = ARG3 + 0; colours = ARG4
load common
unset grid
set grid ytics back lc rgb "#dfe3e6" lw 1 dt 1
set xlabel "phase of the test"
highest(a, column) = strcol(column) eq "NaN" ? a : column(column) > a ? column(column) : a
set ylabel "share of solo throughput (%)"
set yrange [0:*]
set offsets 0, 0, graph 0.1, 0
set xrange [0.4:bars + 0.6]
set style fill solid 1.0 noborder
set boxwidth 0.5
set key below left Left reverse height 1 samplen 2.5 maxcols 3
plot for [i=1:bars] data index 0 every ::(i-1)::(i-1) using 1:($3*100):xticlabels(2) with boxes fc rgb word(colours, i) notitle, \
     data index 0 using 1:($5*50+$6*50):($1-0.38):($1+0.38):($5*100):($6*100) with boxxyerror fs transparent solid 0.35 fc rgb "#8c959d" title "allowed by the test", \
     data index 0 using ($1-0.38):($4*100):(0.76):(0) with vectors nohead lw 2.2 lc rgb "#20262b" title "promised by the policy", \
     data index 0 using 1:(highest(highest($3, 4), 6)*100):(sprintf("%.1f %%", $3*100)) with labels offset 0,0.7 textcolor rgb ink notitle
