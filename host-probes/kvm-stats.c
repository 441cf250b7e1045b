/* SPDX-License-Identifier: MIT */
/* kvm-stats: how often each VM left guest mode, as KVM counts it, and what for. From the VMM (QMP query-stats), else
 * from the kernel's debugfs (kvm/PID-FD/, sums over the VM's vCPUs); the names of the counters are KVM's in both.
 *
 * mmio_exits and io_exits are those that the VMM handled, of any device. A doorbell that KVM turns into an event
 * (ioeventfd) is in neither: only `exits` and the trace (kvm-trace) have it. */
#include "probe.h"
#include "procfs.h"
#include "qmp.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TENANTS_MAX 64
#define LOOKS_MAX   3 /* a VM without KVM will have none later */

enum stat { EXITS, MMIO_EXITS, IO_EXITS, IRQ_EXITS, HALT_EXITS, IRQ_INJECTIONS, STATS };
static const char *const names[STATS] = {
    [EXITS] = "exits",         [MMIO_EXITS] = "mmio_exits", [IO_EXITS] = "io_exits",
    [IRQ_EXITS] = "irq_exits", [HALT_EXITS] = "halt_exits", [IRQ_INJECTIONS] = "irq_injections",
};
static const char question[] = "{\"execute\":\"query-stats\",\"arguments\":{\"target\":\"vcpu\",\"providers\":[{"
                               "\"provider\":\"kvm\",\"names\":[\"exits\",\"mmio_exits\",\"io_exits\",\"irq_exits\","
                               "\"halt_exits\",\"irq_injections\"]}]}}";

struct vm {
    char *tenant;
    pid_t pid;
    unsigned refused;
    bool by_kernel;
    double last[STATS], carried[STATS]; /* carried: of VMs that the tenant had before */
};

struct state {
    struct vg_probe_sink sink;
    const char *root;
    struct vm vms[TENANTS_MAX];
    size_t count;
};

static struct vm *vm_of(struct state *state, const struct vg_probe_target *target)
{
    size_t i = 0;
    while (i < state->count && !vg_equal(state->vms[i].tenant, target->tenant))
        i++;
    if (i == TENANTS_MAX)
        return NULL;
    struct vm *vm = &state->vms[i];
    if (i == state->count) {
        *vm = (struct vm) { .tenant = vg_strdup(target->tenant), .pid = target->pid };
        state->count++;
    } else if (vm->pid != target->pid) {
        for (int s = 0; s < STATS; s++)
            vm->carried[s] += vm->last[s];
        memset(vm->last, 0, sizeof(vm->last));
        vm->pid = target->pid;
        vm->refused = 0;
        vm->by_kernel = false;
    }
    return vm;
}

/* [{"provider", "qom-path", "stats": [{"name", "value"}]}], one per vCPU. */
static bool add_up(const json_t *answer, double values[STATS], struct vg_error *err)
{
    bool seen[STATS] = { false };
    size_t i, j;
    json_t *vcpu, *stat;
    json_array_foreach(answer, i, vcpu)
    {
        json_array_foreach(json_object_get(vcpu, "stats"), j, stat)
        {
            const char *name = json_string_value(json_object_get(stat, "name"));
            const json_t *value = json_object_get(stat, "value");
            for (int s = 0; s < STATS; s++) {
                if (!vg_equal(name, names[s]) || !json_is_integer(value) || json_integer_value(value) < 0)
                    continue;
                values[s] += (double)json_integer_value(value);
                seen[s] = true;
            }
        }
    }
    if (json_array_size(answer) == 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "its VMM has no KVM statistics: it does not run under KVM");
    for (int s = 0; s < STATS; s++)
        if (!seen[s])
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "its VMM's KVM statistics have no %s", names[s]);
    return true;
}

static bool ask_vmm(const struct vg_probe_target *target, double values[STATS], struct vg_error *err)
{
    json_t *answer = qmp_ask(target, question, err);
    if (!answer)
        return false;
    bool good = add_up(answer, values, err);
    json_decref(answer);
    return good;
}

/* kvm/PID-FD of this process; a file name, or "" if there is none. */
static void find_directory(const struct state *state, pid_t pid, char name[64])
{
    vg_autofree char *path = vg_format("%s/sys/kernel/debug/kvm", state->root);
    vg_autofree char *begin = vg_format("%d-", (int)pid);
    vg_autodir DIR *directory = opendir(path);
    name[0] = '\0';
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0 && strlen(entry->d_name) < 64)
            snprintf(name, 64, "%s", entry->d_name);
}

static bool ask_kernel(const struct state *state, pid_t pid, double values[STATS], struct vg_error *err)
{
    char name[64];
    find_directory(state, pid, name);
    if (!name[0])
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/sys/kernel/debug/kvm has nothing of process %d", state->root,
                       (int)pid);
    for (int s = 0; s < STATS; s++) {
        vg_autofree char *path = vg_format("sys/kernel/debug/kvm/%s/%s", name, names[s]);
        vg_autoclose int fd = procfs_open(state->root, path, 0);
        char text[64], *end = text;
        errno = 0;
        if (fd < 0 || procfs_read_fd(fd, text, sizeof(text)) < 0 || text[0] < '0' || text[0] > '9')
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/%s is missing or no number", state->root, path);
        values[s] = (double)strtoull(text, &end, 10);
        if (errno || (*end != '\n' && *end != '\0'))
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/%s is missing or no number", state->root, path);
    }
    return true;
}

static bool read_vm(struct state *state, struct vm *vm, const struct vg_probe_target *target, double values[STATS],
                    struct vg_error *err)
{
    struct vg_error by_kernel = { 0 };
    if (!vm->by_kernel && ask_vmm(target, values, err))
        return true;
    if (!vm->by_kernel && err->kind == VG_ERROR_TIMEOUT)
        return false; /* it may answer again; two sources are never mixed */
    memset(values, 0, STATS * sizeof(*values));
    if (!ask_kernel(state, target->pid, values, &by_kernel)) {
        vg_autofree char *both =
            vm->by_kernel ? vg_strdup(by_kernel.text) : vg_format("%s; %s", err->text, by_kernel.text);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s", both);
    }
    vm->by_kernel = true;
    return true;
}

static void put(struct state *state, struct vm *vm, int64_t before_ns, const double values[STATS])
{
    double sums[STATS + 2];
    int64_t waited_ns = vg_now_ns() - before_ns;
    for (int s = 0; s < STATS; s++) {
        vm->last[s] = values[s] > vm->last[s] ? values[s] : vm->last[s]; /* a reset VM keeps what it had */
        sums[s] = vm->carried[s] + vm->last[s];
    }
    sums[STATS] = sums[MMIO_EXITS] + sums[IO_EXITS];
    sums[STATS + 1] = (double)waited_ns / 2e9;
    state->sink.row(state->sink.context, "vm", before_ns + waited_ns / 2, vm->tenant, "", sums);
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    (void)err;
    for (size_t i = 0; i < target_count; i++) {
        struct vm *vm = vm_of(state, &targets[i]);
        struct vg_error why = { 0 };
        double values[STATS] = { 0 };
        if (!vm || vm->refused >= LOOKS_MAX)
            continue;
        int64_t before_ns = vg_now_ns();
        vg_autofree char *source = vg_format("source[%s]", targets[i].tenant);
        vg_autofree char *unseen = vg_format("unseen[%s]", targets[i].tenant);
        if (read_vm(state, vm, &targets[i], values, &why)) {
            put(state, vm, before_ns, values);
            vm->refused = 0;
            state->sink.fact(state->sink.context, source, vm->by_kernel ? "debugfs" : "QMP query-stats");
        } else {
            vm->refused += why.kind != VG_ERROR_TIMEOUT;
            state->sink.fact(state->sink.context, unseen, why.text);
        }
    }
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    for (size_t i = 0; i < state->count; i++)
        free(state->vms[i].tenant);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    (void)err;
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    state->root = host->root;
    *opaque = state;
    return true;
}

VG_PROBE(kvm_stats) = {
    .kind = VG_KIND_PROBE,
    .name = "kvm-stats",
    .summary = "exits of each VM from guest mode, as KVM counts them",
    .why = "A submission that costs an exit has the host in its path.",
    .period_ms = 500,
    .streams =
        VG_PROBE_STREAMS {
            { "vm", "one row per VM that runs under KVM; sums over its vCPUs, since it was started",
              VG_PROBE_COLUMNS {
                  { "exits", "1", "exits of any kind" },
                  { "mmio_exits", "1", "of them MMIO that the VMM handled" },
                  { "io_exits", "1", "of them port I/O" },
                  { "irq_exits", "1", "of them for an interrupt of the host" },
                  { "halt_exits", "1", "of them because the guest was idle" },
                  { "irq_injections", "1", "interrupts that KVM injected; posted ones are not in it" },
                  { "device_exits", "1", "mmio_exits and io_exits together" },
                  { "uncertainty_s", "s", "the row's time is off by at most this" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
