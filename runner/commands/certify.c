/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge certify` and `vgauge verify`: a package for those who do not trust whoever made it, and what they do with it.
 */
#include <ctype.h>
#include <time.h>
#include "certify/certify.h"
#include "commands/command.h"

struct options {
    const char *product, *vendor, *key, *out, *suites;
    bool json;
};

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    (void)err;
    switch (key) {
    case 'p':
        options->product = value;
        return true;
    case 'V':
        options->vendor = value;
        return true;
    case 'k':
        options->key = value;
        return true;
    case 'o':
        options->out = value;
        return true;
    case 's':
        options->suites = value;
        return true;
    default: /* j */
        options->json = true;
        return true;
    }
}

VG_DEFINE_CLEANUP(cleanup_suite, struct vg_suite *, vg_suite_free)

/* A line that is written over; only for a person who watches. */
static void show_progress(const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s", what);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static char *today(void)
{
    vg_autofree char *now = vg_wall_time();
    return vg_format("%.10s", now);
}

/* A word of a file's name. */
static char *file_word(const char *text)
{
    vg_autofree char *word = vg_format("%.60s", text);
    for (char *c = word; *c; c++)
        *c = isalnum((unsigned char)*c) && (unsigned char)*c < 0x80 ? (char)tolower((unsigned char)*c) : '-';
    return VG_TAKE(word);
}

static json_t *to_json(const struct vg_certificate *certificate)
{
    json_t *json = vg_json_new_object(), *expired = vg_json_new_array();
    vg_autofree char *answer = vg_certificate_answer(certificate);
    vg_json_set_bool(json, "verified", true);
    vg_json_set_bool(json, "conforms", certificate->outcome != VG_DOES_NOT_CONFORM);
    vg_json_set_text(json, "answer", answer);
    vg_json_set_text(json, "product", certificate->product);
    vg_json_set_text(json, "vendor", certificate->vendor);
    vg_json_set_text(json, "tested", certificate->tested);
    vg_json_set_text(json, "vgauge", certificate->vgauge);
    vg_json_set_text(json, "suite", certificate->suite);
    vg_json_set_text(json, "signer", certificate->signer);
    vg_json_set_bool(json, "signer_known", certificate->signer_known);
    vg_json_set_int(json, "held", certificate->held);
    vg_json_set_int(json, "not_met", certificate->not_met);
    vg_json_set_int(json, "waived", certificate->waived);
    vg_json_set_int(json, "findings", certificate->findings);
    vg_json_set_int(json, "not_tested", certificate->not_tested);
    vg_json_set_int(json, "not_applicable", certificate->not_applicable);
    vg_json_set_int(json, "results", certificate->instances);
    vg_json_set_int(json, "samples", (int64_t)certificate->samples);
    for (unsigned i = 0; i < certificate->expired_count; i++)
        vg_json_append(expired, json_string(certificate->expired[i]));
    vg_json_set(json, "expired_waivers", expired);
    return json;
}

static void print_certificate(const struct vg_certificate *certificate, const char *head)
{
    vg_autofree char *answer = vg_certificate_answer(certificate);
    printf("%s: %s by %s %s.\n\n", head, certificate->product, certificate->vendor, answer);
    cmd_field("Outcome",
              "%u requirements held, %u not met, %u waived, %u with a finding; %u not tested, %u do not apply",
              certificate->held, certificate->not_met, certificate->waived, certificate->findings,
              certificate->not_tested, certificate->not_applicable);
    cmd_field("Judged", "%u results, again, from %llu rows of raw samples; %u files, %llu MiB", certificate->instances,
              (unsigned long long)certificate->samples, certificate->files,
              (unsigned long long)((certificate->bytes + (1 << 20) - 1) >> 20));
    cmd_field("Tested", "%s with vgauge %s", certificate->tested, certificate->vgauge);
    cmd_field("Suite", "%s", certificate->suite);
    cmd_field("Signed by", "%s%s", certificate->signer,
              certificate->signer_known ? "" : "; whose key that is, only --key with a key that you trust can tell");
    for (unsigned i = 0; i < certificate->expired_count; i++)
        cmd_field("Note", "since the test, %s", certificate->expired[i]);
}

/* 1 for a product that does not conform, however well that is proved. */
static int conclude(struct vg_certificate *certificate, const struct options *options, const char *head)
{
    int status = certificate->outcome == VG_DOES_NOT_CONFORM;
    if (options->json)
        cmd_print_json(to_json(certificate));
    else
        print_certificate(certificate, head);
    vg_certificate_free(certificate);
    return status;
}

static int certify(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    if (!options->product || !options->vendor || !options->key) {
        vg_fail(err, VG_ERROR_INPUT,
                "a package names what it is about and is signed: `vgauge certify RUN --product NAME "
                "--vendor NAME --key FILE`");
        return -1;
    }
    if (!cmd_check_run(argument, err))
        return -1;
    VG_CLEANUP(cleanup_suite) struct vg_suite *suite = vg_suite_built_in(err);
    vg_autofree char *vendor = file_word(options->vendor), *product = file_word(options->product), *day = today();
    vg_autofree char *out = options->out ? vg_strdup(options->out) : vg_format("%s-%s.vgauge.tar.gz", vendor, product);
    const struct vg_certify_config config = {
        .suite = suite,
        .run_directory = argument,
        .product = options->product,
        .vendor = options->vendor,
        .key = options->key,
        .out = out,
        .today = day,
        .progress = show_progress,
    };
    struct vg_certificate certificate;
    bool good = suite && vg_certify(&config, &certificate, err);
    end_progress();
    if (!good) {
        vg_wrap(err, "not certified");
        return -1;
    }
    if (!options->json)
        printf("%s\n", out);
    return conclude(&certificate, options, "Certified");
}

static int verify(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    vg_autofree char *shown = vg_printable(argument, strlen(argument), 300), *day = today();
    if (!vg_exists(argument)) {
        vg_fail(err, VG_ERROR_INPUT, "there is no package `%s`", shown);
        return -1;
    }
    VG_CLEANUP(cleanup_suite)
    struct vg_suite *suite = options->suites ? vg_suite_open(options->suites, err) : vg_suite_built_in(err);
    const struct vg_verify_config config = {
        .suite = suite,
        .package = argument,
        .key = options->key,
        .today = day,
        .progress = show_progress,
    };
    struct vg_certificate certificate;
    if (!suite)
        return -1;
    bool good = vg_verify(&config, &certificate, err);
    end_progress();
    if (!good) {
        vg_wrap(err, "rejected: %s", shown);
        return -1;
    }
    return conclude(&certificate, options, "Verified");
}

static const struct argp_option certify_options[] = {
    { "product", 'p', "NAME", 0, "What was tested, with its version, as a customer knows it", 0 },
    { "vendor", 'V', "NAME", 0, "Who makes it", 0 },
    { "key", 'k', "FILE", 0, "The private key that signs (`vgauge key new FILE` makes one)", 0 },
    { "out", 'o', "FILE", 0, "The package, which must not exist (default: VENDOR-PRODUCT.vgauge.tar.gz)", 0 },
    { "json", 'j', NULL, 0, "Print what the package says as JSON", 0 },
    { 0 },
};

static const struct argp_option verify_options[] = {
    { "key", 'k', "PUB", 0, "The public key that must have signed it", 0 },
    { "suites", 's', "DIR", 0, "The suite that it was made with, if it is not the one of this vgauge", 0 },
    { "json", 'j', NULL, 0, "Print what the package says as JSON", 0 },
    { 0 },
};

const struct cmd_command cmd_certify = {
    .name = "certify",
    .summary = "make a package of a run for somebody who does not trust you",
    .doc =
        "Writes one archive with the statement, the results, every raw sample, the environment, the digests of suite "
        "and programs, logs and waivers, signed. Refuses a run of another plan than `certification`, a dirty or "
        "modified suite, a missing mandatory test, an `invalid` result and an expired waiver. The package is verified "
        "before it gets its name. The exit status is 1 if the product does not conform: the package then says so.",
    .argument = "RUN",
    .options = certify_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = certify,
};

const struct cmd_command cmd_verify = {
    .name = "verify",
    .summary = "check a certification package, judging it again from its raw samples",
    .doc =
        "Needs nothing but the package. Checks names, digests and signature, that nothing is missing and nothing "
        "added, that requirements, tests and thresholds are those of the suite, and that every verdict and everything "
        "that is said of them follows from the raw samples. The exit status is 0 if all of that holds and the product "
        "conforms, 1 if it holds and the product does not conform, 2 if the package is rejected.",
    .argument = "PACKAGE",
    .options = verify_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = verify,
};
