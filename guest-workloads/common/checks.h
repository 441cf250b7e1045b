/* SPDX-License-Identifier: MIT */
/* Conformance workloads count here: each kind of thing that must hold has a name, is tried many times, and keeps the
 * sentence of the first time that it did not hold. The host's analysis `checks` reads what is reported. */
#ifndef VG_CHECKS_H
#define VG_CHECKS_H

#include "common/workload.h"

#define VG_MAX_CHECKS  40
#define VG_CHECK_NAME  40
#define VG_CHECK_FIRST 200

/* Plain data: it may lie in memory that a child process shares with its parent. */
struct vg_check {
    char name[VG_CHECK_NAME]; /* lower-case letters, digits and hyphens */
    uint64_t tried, wrong;
    bool skipped;               /* could not be tried; `first` says why */
    char first[VG_CHECK_FIRST]; /* what was wrong the first time */
};
struct vg_checks {
    unsigned count;
    struct vg_check items[VG_MAX_CHECKS];
};

/* Counts `times` trials of which `wrong` did not hold; the sentence is kept if it is the first. Returns wrong == 0. */
bool vg_check_many(struct vg_checks *checks, const char *name, uint64_t times, uint64_t wrong, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
#define vg_check(checks, name, holds, ...) vg_check_many((checks), (name), 1, !(holds), __VA_ARGS__)
/* It cannot be tried here; not an error. A kind that was tried stays tried. */
void vg_check_skip(struct vg_checks *checks, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One fact per kind, "check.NAME" = "TRIED WRONG SENTENCE" or "skip SENTENCE", and the sums `verified_checks`,
 * `wrong_checks`. Reported again, the newer facts replace the older. */
void vg_checks_report(struct vg_workload_context *context, const struct vg_checks *checks);

#endif
