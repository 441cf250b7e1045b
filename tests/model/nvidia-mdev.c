/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's time-sliced vGPU over mdev. Legacy driver: one type per physical GPU, the others' counters read 0; the other
 * GPUs of the same board are not concerned (user guide 8.0, 1.4.3 and 2.5.9). Current: one profile size per physical
 * GPU (kernel_vgpu_mgr.c, kvgpumgrSetVgpuType). Type numbers of the T4 are the model's own. */
#include "model.h"

#include <errno.h>
#include <stdio.h>

static ssize_t description(const struct type *type, char *buffer, size_t size)
{
    return snprintf(buffer, size, "num_heads=%u, frl_config=60, framebuffer=%uM, max_resolution=%s, max_instance=%u\n",
                    type->heads, type->memory_mib, type->resolution, type->max + model_broken("advertises-more"));
}

static void device(struct instance *instance, struct node *directory)
{
    struct node *vendor = tree_directory(directory, "nvidia");
    (void)instance;
    tree_text(vendor, "vm_name", 0444, "\n");
    tree_text(vendor, "vgpu_params", 0644, "\n");
}

const struct mdev_driver nvidia_mdev = { .prefix = "nvidia", .description = description, .device = device };

static const struct gpu m60 = {
    .board = "m60",
    .rule = RULE_ONE_TYPE,
    .full_errno = ENOSPC,
    .types = { { "nvidia-12", "GRID M60-0B", 16, 512, 2, "2560x1600", { 0 }, 0 },
               { "nvidia-15", "GRID M60-1Q", 8, 1024, 2, "4096x2160", { 0 }, 0 },
               { "nvidia-14", "GRID M60-1A", 8, 1024, 1, "1280x1024", { 0 }, 0 },
               { "nvidia-18", "GRID M60-2Q", 4, 2048, 4, "4096x2160", { 0 }, 0 },
               { "nvidia-20", "GRID M60-4Q", 2, 4096, 4, "4096x2160", { 0 }, 0 },
               { "nvidia-22", "GRID M60-8Q", 1, 8192, 4, "4096x2160", { 0 }, 0 } },
    .type_count = 6,
};
static const struct gpu p40 = {
    .board = "p40",
    .rule = RULE_ONE_TYPE,
    .full_errno = ENOSPC,
    .types = { { "nvidia-46", "GRID P40-1Q", 24, 1024, 2, "4096x2160", { 0 }, 0 },
               { "nvidia-47", "GRID P40-2Q", 12, 2048, 4, "7680x4320", { 0 }, 0 },
               { "nvidia-49", "GRID P40-4Q", 6, 4096, 4, "7680x4320", { 0 }, 0 },
               { "nvidia-51", "GRID P40-8Q", 3, 8192, 4, "7680x4320", { 0 }, 0 },
               { "nvidia-53", "GRID P40-24Q", 1, 24576, 4, "7680x4320", { 0 }, 0 } },
    .type_count = 5,
};
static const struct gpu t4 = {
    .board = "t4",
    .rule = RULE_ONE_SIZE,
    .full_errno = ENOSPC,
    .types = { { "nvidia-222", "GRID T4-1Q", 16, 1024, 4, "5120x2880", { 0 }, 0 },
               { "nvidia-223", "GRID T4-2Q", 8, 2048, 4, "7680x4320", { 0 }, 0 },
               { "nvidia-224", "GRID T4-2B", 8, 2048, 4, "5120x2880", { 0 }, 0 },
               { "nvidia-225", "GRID T4-4Q", 4, 4096, 4, "7680x4320", { 0 }, 0 },
               { "nvidia-226", "GRID T4-8Q", 2, 8192, 4, "7680x4320", { 0 }, 0 },
               { "nvidia-227", "GRID T4-16Q", 1, 16384, 4, "7680x4320", { 0 }, 0 } },
    .type_count = 6,
};

static int probe(struct pci *pci)
{
    mdev_register(pci->object, &nvidia_mdev);
    return 0;
}

static int release(struct pci *pci)
{
    mdev_unregister(pci->object);
    return 0;
}

static const struct pci_driver nvidia = { .name = "nvidia", .probe = probe, .remove = release };
static struct pci *cards[4];

static void reset(void)
{
    for (unsigned i = 0; i < 4; i++) {
        struct gpu *gpu = cards[i]->object;
        if (cards[i]->driver)
            pci_unbind(cards[i]);
        cards[i]->override[0] = '\0';
        gpu->count = 0;
        pci_bind(cards[i], &nvidia);
    }
}

void nvidia_mdev_add(void)
{
    static const struct {
        const char *address;
        const struct gpu *like;
        const char *device;
    } all[] = { { "0000:05:00.0", &m60, "0x13f2" },
                { "0000:06:00.0", &m60, "0x13f2" },
                { "0000:81:00.0", &p40, "0x1b38" },
                { "0000:82:00.0", &t4, "0x1eb8" } };
    for (unsigned i = 0; i < 4; i++) {
        struct gpu *gpu = model_gpu(all[i].like);
        gpu->address = all[i].address;
        cards[i] = pci_add(all[i].address, "0x10de", all[i].device, &nvidia);
        cards[i]->object = gpu;
        gpu->device = cards[i]->device;
        pci_bind(cards[i], &nvidia);
    }
    model_on_reset(reset);
}
