/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time slices found in synthetic series whose period and quota are known: an even scheduler, one that stops tenants at
 * timer ticks only, round robin, noise on top, a tenant whose CPU is late; and series in which there is nothing to
 * find, which must not become a number. */
#include "judge_fixture.h"
#include "judge/slices.h"

#define S INT64_C(1000000000)

static uint64_t random_state;

static double uniform(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static double exponential(double mean)
{
    return -mean * log(uniform());
}

/* When the tenant was let run, seconds. */
struct turns {
    struct slice_stretch *items;
    size_t count;
};

static void add_turn(struct turns *turns, double begin_s, double end_s)
{
    vg_push(turns->items, turns->count) = (struct slice_stretch) { begin_s, end_s };
}

static void even_turns(struct turns *turns, double period_s, double quota_s, double seconds)
{
    for (double at_s = 0; at_s < seconds; at_s += period_s)
        add_turn(turns, at_s, at_s + quota_s);
}

/* Bandwidth control that looks at the clock at ticks only: what was overdrawn is taken off the next periods. */
static void tick_turns(struct turns *turns, double period_s, double quota_s, double tick_s, double seconds)
{
    double left_s = 0;
    for (double at_s = 0; at_s < seconds; at_s += period_s) {
        left_s = fmin(left_s + quota_s, quota_s);
        if (left_s <= 0)
            continue;
        double end_s = at_s;
        while (left_s > 1e-9 && end_s < at_s + period_s - 1e-9) {
            double tick = (floor(end_s / tick_s + 1e-9) + 1) * tick_s;
            left_s -= tick - end_s;
            end_s = tick;
        }
        add_turn(turns, at_s, fmin(end_s, at_s + period_s));
    }
}

/* Each turn's length has its own error, and errors add up: nothing brings the phase back. */
static void round_robin_turns(struct turns *turns, unsigned tenants, double slice_s, double error, double seconds)
{
    for (double at_s = 0; at_s < seconds;) {
        for (unsigned i = 0; i < tenants; i++) {
            double length_s = slice_s * (1 + error * (2 * uniform() - 1));
            if (i == 0)
                add_turn(turns, at_s, at_s + length_s);
            at_s += length_s;
        }
    }
}

static void random_turns(struct turns *turns, double run_s, double wait_s, double seconds)
{
    for (double at_s = 0; at_s < seconds;) {
        double length_s = exponential(run_s);
        add_turn(turns, at_s, at_s + length_s);
        at_s += length_s + exponential(wait_s);
    }
}

/* Something else takes the GPU away at random, now and then, for a while. */
static void add_noise(struct turns *turns, double every_s, double length_s)
{
    struct turns noisy = { 0 };
    double next_s = exponential(every_s);
    for (size_t i = 0; i < turns->count; i++) {
        struct slice_stretch turn = turns->items[i];
        while (next_s < turn.end_s) {
            double gap_s = length_s * (0.5 + uniform());
            if (next_s > turn.begin_s)
                add_turn(&noisy, turn.begin_s, next_s);
            turn.begin_s = fmax(turn.begin_s, next_s + gap_s);
            next_s += gap_s + exponential(every_s);
        }
        if (turn.begin_s < turn.end_s)
            add_turn(&noisy, turn.begin_s, turn.end_s);
    }
    free(turns->items);
    *turns = noisy;
}

/* Equal jobs done one after the other while the tenant is let run. `late`: now and then the tenant's CPU is away for so
 * long, and sees what was completed meanwhile when it comes back. */
static size_t complete_jobs(const struct turns *turns, double job_s, double late_every_s, double late_s, double **at_s)
{
    size_t count = 0;
    double need_s = job_s, away_from_s = late_every_s > 0 ? exponential(late_every_s) : INFINITY, last_s = 0;
    *at_s = NULL;
    for (size_t i = 0; i < turns->count; i++) {
        double now_s = turns->items[i].begin_s, end_s = turns->items[i].end_s;
        while (now_s + need_s <= end_s) {
            now_s += need_s;
            need_s = job_s;
            while (now_s > away_from_s + late_s)
                away_from_s += late_s + exponential(late_every_s);
            double seen_s = now_s > away_from_s ? away_from_s + late_s : now_s;
            last_s = seen_s = fmax(seen_s, last_s);
            vg_push(*at_s, count) = seen_s;
        }
        need_s -= end_s - now_s;
    }
    return count;
}

static void find_by_completions(const struct turns *turns, double job_s, double late_every_s, double late_s,
                                struct slice_found *found)
{
    double *at_s;
    size_t count = complete_jobs(turns, job_s, late_every_s, late_s, &at_s);
    vg_autofree double *submitted_s = vg_calloc(count + 1, sizeof(*submitted_s));
    for (size_t i = 0; i < count; i++)
        submitted_s[i] = i < 8 ? 0 : at_s[i - 8];
    struct slice_stretches stretches VG_CLEANUP(slice_stretches_free) = { 0 };
    slice_from_completions(at_s, submitted_s, count, &stretches);
    slice_find(&stretches, found);
    free(at_s);
}

static void find_by_clock(const struct turns *turns, double job_s, struct slice_found *found)
{
    struct slice_stretches stretches = {
        .items = turns->items, .count = turns->count, .grain_s = job_s, .clocked = true
    };
    slice_find(&stretches, found);
}

static void assert_found(struct slice_found *found, double period_s, double quota_s, double within)
{
    if (!found->periodic)
        fail_msg("not found (periodicity %.2f): %s", found->periodicity, found->why_not);
    assert_near(found->period_s / period_s, 1, within);
    assert_near(found->quota_s / quota_s, 1, within);
    slice_found_free(found);
}

static void assert_not_found(struct slice_found *found, const char *word)
{
    if (found->periodic)
        fail_msg("found %g of %g s, periodicity %.2f", found->quota_s, found->period_s, found->periodicity);
    if (word && !strstr(found->why_not, word))
        fail_msg("\"%s\" does not say \"%s\"", found->why_not, word);
    slice_found_free(found);
}

static void even_slices_are_found(void **state)
{
    (void)state;
    static const double cases[][2] = { { 0.020, 0.005 }, { 0.020, 0.010 }, { 0.010, 0.005 }, { 0.040, 0.010 },
                                       { 0.008, 0.002 }, { 0.100, 0.080 }, { 0.020, 0.018 } };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct turns turns = { 0 };
        struct slice_found found;
        even_turns(&turns, cases[i][0], cases[i][1], 10);
        find_by_clock(&turns, 0.0005, &found);
        assert_found(&found, cases[i][0], cases[i][1], 0.01);
        find_by_completions(&turns, 0.0005, 0, 0, &found);
        assert_found(&found, cases[i][0], cases[i][1], 0.1);
        free(turns.items);
    }
}

static void slices_that_end_at_ticks_are_found(void **state)
{
    (void)state;
    static const double cases[][2] = { { 0.020, 0.005 }, { 0.010, 0.005 }, { 0.020, 0.010 }, { 0.040, 0.010 } };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct turns turns = { 0 };
        struct slice_found found;
        tick_turns(&turns, cases[i][0], cases[i][1], 0.004, 10);
        find_by_clock(&turns, 0.001, &found);
        assert_found(&found, cases[i][0], cases[i][1], 0.02);
        random_state = i; /* the short waits of one in two periods are no noise, though noise is as long */
        add_noise(&turns, 0.3, 0.002);
        find_by_clock(&turns, 0.001, &found);
        assert_found(&found, cases[i][0], cases[i][1], 0.1);
        free(turns.items);
    }
}

static void round_robin_is_found(void **state)
{
    (void)state;
    for (unsigned tenants = 2; tenants <= 4; tenants++) {
        struct turns turns = { 0 };
        struct slice_found found;
        random_state = tenants;
        round_robin_turns(&turns, tenants, 0.002, 0.1, 10);
        find_by_clock(&turns, 0.0005, &found);
        assert_found(&found, 0.002 * tenants, 0.002, 0.05);
        free(turns.items);
    }
}

static void noise_and_late_tenants_do_not_hide_slices(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct turns turns = { 0 };
        struct slice_found found;
        random_state = seed;
        even_turns(&turns, 0.020, 0.005, 10);
        add_noise(&turns, 0.1, 0.002);
        find_by_clock(&turns, 0.001, &found);
        assert_found(&found, 0.020, 0.005, 0.2);
        find_by_completions(&turns, 0.001, 0.05, 0.004, &found);
        assert_found(&found, 0.020, 0.005, 0.2);
        free(turns.items);
    }
}

/* Two tenants that are let run at the same time take turns of their own within it. */
static void short_turns_within_a_slice_are_not_all_of_it(void **state)
{
    (void)state;
    struct turns turns = { 0 };
    struct slice_found found;
    for (double at_s = 0; at_s < 10; at_s += 0.020)
        for (int i = 0; i < 5; i++)
            add_turn(&turns, at_s + i * 0.002, at_s + i * 0.002 + 0.001);
    find_by_clock(&turns, 0.0005, &found);
    assert_found(&found, 0.020, 0.005, 0.01);
    free(turns.items);
}

/* Runs as long as jobs: it may be the jobs that take turns. */
static void turns_of_jobs_are_no_slices(void **state)
{
    (void)state;
    struct turns turns = { 0 };
    struct slice_found found;
    even_turns(&turns, 0.002, 0.001, 5);
    find_by_clock(&turns, 0.001, &found);
    assert_not_found(&found, "hardly longer than one job");
    free(turns.items);
}

static void gaps_at_random_are_no_slices(void **state)
{
    (void)state;
    static const double cases[][3] = {
        { 0.005, 0.015, 10 }, { 0.010, 0.010, 10 }, { 0.018, 0.002, 10 }, { 0.005, 0.015, 1 }, { 0.010, 0.010, 2 }
    };
    for (uint64_t seed = 1; seed <= 400; seed++) {
        for (size_t i = 0; i < VG_COUNT(cases); i++) {
            struct turns turns = { 0 };
            struct slice_found found;
            random_state = seed * 1000 + i;
            random_turns(&turns, cases[i][0], cases[i][1], cases[i][2]);
            find_by_clock(&turns, 0.0005, &found);
            assert_not_found(&found, NULL);
            find_by_completions(&turns, 0.0005, 0, 0, &found);
            assert_not_found(&found, NULL);
            free(turns.items);
        }
    }
}

static void no_waits_are_no_slices(void **state)
{
    (void)state;
    struct turns turns = { 0 };
    struct slice_found found;
    add_turn(&turns, 0, 10);
    find_by_completions(&turns, 0.001, 0, 0, &found);
    assert_near(found.busy, 1, 1e-9);
    assert_not_found(&found, "never made to wait");
    /* A tenant whose CPU is late waits for itself, not for the GPU. */
    random_state = 7;
    find_by_completions(&turns, 0.001, 0.020, 0.004, &found);
    assert_not_found(&found, "never made to wait");
    free(turns.items);
    turns = (struct turns) { 0 };
    even_turns(&turns, 0.5, 0.2, 5); /* ten */
    find_by_clock(&turns, 0.001, &found);
    assert_not_found(&found, "too few");
    free(turns.items);
    find_by_clock(&(struct turns) { 0 }, 0.001, &found);
    assert_not_found(&found, "never");
}

static void jobs_as_long_as_slices_show_nothing(void **state)
{
    (void)state;
    struct turns turns = { 0 };
    struct slice_found found;
    even_turns(&turns, 0.020, 0.005, 20);
    find_by_completions(&turns, 0.0045, 0, 0, &found);
    assert_not_found(&found, NULL);
    find_by_completions(&turns, 0.0125, 0, 0, &found);
    assert_not_found(&found, NULL);
    free(turns.items);
}

/* --- the analysis, from files ------------------------------------------------------------------------------------- */

struct scenario {
    double period_s, quota_s, job_s;
    bool clocked, unverified, backwards, no_clock_facts;
    double idle_s; /* after each turn nothing is queued for so long */
    unsigned period_us, slice_us;
    const char *source;
};

static void add_pieces(struct vg_measurements *m, struct vg_measured_run *run, const struct scenario *s,
                       const struct turns *turns)
{
    struct vg_error err = { 0 };
    static const char *const columns[] = { "submitted", "begin", "end" };
    struct vg_measured_stream *stream = &vg_push(run->streams, run->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup("piece"), .rows = turns->count };
    stream->file = vg_strdup("piece.csv");
    for (int i = 0; i < 3; i++)
        vg_push(stream->columns, stream->column_count) = (struct vg_measured_column) { .name = vg_strdup(columns[i]) };
    vg_autofree char *path = vg_format("%s/piece.csv", m->directory);
    struct vg_csv *csv = vg_csv_create(path, columns, 3, &err);
    assert_non_null(csv);
    for (size_t i = 0; i < turns->count; i++) {
        double queued_s = i ? turns->items[i - 1].end_s + s->idle_s : 0;
        int64_t begin = (int64_t)(turns->items[i].begin_s * 1e8), end = (int64_t)(turns->items[i].end_s * 1e8);
        const int64_t row[] = { 11 * S + (int64_t)(queued_s * 1e9), begin, s->backwards && i == 5 ? begin - 1 : end };
        vg_csv_row(csv, row);
    }
    assert_good(vg_csv_close(csv, NULL, &err), err);
}

static struct vg_judgement *judge(const struct scenario *s)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "fixed-share");
    m->period_us = s->period_us;
    m->slice_us = s->slice_us;
    fixture_tenant(m, "one.0");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 10 * S, 22 * S), "one.0", "vk-slice");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "verified_jobs", s->unverified ? "0" : "17");
    fixture_fact(run, "job_ns", "1000000");
    struct turns turns = { 0 };
    even_turns(&turns, s->period_s, s->quota_s, 10);
    double *at_s;
    size_t count = complete_jobs(&turns, s->job_s, 0, 0, &at_s);
    int64_t(*rows)[2] = vg_calloc(count + 1, sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        rows[i][0] = 11 * S + (int64_t)(at_s[i] * 1e9);
        rows[i][1] = (int64_t)((i < 8 ? at_s[i] : at_s[i] - at_s[i - 8]) * 1e9);
    }
    fixture_stream(m, run, "job", "completed", "latency", (const int64_t(*)[2])rows, count);
    free(rows);
    free(at_s);
    if (s->clocked) {
        add_pieces(m, run, s, &turns);
        if (!s->no_clock_facts) {
            fixture_fact(run, "gpu_clock_tick_ns", "10");
            fixture_fact(run, "gpu_clock_zero_ns", "11000000000");
        }
    }
    free(turns.items);
    struct fixture_test f;
    fixture_test(&f, "slice");
    fixture_param(&f, "phase", "main");
    if (s->source)
        fixture_param(&f, "source", s->source);
    fixture_expect(&f, "x.period_error", VG_OP_LE, 0.2);
    fixture_expect(&f, "x.quota_error", VG_OP_LE, 0.2);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void configured_slices_pass(void **state)
{
    (void)state;
    static const struct scenario cases[] = {
        { 0.020, 0.005, 0.001, .clocked = true, .period_us = 20000 }, /* a quarter: profile_max is 4 */
        { 0.020, 0.005, 0.001, .clocked = true, .slice_us = 5000 },
        { 0.020, 0.005, 0.001, .clocked = true, .period_us = 20000, .source = "completions" },
        { 0.020, 0.005, 0.001, .period_us = 20000 },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_judgement *j = judge(&cases[i]);
        assert_verdict(j, VG_PASS, NULL);
        assert_near(value_of(j, "x.period"), 20e6, 0.2e6);
        assert_near(value_of(j, "x.quota"), 5e6, 0.5e6);
        assert_near(value_of(j, "x.configured_period"), 20e6, 1);
        assert_near(value_of(j, "x.configured_quota"), 5e6, 1);
        assert_near(value_of(j, "x.busy"), 0.25, 0.03);
        assert_near(value_of(j, "x.wait_p50"), 15e6, 1e6);
        assert_near(value_of(j, "x.idle"), 0, 0);
        vg_judgement_free(j);
    }
}

static void slices_of_twice_the_length_fail(void **state)
{
    (void)state;
    struct vg_judgement *j = judge(&(struct scenario) { 0.040, 0.010, 0.001, .clocked = true, .period_us = 20000 });
    assert_verdict(j, VG_FAIL, "x.period_error");
    assert_near(value_of(j, "x.period_error"), 1, 0.02);
    assert_near(value_of(j, "x.quota_error"), 1, 0.1);
    vg_judgement_free(j);
    j = judge(
        &(struct scenario) { 0.020, 0.010, 0.001, .period_us = 20000 }); /* right period, half instead of a quarter */
    assert_verdict(j, VG_FAIL, "x.quota_error");
    vg_judgement_free(j);
}

static void what_shows_no_slice_is_invalid(void **state)
{
    (void)state;
    static const struct {
        struct scenario scenario;
        const char *word;
    } cases[] = {
        { { 0.020, 0.005, 0.001, .clocked = true, .idle_s = 0.006, .period_us = 20000 }, "nothing queued for 30 %" },
        { { 0.020, 0.005, 0.001, .clocked = true, .backwards = true, .period_us = 20000 }, "ends before it begins" },
        { { 0.020, 0.005, 0.001, .clocked = true, .no_clock_facts = true, .period_us = 20000 }, "how its GPU's clock" },
        { { 0.020, 0.005, 0.001, .clocked = true, .unverified = true, .period_us = 20000 }, "verified" },
        { { 0.020, 0.020, 0.001, .period_us = 20000 }, "never made to wait" },
        { { 0.020, 0.005, 0.001, .period_us = 20000, .source = "gpu-clock" }, "no readings of a GPU clock" },
        { { 0.020, 0.005, 100, .period_us = 20000 }, "too few completions" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_judgement *j = judge(&cases[i].scenario);
        assert_verdict(j, VG_INVALID, cases[i].word);
        vg_judgement_free(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_slices_are_found),
        cmocka_unit_test(slices_that_end_at_ticks_are_found),
        cmocka_unit_test(round_robin_is_found),
        cmocka_unit_test(noise_and_late_tenants_do_not_hide_slices),
        cmocka_unit_test(short_turns_within_a_slice_are_not_all_of_it),
        cmocka_unit_test(turns_of_jobs_are_no_slices),
        cmocka_unit_test(gaps_at_random_are_no_slices),
        cmocka_unit_test(no_waits_are_no_slices),
        cmocka_unit_test(jobs_as_long_as_slices_show_nothing),
        cmocka_unit_test(configured_slices_pass),
        cmocka_unit_test(slices_of_twice_the_length_fail),
        cmocka_unit_test(what_shows_no_slice_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
