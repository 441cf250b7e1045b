/* SPDX-License-Identifier: MIT */
/* The window through which the CPU sees the host's memory has an end. Blobs that do not fit, have no size, or may not
 * be mapped must be refused; those that fit must not overlap; and afterwards all of the window must be there again. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/checks.h"
#include "drm/virtgpu.h"

#define MIB       (UINT64_C(1) << 20)
#define PAGE      UINT64_C(4096)
#define MAX_BLOBS 4096

struct window {
    struct vg_workload_context *context;
    struct vg_checks checks;
    int fd;
    uint32_t handles[MAX_BLOBS];
    uint64_t *maps[MAX_BLOBS];
    uint64_t bytes; /* of each */
    unsigned count;
};

static int make(const struct window *w, uint64_t bytes, uint32_t flags, uint32_t *handle)
{
    return virtgpu_blob(w->fd, VIRTGPU_BLOB_HOST3D, flags, bytes, 0, handle);
}

static bool is_lack(int error)
{
    return error == ENOSPC || error == ENOMEM || error == EINVAL || error == E2BIG || error == EFBIG;
}

/* Blobs of one size until there is no room; every one is mapped and marked at both ends. */
static int fill(struct window *w, uint64_t bytes)
{
    int error = 0;
    w->bytes = bytes;
    for (w->count = 0; w->count < MAX_BLOBS && !vg_w_should_stop(w->context); w->count++) {
        uint32_t *handle = &w->handles[w->count];
        error = make(w, bytes, VIRTGPU_BLOB_MAPPABLE, handle);
        if (error)
            break;
        w->maps[w->count] = virtgpu_mapping(w->fd, *handle, bytes, &error);
        if (!w->maps[w->count]) {
            virtgpu_close(w->fd, *handle);
            break;
        }
        w->maps[w->count][0] = w->maps[w->count][bytes / 8 - 1] = UINT64_C(0xb10b000000000000) + w->count;
    }
    return error;
}

/* After all were written: one that overlaps another has lost its mark. */
static void check_marks(struct window *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        uint64_t mark = UINT64_C(0xb10b000000000000) + i;
        vg_check(&w->checks, "mappings-do-not-overlap", w->maps[i][0] == mark && w->maps[i][w->bytes / 8 - 1] == mark,
                 "of %u mapped blobs of %llu bytes, number %u lost what was written into it", w->count,
                 (unsigned long long)w->bytes, i);
    }
}

static void empty(struct window *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        munmap(w->maps[i], w->bytes);
        virtgpu_close(w->fd, w->handles[i]);
    }
    w->count = 0;
}

/* The kernel and the host give back a while after the call returned. Whether as many blobs as before fit again within
 * ten seconds; *waited_ms: after how long. */
static bool comes_back(struct window *w, uint64_t bytes, unsigned given, int64_t *waited_ms)
{
    int64_t start_ns = vg_now_ns();
    bool whole = false;
    do {
        vg_sleep_ns(VG_NS_PER_S / 2);
        fill(w, bytes);
        whole = w->count >= given;
        empty(w);
    } while (!whole && vg_now_ns() - start_ns < 10 * VG_NS_PER_S && !vg_w_should_stop(w->context));
    *waited_ms = (vg_now_ns() - start_ns) / VG_NS_PER_MS;
    vg_sleep_ns(VG_NS_PER_S); /* for what follows */
    return whole;
}

static void check_filling(struct window *w)
{
    static const uint64_t sizes[] = { 8 * MIB, 1 * MIB, 40 * PAGE + 8 * MIB };
    int64_t slowest_ms = 0, waited_ms;
    for (unsigned i = 0; i < VG_COUNT(sizes); i++) {
        int error = fill(w, sizes[i]);
        unsigned given = w->count;
        char name[48];
        vg_check(&w->checks, "full-window-refuses", given == MAX_BLOBS || is_lack(error),
                 "the window was full after %u blobs of %llu bytes, and the error was errno %d", given,
                 (unsigned long long)sizes[i], error);
        vg_check(&w->checks, "window-gives-something", given > 0, "not one blob of %llu bytes was given",
                 (unsigned long long)sizes[i]);
        check_marks(w);
        snprintf(name, sizeof(name), "window_bytes_in_%llu_kib", (unsigned long long)(sizes[i] >> 10));
        vg_w_fact_int(w->context, name, (int64_t)(given * sizes[i]));
        empty(w);
        vg_check(&w->checks, "window-comes-back", comes_back(w, sizes[i], given, &waited_ms),
                 "%u blobs of %llu bytes fitted, and ten seconds after they were given back fewer do", given,
                 (unsigned long long)sizes[i]);
        slowest_ms = waited_ms > slowest_ms ? waited_ms : slowest_ms;
    }
    vg_w_fact_int(w->context, "window_back_ms", slowest_ms);
}

/* The sizes that lead arithmetic astray, and sizes drawn at random beyond the window. */
static void check_sizes(struct window *w, uint64_t window)
{
    const uint64_t sizes[] = { 0,
                               window + PAGE,
                               window * 2,
                               UINT64_C(1) << 31,
                               UINT64_C(1) << 32,
                               (UINT64_C(1) << 32) + PAGE,
                               UINT64_C(1) << 40,
                               INT64_MAX,
                               UINT64_MAX - PAGE + 1,
                               UINT64_MAX };
    int64_t most = vg_w_int(w->context, "cases");
    uint64_t draw = UINT64_C(0x9e3779b97f4a7c15);
    for (int64_t i = 0; i < most && !vg_w_should_stop(w->context); i++) {
        draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bytes = i < (int64_t)VG_COUNT(sizes) ? sizes[i] : window + PAGE + (draw >> (i % 40 + 8)) / PAGE * PAGE;
        uint32_t handle;
        int error = make(w, bytes, VIRTGPU_BLOB_MAPPABLE, &handle);
        void *map = NULL;
        if (!error) {
            map = virtgpu_mapping(w->fd, handle, bytes, &error);
            if (map)
                munmap(map, bytes);
            virtgpu_close(w->fd, handle);
        }
        vg_check(&w->checks, bytes ? "beyond-window-refused" : "empty-blob-refused", !map && error != 0,
                 "a blob of %llu bytes was mapped, the window has %llu", (unsigned long long)bytes,
                 (unsigned long long)window);
        if (!error)
            break; /* what was wrongly given cannot be trusted to go away */
    }
}

static void check_flags(struct window *w)
{
    uint32_t handle;
    for (uint32_t memory = 0; memory < 16; memory++)
        for (uint32_t flags = 0; flags < 16; flags++) {
            bool known = memory >= VIRTGPU_BLOB_GUEST && memory <= VIRTGPU_BLOB_HOST3D_GUEST && flags < 8;
            int error = virtgpu_blob(w->fd, memory, flags, PAGE, 0, &handle), mapping = 0;
            if (!known)
                vg_check(&w->checks, "unknown-blob-kind-refused", error != 0,
                         "a blob of memory kind %u with flags %u was made", memory, flags);
            if (error)
                continue;
            if (memory == VIRTGPU_BLOB_HOST3D && !(flags & VIRTGPU_BLOB_MAPPABLE)) {
                void *map = virtgpu_mapping(w->fd, handle, PAGE, &mapping);
                vg_check(&w->checks, "unmappable-refused", !map, "a blob that may not be mapped was mapped");
                if (map)
                    munmap(map, PAGE);
            }
            virtgpu_close(w->fd, handle);
        }
}

static void run(struct vg_workload_context *context)
{
    static struct window w;
    w.context = context;
    w.fd = virtgpu_open(context);
    bool visible = virtgpu_param(w.fd, VIRTGPU_HOST_VISIBLE) == 1;
    int mask = virtgpu_param(w.fd, VIRTGPU_CAPSET_IDS);
    if (!visible || mask < 0 || !(mask & 1 << VIRTGPU_CAPSET_VENUS))
        vg_w_skip(context, "the device has no window for the host's memory, or no context that makes blobs");
    vg_w_barrier(context);
    int error = virtgpu_context(w.fd, VIRTGPU_CAPSET_VENUS, 0);
    if (error)
        vg_w_fail(context, "no context for Venus could be made: errno %d", error);
    check_filling(&w);
    check_sizes(&w, (uint64_t)vg_w_int(context, "window_mib") * MIB);
    check_flags(&w);
    fill(&w, 1 * MIB);
    vg_check(&w.checks, "works-afterwards", w.count > 0, "after all this no blob can be mapped any more");
    check_marks(&w);
    empty(&w);
    vg_checks_report(context, &w.checks);
}

VG_WORKLOAD(drm_window) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "drm-window",
    .summary = "fills the window for the host's memory, and asks for what does not fit or may not be mapped",
    .why = "A mapping beyond the window, or two in one place, shows a tenant what it was never given",
    .needs = VG_NEED_DRM,
    .params =
        VG_PARAMS {
            { "window_mib", VG_INT, .def = "256", .min = 1, .max = 1048576, .unit = "MiB",
              .summary = "size of the window, as the host was told (hostmem_mib)" },
            { "cases", VG_INT, .def = "1000", .min = 10, .max = 10000000, .unit = "1",
              .summary = "sizes to try that must be refused" },
            { 0 },
        },
    .run = run,
};
