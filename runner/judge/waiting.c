/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: how long submissions of a tenant that always has work wait for their turn, against what the scheduling
 * policy's arithmetic says is the longest: all of the period but the tenant's own slice, (1 - share) x period. Where
 * only the slice is known the period is as many as there are turns, so that this is the others' slices (VGPU-DSUB-008).
 * A submission's wait is its latency less what it takes alone, which the workload found out before the barrier.
 *
 * In an open loop latencies count from the ticks of a clock: a stall is met by all submissions that were meant for it.
 * In a closed loop a stall is met by the one submission that was under way, however long it takes, and one of 600 is no
 * 99th percentile (coordinated omission). So there instants are counted, too: with latencies L, what is still to be
 * waited at an instant is longer than w in this part of the time,
 *
 *     sum(max(0, L - w)) / sum(L)
 *
 * and wait_any_p99 is the w of 1 %, less what a submission takes alone. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

extern const struct vg_analysis vg_analysis_waiting;

static const struct vg_measured_run *find_run(const struct vg_measured_phase *phase, const char *tenant,
                                              const char *stream)
{
    for (unsigned i = 0; phase && i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].tenant, tenant) && vg_measured_stream_find(&phase->runs[i], stream))
            return &phase->runs[i];
    return NULL;
}

/* values: ascending. The solution lies between two neighbours among them, where the sum is linear in w. */
static double residual(const double *values, size_t count, double part)
{
    double all = 0, longer = 0, w = 0;
    for (size_t i = 0; i < count; i++)
        all += values[i];
    for (size_t longest = 1; longest <= count; longest++) {
        longer += values[count - longest];
        w = (longer - part * all) / (double)longest;
        if (longest == count || w >= values[count - longest - 1])
            break;
    }
    return fmax(w, 0);
}

/* What a submission takes alone, its path included. A workload whose job_ns is the work without the path says
 * submission_ns besides; that of the others is the time of a submission. */
static double alone(const struct vg_measured_run *run)
{
    double submission_ns = judge_fact_number(run, "submission_ns");
    return isnan(submission_ns) ? judge_fact_number(run, "job_ns") : submission_ns;
}

static void put_bound(const struct vg_analysis_input *input, const struct vg_measured_phase *phase, const char *tenant,
                      double wait_p99_ns, double any_p99_ns, struct vg_analysis_output *output)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_waiting;
    const struct vg_measurements *m = input->measurements;
    double share = vg_entitled_share(m, phase, tenant);
    double bound_ns = share < 1 ? (1 - share) * judge_period_us(m, phase, tenant) * 1e3 : NAN;
    const char *note = isnan(bound_ns) ? "the policy's slice or period, or the tenant's share, is not known" : NULL;
    vg_output_value(output, self, "bound", NULL, bound_ns, note);
    vg_output_value(output, self, "of_bound", NULL, wait_p99_ns / bound_ns, note);
    vg_output_value(output, self, "any_of_bound", NULL, any_p99_ns / bound_ns,
                    isnan(any_p99_ns) ? "an open loop counts from its ticks" : note);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_waiting;
    const char *name = vg_analysis_param(input, "phase"), *tenant = vg_analysis_param(input, "tenant");
    const char *stream = vg_analysis_param(input, "stream"), *column = vg_analysis_param(input, "column");
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    const struct vg_measured_run *found = find_run(phase, tenant, stream);
    /* Beside others even the search for how long a job takes alone is slower. */
    const char *solo = vg_analysis_param(input, "solo");
    const struct vg_measured_run *by_itself =
        *solo ? find_run(vg_measured_phase_find(input->measurements, solo), tenant, stream) : found;
    double alone_ns = found && by_itself ? alone(by_itself) : NAN;
    if (!found || !(alone_ns > 0)) {
        vg_output_invalid(output,
                          "No run of %s in phase `%s` left a stream `%s` and said how long its job takes alone.",
                          tenant, name, stream);
        return true;
    }
    judge_check_verified(found, output); /* a tenant that has to wait for its turn never gets steady */
    vg_autofree double *values = NULL;
    size_t count;
    if (!vg_column_load(input->measurements, name, found->workload, stream, column, tenant, true, &values, &count, err))
        return false;
    vg_output_value(output, self, "count", NULL, (double)count, NULL);
    if (count == 0) {
        vg_output_invalid(output, "Phase `%s` has no samples of `%s`.", name, column);
        return true;
    }
    double wait_p99_ns = vg_quantile_sorted(values, count, 0.99) - alone_ns;
    bool open_loop = vg_fact_get(found, "submissions_behind");
    double any_p99_ns = open_loop ? NAN : residual(values, count, 0.01) - alone_ns;
    size_t waited = 0;
    while (waited < count && values[count - 1 - waited] > 2 * alone_ns)
        waited++;
    vg_output_value(output, self, "alone", NULL, alone_ns, NULL);
    vg_output_value(output, self, "p50", NULL, vg_quantile_sorted(values, count, 0.5), NULL);
    vg_output_value(output, self, "p99", NULL, vg_quantile_sorted(values, count, 0.99), NULL);
    vg_output_value(output, self, "wait_p99", NULL, wait_p99_ns, NULL);
    vg_output_value(output, self, "wait_any_p99", NULL, any_p99_ns,
                    open_loop ? "an open loop counts from its ticks" : NULL);
    vg_output_value(output, self, "wait_max", NULL, values[count - 1] - alone_ns, NULL);
    vg_output_value(output, self, "waited", NULL, (double)waited / (double)count, NULL);
    put_bound(input, phase, tenant, wait_p99_ns, any_p99_ns, output);
    return true;
}

VG_ANALYSIS(waiting) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "waiting",
    .summary = "how long a busy tenant's submissions wait for their turn, and the policy's arithmetic for it",
    .why = "with a time slice per neighbour the wait has a longest; beyond it the policy is not what was promised",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which it was measured" },
            { .name = "tenant", .type = VG_TEXT, .summary = "whose submissions" },
            { .name = "solo",
              .type = VG_TEXT,
              .def = "",
              .summary = "phase in which the tenant found out what the same job takes alone; empty: the same phase" },
            { .name = "stream", .type = VG_TEXT, .def = "submission", .summary = "the workload's table of samples" },
            { .name = "column", .type = VG_TEXT, .def = "latency", .summary = "a duration of that stream" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "alone", "ns", VG_LOWER, 0, "what one takes alone" },
            { "p50", "ns", VG_LOWER, 0.05, "median latency" },
            { "p99", "ns", VG_LOWER, 0.10, "99 % are at most this" },
            { "wait_p99", "ns", VG_LOWER, 0.10, "the same less what one takes alone" },
            { "wait_any_p99", "ns", VG_LOWER, 0.10,
              "closed loop: at 99 % of the instants no more is still to be waited, as above" },
            { "wait_max", "ns", VG_LOWER, 0, "the longest, as above" },
            { "waited", "1", VG_NEITHER, 0, "part of those that took more than twice as long as alone" },
            { "bound", "ns", VG_NEITHER, 0, "(1 - share) x period of the policy" },
            { "of_bound", "1", VG_LOWER, 0, "wait_p99 / bound" },
            { "any_of_bound", "1", VG_LOWER, 0, "wait_any_p99 / bound" },
            { "count", "1", VG_NEITHER, 0, "samples" },
            { .name = NULL },
        },
    .run = run,
};
