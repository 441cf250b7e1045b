/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a large run costs: `bench-certify DIRECTORY [TESTS PROFILES ROWS]` makes one run (default: 200 tests x 4
 * profiles, 5 million samples), reports it, certifies it, and verifies the package, and says how long each took and how
 * large the page is. It leaves all of it below DIRECTORY, with the suite and the key. A run and its suite that are
 * there already, DIRECTORY/run and DIRECTORY/suites, are taken as they are. */
#include "../unit/support/certified_run.h"
#include "report/report.h"

#include <errno.h>
#include <sys/stat.h>

enum { SIZE_MAX_EACH = 10000000 };

static double now_s(void)
{
    return (double)vg_now_ns() / 1e9;
}

static bool take_number(const char *text, const char *what, unsigned *number)
{
    long long value;
    if (vg_parse_int(text, &value) && value >= 1 && value <= SIZE_MAX_EACH) {
        *number = (unsigned)value;
        return true;
    }
    fprintf(stderr, "bench-certify: %s must be a whole number from 1 to %d, not `%s`\n", what, SIZE_MAX_EACH, text);
    return false;
}

static bool report(const char *run, struct vg_error *err)
{
    double start_s = now_s();
    vg_autofree char *page = NULL;
    struct stat status;
    if (!vg_report_all(run, NULL, &page, err))
        return false;
    double took_s = now_s() - start_s;
    if (stat(page, &status) != 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot look at %s", page);
    printf("reported          %6.1f s  a page of %.1f MB\n", took_s, (double)status.st_size / 1e6);
    return true;
}

static bool certify(const struct vg_suite *suite, const char *run, const char *key, const char *out,
                    struct vg_error *err)
{
    const struct vg_certify_config config = { .suite = suite,
                                              .run_directory = run,
                                              .product = "Made GPU 1.0",
                                              .vendor = "Nobody",
                                              .key = key,
                                              .out = out,
                                              .today = "2026-11-22" };
    struct vg_certificate certificate;
    double start_s = now_s();
    if (!vg_certify(&config, &certificate, err))
        return false;
    printf("certified         %6.1f s  (it judges twice: the run, and the package read back)\n", now_s() - start_s);
    vg_certificate_free(&certificate);
    return true;
}

static bool verify(const struct vg_suite *suite, const char *public, const char *package, struct vg_error *err)
{
    const struct vg_verify_config config = { .suite = suite, .package = package, .key = public, .today = "2026-11-22" };
    struct vg_certificate certificate;
    double start_s = now_s();
    if (!vg_verify(&config, &certificate, err))
        return false;
    printf("verified          %6.1f s  %u results, %.1f million samples judged again; %u files, %.0f MiB unpacked\n",
           now_s() - start_s, certificate.instances, (double)certificate.samples / 1e6, certificate.files,
           (double)certificate.bytes / 1048576);
    vg_certificate_free(&certificate);
    return true;
}

static bool measure(const char *directory, struct made_size size, struct vg_error *err)
{
    vg_autofree char *suites = made_path(directory, "suites"), *run = made_path(directory, "run"),
                     *key = made_path(directory, "key"), *public = made_path(directory, "key.pub"),
                     *out = made_path(directory, "package.tar.gz"), *fingerprint = NULL;
    if (!vg_exists(run) || !vg_exists(suites)) {
        double start_s = now_s();
        if (!made_certified_run(directory, size, err))
            return vg_wrap(err, "cannot make a run");
        printf("made and judged   %6.1f s  %u results, %.1f million samples\n", now_s() - start_s,
               size.tests * size.profiles, (double)size.tests * size.profiles * size.rows / 1e6);
    }
    struct vg_suite *suite = vg_suite_open(suites, err);
    bool good = suite && (vg_exists(key) || vg_key_new(key, &fingerprint, err)) && report(run, err) &&
                certify(suite, run, key, out, err) && verify(suite, public, out, err);
    vg_suite_free(suite);
    return good;
}

int main(int argc, char **argv)
{
    struct made_size size = { 200, 4, 6250 };
    struct vg_error err = { 0 };
    if (argc != 2 && argc != 5) {
        fprintf(stderr, "usage: %s DIRECTORY [TESTS PROFILES ROWS]\n", argv[0]);
        return 2;
    }
    if (argc == 5 && (!take_number(argv[2], "TESTS", &size.tests) ||
                      !take_number(argv[3], "PROFILES", &size.profiles) || !take_number(argv[4], "ROWS", &size.rows)))
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (measure(argv[1], size, &err))
        return 0;
    fprintf(stderr, "bench-certify: %s\n", err.text);
    return 1;
}
