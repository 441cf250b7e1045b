/* SPDX-License-Identifier: MIT */
/* Starts another workload as a person at a shell would: the same executable, its name and its parameters, no link, no
 * barrier, and the printed p50 read off its standard output. In turn with the same workload through the agent, in one
 * boot, it tells what being driven costs a measurement; on a machine whose cores change speed, nothing else does. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/workload.h"

#define MOST_WORDS    64
#define MOST_OUTPUT   65536
#define LOOK_EVERY_MS 1000 /* for a stop: seldom, since each look is work that a person's shell would not do */

/* In the new process: what this one has changed for itself must not be inherited. */
static _Noreturn void become_program(const char *program, char *const *argv, int output_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    dup2(output_fd, STDOUT_FILENO);
    execv(program, argv);
    fprintf(stderr, "by-hand: cannot start %s: %s\n", program, strerror(errno));
    _exit(127);
}

/* The name, then the parameters as they are typed, cut at blanks. Points into `words`. */
static void split(struct vg_workload_context *context, const char *name, char *words, char **argv)
{
    size_t count = 0;
    char *rest = NULL;
    argv[count++] = (char *)"vgauge-workload";
    argv[count++] = (char *)name;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (count + 1 == MOST_WORDS)
            vg_w_invalid(context, "more than %d parameters for %s", MOST_WORDS - 3, name);
        argv[count++] = word;
    }
    argv[count] = NULL;
}

/* All that it prints. Ends early, and asks it to, when this workload is asked to. */
static char *read_output(struct vg_workload_context *context, pid_t pid, int fd)
{
    struct vg_text text = { 0 };
    bool told = false;
    for (;;) {
        char buffer[4096];
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        if (!told && vg_w_should_stop(context))
            told = kill(pid, SIGTERM) == 0;
        if (poll(&wait, 1, LOOK_EVERY_MS) <= 0)
            continue;
        ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        if (text.length + (size_t)got > MOST_OUTPUT)
            vg_w_invalid(context, "the workload printed more than %d bytes", MOST_OUTPUT);
        vg_text_add_bytes(&text, buffer, (size_t)got);
    }
    vg_text_add_bytes(&text, "", 0);
    return text.data;
}

static char *run_program(struct vg_workload_context *context, char *const *argv)
{
    vg_autofree char *directory = vg_executable_directory();
    vg_autofree char *program = vg_format("%s/vgauge-workload", directory ? directory : ".");
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        vg_w_invalid(context, "cannot make a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        vg_w_invalid(context, "cannot start a process: %s", strerror(errno));
    if (pid == 0)
        become_program(program, argv, ends[1]);
    close(ends[1]);
    char *output = read_output(context, pid, ends[0]);
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        vg_w_invalid(context, "%s was killed by signal %d", argv[1], WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        vg_w_invalid(context, "%s ended with exit status %d; the console has its words", argv[1], WEXITSTATUS(status));
    return output;
}

/* A fact is printed as its name, blanks, and its value; the driver is among them, and is judged as everywhere. */
static void pass_fact(struct vg_workload_context *context, char *line)
{
    size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *value = line + length + strspn(line + length, " ");
    if (length == 0 || line[length] != ' ' || !*value)
        return;
    line[length] = '\0';
    vg_w_fact_text(context, line, value);
}

/* The p50 of the column, ns, and of how many samples. False: it was not printed. Everything printed before the table
 * of columns, but for marks, is a fact. */
static bool read_p50(struct vg_workload_context *context, char *output, const char *column, int64_t *p50_ns,
                     int64_t *count)
{
    bool table = false;
    char *rest = NULL;
    for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char name[160];
        if (!table && strncmp(line, "column ", strlen("column ")) == 0)
            table = true;
        else if (!table && strncmp(line, "mark ", strlen("mark ")) != 0)
            pass_fact(context, line);
        else if (table && sscanf(line, "%159s %" SCNd64 " %" SCNd64, name, count, p50_ns) == 3 &&
                 vg_equal(name, column))
            return *count > 0;
    }
    return false;
}

static void run(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "printed", 1);
    const char *name = vg_w_text(context, "workload"), *column = vg_w_text(context, "column");
    vg_autofree char *words = vg_strdup(vg_w_text(context, "params"));
    char *argv[MOST_WORDS];
    int64_t p50_ns, count;
    split(context, name, words, argv);
    int64_t start_ns = vg_w_barrier(context);
    vg_autofree char *output = run_program(context, argv);
    int64_t took_ns = vg_now_ns() - start_ns;
    if (!read_p50(context, output, column, &p50_ns, &count))
        vg_w_invalid(context, "%s printed no samples of `%s`", name, column);
    vg_w_push(stream, (const int64_t[]) { start_ns, p50_ns, count, took_ns });
    vg_w_fact_int(context, "printed_p50", p50_ns);
}

VG_WORKLOAD(by_hand) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "by-hand",
    .summary = "another workload started as a person would at a shell, and the p50 that it prints",
    .why = "a figure that changes when vgauge drives the workload is a figure of vgauge, not of the vGPU",
    .needs = VG_NEED_NONE,
    .params = VG_PARAMS { { "workload", VG_TEXT, .summary = "which one" },
                          { "params", VG_TEXT, .def = "", .summary = "its parameters as they are typed: `a=1 b=2`" },
                          { "column", VG_TEXT, .def = "submission.latency",
                            .summary = "STREAM.COLUMN, a duration in ns, whose p50 is read" },
                          { 0 } },
    .streams = VG_STREAMS { { "printed", "one row",
                              VG_COLUMNS { { "started", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "instant" },
                                           { "p50", "ns", VG_COLUMN_DURATION, VG_LOWER, 0.05, "as printed" },
                                           { "count", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "samples behind it" },
                                           { "took", "ns", VG_COLUMN_DURATION, VG_LOWER, 0,
                                             "from the start of the process to its end" },
                                           { 0 } } },
                            { 0 } },
    .run = run,
};
