/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a package of a large run costs: `bench-certify DIRECTORY [TESTS PROFILES ROWS]` leaves a run, its suite, a key
 * and a package below DIRECTORY (default: 200 tests x 4 profiles, 5 million samples) and says how long each step took.
 * The run is also one for timing reports: DIRECTORY/run.
 * A run and its suite that are there already, DIRECTORY/run and DIRECTORY/suites, are taken as they are. */
#include "../unit/support/certified_run.h"

static double now_s(void)
{
    return (double)vg_now_ns() / 1e9;
}

int main(int argc, char **argv)
{
    struct made_size size = { 200, 4, 6250 };
    struct vg_error err = { 0 };
    struct vg_certificate certificate;
    if (argc != 2 && argc != 5) {
        fprintf(stderr, "usage: %s DIRECTORY [TESTS PROFILES ROWS]\n", argv[0]);
        return 2;
    }
    if (argc == 5)
        size = (struct made_size) { (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]) };
    vg_autofree char *suites = made_path(argv[1], "suites"), *run = made_path(argv[1], "run"),
                     *key = made_path(argv[1], "key"), *public = made_path(argv[1], "key.pub"),
                     *out = made_path(argv[1], "package.tar.gz"), *fingerprint = NULL;
    double start_s = now_s();
    bool there = vg_exists(run) && vg_exists(suites);
    if (!there)
        make_certified_run(argv[1], size);
    if (!there)
        printf("made and judged   %6.1f s  %u instances, %.1f million samples\n", now_s() - start_s,
               size.tests * size.profiles, (double)size.tests * size.profiles * size.rows / 1e6);
    struct vg_suite *suite = vg_suite_open(suites, &err);
    must(suite && (vg_exists(key) || vg_key_new(key, &fingerprint, &err)), &err);
    const struct vg_certify_config certify = { .suite = suite,
                                               .run_directory = run,
                                               .product = "Made GPU 1.0",
                                               .vendor = "Nobody",
                                               .key = key,
                                               .out = out,
                                               .today = "2026-11-22" };
    start_s = now_s();
    must(vg_certify(&certify, &certificate, &err), &err);
    vg_certificate_free(&certificate);
    printf("certified         %6.1f s  (it judges twice: the run, and the package read back)\n", now_s() - start_s);
    const struct vg_verify_config verify = { .suite = suite, .package = out, .key = public, .today = "2026-11-22" };
    start_s = now_s();
    must(vg_verify(&verify, &certificate, &err), &err);
    printf("verified          %6.1f s  %u files, %.0f MiB unpacked\n", now_s() - start_s, certificate.files,
           (double)certificate.bytes / 1048576);
    vg_certificate_free(&certificate);
    vg_suite_free(suite);
    return 0;
}
