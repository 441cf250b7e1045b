/* SPDX-License-Identifier: MIT */
/* Scope-bound ownership by the compiler's cleanup attribute: no goto, no leak on an early return. */
#ifndef VG_BASE_CLEANUP_H
#define VG_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <jansson.h>

#define VG_CLEANUP(function) __attribute__((cleanup(function)))

/* Defines `static inline void name(type *)`, which calls release() on a value that is not null. */
#define VG_DEFINE_CLEANUP(name, type, release)                                                                         \
    static inline void name(type *value)                                                                               \
    {                                                                                                                  \
        if (*value)                                                                                                    \
            release(*value);                                                                                           \
    }

static inline void vg_cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}
static inline void vg_cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
VG_DEFINE_CLEANUP(vg_cleanup_file, FILE *, fclose)
VG_DEFINE_CLEANUP(vg_cleanup_dir, DIR *, closedir)
VG_DEFINE_CLEANUP(vg_cleanup_json, json_t *, json_decref)

#define vg_autofree  VG_CLEANUP(vg_cleanup_free)
#define vg_autoclose VG_CLEANUP(vg_cleanup_close)
#define vg_autofile  VG_CLEANUP(vg_cleanup_file)
#define vg_autodir   VG_CLEANUP(vg_cleanup_dir)
#define vg_autojson  VG_CLEANUP(vg_cleanup_json)

/* Hands the pointer on: the variable becomes NULL, so its cleanup does nothing. */
#define VG_TAKE(variable)                                                                                              \
    __extension__({                                                                                                    \
        __typeof__(variable) vg_taken_ = (variable);                                                                   \
        (variable) = NULL;                                                                                             \
        vg_taken_;                                                                                                     \
    })

#endif
