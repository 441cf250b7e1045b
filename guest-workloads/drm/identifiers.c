/* SPDX-License-Identifier: MIT */
/* Identifiers that are not ours: handles of no object, resources of another context and of other VMs, blobs that nobody
 * made, fences that are none. Each must be refused or yield nothing. That the commands themselves are right is shown
 * first: with identifiers that are ours they do what they say. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/checks.h"
#include "drm/secret.h"
#include "drm/virtgpu.h"

enum { BYTES = SECRET_BYTES, WORDS = BYTES / 8, OWN_WORD = 0x5a };

struct attack {
    struct vg_workload_context *context;
    struct vg_checks checks;
    struct canary_key key, own_key;
    uint64_t canary_runs, looked_bytes;
    bool contexts; /* can be chosen */
    uint32_t mask;
};

/* A file with a context that takes virgl's commands; -1: the device has none. */
static int open_virgl(struct attack *a)
{
    int fd = virtgpu_open(a->context);
    if (!a->contexts)
        return fd;
    unsigned capset = a->mask & 1 << VIRTGPU_CAPSET_VIRGL2 ? VIRTGPU_CAPSET_VIRGL2 : VIRTGPU_CAPSET_VIRGL;
    if (a->mask & 1u << capset && virtgpu_context(fd, capset, 0) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Handles are of one file: in a new one every number is somebody else's. */
static void try_handles(struct attack *a)
{
    int fd = virtgpu_open(a->context);
    uint64_t most = (uint64_t)vg_w_int(a->context, "handles"), tried = 0, wrong[5] = { 0 };
    for (uint64_t i = 0; i < most && !vg_w_should_stop(a->context); i++, tried++) {
        /* All small numbers, and each with one bit flipped in turn. */
        uint32_t handle = (uint32_t)(i & 1 ? i ^ UINT32_C(1) << (i / 2 % 32) : i);
        struct virtgpu_resource_info info = { .handle = handle };
        struct virtgpu_map map = { .handle = handle };
        struct virtgpu_wait wait = { .handle = handle, .flags = 1 };
        struct virtgpu_transfer transfer = { .handle = handle, .box = { .w = 64, .h = 1, .d = 1 } };
        struct drm_prime_handle {
            uint32_t handle, flags;
            int32_t fd;
        } prime = { .handle = handle, .flags = O_CLOEXEC };
        wrong[0] += virtgpu_call(fd, VIRTGPU_RESOURCE_INFO, &info) == 0;
        wrong[1] += virtgpu_call(fd, VIRTGPU_MAP, &map) == 0;
        wrong[2] += virtgpu_call(fd, VIRTGPU_WAIT, &wait) == 0;
        wrong[3] += virtgpu_call(fd, VIRTGPU_TRANSFER_FROM_HOST, &transfer) == 0;
        wrong[4] += virtgpu_call(fd, _IOWR('d', 0x2d, struct drm_prime_handle), &prime) == 0;
    }
    static const char *const names[] = { "info", "map", "wait", "transfer", "export" };
    for (unsigned i = 0; i < VG_COUNT(names); i++) {
        char name[VG_CHECK_NAME];
        snprintf(name, sizeof(name), "foreign-handle-%s-refused", names[i]);
        vg_check_many(&a->checks, name, tried, wrong[i], "%s of a handle that was never given succeeded", names[i]);
    }
    close(fd);
}

static void try_fences(struct attack *a)
{
    int fd = open_virgl(a), not_fence = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const uint32_t nop = VIRGL_HEADER(VIRGL_NOP, 0, 0);
    if (fd < 0)
        return;
    for (int i = -1; i < 64; i++) {
        struct virtgpu_execbuffer exec = {
            .flags = VIRTGPU_EXEC_FENCE_IN,
            .size = 4,
            .command = (uintptr_t)&nop,
            .fence_fd = i == 0  ? not_fence
                        : i < 0 ? i
                                : 900 + i,
        };
        vg_check(&a->checks, "foreign-fence-refused", virtgpu_call(fd, VIRTGPU_EXECBUFFER, &exec) != 0,
                 "a submission waited for fence descriptor %d, which is none", exec.fence_fd);
        struct virtgpu_execbuffer ring = {
            .flags = VIRTGPU_EXEC_RING,
            .size = 4,
            .command = (uintptr_t)&nop,
            .fence_fd = -1,
            .ring = (uint32_t)i + 2,
        };
        vg_check(&a->checks, "foreign-ring-refused", virtgpu_call(fd, VIRTGPU_EXECBUFFER, &ring) != 0,
                 "a submission to ring %u was taken, and the context asked for none", ring.ring);
        uint32_t handle = 4000 + (uint32_t)i * 37;
        struct virtgpu_execbuffer with = {
            .size = 4,
            .command = (uintptr_t)&nop,
            .handles = (uintptr_t)&handle,
            .handle_count = 1,
            .fence_fd = -1,
        };
        vg_check(&a->checks, "foreign-handle-submit-refused", virtgpu_call(fd, VIRTGPU_EXECBUFFER, &with) != 0,
                 "a submission with handle %u was taken, which was never given", handle);
    }
    close(not_fence);
    close(fd);
}

enum copied { COPIED_NOTHING, COPIED_SECRET, COPIED_OTHER, COPY_REFUSED };

/* Copies from a resource, by its number alone, into a buffer of our own, and looks what came. */
static enum copied copy_from(struct attack *a, int fd, uint32_t resource)
{
    uint32_t handle, own;
    int error;
    if (virtgpu_buffer(fd, BYTES, &handle, &own))
        return COPY_REFUSED;
    uint64_t *words = virtgpu_mapping(fd, handle, BYTES, &error);
    if (!words)
        return COPY_REFUSED;
    memset(words, OWN_WORD, BYTES);
    error = virtgpu_transfer(fd, handle, BYTES, true);
    /* destination, its level, x, y, z; source, its level, x, y, z; width, height, depth */
    const uint32_t copy[] = {
        VIRGL_HEADER(VIRGL_COPY_REGION, 0, VIRGL_COPY_REGION_WORDS), own, 0, 0, 0, 0, resource, 0, 0, 0, 0, BYTES, 1, 1,
    };
    error = error ? error : virtgpu_submit(fd, copy, VG_COUNT(copy), &handle, 1);
    memset(words, 0xc3, BYTES);
    int back = virtgpu_transfer(fd, handle, BYTES, false);
    uint64_t own_words = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        own_words += words[i] == UINT64_C(0x5a5a5a5a5a5a5a5a) || words[i] == UINT64_C(0xc3c3c3c3c3c3c3c3);
    uint64_t secret = canary_scan_words(a->own_key, words, WORDS).runs;
    a->canary_runs += canary_scan_words(a->key, words, WORDS).runs;
    a->looked_bytes += BYTES;
    munmap(words, BYTES);
    virtgpu_close(fd, handle);
    return secret                 ? COPIED_SECRET
           : own_words != WORDS   ? COPIED_OTHER
           : (error || back) != 0 ? COPY_REFUSED
                                  : COPIED_NOTHING;
}

/* Resources have numbers of the whole device, so that a context can name what it was never given. */
static void try_resources(struct attack *a)
{
    int owner = open_virgl(a);
    uint32_t handle, resource, silent = 0;
    if (owner < 0 || !secret_make(owner, a->own_key, &handle, &resource)) {
        vg_check_skip(&a->checks, "foreign-resource-gives-nothing", "the device has no virgl context to try it in");
        return;
    }
    if (copy_from(a, owner, resource) != COPIED_SECRET)
        vg_w_invalid(a->context, "a copy from a resource of our own gives nothing: the attack would prove nothing");
    int64_t most = vg_w_int(a->context, "resources");
    for (int64_t i = 0; i < most && !vg_w_should_stop(a->context); i++) {
        /* The secret of the other context first, then all numbers, and single bits flipped. A context that was
         * refused once takes nothing more, so that each gets a new one. */
        uint32_t target = i == 0 ? resource : i % 2 ? (uint32_t)i : resource ^ UINT32_C(1) << (i / 2 % 32);
        int fd = open_virgl(a);
        enum copied copied = copy_from(a, fd, target);
        vg_check(&a->checks, "foreign-resource-gives-nothing", copied != COPIED_SECRET && copied != COPIED_OTHER,
                 "a copy from resource %u, of another context, gave %s", target,
                 copied == COPIED_SECRET ? "what that context had written there" : "what is not ours");
        silent += copied == COPIED_NOTHING;
        close(fd);
    }
    vg_check(&a->checks, "other-context-lives", copy_from(a, owner, resource) == COPIED_SECRET,
             "the context whose resource was asked for does not work any more");
    /* The specification wants a typed error; what the guest's kernel shows of it is what a tenant can see. */
    vg_check_many(&a->checks, "foreign-resource-error-shown", (uint64_t)most, silent,
                  "the use of a foreign resource gave no data, and no error either");
    close(owner);
}

/* Blobs that nobody made. */
static void try_blobs(struct attack *a)
{
    if (!(a->mask & 1 << VIRTGPU_CAPSET_VENUS)) {
        vg_check_skip(&a->checks, "foreign-blob-refused", "the device makes no contexts of Venus");
        return;
    }
    int64_t most = vg_w_int(a->context, "blobs");
    for (int64_t i = 1; i <= most && !vg_w_should_stop(a->context); i++) {
        int fd = virtgpu_open(a->context), error;
        uint32_t handle;
        uint64_t id = i % 2 ? (uint64_t)i : UINT64_C(1) << (i / 2 % 64);
        if (virtgpu_context(fd, VIRTGPU_CAPSET_VENUS, 0)) {
            close(fd);
            break;
        }
        error = virtgpu_blob(fd, VIRTGPU_BLOB_HOST3D, VIRTGPU_BLOB_MAPPABLE, BYTES, id, &handle);
        const uint64_t *words = error ? NULL : virtgpu_mapping(fd, handle, BYTES, &error);
        vg_check(&a->checks, "foreign-blob-refused", !words, "blob %llu, which nobody made, was mapped",
                 (unsigned long long)id);
        if (words) {
            a->canary_runs += canary_scan_words(a->key, words, WORDS).runs;
            munmap((void *)(uintptr_t)words, BYTES);
        }
        close(fd);
    }
}

static void run(struct vg_workload_context *context)
{
    static struct attack a;
    uint64_t key = vg_w_hex64(context, "key");
    a.context = context;
    a.key = (struct canary_key) { (uint32_t)key, (uint32_t)(key >> 32) };
    a.own_key = (struct canary_key) { ~a.key.low, a.key.high ^ UINT32_C(0x2545f491) };
    int fd = virtgpu_open(context), mask = virtgpu_param(fd, VIRTGPU_CAPSET_IDS);
    a.contexts = virtgpu_param(fd, VIRTGPU_CONTEXT_INIT) == 1;
    a.mask = mask > 0 ? (uint32_t)mask : 0;
    close(fd);
    vg_w_barrier(context);
    try_handles(&a);
    try_fences(&a);
    try_resources(&a);
    try_blobs(&a);
    vg_check(&a.checks, "neighbour-not-read", a.canary_runs == 0, "%llu runs of the neighbour's canaries were read",
             (unsigned long long)a.canary_runs);
    vg_w_fact_int(context, "looked_bytes", (int64_t)a.looked_bytes);
    vg_checks_report(context, &a.checks);
}

VG_WORKLOAD(drm_identifiers) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "drm-identifiers",
    .summary = "uses handles, resources, blobs, fences and rings that are not its own, by raw virtio-gpu calls",
    .why = "Numbers are all that separates one context's objects from another's",
    .needs = VG_NEED_DRM,
    .params =
        VG_PARAMS {
            { "key", VG_HEX64, .def = VG_PARAM_SEED, .summary = "64-bit key of the neighbour's canaries" },
            { "handles", VG_INT, .def = "65536", .min = 1, .max = 10000000, .unit = "1", .summary = "handles to try" },
            { "resources", VG_INT, .def = "200", .min = 1, .max = 65536, .unit = "1",
              .summary = "resource numbers to try, each in a context of its own" },
            { "blobs", VG_INT, .def = "100", .min = 1, .max = 65536, .unit = "1",
              .summary = "blob numbers to try, each in a context of its own" },
            { 0 },
        },
    .run = run,
};
