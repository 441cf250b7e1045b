/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report/: gnuplot, kept running from one picture to the next. */
#ifndef VG_REPORT_PLOTTER_H
#define VG_REPORT_PLOTTER_H

#include <sys/types.h>
#include "report/parts.h"

/* gnuplot hands nine arguments to a script; two are the files. */
enum { VG_PLOT_MAX_ARGUMENTS = 7 };

/* Starts with nothing but the directory of the scripts; gnuplot comes with the first picture. */
struct vg_plotter {
    const char *template_directory; /* borrowed: reports/ */
    char *scratch;                  /* a directory of its own below /tmp; NULL: not made yet */
    pid_t pid;                      /* 0: gnuplot does not run */
    int socket;
    unsigned drawn;
};
/* Starts it if it does not run, and makes the directory for its files. */
bool vg_plotter_ready(struct vg_plotter *plotter, struct vg_error *err);
/* Runs reports/SCRIPT.gnuplot on the file `data`, so that it writes the file `svg`. arguments: ARG3 and up,
 * NULL-terminated, may be NULL. The error is a sentence without a full stop. */
bool vg_plotter_draw(struct vg_plotter *plotter, const char *script, const char *data, const char *svg,
                     const char *const *arguments, struct vg_error *err);
/* Ends gnuplot and removes its files. */
void vg_plotter_end(struct vg_plotter *plotter);
#define vg_report_autoplotter VG_CLEANUP(vg_plotter_end)

#endif
