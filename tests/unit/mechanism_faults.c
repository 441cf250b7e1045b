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
#include "support/fake_trees.h"

/* What a PF's VFs are known by: without one of them, or with more of them than it says, nobody knows who uses it. */
#define VIRTFNS PF "virtfn0", PF "virtfn1", PF "sriov_numvfs"

static const struct subject {
    const char *name;
    void (*make)(void);
    const char *needed[8];  /* a tree without one of these is half removed */
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
            { VF0 "nvidia/current_vgpu_type", VF0 "nvidia/creatable_vgpu_types", VF0 "nvidia", PF, VIRTFNS },          \
            { VF0 "nvidia/current_vgpu_type", VF0 "nvidia/creatable_vgpu_types" }, { "/current_vgpu_type" },           \
            { "/current_vgpu_type" },                                                                                  \
    }
#define SRIOV(mechanism)                                                                                               \
    {                                                                                                                  \
        mechanism, make_sriov_tree, { "sys/bus/pci/drivers_probe", VF0 "driver_override", PF, VIRTFNS },               \
            { DEBUG "vram_provisioned", DEBUG "ggtt_provisioned" },                                                    \
            { "/driver_override", "usual/unbind", "/drivers_probe" }, { "/driver_override", "vfio-pci/unbind" },       \
    }
    MDEV("nvidia-mdev"),
    { "nvidia-mdev",
      make_mdev_vf_tree,
      { VF_TYPE "available_instances", VF_TYPE "create", "sys/class/mdev_bus/0000:41:00.4", PF, VIRTFNS },
      { VF_TYPE "available_instances", VF_TYPE "description" },
      { "/create" },
      { "/remove" } },
    MDEV("gvt-g"),
    MDEV("kernel-sample-mdev"),
    NVIDIA("nvidia-vfio"),
    NVIDIA("nvidia-mig"),
    SRIOV("xe-sriov"),
    SRIOV("amd-mxgpu"),
    { "passthrough",
      make_passthrough_tree,
      { "sys/bus/pci/drivers_probe", PF "driver_override", PF, VIRTFNS },
      { VF0 "nvidia/current_vgpu_type" },
      { "/driver_override", "usual/unbind", "/drivers_probe" },
      { "/driver_override", "vfio-pci/unbind" } },
};

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
    all_are_with_the_usual_driver(subject->name);
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
        begin_tree(subjects[i].name, subjects[i].make);
        if (attempt(&subjects[i], &err) != VG_REFUSED_NOT)
            fail_msg("%s: %s", subjects[i].name, err.text);
        end_tree();
    }
}

static void wrong_root(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        begin_tree(subjects[i].name, subjects[i].make);
        host.root = T("/tmp/vgauge-no-such-root");
        must_fail(&subjects[i], "the wrong root");
        host.root = fake_root;
        end_tree();
    }
}

static void half_removed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *path = subjects[i].needed; *path; path++) {
            struct vg_error err = { 0 };
            begin_tree(subjects[i].name, subjects[i].make);
            vg_autofree char *full = vg_format("%s/%s", fake_root, *path);
            assert_true(unlink(full) == 0 || vg_remove_tree(full, &err));
            must_fail(&subjects[i], *path);
            end_tree();
        }
    }
}

/* As many VFs as the PF says, and no more than can be looked at. */
static void vfs_are_counted(void **state)
{
    (void)state;
    static const char *const counts[] = { "1\n", "3\n", "65\n", "0\n" };
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (size_t j = 0; j < VG_COUNT(counts) && subjects[i].make != make_mdev_tree; j++) {
            begin_tree(subjects[i].name, subjects[i].make);
            fake_put(PF "sriov_numvfs", counts[j]);
            must_not_be_seen(&subjects[i], PF "sriov_numvfs");
            end_tree();
        }
    }
}

static void unreadable(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *path = subjects[i].texts; *path; path++) {
            begin_tree(subjects[i].name, subjects[i].make);
            fake_fault = (struct fake_fault) { .ending = *path, .error = EIO, .times = -1, .reading = true };
            must_not_be_seen(&subjects[i], *path);
            end_tree();
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
                begin_tree(subjects[i].name, subjects[i].make);
                fake_put(*path, texts[j]);
                must_not_be_seen(&subjects[i], *path);
                end_tree();
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
            begin_tree(subjects[i].name, subjects[i].make);
            fake_fault = (struct fake_fault) { .ending = *ending, .error = EBUSY, .times = 3 };
            if (attempt(&subjects[i], &err) != VG_REFUSED_NOT)
                fail_msg("%s, %s: %s", subjects[i].name, *ending, err.text);
            end_tree();
        }
    }
}

static void busy_for_ever(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *ending = subjects[i].written; *ending; ending++) {
            struct vg_error err = { 0 };
            begin_tree(subjects[i].name, subjects[i].make);
            fake_fault = (struct fake_fault) { .ending = *ending, .error = EBUSY, .times = -1 };
            enum vg_refusal refusal = attempt(&subjects[i], &err);
            if (refusal != VG_REFUSED_BUSY || err.kind != VG_ERROR_REFUSED)
                fail_msg("%s, %s: %s: %s", subjects[i].name, *ending, vg_refusal_name(refusal), err.text);
            end_tree();
        }
    }
}

/* The value is taken without an error, and nothing comes of it. */
static void says_yes_and_does_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *ending = subjects[i].written; *ending; ending++) {
            begin_tree(subjects[i].name, subjects[i].make);
            fake_fault = (struct fake_fault) { .ending = *ending, .error = 0, .times = -1 };
            must_fail(&subjects[i], *ending);
            end_tree();
        }
    }
}

/* The driver says yes, does it, and cannot be asked what it did: that is no vGPU that anybody may use, nor one that
 * may stay. */
static void cannot_be_seen_when_it_is_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        if (subjects[i].make != make_nvidia_tree)
            continue; /* others look at links and directories, which can be read or are not there */
        const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
        for (int blind = 0; blind < 2; blind++) {
            struct vg_create_as how = { .profile = &profile, .vf = blind ? 0 : VG_ANY, .blind = blind };
            struct vg_error err = { 0 };
            struct vg_vgpu *vgpu = NULL;
            void *opened = NULL;
            begin_tree(subjects[i].name, subjects[i].make);
            assert_true(mechanism->open(&host, &config, &opened, &err));
            fake_fault = (struct fake_fault) { .ending = VF0 "nvidia/current_vgpu_type",
                                               .error = EIO,
                                               .times = -1,
                                               .reading = true,
                                               .when_written = true };
            enum vg_refusal refusal = mechanism->create_as(opened, &how, &vgpu, &err);
            if (refusal != VG_REFUSED_ERROR || err.kind != VG_ERROR_ENVIRONMENT || vgpu)
                fail_msg("%s: %s, kind %d: %s", subjects[i].name, vg_refusal_name(refusal), err.kind, err.text);
            assert_false(fake_fault.when_written); /* it was written */
            fake_fault = (struct fake_fault) { 0 };
            mechanism->close(opened);
            if (live())
                fail_msg("%s: %u vGPUs were forgotten: %s", subjects[i].name, live(), err.text);
            end_tree();
        }
    }
}

static bool makes_by_one_write(const struct subject *subject)
{
    return ends_with(subject->written[0], "/create") || ends_with(subject->written[0], "/current_vgpu_type");
}

static void removing_fails(const char *path, const char *value)
{
    if (ends_with(path, "/create") || (ends_with(path, "/current_vgpu_type") && !vg_equal(value, "0")))
        fake_fault = (struct fake_fault) { .ending = ends_with(path, "/create") ? "/remove" : "/current_vgpu_type",
                                           .error = EPERM,
                                           .times = -1 };
}

/* The driver does it and says an error: what it made is taken away and told, and nothing else is made in its place. A
 * driver that says busy is not asked for another one. */
static void makes_it_and_says_an_error(void **state)
{
    (void)state;
    const int errors[] = { EIO, EBUSY, EPERM, ENOSPC };
    for (size_t row = 0; row < VG_COUNT(subjects) * VG_COUNT(errors) * 4; row++) {
        const struct subject *subject = &subjects[row / 4 / VG_COUNT(errors)];
        int error = errors[row / 4 % VG_COUNT(errors)];
        bool blind = row & 1, stays = row & 2;
        const struct vg_mechanism *mechanism = vg_mechanism_find(subject->name);
        struct vg_create_as how = { .profile = &profile, .vf = VG_ANY, .blind = blind };
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        if (!makes_by_one_write(subject))
            continue;
        begin_tree(subject->name, subject->make);
        how.vf = blind && pgpu.vfs ? 0 : VG_ANY;
        assert_true(mechanism->open(&host, &config, &opened, &err));
        fake_fault = (struct fake_fault) { .ending = subject->written[0], .error = error, .times = 1, .happens = true };
        fake_acts = stays ? removing_fails : NULL;
        enum vg_refusal refusal = mechanism->create_as(opened, &how, &vgpu, &err);
        if (refusal != VG_REFUSED_ERROR || err.kind != VG_ERROR_ENVIRONMENT || vgpu || live() != stays ||
            !strstr(err.text, "all the same") ||
            !strstr(err.text, stays ? "is left behind, since it cannot be taken away" : "was taken away again"))
            fail_msg("%s, errno %d: %s, kind %d, %u live: %s", subject->name, error, vg_refusal_name(refusal), err.kind,
                     live(), err.text);
        fake_acts = NULL;
        fake_fault = (struct fake_fault) { 0 };
        mechanism->close(opened);
        if (live())
            fail_msg("%s, errno %d: forgotten: %s", subject->name, error, err.text);
        end_tree();
    }
}

/* An error by which no driver refuses says nothing of other VFs: none of them is tried. */
static void an_error_is_no_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        struct vg_error err = { 0 };
        if (!makes_by_one_write(&subjects[i]))
            continue;
        begin_tree(subjects[i].name, subjects[i].make);
        fake_fault = (struct fake_fault) { .ending = subjects[i].written[0], .error = EIO, .times = 1 };
        enum vg_refusal refusal = attempt(&subjects[i], &err);
        if (refusal != VG_REFUSED_ERROR || err.kind != VG_ERROR_ENVIRONMENT)
            fail_msg("%s: %s, kind %d: %s", subjects[i].name, vg_refusal_name(refusal), err.kind, err.text);
        end_tree();
    }
}

/* Another thread of ours, or somebody else, got it while the driver would not give it to us: that one is not touched.
 */
static void somebody_elses_stays(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("nvidia-vfio");
    struct vg_create_as how = { .profile = &profile, .vf = 0, .blind = true };
    struct vg_error err = { 0 };
    struct vg_vgpu *first = NULL, *second = NULL;
    void *opened = NULL;
    begin_tree("nvidia-vfio", make_nvidia_tree);
    assert_true(mechanism->open(&host, &config, &opened, &err));
    assert_int_equal(mechanism->create_as(opened, &how, &first, &err), VG_REFUSED_NOT);
    fake_fault = (struct fake_fault) { .ending = "/current_vgpu_type", .error = EIO, .times = 1, .happens = true };
    assert_int_equal(mechanism->create_as(opened, &how, &second, &err), VG_REFUSED_ERROR);
    assert_null(second);
    assert_int_equal(live(), 1);
    assert_true(mechanism->destroy(opened, first, &err));
    mechanism->close(opened);
    end_tree();
}

/* Somebody else took it away: the driver would refuse to do it again, and nothing is left to be done. */
static void gone_already(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        if (subjects[i].make != make_nvidia_tree)
            continue;
        const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree(subjects[i].name, subjects[i].make);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
        fake_put(VF0 "nvidia/current_vgpu_type", "0\n");
        fake_fault = (struct fake_fault) { .ending = "/current_vgpu_type", .error = EPERM, .times = -1 };
        if (!mechanism->destroy(opened, vgpu, &err))
            fail_msg("%s: %s", subjects[i].name, err.text);
        fake_fault = (struct fake_fault) { 0 };
        mechanism->close(opened);
        end_tree();
    }
}

/* Whether a pGPU is the host's own display must be known, not guessed. */
static void boot_display_unknown(void **state)
{
    (void)state;
    const struct subject *subject = &subjects[VG_COUNT(subjects) - 1];
    struct vg_error err = { 0 };
    begin_tree(subject->name, subject->make);
    fake_fault = (struct fake_fault) { .ending = "/boot_vga", .error = EIO, .times = -1, .reading = true };
    must_fail(subject, "/boot_vga");
    fake_fault = (struct fake_fault) { 0 };
    fake_put(PF "boot_vga", "perhaps\n");
    assert_int_equal(attempt(subject, &err), VG_REFUSED_ERROR);
    assert_non_null(strstr(err.text, "boot_vga should hold a number and holds `perhaps`"));
    fake_put(PF "boot_vga", "1\n");
    assert_int_equal(attempt(subject, &err), VG_REFUSED_UNSUPPORTED);
    assert_non_null(strstr(err.text, "the host's own display"));
    end_tree();
}

/* Ten seconds are waited for what is said to be removed: once for each code that removes. */
static bool is_like_another(const struct subject *subject)
{
    return makes_by_one_write(subject) && !vg_equal(subject->name, "kernel-sample-mdev") &&
           !vg_equal(subject->name, "nvidia-vfio");
}

/* A destroy that fails leaves the vGPU with its owner, who can try again. */
static void destroy_meets_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        for (const char *const *ending = subjects[i].given; *ending; ending++) {
            const int errors[] = { EBUSY, 0 };
            for (size_t j = 0; j < VG_COUNT(errors); j++) {
                const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
                struct vg_error err = { 0 };
                void *opened = NULL;
                struct vg_vgpu *vgpu = NULL;
                if (!errors[j] && is_like_another(&subjects[i]))
                    continue;
                begin_tree(subjects[i].name, subjects[i].make);
                assert_true(mechanism->open(&host, &config, &opened, &err));
                assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
                fake_fault = (struct fake_fault) { .ending = *ending, .error = errors[j], .times = -1 };
                if (mechanism->destroy(opened, vgpu, &err))
                    fail_msg("%s, %s: it is said to be gone", subjects[i].name, *ending);
                if (err.kind != (errors[j] ? VG_ERROR_REFUSED : VG_ERROR_ENVIRONMENT) || !live())
                    fail_msg("%s, %s: kind %d, %u live: %s", subjects[i].name, *ending, err.kind, live(), err.text);
                fake_fault = (struct fake_fault) { 0 };
                assert_true(mechanism->destroy(opened, vgpu, &err));
                assert_int_equal(live(), 0);
                if (subjects[i].make != make_mdev_tree &&
                    (!link_leads_to(VF0 "driver", "/usual") || !link_leads_to(PF "driver", "/usual")))
                    fail_msg("%s, %s: it was not given back to its driver", subjects[i].name, *ending);
                mechanism->close(opened);
                end_tree();
            }
        }
    }
}

/* Between two drivers it may be nobody's: its own is asked for it by name where a probe brings nothing, and it is back
 * only when a driver has it. */
static void destroy_cannot_probe(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        if (!ends_with(subjects[i].given[0], "/driver_override"))
            continue;
        const int errors[] = { EBUSY, 0 };
        for (size_t j = 0; j < 2 * VG_COUNT(errors); j++) {
            const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
            struct vg_error err = { 0 };
            void *opened = NULL;
            struct vg_vgpu *vgpu = NULL;
            begin_tree(subjects[i].name, subjects[i].make);
            assert_true(mechanism->open(&host, &config, &opened, &err));
            assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
            vg_autofree char *bind = vg_format("%s/sys/bus/pci/drivers/usual/bind", fake_root);
            fake_fault = (struct fake_fault) { .ending = "/drivers_probe", .error = errors[j / 2], .times = -1 };
            if (j % 2) {
                assert_int_equal(unlink(bind), 0);
                if (mechanism->destroy(opened, vgpu, &err))
                    fail_msg("%s: it is said to be back, and nobody has it", subjects[i].name);
                assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
                fake_fault = (struct fake_fault) { 0 };
            }
            if (!mechanism->destroy(opened, vgpu, &err))
                fail_msg("%s: %s", subjects[i].name, err.text);
            all_are_with_the_usual_driver(subjects[i].name);
            mechanism->close(opened);
            end_tree();
        }
    }
}

/* There is nothing to probe with by now, and the driver's own bind says yes and does not take it. */
static void bind_says_yes_and_does_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        if (!ends_with(subjects[i].given[0], "/driver_override"))
            continue;
        const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
        struct vg_error err = { 0 };
        void *opened = NULL;
        struct vg_vgpu *vgpu = NULL;
        begin_tree(subjects[i].name, subjects[i].make);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
        vg_autofree char *probe = vg_format("%s/sys/bus/pci/drivers_probe", fake_root);
        assert_int_equal(unlink(probe), 0);
        fake_fault = (struct fake_fault) { .ending = "/usual/bind", .times = -1 };
        if (mechanism->destroy(opened, vgpu, &err))
            fail_msg("%s: it is said to be back, and nobody has it", subjects[i].name);
        if (err.kind != VG_ERROR_ENVIRONMENT || !strstr(err.text, "should be with usual again and is with none"))
            fail_msg("%s: %s", subjects[i].name, err.text);
        fake_fault = (struct fake_fault) { 0 };
        if (!mechanism->destroy(opened, vgpu, &err))
            fail_msg("%s: %s", subjects[i].name, err.text);
        all_are_with_the_usual_driver(subjects[i].name);
        mechanism->close(opened);
        end_tree();
    }
}

/* Where neither a probe nor its own driver would take it again, it is not taken from there. */
static void what_could_go_nowhere_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        if (!ends_with(subjects[i].written[0], "/driver_override"))
            continue;
        begin_tree(subjects[i].name, subjects[i].make);
        vg_autofree char *probe = vg_format("%s/sys/bus/pci/drivers_probe", fake_root);
        vg_autofree char *bind = vg_format("%s/sys/bus/pci/drivers/usual/bind", fake_root);
        assert_int_equal(unlink(probe), 0);
        assert_int_equal(unlink(bind), 0);
        must_fail(&subjects[i], "neither drivers_probe nor bind");
        end_tree();
    }
}

/* Where the host keeps its own drivers off VFs, a VF has none before, and none again. */
static void no_driver_is_no_driver_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        if (subjects[i].make != make_sriov_tree)
            continue;
        const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
        struct vg_error err = { 0 };
        void *opened = NULL;
        struct vg_vgpu *vgpu = NULL;
        vg_autofree char *driver = NULL;
        begin_tree(subjects[i].name, subjects[i].make);
        driver = vg_format("%s/" VF0 "driver", fake_root);
        assert_int_equal(unlink(driver), 0);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
        assert_true(link_leads_to(VF0 "driver", "/vfio-pci"));
        assert_true(mechanism->destroy(opened, vgpu, &err));
        assert_false(vg_exists(driver));
        mechanism->close(opened);
        end_tree();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_trees_work),
        cmocka_unit_test(wrong_root),
        cmocka_unit_test(half_removed),
        cmocka_unit_test(vfs_are_counted),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(garbage),
        cmocka_unit_test(busy_for_a_while),
        cmocka_unit_test(busy_for_ever),
        cmocka_unit_test(says_yes_and_does_nothing),
        cmocka_unit_test(cannot_be_seen_when_it_is_made),
        cmocka_unit_test(makes_it_and_says_an_error),
        cmocka_unit_test(an_error_is_no_refusal),
        cmocka_unit_test(somebody_elses_stays),
        cmocka_unit_test(gone_already),
        cmocka_unit_test(boot_display_unknown),
        cmocka_unit_test(destroy_meets_faults),
        cmocka_unit_test(destroy_cannot_probe),
        cmocka_unit_test(bind_says_yes_and_does_nothing),
        cmocka_unit_test(what_could_go_nowhere_stays),
        cmocka_unit_test(no_driver_is_no_driver_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
