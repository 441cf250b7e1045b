/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Out-of-bounds places are out of bounds, and only what a robust read may give is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "vulkan/wild-places.h"

#define WORDS 16384u

static void test_never_inside(void **state)
{
    (void)state;
    for (enum wild_kind kind = 0; kind < WILD_KINDS; kind++)
        for (uint64_t number = 0; number < 100000; number++) {
            uint32_t first = wild_index(kind, number, WORDS);
            for (uint32_t i = 0; i < WILD_SPAN; i += WILD_SPAN - 1)
                if (first + i < WORDS)
                    fail_msg("%s, case %llu touches word %u", wild_kind_names[kind], (unsigned long long)number,
                             first + i);
        }
}

static void test_kinds_go_where_they_say(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 1000; number++) {
        assert_in_range(wild_index(WILD_NEXT, number, WORDS), WORDS, WORDS + 3);
        assert_in_range(wild_index(WILD_NEAR, number, WORDS), WORDS, WORDS + 4095);
        assert_true((uint64_t)wild_index(WILD_4_GIB, number, WORDS) * 4 >= UINT64_C(1) << 32);
        assert_true((int32_t)wild_index(WILD_NEGATIVE, number, WORDS) < 0);
    }
}

static void test_allowed_values(void **state)
{
    (void)state;
    assert_true(wild_value_allowed(0, WORDS));
    assert_true(wild_value_allowed(wild_own_word(0), WORDS));
    assert_true(wild_value_allowed(wild_own_word(WORDS - 1), WORDS));
    assert_false(wild_value_allowed(wild_own_word(WORDS), WORDS)); /* of no word of this buffer */
    assert_false(wild_value_allowed(0x5ca1ab1e, WORDS));           /* what lies behind it */
    assert_false(wild_value_allowed(1, WORDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_inside),
        cmocka_unit_test(test_kinds_go_where_they_say),
        cmocka_unit_test(test_allowed_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
