/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: how the interrupts of completions reach a tenant. That the host handled none is what posting looks like,
 * and a dead counter, and a driver that raises none; so the tenant must have taken them, and what the host counts must
 * live and agree. The thresholds are the test's. */
#include "judge/submissions.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_completion_interrupts;

enum way { WAY_UNKNOWN, WAY_POSTED, WAY_EVENT };
static const char *const way_words[] = {
    [WAY_UNKNOWN] = "not known",
    [WAY_POSTED] = "posted: the tenant takes them without the host",
    [WAY_EVENT] = "eventfd: the host handles them and passes them on",
};

enum sight_name { SEEN_HOST, SEEN_ALL, SEEN_INJECTED, SEEN_EXITS };
static const char *const sight_counters[] = {
    [SEEN_HOST] = "interrupts",
    [SEEN_ALL] = "all-interrupts",
    [SEEN_INJECTED] = "injected",
    [SEEN_EXITS] = "exits",
};
#define SIGHTS VG_COUNT(sight_counters)

/* Interrupts that the tenant took, per completion, in the phase with the fewest; NaN where one does not say. */
static double least_arrived(const struct vg_analysis_input *input)
{
    vg_autofree char *names = vg_strdup(vg_analysis_param(input, "rates"));
    const char *tenant = vg_analysis_param(input, "tenant");
    char *at = names;
    double least = INFINITY;
    for (const char *name; (name = strsep(&at, " "));) {
        const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
        for (unsigned i = 0; phase && i < phase->run_count; i++) {
            const struct vg_measured_run *one = &phase->runs[i];
            double submissions = judge_fact_number(one, "submissions");
            if (!vg_equal(one->tenant, tenant) || !(submissions > 0))
                continue;
            double arrived = judge_fact_number(one, "device_interrupts") / submissions;
            least = isnan(arrived) || arrived < least ? arrived : least;
            if (isnan(arrived))
                return NAN;
        }
    }
    return isinf(least) ? NAN : least;
}

/* NULL, or why nothing follows from what was seen. */
static char *doubt(const struct judge_sight *sights, double arrived, double posted_at_most, double arrives_at_least)
{
    if (isnan(arrived))
        return vg_strdup("the tenant does not say how many interrupts it took");
    if (arrived < arrives_at_least)
        return vg_format("the tenant took %.3g interrupts per completion: there is nothing to be posted or passed on",
                         arrived);
    for (size_t i = 0; i < SIGHTS; i++)
        if (sights[i].blind && i != SEEN_ALL)
            return vg_strdup(sights[i].blind);
    if (sights[SEEN_HOST].line.slope_lower > posted_at_most)
        return NULL;
    if (!(sights[SEEN_HOST].line.slope_upper <= posted_at_most))
        return vg_strdup("the interval of the host's interrupts has the limit within");
    if (sights[SEEN_INJECTED].line.slope_lower > posted_at_most)
        return vg_format("KVM injects %.3g interrupts per completion, and yet the host counts none of the vGPU's: its "
                         "vectors' counter is dead, or they are another device's",
                         sights[SEEN_INJECTED].line.slope);
    /* A dead counter of vectors must not hide behind an uneven one of injections. */
    if (!(sights[SEEN_INJECTED].line.slope_upper < arrives_at_least))
        return vg_strdup("KVM's injections are too uneven to exclude that it passes them on");
    return NULL;
}

static void put(struct vg_analysis_output *output, const struct judge_sight *sights, double arrived,
                double posted_at_most, double arrives_at_least)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_completion_interrupts;
    vg_autofree char *why_not = doubt(sights, arrived, posted_at_most, arrives_at_least);
    enum way way = why_not ? WAY_UNKNOWN : sights[SEEN_HOST].line.slope_lower > posted_at_most ? WAY_EVENT : WAY_POSTED;
    vg_output_value(output, self, "class", NULL, why_not ? NAN : (double)way, why_not ? why_not : way_words[way]);
    vg_output_value(output, self, "arrived", NULL, arrived, NULL);
    static const struct {
        enum sight_name sight;
        const char *slope, *upper;
    } slopes[] = { { SEEN_HOST, "host", "host_upper" }, { SEEN_INJECTED, "injected", "injected_upper" } };
    for (size_t i = 0; i < VG_COUNT(slopes); i++) {
        const struct judge_sight *sight = &sights[slopes[i].sight];
        vg_output_value(output, self, slopes[i].slope, NULL, sight->blind ? NAN : sight->line.slope, sight->blind);
        vg_output_value(output, self, slopes[i].upper, NULL, sight->blind ? NAN : sight->line.slope_upper,
                        sight->blind);
    }
    if (why_not)
        vg_output_invalid(output, "How the interrupts of completions arrive cannot be told: %s.", why_not);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    struct judge_sight sights[SIGHTS] = { 0 };
    bool good = true;
    for (size_t i = 0; good && i < SIGHTS; i++) {
        good = judge_sight_look(input, sight_counters[i], i == SEEN_HOST, &sights[i], output, err);
    }
    if (good) {
        /* A vGPU's vectors may stand still, and so may injections; the host's other interrupts and exits do not. */
        judge_sight_drop_dead(&sights[SEEN_HOST], &sights[SEEN_ALL], "the host's count of interrupts");
        judge_sight_drop_dead(&sights[SEEN_INJECTED], &sights[SEEN_EXITS], "KVM's statistics");
        put(output, sights, least_arrived(input), vg_analysis_param_real(input, "posted_at_most"),
            vg_analysis_param_real(input, "arrives_at_least"));
    }
    for (size_t i = 0; i < SIGHTS; i++) {
        judge_sight_free(&sights[i]);
    }
    return good;
}

VG_ANALYSIS(completion_interrupts) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "completion-interrupts",
    .summary = "whether interrupts of completions are posted to the tenant, or handled and passed on by the host",
    .why = "a counter of the host that stands still is what posting looks like, and a dead counter, and no interrupts",
    .params =
        VG_PARAMS {
            { .name = "rates",
              .type = VG_TEXT,
              .summary = "phases, one per rate, blanks between them; at least four, in one of which nothing is "
                         "submitted" },
            { .name = "tenant", .type = VG_TEXT, .summary = "the one that submits" },
            { .name = "stream",
              .type = VG_TEXT,
              .def = "submission",
              .summary = "the workload's table of submissions" },
            { .name = "column", .type = VG_TEXT, .def = "t0", .summary = "the instant of a submission in that stream" },
            { .name = "posted_at_most",
              .type = VG_REAL,
              .min = 0,
              .max = 1,
              .unit = "1",
              .summary =
                  "so many that the host handles per completion, at the upper end of the interval, count as none" },
            { .name = "arrives_at_least",
              .type = VG_REAL,
              .min = 0,
              .max = 1,
              .unit = "1",
              .summary =
                  "the tenant must take so many per completion, in each phase; several completions may share one" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "class", "1", VG_LOWER, 0, "1 posted, 2 the host handles them and passes them on (eventfd)" },
            { "host", "1", VG_LOWER, 0.05, "interrupts that the host handled per completion: the slope" },
            { "host_upper", "1", VG_LOWER, 0, "upper end of its 95 % interval" },
            { "injected", "1", VG_LOWER, 0.05, "interrupts that KVM injected per completion: the slope" },
            { "injected_upper", "1", VG_LOWER, 0, "upper end of its 95 % interval" },
            { "arrived", "1", VG_NEITHER, 0,
              "interrupts of devices that the tenant took per completion, in the phase with the fewest" },
            { .name = NULL },
        },
    .run = run,
};
