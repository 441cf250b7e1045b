/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis `utilisation` on reports whose right answer is known: two tenants, three sources. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct scene {
    const char *duty;                   /* that the first tenant measured; NULL: always busy */
    double nvml, fdinfo[2], cpu, other; /* percent; 0: that source does not tell. other: of a second tenant, by CPU */
    bool saturated;                     /* all of the pGPU must be told of */
    bool other_idle;                    /* it runs, and has nothing to do */
    const char *source;
    bool unverified;
};

static void add_cpu(struct vg_measurements *m, double first, double second)
{
    const struct fixture_probe probe = fixture_probe(m, "process-cpu", "cpu", "cpu_s", "wait_s");
    for (int i = 0; i <= 20; i++) {
        vg_csv_probe_row(probe.csv, (10 + i) * S / 2, "guest.0", "renderer",
                         (double[]) { 3 + i * 0.5 * first / 100, 0 }, 2);
        if (second > 0)
            vg_csv_probe_row(probe.csv, (10 + i) * S / 2, "other.0", "renderer",
                             (double[]) { i * 0.5 * second / 100, 0 }, 2);
    }
    fixture_probe_close(&probe);
}

/* Two clients, each with two engines of capacity 2; what others did is none of theirs. */
static void add_fdinfo(struct vg_measurements *m, const double percent[2])
{
    const struct fixture_probe probe = fixture_probe(m, "drm-fdinfo", "engine", "busy_s", "capacity");
    for (int i = 0; i <= 10; i++) {
        for (int client = 0; client < 2; client++) {
            vg_autofree char *render = vg_format("card0/%d/render", client);
            vg_autofree char *copy = vg_format("card0/%d/copy", client);
            vg_csv_probe_row(probe.csv, (5 + i) * S, "guest.0", render, (double[]) { i * percent[0] / 100, 2 }, 2);
            vg_csv_probe_row(probe.csv, (5 + i) * S, "guest.0", copy, (double[]) { i * percent[1] / 100, 2 }, 2);
        }
        vg_csv_probe_row(probe.csv, (5 + i) * S, "stranger.0", "card0/9/render", (double[]) { i, 2 }, 2);
    }
    fixture_probe_close(&probe);
}

static void add_nvml(struct vg_measurements *m, double percent)
{
    const struct fixture_probe probe = fixture_probe(m, "nvml", "utilization", "sm", "memory");
    vg_csv_probe_row(probe.csv, 1 * S, "guest.0", "gpu0/uuid", (double[]) { 99, 0 }, 2); /* before the run */
    for (int i = 0; i < 8; i++)
        vg_csv_probe_row(probe.csv, (6 + i) * S, "guest.0", "gpu0/uuid", (double[]) { percent + (i % 2 ? 1 : -1), 0 },
                         2);
    fixture_probe_close(&probe);
}

static struct vg_judgement *judge(const struct scene *s)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "guest.0");
    struct vg_measured_phase *phase = fixture_phase(m, "work", 5 * S, 15 * S);
    struct vg_measured_run *run = fixture_run(phase, "guest.0", "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "verified_jobs", s->unverified ? "0" : "17");
    if (s->duty)
        fixture_fact(run, "duty_measured_percent", s->duty);
    if (s->other > 0) {
        fixture_tenant(m, "other.0");
    }
    if (s->other > 0 && !s->other_idle) {
        run = fixture_run(phase, "other.0", "vk-compute-stream");
        fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
        fixture_fact(run, "verified_jobs", "17");
    }
    m->software_renderer = s->cpu > 0;
    if (s->cpu > 0)
        add_cpu(m, s->cpu, s->other);
    if (s->fdinfo[0] > 0)
        add_fdinfo(m, s->fdinfo);
    if (s->nvml > 0)
        add_nvml(m, s->nvml);
    struct fixture_test f;
    fixture_test(&f, "utilisation");
    fixture_param(&f, "phase", "work");
    if (s->source)
        fixture_param(&f, "source", s->source);
    fixture_expect(&f, "x.off", VG_OP_LE, s->saturated ? 100 : 10);
    if (s->saturated)
        fixture_expect(&f, "x.sum", VG_OP_GE, 90);
    fixture_expect(&f, "x.sum", VG_OP_LE, 105);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void expect(const struct scene *scene, enum vg_verdict verdict, const char *word, double reported)
{
    struct vg_judgement *judgement = judge(scene);
    assert_verdict(judgement, verdict, word);
    if (!isnan(reported))
        assert_near(value_of(judgement, "x.reported[guest.0]"), reported, 1e-6);
    /* From 5 to 15 s: what looks each half second has both ends, NVML's rows here are those from 6 to 13 s. */
    assert_near(value_of(judgement, "x.watched"), scene->nvml > 0 ? 7 : 10, 1e-6);
    vg_judgement_free(judgement);
}

static void each_source_is_read(void **state)
{
    (void)state;
    expect(&(struct scene) { .duty = "50.0", .cpu = 48 }, VG_PASS, NULL, 48);
    expect(&(struct scene) { .duty = "50.0", .nvml = 46 }, VG_PASS, NULL, 46);
    /* Two clients of 45 % each on an engine that there are two of; the other engine is less busy. */
    expect(&(struct scene) { .duty = "50.0", .fdinfo = { 45, 30 } }, VG_PASS, NULL, 45);
    expect(&(struct scene) { .duty = "50.0", .fdinfo = { 30, 55 } }, VG_PASS, NULL, 55);
    expect(&(struct scene) { .cpu = 97 }, VG_PASS, NULL, 97);
}

static void the_vendors_word_comes_first(void **state)
{
    (void)state;
    expect(&(struct scene) { .duty = "50.0", .nvml = 80, .cpu = 48 }, VG_FAIL, "x.off", 80);
    expect(&(struct scene) { .duty = "50.0", .fdinfo = { 90, 10 }, .cpu = 48 }, VG_FAIL, "x.off", 90);
}

static void wrong_numbers_are_seen(void **state)
{
    (void)state;
    expect(&(struct scene) { .duty = "10.0", .cpu = 100 }, VG_FAIL, "x.off", 100);
    expect(&(struct scene) { .duty = "90.0", .cpu = 45 }, VG_FAIL, "x.off", 45);
    expect(&(struct scene) { .cpu = 92, .other = 91 }, VG_FAIL, "x.sum", 92);
    expect(&(struct scene) { .duty = "55", .cpu = 51, .other = 95 }, VG_FAIL, "x.sum", 51);
}

/* The host tells 100 % of one that does nothing: the first tenant's own number is right all the same. */
static void an_idle_tenant_uses_nothing(void **state)
{
    (void)state;
    expect(&(struct scene) { .duty = "50.0", .cpu = 48, .other = 100, .other_idle = true }, VG_FAIL, "x.off", 48);
    expect(&(struct scene) { .duty = "50.0", .cpu = 48, .other = 40, .other_idle = true }, VG_FAIL, "x.off", 48);
    expect(&(struct scene) { .duty = "50.0", .cpu = 48, .other = 1, .other_idle = true }, VG_PASS, NULL, 48);
    expect(&(struct scene) { .cpu = 97, .other = 9, .other_idle = true }, VG_FAIL, "x.sum", 97);
}

static void counters_that_stand_still_are_no_use(void **state)
{
    (void)state;
    expect(&(struct scene) { .cpu = 49, .other = 49.5, .saturated = true }, VG_PASS, NULL, 49);
    expect(&(struct scene) { .cpu = 1e-6, .other = 1e-6, .saturated = true }, VG_FAIL, "x.sum", NAN);
    expect(&(struct scene) { .cpu = 49, .other = 20, .saturated = true }, VG_FAIL, "x.sum", 49);
}

static void only_the_wanted_source_counts(void **state)
{
    (void)state;
    const struct scene both = { .duty = "50.0", .fdinfo = { 90, 10 }, .cpu = 48, .source = "process-cpu" };
    expect(&both, VG_PASS, NULL, 48);
    struct vg_judgement *judgement = judge(&(struct scene) { .duty = "50.0", .cpu = 48, .source = "drm-fdinfo" });
    assert_verdict(judgement, VG_INVALID, "drm-fdinfo tells nothing");
    vg_judgement_free(judgement);
}

static void what_nobody_tells_is_no_number(void **state)
{
    (void)state;
    struct vg_judgement *judgement = judge(&(struct scene) { .duty = "50.0" });
    assert_true(judgement->verdict != VG_PASS);
    vg_judgement_free(judgement);
    judgement = judge(&(struct scene) { .duty = "50.0", .cpu = 50, .unverified = true });
    assert_verdict(judgement, VG_INVALID, NULL);
    vg_judgement_free(judgement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source_is_read),
        cmocka_unit_test(the_vendors_word_comes_first),
        cmocka_unit_test(wrong_numbers_are_seen),
        cmocka_unit_test(an_idle_tenant_uses_nothing),
        cmocka_unit_test(counters_that_stand_still_are_no_use),
        cmocka_unit_test(only_the_wanted_source_counts),
        cmocka_unit_test(what_nobody_tells_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
