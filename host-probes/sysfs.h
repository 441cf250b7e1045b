/* SPDX-License-Identifier: MIT */
/* Small files of sysfs below a root, for the probes that take stock of what drivers offer. */
#ifndef VG_PROBE_SYSFS_H
#define VG_PROBE_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number, decimal or with 0x, and nothing but an end of line behind it. */
bool sysfs_parse(const char *text, uint64_t *value);
/* The same of a file. */
bool sysfs_number(const char *root, const char *path, uint64_t *value);
/* Names in a directory, sorted, at most `most`; those that begin with a dot are passed over. Returns how many; each and
 * the array are the caller's. A directory that is not there has none. */
size_t sysfs_list(const char *root, const char *path, size_t most, char ***names);
void sysfs_free(char **names, size_t count);
/* Last part of a link's target; "" if it is no link. */
void sysfs_link_name(const char *root, const char *path, char *name, size_t size);

#endif
