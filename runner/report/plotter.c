/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One gnuplot for all pictures of a page: starting it costs ten times what a plot does. It is told over a socket which
 * script to run; what it says comes back over the same. It has no shell in front, and none of the user's settings. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "report/plotter.h"

extern char **environ;

enum { TIMEOUT_MS = 30000, SAID_MAX_BYTES = 4096 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void stop(struct vg_plotter *plotter)
{
    if (!plotter->pid)
        return;
    close(plotter->socket);
    kill(plotter->pid, SIGKILL); /* it keeps nothing: each picture was a file of its own */
    while (waitpid(plotter->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    plotter->pid = 0;
}

void vg_plotter_end(struct vg_plotter *plotter)
{
    stop(plotter);
    struct vg_error ignored = { 0 };
    if (plotter->scratch && !vg_remove_tree(plotter->scratch, &ignored))
        vg_warn("%s", ignored.text);
    free(plotter->scratch);
    plotter->scratch = NULL;
}

bool vg_plotter_ready(struct vg_plotter *plotter, struct vg_error *err)
{
    if (!plotter->scratch) {
        char scratch[] = "/tmp/vgauge-plot-XXXXXX";
        if (!mkdtemp(scratch))
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "/tmp cannot be written");
        plotter->scratch = vg_strdup(scratch);
    }
    if (plotter->pid)
        return true;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "no socket for gnuplot");
    static const char *const argv[] = { "gnuplot", "-d", "-", NULL }; /* -d: a user's own ~/.gnuplot has no say */
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_adddup2(&actions, ends[1], fd);
    int failed = posix_spawnp(&plotter->pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed) {
        plotter->pid = 0;
        close(ends[0]);
        return failed == ENOENT ? vg_fail(err, VG_ERROR_ENVIRONMENT, "gnuplot is not installed (Debian: gnuplot-nox)")
                                : vg_fail_errno(err, VG_ERROR_ENVIRONMENT, failed, "gnuplot cannot be started");
    }
    plotter->socket = ends[0];
    return true;
}

/* 'text' as gnuplot reads it between single quotes, in which nothing but the quote itself means anything. */
static void add_quoted(struct vg_text *command, const char *text)
{
    vg_text_add(command, " '");
    for (const char *c = text; *c; c++)
        if (*c == '\'')
            vg_text_add(command, "''");
        else
            vg_text_add(command, "%c", (unsigned char)*c < ' ' ? ' ' : *c);
    vg_text_add(command, "'");
}

static bool tell(const struct vg_plotter *plotter, const struct vg_text *command)
{
    for (size_t sent = 0; sent < command->length;) {
        ssize_t got = send(plotter->socket, command->data + sent, command->length - sent, MSG_NOSIGNAL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        sent += (size_t)got;
    }
    return true;
}

/* Waits for the line that says that it is done; whatever else it says is kept. */
static bool listen_for(const struct vg_plotter *plotter, const char *done, char *said, bool *late)
{
    int64_t end_ms = now_ms() + TIMEOUT_MS;
    size_t length = 0;
    *said = '\0';
    for (;;) {
        struct pollfd wait = { .fd = plotter->socket, .events = POLLIN };
        int64_t left_ms = end_ms - now_ms();
        int ready = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            *late = true;
        if (ready <= 0)
            return false;
        if (length == SAID_MAX_BYTES - 1) { /* a flood: only its end matters */
            memmove(said, said + SAID_MAX_BYTES / 2, length - SAID_MAX_BYTES / 2 + 1);
            length -= SAID_MAX_BYTES / 2;
        }
        ssize_t got = recv(plotter->socket, said + length, SAID_MAX_BYTES - 1 - length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        length += (size_t)got;
        said[length] = '\0';
        if (strstr(said, done))
            return true;
    }
}

/* On its standard input gnuplot goes on after an error, which it says as "line N: what"; a warning says that it is one.
 */
static bool complains(const char *said)
{
    for (const char *at = said; (at = strstr(at, "line ")) != NULL; at++) {
        size_t digits = strspn(at + 5, "0123456789");
        if (digits && at[5 + digits] == ':' && strncmp(at + 5 + digits, ": warning", 9) != 0)
            return true;
    }
    return false;
}

bool vg_plotter_draw(struct vg_plotter *plotter, const char *script, const char *data, const char *svg,
                     const char *const *arguments, struct vg_error *err)
{
    char said[SAID_MAX_BYTES] = { 0 };
    bool late = false;
    vg_autotext struct vg_text command = { 0 };
    if (!vg_plotter_ready(plotter, err))
        return false;
    vg_autofree char *path = vg_format("%s/%s.gnuplot", plotter->template_directory, script);
    vg_autofree char *done = vg_format("vgauge-plot-%u-done", ++plotter->drawn);
    vg_text_add(&command, "reset\ncall");
    add_quoted(&command, path);
    add_quoted(&command, data);
    add_quoted(&command, svg);
    for (unsigned i = 0; arguments && arguments[i] && i < VG_PLOT_MAX_ARGUMENTS; i++)
        add_quoted(&command, arguments[i]);
    /* Closing the file is what writes it; the end is said on what carries the errors too. */
    vg_text_add(&command, "\nunset output\nset print\nprint '%s'\n", done);
    if (tell(plotter, &command) && listen_for(plotter, done, said, &late)) {
        if (!complains(said))
            return true;
        *strstr(said, done) = '\0';
    } else
        stop(plotter); /* the next picture gets a new one */
    if (late)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "gnuplot did not end in %d s", TIMEOUT_MS / 1000);
    vg_autofree char *clean = vg_report_clean(said);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "gnuplot refused to draw it: %.300s",
                   *clean ? clean : "it ended without a word");
}
