/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How comparisons are decided: suites/gate.yaml, and a user's file over it. */
#include <math.h>
#include "catalog/bind.h"
#include "catalog/check.h"
#include "catalog/load.h"

enum { LOOKS_MAX = 8, BOOTS_MAX = 1000, DAYS_MAX = 3650 };

static const cyaml_schema_field_t threshold_fields[] = {
    VG_FIELD_WORD("metric", VG_MANDATORY, struct vg_threshold, metric),
    CYAML_FIELD_FLOAT("min_effect", VG_MANDATORY, struct vg_threshold, min_effect),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_threshold, source),
    CYAML_FIELD_BOOL("optional", VG_OPTIONAL, struct vg_threshold, optional),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t threshold_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_threshold, threshold_fields),
};
static const cyaml_schema_field_t steady_fields[] = {
    VG_FIELD_WORD("metric", VG_MANDATORY, struct vg_steady, metric),
    CYAML_FIELD_FLOAT("at_most", VG_MANDATORY, struct vg_steady, at_most),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_steady, source),
    CYAML_FIELD_BOOL("optional", VG_OPTIONAL, struct vg_steady, optional),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t steady_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_steady, steady_fields),
};
static const cyaml_schema_value_t look_entry = {
    CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, unsigned),
};
static const cyaml_schema_field_t overhead_fields[] = {
    VG_FIELD_WORD("metric", VG_MANDATORY, struct vg_overhead_limit, metric),
    VG_FIELD_WORDS("mechanisms", VG_MANDATORY, struct vg_overhead_limit, mechanisms),
    CYAML_FIELD_FLOAT("at_most", VG_MANDATORY, struct vg_overhead_limit, at_most),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_overhead_limit, source),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t overhead_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_overhead_limit, overhead_fields),
};
static const cyaml_schema_field_t policy_fields[] = {
    CYAML_FIELD_UINT("boots", VG_OPTIONAL, struct vg_gate_policy, boots),
    CYAML_FIELD_UINT("baseline_boots", VG_OPTIONAL, struct vg_gate_policy, baseline_boots),
    CYAML_FIELD_SEQUENCE_COUNT("looks", CYAML_FLAG_POINTER | VG_OPTIONAL, struct vg_gate_policy, looks, look_count,
                               &look_entry, 1, LOOKS_MAX),
    CYAML_FIELD_FLOAT("error", VG_OPTIONAL, struct vg_gate_policy, error),
    CYAML_FIELD_FLOAT("false_alarm", VG_OPTIONAL, struct vg_gate_policy, false_alarm),
    CYAML_FIELD_FLOAT("confidence", VG_OPTIONAL, struct vg_gate_policy, confidence),
    CYAML_FIELD_FLOAT("equivalence", VG_OPTIONAL, struct vg_gate_policy, equivalence),
    CYAML_FIELD_FLOAT("autocorrelation", VG_OPTIONAL, struct vg_gate_policy, autocorrelation),
    CYAML_FIELD_UINT("baseline_age_days", VG_OPTIONAL, struct vg_gate_policy, baseline_age_days),
    CYAML_FIELD_BOOL("same_build", VG_OPTIONAL, struct vg_gate_policy, same_build),
    VG_FIELD_LIST("steady", VG_OPTIONAL, struct vg_gate_policy, steady, steady_count, steady_entry),
    VG_FIELD_WORDS("bare_metal", VG_OPTIONAL, struct vg_gate_policy, bare_metal),
    VG_FIELD_LIST("overhead", VG_OPTIONAL, struct vg_gate_policy, overhead, overhead_count, overhead_entry),
    VG_FIELD_LIST("thresholds", VG_OPTIONAL, struct vg_gate_policy, thresholds, threshold_count, threshold_entry),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_gate_policy, source),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t policy_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct vg_gate_policy, policy_fields),
};

void vg_gate_policy_free(struct vg_gate_policy *policy)
{
    if (policy)
        free(policy->user_file);
    vg_unbind(&policy_schema, policy);
}

/* A key that is not there takes the value of `otherwise`, which has all of them but in the suites' own file (NULL). */
static bool complete_count(const struct vg_document *document, const char *key, unsigned *value,
                           const unsigned *otherwise, unsigned most, struct vg_error *err)
{
    if (!vg_node_member(document->root, key) && !otherwise)
        return vg_document_fail(document, "", err, "`%s` is missing", key);
    return vg_check_range(document, key, value, otherwise ? *otherwise : 0, 1, most, err);
}

static bool complete_fraction(const struct vg_document *document, const char *key, double *value,
                              const double *otherwise, struct vg_error *err)
{
    if (!vg_node_member(document->root, key)) {
        *value = otherwise ? *otherwise : 0;
        return otherwise || vg_document_fail(document, "", err, "`%s` is missing", key);
    }
    return (*value > 0 && *value < 1) ||
           vg_document_fail(document, key, err, "`%s` must lie between 0 and 1, not %g", key, *value);
}

static bool check_looks(const struct vg_document *document, struct vg_gate_policy *policy,
                        const struct vg_gate_policy *otherwise, struct vg_error *err)
{
    if (!policy->look_count && !otherwise)
        return vg_document_fail(document, "", err, "`looks` is missing");
    if (!policy->look_count) {
        policy->looks = vg_calloc(otherwise->look_count, sizeof(*policy->looks));
        memcpy(policy->looks, otherwise->looks, otherwise->look_count * sizeof(*policy->looks));
        policy->look_count = otherwise->look_count;
    }
    for (unsigned i = 0; i < policy->look_count; i++) {
        vg_autofree char *path = vg_format("looks/%u", i);
        unsigned least = i ? policy->looks[i - 1] + 1 : policy->boots;
        if (policy->looks[i] < least || policy->looks[i] > BOOTS_MAX)
            return vg_document_fail(document, path, err,
                                    "looks are numbers of boots that grow from `boots` (%u) to at most %d, not %u",
                                    policy->boots, BOOTS_MAX, policy->looks[i]);
    }
    return true;
}

static struct vg_metric_place place_of(const struct vg_document *document, const char *list, unsigned index)
{
    vg_autofree char *path = vg_format("%s/%u/metric", list, index);
    const struct vg_node *node = vg_document_at(document, path);
    return node ? (struct vg_metric_place) { node->line, node->column } : (struct vg_metric_place) { 0 };
}

static bool check_thresholds(const struct vg_document *document, const struct vg_gate_policy *policy,
                             struct vg_error *err)
{
    for (unsigned i = 0; i < policy->threshold_count; i++) {
        policy->thresholds[i].at = place_of(document, "thresholds", i);
        vg_autofree char *path = vg_format("thresholds/%u/min_effect", i);
        double value = policy->thresholds[i].min_effect;
        if (!(value >= 0 && value <= 10))
            return vg_document_fail(document, path, err,
                                    "`min_effect` is a relative change, 0.05 for 5 %%, at most 10, not %g", value);
    }
    return true;
}

static bool check_steady(const struct vg_document *document, const struct vg_gate_policy *policy, struct vg_error *err)
{
    for (unsigned i = 0; i < policy->steady_count; i++) {
        policy->steady[i].at = place_of(document, "steady", i);
        vg_autofree char *path = vg_format("steady/%u/at_most", i);
        double value = policy->steady[i].at_most;
        if (!(value >= 0 && value < INFINITY))
            return vg_document_fail(document, path, err, "`at_most` is a number from 0, not %g", value);
    }
    return true;
}

static bool check_overhead(const struct vg_document *document, struct vg_gate_policy *policy,
                           const struct vg_gate_policy *otherwise, struct vg_error *err)
{
    if (!policy->bare_metal.count && !otherwise)
        return vg_document_fail(document, "", err, "`bare_metal` is missing");
    if (!policy->bare_metal.count)
        for (unsigned i = 0; i < otherwise->bare_metal.count; i++)
            vg_push(policy->bare_metal.items, policy->bare_metal.count) = vg_strdup(otherwise->bare_metal.items[i]);
    else if (!vg_check_mechanisms(document, "bare_metal", &policy->bare_metal, err))
        return false;
    for (unsigned i = 0; i < policy->overhead_count; i++) {
        vg_autofree char *path = vg_format("overhead/%u/at_most", i);
        vg_autofree char *mechanisms = vg_format("overhead/%u/mechanisms", i);
        double value = policy->overhead[i].at_most;
        if (!(value > 0 && value <= 1000))
            return vg_document_fail(document, path, err, "`at_most` is a ratio, 1.1 for 10 %% more, not %g", value);
        if (!policy->overhead[i].mechanisms.count)
            return vg_document_fail(document, mechanisms, err, "`mechanisms` must not be empty");
        if (!vg_check_mechanisms(document, mechanisms, &policy->overhead[i].mechanisms, err))
            return false;
    }
    return true;
}

static bool complete_flag(const struct vg_document *document, const char *key, bool *value, const bool *otherwise,
                          struct vg_error *err)
{
    if (vg_node_member(document->root, key))
        return true;
    *value = otherwise && *otherwise;
    return otherwise || vg_document_fail(document, "", err, "`%s` is missing", key);
}

static struct vg_gate_policy *load(const char *path, const struct vg_gate_policy *otherwise, struct vg_error *err)
{
    vg_autodocument struct vg_document *document = vg_document_read(path, err);
    struct vg_gate_policy *policy = document ? vg_bind(document, &policy_schema, err) : NULL;
    const struct vg_gate_policy *o = otherwise;
    if (!policy)
        return NULL;
    if (complete_count(document, "boots", &policy->boots, o ? &o->boots : NULL, BOOTS_MAX, err) &&
        complete_count(document, "baseline_boots", &policy->baseline_boots, o ? &o->baseline_boots : NULL, BOOTS_MAX,
                       err) &&
        complete_count(document, "baseline_age_days", &policy->baseline_age_days, o ? &o->baseline_age_days : NULL,
                       DAYS_MAX, err) &&
        complete_fraction(document, "error", &policy->error, o ? &o->error : NULL, err) &&
        complete_fraction(document, "false_alarm", &policy->false_alarm, o ? &o->false_alarm : NULL, err) &&
        complete_fraction(document, "confidence", &policy->confidence, o ? &o->confidence : NULL, err) &&
        complete_fraction(document, "equivalence", &policy->equivalence, o ? &o->equivalence : NULL, err) &&
        complete_fraction(document, "autocorrelation", &policy->autocorrelation, o ? &o->autocorrelation : NULL, err) &&
        complete_flag(document, "same_build", &policy->same_build, o ? &o->same_build : NULL, err) &&
        check_looks(document, policy, o, err) && check_thresholds(document, policy, err) &&
        check_steady(document, policy, err) && check_overhead(document, policy, o, err))
        return policy;
    vg_gate_policy_free(policy);
    return NULL;
}

/* Moves the elements of one list behind those of another. */
static void *append(void *to, unsigned *count, void *from, unsigned *from_count, size_t size)
{
    if (*from_count) {
        to = vg_reallocarray(to, *count + *from_count, size);
        memcpy((char *)to + *count * size, from, *from_count * size);
        *count += *from_count;
        *from_count = 0;
    }
    free(from);
    return to;
}

struct vg_gate_policy *vg_gate_policy_load(const char *directory, const char *user_file, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/gate.yaml", directory);
    struct vg_gate_policy *ours = load(path, NULL, err);
    if (!ours || !user_file)
        return ours;
    struct vg_gate_policy *theirs = load(user_file, ours, err);
    if (theirs) {
        theirs->user_file = vg_strdup(user_file);
        theirs->user_threshold_count = theirs->threshold_count;
        theirs->user_steady_count = theirs->steady_count;
        theirs->thresholds = append(theirs->thresholds, &theirs->threshold_count, VG_TAKE(ours->thresholds),
                                    &ours->threshold_count, sizeof(*ours->thresholds));
        theirs->steady = append(theirs->steady, &theirs->steady_count, VG_TAKE(ours->steady), &ours->steady_count,
                                sizeof(*ours->steady));
        theirs->overhead = append(theirs->overhead, &theirs->overhead_count, VG_TAKE(ours->overhead),
                                  &ours->overhead_count, sizeof(*ours->overhead));
    }
    vg_gate_policy_free(ours);
    return theirs;
}

double vg_gate_policy_threshold(const struct vg_gate_policy *policy, const char *metric_id, double own)
{
    for (unsigned i = 0; i < policy->threshold_count; i++)
        if (vg_select(policy->thresholds[i].metric, metric_id))
            return policy->thresholds[i].min_effect;
    return own;
}
