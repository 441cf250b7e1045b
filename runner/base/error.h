/* SPDX-License-Identifier: MIT */
/* One error object per call chain: made where something fails, wrapped with context on the way up, printed once. */
#ifndef VG_BASE_ERROR_H
#define VG_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* What went wrong decides the exit status (design: 2 wrong usage or input, 3 broken environment). */
enum vg_error_kind {
    VG_ERROR_NONE,
    VG_ERROR_INPUT,       /* the user's words, file or parameter: exit status 2 */
    VG_ERROR_ENVIRONMENT, /* the host cannot do it: exit status 3 */
    VG_ERROR_REFUSED,     /* a mechanism or policy said no, in its typed way: exit status 3 */
    VG_ERROR_TENANT,      /* a tenant misbehaved or died: its result is `lost` or `invalid`, the run goes on */
    VG_ERROR_TIMEOUT,     /* a stated time passed */
    VG_ERROR_INTERRUPTED, /* SIGINT or SIGTERM: exit status 3 */
};

struct vg_error {
    enum vg_error_kind kind;
    char text[2048]; /* a sentence without a trailing newline; cut, never overrun */
};

/* Sets the error and returns false, so that `return vg_fail(err, ...)` is the whole error path.
 * The text is a sentence that says what happened and what to do. `err` is never NULL. */
bool vg_fail(struct vg_error *err, enum vg_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4), nonnull(1, 3)));

/* As vg_fail, with ": " and the text of errno_value appended. */
bool vg_fail_errno(struct vg_error *err, enum vg_error_kind kind, int errno_value, const char *format, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 4)));

/* Puts "context: " before the text that is there; keeps the kind; returns false. */
bool vg_wrap(struct vg_error *err, const char *format, ...) __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Exit status for the kind: 2 or 3. */
int vg_error_exit_status(const struct vg_error *err);

#endif
