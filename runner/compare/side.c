/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several judged runs as one side of a comparison. */
#include "compare/internal.h"

static bool same_environment(const struct vg_side *side, const char *across, struct vg_error *err)
{
    const struct vg_run *first = side->runs[0]->run, *last = side->runs[side->count - 1]->run;
    struct vg_differences differences;
    if (side->count == 1) /* `across` may name what only the other side of the comparison has */
        return true;
    if (!vg_fingerprints_compare(vg_run_fingerprint_of(last), vg_run_fingerprint_of(first), across, &differences, err))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < differences.count; i++) {
        /* What neither knows is no difference between them; it is one to whatever they are compared with. */
        if (differences.items[i].across || (!differences.items[i].now && !differences.items[i].then))
            continue;
        vg_autofree char *text = vg_difference_text(&differences.items[i]);
        good = vg_fail(err, VG_ERROR_INPUT, "%s and %s are not replicates of each other: %s", last->directory,
                       first->directory, text);
    }
    vg_differences_free(&differences);
    return good;
}

bool vg_is_same_run(const struct vg_run *a, const struct vg_run *b)
{
    return vg_equal(a->directory, b->directory) || (a->seed == b->seed && vg_equal(a->started, b->started) &&
                                                    vg_equal(a->plan, b->plan) && vg_equal(a->host, b->host));
}

static bool add_run(const char *directory, const char *across, struct vg_side *side, struct vg_error *err)
{
    struct vg_results *results = vg_results_gather(directory, err);
    if (!results)
        return false;
    vg_push(side->runs, side->count) = results;
    for (unsigned i = 0; i + 1 < side->count; i++)
        if (vg_is_same_run(side->runs[i]->run, results->run))
            return vg_fail(err, VG_ERROR_INPUT, "%s was given twice%s%s: its boots are no replicates of themselves",
                           directory, vg_equal(side->runs[i]->run->directory, directory) ? "" : ", also as ",
                           vg_equal(side->runs[i]->run->directory, directory) ? "" : side->runs[i]->run->directory);
    return same_environment(side, across, err) && vg_metrics_add(&side->metrics, results, err);
}

bool vg_side_load(const char *const *directories, unsigned count, const char *across, struct vg_side *side,
                  struct vg_error *err)
{
    *side = (struct vg_side) { 0 };
    bool good = count > 0 || vg_fail(err, VG_ERROR_INPUT, "no run was given");
    for (unsigned i = 0; good && i < count; i++)
        good = add_run(directories[i], across, side, err);
    if (!good)
        vg_side_free(side);
    return good;
}

void vg_side_free(struct vg_side *side)
{
    for (unsigned i = 0; i < side->count; i++)
        vg_results_free(side->runs[i]);
    free(side->runs);
    vg_metrics_free(&side->metrics);
    *side = (struct vg_side) { 0 };
}
