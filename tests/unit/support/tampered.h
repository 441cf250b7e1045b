/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A package that is right, and a way to say that a tampered one must be refused, and why. */
#ifndef VG_TEST_TAMPERED_H
#define VG_TEST_TAMPERED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "certified_run.h"
#include "tarball.h"

static char *scratch, *key, *public, *package, *tampered;
static struct vg_suite *suite;
static struct tarball original;

#define INSTANCE "run/tests/made-000/virtio-venus.p0.equal-share.boot-1/"
#define OTHER    "run/tests/made-001/virtio-venus.p0.equal-share.boot-1/"
#define NEXT     "run/tests/made-000/virtio-venus.p1.equal-share.boot-1/"
#define SAMPLES  INSTANCE "tiny.guest.0.0.submission.csv"

static inline int set_up(void **state)
{
    struct vg_error err = { 0 };
    struct vg_certificate certificate;
    (void)state;
    scratch = made_scratch();
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

static inline int tear_down(void **state)
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

static inline bool verify(const char *path, struct vg_error *err)
{
    struct vg_certificate certificate;
    const struct vg_verify_config config = { .suite = suite, .package = path, .key = public, .today = "2026-11-22" };
    *err = (struct vg_error) { 0 };
    bool good = vg_verify(&config, &certificate, err);
    vg_certificate_free(&certificate);
    return good;
}

/* The tampered package must be refused, and the reason must hold these words. */
static inline void refused(const char *words)
{
    struct vg_error err;
    if (verify(tampered, &err))
        fail_msg("it was taken; it should have been refused: %s", words);
    if (!strstr(err.text, words))
        fail_msg("refused because \"%s\"; expected: %s", err.text, words);
    assert_int_equal(err.kind, VG_ERROR_INPUT);
}

struct change {
    const char *name;
    void (*change)(struct tarball *ball);
    const char *reason;
};

#endif
