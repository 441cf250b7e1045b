/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of a fuzzer as a source of a package. */
#ifndef VG_FUZZ_INPUT_H
#define VG_FUZZ_INPUT_H

#include "certify/package.h"

struct input {
    const unsigned char *bytes;
    size_t length, at;
};

static inline ssize_t read_input(void *context, void *buffer, size_t length)
{
    struct input *input = context;
    size_t left = input->length - input->at, piece = left < length ? left : length;
    memcpy(buffer, input->bytes + input->at, piece);
    input->at += piece;
    return (ssize_t)piece;
}

#endif
