/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intel GVT-g: types cost low graphics memory, high graphics memory and fences; every type's counter is what the
 * scarcest of the three leaves (drivers/gpu/drm/i915/gvt/vgpu.c). */
#include "model.h"

#include <errno.h>
#include <stdio.h>

/* What the host keeps for itself, in MB and fences, as gvt.h says it. */
enum { HOST_LOW = 96, HOST_HIGH = 384, HOST_FENCES = 4, FENCES = 32, FENCES_EACH = 4 };

static ssize_t description(const struct type *type, char *buffer, size_t size)
{
    return snprintf(buffer, size, "low_gm_size: %uMB\nhigh_gm_size: %uMB\nfence: %u\nresolution: %s\nweight: %u\n",
                    type->cost[0], type->cost[1], type->cost[2], type->resolution, type->heads);
}

static void device(struct instance *instance, struct node *directory)
{
    tree_text(tree_directory(directory, "intel_vgpu"), "vgpu_id", 0444, "%u\n", instance->group);
}

static const struct mdev_driver mdev = { .prefix = "i915", .description = description, .device = device };

/* heads stands for the scheduler's weight here: GVT-g shows no heads. */
static const struct gpu like = {
    .board = "gvt",
    .rule = RULE_POOLS,
    .full_errno = ENOSPC,
    .types = { { "i915-GVTg_V5_8", "GVTg_V5_8", 0, 0, 2, "1024x768", { 64, 384, FENCES_EACH }, 0 },
               { "i915-GVTg_V5_4", "GVTg_V5_4", 0, 0, 4, "1920x1200", { 128, 512, FENCES_EACH }, 0 },
               { "i915-GVTg_V5_2", "GVTg_V5_2", 0, 0, 8, "1920x1200", { 256, 1024, FENCES_EACH }, 0 },
               { "i915-GVTg_V5_1", "GVTg_V5_1", 0, 0, 16, "1920x1200", { 512, 2048, FENCES_EACH }, 0 } },
    .type_count = 4,
};

static int probe(struct pci *pci)
{
    mdev_register(pci->object, &mdev);
    return 0;
}

static int release(struct pci *pci)
{
    mdev_unregister(pci->object);
    return 0;
}

static const struct pci_driver i915 = { .name = "i915", .probe = probe, .remove = release };
static struct pci *cards[2];

static void reset(void)
{
    for (unsigned i = 0; i < 2; i++) {
        if (cards[i]->driver)
            pci_unbind(cards[i]);
        cards[i]->override[0] = '\0';
        ((struct gpu *)cards[i]->object)->count = 0;
        pci_bind(cards[i], &i915);
    }
}

static void add(unsigned index, const char *address, unsigned aperture_mib)
{
    struct gpu *gpu = model_gpu(&like);
    gpu->address = address;
    gpu->pool[0] = aperture_mib - HOST_LOW;
    gpu->pool[1] = 4096 - aperture_mib - HOST_HIGH;
    gpu->pool[2] = FENCES - HOST_FENCES;
    /* A type of which not one fits is not offered at all. */
    while (gpu->type_count && gpu->types[gpu->type_count - 1].cost[0] > gpu->pool[0])
        gpu->type_count--;
    cards[index] = pci_add(address, "0x8086", "0x5916", &i915);
    cards[index]->object = gpu;
    gpu->device = cards[index]->device;
    pci_bind(cards[index], &i915);
}

void gvt_add(void)
{
    add(0, "0000:00:02.0", 1024);
    add(1, "0000:80:02.0", 512);
    model_on_reset(reset);
}
