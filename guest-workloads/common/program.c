/* SPDX-License-Identifier: MIT */
/* Child programs of program.h. */
#include "common/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/runtime.h"

enum { POLL_MS = 20, EXIT_NOT_STARTED = 127 };

static _Noreturn void child(const char *const *argv, int output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(argv[0], (char *const *)argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(EXIT_NOT_STARTED);
}

/* What is beyond the room is read, so that the program does not wait for a reader, and forgotten. */
static bool take(int fd, struct vg_program *program)
{
    char rest[4096];
    size_t room = sizeof(program->output) - 1 - program->length;
    ssize_t got = read(fd, room ? program->output + program->length : rest, room ? room : sizeof(rest));
    if (got > 0 && room)
        program->length += (size_t)got;
    program->output[program->length] = '\0';
    return got > 0;
}

void vg_program_run(struct vg_workload_context *context, const char *const *argv, int timeout_s,
                    struct vg_program *program)
{
    int fds[2], status = 0;
    memset(program, 0, sizeof(*program));
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        vg_bug(context, "no pipe for a child process");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        vg_bug(context, "no child process could be started");
    if (pid == 0)
        child(argv, fds[1]);
    close(fds[1]);
    int64_t end_ns = vg_now_ns() + timeout_s * VG_NS_PER_S;
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && vg_now_ns() < end_ns && !vg_w_should_stop(context)) {
        struct pollfd readable = { .fd = fds[0], .events = POLLIN };
        if (poll(&readable, 1, POLL_MS) > 0 && !take(fds[0], program))
            usleep(POLL_MS * 1000); /* it closed its output and goes on */
    }
    if (ended == 0) {
        program->timed_out = true;
        kill(-pid, SIGKILL); /* and what it started */
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    while (take(fds[0], program))
        ;
    close(fds[0]);
    program->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    program->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    /* Only where it is not installed: programs of others have no such status of their own. */
    if (!program->timed_out && program->status == EXIT_NOT_STARTED)
        vg_w_invalid(context, "%s cannot be started: %s", argv[0], vg_program_text(program));
}

const char *vg_program_text(struct vg_program *program)
{
    size_t end = program->length;
    while (end && isspace((unsigned char)program->output[end - 1]))
        end--;
    size_t begin = end;
    while (begin && program->output[begin - 1] != '\n')
        begin--;
    char state[48];
    if (program->timed_out)
        snprintf(state, sizeof(state), "did not end in time");
    else if (program->signal)
        snprintf(state, sizeof(state), "was killed by signal %d", program->signal);
    else
        snprintf(state, sizeof(state), "ended with status %d", program->status);
    if (end > begin)
        snprintf(program->how, sizeof(program->how), "%s (%.*s)", state, (int)(end - begin), program->output + begin);
    else
        snprintf(program->how, sizeof(program->how), "%s", state);
    return program->how;
}

static void copy(const char *from, size_t length, char *value, size_t size)
{
    while (length && isspace((unsigned char)*from))
        from++, length--;
    while (length && isspace((unsigned char)from[length - 1]))
        length--;
    length = length < size ? length : size - 1;
    memcpy(value, from, length);
    value[length] = '\0';
}

bool vg_program_value(const char *text, const char *word, char *value, size_t size)
{
    const char *found = strstr(text, word);
    if (found)
        copy(found + strlen(word), strcspn(found + strlen(word), "\n"), value, size);
    return found != NULL;
}

bool vg_program_last(const char *text, const char *word, const char *ends, char *value, size_t size)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        found = at + strlen(word);
    if (found)
        found += strspn(found, " ");
    if (found)
        copy(found, strcspn(found, ends), value, size);
    return found != NULL;
}

bool vg_program_next(const char **list, char *word, size_t size)
{
    const char *start = *list + strspn(*list, " \n");
    size_t length = strcspn(start, " \n");
    *list = start + length;
    copy(start, length, word, size);
    return length > 0;
}

void vg_program_check_name(const char *text, char *name, size_t size)
{
    size_t length = 0;
    for (; *text && length + 1 < size; text++) {
        if (isalnum((unsigned char)*text))
            name[length++] = (char)tolower((unsigned char)*text);
        else if (length && name[length - 1] != '-')
            name[length++] = '-';
    }
    while (length && name[length - 1] == '-')
        length--;
    name[length] = '\0';
}
