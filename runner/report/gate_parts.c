/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a gate's result, and which metrics are shown first. */
#include "report/gate.h"

#include <math.h>

static unsigned count_of(const struct vg_gate *gate, enum vg_change change)
{
    return gate->comparison ? gate->comparison->counts[change] : 0;
}

char *vg_gate_sentence(const struct vg_gate *gate)
{
    unsigned tested = gate->comparison ? gate->comparison->tested : 0;
    unsigned regressed = count_of(gate, VG_CHANGE_REGRESSED), troubled;
    free(vg_gate_troubles(gate, &troubled));
    vg_autofree char *against = vg_report_clean(gate->title);
    if (gate->objection_count)
        return vg_format("The runs cannot be compared with %s.", against);
    if (regressed)
        return vg_format("%u of %u metrics %s worse than %s, by more than %s threshold.", regressed, tested,
                         regressed == 1 ? "is" : "are", against, regressed == 1 ? "its" : "their");
    if (troubled)
        return vg_format("%u result%s of the runs %s not in order.", troubled, troubled == 1 ? "" : "s",
                         troubled == 1 ? "is" : "are");
    if (tested == 0)
        return vg_format("No metric of the runs could be compared with %s.", against);
    if (gate->comparison->powerless)
        return vg_format("No change of %u of %u metrics against %s could be called, however large: too few boots.",
                         gate->comparison->powerless, tested, against);
    return vg_format("No metric of %u is worse than %s by more than its threshold.", tested, against);
}

/* Also where it decides nothing: what is excused, and what passed against expectation, is never out of sight. */
static void add_overlays(const struct vg_gate *gate, struct vg_text *text)
{
    const char *separator = "; results: ";
    for (unsigned overlay = VG_OVERLAY_NONE + 1; overlay < VG_OVERLAYS; overlay++) {
        unsigned count = 0;
        for (unsigned i = 0; gate->now && i < gate->now->count; i++)
            count += vg_results_overlays(gate->now->runs[i], (enum vg_overlay)overlay);
        if (!count)
            continue;
        vg_text_add(text, "%s%u %s", separator, count, vg_overlay_name((enum vg_overlay)overlay));
        separator = ", ";
    }
}

char *vg_gate_counts_text(const struct vg_gate *gate)
{
    vg_autotext struct vg_text text = { 0 };
    vg_text_add(&text, "%u compared", gate->comparison ? gate->comparison->tested : 0);
    const char *separator = ": ";
    for (unsigned change = 0; change < VG_CHANGES; change++) {
        if (!count_of(gate, (enum vg_change)change))
            continue;
        if (change == VG_CHANGE_INSUFFICIENT || (change > VG_CHANGE_INSUFFICIENT && vg_equal(separator, ", ")))
            separator = "; ";
        vg_text_add(&text, "%s%u %s", separator, count_of(gate, (enum vg_change)change),
                    vg_change_name((enum vg_change)change));
        separator = change < VG_CHANGE_INCONCLUSIVE ? ", " : "; ";
    }
    add_overlays(gate, &text);
    return vg_strdup(text.data);
}

static char *percent(double ratio)
{
    double change = 100 * (ratio - 1);
    if (isnan(change))
        return vg_strdup("no value");
    if (isinf(change) || fabs(change) >= 99900)
        return vg_strdup(change > 0 ? "unbounded" : "-100 %");
    return vg_format("%+.*f %%", fabs(change) >= 100 ? 0 : 1, change);
}

char *vg_gate_change_text(const struct vg_compared *item)
{
    return percent(item->ratio);
}

char *vg_gate_interval_text(const struct vg_compared *item)
{
    if (isnan(item->lower))
        return vg_strdup("");
    vg_autofree char *lower = percent(item->lower), *upper = percent(item->upper);
    return vg_format("%s to %s", lower, upper);
}

char *vg_gate_across_text(const struct vg_gate *gate)
{
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (unsigned i = 0; i < gate->differences.count; i++) {
        if (!gate->differences.items[i].across && !gate->differences.items[i].recorded)
            continue;
        vg_autofree char *one = vg_difference_text(&gate->differences.items[i]);
        vg_autofree char *clean = vg_report_clean(one);
        vg_text_add(&text, "%s%s%s", text.length ? "; " : "", clean,
                    gate->differences.items[i].across ? "" : " (need not be equal)");
    }
    return text.data;
}

/* Regressions first, the largest of them at the top; then what is not decided, then improvements. */
static int urgency(const struct vg_compared *item)
{
    switch (item->change) {
    case VG_CHANGE_REGRESSED:
        return 0;
    case VG_CHANGE_INCONCLUSIVE:
        return 1;
    case VG_CHANGE_IMPROVED:
        return 2;
    case VG_CHANGE_INSUFFICIENT:
    case VG_CHANGE_NO_BASELINE:
    case VG_CHANGE_NOT_MEASURED:
        return 3;
    case VG_CHANGE_EQUIVALENT:
    case VG_CHANGES:
        break;
    }
    return 4;
}

static int compare_items(const void *left, const void *right, void *context)
{
    const struct vg_comparison *comparison = context;
    const struct vg_compared *a = &comparison->items[*(const unsigned *)left];
    const struct vg_compared *b = &comparison->items[*(const unsigned *)right];
    if (urgency(a) != urgency(b))
        return urgency(a) - urgency(b);
    double x = fabs(log(a->ratio)), y = fabs(log(b->ratio));
    if (x != y && !isnan(x) && !isnan(y))
        return x > y ? -1 : 1;
    return strcmp(a->id, b->id);
}

unsigned *vg_gate_order(const struct vg_comparison *comparison, bool all, unsigned *count)
{
    unsigned *order = vg_calloc(comparison->count, sizeof(*order));
    *count = 0;
    for (unsigned i = 0; i < comparison->count; i++)
        if (all || urgency(&comparison->items[i]) <= 2)
            order[(*count)++] = i;
    if (*count)
        qsort_r(order, *count, sizeof(*order), compare_items, (void *)comparison);
    return order;
}

const struct vg_judgement **vg_gate_troubles(const struct vg_gate *gate, unsigned *count)
{
    const struct vg_judgement **troubles = NULL;
    *count = 0;
    for (unsigned i = 0; gate->now && i < gate->now->count; i++)
        for (unsigned j = 0; j < gate->now->runs[i]->count; j++)
            if (vg_judgement_gates(gate->now->runs[i]->judgements[j]) ||
                vg_gate_closes_overlay(gate, gate->now->runs[i]->judgements[j]->overlay))
                vg_push(troubles, *count) = gate->now->runs[i]->judgements[j];
    return troubles;
}
