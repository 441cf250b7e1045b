/* SPDX-License-Identifier: MIT */
/* A job that never ends, and what its owner is told. A driver with a watchdog says after a while that the device is
 * lost; a vGPU without one says nothing, for as long as anybody waits. */
#include "common/checks.h"
#include "common/vulkan.h"
#include "shaders/endless.comp.h"

#define LOOK_NS (100 * VG_NS_PER_MS)

enum { WORDS = 64 };

static void run(struct vg_workload_context *context)
{
    static struct vg_vk vk;
    struct vg_checks checks = { 0 };
    vg_vk_open(&vk, context);
    struct vg_vk_buffer buffer = vg_vk_shared_buffer(&vk, WORDS * sizeof(uint32_t));
    struct vg_vk_pipeline pipeline = vg_vk_compute(&vk, shader_endless_comp, sizeof(shader_endless_comp), 1, 0);
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &pipeline,
        .set = vg_vk_buffer_set(&vk, &pipeline, &buffer.buffer),
        .groups = 1,
    };
    VkCommandBuffer commands = vg_vk_command_buffer(&vk);
    VkFence fence = vg_vk_fence(&vk);
    vg_vk_begin(&vk, commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    vg_vk_record_dispatch(commands, &dispatch);
    VG_VK(&vk, vkEndCommandBuffer(commands));
    ((volatile uint32_t *)buffer.map)[0] = 1;
    int64_t limit_ns = vg_w_int(context, "wait_s") * VG_NS_PER_S;
    vg_w_barrier(context);
    vg_vk_submit(&vk, commands, fence);
    int64_t start_ns = vg_now_ns();
    VkResult result = VK_TIMEOUT;
    for (bool marked = false; result == VK_TIMEOUT && vg_now_ns() - start_ns < limit_ns;) {
        result = vkWaitForFences(vk.device, 1, &fence, VK_TRUE, LOOK_NS);
        if (!marked && vg_now_ns() - start_ns > VG_NS_PER_S) {
            vg_w_mark(context, "hanging");
            marked = true;
        }
        if (vg_w_should_stop(context))
            break;
    }
    double waited_s = (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
    if (result == VK_SUCCESS)
        vg_w_invalid(context, "the job that must not end has ended, so that nothing hung");
    vg_w_fact_text(context, "saw", result == VK_TIMEOUT ? "nothing" : vg_vk_result_name(result));
    vg_w_fact_real(context, "saw_after_s", waited_s);
    vg_check(&checks, "offender-sees-loss", result == VK_ERROR_DEVICE_LOST,
             "after %.1f s the owner of an endless job has seen %s", waited_s,
             result == VK_TIMEOUT ? "nothing" : vg_vk_result_name(result));
    vg_checks_report(context, &checks);
    if (vg_w_bool(context, "hold") && result == VK_TIMEOUT)
        vg_w_hold(context);
}

VG_WORKLOAD(vk_endless) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-endless",
    .summary = "submits a job that never ends, and waits to be told that the device is lost",
    .why = "A hang must cost its owner only, and its owner must learn of it",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "wait_s", VG_INT, .def = "15", .min = 1, .max = 3600, .unit = "s",
              .summary = "how long it waits for an answer" },
            { "hold", VG_BOOL, .def = "true", .summary = "let the job hang until stopped" },
            { 0 },
        },
    .run = run,
};
