/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virtio-gpu with virgl: the guest's OpenGL is executed by QEMU's own threads. */
#include "mechanism/virtio.h"

extern const struct vg_mechanism vg_mechanism_virtio_virgl;

static bool open_virgl(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                       struct vg_error *err)
{
    return vg_virtio_open(&vg_mechanism_virtio_virgl, false, host, config, state, err);
}

VG_MECHANISM(virtio_virgl) = {
    VG_VIRTIO_COMMON,
    .name = "virtio-virgl",
    .summary = "virtio-gpu with virgl: OpenGL, executed by QEMU's own threads",
    .why = "every submission goes through a virtqueue and the VMM: the host is in the path, and must show there",
    .capabilities = "gl,drm",
    .identity = (const struct vg_identity[]) { { "gl_renderer", "virgl*" }, { NULL, NULL } },
    .open = open_virgl,
};
