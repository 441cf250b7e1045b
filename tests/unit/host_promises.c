/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host files for vendors' hardware: each loads, and says of every policy that it offers what its scheduler
 * promises. A mechanism that this build lacks is replaced by one that stands for it: the promises are the subject here.
 */
#include "catalog_fakes.h"

static char *suites;

static int find_suites(void **state)
{
    (void)state;
    suites = source_path("suites");
    return 0;
}

static int forget_suites(void **state)
{
    (void)state;
    free(suites);
    return 0;
}

/* The example, with its mechanism's name changed if nobody has registered it. */
static struct vg_host *load(const char *example, const char *mechanism)
{
    struct vg_error err = { 0 };
    char template[] = "/tmp/vgauge-test-XXXXXX";
    vg_autofree char *path = vg_format("%s/hosts/examples/%s.yaml", suites, example);
    vg_autofree char *text = NULL;
    size_t length;
    assert_non_null(mkdtemp(template));
    assert_true(vg_read_file(path, 1 << 20, &text, &length, &err));
    vg_autofree char *key = vg_format("  - name: %s\n", mechanism);
    char *found = strstr(text, key);
    assert_non_null(found);
    bool known = vg_mechanism_find(mechanism) != NULL;
    vg_autofree char *changed = vg_format("%.*s  - name: %s\n%s", (int)(found - text), text,
                                          known ? mechanism : "fake-vm", found + strlen(key));
    vg_autofree char *copy = vg_format("%s/%s.yaml", template, example);
    assert_true(vg_write_file(copy, changed, strlen(changed), &err));
    struct vg_host *host = vg_host_load(suites, copy, &err);
    if (!host)
        fail_msg("%s", err.text);
    assert_true(vg_remove_tree(template, &err));
    assert_int_equal(host->mechanism_count, 1);
    return host;
}

static void vendors_promise_what_their_sources_say(void **state)
{
    (void)state;
    static const struct {
        const char *example, *mechanism, *policy, *entitlement, *idle, *change;
        unsigned min_us, max_us, default_us;
    } cases[] = {
        { "nvidia-registry", "nvidia-mdev", "best-effort", "none", "given-away", "reboot", 0, 0, 0 },
        { "nvidia-registry", "nvidia-mdev", "equal-share", "running", "kept", "reboot", 1000, 30000, 2000 },
        { "nvidia-registry", "nvidia-mdev", "fixed-share", "max", "kept", "reboot", 1000, 30000, 2000 },
        { "nvidia-nvml", "nvidia-vfio", "equal-share", "running", "kept", "no-vm", 1000, 30000, 2000 },
        { "nvidia-nvml", "nvidia-vfio", "fixed-share", "max", "kept", "no-vm", 1000, 30000, 2000 },
        { "xe-sriov", "xe-sriov", "xe-quanta", "quantum", "by-priority", "live", 1000, 100000000, 0 },
        { "xe-sriov", "xe-sriov", "best-effort", "none", "given-away", "live", 0, 0, 0 },
        { "amd-gim", "amd-mxgpu", "amd-liquid", "quantum", "given-away", "reload", 1000, 500000, 6000 },
        { "amd-gim", "amd-mxgpu", "fixed-share", "max", "kept", "reload", 1000, 500000, 6000 },
        { "gvt-g", "gvt-g", "gvt-weights", "weight", "kept", "create", 1000, 0, 0 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_host *host = load(cases[i].example, cases[i].mechanism);
        const struct vg_host_promise *promise = vg_host_promise_find(&host->mechanisms[0], cases[i].policy);
        assert_non_null(promise);
        assert_string_equal(promise->entitlement, cases[i].entitlement);
        assert_string_equal(promise->idle, cases[i].idle);
        assert_string_equal(promise->change, cases[i].change);
        assert_int_equal(promise->slice_min_us, cases[i].min_us);
        assert_int_equal(promise->slice_max_us, cases[i].max_us);
        assert_int_equal(promise->slice_default_us, cases[i].default_us);
        for (unsigned j = 0; j < host->mechanisms[0].policy_count; j++)
            assert_non_null(vg_host_promise_find(&host->mechanisms[0], host->mechanisms[0].policies[j].name));
        assert_null(vg_host_promise_find(&host->mechanisms[0], "weighted"));
        vg_host_free(host);
    }
}

static void promises_are_part_of_the_host_as_json(void **state)
{
    (void)state;
    struct vg_host *host = load("xe-sriov", "xe-sriov");
    vg_autojson json_t *json = vg_host_to_json(host);
    const json_t *promises = json_object_get(json_array_get(json_object_get(json, "mechanisms"), 0), "promises");
    assert_int_equal(json_array_size(promises), 2);
    const json_t *first = json_array_get(promises, 0);
    assert_string_equal(json_string_value(json_object_get(first, "entitlement")), "quantum");
    assert_int_equal(json_integer_value(json_object_get(first, "slice_max_us")), 100000000);
    assert_null(json_object_get(first, "slice_default_us"));
    vg_host_free(host);
    host = vg_host_load(suites, "native", &(struct vg_error) { 0 });
    vg_autojson json_t *without = vg_host_to_json(host);
    assert_null(json_object_get(json_array_get(json_object_get(without, "mechanisms"), 0), "promises"));
    vg_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vendors_promise_what_their_sources_say),
        cmocka_unit_test(promises_are_part_of_the_host_as_json),
    };
    return cmocka_run_group_tests(tests, find_suites, forget_suites);
}
