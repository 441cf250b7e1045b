/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results made by hand for the tests of the reports: each test says only what it is about. Everything is on the heap
 * and owned by the results, as if it had been read from a run directory. */
#ifndef VG_TEST_REPORT_RESULTS_H
#define VG_TEST_REPORT_RESULTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/report.h"

static inline struct vg_results *make_results(const char *host)
{
    char directory[] = "/tmp/vgauge-report-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct vg_results *results = vg_calloc(1, sizeof(*results));
    results->run = vg_calloc(1, sizeof(*results->run));
    results->run->directory = vg_strdup(directory);
    results->run->plan = vg_strdup("quick");
    results->run->host = vg_strdup(host);
    results->run->started = vg_strdup("2026-03-01T10:00:00Z");
    results->run->ended = vg_strdup("2026-03-01T10:03:20Z");
    results->run->state = vg_strdup("complete");
    results->run->version = vg_strdup("0.1.0");
    results->run->seed = 18446744073709551615u;
    return results;
}

static inline void drop_results(struct vg_results *results)
{
    struct vg_error err = { 0 };
    assert_true(vg_remove_tree(results->run->directory, &err));
    vg_results_free(results);
}

/* reason may be NULL. */
static inline struct vg_judgement *add_judgement(struct vg_results *results, const char *test, const char *mechanism,
                                                 enum vg_verdict verdict, const char *reason)
{
    struct vg_judgement *judgement = vg_calloc(1, sizeof(*judgement));
    judgement->test = vg_strdup(test);
    judgement->mechanism = vg_strdup(mechanism);
    judgement->profile = vg_strdup("full");
    judgement->policy = vg_strdup("equal-share");
    judgement->instance = vg_format("%s.full.equal-share.boot-1", mechanism);
    judgement->summary = vg_strdup("Equal settings and equal jobs give every tenant the same throughput.");
    judgement->why = vg_strdup("A scheduler that favours one VM sells the same vGPU twice.");
    judgement->boot = 1;
    judgement->verdict = verdict;
    judgement->duration_s = 12.5;
    judgement->directory = vg_format("tests/%s/%s", test, judgement->instance);
    if (reason)
        vg_push(judgement->reasons, judgement->reason_count) = vg_strdup(reason);
    vg_push(results->judgements, results->count) = judgement;
    return judgement;
}

static inline void add_value(struct vg_judgement *judgement, const char *metric, double value, const char *unit)
{
    vg_push(judgement->values, judgement->value_count) = (struct vg_value) {
        .metric = vg_strdup(metric), .value = value, .unit = vg_strdup(unit), .better = vg_strdup("lower")
    };
}

static inline void add_check(struct vg_judgement *judgement, const char *metric, const char *op, double threshold,
                             double value, bool met)
{
    vg_push(judgement->checks, judgement->check_count) = (struct vg_checked) { .metric = vg_strdup(metric),
                                                                               .op = vg_strdup(op),
                                                                               .threshold = threshold,
                                                                               .value = value,
                                                                               .unit = vg_strdup("1"),
                                                                               .met = met,
                                                                               .otherwise = vg_strdup("fail"),
                                                                               .source = vg_strdup("IGT") };
}

/* The whole of a file that a report wrote. Caller frees. */
static inline char *read_back(const struct vg_results *results, const char *file)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/%s", results->run->directory, file);
    char *text = NULL;
    size_t length = 0;
    if (!vg_read_file(path, 8 << 20, &text, &length, &err))
        fail_msg("%s", err.text);
    return text;
}

#endif
