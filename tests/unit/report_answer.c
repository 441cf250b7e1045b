/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer by requirements, and the two forms of a report that other programs read: CSV and Markdown. */
#include <math.h>
#include "report/parts.h"
#include "support/report_results.h"

static void decide(struct vg_results *results, struct vg_judgement *judgement, const char *requirement)
{
    vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup(requirement);
    for (unsigned i = 0; i < results->requirement_count; i++)
        if (vg_equal(results->requirements[i].id, requirement))
            return;
    vg_push(results->requirements, results->requirement_count) =
        (struct vg_requirement_result) { .id = vg_strdup(requirement) };
}

static void expect_answer(const struct vg_results *results, const char *wanted)
{
    vg_report_autogroups struct vg_report_groups groups = { 0 };
    vg_report_groups_make(results, &groups);
    vg_autofree char *answer = vg_report_requirements_answer(results, &groups);
    assert_string_equal(answer, wanted);
}

static void failures_are_counted_and_put_in_words(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    decide(results, add_judgement(results, "iso", "virtio-venus", VG_PASS, NULL), "VGPU-ISO-002");
    decide(results, add_judgement(results, "api", "virtio-venus", VG_PASS, NULL), "VGPU-API-001");
    expect_answer(results, "All 2 requirements that were tested are met; isolation and the API level hold.");
    struct vg_judgement *fair = add_judgement(results, "fair", "virtio-venus", VG_FAIL, "fair.max_deviation is 0.14");
    decide(results, fair, "VGPU-SCHED-002");
    free(fair->policy);
    fair->policy = vg_strdup("fixed-share");
    add_value(fair, "fair.share[a]", 0.25, "1");
    add_value(fair, "fair.share[b]", 0.215, "1");
    add_value(fair, "fair.share[c]", 0.28, "1");
    add_value(fair, "fair.entitled", 0.25, "1");
    add_check(fair, "fair.max_deviation", "<=", 0.1, 0.14, false);
    expect_answer(results, "1 of 3 requirements not met; isolation and the API level hold; fixed-share is 14 % short "
                           "with 3 tenants.");
    /* Somebody else's failure in the same area takes away that it holds. */
    decide(results, add_judgement(results, "scrub", "virtio-venus", VG_LOST, "gone"), "VGPU-ISO-003");
    expect_answer(results,
                  "2 of 4 requirements not met; the API level holds; fixed-share is 14 % short with 3 tenants; "
                  "a tenant died in scrub on virtio-venus.");
    drop_results(results);
}

static void what_is_not_simply_met_is_said(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    decide(results, add_judgement(results, "quiet", "native", VG_INVALID, "busy"), "VGPU-PERF-001");
    expect_answer(results, "The one requirement that was tested could not be decided.");
    decide(results, add_judgement(results, "iso", "native", VG_PASS, NULL), "VGPU-ISO-001");
    expect_answer(results, "1 of 2 requirements met; 1 not decided; isolation holds.");
    decide(results, add_judgement(results, "absent", "native", VG_FINDING, "none is documented"), "VGPU-SEC-001");
    struct vg_judgement *known = add_judgement(results, "known", "native", VG_FAIL, "slow");
    decide(results, known, "VGPU-DSUB-001");
    known->overlay = VG_OVERLAY_XFAIL;
    expect_answer(results,
                  "1 of 4 requirements met; 1 not met, as expected; 1 with a guarantee that is documented to be "
                  "absent; 1 not decided; isolation holds.");
    known->overlay = VG_OVERLAY_UNSTABLE; /* nobody expected that */
    expect_answer(results, "1 of 4 requirements not met; 1 with a guarantee that is documented to be absent; 1 not "
                           "decided; isolation holds; known: slow.");
    decide(results, add_judgement(results, "elsewhere", "native", VG_SKIP, "no VM"), "VGPU-TEL-001");
    assert_int_equal(vg_report_requirement_state(results, "VGPU-TEL-001"), VG_REPORT_NOT_TESTED);
    assert_int_equal(vg_report_requirement_state(results, "VGPU-PERF-001"), VG_REPORT_UNDECIDED);
    drop_results(results);
    results = make_results("reference");
    add_judgement(results, "none", "native", VG_PASS, NULL); /* decides no requirement: the answer by results */
    expect_answer(results, "The 1 test passed on host reference.");
    drop_results(results);
}

static char *written(const struct vg_results *results, const char *name)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/%s", results->run->directory, name);
    char *text = NULL;
    size_t length;
    assert_true(vg_equal(name, "m.csv") ? vg_report_csv(results, path, &err) : vg_report_markdown(results, path, &err));
    assert_true(vg_read_file(path, 1 << 20, &text, &length, &err));
    return text;
}

static void every_metric_is_in_the_csv(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_judgement *judgement = add_judgement(results, "=cmd()", "a\"b\r\nc", VG_FAIL, "x");
    add_value(judgement, "m.p50", 31250, "ns");
    add_value(judgement, "m.none", (double)NAN, "1");
    add_check(judgement, "m.p50", "<=", 30000, 31250, false);
    free(judgement->checks[0].source);
    judgement->checks[0].source = vg_strdup("a, \"source\"");
    add_check(judgement, "m.missing", "<=", 1, (double)NAN, false);
    vg_autofree char *csv = written(results, "m.csv");
    unsigned rows = 0;
    for (const char *c = csv; (c = strstr(c, "\r\n")) != NULL; c += 2)
        rows++;
    assert_int_equal(rows, 4);                        /* the head, two values, and what was required and is not there */
    assert_non_null(strstr(csv, "\r\n\"'=cmd()\",")); /* no formula */
    assert_non_null(strstr(csv, "\"a\"\"b"));
    assert_non_null(strstr(csv, ",\"m.p50\",31250,\"ns\","));
    assert_non_null(strstr(csv, ",30000,no,\"fail\",\"a, \"\"source\"\"\"\r\n"));
    assert_non_null(strstr(csv, ",\"m.none\",,\"1\","));
    assert_non_null(strstr(csv, ",\"m.missing\",,"));
    drop_results(results);
}

static void markdown_says_who_knew(void **state)
{
    (void)state;
    struct vg_results *results = make_results("<script>alert(1)</script>");
    struct vg_judgement *judgement =
        add_judgement(results, "[x](http://y) | z", "native", VG_FAIL, "*bold* @somebody: see https://z :x: isn't it?");
    decide(results, judgement, "VGPU-ISO-002");
    judgement->overlay = VG_OVERLAY_WAIVED;
    judgement->overlay_reason = vg_strdup("old kernel (BUG-8, until 2099-01-01)");
    vg_autofree char *text = written(results, "m.md");
    assert_non_null(strstr(text, "### vgauge: 0 of 1 requirement met; 1 not met, as expected."));
    assert_non_null(strstr(text, "- **fail** (waived) "));
    assert_non_null(strstr(text, "Expected: old kernel (BUG-8, until 2099-01-01)"));
    assert_non_null(strstr(text, "| VGPU-ISO-002 | not met, as expected |"));
    assert_non_null(strstr(text, "somebody: see")); /* read as plain text, too */
    assert_non_null(strstr(text, "isn't it?"));
    static const char *const never[] = { "<script", "](", "*bold*", "@somebody", "| z", "https:", ":x:" };
    for (unsigned i = 0; i < VG_COUNT(never); i++)
        if (strstr(text, never[i]))
            fail_msg("in the Markdown: %s", never[i]);
    drop_results(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_counted_and_put_in_words),
        cmocka_unit_test(what_is_not_simply_met_is_said),
        cmocka_unit_test(every_metric_is_in_the_csv),
        cmocka_unit_test(markdown_says_who_knew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
