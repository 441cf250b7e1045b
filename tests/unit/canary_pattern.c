/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The canary detector: what it must find, what it must not take for a canary, and that its arithmetic inverts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "vulkan/canary-pattern.h"

#define WORDS 1000

static const struct canary_key ours = { 0x12345678, 0x9abcdef0 }, other = { 0x12345679, 0x9abcdef0 };

static void put(uint64_t *words, size_t at, size_t count, struct canary_key key, uint32_t index)
{
    for (size_t i = 0; i < count; i++)
        words[at + i] = canary_word(key, index + (uint32_t)i);
}

static void test_words_tell_their_index(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t index = i * 2654435761u, told;
        assert_int_equal(canary_unmix(canary_mix(index)), index);
        assert_true(canary_index(ours, canary_word(ours, index), &told));
        assert_int_equal(told, index);
        assert_false(canary_index(other, canary_word(ours, index), &told));
    }
}

static void test_zero_and_foreign(void **state)
{
    (void)state;
    uint64_t words[WORDS] = { 0 };
    struct canary_findings found = canary_scan_words(ours, words, WORDS);
    assert_int_equal(found.nonzero_words + found.canary_words + found.runs, 0);
    assert_true(found.first_run == UINT64_MAX);
    put(words, 10, 100, other, 0);
    found = canary_scan_words(ours, words, WORDS);
    assert_int_equal(found.nonzero_words, 100);
    assert_int_equal(found.canary_words, 0);
}

static void test_runs(void **state)
{
    (void)state;
    uint64_t words[WORDS] = { 0 };
    put(words, 3, 15, ours, 7);    /* too short */
    put(words, 101, 16, ours, 50); /* just long enough */
    put(words, 117, 20, ours, 40); /* follows at once, of another place */
    put(words, WORDS - 15, 15, ours, 0xfffffff0u);
    struct canary_findings found = canary_scan_words(ours, words, WORDS);
    assert_int_equal(found.canary_words, 15 + 16 + 20 + 15);
    assert_int_equal(found.nonzero_words, found.canary_words);
    assert_int_equal(found.runs, 2);
    assert_int_equal(found.first_run, 101);
    words[110] = 0; /* a hole */
    found = canary_scan_words(ours, words, WORDS);
    assert_int_equal(found.runs, 1);
    assert_int_equal(found.first_run, 117);
}

/* Each view misses what the other finds; nothing of either may be lost. */
static void test_worse_of_two_views(void **state)
{
    (void)state;
    const struct canary_findings gpu = { .canary_words = 90, .nonzero_words = 95, .runs = 1, .first_run = 700 },
                                 cpu = { .canary_words = 40, .nonzero_words = 300, .runs = 2, .first_run = 30 },
                                 none = { .nonzero_words = 400, .first_run = UINT64_MAX };
    for (int turn = 0; turn < 2; turn++) {
        struct canary_findings worse = turn ? canary_worse(cpu, gpu) : canary_worse(gpu, cpu);
        assert_int_equal(worse.canary_words, 90);
        assert_int_equal(worse.nonzero_words, 300);
        assert_int_equal(worse.runs, 2);
        assert_int_equal(worse.first_run, 30);
        worse = turn ? canary_worse(none, gpu) : canary_worse(gpu, none);
        assert_int_equal(worse.canary_words, 90);
        assert_int_equal(worse.nonzero_words, 400);
        assert_int_equal(worse.runs, 1);
        assert_int_equal(worse.first_run, 700);
    }
    assert_true(canary_worse(none, none).first_run == UINT64_MAX);
}

static void test_index_wraps(void **state)
{
    (void)state;
    uint64_t words[32];
    put(words, 0, 32, ours, 0xfffffff8u);
    struct canary_findings found = canary_scan_words(ours, words, 32);
    assert_int_equal(found.runs, 1);
    assert_int_equal(found.canary_words, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_tell_their_index),
        cmocka_unit_test(test_zero_and_foreign),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_index_wraps),
        cmocka_unit_test(test_worse_of_two_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
