/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values against thresholds. Each comparison is kept with its numbers and the threshold's source, met or not. */
#include "judge/internal.h"

#include <math.h>

static const struct vg_value *find_value(const struct vg_judgement *judgement, const char *metric)
{
    for (unsigned i = 0; i < judgement->value_count; i++)
        if (vg_equal(judgement->values[i].metric, metric))
            return &judgement->values[i];
    return NULL;
}

static const char *sign_of(enum vg_operator op)
{
    static const char *const signs[] = {
        [VG_OP_LE] = "<=", [VG_OP_GE] = ">=", [VG_OP_LT] = "<",
        [VG_OP_GT] = ">",  [VG_OP_EQ] = "==", [VG_OP_REPORT] = "",
    };
    return signs[op];
}

static bool holds(enum vg_operator op, double value, double threshold)
{
    switch (op) {
    case VG_OP_LE:
        return value <= threshold;
    case VG_OP_GE:
        return value >= threshold;
    case VG_OP_LT:
        return value < threshold;
    case VG_OP_GT:
        return value > threshold;
    case VG_OP_EQ:
        return value == threshold;
    case VG_OP_REPORT:
        break;
    }
    return true;
}

static void say_missing(const struct vg_expectation *expectation, const struct vg_value *value,
                        struct judge_sentences *sentences)
{
    char *text = value ? vg_format("%s could not be computed%s%s, so that nothing can be said about it.",
                                   expectation->metric, value->note ? ": " : "", value->note ? value->note : "")
                       : vg_format("%s was not measured, so that nothing can be said about it.", expectation->metric);
    vg_push(sentences->items, sentences->count) = text;
}

static void say_unmet(const struct vg_expectation *expectation, const struct vg_value *value,
                      struct judge_sentences *sentences)
{
    vg_autofree char *is = vg_quantity_text(value->value, value->unit);
    vg_autofree char *must_be = vg_quantity_text(expectation->threshold, value->unit);
    vg_push(sentences->items, sentences->count) = vg_format(
        "%s is %s and must be %s %s (%s).", expectation->metric, is, vg_operator_words(sign_of(expectation->op)),
        must_be, expectation->source ? expectation->source : "no source given");
}

static void check(const struct vg_expectation *expectation, struct vg_judgement *judgement, struct judge_unmet *unmet)
{
    const struct vg_value *value = find_value(judgement, expectation->metric);
    bool usable = value && isfinite(value->value);
    bool met = usable && holds(expectation->op, value->value, expectation->threshold);
    vg_push(judgement->checks, judgement->check_count) = (struct vg_checked) {
        .metric = vg_strdup(expectation->metric),
        .op = vg_strdup(sign_of(expectation->op)),
        .threshold = expectation->threshold,
        .value = usable ? value->value : NAN,
        .unit = vg_strdup(value ? value->unit : "1"),
        .met = met,
        .otherwise = vg_strdup(vg_expectation_otherwise(expectation)),
        .source = expectation->source ? vg_strdup(expectation->source) : NULL,
    };
    if (!usable)
        say_missing(expectation, value, &unmet->missing);
    else if (!met)
        say_unmet(expectation, value,
                  expectation->invalid     ? &unmet->invalid
                  : expectation->finding   ? &unmet->findings
                  : expectation->undecided ? &unmet->missing /* as a number that is not there */
                                           : &unmet->failures);
}

void judge_expectations(const struct vg_test *test, struct vg_judgement *judgement, struct judge_unmet *unmet)
{
    for (unsigned i = 0; i < test->expectation_count; i++)
        if (test->expectations[i].op != VG_OP_REPORT)
            check(&test->expectations[i], judgement, unmet);
}
