/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The KVM decision: a boot decides, the answer is kept for exactly this kernel, CPU and image, and what says nothing
 * about KVM is not kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "machine/kvm.h"

static struct {
    unsigned boots;
    enum vg_error_kind outcome; /* VG_ERROR_NONE: the guest reached its agent */
} guest;
static char directory[64];
static const struct vg_kvm_host here = { .device = "/dev/null", .kernel = "6.1 #1", .cpu = "Model, microcode 0x1" };

static bool boot(void *context, struct vg_error *err)
{
    assert_ptr_equal(context, &guest);
    guest.boots++;
    return guest.outcome == VG_ERROR_NONE || vg_fail(err, guest.outcome, "no hello within 30 s");
}

static bool decide(const struct vg_kvm_host *host, const char *image, const char *word)
{
    char *why = NULL;
    bool works = vg_kvm_decide(host, directory, image, boot, &guest, &why);
    assert_non_null(why);
    if (!strstr(why, word))
        fail_msg("`%s` does not say `%s`", why, word);
    free(why);
    return works;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/vgauge-kvm-XXXXXX");
    guest.boots = 0;
    guest.outcome = VG_ERROR_NONE;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    return vg_remove_tree(directory, &err) ? 0 : -1;
}

static void without_a_device_nothing_is_booted(void **state)
{
    (void)state;
    struct vg_kvm_host host = here;
    host.device = "/nonexistent/kvm";
    assert_false(decide(&host, "image", "cannot be opened"));
    assert_int_equal(guest.boots, 0);
}

static void a_guest_that_runs_is_remembered(void **state)
{
    (void)state;
    assert_true(decide(&here, "image", "KVM is used"));
    assert_true(decide(&here, "image", "found out before"));
    assert_int_equal(guest.boots, 1);
}

static void another_kernel_cpu_or_image_is_asked_again(void **state)
{
    (void)state;
    assert_true(decide(&here, "image", "KVM is used"));
    struct vg_kvm_host kernel = here, cpu = here;
    kernel.kernel = "6.1 #2";
    cpu.cpu = "Model, microcode 0x2";
    guest.outcome = VG_ERROR_TIMEOUT;
    assert_false(decide(&here, "other", "not reach its agent"));
    assert_false(decide(&kernel, "image", "not reach its agent"));
    assert_false(decide(&cpu, "image", "not reach its agent"));
    assert_int_equal(guest.boots, 4);
}

static void a_guest_that_does_not_run_is_remembered(void **state)
{
    (void)state;
    guest.outcome = VG_ERROR_TIMEOUT;
    assert_false(decide(&here, "image", "no hello within 30 s"));
    guest.outcome = VG_ERROR_NONE;
    assert_false(decide(&here, "image", "found out before"));
    assert_int_equal(guest.boots, 1);
}

static void what_says_nothing_about_kvm_is_forgotten(void **state)
{
    (void)state;
    guest.outcome = VG_ERROR_INTERRUPTED;
    assert_false(decide(&here, "image", "not reach its agent"));
    guest.outcome = VG_ERROR_ENVIRONMENT;
    assert_false(decide(&here, "image", "not reach its agent"));
    guest.outcome = VG_ERROR_NONE;
    assert_true(decide(&here, "image", "KVM is used"));
    assert_int_equal(guest.boots, 3);
}

static void a_damaged_cache_is_asked_again(void **state)
{
    (void)state;
    static const char *const damaged[] = { "", "{", "[]", "{\"works\": true}",
                                           "{\"works\": 1, \"kernel\": \"6.1 #1\", \"cpu\": \"Model, microcode 0x1\", "
                                           "\"image\": \"image\", \"why\": \"x\"}" };
    vg_autofree char *path = vg_format("%s/kvm.json", directory);
    for (unsigned i = 0; i < VG_COUNT(damaged); i++) {
        struct vg_error err = { 0 };
        assert_true(vg_write_file(path, damaged[i], strlen(damaged[i]), &err));
        assert_true(decide(&here, "image", "KVM is used"));
        assert_int_equal(guest.boots, i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_device_nothing_is_booted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guest_that_runs_is_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_kernel_cpu_or_image_is_asked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guest_that_does_not_run_is_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_says_nothing_about_kvm_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_cache_is_asked_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
