/* SPDX-License-Identifier: MIT */
/* Jobs in flight (flight.h). */
#include "common/flight.h"
#include "common/warmup.h"

#define WINDOW          16                  /* completion intervals per window of the warm-up */
#define WARMUP_PART     2                   /* warm-up may take this part of the run, */
#define WARMUP_LIMIT_NS (15 * VG_NS_PER_S)  /* and no longer than this: a run without an end must begin to measure */
#define NAP_NS          (50 * VG_NS_PER_MS) /* a rest looks this often whether to stop */

static bool may_submit(const struct vg_flight *f, int64_t now_ns)
{
    if (f->period_ns == 0)
        return true;
    int64_t period = (now_ns - f->start_ns) / f->period_ns, into_ns = (now_ns - f->start_ns) % f->period_ns;
    if (into_ns >= f->burst_ns)
        return false;
    return period != f->burst || into_ns + ((int64_t)f->flying + 1) * f->job_ns <= f->burst_ns;
}

static void submit(struct vg_flight *f, int64_t now_ns)
{
    unsigned slot = (f->oldest + f->flying) % f->slots;
    if (f->flying == 0)
        f->busy_since_ns = now_ns;
    if (f->period_ns)
        f->burst = (now_ns - f->start_ns) / f->period_ns;
    f->flying++;
    f->submitted_ns[slot] = now_ns;
    if (f->ops->submit)
        f->ops->submit(f->self, slot);
}

static void top_up(struct vg_flight *f)
{
    while (f->flying < f->slots) {
        int64_t now_ns = vg_now_ns();
        if (!may_submit(f, now_ns))
            return;
        submit(f, now_ns);
    }
}

/* Sees the oldest job done and verified; its row is what vg_w_push takes. */
static void complete(struct vg_flight *f, int64_t row[3])
{
    unsigned slot = f->oldest;
    f->ops->wait(f->self, slot);
    row[0] = vg_now_ns();
    row[1] = row[0] - f->submitted_ns[slot];
    row[2] = f->ops->bytes ? f->ops->bytes(f->self, slot) : 0;
    if (f->ops->verify)
        f->ops->verify(f->self, slot);
    if (f->verified++ == 0)
        vg_w_mark(f->context, "busy");
    f->oldest = (f->oldest + 1) % f->slots;
    if (--f->flying == 0)
        f->busy_ns += row[0] - f->busy_since_ns;
}

/* Until the next period begins, at most. */
static void rest(const struct vg_flight *f)
{
    int64_t now_ns = vg_now_ns();
    int64_t rest_ns = f->period_ns - (now_ns - f->start_ns) % f->period_ns;
    vg_sleep_ns(rest_ns < NAP_NS ? rest_ns : NAP_NS);
}

/* Until until_ns, or with warm: until the warm-up is over. */
static void pump(struct vg_flight *f, struct vg_stream *out, struct vg_warmup *warm, int64_t until_ns)
{
    int64_t row[3], before_ns = 0;
    while (!vg_w_should_stop(f->context)) {
        top_up(f);
        if (f->flying == 0) {
            if (!warm && vg_now_ns() >= until_ns)
                return;
            rest(f);
            before_ns = 0;
            continue;
        }
        complete(f, row);
        top_up(f); /* in flight again before the row is put down */
        if (vg_w_room(out) == 0)
            vg_w_flush(out);
        vg_w_push(out, row);
        if (!warm)
            f->measured++;
        /* The first job of a burst has no completion before it: its own length is its interval. */
        if (warm ? vg_warmup_add(warm, before_ns ? row[0] - before_ns : row[1]) : row[0] >= until_ns)
            return;
        before_ns = row[0];
    }
}

void vg_flight_run(struct vg_flight *f)
{
    struct vg_warmup warm;
    int64_t row[3];
    struct vg_stream *warm_rows = vg_w_stream(f->context, "warmup", 4096);
    struct vg_stream *rows = vg_w_stream(f->context, "job", 65536);
    int64_t seconds_ns = (int64_t)(vg_w_real(f->context, "seconds") * 1e9);
    int64_t limit_ns = seconds_ns / WARMUP_PART;
    f->start_ns = vg_w_barrier(f->context);
    f->burst = -1;
    vg_warmup_begin(&warm, f->context, WINDOW, limit_ns < WARMUP_LIMIT_NS ? limit_ns : WARMUP_LIMIT_NS);
    pump(f, warm_rows, &warm, 0);
    pump(f, rows, NULL, f->start_ns + seconds_ns);
    while (f->flying) /* checked, and not counted */
        complete(f, row);
    f->ran_ns = vg_now_ns() - f->start_ns;
}
