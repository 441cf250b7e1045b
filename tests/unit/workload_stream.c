/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workload runtime as the agent sees it: whole lines, none longer than the protocol allows, no row lost, and an end
 * for every way a workload can go. Workloads here need no GPU; each runs in a process of its own, as in a tenant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "common/runtime.h"

#define ROWS 20000

static int64_t value_at(int64_t row, int column)
{
    if (row == 0)
        return column ? INT64_MAX : INT64_MIN;
    return (row * 1000003 + column) * (column % 2 ? -1 : 1) * (row % 7 ? 1 : 1000000007);
}

static void stream_rows(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "rows", ROWS);
    vg_w_fact_text(context, "odd", "a \"quoted\"\n\x1b[31m text");
    vg_w_barrier(context);
    vg_w_mark(context, "steady");
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t row[] = { value_at(i, 0), value_at(i, 1), value_at(i, 2) };
        vg_w_push(stream, row);
    }
    if (vg_w_room(stream) != 0)
        vg_w_fail(context, "room is left");
}

static void overflow(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "rows", 2);
    vg_w_barrier(context);
    for (int64_t i = 0; i < 3; i++)
        vg_w_push(stream, (const int64_t[]) { i, i, i });
}

static void fail_after_a_row(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "rows", 2);
    vg_w_barrier(context);
    vg_w_push(stream, (const int64_t[]) { 1, 2, 3 });
    vg_w_fail(context, "wrong result %d", 42);
}

static void early_mark(struct vg_workload_context *context)
{
    vg_w_mark(context, "steady");
}

static void hold(struct vg_workload_context *context)
{
    vg_w_barrier(context);
    vg_w_hold(context);
}

static const struct vg_stream_spec streams[] = {
    { "rows", "test rows",
      VG_COLUMNS { { "a", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "" },
                   { "b", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "" },
                   { "c", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "" },
                   { 0 } } },
    { 0 },
};

struct started {
    pid_t pid;
    FILE *in;
    int fd;
};

static struct started start(void (*run)(struct vg_workload_context *))
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct started started = { .pid = fork(), .fd = pair[0] };
    assert_true(started.pid >= 0);
    if (started.pid == 0) {
        static struct vg_workload workload = { .kind = VG_KIND_WORKLOAD, .name = "test", .streams = streams };
        static const char *values[1];
        close(pair[0]);
        alarm(4);
        workload.run = run;
        vg_workload_execute(&workload, values, 7, pair[1], false);
    }
    close(pair[1]);
    started.in = fdopen(pair[0], "r");
    assert_non_null(started.in);
    return started;
}

static void say(const struct started *started, const char *line)
{
    assert_int_equal(write(started->fd, line, strlen(line)), strlen(line));
}

/* The next line, checked for its length and its run. */
static json_t *next(struct started *started)
{
    static char line[VG_LINE_BYTES + 2];
    struct vg_error err;
    assert_non_null(fgets(line, sizeof(line), started->in));
    size_t length = strlen(line);
    assert_true(length <= VG_LINE_BYTES);
    assert_int_equal(line[length - 1], '\n');
    json_t *message = vg_json_load_text(line, length, &err);
    assert_non_null(message);
    assert_int_equal(vg_json_int_or(message, "run", 0), 7);
    return message;
}

static void assert_next(struct started *started, const char *type, const char *key, const char *value)
{
    vg_autojson json_t *message = next(started);
    assert_string_equal(vg_json_text_or(message, "type", ""), type);
    if (key)
        assert_string_equal(vg_json_text_or(message, key, ""), value);
}

static void assert_end(struct started *started, const char *status, const char *message_part)
{
    vg_autojson json_t *message = next(started);
    assert_string_equal(vg_json_text_or(message, "type", ""), "end");
    assert_string_equal(vg_json_text_or(message, "status", ""), status);
    assert_non_null(strstr(vg_json_text_or(message, "message", ""), message_part));
    int code;
    assert_int_equal(waitpid(started->pid, &code, 0), started->pid);
    assert_true(WIFEXITED(code));
    assert_int_equal(fgetc(started->in), EOF);
    fclose(started->in);
}

static void test_rows(void **state)
{
    (void)state;
    struct started started = start(stream_rows);
    vg_autojson json_t *fact = next(&started);
    assert_string_equal(vg_json_text_or(fact, "name", ""), "odd");
    assert_null(strchr(vg_json_text_or(fact, "value", "\x1b"), '\x1b')); /* no terminal escape gets out */
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    assert_next(&started, "mark", "name", "steady");
    int64_t row = 0;
    int lines = 0;
    while (row < ROWS) {
        struct vg_error err;
        json_t *values;
        vg_autojson json_t *samples = next(&started);
        assert_string_equal(vg_json_text_or(samples, "type", ""), "samples");
        assert_string_equal(vg_json_text_or(samples, "stream", ""), "rows");
        assert_int_equal(vg_json_int_or(samples, "width", 0), 3);
        assert_true(vg_json_array(samples, "values", &values, &err));
        assert_int_equal(json_array_size(values) % 3, 0);
        for (size_t i = 0; i < json_array_size(values); i++)
            assert_true(json_integer_value(json_array_get(values, i)) ==
                        value_at(row + (int64_t)(i / 3), (int)(i % 3)));
        row += (int64_t)json_array_size(values) / 3;
        lines++;
    }
    assert_true(lines > 5);
    assert_end(&started, "ok", "");
}

static void test_overflow_is_an_error(void **state)
{
    (void)state;
    struct started started = start(overflow);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    assert_end(&started, "error", "`rows` is full");
}

static void test_fail_keeps_samples(void **state)
{
    (void)state;
    struct started started = start(fail_after_a_row);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    assert_next(&started, "samples", "stream", "rows");
    assert_end(&started, "fail", "wrong result 42");
}

static void test_mark_before_barrier(void **state)
{
    (void)state;
    struct started started = start(early_mark);
    assert_end(&started, "error", "before the barrier");
}

static void test_stop_before_go_and_while_holding(void **state)
{
    (void)state;
    struct started early = start(hold);
    assert_next(&early, "ready", NULL, NULL);
    say(&early, "{\"type\":\"stop\",\"run\":7}\n");
    assert_end(&early, "ok", "");
    struct started late = start(hold);
    assert_next(&late, "ready", NULL, NULL);
    say(&late, "{\"type\":\"go\",\"run\":8}\n{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n{\"type\":\"st");
    vg_sleep_ns(20 * VG_NS_PER_MS);
    assert_int_equal(waitpid(late.pid, NULL, WNOHANG), 0);
    say(&late, "op\",\"run\":7}\n");
    assert_end(&late, "ok", "");
}

static void test_go_at_an_instant(void **state)
{
    (void)state;
    struct started started = start(hold);
    assert_next(&started, "ready", NULL, NULL);
    int64_t at_ns = vg_now_ns() + 150 * VG_NS_PER_MS;
    vg_autofree char *go =
        vg_format("{\"type\":\"go\",\"run\":7,\"at_ns\":%lld}\n{\"type\":\"stop\",\"run\":8}\n", (long long)at_ns);
    say(&started, go);
    vg_sleep_ns(10 * VG_NS_PER_MS);
    say(&started, "{\"type\":\"stop\",\"run\":7}\n");
    assert_end(&started, "ok", "");
    assert_true(vg_now_ns() < at_ns); /* a stop overtakes a go that has not come yet */
}

static void test_ends_with_its_agent(void **state)
{
    (void)state;
    struct started started = start(hold);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    fclose(started.in);
    int code;
    assert_int_equal(waitpid(started.pid, &code, 0), started.pid);
    assert_true(WIFEXITED(code)); /* and not by the alarm */
}

static void test_format_int(void **state)
{
    (void)state;
    static const int64_t values[] = { 0, 1, -1, 9, 10, -10, 1234567890123, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < VG_COUNT(values); i++) {
        char ours[32] = { 0 }, theirs[32];
        snprintf(theirs, sizeof(theirs), "%lld", (long long)values[i]);
        assert_int_equal(vg_format_int(ours, values[i]), strlen(theirs));
        assert_string_equal(ours, theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_overflow_is_an_error),
        cmocka_unit_test(test_fail_keeps_samples),
        cmocka_unit_test(test_mark_before_barrier),
        cmocka_unit_test(test_stop_before_go_and_while_holding),
        cmocka_unit_test(test_go_at_an_instant),
        cmocka_unit_test(test_ends_with_its_agent),
        cmocka_unit_test(test_format_int),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
