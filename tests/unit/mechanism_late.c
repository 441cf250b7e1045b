/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drivers that do what they are asked for some time after they answered: a removal that is on its way is no lie, and
 * what appears while a driver says that it is busy must not be forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "support/fake_trees.h"

static const struct subject {
    const char *name;
    void (*make)(void);
    const char *create, *destroy; /* files that are written to */
} subjects[] = {
    { "kernel-sample-mdev", make_mdev_tree, "/create", "/remove" },
    { "nvidia-mdev", make_mdev_vf_tree, "/create", "/remove" },
    { "nvidia-vfio", make_nvidia_tree, "/current_vgpu_type", "/current_vgpu_type" },
};

static void a_removal_may_take_its_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree(subjects[i].name, subjects[i].make);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
        fake_fault = (struct fake_fault) { .ending = subjects[i].destroy, .times = -1, .late_ns = 3 * VG_NS_PER_S / 2 };
        if (!mechanism->destroy(opened, vgpu, &err) || live())
            fail_msg("%s: %u live: %s", subjects[i].name, live(), err.text);
        fake_fault = (struct fake_fault) { 0 };
        mechanism->close(opened);
        wait_for_late();
        end_tree();
    }
}

/* It is said to be busy all the time, and made meanwhile. */
static void what_a_busy_driver_makes_is_taken_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(subjects); i++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(subjects[i].name);
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_tree(subjects[i].name, subjects[i].make);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        fake_fault = (struct fake_fault) {
            .ending = subjects[i].create, .error = EBUSY, .times = 9, .late_ns = 50 * VG_NS_PER_MS
        };
        enum vg_refusal refusal = mechanism->create(opened, 0, &profile, &vgpu, &err);
        if (refusal != VG_REFUSED_ERROR || vgpu || live() || !strstr(err.text, "made the vGPU") ||
            !strstr(err.text, "taken away again"))
            fail_msg("%s: %s, %u live: %s", subjects[i].name, vg_refusal_name(refusal), live(), err.text);
        assert_true(fake_fault.times < 8); /* it was asked again */
        fake_fault = (struct fake_fault) { 0 };
        mechanism->close(opened);
        assert_int_equal(live(), 0);
        wait_for_late();
        end_tree();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removal_may_take_its_time),
        cmocka_unit_test(what_a_busy_driver_makes_is_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
