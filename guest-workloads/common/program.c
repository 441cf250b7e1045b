/* SPDX-License-Identifier: MIT */
/* Child programs of program.h. */
#include "common/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/runtime.h"

enum { EXIT_NOT_STARTED = 127 };

struct call {
    const char *const *argv;
    struct vg_program *program;
};

static void enter(void *argument, int output)
{
    const struct call *call = argument;
    setpgid(0, 0);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(call->argv[0], (char *const *)call->argv);
    fprintf(stderr, "%s: %s\n", call->argv[0], strerror(errno));
    _exit(EXIT_NOT_STARTED);
}

/* What is beyond the room is read, so that the program does not wait for a reader, and forgotten. */
static bool take(void *argument, int fd)
{
    struct vg_program *program = ((const struct call *)argument)->program;
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
    static const struct vg_child_kind kind = { .enter = enter, .take = take };
    struct call call = { argv, program };
    int status = 0;
    memset(program, 0, sizeof(*program));
    program->timed_out = !vg_child_run(context, &kind, &call, timeout_s, &status);
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
