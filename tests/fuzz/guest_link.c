/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's end of the link: the input is what a tenant sends, in pieces. Whatever it is, the runner hears only of
 * runs that it started, in an order that makes sense, and of nothing once the link is broken. A byte 0 in the input
 * lets the host act: it starts, releases or stops a run, or pings. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "guest/guest.h"
#include "../unit/support/test_workload.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

enum { RUNS_MAX = 16, LIMIT_ROWS = 4 };
static struct heard {
    unsigned started, hellos, breaks;
    bool ready[RUNS_MAX + 1], gone[RUNS_MAX + 1], ended[RUNS_MAX + 1];
    uint64_t rows[RUNS_MAX + 1];
} heard;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void live(unsigned run)
{
    must(!heard.breaks && heard.hellos == 1 && run >= 1 && run <= heard.started && !heard.ended[run]);
}

static void on_hello(void *context, const json_t *hello)
{
    (void)context;
    must(json_is_object(hello) && !heard.hellos++);
}

static void on_ready(void *context, unsigned run)
{
    (void)context;
    live(run);
    must(!heard.ready[run]);
    heard.ready[run] = true;
}

static void on_fact(void *context, unsigned run, const char *name, const char *value)
{
    (void)context;
    live(run);
    must(strlen(name) <= 64 && strlen(value) <= 1024);
}

static void on_mark(void *context, unsigned run, const char *name, int64_t guest_ns)
{
    (void)context;
    live(run);
    must(strlen(name) <= 64 && guest_ns >= 0 && heard.ready[run]);
}

static void on_samples(void *context, unsigned run, unsigned stream, const int64_t *rows, size_t row_count)
{
    (void)context;
    live(run);
    must(heard.ready[run] && heard.gone[run] && stream < 2);
    heard.rows[run] += row_count;
    must(heard.rows[run] <= LIMIT_ROWS);
    for (size_t i = 0; stream == 1 && i < row_count; i++)
        must(rows[2 * i] >= 0 && rows[2 * i + 1] >= -1);
}

static void on_end(void *context, unsigned run, const char *status, const char *message)
{
    (void)context;
    live(run);
    must(*status && strlen(message) <= 1024);
    heard.ended[run] = true;
}

static void on_broken(void *context, const char *why)
{
    (void)context;
    must(*why && !heard.breaks++);
}

static void act(struct vg_link *link, unsigned char what)
{
    const struct vg_settings none = { 0 };
    const char *why;
    if (vg_link_broken(link, &why))
        return;
    unsigned run = heard.started;
    if (what % 4 == 0 && heard.hellos && run < RUNS_MAX) {
        heard.started++;
        must(vg_link_start(link, &test_workload, &none) == heard.started);
    } else if (what % 4 == 1 && run && heard.ready[run] && !heard.ended[run]) {
        vg_link_go(link, run, 0);
        heard.gone[run] = true;
    } else if (what % 4 == 2 && run && !heard.ended[run]) {
        vg_link_stop(link, run);
        heard.gone[run] = true;
    } else if (what % 4 == 3) {
        vg_link_ping(link, 2);
    }
}

static void receive(struct vg_link *link, int fd, const unsigned char *bytes, size_t length)
{
    static char drain[65536];
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
        const char *why;
        vg_link_service(link);
        while (recv(fd, drain, sizeof(drain), MSG_DONTWAIT) > 0)
            ;
        if (vg_link_broken(link, &why) || (sent < 0 && errno != EAGAIN))
            return;
    }
    vg_link_service(link);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    static const struct vg_link_events events = { on_hello, on_ready, on_fact, on_mark, on_samples, on_end, on_broken };
    struct vg_link_limits limits = vg_link_default_limits;
    limits.rows_per_run = LIMIT_ROWS;
    limits.facts_per_run = limits.marks_per_run = 8;
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    heard = (struct heard) { 0 };
    struct vg_link *link = vg_link_new(ends[0], &limits, &events, NULL);
    for (size_t at = 0; at < length;) {
        const unsigned char *zero = memchr(bytes + at, 0, length - at);
        size_t piece = zero ? (size_t)(zero - (bytes + at)) : length - at;
        receive(link, ends[1], bytes + at, piece);
        at += piece;
        if (at + 1 < length)
            act(link, bytes[at + 1]);
        at += 2;
    }
    vg_link_free(link);
    close(ends[1]);
    return 0;
}
