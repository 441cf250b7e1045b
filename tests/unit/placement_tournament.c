/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least of many bytes and who has it first, against a plain array: one to four levels, random changes, all equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "placement/tournament.h"

static uint64_t random_state = 1;
static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

/* values: how many different ones; few make many ties. */
static void follow(unsigned players, unsigned values, unsigned steps)
{
    struct vg_tournament tournament;
    vg_tournament_new(&tournament, players);
    vg_autofree uint8_t *plain = vg_calloc(players, 1);
    memset(plain, VG_TOURNAMENT_ABSENT, players);
    unsigned first;
    assert_int_equal(vg_tournament_least(&tournament, &first), VG_TOURNAMENT_ABSENT);
    for (unsigned step = 0; step < steps; step++) {
        unsigned player = below(4) ? below(players) : players - 1 - below(players < 70 ? players : 70);
        uint8_t value = below(3) ? (uint8_t)below(values) : VG_TOURNAMENT_ABSENT;
        plain[player] = value;
        vg_tournament_set(&tournament, player, value);
        unsigned expected = 0;
        for (unsigned i = 1; i < players; i++)
            expected = plain[i] < plain[expected] ? i : expected;
        assert_int_equal(vg_tournament_least(&tournament, &first), plain[expected]);
        assert_int_equal(first, expected);
    }
    vg_tournament_free(&tournament);
}

static void as_a_plain_array(void **ignored)
{
    (void)ignored;
    static const unsigned sizes[] = { 1, 2, 63, 64, 65, 4096, 4097, 9000 };
    for (unsigned i = 0; i < VG_COUNT(sizes); i++) {
        follow(sizes[i], 2, 2000);
        follow(sizes[i], 200, 2000);
    }
    follow(300000, 3, 60); /* four levels */
}

/* With few players present the least comes and goes in every line and level. */
static void few_among_many(void **ignored)
{
    (void)ignored;
    struct vg_tournament tournament;
    vg_tournament_new(&tournament, 300000);
    static const unsigned at[] = { 299999, 262144, 262143, 4097, 4096, 4095, 65, 64, 63, 0 };
    unsigned first;
    for (unsigned i = 0; i < VG_COUNT(at); i++) {
        vg_tournament_set(&tournament, at[i], 7);
        assert_int_equal(vg_tournament_least(&tournament, &first), 7);
        assert_int_equal(first, at[i]);
    }
    for (unsigned i = VG_COUNT(at); i--;) {
        vg_tournament_set(&tournament, at[i], 9);
        assert_int_equal(vg_tournament_least(&tournament, &first), i ? 7 : 9);
        assert_int_equal(first, i ? at[i - 1] : 0);
    }
    vg_tournament_free(&tournament);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_a_plain_array), cmocka_unit_test(few_among_many) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
