/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run must be like to be certified. The one who certifies and the one who verifies ask the same questions of the
 * same files, so that neither has to believe the other: which plan, which suite, is everything there that the plan has
 * on that host, does every result mean something. */
#include "certify/internal.h"

#include <errno.h>

#define PLAN "certification"

VG_DEFINE_CLEANUP(cleanup_results, struct vg_results *, vg_results_free)
VG_DEFINE_CLEANUP(cleanup_test, struct vg_test *, vg_test_free)

static const char *environment_text(const struct vg_run *run, const char *what, const char *member)
{
    return json_string_value(json_object_get(json_object_get(run->environment, what), member));
}

static bool whole_run_of_the_plan(const struct vg_run *run, const struct vg_suite *suite, struct vg_error *err)
{
    if (!vg_equal(run->plan, PLAN)) {
        vg_autofree char *shown = vg_printable(run->plan, strlen(run->plan), 80);
        return vg_fail(err, VG_ERROR_INPUT, "the run is of plan `%s`; only plan `" PLAN "` can be certified", shown);
    }
    if (!vg_equal(run->state, "complete"))
        return vg_fail(err, VG_ERROR_INPUT, "the run is not complete: it is `%s`", run->state);
    vg_autojson json_t *plan = vg_plan_to_json(suite->plan);
    vg_autofree char *difference =
        run->plan_file ? cert_difference(run->plan_file, plan) : vg_strdup("it is not there");
    return !difference || vg_fail(err, VG_ERROR_INPUT,
                                  "the plan was changed for this run (by --boots, --profile, --policy or in its file): "
                                  "run.json, plan_file: %s",
                                  difference);
}

static bool suite_as_built(const struct vg_run *run, const struct vg_suite *suite, struct vg_error *err)
{
    const char *digest = environment_text(run, "suites", "value"), *why = environment_text(run, "suites", "why");
    const char *source = environment_text(run, "source", "why");
    vg_autofree char *shown = vg_printable(why ? why : "", why ? strlen(why) : 0, 300);
    if (!digest || !source)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the run does not say by which suite it was made: it is older than certification");
    if (strncmp(source, "modified", 8) == 0)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the vgauge that made the run was built from a dirty tree: its suites were "
                       "not as committed");
    const char *programs = environment_text(run, "programs", "why");
    if (!programs || strncmp(programs, CERT_CHANGED, strlen(CERT_CHANGED)) == 0)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the run was gone on with (--resume) by other programs than those that began it");
    if (!vg_equal(digest, suite->digest))
        return vg_fail(err, VG_ERROR_INPUT, "the run was made with another suite (%s) than %s: %s", digest,
                       suite->built_in ? "this vgauge was built with" : "the one given", shown);
    return true;
}

/* The requirements' and tests' words and thresholds are the suite's own. */
static bool same_requirements(const struct vg_results *results, const struct vg_suite *suite, struct vg_error *err)
{
    vg_autojson json_t *list = vg_run_load_requirements(results->run->directory, err);
    if (!list)
        return false;
    size_t index;
    json_t *found;
    json_array_foreach(list, index, found)
    {
        const char *id = vg_json_text_or(found, "id", "");
        const struct vg_requirement *requirement = vg_catalog_requirement(suite->catalog, id);
        vg_autofree char *shown = vg_printable(id, strlen(id), 60);
        if (!requirement)
            return vg_fail(err, VG_ERROR_INPUT, "requirements.json: the suite has no requirement `%s`", shown);
        vg_autojson json_t *expected = vg_requirement_to_json(requirement);
        vg_autofree char *difference = cert_difference(found, expected);
        if (difference)
            return vg_fail(err, VG_ERROR_INPUT, "requirements.json, %s: %s", shown, difference);
    }
    return true;
}

static bool same_test(const char *run_directory, const char *id, const struct vg_suite *suite, struct vg_error *err)
{
    const struct vg_test *expected = vg_catalog_test(suite->catalog, id);
    if (!expected)
        return vg_fail(err, VG_ERROR_INPUT, "tests/%s: the suite has no such test", id);
    VG_CLEANUP(cleanup_test) struct vg_test *found = vg_run_load_test(run_directory, id, err);
    if (!found)
        return false;
    vg_autojson json_t *one = vg_test_to_json(found), *other = vg_test_to_json(expected);
    vg_autofree char *difference = cert_difference(one, other);
    return !difference ||
           vg_fail(err, VG_ERROR_INPUT, "tests/%s/test.json is not the suite's test: %s", id, difference);
}

static bool same_tests(const char *run_directory, const struct vg_suite *suite, struct vg_error *err)
{
    struct vg_words tests VG_CLEANUP(vg_record_folders_free) = { 0 };
    vg_autofree char *root = vg_format("%s/tests", run_directory);
    bool good = vg_record_folders(root, &tests, err);
    for (unsigned i = 0; good && i < tests.count; i++)
        good = same_test(run_directory, tests.items[i], suite, err);
    return good;
}

/* The host file that run.json carries, through the reader of host files. */
static struct vg_host *host_of(const struct vg_run *run, const struct vg_suite *suite, struct vg_error *err)
{
    const char *temporary = getenv("TMPDIR");
    vg_autofree char *directory = vg_format("%s/vgauge-host-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!run->host_file) {
        vg_fail(err, VG_ERROR_INPUT, "run.json carries no host file");
        return NULL;
    }
    if (!mkdtemp(directory)) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a directory like %s", directory);
        return NULL;
    }
    vg_autofree char *path = vg_format("%s/host.yaml", directory);
    struct vg_host *host =
        vg_json_save_file(run->host_file, path, err) ? vg_host_load(suite->catalog->directory, path, err) : NULL;
    struct vg_error left = { 0 };
    if (!vg_remove_tree(directory, &left))
        vg_warn("%s", left.text);
    if (!host)
        vg_wrap(err, "run.json, host_file");
    return host;
}

void cert_planned_free(struct cert_planned *planned)
{
    vg_schedule_free(&planned->schedule);
    vg_host_free(planned->host);
    *planned = (struct cert_planned) { 0 };
}

bool cert_plan(const struct vg_run *run, const struct vg_suite *suite, struct cert_planned *planned,
               struct vg_error *err)
{
    *planned = (struct cert_planned) { .host = host_of(run, suite, err) };
    if (planned->host && !planned->host->model)
        return vg_schedule_make(suite->catalog, suite->plan, planned->host, NULL, NULL, &planned->schedule, err);
    return planned->host &&
           vg_fail(err, VG_ERROR_INPUT, "the run was made on a model of drivers (%s), which is no product",
                   planned->host->model);
}

json_t *cert_index(const struct vg_results *results)
{
    json_t *index = vg_json_new_object();
    for (unsigned i = 0; i < results->count; i++) {
        vg_autofree char *place = vg_format("%s/%s", results->judgements[i]->test, results->judgements[i]->instance);
        vg_json_set_int(index, place, i);
    }
    return index;
}

const struct vg_judgement *cert_find(const struct vg_results *results, const json_t *index, const char *test,
                                     const char *instance)
{
    vg_autofree char *place = vg_format("%s/%s", test, instance);
    const json_t *number = json_object_get(index, place);
    return number ? results->judgements[json_integer_value(number)] : NULL;
}

static bool is_decided(enum vg_verdict verdict)
{
    return verdict != VG_SKIP && verdict != VG_INVALID;
}

static bool any_of(const struct vg_results *results, const char *test)
{
    for (unsigned i = 0; i < results->count; i++)
        if (vg_equal(results->judgements[i]->test, test))
            return true;
    return false;
}

/* One instance that the plan has on that host. An optional test is there whole or not at all: of one that failed in
 * places, only the others could be left otherwise. */
static bool instance_good(const struct vg_results *results, const json_t *index, const struct vg_instance *instance,
                          const struct vg_suite *suite, bool *decided, struct vg_error *err)
{
    bool mandatory = vg_plan_demands(suite->plan, suite->catalog, instance->test, instance->mechanism);
    const char *id = instance->test->id;
    const struct vg_judgement *judgement = cert_find(results, index, id, instance->name);
    *decided = false;
    if (mandatory && instance->withheld)
        return vg_fail(err, VG_ERROR_INPUT, "the mandatory test %s was not run on %s: it %s", id, instance->mechanism,
                       instance->skip);
    if (!judgement && (instance->skip || (!mandatory && !any_of(results, id))))
        return true; /* it does not apply, or nobody chose it */
    if (!judgement && !mandatory)
        return vg_fail(
            err, VG_ERROR_INPUT,
            "the optional test %s is missing for %s: it is certified with all that the plan has of it, or not "
            "at all",
            id, instance->name);
    if (!judgement)
        return vg_fail(err, VG_ERROR_INPUT, "the mandatory test %s is missing for %s", id, instance->name);
    if (judgement->verdict == VG_INVALID)
        return vg_fail(err, VG_ERROR_INPUT, "%s is invalid, so that it decides nothing: %s", judgement->directory,
                       judgement->reason_count ? judgement->reasons[0] : "no reason given");
    if (instance->skip && judgement->verdict != VG_SKIP)
        return vg_fail(err, VG_ERROR_INPUT, "%s has a verdict, and does not apply to this host: %s",
                       judgement->directory, instance->skip);
    /* What the host itself lacks, a test without tenants says when it looks, and the runner of packages in the guest
     * image before it boots one. A tenant's word for it does not count. */
    bool excused = instance->skip || !instance->test->tenant_count || instance->test->needs.package.count;
    if (mandatory && !excused && !is_decided(judgement->verdict))
        return vg_fail(err, VG_ERROR_INPUT, "the mandatory test %s was skipped for %s: %s", id, instance->name,
                       judgement->reason_count ? judgement->reasons[0] : "no reason given");
    *decided = mandatory && is_decided(judgement->verdict);
    return true;
}

static bool all_scheduled(const struct vg_results *results, const struct vg_schedule *schedule,
                          const struct vg_suite *suite, struct vg_error *err)
{
    vg_autojson json_t *index = cert_index(results), *planned = vg_json_new_object();
    unsigned decided_count = 0;
    for (unsigned i = 0; i < schedule->count; i++) {
        bool decided;
        if (!instance_good(results, index, &schedule->items[i], suite, &decided, err))
            return false;
        decided_count += decided;
        vg_autofree char *place = vg_format("%s/%s", schedule->items[i].test->id, schedule->items[i].name);
        vg_json_set_bool(planned, place, true);
    }
    for (unsigned i = 0; i < results->count; i++) {
        vg_autofree char *place = vg_format("%s/%s", results->judgements[i]->test, results->judgements[i]->instance);
        if (!json_object_get(planned, place))
            return vg_fail(err, VG_ERROR_INPUT, "tests/%s is no instance that the plan has on this host", place);
    }
    return decided_count || vg_fail(err, VG_ERROR_INPUT,
                                    "no mandatory test applies to this host: there is nothing "
                                    "that could be certified");
}

static bool complete(const struct vg_results *results, const struct vg_suite *suite, struct vg_error *err)
{
    struct cert_planned planned VG_CLEANUP(cert_planned_free);
    return cert_plan(results->run, suite, &planned, err) && all_scheduled(results, &planned.schedule, suite, err);
}

static bool never_rerun(const struct vg_run *run, struct vg_error *err)
{
    vg_autofree char *reruns = vg_rerun_directory(run->directory, 1);
    return !vg_exists(reruns) ||
           vg_fail(err, VG_ERROR_INPUT,
                   "failing tests were run again (--rerun); a certification takes each result as it was");
}

bool cert_rules(const char *run_directory, const struct vg_suite *suite, struct vg_results **results,
                struct vg_error *err)
{
    *results = NULL;
    VG_CLEANUP(cleanup_results) struct vg_results *gathered = vg_results_gather(run_directory, err);
    if (!gathered)
        return false;
    if (!whole_run_of_the_plan(gathered->run, suite, err) || !never_rerun(gathered->run, err) ||
        !suite_as_built(gathered->run, suite, err) || !same_requirements(gathered, suite, err) ||
        !same_tests(gathered->run->directory, suite, err) || !complete(gathered, suite, err))
        return false;
    *results = VG_TAKE(gathered);
    return true;
}

char *cert_expired_waiver(const struct vg_results *results, const char *day, unsigned *at)
{
    unsigned number = 0;
    for (unsigned i = 0; i < results->expectation_count; i++) {
        for (unsigned j = 0; j < results->expectations[i]->count; j++) {
            const struct vg_known_issue *issue = &results->expectations[i]->items[j];
            if (number++ < *at || issue->outcome != VG_OUTCOME_WAIVED || strcmp(issue->expires, day) >= 0)
                continue;
            *at = number;
            return vg_format("the waiver of %s (%s) expired on %s", issue->test, issue->reference, issue->expires);
        }
    }
    *at = number;
    return NULL;
}
