/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results test by test, in the order in which a reader wants them: what failed, what could not be decided, then
 * the rest as the catalogue has them. The order in which they were measured saves boots and means nothing to a reader.
 */
#include "report/parts.h"

/* The catalogue's folder that the test came from; "" if the run does not know it. Caller frees. */
static char *suite_of(const struct vg_results *results, const char *id)
{
    struct vg_error err = { 0 };
    vg_report_autotest struct vg_test *test = vg_run_load_test(results->run->directory, id, &err);
    return vg_strdup(test && test->group ? test->group : "");
}

static int urgency(enum vg_verdict verdict)
{
    switch (verdict) {
    case VG_FAIL:
    case VG_LOST:
    case VG_TIMEOUT:
        return 0;
    case VG_INVALID:
        return 1;
    case VG_PASS:
    case VG_FINDING:
    case VG_SKIP:
        break;
    }
    return 2;
}

static int by_urgency(const void *left, const void *right)
{
    const struct vg_report_group *a = left, *b = right;
    int order = urgency(a->verdict) - urgency(b->verdict);
    if (order == 0)
        order = strcmp(a->suite, b->suite);
    return order ? order : strcmp(a->test, b->test);
}

static int by_place(const void *left, const void *right, void *results)
{
    const struct vg_judgement *a = *(const struct vg_judgement *const *)left;
    const struct vg_judgement *b = *(const struct vg_judgement *const *)right;
    const struct vg_report_place here = vg_report_place_of(results, a), there = vg_report_place_of(results, b);
    int order = vg_report_place_compare(&here, &there);
    if (order == 0)
        order = (a->boot > b->boot) - (a->boot < b->boot);
    return order ? order : strcmp(a->instance, b->instance);
}

void vg_report_groups_make(const struct vg_results *results, struct vg_report_groups *groups)
{
    *groups = (struct vg_report_groups) { 0 };
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        struct vg_report_group *group = NULL;
        for (unsigned g = 0; g < groups->count && !group; g++)
            if (vg_equal(groups->items[g].test, judgement->test))
                group = &groups->items[g];
        if (!group) {
            group = &vg_push(groups->items, groups->count);
            *group = (struct vg_report_group) { .test = judgement->test,
                                                .suite = suite_of(results, judgement->test),
                                                .verdict = judgement->verdict };
        }
        vg_push(group->instances, group->count) = judgement;
        group->skipped += judgement->verdict == VG_SKIP;
        group->verdict = vg_verdict_worst(group->verdict, judgement->verdict);
    }
    for (unsigned g = 0; g < groups->count; g++)
        qsort_r(groups->items[g].instances, groups->items[g].count, sizeof(*groups->items[g].instances), by_place,
                (void *)results);
    if (groups->count)
        qsort(groups->items, groups->count, sizeof(*groups->items), by_urgency);
}

void vg_report_groups_free(struct vg_report_groups *groups)
{
    for (unsigned i = 0; i < groups->count; i++) {
        free(groups->items[i].instances);
        free(groups->items[i].suite);
    }
    free(groups->items);
    *groups = (struct vg_report_groups) { 0 };
}

unsigned vg_report_groups_count(const struct vg_report_groups *groups, enum vg_verdict verdict)
{
    unsigned count = 0;
    for (unsigned i = 0; i < groups->count; i++)
        count += groups->items[i].verdict == verdict;
    return count;
}
