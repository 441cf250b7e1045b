/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the recorded rows of what was asked of a driver to the metrics beside its capacity model: the rows are read, bad
 * ones refused, and each kind of wrong answer is told with its seed and a walk to it of which no step can be left out.
 */
#include "judge_fixture.h"

/* A legacy NVIDIA pGPU: two of the small type or one of the large, never both. */
static const int64_t pgpu[] = { 0, VG_CAPACITY_SAME_TYPE, 0, 0, 0, 0, 8192, 0, 0, 0, 0 };
static const int64_t types[][10] = { { 0, 0, 11, 4096, 2, 0, 0, 0, 2, 0 }, { 0, 1, 12, 8192, 1, 0, 0, 0, 1, 0 } };
static const char *const pgpu_columns[] = { "pgpu",     "model",      "sriov",       "vf_count", "vf_total", "count",
                                            "size_mib", "low_gm_mib", "high_gm_mib", "fences",   "board" };
static const char *const type_columns[] = { "pgpu",       "type",        "id",     "size_mib",   "max",
                                            "low_gm_mib", "high_gm_mib", "fences", "advertised", "whole" };

struct bench {
    struct vg_measurements *m;
    struct vg_measured_run *run;
    struct fixture_test f;
    char *directory;
};

static void put_stream(struct bench *b, const char *name, const char *const *columns, unsigned width,
                       const int64_t *rows, size_t count)
{
    struct vg_error err = { 0 };
    struct vg_measured_stream *stream = &vg_push(b->run->streams, b->run->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup(name), .file = vg_format("%s.csv", name), .rows = count };
    for (unsigned i = 0; i < width; i++)
        vg_push(stream->columns, stream->column_count) = (struct vg_measured_column) { .name = vg_strdup(columns[i]),
                                                                                       .unit = vg_strdup("1"),
                                                                                       .kind = vg_strdup("count"),
                                                                                       .better = vg_strdup("neither") };
    vg_autofree char *path = vg_format("%s/%s", b->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, columns, width, &err);
    assert_good(csv, err);
    for (size_t i = 0; i < count; i++)
        vg_csv_row(csv, rows + i * width);
    assert_good(vg_csv_close(csv, NULL, &err), err);
}

static void set_up(struct bench *b, const char *oracle)
{
    b->directory = scratch_directory();
    b->m = fixture_new(b->directory, "kernel-sample-mdev", "");
    struct vg_measured_phase *phase = fixture_phase(b->m, "walk", 0, 1000);
    b->run = fixture_run(phase, "host", "some-workload");
    fixture_fact(b->run, "pgpu.0", "card");
    fixture_fact(b->run, "type.0.0", "small");
    fixture_fact(b->run, "type.0.1", "large");
    fixture_fact(b->run, "seed", "42");
    put_stream(b, "pgpus", pgpu_columns, VG_COUNT(pgpu_columns), pgpu, 1);
    fixture_test(&b->f, "provisioning");
    fixture_param(&b->f, "phase", "walk");
    if (oracle)
        fixture_param(&b->f, "oracle", oracle);
    fixture_expect(&b->f, "x.steps", VG_OP_GE, 1);
}

static void put_steps(struct bench *b, const char *name, struct vg_step *steps, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        steps[i].step = i;
    put_stream(b, name, vg_step_columns, VG_STEP_COLUMNS, (const int64_t *)steps, count);
}

static struct vg_judgement *judged(struct bench *b, struct vg_error *err)
{
    struct vg_judgement *judgement = vg_judge(&b->f.test, b->m, err);
    vg_measurements_free(b->m);
    scratch_remove(b->directory);
    return judgement;
}

#define CREATE(its_type, number, its_outcome)                                                                          \
    {                                                                                                                  \
        .op = VG_STEP_CREATE, .type = its_type, .instance = number, .wanted = VG_ANY, .vf = VG_ANY, .place = VG_ANY,   \
        .outcome = its_outcome                                                                                         \
    }

static void right_answers_are_counted(void **state)
{
    (void)state;
    struct bench b;
    struct vg_error err = { 0 };
    set_up(&b, NULL);
    put_stream(&b, "types", type_columns, VG_COUNT(type_columns), types[0], 2);
    struct vg_step steps[] = {
        CREATE(0, 0, VG_REFUSED_NOT),
        CREATE(1, VG_ANY, VG_REFUSED_INCOMPATIBLE),
        CREATE(0, 1, VG_REFUSED_NOT),
        { .op = VG_STEP_DESTROY, .instance = 1, .wanted = VG_ANY },
        { .op = VG_STEP_DESTROY, .instance = 0, .wanted = VG_ANY },
    };
    put_steps(&b, "steps", steps, VG_COUNT(steps));
    const struct vg_counter counters[] = { { .step = 0, .type = VG_COUNTER_LIVE, .vf = VG_ANY, .value = 1 },
                                           { .step = 4, .type = VG_COUNTER_LIVE, .vf = VG_ANY, .value = 0 } };
    put_stream(&b, "counters", vg_counter_columns, VG_COUNTER_COLUMNS, (const int64_t *)counters, 2);
    struct vg_judgement *judgement = judged(&b, &err);
    assert_good(judgement, err);
    assert_near(value_of(judgement, "x.steps"), 5, 0);
    assert_near(value_of(judgement, "x.creates"), 2, 0);
    assert_near(value_of(judgement, "x.refusals"), 1, 0);
    assert_near(value_of(judgement, "x.counters_read"), 2, 0);
    assert_near(value_of(judgement, "x.types"), 2, 0);
    assert_near(value_of(judgement, "x.wrong"), 0, 0);
    assert_near(value_of(judgement, "x.wrong_maxima"), 0, 0);
    assert_near(value_of(judgement, "x.left_over"), 0, 0);
    assert_verdict(judgement, VG_PASS, NULL);
    vg_judgement_free(judgement);
}

static void a_wrong_answer_is_told_with_its_walk(void **state)
{
    (void)state;
    struct bench b;
    struct vg_error err = { 0 };
    set_up(&b, NULL);
    int64_t boastful[2][10];
    memcpy(boastful, types, sizeof(boastful));
    boastful[0][8] = 3; /* the driver says that three fit */
    put_stream(&b, "types", type_columns, VG_COUNT(type_columns), boastful[0], 2);
    struct vg_step steps[] = { CREATE(0, 0, VG_REFUSED_NOT), CREATE(0, 1, VG_REFUSED_NOT),
                               CREATE(0, 2, VG_REFUSED_NOT) };
    put_steps(&b, "steps", steps, VG_COUNT(steps));
    put_steps(&b, "shrunk", steps, VG_COUNT(steps));
    fixture_fact(b.run, "shrunk_end", "The third was granted.");
    struct vg_judgement *judgement = judged(&b, &err);
    assert_good(judgement, err);
    assert_near(value_of(judgement, "x.wrong_maxima"), 1, 0);
    assert_near(value_of(judgement, "x.wrong_grants"), 1, 0);
    assert_near(value_of(judgement, "x.left_over"), 3, 0);
    assert_verdict(judgement, VG_FAIL, "Seed 42.");
    assert_verdict(judgement, VG_FAIL, "A walk of 3 steps shows it, and no single one can be left out");
    assert_verdict(judgement, VG_FAIL, "The third was granted.");
    vg_judgement_free(judgement);
}

static void bad_rows_are_refused(void **state)
{
    (void)state;
    const struct {
        int64_t row[10];
        const char *word;
    } cases[] = {
        { { 1, 0, 11, 4096, 2, 0, 0, 0, 2, 0 }, "row 1 of the types belongs to no pGPU" },
        { { -1, 0, 11, 4096, 2, 0, 0, 0, 2, 0 }, "row 1 of the types belongs to no pGPU" },
        { { 0, 7, 11, 4096, 2, 0, 0, 0, 2, 0 }, "row 1 of the types belongs to no pGPU" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct bench b;
        struct vg_error err = { 0 };
        set_up(&b, NULL);
        put_stream(&b, "types", type_columns, VG_COUNT(type_columns), cases[i].row, 1);
        struct vg_judgement *judgement = judged(&b, &err);
        if (judgement)
            assert_verdict(judgement, VG_INVALID, cases[i].word);
        else
            assert_non_null(strstr(err.text, cases[i].word));
        if (judgement)
            vg_judgement_free(judgement);
    }
}

static void nothing_provisioned_means_nothing(void **state)
{
    (void)state;
    struct bench b;
    struct vg_error err = { 0 };
    set_up(&b, NULL);
    b.f.settings[0].value = (char *)"another";
    struct vg_judgement *judgement = judged(&b, &err);
    assert_good(judgement, err);
    assert_verdict(judgement, VG_INVALID, "Nothing was provisioned in phase `another`");
    vg_judgement_free(judgement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_answers_are_counted),
        cmocka_unit_test(a_wrong_answer_is_told_with_its_walk),
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(nothing_provisioned_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
