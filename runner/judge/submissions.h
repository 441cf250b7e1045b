/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to judge/: what a probe's counter did while a tenant submitted at several rates. */
#ifndef VG_JUDGE_SUBMISSIONS_H
#define VG_JUDGE_SUBMISSIONS_H

#include "judge/internal.h"
#include "statistics/statistics.h"

/* A counter of a probe that only grows. */
struct judge_counter {
    const char *name; /* in a test's `counter:` */
    const char *probe, *stream, *column;
    const char *items;   /* rows of these items are added up, blanks between them; "": rows without one */
    double scale;        /* to the unit of the metric */
    bool is_time;        /* CPU time: microseconds of it per submission */
    const char *summary; /* what one of it is: "commands that the virtio-gpu took" */
};
/* NULL: there is none of that name. */
const struct judge_counter *judge_counter_find(const char *name);
/* What the tenant did in one phase, between the first and the last look of the probe that lie within its
 * submissions: both are counted over exactly the same time. */
struct judge_pace {
    const char *phase;
    double seconds;
    double submissions;    /* a second */
    double counted;        /* a second */
    double per_submission; /* NaN where there were no submissions */
};
struct judge_paces {
    struct judge_pace *items;
    size_t count;
    char *blind; /* why the counter could not be read; NULL: it could */
    double
        moved; /* least growth in a phase in which something was submitted, its set-up included; NaN: there is none */
};
/* rates: names of phases, blanks between them; one tenant. Reasons why a phase gives no number go to output as invalid;
 * a counter that cannot be seen at all is told in `blind`. False if a file cannot be read. */
bool judge_paces_load(const struct vg_analysis_input *input, const struct judge_counter *counter,
                      struct judge_paces *paces, struct vg_analysis_output *output, struct vg_error *err);
void judge_paces_free(struct judge_paces *paces);
/* The slope of counted over submissions. At least JUDGE_RATES_MIN different rates, one of them none at all; else a line
 * of NaN and why_not, which the caller frees. */
enum { JUDGE_RATES_MIN = 4 };
struct vg_line judge_paces_line(const struct judge_paces *paces, char **why_not);

/* One counter over the rates, as evidence. */
struct judge_sight {
    struct judge_paces paces;
    struct vg_line line;
    char *blind; /* why it is no evidence; NULL: it is */
};
/* Several counters see the same phases: what is wrong with one of these is told once, by the look at the first
 * (telling). False if a file cannot be read. */
bool judge_sight_look(const struct vg_analysis_input *input, const char *counter, bool telling,
                      struct judge_sight *sight, struct vg_analysis_output *output, struct vg_error *err);
/* A counter that stands still is evidence only while another one of its source, the witness, moves. what: the witness
 * in words. */
void judge_sight_drop_dead(struct judge_sight *sight, const struct judge_sight *witness, const char *what);
void judge_sight_free(struct judge_sight *sight);

#endif
