/* SPDX-License-Identifier: MIT */
/* The agent's end of the link: bounded buffers, whole lines, and pongs that overtake samples, so that a busy stream
 * does not blur the runner's view of this tenant's clock. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include "agent/agent.h"

static void complain(const char *what, const char *bytes, size_t length)
{
    vg_autofree char *shown = vg_printable(bytes, length, 200);
    fprintf(stderr, "vgauge-agent: %s: %s\n", what, shown);
}

static void split(struct vg_agent_link *link, void (*handle)(void *, const char *, size_t, int64_t), void *context,
                  int64_t read_ns)
{
    char *start = link->input, *end = link->input + link->input_used, *newline;
    while ((newline = memchr(start, '\n', (size_t)(end - start)))) {
        if (!link->input_skip)
            handle(context, start, (size_t)(newline - start), read_ns);
        link->input_skip = false;
        start = newline + 1;
    }
    link->input_used = (size_t)(end - start);
    memmove(link->input, start, link->input_used);
    if (link->input_used == sizeof(link->input)) {
        if (!link->input_skip)
            complain("ignoring a line that is too long", link->input, link->input_used);
        link->input_skip = true;
        link->input_used = 0;
    }
}

void vg_agent_link_read(struct vg_agent_link *link,
                        void (*handle)(void *context, const char *line, size_t length, int64_t read_ns), void *context)
{
    while (!link->closed) {
        ssize_t got = read(link->fd, link->input + link->input_used, sizeof(link->input) - link->input_used);
        int64_t read_ns = vg_now_ns();
        if (got > 0) {
            link->input_used += (size_t)got;
            split(link, handle, context, read_ns);
            continue;
        }
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got == 0 && link->device) { /* no host at the other end: what it had begun to say is void */
            link->input_used = 0;
            link->input_skip = false;
            return;
        }
        if (got < 0)
            fprintf(stderr, "vgauge-agent: cannot read the link: %s\n", strerror(errno));
        link->closed = true;
    }
}

/* Writes [*start, end); false if the link takes no more now. */
static bool write_some(struct vg_agent_link *link, const char *buffer, size_t *start, size_t end)
{
    while (*start < end) {
        ssize_t written = write(link->fd, buffer + *start, end - *start);
        if (written > 0) {
            *start += (size_t)written;
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno != EAGAIN) {
            if (!link->device || errno != EPIPE)
                fprintf(stderr, "vgauge-agent: cannot write to the link: %s\n", strerror(errno));
            link->closed = !link->device; /* a port without a host may get one again */
        }
        return false;
    }
    return true;
}

void vg_agent_link_write(struct vg_agent_link *link)
{
    while (!link->closed && vg_agent_link_waiting(link)) {
        size_t bulk_until = link->bulk_end;
        if (link->urgent_start < link->urgent_end) {
            if (!link->mid_line) {
                if (!write_some(link, link->urgent, &link->urgent_start, link->urgent_end))
                    return;
                link->urgent_start = link->urgent_end = 0;
                continue;
            }
            const char *rest = link->bulk + link->bulk_start;
            const char *newline = memchr(rest, '\n', link->bulk_end - link->bulk_start);
            bulk_until = newline ? link->bulk_start + (size_t)(newline - rest) + 1 : link->bulk_end;
        } else if (link->bulk_end - link->bulk_start > VG_LINE_BYTES) {
            bulk_until = link->bulk_start + VG_LINE_BYTES; /* look at the pongs again soon */
        }
        size_t before = link->bulk_start;
        bool more = write_some(link, link->bulk, &link->bulk_start, bulk_until);
        if (link->bulk_start > before)
            link->mid_line = link->bulk[link->bulk_start - 1] != '\n';
        if (!more)
            return;
        if (link->bulk_start == link->bulk_end)
            link->bulk_start = link->bulk_end = 0;
    }
}

size_t vg_agent_link_room(const struct vg_agent_link *link)
{
    return sizeof(link->bulk) - (link->bulk_end - link->bulk_start);
}

bool vg_agent_link_waiting(const struct vg_agent_link *link)
{
    return link->bulk_start < link->bulk_end || link->urgent_start < link->urgent_end;
}

bool vg_agent_link_send(struct vg_agent_link *link, const char *line, size_t length)
{
    if (length > vg_agent_link_room(link))
        return false;
    if (length > sizeof(link->bulk) - link->bulk_end) {
        link->bulk_end -= link->bulk_start;
        memmove(link->bulk, link->bulk + link->bulk_start, link->bulk_end);
        link->bulk_start = 0;
    }
    memcpy(link->bulk + link->bulk_end, line, length);
    link->bulk_end += length;
    return true;
}

bool vg_agent_link_send_urgent(struct vg_agent_link *link, const char *line, size_t length)
{
    if (length > sizeof(link->urgent) - link->urgent_end)
        return false;
    memcpy(link->urgent + link->urgent_end, line, length);
    link->urgent_end += length;
    return true;
}
