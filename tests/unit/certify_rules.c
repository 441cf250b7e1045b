/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `vgauge certify` refuses, what it makes of failures and waivers, and that the same run gives the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "certify/internal.h"
#include "support/certified_run.h"

static char *scratch, *run, *key, *public, *out;
static struct vg_suite *suite;

static int set_up(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    scratch = made_scratch();
    make_certified_run(scratch, (struct made_size) { 4, 2, 150 });
    vg_autofree char *suites = made_path(scratch, "suites"), *fingerprint = NULL;
    run = made_path(scratch, "run");
    key = made_path(scratch, "key");
    public = made_path(scratch, "key.pub");
    out = made_path(scratch, "package.tar.gz");
    suite = vg_suite_open(suites, &err);
    must(suite && vg_key_new(key, &fingerprint, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    vg_suite_free(suite);
    vg_remove_tree(scratch, &err);
    free(scratch);
    free(run);
    free(key);
    free(public);
    free(out);
    return 0;
}

static bool certify(const char *to, struct vg_certificate *certificate, struct vg_error *err)
{
    const struct vg_certify_config config = { .suite = suite,
                                              .run_directory = run,
                                              .product = "Made GPU 1.0",
                                              .vendor = "Nobody",
                                              .key = key,
                                              .out = to,
                                              .today = "2026-11-22" };
    *err = (struct vg_error) { 0 };
    return vg_certify(&config, certificate, err);
}

static void refused(const char *words)
{
    struct vg_error err;
    struct vg_certificate certificate;
    if (certify(out, &certificate, &err)) {
        vg_certificate_free(&certificate);
        fail_msg("it was certified; it should have been refused: %s", words);
    }
    if (!strstr(err.text, words))
        fail_msg("refused because \"%s\"; expected: %s", err.text, words);
    assert_int_equal(err.kind, VG_ERROR_INPUT);
    assert_false(vg_exists(out));
}

static void taken(struct vg_certificate *certificate)
{
    struct vg_error err;
    must(certify(out, certificate, &err), &err);
    assert_int_equal(unlink(out), 0);
}

/* As if it had been run like this: judged, and journalled with the verdicts of now. */
static void judge_again(void)
{
    struct vg_error err = { 0 };
    struct vg_text journal = { 0 };
    must(vg_judge_run(run, &err), &err);
    struct vg_results *results = vg_results_gather(run, &err);
    must(results != NULL, &err);
    for (unsigned i = 0; i < results->count; i++)
        vg_text_add(&journal, "{\"test\":\"%s\",\"instance\":\"%s\",\"verdict\":\"%s\"}\n",
                    results->judgements[i]->test, results->judgements[i]->instance,
                    vg_verdict_name(results->judgements[i]->verdict));
    must(made_file(run, "journal.jsonl", journal.data, &err), &err);
    vg_text_free(&journal);
    vg_results_free(results);
}

/* Edits a JSON file of the run: sets object[key]; returns the old value. */
static json_t *edit(const char *file, const char *object, const char *member, json_t *value_stolen)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = made_path(run, file);
    vg_autojson json_t *document = vg_json_load_file(path, 1 << 24, &err);
    must(document != NULL, &err);
    json_t *at = object ? json_object_get(document, object) : document;
    json_t *old = json_deep_copy(json_object_get(at, member));
    vg_json_set(at, member, value_stolen);
    must(vg_json_save_file(document, path, &err), &err);
    return old;
}

static void in_order(void **state)
{
    struct vg_certificate certificate;
    (void)state;
    taken(&certificate);
    assert_int_equal(certificate.outcome, VG_CONFORMS);
    assert_int_equal(certificate.held, 2);
    assert_int_equal(certificate.not_met + certificate.waived + certificate.findings, 0);
    assert_int_equal(certificate.instances, 8);
    assert_int_equal(certificate.samples, 8 * 150);
    vg_autofree char *answer = vg_certificate_answer(&certificate);
    assert_string_equal(answer, "conforms");
    vg_certificate_free(&certificate);
}

static void same_bytes(void **state)
{
    struct vg_error err;
    struct vg_certificate certificate;
    vg_autofree char *again = made_path(scratch, "again.tar.gz"), *one = NULL, *other = NULL;
    size_t length, other_length;
    (void)state;
    must(certify(out, &certificate, &err), &err);
    vg_certificate_free(&certificate);
    assert_false(certify(out, &certificate, &err)); /* never over a package that is there */
    assert_non_null(strstr(err.text, "is there already"));
    sleep(1); /* times must not enter */
    must(certify(again, &certificate, &err), &err);
    vg_certificate_free(&certificate);
    must(vg_read_file(out, 1 << 24, &one, &length, &err), &err);
    must(vg_read_file(again, 1 << 24, &other, &other_length, &err), &err);
    assert_int_equal(length, other_length);
    assert_memory_equal(one, other, length);
    unlink(out);
    unlink(again);
}

static void other_plans(void **state)
{
    (void)state;
    json_t *old = edit("run.json", NULL, "plan", json_string("quick"));
    refused("only plan `certification` can be certified");
    json_decref(edit("run.json", NULL, "plan", old));
    old = edit("run.json", "plan_file", "repeat", json_integer(2));
    refused("the plan was changed for this run");
    json_decref(edit("run.json", "plan_file", "repeat", old));
    old = edit("run.json", NULL, "state", json_string("interrupted"));
    refused("it is `interrupted`");
    json_decref(edit("run.json", NULL, "state", old));
}

static void other_suites(void **state)
{
    (void)state;
    json_t *entry =
        json_pack("{s:s,s:s}", "value", "sha256:12", "why", "tests/made/made-001.yaml is not as in the suite");
    json_t *old = edit("run.json", "environment", "suites", entry);
    refused("tests/made/made-001.yaml is not as in the suite");
    json_decref(edit("run.json", "environment", "suites", old));
    old = edit("run.json", "environment", "source", json_pack("{s:s,s:s}", "value", "0", "why", "modified: built so"));
    refused("built from a dirty tree");
    json_decref(edit("run.json", "environment", "source", old));
    old = edit("run.json", "environment", "programs", json_pack("{s:s,s:s}", "value", "0", "why", "changed: begun so"));
    refused("by other programs than those that began it");
    json_decref(edit("run.json", "environment", "programs", old));
    old = edit("run.json", "environment", "suites", json_null());
    refused("older than certification");
    json_decref(edit("run.json", "environment", "suites", old));
    struct vg_suite dirty = *suite;
    struct vg_suite *kept = suite;
    dirty.built_in = dirty.dirty = true;
    suite = &dirty;
    refused("this vgauge was built from a dirty tree");
    suite = kept;
}

static void missing_and_invalid(void **state)
{
    const char *instance = "tests/made-001/virtio-venus.p1.equal-share.boot-1";
    vg_autofree char *verdict = vg_format("%s/%s/verdict.json", run, instance), *away = vg_format("%s.away", verdict);
    vg_autofree char *journal = made_path(run, "journal.jsonl"), *kept = vg_format("%s.kept", journal);
    struct vg_error err = { 0 };
    (void)state;
    must(rename(verdict, away) == 0 && rename(journal, kept) == 0, &err);
    must(vg_write_file(journal, "", 0, &err), &err);
    refused("the mandatory test made-001 is missing for virtio-venus.p1.equal-share.boot-1");
    must(rename(away, verdict) == 0 && rename(kept, journal) == 0, &err);
    /* Optional: it decides requirement 2, which is a SHOULD. */
    vg_autofree char *optional = vg_format("%s/tests/made-003", run), *hidden = vg_format("%s/hidden", scratch);
    must(rename(optional, hidden) == 0 && rename(journal, kept) == 0, &err);
    judge_again(); /* journals what is there */
    struct vg_certificate certificate;
    taken(&certificate);
    assert_int_equal(certificate.instances, 6);
    assert_int_equal(certificate.not_tested, 1); /* nobody looked at requirement 2 */
    assert_int_equal(certificate.not_applicable, 0);
    vg_certificate_free(&certificate);
    must(rename(hidden, optional) == 0 && rename(kept, journal) == 0, &err);
    /* In part: what failed could be left out. */
    vg_autofree char *part = vg_format("%s/virtio-venus.p0.equal-share.boot-1", optional);
    must(rename(part, hidden) == 0 && rename(journal, kept) == 0, &err);
    must(vg_write_file(journal, "", 0, &err), &err);
    refused("the optional test made-003 is missing for virtio-venus.p0.equal-share.boot-1");
    must(rename(hidden, part) == 0 && rename(kept, journal) == 0, &err);
    /* Invalid, mandatory or not. */
    vg_autofree char *measurements = vg_format("tests/made-003/virtio-venus.p0.equal-share.boot-1/measurements.json");
    json_t *old = edit(measurements, NULL, "invalid", json_pack("[s]", "the host was busy"));
    judge_again();
    refused("is invalid, so that it decides nothing: the host was busy");
    json_decref(edit(measurements, NULL, "invalid", old));
    judge_again();
}

/* A host file can forbid what is destructive. It cannot make that a test which does not apply. */
static void withheld(void **state)
{
    (void)state;
    json_t *old = edit("run.json", "host_file", "allow", json_array());
    refused("the mandatory test made-000 was not run on virtio-venus: it is destructive, which the host file does not "
            "allow");
    json_decref(edit("run.json", "host_file", "allow", old));
}

static void reruns(void **state)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = made_path(run, "reruns/1");
    (void)state;
    must(vg_make_directories(directory, &err), &err);
    refused("run again (--rerun)");
    vg_autofree char *parent = made_path(run, "reruns");
    must(vg_remove_tree(parent, &err), &err);
}

static void expect(const char *outcome, const char *expires)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = made_path(scratch, "known.yaml");
    vg_autofree char *text = vg_format("expectations:\n  - { test: made-000, expect: %s, reason: slow by design, "
                                       "reference: TICKET-7, expires: %s }\n",
                                       outcome, expires);
    must(vg_write_file(path, text, strlen(text), &err), &err);
    must(vg_run_save_expectations(run, (const char *const[]) { path }, 1, &err), &err);
    judge_again();
}

/* A failing result, then what each kind of expectation makes of it. */
static void failures_and_waivers(void **state)
{
    const char *file = "tests/made-000/virtio-venus.p0.equal-share.boot-1/measurements.json";
    struct vg_certificate certificate;
    struct vg_error err = { 0 };
    (void)state;
    vg_autofree char *path = made_path(run, file);
    vg_autojson json_t *document = vg_json_load_file(path, 1 << 24, &err), *kept = json_deep_copy(document);
    json_t *phase = json_array_get(json_object_get(document, "phases"), 0);
    json_t *one = json_array_get(json_object_get(phase, "runs"), 0);
    vg_json_set_text(one, "status", "fail");
    vg_json_set_text(one, "message", "a wrong <result>");
    must(vg_json_save_file(document, path, &err), &err);
    judge_again();
    taken(&certificate);
    assert_int_equal(certificate.outcome, VG_DOES_NOT_CONFORM);
    assert_int_equal(certificate.not_met, 1);
    assert_int_equal(certificate.held, 1);
    vg_autofree char *answer = vg_certificate_answer(&certificate);
    assert_string_equal(answer, "does not conform: 1 requirement is not met");
    vg_certificate_free(&certificate);
    /* That somebody expects it does not make it a pass. */
    expect("xfail", "2099-01-01");
    taken(&certificate);
    assert_int_equal(certificate.outcome, VG_DOES_NOT_CONFORM);
    vg_certificate_free(&certificate);
    expect("waived", "2026-11-22"); /* its last day */
    taken(&certificate);
    assert_int_equal(certificate.outcome, VG_CONFORMS_WITH_WAIVERS);
    assert_int_equal(certificate.waived, 1);
    vg_certificate_free(&certificate);
    expect("waived", "2026-11-21");
    refused("the waiver of made-000 (TICKET-7) expired on 2026-11-21");
    /* What the customer reads. */
    expect("waived", "2027-01-31");
    must(certify(out, &certificate, &err), &err);
    vg_certificate_free(&certificate);
    struct vg_verify_config later = { .suite = suite, .package = out, .key = public, .today = "2027-02-01" };
    must(vg_verify(&later, &certificate, &err), &err);
    assert_int_equal(certificate.expired_count, 1);
    assert_non_null(strstr(certificate.expired[0], "expired on 2027-01-31"));
    vg_certificate_free(&certificate);
    struct cert_opened opened = { 0 };
    vg_autofree char *unpacked = made_path(scratch, "unpacked"), *page = made_path(unpacked, CERT_DOCUMENT),
                     *text = NULL;
    size_t length;
    must(vg_make_directories(unpacked, &err) && cert_package_read_file(out, NULL, unpacked, &opened, &err) &&
             vg_read_file(page, 1 << 24, &text, &length, &err),
         &err);
    cert_opened_free(&opened);
    assert_non_null(strstr(text, "Conforms with waivers."));
    assert_non_null(strstr(text, "slow by design"));
    assert_non_null(strstr(text, "TICKET-7"));
    assert_non_null(strstr(text, "2027-01-31"));
    assert_non_null(strstr(text, "p1, at most 2 per pGPU"));
    assert_non_null(strstr(text, "equal-share, period 20 ms<"));
    assert_non_null(strstr(text, "virtio-venus, rendering in software"));
    assert_non_null(strstr(text, "6.1.0-&lt;script&gt;"));
    assert_null(strstr(text, "<script"));
    unlink(out);
    must(vg_run_save_expectations(run, NULL, 0, &err) && vg_json_save_file(kept, path, &err), &err);
    judge_again();
}

static void foreign_files(void **state)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = made_path(run, "tests/made-000/virtio-venus.p0.equal-share.boot-1/core.dump");
    vg_autofree char *link = made_path(run, "tests/made-000/virtio-venus.p0.equal-share.boot-1/x.log");
    (void)state;
    must(vg_write_file(path, "x", 1, &err), &err);
    refused("core.dump is no file that a package may hold");
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    refused("x.log is not a regular file");
    unlink(link);
}

static void names(void **state)
{
    struct vg_error err;
    struct vg_certificate certificate;
    struct vg_certify_config config = { .suite = suite,
                                        .run_directory = run,
                                        .product = "",
                                        .vendor = "Nobody",
                                        .key = key,
                                        .out = out,
                                        .today = "2026-11-22" };
    (void)state;
    err = (struct vg_error) { 0 };
    assert_false(vg_certify(&config, &certificate, &err));
    assert_non_null(strstr(err.text, "the product has no name"));
    config.product = "Made\033[2J";
    err = (struct vg_error) { 0 };
    assert_false(vg_certify(&config, &certificate, &err));
    assert_non_null(strstr(err.text, "cannot be shown"));
    config.product = "Gr\u00e4fin \u56fe\u5f62 & Co. <1.0>";
    err = (struct vg_error) { 0 };
    must(vg_certify(&config, &certificate, &err), &err);
    assert_string_equal(certificate.product, config.product);
    vg_certificate_free(&certificate);
    unlink(out);
}

static void keys(void **state)
{
    struct vg_error err = { 0 };
    struct stat status;
    vg_autofree char *fingerprint = NULL, *one = vg_key_fingerprint(key, &err),
                     *other = vg_key_fingerprint(public, &err);
    (void)state;
    assert_int_equal(stat(key, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_string_equal(one, other);
    assert_int_equal(strlen(one), 7 + 64);
    assert_false(vg_key_new(key, &fingerprint, &err));
    assert_non_null(strstr(err.text, "never written over"));
    vg_autofree char *kept = vg_key_fingerprint(key, &err);
    assert_string_equal(kept, one);
    err = (struct vg_error) { 0 };
    vg_autofree char *text = made_path(scratch, "host.yaml");
    assert_null(vg_key_fingerprint(text, &err));
    assert_non_null(strstr(err.text, "no public Ed25519 key"));
}

/* libarchive and our reader must agree on every header, long names too. */
static void headers(void **state)
{
    static const char *const good[] = {
        "manifest.json",
        "run/tests/a-test-with-a-long-name-that-goes-on-and-on-and-on/virtio-venus.quarter.equal-share.boot-1/"
        "contended.peer.0.0.submission.csv",
    };
    struct vg_error err = { 0 };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(good); i++) {
        const struct cert_entry entry = { good[i], NULL, "0123456789", 10, false };
        vg_autofree char *path = made_path(scratch, "one.tar.gz");
        must(cert_archive_write(path, &entry, 1, &err), &err);
        vg_autofree char *command_output = NULL;
        int status;
        const char *const argv[] = { "gzip", "-dc", path, NULL };
        must(vg_run_command(argv, 10000, 1 << 20, &command_output, &status, &err), &err);
        unsigned char block[CERT_BLOCK_BYTES];
        assert_true(cert_header_make(good[i], 10, block));
        assert_memory_equal(command_output, block, sizeof(block));
        unlink(path);
    }
    static const char *const bad[] = { "/a",   "a/../b", "..",   "a//b",          "a/",  "",
                                       "a/.b", "-a",     "a\tb", "a/b/c/d/e/f/g", "a..b" };
    for (size_t i = 0; i < VG_COUNT(bad); i++)
        assert_non_null(cert_name_trouble(bad[i]));
    assert_null(cert_name_trouble(good[1]));
    assert_true(cert_name_allowed("run/tests/t/i/x.csv"));
    assert_false(cert_name_allowed("run/tests/t/i/j/x.csv"));
    assert_false(cert_name_allowed("run/tests/t/i/x.sh"));
}

/* What the program carries is what lies in suites/, and it knows when a directory is something else. */
static void built_in(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    struct vg_suite *own = vg_suite_built_in(&err);
    must(own != NULL, &err);
    vg_autofree char *directory = vg_catalog_directory(&err);
    struct vg_suite *disk = vg_suite_open(directory, &err);
    must(disk != NULL, &err);
    assert_string_equal(own->digest, disk->digest);
    assert_int_equal(own->catalog->test_count, disk->catalog->test_count);
    assert_true(own->plan->mandatory_count > 0);
    vg_suite_free(disk);
    struct vg_run identified = { 0 };
    vg_autofree char *programs = vg_executable_directory(), *made = made_path(scratch, "suites");
    must(vg_suite_identify(&identified, directory, programs, &err), &err);
    json_t *entry = json_object_get(identified.environment, "suites");
    assert_string_equal(vg_json_text_or(entry, "value", ""), own->digest);
    assert_string_equal(vg_json_text_or(entry, "why", ""), "the suite that this vgauge was built with");
    /* Which source it was: the commit alone only if nothing else was in it. */
    const char *commit = vg_json_text_or(json_object_get(identified.environment, "source"), "value", "");
    assert_int_equal(identified.fingerprint_count, 1);
    assert_string_equal(identified.fingerprint[0].key, VG_FINGERPRINT_BUILD);
    const char *build = identified.fingerprint[0].value;
    assert_true(vg_equal(build, commit) || strstr(build, ", program "));
    must(vg_suite_identify(&identified, made, programs, &err), &err);
    entry = json_object_get(identified.environment, "suites");
    assert_non_null(strstr(vg_json_text_or(entry, "why", ""), ".yaml is not as in the suite"));
    /* Gone on with by the same programs, and by others. */
    entry = json_object_get(identified.environment, "programs");
    assert_string_equal(vg_json_text_or(entry, "why", ""), "digests of the files that ran");
    vg_json_set(entry, "value", json_pack("{s:s}", "vgauge", "sha256:0"));
    must(vg_suite_identify(&identified, directory, programs, &err), &err);
    entry = json_object_get(identified.environment, "programs");
    assert_string_equal(vg_json_text_or(entry, "why", ""), "changed: begun by other programs");
    json_decref(identified.environment);
    free(identified.fingerprint[0].key);
    free(identified.fingerprint[0].value);
    free(identified.fingerprint[0].source);
    free(identified.fingerprint);
    vg_suite_free(own);
}

/* In the plan that is shipped: which tests must be decided where. */
static void mandatory(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    struct vg_suite *own = vg_suite_built_in(&err);
    must(own != NULL, &err);
    const struct vg_test *scrub = vg_catalog_test(own->catalog, "iso-scrub-after-kill");
    const struct vg_test *harness = vg_catalog_test(own->catalog, "harness-agent-idle");
    const struct vg_test *latency = vg_catalog_test(own->catalog, "dsub-vulkan-latency");
    assert_true(scrub && harness && latency);
    assert_true(vg_plan_demands(own->plan, own->catalog, scrub, "virtio-venus"));
    assert_true(vg_plan_demands(own->plan, own->catalog, scrub, "nvidia-vfio"));
    assert_false(vg_plan_demands(own->plan, own->catalog, scrub, "native"));
    assert_false(vg_plan_demands(own->plan, own->catalog, harness, "virtio-venus"));
    vg_suite_free(own);
}

static void differences(void **state)
{
    static const struct {
        const char *found, *expected, *words;
    } cases[] = {
        { "{\"a\":1}", "{\"a\":1}", NULL },
        { "{\"a\":1.0000000000001}", "{\"a\":1.0}", NULL },
        { "{\"a\":1.000001}", "{\"a\":1.0}", "a is 1.000001, not 1.0" },
        { "{\"a\":[1,2]}", "{\"a\":[1,3]}", "a[1] is 2, not 3" },
        { "{\"a\":[1,2]}", "{\"a\":[1]}", "a[1] is 2, not nothing" },
        { "{\"a\":[1]}", "{\"a\":[1,2]}", "a[1] is nothing, not 2" },
        { "{\"a\":{\"b\":\"x\"}}", "{\"a\":{\"b\":\"y\"}}", "a.b is \"x\", not \"y\"" },
        { "{\"a\":1,\"b\":2}", "{\"a\":1}", "b is 2, not nothing" },
        { "{\"a\":null}", "{\"a\":0}", "a is null, not 0" },
        { "{\"a\":true}", "{\"a\":false}", "a is true, not false" },
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        vg_autojson json_t *found = vg_json_load_text(cases[i].found, strlen(cases[i].found), &err);
        vg_autojson json_t *expected = vg_json_load_text(cases[i].expected, strlen(cases[i].expected), &err);
        vg_autofree char *words = cert_difference(found, expected);
        if (!cases[i].words)
            assert_null(words);
        else
            assert_string_equal(words, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(other_plans),
        cmocka_unit_test(other_suites),
        cmocka_unit_test(missing_and_invalid),
        cmocka_unit_test(withheld),
        cmocka_unit_test(reruns),
        cmocka_unit_test(foreign_files),
        cmocka_unit_test(names),
        cmocka_unit_test(failures_and_waivers),
        cmocka_unit_test(keys),
        cmocka_unit_test(headers),
        cmocka_unit_test(built_in),
        cmocka_unit_test(mandatory),
        cmocka_unit_test(differences),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
