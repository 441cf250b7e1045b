/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs in flight and ticks of a clock, with jobs that need no GPU: how many are in flight, that each is verified before
 * its slot is used again, that bursts rest, and that a stop is obeyed at any moment without a row or a job being lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "common/flight.h"
#include "support/workload_process.h"
#include "common/pace.h"

#define JOB_NS (2 * VG_NS_PER_MS)

/* A GPU that does one job after another. */
struct fake {
    struct vg_workload_context *context;
    int64_t done_ns[VG_FLIGHT_MAX], free_ns;
    bool open[VG_FLIGHT_MAX];
    unsigned flying, most, submitted, verified;
    int64_t job_ns;
};

static void fake_submit(void *self, unsigned slot)
{
    struct fake *f = self;
    int64_t now_ns = vg_now_ns();
    if (f->open[slot])
        vg_w_fail(f->context, "slot %u is submitted while it is in flight", slot);
    f->free_ns = (f->free_ns > now_ns ? f->free_ns : now_ns) + f->job_ns;
    f->done_ns[slot] = f->free_ns;
    f->open[slot] = true;
    f->submitted++;
    f->most = ++f->flying > f->most ? f->flying : f->most;
}

static void fake_wait(void *self, unsigned slot)
{
    struct fake *f = self;
    int64_t rest_ns = f->done_ns[slot] - vg_now_ns();
    if (rest_ns > 0)
        vg_sleep_ns(rest_ns);
}

static void fake_verify(void *self, unsigned slot)
{
    struct fake *f = self;
    if (!f->open[slot])
        vg_w_fail(f->context, "slot %u is verified but was not submitted", slot);
    f->open[slot] = false;
    f->flying--;
    f->verified++;
}

static int64_t fake_bytes(void *self, unsigned slot)
{
    (void)self;
    return 1000 + slot;
}

static const struct vg_flight_ops fake_ops = {
    .submit = fake_submit, .wait = fake_wait, .verify = fake_verify, .bytes = fake_bytes
};

static void fly(struct vg_workload_context *context, unsigned slots, int64_t period_ns, int64_t burst_ns,
                int64_t job_ns)
{
    static struct fake fake;
    fake.context = context;
    fake.job_ns = job_ns;
    struct vg_flight flight = { .context = context, .ops = &fake_ops, .self = &fake, .slots = slots };
    flight.period_ns = period_ns;
    flight.burst_ns = burst_ns;
    flight.job_ns = job_ns;
    vg_flight_run(&flight);
    vg_w_fact_int(context, "submitted", fake.submitted);
    vg_w_fact_int(context, "verified", fake.verified);
    vg_w_fact_int(context, "counted", (int64_t)flight.verified);
    vg_w_fact_int(context, "most", fake.most);
    vg_w_fact_int(context, "measured", (int64_t)flight.measured);
    vg_w_fact_int(context, "busy_percent", flight.busy_ns * 100 / flight.ran_ns);
}

static void fly_always(struct vg_workload_context *context)
{
    fly(context, 3, 0, 0, JOB_NS);
}

static void fly_in_bursts(struct vg_workload_context *context)
{
    fly(context, 3, 50 * VG_NS_PER_MS, 15 * VG_NS_PER_MS, JOB_NS);
}

/* A burst shorter than a job still has one. */
static void fly_one_a_period(struct vg_workload_context *context)
{
    fly(context, 3, 25 * VG_NS_PER_MS, VG_NS_PER_MS, JOB_NS);
}

/* A job that is done in the rest of the next period: that one's burst was missed, and is not made up for. */
static void fly_past_a_burst(struct vg_workload_context *context)
{
    fly(context, 3, 50 * VG_NS_PER_MS, 5 * VG_NS_PER_MS, 60 * VG_NS_PER_MS);
}

static const struct vg_param params[] = { VG_FLIGHT_SECONDS, { 0 } };
static const struct vg_stream_spec *const streams = VG_FLIGHT_STREAMS("when", "how long", VG_FLIGHT_BYTES);
static const char *seconds[] = { "0.6" };

static struct process_report flown(void (*run)(struct vg_workload_context *), const char *for_s, int64_t stop_after_ns)
{
    seconds[0] = for_s;
    struct vg_workload workload = {
        .kind = VG_KIND_WORKLOAD, .name = "test", .params = params, .streams = streams, .run = run
    };
    return process_run(&workload, seconds, stop_after_ns, NULL);
}

static void jobs_stay_in_flight(void **state)
{
    (void)state;
    struct process_report r = flown(fly_always, "0.6", 0);
    assert_ended(&r, "ok", "");
    assert_string_equal(r.first_mark, "busy");
    assert_int_equal(process_number(&r, "most"), 3);
    assert_int_equal(process_number(&r, "submitted"), process_number(&r, "verified"));
    assert_int_equal(process_number(&r, "counted"), process_number(&r, "verified"));
    assert_true(process_number(&r, "busy_percent") >= 95);
    assert_true(process_rows(&r, "job") >= 25); /* 0.45 s of 2 ms each, on a machine that may be busy */
    assert_int_equal(process_rows(&r, "job"), process_number(&r, "measured"));
    /* What was in flight in the end was verified, and is in no row. */
    assert_int_equal(process_rows(&r, "job") + process_rows(&r, "warmup") + 3, process_number(&r, "verified"));
    const int64_t *row = r.streams[r.stream_count - 1].last_row;
    assert_int_equal(r.streams[r.stream_count - 1].width, 3);
    assert_true(row[2] >= 1000 && row[2] < 1003);
    assert_true(row[1] >= JOB_NS);
}

static void bursts_rest(void **state)
{
    (void)state;
    struct process_report r = flown(fly_in_bursts, "0.8", 0);
    assert_ended(&r, "ok", "");
    /* 15 of 50 ms, less the end of a burst into which no job fits. A busy machine makes it longer, but not a rest. */
    assert_true(process_number(&r, "busy_percent") >= 15);
    assert_true(process_number(&r, "busy_percent") <= 60);
    assert_int_equal(process_number(&r, "most"), 3);
    assert_int_equal(process_number(&r, "submitted"), process_number(&r, "verified"));
    r = flown(fly_one_a_period, "0.8", 0);
    assert_ended(&r, "ok", "");
    assert_int_equal(process_number(&r, "most"), 1);
    assert_true(process_number(&r, "submitted") >= 8); /* of 32 periods */
    assert_true(process_number(&r, "submitted") <= 33);
    r = flown(fly_past_a_burst, "0.8", 0);
    assert_ended(&r, "ok", "");
    assert_true(process_number(&r, "submitted") <= 9); /* each second period has one: 8 in 0.8 s, 13 without a rest */
}

static void a_stop_is_obeyed_at_any_moment(void **state)
{
    (void)state;
    void (*const kinds[])(struct vg_workload_context *) = { fly_always, fly_in_bursts, fly_one_a_period };
    static const int64_t after_ns[] = { 1, 3 * VG_NS_PER_MS, 20 * VG_NS_PER_MS, 300 * VG_NS_PER_MS };
    for (size_t kind = 0; kind < VG_COUNT(kinds); kind++) {
        for (size_t i = 0; i < VG_COUNT(after_ns); i++) {
            int64_t before_ns = vg_now_ns();
            struct process_report r = flown(kinds[kind], "3600", after_ns[i]);
            assert_ended(&r, "ok", "");
            assert_int_equal(process_number(&r, "submitted"), process_number(&r, "verified"));
            assert_true(vg_now_ns() - before_ns < 2 * VG_NS_PER_S);
        }
    }
}

static void ticks_do_not_drift(void **state)
{
    (void)state;
    const struct pace pace = { .start_ns = 1000, .period_ns = 1e9 / 60 };
    assert_int_equal(pace_instant(&pace, 0), 1000);
    assert_int_equal(pace_instant(&pace, 60), 1000 + VG_NS_PER_S);
    assert_int_equal(pace_instant(&pace, UINT64_C(60) * 86400), 1000 + 86400 * VG_NS_PER_S);
    assert_false(pace_late(&pace, 59, 1000 + VG_NS_PER_S)); /* on the tick of the next one */
    assert_true(pace_late(&pace, 59, 1001 + VG_NS_PER_S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_stay_in_flight),
        cmocka_unit_test(bursts_rest),
        cmocka_unit_test(a_stop_is_obeyed_at_any_moment),
        cmocka_unit_test(ticks_do_not_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
