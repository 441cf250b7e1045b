/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a run's samples may become a number at all: it was warm, and it read back results of what it timed;
 * and whether it is known where they come from. */
#include "judge/internal.h"

static bool has_mark(const struct vg_measured_run *run, const char *name)
{
    for (unsigned i = 0; i < run->mark_count; i++)
        if (vg_equal(run->marks[i].name, name))
            return true;
    return false;
}

/* A workload that warms up says so: by the mark of how warm-up ended, and by the rule as a fact. */
static void check_warm_up(const struct vg_measured_run *run, struct vg_analysis_output *output)
{
    const char *rule = vg_fact_get(run, "warmup_rule");
    if (has_mark(run, "warm-up-limit") || (rule && !has_mark(run, "steady"))) {
        if (!rule)
            rule = "its rule is not reported";
        vg_autofree char *shown = vg_printable(rule, strlen(rule), 400);
        vg_output_invalid(output, "%s in %s: warm-up did not reach a steady state: %s.", run->workload, run->tenant,
                          shown);
    }
}

static bool says_verified(const struct vg_measured_run *run)
{
    for (unsigned i = 0; i < run->fact_count; i++)
        if (strncmp(run->facts[i].name, "verified_", 9) == 0 && judge_fact_number(run, run->facts[i].name) > 0)
            return true;
    return false;
}

void judge_check_verified(const struct vg_measured_run *run, struct vg_analysis_output *output)
{
    const struct vg_workload *workload = judge_workload_of(run);
    if (workload && workload->needs == VG_NEED_NONE)
        return; /* nothing of a vGPU is timed, so that there is no result to read back */
    if (!says_verified(run))
        vg_output_invalid(output, "%s in %s does not say that it verified any result of what it timed.", run->workload,
                          run->tenant);
}

/* It completed too little to tell. Where others were at work, that may be the scheduler's doing. */
static bool never_had_enough(const struct vg_measured_run *run)
{
    return judge_fact_number(run, "warmup_samples") < judge_fact_number(run, "warmup_needed");
}

void judge_check_run(const struct vg_measured_run *run, struct vg_analysis_output *output)
{
    check_warm_up(run, output);
    judge_check_verified(run, output);
}

void judge_check_contended_run(const struct vg_measured_run *run, struct vg_analysis_output *output)
{
    if (!never_had_enough(run))
        check_warm_up(run, output);
    judge_check_verified(run, output);
}

const struct vg_workload *judge_workload_of(const struct vg_measured_run *run)
{
    return (const struct vg_workload *)vg_descriptor_find(VG_KIND_WORKLOAD, run->workload);
}

void judge_check_environment(const struct vg_measurements *measurements, struct judge_sentences *invalid)
{
    for (unsigned i = 0; i < measurements->unread_count; i++)
        vg_push(invalid->items, invalid->count) = vg_strdup(measurements->unread[i]);
}
