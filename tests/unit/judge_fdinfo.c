/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis of DRM fdinfo: counters that are possible and ones that are not, and a host that tells nothing. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct reading {
    int64_t time_s;
    const char *item;
    double busy_s, told_s;
};

static void watch(struct vg_measurements *m, const char *files, const struct reading *readings, size_t count)
{
    static const char *const columns[] = { "time_ns", "tenant", "item", "busy_s", "capacity", "told_s", "open" };
    struct vg_error err = { 0 };
    struct vg_measured_probe *probe = &vg_push(m->probes, m->probe_count);
    *probe = (struct vg_measured_probe) { .name = vg_strdup("drm-fdinfo") };
    const char *const facts[][2] = { { "files_read", files },
                                     { "files_without_driver", "0" },
                                     { "malformed_values", "2" },
                                     { "engine_name_changes", "0" },
                                     { "clients_not_followed", "3" } };
    for (size_t i = 0; i < VG_COUNT(facts); i++)
        vg_push(probe->facts, probe->fact_count) = (struct vg_fact) { vg_strdup(facts[i][0]), vg_strdup(facts[i][1]) };
    struct vg_measured_stream *stream = &vg_push(probe->streams, probe->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup("engine"), .file = vg_strdup("probe.drm.csv") };
    for (size_t i = 3; i < VG_COUNT(columns); i++)
        vg_push(stream->columns, stream->column_count) = (struct vg_measured_column) { .name = vg_strdup(columns[i]),
                                                                                       .unit = vg_strdup("1"),
                                                                                       .kind = vg_strdup("count"),
                                                                                       .better = vg_strdup("neither") };
    vg_autofree char *path = vg_format("%s/%s", m->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, columns, VG_COUNT(columns), &err);
    assert_non_null(csv);
    for (size_t i = 0; i < count; i++) {
        const double values[] = { readings[i].busy_s, 2, readings[i].told_s, 1 };
        vg_csv_probe_row(csv, readings[i].time_s * S, "guest.0", readings[i].item, values, 4);
    }
    assert_good(vg_csv_close(csv, &stream->rows, &err), err);
}

static struct vg_judgement *judge(struct vg_measurements *m, const char *phase)
{
    struct vg_error err = { 0 };
    struct fixture_test f;
    fixture_test(&f, "drm-fdinfo");
    if (phase)
        fixture_param(&f, "phase", phase);
    fixture_expect(&f, "x.busiest_engine", VG_OP_LE, 1.05);
    fixture_expect(&f, "x.counters_behind", VG_OP_EQ, 0);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    return judgement;
}

static void check(const struct reading *readings, size_t count, enum vg_verdict verdict, const char *word,
                  double busiest)
{
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "virtio-venus", "");
    fixture_tenant(m, "guest.0");
    watch(m, "12", readings, count);
    struct vg_judgement *judgement = judge(m, NULL);
    assert_verdict(judgement, verdict, word);
    assert_near(value_of(judgement, "x.busiest_engine"), busiest, 1e-9);
    assert_near(value_of(judgement, "x.malformed_values"), 2, 0);
    assert_near(value_of(judgement, "x.clients_not_followed"), 3, 0);
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void engines_have_so_much_time(void **unused)
{
    (void)unused;
    /* Two engines of a kind, ten seconds, two clients; what was used before the first look is not of this test. */
    const struct reading possible[] = { { 10, "gpu/1/render", 100, 100 }, { 10, "gpu/2/render", 0, 0 },
                                        { 10, "gpu/2/video", 0, 0 },      { 20, "gpu/1/render", 109, 109 },
                                        { 20, "gpu/2/render", 8, 8 },     { 20, "gpu/2/video", 3, 3 } };
    check(possible, VG_COUNT(possible), VG_PASS, NULL, 0.85);
    const struct reading twice[] = { { 10, "gpu/1/render", 0, 0 },
                                     { 10, "gpu/2/render", 0, 0 },
                                     { 20, "gpu/1/render", 15, 15 },
                                     { 20, "gpu/2/render", 15, 15 } };
    check(twice, VG_COUNT(twice), VG_FAIL, "x.busiest_engine", 1.5);
    const struct reading two_devices[] = { { 10, "a/1/render", 0, 0 },
                                           { 10, "b/1/render", 0, 0 },
                                           { 20, "a/1/render", 15, 15 },
                                           { 20, "b/1/render", 15, 15 } };
    check(two_devices, VG_COUNT(two_devices), VG_PASS, NULL, 0.75);
    const struct reading behind[] = { { 10, "gpu/1/render", 5, 5 }, { 20, "gpu/1/render", 5, 4 } };
    check(behind, VG_COUNT(behind), VG_FAIL, "x.counters_behind", 0);
}

/* Counted twice in ten of thirty seconds: of all of them it is possible, of those in which the work was done it is not.
 */
static void what_was_not_worked_thins_nothing_out(void **unused)
{
    (void)unused;
    const struct reading twice[] = { { 0, "gpu/1/render", 0, 0 },
                                     { 10, "gpu/1/render", 0, 0 },
                                     { 20, "gpu/1/render", 36, 36 },
                                     { 30, "gpu/1/render", 36, 36 } };
    check(twice, VG_COUNT(twice), VG_PASS, NULL, 0.6);
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "");
    fixture_tenant(m, "guest.0");
    fixture_run(fixture_phase(m, "busy", 10 * S, 20 * S), "guest.0", "some-workload");
    fixture_run(fixture_phase(m, "idle", 21 * S, 29 * S), "guest.0", "some-workload");
    watch(m, "12", twice, VG_COUNT(twice));
    struct vg_judgement *judgement = judge(m, "busy");
    assert_verdict(judgement, VG_FAIL, "x.busiest_engine");
    assert_near(value_of(judgement, "x.busiest_engine"), 1.8, 1e-9);
    vg_judgement_free(judgement);
    judgement = judge(m, "idle");
    assert_verdict(judgement, VG_INVALID, "no engine was told");
    vg_judgement_free(judgement);
    judgement = judge(m, "another");
    assert_verdict(judgement, VG_INVALID, "was not measured");
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void a_host_that_tells_nothing_is_skipped(void **unused)
{
    (void)unused;
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "virtio-venus", "");
    fixture_tenant(m, "guest.0");
    struct vg_judgement *judgement = judge(m, NULL);
    assert_verdict(judgement, VG_SKIP, "did not watch");
    assert_int_equal(judgement->reason_count, 1);
    vg_judgement_free(judgement);
    watch(m, "0", NULL, 0);
    vg_push(m->probes[0].facts, m->probes[0].fact_count) =
        (struct vg_fact) { vg_strdup("unseen"), vg_strdup("no DRM device") };
    judgement = judge(m, NULL);
    assert_verdict(judgement, VG_SKIP, "no DRM device");
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(engines_have_so_much_time),
                                        cmocka_unit_test(what_was_not_worked_thins_nothing_out),
                                        cmocka_unit_test(a_host_that_tells_nothing_is_skipped) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
