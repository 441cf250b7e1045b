/* SPDX-License-Identifier: MIT */
/* Allocation that never returns NULL: a runner without memory can only say so and end, with status 3. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/text.h"

void vg_out_of_memory(void)
{
    static const char message[] = "vgauge: out of memory; close other programs or use a smaller plan\n";
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
        _exit(3);
    _exit(3);
}

void *vg_calloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        vg_out_of_memory();
    return memory;
}

void *vg_calloc_large(size_t count, size_t size)
{
    enum { HUGE_PAGE = 2 << 20, SMALL = 128 };
    size_t bytes;
    if (__builtin_mul_overflow(count ? count : 1, size ? size : 1, &bytes) || bytes > SIZE_MAX - HUGE_PAGE)
        vg_out_of_memory();
    size_t unit = bytes >= HUGE_PAGE ? HUGE_PAGE : SMALL;
    bytes = (bytes + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, bytes);
    if (!memory)
        vg_out_of_memory();
    if (unit == HUGE_PAGE)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* a wish; without it the array is as right, only slower */
    return memset(memory, 0, bytes);
}

void *vg_reallocarray(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size ? size : 1);
    if (!memory)
        vg_out_of_memory();
    return memory;
}

char *vg_strdup(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        vg_out_of_memory();
    return copy;
}

void *vg_grow(void *items, size_t count, size_t size)
{
    /* Full exactly when count is a power of two (or zero), so the capacity is implied by the count. */
    if (count & (count - 1))
        return items;
    void *grown = vg_reallocarray(items, count ? count * 2 : 1, size);
    memset((char *)grown + count * size, 0, (count ? count : 1) * size);
    return grown;
}

char *vg_vformat(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0 || !text)
        vg_out_of_memory();
    return text;
}

char *vg_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = vg_vformat(format, arguments);
    va_end(arguments);
    return text;
}

void vg_text_add_bytes(struct vg_text *text, const char *bytes, size_t length)
{
    /* Room for powers of two of at least 256 bytes, implied by the length as in vg_grow. */
    size_t needed = text->length + length + 1;
    size_t have = 256;
    while (have < text->length + 1)
        have *= 2;
    if (!text->data || needed > have) {
        size_t room = have;
        while (room < needed)
            room *= 2;
        text->data = vg_reallocarray(text->data, room, 1);
    }
    if (length)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void vg_text_add(struct vg_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *piece = vg_vformat(format, arguments);
    va_end(arguments);
    vg_text_add_bytes(text, piece, strlen(piece));
    free(piece);
}

void vg_text_free(struct vg_text *text)
{
    free(text->data);
    *text = (struct vg_text) { 0 };
}
