/* SPDX-License-Identifier: MIT */
/* What the virtio-gpu says that it can do, against what it does: feature bits that imply one another, capability sets
 * that answer, and a context of each that speaks it. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/checks.h"
#include "drm/virtgpu.h"

enum { CAPSET_IDS = 64, CAPS_BYTES = 65536, RINGS_MOST = 64 };
/* Bits of the virtio-gpu device (virtio 1.3, 5.7.3). */
enum { FEATURE_VIRGL = 0, FEATURE_BLOB = 3, FEATURE_CONTEXT_INIT = 4, FEATURE_BLOB_ALIGNMENT = 5 };

struct gpu {
    struct vg_workload_context *context;
    struct vg_checks checks;
    int fd;
    uint32_t mask;     /* 1 << id of the capability sets that it offers */
    char features[80]; /* as sysfs shows them, one digit a bit; empty: not to be had */
};

static bool bit(const struct gpu *gpu, int number)
{
    return gpu->features[number] == '1';
}

static void read_features(struct gpu *gpu)
{
    glob_t found;
    if (glob("/sys/bus/virtio/drivers/virtio_gpu/virtio*/features", 0, NULL, &found) == 0) {
        struct vg_error err = { 0 };
        vg_autofree char *text = NULL;
        if (vg_read_attribute(found.gl_pathv[0], &text, &err) && strlen(text) >= 64)
            snprintf(gpu->features, sizeof(gpu->features), "%.64s", text);
        globfree(&found);
    }
    vg_w_fact_text(gpu->context, "virtio_features", gpu->features[0] ? gpu->features : "unknown");
}

static void check_features(struct gpu *gpu)
{
    struct vg_checks *checks = &gpu->checks;
    int three = virtgpu_param(gpu->fd, VIRTGPU_3D_FEATURES), blob = virtgpu_param(gpu->fd, VIRTGPU_RESOURCE_BLOB);
    int visible = virtgpu_param(gpu->fd, VIRTGPU_HOST_VISIBLE), init = virtgpu_param(gpu->fd, VIRTGPU_CONTEXT_INIT);
    vg_check(checks, "has-3d", three == 1, "the device says that it has no 3D");
    vg_check(checks, "context-init-implies-3d", init != 1 || three == 1, "contexts can be chosen, but there is no 3D");
    vg_check(checks, "host-visible-implies-blob", visible != 1 || blob == 1, "a window for blobs, but no blobs");
    vg_w_fact_int(gpu->context, "resource_blob", blob);
    vg_w_fact_int(gpu->context, "host_visible", visible);
    vg_w_fact_int(gpu->context, "context_init", init);
    if (!gpu->features[0]) {
        vg_check_skip(checks, "feature-bits", "the kernel does not show the device's feature bits");
        return;
    }
    vg_check(checks, "context-init-implies-virgl", !bit(gpu, FEATURE_CONTEXT_INIT) || bit(gpu, FEATURE_VIRGL),
             "VIRTIO_GPU_F_CONTEXT_INIT without VIRTIO_GPU_F_VIRGL");
    vg_check(checks, "blob-alignment-implies-blob", !bit(gpu, FEATURE_BLOB_ALIGNMENT) || bit(gpu, FEATURE_BLOB),
             "VIRTIO_GPU_F_BLOB_ALIGNMENT without VIRTIO_GPU_F_RESOURCE_BLOB");
    vg_check(checks, "kernel-agrees-with-bits",
             (three == 1) == bit(gpu, FEATURE_VIRGL) && (blob == 1) == bit(gpu, FEATURE_BLOB) &&
                 (init == 1) == bit(gpu, FEATURE_CONTEXT_INIT),
             "the device's feature bits are %s, the kernel says 3D %d, blob %d, context init %d", gpu->features, three,
             blob, init);
}

static void check_capset(struct gpu *gpu, unsigned id)
{
    static uint8_t caps[CAPS_BYTES];
    memset(caps, 0, sizeof(caps));
    struct virtgpu_get_caps get = { .id = id, .address = (uintptr_t)caps, .size = sizeof(caps) };
    int error = virtgpu_call(gpu->fd, VIRTGPU_GET_CAPS, &get);
    if (!(gpu->mask & UINT32_C(1) << (id % 32)) || id >= 32) {
        vg_check(&gpu->checks, "unknown-capset-refused", error != 0, "capability set %u is not offered, yet answers",
                 id);
        return;
    }
    size_t used = sizeof(caps);
    while (used && !caps[used - 1])
        used--;
    vg_check(&gpu->checks, "capset-answers", error == 0 && used > 0, "capability set %u is offered and %s (errno %d)",
             id, error ? "is refused" : "is empty", error);
    char name[32];
    snprintf(name, sizeof(name), "capset_%u_bytes", id);
    vg_w_fact_int(gpu->context, name, (int64_t)used);
}

/* A context is of use if it takes a command of its own protocol. */
static int speak(int fd, unsigned id)
{
    const uint32_t nop[] = { VIRGL_HEADER(VIRGL_NOP, 0, 0) };
    uint32_t handle;
    if (id == VIRTGPU_CAPSET_VIRGL || id == VIRTGPU_CAPSET_VIRGL2)
        return virtgpu_submit(fd, nop, VG_COUNT(nop), NULL, 0);
    if (id != VIRTGPU_CAPSET_VENUS)
        return 0;
    /* Venus: memory that it shares with its context, which is how its rings begin. */
    int error = virtgpu_blob(fd, VIRTGPU_BLOB_HOST3D, VIRTGPU_BLOB_MAPPABLE, 4096, 0, &handle);
    if (error)
        return error;
    volatile uint32_t *words = virtgpu_mapping(fd, handle, 4096, &error);
    if (!words)
        return error;
    words[1023] = 0x1234567;
    error = words[1023] == 0x1234567 ? 0 : EIO;
    munmap((void *)words, 4096);
    return error;
}

static void check_context(struct gpu *gpu, unsigned id)
{
    int fd = virtgpu_open(gpu->context), error = virtgpu_context(fd, id, 0);
    if (!(gpu->mask & UINT32_C(1) << (id % 32)) || id >= 32) {
        vg_check(&gpu->checks, "unknown-context-refused", error != 0, "a context of capability set %u was made", id);
    } else {
        vg_check(&gpu->checks, "context-of-capset", error == 0, "no context of capability set %u: errno %d", id, error);
        int spoken = error ? error : speak(fd, id);
        vg_check(&gpu->checks, "context-speaks", spoken == 0,
                 "a context of capability set %u does not answer: errno %d", id, spoken);
        int again = virtgpu_context(fd, id, 0);
        vg_check(&gpu->checks, "second-context-refused", again != 0, "one file got a second context");
    }
    close(fd);
}

static void check_rings(struct gpu *gpu)
{
    int fd = virtgpu_open(gpu->context);
    int error = virtgpu_context(fd, VIRTGPU_CAPSET_VIRGL2, RINGS_MOST + 1);
    vg_check(&gpu->checks, "too-many-rings-refused", error != 0, "a context with %d rings was made", RINGS_MOST + 1);
    close(fd);
}

static void run(struct vg_workload_context *context)
{
    static struct gpu gpu;
    gpu.context = context;
    gpu.fd = virtgpu_open(context);
    vg_w_barrier(context);
    read_features(&gpu);
    check_features(&gpu);
    int mask = virtgpu_param(gpu.fd, VIRTGPU_CAPSET_IDS);
    gpu.mask = mask > 0 ? (uint32_t)mask : 0;
    vg_w_fact_int(context, "capset_mask", gpu.mask);
    vg_check(&gpu.checks, "offers-a-capset", gpu.mask != 0, "no capability set is offered");
    for (unsigned id = 0; id < CAPSET_IDS; id++)
        check_capset(&gpu, id);
    if (virtgpu_param(gpu.fd, VIRTGPU_CONTEXT_INIT) == 1) {
        for (unsigned id = 0; id < CAPSET_IDS; id++)
            check_context(&gpu, id);
        check_rings(&gpu);
    } else {
        const uint32_t nop[] = { VIRGL_HEADER(VIRGL_NOP, 0, 0) };
        int error = virtgpu_submit(gpu.fd, nop, VG_COUNT(nop), NULL, 0);
        vg_check_skip(&gpu.checks, "context-of-capset", "the device makes contexts of virgl only");
        vg_check(&gpu.checks, "context-speaks", error == 0, "virgl's context does not answer: errno %d", error);
    }
    close(gpu.fd);
    vg_checks_report(context, &gpu.checks);
}

VG_WORKLOAD(drm_capsets) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "drm-capsets",
    .summary = "asks a virtio-gpu for its features and capability sets, and makes a context of each",
    .why = "A driver believes what the device says of itself, and fails late where it is wrong",
    .needs = VG_NEED_DRM,
    .run = run,
};
