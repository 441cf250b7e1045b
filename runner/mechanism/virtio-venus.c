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
    .kind = VG_KIND_MECHANISM,
    .name = "virtio-venus",
    .summary = "virtio-gpu with Venus: Vulkan, executed by a render server on the host",
    .why = "submits through shared memory; the host must copy, fence and separate tenants correctly",
    .slot = VG_SLOT_VM_BOUND,
    .vm = true,
    .capabilities = "vulkan",
    .identity = (const struct vg_identity[]) { { "vk_driver_id", "MESA_VENUS" }, { NULL, NULL } },
    .software_drivers = VG_VIRTIO_SOFTWARE,
    .open = open_venus,
    .close = vg_virtio_close,
    .discover = vg_virtio_discover,
    .create = vg_virtio_create,
    .attach = vg_virtio_attach,
    .adopt = vg_virtio_adopt,
    .policy = vg_virtio_policy,
    .read_policy = vg_virtio_read_policy,
    .destroy = vg_virtio_destroy,
};
