/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VMM whose end is not clean: `bad-vmm CONTROL EMULATOR ARGUMENT...` does one thing wrong and becomes the emulator,
 * so that it is the process that libvirt started. What it leaves behind ends by itself once the runner has gone. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { MEMORY_BYTES = 32 << 20, LOOK_US = 100000, FIRST_KEPT_FD = 900 };

/* What follows `before` on the command line, up to a comma; NULL if it is not there: libvirt asks for versions, too. */
static const char *argument(char **arguments, const char *before, char *into, size_t size)
{
    for (; *arguments; arguments++) {
        const char *found = strstr(*arguments, before);
        if (!found)
            continue;
        snprintf(into, size, "%.*s", (int)strcspn(found + strlen(before), ","), found + strlen(before));
        return into;
    }
    return NULL;
}

/* A process in a session of its own, which no look at the VMM's finds. True in it. */
static bool detach(void)
{
    if (fork() != 0)
        return false;
    setsid();
    prctl(PR_SET_NAME, "left-over");
    for (int fd = 0; fd < FIRST_KEPT_FD; fd++)
        close(fd);
    return true;
}

/* Until the process that takes in orphans is init: the runner has ended. */
static _Noreturn void stay(void)
{
    pid_t parent = getppid();
    while (getppid() == parent)
        usleep(LOOK_US);
    parent = getppid();
    while (parent != 1 && getppid() == parent)
        usleep(LOOK_US);
    _exit(0);
}

static void leave_process(char **arguments)
{
    (void)arguments;
    if (detach())
        stay();
}

static void leave_memory(char **arguments)
{
    (void)arguments;
    if (!detach())
        return;
    int fd = (int)syscall(SYS_memfd_create, "left-over", 0);
    void *map = ftruncate(fd, MEMORY_BYTES) == 0 ? mmap(NULL, MEMORY_BYTES, PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (map != MAP_FAILED)
        memset(map, 1, MEMORY_BYTES);
    stay();
}

/* "4711" of "guest=vgauge-4711-virtio-venus-1,": the runner's process id, after which its directory is called. */
static int runner_of(char **arguments)
{
    char number[32];
    return argument(arguments, "guest=vgauge-", number, sizeof(number)) ? atoi(number) : 0;
}

/* A socket file in the runtime directory, which nobody listens on any more. */
static void leave_socket(char **arguments)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int runner = runner_of(arguments), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/run/vgauge/%d/left-%d.sock", runner, (int)getpid());
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return;
    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/vgauge-%d/%d/left-%d.sock", (int)getuid(), runner,
             (int)getpid());
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        perror("bad-vmm: left-over socket");
}

static bool is_vm_of(const char *pid, const char *run)
{
    char path[64], line[4096] = "";
    snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i + 1 < length; i++)
        if (!line[i])
            line[i] = ' ';
    return strstr(line, "qemu-system") && strstr(line, run);
}

/* Waits for this VM's end and ends every other VM of the same run. */
static void take_along(char **arguments)
{
    char run[64];
    int pidfd = fcntl((int)syscall(SYS_pidfd_open, getpid(), 0), F_DUPFD, FIRST_KEPT_FD);
    snprintf(run, sizeof(run), "guest=vgauge-%d-", runner_of(arguments));
    if (!detach())
        return;
    struct pollfd end = { .fd = pidfd, .events = POLLIN };
    poll(&end, 1, -1);
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc)) != NULL;)
        if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' && is_vm_of(entry->d_name, run))
            kill(atoi(entry->d_name), SIGKILL);
    _exit(0);
}

/* Takes the 3D out of the device: the guest's OpenGL then falls back without a word. */
static void without_3d(char **arguments)
{
    static const char with[] = "virtio-vga-gl";
    for (; *arguments; arguments++) {
        char *found = strstr(*arguments, with);
        char *changed = found ? malloc(strlen(*arguments) + 1) : NULL;
        if (!changed)
            continue;
        size_t before = (size_t)(found - *arguments) + strlen("virtio-vga");
        memcpy(changed, *arguments, before);
        memcpy(changed + before, found + strlen(with), strlen(found + strlen(with)) + 1);
        *arguments = changed;
    }
}

static const struct {
    const char *name, *does;
    void (*act)(char **arguments);
} controls[] = {
    { "leftover-process", "a process of the VM outlives it", leave_process },
    { "leftover-memory", "memory of the VM is never given back", leave_memory },
    { "leftover-socket", "a socket of the VM stays in the runtime directory", leave_socket },
    { "takes-neighbour-along", "when a VM ends, its neighbours end", take_along },
    { "software-fallback", "the device has no 3D, so that the guest draws on its CPU", without_3d },
};

int main(int argc, char **argv)
{
    size_t count = sizeof(controls) / sizeof(controls[0]), chosen = count;
    for (size_t i = 0; argc > 2 && i < count; i++)
        if (strcmp(argv[1], controls[i].name) == 0)
            chosen = i;
    if (chosen == count) {
        fprintf(stderr, "usage: bad-vmm CONTROL EMULATOR ARGUMENT...\n");
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, "  %-24s %s\n", controls[i].name, controls[i].does);
        return 2;
    }
    if (runner_of(argv + 2)) /* libvirt also starts emulators to ask them what they can do */
        controls[chosen].act(argv + 2);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
