/* SPDX-License-Identifier: MIT */
/* Files: whole, atomic, bounded. */
#ifndef VG_BASE_FILE_H
#define VG_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/error.h"

/* Reads a regular file of at most max_bytes, NUL-terminated. Caller frees *data. */
bool vg_read_file(const char *path, size_t max_bytes, char **data, size_t *length, struct vg_error *err);
/* Reads a small kernel attribute (sysfs, procfs), trailing newline cut. Caller frees *value. */
bool vg_read_attribute(const char *path, char **value, struct vg_error *err);
/* The last part of what a link leads to; NULL if it is none. Caller frees. */
char *vg_link_name(const char *path);
/* Writes a kernel attribute in one write(2). */
bool vg_write_attribute(const char *path, const char *value, struct vg_error *err);
/* May a file be put there? True if there is a regular one (links followed), or none; else an error of kind input:
 * a device, FIFO or socket of that name is not ours to replace, and opening it may wait for ever. */
bool vg_check_output(const char *path, struct vg_error *err);
/* Temporary file beside path, fsync, rename: after a crash there is the old content or the new, never half. A link is
 * followed and stays; what vg_check_output does not allow is refused. */
bool vg_write_file(const char *path, const void *data, size_t length, struct vg_error *err);
/* The same, but a power cut may leave it empty: for what counts only after vg_sync_tree brought it to the disk. */
bool vg_write_file_unsynced(const char *path, const void *data, size_t length, struct vg_error *err);
/* mkdir -p, mode 0755 less umask. */
bool vg_make_directories(const char *path, struct vg_error *err);
/* rm -rf of what is inside and the directory itself; does not follow links; a path that is not there is fine. */
bool vg_remove_tree(const char *path, struct vg_error *err);
/* fsync of a directory and of every file and directory below it, links aside: what it holds survives a power cut. And
 * of the directories `beside`, without what they hold: those that its own name is in. */
bool vg_sync_tree(const char *path, const char *const *beside, unsigned count, struct vg_error *err);
bool vg_exists(const char *path);
/* There is nothing of that name. Not the opposite of vg_exists: what cannot be reached (EIO, ENOTCONN, EACCES) may well
 * be there. */
bool vg_is_gone(const char *path);
/* Where things are kept between runs: $XDG_CACHE_HOME/vgauge, else ~/.cache/vgauge; NULL if neither variable is set.
 * Not created. Caller frees. */
char *vg_cache_directory(void);
/* The directory that holds the running executable. Caller frees. */
char *vg_executable_directory(void);

/* Runs argv without a shell, waits at most timeout_ms, collects at most max_output bytes of stdout and stderr together.
 * False if it cannot be started or did not end in time (then it was killed). *status is as from waitpid.
 * Caller frees *output (may be NULL if not wanted: output is thrown away). */
bool vg_run_command(const char *const *argv, int timeout_ms, size_t max_output, char **output, int *status,
                    struct vg_error *err);

#endif
