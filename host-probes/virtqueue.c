/* SPDX-License-Identifier: MIT */
/* virtqueue: how many commands each virtio-gpu has taken from its control queue, as its VMM counts them. Needs no KVM.
 *
 * A command is one buffer that the guest made available and the device took (last_avail_idx of the queue); it is done
 * when the device has put it into the used ring (used_idx). A guest rings the doorbell at most once for each command,
 * less often where the device takes several at one ring or has switched notifications off: commands are an upper bound
 * of doorbells. Work that goes through a ring in shared memory shows nothing here; its doorbell does.
 *
 * What a doorbell costs the guest is said with it, as facts: whether KVM runs it, and whether KVM was told to turn the
 * device's doorbells into events (ioeventfd), or each goes to the VMM.
 *
 * Both indices are 16 bits wide and wrap; a device that takes more than 65,535 commands between two looks is counted
 * too low, which at this period is over 130,000 a second, shared by the VMs that take turns. */
#include "probe.h"
#include "qmp.h"

#include <stdio.h>

#define CONTROL_QUEUE 0
#define TENANTS_MAX   64
#define LOOKS_MAX     3 /* a VMM that refused so often is not asked again */

struct queue {
    char *tenant;
    pid_t pid;
    char *path; /* QOM path of the virtio-gpu; NULL: not found yet */
    unsigned refused;
    bool started;
    uint16_t available, used;     /* as last read */
    uint64_t commands, completed; /* since the first row */
};

struct state {
    struct vg_probe_sink sink;
    struct queue queues[TENANTS_MAX];
    size_t count;
    size_t turn; /* whose look it is */
};

static void forget(struct queue *queue)
{
    free(queue->tenant);
    free(queue->path);
    *queue = (struct queue) { 0 };
}

/* A tenant that was started again is another VMM: its counters begin anew. */
static struct queue *queue_of(struct state *state, const struct vg_probe_target *target)
{
    size_t i = 0;
    while (i < state->count && !vg_equal(state->queues[i].tenant, target->tenant))
        i++;
    if (i == TENANTS_MAX)
        return NULL;
    struct queue *queue = &state->queues[i];
    if (i < state->count && queue->pid == target->pid)
        return queue;
    uint64_t commands = queue->commands, completed = queue->completed;
    forget(queue);
    *queue = (struct queue) { .tenant = vg_strdup(target->tenant), .pid = target->pid };
    if (i < state->count) { /* a sum over both never steps back */
        queue->commands = commands;
        queue->completed = completed;
    }
    state->count = i == state->count ? i + 1 : state->count;
    return queue;
}

static bool find_device(struct queue *queue, const struct vg_probe_target *target, struct vg_error *err)
{
    json_t *devices = qmp_ask(target, "{\"execute\":\"x-query-virtio\"}", err);
    if (!devices)
        return false;
    size_t i;
    json_t *device;
    json_array_foreach(devices, i, device)
    {
        const char *name = json_string_value(json_object_get(device, "name"));
        const char *path = json_string_value(json_object_get(device, "path"));
        if (!queue->path && path && strlen(path) < 500 && name && strncmp(name, "virtio-gpu", 10) == 0)
            queue->path = vg_strdup(path);
    }
    json_decref(devices);
    return queue->path || vg_fail(err, VG_ERROR_ENVIRONMENT, "it has no virtio-gpu");
}

static void put_answer(const struct state *state, const char *what, const char *tenant, const json_t *truth)
{
    vg_autofree char *name = vg_format("%s[%s]", what, tenant);
    if (json_is_boolean(truth))
        state->sink.fact(state->sink.context, name, json_is_true(truth) ? "on" : "off");
}

/* Once per VMM. One that does not answer says nothing: who judges by it must miss it. */
static void ask_about_doorbells(const struct state *state, const struct queue *queue,
                                const struct vg_probe_target *target)
{
    struct vg_error ignored = { 0 };
    json_t *kvm = qmp_ask(target, "{\"execute\":\"query-kvm\"}", &ignored);
    put_answer(state, "kvm", target->tenant, json_object_get(kvm, "enabled"));
    json_decref(kvm);
    const char *end = strrchr(queue->path, '/'); /* .../video0/virtio-backend: the bus device has the property */
    if (!end || end == queue->path)
        return;
    vg_autofree char *device = vg_format("%.*s", (int)(end - queue->path), queue->path);
    json_t *command =
        json_pack("{s:s, s:{s:s, s:s}}", "execute", "qom-get", "arguments", "path", device, "property", "ioeventfd");
    vg_autofree char *text = command ? json_dumps(command, JSON_COMPACT) : NULL;
    json_decref(command);
    json_t *turned = text ? qmp_ask(target, text, &ignored) : NULL;
    put_answer(state, "ioeventfd", target->tenant, turned);
    json_decref(turned);
}

static bool index_of(const json_t *status, const char *name, uint16_t *index)
{
    const json_t *value = json_object_get(status, name);
    *index = (uint16_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT16_MAX;
}

static bool read_queue(struct state *state, struct queue *queue, const struct vg_probe_target *target,
                       struct vg_error *err)
{
    if (!queue->path) {
        if (!find_device(queue, target, err))
            return false;
        ask_about_doorbells(state, queue, target);
    }
    json_t *command = json_pack("{s:s, s:{s:s, s:i}}", "execute", "x-query-virtio-queue-status", "arguments", "path",
                                queue->path, "queue", CONTROL_QUEUE);
    vg_autofree char *text = json_dumps(command, JSON_COMPACT);
    json_decref(command);
    int64_t before_ns = vg_now_ns();
    json_t *status = qmp_ask(target, text, err);
    int64_t after_ns = vg_now_ns();
    uint16_t available, used;
    bool good = status && index_of(status, "last-avail-idx", &available) && index_of(status, "used-idx", &used);
    const json_t *in_flight = json_object_get(status, "inuse");
    double flying = json_is_integer(in_flight) ? (double)json_integer_value(in_flight) : 0;
    if (status && !good)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "its queue status has no last-avail-idx and used-idx");
    json_decref(status);
    if (!good)
        return false;
    if (queue->started) {
        queue->commands += (uint16_t)(available - queue->available);
        queue->completed += (uint16_t)(used - queue->used);
    }
    queue->started = true;
    queue->available = available;
    queue->used = used;
    /* The indices are those of some instant between question and answer. */
    const double values[] = { (double)queue->commands, (double)queue->completed, flying,
                              (double)(after_ns - before_ns) / 2e9 };
    state->sink.row(state->sink.context, "control", before_ns + (after_ns - before_ns) / 2, target->tenant, "", values);
    return true;
}

static void look(struct state *state, struct queue *queue, const struct vg_probe_target *target)
{
    struct vg_error why = { 0 };
    if (read_queue(state, queue, target, &why)) {
        queue->refused = 0;
        return;
    }
    queue->refused += why.kind != VG_ERROR_TIMEOUT; /* a VMM that is busy may answer again */
    vg_autofree char *name = vg_format("unseen[%s]", target->tenant);
    state->sink.fact(state->sink.context, name, why.text);
}

/* One VMM a look, in turns: a question costs over a millisecond of the host's CPU, and the looks of many VMs are to
 * take no more of it than those of one. */
static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    (void)err;
    for (size_t i = 0; i < target_count; i++) {
        const struct vg_probe_target *target = &targets[(state->turn + i) % target_count];
        struct queue *queue = queue_of(state, target);
        if (!queue || queue->refused >= LOOKS_MAX)
            continue;
        look(state, queue, target);
        state->turn = (state->turn + i + 1) % target_count;
        break;
    }
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    for (size_t i = 0; i < state->count; i++)
        forget(&state->queues[i]);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    (void)host;
    (void)err;
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    *opaque = state;
    return true;
}

VG_PROBE(virtqueue) = {
    .kind = VG_KIND_PROBE,
    .name = "virtqueue",
    .summary = "commands that each virtio-gpu took from its control queue",
    .why = "A submission that costs a command has the VMM in its path; this can be seen without KVM.",
    .period_ms = 500,
    .streams =
        VG_PROBE_STREAMS {
            { "control",
              "one row a look, of the VMs with a virtio-gpu in turns; QMP x-query-virtio-queue-status of queue 0",
              VG_PROBE_COLUMNS {
                  { "commands", "1", "buffers that the device took since the first row; wraps are undone" },
                  { "completed", "1", "buffers that the device gave back since the first row" },
                  { "in_flight", "1", "buffers that the device has at this moment" },
                  { "uncertainty_s", "s",
                    "half of the time between question and answer: the row's time is off by at "
                    "most this" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
