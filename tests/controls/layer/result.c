/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: results that are wrong now and then. Of every third dispatch the last row of workgroups is left out, of
 * every third draw the last vertex. */
#include "layer.h"

#define EVERY 3

static bool is_due(void)
{
    static atomic_ulong recorded;
    return ++recorded % EVERY == 0;
}

static uint32_t one_less(uint32_t count)
{
    return count > 0 ? count - 1 : 0;
}

static VKAPI_ATTR void VKAPI_CALL dispatch(VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z)
{
    layer_find(commands)->CmdDispatch(commands, is_due() ? one_less(x) : x, y, z);
}

static VKAPI_ATTR void VKAPI_CALL draw(VkCommandBuffer commands, uint32_t vertices, uint32_t instances, uint32_t first,
                                       uint32_t first_instance)
{
    layer_find(commands)->CmdDraw(commands, is_due() ? one_less(vertices) : vertices, instances, first, first_instance);
}

const struct control layer_result_controls[] = {
    { .name = "wrong-result", .CmdDispatch = dispatch, .CmdDraw = draw },
    { 0 },
};
