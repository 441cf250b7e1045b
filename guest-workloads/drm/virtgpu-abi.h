/* SPDX-License-Identifier: MIT */
/* The kernel's interface to a virtio-gpu (Linux 6.x, include/uapi/drm/virtgpu_drm.h), as far as it is used here. Older
 * libdrm headers know neither blobs nor contexts with rings, so the layout is stated again; the kernel takes a shorter
 * structure as one whose rest is zero. */
#ifndef VG_VIRTGPU_ABI_H
#define VG_VIRTGPU_ABI_H

#include <stdint.h>
#include <sys/ioctl.h>

enum virtgpu_param {
    VIRTGPU_3D_FEATURES = 1,
    VIRTGPU_CAPSET_QUERY_FIX = 2,
    VIRTGPU_RESOURCE_BLOB = 3,
    VIRTGPU_HOST_VISIBLE = 4,
    VIRTGPU_CROSS_DEVICE = 5,
    VIRTGPU_CONTEXT_INIT = 6,
    VIRTGPU_CAPSET_IDS = 7, /* a mask of 1 << id */
};
enum virtgpu_capset { VIRTGPU_CAPSET_VIRGL = 1, VIRTGPU_CAPSET_VIRGL2 = 2, VIRTGPU_CAPSET_VENUS = 4 };
enum virtgpu_blob_memory { VIRTGPU_BLOB_GUEST = 1, VIRTGPU_BLOB_HOST3D = 2, VIRTGPU_BLOB_HOST3D_GUEST = 3 };
enum { VIRTGPU_BLOB_MAPPABLE = 1, VIRTGPU_BLOB_SHAREABLE = 2 };
enum { VIRTGPU_EXEC_FENCE_IN = 1, VIRTGPU_EXEC_FENCE_OUT = 2, VIRTGPU_EXEC_RING = 4 };
enum { VIRTGPU_SET_CAPSET = 1, VIRTGPU_SET_RINGS = 2, VIRTGPU_SET_POLL_RINGS = 3 };

struct virtgpu_map {
    uint64_t offset;
    uint32_t handle, pad;
};
struct virtgpu_execbuffer {
    uint32_t flags, size;
    uint64_t command, handles;
    uint32_t handle_count;
    int32_t fence_fd;
    uint32_t ring, syncobj_stride, in_syncobj_count, out_syncobj_count;
    uint64_t in_syncobjs, out_syncobjs;
};
struct virtgpu_getparam {
    uint64_t param, value; /* value: where an int is put */
};
struct virtgpu_resource_create {
    uint32_t target, format, bind, width, height, depth, array_size, last_level, samples, flags;
    uint32_t handle, resource, size, stride;
};
struct virtgpu_resource_info {
    uint32_t handle, resource, size, blob_memory;
};
struct virtgpu_box {
    uint32_t x, y, z, w, h, d;
};
struct virtgpu_transfer {
    uint32_t handle;
    struct virtgpu_box box;
    uint32_t level, offset, stride, layer_stride;
};
struct virtgpu_wait {
    uint32_t handle, flags;
};
struct virtgpu_get_caps {
    uint32_t id, version;
    uint64_t address;
    uint32_t size, pad;
};
struct virtgpu_create_blob {
    uint32_t memory, flags, handle, resource;
    uint64_t size;
    uint32_t pad, command_size;
    uint64_t command, blob_id;
};
struct virtgpu_context_set {
    uint64_t param, value;
};
struct virtgpu_context_init {
    uint32_t count, pad;
    uint64_t params;
};

#define VIRTGPU_IOCTL(number, type) _IOWR('d', 0x40 + (number), type)
#define VIRTGPU_MAP                 VIRTGPU_IOCTL(0x01, struct virtgpu_map)
#define VIRTGPU_EXECBUFFER          VIRTGPU_IOCTL(0x02, struct virtgpu_execbuffer)
#define VIRTGPU_GETPARAM            VIRTGPU_IOCTL(0x03, struct virtgpu_getparam)
#define VIRTGPU_RESOURCE_CREATE     VIRTGPU_IOCTL(0x04, struct virtgpu_resource_create)
#define VIRTGPU_RESOURCE_INFO       VIRTGPU_IOCTL(0x05, struct virtgpu_resource_info)
#define VIRTGPU_TRANSFER_FROM_HOST  VIRTGPU_IOCTL(0x06, struct virtgpu_transfer)
#define VIRTGPU_TRANSFER_TO_HOST    VIRTGPU_IOCTL(0x07, struct virtgpu_transfer)
#define VIRTGPU_WAIT                VIRTGPU_IOCTL(0x08, struct virtgpu_wait)
#define VIRTGPU_GET_CAPS            VIRTGPU_IOCTL(0x09, struct virtgpu_get_caps)
#define VIRTGPU_CREATE_BLOB         VIRTGPU_IOCTL(0x0a, struct virtgpu_create_blob)
#define VIRTGPU_CONTEXT_INIT_CALL   VIRTGPU_IOCTL(0x0b, struct virtgpu_context_init)

/* virgl's command stream: a header word, then `length` words. */
#define VIRGL_HEADER(command, object, length) ((uint32_t)(command) | (uint32_t)(object) << 8 | (uint32_t)(length) << 16)
enum { VIRGL_NOP = 0, VIRGL_COPY_REGION = 17, VIRGL_COPY_REGION_WORDS = 13 };
enum { VIRGL_TARGET_BUFFER = 0, VIRGL_FORMAT_R8_UNORM = 64, VIRGL_BIND_VERTEX = 1 << 4, VIRGL_BIND_CUSTOM = 1 << 17 };

#endif
