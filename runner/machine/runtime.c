/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of a run, and what happens to it when its runner was killed: libvirt's in-process driver leaves VMs
 * running then. A lock, which the kernel takes away with the process, tells the living from the dead. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include "machine/internal.h"

#define CLAIM_NAME "runner"

enum { UNCLAIMED_S = 60 };

/* A process can lock a file only once through one descriptor; all its users share that. */
struct claim {
    int fd;
    unsigned users;
    char *directory;
};
static pthread_mutex_t claims_lock = PTHREAD_MUTEX_INITIALIZER;
static struct claim *claims;
static unsigned claim_count;

static int lock_directory(const char *directory, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/" CLAIM_NAME, directory);
    vg_autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (fd >= 0 && errno == EWOULDBLOCK)
            vg_fail(err, VG_ERROR_ENVIRONMENT, "the runtime directory %s belongs to another run", directory);
        else
            vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot claim the runtime directory %s", directory);
        return -1;
    }
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
        return -1;
    }
    int locked = fd;
    fd = -1;
    return locked;
}

int vg_runtime_claim(const char *directory, struct vg_error *err)
{
    pthread_mutex_lock(&claims_lock);
    struct claim *claim = NULL;
    for (unsigned i = 0; i < claim_count; i++)
        if (claims[i].users && strcmp(claims[i].directory, directory) == 0)
            claim = &claims[i];
    int fd = claim ? claim->fd : lock_directory(directory, err);
    if (claim)
        claim->users++;
    else if (fd >= 0)
        vg_push(claims, claim_count) = (struct claim) { .fd = fd, .users = 1, .directory = vg_strdup(directory) };
    pthread_mutex_unlock(&claims_lock);
    return fd;
}

void vg_runtime_release(int fd)
{
    pthread_mutex_lock(&claims_lock);
    for (unsigned i = 0; i < claim_count; i++) {
        if (!claims[i].users || claims[i].fd != fd || --claims[i].users)
            continue;
        close(fd);
        free(claims[i].directory);
        claims[i] = claims[--claim_count];
        break;
    }
    if (!claim_count) {
        free(claims);
        claims = NULL;
    }
    pthread_mutex_unlock(&claims_lock);
}

/* The claim goes last: a directory without one is nobody's to remove. */
bool vg_runtime_remove(const char *directory, struct vg_error *err)
{
    vg_autodir DIR *entries = opendir(directory);
    bool removed = true;
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, CLAIM_NAME) == 0)
            continue;
        vg_autofree char *path = vg_format("%s/%s", directory, entry->d_name);
        removed = vg_remove_tree(path, err) && removed;
    }
    return removed && vg_remove_tree(directory, err);
}

/* VMs and X servers whose command lines lead into the directory. */
static void end_processes(const char *directory)
{
    vg_autofree char *inside = vg_format("%s/", directory);
    int64_t deadline_ns = vg_now_ns() + 10 * VG_NS_PER_S;
    for (pid_t pid; (pid = vg_process_find("guest=vgauge-", inside, true)) != 0 && vg_now_ns() < deadline_ns;) {
        pid_t session = vg_process_session(pid);
        vg_warn("killing process %d, a VM that a run that died left behind", (int)pid);
        if (session <= 1 || session == getsid(0) || !vg_session_kill(session, 2000))
            vg_process_end(pid, 0);
    }
    for (pid_t pid; (pid = vg_process_find("Xvfb", inside, true)) != 0 && vg_now_ns() < deadline_ns;)
        vg_process_end(pid, 2000);
}

/* Ours, with a claim that nobody holds any more. The lock is kept until the directory is gone, so that two reapers
 * do not meet. */
static bool reap_directory(const char *directory)
{
    struct stat status;
    if (lstat(directory, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
        return false;
    vg_autofree char *path = vg_format("%s/" CLAIM_NAME, directory);
    vg_autoclose int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    /* One that was never claimed: its runner died between the two, unless it is just about to. Only an empty one goes.
     */
    if (fd < 0 && errno == ENOENT && time(NULL) - status.st_mtime > UNCLAIMED_S)
        return rmdir(directory) == 0;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return false;
    end_processes(directory);
    struct vg_error error = { 0 };
    if (!vg_ledger_undo(directory)) /* after those that held them */
        return false;
    if (!vg_runtime_remove(directory, &error))
        vg_warn("%s", error.text);
    return true;
}

unsigned vg_machine_reap(const char *runtime_parent)
{
    unsigned reaped = 0;
    vg_autodir DIR *parent = opendir(runtime_parent);
    for (struct dirent *entry; parent && (entry = readdir(parent)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        vg_autofree char *directory = vg_format("%s/%s", runtime_parent, entry->d_name);
        reaped += reap_directory(directory);
    }
    return reaped;
}
