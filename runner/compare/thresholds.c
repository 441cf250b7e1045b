/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what a user's file says of metrics, thresholds and steady boots, is said of metrics that there are. */
#include <stdlib.h>
#include "compare/compare.h"

/* Ids of metrics that the sides have; their texts are the sides'. */
struct ids {
    const char **items;
    size_t count;
};

static void free_ids(struct ids *ids)
{
    free(ids->items);
}

static struct ids ids_of(const struct vg_metrics *const *sides, size_t count)
{
    struct ids ids = { 0 };
    for (size_t i = 0; i < count; i++)
        for (unsigned j = 0; j < sides[i]->count; j++)
            vg_push(ids.items, ids.count) = sides[i]->items[j].id;
    return ids;
}

static const char *after_last(const char *id, char mark)
{
    const char *last = strrchr(id, mark);
    return last ? last + 1 : id;
}

/* The nearest id; else, since most of a glob is no name, the nearest last part ("tiny.p50"), or word ("p50"). Caller
 * frees. */
static char *meant_by(const char *glob, const char *const *ids, size_t count)
{
    static const char marks[] = { '\0', '/', '.' };
    vg_autofree const char **parts = vg_calloc(count, sizeof(*parts));
    char *meant = NULL;
    for (size_t mark = 0; mark < VG_COUNT(marks) && (!meant || !*meant); mark++) {
        bool whole = !marks[mark];
        for (size_t i = 0; i < count; i++)
            parts[i] = whole ? ids[i] : after_last(ids[i], marks[mark]);
        free(meant);
        meant = vg_did_you_mean(whole ? glob : after_last(glob, marks[mark]), parts, count);
    }
    return meant;
}

static bool names_one(const char *user_file, const char *globs, struct vg_metric_place at, const struct ids *ids,
                      struct vg_error *err)
{
    for (size_t i = 0; i < ids->count; i++)
        if (vg_select(globs, ids->items[i]))
            return true;
    if (!ids->count) /* runs without results say so themselves */
        return true;
    vg_autofree char *shown = vg_printable(globs, strlen(globs), 200);
    vg_autofree char *meant = meant_by(globs, ids->items, ids->count);
    return vg_fail(err, VG_ERROR_INPUT,
                   "%s, line %u, column %u: no metric of these runs is called `%s`%s (`optional: true` if it is meant "
                   "for other runs)",
                   user_file, at.line, at.column, shown, meant);
}

bool vg_thresholds_apply(const struct vg_gate_policy *policy, const struct vg_metrics *const *sides, size_t count,
                         struct vg_error *err)
{
    struct ids ids VG_CLEANUP(free_ids) = ids_of(sides, count);
    for (unsigned i = 0; i < policy->user_threshold_count; i++) {
        const struct vg_threshold *threshold = &policy->thresholds[i];
        if (!threshold->optional && !names_one(policy->user_file, threshold->metric, threshold->at, &ids, err))
            return false;
    }
    return true;
}

bool vg_steady_apply(const struct vg_gate_policy *policy, const struct vg_metrics *const *sides, size_t count,
                     struct vg_error *err)
{
    struct ids ids VG_CLEANUP(free_ids) = ids_of(sides, count);
    for (unsigned i = 0; i < policy->user_steady_count; i++) {
        const struct vg_steady *steady = &policy->steady[i];
        if (!steady->optional && !names_one(policy->user_file, steady->metric, steady->at, &ids, err))
            return false;
    }
    return true;
}
