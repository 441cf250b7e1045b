/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does a tenant's throughput depend on the user-space manager? A workload that began before runs on while the
 * manager stands still. Its rate in windows of BIN_S seconds, inside the time in which the manager stood still, against
 * the same before and after it:
 *
 *     throughput = mean(inside) / mean(outside),  error = t(0.975, n) x sqrt(se_i^2 + se_o^2) / mean(outside)
 *
 * with the standard errors of both means and Welch's degrees of freedom n. What was measured before and after is one
 * side: a machine that drifts evenly shows no change. What comes back when the manager is let go is a number of its
 * own,
 *
 *     recovery = mean(after) / mean(before),
 *
 * or a loss that lasts would pass for such a drift. */
#include "judge/internal.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

extern const struct vg_analysis vg_analysis_frozen;

#define BIN_S 0.5

struct side {
    double sum, squares;
    unsigned count;
};

static void add(struct side *side, double rate)
{
    side->sum += rate;
    side->squares += rate * rate;
    side->count++;
}

static double mean(const struct side *side)
{
    return side->sum / side->count;
}

/* Square of the mean's standard error. */
static double error_square(const struct side *side)
{
    double n = side->count, variance = (side->squares - side->sum * side->sum / n) / (n - 1);
    return fmax(variance, 0) / n;
}

static double seconds_in(const struct vg_measured_phase *phase, int64_t host_ns)
{
    return ((double)host_ns - (double)phase->start_host_ns) / (double)VG_NS_PER_S;
}

/* From when every manager stood still until the first was let go. */
static bool find_time(const struct vg_measurements *m, const struct vg_measured_phase *phase, double *from_s,
                      double *to_s)
{
    bool from = false, to = false;
    for (unsigned i = 0; i < m->event_count; i++) {
        const struct vg_measured_event *event = &m->events[i];
        if (event->done && vg_equal(event->action, "freeze-manager")) {
            *from_s = seconds_in(phase, event->host_ns);
            from = true;
        } else if (from && !to && !event->done && vg_equal(event->action, "thaw-manager")) {
            *to_s = seconds_in(phase, event->host_ns);
            to = true;
        }
    }
    return from && to;
}

/* Jobs per second in [from_s, to_s), a job counted where it ended. vg_completion_rate() spreads one over the time that
 * it took, which a stall would even out. */
static double rate_of(const struct vg_completion_series *series, double from_s, double to_s)
{
    size_t jobs = 0;
    for (size_t i = 0; i < series->count; i++)
        jobs += series->at_s[i] >= from_s && series->at_s[i] < to_s;
    return (double)jobs / (to_s - from_s);
}

static double longest_gap(const struct vg_completion_series *series, double from_s, double to_s)
{
    double last_s = from_s, longest_s = 0;
    for (size_t i = 0; i < series->count; i++) {
        if (series->at_s[i] < from_s || series->at_s[i] >= to_s)
            continue;
        longest_s = fmax(longest_s, series->at_s[i] - last_s);
        last_s = series->at_s[i];
    }
    return fmax(longest_s, to_s - last_s);
}

static void put(struct vg_analysis_output *output, const char *metric, double value)
{
    vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_frozen, metric, NULL, value, NULL);
}

/* Of the two means: their ratio, and half of its 95 % interval. */
struct ratio {
    double value, error;
};

static struct ratio divide(const struct side *top, const struct side *bottom)
{
    double a = error_square(top), b = error_square(bottom);
    double freedom = (a + b) * (a + b) / (a * a / (top->count - 1) + b * b / (bottom->count - 1));
    return (struct ratio) {
        .value = mean(top) / mean(bottom),
        .error = a + b > 0 ? gsl_cdf_tdist_Pinv(0.975, freedom) * sqrt(a + b) / mean(bottom) : 0,
    };
}

static struct side both(const struct side *a, const struct side *b)
{
    return (struct side) { a->sum + b->sum, a->squares + b->squares, a->count + b->count };
}

static void put_ratio(struct vg_analysis_output *output, const char *const names[4], struct ratio ratio)
{
    put(output, names[0], ratio.value);
    put(output, names[1], ratio.error);
    put(output, names[2], ratio.value - ratio.error);
    put(output, names[3], ratio.value + ratio.error);
}

static void compare(const struct vg_completion_series *series, double from_s, double to_s, const char *tenant,
                    struct vg_analysis_output *output)
{
    static const char *const throughput[] = { "throughput", "error", "at_least", "at_most" };
    static const char *const recovery[] = { "recovery", "recovery_error", "recovery_at_least", "recovery_at_most" };
    struct side inside = { 0 }, before = { 0 }, after = { 0 };
    double length_s = to_s - from_s, last_s = series->at_s[series->count - 1];
    double begin_s = isnan(series->steady_s) ? series->at_s[0] : series->steady_s;
    for (double at_s = from_s; at_s + BIN_S <= to_s; at_s += BIN_S)
        add(&inside, rate_of(series, at_s, at_s + BIN_S));
    for (double at_s = from_s; at_s - BIN_S >= fmax(begin_s, from_s - length_s); at_s -= BIN_S)
        add(&before, rate_of(series, at_s - BIN_S, at_s));
    for (double at_s = to_s; at_s + BIN_S <= fmin(last_s, to_s + length_s); at_s += BIN_S)
        add(&after, rate_of(series, at_s, at_s + BIN_S));
    put(output, "stood_still_s", length_s);
    put(output, "longest_gap_s", longest_gap(series, from_s, to_s));
    if (inside.count < 3 || before.count < 3 || after.count < 3 || !(mean(&before) > 0)) {
        vg_output_invalid(output,
                          "%s was measured for %u windows while the manager stood still, %u before it and %u after it: "
                          "too few.",
                          tenant, inside.count, before.count, after.count);
        return;
    }
    struct side outside = both(&before, &after);
    put(output, "rate", mean(&outside));
    put_ratio(output, throughput, divide(&inside, &outside));
    put_ratio(output, recovery, divide(&after, &before));
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    const char *name = vg_analysis_param(input, "phase"), *tenant = vg_analysis_param(input, "tenant");
    const char *workload = vg_analysis_param(input, "workload");
    const struct vg_measured_phase *phase = vg_measured_phase_find(m, name);
    struct vg_completions all VG_CLEANUP(vg_completions_free) = { 0 };
    const struct vg_completion_series *series = NULL;
    double from_s = 0, to_s = 0;
    if (!judge_phases_measured(m, &name, 1, output))
        return true;
    if (!find_time(m, phase, &from_s, &to_s)) {
        vg_output_invalid(output, "The manager was not frozen and let go again.");
        return true;
    }
    for (unsigned i = 0; i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].workload, workload) && vg_equal(phase->runs[i].tenant, tenant))
            judge_check_contended_run(&phase->runs[i], output);
    if (!vg_completions_load(m, name, workload, &all, err))
        return false;
    for (unsigned i = 0; i < all.count; i++)
        if (vg_equal(all.series[i].tenant, tenant) && all.series[i].count > 0)
            series = &all.series[i];
    if (!series) {
        vg_output_invalid(output, "%s completed nothing of %s.", tenant, workload);
        return true;
    }
    size_t after = 0;
    for (size_t i = 0; i < series->count; i++)
        after += series->at_s[i] >= to_s;
    put(output, "jobs_after", (double)after);
    compare(series, from_s, to_s, tenant, output);
    return true;
}

VG_ANALYSIS(frozen) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "frozen",
    .summary = "throughput of a tenant while the user-space manager stands still, against before and after",
    .why = "a manager that is out of the path is not missed",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the workload was started" },
            { .name = "tenant", .type = VG_TEXT, .summary = "whose throughput" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "that runs on" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "throughput", "1", VG_HIGHER, 0.05, "rate while the manager stood still / rate before and after" },
            { "error", "1", VG_LOWER, 0, "half of the 95 % interval of throughput" },
            { "at_least", "1", VG_HIGHER, 0, "its lower end" },
            { "at_most", "1", VG_HIGHER, 0, "its upper end: below a threshold, the loss is beyond doubt" },
            { "recovery", "1", VG_HIGHER, 0.05, "rate after it was let go / rate before" },
            { "recovery_error", "1", VG_LOWER, 0, "half of the 95 % interval of recovery" },
            { "recovery_at_least", "1", VG_HIGHER, 0, "its lower end" },
            { "recovery_at_most", "1", VG_HIGHER, 0, "its upper end" },
            { "rate", "1/s", VG_HIGHER, 0.05, "jobs before and after" },
            { "stood_still_s", "s", VG_NEITHER, 0, "how long the manager was frozen" },
            { "longest_gap_s", "s", VG_LOWER, 0, "without a completion while it was" },
            { "jobs_after", "1", VG_HIGHER, 0, "jobs completed after it was let go" },
            { .name = NULL },
        },
    .run = run,
};
