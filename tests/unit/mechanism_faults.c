/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every mechanism over a driver's tree that is at the wrong place, half removed, unreadable, full of garbage, or whose
 * driver is busy for a while, for ever, or says yes and does nothing: a typed error in a sentence, and nothing that was
 * created and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "mechanism/mechanism.h"
#include "support/fake_driver.h"

#define T(text) ((char *)(text))
#define PF      "sys/bus/pci/devices/0000:41:00.0/"
#define VF0     "sys/bus/pci/devices/0000:41:00.4/"
#define VF1     "sys/bus/pci/devices/0000:41:00.5/"
#define TYPE    "sys/class/mdev_bus/0000:41:00.0/mdev_supported_types/46/"

static struct vg_host_profile profile = { .name = T("46"), .max = 4, .memory_bytes = UINT64_C(1) << 30 };
static struct vg_host_pgpu pgpu = { .name = T("card"), .pci = T("0000:41:00.0"), .vfs = 2 };
static struct vg_host_mechanism config = { .profiles = &profile, .profile_count = 1 };
static struct vg_host host = {
    .name = T("faults"), .root = fake_root, .pgpus = &pgpu, .pgpu_count = 1, .mechanisms = &config, .mechanism_count = 1
};

static void make_mdev_tree(void)
{
    struct vg_error err = { 0 };
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", fake_root);
    assert_true(vg_make_directories(bus, &err));
    fake_put(TYPE "available_instances", "4\n");
    fake_put(TYPE "description", "num_heads=4, framebuffer=1024M, max_instance=4\n");
    fake_put(TYPE "device_api", "vfio-pci\n");
    fake_put(TYPE "create", "");
}

static void make_pci_tree(const char *vf_file, const char *text)
{
    static const char *const functions[] = { PF, VF0, VF1 };
    fake_put("sys/bus/pci/drivers_probe", "");
    fake_put("sys/bus/pci/drivers/usual/unbind", "");
    fake_put("sys/bus/pci/drivers/vfio-pci/unbind", "");
    for (size_t i = 0; i < VG_COUNT(functions); i++) {
        vg_autofree char *override = vg_format("%sdriver_override", functions[i]);
        vg_autofree char *driver = vg_format("%sdriver", functions[i]);
        fake_put(override, "(null)\n");
        fake_link(driver, "../../drivers/usual");
    }
    for (size_t i = 1; vf_file && i < VG_COUNT(functions); i++) {
        vg_autofree char *current = vg_format("%s%s", functions[i], vf_file);
        fake_put(current, text);
    }
    fake_put(PF "sriov_totalvfs", "2\n");
    fake_put(PF "sriov_numvfs", "2\n");
    fake_put(PF "boot_vga", "0\n");
    fake_link(PF "virtfn0", "../0000:41:00.4");
    fake_link(PF "virtfn1", "../0000:41:00.5");
}

static void make_nvidia_tree(void)
{
    make_pci_tree("nvidia/current_vgpu_type", "0\n");
    fake_put(VF0 "nvidia/creatable_vgpu_types", "46 : NVIDIA X-1Q\n");
    fake_put(VF1 "nvidia/creatable_vgpu_types", "46 : NVIDIA X-1Q\n");
}

static void make_sriov_tree(void)
{
    make_pci_tree(NULL, NULL);
    fake_put("sys/kernel/debug/dri/0000:41:00.0/gt0/pf/vram_provisioned", "VF1: 0x0-0xfff\nVF2: 0x1000-0x1fff\n");
}

static void make_passthrough_tree(void)
{
    make_pci_tree("nvidia/current_vgpu_type", "0\n");
}

static const struct subject {
    const char *name;
    void (*make)(void);
    const char *needed[5];  /* a tree without one of these is half removed */
    const char *texts[4];   /* files with a format */
    const char *written[4]; /* files that a create writes to */
    const char *given[3];   /* and a destroy */
} subjects[] = {
#define MDEV(mechanism)                                                                                                \
    {                                                                                                                  \
        mechanism, make_mdev_tree, { TYPE "available_instances", TYPE "create", "sys/class/mdev_bus/0000:41:00.0" },   \
            { TYPE "available_instances", TYPE "description" }, { "/create" }, { "/remove" },                          \
    }
#define NVIDIA(mechanism)                                                                                              \
    {                                                                                                                  \
        mechanism, make_nvidia_tree,                                                                                   \
            { VF0 "nvidia/current_vgpu_type", VF0 "nvidia/creatable_vgpu_types", VF0 "nvidia", PF },                   \
            { VF0 "nvidia/current_vgpu_type", VF0 "nvidia/creatable_vgpu_types" }, { "/current_vgpu_type" },           \
            { "/current_vgpu_type" },                                                                                  \
    }
#define SRIOV(mechanism)                                                                                               \
    {                                                                                                                  \
        mechanism, make_sriov_tree, { "sys/bus/pci/drivers_probe", VF0 "driver_override", PF },                        \
            { "sys/kernel/debug/dri/0000:41:00.0/gt0/pf/vram_provisioned" },                                           \
            { "/driver_override", "usual/unbind", "/drivers_probe" }, { "/driver_override", "/drivers_probe" },        \
    }
    MDEV("nvidia-mdev"),
    MDEV("gvt-g"),
    MDEV("kernel-sample-mdev"),
    NVIDIA("nvidia-vfio"),
    NVIDIA("nvidia-mig"),
    SRIOV("xe-sriov"),
    SRIOV("amd-mxgpu"),
    { "passthrough",
      make_passthrough_tree,
      { "sys/bus/pci/drivers_probe", PF "driver_override", PF },
      { VF0 "nvidia/current_vgpu_type" },
      { "/driver_override", "usual/unbind", "/drivers_probe" },
      { "/driver_override", "/drivers_probe" } },
};

/* --- what lives ----------------------------------------------------------------------------------------------------
 */

static bool link_leads_to(const char *path, const char *end)
{
    char target[4096];
    vg_autofree char *full = vg_format("%s/%s", fake_root, path);
    ssize_t length = readlink(full, target, sizeof(target) - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    return ends_with(target, end);
}

/* vGPUs as the driver itself has them. A VF whose file is gone has none. */
static unsigned live(void)
{
    static const char *const types[] = { VF0 "nvidia/current_vgpu_type", VF1 "nvidia/current_vgpu_type" };
    static const char *const drivers[] = { PF "driver", VF0 "driver", VF1 "driver" };
    unsigned count = 0;
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", fake_root);
    vg_autodir DIR *directory = opendir(bus);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    for (size_t i = 0; i < VG_COUNT(types); i++) {
        struct vg_error ignored = { 0 };
        vg_autofree char *path = vg_format("%s/%s", fake_root, types[i]);
        vg_autofree char *text = NULL;
        count += vg_read_attribute(path, &text, &ignored) && vg_equal(text, "46");
    }
    for (size_t i = 0; i < VG_COUNT(drivers); i++)
        count += link_leads_to(drivers[i], "/vfio-pci");
    return count;
}

static void begin(const struct subject *subject)
{
    memcpy(fake_root + strlen(fake_root) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(fake_root));
    fake_fault = (struct fake_fault) { 0 };
    config.name = T(subject->name);
    subject->make();
}

static void end(void)
{
    struct vg_error err = { 0 };
    fake_fault = (struct fake_fault) { 0 };
    assert_true(vg_remove_tree(fake_root, &err));
}

/* Opens, creates one, closes. */
static enum vg_refusal attempt(const struct subject *subject, struct vg_error *err)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find(subject->name);
    void *state = NULL;
    struct vg_vgpu *vgpu = NULL;
    if (!mechanism->open(&host, &config, &state, err)) {
        assert_null(state);
        return VG_REFUSED_ERROR;
    }
    enum vg_refusal refusal = mechanism->create(state, 0, &profile, &vgpu, err);
    if ((refusal == VG_REFUSED_NOT) != (vgpu != NULL) || live() != (refusal == VG_REFUSED_NOT))
        fail_msg("%s: %s, and then %u vGPUs live: %s", subject->name, vg_refusal_name(refusal), live(), err->text);
    fake_fault = (struct fake_fault) { 0 };
    mechanism->close(state);
    if (live())
        fail_msg("%s: %u vGPUs were forgotten: %s", subject->name, live(), err->text);
    return refusal;
}

static void must_fail(const struct subject *subject, const char *what)
{
    struct vg_error err = { 0 };
    enum vg_refusal refusal = attempt(subject, &err);
    if (refusal == VG_REFUSED_NOT || err.kind == VG_ERROR_NONE || !*err.text || strchr(err.text, '\x1b'))
        fail_msg("%s with %s: %s, kind %d: %s", subject->name, what, vg_refusal_name(refusal), err.kind, err.text);
    if (refusal == VG_REFUSED_ERROR && err.kind != VG_ERROR_ENVIRONMENT)
        fail_msg("%s with %s: an error of kind %d: %s", subject->name, what, err.kind, err.text);
}

/* A look cannot be had, and neither can a create that needs what cannot be read. */
static void must_not_be_seen(const struct subject *subject, const char *what)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find(subject->name);
    struct vg_error err = { 0 };
    struct vg_pgpu seen = { 0 };
    void *opened = NULL;
    if (mechanism->open(&host, &config, &opened, &err)) {
        if (mechanism->look(opened, 0, &seen, &err))
            fail_msg("%s with %s: it could be seen", subject->name, what);
        mechanism->close(opened);
    }
    if (err.kind != VG_ERROR_ENVIRONMENT || !*err.text || strchr(err.text, '\x1b'))
        fail_msg("%s with %s: an error of kind %d: %s", subject->name, what, err.kind, err.text);
    if (!ends_with(what, "/description")) /* which is for people: a create does not need it */
        must_fail(subject, what);
}

/* --- faults --------------------------------------------------------------------------------------------------------
 */

static void good_trees_work(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        struct vg_error err = { 0 };
        begin(&subjects[i]);
        if (attempt(&subjects[i], &err) != VG_REFUSED_NOT)
            fail_msg("%s: %s", subjects[i].name, err.text);
        end();
    }
}

static void wrong_root(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        begin(&subjects[i]);
        host.root = T("/tmp/vgauge-no-such-root");
        must_fail(&subjects[i], "the wrong root");
        host.root = fake_root;
        end();
    }
}

static void half_removed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *path = subjects[i].needed; *path; path++) {
            struct vg_error err = { 0 };
            begin(&subjects[i]);
            vg_autofree char *full = vg_format("%s/%s", fake_root, *path);
            assert_true(unlink(full) == 0 || vg_remove_tree(full, &err));
            must_fail(&subjects[i], *path);
            end();
        }
    }
}

static void unreadable(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *path = subjects[i].texts; *path; path++) {
            begin(&subjects[i]);
            fake_fault = (struct fake_fault) { .ending = *path, .error = EIO, .times = -1, .reading = true };
            must_not_be_seen(&subjects[i], *path);
            end();
        }
    }
}

static void garbage(void **state)
{
    (void)state;
    static const char *const texts[] = { "many\n", "-1\n", "99999999999999999999 : x\n", "\x1b[2J\n",
                                         "max_instance=x\n" };
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *path = subjects[i].texts; *path; path++) {
            for (size_t j = 0; j < VG_COUNT(texts); j++) {
                /* Free text is good enough for a description, but not a number that is none. */
                if (ends_with(*path, "description") && j != 4)
                    continue;
                begin(&subjects[i]);
                fake_put(*path, texts[j]);
                must_not_be_seen(&subjects[i], *path);
                end();
            }
        }
    }
}

static void busy_for_a_while(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *ending = subjects[i].written; *ending; ending++) {
            struct vg_error err = { 0 };
            begin(&subjects[i]);
            fake_fault = (struct fake_fault) { .ending = *ending, .error = EBUSY, .times = 3 };
            if (attempt(&subjects[i], &err) != VG_REFUSED_NOT)
                fail_msg("%s, %s: %s", subjects[i].name, *ending, err.text);
            end();
        }
    }
}

static void busy_for_ever(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        struct vg_error err = { 0 };
        begin(&subjects[i]);
        fake_fault = (struct fake_fault) { .ending = subjects[i].written[0], .error = EBUSY, .times = -1 };
        enum vg_refusal refusal = attempt(&subjects[i], &err);
        if (refusal != VG_REFUSED_BUSY || err.kind != VG_ERROR_REFUSED)
            fail_msg("%s: %s: %s", subjects[i].name, vg_refusal_name(refusal), err.text);
        end();
    }
}

/* The value is taken without an error, and nothing comes of it. */
static void says_yes_and_does_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        begin(&subjects[i]);
        fake_fault = (struct fake_fault) { .ending = subjects[i].written[0], .error = 0, .times = -1 };
        must_fail(&subjects[i], subjects[i].written[0]);
        end();
    }
}

/* A destroy that fails leaves the vGPU with its owner, who can try again. */
static void destroy_meets_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *ending = subjects[i].given; *ending; ending++) {
            const int errors[] = { EBUSY, 0 };
            for (size_t j = 0; j < VG_COUNT(errors); j++) {
                /* Between two drivers it may be nobody's, as on hosts that keep their own drivers off VFs. */
                bool between = ends_with(*ending, "/drivers_probe");
                if (between && !errors[j])
                    continue;
                const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
                struct vg_error err = { 0 };
                void *opened = NULL;
                struct vg_vgpu *vgpu = NULL;
                begin(&subjects[i]);
                assert_true(mechanism->open(&host, &config, &opened, &err));
                assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
                fake_fault = (struct fake_fault) { .ending = *ending, .error = errors[j], .times = -1 };
                if (mechanism->destroy(opened, vgpu, &err))
                    fail_msg("%s, %s: it is said to be gone", subjects[i].name, *ending);
                if (err.kind != (errors[j] ? VG_ERROR_REFUSED : VG_ERROR_ENVIRONMENT) || live() != !between)
                    fail_msg("%s, %s: kind %d, %u live: %s", subjects[i].name, *ending, err.kind, live(), err.text);
                fake_fault = (struct fake_fault) { 0 };
                assert_true(mechanism->destroy(opened, vgpu, &err));
                assert_int_equal(live(), 0);
                if (subjects[i].make != make_mdev_tree &&
                    (!link_leads_to(VF0 "driver", "/usual") || !link_leads_to(PF "driver", "/usual")))
                    fail_msg("%s, %s: it was not given back to its driver", subjects[i].name, *ending);
                mechanism->close(opened);
                end();
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_trees_work),
        cmocka_unit_test(wrong_root),
        cmocka_unit_test(half_removed),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(garbage),
        cmocka_unit_test(busy_for_a_while),
        cmocka_unit_test(busy_for_ever),
        cmocka_unit_test(says_yes_and_does_nothing),
        cmocka_unit_test(destroy_meets_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
