/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzz targets of file readers share: the input as a file, in a directory of memory that goes with the
 * process. */
#ifndef VG_FUZZ_FILE_H
#define VG_FUZZ_FILE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/base.h"

static inline void fuzz_remove(void);
static char fuzz_directory[64];

static inline void fuzz_remove(void)
{
    struct vg_error ignored = { 0 };
    vg_remove_tree(fuzz_directory, &ignored);
}

/* A private directory; the same at each call. */
static inline const char *fuzz_place(void)
{
    if (fuzz_directory[0])
        return fuzz_directory;
    snprintf(fuzz_directory, sizeof(fuzz_directory), "/dev/shm/vgauge-fuzz-XXXXXX");
    if (!mkdtemp(fuzz_directory))
        abort();
    atexit(fuzz_remove);
    return fuzz_directory;
}

/* The bytes as file NAME there; returns its path, valid until the next call. */
static inline const char *fuzz_write(const char *name, const void *bytes, size_t length)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", fuzz_place(), name);
    vg_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        abort();
    return path;
}

/* A refusal has a sentence, and what was taken has none. */
static inline void fuzz_expect(bool taken, const struct vg_error *err)
{
    if (taken == (err->kind != VG_ERROR_NONE))
        abort();
}

#endif
