/* SPDX-License-Identifier: MIT */
/* Malformed commands for a virtio-gpu, made from well-formed ones. The stream with a number under a seed is always the
 * same, on every machine, so that what one did to a host can be done again. */
#ifndef VG_DRM_STREAM_H
#define VG_DRM_STREAM_H

#include <stdint.h>

enum { STREAM_WORDS = 512 };

struct stream {
    uint32_t words[STREAM_WORDS];
    uint32_t count;
    uint64_t random; /* state of the generator */
};

/* Begins stream `number` of a seed. */
void stream_begin(struct stream *stream, uint64_t seed, uint64_t number);
uint32_t stream_random(struct stream *stream, uint32_t below); /* below 0: any */
/* A number that programs get wrong: zero, all ones, a power of two and its neighbours, or anything. */
uint32_t stream_odd(struct stream *stream);
void stream_add(struct stream *stream, uint32_t word);
/* Commands of virgl that refer to the resource now and then. */
void stream_virgl(struct stream *stream, uint32_t resource);
/* Commands of Venus: the Vulkan calls with which every program begins, and those that set up its rings. */
void stream_venus(struct stream *stream, uint32_t resource);
/* Changes a few words, lengths among them, or cuts the end off. */
void stream_damage(struct stream *stream);
/* FNV-1a over the stream, continued from *digest. */
void stream_digest(const struct stream *stream, uint64_t *digest);

#endif
