/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The token of two runs that take turns (turns.h). */
#include "engine/turns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

bool vg_turns_open(struct vg_turns *turns, const char *spec, struct vg_error *err)
{
    static const char *const sides[] = { "second:", "first:" };
    long long fd = -1;
    *turns = (struct vg_turns) { .fd = -1 };
    for (int first = 0; first < 2; first++) {
        size_t length = strlen(sides[first]);
        if (strncmp(spec, sides[first], length) == 0 && vg_parse_int(spec + length, &fd))
            turns->first = first;
    }
    int type;
    socklen_t length = sizeof(type);
    if (fd < 0 || fd > 1 << 20 || getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0)
        return vg_fail(
            err, VG_ERROR_INPUT,
            "--turns takes first:FD or second:FD, FD a socket to the other run; `vgauge ab --turns` sets it");
    turns->fd = (int)fd;
    /* A tenant that inherited it would keep it open: the end of this run would not be seen. */
    if (fcntl(turns->fd, F_SETFD, FD_CLOEXEC) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot set up turns with the other run");
    return true;
}

void vg_turns_pass(struct vg_turns *turns)
{
    /* The one that begins waits until the other one is ready; then either hands over after every second turn. */
    bool due = turns->taken ? turns->taken % 2 == (turns->first ? 1 : 0) : !turns->first;
    if (due) {
        turns->mine = false;
        if (send(turns->fd, "t", 1, MSG_NOSIGNAL) != 1)
            turns->alone = true;
    }
    turns->taken++;
}

bool vg_turns_poll(struct vg_turns *turns, int timeout_ms)
{
    struct pollfd wait = { .fd = turns->fd, .events = POLLIN };
    char token;
    if (turns->mine || turns->alone)
        return true;
    if (poll(&wait, 1, timeout_ms) != 1)
        return false;
    turns->mine = recv(turns->fd, &token, 1, MSG_DONTWAIT) == 1;
    turns->alone = !turns->mine;
    return true;
}
