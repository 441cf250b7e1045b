/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge verify`: nothing in a package is believed. Archive and signature first (package.c), then the rules that a run
 * must keep (rules.c), then every verdict from its raw samples (follow.c), then all that is said of them, made again
 * and compared. */
#include "certify/internal.h"

#include "report/report.h"

#include <errno.h>

enum { DOCUMENT_MAX_BYTES = 64 << 20 };

VG_DEFINE_CLEANUP(cleanup_results, struct vg_results *, vg_results_free)

static bool required(const struct cert_manifest *manifest, struct vg_error *err)
{
    static const char *const names[] = { CERT_STATEMENT,          CERT_DOCUMENT,           CERT_PAPER,
                                         CERT_RUN "run.json",     CERT_RUN "results.json", CERT_RUN "requirements.json",
                                         CERT_RUN "journal.jsonl" };
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (!cert_manifest_find(manifest, names[i]))
            return vg_fail(err, VG_ERROR_INPUT, "it holds no %s", names[i]);
    return true;
}

/* The suite by which it was made is the one by which it is judged. */
static bool same_suite(const struct cert_manifest *manifest, const struct vg_suite *suite, struct vg_error *err)
{
    vg_autofree char *version = vg_printable(manifest->vgauge, strlen(manifest->vgauge), 60);
    vg_autofree char *digest = vg_printable(manifest->suite, strlen(manifest->suite), 80);
    return vg_equal(manifest->suite, suite->digest) ||
           vg_fail(err, VG_ERROR_INPUT,
                   "it was made with the suite %s (vgauge %s), and %s has %s: verify it with that version, or give its "
                   "suites directory with --suites",
                   digest, version, suite->built_in ? "this vgauge" : "the directory given", suite->digest);
}

/* Every file below run/ is one that belongs to the run, and every one that belongs to it is there. */
static bool same_files(const struct vg_results *results, const struct cert_manifest *manifest, struct vg_error *err)
{
    struct vg_words names VG_CLEANUP(vg_record_folders_free) = { 0 };
    if (!cert_collect(results, &names, err))
        return false;
    unsigned at = 0;
    for (unsigned i = 0; i < manifest->count; i++) {
        const char *name = manifest->files[i].name;
        if (strncmp(name, CERT_RUN, strlen(CERT_RUN)) != 0)
            continue;
        if (at >= names.count || !vg_equal(names.items[at], name))
            return vg_fail(err, VG_ERROR_INPUT, "`%s` belongs to no result of the run",
                           at < names.count && strcmp(names.items[at], name) < 0 ? names.items[at] : name);
        at++;
    }
    return at == names.count || vg_fail(err, VG_ERROR_INPUT, "`%s` is missing", names.items[at]);
}

/* results.json says what the judge's gatherer says. It is written again over the old one, which is ours to lose. */
static bool same_results(const struct vg_results *results, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/results.json", results->run->directory);
    vg_autojson json_t *found = vg_json_load_file(path, DOCUMENT_MAX_BYTES, err);
    if (!found || !vg_results_save(results, err))
        return false;
    vg_autojson json_t *expected = vg_json_load_file(path, DOCUMENT_MAX_BYTES, err);
    vg_autofree char *difference = expected ? cert_difference(found, expected) : NULL;
    if (difference)
        return vg_fail(err, VG_ERROR_INPUT, CERT_RUN "results.json does not follow from the verdicts: %s", difference);
    return expected != NULL;
}

static bool same_statement(const char *directory, const struct vg_results *results, const struct vg_suite *suite,
                           json_t **statement, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/" CERT_STATEMENT, directory);
    const char *product, *vendor;
    vg_autojson json_t *found = vg_json_load_file(path, DOCUMENT_MAX_BYTES, err);
    if (!found || !vg_json_text(found, "product", &product, err) || !vg_json_text(found, "vendor", &vendor, err))
        return vg_wrap(err, CERT_STATEMENT);
    *statement = cert_statement(results, suite, product, vendor, err);
    if (!*statement)
        return vg_wrap(err, CERT_STATEMENT);
    vg_autofree char *difference = cert_difference(found, *statement);
    return !difference ||
           vg_fail(err, VG_ERROR_INPUT, CERT_STATEMENT " does not follow from the results: %s", difference);
}

static bool same_text(const char *directory, const char *name, const char *expected, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", directory, name), *found = NULL;
    size_t length;
    if (!vg_read_file(path, DOCUMENT_MAX_BYTES, &found, &length, err))
        return false;
    return (length == strlen(expected) && memcmp(found, expected, length) == 0) ||
           vg_fail(err, VG_ERROR_INPUT, "%s does not say what the statement says", name);
}

/* As a page and on paper: both are made again. */
static bool same_document(const char *directory, const json_t *statement, struct vg_error *err)
{
    vg_autofree char *page = vg_report_certificate(statement, err);
    if (!page)
        return false;
    vg_autofree char *paper = vg_report_certificate_pdf(statement);
    return same_text(directory, CERT_DOCUMENT, page, err) && same_text(directory, CERT_PAPER, paper, err);
}

static void report_progress(const struct vg_verify_config *config, const char *what)
{
    if (config->progress)
        config->progress(what);
}

static bool verify_inside(const struct vg_verify_config *config, const char *directory,
                          const struct cert_opened *opened, struct vg_certificate *certificate, struct vg_error *err)
{
    vg_autofree char *run_directory = vg_format("%s/run", directory);
    vg_autojson json_t *statement = NULL;
    VG_CLEANUP(cleanup_results) struct vg_results *results = NULL;
    if (!required(&opened->manifest, err) || !same_suite(&opened->manifest, config->suite, err) ||
        !cert_rules(run_directory, config->suite, &results, err) || !same_files(results, &opened->manifest, err) ||
        !cert_follows(run_directory, results, config->suite, &certificate->samples, config->progress, err))
        return false;
    report_progress(config, "comparing what is said of the results");
    if (!same_results(results, err) || !same_statement(directory, results, config->suite, &statement, err) ||
        !same_document(directory, statement, err) || !cert_certificate(statement, certificate, err))
        return false;
    if (!vg_equal(opened->manifest.vgauge, results->run->version))
        return vg_fail(err, VG_ERROR_INPUT, CERT_MANIFEST " names another version of vgauge than run.json");
    unsigned at = 0;
    for (char *expired; (expired = cert_expired_waiver(results, config->today, &at)) != NULL;)
        vg_push(certificate->expired, certificate->expired_count) = expired;
    return true;
}

void cert_without_directory(const char *directory, struct vg_error *err)
{
    size_t length = strlen(directory);
    for (char *at; (at = strstr(err->text, directory)) != NULL;) {
        char *rest = at + length + (at[length] == '/');
        memmove(at, rest, strlen(rest) + 1);
    }
}

bool vg_verify(const struct vg_verify_config *config, struct vg_certificate *certificate, struct vg_error *err)
{
    const char *temporary = getenv("TMPDIR");
    vg_autofree char *directory = vg_format("%s/vgauge-verify-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    vg_autofree char *key = config->key ? vg_key_fingerprint(config->key, err) : NULL;
    struct cert_opened opened VG_CLEANUP(cert_opened_free) = { 0 };
    *certificate = (struct vg_certificate) { 0 };
    if (config->key && !key)
        return false;
    if (!mkdtemp(directory))
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a directory like %s", directory);
    report_progress(config, "unpacking");
    bool good = cert_package_read_file(config->package, key, directory, &opened, err) &&
                verify_inside(config, directory, &opened, certificate, err);
    struct vg_error left = { 0 };
    if (!vg_remove_tree(directory, &left))
        vg_warn("%s", left.text);
    if (!good) {
        cert_without_directory(directory, err);
        vg_certificate_free(certificate);
        return false;
    }
    certificate->signer = VG_TAKE(opened.signer);
    certificate->signer_known = key != NULL;
    certificate->files = opened.manifest.count;
    certificate->bytes = opened.manifest.total;
    return true;
}
