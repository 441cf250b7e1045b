/* SPDX-License-Identifier: MIT */
/* The generator of malformed command streams. Most words are right, so that a decoder goes deep before it meets what is
 * not. */
#include <stddef.h>
#include "drm/stream.h"
#include "drm/virtgpu-abi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* splitmix64 */
static uint64_t next(struct stream *stream)
{
    uint64_t value = stream->random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* Mixed twice: were the generator's own step between two streams, one would be the other from its second draw on. */
void stream_begin(struct stream *stream, uint64_t seed, uint64_t number)
{
    stream->count = 0;
    stream->random = seed;
    stream->random = next(stream) ^ number;
    stream->random = next(stream);
}

uint32_t stream_random(struct stream *stream, uint32_t below)
{
    uint64_t value = next(stream) >> 32;
    return below ? (uint32_t)(value * below >> 32) : (uint32_t)value;
}

uint32_t stream_odd(struct stream *stream)
{
    uint32_t bit = UINT32_C(1) << stream_random(stream, 32);
    switch (stream_random(stream, 6)) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX;
    case 2:
        return bit;
    case 3:
        return bit - 1;
    case 4:
        return bit + 1;
    default:
        return stream_random(stream, 0);
    }
}

void stream_add(struct stream *stream, uint32_t word)
{
    if (stream->count < STREAM_WORDS)
        stream->words[stream->count++] = word;
}

void stream_digest(const struct stream *stream, uint64_t *digest)
{
    for (uint32_t i = 0; i < stream->count; i++)
        for (int byte = 0; byte < 4; byte++)
            *digest = (*digest ^ (stream->words[i] >> 8 * byte & 0xff)) * UINT64_C(0x100000001b3);
}

void stream_damage(struct stream *stream)
{
    uint32_t times = 1 + stream_random(stream, 4);
    for (uint32_t i = 0; i < times && stream->count; i++) {
        uint32_t at = stream_random(stream, stream->count);
        switch (stream_random(stream, 4)) {
        case 0:
            stream->words[at] ^= UINT32_C(1) << stream_random(stream, 32);
            break;
        case 1:
            stream->words[at] = stream_odd(stream);
            break;
        case 2: /* a length that is not */
            stream->words[at] = (stream->words[at] & 0xffff) | stream_odd(stream) << 16;
            break;
        default:
            stream->count -= stream_random(stream, stream->count / 4 + 1);
        }
    }
}

/* --- virgl ---------------------------------------------------------------------------------------------------------
 */

/* Command, object type, words after the header; what a decoder accepts. A length of 0 here: any. */
static const struct {
    uint8_t command, object, words;
} virgl[] = {
    { 0, 0, 0 },  { 1, 1, 11 }, { 1, 2, 9 },   { 1, 3, 5 },   { 1, 4, 8 },   { 1, 5, 9 },  { 1, 6, 6 },  { 1, 7, 9 },
    { 1, 8, 5 },  { 1, 9, 4 },  { 1, 10, 4 },  { 2, 1, 1 },   { 2, 5, 1 },   { 3, 1, 1 },  { 3, 8, 1 },  { 4, 0, 7 },
    { 5, 0, 3 },  { 6, 0, 3 },  { 7, 0, 8 },   { 8, 0, 12 },  { 9, 0, 16 },  { 10, 0, 4 }, { 11, 0, 3 }, { 12, 0, 6 },
    { 13, 0, 1 }, { 14, 0, 4 }, { 15, 0, 3 },  { 16, 0, 21 }, { 17, 0, 13 }, { 18, 0, 3 }, { 19, 0, 2 }, { 20, 0, 1 },
    { 21, 0, 2 }, { 22, 0, 2 }, { 23, 0, 3 },  { 24, 0, 1 },  { 25, 0, 4 },  { 26, 0, 2 }, { 27, 0, 5 }, { 28, 0, 1 },
    { 29, 0, 1 }, { 30, 0, 1 }, { 31, 0, 2 },  { 32, 0, 6 },  { 33, 0, 7 },  { 34, 0, 5 }, { 35, 0, 3 }, { 36, 0, 1 },
    { 37, 0, 8 }, { 38, 0, 2 }, { 39, 0, 2 },  { 40, 0, 6 },  { 41, 0, 13 }, { 42, 0, 1 }, { 43, 0, 0 }, { 44, 0, 13 },
    { 45, 0, 4 }, { 46, 0, 4 }, { 47, 0, 12 }, { 48, 0, 5 },
};

void stream_virgl(struct stream *stream, uint32_t resource)
{
    uint32_t commands = 2 + stream_random(stream, 14);
    for (uint32_t i = 0; i < commands; i++) {
        uint32_t which = stream_random(stream, COUNT(virgl));
        uint32_t words = virgl[which].words ? virgl[which].words : stream_random(stream, 24);
        stream_add(stream, VIRGL_HEADER(virgl[which].command, virgl[which].object, words));
        for (uint32_t j = 0; j < words; j++) {
            uint32_t kind = stream_random(stream, 8);
            stream_add(stream, kind < 2   ? resource
                               : kind < 6 ? stream_random(stream, 16) /* objects' numbers, formats, counts */
                               : kind < 7 ? UINT32_C(0x3f800000)      /* 1.0 */
                                          : stream_odd(stream));
        }
    }
}

/* --- Venus ---------------------------------------------------------------------------------------------------------
 */

static void add64(struct stream *stream, uint64_t value)
{
    stream_add(stream, (uint32_t)value);
    stream_add(stream, (uint32_t)(value >> 32));
}

/* A pointer or array that is there (1 or its length) or not (0). */
static void add_pointer(struct stream *stream, uint64_t length)
{
    add64(stream, length);
}

enum { INSTANCE = 0x10, FIRST_DEVICE = 0x20, RING = 0x30, INSTANCE_INFO = 1, DEVICE_INFO = 3 };
/* Numbers of commands, as the protocol of Venus gives them. */
enum {
    CREATE_INSTANCE = 0,
    DESTROY_INSTANCE = 1,
    ENUMERATE_PHYSICAL = 2,
    GET_FEATURES = 3,
    GET_PROPERTIES = 6,
    CREATE_DEVICE = 11,
    SET_REPLY = 178,
    SEEK_REPLY = 179,
    EXECUTE_STREAMS = 180,
    CREATE_RING = 188,
    DESTROY_RING = 189,
    NOTIFY_RING = 190,
    HIGHEST = 260,
};

static void begin_command(struct stream *stream, uint32_t command)
{
    stream_add(stream, command);
    stream_add(stream, 0); /* no reply is wanted */
}

static void create_instance(struct stream *stream)
{
    begin_command(stream, CREATE_INSTANCE);
    add_pointer(stream, 1);
    stream_add(stream, INSTANCE_INFO);
    add_pointer(stream, 0); /* pNext */
    stream_add(stream, 0);  /* flags */
    add_pointer(stream, 0); /* pApplicationInfo */
    stream_add(stream, 0);
    add_pointer(stream, 0); /* layers */
    stream_add(stream, 0);
    add_pointer(stream, 0); /* extensions */
    add_pointer(stream, 0); /* pAllocator */
    add_pointer(stream, 1);
    add64(stream, INSTANCE);
}

static void enumerate(struct stream *stream)
{
    uint32_t count = 1 + stream_random(stream, 4);
    begin_command(stream, ENUMERATE_PHYSICAL);
    add64(stream, INSTANCE);
    add_pointer(stream, 1);
    stream_add(stream, count);
    add_pointer(stream, count);
    for (uint32_t i = 0; i < count; i++)
        add64(stream, FIRST_DEVICE + i);
}

static void reply(struct stream *stream, uint32_t resource)
{
    begin_command(stream, SET_REPLY);
    add_pointer(stream, 1);
    stream_add(stream, resource);
    add64(stream, stream_random(stream, 2) ? 0 : stream_odd(stream));
    add64(stream, stream_random(stream, 2) ? 4096 : stream_odd(stream));
}

static void ring(struct stream *stream, uint32_t resource)
{
    begin_command(stream, CREATE_RING);
    add64(stream, RING);
    add_pointer(stream, 1);
    stream_add(stream, UINT32_C(1000384000)); /* structure type */
    add_pointer(stream, 0);
    stream_add(stream, 0);
    stream_add(stream, resource);
    add64(stream, 0);
    add64(stream, 4096);
    add64(stream, stream_odd(stream) & 0xfff);
    for (int i = 0; i < 8; i++)
        add64(stream, stream_random(stream, 2) ? stream_random(stream, 64) * 64 : stream_odd(stream));
}

static void anything(struct stream *stream)
{
    static const uint32_t likely[] = { DESTROY_INSTANCE, GET_FEATURES,    GET_PROPERTIES, CREATE_DEVICE,
                                       SEEK_REPLY,       EXECUTE_STREAMS, DESTROY_RING,   NOTIFY_RING };
    begin_command(stream, stream_random(stream, 2) ? likely[stream_random(stream, COUNT(likely))]
                                                   : stream_random(stream, HIGHEST));
    uint32_t words = stream_random(stream, 20);
    for (uint32_t i = 0; i < words; i++)
        add64(stream, stream_random(stream, 3) ? INSTANCE + stream_random(stream, 3) * 16 : stream_odd(stream));
}

void stream_venus(struct stream *stream, uint32_t resource)
{
    uint32_t commands = 1 + stream_random(stream, 6);
    if (stream_random(stream, 4))
        create_instance(stream);
    for (uint32_t i = 0; i < commands; i++) {
        switch (stream_random(stream, 5)) {
        case 0:
            enumerate(stream);
            break;
        case 1:
            reply(stream, resource);
            break;
        case 2:
            ring(stream, resource);
            break;
        default:
            anything(stream);
        }
    }
}
