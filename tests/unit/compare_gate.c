/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate's exit status from its parts, and its reports when names are hostile. */
#include <libxml/parser.h>
#include "report/report.h"
#include "support/judged_run.h"

/* A gate with one run of this verdict and overlay, and one metric of this change; VG_CHANGES: no comparison. */
static int status_of(enum vg_verdict verdict, enum vg_overlay overlay, enum vg_change change, bool objects, bool strict)
{
    struct vg_judgement judgement = { .verdict = verdict, .overlay = overlay };
    struct vg_judgement *judgements[] = { &judgement };
    struct vg_run run = { .state = (char *)"complete", .started = (char *)"2026-11-22T10:00:00Z" };
    struct vg_results results = { .run = &run, .judgements = judgements, .count = 1 };
    struct vg_results *runs[] = { &results };
    struct vg_side side = { .runs = runs, .count = 1 };
    struct vg_comparison comparison = { .tested = change <= VG_CHANGE_INCONCLUSIVE };
    if (change < VG_CHANGES)
        comparison.counts[change] = 1;
    struct vg_gate gate = { .now = &side,
                            .comparison = change < VG_CHANGES ? &comparison : NULL,
                            .objection_count = objects,
                            .strict = strict };
    return vg_gate_exit_status(&gate);
}

static void the_worst_part_decides(void **state)
{
    (void)state;
    static const struct {
        enum vg_verdict verdict;
        enum vg_overlay overlay;
        enum vg_change change;
        bool objects, strict;
        int status;
    } cases[] = {
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_EQUIVALENT, false, true, 0 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_IMPROVED, false, true, 0 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_REGRESSED, false, false, 1 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_INCONCLUSIVE, false, false, 0 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_INCONCLUSIVE, false, true, 1 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_NO_BASELINE, false, false, 4 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGE_NO_BASELINE, false, true, 1 },
        { VG_PASS, VG_OVERLAY_NONE, VG_CHANGES, true, false, 3 },
        { VG_FAIL, VG_OVERLAY_NONE, VG_CHANGE_EQUIVALENT, false, false, 1 },
        { VG_FAIL, VG_OVERLAY_NONE, VG_CHANGES, true, false, 1 },
        { VG_FAIL, VG_OVERLAY_XFAIL, VG_CHANGE_EQUIVALENT, false, true, 0 },
        { VG_PASS, VG_OVERLAY_XPASS, VG_CHANGE_EQUIVALENT, false, false, 0 },
        { VG_PASS, VG_OVERLAY_XPASS, VG_CHANGE_EQUIVALENT, false, true, 1 },
        { VG_FAIL, VG_OVERLAY_FLAKE, VG_CHANGE_EQUIVALENT, false, false, 0 },
        { VG_FAIL, VG_OVERLAY_FLAKE, VG_CHANGE_EQUIVALENT, false, true, 1 },
        { VG_FAIL, VG_OVERLAY_UNSTABLE, VG_CHANGE_EQUIVALENT, false, false, 1 },
        { VG_INVALID, VG_OVERLAY_NONE, VG_CHANGE_EQUIVALENT, false, false, 3 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        int status = status_of(cases[i].verdict, cases[i].overlay, cases[i].change, cases[i].objects, cases[i].strict);
        if (status != cases[i].status)
            fail_msg("case %zu: %d", i, status);
    }
}

static void names_stay_text(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    static char hostile[] = "</testcase>|[x](javascript:1) <img src=a> @all `$(id)`\n# head\x1b[31m";
    struct vg_compared item = { .id = hostile,
                                .unit = hostile,
                                .better = hostile,
                                .note = hostile,
                                .min_effect = 0.05,
                                .change = VG_CHANGE_REGRESSED,
                                .ratio = 1.5,
                                .lower = 1.4,
                                .upper = 1.6 };
    struct vg_comparison comparison = {
        .items = &item, .count = 1, .tested = 1, .looks = 1, .counts = { [VG_CHANGE_REGRESSED] = 1 }
    };
    struct vg_gate gate = { .title = hostile, .comparison = &comparison };
    vg_autofree char *xml = vg_format("%s/gate.xml", directory), *markdown = vg_format("%s/gate.md", directory);
    assert_good(vg_report_gate_junit(&gate, xml, &err) && vg_report_gate_markdown(&gate, markdown, &err), err);
    xmlDocPtr document = xmlReadFile(xml, NULL, XML_PARSE_NONET);
    assert_non_null(document);
    assert_int_equal(xmlChildElementCount(xmlDocGetRootElement(document)), 2);
    xmlFreeDoc(document);
    vg_autofree char *text = NULL;
    size_t length;
    assert_good(vg_read_file(markdown, 1 << 20, &text, &length, &err), err);
    static const char *const never[] = { "](", "<img", "@all", "`", "\n# ", "\x1b", "</" };
    for (size_t i = 0; i < VG_COUNT(never); i++)
        if (strstr(text, never[i]))
            fail_msg("`%s` in %s", never[i], text);
    vg_autofree char *screen = NULL;
    size_t size;
    FILE *out = open_memstream(&screen, &size);
    vg_report_gate_text(&gate, true, out, false);
    fclose(out);
    assert_null(strchr(screen, '\x1b'));
    assert_non_null(strstr(screen, "+50.0 %"));
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_part_decides),
        cmocka_unit_test(names_stay_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
