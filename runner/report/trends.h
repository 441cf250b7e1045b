/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Part of report/'s public face: trends of a history for people (plots) and for other programs (exports). */
#ifndef VG_REPORT_TRENDS_H
#define VG_REPORT_TRENDS_H

#include <stdio.h>
#include "history/history.h"

/* A way to write trends, with the changes that they hold. */
struct vg_export {
    struct vg_descriptor; /* .kind = VG_KIND_EXPORT */
    void (*write)(const struct vg_trends *trends, FILE *out);
};
#define VG_EXPORT(symbol)                                                                                              \
    extern const struct vg_export vg_export_##symbol;                                                                  \
    VG_REGISTER(vg_export_##symbol);                                                                                   \
    const struct vg_export vg_export_##symbol

/* Writes directory/NAME.svg: values, levels, change points, and where a driver or another part of the environment
 * changed. *path receives the file's (caller frees). */
bool vg_report_trend_plot(const struct vg_trends *trends, const struct vg_trend *trend, const char *directory,
                          char **path, struct vg_error *err);

/* "test/configuration/metric" -> its parts; borrowed from name, with their lengths. What is no such name is all metric.
 */
struct vg_trend_name {
    const char *test, *configuration, *metric;
    int test_length, configuration_length;
};
struct vg_trend_name vg_trend_name_parts(const char *name);
/* A new reference. */
json_t *vg_trend_change_to_json(const struct vg_trends *trends, const struct vg_trend *trend,
                                const struct vg_trend_change *change);
/* 2026-11-22T08:00:00Z. Caller frees. */
char *vg_trend_time(int64_t seconds);
/* The same for the environments of trends: 12 hexadecimal digits that stay the same. Caller frees. */
char *vg_trend_environment(const struct vg_trends *trends, const struct vg_trend *trend);

#endif
