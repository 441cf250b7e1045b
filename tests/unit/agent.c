/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real agent over a socket pair, as a native tenant has it: hello, pings, ends of every kind, nothing left behind.
 * Takes vgauge-agent and vgauge-workload from $BUILD, and workloads that need no GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "base/base.h"

#define PATIENCE_MS 5000

struct agent {
    pid_t pid;
    int fd;
    char buffer[131072];
    size_t used;
};

static void say(struct agent *agent, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct agent *agent, const char *format, ...)
{
    char line[65536];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    line[length++] = '\n';
    assert_int_equal(send(agent->fd, line, (size_t)length, MSG_NOSIGNAL), length);
}

/* The next message; NULL at the end of the link. */
static json_t *next(struct agent *agent)
{
    for (;;) {
        char *newline = memchr(agent->buffer, '\n', agent->used);
        if (newline) {
            struct vg_error err;
            size_t length = (size_t)(newline - agent->buffer) + 1;
            assert_true(length <= 65536);
            json_t *message = vg_json_load_text(agent->buffer, length, &err);
            assert_non_null(message);
            agent->used -= length;
            memmove(agent->buffer, agent->buffer + length, agent->used);
            return message;
        }
        struct pollfd wait = { .fd = agent->fd, .events = POLLIN };
        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        ssize_t got = read(agent->fd, agent->buffer + agent->used, sizeof(agent->buffer) - agent->used);
        if (got <= 0)
            return NULL;
        agent->used += (size_t)got;
    }
}

static json_t *next_of(struct agent *agent, const char *type)
{
    for (;;) {
        json_t *message = next(agent);
        assert_non_null(message);
        if (vg_equal(vg_json_text_or(message, "type", ""), type))
            return message;
        json_decref(message);
    }
}

static void assert_end(struct agent *agent, int run, const char *status, const char *part)
{
    vg_autojson json_t *end = next_of(agent, "end");
    assert_int_equal(vg_json_int_or(end, "run", 0), run);
    assert_string_equal(vg_json_text_or(end, "status", ""), status);
    assert_non_null(strstr(vg_json_text_or(end, "message", ""), part));
}

static int start(void **state)
{
    struct agent *agent = vg_calloc(1, sizeof(*agent));
    const char *build = getenv("BUILD");
    vg_autofree char *program = vg_format("%s/vgauge-agent", build ? build : "build");
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    agent->pid = fork();
    assert_true(agent->pid >= 0);
    if (agent->pid == 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", pair[1]);
        int quiet = open("/dev/null", O_WRONLY);
        dup2(quiet, STDERR_FILENO);
        execl(program, "vgauge-agent", "--fd", number, (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    agent->fd = pair[0];
    *state = agent;
    vg_autojson json_t *hello = next(agent);
    assert_non_null(hello);
    assert_string_equal(vg_json_text_or(hello, "type", ""), "hello");
    assert_int_equal(vg_json_int_or(hello, "protocol", 0), 1);
    assert_true(vg_json_int_or(hello, "cpus", 0) > 0);
    assert_true(vg_json_int_or(hello, "memory_bytes", 0) > 0);
    assert_int_equal(strlen(vg_json_text_or(hello, "boot_id", "")), 36);
    return 0;
}

/* The agent is gone within five seconds and ended by itself. */
static int stop(void **state)
{
    struct agent *agent = *state;
    int status, tries = 0;
    close(agent->fd);
    while (waitpid(agent->pid, &status, WNOHANG) == 0 && tries++ < 500)
        vg_sleep_ns(10 * VG_NS_PER_MS);
    bool ended = tries < 500;
    if (!ended)
        kill(agent->pid, SIGKILL);
    free(agent);
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void test_pings(void **state)
{
    struct agent *agent = *state;
    for (int id = 1; id <= 100; id++)
        say(agent, "{\"type\":\"ping\",\"id\":%d}", id);
    int64_t last_ns = 0;
    for (int id = 1; id <= 100; id++) {
        vg_autojson json_t *pong = next(agent);
        assert_string_equal(vg_json_text_or(pong, "type", ""), "pong");
        assert_int_equal(vg_json_int_or(pong, "id", 0), id);
        int64_t now_ns = vg_json_int_or(pong, "now_ns", 0);
        assert_true(now_ns >= last_ns && now_ns <= vg_now_ns());
        last_ns = now_ns;
    }
}

static void test_garbage_is_survived(void **state)
{
    struct agent *agent = *state;
    static char junk[70000];
    memset(junk, 'x', sizeof(junk));
    say(agent, "garbage \x1b[31m");
    say(agent, "{\"type\":\"start\"}");
    say(agent, "{\"type\":\"go\",\"run\":99}");
    say(agent, "{\"type\":\"command\",\"command\":\"explode\"}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(send(agent->fd, junk, sizeof(junk), MSG_NOSIGNAL), sizeof(junk));
    say(agent, "%s", "");
    say(agent, "{\"type\":\"ping\",\"id\":1}");
    vg_autojson json_t *pong = next(agent);
    assert_string_equal(vg_json_text_or(pong, "type", ""), "pong");
}

static void test_wrong_words_end_with_error(void **state)
{
    struct agent *agent = *state;
    say(agent, "{\"type\":\"start\",\"run\":1,\"workload\":\"no-such-workload\",\"params\":{}}");
    assert_end(agent, 1, "error", "no-such-workload");
    say(agent, "{\"type\":\"start\",\"run\":2,\"workload\":\"vram-canary\",\"params\":{\"mod\":\"scan\"}}");
    assert_end(agent, 2, "error", "did you mean `mode`");
    say(agent, "{\"type\":\"start\",\"run\":3,\"workload\":\"vram-canary\",\"params\":{\"mode\":1}}");
    assert_end(agent, 3, "error", "not text");
}

/* The children of the agent, from procfs. */
static pid_t child_of(pid_t parent)
{
    vg_autofree char *path = vg_format("/proc/%d/task/%d/children", parent, parent);
    struct vg_error err;
    vg_autofree char *children = NULL;
    if (!vg_read_attribute(path, &children, &err))
        return 0;
    return atoi(children);
}

static void test_killed_workload(void **state)
{
    struct agent *agent = *state;
    say(agent, "{\"type\":\"start\",\"run\":1,\"workload\":\"agent-idle\",\"params\":{}}");
    pid_t pid = 0;
    for (int tries = 0; tries < 400 && (pid = child_of(agent->pid)) == 0; tries++)
        vg_sleep_ns(5 * VG_NS_PER_MS);
    assert_true(pid > 0);
    kill(pid, SIGKILL);
    assert_end(agent, 1, "error", "killed by signal 9");
    assert_int_equal(child_of(agent->pid), 0); /* reaped */
}

static void test_nothing_is_left(void **state)
{
    struct agent *agent = *state;
    say(agent, "{\"type\":\"start\",\"run\":1,\"workload\":\"agent-idle\",\"params\":{}}");
    pid_t pid = 0;
    for (int tries = 0; tries < 400 && (pid = child_of(agent->pid)) == 0; tries++)
        vg_sleep_ns(5 * VG_NS_PER_MS);
    assert_true(pid > 0);
    say(agent, "{\"type\":\"command\",\"command\":\"quit\"}");
    json_t *message;
    while ((message = next(agent))) /* it may have been ready before the command came */
        json_decref(message);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_idle_costs_nothing(void **state)
{
    struct agent *agent = *state;
    vg_autofree char *path = vg_format("/proc/%d/schedstat", agent->pid);
    struct vg_error err;
    vg_autofree char *before = NULL, *after = NULL;
    assert_true(vg_read_attribute(path, &before, &err));
    vg_sleep_ns(500 * VG_NS_PER_MS);
    assert_true(vg_read_attribute(path, &after, &err));
    assert_true(strtoull(after, NULL, 10) - strtoull(before, NULL, 10) < 2000000); /* 0.4 % of half a second */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pings, start, stop),
        cmocka_unit_test_setup_teardown(test_garbage_is_survived, start, stop),
        cmocka_unit_test_setup_teardown(test_wrong_words_end_with_error, start, stop),
        cmocka_unit_test_setup_teardown(test_killed_workload, start, stop),
        cmocka_unit_test_setup_teardown(test_nothing_is_left, start, stop),
        cmocka_unit_test_setup_teardown(test_idle_costs_nothing, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
