/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of each requirement of the suite. A requirement that no result decides is one of two things, which a
 * customer must not take for each other: it does not apply, because the mechanism or the claims say so, or nobody
 * tested it. Whether it applies is worked out again from the host file, not taken from the run. */
#include "certify/internal.h"

const char *const cert_state_words[CERT_STATES] = {
    [CERT_NOT_APPLICABLE] = "not applicable",
    [CERT_NOT_TESTED] = "not tested",
    [CERT_HELD] = "held",
    [CERT_FINDING] = "finding",
    [CERT_WAIVED] = "waived",
    [CERT_NOT_MET] = "not met",
};

enum cert_state cert_state_of(const struct vg_judgement *judgement)
{
    switch (judgement->verdict) {
    case VG_PASS:
        return CERT_HELD;
    case VG_FINDING:
        return CERT_FINDING;
    default: /* what is expected to fail has failed: only a waiver says that somebody answers for it */
        return judgement->overlay == VG_OVERLAY_WAIVED ? CERT_WAIVED : CERT_NOT_MET;
    }
}

/* Sentences, each once, in the order in which they came. */
struct reasons {
    struct vg_words list;
};

static void reasons_free(struct reasons *reasons)
{
    vg_record_folders_free(&reasons->list);
}

static void because(struct reasons *reasons, char *reason)
{
    if (vg_words_have(&reasons->list, reason))
        free(reason);
    else
        vg_push(reasons->list.items, reasons->list.count) = reason;
}

/* The first few, and how many more there are; NULL if there is none. Caller frees. */
static char *told(const struct reasons *reasons)
{
    enum { TOLD_MAX = 3 };
    struct vg_text text = { 0 };
    for (unsigned i = 0; i < reasons->list.count && i < TOLD_MAX; i++)
        vg_text_add(&text, "%s%s", i ? "; " : "", reasons->list.items[i]);
    if (reasons->list.count > TOLD_MAX)
        vg_text_add(&text, "; and %u more", reasons->list.count - TOLD_MAX);
    return text.data;
}

/* What is known of one requirement. */
struct outcome {
    enum cert_state state;
    json_t *tests;                    /* how many results each decided it by */
    struct reasons foreign, untested; /* why no result: it does not apply; nobody looked */
};

static void outcome_free(struct outcome *outcome)
{
    json_decref(outcome->tests);
    reasons_free(&outcome->foreign);
    reasons_free(&outcome->untested);
}

static const char *reason_of(const struct vg_judgement *judgement)
{
    return judgement->reason_count ? judgement->reasons[0] : "no reason given";
}

/* One instance that the plan has of a test of it. judgement: NULL if there is no result. */
static void look(struct outcome *outcome, const struct vg_instance *instance, const struct vg_judgement *judgement)
{
    const char *test = instance->test->id;
    if (judgement && judgement->verdict != VG_SKIP) {
        enum cert_state state = cert_state_of(judgement);
        outcome->state = state > outcome->state ? state : outcome->state;
        vg_json_set_int(outcome->tests, test, vg_json_int_or(outcome->tests, test, 0) + 1);
    } else if (instance->skip) {
        because(instance->withheld || instance->untried ? &outcome->untested : &outcome->foreign,
                vg_format("%s: %s", test, instance->skip));
    } else if (!judgement) {
        because(&outcome->untested, vg_format("%s was not run", test));
    } else { /* a test without tenants asked the host; a tenant's word is nobody's claim */
        because(instance->test->tenant_count ? &outcome->untested : &outcome->foreign,
                vg_format("%s: %s", test, reason_of(judgement)));
    }
}

/* `vfio` is no mechanism but a family: whatever is a VM's and not virtio may belong to it. */
static bool speaks_of(const struct vg_requirement *requirement, const struct vg_host *host)
{
    const struct vg_words *said = &requirement->mechanisms;
    for (unsigned i = 0; i < host->mechanism_count; i++) {
        const char *name = host->mechanisms[i].name;
        bool family = vg_words_have(said, "vfio") && strncmp(name, "virtio-", 7) != 0 && !vg_equal(name, "native");
        if (vg_words_have(said, "all") || vg_words_have(said, name) || family)
            return true;
    }
    return false;
}

static char *only_said_of(const struct vg_requirement *requirement)
{
    const struct vg_words *said = &requirement->mechanisms;
    struct vg_text text = { 0 };
    if (vg_words_have(said, "suite"))
        return vg_strdup("it is a requirement on the suite, not on a product");
    for (unsigned i = 0; i < said->count; i++)
        vg_text_add(&text, "%s%s", i ? ", " : "it speaks only of ", said->items[i]);
    return text.data;
}

static void conclude(struct outcome *outcome, const struct vg_requirement *requirement, const struct vg_host *host)
{
    if (outcome->state != CERT_NOT_APPLICABLE)
        return;
    if (!speaks_of(requirement, host)) {
        reasons_free(&outcome->foreign);
        outcome->foreign = (struct reasons) { 0 };
        because(&outcome->foreign, only_said_of(requirement));
        return;
    }
    if (!outcome->foreign.list.count && !outcome->untested.list.count)
        because(&outcome->untested, vg_strdup("the suite has no test of it for what was claimed"));
    if (outcome->untested.list.count)
        outcome->state = CERT_NOT_TESTED;
}

static json_t *to_json(const struct vg_requirement *requirement, const struct outcome *outcome)
{
    json_t *object = vg_json_new_object();
    vg_autofree char *severity = vg_format("S%d", (int)requirement->severity);
    vg_json_set_text(object, "id", requirement->id);
    vg_json_set_text(object, "level", requirement->level == VG_MUST ? "MUST" : "SHOULD");
    vg_json_set_text(object, "severity", severity);
    vg_json_set_text(object, "statement", requirement->statement);
    vg_json_set_text(object, "outcome", cert_state_words[outcome->state]);
    vg_json_set(object, "results_by_test", json_incref(outcome->tests));
    if (outcome->state < CERT_HELD) {
        vg_autofree char *reason = told(outcome->state == CERT_NOT_TESTED ? &outcome->untested : &outcome->foreign);
        vg_json_set_text(object, "reason", reason);
    }
    return object;
}

json_t *cert_requirements(const struct vg_results *results, const struct vg_suite *suite,
                          const struct cert_planned *planned, unsigned counts[CERT_STATES])
{
    json_t *list = vg_json_new_array();
    vg_autojson json_t *index = cert_index(results);
    for (unsigned i = 0; i < suite->catalog->requirement_count; i++) {
        const struct vg_requirement *requirement = suite->catalog->requirements[i];
        struct outcome outcome VG_CLEANUP(outcome_free) = { .tests = vg_json_new_object() };
        for (unsigned j = 0; j < planned->schedule.count; j++) {
            const struct vg_instance *instance = &planned->schedule.items[j];
            if (vg_words_have(&instance->test->requirements, requirement->id))
                look(&outcome, instance, cert_find(results, index, instance->test->id, instance->name));
        }
        conclude(&outcome, requirement, planned->host);
        counts[outcome.state]++;
        vg_json_append(list, to_json(requirement, &outcome));
    }
    return list;
}
