/* SPDX-License-Identifier: MIT */
/* kvm-trace: exits of each VM that have to do with its vGPU, from the kernel's trace:
 *
 *     kvm_mmio            an access that KVM emulates or hands to the VMM, with its guest-physical address
 *     kvm_fast_mmio       a doorbell that KVM turned into an event by itself (ioeventfd)
 *     kvm_userspace_exit  the vCPU went back to the VMM
 *
 * An access belongs to the vGPU if its address lies in one of the device's BARs, which the VMM tells (query-pci); the
 * kernel records no others. Returns to the VMM have no address. A write that the VMM handles is followed by one before
 * the vCPU runs on; that what follows a write which KVM handled is a return for another device's sake cannot be told
 * from it, so that `userspace` may be too high by such returns. Reads say themselves whether they left. */
#include "kvm-events.h"
#include "probe.h"
#include "procfs.h"
#include "qmp.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>

#define TENANTS_MAX 64
#define VCPUS_MAX   1024 /* threads that were seen, of others' VMs too */
#define BARS_MAX    32
#define BARS_EVERY  10      /* looks: a guest may move them */
#define EVENTS_MAX  1000000 /* a flood of events ends, for this look */
#define DISPLAY     0x03

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

/* A vCPU's last access, for the return that may follow it. */
struct vcpu {
    pid_t tid;
    struct vm *vm;     /* NULL: somebody else's */
    bool wrote;        /* into a BAR; it has not come back to the VMM since */
    bool awaits_value; /* of a read that the VMM answers */
};

struct state {
    struct vg_probe_sink sink;
    const char *root;
    struct kvm_events *events;
    bool moved; /* BARs, since the filter was set */
    struct vm vms[TENANTS_MAX];
    size_t count;
    struct vcpu vcpus[VCPUS_MAX];
    size_t vcpu_count;
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

static bool find_bars(struct vm *vm, const struct vg_probe_target *target, bool *moved, struct vg_error *err)
{
    json_t *buses = qmp_ask(target, "{\"execute\":\"query-pci\"}", err), *bus;
    size_t i;
    if (!buses)
        return false;
    struct bar before[BARS_MAX];
    unsigned count_before = vm->bar_count;
    memcpy(before, vm->bars, sizeof(before));
    vm->bar_count = 0;
    json_array_foreach(buses, i, bus) add_devices(vm, json_object_get(bus, "devices"), 0);
    json_decref(buses);
    *moved = *moved || vm->bar_count != count_before || memcmp(before, vm->bars, sizeof(before)) != 0;
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

/* Whose thread it is: the kernel's raw events name only the thread. */
static struct vm *owner(const struct state *state, pid_t tid)
{
    for (size_t i = 0; i < state->count; i++) {
        vg_autofree char *path = vg_format("%s/proc/%d/task/%d", state->root, (int)state->vms[i].pid, (int)tid);
        if (vg_exists(path))
            return (struct vm *)(uintptr_t)&state->vms[i];
    }
    return NULL;
}

static struct vcpu *vcpu_of(struct state *state, pid_t tid)
{
    for (size_t i = 0; i < state->vcpu_count; i++)
        if (state->vcpus[i].tid == tid)
            return &state->vcpus[i];
    if (state->vcpu_count == VCPUS_MAX)
        state->vcpu_count = 0; /* threads come and go: asked for anew */
    state->vcpus[state->vcpu_count] = (struct vcpu) { .tid = tid, .vm = owner(state, tid) };
    return &state->vcpus[state->vcpu_count++];
}

static void note_mmio(struct vm *vm, struct vcpu *vcpu, const struct kvm_event *event)
{
    bool value = event->type == KVM_MMIO_READ_VALUE;
    bool second = value && vcpu->awaits_value; /* of the same access */
    vcpu->wrote = event->type == KVM_MMIO_WRITE;
    vcpu->awaits_value = event->type == KVM_MMIO_READ_LEAVES;
    vm->all += !second;
    vm->device += !second;
    vm->userspace += vcpu->awaits_value;
}

static void note(struct state *state, const struct kvm_event *event)
{
    struct vcpu *vcpu = vcpu_of(state, event->tid);
    struct vm *vm = vcpu->vm;
    if (!vm)
        return;
    if (event->kind == KVM_EVENT_RETURN) {
        vm->all++;
        vm->userspace += vcpu->wrote && event->type == KVM_EXIT_MMIO;
        vcpu->wrote = false;
    } else if (!in_bars(vm, event->address)) {
        return; /* another VM's BAR, or between two */
    } else if (event->kind == KVM_EVENT_MMIO) {
        note_mmio(vm, vcpu, event);
    } else {
        vcpu->wrote = vcpu->awaits_value = false;
        vm->all++;
        vm->device++;
        vm->fast++;
    }
}

static bool set_filter(struct state *state, struct vg_error *err)
{
    struct kvm_range *ranges = NULL;
    size_t count = 0;
    for (size_t i = 0; i < state->count; i++)
        for (unsigned j = 0; j < state->vms[i].bar_count; j++)
            vg_push(ranges, count) =
                (struct kvm_range) { state->vms[i].bars[j].first,
                                     state->vms[i].bars[j].first + (state->vms[i].bars[j].size - 1) };
    bool good = count == 0 || kvm_events_filter(state->events, ranges, count, err);
    free(ranges);
    const char *text = kvm_events_filter_text(state->events);
    if (good && count)
        state->sink.fact(state->sink.context, "filter", text);
    state->moved = !good;
    return good;
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
        state->vcpu_count = 0; /* a thread's number may be another's now */
    }
    return &state->vms[i];
}

static void unseen(const struct state *state, const char *tenant, const struct vg_error *why)
{
    vg_autofree char *name = vg_format("unseen[%s]", tenant);
    state->sink.fact(state->sink.context, name, why->text);
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    (void)err;
    for (size_t i = 0; i < target_count; i++) {
        struct vm *vm = vm_of(state, &targets[i]);
        struct vg_error why = { 0 };
        if (vm && vm->looks++ % BARS_EVERY == 0 && !find_bars(vm, &targets[i], &state->moved, &why))
            unseen(state, targets[i].tenant, &why);
    }
    struct vg_error blind = { 0 };
    bool sees = !state->moved || set_filter(state, &blind);
    struct kvm_event event;
    for (unsigned i = 0; i < EVENTS_MAX && kvm_events_next(state->events, &event); i++)
        note(state, &event);
    int64_t now_ns = vg_now_ns();
    for (size_t i = 0; i < target_count; i++) {
        const struct vm *vm = vm_of(state, &targets[i]);
        if (!vm || vm->bar_count == 0)
            continue;
        if (!sees) { /* rows of a trace that records something else would be believed */
            unseen(state, vm->tenant, &blind);
            continue;
        }
        const double values[] = { vm->all, vm->device, vm->fast, vm->userspace,
                                  (double)kvm_events_lost(state->events) };
        state->sink.row(state->sink.context, "device", now_ns, targets[i].tenant, "", values);
    }
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    vg_autofree char *lost = vg_format("%llu", (unsigned long long)kvm_events_lost(state->events));
    state->sink.fact(state->sink.context, "events_lost", lost);
    kvm_events_close(state->events);
    for (size_t i = 0; i < state->count; i++)
        free(state->vms[i].tenant);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    struct kvm_events *events;
    if (!kvm_events_open(&events, host->root, err))
        return false;
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    state->root = host->root;
    state->events = events;
    *opaque = state;
    return true;
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
                  { "all", "1",
                    "what was traced of the VM: exits in the vGPU's BARs, and returns of vCPUs to the VMM for any "
                    "device" },
                  { "exits", "1", "exits in the vGPU's BARs" },
                  { "fast_mmio", "1", "of these, doorbells that KVM turned into an event" },
                  { "userspace", "1", "of these, those that the VMM had to handle; at most" },
                  { "lost", "1", "events that did not fit into the buffer" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
