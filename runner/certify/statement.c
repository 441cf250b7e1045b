/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statement.json: what a package says, in the order in which a customer asks. It is made of the run and the suite alone
 * (and of the two names that its maker chose), so that whoever verifies can make it again and compare. */
#include "certify/internal.h"

enum { NAME_MAX_BYTES = 200 };
static const char *const outcome_words[] = {
    [VG_CONFORMS] = "conforms",
    [VG_CONFORMS_WITH_WAIVERS] = "conforms with waivers",
    [VG_DOES_NOT_CONFORM] = "does not conform",
};

static json_t *place_to_json(const struct vg_judgement *judgement, bool mandatory)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "test", judgement->test);
    vg_json_set_text(object, "instance", judgement->instance);
    vg_json_set_text(object, "verdict", vg_verdict_name(judgement->verdict));
    vg_json_set_bool(object, "mandatory", mandatory);
    vg_json_set_text(object, "reason", judgement->reason_count ? judgement->reasons[0] : NULL);
    return object;
}

/* The entry that waived it, as rec_overlay puts it into a sentence. */
static const struct vg_known_issue *waiver_of(const struct vg_results *results, const struct vg_judgement *judgement)
{
    for (unsigned i = 0; i < results->expectation_count; i++) {
        for (unsigned j = 0; j < results->expectations[i]->count; j++) {
            const struct vg_known_issue *issue = &results->expectations[i]->items[j];
            vg_autofree char *sentence =
                vg_format("%s (%s, until %s)", issue->reason, issue->reference, issue->expires);
            if (issue->outcome == VG_OUTCOME_WAIVED && vg_equal(sentence, judgement->overlay_reason))
                return issue;
        }
    }
    return NULL;
}

static void add_waiver(json_t *object, const struct vg_known_issue *issue)
{
    vg_json_set_text(object, "waived_because", issue ? issue->reason : NULL);
    vg_json_set_text(object, "reference", issue ? issue->reference : NULL);
    vg_json_set_text(object, "expires", issue ? issue->expires : NULL);
}

/* What a customer should see one by one: all that is not simply in order. */
static enum vg_conformance exceptions(json_t *statement, const struct vg_results *results, const struct vg_suite *suite)
{
    json_t *not_met = vg_json_new_array(), *waived = vg_json_new_array(), *findings = vg_json_new_array();
    enum vg_conformance outcome = VG_CONFORMS;
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        const struct vg_test *test = vg_catalog_test(suite->catalog, judgement->test);
        bool mandatory = test && vg_plan_demands(suite->plan, suite->catalog, test, judgement->mechanism);
        if (judgement->verdict == VG_SKIP || judgement->verdict == VG_PASS)
            continue;
        enum cert_state state = cert_state_of(judgement);
        json_t *object = place_to_json(judgement, mandatory);
        if (state == CERT_WAIVED)
            add_waiver(object, waiver_of(results, judgement));
        vg_json_append(state == CERT_NOT_MET ? not_met : state == CERT_WAIVED ? waived : findings, object);
        if (mandatory && state == CERT_NOT_MET)
            outcome = VG_DOES_NOT_CONFORM;
        else if (mandatory && state == CERT_WAIVED && outcome == VG_CONFORMS)
            outcome = VG_CONFORMS_WITH_WAIVERS;
    }
    vg_json_set(statement, "not_met", not_met);
    vg_json_set(statement, "waived", waived);
    vg_json_set(statement, "findings", findings);
    return outcome;
}

/* What the vendor says that the product offers: it is held to that, and to no more. */
static json_t *claims(const struct vg_run *run)
{
    static const char *const kept[] = { "name", "profiles", "policies", "promises", "software_renderer" };
    json_t *list = vg_json_new_array();
    size_t index;
    json_t *mechanism;
    json_array_foreach(json_object_get(run->host_file, "mechanisms"), index, mechanism)
    {
        json_t *object = vg_json_new_object();
        for (size_t i = 0; i < VG_COUNT(kept); i++)
            if (json_object_get(mechanism, kept[i]))
                vg_json_set(object, kept[i], json_deep_copy(json_object_get(mechanism, kept[i])));
        vg_json_append(list, object);
    }
    return list;
}

static bool applies(const struct vg_schedule *schedule, const struct vg_test *test)
{
    for (unsigned i = 0; i < schedule->count; i++)
        if (schedule->items[i].test == test && (!schedule->items[i].skip || schedule->items[i].withheld))
            return true;
    return false;
}

/* Tests that apply and that nobody ran; all of them optional, or it would be no package. */
static json_t *not_run(const struct vg_results *results, const struct vg_suite *suite,
                       const struct vg_schedule *schedule)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < suite->catalog->test_count; i++) {
        const struct vg_test *test = suite->catalog->tests[i];
        bool found = false;
        for (unsigned j = 0; j < results->count && !found; j++)
            found = vg_equal(results->judgements[j]->test, test->id) && results->judgements[j]->verdict != VG_SKIP;
        if (!found && applies(schedule, test))
            vg_json_append(list, json_string(test->id));
    }
    return list;
}

static json_t *environment(const struct vg_run *run)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        json_t *field = vg_json_new_object();
        vg_json_set_text(field, "what", run->fingerprint[i].key);
        vg_json_set_text(field, "value", run->fingerprint[i].value);
        vg_json_set_text(field, "source", run->fingerprint[i].source);
        vg_json_append(list, field);
    }
    return list;
}

static json_t *made_by(const struct vg_run *run, const struct vg_suite *suite)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "version", run->version);
    vg_json_set_text(object, "suite", suite->digest);
    const json_t *source = json_object_get(json_object_get(run->environment, "source"), "value");
    const json_t *programs = json_object_get(json_object_get(run->environment, "programs"), "value");
    vg_json_set_text(object, "source", json_string_value(source));
    vg_json_set(object, "programs", programs ? json_deep_copy(programs) : json_null());
    return object;
}

static json_t *tested(const struct vg_run *run)
{
    json_t *object = vg_json_new_object();
    vg_autofree char *seed = vg_format("%llu", (unsigned long long)run->seed);
    vg_json_set_text(object, "host", run->host);
    vg_json_set_text(object, "plan", run->plan);
    vg_json_set_text(object, "started", run->started);
    vg_json_set_text(object, "ended", run->ended);
    vg_json_set_text(object, "seed", seed);
    return object;
}

static bool name_good(const char *what, const char *name, struct vg_error *err)
{
    if (!name || !*name)
        return vg_fail(err, VG_ERROR_INPUT, "the %s has no name", what);
    vg_autofree char *shown = vg_printable(name, strlen(name), 4 * NAME_MAX_BYTES);
    if (strlen(name) > NAME_MAX_BYTES || !vg_equal(shown, name))
        return vg_fail(err, VG_ERROR_INPUT, "the name of the %s is longer than %d bytes or cannot be shown: %s", what,
                       NAME_MAX_BYTES, shown);
    return true;
}

json_t *cert_statement(const struct vg_results *results, const struct vg_suite *suite, const char *product,
                       const char *vendor, struct vg_error *err)
{
    if (!name_good("product", product, err) || !name_good("vendor", vendor, err))
        return NULL;
    struct cert_planned planned VG_CLEANUP(cert_planned_free);
    if (!cert_plan(results->run, suite, &planned, err))
        return NULL;
    unsigned counts[CERT_STATES] = { 0 };
    json_t *statement = vg_json_new_object(), *numbers = vg_json_new_object();
    vg_json_set_text(statement, "schema", "vgauge-statement/1");
    vg_json_set_text(statement, "product", product);
    vg_json_set_text(statement, "vendor", vendor);
    vg_json_set_text(statement, "outcome", ""); /* its place; known at the end */
    vg_json_set(statement, "tested", tested(results->run));
    vg_json_set(statement, "vgauge", made_by(results->run, suite));
    vg_json_set(statement, "claimed", claims(results->run));
    vg_json_set(statement, "requirements", cert_requirements(results, suite, &planned, counts));
    for (int state = CERT_HELD; state < CERT_STATES; state++)
        vg_json_set_int(numbers, cert_state_words[state], counts[state]);
    for (int state = CERT_NOT_APPLICABLE; state < CERT_HELD; state++)
        vg_json_set_int(numbers, cert_state_words[state], counts[state]);
    vg_json_set_int(numbers, "results", results->count);
    vg_json_set(statement, "counts", numbers);
    enum vg_conformance outcome = exceptions(statement, results, suite);
    vg_json_set_text(statement, "outcome", outcome_words[outcome]);
    vg_json_set(statement, "not_run", not_run(results, suite, &planned.schedule));
    vg_json_set(statement, "environment", environment(results->run));
    return statement;
}

static unsigned count_of(const json_t *statement, enum cert_state state)
{
    return (unsigned)vg_json_int_or(json_object_get(statement, "counts"), cert_state_words[state], 0);
}

bool cert_certificate(const json_t *statement, struct vg_certificate *certificate, struct vg_error *err)
{
    const char *product, *vendor, *outcome;
    const json_t *made = json_object_get(statement, "vgauge"), *when = json_object_get(statement, "tested");
    if (!vg_json_text(statement, "product", &product, err) || !vg_json_text(statement, "vendor", &vendor, err) ||
        !vg_json_text(statement, "outcome", &outcome, err))
        return vg_wrap(err, CERT_STATEMENT);
    for (unsigned i = 0; i < VG_COUNT(outcome_words); i++)
        if (vg_equal(outcome_words[i], outcome))
            certificate->outcome = (enum vg_conformance)i;
    certificate->product = vg_strdup(product);
    certificate->vendor = vg_strdup(vendor);
    certificate->tested = vg_format("%.10s", vg_json_text_or(when, "ended", "?"));
    certificate->vgauge = vg_strdup(vg_json_text_or(made, "version", "?"));
    certificate->suite = vg_strdup(vg_json_text_or(made, "suite", "?"));
    certificate->held = count_of(statement, CERT_HELD);
    certificate->not_met = count_of(statement, CERT_NOT_MET);
    certificate->waived = count_of(statement, CERT_WAIVED);
    certificate->findings = count_of(statement, CERT_FINDING);
    certificate->not_applicable = count_of(statement, CERT_NOT_APPLICABLE);
    certificate->not_tested = count_of(statement, CERT_NOT_TESTED);
    certificate->instances = (unsigned)vg_json_int_or(json_object_get(statement, "counts"), "results", 0);
    return true;
}

void vg_certificate_free(struct vg_certificate *certificate)
{
    free(certificate->product);
    free(certificate->vendor);
    free(certificate->tested);
    free(certificate->vgauge);
    free(certificate->suite);
    free(certificate->signer);
    for (unsigned i = 0; i < certificate->expired_count; i++)
        free(certificate->expired[i]);
    free(certificate->expired);
    *certificate = (struct vg_certificate) { 0 };
}

char *vg_certificate_answer(const struct vg_certificate *certificate)
{
    const char *plural = certificate->not_met == 1 ? " is" : "s are";
    if (certificate->outcome == VG_DOES_NOT_CONFORM)
        return vg_format("does not conform: %u requirement%s not met", certificate->not_met, plural);
    if (certificate->outcome == VG_CONFORMS_WITH_WAIVERS)
        return vg_format("conforms with waivers: %u requirement%s waived", certificate->waived,
                         certificate->waived == 1 ? " is" : "s are");
    return certificate->not_met ? vg_format("conforms; %u requirement%s not met that no mandatory test decides",
                                            certificate->not_met, plural)
                                : vg_strdup("conforms");
}
