/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: what the `vgauge history` commands share. */
#ifndef VG_COMMAND_HISTORY_H
#define VG_COMMAND_HISTORY_H

#include "commands/command.h"
#include "report/report.h"

struct cmd_history_options {
    const char *where;  /* --db */
    const char *across; /* --across */
    const char *out;    /* --out */
    const char *format; /* --format */
    const char *note;   /* --note */
    long long mark;     /* a change's id; 0: none */
    enum vg_trend_state state;
    bool replace, dry, all, runs, json;
};

#define CMD_OPTION_DB                                                                                                  \
    {                                                                                                                  \
        "db", 'd', "WHERE", 0,                                                                                         \
            "The history: a file or postgresql://USER@HOST/DATABASE (default: $VGAUGE_HISTORY, else "                  \
            "vgauge-history.db)",                                                                                      \
            0                                                                                                          \
    }
#define CMD_OPTION_ACROSS                                                                                              \
    {                                                                                                                  \
        "across", 'x', "KEYS", 0,                                                                                      \
            "Fields of the fingerprint that may differ within a trend, besides drivers, kernels and other software; "  \
            "globs, comma-separated",                                                                                  \
            0                                                                                                          \
    }
#define CMD_OPTION_HISTORY_JSON                                                                                        \
    {                                                                                                                  \
        "json", 'j', NULL, 0, "Print JSON", 0                                                                          \
    }

/* For cmd_command.option of all of them. */
bool cmd_history_option(void *options, int key, const char *value, struct vg_error *err);
struct vg_history *cmd_history_open(const struct cmd_history_options *options, enum vg_history_mode mode,
                                    struct vg_error *err);
/* The trends that the operands name: globs, or parts of names; none: all. False if nothing is there or matches. */
bool cmd_history_load(struct vg_history *history, const struct cmd_history_options *options, struct vg_trends *trends,
                      struct vg_error *err);
/* As many threads as the process may use cores. */
unsigned cmd_history_threads(void);
/* "2026-11-22", and with the time of day where more than the day is needed. Caller frees. */
char *cmd_history_day(int64_t seconds);
/* "+8.2 %", or "1 -> 2" where there is no ratio. Caller frees. */
char *cmd_history_by(const struct vg_trend *trend, const struct vg_trend_change *change);
/* "detected", "doubtful", ... */
const char *cmd_history_state(const struct vg_trend_change *change);

extern const struct cmd_command cmd_history_add, cmd_history_show, cmd_history_changes, cmd_history_plot,
    cmd_history_export;

#endif
