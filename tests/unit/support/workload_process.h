/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a workload in a process of its own, as the agent would: says go as soon as it is ready, perhaps stop a while
 * later, and collects what it says until its end. */
#ifndef VG_TEST_WORKLOAD_PROCESS_H
#define VG_TEST_WORKLOAD_PROCESS_H

#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "common/runtime.h"

#define PROCESS_LIMIT_S 60

struct process_report {
    char status[32], message[VG_TEXT_BYTES], first_mark[64];
    struct {
        char name[64], value[256];
    } facts[64];
    size_t fact_count;
    struct {
        char name[64];
        size_t rows, width;
        int64_t last_row[8];
    } streams[4];
    size_t stream_count;
};

static inline void process_copy(char *to, size_t size, const json_t *message, const char *key)
{
    snprintf(to, size, "%s", vg_json_text_or(message, key, ""));
}

static inline void process_samples(struct process_report *report, const json_t *message)
{
    const char *name = vg_json_text_or(message, "stream", "");
    const json_t *values = json_object_get(message, "values");
    size_t width = (size_t)vg_json_int_or(message, "width", 0), i = 0;
    assert_true(width > 0 && width <= 8);
    while (i < report->stream_count && !vg_equal(report->streams[i].name, name))
        i++;
    assert_true(i < VG_COUNT(report->streams));
    report->stream_count = i == report->stream_count ? i + 1 : report->stream_count;
    snprintf(report->streams[i].name, sizeof(report->streams[i].name), "%s", name);
    report->streams[i].width = width;
    report->streams[i].rows += json_array_size(values) / width;
    for (size_t column = 0; column < width; column++)
        report->streams[i].last_row[column] =
            json_integer_value(json_array_get(values, json_array_size(values) - width + column));
}

static inline void process_take(struct process_report *report, const json_t *message)
{
    const char *type = vg_json_text_or(message, "type", "");
    if (vg_equal(type, "fact")) {
        assert_true(report->fact_count < VG_COUNT(report->facts));
        process_copy(report->facts[report->fact_count].name, 64, message, "name");
        process_copy(report->facts[report->fact_count++].value, 256, message, "value");
    } else if (vg_equal(type, "mark") && report->first_mark[0] == '\0') {
        process_copy(report->first_mark, sizeof(report->first_mark), message, "name");
    } else if (vg_equal(type, "samples")) {
        process_samples(report, message);
    } else if (vg_equal(type, "end")) {
        process_copy(report->status, sizeof(report->status), message, "status");
        process_copy(report->message, sizeof(report->message), message, "message");
    }
}

/* Says stop after a while, from a process of its own. */
static inline pid_t process_stop_later(int fd, int64_t after_ns)
{
    static const char stop[] = "{\"type\":\"stop\",\"run\":7}\n";
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        vg_sleep_ns(after_ns);
        _exit(write(fd, stop, sizeof(stop) - 1) == sizeof(stop) - 1 ? 0 : 1);
    }
    return pid;
}

/* values: of the workload's parameters, in their order. stop_after_ns: from the barrier on; 0: not. before_run: in the
 * workload's process; may be NULL. */
static inline struct process_report process_run(const struct vg_workload *workload, const char **values,
                                                int64_t stop_after_ns, void (*before_run)(void))
{
    static const char go[] = "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n";
    static char line[VG_LINE_BYTES + 2];
    struct process_report report = { 0 };
    int pair[2], code;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t pid = fork(), stopper = 0;
    assert_true(pid >= 0);
    if (pid == 0) {
        close(pair[0]);
        alarm(PROCESS_LIMIT_S);
        if (before_run)
            before_run();
        vg_workload_execute(workload, values, 7, pair[1], false);
    }
    close(pair[1]);
    FILE *in = fdopen(pair[0], "r");
    assert_non_null(in);
    while (fgets(line, sizeof(line), in)) {
        struct vg_error err;
        vg_autojson json_t *message = vg_json_load_text(line, strlen(line), &err);
        assert_non_null(message);
        if (vg_equal(vg_json_text_or(message, "type", ""), "ready")) {
            assert_int_equal(write(pair[0], go, sizeof(go) - 1), sizeof(go) - 1);
            stopper = stop_after_ns ? process_stop_later(pair[0], stop_after_ns) : 0;
        }
        process_take(&report, message);
    }
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_true(WIFEXITED(code)); /* and not by the alarm */
    if (stopper)
        assert_int_equal(waitpid(stopper, &code, 0), stopper);
    fclose(in);
    return report;
}

static inline const char *process_fact(const struct process_report *report, const char *name)
{
    for (size_t i = 0; i < report->fact_count; i++)
        if (vg_equal(report->facts[i].name, name))
            return report->facts[i].value;
    fail_msg("no fact %s; the end is %s: %s", name, report->status, report->message);
    return "";
}

static inline long process_number(const struct process_report *report, const char *name)
{
    return strtol(process_fact(report, name), NULL, 10);
}

static inline size_t process_rows(const struct process_report *report, const char *stream)
{
    for (size_t i = 0; i < report->stream_count; i++)
        if (vg_equal(report->streams[i].name, stream))
            return report->streams[i].rows;
    return 0;
}

static inline void assert_ended(const struct process_report *report, const char *status, const char *message_part)
{
    if (!vg_equal(report->status, status) || !strstr(report->message, message_part))
        fail_msg("it ended with %s (%s), not with %s (...%s...)", report->status, report->message, status,
                 message_part);
}

#endif
