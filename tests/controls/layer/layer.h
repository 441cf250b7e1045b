/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the control layer: a Vulkan layer that is loaded into the renderer, below every guest, and does one thing
 * wrong there. VGAUGE_CONTROL names what; VGAUGE_CONTROL_DIR is where the renderers of different VMs meet. */
#ifndef VG_CONTROL_LAYER_H
#define VG_CONTROL_LAYER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

enum { LAYER_OBJECTS = 64, LAYER_QUEUES = 16 };

/* What is known of a device, and the functions of whatever is below this layer. */
struct layer_device {
    void *key; /* the loader's dispatch table: the same for the device, its queues and its command buffers */
    VkDevice device;
    VkPhysicalDevice physical;
    PFN_vkGetDeviceProcAddr next;
    PFN_vkDestroyDevice DestroyDevice;
    PFN_vkAllocateMemory AllocateMemory;
    PFN_vkFreeMemory FreeMemory;
    PFN_vkGetMemoryFdKHR GetMemoryFdKHR;
    PFN_vkCreateBuffer CreateBuffer;
    PFN_vkGetBufferMemoryRequirements GetBufferMemoryRequirements;
    PFN_vkGetBufferMemoryRequirements2 GetBufferMemoryRequirements2;
    PFN_vkGetDeviceBufferMemoryRequirements GetDeviceBufferMemoryRequirements;
    PFN_vkUpdateDescriptorSets UpdateDescriptorSets;
    PFN_vkCmdDispatch CmdDispatch;
    PFN_vkCmdDraw CmdDraw;
    PFN_vkQueueSubmit QueueSubmit;
    PFN_vkQueueSubmit2 QueueSubmit2;
    PFN_vkQueueWaitIdle QueueWaitIdle;
    PFN_vkDeviceWaitIdle DeviceWaitIdle;
    PFN_vkCreateFence CreateFence;
    PFN_vkGetFenceStatus GetFenceStatus;
    PFN_vkResetFences ResetFences;
    pthread_mutex_t queues; /* held around every call on a queue: some come from threads of the layer */
};

/* One way of being wrong. A function that is NULL is not intercepted. */
struct control {
    const char *name;
    const char *extension;                       /* of the device, asked for in the application's stead; may be NULL */
    void (*device)(struct layer_device *device); /* a device was made */
    PFN_vkAllocateMemory AllocateMemory;
    PFN_vkFreeMemory FreeMemory;
    PFN_vkGetMemoryFdKHR GetMemoryFdKHR;
    PFN_vkCreateBuffer CreateBuffer;
    PFN_vkGetBufferMemoryRequirements GetBufferMemoryRequirements;
    PFN_vkGetBufferMemoryRequirements2 GetBufferMemoryRequirements2;
    PFN_vkGetDeviceBufferMemoryRequirements GetDeviceBufferMemoryRequirements;
    PFN_vkUpdateDescriptorSets UpdateDescriptorSets;
    PFN_vkCmdDispatch CmdDispatch;
    PFN_vkCmdDraw CmdDraw;
    PFN_vkQueueSubmit QueueSubmit;
    PFN_vkQueueSubmit2 QueueSubmit2;
    PFN_vkQueueWaitIdle QueueWaitIdle;
    PFN_vkDeviceWaitIdle DeviceWaitIdle;
};
/* memory.c, bounds.c, completion.c, result.c, hang.c; each list ends with an entry without a name. */
extern const struct control layer_memory_controls[], layer_bounds_controls[], layer_completion_controls[],
    layer_result_controls[], layer_hang_controls[];

/* Of a device, queue or command buffer; aborts if it is none of ours, which would be a mistake of the layer. */
struct layer_device *layer_find(const void *dispatchable);
/* A number from the environment, or the default. */
long layer_number(const char *name, long otherwise);
/* The directory in which renderers meet; aborts if it is not given. */
const char *layer_directory(void);
/* Tells VMs apart: all renderers of a VM are in its VMM's session. */
int layer_vm(void);
/* To the renderer's stderr, which is in QEMU's log: "vgauge-control: ...". */
void layer_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t layer_now_ns(void);
void layer_sleep_ns(int64_t ns);

#endif
