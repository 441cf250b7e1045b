/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's sample drivers mdpy (so many devices, whatever their type) and mbochs (so many megabytes). As in
 * samples/vfio-mdev; mdpy answers ENOMEM when it is full, mbochs ENOSPC. */
#include "model.h"

#include <errno.h>
#include <stdio.h>

static ssize_t show_mdpy(const struct type *type, char *buffer, size_t size)
{
    return snprintf(buffer, size, "virtual display, %s framebuffer\n", type->resolution);
}

static ssize_t show_mbochs(const struct type *type, char *buffer, size_t size)
{
    return snprintf(buffer, size, "virtual display, %u MB video memory\n", type->cost[0]);
}

static void add_resolution(struct instance *instance, struct node *directory)
{
    tree_text(tree_directory(directory, "vendor"), "resolution", 0444, "%s\n", instance->type->resolution);
}

static void add_memory(struct instance *instance, struct node *directory)
{
    tree_text(tree_directory(directory, "vendor"), "memory", 0444, "%u MB\n", instance->type->cost[0]);
}

static const struct mdev_driver mdpy_driver = { .prefix = "mdpy", .description = show_mdpy, .device = add_resolution };
static const struct mdev_driver mbochs_driver = { .prefix = "mbochs",
                                                  .description = show_mbochs,
                                                  .device = add_memory };

static const struct gpu mdpy_gpu = {
    .address = "mdpy",
    .board = "mdpy",
    .rule = RULE_POOLS,
    .full_errno = ENOMEM,
    .pool = { 4 },
    .types = { { "mdpy-vga", "vga", 0, 0, 1, "640x480", { 1 }, 0 },
               { "mdpy-xga", "xga", 0, 0, 1, "1024x768", { 1 }, 0 },
               { "mdpy-hd", "hd", 0, 0, 1, "1920x1080", { 1 }, 0 } },
    .type_count = 3,
};
static const struct gpu mbochs_gpu = {
    .address = "mbochs",
    .board = "mbochs",
    .rule = RULE_POOLS,
    .full_errno = ENOSPC,
    .pool = { 256 },
    .types = { { "mbochs-small", "small", 0, 4, 1, "1024x768", { 4 }, 0 },
               { "mbochs-medium", "medium", 0, 16, 1, "1920x1080", { 16 }, 0 },
               { "mbochs-large", "large", 0, 64, 1, "3840x2160", { 64 }, 0 } },
    .type_count = 3,
};

static struct gpu *mdpy, *mbochs;

static void reset_mdpy(void)
{
    mdev_unregister(mdpy);
    mdev_register(mdpy, &mdpy_driver);
}

static void reset_mbochs(void)
{
    mdev_unregister(mbochs);
    mdev_register(mbochs, &mbochs_driver);
}

void mdpy_add(void)
{
    mdpy = model_gpu(&mdpy_gpu);
    mdpy->device = tree_path("sys/devices/virtual/mdpy/mdpy");
    mdev_register(mdpy, &mdpy_driver);
    model_on_reset(reset_mdpy);
}

void mbochs_add(void)
{
    mbochs = model_gpu(&mbochs_gpu);
    mbochs->device = tree_path("sys/devices/virtual/mbochs/mbochs");
    mdev_register(mbochs, &mbochs_driver);
    model_on_reset(reset_mbochs);
}
