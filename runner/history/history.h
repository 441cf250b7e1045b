/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of history/: the metrics of many runs, over months, in a database; what they say about when something
 * changed; and what people said about that.
 *
 * A database is foreign input when it is read: every row carries a seal over its content and its place, so that what
 * was cut, mixed up or changed by hand is told. The seals find accidents, not a forger: anybody can compute them. */
#ifndef VG_HISTORY_H
#define VG_HISTORY_H

#include "record/record.h"
#include "statistics/statistics.h"

struct vg_history;

/* UPDATE and CREATE may write; READ leaves the database as it is, and refuses one of an older schema. */
enum vg_history_mode { VG_HISTORY_READ, VG_HISTORY_UPDATE, VG_HISTORY_CREATE };

/* where: a path, or postgresql://... Brings an older schema up to date if it may write. Refuses with a sentence what is
 * no history, is damaged, or was written by a newer vgauge. */
struct vg_history *vg_history_open(const char *where, enum vg_history_mode mode, struct vg_error *err);
void vg_history_close(struct vg_history *history);
VG_DEFINE_CLEANUP(vg_cleanup_history, struct vg_history *, vg_history_close)
#define vg_autohistory VG_CLEANUP(vg_cleanup_history)
/* As errors name it: a URL's password left out. Borrowed. */
const char *vg_history_shown(const struct vg_history *history);

/* --- adding -------------------------------------------------------------------------------------------------------
 */

enum vg_history_addition {
    VG_HISTORY_ADDED,
    VG_HISTORY_REPLACED, /* it was there, and `replace` was given */
    VG_HISTORY_THERE,    /* it was there; nothing was changed */
};
/* All values of a run, in one transaction: after any failure, a full disk or a crash the database holds the whole run
 * or nothing of it. value_count receives how many. Refuses a run that is not over, or that has no value. */
bool vg_history_add(struct vg_history *history, const struct vg_run *run, const struct vg_metrics *metrics,
                    bool replace, enum vg_history_addition *addition, size_t *value_count, struct vg_error *err);

/* --- reading ------------------------------------------------------------------------------------------------------
 */

struct vg_history_run {
    int64_t id;
    int64_t started_s, ended_s; /* UTC, since 1970 */
    char *plan, *host, *directory;
    char *identity;     /* digest of what makes it this run */
    json_t *fields;     /* of the fingerprint: key -> text, or null: could not be read. Shared; not to be changed */
    int environment;    /* runs with equal numbers may be compared, by all but what may change; -1: with none */
    char *incomparable; /* why; NULL if the number is not -1 */
    unsigned value_count;
    int64_t value_seal;
};

struct vg_trend_point {
    unsigned run; /* index of vg_trends.runs */
    unsigned boots;
    double value; /* the median of its boots */
    double lowest, highest;
};

enum vg_trend_state {
    VG_TREND_DETECTED,
    VG_TREND_ACKNOWLEDGED, /* somebody knows, and works on it */
    VG_TREND_FIXED,        /* the level came back, or somebody says so */
    VG_TREND_IGNORED,      /* somebody says that it does not matter */
    VG_TREND_STATES
};
extern const char *const vg_trend_state_words[VG_TREND_STATES + 1];

enum vg_trend_direction { VG_TREND_WORSE, VG_TREND_BETTER, VG_TREND_OTHER };
extern const char *const vg_trend_direction_words[]; /* "worse", "better", "other" */

struct vg_trend_change {
    struct vg_changepoint; /* index is of the trend's points */
    enum vg_trend_direction direction;
    int64_t id; /* 0: not in the database: doubtful, or not saved */
    enum vg_trend_state state;
    bool found;        /* by this analysis; false: it was once, and somebody had said something about it */
    char *author;      /* who set the state; NULL: nobody, vgauge did */
    char *note;        /* may be NULL */
    int64_t noted_s;   /* when the state was set */
    char *differences; /* what the fingerprints of the runs before and after do not share: "guest.mesa 22.3.6 -> 24.0";
                          NULL: nothing */
};

/* One metric in one configuration in one environment, over time. */
struct vg_trend {
    int64_t series;
    char *name; /* "TEST/MECHANISM.PROFILE.POLICY/METRIC" */
    char *unit, *recipe;
    enum vg_better better;
    double min_effect;
    int environment;
    struct vg_trend_point *points; /* in the order in which the runs started */
    unsigned count;
    struct vg_trend_change *changes; /* of vg_history_changes; in the order of time */
    unsigned change_count;
};
struct vg_trends {
    struct vg_history_run *runs; /* in the order in which they started */
    unsigned run_count;
    struct vg_trend *items; /* by name, then by environment */
    unsigned count;
    char **environments; /* what their runs share, one "key=value" per line; index: vg_trend.environment */
    unsigned environment_count;
    json_t **fingerprints; /* owns what runs point to */
    unsigned fingerprint_count;
};
/* The fields of a fingerprint that may differ between the runs of one trend, since their changes are what a history is
 * there to show: globs for vg_select. */
extern const char vg_history_may_change[];
/* select: globs for vg_select on the names; NULL: all. across: more fields that may differ; NULL: none. */
bool vg_trends_load(struct vg_history *history, const char *select, const char *across, struct vg_trends *trends,
                    struct vg_error *err);
void vg_trends_free(struct vg_trends *trends);
#define vg_autotrends VG_CLEANUP(vg_trends_free)
/* What changed from one run to another of the fields that may change: "key old -> new, ..."; NULL: nothing. Caller
 * frees. */
char *vg_history_differences(const struct vg_history_run *before, const struct vg_history_run *after);

/* --- changes --------------------------------------------------------------------------------------------------------
 */

/* Looks for change points in every trend whose metric has a practical threshold, in `threads` threads, and fills
 * vg_trend.changes. save: detected ones are written to the database, those that were known keep their state, a detected
 * one that is not found any more goes. A worse level that came back becomes fixed. */
bool vg_history_changes(struct vg_history *history, struct vg_trends *trends, unsigned threads, bool save,
                        struct vg_error *err);
/* What the database knows of the trends' changes, without looking for new ones. */
bool vg_history_known_changes(struct vg_history *history, struct vg_trends *trends, struct vg_error *err);
/* Sets the state of a change by its id. */
bool vg_history_mark(struct vg_history *history, int64_t id, enum vg_trend_state state, const char *author,
                     const char *note, struct vg_error *err);

#endif
