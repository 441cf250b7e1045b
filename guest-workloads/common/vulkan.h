/* SPDX-License-Identifier: MIT */
/* Vulkan bring-up for workloads: one device, one queue, buffers that the host can see, compute pipelines over storage
 * buffers. Every call that fails ends the run with the call's and the result's name. Nothing need be released, because
 * a workload's process ends with its run. */
#ifndef VG_WORKLOAD_VULKAN_H
#define VG_WORKLOAD_VULKAN_H

#include <vulkan/vulkan.h>
#include "common/workload.h"

struct vg_vk {
    struct vg_workload_context *context;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    VkCommandPool commands;
    uint32_t timestamp_bits; /* 0: the queue has no timestamps */
    double timestamp_ns;     /* of one tick */
    /* Device timestamps can be placed on CLOCK_MONOTONIC_RAW of this tenant. */
    PFN_vkGetCalibratedTimestampsEXT calibrate; /* NULL: they cannot */
    bool timeline;                              /* has timeline semaphores; they are switched on */
    const void *features; /* for vkCreateDevice: a chain that begins with VkPhysicalDeviceFeatures2; NULL: none */
    bool wide_integers;   /* shaders may have integers of 64 bits; switched on unless `features` are the caller's */
    bool shader_clock;    /* shaders may read the clock of the whole device (VK_KHR_shader_clock) */
};

/* Instance, device and queue; reports the identity facts (vk_device_name, vk_driver_id, ...) of the run. */
void vg_vk_open(struct vg_vk *vk, struct vg_workload_context *context);
/* The same, with the shader clock where the device has one. */
void vg_vk_open_clocked(struct vg_vk *vk, struct vg_workload_context *context);
/* The same, with features enabled: a chain as above, which must outlive the device. The caller has asked whether the
 * device has them. */
void vg_vk_open_featured(struct vg_vk *vk, struct vg_workload_context *context, const void *features);
/* Its parts that come and go by themselves: device, queue and command pool on the physical device that was chosen. */
void vg_vk_open_device(struct vg_vk *vk);
void vg_vk_close_device(struct vg_vk *vk); /* everything else of the device must be released */
/* The facts alone; part of vg_vk_open. */
void vg_vk_identity(const struct vg_vk *vk);

const char *vg_vk_result_name(VkResult result);
const char *vg_vk_driver_name(VkDriverId id);                  /* "MESA_VENUS" */
const char *vg_vk_device_type_name(VkPhysicalDeviceType type); /* "discrete-gpu" */
/* Ends the run if the call failed. VK_NOT_READY, VK_TIMEOUT and VK_INCOMPLETE are failures here, too. */
void vg_vk_check(const struct vg_vk *vk, VkResult result, const char *call);
#define VG_VK(vk, call) vg_vk_check((vk), (call), #call)

struct vg_vk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    void *map; /* NULL: not mapped */
};

/* A buffer for shaders and transfers with coherent host access, mapped and zeroed; host-cached where there is such
 * memory. */
struct vg_vk_buffer vg_vk_shared_buffer(const struct vg_vk *vk, VkDeviceSize bytes);
/* The same in device-local memory, neither mapped nor cleared. */
struct vg_vk_buffer vg_vk_device_buffer(const struct vg_vk *vk, VkDeviceSize bytes);
/* For workloads whose subject is that buffers come and go. */
void vg_vk_release_buffer(const struct vg_vk *vk, struct vg_vk_buffer *buffer);
/* A memory type out of `bits` that has all of `wanted`; -1 if there is none. */
int vg_vk_memory_type(const struct vg_vk *vk, uint32_t bits, VkMemoryPropertyFlags wanted);

/* A compute shader whose set 0 has storage buffers at bindings 0 .. buffer_count-1. */
struct vg_vk_pipeline {
    VkPipeline pipeline;
    VkPipelineLayout layout;
    VkDescriptorSetLayout set_layout;
    uint32_t buffer_count;
};
struct vg_vk_pipeline vg_vk_compute(const struct vg_vk *vk, const uint32_t *code, size_t code_bytes,
                                    uint32_t buffer_count, uint32_t push_bytes);
VkDescriptorSet vg_vk_buffer_set(const struct vg_vk *vk, const struct vg_vk_pipeline *pipeline,
                                 const VkBuffer *buffers);

VkCommandBuffer vg_vk_command_buffer(const struct vg_vk *vk);
void vg_vk_begin(const struct vg_vk *vk, VkCommandBuffer commands, VkCommandBufferUsageFlags flags);
/* Binds, pushes and dispatches, then makes the shader's writes visible to the host and to later shaders. */
struct vg_vk_dispatch {
    const struct vg_vk_pipeline *pipeline;
    VkDescriptorSet set;
    const void *push; /* NULL: nothing */
    uint32_t push_bytes;
    uint32_t groups; /* in x */
};
void vg_vk_record_dispatch(VkCommandBuffer commands, const struct vg_vk_dispatch *dispatch);
/* Makes what transfers have written visible to later transfers and shaders, and to the host. */
void vg_vk_record_transfer_barrier(VkCommandBuffer commands);
VkFence vg_vk_fence(const struct vg_vk *vk);
void vg_vk_submit(const struct vg_vk *vk, VkCommandBuffer commands, VkFence fence);
/* Waits for the fence and resets it. A GPU that does not answer within a minute ends the run. */
void vg_vk_wait(const struct vg_vk *vk, VkFence fence);
/* Records, submits and waits: for what is not measured. */
void vg_vk_run(const struct vg_vk *vk, const struct vg_vk_dispatch *dispatch);

#define VG_VK_WAIT_NS UINT64_C(60000000000)

/* Runs a small compute job and checks its 16,384 results. Returns the number that were checked. */
unsigned vg_vk_prove_compute(const struct vg_vk *vk, uint32_t seed);

#endif
