/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virtio-gpu with Venus: the guest's Vulkan calls are executed by a render server process beside QEMU. */
#include "mechanism/virtio.h"

extern const struct vg_mechanism vg_mechanism_virtio_venus;

static bool open_venus(const struct vg_host *host, const struct vg_host_mechanism *config, void **state,
                       struct vg_error *err)
{
    return vg_virtio_open(&vg_mechanism_virtio_venus, true, host, config, state, err);
}

VG_MECHANISM(virtio_venus) = {
    VG_VIRTIO_COMMON,
    .name = "virtio-venus",
    .summary = "virtio-gpu with Venus: Vulkan, executed by a render server on the host",
    .why = "submits through shared memory; the host must copy, fence and separate tenants correctly",
    .capabilities = "vulkan,drm",
    .identity = (const struct vg_identity[]) { { "vk_driver_id", "MESA_VENUS" }, { NULL, NULL } },
    .open = open_venus,
};
