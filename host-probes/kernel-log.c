/* SPDX-License-Identifier: MIT */
/* kernel-log: what the host's kernel said while a test ran: GPU resets, IOMMU faults, a process killed for memory. A
 * noisy kernel (a guest can provoke messages) is counted on after it is no longer copied. */
#include "probe.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define MAX_LINES_PER_SAMPLE 200
#define MAX_LINES            5000
#define MAX_RECORDS          20000 /* per sample, so that a flood cannot keep the caller */

static const char *const level_names[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };
#define LEVEL_ERROR   3
#define LEVEL_WARNING 4

struct state {
    struct vg_probe_sink sink;
    int fd;
    char buffer[16384]; /* /dev/kmsg gives one whole record per read and needs room for the longest */
    size_t length;
    uint64_t records, errors, warnings, shown, lost;
    unsigned shown_now;
};

/* "level,sequence,microseconds,flags;text"; continuation lines begin with a space and carry key=value pairs. */
static void take_line(struct state *state, char *line)
{
    char *text = strchr(line, ';');
    unsigned priority;
    unsigned long long sequence, stamp_us;
    if (line[0] == ' ' || !text || sscanf(line, "%u,%llu,%llu", &priority, &sequence, &stamp_us) != 3)
        return;
    unsigned level = priority & 7;
    state->records++;
    state->errors += level <= LEVEL_ERROR;
    state->warnings += level == LEVEL_WARNING;
    if (state->shown >= MAX_LINES || state->shown_now >= MAX_LINES_PER_SAMPLE)
        return;
    state->shown++;
    state->shown_now++;
    vg_autofree char *shown =
        vg_format("[%llu.%06llu] %s: %.900s", stamp_us / 1000000, stamp_us % 1000000, level_names[level], text + 1);
    state->sink.log_line(state->sink.context, vg_now_ns(), shown);
}

static void take_lines(struct state *state)
{
    char *at = state->buffer, *newline;
    char *stop = state->buffer + state->length;
    while ((newline = memchr(at, '\n', (size_t)(stop - at)))) {
        *newline = '\0';
        take_line(state, at);
        at = newline + 1;
    }
    state->length = (size_t)(stop - at);
    memmove(state->buffer, at, state->length);
    if (state->length == sizeof(state->buffer) - 1) /* no line is that long: it is not a kernel log */
        state->length = 0;
}

static void put_count(const struct state *state, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    state->sink.fact(state->sink.context, name, text);
}

static void put_facts(const struct state *state)
{
    put_count(state, "lines", state->records);
    put_count(state, "errors", state->errors);
    put_count(state, "warnings", state->warnings);
    put_count(state, "not_copied", state->records - state->shown);
    put_count(state, "overruns", state->lost);
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    (void)targets;
    (void)target_count;
    struct state *state = opaque;
    uint64_t before = state->records + state->lost;
    state->shown_now = 0;
    for (unsigned reads = 0; reads < MAX_RECORDS; reads++) {
        ssize_t got = read(state->fd, state->buffer + state->length, sizeof(state->buffer) - 1 - state->length);
        if (got < 0 && errno == EPIPE) { /* the kernel overwrote records that were not read yet */
            state->lost++;
            continue;
        }
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno != EAGAIN)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "the kernel log cannot be read any more");
        if (got <= 0)
            break;
        state->length += (size_t)got;
        take_lines(state);
    }
    if (state->records + state->lost != before)
        put_facts(state);
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    struct vg_error ignored = { 0 };
    sample(state, NULL, 0, &ignored); /* what was said since the last look */
    close(state->fd);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    const char *root = host->root;
    int fd = procfs_open(root, "dev/kmsg", O_NONBLOCK);
    if (fd < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno,
                             "the kernel log %s/dev/kmsg cannot be opened; run as root or allow it with "
                             "kernel.dmesg_restrict=0",
                             root);
    if (lseek(fd, 0, SEEK_END) < 0) {
        int error = errno;
        close(fd);
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, error, "the kernel log %s/dev/kmsg has no end to start from",
                             root);
    }
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    state->fd = fd;
    put_facts(state);
    *opaque = state;
    return true;
}

VG_PROBE(kernel_log) = {
    .kind = VG_KIND_PROBE,
    .name = "kernel-log",
    .summary = "lines that the host's kernel logged during a test",
    .why = "A reset, an IOMMU fault or a killed process explains a result, or is one.",
    .period_ms = 1000,
    .begin = begin,
    .sample = sample,
    .end = end,
};
