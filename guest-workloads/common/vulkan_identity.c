/* SPDX-License-Identifier: MIT */
/* Who executes this run: facts that every Vulkan run carries, so that a software fall-back or the wrong driver cannot
 * hide behind a plausible number. */
#include <inttypes.h>
#include <stdio.h>
#include "common/vulkan.h"

static VkPhysicalDeviceDriverProperties driver_of(VkPhysicalDevice physical)
{
    VkPhysicalDeviceDriverProperties driver = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES };
    VkPhysicalDeviceProperties2 properties = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 };
    VkPhysicalDeviceProperties head;
    vkGetPhysicalDeviceProperties(physical, &head);
    if (head.apiVersion >= VK_API_VERSION_1_2) { /* where the query is core; without it the driver stays unnamed */
        properties.pNext = &driver;
        vkGetPhysicalDeviceProperties2(physical, &properties);
    }
    return driver;
}

static void version_fact(const struct vg_vk *vk, const char *name, uint32_t version)
{
    char text[64];
    snprintf(text, sizeof(text), "%u.%u.%u", VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version),
             VK_API_VERSION_PATCH(version));
    vg_w_fact_text(vk->context, name, text);
}

static void heap_facts(const struct vg_vk *vk)
{
    uint64_t device_local = 0;
    VG_CLEANUP(vg_text_free) struct vg_text text = { 0 };
    for (uint32_t i = 0; i < vk->memory.memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &vk->memory.memoryHeaps[i];
        bool local = heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
        if (local)
            device_local += heap->size;
        vg_text_add(&text, "%s%" PRIu64 "%s", i ? ", " : "", (uint64_t)heap->size, local ? " device-local" : "");
    }
    vg_w_fact_text(vk->context, "vk_heaps", text.data ? text.data : "");
    vg_w_fact_int(vk->context, "vk_device_local_bytes", (int64_t)device_local);
}

static void all_devices_fact(const struct vg_vk *vk)
{
    VkPhysicalDevice devices[VG_MAX_DEVICES];
    uint32_t count = VG_MAX_DEVICES;
    VkResult result = vkEnumeratePhysicalDevices(vk->instance, &count, devices);
    if (result != VK_INCOMPLETE)
        VG_VK(vk, result);
    VG_CLEANUP(vg_text_free) struct vg_text text = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        VkPhysicalDeviceProperties properties;
        vkGetPhysicalDeviceProperties(devices[i], &properties);
        vg_text_add(&text, "%s%s (%s, %s)", i ? "; " : "", properties.deviceName,
                    vg_vk_device_type_name(properties.deviceType), vg_vk_driver_name(driver_of(devices[i]).driverID));
    }
    vg_w_fact_text(vk->context, "vk_physical_devices", text.data ? text.data : "");
    vg_w_fact_int(vk->context, "vk_physical_device_count", count);
}

void vg_vk_identity(const struct vg_vk *vk)
{
    struct vg_workload_context *context = vk->context;
    VkPhysicalDeviceDriverProperties driver = driver_of(vk->physical);
    vg_w_fact_text(context, "vk_device_name", vk->properties.deviceName);
    vg_w_fact_text(context, "vk_device_type", vg_vk_device_type_name(vk->properties.deviceType));
    vg_w_fact_text(context, "vk_driver_id", vg_vk_driver_name(driver.driverID));
    vg_w_fact_text(context, "vk_driver_name", driver.driverName);
    vg_w_fact_text(context, "vk_driver_info", driver.driverInfo);
    version_fact(vk, "vk_api_version", vk->properties.apiVersion);
    vg_w_fact_int(context, "vk_vendor_id", vk->properties.vendorID);
    vg_w_fact_int(context, "vk_device_id", vk->properties.deviceID);
    vg_w_fact_int(context, "vk_timestamp_valid_bits", vk->timestamp_bits);
    vg_w_fact_real(context, "vk_timestamp_period_ns", vk->timestamp_ns);
    VkPhysicalDeviceFeatures features;
    vkGetPhysicalDeviceFeatures(vk->physical, &features);
    vg_w_fact_int(context, "vk_robust_buffer_access", features.robustBufferAccess);
    heap_facts(vk);
    all_devices_fact(vk);
}
