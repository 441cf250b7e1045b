/* SPDX-License-Identifier: MIT */
/* drm-secret: holds such buffers (secret.h) and looks, again and again, whether they still are what was written. */
#include "drm/secret.h"

#include <sys/mman.h>
#include <unistd.h>
#include "common/checks.h"
#include "drm/virtgpu.h"

enum { WORDS = SECRET_BYTES / 8, MAX_SECRETS = 1024, PAUSE_US = 20000 };

bool secret_make(int fd, struct canary_key key, uint32_t *handle, uint32_t *resource)
{
    int error;
    if (virtgpu_buffer(fd, SECRET_BYTES, handle, resource))
        return false;
    uint64_t *words = virtgpu_mapping(fd, *handle, SECRET_BYTES, &error);
    if (!words)
        return false;
    for (uint32_t i = 0; i < WORDS; i++)
        words[i] = canary_word(key, i);
    bool sent = virtgpu_transfer(fd, *handle, SECRET_BYTES, true) == 0;
    memset(words, 0, SECRET_BYTES); /* what is read back must come from the host */
    munmap(words, SECRET_BYTES);
    return sent;
}

/* Whether the host's copy is what was put there. */
static bool is_intact(int fd, struct canary_key key, uint32_t handle)
{
    int error;
    if (virtgpu_transfer(fd, handle, SECRET_BYTES, false))
        return false;
    uint64_t *words = virtgpu_mapping(fd, handle, SECRET_BYTES, &error);
    if (!words)
        return false;
    struct canary_findings found = canary_scan_words(key, words, WORDS);
    memset(words, 0, SECRET_BYTES);
    munmap(words, SECRET_BYTES);
    return found.canary_words == WORDS && found.runs == 1 && found.first_run == 0;
}

static int open_context(struct vg_workload_context *context)
{
    int fd = virtgpu_open(context), mask = virtgpu_param(fd, VIRTGPU_CAPSET_IDS);
    if (virtgpu_param(fd, VIRTGPU_CONTEXT_INIT) != 1)
        return fd; /* the kernel makes virgl's context by itself */
    unsigned capset = mask & 1 << VIRTGPU_CAPSET_VIRGL2 ? VIRTGPU_CAPSET_VIRGL2 : VIRTGPU_CAPSET_VIRGL;
    if (mask < 0 || !(mask & 1 << capset))
        vg_w_skip(context, "the device has no virgl context to hold buffers in");
    int error = virtgpu_context(fd, capset, 0);
    if (error)
        vg_w_fail(context, "no virgl context could be made: errno %d", error);
    return fd;
}

static void run(struct vg_workload_context *context)
{
    static struct vg_checks checks;
    static uint32_t handles[MAX_SECRETS];
    uint64_t value = vg_w_hex64(context, "key");
    struct canary_key key = { (uint32_t)value, (uint32_t)(value >> 32) };
    unsigned count = (unsigned)vg_w_int(context, "buffers");
    int fd = open_context(context);
    vg_w_barrier(context);
    for (unsigned i = 0; i < count; i++) {
        uint32_t resource;
        if (!secret_make(fd, key, &handles[i], &resource))
            vg_w_fail(context, "buffer %u of %u could not be made and filled", i + 1, count);
    }
    vg_w_fact_int(context, "filled_bytes", (int64_t)count * SECRET_BYTES);
    vg_w_mark(context, "filled");
    for (unsigned i = 0; !vg_w_should_stop(context); i = (i + 1) % count) {
        vg_check(&checks, "own-memory-intact", is_intact(fd, key, handles[i]),
                 "buffer %u does not hold what was written into it", i);
        usleep(PAUSE_US);
    }
    vg_checks_report(context, &checks);
    close(fd);
}

VG_WORKLOAD(drm_secret) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "drm-secret",
    .summary = "holds buffers full of keyed words in a context of its own, and looks whether they stay",
    .why = "The victim of whoever guesses identifiers",
    .needs = VG_NEED_DRM,
    .params =
        VG_PARAMS {
            { "key", VG_HEX64, .def = VG_PARAM_SEED, .summary = "64-bit key of the words" },
            { "buffers", VG_INT, .def = "64", .min = 1, .max = MAX_SECRETS, .unit = "1", .summary = "how many" },
            { 0 },
        },
    .run = run,
};
