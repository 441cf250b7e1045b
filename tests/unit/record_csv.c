/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw samples to disk and back: exact, fast, and not fooled by files that are cut, garbled or somewhere else. */
#include "judge_fixture.h"

#include <sys/stat.h>
#include "support/under_valgrind.h"

static struct vg_measured_column columns[] = { { .name = (char *)"t0" }, { .name = (char *)"latency" } };

static struct vg_measured_stream stream_of(const char *file, uint64_t rows)
{
    return (struct vg_measured_stream) {
        .name = (char *)"s", .file = (char *)file, .rows = rows, .columns = columns, .column_count = 2
    };
}

static void integers_survive(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/s.csv", directory);
    static const int64_t rows[][2] = { { 0, -1 },         { 9, 10 },
                                       { 99, 100 },       { INT64_C(1) << 53, 12345678 },
                                       { -100, -987654 }, { INT64_MAX, INT64_MIN } };
    struct vg_csv *csv = vg_csv_create(path, (const char *const[]) { "t0", "latency" }, 2, &err);
    assert_non_null(csv);
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        assert_true(vg_csv_row(csv, rows[i]));
    uint64_t count;
    assert_good(vg_csv_close(csv, &count, &err), err);
    assert_int_equal(count, VG_COUNT(rows));
    vg_autofree char *text = NULL;
    size_t length;
    assert_good(vg_read_file(path, 4096, &text, &length, &err), err);
    assert_string_equal(text, "t0,latency\n0,-1\n9,10\n99,100\n9007199254740992,12345678\n-100,-987654\n"
                              "9223372036854775807,-9223372036854775808\n");
    struct vg_samples samples;
    struct vg_measured_stream stream = stream_of("s.csv", count);
    assert_good(vg_samples_load(directory, &stream, &samples, &err), err);
    assert_int_equal(samples.rows, VG_COUNT(rows));
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        assert_near(vg_samples_column(&samples, "t0")[i], (double)rows[i][0], 0);
        assert_near(vg_samples_column(&samples, "latency")[i], (double)rows[i][1], 0);
    }
    assert_null(vg_samples_column(&samples, "nothing"));
    vg_samples_free(&samples);
    scratch_remove(directory);
}

/* Most probes of most hosts see nothing. */
static void a_table_without_rows_needs_no_file(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_samples samples;
    struct vg_measured_stream stream = stream_of("s.csv", 0);
    assert_good(vg_samples_load(directory, &stream, &samples, &err), err);
    assert_int_equal(samples.rows, 0);
    assert_non_null(vg_samples_column(&samples, "latency"));
    vg_samples_free(&samples);
    stream.rows = 1;
    assert_false(vg_samples_load(directory, &stream, &samples, &err));
    assert_non_null(strstr(err.text, "cannot read"));
    scratch_remove(directory);
}

static void malformed_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t rows;
        const char *word;
    } cases[] = {
        { "t0,latency\n1,2\n3,x\n", 2, "line 3" },
        { "t0,latency\n1,2\n3\n", 2, "line 3" },
        { "t0,latency\n1,2,3\n", 1, "line 2" },
        { "t0,latency\n1,\n", 1, "line 2" },
        { "t0,latency\n\n", 1, "" },
        { "t0,latency\n1,2.5\n", 1, "line 2" },
        { "t0,latency\n1,-\n", 1, "line 2" },
        { "t0,latency\n1, 2\n", 1, "line 2" },
        { "t0,latency\n1,9223372036854775808\n", 1, "line 2" },
        { "t0,latency\n1,99999999999999999999999999\n", 1, "line 2" },
        { "t0,latency\n1,2\n3,4", 2, "cut" },
        { "t0,latency\n1,2\n", 2, "rows" },
        { "t0,latency\n1,2\n3,4\n", 1, "more rows" },
        { "t0,latency\n1,2\n", 40000000, "too small" },
        { "t0,latency\n1,2\n", UINT64_MAX, "100 million" },
        { "latency,t0\n1,2\n", 1, "header" },
        { "", 0, "header" },
    };
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/s.csv", directory);
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        struct vg_samples samples;
        struct vg_measured_stream stream = stream_of("s.csv", cases[i].rows);
        assert_good(vg_write_file(path, cases[i].text, strlen(cases[i].text), &err), err);
        if (vg_samples_load(directory, &stream, &samples, &err))
            fail_msg("case %zu was accepted", i);
        if (!strstr(err.text, cases[i].word))
            fail_msg("case %zu says: %s", i, err.text);
    }
    scratch_remove(directory);
}

static void files_elsewhere_are_refused(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_samples samples;
    char *directory = scratch_directory();
    vg_autofree char *inside = vg_format("%s/in", directory);
    vg_autofree char *outside = vg_format("%s/s.csv", directory);
    vg_autofree char *link = vg_format("%s/link.csv", inside);
    vg_autofree char *fifo = vg_format("%s/fifo.csv", inside);
    assert_int_equal(mkdir(inside, 0755), 0);
    assert_good(vg_write_file(outside, "t0,latency\n1,2\n", 15, &err), err);
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const char *const names[] = { "../s.csv", outside, "link.csv", "fifo.csv", "..", ".", "", "missing.csv" };
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        struct vg_measured_stream stream = stream_of(names[i], 1);
        if (vg_samples_load(inside, &stream, &samples, &err))
            fail_msg("%s was read", names[i]);
    }
    scratch_remove(directory);
}

static void full_disk_is_told(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_csv *csv = vg_csv_create("/dev/full", (const char *const[]) { "t0" }, 1, &err);
    assert_non_null(csv);
    for (int64_t i = 0; i < 100000; i++)
        vg_csv_row(csv, &i);
    assert_false(vg_csv_close(csv, NULL, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "free some space"));
    assert_null(vg_csv_create("/nonexistent/s.csv", (const char *const[]) { "t0" }, 1, &err));
}

static void probe_rows_survive(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/p.csv", directory);
    static const char *const names[] = { "time_ns", "tenant", "item", "t0", "latency" };
    struct vg_csv *csv = vg_csv_create(path, names, 5, &err);
    assert_non_null(csv);
    assert_true(vg_csv_probe_row(csv, 5, "peer.0", "odd \"name\", with\na break", (double[]) { 0.1, NAN }, 2));
    assert_true(vg_csv_probe_row(csv, 6, "", "", (double[]) { -3, 1e300 }, 2));
    assert_good(vg_csv_close(csv, NULL, &err), err);
    struct vg_probe_samples samples;
    struct vg_measured_stream stream = stream_of("p.csv", 2);
    assert_good(vg_probe_samples_load(directory, &stream, &samples, &err), err);
    assert_int_equal(samples.rows, 2);
    assert_int_equal(samples.time_ns[1], 6);
    assert_string_equal(samples.tenant[0], "peer.0");
    assert_string_equal(samples.item[0], "odd \"name\", with a break");
    assert_string_equal(samples.item[1], "");
    assert_near(vg_probe_samples_column(&samples, "t0")[0], 0.1, 1e-12);
    assert_true(isnan(vg_probe_samples_column(&samples, "latency")[0]));
    assert_near(vg_probe_samples_column(&samples, "latency")[1], 1e300, 1e290);
    vg_probe_samples_free(&samples);
    static const char *const bad[] = { "1,\"a\",\"b\",1\n",
                                       "1,\"a\",\"b\",1,2,3\n",
                                       "1,a,\"b\",1,2\n",
                                       "1,\"a,\"b\",1,2\n",
                                       "x,\"a\",\"b\",1,2\n",
                                       "1,\"a\",\"b\",1,y\n",
                                       "1\n",
                                       "1,\"a\"\n" };
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        vg_autofree char *text =
            vg_format("time_ns,tenant,item,t0,latency\n%s                              \n", bad[i]);
        char *end = strchr(strchr(text, '\n') + 1, '\n');
        stream.rows = 1;
        assert_good(vg_write_file(path, text, (size_t)(end + 1 - text), &err), err);
        if (vg_probe_samples_load(directory, &stream, &samples, &err))
            fail_msg("accepted: %s", bad[i]);
    }
    scratch_remove(directory);
}

static void speed(void **state)
{
    (void)state;
    enum { ROWS = 1000000 };
    if (under_valgrind())
        skip();
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/s.csv", directory);
    static struct vg_measured_column five[] = { { .name = (char *)"a" },
                                                { .name = (char *)"b" },
                                                { .name = (char *)"c" },
                                                { .name = (char *)"d" },
                                                { .name = (char *)"e" } };
    struct vg_csv *csv = vg_csv_create(path, (const char *const[]) { "a", "b", "c", "d", "e" }, 5, &err);
    assert_non_null(csv);
    int64_t start_ns = vg_now_ns();
    for (int64_t i = 0; i < ROWS; i++)
        vg_csv_row(csv,
                   (const int64_t[]) { INT64_C(12345678901234) + i * 1000, 31000 + i % 977, i % 89999, 1234567, -1 });
    assert_good(vg_csv_close(csv, NULL, &err), err);
    double write_s = (double)(vg_now_ns() - start_ns) / 1e9;
    struct vg_measured_stream stream = {
        .name = (char *)"s", .file = (char *)"s.csv", .rows = ROWS, .columns = five, .column_count = 5
    };
    struct vg_samples samples;
    start_ns = vg_now_ns();
    assert_good(vg_samples_load(directory, &stream, &samples, &err), err);
    double read_s = (double)(vg_now_ns() - start_ns) / 1e9;
    print_message("written %.1f M rows/s of 5 columns, read %.1f M values/s\n", ROWS / write_s / 1e6,
                  5 * ROWS / read_s / 1e6);
    assert_near(vg_samples_column(&samples, "a")[ROWS - 1], 12345678901234.0 + (ROWS - 1) * 1000.0, 0);
    assert_true(write_s < 3 && read_s < 3); /* generous: sanitizers, a shared core */
    vg_samples_free(&samples);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_survive),
        cmocka_unit_test(a_table_without_rows_needs_no_file),
        cmocka_unit_test(malformed_files_are_refused),
        cmocka_unit_test(files_elsewhere_are_refused),
        cmocka_unit_test(full_disk_is_told),
        cmocka_unit_test(probe_rows_survive),
        cmocka_unit_test(speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
