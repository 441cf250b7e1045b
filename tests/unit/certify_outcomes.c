/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a certificate says of a requirement that no result decides: that it does not apply, and who says so, or that
 * nobody tested it. The two must never be taken for each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "certify/internal.h"
#include "report/report.h"
#include "support/certified_run.h"

#define REQUIREMENT(number, level, mechanisms)                                                                         \
    "  - { id: VGPU-MADE-0" number ", level: " level ", severity: S2, tiers: [software-rendering], mechanisms: "       \
    "[" mechanisms "], statement: Made up., probe: none, workload: none, accept: made up, source: made up }\n"

static const char *const requirements = "group: MADE\ntitle: made up\nrequirements:\n" REQUIREMENT("01", "MUST", "all")
    REQUIREMENT("02", "SHOULD", "all") REQUIREMENT("03", "SHOULD", "nvidia-vfio, xe-sriov")
        REQUIREMENT("04", "MUST", "all") REQUIREMENT("05", "MUST", "all") REQUIREMENT("06", "SHOULD", "all")
            REQUIREMENT("07", "SHOULD", "all") REQUIREMENT("08", "MUST", "suite") REQUIREMENT("09", "SHOULD", "all")
                REQUIREMENT("10", "SHOULD", "vfio") REQUIREMENT("11", "SHOULD", "all");

/* Test, requirement, what it needs. */
static const char *const made_tests[][3] = {
    { "decided", "01", "capability: vulkan" },
    { "left-out", "02", "capability: vulkan" },
    { "of-vendors", "03", "capability: vulkan" },
    { "of-virgl", "05", "capability: vulkan, mechanism: [virtio-virgl]" },
    { "destroys", "06", "capability: vulkan, destructive: true" },
    { "told", "07", "capability: vulkan" },
    { "of-virgl-too", "09", "capability: vulkan, mechanism: [virtio-virgl]" },
    { "left-out-too", "09", "capability: vulkan" },
    { "fails", "11", "capability: vulkan" },
};

static char *scratch;
static struct vg_suite *suite;
static struct vg_run measured;
static struct vg_judgement judgements[VG_COUNT(made_tests)];
static struct vg_judgement *pointers[VG_COUNT(made_tests)];
static struct vg_results results = { .run = &measured, .judgements = pointers };

static int set_up(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    scratch = made_scratch();
    make_suites(scratch, (struct made_size) { 0, 1, 1 });
    make_file(scratch, "suites/requirements/made.yaml", requirements);
    for (size_t i = 0; i < VG_COUNT(made_tests); i++) {
        vg_autofree char *name = vg_format("suites/tests/made/%s.yaml", made_tests[i][0]);
        vg_autofree char *text =
            vg_format("id: %s\nrequirement: VGPU-MADE-0%s\nsummary: Made up.\nwhy: Made up.\nneeds: { %s }\n"
                      "tenants:\n  - { name: guest }\nphases:\n"
                      "  - { name: tiny, run: [ { on: guest, workload: vk-submit-latency } ] }\nanalyze:\n"
                      "  - { name: tiny, analysis: latency, phase: tiny, workload: vk-submit-latency }\nexpect:\n"
                      "  - { metric: tiny.count, report: true }\nno_control: made up\n",
                      made_tests[i][0], made_tests[i][1], made_tests[i][2]);
        make_file(scratch, name, text);
    }
    make_file(scratch, "host.yaml",
              "name: made\nsummary: A host that is not there.\nconnection: qemu:///embed\n"
              "pgpus:\n  - { name: core1, cpus: \"1\" }\nmechanisms:\n  - name: virtio-venus\n"
              "    profiles: [ { name: full, max: 4 } ]\n    policies: [ { name: equal-share, period_us: 20000 } ]\n");
    vg_autofree char *suites = made_path(scratch, "suites"), *host_file = made_path(scratch, "host.yaml");
    suite = vg_suite_open(suites, &err);
    must(suite != NULL, &err);
    struct vg_host *host = vg_host_load(suites, host_file, &err);
    must(host != NULL, &err);
    measured.host_file = vg_host_to_json(host);
    vg_host_free(host);
    return 0;
}

static int tear_down(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    vg_suite_free(suite);
    json_decref(measured.host_file);
    vg_remove_tree(scratch, &err);
    free(scratch);
    return 0;
}

static char instance_name[] = "virtio-venus.full.equal-share.boot-1";
static char mechanism[] = "virtio-venus";
static char word[] = "the guest says that it has no such thing";
static char *tenants_word[] = { word };

static void result(const char *test, enum vg_verdict verdict)
{
    struct vg_judgement *judgement = &judgements[results.count];
    *judgement = (struct vg_judgement) {
        .test = (char *)test, .instance = instance_name, .mechanism = mechanism, .verdict = verdict
    };
    if (verdict == VG_SKIP) {
        judgement->reasons = tenants_word;
        judgement->reason_count = 1;
    }
    pointers[results.count++] = judgement;
}

static json_t *outcomes(unsigned counts[CERT_STATES])
{
    struct vg_error err = { 0 };
    struct cert_planned planned VG_CLEANUP(cert_planned_free);
    must(cert_plan(&measured, suite, &planned, &err), &err);
    return cert_requirements(&results, suite, &planned, counts);
}

static void expect(const json_t *list, unsigned number, const char *outcome, const char *reason)
{
    const json_t *requirement = json_array_get(list, number - 1);
    vg_autofree char *id = vg_format("VGPU-MADE-%03u", number);
    assert_string_equal(vg_json_text_or(requirement, "id", ""), id);
    assert_string_equal(vg_json_text_or(requirement, "outcome", ""), outcome);
    if (reason)
        assert_string_equal(vg_json_text_or(requirement, "reason", ""), reason);
    else
        assert_null(json_object_get(requirement, "reason"));
}

/* All requirements of the suite are listed, whatever the run was about. */
static void undecided(void **state)
{
    unsigned counts[CERT_STATES] = { 0 };
    (void)state;
    results.count = 0;
    result("decided", VG_PASS);
    result("told", VG_SKIP);
    result("fails", VG_FAIL);
    vg_autojson json_t *list = outcomes(counts);
    assert_int_equal(json_array_size(list), 11);
    expect(list, 1, "held", NULL);
    expect(list, 2, "not tested", "left-out was not run");
    expect(list, 3, "not applicable", "it speaks only of nvidia-vfio, xe-sriov");
    expect(list, 4, "not tested", "the suite has no test of it for what was claimed");
    expect(list, 5, "not applicable", "of-virgl: does not apply to virtio-venus, only to virtio-virgl");
    expect(list, 6, "not tested",
           "destroys: is destructive, which the host file does not allow (allow: [destructive])");
    expect(list, 7, "not tested", "told: the guest says that it has no such thing");
    expect(list, 8, "not applicable", "it is a requirement on the suite, not on a product");
    expect(list, 9, "not tested", "left-out-too was not run");
    expect(list, 10, "not applicable", "it speaks only of vfio");
    expect(list, 11, "not met", NULL);
    assert_int_equal(counts[CERT_NOT_APPLICABLE], 4);
    assert_int_equal(counts[CERT_NOT_TESTED], 5);
    assert_int_equal(counts[CERT_HELD], 1);
    assert_int_equal(counts[CERT_NOT_MET], 1);
}

/* One result that decides outweighs everything that is not known; the worst of several counts. */
static void decided(void **state)
{
    unsigned counts[CERT_STATES] = { 0 };
    (void)state;
    results.count = 0;
    result("left-out-too", VG_FINDING);
    result("of-vendors", VG_PASS);
    result("fails", VG_FAIL);
    judgements[2].overlay = VG_OVERLAY_WAIVED;
    vg_autojson json_t *list = outcomes(counts);
    expect(list, 1, "not tested", "decided was not run");
    expect(list, 3, "held", NULL); /* more than the requirement asks for */
    expect(list, 9, "finding", NULL);
    expect(list, 11, "waived", NULL);
    assert_int_equal(vg_json_int_or(json_object_get(json_array_get(list, 8), "results_by_test"), "left-out-too", 0), 1);
}

/* The customer reads it: on the page, and in the count at its top. */
static void told(void **state)
{
    struct vg_error err = { 0 };
    (void)state;
    results.count = 0;
    result("decided", VG_PASS);
    measured.version = measured.host = measured.plan = measured.started = measured.ended = instance_name;
    vg_autojson json_t *statement = cert_statement(&results, suite, "GPU", "Us", &err);
    must(statement != NULL, &err);
    assert_int_equal(vg_json_int_or(json_object_get(statement, "counts"), "not tested", 0), 6);
    assert_int_equal(json_array_size(json_object_get(statement, "not_run")), 6); /* of those that apply */
    vg_autofree char *page = vg_report_certificate(statement, &err);
    must(page != NULL, &err);
    assert_non_null(strstr(page, "6 were not tested, 1 of them of level MUST. 4 do not apply to this product."));
    assert_non_null(strstr(page, "the suite has no test of it for what was claimed"));
    struct vg_certificate certificate = { 0 };
    must(cert_certificate(statement, &certificate, &err), &err);
    assert_int_equal(certificate.not_tested, 6);
    assert_int_equal(certificate.not_applicable, 4);
    vg_certificate_free(&certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undecided),
        cmocka_unit_test(decided),
        cmocka_unit_test(told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
