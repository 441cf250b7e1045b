/* SPDX-License-Identifier: MIT */
/* vgauge-agent: the guest's end of the link. It starts workloads, passes lines on, answers pings, reaps, and ends its
 * tenant. In a VM it is the first process, so it must neither end nor spin: everything is edge-triggered, because a
 * virtio port without a host reports a hang-up for as long as there is none. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "agent/agent.h"

#define OPEN_TRIES      100
#define OPEN_PAUSE_NS   (50 * VG_NS_PER_MS)
#define END_PATIENCE_NS (5 * VG_NS_PER_S) /* for a process that said `end` to be gone */
#define RETRY_MS        1000              /* while output waits for a host; a net under the edge trigger */

struct agent {
    struct vg_agent_link link;
    struct vg_agent_child children[VG_MAX_CHILDREN];
    int epoll_fd, signal_fd;
    char *program;      /* vgauge-workload, beside this program */
    const char *ending; /* "poweroff", "reboot", "panic", "quit"; NULL: goes on */
};

enum { TAG_LINK = VG_MAX_CHILDREN, TAG_SIGNAL };

static void watch(struct agent *agent, int fd, uint32_t tag)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u32 = tag };
    if (epoll_ctl(agent->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        fprintf(stderr, "vgauge-agent: epoll_ctl: %s\n", strerror(errno));
}

static struct vg_agent_child *child_of(struct agent *agent, int64_t run)
{
    for (size_t i = 0; i < VG_MAX_CHILDREN; i++)
        if (agent->children[i].run && agent->children[i].run == run)
            return &agent->children[i];
    return NULL;
}

static void end_with_error(struct agent *agent, int64_t run, const char *message)
{
    json_t *end = vg_json_new_object();
    vg_json_set_text(end, "type", "end");
    vg_json_set_int(end, "run", run);
    vg_json_set_text(end, "status", "error");
    vg_autofree char *clean = vg_printable(message, strlen(message), 1000);
    vg_json_set_text(end, "message", clean);
    vg_autofree char *line = vg_agent_line(end);
    if (!vg_agent_link_send(&agent->link, line, strlen(line)))
        fprintf(stderr, "vgauge-agent: no room to say: %s\n", clean);
}

static bool on_start(struct agent *agent, const json_t *message, int64_t run, struct vg_error *err)
{
    const char *workload;
    json_t *params;
    if (!vg_json_text(message, "workload", &workload, err) || !vg_json_object(message, "params", &params, err))
        return false;
    if (run < 1 || run > INT32_MAX || child_of(agent, run))
        return vg_fail(err, VG_ERROR_INPUT, "run %" PRId64 " is out of range or active", run);
    for (size_t i = 0; i < VG_MAX_CHILDREN; i++) {
        struct vg_agent_child *child = &agent->children[i];
        if (child->run)
            continue;
        if (agent->link.device)
            vg_agent_choose_vulkan_driver();
        struct vg_error reason = { 0 };
        if (vg_agent_child_start(child, (unsigned)run, agent->program, workload, params, &reason))
            watch(agent, child->fd, (uint32_t)i);
        else
            end_with_error(agent, run, reason.text);
        return true;
    }
    end_with_error(agent, run, "too many workloads at once in this tenant");
    return true;
}

static void on_ping(struct agent *agent, int64_t id, int64_t read_ns)
{
    char line[128];
    int length =
        snprintf(line, sizeof(line), "{\"type\":\"pong\",\"id\":%" PRId64 ",\"now_ns\":%" PRId64 "}\n", id, read_ns);
    if (!vg_agent_link_send_urgent(&agent->link, line, (size_t)length))
        fprintf(stderr, "vgauge-agent: the runner pings and does not read\n");
    vg_agent_link_write(&agent->link);
}

static bool obey(struct agent *agent, const json_t *message, const char *line, size_t length, int64_t read_ns,
                 struct vg_error *err)
{
    const char *type, *command;
    int64_t number;
    if (!vg_json_text(message, "type", &type, err))
        return false;
    if (vg_equal(type, "ping")) {
        if (!vg_json_int(message, "id", &number, err))
            return false;
        on_ping(agent, number, read_ns);
        return true;
    }
    if (vg_equal(type, "command")) {
        if (!vg_json_text(message, "command", &command, err))
            return false;
        if (vg_equal(command, "diagnose")) {
            if (agent->link.device) /* a process of the host shows itself to whoever looks */
                vg_agent_diagnose();
            return true;
        }
        static const char *const commands[] = { "poweroff", "reboot", "panic", "quit" };
        for (size_t i = 0; i < VG_COUNT(commands); i++) {
            if (vg_equal(command, commands[i]))
                agent->ending = commands[i];
        }
        return agent->ending || vg_fail(err, VG_ERROR_INPUT, "unknown command `%s`", command);
    }
    if (!vg_json_int(message, "run", &number, err))
        return false;
    if (vg_equal(type, "start"))
        return on_start(agent, message, number, err);
    if (!vg_equal(type, "go") && !vg_equal(type, "stop"))
        return vg_fail(err, VG_ERROR_INPUT, "unknown type `%s`", type);
    struct vg_agent_child *child = child_of(agent, number);
    if (child)
        vg_agent_child_tell(child, line, length);
    return true; /* a run that has ended meanwhile is no error */
}

static void on_line(void *context, const char *line, size_t length, int64_t read_ns)
{
    struct agent *agent = context;
    struct vg_error err = { 0 };
    vg_autojson json_t *message = vg_json_load_text(line, length, &err);
    if (message && obey(agent, message, line, length, read_ns, &err))
        return;
    vg_autofree char *shown = vg_printable(line, length, 200);
    fprintf(stderr, "vgauge-agent: ignored: %s: %s\n", err.text, shown);
}

/* Every child of the first process is ours to reap, also the orphans of workloads. */
static void reap(struct agent *agent)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < VG_MAX_CHILDREN; i++) {
            struct vg_agent_child *child = &agent->children[i];
            if (!child->run || child->pid != pid)
                continue;
            child->pid = 0;
            child->status = status;
        }
    }
}

/* Moves everything that can be moved; returns in how many ms to look again, -1 if only events matter. */
static int service(struct agent *agent)
{
    int timeout_ms = -1;
    vg_agent_link_read(&agent->link, on_line, agent);
    /* Reading is bounded by the room on the link, and the kernel does not repeat an edge: go on until nothing moves. */
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < VG_MAX_CHILDREN; i++) {
            struct vg_agent_child *child = &agent->children[i];
            if (child->run && !vg_agent_child_finish(child, &agent->link))
                vg_agent_child_forward(child, &agent->link);
        }
        size_t room = vg_agent_link_room(&agent->link);
        vg_agent_link_read(&agent->link, on_line, agent); /* a ping does not wait for samples */
        vg_agent_link_write(&agent->link);
        for (size_t i = 0; i < VG_MAX_CHILDREN; i++)
            if (agent->children[i].run && agent->children[i].paused && vg_agent_link_room(&agent->link) > room)
                moved = true;
    }
    for (size_t i = 0; i < VG_MAX_CHILDREN; i++) {
        struct vg_agent_child *child = &agent->children[i];
        if (!child->run || !child->pid || !child->end_ns)
            continue;
        timeout_ms = RETRY_MS;
        if (vg_now_ns() - child->end_ns > END_PATIENCE_NS)
            vg_agent_child_kill(child);
    }
    return vg_agent_link_waiting(&agent->link) ? RETRY_MS : timeout_ms;
}

static void end(struct agent *agent)
{
    for (size_t i = 0; i < VG_MAX_CHILDREN; i++)
        vg_agent_child_kill(&agent->children[i]);
    for (int tries = 0; tries < 100; tries++) { /* a process deep in a driver may not die: do not wait for ever */
        bool left = false;
        reap(agent);
        for (size_t i = 0; i < VG_MAX_CHILDREN; i++)
            left |= agent->children[i].run && agent->children[i].pid > 0;
        if (!left)
            break;
        vg_sleep_ns(20 * VG_NS_PER_MS);
    }
    vg_agent_end_tenant(agent->ending);
}

static void run(struct agent *agent)
{
    int timeout_ms = 0;
    while (!agent->ending) {
        struct epoll_event events[VG_MAX_CHILDREN + 2];
        int count = epoll_wait(agent->epoll_fd, events, VG_COUNT(events), timeout_ms);
        for (int i = 0; i < count; i++) {
            struct signalfd_siginfo info;
            if (events[i].data.u32 != TAG_SIGNAL)
                continue;
            while (read(agent->signal_fd, &info, sizeof(info)) == sizeof(info))
                if (info.ssi_signo != SIGCHLD)
                    agent->ending = "quit";
        }
        reap(agent);
        timeout_ms = service(agent);
        if (agent->link.closed)
            agent->ending = "quit";
    }
    end(agent);
}

static int open_device(const char *path)
{
    for (int tries = 0;; tries++) {
        int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0 || tries == OPEN_TRIES || (errno != ENOENT && errno != EBUSY))
            return fd;
        vg_sleep_ns(OPEN_PAUSE_NS); /* the port appears a little after its driver */
    }
}

static bool set_up(struct agent *agent, const char *device, int fd)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    agent->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    agent->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    agent->link.device = device != NULL;
    agent->link.fd = device ? open_device(device) : fd;
    if (agent->signal_fd < 0 || agent->epoll_fd < 0 || agent->link.fd < 0 ||
        fcntl(agent->link.fd, F_SETFL, fcntl(agent->link.fd, F_GETFL) | O_NONBLOCK) != 0 ||
        fcntl(agent->link.fd, F_SETFD, FD_CLOEXEC) != 0) {
        fprintf(stderr, "vgauge-agent: cannot open the link %s: %s\n", device ? device : "(--fd)", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < VG_MAX_CHILDREN; i++)
        agent->children[i].fd = -1;
    vg_autofree char *directory = vg_executable_directory();
    agent->program = vg_format("%s/vgauge-workload", directory ? directory : ".");
    watch(agent, agent->signal_fd, TAG_SIGNAL);
    watch(agent, agent->link.fd, TAG_LINK);
    vg_autofree char *hello = vg_agent_hello();
    return vg_agent_link_send(&agent->link, hello, strlen(hello));
}

int main(int argc, char **argv)
{
    static struct agent agent; /* half a megabyte and more: not for a stack */
    static const struct option options[] = {
        { "device", required_argument, NULL, 'd' },
        { "fd", required_argument, NULL, 'f' },
        { "version", no_argument, NULL, 'V' },
        { 0 },
    };
    const char *device = NULL;
    long long fd = -1;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'V') {
            printf("vgauge-agent %s\n", VG_VERSION);
            return 0;
        }
        if (option == 'd')
            device = optarg;
        else if (option != 'f' || !vg_parse_int(optarg, &fd))
            fd = -1;
    }
    if (optind != argc || !device == (fd < 0 || fd > INT32_MAX)) {
        fprintf(stderr, "Usage: vgauge-agent --device PATH | --fd N\n");
        return 2;
    }
    bool ready = set_up(&agent, device, (int)fd);
    if (ready)
        run(&agent);
    vg_agent_end_tenant("poweroff"); /* a first process that cannot do its work must not end, which is a panic */
    return ready ? 0 : 3;
}
