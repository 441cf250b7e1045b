/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malformed streams: the same from the same seed and number, others from others, within bounds, and well-formed enough
 * that a decoder goes into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "drm/stream.h"

enum { STREAMS = 2000, RESOURCE = 0x5e5 };

static uint64_t digest_of(uint64_t seed, uint64_t number, void (*make)(struct stream *, uint32_t))
{
    static struct stream stream;
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    memset(&stream, 0xa5, sizeof(stream));
    stream_begin(&stream, seed, number);
    make(&stream, RESOURCE);
    stream_damage(&stream);
    assert_true(stream.count <= STREAM_WORDS);
    stream_digest(&stream, &digest);
    return digest;
}

static void same_seed_same_stream(void **state)
{
    (void)state;
    unsigned alike = 0;
    for (uint64_t i = 0; i < STREAMS; i++) {
        assert_int_equal(digest_of(7, i, stream_virgl), digest_of(7, i, stream_virgl));
        assert_int_equal(digest_of(7, i, stream_venus), digest_of(7, i, stream_venus));
        alike += digest_of(7, i, stream_virgl) == digest_of(8, i, stream_virgl);
        alike += digest_of(7, i, stream_virgl) == digest_of(7, i + 1, stream_virgl);
    }
    assert_true(alike < STREAMS / 50); /* some are cut down to nothing */
}

/* A header of virgl says how many words follow: before damage the stream is a chain of such. */
static void virgl_is_a_chain(void **state)
{
    static struct stream stream;
    (void)state;
    for (uint64_t i = 0; i < STREAMS; i++) {
        uint32_t at = 0;
        stream_begin(&stream, 1, i);
        stream_virgl(&stream, RESOURCE);
        while (at < stream.count)
            at += 1 + (stream.words[at] >> 16);
        assert_true(at == stream.count || stream.count == STREAM_WORDS);
    }
}

static void damage_changes_most(void **state)
{
    static struct stream before, after;
    unsigned changed = 0;
    (void)state;
    for (uint64_t i = 0; i < STREAMS; i++) {
        stream_begin(&before, 3, i);
        stream_venus(&before, RESOURCE);
        after = before;
        stream_damage(&after);
        changed +=
            after.count != before.count || memcmp(after.words, before.words, before.count * sizeof(uint32_t)) != 0;
    }
    assert_true(changed > STREAMS * 9 / 10);
}

static void random_stays_below(void **state)
{
    static struct stream stream;
    bool seen[5] = { false };
    (void)state;
    stream_begin(&stream, 9, 9);
    for (unsigned i = 0; i < STREAMS; i++) {
        uint32_t value = stream_random(&stream, 5);
        assert_true(value < 5);
        seen[value] = true;
    }
    for (unsigned i = 0; i < 5; i++)
        assert_true(seen[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_stream),
        cmocka_unit_test(virgl_is_a_chain),
        cmocka_unit_test(damage_changes_most),
        cmocka_unit_test(random_stays_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
