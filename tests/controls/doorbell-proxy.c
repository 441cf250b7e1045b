/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: something in the doorbell path of a ring. Linked into the workload in place of vkQueueSubmit, so that it
 * sits between the tenant and its driver: each submission goes into the ring as ever, and then a command that does
 * nothing goes through the virtqueue, which wakes the VMM. Latency hardly shows it; the host's counters must. */
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libdrm/virtgpu_drm.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vulkan/vulkan.h>
#include "base/base.h"

VkResult __real_vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence);
VkResult __wrap_vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence);

static int open_device(void)
{
    int fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        vg_warn("doorbell-proxy: no virtio-gpu: %m");
    return fd;
}

/* virgl's NOP: a header of one word, all zero. */
static void ring_the_doorbell(void)
{
    static int device = -2;
    static const uint32_t nop;
    struct drm_virtgpu_execbuffer command = { .size = sizeof(nop), .command = (uintptr_t)&nop };
    if (device == -2)
        device = open_device();
    int failed = device < 0 ? -1 : ioctl(device, DRM_IOCTL_VIRTGPU_EXECBUFFER, &command);
    if (failed) /* a control that does nothing would prove nothing */
        abort();
}

VkResult __wrap_vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
    VkResult result = __real_vkQueueSubmit(queue, count, submits, fence);
    ring_the_doorbell();
    return result;
}
