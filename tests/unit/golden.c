/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The golden pictures: a right one passes, and one wrong pixel, one step too many, a shifted picture are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "common/golden.h"

static uint8_t picture[4 * GOLDEN_SIDE * GOLDEN_SIDE];

static void paint(enum golden_scene scene, uint32_t salt)
{
    for (int y = 0; y < GOLDEN_SIDE; y++)
        for (int x = 0; x < GOLDEN_SIDE; x++)
            golden_pixel(scene, salt, x, y, picture + 4 * (y * GOLDEN_SIDE + x));
}

static uint64_t wrong(enum golden_scene scene, uint32_t salt, struct vg_check *check)
{
    struct vg_checks checks = { 0 };
    golden_compare(&checks, scene, salt, picture);
    assert_int_equal(checks.count, 1);
    assert_string_equal(checks.items[0].name, golden_names[scene]);
    assert_true(checks.items[0].tried > GOLDEN_SIDE * GOLDEN_SIDE * 9 / 10);
    if (check)
        *check = checks.items[0];
    return checks.items[0].wrong;
}

static void test_right_pictures(void **state)
{
    (void)state;
    for (enum golden_scene scene = 0; scene < GOLDEN_SCENES; scene++)
        for (uint32_t salt = 0; salt < 1000; salt += 37) {
            paint(scene, salt);
            assert_int_equal(wrong(scene, salt, NULL), 0);
        }
}

static void test_wrong_pixels(void **state)
{
    (void)state;
    for (enum golden_scene scene = 0; scene < GOLDEN_SCENES; scene++) {
        struct vg_check check;
        paint(scene, 5);
        uint8_t *pixel = picture + 4 * (40 * GOLDEN_SIDE + 33); /* inside the triangle, on no edge */
        pixel[1] = (uint8_t)(pixel[1] < 128 ? pixel[1] + 1 : pixel[1] - 1);
        assert_int_equal(wrong(scene, 5, NULL), 0); /* one step is allowed */
        pixel[1] = (uint8_t)(pixel[1] < 128 ? pixel[1] + 1 : pixel[1] - 1);
        assert_int_equal(wrong(scene, 5, &check), 1);
        assert_non_null(strstr(check.first, "pixel (33, 40)"));
    }
}

static void test_other_pictures(void **state)
{
    (void)state;
    paint(GOLDEN_BLEND, 5);
    assert_true(wrong(GOLDEN_BLEND, 100, NULL) > 2000); /* stale: the picture of another round */
    paint(GOLDEN_DEPTH, 5);
    memmove(picture, picture + 4, sizeof(picture) - 4); /* shifted by one pixel */
    assert_true(wrong(GOLDEN_DEPTH, 5, NULL) > 3000);
    memset(picture, 0, sizeof(picture)); /* nothing was drawn */
    for (enum golden_scene scene = 0; scene < GOLDEN_SCENES; scene++)
        assert_true(wrong(scene, 5, NULL) > 4000);
}

static void test_triangle_has_both_sides(void **state)
{
    (void)state;
    int inside = 0, edges = 0;
    for (int y = 0; y < GOLDEN_SIDE; y++)
        for (int x = 0; x < GOLDEN_SIDE; x++) {
            uint8_t rgba[4];
            edges += !golden_pixel(GOLDEN_TRIANGLE, 0, x, y, rgba);
            inside += memcmp(rgba, golden_background, 4) != 0;
        }
    /* Its area: half the cross product of two sides, 64 pixels for 2 units. */
    assert_in_range(inside, 1250, 1350);
    assert_in_range(edges, 1, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_pictures),
        cmocka_unit_test(test_wrong_pixels),
        cmocka_unit_test(test_other_pictures),
        cmocka_unit_test(test_triangle_has_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
