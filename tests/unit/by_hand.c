/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workload that starts another as a person would: what it reads off the other's output, what it makes of one that
 * fails, and that it leaves none behind. Takes vgauge-workload from $BUILD, and a workload that needs no GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/base.h"

static char *program(void)
{
    const char *build = getenv("BUILD");
    return vg_format("%s/vgauge-workload", build ? build : "build");
}

/* What it prints, when it is itself started by hand. */
static char *by_hand(const char *params, const char *column, int *exit_status)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = program();
    vg_autofree char *typed = vg_format("params=%s", params);
    vg_autofree char *chosen = vg_format("column=%s", column);
    const char *const argv[] = { path, "by-hand", "workload=agent-idle", typed, chosen, NULL };
    char *output = NULL;
    int status;
    if (!vg_run_command(argv, 20000, 65536, &output, &status, &err))
        fail_msg("%s", err.text);
    assert_true(WIFEXITED(status));
    *exit_status = WEXITSTATUS(status);
    return output;
}

static void reads_what_is_printed(void **state)
{
    (void)state;
    int status;
    /* One sample, taken a second after the start. */
    vg_autofree char *output = by_hand("seconds=1", "idle.at", &status);
    assert_int_equal(status, 0);
    const char *p50 = strstr(output, "printed_p50 ");
    assert_non_null(p50);
    double at_s = atof(p50 + strlen("printed_p50")) / 1e9;
    if (!(at_s >= 1 && at_s < 2))
        fail_msg("the sample after a second is reported as one after %g s", at_s);
    assert_non_null(strstr(output, "\nprinted.p50 "));
    assert_non_null(strstr(output, "\nagent_percent_of_a_vcpu ")); /* the other's facts are passed on */
}

static void a_column_that_is_not_printed_is_invalid(void **state)
{
    (void)state;
    int status;
    vg_autofree char *output = by_hand(" seconds=1 ", "idle.no-such", &status);
    assert_int_equal(status, 3);
    assert_non_null(strstr(output, "printed no samples of `idle.no-such`"));
}

static void a_workload_that_fails_is_invalid(void **state)
{
    (void)state;
    int status;
    vg_autofree char *output = by_hand("seconds=1 sconds=2", "idle.at", &status);
    assert_int_equal(status, 3);
    assert_non_null(strstr(output, "agent-idle ended with exit status 2"));
    assert_non_null(strstr(output, "did you mean `seconds`"));
}

/* A by-hand that watches for a minute, once what it started is there. */
static pid_t start_long(pid_t *started)
{
    vg_autofree char *path = program();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(126);
        execl(path, path, "by-hand", "workload=agent-idle", "params=seconds=60", "column=idle.at", NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    vg_autofree char *children = vg_format("/proc/%d/task/%d/children", pid, pid);
    *started = 0;
    for (int tries = 0; tries < 12000 && *started == 0; tries++) {
        struct vg_error err = { 0 };
        vg_autofree char *list = NULL;
        vg_sleep_ns(5 * VG_NS_PER_MS);
        if (vg_read_attribute(children, &list, &err))
            *started = atoi(list);
    }
    assert_true(*started > 0);
    vg_sleep_ns(200 * VG_NS_PER_MS); /* until it has become the other program and heeds signals */
    return pid;
}

/* A zombie is as good as gone: who reaps an orphan is the system's business. */
static bool is_gone(pid_t pid, int patience_ms)
{
    vg_autofree char *path = vg_format("/proc/%d/stat", pid);
    for (int64_t end_ns = vg_now_ns() + patience_ms * VG_NS_PER_MS; vg_now_ns() < end_ns;) {
        struct vg_error err = { 0 };
        vg_autofree char *stat = NULL;
        const char *name_end = vg_read_attribute(path, &stat, &err) ? strrchr(stat, ')') : NULL;
        if (!name_end || strncmp(name_end, ") Z", 3) == 0)
            return true;
        vg_sleep_ns(5 * VG_NS_PER_MS);
    }
    return false;
}

static void a_stop_reaches_what_was_started(void **state)
{
    (void)state;
    pid_t started, pid = start_long(&started);
    int status;
    kill(pid, SIGTERM);
    assert_true(is_gone(started, 6000));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status)); /* it ended by itself: it is a run that was cut short */
}

static void what_was_started_does_not_outlive_it(void **state)
{
    (void)state;
    pid_t started, pid = start_long(&started);
    int status;
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    /* agent-idle would notice by itself at its next look, which is the better part of a second away. */
    assert_true(is_gone(started, 400));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_printed),
        cmocka_unit_test(a_column_that_is_not_printed_is_invalid),
        cmocka_unit_test(a_workload_that_fails_is_invalid),
        cmocka_unit_test(a_stop_reaches_what_was_started),
        cmocka_unit_test(what_was_started_does_not_outlive_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
