/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers of drivers' texts: what they take, and that they refuse what is nearly right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/sysfs-text.h"

static void numbers_are_digits_alone(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_true(vg_sysfs_number("0", 10, &value));
    assert_true(vg_sysfs_number("18446744073709551615", UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1\n", "0x1", "18446744073709551616", "99999999999999999999"
    };
    for (size_t i = 0; i < VG_COUNT(bad); i++)
        assert_false(vg_sysfs_number(bad[i], UINT64_MAX, &value));
    assert_true(vg_sysfs_number("10", 10, &value));
    assert_false(vg_sysfs_number("11", 10, &value));
    assert_false(vg_sysfs_number("9", 8, &value));
}

static void hexadecimal_numbers(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_true(vg_sysfs_hexadecimal("0x10de", UINT16_MAX, &value));
    assert_int_equal(value, 0x10de);
    assert_true(vg_sysfs_hexadecimal("0xFFFF", UINT16_MAX, &value));
    static const char *const bad[] = { "",        "0x",       "10de",
                                       "0x10000", "0x10de\n", " 0x1",
                                       "0x1g",    "-0x1",     "0x00000000000000001" };
    for (size_t i = 0; i < VG_COUNT(bad); i++)
        assert_false(vg_sysfs_hexadecimal(bad[i], UINT16_MAX, &value));
}

/* One number for each device; where there is none, the driver chose. */
static void lists_of_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned index;
        int value; /* -1: none there; -2: refused */
    } rows[] = {
        { "0,1,,5", 0, 0 },  { "0,1,,5", 1, 1 }, { "0,1,,5", 2, -1 }, { "0,1,,5", 3, 5 },
        { "0,1,,5", 4, -1 }, { "", 0, -1 },      { "", 9, -1 },       { "3", 1, -1 },
        { ",", 1, -1 },      { "6", 0, -2 },     { "1,-1", 1, -2 },   { "1, 2", 1, -2 },
        { "x,2", 0, -2 },    { "x,2", 1, 2 },    { "1\n", 0, -2 },    { "000000000000000000000000001", 0, -2 },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        bool there = false;
        uint64_t value = 99;
        bool good = vg_sysfs_list_entry(rows[i].text, rows[i].index, 5, &there, &value);
        int is = !good ? -2 : !there ? -1 : (int)value;
        if (is != rows[i].value)
            fail_msg("`%s`[%u] is %d and must be %d", rows[i].text, rows[i].index, is, rows[i].value);
    }
}

static void lists_of_types(void **state)
{
    (void)state;
    struct vg_sysfs_type types[VG_SYSFS_TYPES_MAX];
    struct vg_error err = { 0 };
    unsigned count;
    assert_true(vg_sysfs_creatable("1428 : NVIDIA H200X-141C\n1414 : NVIDIA H200X-1-18C\n", types, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(types[1].number, 1414);
    assert_string_equal(types[1].name, "NVIDIA H200X-1-18C");
    assert_true(vg_sysfs_creatable("", types, &count, &err));
    assert_int_equal(count, 0);
    /* As NVIDIA's kernel driver writes it: a heading, also above nothing. */
    assert_true(vg_sysfs_creatable("ID    : vGPU Name\n557   : NVIDIA A40-1Q\n1428  : NVIDIA H200X-141C\n", types,
                                   &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(types[0].number, 557);
    assert_string_equal(types[0].name, "NVIDIA A40-1Q");
    assert_true(vg_sysfs_creatable("ID    : vGPU Name\n", types, &count, &err));
    assert_int_equal(count, 0);
    assert_false(vg_sysfs_creatable("557   : NVIDIA A40-1Q\nID    : vGPU Name\n", types, &count, &err));
    static const char *const bad[] = { "x",       "12",     "12 :",           "12 : ",
                                       " : name", "-1 : x", "5000000000 : x", "1 : a\ngarbage" };
    for (size_t i = 0; i < VG_COUNT(bad); i++)
        assert_false(vg_sysfs_creatable(bad[i], types, &count, &err));
}

static void descriptions_of_types(void **state)
{
    (void)state;
    struct vg_sysfs_description said;
    struct vg_error err = { 0 };
    assert_true(vg_sysfs_describe(
        "num_heads=4, frl_config=60, framebuffer=2048M, max_resolution=4096x2160, max_instance=4", &said, &err));
    assert_int_equal(said.framebuffer_mib, 2048);
    assert_int_equal(said.max_instance, 4);
    assert_int_equal(said.height, 2160);
    assert_true(vg_sysfs_describe("low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 4\nresolution: 1024x768\nweight: 2\n",
                                  &said, &err));
    assert_int_equal(said.low_gm_mib, 64);
    assert_int_equal(said.fences, 4);
    assert_true(vg_sysfs_describe("virtual display, 640x480 framebuffer", &said, &err));
    assert_false(vg_sysfs_describe("max_instance=", &said, &err));
    assert_false(vg_sysfs_describe("max_instance=4x", &said, &err));
    assert_false(vg_sysfs_describe("framebuffer=2048", &said, &err));
    assert_false(vg_sysfs_describe("max_resolution=4096", &said, &err));
}

static void choices_and_ranges(void **state)
{
    (void)state;
    char active[VG_SYSFS_NAME_MAX];
    struct vg_sysfs_range ranges[VG_SYSFS_RANGES_MAX];
    struct vg_error err = { 0 };
    unsigned count;
    assert_true(vg_sysfs_choice("low [normal] high", active, &err));
    assert_string_equal(active, "normal");
    assert_false(vg_sysfs_choice("low normal high", active, &err));
    assert_false(vg_sysfs_choice("[low] [normal]", active, &err));
    assert_false(vg_sysfs_choice("[]", active, &err));
    assert_true(
        vg_sysfs_ranges("VF1: 0x20000000-0x2fffffff\nVF2: 0x30000000-0x3fffffff\t(256 MiB)\n", ranges, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(ranges[1].function, 2);
    assert_true(ranges[1].last == 0x3fffffff);
    /* As xe writes them: a tab, and of memory only how much. */
    assert_true(vg_sysfs_ranges("VF1:\t4227858432\t(3.94 GiB)\nVF3:\t2097152\t(2.00 MiB)\n", ranges, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(ranges[0].bytes, 4227858432);
    assert_int_equal(ranges[1].function, 3);
    assert_true(vg_sysfs_ranges("VF1:\t0x1000000-0x7ffffff\t(112 MiB)\n", ranges, &count, &err));
    assert_int_equal(ranges[0].first, 0x1000000);
    assert_int_equal(ranges[0].bytes, 0);
    static const char *const bad[] = { "VF1",          "VF1: ",
                                       "VF0: 0x1-0x2", "VF1: 1-2",
                                       "VF1: 0",       "VF1: 99999999999999999999",
                                       "VF1: 0x2-0x1", "VF1: 0x1-0x2x",
                                       "VF1: 0x1-",    "VF1: 0x11111111111111111-0x2" };
    for (size_t i = 0; i < VG_COUNT(bad); i++)
        assert_false(vg_sysfs_ranges(bad[i], ranges, &count, &err));
}

static void names_of_devices(void **state)
{
    (void)state;
    struct vg_sysfs_address address;
    assert_true(vg_sysfs_pci_address("0000:41:1f.7", &address));
    assert_int_equal(address.slot, 0x1f);
    assert_false(vg_sysfs_pci_address("0000:41:20.0", &address));
    assert_false(vg_sysfs_pci_address("0000:41:00.8", &address));
    assert_false(vg_sysfs_pci_address("0000:41:00.0x", &address));
    assert_true(vg_sysfs_uuid("11111111-2222-4333-8444-555555555555"));
    assert_false(vg_sysfs_uuid("11111111-2222-4333-8444-55555555555"));
    assert_false(vg_sysfs_uuid("11111111-2222-4333-8444-55555555555/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_digits_alone), cmocka_unit_test(hexadecimal_numbers),
        cmocka_unit_test(lists_of_numbers),         cmocka_unit_test(lists_of_types),
        cmocka_unit_test(descriptions_of_types),    cmocka_unit_test(choices_and_ranges),
        cmocka_unit_test(names_of_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
