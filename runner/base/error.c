/* SPDX-License-Identifier: MIT */
/* The error object: see error.h for the contract. */
#include <stdio.h>
#include <string.h>
#include "base/error.h"

bool vg_fail(struct vg_error *err, enum vg_error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    err->kind = kind;
    return false;
}

bool vg_fail_errno(struct vg_error *err, enum vg_error_kind kind, int errno_value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof(err->text))
        snprintf(err->text + length, sizeof(err->text) - (size_t)length, ": %s", strerror(errno_value));
    err->kind = kind;
    return false;
}

bool vg_wrap(struct vg_error *err, const char *format, ...)
{
    char inner[sizeof(err->text)];
    memcpy(inner, err->text, sizeof(inner));
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof(err->text))
        snprintf(err->text + length, sizeof(err->text) - (size_t)length, ": %s", inner);
    return false;
}

int vg_error_exit_status(const struct vg_error *err)
{
    return err->kind == VG_ERROR_INPUT ? 2 : 3;
}
