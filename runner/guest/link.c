/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's end of one link: bytes in and out, limits on how many, and what happens when the tenant breaks a rule. A
 * broken link stays broken, with one reason, and is never read again. */
#include "guest/link.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>

/* What a reason quotes of the tenant's bytes. */
#define QUOTE_BYTES 100

const struct vg_link_limits vg_link_default_limits = {
    .line_bytes = 65536,
    .total_bytes = UINT64_C(8) << 30,
    .bytes_per_second = UINT64_C(64) << 20,
    .rows_per_run = 100000000,
    .facts_per_run = 256,
    .marks_per_run = 256,
    .protocol_errors = 0,
};

struct vg_link *vg_link_new(int fd, const struct vg_link_limits *limits, const struct vg_link_events *events,
                            void *context)
{
    struct vg_link *link = vg_calloc(1, sizeof(*link));
    link->fd = fd;
    link->limits = limits ? *limits : vg_link_default_limits;
    if (events)
        link->events = *events;
    link->context = context;
    vg_lines_init(&link->lines, link->limits.line_bytes);
    /* No value is shorter than a digit and a comma. */
    link->value_capacity = link->limits.line_bytes / 2 + 1;
    link->values = vg_calloc(link->value_capacity, sizeof(*link->values));
    return link;
}

static void forget_facts(struct vg_link_run *entry)
{
    for (unsigned i = 0; i < entry->fact_count; i++)
        free(entry->facts[i]);
    free(entry->facts);
    entry->facts = NULL;
    entry->fact_count = 0;
}

/* Everything that only a link that reads or writes needs. */
static void let_go(struct vg_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    for (unsigned i = 0; i < link->run_count; i++)
        forget_facts(&link->runs[i]);
    vg_lines_free(&link->lines);
    vg_text_free(&link->queue);
    free(link->values);
    link->values = NULL;
}

void vg_link_free(struct vg_link *link)
{
    if (!link)
        return;
    let_go(link);
    free(link->runs);
    free(link->clock.points);
    free(link->broken);
    free(link);
}

int vg_link_fd(const struct vg_link *link)
{
    return link->fd;
}

/* What may be read now: a second's worth at most, refilled by time. What is not read stays with the tenant. */
static double credit_bytes(const struct vg_link *link, int64_t now_ns)
{
    double most = (double)link->limits.bytes_per_second;
    double credit = link->credit_bytes + most * (double)(now_ns - link->credited_ns) / (double)VG_NS_PER_S;
    return credit < most ? credit : most;
}

short vg_link_poll_events(const struct vg_link *link)
{
    if (link->fd < 0)
        return 0;
    short input = credit_bytes(link, vg_now_ns()) >= 1 ? POLLIN : 0;
    return (short)(link->queue.length ? input | POLLOUT : input);
}

bool vg_link_broken(const struct vg_link *link, const char **why)
{
    if (link->broken && why)
        *why = link->broken;
    return link->broken != NULL;
}

bool vg_link_closed(const struct vg_link *link)
{
    return link->closed;
}

/* `bytes`, if there are any, are quoted in a form that is safe to show. */
static void break_link(struct vg_link *link, const char *bytes, size_t length, const char *reason)
{
    if (link->broken)
        return;
    if (length) {
        vg_autofree char *quote = vg_printable(bytes, length, QUOTE_BYTES);
        link->broken = vg_format("%s: `%s`", reason, quote);
    } else {
        link->broken = vg_strdup(reason);
    }
    vg_text_free(&link->queue);
}

/* Returns the number of bytes that can wait no longer: false once the link does not take any. */
static bool write_queue(struct vg_link *link, int *error)
{
    *error = 0;
    size_t written = 0;
    while (written < link->queue.length) {
        ssize_t count =
            send(link->fd, link->queue.data + written, link->queue.length - written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            written += (size_t)count;
        } else if (errno != EINTR) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                *error = errno;
            break;
        }
    }
    if (written == link->queue.length) {
        vg_text_free(&link->queue);
    } else if (written) {
        memmove(link->queue.data, link->queue.data + written, link->queue.length - written + 1);
        link->queue.length -= written;
    }
    return *error == 0;
}

void vg_link_send(struct vg_link *link, json_t *message)
{
    vg_autojson json_t *owned = message;
    if (link->broken)
        return;
    vg_autofree char *line = json_dumps(owned, JSON_COMPACT);
    if (!line) {
        break_link(link, NULL, 0, "the runner could not write a message for the tenant as JSON");
        return;
    }
    size_t length = strlen(line) + 1;
    if (length > link->limits.line_bytes) {
        vg_autofree char *reason = vg_format("a message for the tenant has %zu bytes and the link carries at most %zu",
                                             length, link->limits.line_bytes);
        break_link(link, NULL, 0, reason);
        return;
    }
    if (link->queue.length + length > VG_LINK_QUEUE_BYTES) {
        break_link(link, NULL, 0, "the tenant does not read what the runner sends");
        return;
    }
    vg_text_add(&link->queue, "%s\n", line);
    int error;
    write_queue(link, &error); /* an error is met again, and told, in vg_link_service */
}

/* One message that breaks a rule. Such a line may be overlooked (limits.protocol_errors); then it was without effect.
 */
static void violation(struct vg_link *link, const char *line, size_t length, const struct vg_error *err)
{
    if (link->violations++ < link->limits.protocol_errors) {
        vg_autofree char *quote = vg_printable(line, length, QUOTE_BYTES);
        vg_warn("overlooked: %s: `%s`", err->text, quote);
        return;
    }
    break_link(link, line, length, err->text);
}

static void take_lines(struct vg_link *link)
{
    while (!link->broken) {
        const char *line;
        size_t length;
        switch (vg_lines_next(&link->lines, &line, &length)) {
        case VG_LINE_NONE:
            return;
        case VG_LINE_TOO_LONG: {
            vg_autofree char *reason =
                vg_format("the tenant sent a line of more than %zu bytes", link->limits.line_bytes);
            break_link(link, line, length, reason);
            return;
        }
        case VG_LINE_FOUND: {
            struct vg_error err = { 0 };
            if (!vg_link_message(link, line, length, &err))
                violation(link, line, length, &err);
            break;
        }
        }
    }
}

static void closed(struct vg_link *link, int error)
{
    const char *rest;
    size_t length;
    vg_lines_next(&link->lines, &rest, &length);
    vg_autofree char *how = error ? vg_format(" (%s)", strerror(error)) : vg_strdup("");
    vg_autofree char *reason =
        vg_format("the tenant's end of the link closed%s%s", how, length ? " in the middle of a message" : "");
    link->closed = !link->broken;
    break_link(link, rest, length, reason);
}

static void read_input(struct vg_link *link)
{
    size_t taken = 0;
    int64_t now_ns = vg_now_ns();
    link->credit_bytes = credit_bytes(link, now_ns);
    link->credited_ns = now_ns;
    while (!link->broken && taken < VG_LINK_SERVICE_BYTES && link->credit_bytes >= 1) {
        size_t room;
        char *space = vg_lines_space(&link->lines, &room);
        if ((double)room > link->credit_bytes)
            room = (size_t)link->credit_bytes;
        ssize_t count = recv(link->fd, space, room, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (count <= 0) {
            closed(link, count < 0 ? errno : 0);
            return;
        }
        link->received_ns = vg_now_ns();
        taken += (size_t)count;
        link->credit_bytes -= (double)count;
        link->received_bytes += (uint64_t)count;
        if (link->received_bytes > link->limits.total_bytes) {
            vg_autofree char *reason =
                vg_format("the tenant sent more than %" PRIu64 " bytes in all", link->limits.total_bytes);
            break_link(link, NULL, 0, reason);
            return;
        }
        vg_lines_received(&link->lines, (size_t)count);
        take_lines(link);
    }
}

void vg_link_service(struct vg_link *link)
{
    if (!link->broken)
        read_input(link);
    int error;
    /* Input first: a tenant that said why and then closed is told by what it said. */
    if (!link->broken && !write_queue(link, &error))
        closed(link, error);
    if (link->broken && !link->told) {
        link->told = true;
        close(link->fd); /* poll() would report the hang-up for ever */
        link->fd = -1;
        if (link->events.broken)
            link->events.broken(link->context, link->broken);
    }
}

void vg_link_close(struct vg_link *link)
{
    break_link(link, NULL, 0, "the tenant was ended");
    link->told = true; /* by whoever ended it */
    link->clock.id = 0;
    link->clock.waiting = 0;
    let_go(link);
}

unsigned vg_link_start(struct vg_link *link, const struct vg_workload *workload, const struct vg_settings *params)
{
    struct vg_link_run entry = { .workload = workload, .started_host_ns = vg_now_ns() };
    vg_push(link->runs, link->run_count) = entry;
    json_t *values = vg_json_new_object();
    for (unsigned i = 0; params && i < params->count; i++)
        vg_json_set_text(values, params->items[i].name, params->items[i].value);
    json_t *message = vg_json_new_object();
    vg_json_set_text(message, "type", "start");
    vg_json_set_int(message, "run", link->run_count);
    vg_json_set_text(message, "workload", workload->name);
    vg_json_set(message, "params", values);
    vg_link_send(link, message);
    return link->run_count;
}

/* A run that ended by itself meanwhile needs neither go nor stop: NULL. */
static struct vg_link_run *run_to_steer(struct vg_link *link, unsigned run)
{
    if (run == 0 || run > link->run_count || link->runs[run - 1].state == VG_RUN_ENDED)
        return NULL;
    link->runs[run - 1].released = true;
    return &link->runs[run - 1];
}

void vg_link_go(struct vg_link *link, unsigned run, int64_t at_host_ns)
{
    struct vg_link_run *entry = run_to_steer(link, run);
    if (!entry)
        return;
    if (entry->state == VG_RUN_READY)
        entry->state = VG_RUN_GONE;
    json_t *message = vg_json_new_object();
    vg_json_set_text(message, "type", "go");
    vg_json_set_int(message, "run", run);
    vg_json_set_int(message, "at_ns", vg_link_guest_time(link, at_host_ns));
    vg_link_send(link, message);
}

void vg_link_stop(struct vg_link *link, unsigned run)
{
    if (!run_to_steer(link, run))
        return;
    json_t *message = vg_json_new_object();
    vg_json_set_text(message, "type", "stop");
    vg_json_set_int(message, "run", run);
    vg_link_send(link, message);
}

void vg_link_command(struct vg_link *link, const char *command)
{
    json_t *message = vg_json_new_object();
    vg_json_set_text(message, "type", "command");
    vg_json_set_text(message, "command", command);
    vg_link_send(link, message);
}
