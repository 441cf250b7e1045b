/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks for changes in many trends at once, and says of each which way it went and what else changed there. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include "history/known.h"

const char *const vg_trend_state_words[] = { "detected", "acknowledged", "fixed", "ignored", NULL };
const char *const vg_trend_direction_words[] = { "worse", "better", "other" };

enum { THREADS_MOST = 64 };

/* Trends are taken one by one by whichever thread is free. */
struct crew {
    const struct vg_trends *trends;
    struct vg_changepoints *changes; /* of each trend */
    atomic_uint next;
};

static void look(const struct vg_trend *trend, struct vg_changepoints *changes)
{
    struct vg_changepoint_options options = vg_changepoint_defaults();
    options.min_effect = trend->min_effect;
    if (!(trend->min_effect > 0))
        return; /* its metric is declared as not to be compared */
    vg_autofree double *values = vg_calloc(trend->count + 1, sizeof(*values));
    for (unsigned i = 0; i < trend->count; i++)
        values[i] = trend->points[i].value;
    vg_changepoints_find(values, trend->count, &options, changes);
}

static void *work(void *context)
{
    struct crew *crew = context;
    for (unsigned i; (i = atomic_fetch_add(&crew->next, 1)) < crew->trends->count;)
        look(&crew->trends->items[i], &crew->changes[i]);
    return NULL;
}

static void look_at_all(const struct vg_trends *trends, unsigned threads, struct vg_changepoints *changes)
{
    struct crew crew = { .trends = trends, .changes = changes };
    pthread_t others[THREADS_MOST];
    unsigned started = 0;
    while (started + 1 < threads && started < THREADS_MOST && pthread_create(&others[started], NULL, work, &crew) == 0)
        started++; /* fewer do the same work, later */
    work(&crew);
    for (unsigned i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}

static enum vg_trend_direction direction_of(const struct vg_trend *trend, double before, double after)
{
    if (trend->better == VG_NEITHER || before == after)
        return VG_TREND_OTHER;
    return (after > before) == (trend->better == VG_HIGHER) ? VG_TREND_BETTER : VG_TREND_WORSE;
}

void hist_add_change(const struct vg_trends *trends, struct vg_trend *trend, const struct vg_changepoint *change)
{
    struct vg_trend_change *added = &vg_push(trend->changes, trend->change_count);
    memset(added, 0, sizeof(*added));
    memcpy(added, change, sizeof(*change)); /* the anonymous head */
    added->direction = direction_of(trend, change->before, change->after);
    if (change->index > 0)
        added->differences = vg_history_differences(&trends->runs[trend->points[change->index - 1].run],
                                                    &trends->runs[trend->points[change->index].run]);
}

bool vg_history_changes(struct vg_history *history, struct vg_trends *trends, unsigned threads, bool save,
                        struct vg_error *err)
{
    struct vg_changepoints *changes = vg_calloc(trends->count + 1, sizeof(*changes));
    look_at_all(trends, threads, changes);
    for (unsigned i = 0; i < trends->count; i++) {
        for (size_t c = 0; c < changes[i].count; c++) {
            hist_add_change(trends, &trends->items[i], &changes[i].items[c]);
            trends->items[i].changes[c].found = true;
        }
        vg_changepoints_free(&changes[i]);
    }
    free(changes);
    if (!hist_begin(history, save, err))
        return false;
    return hist_end(history, hist_merge_known(history, trends, save, err), err);
}

bool vg_history_known_changes(struct vg_history *history, struct vg_trends *trends, struct vg_error *err)
{
    return hist_begin(history, false, err) && hist_end(history, hist_merge_known(history, trends, false, err), err);
}
