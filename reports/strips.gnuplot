# SPDX-License-Identifier: GPL-3.0-or-later
# Rows of coloured pieces: what is where along an axis. Blocks of the data file: pieces (from, to, row, colour), names of
# rows (row, name). ARG3: rows, ARG4 and ARG5: colours and words of the legend, ARG6: of the x axis, ARG7: width in px,
# ARG8: where the axis ends.
set output ARG2
common = ARG0[1:strlen(ARG0)-strlen("strips.gnuplot")] . "common.gnuplot"
data = ARG1; rows = ARG3 + 0; colours = ARG4; names = ARG5
set terminal svg size ARG7,(130 + 34 * rows) font "system-ui,sans-serif,13" linewidth 1.3 rounded noenhanced
load common
unset grid
set border 1
set xlabel ARG6
set xrange [0:ARG8 + 0]
set yrange [rows + 0.6:0.4]
set style fill solid 1.0 noborder
set key below left Left reverse height 1 samplen 1.5 maxcols (words(names) > 4 ? 5 : 2)
plot data index 0 using (($1+$2)/2):3:1:2:($3-0.38):($3+0.38):4 with boxxyerror lc rgb variable notitle, \
     data index 1 using (0):1:(0):ytic(2) with points pt 7 ps 0.01 lc rgb "#dfe3e6" notitle, \
     for [i=1:words(colours)] NaN with boxes fc rgb word(colours, i) title word(names, i)
