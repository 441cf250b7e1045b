/* SPDX-License-Identifier: MIT */
/* The kernel's calls of virtgpu.h. */
#include "drm/virtgpu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

enum { FIRST_NODE = 128, NODES = 16, FENCE_MS = 10000 };

int virtgpu_open(struct vg_workload_context *context)
{
    for (int i = 0; i < NODES; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/dev/dri/renderD%d", FIRST_NODE + i);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        drmVersionPtr version = drmGetVersion(fd);
        bool ours = version && vg_equal(version->name, "virtio_gpu");
        drmFreeVersion(version);
        if (ours)
            return fd;
        close(fd);
    }
    vg_w_skip(context, "the tenant has no virtio-gpu render node");
}

int virtgpu_call(int fd, unsigned long request, void *argument)
{
    for (;;) {
        if (ioctl(fd, request, argument) >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

int virtgpu_param(int fd, enum virtgpu_param param)
{
    int value = 0;
    struct virtgpu_getparam get = { .param = param, .value = (uintptr_t)&value };
    return virtgpu_call(fd, VIRTGPU_GETPARAM, &get) == 0 ? value : -1;
}

int virtgpu_context(int fd, unsigned capset, unsigned rings)
{
    const struct virtgpu_context_set set[] = { { VIRTGPU_SET_CAPSET, capset }, { VIRTGPU_SET_RINGS, rings } };
    struct virtgpu_context_init init = { .count = rings ? 2 : 1, .params = (uintptr_t)set };
    return virtgpu_call(fd, VIRTGPU_CONTEXT_INIT_CALL, &init);
}

int virtgpu_buffer(int fd, uint32_t bytes, uint32_t *handle, uint32_t *resource)
{
    struct virtgpu_resource_create create = {
        .target = VIRGL_TARGET_BUFFER,
        .format = VIRGL_FORMAT_R8_UNORM,
        .bind = VIRGL_BIND_VERTEX,
        .width = bytes,
        .height = 1,
        .depth = 1,
        .array_size = 1,
        .size = bytes,
    };
    int error = virtgpu_call(fd, VIRTGPU_RESOURCE_CREATE, &create);
    *handle = create.handle;
    *resource = create.resource;
    return error;
}

int virtgpu_blob(int fd, uint32_t memory, uint32_t flags, uint64_t bytes, uint64_t blob_id, uint32_t *handle)
{
    struct virtgpu_create_blob create = { .memory = memory, .flags = flags, .size = bytes, .blob_id = blob_id };
    int error = virtgpu_call(fd, VIRTGPU_CREATE_BLOB, &create);
    *handle = create.handle;
    return error;
}

int virtgpu_close(int fd, uint32_t handle)
{
    struct drm_gem_close close_it = { .handle = handle };
    return virtgpu_call(fd, DRM_IOCTL_GEM_CLOSE, &close_it);
}

void *virtgpu_mapping(int fd, uint32_t handle, uint64_t bytes, int *error)
{
    struct virtgpu_map map = { .handle = handle };
    *error = virtgpu_call(fd, VIRTGPU_MAP, &map);
    if (*error)
        return NULL;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)map.offset);
    *error = memory == MAP_FAILED ? errno : 0;
    return memory == MAP_FAILED ? NULL : memory;
}

int virtgpu_submit(int fd, const uint32_t *words, uint32_t count, const uint32_t *handles, uint32_t handle_count)
{
    struct virtgpu_execbuffer exec = {
        .flags = VIRTGPU_EXEC_FENCE_OUT,
        .size = count * 4,
        .command = (uintptr_t)words,
        .handles = (uintptr_t)handles,
        .handle_count = handle_count,
        .fence_fd = -1,
    };
    int error = virtgpu_call(fd, VIRTGPU_EXECBUFFER, &exec);
    if (error)
        return error;
    struct pollfd fence = { .fd = exec.fence_fd, .events = POLLIN };
    int ready = poll(&fence, 1, FENCE_MS);
    close(exec.fence_fd);
    return ready == 1 ? 0 : ETIMEDOUT;
}

int virtgpu_idle(int fd, uint32_t handle)
{
    struct virtgpu_wait wait = { .handle = handle };
    int error;
    int64_t end_ns = vg_now_ns() + FENCE_MS * VG_NS_PER_MS;
    while ((error = virtgpu_call(fd, VIRTGPU_WAIT, &wait)) == EBUSY && vg_now_ns() < end_ns) {
    } /* the kernel itself waits for up to 15 s */
    return error;
}

int virtgpu_transfer(int fd, uint32_t handle, uint32_t bytes, bool to_host)
{
    struct virtgpu_transfer transfer = { .handle = handle, .box = { .w = bytes, .h = 1, .d = 1 } };
    int error = virtgpu_call(fd, to_host ? VIRTGPU_TRANSFER_TO_HOST : VIRTGPU_TRANSFER_FROM_HOST, &transfer);
    return error ? error : virtgpu_idle(fd, handle);
}
