/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into a native tenant: compute is never dispatched, so that results are wrong. With NO_DISPATCH_ONCE=FILE
 * only in the process that makes FILE: a flake. What expectations are tried with. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <vulkan/vulkan.h>

static bool is_broken(void)
{
    const char *once = getenv("NO_DISPATCH_ONCE");
    return !once || open(once, O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0;
}

VKAPI_ATTR void VKAPI_CALL vkCmdDispatch(VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z)
{
    static PFN_vkCmdDispatch next;
    static bool broken;
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "vkCmdDispatch");
        broken = is_broken();
    }
    if (!broken)
        next(commands, x, y, z);
}
