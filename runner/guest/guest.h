/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of guest/: the host's end of the link to one tenant. The tenant is hostile: every line is bounded,
 * parsed strictly, checked against what the protocol allows in this state, and counted against limits; breaking a rule
 * fails this tenant and nothing else. No callback runs before its message was fully checked. docs/link-protocol.md has
 * the protocol. */
#ifndef VG_GUEST_H
#define VG_GUEST_H

#include "base/base.h"
#include "common/workload.h"
#include "record/record.h"

struct vg_link_limits {
    size_t line_bytes;         /* default 65536 */
    uint64_t total_bytes;      /* per tenant; default 8 GiB */
    uint64_t bytes_per_second; /* a tenant that sends faster waits, the others do not; default 64 MiB */
    uint64_t rows_per_run;     /* default 100 million */
    unsigned facts_per_run;    /* default 256 */
    unsigned marks_per_run;    /* default 256 */
    unsigned protocol_errors;  /* malformed lines before the tenant is given up; default 0: the first one */
};
extern const struct vg_link_limits vg_link_default_limits;

struct vg_link;

/* Events; all optional. Strings are the guest's: checked for length and UTF-8, to be escaped when shown. `run` is the
 * number that vg_link_start returned. */
struct vg_link_events {
    void (*hello)(void *context, const json_t *hello);
    void (*ready)(void *context, unsigned run);
    void (*fact)(void *context, unsigned run, const char *name, const char *value);
    void (*mark)(void *context, unsigned run, const char *name, int64_t guest_ns);
    void (*samples)(void *context, unsigned run, unsigned stream, const int64_t *rows, size_t row_count);
    void (*end)(void *context, unsigned run, const char *status, const char *message);
    /* The tenant broke the protocol or its link closed: nothing more will come. */
    void (*broken)(void *context, const char *why);
};

/* Takes over fd (non-blocking). */
struct vg_link *vg_link_new(int fd, const struct vg_link_limits *limits, const struct vg_link_events *events,
                            void *context);
void vg_link_free(struct vg_link *link); /* closes fd */
/* The tenant has ended: closes fd and lets go of all buffers, without an event. What was read until now stays to be
 * asked for (clock points, whether and why it broke); nothing more is read or sent. */
void vg_link_close(struct vg_link *link);
int vg_link_fd(const struct vg_link *link);
short vg_link_poll_events(
    const struct vg_link *link); /* POLLIN unless it sent too fast, and POLLOUT while output waits */
/* Reads and writes what can be done without blocking; at most about 1 MiB of input per call, so that one tenant cannot
 * keep the runner from the others. */
void vg_link_service(struct vg_link *link);
bool vg_link_broken(const struct vg_link *link, const char **why);
/* It broke because the tenant's end closed: the tenant may have gone. */
bool vg_link_closed(const struct vg_link *link);

/* Starts a workload (spawns its process in the tenant, up to the barrier). Params are already checked and complete.
 * Returns the run's number, from 1. */
unsigned vg_link_start(struct vg_link *link, const struct vg_workload *workload, const struct vg_settings *params);
/* Releases the barrier at host instant at_host_ns (0: at once). */
void vg_link_go(struct vg_link *link, unsigned run, int64_t at_host_ns);
void vg_link_stop(struct vg_link *link, unsigned run);
/* "poweroff", "reboot", "panic", "quit" (native), "diagnose". */
void vg_link_command(struct vg_link *link, const char *command);

/* Clock: a burst of pings; the offset comes from the exchange with the smallest round trip, its uncertainty is half of
 * that round trip. Points are appended as bursts complete. */
void vg_link_ping(struct vg_link *link, unsigned count);
unsigned vg_link_pings_pending(const struct vg_link *link);
const struct vg_clock_point *vg_link_clock(const struct vg_link *link, unsigned *count);

#endif
