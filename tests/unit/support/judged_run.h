/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judged run directories made by hand, for the tests of what compares them: each test says only what it is about. */
#ifndef VG_TEST_JUDGED_RUN_H
#define VG_TEST_JUDGED_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "record/record.h"

#define assert_good(condition, err)                                                                                    \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: %s", #condition, (err).text);                                                                \
    } while (0)

static inline char *scratch_directory(void)
{
    char template[] = "/tmp/vgauge-test-XXXXXX";
    assert_non_null(mkdtemp(template));
    return vg_strdup(template);
}

static inline void scratch_remove(char *directory)
{
    struct vg_error err = { 0 };
    assert_true(vg_remove_tree(directory, &err));
    free(directory);
}

/* A run below parent with a fingerprint of two fields. Free it with vg_run_free. */
static inline struct vg_run *judged_run(const char *parent)
{
    struct vg_error err = { 0 };
    struct vg_run *run = vg_run_create(parent, NULL, "ci", "reference", &err);
    assert_good(run, err);
    vg_run_fingerprint(run, "host.kernel", "6.1", "uname(2)");
    vg_run_fingerprint(run, "vgauge.version", "0.1.0", "build");
    free(run->state);
    run->state = vg_strdup("complete");
    assert_good(vg_run_save(run, &err), err);
    return run;
}

/* tests/TEST/test.json with one phase of that many jobs: enough for its recipe. */
static inline void judged_test(const struct vg_run *run, const char *test, int jobs)
{
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/tests/%s", run->directory, test);
    vg_autofree char *path = vg_format("%s/test.json", directory);
    vg_autojson json_t *document =
        json_pack("{s:s, s:{s:s, s:[{s:s}], s:[{s:s, s:i}], s:[]}}", "schema", "vgauge-test/1", "test", "id", test,
                  "tenants", "name", "guest", "phases", "name", "only", "jobs", jobs, "analyze");
    assert_non_null(document);
    assert_good(vg_make_directories(directory, &err) && vg_json_save_file(document, path, &err), err);
}

static inline struct vg_judgement *judged(const char *test, const char *configuration, unsigned boot,
                                          enum vg_verdict verdict)
{
    struct vg_judgement *judgement = vg_calloc(1, sizeof(*judgement));
    judgement->test = vg_strdup(test);
    judgement->instance = vg_format("%s.boot-%u", configuration, boot);
    judgement->mechanism = vg_format("%.*s", (int)strcspn(configuration, "."), configuration);
    judgement->policy = vg_strdup("");
    judgement->boot = boot;
    judgement->verdict = verdict;
    judgement->directory = vg_format("tests/%s/%s", test, judgement->instance);
    if (verdict != VG_PASS)
        vg_push(judgement->reasons, judgement->reason_count) = vg_strdup("It is said to be so.");
    return judgement;
}

static inline void judged_value(struct vg_judgement *judgement, const char *metric, double value, double min_effect)
{
    vg_push(judgement->values, judgement->value_count) =
        (struct vg_value) { vg_strdup(metric), value, vg_strdup("ns"), vg_strdup("lower"), min_effect, NULL };
}

static inline void judged_save(const struct vg_run *run, struct vg_judgement *judgement_taken)
{
    struct vg_error err = { 0 };
    assert_good(
        vg_judgement_save(judgement_taken, run->directory, &err) && vg_journal_append(run, judgement_taken, &err), err);
    vg_judgement_free(judgement_taken);
}

#endif
