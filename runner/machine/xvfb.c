/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A private X server: QEMU's GL needs a display where there is no render node. Nobody else can connect to it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/wait.h>
#include "machine/internal.h"

#define START_MS 20000
#define STOP_MS  3000

struct vg_xvfb {
    pid_t pid;
    int claim;
    char display[16];
    char *authority;
};

/* One record of an Xauthority file: family, address, display number, name, data; each text after its length, all
 * big-endian. The wildcard family without a display number fits whatever display the server will choose. */
static bool write_authority(const char *path, struct vg_error *err)
{
    static const char name[] = "MIT-MAGIC-COOKIE-1";
    unsigned char cookie[16];
    if (getrandom(cookie, sizeof(cookie), 0) != sizeof(cookie))
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot get random bytes");
    const uint16_t head[4] = { htons(0xffff), 0, 0, htons(sizeof(name) - 1) };
    const uint16_t length = htons(sizeof(cookie));
    vg_autotext struct vg_text record = { 0 };
    vg_text_add_bytes(&record, (const char *)head, sizeof(head));
    vg_text_add_bytes(&record, name, sizeof(name) - 1);
    vg_text_add_bytes(&record, (const char *)&length, sizeof(length));
    vg_text_add_bytes(&record, (const char *)cookie, sizeof(cookie));
    vg_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, record.data, record.length) != (ssize_t)record.length)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write the X authority file %s", path);
    return true;
}

/* The server writes "7\n" once it serves display :7, and closes the pipe if it dies first. */
static bool read_display(struct vg_xvfb *xvfb, int fd)
{
    char text[12] = "";
    size_t length = 0;
    int64_t deadline_ns = vg_now_ns() + START_MS * VG_NS_PER_MS;
    while (!strchr(text, '\n')) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int64_t left_ns = deadline_ns - vg_now_ns();
        if (left_ns <= 0 || length == sizeof(text) - 1)
            return false;
        if (poll(&wait, 1, (int)(left_ns / VG_NS_PER_MS) + 1) <= 0)
            continue;
        ssize_t got = read(fd, text + length, sizeof(text) - 1 - length);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        length += got > 0 ? (size_t)got : 0;
    }
    long long number;
    *strchr(text, '\n') = '\0';
    if (!vg_parse_int(text, &number) || number < 0 || number > 65535)
        return false;
    snprintf(xvfb->display, sizeof(xvfb->display), ":%lld", number);
    return true;
}

static bool launch(struct vg_xvfb *xvfb, const char *log, struct vg_error *err)
{
    vg_autoclose int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log_fd < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create %s", log);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a pipe for Xvfb");
    const char *const argv[] = { "Xvfb",      "-displayfd", "3",     "-screen",       "0",        "320x240x24",
                                 "-nolisten", "tcp",        "-auth", xvfb->authority, "-noreset", NULL };
    /* SIGTERM lets it remove its lock and socket below /tmp. */
    const struct vg_spawn spawn = { .argv = argv, .output_fd = log_fd, .fd3 = ends[1], .death_signal = SIGTERM };
    xvfb->pid = vg_spawn(&spawn, err);
    close(ends[1]);
    vg_autoclose int fd = ends[0];
    if (xvfb->pid < 0)
        return vg_wrap(err, "a host without a render node needs Xvfb (package xvfb)");
    if (read_display(xvfb, fd))
        return true;
    vg_autofree char *tail = vg_file_tail(log, 5);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "Xvfb does not start; it says: %s", *tail ? tail : "nothing");
}

struct vg_xvfb *vg_xvfb_start(const char *runtime_directory, struct vg_error *err)
{
    if (!vg_make_directories(runtime_directory, err))
        return NULL;
    struct vg_xvfb *xvfb = vg_calloc(1, sizeof(*xvfb));
    xvfb->pid = -1;
    xvfb->authority = vg_format("%s/xauthority", runtime_directory);
    vg_autofree char *log = vg_format("%s/xvfb.log", runtime_directory);
    xvfb->claim = vg_runtime_claim(runtime_directory, err);
    if (xvfb->claim < 0 || !write_authority(xvfb->authority, err) || !launch(xvfb, log, err)) {
        vg_xvfb_stop(xvfb);
        return NULL;
    }
    return xvfb;
}

const char *vg_xvfb_display(const struct vg_xvfb *xvfb)
{
    return xvfb->display;
}

const char *vg_xvfb_authority(const struct vg_xvfb *xvfb)
{
    return xvfb->authority;
}

void vg_xvfb_stop(struct vg_xvfb *xvfb)
{
    if (!xvfb)
        return;
    if (xvfb->pid > 0) {
        vg_process_end(xvfb->pid, STOP_MS);
        while (waitpid(xvfb->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    unlink(xvfb->authority);
    if (xvfb->claim >= 0)
        vg_runtime_release(xvfb->claim);
    free(xvfb->authority);
    free(xvfb);
}
