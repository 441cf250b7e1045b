/* SPDX-License-Identifier: MIT */
/* kvm-trace: exits of each VM that have to do with its vGPU, from the kernel's trace. In a buffer of its own (an
 * instance of tracefs), so that nobody else's tracing is disturbed:
 *
 *     kvm_mmio            an access that KVM emulates or hands to the VMM, with its guest-physical address
 *     kvm_fast_mmio       a doorbell that KVM turned into an event by itself (ioeventfd)
 *     kvm_userspace_exit  the VMM was needed; after a kvm_mmio of the same vCPU it is that access
 *
 * An access belongs to the vGPU if its address lies in one of the device's BARs, which the VMM tells (query-pci). */
#include "probe.h"
#include "procfs.h"
#include "qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TENANTS_MAX 64
#define VCPUS_MAX   256
#define BARS_MAX    32
#define BARS_EVERY  10 /* looks: a guest may move them */
#define COMM_WIDTH  16 /* of the trace's first column */
#define DISPLAY     0x03

static const char *const events[] = { "kvm_mmio", "kvm_fast_mmio", "kvm_userspace_exit" };

struct bar {
    uint64_t first, size;
};

struct vm {
    char *tenant;
    pid_t pid;
    struct bar bars[BARS_MAX];
    unsigned bar_count, looks;
    double all, device, fast, userspace;
};

/* A vCPU's last access, for the exit that may follow it. */
struct vcpu {
    pid_t tid;
    bool in_device;
};

struct state {
    struct vg_probe_sink sink;
    char *instance; /* directory */
    int pipe;
    struct vm vms[TENANTS_MAX];
    size_t count;
    struct vcpu vcpus[VCPUS_MAX];
    size_t vcpu_count;
    char line[1024];
    size_t length;
    uint64_t lost;
};

/* --- BARs -----------------------------------------------------------------------------------------------------------
 */

static void add_regions(struct vm *vm, const json_t *device)
{
    size_t i;
    json_t *region;
    json_array_foreach(json_object_get(device, "regions"), i, region)
    {
        const char *type = json_string_value(json_object_get(region, "type"));
        json_int_t address = json_integer_value(json_object_get(region, "address"));
        json_int_t size = json_integer_value(json_object_get(region, "size"));
        if (vg_equal(type, "memory") && address > 0 && size > 0 && vm->bar_count < BARS_MAX)
            vm->bars[vm->bar_count++] = (struct bar) { (uint64_t)address, (uint64_t)size };
    }
}

/* A display controller, or a device of the host that was given to the VM; behind bridges too. */
static void add_devices(struct vm *vm, const json_t *devices, unsigned depth)
{
    size_t i;
    json_t *device;
    json_array_foreach(devices, i, device)
    {
        const char *id = json_string_value(json_object_get(device, "qdev_id"));
        json_int_t class = json_integer_value(json_object_get(json_object_get(device, "class_info"), "class"));
        if (class >> 8 == DISPLAY || (id && strncmp(id, "hostdev", 7) == 0))
            add_regions(vm, device);
        const json_t *bridge = json_object_get(device, "pci_bridge");
        if (bridge && depth < 8)
            add_devices(vm, json_object_get(bridge, "devices"), depth + 1);
    }
}

static bool find_bars(struct vm *vm, const struct vg_probe_target *target, struct vg_error *err)
{
    json_t *buses = qmp_ask(target, "{\"execute\":\"query-pci\"}", err), *bus;
    size_t i;
    if (!buses)
        return false;
    vm->bar_count = 0;
    json_array_foreach(buses, i, bus) add_devices(vm, json_object_get(bus, "devices"), 0);
    json_decref(buses);
    return vm->bar_count > 0 ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "the VM has no vGPU whose BARs the guest has placed");
}

static bool in_bars(const struct vm *vm, uint64_t address)
{
    for (unsigned i = 0; i < vm->bar_count; i++)
        if (address - vm->bars[i].first < vm->bars[i].size)
            return true;
    return false;
}

/* --- the trace ------------------------------------------------------------------------------------------------------
 */

static struct vcpu *vcpu_of(struct state *state, pid_t tid)
{
    for (size_t i = 0; i < state->vcpu_count; i++)
        if (state->vcpus[i].tid == tid)
            return &state->vcpus[i];
    if (state->vcpu_count == VCPUS_MAX)
        state->vcpu_count = 0; /* they are short-lived facts */
    struct vcpu *vcpu = &state->vcpus[state->vcpu_count++];
    *vcpu = (struct vcpu) { .tid = tid };
    return vcpu;
}

/* "       CPU 0/KVM-1234    (   1200) [001] ..... 12.345678: EVENT: ...": thread and process. */
static const char *parse_origin(const char *line, pid_t *tid, pid_t *pid)
{
    if (strlen(line) < COMM_WIDTH + 2 || line[COMM_WIDTH] != '-')
        return NULL;
    char *end;
    *tid = (pid_t)strtol(line + COMM_WIDTH + 1, &end, 10);
    const char *open = end + strspn(end, " ");
    if (*open != '(')
        return NULL;
    *pid = (pid_t)strtol(open + 1, &end, 10);
    return *end == ')' && *pid > 0 ? end + 1 : NULL;
}

static bool take_address(const char *text, uint64_t *address)
{
    const char *at = strstr(text, "gpa 0x");
    char *end;
    if (!at)
        return false;
    errno = 0;
    *address = strtoull(at + 6, &end, 16);
    return errno == 0 && end > at + 6;
}

static void note_line(struct state *state, const char *line)
{
    pid_t tid, pid;
    unsigned long long lost;
    const char *lost_at = strstr(line, "[LOST ");
    if (lost_at && strncmp(line, "CPU:", 4) == 0 && sscanf(lost_at, "[LOST %llu EVENTS]", &lost) == 1)
        state->lost += lost;
    const char *rest = parse_origin(line, &tid, &pid);
    struct vm *vm = NULL;
    for (size_t i = 0; rest && i < state->count; i++)
        if (state->vms[i].pid == pid)
            vm = &state->vms[i];
    if (!vm)
        return;
    struct vcpu *vcpu = vcpu_of(state, tid);
    const char *mmio = strstr(rest, ": kvm_mmio: mmio "), *fast = strstr(rest, ": kvm_fast_mmio: ");
    uint64_t address;
    if (mmio) {
        /* A read shows twice: unsatisfied when it leaves the guest, and again with its value. */
        mmio += strlen(": kvm_mmio: mmio ");
        bool leaves = strncmp(mmio, "write ", 6) == 0 || strncmp(mmio, "unsatisfied-read ", 17) == 0;
        vcpu->in_device = leaves && take_address(mmio, &address) && in_bars(vm, address);
        vm->all += leaves;
        vm->device += vcpu->in_device;
    } else if (fast) {
        bool ours = take_address(fast, &address) && in_bars(vm, address);
        vcpu->in_device = false;
        vm->all++;
        vm->device += ours;
        vm->fast += ours;
    } else if (strstr(rest, ": kvm_userspace_exit: reason KVM_EXIT_MMIO")) {
        vm->userspace += vcpu->in_device;
        vcpu->in_device = false;
    }
}

static void read_trace(struct state *state)
{
    char text[1 << 14];
    for (unsigned rounds = 0; rounds < 4096; rounds++) { /* a flood of events ends, for this look */
        ssize_t length = read(state->pipe, text, sizeof(text));
        if (length <= 0)
            return;
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] != '\n') {
                if (state->length < sizeof(state->line) - 1)
                    state->line[state->length++] = text[i];
                continue;
            }
            state->line[state->length] = '\0';
            state->length = 0;
            note_line(state, state->line);
        }
    }
}

static struct vm *vm_of(struct state *state, const struct vg_probe_target *target)
{
    size_t i = 0;
    while (i < state->count && !vg_equal(state->vms[i].tenant, target->tenant))
        i++;
    if (i == TENANTS_MAX)
        return NULL;
    if (i == state->count)
        state->vms[state->count++] = (struct vm) { .tenant = vg_strdup(target->tenant) };
    if (state->vms[i].pid != target->pid) {
        state->vms[i].pid = target->pid;
        state->vms[i].looks = 0;
    }
    return &state->vms[i];
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    (void)err;
    for (size_t i = 0; i < target_count; i++) {
        struct vm *vm = vm_of(state, &targets[i]);
        struct vg_error why = { 0 };
        if (!vm || vm->looks++ % BARS_EVERY != 0 || find_bars(vm, &targets[i], &why))
            continue;
        vg_autofree char *unseen = vg_format("unseen[%s]", targets[i].tenant);
        state->sink.fact(state->sink.context, unseen, why.text);
    }
    read_trace(state);
    int64_t now_ns = vg_now_ns();
    for (size_t i = 0; i < target_count; i++) {
        const struct vm *vm = vm_of(state, &targets[i]);
        if (!vm || vm->bar_count == 0)
            continue;
        const double values[] = { vm->all, vm->device, vm->fast, vm->userspace, (double)state->lost };
        state->sink.row(state->sink.context, "device", now_ns, targets[i].tenant, "", values);
    }
    return true;
}

/* --- set-up ---------------------------------------------------------------------------------------------------------
 */

static bool put(const struct state *state, const char *file, const char *value)
{
    vg_autofree char *path = vg_format("%s/%s", state->instance, file);
    vg_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
}

static void switch_events(const struct state *state, const char *value)
{
    for (size_t i = 0; i < VG_COUNT(events); i++) {
        vg_autofree char *file = vg_format("events/kvm/%s/enable", events[i]);
        put(state, file, value);
    }
}

static void end(void *opaque)
{
    struct state *state = opaque;
    vg_autofree char *lost = vg_format("%llu", (unsigned long long)state->lost);
    if (state->pipe >= 0) {
        switch_events(state, "0");
        state->sink.fact(state->sink.context, "events_lost", lost);
    }
    vg_cleanup_close(&state->pipe);
    if (state->instance)
        rmdir(state->instance); /* in tracefs this removes the instance as a whole */
    free(state->instance);
    for (size_t i = 0; i < state->count; i++)
        free(state->vms[i].tenant);
    free(state);
}

static bool open_instance(struct state *state, const char *root, struct vg_error *err)
{
    vg_autofree char *kvm = vg_format("%s/sys/kernel/tracing/events/kvm", root);
    if (!vg_exists(kvm))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is not there: this kernel traces no KVM", kvm);
    state->instance = vg_format("%s/sys/kernel/tracing/instances/vgauge-%d", root, (int)getpid());
    if (mkdir(state->instance, 0700) < 0 && errno != EEXIST)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "no trace buffer can be made in %s: %s", state->instance,
                       strerror(errno));
    for (size_t i = 0; i < VG_COUNT(events); i++) {
        vg_autofree char *file = vg_format("events/kvm/%s/enable", events[i]);
        if (!put(state, file, "1"))
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "the event kvm:%s cannot be traced: %s", events[i],
                           strerror(errno));
    }
    if (!put(state, "options/record-tgid", "1"))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the trace cannot name processes (options/record-tgid): %s",
                       strerror(errno));
    put(state, "buffer_size_kb", "4096");
    vg_autofree char *pipe = vg_format("%s/trace_pipe", state->instance);
    state->pipe = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return state->pipe >= 0 || vg_fail(err, VG_ERROR_ENVIRONMENT, "%s cannot be read: %s", pipe, strerror(errno));
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    state->pipe = -1;
    if (open_instance(state, host->root, err)) {
        *opaque = state;
        return true;
    }
    end(state);
    return false;
}

VG_PROBE(kvm_trace) = {
    .kind = VG_KIND_PROBE,
    .name = "kvm-trace",
    .summary = "exits of each VM in its vGPU's BARs, from the kernel's trace",
    .why = "Only an address tells a vGPU's exits from those of the VM's other devices.",
    .period_ms = 200,
    .streams =
        VG_PROBE_STREAMS {
            { "device", "one row per VM whose vGPU has BARs; since the first row",
              VG_PROBE_COLUMNS {
                  { "all", "1", "accesses of the VM that left the guest, to any device" },
                  { "exits", "1", "of them in the vGPU's BARs" },
                  { "fast_mmio", "1", "of these, doorbells that KVM turned into an event" },
                  { "userspace", "1", "of these, accesses that the VMM had to handle" },
                  { "lost", "1", "events that did not fit into the buffer" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
