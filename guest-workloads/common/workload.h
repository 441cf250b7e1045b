/* SPDX-License-Identifier: MIT */
/* What a workload is, and what it may call. A workload runs in a process of its own (vgauge-workload NAME ...): it
 * never unwinds on an error, it ends the process through vg_w_fail() and its kin, and the kernel cleans up. It streams
 * raw samples; only the host computes statistics. */
#ifndef VG_WORKLOAD_H
#define VG_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/base.h"

#define VG_MAX_DEVICES 16 /* graphics devices of one tenant that are looked at */

/* What a tenant must offer for the workload to run; names as in a test's needs.capability. */
enum vg_need { VG_NEED_NONE = 0, VG_NEED_VULKAN = 1, VG_NEED_GL = 2, VG_NEED_DRM = 4 };

enum vg_column_kind {
    VG_COLUMN_TIME,       /* an instant, CLOCK_MONOTONIC_RAW of the tenant, ns: the host maps it to its own clock */
    VG_COLUMN_COMPLETION, /* an instant, too: when one unit of work was done; throughput is counted by it */
    VG_COLUMN_DURATION,   /* a length of time, ns; -1: not available for this sample */
    VG_COLUMN_COUNT,      /* anything else that is an integer */
};

struct vg_column {
    const char *name;
    const char *unit;
    enum vg_column_kind kind;
    enum vg_better better;
    double min_effect; /* as in struct vg_metric */
    const char *summary;
};

static inline bool vg_column_is_instant(enum vg_column_kind kind)
{
    return kind == VG_COLUMN_TIME || kind == VG_COLUMN_COMPLETION;
}

/* A stream is a table of int64 rows. Arrays end with an entry whose name is NULL. */
struct vg_stream_spec {
    const char *name;
    const char *summary;
    const struct vg_column *columns;
};

struct vg_workload_context;

struct vg_workload {
    struct vg_descriptor; /* .kind = VG_KIND_WORKLOAD */
    enum vg_need needs;   /* bits */
    const struct vg_stream_spec *streams;
    void (*run)(struct vg_workload_context *context);
};

#define VG_STREAMS (const struct vg_stream_spec[])
#define VG_COLUMNS (const struct vg_column[])
/* VG_WORKLOAD(submit_latency) = { .name = "vk-submit-latency", ... }; at the foot of the workload's file. */
#define VG_WORKLOAD(symbol)                                                                                            \
    extern const struct vg_workload vg_workload_##symbol;                                                              \
    VG_REGISTER(vg_workload_##symbol);                                                                                 \
    const struct vg_workload vg_workload_##symbol

/* --- what a running workload calls ------------------------------------------------------------------------------ */

/* Parameters, checked against the descriptor before run() is called; an unknown name is a bug and ends the process. */
int64_t vg_w_int(const struct vg_workload_context *context, const char *param);
double vg_w_real(const struct vg_workload_context *context, const char *param);
bool vg_w_bool(const struct vg_workload_context *context, const char *param);
const char *vg_w_text(const struct vg_workload_context *context, const char *param);
uint64_t vg_w_hex64(const struct vg_workload_context *context, const char *param);

/* A fact about the tenant or the run that the host records and analyses read ("driver_id", "device_name",
 * "job_ns", "verified_jobs"). Setting it again overwrites. */
void vg_w_fact_text(struct vg_workload_context *context, const char *name, const char *value);
void vg_w_fact_int(struct vg_workload_context *context, const char *name, int64_t value);
void vg_w_fact_real(struct vg_workload_context *context, const char *name, double value);

/* A named instant now, e.g. "steady" when warm-up ended by its rule, "filled" when memory is full. A phase may wait for
 * it (`until: filled`). */
void vg_w_mark(struct vg_workload_context *context, const char *name);

/* Holds at the barrier: says "ready", returns when the host says go (and the agreed instant has come). Exactly once,
 * after set-up and calibration, before anything that is measured. Returns the instant of release, ns. */
int64_t vg_w_barrier(struct vg_workload_context *context);
/* True once the host has asked the workload to end early; cheap (no system call on most calls), for use in loops. */
bool vg_w_should_stop(struct vg_workload_context *context);
/* Sleeps until the host says stop (a workload that holds something). */
void vg_w_hold(struct vg_workload_context *context);

/* Streams: rows go into memory that was allocated by vg_w_stream(); vg_w_push makes no system call and allocates
 * nothing. Call vg_w_flush() outside timed regions when vg_w_room() gets small; the end of the run flushes by itself.
 * A push into a full buffer ends the process with an error: samples are never dropped silently. */
struct vg_stream;
struct vg_stream *vg_w_stream(struct vg_workload_context *context, const char *name, size_t capacity_rows);
void vg_w_push(struct vg_stream *stream, const int64_t *row); /* as many values as the stream has columns */
size_t vg_w_room(const struct vg_stream *stream);             /* rows that can be pushed before a flush */
void vg_w_flush(struct vg_stream *stream);

/* Ends of a run; none returns. A return from run() is success.
 * fail: the vGPU did something wrong (wrong result, API error). invalid: the number would mean nothing (software
 * fall-back, cannot saturate). skip: the tenant lacks what is needed. */
void vg_w_fail(struct vg_workload_context *context, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void vg_w_invalid(struct vg_workload_context *context, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void vg_w_skip(struct vg_workload_context *context, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#endif
