/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the link tests share: a fake guest at the other end of a socket pair, which can send any bytes, and a record of
 * what the runner was told. */
#ifndef VG_TEST_LINK_GUEST_H
#define VG_TEST_LINK_GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "guest/guest.h"
#include "support/test_workload.h"

#define HELLO                                                                                                          \
    "{\"type\":\"hello\",\"protocol\":1,\"agent\":\"test 1\",\"boot_id\":\"b\",\"kernel\":\"k\",\"machine\":\"m\","    \
    "\"os\":\"o\",\"cpus\":2,\"memory_bytes\":1073741824,\"now_ns\":1000}\n"

/* One fake guest, the link to it, and everything that came through. */
struct guest {
    int fd; /* the guest's end */
    struct vg_link *link;
    unsigned hellos, readies, facts, marks, batches, ends, breaks;
    uint64_t rows;
    int64_t last_row[2];
    int64_t last_mark;
    unsigned last_stream;
    char fact[65], value[1025], status[16], message[1025], why[4096];
};

static inline void on_hello(void *context, const json_t *hello)
{
    assert_true(json_is_object(hello));
    ((struct guest *)context)->hellos++;
}
static inline void on_ready(void *context, unsigned run)
{
    assert_int_not_equal(run, 0);
    ((struct guest *)context)->readies++;
}
static inline void on_fact(void *context, unsigned run, const char *name, const char *value)
{
    struct guest *guest = context;
    assert_int_not_equal(run, 0);
    guest->facts++;
    snprintf(guest->fact, sizeof(guest->fact), "%s", name);
    snprintf(guest->value, sizeof(guest->value), "%s", value);
}
static inline void on_mark(void *context, unsigned run, const char *name, int64_t guest_ns)
{
    struct guest *guest = context;
    assert_int_not_equal(run, 0);
    assert_non_null(name);
    guest->marks++;
    guest->last_mark = guest_ns;
}
static inline void on_samples(void *context, unsigned run, unsigned stream, const int64_t *rows, size_t row_count)
{
    struct guest *guest = context;
    assert_int_not_equal(run, 0);
    guest->batches++;
    guest->rows += row_count;
    guest->last_stream = stream;
    memcpy(guest->last_row, rows + 2 * (row_count - 1), sizeof(guest->last_row));
}
static inline void on_end(void *context, unsigned run, const char *status, const char *message)
{
    struct guest *guest = context;
    assert_int_not_equal(run, 0);
    guest->ends++;
    snprintf(guest->status, sizeof(guest->status), "%s", status);
    snprintf(guest->message, sizeof(guest->message), "%s", message);
}
static inline void on_broken(void *context, const char *why)
{
    struct guest *guest = context;
    guest->breaks++;
    snprintf(guest->why, sizeof(guest->why), "%s", why);
}

static const struct vg_link_events recording = { on_hello, on_ready, on_fact, on_mark, on_samples, on_end, on_broken };

static inline void guest_open(struct guest *guest, const struct vg_link_limits *limits)
{
    *guest = (struct guest) { 0 };
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    guest->fd = ends[1];
    guest->link = vg_link_new(ends[0], limits, &recording, guest);
}

static inline void guest_close(struct guest *guest)
{
    if (guest->fd >= 0)
        close(guest->fd);
    guest->fd = -1;
    vg_link_free(guest->link);
    guest->link = NULL;
}

/* Sends all of it, letting the runner read whenever the pipe is full. False once the link is broken. */
static inline bool guest_send_bytes(struct guest *guest, const char *bytes, size_t length)
{
    while (length) {
        ssize_t count = send(guest->fd, bytes, length, MSG_NOSIGNAL);
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        } else if (errno != EAGAIN) {
            return false;
        }
        if (length)
            vg_link_service(guest->link);
        if (vg_link_broken(guest->link, NULL))
            return false;
    }
    vg_link_service(guest->link);
    return !vg_link_broken(guest->link, NULL);
}

static inline bool guest_send(struct guest *guest, const char *lines)
{
    return guest_send_bytes(guest, lines, strlen(lines));
}

/* What the runner sent so far; caller frees. */
static inline char *guest_read(struct guest *guest)
{
    char buffer[65536];
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (ssize_t count; (count = recv(guest->fd, buffer, sizeof(buffer), 0)) > 0;)
        vg_text_add_bytes(&text, buffer, (size_t)count);
    return text.data;
}

/* A guest that said hello, and a run of it in the wanted state: 's' started, 'r' ready, 'g' gone. */
static inline unsigned guest_run(struct guest *guest, char state)
{
    unsigned run = vg_link_start(guest->link, &test_workload, NULL);
    vg_autofree char *ready = vg_format("{\"type\":\"ready\",\"run\":%u}\n", run);
    if (state != 's')
        assert_true(guest_send(guest, ready));
    if (state == 'g')
        vg_link_go(guest->link, run, 0);
    return run;
}

static inline void guest_start(struct guest *guest, const struct vg_link_limits *limits, char state)
{
    guest_open(guest, limits);
    assert_true(guest_send(guest, HELLO));
    assert_int_equal(guest_run(guest, state), 1);
}

/* The bytes break the link, once, with a sentence that holds `word`, and the sentence is safe to show. */
#define assert_breaks(guest, lines, word) assert_breaks_at(guest, lines, strlen(lines), word, __LINE__)
static inline void assert_breaks_at(struct guest *guest, const char *bytes, size_t length, const char *word, int line)
{
    bool sent = guest_send_bytes(guest, bytes, length);
    if (sent || !strstr(guest->why, word))
        fail_msg("line %d: not refused for `%s`: %s", line, word, sent ? "accepted" : guest->why);
    assert_int_equal(guest->breaks, 1);
    assert_true(vg_link_broken(guest->link, NULL));
    assert_true(strlen(guest->why) < 1024);
    for (const char *c = guest->why; *c; c++)
        assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
    /* Sticky: nothing more comes, and there is nothing to poll. */
    unsigned ends = guest->ends;
    vg_link_service(guest->link);
    assert_int_equal(guest->breaks, 1);
    assert_int_equal(guest->ends, ends);
    assert_int_equal(vg_link_fd(guest->link), -1);
    assert_int_equal(vg_link_poll_events(guest->link), 0);
}

/* A guest in that state is broken by the line. */
#define refused(state, line, word)                                                                                     \
    do {                                                                                                               \
        struct guest refused_guest_;                                                                                   \
        guest_start(&refused_guest_, NULL, state);                                                                     \
        assert_breaks(&refused_guest_, line, word);                                                                    \
        guest_close(&refused_guest_);                                                                                  \
    } while (0)

#endif
