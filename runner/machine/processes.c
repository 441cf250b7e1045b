/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at and ending processes of this host without ever hitting a stranger: by pidfd, by session, by what the
 * command line must hold. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "machine/internal.h"

int vg_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by nature */
}

bool vg_pidfd_gone(int pidfd)
{
    struct pollfd wait = { .fd = pidfd, .events = POLLIN };
    return poll(&wait, 1, 0) == 1;
}

/* State, parent and session from /proc/PID/stat; the name before them may hold anything, so they are sought after the
 * last parenthesis. */
static bool read_stat(pid_t pid, char *state, pid_t *parent, pid_t *session)
{
    vg_autofree char *path = vg_format("/proc/%d/stat", (int)pid);
    vg_autofree char *text = NULL;
    struct vg_error error = { 0 };
    if (!vg_read_attribute(path, &text, &error))
        return false;
    const char *after = strrchr(text, ')');
    int ppid, group, sid;
    if (!after || sscanf(after + 1, " %c %d %d %d", state, &ppid, &group, &sid) != 4)
        return false;
    *parent = ppid;
    *session = sid;
    return true;
}

pid_t vg_process_session(pid_t pid)
{
    char state;
    pid_t parent, session;
    return read_stat(pid, &state, &parent, &session) ? session : 0;
}

static pid_t next_pid(DIR *proc)
{
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        long long pid;
        if (isdigit((unsigned char)entry->d_name[0]) && vg_parse_int(entry->d_name, &pid))
            return (pid_t)pid;
    }
    return 0;
}

static unsigned kill_once(pid_t session)
{
    unsigned alive = 0;
    vg_autodir DIR *proc = opendir("/proc");
    for (pid_t pid; proc && (pid = next_pid(proc)) != 0;) {
        char state;
        pid_t parent, its;
        if (!read_stat(pid, &state, &parent, &its) || its != session)
            continue;
        if (state == 'Z' || state == 'X') {
            if (parent == getpid())
                waitpid(pid, NULL, WNOHANG);
            continue;
        }
        /* The pidfd pins the process: look again, then signal exactly what was looked at. */
        vg_autoclose int fd = vg_pidfd_open(pid);
        if (fd < 0 || vg_process_session(pid) != session)
            continue;
        alive++;
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    }
    return alive;
}

bool vg_session_kill(pid_t session, int timeout_ms)
{
    if (session <= 1 || session == getsid(0))
        return true;
    int64_t deadline_ns = vg_now_ns() + timeout_ms * VG_NS_PER_MS;
    while (kill_once(session)) {
        if (vg_now_ns() > deadline_ns)
            return false;
        vg_sleep_ns(2 * VG_NS_PER_MS);
    }
    return true;
}

/* What became our child only because its parent ended (a QEMU that libvirt detached, the workload of a killed agent) is
 * in a session that somebody else leads. What we start ourselves is in our session or leads its own. */
static void collect_orphan(pid_t pid)
{
    char state;
    pid_t parent, session;
    if (read_stat(pid, &state, &parent, &session) && state == 'Z' && parent == getpid() && session != getsid(0) &&
        session != pid)
        waitpid(pid, NULL, WNOHANG);
}

void vg_collect_orphans(void)
{
    vg_autodir DIR *threads = opendir("/proc/self/task");
    for (pid_t thread; threads && (thread = next_pid(threads)) != 0;) {
        vg_autofree char *path = vg_format("/proc/self/task/%d/children", (int)thread);
        vg_autofree char *text = NULL;
        struct vg_error error = { 0 };
        if (!vg_read_attribute(path, &text, &error))
            continue;
        for (char *rest = text, *end;; rest = end) {
            long child = strtol(rest, &end, 10);
            if (end == rest)
                break;
            collect_orphan((pid_t)child);
        }
    }
}

char *vg_process_command_line(pid_t pid)
{
    vg_autofree char *path = vg_format("/proc/%d/cmdline", (int)pid);
    char *text;
    size_t length;
    struct vg_error error = { 0 };
    if (!vg_read_file(path, 1 << 20, &text, &length, &error))
        return NULL;
    for (size_t i = 0; i + 1 < length; i++)
        if (!text[i])
            text[i] = ' ';
    return text;
}

static bool is_ours(pid_t pid)
{
    vg_autofree char *path = vg_format("/proc/%d", (int)pid);
    struct stat status;
    return stat(path, &status) == 0 && status.st_uid == geteuid();
}

pid_t vg_process_find(const char *word, const char *other, bool ours)
{
    vg_autodir DIR *proc = opendir("/proc");
    for (pid_t pid; proc && (pid = next_pid(proc)) != 0;) {
        if (pid == getpid() || (ours && !is_ours(pid)))
            continue;
        vg_autofree char *line = vg_process_command_line(pid);
        if (line && strstr(line, word) && strstr(line, other))
            return pid;
    }
    return 0;
}

void vg_process_end(pid_t pid, int grace_ms)
{
    vg_autoclose int fd = vg_pidfd_open(pid);
    if (fd < 0)
        return;
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
    if (poll(&wait, 1, grace_ms) == 1)
        return;
    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    poll(&wait, 1, 2000);
}

bool vg_read_pid_file(const char *path, pid_t *pid)
{
    vg_autofree char *text = NULL;
    struct vg_error error = { 0 };
    long long value;
    if (!vg_read_attribute(path, &text, &error) || !vg_parse_int(text, &value) || value <= 1 || value > INT32_MAX)
        return false;
    *pid = (pid_t)value;
    return true;
}

/* By device and number: whoever has it open may have come to it by another path. */
static bool has_open(pid_t pid, const struct stat *file)
{
    vg_autofree char *path = vg_format("/proc/%d/fd", (int)pid);
    vg_autodir DIR *files = opendir(path);
    struct stat status;
    for (struct dirent *entry; files && (entry = readdir(files)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && fstatat(dirfd(files), entry->d_name, &status, 0) == 0 &&
            status.st_dev == file->st_dev && status.st_ino == file->st_ino)
            return true;
    return false;
}

bool vg_file_is_open(const char *path)
{
    struct stat file;
    vg_autodir DIR *proc = stat(path, &file) == 0 ? opendir("/proc") : NULL;
    for (pid_t pid; proc && (pid = next_pid(proc)) != 0;)
        if (has_open(pid, &file))
            return true;
    return false;
}
