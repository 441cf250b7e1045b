/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge certify`: a run becomes a package. The rules are those of the verifier, and the package is verified before it
 * gets its name: what is handed out is what a stranger will accept. */
#include "certify/internal.h"

#include "report/report.h"

#include <errno.h>
#include <fcntl.h>

VG_DEFINE_CLEANUP(cleanup_results, struct vg_results *, vg_results_free)

/* What is built up for one package; entries point into the texts. */
struct package {
    struct cert_manifest manifest;
    struct vg_words names;
    char **paths;
    unsigned path_count;
    char *statement, *document, *paper, *signer, *text;
    unsigned char signature[CERT_SIGNATURE_BYTES];
};

static void package_free(struct package *package)
{
    cert_manifest_free(&package->manifest);
    vg_record_folders_free(&package->names);
    for (unsigned i = 0; i < package->path_count; i++)
        free(package->paths[i]);
    free(package->paths);
    free(package->statement);
    free(package->document);
    free(package->paper);
    free(package->signer);
    free(package->text);
}

static void list_text(struct package *package, const char *name, const char *text)
{
    char digits[65];
    struct cert_hash *hash = cert_hash_new();
    cert_hash_add(hash, text, strlen(text));
    cert_hash_end(hash, digits);
    vg_push(package->manifest.files, package->manifest.count) =
        (struct cert_file) { vg_strdup(name), strlen(text), vg_strdup(digits) };
}

/* In the order of the names: document/, run/, statement.json; signer.pem stands before all. */
static bool list_files(struct package *package, const char *run_directory, struct vg_error *err)
{
    list_text(package, CERT_SIGNER, package->signer);
    list_text(package, CERT_DOCUMENT, package->document);
    list_text(package, CERT_PAPER, package->paper);
    for (unsigned i = 0; i < package->names.count; i++) {
        const char *name = package->names.items[i];
        char *path = vg_format("%s/%s", run_directory, name + strlen(CERT_RUN)), digits[65];
        uint64_t bytes;
        vg_push(package->paths, package->path_count) = path;
        if (!cert_hash_file(path, &bytes, digits, err))
            return false;
        vg_push(package->manifest.files, package->manifest.count) =
            (struct cert_file) { vg_strdup(name), bytes, vg_strdup(digits) };
    }
    list_text(package, CERT_STATEMENT, package->statement);
    return true;
}

static bool write_package(const struct package *package, const char *path, struct vg_error *err)
{
    vg_autofree struct cert_entry *entries = NULL;
    size_t count = 0;
    vg_push(entries, count) = (struct cert_entry) { CERT_MANIFEST, NULL, package->text, strlen(package->text), false };
    vg_push(entries, count) =
        (struct cert_entry) { CERT_SIGNATURE, NULL, (const char *)package->signature, CERT_SIGNATURE_BYTES, false };
    vg_push(entries, count) =
        (struct cert_entry) { CERT_SIGNER, NULL, package->signer, strlen(package->signer), false };
    vg_push(entries, count) =
        (struct cert_entry) { CERT_DOCUMENT, NULL, package->document, strlen(package->document), false };
    vg_push(entries, count) = (struct cert_entry) { CERT_PAPER, NULL, package->paper, strlen(package->paper), false };
    for (unsigned i = 0; i < package->path_count; i++)
        vg_push(entries, count) = (struct cert_entry) { package->names.items[i], package->paths[i], NULL, 0, false };
    vg_push(entries, count) =
        (struct cert_entry) { CERT_STATEMENT, NULL, package->statement, strlen(package->statement), false };
    return cert_archive_write(path, entries, count, err);
}

static bool make(const struct vg_certify_config *config, const struct vg_results *results, const struct cert_key *key,
                 struct package *package, struct vg_error *err)
{
    vg_autojson json_t *statement = cert_statement(results, config->suite, config->product, config->vendor, err);
    if (!statement)
        return false;
    vg_autofree char *text = json_dumps(statement, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    if (!text)
        vg_out_of_memory();
    package->statement = vg_format("%s\n", text);
    package->document = vg_report_certificate(statement, err);
    package->paper = vg_report_certificate_pdf(statement);
    package->signer = cert_key_public_pem(key, err);
    package->manifest.vgauge = vg_strdup(results->run->version);
    package->manifest.suite = vg_strdup(config->suite->digest);
    if (!package->document || !package->signer || !cert_collect(results, &package->names, err) ||
        !list_files(package, results->run->directory, err))
        return false;
    package->text = cert_manifest_text(&package->manifest);
    return cert_key_sign(key, package->text, strlen(package->text), package->signature, err);
}

static bool no_waiver_expired(const struct vg_results *results, const char *today, struct vg_error *err)
{
    unsigned at = 0;
    vg_autofree char *expired = cert_expired_waiver(results, today, &at);
    return !expired || vg_fail(err, VG_ERROR_INPUT, "%s: renew it or take it out, and judge the run again", expired);
}

bool vg_certify(const struct vg_certify_config *config, struct vg_certificate *certificate, struct vg_error *err)
{
    VG_CLEANUP(cleanup_results) struct vg_results *results = NULL;
    struct package package VG_CLEANUP(package_free) = { 0 };
    uint64_t samples;
    *certificate = (struct vg_certificate) { 0 };
    if (vg_exists(config->out))
        return vg_fail(err, VG_ERROR_INPUT, "%s is there already; give another name with --out", config->out);
    if (config->suite->built_in && config->suite->dirty)
        return vg_fail(err, VG_ERROR_INPUT, "this vgauge was built from a dirty tree: its suites are not as committed");
    cert_autokey struct cert_key *key = cert_key_load(config->key, err);
    if (!key || !cert_rules(config->run_directory, config->suite, &results, err) ||
        !no_waiver_expired(results, config->today, err) ||
        !cert_follows(config->run_directory, results, config->suite, &samples, config->progress, err) ||
        !vg_results_save(results, err) || !make(config, results, key, &package, err))
        return false;
    vg_autofree char *temporary = vg_format("%s.tmp-%ld", config->out, (long)getpid());
    if (config->progress)
        config->progress("writing the package");
    const struct vg_verify_config check = {
        .suite = config->suite,
        .package = temporary,
        .key = config->key,
        .today = config->today,
        .progress = config->progress,
    };
    bool good = write_package(&package, temporary, err) &&
                (vg_verify(&check, certificate, err) || vg_wrap(err, "the package does not hold when it is read back"));
    /* Never over what somebody else put there meanwhile. */
    if (good && renameat2(AT_FDCWD, temporary, AT_FDCWD, config->out, RENAME_NOREPLACE) == 0)
        return true;
    if (good)
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot give the package its name %s", config->out);
    vg_certificate_free(certificate);
    unlink(temporary);
    return false;
}
