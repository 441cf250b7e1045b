/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A driver's tree that is wrong, half there, unreadable, full of garbage, or that says yes and does nothing: a typed
 * error, and nothing created and forgotten. Plain files stand for sysfs here, so a "driver" does nothing by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "mechanism/mechanism.h"

#define T(text) ((char *)(text))
#define TYPE    "/sys/class/mdev_bus/card/mdev_supported_types/kind"

static char root[] = "/tmp/vgauge-mdev-XXXXXX";
static struct vg_host_profile profile = { .name = T("kind"), .max = 4 };
static struct vg_host_pgpu pgpu = {
    .name = T("card"), .parent = T("card"), .capacity = T("count-pool"), .instances = 4
};
static struct vg_host_mechanism config = { .name = T("kernel-sample-mdev"), .profiles = &profile, .profile_count = 1 };
static struct vg_host host = {
    .name = T("faults"), .root = root, .pgpus = &pgpu, .pgpu_count = 1, .mechanisms = &config, .mechanism_count = 1
};

static void put(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = vg_format("%s%s", root, path);
    assert_true(vg_write_file(full, text, strlen(text), &err));
}

static int make_tree(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    memcpy(root + strlen(root) - 6, "XXXXXX", 6);
    if (!mkdtemp(root))
        return -1;
    vg_autofree char *devices = vg_format("%s%s/devices", root, TYPE);
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", root);
    if (!vg_make_directories(devices, &err) || !vg_make_directories(bus, &err))
        return -1;
    put(TYPE "/available_instances", "4\n");
    put(TYPE "/device_api", "vfio-pci\n");
    put(TYPE "/create", "");
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    return vg_remove_tree(root, &err) ? 0 : -1;
}

static const struct vg_mechanism *mechanism(void)
{
    return vg_mechanism_find("kernel-sample-mdev");
}

/* Opens, creates, closes; what a create says. */
static enum vg_refusal try_create(struct vg_error *err)
{
    void *state = NULL;
    struct vg_vgpu *vgpu = NULL;
    if (!mechanism()->open(&host, &config, &state, err))
        return VG_REFUSED_ERROR;
    enum vg_refusal refusal = mechanism()->create(state, 0, &profile, &vgpu, err);
    assert_true((refusal == VG_REFUSED_NOT) == (vgpu != NULL));
    mechanism()->close(state);
    return refusal;
}

static void wrong_root(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    void *opened = NULL;
    host.root = T("/tmp/vgauge-no-such-root");
    assert_false(mechanism()->open(&host, &config, &opened, &err));
    host.root = root;
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "root"));
}

static void parent_is_gone(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    pgpu.parent = T("other");
    assert_int_equal(try_create(&err), VG_REFUSED_ERROR);
    pgpu.parent = T("card");
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
}

static void type_is_gone(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    profile.type = T("another");
    assert_int_equal(try_create(&err), VG_REFUSED_UNSUPPORTED);
    profile.type = NULL;
}

static void half_removed(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s" TYPE "/available_instances", root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(try_create(&err), VG_REFUSED_ERROR);
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "available_instances"));
}

static void garbage(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "many\n", "-1\n", "4 of 4\n", "99999999999999999999\n", "\x1b[2J" };
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        struct vg_error err = { 0 };
        put(TYPE "/available_instances", texts[i]);
        assert_int_equal(try_create(&err), VG_REFUSED_ERROR);
        assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
        assert_null(strchr(err.text, '\x1b'));
    }
}

static void nothing_left(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    put(TYPE "/available_instances", "0\n");
    assert_int_equal(try_create(&err), VG_REFUSED_NO_CAPACITY);
    assert_int_equal(err.kind, VG_ERROR_REFUSED);
}

/* A plain file takes the UUID, and no device appears. */
static void says_yes_and_does_nothing(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_int_equal(try_create(&err), VG_REFUSED_ERROR);
    assert_non_null(strstr(err.text, "no device appeared"));
}

#define UUID   "11111111-2222-4333-8444-555555555555"
#define DEVICE "/sys/bus/mdev/devices/" UUID

static void put_link(const char *to, const char *path)
{
    vg_autofree char *target = vg_format("%s%s", root, to), *full = vg_format("%s%s", root, path);
    unlink(full);
    assert_int_equal(symlink(target, full), 0);
}

/* Each thing that the ABI demands, once as it must be and once not. */
static void a_tree_that_lacks_something_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *gone, *put, *text; /* a file that is not there; one that says something else */
        const char *link, *to;         /* one that leads elsewhere */
        const char *says;              /* NULL: all is there */
    } rows[] = {
        { .says = NULL },
        { .gone = TYPE "/create", .says = "kind/create is missing" },
        { .gone = TYPE "/available_instances", .says = "kind/available_instances is missing" },
        { .gone = TYPE "/device_api", .says = "device_api is missing; " },
        { .put = TYPE "/device_api", .text = "vfio-platform\n", .says = "says vfio-platform and must say vfio-pci" },
        { .put = TYPE "/device_api", .text = "vfio-pci\x1b[2J\n", .says = "says vfio-pci\\x1b[2J and must" },
        { .gone = TYPE "/devices/" UUID, .says = "/mdev_type/devices/" UUID " is missing" },
        { .gone = DEVICE "/mdev_type", .says = "mdev_type leads to nothing" },
        { .link = DEVICE "/mdev_type", .to = "/sys/class/mdev_bus/card", .says = "mdev_type leads to card" },
        { .link = "/sys/class/mdev_bus/card/driver",
          .to = "/sys/bus/pci/drivers/nvidia",
          .says = "the type kind of card does not begin with nvidia-" },
        { .link = "/sys/class/mdev_bus/card/driver",
          .to = "/sys/bus/pci/drivers/kin",
          .says = "the type kind of card does not begin with kin-" },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        void *opened = NULL;
        vg_autotext struct vg_text findings = { 0 };
        unsigned checked = 0, missing = 0;
        const struct vg_vgpu vgpu = { .profile = &profile, .uuid = UUID, .vf = VG_ANY };
        assert_int_equal(make_tree(NULL), 0);
        vg_autofree char *device = vg_format("%s" DEVICE, root);
        assert_true(vg_make_directories(device, &err));
        put_link(TYPE, DEVICE "/mdev_type");
        put_link(DEVICE, TYPE "/devices/" UUID);
        assert_true(mechanism()->open(&host, &config, &opened, &err));
        if (rows[i].gone) {
            vg_autofree char *path = vg_format("%s%s", root, rows[i].gone);
            assert_int_equal(unlink(path), 0);
        }
        if (rows[i].put)
            put(rows[i].put, rows[i].text);
        if (rows[i].link)
            put_link(rows[i].to, rows[i].link);
        assert_true(mechanism()->inspect(opened, 0, &vgpu, &checked, &findings, &missing, &err));
        bool good = rows[i].says ? missing > 0 && strstr(findings.data, rows[i].says) != NULL : missing == 0;
        if (!good || checked < 7)
            fail_msg("row %zu: %u of %u: %s", i, missing, checked, findings.data ? findings.data : "nothing");
        mechanism()->close(opened);
        assert_int_equal(remove_tree(NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_root, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(parent_is_gone, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(type_is_gone, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(half_removed, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(garbage, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(nothing_left, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(says_yes_and_does_nothing, make_tree, remove_tree),
        cmocka_unit_test(a_tree_that_lacks_something_is_told), /* a tree for each row */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
