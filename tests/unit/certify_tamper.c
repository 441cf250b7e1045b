/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways to tamper with a package, each of which must be refused for its own reason. First those of somebody without the
 * key, who can change bytes; then those of a dishonest signer, whose digests and signature are always right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <zlib.h>

#include "certify/internal.h"
#include "support/certified_run.h"
#include "support/tarball.h"

static char *scratch, *key, *public, *package, *tampered;
static struct vg_suite *suite;
static struct tarball original;

#define INSTANCE "run/tests/made-000/virtio-venus.p0.equal-share.boot-1/"
#define OTHER    "run/tests/made-001/virtio-venus.p0.equal-share.boot-1/"
#define SAMPLES  INSTANCE "tiny.guest.0.0.submission.csv"

static int set_up(void **state)
{
    struct vg_error err = { 0 };
    struct vg_certificate certificate;
    char template[] = "/tmp/vgauge-test-XXXXXX";
    (void)state;
    if (!mkdtemp(template))
        return -1;
    scratch = vg_strdup(template);
    make_certified_run(scratch, (struct made_size) { 4, 2, 200 });
    vg_autofree char *suites = made_path(scratch, "suites"), *run = made_path(scratch, "run"), *fingerprint = NULL;
    key = made_path(scratch, "key");
    public = made_path(scratch, "key.pub");
    package = made_path(scratch, "package.tar.gz");
    tampered = made_path(scratch, "tampered.tar.gz");
    suite = vg_suite_open(suites, &err);
    must(suite && vg_key_new(key, &fingerprint, &err), &err);
    const struct vg_certify_config config = { .suite = suite,
                                              .run_directory = run,
                                              .product = "Made <GPU> 1.0",
                                              .vendor = "Nobody",
                                              .key = key,
                                              .out = package,
                                              .today = "2026-11-22" };
    must(vg_certify(&config, &certificate, &err), &err);
    vg_certificate_free(&certificate);
    tarball_load(&original, package);
    return 0;
}

static int tear_down(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    tarball_free(&original);
    vg_suite_free(suite);
    vg_remove_tree(scratch, &err);
    free(scratch);
    free(key);
    free(public);
    free(package);
    free(tampered);
    return 0;
}

static bool verify(const char *path, struct vg_error *err)
{
    struct vg_certificate certificate;
    const struct vg_verify_config config = { .suite = suite, .package = path, .key = public, .today = "2026-11-22" };
    *err = (struct vg_error) { 0 };
    bool good = vg_verify(&config, &certificate, err);
    vg_certificate_free(&certificate);
    return good;
}

/* The tampered package must be refused, and the reason must hold these words. */
static void refused(const char *words)
{
    struct vg_error err;
    if (verify(tampered, &err))
        fail_msg("it was taken; it should have been refused: %s", words);
    if (!strstr(err.text, words))
        fail_msg("refused because \"%s\"; expected: %s", err.text, words);
    assert_int_equal(err.kind, VG_ERROR_INPUT);
}

static void untouched_is_taken(void **state)
{
    struct vg_error err;
    (void)state;
    must(verify(package, &err), &err);
    struct tarball copy = tarball_copy(&original);
    tarball_save(&copy, tampered);
    must(verify(tampered, &err), &err); /* what the tests below write is a package, but for what they change */
    tarball_sign(&copy, key);
    tarball_save(&copy, tampered);
    must(verify(tampered, &err), &err);
    tarball_free(&copy);
}

/* --- without the key ------------------------------------------------------------------------------------------------
 */

struct change {
    const char *name;
    void (*change)(struct tarball *ball);
    const char *reason;
};

static void sample_byte(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->data[item->length - 2] ^= 1;
}
static void verdict_word(struct tarball *ball)
{
    item_replace(tarball_find(ball, INSTANCE "verdict.json"), "\"pass\"", "\"fail\"");
}
static void threshold(struct tarball *ball)
{
    item_replace(tarball_find(ball, "run/tests/made-000/test.json"), "100000", "900000");
}
static void file_added(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, SAMPLES) + 1, INSTANCE "zzz.log", "hello\n");
}
static void file_added_at_end(struct tarball *ball)
{
    tarball_insert(ball, ball->count, "zzz.log", "hello\n");
}
static void file_removed(struct tarball *ball)
{
    tarball_remove(ball, tarball_index(ball, SAMPLES));
}
static void last_removed(struct tarball *ball)
{
    tarball_remove(ball, ball->count - 1);
}
static void file_renamed(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), INSTANCE "tiny.guest.0.1.submission.csv");
}
static void files_swapped(struct tarball *ball)
{
    struct item *one = tarball_find(ball, "run/tests/made-000/test.json");
    struct item *other = tarball_find(ball, "run/tests/made-001/test.json"); /* as long as the first */
    char *kept = one->data;
    one->data = other->data;
    other->data = kept;
}
static void reordered(struct tarball *ball)
{
    unsigned at = tarball_index(ball, SAMPLES);
    struct item kept = ball->items[at];
    ball->items[at] = ball->items[at + 1];
    ball->items[at + 1] = kept;
}
static void duplicate(struct tarball *ball)
{
    unsigned at = tarball_index(ball, SAMPLES);
    tarball_insert(ball, at + 1, SAMPLES, ball->items[at].data);
}
static void symbolic_link(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->type = '2';
    item->target = "/etc/passwd";
}
static void hard_link(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->type = '1';
    item->target = CERT_MANIFEST;
}
static void directory(struct tarball *ball)
{
    tarball_insert(ball, 3, "document/", "");
    ball->items[3].type = '5';
}
static void device(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->type = '3';
}
static void extension(struct tarball *ball)
{
    tarball_insert(ball, 3, "PaxHeaders/x", "20 path=../../evil\n\n");
    ball->items[3].type = 'x';
}
static void long_name(struct tarball *ball)
{
    tarball_insert(ball, 3, "././@LongLink", "/tmp/evil");
    ball->items[3].type = 'L';
}
static void dot_dot(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "run/../../../tmp/evil.csv");
}
static void absolute(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "/tmp/evil.csv");
}
static void backslash(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "run\\tests\\evil.csv");
}
static void hidden_file(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), INSTANCE ".bashrc");
}
static void control_characters(struct tarball *ball)
{
    item_rename(tarball_find(ball, SAMPLES), "run/\033[2Jx.csv");
}
static void huge_file(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->said = (uint64_t)7 << 30;
}
static void larger_than_signed(struct tarball *ball)
{
    struct item *item = tarball_find(ball, SAMPLES);
    item->length = (size_t)64 << 20; /* small when it is compressed */
    free(item->data);
    item->data = vg_calloc(1, item->length);
}
static void bomb(struct tarball *ball)
{
    struct item *item = tarball_find(ball, CERT_MANIFEST);
    item->length = (size_t)200 << 20;
    free(item->data);
    item->data = vg_calloc(1, item->length);
}
static void mode(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->mode = "004755 ";
}
static void owner(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->uid = "001750 ";
}
static void time_of_file(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->mtime = "14723060000 ";
}
static void user_name(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->user = "root";
}
static void checksum(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->bad_checksum = true;
}
static void padding(struct tarball *ball)
{
    tarball_find(ball, SAMPLES)->padding = 'x';
}
static void behind_the_end(struct tarball *ball)
{
    ball->after_end = true;
}
static void second_member(struct tarball *ball)
{
    ball->second_member = true;
}
static void trailing_bytes(struct tarball *ball)
{
    ball->trailing = true;
}
static void name_in_gzip(struct tarball *ball)
{
    ball->gzip_name = true;
}
static void no_end(struct tarball *ball)
{
    ball->no_end = true;
}
static void manifest_byte(struct tarball *ball)
{
    item_replace(tarball_find(ball, CERT_MANIFEST), "\"bytes\"", "\"Bytes\"");
}
static void signature_bit(struct tarball *ball)
{
    tarball_find(ball, CERT_SIGNATURE)->data[5] ^= 4;
}
static void signature_gone(struct tarball *ball)
{
    tarball_remove(ball, tarball_index(ball, CERT_SIGNATURE));
}
static void signature_short(struct tarball *ball)
{
    tarball_find(ball, CERT_SIGNATURE)->length = 63;
}
static void other_key(struct tarball *ball)
{
    struct vg_error err = { 0 };
    vg_autofree char *other = made_path(scratch, "other-key"), *beside = made_path(scratch, "other-key.pub"),
                     *fingerprint = NULL;
    must(vg_key_new(other, &fingerprint, &err), &err);
    tarball_sign(ball, other);
    unlink(other);
    unlink(beside);
}
static void other_signer_only(struct tarball *ball)
{
    struct tarball copy = tarball_copy(ball);
    other_key(&copy);
    struct item *from = tarball_find(&copy, CERT_SIGNATURE), *to = tarball_find(ball, CERT_SIGNATURE);
    memcpy(to->data, from->data, CERT_SIGNATURE_BYTES); /* signs another manifest, by another key */
    tarball_free(&copy);
}
static void rsa_signer(struct tarball *ball)
{
    item_set(tarball_find(ball, CERT_SIGNER), "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n");
}

static const struct change without_key[] = {
    { "a byte of a sample", sample_byte, "is not the file that was signed" },
    { "a verdict", verdict_word, "is not the file that was signed" },
    { "a threshold", threshold, "is not the file that was signed" },
    { "a file added", file_added, "zzz.log` stands where" },
    { "a file added at the end", file_added_at_end, "is not in the manifest" },
    { "a file removed", file_removed, "stands where" },
    { "the last file removed", last_removed, "`statement.json` is missing" },
    { "a file renamed", file_renamed, "stands where" },
    { "two files swapped", files_swapped, "is not the file that was signed" },
    { "two entries in another order", reordered, "stands where" },
    { "an entry twice", duplicate, "stands where" },
    { "a symbolic link", symbolic_link, "is a symbolic link" },
    { "a hard link", hard_link, "is a hard link" },
    { "a directory", directory, "is a directory" },
    { "a device", device, "is a device" },
    { "an extension by pax", extension, "is an extension of tar (pax)" },
    { "an extension by GNU", long_name, "is an extension of tar (GNU)" },
    { "a path with ..", dot_dot, "leads out of the package" },
    { "an absolute path", absolute, "is absolute" },
    { "a path with backslashes", backslash, "holds other characters" },
    { "a hidden file", hidden_file, "begins with a dot" },
    { "a name that writes to terminals", control_characters, "\\x1b" },
    { "a huge file", huge_file, "the most that a file may have" },
    { "a file larger than signed", larger_than_signed, "were signed" },
    { "a decompression bomb", bomb, "the most that it may have" },
    { "a mode", mode, "mode, owner, time or another field" },
    { "an owner", owner, "mode, owner, time or another field" },
    { "a time", time_of_file, "mode, owner, time or another field" },
    { "a user's name", user_name, "mode, owner, time or another field" },
    { "a header's checksum", checksum, "mode, owner, time or another field" },
    { "bytes between two files", padding, "hidden behind the end of a file" },
    { "bytes behind the archive", behind_the_end, "behind the end of its archive" },
    { "a second gzip member", second_member, "behind the end of its compressed data" },
    { "bytes behind the compressed data", trailing_bytes, "behind the end of its compressed data" },
    { "a name in gzip's header", name_in_gzip, "gzip header is not as vgauge writes it" },
    { "an archive without its end", no_end, "ends in the middle of a file" },
    { "a byte of the manifest", manifest_byte, "the signature is not of that key" },
    { "a bit of the signature", signature_bit, "the signature is not of that key" },
    { "no signature", signature_gone, "stands where manifest.json.sig should be" },
    { "a cut signature", signature_short, "is no Ed25519 signature" },
    { "a signature by another key", other_key, "signed by another key" },
    { "another's signature", other_signer_only, "the signature is not of that key" },
    { "a signer that is no Ed25519 key", rsa_signer, "no public Ed25519 key" },
};

static void bytes_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(without_key); i++) {
        struct tarball ball = tarball_copy(&original);
        without_key[i].change(&ball);
        tarball_save(&ball, tampered);
        tarball_free(&ball);
        print_message("%s\n", without_key[i].name);
        refused(without_key[i].reason);
    }
}

/* Cut anywhere: never taken, and never a crash. */
static void cut_anywhere(void **state)
{
    struct vg_error err = { 0 };
    vg_autofree char *bytes = NULL;
    size_t length;
    (void)state;
    must(vg_read_file(package, 1 << 24, &bytes, &length, &err), &err);
    for (size_t at = 0; at < length; at += 1 + length / 150) {
        must(vg_write_file(tampered, bytes, at, &err), &err);
        refused(at < 10 ? "not compressed by gzip" : "");
    }
    must(vg_write_file(tampered, bytes, length - 1, &err), &err);
    refused("it is cut");
}

/* --- by the signer --------------------------------------------------------------------------------------------------
 */

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
static void s_verdict(struct tarball *ball)
{
    verdict_word(ball);
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
    file_removed(ball);
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
static void s_driver(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "measurements.json"), "phases/0/runs/0/facts/0/value",
                   json_string("MESA_LLVMPIPE"));
}
static void s_software(struct tarball *ball)
{
    item_edit_json(tarball_find(ball, INSTANCE "measurements.json"), "software_renderer", json_false());
}
static void s_waiver(struct tarball *ball)
{
    tarball_insert(ball, tarball_index(ball, "run/journal.jsonl"), "run/expectations.json",
                   "{\"schema\":\"vgauge-expectations/1\",\"files\":[{\"file\":\"w.yaml\",\"digest\":\"sha256:\","
                   "\"content\":{\"expectations\":[{\"test\":\"made-000\",\"expect\":\"waived\",\"reason\":\"r\","
                   "\"reference\":\"x\",\"expires\":\"2099-01-01\"}]}}]}\n");
}
static void s_journal(struct tarball *ball)
{
    item_replace(tarball_find(ball, "run/journal.jsonl"), "made-000", "../../00");
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
    { "a mandatory result removed", s_instance_removed, "the mandatory test made-000 is missing" },
    { "another plan", s_other_plan, "only plan `certification` can be certified" },
    { "a changed plan", s_plan_changed, "plan_file: repeat is 2, not 1" },
    { "a run that did not end", s_not_complete, "the run is not complete" },
    { "another suite", s_suite, "made with another suite" },
    { "a dirty suite", s_dirty, "built from a dirty tree" },
    { "a profile that is no longer claimed", s_host, "is no instance that the plan has on this host" },
    { "a profile that was not tested", s_host_more, "is missing for virtio-venus.p9" },
    { "the environment", s_fingerprint, "fingerprint[0].value" },
    { "a result that is said to be skipped", s_skip, "its verdict is `pass`, and `skip` follows" },
    { "a mandatory result skipped", s_skip_everywhere, "the mandatory test made-000 was skipped" },
    { "results of another test", s_copied, "belongs to another place" },
    { "a driver", s_driver, "its verdict is `pass`, and `invalid` follows" },
    { "a software renderer", s_software, "differ in `software_renderer`" },
    { "a waiver", s_waiver, "results.json does not follow from the verdicts: expectations[0]" },
    { "a path in the journal", s_journal, "not a plain name" },
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
        cmocka_unit_test(untouched_is_taken), cmocka_unit_test(bytes_changed),    cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(signed_lies),        cmocka_unit_test(signed_manifests),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
