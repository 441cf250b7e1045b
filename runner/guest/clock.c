/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a tenant's clock relates to the host's. A ping leaves at t0, the tenant reads its clock, the answer is there at
 * t1: the reading was taken somewhere between, so the middle is wrong by at most half of the round trip, whatever the
 * two ways took. Pings of a burst go out one after the other, so that none waits behind another. */
#include "guest/link.h"

#include <inttypes.h>

/* Room for what a bound on instants cannot know: one second, and 1 % of the time since the clock was last compared (a
 * guest's raw clock can be badly calibrated under emulation). This keeps nonsense out; it is not a measurement. */
#define INSTANT_SLACK_NS VG_NS_PER_S
#define DRIFT_DIVISOR    100

static void send_ping(struct vg_link *link)
{
    struct vg_link_clock *clock = &link->clock;
    clock->id = ++clock->last_id;
    clock->waiting--;
    json_t *message = vg_json_new_object();
    vg_json_set_text(message, "type", "ping");
    vg_json_set_int(message, "id", clock->id);
    /* Before it is queued: if output has to wait, the round trip looks longer and the uncertainty covers it. */
    clock->sent_host_ns = vg_now_ns();
    vg_link_send(link, message);
}

void vg_link_ping(struct vg_link *link, unsigned count)
{
    if (count == 0 || link->broken)
        return;
    struct vg_link_clock *clock = &link->clock;
    clock->waiting += count;
    if (clock->id)
        return;
    clock->best_trip_ns = -1;
    send_ping(link);
}

unsigned vg_link_pings_pending(const struct vg_link *link)
{
    return link->clock.waiting + (link->clock.id ? 1 : 0);
}

const struct vg_clock_point *vg_link_clock(const struct vg_link *link, unsigned *count)
{
    *count = link->clock.count;
    return link->clock.points;
}

bool vg_link_pong(struct vg_link *link, int64_t id, int64_t guest_ns, struct vg_error *err)
{
    struct vg_link_clock *clock = &link->clock;
    if (!clock->id)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant sent a pong (id %" PRId64 ") that no ping asked for", id);
    if (id != clock->id)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant answered ping %" PRId64 " with pong %" PRId64, clock->id, id);
    if (guest_ns < clock->last_guest_ns)
        return vg_fail(err, VG_ERROR_TENANT, "the tenant's clock went backwards, from %" PRId64 " ns to %" PRId64 " ns",
                       clock->last_guest_ns, guest_ns);
    clock->last_guest_ns = guest_ns;
    clock->id = 0;

    int64_t trip_ns = link->received_ns - clock->sent_host_ns;
    if (clock->best_trip_ns < 0 || trip_ns < clock->best_trip_ns) {
        clock->best_trip_ns = trip_ns;
        clock->best.host_ns = clock->sent_host_ns + trip_ns / 2;
        clock->best.offset_ns = clock->best.host_ns - guest_ns;
        clock->best.uncertainty_ns = (trip_ns + 1) / 2;
    }
    if (clock->waiting) {
        send_ping(link);
    } else {
        vg_push(clock->points, clock->count) = clock->best;
    }
    return true;
}

int64_t vg_link_guest_time(const struct vg_link *link, int64_t host_ns)
{
    const struct vg_link_clock *clock = &link->clock;
    if (host_ns <= 0 || clock->count == 0)
        return 0;
    int64_t guest_ns = host_ns - clock->points[clock->count - 1].offset_ns;
    return guest_ns > 0 ? guest_ns : 0;
}

void vg_link_instants(const struct vg_link *link, const struct vg_link_run *entry, int64_t *earliest, int64_t *latest)
{
    const struct vg_link_clock *clock = &link->clock;
    *earliest = 0;
    *latest = INT64_MAX;
    if (clock->count == 0)
        return;
    const struct vg_clock_point *point = &clock->points[clock->count - 1];
    int64_t age_ns = llabs(link->received_ns - point->host_ns);
    int64_t start_age_ns = llabs(entry->started_host_ns - point->host_ns);
    int64_t room_ns = INSTANT_SLACK_NS + point->uncertainty_ns;
    *latest = link->received_ns - point->offset_ns + room_ns + age_ns / DRIFT_DIVISOR;
    *earliest = entry->started_host_ns - point->offset_ns - room_ns - start_age_ns / DRIFT_DIVISOR;
    if (*earliest < 0)
        *earliest = 0;
}
