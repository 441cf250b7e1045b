/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to guest/: what the files of the host's end of the link share. link.c owns the connection, message.c the
 * rules of each message, samples.c the fast way for rows, clock.c the pings. */
#ifndef VG_GUEST_LINK_H
#define VG_GUEST_LINK_H

#include "guest/guest.h"
#include "guest/lines.h"

#define VG_LINK_PROTOCOL      1
#define VG_LINK_NAME_BYTES    64
#define VG_LINK_TEXT_BYTES    1024
#define VG_LINK_QUEUE_BYTES   1048576 /* output that may wait for a guest that does not read */
#define VG_LINK_SERVICE_BYTES 1048576

enum vg_link_run_state { VG_RUN_STARTED, VG_RUN_READY, VG_RUN_GONE, VG_RUN_ENDED };

struct vg_link_run {
    const struct vg_workload *workload;
    enum vg_link_run_state state;
    bool released; /* go or stop was sent: only now may the workload have something to show */
    int64_t started_host_ns;
    uint64_t rows;
    unsigned marks;
    char **facts; /* distinct names so far */
    unsigned fact_count;
};

struct vg_link_clock {
    int64_t sent_host_ns; /* of the ping that is on its way */
    int64_t id;           /* of that ping; 0: none is */
    int64_t last_id;
    unsigned waiting;     /* still to be sent in this burst */
    int64_t best_trip_ns; /* of this burst; -1: none yet */
    struct vg_clock_point best;
    int64_t last_guest_ns; /* the tenant's clock never goes back */
    struct vg_clock_point *points;
    unsigned count;
};

struct vg_link {
    int fd;
    struct vg_link_limits limits;
    struct vg_link_events events;
    void *context;

    struct vg_lines lines;
    double credit_bytes; /* what may be read, as of credited_ns; see limits.bytes_per_second */
    int64_t credited_ns;
    uint64_t received_bytes;
    int64_t received_ns; /* host instant at which the bytes that are being looked at had arrived */
    unsigned violations;
    int64_t *values; /* of one samples message */
    size_t value_capacity;

    struct vg_text queue; /* output that waits */
    bool greeted;         /* hello was seen */
    struct vg_link_run *runs;
    unsigned run_count;
    struct vg_link_clock clock;

    char *broken; /* why; NULL while the link is good */
    bool closed;  /* broken by nothing but its end */
    bool told;    /* the broken event was delivered */
};

/* Queues one message and writes what can be written. A write error is left for vg_link_service to find, so that events
 * come from there only. Steals message. */
void vg_link_send(struct vg_link *link, json_t *message);

/* One line from the tenant, followed by a newline: checks it, then acts on it. False: a rule was broken, nothing was
 * done. */
bool vg_link_message(struct vg_link *link, const char *line, size_t length, struct vg_error *err);

/* A run that may send, in a state that allows `what`; NULL with the error otherwise. */
struct vg_link_run *vg_link_live_run(struct vg_link *link, int64_t run, const char *what, struct vg_error *err);
/* After `ready` and after the barrier's release. */
bool vg_link_run_released(const struct vg_link_run *entry, int64_t run, const char *what, struct vg_error *err);

/* The samples message in the spelling that agents use, without jansson: members in the documented order, no escapes.
 * Accepts a subset of JSON; whatever it does not accept is for the slow way to judge. */
struct vg_link_samples {
    int64_t run;
    int64_t width;
    char stream[VG_LINK_NAME_BYTES + 1];
    size_t value_count; /* in link->values */
};
bool vg_link_samples_scan(struct vg_link *link, const char *line, struct vg_link_samples *samples);
/* The same from a parsed message. */
bool vg_link_samples_parse(struct vg_link *link, const json_t *message, struct vg_link_samples *samples,
                           struct vg_error *err);
/* All rules about samples, then the event. */
bool vg_link_samples_accept(struct vg_link *link, const struct vg_link_samples *samples, struct vg_error *err);

/* The instants of the tenant's clock that a run may speak of now: from its start to now, with room for the offset's
 * uncertainty and drift. Without a known offset: anything from 0. */
void vg_link_instants(const struct vg_link *link, const struct vg_link_run *entry, int64_t *earliest, int64_t *latest);
bool vg_link_pong(struct vg_link *link, int64_t id, int64_t guest_ns, struct vg_error *err);
/* The tenant's instant of a host instant, 0 if that is not known. */
int64_t vg_link_guest_time(const struct vg_link *link, int64_t host_ns);

bool vg_link_name_ok(const char *name);

#endif
