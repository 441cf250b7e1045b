/* SPDX-License-Identifier: MIT */
/* Runs scenes of vkmark without a window: each must draw frames, on the device that this tenant has. vkmark does not
 * look at what it draws; that is what vk-golden is for. */
#include <stdio.h>
#include <stdlib.h>
#include "common/checks.h"
#include "common/program.h"
#include "common/vulkan.h"

enum { WORD = 128, MOST_SCENES = 32 };

static struct vg_program program;

/* "[cube] duration=1: FPS: 659 FrameTime: 1.517 ms" */
static double rate_of(const char *scene, const char *output)
{
    char head[WORD + 8], rest[WORD] = "", rate[32];
    const char *colon = strchr(scene, ':');
    snprintf(head, sizeof(head), "[%.*s] %s:", colon ? (int)(colon - scene) : (int)strlen(scene), scene,
             colon ? colon + 1 : "<default>");
    const char *line = strstr(output, head);
    return line && vg_program_value(line, head, rest, sizeof(rest)) &&
                   vg_program_last(rest, "FPS:", " \n", rate, sizeof(rate))
               ? atof(rate)
               : 0;
}

/* vkmark asks for it whatever it draws on; a device without it cannot show anything. */
static bool offers_swapchains(const struct vg_vk *vk)
{
    uint32_t count = 0;
    VG_VK(vk, vkEnumerateDeviceExtensionProperties(vk->physical, NULL, &count, NULL));
    vg_autofree VkExtensionProperties *list = vg_calloc(count ? count : 1, sizeof(*list));
    VG_VK(vk, vkEnumerateDeviceExtensionProperties(vk->physical, NULL, &count, list));
    for (uint32_t i = 0; i < count; i++)
        if (vg_equal(list[i].extensionName, VK_KHR_SWAPCHAIN_EXTENSION_NAME))
            return true;
    return false;
}

static void draw(struct vg_workload_context *context, const char *const *argv, const char *ours, bool can_draw,
                 struct vg_checks *checks)
{
    char theirs[256] = "nothing";
    vg_program_run(context, argv, (int)vg_w_int(context, "timeout_s"), &program);
    vg_check(checks, "ends-by-itself", !program.timed_out && !program.signal, "vkmark %s", vg_program_text(&program));
    if (!can_draw)
        return;
    vg_program_value(program.output, "Device Name:", theirs, sizeof(theirs));
    vg_check(checks, "same-device", vg_equal(ours, theirs), "vkmark draws with %s, this tenant has %s; it %s", theirs,
             ours, vg_program_text(&program));
    vg_check(checks, "ends-well", program.status == 0, "vkmark %s", vg_program_text(&program));
}

static void run(struct vg_workload_context *context)
{
    static struct vg_checks checks;
    static char scenes[MOST_SCENES][WORD];
    const char *argv[8 + 2 * MOST_SCENES] = { "vkmark", "--winsys", "headless", "--size", "320x240" };
    const char *list = vg_w_text(context, "scenes");
    char name[VG_CHECK_NAME], fact[VG_CHECK_NAME + 8];
    unsigned count = 0, arguments = 5;
    struct vg_vk vk;
    vg_vk_open(&vk, context);
    bool can_draw = offers_swapchains(&vk);
    for (; count < MOST_SCENES && vg_program_next(&list, scenes[count], WORD); count++) {
        argv[arguments++] = "-b";
        argv[arguments++] = scenes[count];
    }
    vg_w_barrier(context);
    vg_check(&checks, "offers-swapchains", can_draw, "the device has no %s, without which vkmark draws nothing",
             VK_KHR_SWAPCHAIN_EXTENSION_NAME);
    draw(context, argv, vk.properties.deviceName, can_draw, &checks);
    for (unsigned i = 0; i < count; i++) {
        vg_program_check_name(scenes[i], name, sizeof(name));
        if (!can_draw) {
            vg_check_skip(&checks, name, "the device has no %s", VK_KHR_SWAPCHAIN_EXTENSION_NAME);
            continue;
        }
        double rate = rate_of(scenes[i], program.output);
        vg_check(&checks, name, rate > 0, "%s drew no frames; vkmark %s", scenes[i], vg_program_text(&program));
        snprintf(fact, sizeof(fact), "fps.%s", name);
        vg_w_fact_real(context, fact, rate);
    }
    vg_checks_report(context, &checks);
}

VG_WORKLOAD(vkmark) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vkmark",
    .summary = "runs scenes of vkmark without a window: each must draw frames, on this tenant's device",
    .why = "A Vulkan program that others wrote finds what programs of ours do not ask for",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "scenes", VG_TEXT, .def = "clear cube", .summary = "scenes with their options, blanks between them" },
            { "timeout_s", VG_INT, .def = "180", .min = 1, .max = 3600, .unit = "s", .summary = "for all of them" },
            { 0 },
        },
    .run = run,
};
