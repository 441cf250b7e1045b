/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: does this judge refuse what means nothing? It judges copies of the instance's own measurements, each worse
 * in one way, by the rest of the test; each must get the verdict that it deserves, with a reason, and none may pass. It
 * is a test of vgauge: what a user believes of every other verdict rests on these. */
#include "judge/internal.h"

extern const struct vg_analysis vg_analysis_refusals;

static struct vg_measured_run *first_run(const struct vg_measurements *m)
{
    for (unsigned i = 0; i < m->phase_count; i++)
        if (m->phases[i].run_count)
            return &m->phases[i].runs[0];
    return NULL;
}

static void set(char **text, const char *value)
{
    free(*text);
    *text = vg_strdup(value);
}

static void absent(struct vg_measurements *m)
{
    set(&m->skip, "the host does not offer what the test is about");
}

static void not_supported(struct vg_measurements *m)
{
    set(&first_run(m)->status, vg_run_status_words[VG_RUN_SKIP]);
    set(&first_run(m)->message, "there is no device to try");
}

/* Facts that name the driver, or what stands for them. */
static void name_driver(struct vg_measurements *m, const char *device, const char *id)
{
    for (unsigned i = 0; i < m->phase_count; i++) {
        for (unsigned j = 0; j < m->phases[i].run_count; j++) {
            struct vg_measured_run *run = &m->phases[i].runs[j];
            for (unsigned k = 0; k < run->fact_count; k++) {
                if (vg_equal(run->facts[k].name, "vk_driver_id"))
                    set(&run->facts[k].value, id);
                else if (strncmp(run->facts[k].name, "vk_d", 4) == 0 || strncmp(run->facts[k].name, "gl_r", 4) == 0)
                    set(&run->facts[k].value, device);
            }
        }
    }
    m->software_renderer =
        false; /* a host where software is known to render cannot be told from one where it steps in */
}

static void lavapipe(struct vg_measurements *m)
{
    name_driver(m, "llvmpipe (LLVM 15.0.6, 256 bits)", "MESA_LLVMPIPE");
}

static void softpipe(struct vg_measurements *m)
{
    name_driver(m, "softpipe", "MESA_SOFTPIPE");
}

static void drop_facts(struct vg_measurements *m, const char *prefix)
{
    for (unsigned i = 0; i < m->phase_count; i++) {
        for (unsigned j = 0; j < m->phases[i].run_count; j++) {
            struct vg_measured_run *run = &m->phases[i].runs[j];
            for (unsigned k = 0; k < run->fact_count; k++)
                if (strncmp(run->facts[k].name, prefix, strlen(prefix)) == 0)
                    set(&run->facts[k].name, "forgotten");
        }
    }
}

static void nameless(struct vg_measurements *m)
{
    drop_facts(m, "vk_");
    drop_facts(m, "gl_");
}

static void without_results(struct vg_measurements *m)
{
    drop_facts(m, "check.");
}

static void unknown_environment(struct vg_measurements *m)
{
    vg_push(m->unread, m->unread_count) = vg_strdup("The environment's `host.kernel` is not known (tried).");
}

static void unreached(struct vg_measurements *m)
{
    set(&m->phases[m->phase_count - 1].name, "another");
}

static void without_a_word(struct vg_measurements *m)
{
    set(&first_run(m)->status, vg_run_status_words[VG_RUN_ERROR]);
    set(&first_run(m)->message, "");
}

static void out_of_time(struct vg_measurements *m)
{
    set(&first_run(m)->status, vg_run_status_words[VG_RUN_TIMEOUT]);
}

static void dead(struct vg_measurements *m)
{
    set(&m->tenants[0].state, vg_tenant_state_words[VG_TENANT_LOST]);
}

static const struct worse {
    const char *what;
    void (*make)(struct vg_measurements *m);
    enum vg_verdict verdict;
} worse[] = {
    { "what it is about is not there", absent, VG_SKIP },
    { "the workload finds nothing to try where the mechanism offers it", not_supported, VG_INVALID },
    { "lavapipe and llvmpipe step in for the GPU", lavapipe, VG_INVALID },
    { "softpipe steps in for the GPU", softpipe, VG_INVALID },
    { "no driver is named", nameless, VG_INVALID },
    { "no result was read back", without_results, VG_INVALID },
    { "a field of the environment is not known", unknown_environment, VG_INVALID },
    { "a phase was not reached", unreached, VG_INVALID },
    { "a workload ended without a word", without_a_word, VG_INVALID },
    { "a workload did not end", out_of_time, VG_TIMEOUT },
    { "a tenant died", dead, VG_LOST },
};

/* The test without this analysis, and what is expected of it. Shares everything with the test; only the lists are to be
 * freed. */
static struct vg_test rest_of(const struct vg_test *test, const char *name)
{
    struct vg_test rest = *test;
    vg_autofree char *prefix = vg_format("%s.", name);
    rest.analyses = NULL;
    rest.expectations = NULL;
    rest.analysis_count = rest.expectation_count = 0;
    for (unsigned i = 0; i < test->analysis_count; i++)
        if (!vg_equal(test->analyses[i].analysis, vg_analysis_refusals.name))
            vg_push(rest.analyses, rest.analysis_count) = test->analyses[i];
    for (unsigned i = 0; i < test->expectation_count; i++)
        if (strncmp(test->expectations[i].metric, prefix, strlen(prefix)) != 0)
            vg_push(rest.expectations, rest.expectation_count) = test->expectations[i];
    return rest;
}

/* NULL: the measurements cannot be read. */
static struct vg_judgement *judge_copy(const struct vg_test *test, const char *directory,
                                       void (*make)(struct vg_measurements *m), struct vg_error *err)
{
    struct vg_measurements *copy = vg_measurements_load(directory, err);
    if (!copy)
        return NULL;
    if (make)
        make(copy);
    struct vg_judgement *judgement = vg_judge(test, copy, err);
    vg_measurements_free(copy);
    return judgement;
}

static bool judge_all(const struct vg_test *test, const char *directory, struct vg_analysis_output *output,
                      struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_refusals;
    unsigned wrong = 0;
    for (size_t i = 0; i < VG_COUNT(worse); i++) {
        struct vg_judgement *judgement = judge_copy(test, directory, worse[i].make, err);
        if (!judgement)
            return false;
        if (judgement->verdict != worse[i].verdict || judgement->reason_count == 0) {
            wrong++;
            vg_output_failure(output, "Where %s the verdict is `%s`%s and must be `%s`.", worse[i].what,
                              vg_verdict_name(judgement->verdict), judgement->reason_count ? "" : " without a reason",
                              vg_verdict_name(worse[i].verdict));
        }
        vg_judgement_free(judgement);
    }
    vg_output_value(output, self, "tried", NULL, VG_COUNT(worse), NULL);
    vg_output_value(output, self, "wrong", NULL, wrong, NULL);
    return true;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    if (!m->tenant_count || !first_run(m)) {
        vg_output_invalid(output, "Nothing ran whose measurements could be made worse.");
        return true;
    }
    struct vg_test rest = rest_of(input->test, input->spec->name);
    struct vg_judgement *as_it_is = judge_copy(&rest, m->directory, NULL, err);
    bool good = as_it_is != NULL;
    if (good && as_it_is->verdict != VG_PASS)
        vg_output_invalid(output, "The measurements do not pass as they are, so that making them worse shows nothing.");
    else if (good)
        good = judge_all(&rest, m->directory, output, err);
    if (as_it_is)
        vg_judgement_free(as_it_is);
    free(rest.analyses);
    free(rest.expectations);
    return good;
}

VG_ANALYSIS(refusals) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "refusals",
    .summary = "whether measurements that mean nothing get the verdict that they deserve",
    .why =
        "a pass is worth what the judge refuses: software in place of the GPU, an unknown environment, nothing tried",
    .params = VG_PARAMS { { .name = NULL } },
    .metrics =
        VG_METRICS {
            { "tried", "1", VG_NEITHER, 0, "ways in which copies of the measurements were made worse" },
            { "wrong", "1", VG_LOWER, 0, "of them, those with another verdict than they deserve, or without a reason" },
            { .name = NULL },
        },
    .run = run,
};
