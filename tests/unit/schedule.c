/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan on a host becomes instances: what applies where, why something is skipped, and in which order boots are
 * shared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "engine/engine.h"

static struct vg_catalog *catalog;
static struct vg_host *host;

static int load(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    catalog = vg_catalog_load("suites", &err);
    host = catalog ? vg_host_load("suites", "reference", &err) : NULL;
    if (!host)
        print_error("%s\n", err.text);
    return host ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    vg_host_free(host);
    vg_catalog_free(catalog);
    return 0;
}

static struct vg_schedule make(const char *plan_name, const char *tests, const char *mechanisms)
{
    struct vg_error err = { 0 };
    struct vg_schedule schedule;
    const struct vg_plan *plan = vg_catalog_plan(catalog, plan_name, &err);
    assert_non_null(plan);
    if (!vg_schedule_make(catalog, plan, host, tests, mechanisms, &schedule, &err))
        fail_msg("%s", err.text);
    return schedule;
}

static const struct vg_instance *find(const struct vg_schedule *schedule, const char *test, const char *mechanism)
{
    for (unsigned i = 0; i < schedule->count; i++) {
        if (vg_equal(schedule->items[i].test->id, test) && vg_equal(schedule->items[i].mechanism, mechanism))
            return &schedule->items[i];
    }
    return NULL;
}

static void every_mechanism_runs_or_says_why_not(void **state)
{
    (void)state;
    struct vg_schedule schedule = make("quick", NULL, NULL);
    static const struct {
        const char *test, *mechanism, *skip;
    } cases[] = {
        { "api-driver-vulkan", "virtio-venus", NULL },
        { "api-driver-vulkan", "virtio-virgl", "virtio-virgl does not offer vulkan" },
        { "api-driver-gl", "virtio-virgl", NULL },
        { "api-driver-gl", "native", NULL },
        { "iso-scrub-after-kill", "native", "needs a VM; a tenant of native is a process on the host" },
        { "fair-equal-throughput", "virtio-venus", NULL },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        const struct vg_instance *instance = find(&schedule, cases[i].test, cases[i].mechanism);
        assert_non_null(instance);
        if (cases[i].skip)
            assert_string_equal(instance->skip, cases[i].skip);
        else
            assert_null(instance->skip);
    }
    /* "default" of a test that judges only some policies is the first of those. */
    assert_string_equal(find(&schedule, "fair-equal-throughput", "virtio-venus")->policy, "equal-share");
    vg_schedule_free(&schedule);
}

/* What the models' drivers cannot do is said with what their documents say, not with a list of others. */
static void a_driver_is_left_out_for_a_documented_reason(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_schedule schedule;
    unsigned left_out = 0;
    struct vg_host *model = vg_host_load("suites", "model", &err);
    assert_non_null(model);
    if (!vg_schedule_make(catalog, vg_catalog_plan(catalog, "placement-model", &err), model, NULL, NULL, &schedule,
                          &err))
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < schedule.count; i++) {
        const struct vg_instance *instance = &schedule.items[i];
        vg_autofree char *begin = vg_format("does not apply to %s: ", instance->mechanism);
        if (!instance->skip)
            continue;
        left_out++;
        if (strncmp(instance->skip, begin, strlen(begin)) != 0 || instance->skip[strlen(instance->skip) - 1] != ')')
            fail_msg("%s: %s", instance->test->id, instance->skip);
    }
    assert_true(left_out >= 38);
    const struct vg_instance *uuids = find(&schedule, "life-bad-uuids", "nvidia-vfio");
    assert_string_equal(uuids->skip,
                        "does not apply to nvidia-vfio: a vGPU is named by the number of its type at a VF, "
                        "never by a UUID (NV-VFIO)");
    vg_schedule_free(&schedule);
    vg_host_free(model);
}

/* Tenants come without a NUMA node and without a pGPU's name: a policy that needs either would decide something else.
 */
static void policies_that_tenants_give_nothing_to_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *says; /* NULL: taken */
    } rows[] = {
        { "breadth-first-residents", NULL },
        { "depth-first-remaining", NULL },
        { "numa-required", "places tenants by `numa-required`, which needs a NUMA node with each request" },
        { "numa-preferred", "places tenants by `numa-preferred`, which needs a NUMA node with each request" },
        { "explicit", "places tenants by `explicit`, which needs a pGPU's name with each request" },
        { "random", "which is no placement policy" },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        struct vg_schedule schedule;
        struct vg_host *model = vg_host_load("suites", "model", &err);
        assert_non_null(model);
        free(model->placement);
        model->placement = vg_strdup(rows[i].policy);
        bool made = vg_schedule_make(catalog, vg_catalog_plan(catalog, "placement-model", &err), model, NULL, NULL,
                                     &schedule, &err);
        if (made != !rows[i].says || (!made && (err.kind != VG_ERROR_INPUT || !strstr(err.text, rows[i].says))))
            fail_msg("%s: %s", rows[i].policy, made ? "taken" : err.text);
        vg_schedule_free(&schedule);
        vg_host_free(model);
    }
}

/* Where a requirement names a mechanism for which no test was written, that is no word of any document. */
static void what_was_never_tried_says_so(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_schedule schedule;
    struct vg_host *model = vg_host_load("suites", "model", &err);
    assert_non_null(model);
    char *name = model->mechanisms[0].name;
    static char amd[] = "amd-mxgpu", mig[] = "nvidia-mig";
    char *const others[] = { amd, mig };
    for (size_t i = 0; i < VG_COUNT(others); i++) {
        model->mechanisms[0].name = others[i];
        assert_true(vg_schedule_make(catalog, vg_catalog_plan(catalog, "placement-model", &err), model, NULL, NULL,
                                     &schedule, &err));
        const struct vg_instance *maximum = find(&schedule, "place-maximum", others[i]);
        const struct vg_instance *uuids = find(&schedule, "life-bad-uuids", others[i]);
        const struct vg_instance *mixed = find(&schedule, "place-mixed-size", others[i]);
        vg_autofree char *expected =
            vg_format("was never tried on %s, which VGPU-PLACE-001 names: there was no host and no model with it; "
                      "add it to the test's needs.mechanism to try it",
                      others[i]);
        assert_string_equal(maximum->skip, expected);
        assert_true(maximum->untried);
        assert_false(maximum->withheld);
        assert_non_null(strstr(uuids->skip, "does not apply to "));
        assert_non_null(strstr(mixed->skip, "does not apply to "));
        assert_false(uuids->untried || mixed->untried);
        vg_schedule_free(&schedule);
    }
    model->mechanisms[0].name = name;
    vg_host_free(model);
}

static void instances_that_share_a_boot_stand_together(void **state)
{
    (void)state;
    struct vg_schedule schedule = make("quick", NULL, NULL);
    unsigned changes = 0, fewest = 0;
    const char *mechanism = NULL, *profile = NULL;
    for (unsigned i = 0; i < schedule.count; i++) {
        const struct vg_instance *instance = &schedule.items[i];
        if (instance->skip)
            continue;
        if (!vg_equal(mechanism, instance->mechanism) || !vg_equal(profile, instance->profile)) {
            changes++;
            fewest = 0;
        }
        mechanism = instance->mechanism;
        profile = instance->profile;
        assert_true(instance->test->needs.tenants >= fewest);
        fewest = instance->test->needs.tenants;
    }
    assert_int_equal(changes, 4); /* native, Venus whole and half, virgl: each once */
    vg_schedule_free(&schedule);
}

static void selection_narrows(void **state)
{
    (void)state;
    struct vg_schedule schedule = make("quick", "!iso-*", "native");
    for (unsigned i = 0; i < schedule.count; i++) {
        assert_string_equal(schedule.items[i].mechanism, "native");
        assert_true(strncmp(schedule.items[i].test->id, "iso-", 4) != 0);
    }
    assert_true(schedule.count > 0);
    vg_schedule_free(&schedule);
    schedule = make("quick", "isolation/*", NULL); /* by folder */
    assert_non_null(find(&schedule, "iso-scrub-after-kill", "virtio-venus"));
    assert_null(find(&schedule, "api-driver-gl", "virtio-virgl"));
    vg_schedule_free(&schedule);
    schedule = make("quick", "harness-agent-idle", NULL); /* named in full: runs though the plan leaves it out */
    assert_non_null(find(&schedule, "harness-agent-idle", "virtio-venus"));
    vg_schedule_free(&schedule);
}

static void a_plan_is_asked_what_it_has(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    const struct vg_plan *quick = vg_catalog_plan(catalog, "quick", &err),
                         *full = vg_catalog_plan(catalog, "full", &err);
    assert_true(vg_schedule_selects(catalog, quick, "api-driver-gl"));
    assert_true(vg_schedule_selects(catalog, quick, "api.driver-*,api/api-driver-gl"));
    assert_false(vg_schedule_selects(catalog, quick, "security.fuzz-*"));
    assert_true(vg_schedule_selects(catalog, full, "security.fuzz-*"));
    assert_false(vg_schedule_selects(catalog, full, "security.nothing-*"));
    assert_false(vg_schedule_selects(catalog, full, "!*"));
}

static void wrong_selection_is_an_error(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_schedule schedule;
    const struct vg_plan *plan = vg_catalog_plan(catalog, "quick", &err);
    assert_false(vg_schedule_make(catalog, plan, host, "api-drivr-gl", NULL, &schedule, &err));
    assert_non_null(strstr(err.text, "did you mean `api-driver-gl`?"));
    assert_int_equal(err.kind, VG_ERROR_INPUT);
    assert_false(vg_schedule_make(catalog, plan, host, NULL, "virtio-venu", &schedule, &err));
    assert_non_null(strstr(err.text, "did you mean `virtio-venus`?"));
    /* Naming nothing and excluding everything are two mistakes. */
    assert_false(vg_schedule_make(catalog, plan, host, "!*", NULL, &schedule, &err));
    assert_string_equal(err.text, "`!*` excludes every test of plan `quick` that it could select");
    assert_false(vg_schedule_make(catalog, plan, host, "api-*, !api-driver-*", NULL, &schedule, &err));
    assert_non_null(strstr(err.text, "excludes every test"));
    assert_false(vg_schedule_make(catalog, plan, host, "nonsense,!api-*", NULL, &schedule, &err));
    assert_non_null(strstr(err.text, "no test of plan `quick` matches"));
}

static void more_tenants_than_the_profile_allows_is_a_skip(void **state)
{
    (void)state;
    struct vg_host_mechanism *venus = &host->mechanisms[0];
    unsigned count = venus->profile_count;
    venus->profile_count = 1; /* only the whole pGPU, which has room for one */
    struct vg_schedule schedule = make("quick", "fair-*", venus->name);
    venus->profile_count = count;
    assert_int_equal(schedule.count, 1);
    assert_non_null(strstr(schedule.items[0].skip, "needs 2 tenants; profile full allows 1"));
    vg_schedule_free(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mechanism_runs_or_says_why_not),
        cmocka_unit_test(instances_that_share_a_boot_stand_together),
        cmocka_unit_test(selection_narrows),
        cmocka_unit_test(a_driver_is_left_out_for_a_documented_reason),
        cmocka_unit_test(what_was_never_tried_says_so),
        cmocka_unit_test(policies_that_tenants_give_nothing_to_are_refused),
        cmocka_unit_test(a_plan_is_asked_what_it_has),
        cmocka_unit_test(wrong_selection_is_an_error),
        cmocka_unit_test(more_tenants_than_the_profile_allows_is_a_skip),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
