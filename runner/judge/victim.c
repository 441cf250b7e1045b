/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what a tenant keeps of its share while neighbours run something else. `share` compares tenants that do the
 * same; here one tenant, the victim, is held against what it did alone, over the window in which every neighbour was at
 * work as well.
 *
 * What it was given is its part of the pGPU's time, where that is counted; what it got done is its throughput, for a
 * neighbour can take caches, memory bandwidth or the way to the GPU and leave the time alone (work.c has the formula of
 * throughput and its error). */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_victim;

static void put(struct vg_analysis_output *output, const char *metric, double value, const char *note)
{
    vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_victim, metric, NULL, value, note);
}

/* The tenant's series; NULL, with the reason, if there is not exactly this one victim beside others. */
static const struct vg_completion_series *find_victim(const struct judge_contended *contended, const char *tenant,
                                                      unsigned *index, struct vg_analysis_output *output)
{
    const struct vg_completions *all = &contended->completions;
    const struct vg_completion_series *victim = NULL;
    for (unsigned i = 0; i < all->count; i++) {
        if (!vg_equal(all->series[i].tenant, tenant))
            continue;
        victim = &all->series[i];
        *index = i;
    }
    if (!victim)
        vg_output_invalid(output, "The victim %s ran nothing in phase `%s`.", tenant, contended->phase->name);
    else if (all->count < 2)
        vg_output_invalid(output, "The victim %s had no neighbour in phase `%s`.", tenant, contended->phase->name);
    return victim;
}

/* A neighbour that did nothing is none. */
static void check_neighbours(const struct judge_contended *contended, const struct vg_completion_series *victim,
                             struct vg_analysis_output *output)
{
    const struct vg_completions *all = &contended->completions;
    for (unsigned i = 0; i < contended->phase->run_count; i++)
        judge_check_verified(&contended->phase->runs[i], output);
    for (unsigned i = 0; i < all->count; i++) {
        const struct vg_completion_series *series = &all->series[i];
        size_t inside = 0;
        for (size_t j = 0; j < series->count; j++)
            inside += series->at_s[j] >= all->window_start_s && series->at_s[j] <= all->window_end_s;
        if (series != victim && inside < 2)
            vg_output_invalid(output, "The neighbour %s completed %zu jobs in the window of phase `%s`: it was none.",
                              series->tenant, inside, contended->phase->name);
    }
}

static void put_throughput(const struct judge_basis *basis, const struct judge_contended *contended,
                           const struct vg_completion_series *victim, double work, double promised,
                           struct vg_analysis_output *output)
{
    const struct judge_solo *solo = &basis->solo;
    double own = work > 0 && solo->work > 0 ? work / solo->work : 1;
    struct vg_completion_series copy = *victim;
    const struct vg_completions only = {
        .series = &copy,
        .count = 1,
        .window_start_s = contended->completions.window_start_s,
        .window_end_s = contended->completions.window_end_s,
    };
    const struct judge_side before = judge_solo_side(solo);
    const struct judge_side after = { &only, contended->phase, 1 / promised, &own };
    struct judge_efficiency got = judge_efficiency_measure(&before, &after, &basis->clocks.clock);
    judge_efficiency_put(&got, &basis->clocks.clock, (const struct vg_descriptor *)&vg_analysis_victim, "throughput",
                         output);
}

static void measure(const struct vg_measurements *m, const struct judge_basis *basis,
                    const struct judge_contended *contended, const char *tenant, struct vg_analysis_output *output)
{
    const struct judge_solo *solo = &basis->solo;
    unsigned index;
    const struct vg_completion_series *victim = find_victim(contended, tenant, &index, output);
    if (!victim || output->invalid_count || isnan(contended->window_s))
        return;
    check_neighbours(contended, victim, output);
    double entitled = contended->entitled[index];
    double promised = isnan(entitled) ? 1 : entitled;
    if (!(promised * solo->rate * contended->window_s >= JUDGE_MIN_JOBS)) {
        vg_output_invalid(output, "The window of phase `%s`, %.2f s, has room for fewer than %d of the victim's jobs.",
                          contended->phase->name, contended->window_s, JUDGE_MIN_JOBS);
        return;
    }
    bool by_time = !isnan(solo->gpu_time);
    double share = by_time ? contended->gpu_time[index] / solo->gpu_time : contended->rates[index] / solo->rate;
    put(output, "share", share, by_time ? "of the pGPU's time" : "of solo throughput");
    put(output, "of_entitled", share / promised, isnan(entitled) ? "the policy promises no share" : NULL);
    if (!isnan(entitled))
        put(output, "entitled", entitled, NULL);
    put_throughput(basis, contended, victim, judge_job_work(m, contended->phase->name, "", tenant), promised, output);
    put(output, "queued",
        judge_queued(victim, contended->completions.window_start_s, contended->completions.window_end_s), NULL);
    put(output, "window_s", contended->window_s, NULL);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    const char *phases[] = { vg_analysis_param(input, "solo"), vg_analysis_param(input, "phase") };
    const char *workload = vg_analysis_param(input, "workload"), *tenant = vg_analysis_param(input, "tenant");
    struct judge_basis basis VG_CLEANUP(judge_basis_free) = { 0 };
    struct judge_contended contended VG_CLEANUP(judge_contended_free) = { 0 };
    if (!judge_basis_open(input, (const struct vg_descriptor *)&vg_analysis_victim, phases, VG_COUNT(phases), &basis,
                          output, err))
        return false;
    judge_check_runs(m, phases, 1, workload, NULL, false, output);
    if (output->invalid_count)
        return true;
    if (!judge_contended_measure(m, &basis.clocks, phases[1], "", &basis.solo, &contended, output, err))
        return false;
    measure(m, &basis, &contended, tenant, output);
    return true;
}

VG_ANALYSIS(victim) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "victim",
    .summary = "what one tenant keeps of its share beside neighbours that run something else",
    .why = "a neighbour can take what no scheduler shares out: caches, bandwidth, the host's own time",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which the victim has neighbours" },
            { .name = "solo", .type = VG_TEXT, .summary = "the phase in which one tenant runs the victim's job alone" },
            { .name = "tenant", .type = VG_TEXT, .summary = "the victim" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "the victim's" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "throughput", "1", VG_HIGHER, 0.05,
              "victim's rate / what the policy promises it of solo, per unit of the pGPU's clock; where the policy "
              "promises nothing: / solo" },
            { "error", "1", VG_LOWER, 0, "half of the 95 % interval of throughput" },
            { "at_most", "1", VG_HIGHER, 0,
              "upper end of its 95 % interval: below a threshold, the loss is beyond doubt" },
            { "at_least", "1", VG_HIGHER, 0, "throughput - error" },
            { "share", "1", VG_NEITHER, 0, "victim's GPU time / solo where it is counted, else its rate / solo rate" },
            { "of_entitled", "1", VG_HIGHER, 0.05, "share / entitled; where the policy promises nothing: share" },
            { "entitled", "1", VG_NEITHER, 0, "the share that the policy promises the victim; absent: none" },
            { "queued", "1", VG_NEITHER, 0,
              "part of the victim's jobs that were waiting when the one before was done" },
            { "solo_rate", "1/s", VG_HIGHER, 0.05, "jobs of a tenant that has the whole pGPU" },
            { "solo_cv", "1", VG_LOWER, 0, "coefficient of variation over windows of 1 s of what it gets alone" },
            { "window_s", "s", VG_NEITHER, 0, "time in which victim and neighbours were all at work" },
            { .name = NULL },
        },
    .run = run,
};
