/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What another user of the host can reach of the VMs that run: tried as such a user, in a child process. */
#include <fcntl.h>
#include <grp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "engine/exercise.h"

enum { NOBODY = 65534, DEPTH = 6, MOST_PATHS = 2000, ANSWER_S = 2 };

/* Shared with the child. */
struct found {
    struct vg_checks checks;
    unsigned paths;
    bool became_another;
};

/* True if a stranger gets in. */
static bool opens(const char *path)
{
    vg_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0;
}

static int connects(const char *path, bool abstract)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t length = strlen(path);
    if (fd < 0 || length + abstract >= sizeof(address.sun_path)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    memcpy(address.sun_path + abstract, path, length);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + length + !abstract);
    if (connect(fd, (struct sockaddr *)&address, size) == 0)
        return fd;
    close(fd);
    return -1;
}

static void try_path(struct found *found, const char *path, const struct stat *status)
{
    if (S_ISSOCK(status->st_mode)) {
        vg_autoclose int fd = connects(path, false);
        vg_check(&found->checks, "socket-denied", fd < 0, "another user connected to %s (mode %o)", path,
                 status->st_mode & 07777);
    } else if (S_ISREG(status->st_mode) || S_ISCHR(status->st_mode)) {
        vg_check(&found->checks, S_ISCHR(status->st_mode) ? "device-node-denied" : "file-denied", !opens(path),
                 "another user opened %s (mode %o)", path, status->st_mode & 07777);
    }
}

/* The paths come from a look as ourselves: what another user cannot list, it may still know the name of. */
static void try_all(struct found *found, char *const *paths, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct stat status;
        if (stat(paths[i], &status) == 0)
            try_path(found, paths[i], &status);
        else
            vg_check(&found->checks, "file-denied", true, "%s", "");
    }
}

static void list(const char *directory, unsigned depth, char ***paths, unsigned *count)
{
    vg_autodir DIR *entries = opendir(directory);
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL && *count < MOST_PATHS;) {
        struct stat status;
        vg_autofree char *path = vg_format("%s/%s", directory, entry->d_name);
        if (vg_equal(entry->d_name, ".") || vg_equal(entry->d_name, "..") || lstat(path, &status) < 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth)
            list(path, depth - 1, paths, count);
        else if (!S_ISDIR(status.st_mode))
            vg_push(*paths, *count) = VG_TAKE(path);
    }
}

/* An X server that takes anybody shows, and lets type, what every VM draws. The first byte of its answer: 1, welcome.
 */
static void try_display(struct found *found, const char *display)
{
    static const char hello[12] = { 'l', 0, 11, 0 };
    vg_autofree char *path = vg_format("/tmp/.X11-unix/X%s", display + (display[0] == ':'));
    for (int abstract = 0; abstract < 2; abstract++) {
        char answer = 0;
        const struct timeval patience = { .tv_sec = ANSWER_S };
        vg_autoclose int fd = connects(path, abstract);
        if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
            write(fd, hello, sizeof(hello)) == sizeof(hello) && read(fd, &answer, 1) != 1)
            answer = 0;
        vg_check(&found->checks, "display-denied", answer != 1, "display %s lets in a user without its key", display);
    }
}

static void try_processes(struct found *found, const struct vg_scene *scene)
{
    static const char *const secrets[] = { "mem", "environ", "fd", "map_files" };
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        const struct vg_tenant *tenant = scene->tenants[i];
        for (size_t j = 0; tenant && tenant->vm && !tenant->dead && j < VG_COUNT(secrets); j++) {
            vg_autofree char *path = vg_format("/proc/%d/%s", (int)vg_tenant_pid(tenant), secrets[j]);
            vg_autodir DIR *directory = opendir(path);
            vg_check(&found->checks, "process-denied", !directory && !opens(path),
                     "another user reads %s of the VMM of %s", path, tenant->name);
        }
    }
}

static void as_another(const struct vg_exercise *exercise, char *const *paths, unsigned count, struct found *found)
{
    const struct vg_engine *engine = exercise->scene->engine;
    found->became_another = setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
    if (!found->became_another)
        return;
    try_all(found, paths, count);
    if (engine->xvfb)
        try_display(found, vg_xvfb_display(engine->xvfb));
    try_processes(found, exercise->scene);
    found->paths = count;
}

static bool look_at_nodes(struct vg_exercise *exercise, struct vg_error *err)
{
    (void)err;
    struct found *found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, 0, 0);
    char **paths = NULL;
    unsigned count = 0;
    if (found == MAP_FAILED)
        vg_out_of_memory();
    list(exercise->scene->engine->runtime_directory, DEPTH, &paths, &count);
    list("/dev/dri", 1, &paths, &count);
    list("/dev/vfio", 1, &paths, &count);
    pid_t child = fork();
    if (child == 0) {
        as_another(exercise, paths, count, found);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
    if (!found->became_another)
        vg_exercise_skip(exercise, "this process may not become another user to try what that one can reach");
    exercise->checks = found->checks;
    vg_exercise_fact(exercise, "paths_tried", "%u", found->paths);
    for (unsigned i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
    munmap(found, sizeof(*found));
    return true;
}

VG_DRILL(look_at_nodes) = {
    .kind = VG_KIND_ACTION,
    .name = "look-at-nodes",
    .summary = "which sockets, files, device nodes and processes of the VMs another user of the host can reach",
    .why = "a monitor's or a render server's socket that is open to all is a VM that is open to all",
    .exercise = look_at_nodes,
};
