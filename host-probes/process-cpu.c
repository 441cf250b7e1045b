/* SPDX-License-Identifier: MIT */
/* process-cpu: where each tenant's CPU time goes: its virtual CPUs, the virtual machine monitor, or the renderer, which
 * on a software pGPU is the GPU itself. Counters only ever grow: a thread that ends leaves what it used in its group.
 */
#include "probe.h"
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MAX_GROUPS 96 /* per tenant; with some renderers a guest chooses names, so their number has to end */
#define MAX_OPEN   256
#define NAME_LOOKS 4 /* a new thread is often named late */
#define NAME_EVERY 16

enum cpu_class { CLASS_VCPU, CLASS_VMM, CLASS_RENDERER, CLASS_WORKLOAD, CLASS_MANAGER, CLASS_COUNT };
static const char *const class_names[CLASS_COUNT] = { "vcpu", "vmm", "renderer", "workload", "manager" };

/* Processes of the host that manage vGPUs for all tenants, as the kernel has their names (15 bytes): NVIDIA's daemon
 * and its plug-in per VM, and QEMU's renderer for vhost-user. */
static const char *const manager_names[] = { "nvidia-vgpu-mgr", "nvidia-vgpud", "vgpu", "vhost-user-gpu" };
enum { MANAGERS_MAX = 64, MANAGERS_EVERY = 20 };
#define MANAGERS_FRESH_NS VG_NS_PER_S /* no VM, and so no plug-in of one, starts in less */
#define MANAGERS          ""          /* the tenant that they are counted for: none */

/* All threads of one name in one class. */
struct group {
    enum cpu_class cpu_class;
    char name[PROCFS_COMM];
    uint64_t run_ns, wait_ns;
    unsigned threads; /* now */
};

struct tenant {
    const char *name;
    bool is_vm;
    struct group groups[MAX_GROUPS];
    size_t group_count;
};

struct managers {
    pid_t pids[MANAGERS_MAX];
    size_t count;
    dev_t device; /* of the /proc that was looked through */
    ino_t inode;
    int64_t found_ns;
};

struct state {
    struct vg_probe_sink sink;
    struct tree tree;
    struct tenant **tenants;
    size_t tenant_count;
    struct managers managers;
    unsigned looks;
    unsigned open_files;
    bool coarse; /* the kernel has no schedstat: clock ticks must do */
    bool told_truncated;
    uint64_t tick_ns;
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), tail = strlen(with);
    return length >= tail && strcmp(text + length - tail, with) == 0;
}

/* virgl renders inside QEMU, in threads that Mesa and virglrenderer name. */
static bool is_render_thread(const char *comm)
{
    return begins(comm, "llvmpipe-") || begins(comm, "vkr-") || begins(comm, "virgl") || begins(comm, "vrend") ||
           strstr(comm, ":gdrv") || strstr(comm, ":disk$") || strstr(comm, ":sh") || strstr(comm, ":cs");
}

/* The process decides first: names inside a render server may be the guest's and prove nothing. */
static enum cpu_class classify(const struct tenant *tenant, const struct tree_process *process, const char *comm)
{
    if (!*tenant->name)
        return CLASS_MANAGER;
    if (!tenant->is_vm)
        return CLASS_WORKLOAD;
    if (process->below_renderer)
        return CLASS_RENDERER;
    if (begins(comm, "CPU ") || ends(comm, "/TCG") || ends(comm, "/KVM"))
        return CLASS_VCPU;
    return is_render_thread(comm) ? CLASS_RENDERER : CLASS_VMM;
}

static struct tenant *tenant_of(struct state *state, const char *name)
{
    for (size_t i = 0; i < state->tenant_count; i++)
        if (state->tenants[i]->name == name) /* the tree keeps one copy of each name */
            return state->tenants[i];
    struct tenant *tenant = vg_calloc(1, sizeof(*tenant));
    tenant->name = name;
    return vg_push(state->tenants, state->tenant_count) = tenant;
}

static struct group *find_group(struct tenant *tenant, enum cpu_class cpu_class, const char *name)
{
    for (size_t i = 0; i < tenant->group_count; i++)
        if (tenant->groups[i].cpu_class == cpu_class && strcmp(tenant->groups[i].name, name) == 0)
            return &tenant->groups[i];
    return NULL;
}

static struct group *group_of(struct tenant *tenant, enum cpu_class cpu_class, const char *name)
{
    struct group *group = find_group(tenant, cpu_class, name);
    if (!group && tenant->group_count >= MAX_GROUPS - CLASS_COUNT) { /* the last places are for these */
        name = "(others)";
        group = find_group(tenant, cpu_class, name);
    }
    if (group)
        return group;
    group = &tenant->groups[tenant->group_count++];
    *group = (struct group) { .cpu_class = cpu_class };
    snprintf(group->name, sizeof(group->name), "%s", name);
    return group;
}

/* Names become text in a file of ours. */
static void make_printable(char *comm)
{
    for (char *at = comm; *at; at++)
        if (*at < ' ' || *at > '~' || *at == ',' || *at == '"')
            *at = '?';
}

static void look_at_name(const struct tree_process *process, struct tree_thread *thread)
{
    unsigned look = thread->looks++;
    if (look >= NAME_LOOKS && look % NAME_EVERY != 0)
        return;
    char path[48], text[PROCFS_COMM];
    snprintf(path, sizeof(path), "task/%d/comm", (int)thread->tid);
    if (procfs_read_at(process->directory, path, text, sizeof(text)) < 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    make_printable(text);
    snprintf(thread->comm, sizeof(thread->comm), "%s", text);
}

static bool read_fine(struct state *state, const struct tree_process *process, struct tree_thread *thread,
                      uint64_t *run_ns, uint64_t *wait_ns)
{
    char path[48], text[128];
    ssize_t length;
    if (thread->fd >= 0) {
        length = procfs_read_fd(thread->fd, text, sizeof(text));
    } else {
        snprintf(path, sizeof(path), "task/%d/schedstat", (int)thread->tid);
        int fd = openat(process->directory, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return false;
        length = procfs_read_fd(fd, text, sizeof(text));
        if (state->open_files < MAX_OPEN) {
            thread->fd = fd;
            state->open_files++;
        } else {
            close(fd);
        }
    }
    return length > 0 && procfs_parse_schedstat(text, run_ns, wait_ns);
}

static bool read_coarse(const struct state *state, const struct tree_process *process, const struct tree_thread *thread,
                        uint64_t *run_ns)
{
    char path[48], text[1024];
    struct procfs_stat stat;
    snprintf(path, sizeof(path), "task/%d/stat", (int)thread->tid);
    if (procfs_read_at(process->directory, path, text, sizeof(text)) < 0 || !procfs_parse_stat(text, &stat))
        return false;
    *run_ns = stat.own_ticks * state->tick_ns;
    return true;
}

static void look_at_thread(struct state *state, struct tenant *tenant, struct tree_process *process,
                           struct tree_thread *thread)
{
    uint64_t run_ns = 0, wait_ns = 0;
    look_at_name(process, thread);
    bool read = state->coarse ? read_coarse(state, process, thread, &run_ns)
                              : read_fine(state, process, thread, &run_ns, &wait_ns);
    if (!read) /* it ended; the next search drops it, with what it had used until now */
        return;
    struct group *group = group_of(tenant, classify(tenant, process, thread->comm), thread->comm);
    group->threads++;
    if (run_ns > thread->run_ns) {
        group->run_ns += run_ns - thread->run_ns;
        thread->run_ns = run_ns;
    }
    if (wait_ns > thread->wait_ns) {
        group->wait_ns += wait_ns - thread->wait_ns;
        thread->wait_ns = wait_ns;
    }
}

static void keep_ended(struct tree_process *process, struct tree_thread *thread)
{
    process->ended_ns += thread->run_ns;
}

/* The process's own total also has threads that came and went between two looks. Its ticks are cut, never rounded up,
 * and were read before the threads: what is left over really was used by somebody else. */
static void add_unseen(struct state *state, struct tenant *tenant, struct tree_process *process)
{
    uint64_t seen = process->ended_ns;
    for (size_t i = 0; i < process->thread_count; i++)
        seen += process->threads[i].run_ns;
    if (state->coarse) /* each thread's ticks were cut too */
        seen += 2 * process->thread_count * state->tick_ns;
    uint64_t total = process->stat.own_ticks * state->tick_ns;
    if (total <= seen + process->unseen_ns)
        return;
    struct group *group = group_of(tenant, classify(tenant, process, "(ended)"), "(ended)");
    group->run_ns += total - seen - process->unseen_ns;
    process->unseen_ns = total - seen;
}

/* Whether a tenant of this kind has a row of the class, also while it is 0. */
static bool belongs(const struct tenant *tenant, enum cpu_class cpu_class)
{
    if (!*tenant->name || cpu_class == CLASS_MANAGER)
        return !*tenant->name && cpu_class == CLASS_MANAGER;
    return tenant->is_vm != (cpu_class == CLASS_WORKLOAD);
}

static void put_rows(const struct state *state, const struct tenant *tenant, int64_t now)
{
    double classes[CLASS_COUNT][3] = { { 0 } };
    for (size_t i = 0; i < tenant->group_count; i++) {
        const struct group *group = &tenant->groups[i];
        const double values[3] = { (double)group->run_ns / 1e9, (double)group->wait_ns / 1e9, group->threads };
        char item[PROCFS_COMM + 16];
        snprintf(item, sizeof(item), "%s/%s", class_names[group->cpu_class], group->name);
        state->sink.row(state->sink.context, "thread", now, tenant->name, item, values);
        for (int v = 0; v < 3; v++)
            classes[group->cpu_class][v] += values[v];
    }
    for (int cpu_class = 0; cpu_class < CLASS_COUNT; cpu_class++)
        if (belongs(tenant, cpu_class))
            state->sink.row(state->sink.context, "cpu", now, tenant->name, class_names[cpu_class], classes[cpu_class]);
}

static bool is_manager(const char *comm)
{
    for (size_t i = 0; i < VG_COUNT(manager_names); i++)
        if (strcmp(comm, manager_names[i]) == 0)
            return true;
    return false;
}

static void look_for_managers(struct state *state)
{
    int fd = openat(state->tree.proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    vg_autodir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory && fd >= 0)
        close(fd);
    state->managers.count = 0;
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        pid_t pid = procfs_parse_pid(entry->d_name);
        char path[48], name[PROCFS_COMM];
        /* `stat` has it as well, and makes the kernel add up all threads. */
        snprintf(path, sizeof(path), "%d/task/%d/comm", (int)pid, (int)pid);
        if (pid <= 0 || state->managers.count == MANAGERS_MAX ||
            procfs_read_at(state->tree.proc, path, name, sizeof(name)) < 0)
            continue;
        name[strcspn(name, "\n")] = '\0';
        if (is_manager(name))
            state->managers.pids[state->managers.count++] = pid;
    }
}

/* All processes of the host are looked at, so not each time, and where tests follow each other within moments not in
 * each of them: on a host with a thousand processes that alone would take longer than a short test. */
static void find_managers(struct state *state)
{
    static struct managers last; /* whoever samples does so alone */
    struct stat where;
    struct statfs kind;
    bool first = state->looks == 0;
    /* What only looks like /proc is a model, in which things happen at once. */
    bool known = fstat(state->tree.proc, &where) == 0 && fstatfs(state->tree.proc, &kind) == 0 &&
                 kind.f_type == PROC_SUPER_MAGIC;
    if (first && known && last.found_ns && last.device == where.st_dev && last.inode == where.st_ino &&
        vg_now_ns() - last.found_ns < MANAGERS_FRESH_NS) {
        state->managers = last;
        return;
    }
    look_for_managers(state);
    state->managers.device = known ? where.st_dev : 0;
    state->managers.inode = known ? where.st_ino : 0;
    state->managers.found_ns = vg_now_ns();
    last = state->managers;
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    (void)err;
    struct state *state = opaque;
    if (state->looks % MANAGERS_EVERY == 0)
        find_managers(state);
    state->looks++;
    vg_autofree struct tree_root *roots = vg_calloc(target_count + state->managers.count + 1, sizeof(*roots));
    for (size_t i = 0; i < target_count; i++)
        roots[i] = (struct tree_root) { targets[i].tenant, targets[i].pid };
    for (size_t i = 0; i < state->managers.count; i++)
        roots[target_count + i] = (struct tree_root) { MANAGERS, state->managers.pids[i] };
    tree_update(&state->tree, roots, target_count + state->managers.count);

    for (size_t i = 0; i < state->tenant_count; i++)
        for (size_t g = 0; g < state->tenants[i]->group_count; g++)
            state->tenants[i]->groups[g].threads = 0;
    state->open_files = 0;
    for (size_t i = 0; i < state->tree.count; i++) {
        const struct tree_process *process = state->tree.processes[i];
        for (size_t t = 0; t < process->thread_count; t++)
            state->open_files += process->threads[t].fd >= 0;
        struct tenant *tenant = tenant_of(state, process->tenant);
        if (process->is_root && (begins(process->stat.comm, "qemu") || begins(process->stat.comm, "kvm")))
            tenant->is_vm = true;
    }
    for (size_t i = 0; i < state->tree.count; i++) {
        struct tree_process *process = state->tree.processes[i];
        struct tenant *tenant = tenant_of(state, process->tenant);
        for (size_t t = 0; t < process->thread_count; t++)
            look_at_thread(state, tenant, process, &process->threads[t]);
        add_unseen(state, tenant, process);
    }

    int64_t now = vg_now_ns();
    for (size_t i = 0; i < target_count; i++)
        for (size_t t = 0; t < state->tenant_count; t++)
            if (vg_equal(state->tenants[t]->name, targets[i].tenant))
                put_rows(state, state->tenants[t], now);
    for (size_t t = 0; t < state->tenant_count; t++)
        if (!*state->tenants[t]->name)
            put_rows(state, state->tenants[t], now);
    if (state->tree.truncated && !state->told_truncated) {
        state->told_truncated = true;
        state->sink.fact(state->sink.context, "truncated", "a tenant has more processes or threads than are followed");
    }
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    tree_close(&state->tree);
    for (size_t i = 0; i < state->tenant_count; i++)
        free(state->tenants[i]);
    free(state->tenants);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    const char *root = host->root;
    struct state *state = vg_calloc(1, sizeof(*state));
    if (!tree_open(&state->tree, root, err)) {
        free(state);
        return false;
    }
    state->sink = *sink;
    state->tree.thread_ended = keep_ended;
    state->tick_ns = (uint64_t)VG_NS_PER_S / procfs_ticks_per_second();
    char text[128];
    uint64_t run_ns, wait_ns;
    state->coarse = procfs_read_at(state->tree.proc, "self/schedstat", text, sizeof(text)) < 0 ||
                    !procfs_parse_schedstat(text, &run_ns, &wait_ns);
    sink->fact(sink->context, "clock", state->coarse ? "clock ticks" : "schedstat");
    *opaque = state;
    return true;
}

#define CPU_COLUMNS                                                                                                    \
    VG_PROBE_COLUMNS                                                                                                   \
    {                                                                                                                  \
        { "cpu_s", "s", "CPU time used so far, user and system; only ever grows" },                                    \
            { "wait_s", "s", "time spent ready to run and waiting for a CPU so far; 0 without schedstat" },            \
            { "threads", "1", "threads now" },                                                                         \
        {                                                                                                              \
            .name = NULL                                                                                               \
        }                                                                                                              \
    }

VG_PROBE(process_cpu) = {
    .kind = VG_KIND_PROBE,
    .name = "process-cpu",
    .summary = "CPU time of each tenant's virtual CPUs, monitor and renderer",
    .why = "Shows who did the work, and whether a tenant was short of host CPU rather than of vGPU.",
    .period_ms = 500,
    .streams =
        VG_PROBE_STREAMS {
            { "cpu",
              "one row per tenant and class: vcpu, vmm, renderer, or workload for a tenant without a VM; manager: of "
              "the host, without a tenant",
              CPU_COLUMNS },
            { "thread", "one row per tenant, class and name of threads", CPU_COLUMNS },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
