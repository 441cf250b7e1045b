/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malformed streams are replayable: stream N of a seed is the same each time and on every machine, wherever one begins,
 * and another seed's is another. The digests here were computed once; a change of the generator breaks every seed that
 * somebody wrote down, and shows here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "drm/stream.h"

enum { RESOURCE = 0x5e5, STREAMS = 1000 };

/* As drm-fuzz makes them. */
static void make(struct stream *stream, bool venus, uint64_t seed, uint64_t number)
{
    stream_begin(stream, seed, number);
    (venus ? stream_venus : stream_virgl)(stream, RESOURCE);
    stream_damage(stream);
}

static uint64_t digest_of(bool venus, uint64_t seed, uint64_t first, uint64_t count)
{
    static struct stream stream;
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (uint64_t i = 0; i < count; i++) {
        make(&stream, venus, seed, first + i);
        stream_digest(&stream, &digest);
    }
    return digest;
}

static void the_same_seed_gives_the_same_streams(void **state)
{
    (void)state;
    for (int venus = 0; venus < 2; venus++)
        for (uint64_t seed = 0; seed < 5; seed++)
            assert_true(digest_of(venus, seed, 0, STREAMS) == digest_of(venus, seed, 0, STREAMS));
}

static void another_seed_gives_others(void **state)
{
    (void)state;
    enum { SEEDS = 32 };
    for (int venus = 0; venus < 2; venus++) {
        uint64_t digests[SEEDS];
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            digests[seed] = digest_of(venus, seed << (seed % 2 ? 32 : 0), 0, 20);
            for (uint64_t other = 0; other < seed; other++)
                assert_true(digests[seed] != digests[other]);
        }
    }
}

/* A stream does not depend on those before it: `first` begins anywhere. */
static void a_stream_can_be_had_by_itself(void **state)
{
    (void)state;
    static struct stream all, alone;
    for (int venus = 0; venus < 2; venus++)
        for (uint64_t number = 0; number < STREAMS; number++) {
            make(&all, venus, 7, number);
            if (number % 97 == 0) {
                memset(&alone, 0xa5, sizeof(alone));
                make(&alone, venus, 7, number);
                assert_int_equal(alone.count, all.count);
                assert_memory_equal(alone.words, all.words, all.count * sizeof(all.words[0]));
            }
        }
}

static void streams_of_a_seed_differ_and_stay_in_bounds(void **state)
{
    (void)state;
    static struct stream stream;
    for (int venus = 0; venus < 2; venus++) {
        unsigned same = 0;
        uint64_t before = 0;
        for (uint64_t number = 0; number < STREAMS; number++) {
            uint64_t digest = UINT64_C(0xcbf29ce484222325);
            make(&stream, venus, 7, number);
            assert_true(stream.count <= STREAM_WORDS);
            stream_digest(&stream, &digest);
            same += digest == before;
            before = digest;
        }
        assert_true(same < STREAMS / 100);
    }
}

/* No stream is another one of its seed, only from a later draw on. */
static void streams_do_not_run_after_one_another(void **state)
{
    (void)state;
    enum { DRAWS = 64 };
    const uint64_t seeds[] = { 0, 7, UINT64_C(0x0123456789abcdef) };
    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        for (uint64_t number = 0; number < 50; number++) {
            struct stream one, other;
            uint32_t draws[DRAWS];
            stream_begin(&one, seeds[i], number);
            stream_begin(&other, seeds[i], number + 1);
            for (int draw = 0; draw < DRAWS; draw++)
                draws[draw] = stream_random(&one, 0);
            uint32_t first = stream_random(&other, 0), second = stream_random(&other, 0);
            for (int draw = 0; draw + 1 < DRAWS; draw++)
                assert_false(draws[draw] == first && draws[draw + 1] == second);
        }
}

static void seeds_that_were_written_down_still_hold(void **state)
{
    (void)state;
    const struct {
        bool venus;
        uint64_t seed, digest;
    } known[] = {
        { false, UINT64_C(7), UINT64_C(0x6f0c59a3a570275f) },
        { false, UINT64_C(0x0123456789abcdef), UINT64_C(0x4c75d902ff198f38) },
        { true, UINT64_C(7), UINT64_C(0x7b28b050f56a853c) },
        { true, UINT64_C(0x0123456789abcdef), UINT64_C(0x12a88f6f3ccc6ae4) },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint64_t digest = digest_of(known[i].venus, known[i].seed, 0, STREAMS);
        if (digest != known[i].digest)
            fail_msg("%s, seed %" PRIx64 ": %016" PRIx64 ", was %016" PRIx64, known[i].venus ? "Venus" : "virgl",
                     known[i].seed, digest, known[i].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_streams),
        cmocka_unit_test(another_seed_gives_others),
        cmocka_unit_test(a_stream_can_be_had_by_itself),
        cmocka_unit_test(streams_of_a_seed_differ_and_stay_in_bounds),
        cmocka_unit_test(streams_do_not_run_after_one_another),
        cmocka_unit_test(seeds_that_were_written_down_still_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
