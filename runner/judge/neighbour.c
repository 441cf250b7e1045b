/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what a tenant noticed in one phase of the work that it had begun in an earlier one. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_neighbour;

#define BIN_S 1.0

struct window {
    double from_s, to_s; /* on the scale of the series */
};

/* The longest stretch without a completion that touches the window. */
static double longest_gap(const struct vg_completion_series *series, const struct window *window)
{
    double last_s = window->from_s, longest_s = 0;
    for (size_t i = 0; i < series->count; i++) {
        double at_s = series->at_s[i];
        if (at_s <= window->from_s) {
            last_s = at_s;
            continue;
        }
        longest_s = fmax(longest_s, fmin(at_s, window->to_s) - last_s);
        last_s = fmin(at_s, window->to_s);
    }
    return fmax(longest_s, window->to_s - last_s);
}

/* Throughput of the slowest second over that of the median second, in the window. */
static double slowest_second(const struct vg_completion_series *series, const struct window *window)
{
    double start_s = window->from_s, *rates = NULL;
    size_t count = 0, inside = 0;
    vg_share_series(series, BIN_S, &start_s, &rates, &count);
    vg_autofree double *kept = vg_calloc(count + 1, sizeof(*kept));
    for (size_t i = 0; i < count; i++) {
        double from_s = start_s + (double)i * BIN_S;
        if (from_s >= window->from_s && from_s + BIN_S <= window->to_s)
            kept[inside++] = rates[i];
    }
    free(rates);
    if (inside < 3)
        return NAN;
    double median = vg_quantile(kept, inside, 0.5);
    return median > 0 ? vg_quantile(kept, inside, 0) / median : NAN;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_neighbour;
    const struct vg_measurements *m = input->measurements;
    const char *workload = vg_analysis_param(input, "workload"), *tenant = vg_analysis_param(input, "tenant");
    const struct vg_measured_phase *started = vg_measured_phase_find(m, vg_analysis_param(input, "started"));
    const struct vg_measured_phase *phase = vg_measured_phase_find(m, vg_analysis_param(input, "phase"));
    struct vg_completions all VG_CLEANUP(vg_completions_free) = { 0 };
    double worst_s = -1, slowest = INFINITY;
    if (!started || !phase) {
        vg_output_invalid(output, "The phases that are compared were not reached.");
        return true;
    }
    if (!vg_completions_load(m, started->name, workload, &all, err))
        return false;
    double offset_s = (double)(phase->start_host_ns - started->start_host_ns) / 1e9;
    const struct window window = { offset_s, offset_s + (double)(phase->end_host_ns - phase->start_host_ns) / 1e9 };
    for (unsigned i = 0; i < all.count; i++) {
        const struct vg_completion_series *series = &all.series[i];
        if (tenant[0] && !vg_equal(tenant, series->tenant))
            continue;
        double gap_s = longest_gap(series, &window), second = slowest_second(series, &window);
        vg_output_value(output, self, "longest_gap", series->tenant, gap_s * 1e9, NULL);
        worst_s = fmax(worst_s, gap_s);
        slowest = fmin(slowest, second);
    }
    if (worst_s < 0) {
        vg_output_invalid(output, "No tenant ran %s from phase `%s` on.", workload, started->name);
        return true;
    }
    vg_output_value(output, self, "longest_gap", NULL, worst_s * 1e9, NULL);
    vg_output_value(output, self, "slowest_second", NULL, isinf(slowest) ? NAN : 100 * slowest, NULL);
    return true;
}

VG_ANALYSIS(neighbour) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "neighbour",
    .summary = "what a tenant that goes on working noticed of what another phase did",
    .why = "a fault is contained only if those beside it cannot tell when it happened",
    .params =
        VG_PARAMS {
            { .name = "started", .type = VG_TEXT, .summary = "the phase in which its work began" },
            { .name = "phase", .type = VG_TEXT, .summary = "the phase in which it may have noticed something" },
            { .name = "workload", .type = VG_TEXT, .summary = "its work, which has completions" },
            { .name = "tenant", .type = VG_TEXT, .def = "", .summary = "only this one; empty: all" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "longest_gap", "ns", VG_LOWER, 0, "longest time without a completion" },
            { "slowest_second", "%", VG_HIGHER, 0, "throughput of the slowest second, of the median second's" },
            { .name = NULL },
        },
    .run = run,
};
