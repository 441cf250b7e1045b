# SPDX-License-Identifier: GPL-3.0-or-later
# What all plots share: ink that is easy to read on the page's light plot cards, thin frames, no decoration.
# Arguments of every script: data file, SVG to write, number of curves, their colours, their dash types.
set encoding utf8
set datafile missing "NaN"
# Labels come from names in the run: they are text, never mark-up.
set termoption noenhanced
ink = "#3d454c"
set border 3 lc rgb "#9aa3ab" lw 1
set tics nomirror out scale 0.6 textcolor rgb ink
set xlabel textcolor rgb ink offset 0,0.3
set ylabel textcolor rgb ink
set key textcolor rgb ink
set grid back lc rgb "#dfe3e6" lw 1 dt 1
