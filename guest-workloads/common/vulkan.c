/* SPDX-License-Identifier: MIT */
/* From nothing to a Vulkan device with one compute queue. */
#include <stdio.h>
#include "common/vulkan.h"

void vg_vk_check(const struct vg_vk *vk, VkResult result, const char *call)
{
    if (result == VK_SUCCESS)
        return;
    int name = (int)strcspn(call, "(");
    vg_w_fail(vk->context, "%.*s returned %s", name, call, vg_vk_result_name(result));
}

/* A real GPU before a software one. */
static int rank_of(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return 2;
    default:
        return 1;
    }
}

static void open_instance(struct vg_vk *vk)
{
    /* As new as the loader, so that the device reports the version it has. */
    uint32_t version = VK_API_VERSION_1_1;
    VG_VK(vk, vkEnumerateInstanceVersion(&version));
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "vgauge",
        .apiVersion = version,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &application,
    };
    VG_VK(vk, vkCreateInstance(&info, NULL, &vk->instance));
}

static void choose_device(struct vg_vk *vk)
{
    VkPhysicalDevice devices[VG_MAX_DEVICES];
    uint32_t count = VG_MAX_DEVICES;
    VkResult result = vkEnumeratePhysicalDevices(vk->instance, &count, devices);
    if (result != VK_INCOMPLETE)
        VG_VK(vk, result);
    if (count == 0)
        vg_w_fail(vk->context, "no Vulkan device is visible in this tenant");
    for (uint32_t i = 0; i < count; i++) {
        VkPhysicalDeviceProperties properties;
        vkGetPhysicalDeviceProperties(devices[i], &properties);
        if (vk->physical && rank_of(properties.deviceType) <= rank_of(vk->properties.deviceType))
            continue;
        vk->physical = devices[i];
        vk->properties = properties;
    }
    vkGetPhysicalDeviceMemoryProperties(vk->physical, &vk->memory);
    if (vk->properties.apiVersion < VK_API_VERSION_1_1)
        vg_w_fail(vk->context, "device `%s` has only Vulkan 1.0, 1.1 is needed", vk->properties.deviceName);
}

/* The first family with compute and, if there is one, with graphics: the queue that applications use. */
static void choose_family(struct vg_vk *vk)
{
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(vk->physical, &count, NULL);
    vg_autofree VkQueueFamilyProperties *families = vg_calloc(count + 1, sizeof(*families));
    vkGetPhysicalDeviceQueueFamilyProperties(vk->physical, &count, families);
    int chosen = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) || families[i].queueCount == 0)
            continue;
        bool graphics = families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT;
        if (chosen < 0 || (graphics && !(families[chosen].queueFlags & VK_QUEUE_GRAPHICS_BIT)))
            chosen = (int)i;
    }
    if (chosen < 0)
        vg_w_fail(vk->context, "device `%s` has no compute queue", vk->properties.deviceName);
    vk->family = (uint32_t)chosen;
    vk->timestamp_bits = families[chosen].timestampValidBits;
    vk->timestamp_ns = vk->properties.limits.timestampPeriod;
}

static bool has_extension(struct vg_vk *vk, const char *name)
{
    uint32_t count = 0;
    VG_VK(vk, vkEnumerateDeviceExtensionProperties(vk->physical, NULL, &count, NULL));
    vg_autofree VkExtensionProperties *extensions = vg_calloc(count + 1, sizeof(*extensions));
    VkResult result = vkEnumerateDeviceExtensionProperties(vk->physical, NULL, &count, extensions);
    if (result != VK_INCOMPLETE)
        VG_VK(vk, result);
    for (uint32_t i = 0; i < count; i++)
        if (vg_equal(extensions[i].extensionName, name))
            return true;
    return false;
}

static bool has_device_clock(struct vg_vk *vk)
{
    VkPhysicalDeviceShaderClockFeaturesKHR clock = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CLOCK_FEATURES_KHR,
    };
    VkPhysicalDeviceFeatures2 features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &clock };
    if (!has_extension(vk, VK_KHR_SHADER_CLOCK_EXTENSION_NAME))
        return false;
    vkGetPhysicalDeviceFeatures2(vk->physical, &features);
    return clock.shaderDeviceClock;
}

/* Part of Vulkan 1.2, and optional even there. */
static bool has_timelines(const struct vg_vk *vk)
{
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
    };
    VkPhysicalDeviceFeatures2 features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &timeline };
    if (vk->properties.apiVersion < VK_API_VERSION_1_2)
        return false;
    vkGetPhysicalDeviceFeatures2(vk->physical, &features);
    return timeline.timelineSemaphore;
}

static bool has_wide_integers(const struct vg_vk *vk)
{
    VkPhysicalDeviceFeatures features;
    vkGetPhysicalDeviceFeatures(vk->physical, &features);
    return features.shaderInt64;
}

static void open_device(struct vg_vk *vk, bool clocked)
{
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = vk->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const char *extensions[2];
    uint32_t extension_count = 0;
    bool calibrated = vk->timestamp_bits > 0 && has_extension(vk, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME);
    vk->shader_clock = clocked && has_device_clock(vk);
    if (calibrated)
        extensions[extension_count++] = VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME;
    if (vk->shader_clock)
        extensions[extension_count++] = VK_KHR_SHADER_CLOCK_EXTENSION_NAME;
    VkPhysicalDeviceShaderClockFeaturesKHR clock = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CLOCK_FEATURES_KHR,
        .pNext = (void *)(uintptr_t)vk->features,
        .shaderDeviceClock = VK_TRUE,
    };
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .pNext = vk->shader_clock ? (void *)&clock : (void *)(uintptr_t)vk->features,
        .timelineSemaphore = VK_TRUE,
    };
    vk->timeline = has_timelines(vk);
    vk->wide_integers = !vk->features && has_wide_integers(vk);
    const VkPhysicalDeviceFeatures wide = { .shaderInt64 = VK_TRUE };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = vk->timeline ? (const void *)&timeline : timeline.pNext,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
        .pEnabledFeatures = vk->wide_integers ? &wide : NULL,
    };
    VG_VK(vk, vkCreateDevice(vk->physical, &info, NULL, &vk->device));
    vkGetDeviceQueue(vk->device, vk->family, 0, &vk->queue);
    if (calibrated)
        vk->calibrate =
            (PFN_vkGetCalibratedTimestampsEXT)vkGetDeviceProcAddr(vk->device, "vkGetCalibratedTimestampsEXT");
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = vk->family,
    };
    VG_VK(vk, vkCreateCommandPool(vk->device, &pool, NULL, &vk->commands));
}

static void open_all(struct vg_vk *vk, struct vg_workload_context *context, bool clocked, const void *features)
{
    *vk = (struct vg_vk) { .context = context, .features = features };
    open_instance(vk);
    choose_device(vk);
    choose_family(vk);
    vg_vk_identity(vk); /* before the device is opened: a run that fails there still says on what */
    open_device(vk, clocked);
}

void vg_vk_open(struct vg_vk *vk, struct vg_workload_context *context)
{
    open_all(vk, context, false, NULL);
}

void vg_vk_open_clocked(struct vg_vk *vk, struct vg_workload_context *context)
{
    open_all(vk, context, true, NULL);
}

void vg_vk_open_featured(struct vg_vk *vk, struct vg_workload_context *context, const void *features)
{
    open_all(vk, context, false, features);
}

void vg_vk_open_device(struct vg_vk *vk)
{
    open_device(vk, false);
}

void vg_vk_close_device(struct vg_vk *vk)
{
    vkDestroyCommandPool(vk->device, vk->commands, NULL);
    vkDestroyDevice(vk->device, NULL);
    vk->device = VK_NULL_HANDLE;
    vk->queue = VK_NULL_HANDLE;
    vk->commands = VK_NULL_HANDLE;
    vk->calibrate = NULL;
}
