/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference scheduler's arithmetic, its refusals, and the capacity of the virtio mechanisms. Nothing of this host
 * is touched: the control groups are sought below an empty directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mechanism/reference-scheduler.h"

#define T(text) ((char *)(text)) /* the catalogue owns its texts, so its members are not const */

static void expect(const struct vg_host_policy *policy, unsigned cores, unsigned running, unsigned max, unsigned weight,
                   struct vg_cgroup_limit wanted)
{
    struct vg_cgroup_limit limit;
    struct vg_error err = { 0 };
    assert_int_equal(vg_scheduler_limit(policy, cores, running, max, weight, &limit, &err), VG_REFUSED_NOT);
    assert_int_equal(limit.period_us, wanted.period_us);
    assert_int_equal(limit.quota_us, wanted.quota_us);
    assert_int_equal(limit.weight, wanted.weight);
}

static void every_policy_divides_as_the_table_says(void **state)
{
    (void)state;
    const struct vg_host_policy best = { .name = T("best-effort"), .period_us = 5000 };
    const struct vg_host_policy equal = { .name = T("equal-share"), .period_us = 30000 };
    const struct vg_host_policy fixed = { .name = T("fixed-share") };
    const struct vg_host_policy sliced = { .name = T("fixed-share"), .slice_us = 4000 };
    const struct vg_host_policy weighted = { .name = T("weighted") };
    const struct vg_host_policy elastic = { .name = T("fixed-elastic"), .period_us = 20000, .elastic_percent = 50 };
    const struct vg_host_policy wide = { .name = T("fixed-elastic"), .period_us = 20000, .elastic_percent = 300 };
    expect(&elastic, 1, 1, 4, 1, (struct vg_cgroup_limit) { 20000, 7500, 1 }); /* a quarter and half of it */
    expect(&elastic, 1, 3, 4, 1, (struct vg_cgroup_limit) { 20000, 7500, 1 });
    expect(&elastic, 1, 4, 4, 1, (struct vg_cgroup_limit) { 20000, 5000, 1 }); /* full: a quarter */
    expect(&wide, 1, 1, 4, 1, (struct vg_cgroup_limit) { 20000, 0, 1 });       /* all of it, and no quota's edge */
    expect(&best, 1, 3, 4, 7, (struct vg_cgroup_limit) { 20000, 0, 1 });
    expect(&equal, 1, 1, 4, 1, (struct vg_cgroup_limit) { 30000, 0, 1 }); /* alone: all of it */
    expect(&equal, 1, 2, 4, 1, (struct vg_cgroup_limit) { 30000, 15000, 1 });
    expect(&equal, 1, 3, 4, 1, (struct vg_cgroup_limit) { 30000, 10000, 1 });
    expect(&equal, 4, 3, 4, 1, (struct vg_cgroup_limit) { 30000, 40000, 1 }); /* of four cores together */
    expect(&fixed, 1, 1, 4, 1, (struct vg_cgroup_limit) { 20000, 5000, 1 });  /* whoever else runs */
    expect(&fixed, 1, 4, 4, 9, (struct vg_cgroup_limit) { 20000, 5000, 1 });
    expect(&sliced, 1, 1, 3, 1, (struct vg_cgroup_limit) { 12000, 4000, 1 });
    expect(&weighted, 1, 2, 4, 3, (struct vg_cgroup_limit) { 20000, 0, 3 });
    expect(&weighted, 1, 2, 4, 0, (struct vg_cgroup_limit) { 20000, 0, 1 });
}

static void what_cannot_be_had_is_refused(void **state)
{
    (void)state;
    struct vg_cgroup_limit limit;
    struct vg_error err = { 0 };
    const struct vg_host_policy unknown = { .name = T("liquid") };
    const struct vg_host_policy weighted = { .name = T("weighted") };
    const struct vg_host_policy tight = { .name = T("equal-share"), .period_us = 4000 };
    const struct vg_host_policy long_one = { .name = T("equal-share"), .period_us = 1000001 };
    const struct vg_host_policy slices = { .name = T("fixed-share"), .slice_us = 4000000 };
    assert_int_equal(vg_scheduler_limit(&unknown, 1, 1, 1, 1, &limit, &err), VG_REFUSED_UNSUPPORTED);
    assert_non_null(strstr(err.text, "liquid"));
    assert_int_equal(vg_scheduler_limit(&weighted, 1, 1, 1, 101, &limit, &err), VG_REFUSED_UNSUPPORTED);
    assert_int_equal(vg_scheduler_limit(&tight, 1, 4, 4, 1, &limit, &err), VG_REFUSED_NOT);
    assert_int_equal(vg_scheduler_limit(&tight, 1, 5, 5, 1, &limit, &err), VG_REFUSED_UNSUPPORTED); /* 800 us */
    assert_int_equal(vg_scheduler_limit(&long_one, 1, 2, 2, 1, &limit, &err), VG_REFUSED_UNSUPPORTED);
    assert_int_equal(vg_scheduler_limit(&slices, 1, 1, 4000, 1, &limit, &err), VG_REFUSED_UNSUPPORTED);
    assert_int_equal(vg_scheduler_limit(&tight, 0, 1, 1, 1, &limit, &err), VG_REFUSED_ERROR);
}

/* --- the mechanisms around it ------------------------------------------------------------------------------------- */

static struct vg_host_profile profiles[] = { { .name = T("half"), .max = 2 }, { .name = T("quarter"), .max = 4 } };
static struct vg_host_policy policies[] = { { .name = T("best-effort") }, { .name = T("equal-share") } };
static char *environment[] = { T("A=1") };
static struct vg_host_mechanism mechanism = { .name = T("virtio-venus"),
                                              .profiles = profiles,
                                              .profile_count = 2,
                                              .policies = policies,
                                              .policy_count = 2,
                                              .environment = { .items = environment, .count = 1 } };
static struct vg_host_pgpu pgpus[] = { { .name = T("one"), .cpus = T("0") }, { .name = T("two"), .cpus = T("1") } };
static struct vg_host host = { .name = T("model"),
                               .root = T("/nonexistent/root"),
                               .pgpus = pgpus,
                               .pgpu_count = 2,
                               .mechanisms = &mechanism,
                               .mechanism_count = 1 };

static const struct vg_mechanism *open_mechanism(const char *name, void **state)
{
    struct vg_error err = { 0 };
    const struct vg_mechanism *found = vg_mechanism_find(name);
    assert_non_null(found);
    if (!found->open(&host, &mechanism, state, &err))
        fail_msg("%s", err.text);
    return found;
}

static struct vg_vgpu *create(const struct vg_mechanism *found, void *state, unsigned pgpu, unsigned profile)
{
    struct vg_vgpu *vgpu = NULL;
    struct vg_error err = { 0 };
    enum vg_refusal refusal = found->create(state, pgpu, &profiles[profile], &vgpu, &err);
    assert_true((refusal == VG_REFUSED_NOT) == (vgpu != NULL));
    if (refusal != VG_REFUSED_NOT) {
        assert_int_equal(refusal, VG_REFUSED_NO_CAPACITY);
        assert_int_equal(err.kind, VG_ERROR_REFUSED);
    }
    return vgpu;
}

static void available(const struct vg_mechanism *found, void *state, unsigned live, unsigned half, unsigned quarter)
{
    struct vg_inventory inventory;
    struct vg_error err = { 0 };
    assert_true(found->discover(state, &inventory, &err));
    assert_int_equal(inventory.pgpu_count, 2);
    assert_string_equal(inventory.pgpus[0].name, "one");
    assert_int_equal(inventory.pgpus[0].live, live);
    assert_int_equal(inventory.pgpus[0].profiles[0].available, half);
    assert_int_equal(inventory.pgpus[0].profiles[1].available, quarter);
    assert_int_equal(inventory.pgpus[1].live, 0);
    vg_inventory_free(&inventory);
}

static void capacity_is_counted_per_pgpu(void **unused)
{
    (void)unused;
    static const char *const names[] = { "virtio-venus", "virtio-virgl", "native" };
    for (unsigned i = 0; i < VG_COUNT(names); i++) {
        void *state;
        struct vg_error err = { 0 };
        const struct vg_mechanism *found = open_mechanism(names[i], &state);
        available(found, state, 0, 2, 4);
        struct vg_vgpu *half = create(found, state, 0, 0);
        available(found, state, 1, 1, 2);
        struct vg_vgpu *quarter = create(found, state, 0, 1);
        available(found, state, 2, 0, 1);
        assert_string_not_equal(half->uuid, quarter->uuid);
        assert_int_equal(strlen(half->uuid), 36);
        assert_null(create(found, state, 0, 0));
        assert_non_null(create(found, state, 0, 1));
        assert_null(create(found, state, 0, 1));
        assert_true(found->destroy(state, half, &err));
        available(found, state, 2, 1, 2);
        assert_false(found->destroy(state, half, &err)); /* only its address is looked at */
        found->close(state);                             /* frees what is left */
    }
}

static void attachments_differ_by_mechanism(void **unused)
{
    (void)unused;
    void *state;
    struct vg_error err = { 0 };
    struct vg_attachment attachment;
    const struct vg_mechanism *venus = open_mechanism("virtio-venus", &state);
    assert_true(venus->attach(state, create(venus, state, 0, 0), &attachment, &err));
    assert_int_equal(attachment.kind, VG_ATTACH_VIRTIO_GPU);
    assert_true(attachment.virtio.venus && attachment.virtio.blob && attachment.virtio.hostmem_bytes);
    assert_int_equal(attachment.environment_count, 1);
    assert_string_equal(attachment.environment[0], "A=1");
    venus->close(state);
    const struct vg_mechanism *virgl = open_mechanism("virtio-virgl", &state);
    assert_true(virgl->attach(state, create(virgl, state, 0, 0), &attachment, &err));
    assert_int_equal(attachment.kind, VG_ATTACH_VIRTIO_GPU);
    assert_false(attachment.virtio.venus || attachment.virtio.blob || attachment.virtio.hostmem_bytes);
    virgl->close(state);
    const struct vg_mechanism *native = open_mechanism("native", &state);
    assert_true(native->attach(state, create(native, state, 0, 0), &attachment, &err));
    assert_int_equal(attachment.kind, VG_ATTACH_NOTHING);
    assert_int_equal(attachment.environment_count, 1);
    native->close(state);
}

static void policies_are_refused_where_nothing_can_limit(void **unused)
{
    (void)unused;
    static const char *const names[] = { "virtio-venus", "virtio-virgl", "native" };
    for (unsigned i = 0; i < VG_COUNT(names); i++) {
        void *state;
        struct vg_error err = { 0 };
        const struct vg_mechanism *found = open_mechanism(names[i], &state);
        assert_int_equal(found->policy(state, 0, &policies[0], NULL, 0, &err), VG_REFUSED_NOT);
        assert_int_equal(found->policy(state, 0, &policies[1], NULL, 0, &err), VG_REFUSED_UNSUPPORTED);
        assert_int_equal(err.kind, VG_ERROR_REFUSED);
        assert_non_null(strstr(err.text, "best-effort"));
        found->close(state);
    }
}

static void a_tenant_without_renderer_is_an_error(void **unused)
{
    (void)unused;
    void *state;
    struct vg_error err = { 0 };
    const struct vg_mechanism *venus = open_mechanism("virtio-venus", &state);
    struct vg_policy_tenant tenant = { .tenant = "peer.0", .vgpu = create(venus, state, 0, 0), .pid = 0 };
    assert_int_equal(venus->policy(state, 0, &policies[0], &tenant, 1, &err), VG_REFUSED_ERROR);
    tenant.pid = 0x3ffffff; /* beyond what the kernel gives out */
    assert_int_equal(venus->policy(state, 0, &policies[0], &tenant, 1, &err), VG_REFUSED_ERROR);
    assert_int_equal(err.kind, VG_ERROR_TENANT);
    assert_non_null(strstr(err.text, "peer.0"));
    venus->close(state);
}

static void capabilities_are_whole_words(void **unused)
{
    (void)unused;
    assert_true(vg_mechanism_offers(vg_mechanism_find("native"), "gl"));
    assert_true(vg_mechanism_offers(vg_mechanism_find("native"), "vulkan"));
    assert_true(vg_mechanism_offers(vg_mechanism_find("virtio-venus"), "vulkan"));
    assert_false(vg_mechanism_offers(vg_mechanism_find("virtio-venus"), "gl"));
    assert_false(vg_mechanism_offers(vg_mechanism_find("virtio-virgl"), "vulkan"));
    assert_false(vg_mechanism_offers(vg_mechanism_find("native"), "vul"));
    assert_false(vg_mechanism_offers(vg_mechanism_find("native"), ""));
    assert_null(vg_mechanism_find("virtio-nothing"));
    assert_string_equal(vg_refusal_name(VG_REFUSED_NO_CAPACITY), "no-capacity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_divides_as_the_table_says),
        cmocka_unit_test(what_cannot_be_had_is_refused),
        cmocka_unit_test(capacity_is_counted_per_pgpu),
        cmocka_unit_test(attachments_differ_by_mechanism),
        cmocka_unit_test(policies_are_refused_where_nothing_can_limit),
        cmocka_unit_test(a_tenant_without_renderer_is_an_error),
        cmocka_unit_test(capabilities_are_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
