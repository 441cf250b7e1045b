/* SPDX-License-Identifier: MIT */
/* Strings and memory that never fail halfway: out of memory ends the process with exit status 3 and a sentence. */
#ifndef VG_BASE_TEXT_H
#define VG_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define VG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

void vg_out_of_memory(void) __attribute__((noreturn, cold));
void *vg_calloc(size_t count, size_t size) __attribute__((alloc_size(1, 2), malloc, returns_nonnull));
/* As vg_calloc, for arrays of megabytes that are looked at in no order: on huge pages where the kernel has some, so
 * that finding an element costs one look at memory and not two. Aligned to 128 bytes at least. */
void *vg_calloc_large(size_t count, size_t size) __attribute__((alloc_size(1, 2), malloc, returns_nonnull));
void *vg_reallocarray(void *old, size_t count, size_t size) __attribute__((alloc_size(2, 3), returns_nonnull));
char *vg_strdup(const char *text) __attribute__((nonnull, malloc, returns_nonnull));
/* The caller frees the result. */
char *vg_format(const char *format, ...) __attribute__((format(printf, 1, 2), malloc, returns_nonnull));
char *vg_vformat(const char *format, va_list arguments) __attribute__((format(printf, 1, 0), malloc, returns_nonnull));

/* Appends one element to a growing array: `vg_push(list->items, list->count) = value;`
 * Capacity doubles at powers of two, so no capacity field is needed. */
void *vg_grow(void *items, size_t count, size_t size) __attribute__((returns_nonnull));
#define vg_push(items, count) (*((items) = vg_grow((items), (count), sizeof(*(items))), &(items)[(count)++]))

static inline bool vg_equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Growing text; zero-initialised is empty. */
struct vg_text {
    char *data; /* NUL-terminated once something was appended; NULL before */
    size_t length;
};
void vg_text_add(struct vg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3), nonnull));
void vg_text_add_bytes(struct vg_text *text, const char *bytes, size_t length) __attribute__((nonnull(1)));
void vg_text_free(struct vg_text *text);
#define vg_autotext VG_CLEANUP(vg_text_free)

/* The candidate nearest to word by edit distance, or NULL if none is near (distance at most a third of the length, at
 * least 2). candidates may hold NULL entries, which are passed over. Not owned by the caller. */
const char *vg_nearest(const char *word, const char *const *candidates, size_t count);
/* ", did you mean `x`?" or "", in text of the caller's. If no candidate is near, one that begins with the word will do,
 * or else one that holds it: a person may know only a part of a name. */
char *vg_did_you_mean(const char *word, const char *const *candidates, size_t count);

/* Comma-separated globs, each optionally negated by a leading "!". A name is selected if some positive glob matches (or
 * there is none) and no negated one does. NULL or "" selects everything. */
bool vg_select(const char *globs, const char *name);

/* Copies foreign text so that it can be shown on a terminal or put into a file name-free place: bytes that are not
 * printable UTF-8, and control characters (terminal escapes), become \xNN; at most max_bytes of output (then "..."). */
char *vg_printable(const char *bytes, size_t length, size_t max_bytes);

/* Strict numbers: the whole text must be the number. */
bool vg_parse_int(const char *text, long long *value);
bool vg_parse_real(const char *text, double *value);
bool vg_parse_bool(const char *text, bool *value); /* true, false, yes, no, on, off */

/* "0-3,5" -> bits of a mask of up to 1024 CPUs; returns the number of CPUs, 0 if malformed or empty. */
#include <sched.h>
size_t vg_parse_cpu_list(const char *text, cpu_set_t *set);

#endif
