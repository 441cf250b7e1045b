/* SPDX-License-Identifier: MIT */
/* Names of Vulkan's enumerations as facts and messages show them. */
#include "common/vulkan.h"

const char *vg_vk_result_name(VkResult result)
{
    switch (result) {
#define NAME(value)                                                                                                    \
    case value:                                                                                                        \
        return #value
        NAME(VK_SUCCESS);
        NAME(VK_NOT_READY);
        NAME(VK_TIMEOUT);
        NAME(VK_EVENT_SET);
        NAME(VK_EVENT_RESET);
        NAME(VK_INCOMPLETE);
        NAME(VK_ERROR_OUT_OF_HOST_MEMORY);
        NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY);
        NAME(VK_ERROR_INITIALIZATION_FAILED);
        NAME(VK_ERROR_DEVICE_LOST);
        NAME(VK_ERROR_MEMORY_MAP_FAILED);
        NAME(VK_ERROR_LAYER_NOT_PRESENT);
        NAME(VK_ERROR_EXTENSION_NOT_PRESENT);
        NAME(VK_ERROR_FEATURE_NOT_PRESENT);
        NAME(VK_ERROR_INCOMPATIBLE_DRIVER);
        NAME(VK_ERROR_TOO_MANY_OBJECTS);
        NAME(VK_ERROR_FORMAT_NOT_SUPPORTED);
        NAME(VK_ERROR_FRAGMENTED_POOL);
        NAME(VK_ERROR_UNKNOWN);
        NAME(VK_ERROR_OUT_OF_POOL_MEMORY);
        NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE);
        NAME(VK_ERROR_FRAGMENTATION);
#undef NAME
    default:
        return "an unknown VkResult";
    }
}

const char *vg_vk_driver_name(VkDriverId id)
{
    static const char *const names[] = {
        [VK_DRIVER_ID_AMD_PROPRIETARY] = "AMD_PROPRIETARY",
        [VK_DRIVER_ID_AMD_OPEN_SOURCE] = "AMD_OPEN_SOURCE",
        [VK_DRIVER_ID_MESA_RADV] = "MESA_RADV",
        [VK_DRIVER_ID_NVIDIA_PROPRIETARY] = "NVIDIA_PROPRIETARY",
        [VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS] = "INTEL_PROPRIETARY_WINDOWS",
        [VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA] = "INTEL_OPEN_SOURCE_MESA",
        [VK_DRIVER_ID_IMAGINATION_PROPRIETARY] = "IMAGINATION_PROPRIETARY",
        [VK_DRIVER_ID_QUALCOMM_PROPRIETARY] = "QUALCOMM_PROPRIETARY",
        [VK_DRIVER_ID_ARM_PROPRIETARY] = "ARM_PROPRIETARY",
        [VK_DRIVER_ID_GOOGLE_SWIFTSHADER] = "GOOGLE_SWIFTSHADER",
        [VK_DRIVER_ID_GGP_PROPRIETARY] = "GGP_PROPRIETARY",
        [VK_DRIVER_ID_BROADCOM_PROPRIETARY] = "BROADCOM_PROPRIETARY",
        [VK_DRIVER_ID_MESA_LLVMPIPE] = "MESA_LLVMPIPE",
        [VK_DRIVER_ID_MOLTENVK] = "MOLTENVK",
        [VK_DRIVER_ID_COREAVI_PROPRIETARY] = "COREAVI_PROPRIETARY",
        [VK_DRIVER_ID_JUICE_PROPRIETARY] = "JUICE_PROPRIETARY",
        [VK_DRIVER_ID_VERISILICON_PROPRIETARY] = "VERISILICON_PROPRIETARY",
        [VK_DRIVER_ID_MESA_TURNIP] = "MESA_TURNIP",
        [VK_DRIVER_ID_MESA_V3DV] = "MESA_V3DV",
        [VK_DRIVER_ID_MESA_PANVK] = "MESA_PANVK",
        [VK_DRIVER_ID_SAMSUNG_PROPRIETARY] = "SAMSUNG_PROPRIETARY",
        [VK_DRIVER_ID_MESA_VENUS] = "MESA_VENUS",
        [VK_DRIVER_ID_MESA_DOZEN] = "MESA_DOZEN",
        [24] = "MESA_NVK", /* newer than the oldest headers that this builds with */
        [25] = "IMAGINATION_OPEN_SOURCE_MESA",
        [26] = "MESA_HONEYKRISP",
    };
    size_t index = (size_t)id;
    return index < VG_COUNT(names) && names[index] ? names[index] : "UNKNOWN";
}

const char *vg_vk_device_type_name(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return "integrated-gpu";
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return "discrete-gpu";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return "virtual-gpu";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return "cpu";
    default:
        return "other";
    }
}
