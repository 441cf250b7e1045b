/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks in a child process: each way in which one can end is told apart, and its last words are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "common/attempt.h"
#include "common/runtime.h"

static const struct vg_workload workload = { 0 };
static struct vg_workload_context context = { .workload = &workload };

static void counts(struct vg_workload_context *child, void *argument)
{
    (void)child;
    ++*(int *)argument;
}

static void refused(struct vg_workload_context *child, void *argument)
{
    (void)argument;
    /* More than is kept, and than a pipe holds; at once, so that the pipe is full when the last words come. */
    static char much[1 << 20];
    memset(much, 'x', sizeof(much) - 2);
    much[sizeof(much) - 2] = '\n';
    fputs(much, stderr);
    vg_w_fail(child, "the API refused it");
}

static void dies(struct vg_workload_context *child, void *argument)
{
    (void)child;
    (void)argument;
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void hangs(struct vg_workload_context *child, void *argument)
{
    (void)child;
    (void)argument;
    fprintf(stderr, "hangs now\n");
    for (;;)
        pause();
}

static struct vg_attempt attempt(void (*function)(struct vg_workload_context *, void *), void *argument, int timeout_s)
{
    context.released = true;
    return vg_attempt_run(&context, function, argument, timeout_s);
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    int *shared = vg_attempt_shared(sizeof(*shared));
    struct vg_attempt made = attempt(counts, shared, 30);
    assert_int_equal(made.end, VG_ATTEMPT_DONE);
    assert_int_equal(*shared, 1);
    made = attempt(refused, NULL, 30);
    assert_int_equal(made.end, VG_ATTEMPT_STOPPED);
    assert_non_null(strstr(vg_attempt_text(&made), "the API refused it"));
    assert_null(strstr(made.message, "xx"));
    made = attempt(dies, NULL, 30);
    assert_int_equal(made.end, VG_ATTEMPT_SIGNAL);
    assert_string_equal(vg_attempt_text(&made), "killed by signal 6");
    made = attempt(hangs, NULL, 1);
    assert_int_equal(made.end, VG_ATTEMPT_TIME_OUT);
    assert_string_equal(made.message, "hangs now");
    assert_string_equal(vg_attempt_text(&made), "did not end in time");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ends_are_told_apart) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
