/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mdev core: types below a parent, `create` takes a UUID, `remove` a non-zero number. As in
 * Documentation/driver-api/vfio-mediated-device.rst and ABI/testing/sysfs-bus-vfio-mdev. */
#include "model.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UUID_LENGTH = 36 };

static struct node *class_directory, *bus_directory, *groups_directory, *vfio_directory;

void mdev_open(void)
{
    class_directory = tree_path("sys/class/mdev_bus");
    bus_directory = tree_path("sys/bus/mdev/devices");
    groups_directory = tree_path("sys/kernel/iommu_groups");
    vfio_directory = tree_path("dev/vfio");
}

static bool is_uuid(const char *text)
{
    for (unsigned i = 0; i < UUID_LENGTH; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

/* A VM that runs has the device's VFIO group open. */
static int open_group(void *object, long argument)
{
    (void)argument;
    ((struct instance *)object)->users++;
    return 0;
}

static void release_group(void *object, long argument)
{
    (void)argument;
    ((struct instance *)object)->users--;
}

static const struct attribute group_attribute = { .open = open_group, .release = release_group };

static void drop(struct instance *instance)
{
    if (instance->parent->only)
        *instance->parent->only = NULL;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        tree_remove(instance->nodes[i]);
    model_give(instance);
}

static int store_remove(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct instance *instance = object;
    unsigned long value;
    if (!model_number(data, length, &value))
        return -EINVAL;
    if (!value || model_broken("deaf-remove"))
        return 0;
    if (instance->users && !model_broken("clean-unplug"))
        return model_broken("other-refusals") ? -EPERM : -EBUSY; /* the vendor's driver has no hot unplug */
    drop(instance);
    return 0;
}

static const struct attribute remove_attribute = { .store = store_remove };

static struct node *types_directory(const struct mdev_parent *parent)
{
    return tree_child(parent->device, "mdev_supported_types");
}

static void show_device(struct instance *instance)
{
    const struct mdev_parent *parent = instance->parent;
    struct node *type = tree_child(types_directory(parent), instance->type->id);
    struct node *device = tree_directory(parent->device, instance->name);
    char group[16];
    instance->group = pci_new_group();
    snprintf(group, sizeof(group), "%u", instance->group);
    tree_file(device, "remove", 0200, &remove_attribute, instance, 0);
    tree_link(device, "mdev_type", type);
    struct node *group_directory = tree_directory(groups_directory, group);
    tree_link(device, "iommu_group", group_directory);
    tree_link(tree_directory(group_directory, "devices"), instance->name, device);
    if (parent->driver->device)
        parent->driver->device(instance, device);
    /* Links go before what they lead to. */
    instance->nodes[0] = tree_link(bus_directory, instance->name, device);
    instance->nodes[1] = tree_link(tree_child(type, "devices"), instance->name, device);
    instance->nodes[2] = group_directory;
    instance->nodes[3] = device;
    instance->nodes[4] = tree_file(vfio_directory, group, 0600, &group_attribute, instance, 0);
}

static bool is_occupied(const struct mdev_parent *parent)
{
    return parent->only && *parent->only;
}

/* Only under the control node-left. */
static void leave_node(void)
{
    static const struct attribute dead = { 0 };
    char group[16];
    snprintf(group, sizeof(group), "%u", pci_new_group());
    if (model_broken("node-left"))
        tree_file(vfio_directory, group, 0600, &dead, NULL, 0);
}

static int store_create(void *object, long argument, const char *data, size_t length)
{
    const struct mdev_parent *parent = object;
    char uuid[UUID_LENGTH + 1];
    int error;
    bool overwrites = false;
    if (length < UUID_LENGTH || length > UUID_LENGTH + 1 || !is_uuid(data) ||
        (length == UUID_LENGTH + 1 && data[UUID_LENGTH] != '\n')) {
        static unsigned made_up;
        if (!model_broken("any-uuid"))
            return -EINVAL;
        snprintf(uuid, sizeof(uuid), "00000000-0000-4000-8000-%012x", ++made_up);
        data = uuid;
    }
    for (unsigned i = 0; i < UUID_LENGTH; i++)
        uuid[i] = (char)tolower((unsigned char)data[i]);
    uuid[UUID_LENGTH] = '\0';
    if (!types_directory(parent))
        return -ENODEV;                  /* the driver went while the file was open */
    if (tree_child(bus_directory, uuid)) /* whichever parent it is on */
        return model_broken("duplicate-uuid") ? 0 : -EEXIST;
    if (is_occupied(parent) && model_overwrites() && (*parent->only)->type != &parent->gpu->types[argument]) {
        drop(*parent->only);
        overwrites = true;
    }
    if (is_occupied(parent) && !model_broken("two-per-vf"))
        return -EPERM; /* a second vGPU on one VF is an invalid operation */
    struct instance *instance = model_take(parent->gpu, &parent->gpu->types[argument], uuid, &error);
    if (!instance) {
        leave_node();
        return -error;
    }
    if (is_occupied(parent) && !model_broken("two-per-vf")) { /* a control let somebody else in */
        model_give(instance);
        return -EPERM;
    }
    instance->parent = parent;
    if (parent->only)
        *parent->only = instance;
    show_device(instance);
    return overwrites && model_broken("refuses-overwrites") ? -EPERM : 0;
}

static ssize_t show_available(void *object, long argument, char *buffer, size_t size)
{
    const struct mdev_parent *parent = object;
    unsigned available = model_available(parent->gpu, &parent->gpu->types[argument]);
    if (parent->only) /* a VF has one or none */
        available = available && !is_occupied(parent);
    return snprintf(buffer, size, "%u\n", available);
}

static ssize_t show_description(void *object, long argument, char *buffer, size_t size)
{
    const struct mdev_parent *parent = object;
    return parent->driver->description(&parent->gpu->types[argument], buffer, size);
}

static const struct attribute create_attribute = { .store = store_create };
static const struct attribute available_attribute = { .show = show_available };
static const struct attribute description_attribute = { .show = show_description };

void mdev_register_at(struct mdev_parent *parent)
{
    const struct gpu *gpu = parent->gpu;
    struct node *types = tree_directory(parent->device, "mdev_supported_types");
    for (unsigned i = 0; i < gpu->type_count; i++) {
        struct node *type = tree_directory(types, gpu->types[i].id);
        tree_file(type, "create", 0200, &create_attribute, parent, (long)i);
        tree_file(type, "available_instances", 0444, &available_attribute, parent, (long)i);
        if (!model_broken("no-api"))
            tree_text(type, "device_api", 0444, model_broken("wrong-api") ? "vfio-platform\n" : "vfio-pci\n");
        if (gpu->types[i].name)
            tree_text(type, "name", 0444, "%s\n", gpu->types[i].name);
        if (parent->driver->description)
            tree_file(type, "description", 0444, &description_attribute, parent, (long)i);
        tree_directory(type, "devices");
    }
    tree_link(class_directory, parent->address, parent->device);
}

/* Unregistering the parent destroys all its devices; a driver must not do it while one is in use. */
void mdev_unregister_at(const struct mdev_parent *parent)
{
    struct gpu *gpu = parent->gpu;
    for (unsigned i = gpu->count; i-- > 0;)
        if (gpu->instances[i]->parent == parent)
            drop(gpu->instances[i]);
    tree_remove(tree_child(class_directory, parent->address));
    tree_remove(types_directory(parent));
}

void mdev_register(struct gpu *gpu, const struct mdev_driver *driver)
{
    gpu->parent = (struct mdev_parent) { .gpu = gpu, .device = gpu->device, .address = gpu->address, .driver = driver };
    mdev_register_at(&gpu->parent);
}

void mdev_unregister(struct gpu *gpu)
{
    mdev_unregister_at(&gpu->parent);
}
