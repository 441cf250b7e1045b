/* SPDX-License-Identifier: MIT */
/* A workload that only serves as a neighbour must not stand still because its driver lost a wake-up. Mesa's Venus
 * (25.0.7) writes the tail of its ring and then reads whether the host's end sleeps, with no barrier in between; a
 * processor may do the second first, and then the guest waits for a command that the host never looks for. One more
 * command ends that, since it finds the host asleep. So a thread gives one where nothing was done for a while, and
 * counts how often. */
#ifndef VG_WORKLOAD_VULKAN_NUDGE_H
#define VG_WORKLOAD_VULKAN_NUDGE_H

#include <stdatomic.h>
#include "common/vulkan.h"

struct vg_vk_nudge {
    VkPhysicalDevice physical;
    atomic_ulong jobs; /* done */
    atomic_uint nudges;
};

/* From now on; it lasts as long as the process, and so must *nudge. vk: open, at least its physical device. */
void vg_vk_nudge_begin(struct vg_vk_nudge *nudge, const struct vg_vk *vk);
/* A job is done: nothing stands still. */
void vg_vk_nudge_job(struct vg_vk_nudge *nudge);
/* The fact `nudges`: times that nothing was done for a second and one more command was given. */
void vg_vk_nudge_fact(const struct vg_vk_nudge *nudge, struct vg_workload_context *context);

#endif
