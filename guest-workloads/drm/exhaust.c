/* SPDX-License-Identifier: MIT */
/* Takes all that there is of one kind of object, holds it, gives it back, and begins again: contexts, blobs in the
 * window, blobs of guest memory, virgl's resources, fences that nobody waits for. When it is refused, the error must
 * say that something is used up. What it means for the neighbour, the neighbour says. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "common/checks.h"
#include "drm/virtgpu.h"

#define MIB         (UINT64_C(1) << 20)
#define MAX_OBJECTS 16384

enum kind { CONTEXTS, WINDOW, GUEST_BLOBS, RESOURCES, FENCES, KINDS };
static const char *const kind_names[KINDS] = { "contexts", "window", "guest-blobs", "resources", "fences" };

struct greedy {
    struct vg_workload_context *context;
    struct vg_checks checks;
    int fds[MAX_OBJECTS];
    unsigned fd_count;
    unsigned most[KINDS];
    uint32_t mask;
    bool contexts;
    uint64_t bytes; /* of one object with memory */
    int64_t limit_bytes;
};

static unsigned capset_of(const struct greedy *g, enum kind kind)
{
    bool venus = g->mask & 1 << VIRTGPU_CAPSET_VENUS;
    return (kind == WINDOW || kind == CONTEXTS) && venus ? VIRTGPU_CAPSET_VENUS
           : g->mask & 1 << VIRTGPU_CAPSET_VIRGL2        ? VIRTGPU_CAPSET_VIRGL2
                                                         : VIRTGPU_CAPSET_VIRGL;
}

/* A file with a context; 0 or errno. */
static int add_context(struct greedy *g, enum kind kind)
{
    int fd = virtgpu_open(g->context);
    g->fds[g->fd_count++] = fd;
    if (g->contexts)
        return virtgpu_context(fd, capset_of(g, kind), 0);
    struct virtgpu_execbuffer exec = { .fence_fd = -1 };
    uint32_t nop = VIRGL_HEADER(VIRGL_NOP, 0, 0);
    exec.size = 4;
    exec.command = (uintptr_t)&nop;
    return virtgpu_call(fd, VIRTGPU_EXECBUFFER, &exec); /* the kernel makes virgl's context at its first use */
}

static int add_one(struct greedy *g, enum kind kind)
{
    uint32_t handle, resource, nop = VIRGL_HEADER(VIRGL_NOP, 0, 0);
    int fd = g->fds[0];
    switch (kind) {
    case CONTEXTS:
        return add_context(g, kind);
    case WINDOW:
        return virtgpu_blob(fd, VIRTGPU_BLOB_HOST3D, VIRTGPU_BLOB_MAPPABLE, g->bytes, 0, &handle);
    case GUEST_BLOBS:
        return virtgpu_blob(fd, VIRTGPU_BLOB_GUEST, VIRTGPU_BLOB_MAPPABLE, g->bytes, 0, &handle);
    case RESOURCES:
        return virtgpu_buffer(fd, (uint32_t)g->bytes, &handle, &resource);
    default: {
        struct virtgpu_execbuffer exec = {
            .flags = VIRTGPU_EXEC_FENCE_OUT, .size = 4, .command = (uintptr_t)&nop, .fence_fd = -1
        };
        int error = virtgpu_call(fd, VIRTGPU_EXECBUFFER, &exec);
        if (!error)
            g->fds[g->fd_count++] = exec.fence_fd;
        return error;
    }
    }
}

static bool applies(const struct greedy *g, enum kind kind)
{
    int fd = virtgpu_open(g->context);
    bool visible = virtgpu_param(fd, VIRTGPU_HOST_VISIBLE) == 1, blob = virtgpu_param(fd, VIRTGPU_RESOURCE_BLOB) == 1;
    close(fd);
    return kind == WINDOW ? visible && g->mask & 1 << VIRTGPU_CAPSET_VENUS : kind == GUEST_BLOBS ? blob : true;
}

/* Until it is refused, or until the limit that keeps the guest itself alive. */
static void take_all(struct greedy *g, enum kind kind)
{
    unsigned count = 0, most = (unsigned)vg_w_int(g->context, kind == CONTEXTS ? "contexts" : "objects");
    bool memory = kind == GUEST_BLOBS || kind == RESOURCES; /* it is the guest's own that backs these */
    int error = 0;
    g->fd_count = 0;
    if (kind != CONTEXTS)
        error = add_context(g, kind);
    while (!error && count < most && g->fd_count < MAX_OBJECTS - 1 && !vg_w_should_stop(g->context) &&
           (!memory || (int64_t)(count * g->bytes) < g->limit_bytes)) {
        error = add_one(g, kind);
        count += !error;
    }
    if (count > g->most[kind])
        g->most[kind] = count;
    if (error)
        vg_check(&g->checks, "refusal-says-why",
                 error == ENOMEM || error == ENOSPC || error == EMFILE || error == ENFILE || error == EAGAIN,
                 "%s: number %u was refused with errno %d, which does not say that something is used up",
                 kind_names[kind], count + 1, error);
    vg_check(&g->checks, "gets-something", count > 0, "%s: the first was refused with errno %d", kind_names[kind],
             error);
}

static void give_back(struct greedy *g)
{
    for (unsigned i = 0; i < g->fd_count; i++)
        close(g->fds[i]); /* takes the file's objects along */
    g->fd_count = 0;
}

static void run(struct vg_workload_context *context)
{
    static struct greedy g;
    struct rlimit files = { MAX_OBJECTS + 64, MAX_OBJECTS + 64 };
    setrlimit(RLIMIT_NOFILE, &files);
    g.context = context;
    g.bytes = (uint64_t)vg_w_int(context, "object_kib") << 10;
    g.limit_bytes = vg_w_int(context, "limit_mib") * (int64_t)MIB;
    int fd = virtgpu_open(context), mask = virtgpu_param(fd, VIRTGPU_CAPSET_IDS);
    g.contexts = virtgpu_param(fd, VIRTGPU_CONTEXT_INIT) == 1;
    g.mask = mask > 0 ? (uint32_t)mask : 0;
    close(fd);
    vg_w_barrier(context);
    int64_t hold_ms = vg_w_int(context, "hold_ms"), rounds = 0, end_ns = 0;
    int64_t seconds = vg_w_int(context, "seconds");
    end_ns = vg_now_ns() + seconds * VG_NS_PER_S;
    do {
        for (enum kind kind = 0; kind < KINDS && !vg_w_should_stop(context); kind++) {
            if (!applies(&g, kind))
                continue;
            take_all(&g, kind);
            if (rounds == 0 && kind == CONTEXTS)
                vg_w_mark(context, "exhausted");
            for (int64_t held = 0; held < hold_ms && !vg_w_should_stop(context); held += 50)
                usleep(50000);
            give_back(&g);
        }
        rounds++;
    } while (vg_now_ns() < end_ns && !vg_w_should_stop(context));
    for (enum kind kind = 0; kind < KINDS; kind++) {
        char name[64];
        snprintf(name, sizeof(name), "most_%s", kind_names[kind]);
        vg_w_fact_int(context, name, g.most[kind]);
    }
    vg_w_fact_int(context, "exhaust_rounds", rounds);
    vg_checks_report(context, &g.checks);
}

VG_WORKLOAD(drm_exhaust) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "drm-exhaust",
    .summary = "takes all contexts, blobs, resources and fences that it gets, holds them, and begins again",
    .why = "What one tenant can use up for all, it can deny to all",
    .needs = VG_NEED_DRM,
    .params =
        VG_PARAMS {
            { "seconds", VG_INT, .def = "10", .min = 0, .max = 86400, .unit = "s",
              .summary = "begin again for so long; once at least" },
            { "hold_ms", VG_INT, .def = "500", .min = 0, .max = 600000, .unit = "ms",
              .summary = "hold each kind for so long" },
            { "contexts", VG_INT, .def = "64", .min = 1, .max = 8192, .unit = "1", .summary = "contexts at most" },
            { "objects", VG_INT, .def = "2000", .min = 1, .max = 16000, .unit = "1",
              .summary = "objects of each other kind at most" },
            { "object_kib", VG_INT, .def = "1024", .min = 4, .max = 1048576, .unit = "KiB",
              .summary = "size of each object with memory" },
            { "limit_mib", VG_INT, .def = "192", .min = 1, .max = 1048576, .unit = "MiB",
              .summary = "of the guest's own memory at most" },
            { 0 },
        },
    .run = run,
};
