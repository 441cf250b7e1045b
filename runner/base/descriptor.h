/* SPDX-License-Identifier: MIT */
/* One shape for everything that can be added: a `const` descriptor at the foot of one file, registered as a pointer in
 * an ELF section. Adding a workload, probe, mechanism, analysis, action or placement policy edits no table and no
 * Makefile, and listing them runs none of their code. Pointers, not structs, are collected, because sanitizers pad
 * structs. */
#ifndef VG_BASE_DESCRIPTOR_H
#define VG_BASE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

enum vg_descriptor_kind {
    VG_KIND_WORKLOAD,
    VG_KIND_PROBE,
    VG_KIND_MECHANISM,
    VG_KIND_ANALYSIS,
    VG_KIND_ACTION,
    VG_KIND_PLACEMENT,
    VG_KIND_STORE,
    VG_KIND_EXPORT,
    VG_KIND_CHECK, /* of a host, by `vgauge doctor` */
};

enum vg_param_type {
    VG_INT,
    VG_REAL,
    VG_BOOL,
    VG_TEXT,
    VG_CHOICE,
    VG_HEX64, /* 1 to 16 hexadecimal digits, or VG_PARAM_SEED */
};

/* A VG_HEX64 that the engine derives from the run's seed and the instance; a workload never sees the word itself. */
#define VG_PARAM_SEED "=seed"

/* Which direction of a metric is good news. */
enum vg_better { VG_NEITHER, VG_LOWER, VG_HIGHER };

struct vg_param {
    const char *name;
    enum vg_param_type type;
    const char *def;     /* default, as the user would write it; NULL: the parameter is mandatory */
    double min, max;     /* inclusive range of VG_INT and VG_REAL; both 0: no range */
    const char *unit;    /* "s", "ns", "bytes", "1" */
    const char *choices; /* VG_CHOICE: "empty|tiny|real" */
    const char *summary;
};

struct vg_metric {
    const char *name;
    const char *unit; /* "ns", "bytes", "1/s", "1" (ratio), "%" */
    enum vg_better better;
    double min_effect; /* smallest relative change of practical interest, 0.05 = 5 %; 0: not compared */
    const char *summary;
};

/* The common head of every descriptor. Arrays end with an entry whose name is NULL; a NULL array is empty. */
struct vg_descriptor {
    enum vg_descriptor_kind kind;
    const char *name;    /* vk-submit-latency */
    const char *summary; /* one line: what it does */
    const char *why;     /* what a wrong vGPU would show here */
    const struct vg_param *params;
    const struct vg_metric *metrics;
};

#define VG_PARAMS  (const struct vg_param[])
#define VG_METRICS (const struct vg_metric[])

#define VG_REGISTER(symbol)                                                                                            \
    static const struct vg_descriptor *const vg_registered_##symbol __attribute__((used, section("vg_descriptors"))) = \
        (const struct vg_descriptor *)&(symbol)

/* The next registered descriptor of a kind, in alphabetical order of names; NULL after the last. Start with NULL. */
const struct vg_descriptor *vg_descriptor_next(enum vg_descriptor_kind kind, const struct vg_descriptor *after);
const struct vg_descriptor *vg_descriptor_find(enum vg_descriptor_kind kind, const char *name);
/* As find, with an error that says what kind of thing is unknown and names the nearest right word. */
const struct vg_descriptor *vg_descriptor_require(enum vg_descriptor_kind kind, const char *name, struct vg_error *err);
const char *vg_descriptor_kind_name(enum vg_descriptor_kind kind); /* "workload" */

const struct vg_param *vg_param_find(const struct vg_descriptor *descriptor, const char *name);
/* Checks type, range and choice of value; the error names descriptor, parameter and what is allowed. */
bool vg_param_check(const struct vg_descriptor *descriptor, const struct vg_param *param, const char *value,
                    struct vg_error *err);
const struct vg_metric *vg_metric_find(const struct vg_descriptor *descriptor, const char *name);
const char *vg_better_name(enum vg_better better); /* "lower", "higher", "neither" */

#endif
