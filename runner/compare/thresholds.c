/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the thresholds that a user set are those of metrics that there are. */
#include <stdlib.h>
#include "compare/compare.h"

static bool applies(const struct vg_threshold *threshold, const char *const *ids, size_t count)
{
    bool hit = threshold->optional;
    for (size_t i = 0; i < count && !hit; i++)
        hit = vg_select(threshold->metric, ids[i]);
    return hit;
}

static const char *last_part(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash ? slash + 1 : id;
}

/* The nearest id; else, since most of a glob is no name, the nearest last part. Caller frees. */
static char *meant_by(const char *glob, const char *const *ids, size_t count)
{
    char *meant = vg_did_you_mean(glob, ids, count);
    if (*meant)
        return meant;
    free(meant);
    vg_autofree const char **parts = vg_calloc(count, sizeof(*parts));
    for (size_t i = 0; i < count; i++)
        parts[i] = last_part(ids[i]);
    return vg_did_you_mean(last_part(glob), parts, count);
}

bool vg_thresholds_apply(const struct vg_gate_policy *policy, const struct vg_metrics *const *sides, size_t count,
                         struct vg_error *err)
{
    vg_autofree const char **ids = NULL;
    size_t id_count = 0;
    for (size_t i = 0; i < count; i++)
        for (unsigned j = 0; j < sides[i]->count; j++)
            vg_push(ids, id_count) = sides[i]->items[j].id;
    if (!id_count) /* runs without results say so themselves */
        return true;
    for (unsigned i = 0; i < policy->user_threshold_count; i++) {
        const struct vg_threshold *threshold = &policy->thresholds[i];
        if (applies(threshold, ids, id_count))
            continue;
        vg_autofree char *shown = vg_printable(threshold->metric, strlen(threshold->metric), 200);
        vg_autofree char *meant = meant_by(threshold->metric, ids, id_count);
        return vg_fail(
            err, VG_ERROR_INPUT,
            "%s: threshold %u: no metric of these runs is called `%s`%s (`optional: true` if it is meant for "
            "other runs)",
            policy->user_file, i + 1, shown, meant);
    }
    return true;
}
