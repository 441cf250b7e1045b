/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a tenant says of the interrupts that it took: of recorded files, of odd ones, and of this machine's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "base/base.h"
#include "common/interrupts.h"

static int64_t of(const char *text)
{
    struct vg_error err = { 0 };
    char root[] = "/tmp/vgauge-test-XXXXXX";
    assert_non_null(mkdtemp(root));
    vg_autofree char *folder = vg_format("%s/proc", root), *file = vg_format("%s/interrupts", folder);
    assert_true(vg_make_directories(folder, &err));
    FILE *out = text ? fopen(file, "w") : NULL;
    if (text) {
        assert_non_null(out);
        fputs(text, out);
        fclose(out);
    }
    int64_t sum = vg_device_interrupts(root);
    assert_true(vg_remove_tree(root, &err));
    return sum;
}

static void devices_count_and_cpus_do_not(void **unused)
{
    (void)unused;
    assert_int_equal(of("           CPU0       CPU1\n"
                        "  1:         10          5  IO-APIC 1-edge  i8042\n"
                        " 35:        100        200  PCI-MSIX-0000:00:05.0 7-edge  nvidia\n"
                        "LOC:       9000       8000  Local timer interrupts\n"
                        "RES:         70         80  Rescheduling interrupts\n"
                        "ERR:          3\n"),
                     315);
    assert_int_equal(of("           CPU0\n 35:  7  PCI-MSI 1000 2 3\n"), 7); /* a number in the name is no count */
}

static void odd_files_give_no_number(void **unused)
{
    (void)unused;
    assert_int_equal(of(NULL), -1);
    assert_int_equal(of(""), -1);
    assert_int_equal(of("not what it is\n 1: 5\n"), -1);
    assert_int_equal(of("  CPU0\n\n:\n 1\n 2:\n 3: x\n 4: 99999999999999999999999 1\n"), 0);
}

static void lives_on_this_machine(void **unused)
{
    (void)unused;
    if (!vg_exists("/proc/interrupts"))
        skip();
    assert_true(vg_device_interrupts("") >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_count_and_cpus_do_not),
        cmocka_unit_test(odd_files_give_no_number),
        cmocka_unit_test(lives_on_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
