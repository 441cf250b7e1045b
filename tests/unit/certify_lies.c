/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dishonest signer, whose digests and signature are always right: what a package says must still follow from its raw
 * samples and the suite, or it is refused, with the place named. */
#include "support/tampered.h"

/* --- by the signer --------------------------------------------------------------------------------------------------
 */

static void s_verdict(struct tarball *ball)
{
    item_replace(tarball_find(ball, INSTANCE "verdict.json"), "\"pass\"", "\"fail\"");
}
static void s_sample(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    char *line = strrchr(item->data, ',');
    line[1] = line[1] == '9' ? '8' : '9'; /* the last latency */
}
static void s_row_removed(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->data[--item->length] = '\0';
    item->length = (size_t)(strrchr(item->data, '\n') + 1 - item->data);
}
static void s_not_a_number(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    strrchr(item->data, ',')[1] = 'x';
}
static void s_value(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "verdict.json"), "values/0/value", json_real(41000.0));
}
static void s_check(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "verdict.json"), "checks/1/threshold", json_real(900000.0));
}
static void s_test(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/tests/made-000/test.json"), "test/expect/1/<=", json_real(900000.0));
}
static void s_requirement(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/requirements.json"), "requirements/0/level", json_string("SHOULD"));
}
static void s_samples_removed(struct tarball *ball)
{
    tarball_remove(ball, tarball_index(ball, SAMPLES));
}
static void s_samples_added(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, SAMPLES) + 0, INSTANCE "more.csv", "t0\n1\n");
}
static void s_program_added(struct tarball *ball)
{
    tarball_insert(ball, 4, "document/run-me.sh", "#!/bin/sh\n");
}
static void s_unknown_document(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, "run/run.json"), "run/results.tap", "ok\n");
}
static void s_orphan(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, "run/tests/made-000/test.json"), "run/tests/made-000/a/x.log", "x\n");
}
static void s_results(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/results.json"), "summary/pass", json_integer(9));
}
static void s_outcome(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, CERT_STATEMENT), "outcome", json_string("conforms with honours"));
}
static void s_claim(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, CERT_STATEMENT), "claimed/0/profiles/0/max", json_integer(64));
}
static void s_product(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, CERT_STATEMENT), "product", json_string("\033[2Jevil"));
}
static void s_document(struct tarball *ball)
{
    item_replace(tarball_find(ball, CERT_DOCUMENT), "0 are not met", "0 aren't met!");
}
/* What a customer prints is held to the same: in the PDF, where no letter of it changes its length. */
static void s_paper(struct tarball *ball)
{
    item_replace(tarball_find(ball, CERT_PAPER), "0 are not met", "0 aren't met!");
}
static void s_paper_gone(struct tarball *ball)
{
    tarball_remove(ball, tarball_index(ball, CERT_PAPER));
}
static void s_instance_removed(struct tarball *ball)
{
    for (unsigned i = ball->count; i-- > 0;)
        if (strncmp(ball->items[i].name, INSTANCE, strlen(INSTANCE)) == 0)
            tarball_remove(ball, i);
    struct item *journal = tarball_find(ball, "run/journal.jsonl");
    char *rest = strchr(journal->data, '\n') + 1; /* its line is the first */
    item_set(journal, rest);
}
static void s_other_plan(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/run.json"), "plan", json_string("quick"));
}
static void s_plan_changed(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/run.json"), "plan_file/repeat", json_integer(2));
}
static void s_not_complete(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/run.json"), "state", json_string("interrupted"));
}
static void s_suite(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/run.json"), "environment/suites/value", json_string("sha256:1234"));
}
static void s_dirty(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/run.json"), "environment/source/why", json_string("modified: yes"));
}
static void s_host(struct tarball *ball)
{
    json_t *none = json_pack("[{s:s,s:i}]", "name", "p0", "max", 1);
    item_edit_json(tarball_find(ball, "run/run.json"), "host_file/mechanisms/0/profiles", none);
}
static void s_host_more(struct tarball *ball)
{
    json_t *more = json_pack("[{s:s,s:i},{s:s,s:i},{s:s,s:i}]", "name", "p0", "max", 1, "name", "p1", "max", 2, "name",
                             "p9", "max", 9);
    item_edit_json(tarball_find(ball, "run/run.json"), "host_file/mechanisms/0/profiles", more);
}
static void s_model(struct tarball *ball)
{
    struct item *item = tarball_find(ball, "run/run.json");
    item_replace(item, "\"host_file\": {", "\"host_file\": {\"model\": \"all\",");
}
static void s_pdf(struct tarball *ball)
{
    tarball_insert(ball, 4, "document/annex.pdf", "%PDF-1.4\n");
}
static void s_fingerprint(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, "run/run.json"), "fingerprint/0/value", json_string("7.0"));
}
static void s_skip(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "measurements.json"), "skip", json_string("not today"));
}
static void s_skip_everywhere(struct tarball *ball)
{
    struct item *verdict = tarball_find(ball, INSTANCE "verdict.json");
    s_skip(ball);
    item_edit_json(verdict, "verdict", json_string("skip"));
    item_edit_json(verdict, "reasons", json_pack("[s]", "not today"));
    item_edit_json(verdict, "values", json_array());
    item_edit_json(verdict, "checks", json_array());
}
static void s_copied(struct tarball *ball)
{
    static const char *const files[] = { "verdict.json", "measurements.json", "tiny.guest.0.0.submission.csv" };
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *from = vg_format(OTHER "%s", files[i]), *to = vg_format(INSTANCE "%s", files[i]);
        item_set(tarball_find(ball, to), tarball_find(ball, from)->data);
    }
}
/* The same under another name, which is put right in all of its files. */
static void s_copied_and_renamed(struct tarball *ball)
{
    static const char *const files[] = { "verdict.json", "measurements.json", "tiny.guest.0.0.submission.csv" };
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *from = vg_format(INSTANCE "%s", files[i]), *to = vg_format(NEXT "%s", files[i]);
        struct item *item = tarball_find(ball, to);
        item_set(item, tarball_find(ball, from)->data);
        for (char *at = item->data; (at = strstr(at, "p0")) != NULL;)
            at[1] = '1';
    }
    item_edit_json(tarball_find(ball, NEXT "measurements.json"), "profile_max", json_integer(2));
}
static void s_driver(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "measurements.json"), "phases/0/runs/0/facts/0/value",
                   json_string("MESA_LLVMPIPE"));
}
static void s_software(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "measurements.json"), "software_renderer", json_false());
}
/* What the judge judges by stands in the measurements too: limits, promises, and what was run at all. */
static void s_measured(struct tarball *ball, const char *place, json_t *value)
{
    item_edit_json(tarball_find(ball, INSTANCE "measurements.json"), place, value);
}
static void s_period(struct tarball *ball)
{
    s_measured(ball, "period_us", json_integer(900000));
}
static void s_slice(struct tarball *ball)
{
    s_measured(ball, "slice_us", json_integer(500));
}
static void s_profile_max(struct tarball *ball)
{
    s_measured(ball, "profile_max", json_integer(16));
}
static void s_memory(struct tarball *ball)
{
    s_measured(ball, "profile_memory_bytes", json_integer(1 << 30));
}
static void s_elastic(struct tarball *ball)
{
    s_measured(ball, "elastic_percent", json_integer(50));
}
static void s_promise(struct tarball *ball)
{
    s_measured(ball, "promises",
               json_pack("[{s:s,s:s,s:s}]", "policy", "equal-share", "entitlement", "none", "idle", "given-away"));
}
static void s_phase_policy(struct tarball *ball)
{
    s_measured(ball, "phases/0/policy", json_string("best-effort"));
}
static void s_weight(struct tarball *ball)
{
    s_measured(ball, "tenants/0/weight", json_integer(7));
}
static void s_tenant_name(struct tarball *ball)
{
    s_measured(ball, "tenants/0/name", json_string("idle.0"));
}
static void s_param(struct tarball *ball)
{
    s_measured(ball, "phases/0/runs/0/params/wait", json_string("polling"));
}
static void s_param_more(struct tarball *ball)
{
    struct item *item = tarball_find(ball, INSTANCE "measurements.json");
    item_replace(item, "\"wait\": \"blocking\"", "\"wait\":\"blocking\",\"x\":\"\"");
}
static void s_not_run(struct tarball *ball)
{
    s_measured(ball, "phases/0/runs/0/workload", json_string("vk-golden"));
}
static void s_phase_name(struct tarball *ball)
{
    s_measured(ball, "phases/0/name", json_string("other"));
}
static void s_phase_more(struct tarball *ball)
{
    struct item *item = tarball_find(ball, INSTANCE "measurements.json");
    vg_autojson json_t *document = json_loads(item->data, 0, NULL);
    json_t *phases = json_object_get(document, "phases"), *more = json_deep_copy(json_array_get(phases, 0));
    json_object_set_new(more, "name", json_string("more"));
    json_object_set_new(more, "runs", json_array());
    json_array_append_new(phases, more);
    char *text = json_dumps(document, JSON_INDENT(2));
    item_set(item, text);
    free(text);
}

static void s_waiver(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, "run/journal.jsonl"), "run/expectations.json",
                   "{\"schema\":\"vgauge-expectations/1\",\"files\":[{\"file\":\"w.yaml\",\"digest\":\"sha256:"
                   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
                   "\"content\":{\"expectations\":[{\"test\":\"made-000\",\"expect\":\"waived\",\"reason\":\"r\","
                   "\"reference\":\"x\",\"expires\":\"2099-01-01\"}]}}]}\n");
}
static void s_journal(struct tarball *ball)
{
    item_replace(tarball_find(ball, "run/journal.jsonl"), "made-000", "../../00");
}
/* Results of another, better run, and results that were run until they passed. */
static void s_journal_verdict(struct tarball *ball)
{
    item_replace(tarball_find(ball, "run/journal.jsonl"), "\"pass\"", "\"fail\"");
}
static void s_journal_without(struct tarball *ball)
{
    struct item *journal = tarball_find(ball, "run/journal.jsonl");
    item_set(journal, strchr(journal->data, '\n') + 1);
}
static void s_journal_twice(struct tarball *ball)
{
    struct item *journal = tarball_find(ball, "run/journal.jsonl");
    vg_autofree char *first = vg_strdup(journal->data);
    *strchr(first, '\n') = '\0';
    vg_autofree char *text = vg_format("%s\n%s", first, journal->data);
    item_set(journal, text);
}
static void s_journal_more(struct tarball *ball)
{
    struct item *journal = tarball_find(ball, "run/journal.jsonl");
    vg_autofree char *text =
        vg_format("%s{\"test\":\"made-000\",\"instance\":\"x\",\"verdict\":\"fail\"}\n", journal->data);
    item_set(journal, text);
}
static void s_journal_cut(struct tarball *ball)
{
    struct item *journal = tarball_find(ball, "run/journal.jsonl");
    journal->data[--journal->length] = '\0';
}
static void s_manifest_suite(struct tarball *ball)
{
    ball->other_suite = "sha256:0000";
}
static void s_manifest_version(struct tarball *ball)
{
    ball->other_version = "9.9.9";
}
static void s_statement_gone(struct tarball *ball)
{
    tarball_remove(ball, ball->count - 1);
}
static void s_deep_json(struct tarball *ball)
{
    struct item *item = tarball_find(ball, INSTANCE "measurements.json");
    vg_autofree char *deep = vg_calloc(1, 200001);
    memset(deep, '[', 200000);
    item_set(item, deep);
}

static const struct change by_signer[] = {
    { "a sample", s_sample, "does not follow from its samples: values[" },
    { "a sample removed", s_row_removed, "rows, and measurements.json says 200" },
    { "a sample that is no number", s_not_a_number, "a cell is not a 64-bit integer" },
    { "a verdict", s_verdict, "its verdict is `fail`, and `pass` follows" },
    { "a value", s_value, "values[0].value is 41000" },
    { "a threshold of a verdict", s_check, "checks[1].threshold is 900000" },
    { "a threshold of a test", s_test, "tests/made-000/test.json is not the suite's test: expect[1].<= is 900000" },
    { "a requirement", s_requirement, "VGPU-MADE-001: level is \"SHOULD\"" },
    { "samples removed", s_samples_removed, "its raw samples tiny.guest.0.0.submission.csv are missing" },
    { "samples added", s_samples_added, "more.csv are samples that its measurements do not name" },
    { "a program added", s_program_added, "is no file that a package may hold" },
    { "a report added", s_unknown_document, "is no file that a package may hold" },
    { "a file of no result", s_orphan, "belongs to no result" },
    { "a sum of the results", s_results, "results.json does not follow from the verdicts: summary.pass is 9, not 8" },
    { "the outcome", s_outcome, "statement.json does not follow from the results: outcome" },
    { "a claim", s_claim, "claimed[0].profiles[0].max is 64, not 1" },
    { "a product that writes to terminals", s_product, "cannot be shown" },
    { "the document", s_document, "certificate.html does not say what the statement says" },
    { "the document on paper", s_paper, "certificate.pdf does not say what the statement says" },
    { "no document on paper", s_paper_gone, "it holds no document/certificate.pdf" },
    { "a mandatory result removed", s_instance_removed, "the mandatory test made-000 is missing" },
    { "another plan", s_other_plan, "only plan `certification` can be certified" },
    { "a changed plan", s_plan_changed, "plan_file: repeat is 2, not 1" },
    { "a run that did not end", s_not_complete, "the run is not complete" },
    { "another suite", s_suite, "made with another suite" },
    { "a dirty suite", s_dirty, "built from a dirty tree" },
    { "a profile that is no longer claimed", s_host, "is no instance that the plan has on this host" },
    { "a profile that was not tested", s_host_more, "is missing for virtio-venus.p9" },
    { "a model of drivers", s_model, "which is no product" },
    { "a document that nobody compares", s_pdf, "is no file that a package may hold" },
    { "the environment", s_fingerprint, "fingerprint[0].value" },
    { "a result that is said to be skipped", s_skip, "its verdict is `pass`, and `skip` follows" },
    { "a mandatory result skipped", s_skip_everywhere, "the mandatory test made-000 was skipped" },
    { "results of another test", s_copied, "belongs to another place" },
    { "a result copied and renamed", s_copied_and_renamed,
      "it was measured at the same nanosecond as tests/made-000/" },
    { "a driver", s_driver, "its verdict is `pass`, and `invalid` follows" },
    { "a software renderer", s_software, "differ in `software_renderer`" },
    { "a longer period", s_period, "the host file differ in `period_us`: 900000, not 20000" },
    { "a slice", s_slice, "the host file differ in `slice_us`: 500, not 0" },
    { "a larger M", s_profile_max, "the host file differ in `profile_max`: 16, not 1" },
    { "memory", s_memory, "the host file differ in `profile_memory_bytes`" },
    { "an elastic share", s_elastic, "the host file differ in `elastic_percent`" },
    { "a promise", s_promise, "the host file differ in `promises`" },
    { "another policy in a phase", s_phase_policy,
      "ran under policy `best-effort`, and the test asks for `equal-share`" },
    { "another weight", s_weight, "tenant guest.0 the weight 7, and the test 1" },
    { "another tenant", s_tenant_name, "no tenant guest.0, which the test asks for" },
    { "an easier parameter", s_param, "was not run as the test asks for: wait is polling, not blocking" },
    { "a parameter too many", s_param_more, "there are others than the workload has" },
    { "another workload", s_not_run, "vk-submit-latency in guest.0 was not run" },
    { "another phase", s_phase_name, "a phase other where the test asks for tiny" },
    { "a phase too many", s_phase_more, "phase more is none of the test's" },
    { "a waiver", s_waiver, "results.json does not follow from the verdicts: expectations[0]" },
    { "a path in the journal", s_journal, "not a plain name" },
    { "a result that failed when it was run", s_journal_verdict,
      "boot-1 was `fail` when it was run, and now is `pass`" },
    { "a result that no journal tells of", s_journal_without, "no result of this run" },
    { "a result that was run twice", s_journal_twice, "is there twice" },
    { "a result that was taken out", s_journal_more, "cannot read run/tests/made-000/x/verdict.json" },
    { "a cut journal", s_journal_cut, "journal.jsonl" },
    { "the manifest's suite", s_manifest_suite, "verify it with that version" },
    { "the manifest's version", s_manifest_version, "names another version of vgauge" },
    { "no statement", s_statement_gone, "it holds no statement.json" },
    { "JSON without a bottom", s_deep_json, "measurements.json" },
};

static void signed_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(by_signer); i++) {
        struct tarball ball = tarball_copy(&original);
        by_signer[i].change(&ball);
        tarball_sign(&ball, key);
        tarball_save(&ball, tampered);
        tarball_free(&ball);
        print_message("%s\n", by_signer[i].name);
        refused(by_signer[i].reason);
    }
}

/* A manifest that is signed, and is itself the trick. */
static void signed_manifests(void **state)
{
    static const struct {
        const char *find, *put, *reason;
    } tricks[] = {
        { "\"run/run.json\"", "\"run/../run.x\"", "leads out of the package" },
        { "\"run/run.json\"", "\"/run/run.jso\"", "is absolute" },
        { "\"run/run.json\"", "\"run/run.html\"", "is no file that a package may hold" },
        { "\"run/run.json\"", "\"run/requirements.json\"", "twice, or not in the order" },
        { "\"signer.pem\"", "\"run/x/y.log\"", "is no file that a package may hold" },
        { "vgauge-package/1", "vgauge-package/2", "this vgauge reads vgauge-package/1 only" },
        { "\"vgauge\"", "\"extra\": 1, \"vgauge\"", "not written as vgauge writes it" },
        { "\"bytes\": ", "\"bytes\": 99999999999", "the most that a file may have" },
        { "\"bytes\": ", "\"bytes\": -", "is said to have -" },
        { "\"files\": [", "\"files\": 7, \"x\": [", "files" },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(tricks); i++) {
        struct tarball ball = tarball_copy(&original);
        item_replace(tarball_find(&ball, CERT_MANIFEST), tricks[i].find, tricks[i].put);
        tarball_sign_manifest(&ball, key);
        tarball_save(&ball, tampered);
        tarball_free(&ball);
        print_message("%s -> %s\n", tricks[i].find, tricks[i].put);
        refused(tricks[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_lies),
        cmocka_unit_test(signed_manifests),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
