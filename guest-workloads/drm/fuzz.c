/* SPDX-License-Identifier: MIT */
/* Sends malformed commands to the device from inside a guest, below every driver in user space: each stream in a
 * context of its own, since one that was refused takes nothing more. Whatever happens to this guest's context, the
 * device must go on answering. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "common/attempt.h"
#include "common/checks.h"
#include "drm/stream.h"
#include "drm/virtgpu.h"

enum { BYTES = 65536, LARGEST_BYTES = 1 << 24, BATCH = 200, BATCH_S = 120 };

enum target { TARGET_VIRGL, TARGET_VENUS, TARGET_IOCTL };

/* Shared with the children that send. */
struct progress {
    uint64_t sent, refused, answered, unanswered, digest, last_unanswered;
    bool no_context;
};

struct batch {
    struct progress *progress;
    enum target target;
    uint64_t seed, first, count;
};

static void add_result(struct progress *progress, uint64_t number, int error)
{
    progress->sent++;
    if (error == ETIMEDOUT || error == EBUSY) {
        progress->unanswered++;
        progress->last_unanswered = number;
    } else if (error) {
        progress->refused++;
    } else {
        progress->answered++;
    }
}

static void send_stream(struct vg_workload_context *context, const struct batch *batch, uint64_t number)
{
    static struct stream stream;
    bool venus = batch->target == TARGET_VENUS;
    uint32_t handle = 0, resource = 0;
    int fd = virtgpu_open(context);
    if (virtgpu_context(fd, venus ? VIRTGPU_CAPSET_VENUS : VIRTGPU_CAPSET_VIRGL2, 0)) {
        batch->progress->no_context = true;
        close(fd);
        return;
    }
    if (venus)
        virtgpu_blob(fd, VIRTGPU_BLOB_GUEST, VIRTGPU_BLOB_MAPPABLE, BYTES, 0, &handle);
    else
        virtgpu_buffer(fd, BYTES, &handle, &resource);
    struct virtgpu_resource_info info = { .handle = handle };
    if (handle && virtgpu_call(fd, VIRTGPU_RESOURCE_INFO, &info) == 0)
        resource = info.resource;
    /* The number that the kernel gave is no part of the stream that is replayed; its place is. */
    stream_begin(&stream, batch->seed, number);
    (venus ? stream_venus : stream_virgl)(&stream, UINT32_C(0x5e5));
    stream_damage(&stream);
    stream_digest(&stream, &batch->progress->digest);
    for (uint32_t i = 0; i < stream.count; i++)
        if (stream.words[i] == UINT32_C(0x5e5))
            stream.words[i] = resource;
    add_result(batch->progress, number, virtgpu_submit(fd, stream.words, stream.count, &handle, handle ? 1 : 0));
    close(fd);
}

/* One of the kernel's own calls with fields that make no sense, or make it only together. */
static void send_call(struct vg_workload_context *context, const struct batch *batch, uint64_t number)
{
    static struct stream stream;
    static uint32_t command[STREAM_WORDS];
    stream_begin(&stream, batch->seed, number);
    for (int i = 0; i < 24; i++)
        stream_add(&stream, stream_random(&stream, 3) ? stream_random(&stream, 64) : stream_odd(&stream));
    stream_digest(&stream, &batch->progress->digest);
    const uint32_t *w = stream.words;
    int fd = virtgpu_open(context), error;
    uint32_t handle = 0, resource;
    virtgpu_buffer(fd, BYTES, &handle, &resource);
    /* Memory that the guest itself would have to find is bounded: its exhaustion is not the subject. */
    uint32_t bytes = w[12] % LARGEST_BYTES;
    switch (w[0] % 6) {
    case 0: {
        struct virtgpu_resource_create create = { .target = w[1],
                                                  .format = w[2],
                                                  .bind = w[3],
                                                  .width = w[4],
                                                  .height = w[5],
                                                  .depth = w[6],
                                                  .array_size = w[7],
                                                  .last_level = w[8],
                                                  .samples = w[9],
                                                  .flags = w[10],
                                                  .size = bytes };
        error = virtgpu_call(fd, VIRTGPU_RESOURCE_CREATE, &create);
        break;
    }
    case 1: {
        struct virtgpu_transfer transfer = { .handle = handle,
                                             .box = { w[1], w[2], w[3], w[4], w[5], w[6] },
                                             .level = w[7],
                                             .offset = w[8],
                                             .stride = w[9],
                                             .layer_stride = w[10] };
        error = virtgpu_call(fd, w[11] & 1 ? VIRTGPU_TRANSFER_TO_HOST : VIRTGPU_TRANSFER_FROM_HOST, &transfer);
        break;
    }
    case 2: {
        struct virtgpu_create_blob blob = { .memory = w[1] % 5,
                                            .flags = w[2] % 16,
                                            .size = bytes & ~UINT32_C(4095),
                                            .command_size = w[3] % (STREAM_WORDS * 4),
                                            .command = (uintptr_t)command,
                                            .blob_id = (uint64_t)w[4] << 32 | w[5] };
        for (int i = 0; i < STREAM_WORDS; i++)
            command[i] = w[i % 24];
        error = virtgpu_call(fd, VIRTGPU_CREATE_BLOB, &blob);
        break;
    }
    case 3: {
        struct virtgpu_context_set set[2] = { { w[1] % 8, w[2] }, { w[3] % 8, w[4] } };
        struct virtgpu_context_init init = { .count = w[5] % 3, .params = (uintptr_t)set };
        error = virtgpu_call(fd, VIRTGPU_CONTEXT_INIT_CALL, &init);
        break;
    }
    case 4: {
        struct virtgpu_get_caps caps = {
            .id = w[1], .version = w[2], .address = (uintptr_t)command, .size = w[3] % sizeof(command)
        };
        error = virtgpu_call(fd, VIRTGPU_GET_CAPS, &caps);
        break;
    }
    default: {
        struct virtgpu_execbuffer exec = { .flags = w[1] % 16 & ~(uint32_t)VIRTGPU_EXEC_FENCE_IN,
                                           .size = w[2] % sizeof(command),
                                           .command = (uintptr_t)command,
                                           .fence_fd = -1,
                                           .ring = w[3] };
        memcpy(command, w, sizeof(stream.words[0]) * 24);
        error = virtgpu_call(fd, VIRTGPU_EXECBUFFER, &exec);
        if (!error && exec.flags & VIRTGPU_EXEC_FENCE_OUT && exec.fence_fd >= 0)
            close(exec.fence_fd);
        break;
    }
    }
    if (handle && virtgpu_idle(fd, handle) == EBUSY)
        error = EBUSY;
    add_result(batch->progress, number, error);
    close(fd);
}

static void send_batch(struct vg_workload_context *context, void *argument)
{
    const struct batch *batch = argument;
    for (uint64_t i = 0; i < batch->count && !batch->progress->no_context; i++)
        (batch->target == TARGET_IOCTL ? send_call : send_stream)(context, batch, batch->first + i);
}

static enum target read_target(const struct vg_workload_context *context)
{
    const char *word = vg_w_text(context, "target");
    return vg_equal(word, "virgl") ? TARGET_VIRGL : vg_equal(word, "venus") ? TARGET_VENUS : TARGET_IOCTL;
}

static void compare(struct vg_workload_context *context, struct vg_checks *checks, const char *digest)
{
    const char *wanted = vg_w_text(context, "same_as");
    vg_w_fact_text(context, "digest", digest);
    if (wanted[0])
        vg_check(checks, "same-streams", vg_equal(wanted, digest), "the streams have digest %s, those before had %s",
                 digest, wanted);
}

static void run(struct vg_workload_context *context)
{
    static struct vg_checks checks;
    struct progress *progress = vg_attempt_shared(sizeof(*progress));
    struct batch batch = { .progress = progress,
                           .target = read_target(context),
                           .seed = vg_w_hex64(context, "seed"),
                           .first = (uint64_t)vg_w_int(context, "first") };
    uint64_t end = batch.first + (uint64_t)vg_w_int(context, "streams");
    char text[32];
    progress->digest = UINT64_C(0xcbf29ce484222325);
    vg_w_barrier(context);
    int64_t start_ns = vg_now_ns();
    for (; batch.first < end && !vg_w_should_stop(context) && !progress->no_context; batch.first += batch.count) {
        batch.count = end - batch.first < BATCH ? end - batch.first : BATCH;
        struct vg_attempt attempt = vg_attempt_run(context, send_batch, &batch, BATCH_S);
        vg_check(&checks, "sender-ends", attempt.end == VG_ATTEMPT_DONE || progress->no_context,
                 "the process that sent streams %" PRIu64 " to %" PRIu64 " %s", batch.first,
                 batch.first + batch.count - 1, vg_attempt_text(&attempt));
    }
    double seconds = (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
    if (progress->no_context)
        vg_w_skip(context, "the device makes no contexts of this kind");
    vg_check_many(&checks, "device-answers", progress->sent, progress->unanswered,
                  "stream %" PRIu64 " was not answered within 10 s", progress->last_unanswered);
    snprintf(text, sizeof(text), "%016" PRIx64, batch.seed);
    vg_w_fact_text(context, "seed", text);
    snprintf(text, sizeof(text), "%016" PRIx64, progress->digest);
    compare(context, &checks, text);
    vg_w_fact_int(context, "streams", (int64_t)progress->sent);
    vg_w_fact_int(context, "refused", (int64_t)progress->refused);
    vg_w_fact_int(context, "answered", (int64_t)progress->answered);
    vg_w_fact_real(context, "streams_per_minute", (double)progress->sent / seconds * 60);
    vg_checks_report(context, &checks);
}

VG_WORKLOAD(drm_fuzz) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "drm-fuzz",
    .summary = "sends malformed commands to the device by raw virtio-gpu calls; the same seed sends the same",
    .why = "Everything that a guest can send is input from an enemy to the host",
    .needs = VG_NEED_DRM,
    .params =
        VG_PARAMS {
            { "target", VG_CHOICE, .def = "virgl", .choices = "virgl|venus|ioctl",
              .summary = "command streams of virgl or Venus, or the kernel's calls" },
            { "seed", VG_HEX64, .def = VG_PARAM_SEED,
              .summary = "64 bits in hexadecimal, of which all streams are made" },
            { "first", VG_INT, .def = "0", .min = 0, .max = 1e15, .unit = "1",
              .summary = "number of the first stream" },
            { "streams", VG_INT, .def = "1000", .min = 1, .max = 100000000, .unit = "1", .summary = "how many" },
            { "same_as", VG_TEXT, .def = "", .summary = "the digest that the streams must have; empty: any" },
            { 0 },
        },
    .run = run,
};
