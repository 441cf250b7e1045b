/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measurements -> verdict: preconditions first, then the analyses, then the expectations, then one decision with its
 * reasons. */
#include "judge/internal.h"

static struct vg_judgement *new_judgement(const struct vg_test *test, const struct vg_measurements *m)
{
    struct vg_judgement *judgement = vg_calloc(1, sizeof(*judgement));
    judgement->test = vg_strdup(m->test);
    judgement->instance = vg_strdup(m->instance);
    judgement->mechanism = vg_strdup(m->mechanism ? m->mechanism : "");
    judgement->profile = m->profile ? vg_strdup(m->profile) : NULL;
    judgement->policy = m->policy ? vg_strdup(m->policy) : NULL;
    judgement->summary = test->summary ? vg_strdup(test->summary) : NULL;
    judgement->why = test->why ? vg_strdup(test->why) : NULL;
    for (unsigned i = 0; i < test->requirements.count; i++)
        vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup(test->requirements.items[i]);
    judgement->boot = m->boot;
    judgement->directory = vg_format("tests/%s/%s", m->test, m->instance);
    judgement->duration_s = m->duration_s;
    return judgement;
}

/* The values of one analysis get its name in front. */
static void take_values(struct vg_judgement *judgement, const char *name, struct vg_analysis_output *output)
{
    for (unsigned i = 0; i < output->value_count; i++) {
        struct vg_value value = output->values[i];
        char *bare = value.metric;
        value.metric = vg_format("%s.%s", name, bare);
        free(bare);
        vg_push(judgement->values, judgement->value_count) = value;
    }
    free(output->values);
}

static void take_sentences(struct judge_sentences *to, char **items, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        vg_push(to->items, to->count) = items[i];
    free(items);
}

/* What all analyses together say that is not a number. */
struct said {
    struct judge_sentences failures, invalid, findings, absent;
};

static bool run_analyses(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement,
                         struct said *said, struct vg_error *err)
{
    for (unsigned i = 0; i < test->analysis_count; i++) {
        const struct vg_test_analysis *spec = &test->analyses[i];
        const struct vg_analysis *analysis =
            (const struct vg_analysis *)vg_descriptor_require(VG_KIND_ANALYSIS, spec->analysis, err);
        if (!analysis)
            return false;
        struct vg_analysis_input input = { .test = test, .spec = spec, .measurements = m };
        struct vg_analysis_output output = { 0 };
        bool good = analysis->run(&input, &output, err);
        take_values(judgement, spec->name, &output);
        take_sentences(&said->failures, output.failures, output.failure_count);
        take_sentences(&said->invalid, output.invalid, output.invalid_count);
        take_sentences(&said->findings, output.findings, output.finding_count);
        take_sentences(&said->absent, output.absent, output.absent_count);
        if (!good)
            return vg_wrap(err, "analysis `%s`", spec->name);
    }
    return true;
}

/* Moves the sentences to the reasons; the verdict is taken by the first group that has any. */
static void conclude(struct vg_judgement *judgement, bool *decided, enum vg_verdict verdict,
                     struct judge_sentences *sentences)
{
    if (sentences->count && !*decided) {
        judgement->verdict = verdict;
        *decided = true;
    }
    for (unsigned i = 0; i < sentences->count; i++)
        vg_push(judgement->reasons, judgement->reason_count) = sentences->items[i];
    free(sentences->items);
}

static void drop(struct judge_sentences *sentences)
{
    for (unsigned i = 0; i < sentences->count; i++)
        free(sentences->items[i]);
    sentences->count = 0;
}

struct vg_judgement *vg_judge(const struct vg_test *test, const struct vg_measurements *measurements,
                              struct vg_error *err)
{
    struct vg_judgement *judgement = new_judgement(test, measurements);
    if (judge_preconditions(test, measurements, judgement))
        return judgement;
    struct said said = { 0 };
    struct judge_unmet unmet = { 0 };
    bool good = run_analyses(test, measurements, judgement, &said, err);
    judge_check_environment(measurements, &said.invalid);
    if (good)
        judge_expectations(test, judgement, &unmet);
    bool decided = false;
    judgement->verdict = VG_PASS;
    /* A fact that is a failure by itself stands whatever the numbers are worth. A broken precondition makes all numbers
     * worthless; a number that is merely missing leaves the others as they are. */
    conclude(judgement, &decided, VG_FAIL, &said.failures);
    conclude(judgement, &decided, VG_SKIP, &said.absent);
    if (judgement->verdict == VG_SKIP) /* what is not there has no number either: nobody need be told of each */
        drop(&unmet.missing);
    conclude(judgement, &decided, VG_INVALID, &said.invalid);
    conclude(judgement, &decided, VG_INVALID, &unmet.invalid);
    conclude(judgement, &decided, VG_FAIL, &unmet.failures);
    conclude(judgement, &decided, VG_INVALID, &unmet.missing);
    conclude(judgement, &decided, VG_FINDING, &said.findings);
    conclude(judgement, &decided, VG_FINDING, &unmet.findings);
    if (good)
        return judgement;
    vg_judgement_free(judgement);
    return NULL;
}
