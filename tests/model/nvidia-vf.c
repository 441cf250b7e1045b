/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's vGPU on virtual functions: one vGPU per VF. With the vendor's VFIO driver it is chosen by its type's number;
 * where the kernel has none of that, each VF is a parent of mediated devices and takes one. Which types a free VF
 * offers depends on what the whole pGPU has, and the PF offers none. VFs are enabled by sriov-manage, not by
 * sriov_numvfs; enabling or disabling them clears the mixed-size mode, and setting that with a vGPU present is refused.
 * Numbers of types are the model's own. Mixed-size: as the resource manager halves the region again and again
 * (kernel_vgpu_mgr.c): a left half's vGPU lies at its start, a right half's at its end. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CARDS = 5, MOST_VFS = 24 };

struct card {
    struct pci *pci;
    struct gpu *gpu;
    bool can_mix;
    bool mdev;                            /* VFs are parents of mediated devices */
    struct mdev_parent parents[MOST_VFS]; /* such ones */
    struct instance *on[MOST_VFS];
    unsigned busy; /* so many sriov-manage calls fail for now: somebody has the device */
};
static struct card cards[CARDS];
static unsigned card_count;

#define A100_TYPE(number, name, max, gib)                                                                              \
    {                                                                                                                  \
        number, "NVIDIA A100D-" name, max, gib * 1024U, 1, "4096x2160", { 0 }, gib                                     \
    }
static const struct gpu a100 = {
    .board = "a100",
    .rule = RULE_ONE_SIZE,
    .full_errno = EIO,
    .slots = 80,
    .types = { A100_TYPE("1001", "4C", 20, 4), A100_TYPE("1002", "5C", 16, 5), A100_TYPE("1003", "8C", 10, 8),
               A100_TYPE("1004", "10C", 8, 10), A100_TYPE("1005", "16C", 5, 16), A100_TYPE("1006", "20C", 4, 20),
               A100_TYPE("1007", "40C", 2, 40), A100_TYPE("1008", "80C", 1, 80) },
    .type_count = 8,
};
#define A30_TYPE(number, name, max, gib)                                                                               \
    {                                                                                                                  \
        "nvidia-" number, "NVIDIA A30-" name, max, gib * 1024U, 1, "4096x2160", { 0 }, gib                             \
    }
static const struct gpu a30 = {
    .board = "a30",
    .rule = RULE_ONE_SIZE,
    .full_errno = ENOSPC,
    .slots = 24,
    .types = { A30_TYPE("1101", "4C", 6, 4), A30_TYPE("1102", "6C", 4, 6), A30_TYPE("1103", "8C", 3, 8),
               A30_TYPE("1104", "12C", 2, 12), A30_TYPE("1105", "24C", 1, 24) },
    .type_count = 5,
};
#define A40_TYPE(number, name, max, gib)                                                                               \
    {                                                                                                                  \
        number, "NVIDIA A40-" name, max, gib * 1024U, 4, "7680x4320", { 0 }, 0                                         \
    }
static const struct gpu a40 = {
    .board = "a40",
    .rule = RULE_ONE_SIZE,
    .full_errno = EIO,
    .types = { A40_TYPE("557", "1Q", 32, 1), A40_TYPE("558", "2Q", 24, 2), A40_TYPE("556", "2B", 24, 2),
               A40_TYPE("560", "4Q", 12, 4), A40_TYPE("562", "8Q", 6, 8), A40_TYPE("566", "48Q", 1, 48) },
    .type_count = 6,
};

static struct card *card_of(const struct pci *vf)
{
    return vf->parent->object;
}

static ssize_t show_creatable(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct pci *vf = object;
    const struct card *card = card_of(vf);
    size_t used = (size_t)snprintf(buffer, size, "ID    : vGPU Name\n"); /* also above nothing */
    if (card->on[vf->vf_index])
        return (ssize_t)used;
    for (unsigned i = 0; i < card->gpu->type_count && used < size; i++) {
        const struct type *type = &card->gpu->types[i];
        if (!model_available(card->gpu, type))
            continue;
        int more = snprintf(buffer + used, size - used, "%-5s : %s\n", type->id, type->name);
        used += more > 0 ? (size_t)more : 0;
    }
    return (ssize_t)(used < size ? used : size);
}

static ssize_t show_current(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct pci *vf = object;
    const struct instance *instance = card_of(vf)->on[vf->vf_index];
    return snprintf(buffer, size, "%s\n", instance ? instance->type->id : "0");
}

static int destroy(struct card *card, struct pci *vf)
{
    struct instance *instance = card->on[vf->vf_index];
    if (!instance)
        return -EPERM; /* nothing is there to be taken away */
    if (model_broken("deaf-remove"))
        return 0;
    if (vf->users)
        return model_broken("other-refusals") ? -EPERM : -EBUSY;
    card->on[vf->vf_index] = NULL;
    model_give(instance);
    return 0;
}

/* Only under the controls overwrites-vf and refuses-overwrites. */
static int overwrite(struct card *card, struct instance *instance, unsigned long number)
{
    for (unsigned i = 0; i < card->gpu->type_count; i++) {
        const struct type *type = &card->gpu->types[i];
        if (strtoul(type->id, NULL, 10) != number || type == instance->type)
            continue;
        instance->type = type;
        return model_broken("refuses-overwrites") ? -EPERM : 0;
    }
    return -EPERM;
}

static int store_current(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct pci *vf = object;
    struct card *card = card_of(vf);
    unsigned long number;
    int error;
    if (!model_number(data, length, &number))
        return -EINVAL;
    if (number == 0)
        return destroy(card, vf);
    if (card->on[vf->vf_index] && model_overwrites())
        return overwrite(card, card->on[vf->vf_index], number);
    if (card->on[vf->vf_index] && !model_broken("two-per-vf"))
        return -EPERM; /* a second vGPU on one VF is an invalid operation */
    for (unsigned i = 0; i < card->gpu->type_count; i++) {
        struct type *type = &card->gpu->types[i];
        if (strtoul(type->id, NULL, 10) != number)
            continue;
        struct instance *instance = model_take(card->gpu, type, vf->address, &error);
        if (!instance)
            return -error;
        if (card->on[vf->vf_index] && !model_broken("two-per-vf")) { /* a control let somebody else in */
            model_give(instance);
            return -EPERM;
        }
        card->on[vf->vf_index] = instance;
        return 0;
    }
    return -EINVAL;
}

static const struct attribute creatable = { .show = show_creatable };
static const struct attribute current = { .show = show_current, .store = store_current };

/* A VF's VFIO device is there as soon as the variant driver has it. */
static int open_group(void *object, long argument)
{
    (void)argument;
    struct pci *vf = object;
    if (!card_of(vf)->on[vf->vf_index])
        return -ENODEV;
    vf->users++;
    return 0;
}

static void release_group(void *object, long argument)
{
    (void)argument;
    ((struct pci *)object)->users--;
}

static const struct attribute group_attribute = { .open = open_group, .release = release_group };

static int probe_vf(struct pci *vf)
{
    char group[16];
    struct node *directory = tree_directory(vf->device, "nvidia");
    tree_file(directory, "creatable_vgpu_types", 0444, &creatable, vf, 0);
    tree_file(directory, "current_vgpu_type", 0644, &current, vf, 0);
    tree_text(directory, "vgpu_params", 0644, "\n");
    snprintf(group, sizeof(group), "%u", vf->group);
    vf->group_file = tree_file(tree_path("dev/vfio"), group, 0600, &group_attribute, vf, 0);
    return 0;
}

static int remove_vf(struct pci *vf)
{
    struct card *card = card_of(vf);
    struct instance *instance = card->on[vf->vf_index];
    card->on[vf->vf_index] = NULL;
    if (instance)
        model_give(instance);
    tree_remove(tree_child(vf->device, "nvidia"));
    return 0;
}

static int remove_pf(struct pci *pf)
{
    return pci_set_vfs(pf, 0);
}

static const struct pci_driver nvidia = { .name = "nvidia", .remove = remove_pf };
static const struct pci_driver nvidia_vf = { .name = "nvidia-vgpu-vfio", .probe = probe_vf, .remove = remove_vf };

/* The vendor's driver has the VF; its vGPU is a mediated device. */
static int probe_vf_mdev(struct pci *vf)
{
    struct card *card = card_of(vf);
    struct mdev_parent *parent = &card->parents[vf->vf_index];
    *parent = (struct mdev_parent) { .gpu = card->gpu,
                                     .device = vf->device,
                                     .address = vf->address,
                                     .driver = &nvidia_mdev,
                                     .only = &card->on[vf->vf_index] };
    mdev_register_at(parent);
    return 0;
}

static int remove_vf_mdev(struct pci *vf)
{
    mdev_unregister_at(&card_of(vf)->parents[vf->vf_index]);
    return 0;
}

static const struct pci_driver nvidia_vf_mdev = { .name = "nvidia", .probe = probe_vf_mdev, .remove = remove_vf_mdev };

/* Only under the control types-on-pf: the PF offers types beside its VFs. */
static void offer_on_pf(struct card *card)
{
    struct node *shown = tree_child(card->pci->device, card->mdev ? "mdev_supported_types" : "nvidia");
    if (shown && card->mdev)
        mdev_unregister(card->gpu);
    else
        tree_remove(shown);
    if (!card->pci->vf_count || !model_broken("types-on-pf"))
        return;
    if (card->mdev)
        mdev_register(card->gpu, &nvidia_mdev);
    else
        tree_text(tree_directory(card->pci->device, "nvidia"), "creatable_vgpu_types", 0444,
                  "ID    : vGPU Name\n%-5s : %s\n", card->gpu->types[0].id, card->gpu->types[0].name);
}

static void changed(struct pci *pf)
{
    struct card *card = pf->object;
    card->gpu->rule = RULE_ONE_SIZE;
    offer_on_pf(card);
}

/* --- the vendor's tools: below /model, and scripts and a library where the real ones are ----------------------------
 */

static struct card *named(const char *data, size_t length)
{
    for (unsigned i = 0; i < card_count; i++)
        if (length >= strlen(cards[i].pci->address) &&
            strncmp(data, cards[i].pci->address, strlen(cards[i].pci->address)) == 0)
            return &cards[i];
    return NULL;
}

/* "-e 0000:41:00.0" or "-d ...". */
static int store_manage(void *object, long argument, const char *data, size_t length)
{
    (void)object;
    (void)argument;
    struct card *card = length > 3 ? named(data + 3, length - 3) : NULL;
    if (!card || !card->pci->driver || data[0] != '-' || (data[1] != 'e' && data[1] != 'd'))
        return -ENODEV;
    if (card->busy) {
        card->busy--;
        return -EBUSY; /* cannot obtain unbindLock */
    }
    if (data[1] == 'd' && card->gpu->count && !model_broken("vfs-any-time"))
        return -EBUSY;
    return pci_set_vfs(card->pci, data[1] == 'e' ? card->pci->vf_total : 0);
}

static const struct attribute manage = { .store = store_manage };

/* "0" or "1", as the driver's heterogeneous mode is told. */
static int store_mode(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct card *card = object;
    unsigned long value;
    if (!model_number(data, length, &value) || value > 1)
        return -EINVAL;
    if (card->gpu->count && !model_broken("mode-any-time"))
        return -EBUSY; /* in use by another client */
    if (!card->can_mix)
        return -EOPNOTSUPP;
    card->gpu->rule = value ? RULE_MIXED_SIZES : RULE_ONE_SIZE;
    return 0;
}

static ssize_t show_mode(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    return snprintf(buffer, size, "%d\n", card->gpu->rule == RULE_MIXED_SIZES);
}

static const struct attribute mode = { .show = show_mode, .store = store_mode };

static int store_busy(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    unsigned long value;
    if (!model_number(data, length, &value))
        return -EINVAL;
    ((struct card *)object)->busy = (unsigned)value;
    return 0;
}

static const struct attribute busy = { .store = store_busy };

/* One line per vGPU: VF, type, where it begins; what NVML tells. */
static ssize_t show_places(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    *buffer = '\0';
    for (unsigned i = 0; i < card->pci->vf_count && used < size; i++) {
        const struct instance *instance = card->on[i];
        if (!instance)
            continue;
        int more = snprintf(buffer + used, size - used, "%u %s %s %u\n", i, instance->name, instance->type->id,
                            instance->slot);
        used += more > 0 ? (size_t)more : 0;
    }
    return (ssize_t)(used < size ? used : size);
}

static const struct attribute places = { .show = show_places };

/* One line per type: number, slots, then every place at which it may begin. */
static ssize_t show_supported(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    *buffer = '\0';
    for (unsigned i = 0; i < card->gpu->type_count && card->can_mix; i++) {
        const struct type *type = &card->gpu->types[i];
        unsigned slot;
        used += (size_t)snprintf(buffer + used, size - used, "%s %u", type->id, type->size);
        for (unsigned j = 0; model_place(card->gpu, type, j, &slot) && used + 16 < size; j++)
            used += (size_t)snprintf(buffer + used, size - used, " %u", slot);
        used += (size_t)snprintf(buffer + used, size - used, "\n");
    }
    return (ssize_t)used;
}

static const struct attribute supported = { .show = show_supported };

static bool is_told_creatable(const struct gpu *gpu, const struct type *type, unsigned index, unsigned slot)
{
    unsigned next;
    if (model_broken("taken-placements"))
        return true;
    if (model_broken("hidden-placements") && gpu->count && !model_place(gpu, type, index + 1, &next))
        return false;
    return model_place_is_free(gpu, type, slot);
}

/* The same, of those that are free now. */
static ssize_t show_free(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    *buffer = '\0';
    for (unsigned i = 0; i < card->gpu->type_count && card->can_mix; i++) {
        const struct type *type = &card->gpu->types[i];
        unsigned slot;
        used += (size_t)snprintf(buffer + used, size - used, "%s %u", type->id, type->size);
        for (unsigned j = 0; model_place(card->gpu, type, j, &slot) && used + 16 < size; j++)
            if (is_told_creatable(card->gpu, type, j, slot))
                used += (size_t)snprintf(buffer + used, size - used, " %u", slot);
        used += (size_t)snprintf(buffer + used, size - used, "\n");
    }
    return (ssize_t)used;
}

static const struct attribute creatable_places = { .show = show_free };

/* One line per type: number, and the most of it that the pGPU may have; no more than it has VFs. */
static ssize_t show_maxima(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    for (unsigned i = 0; i < card->gpu->type_count && used + 64 < size; i++) {
        const struct type *type = &card->gpu->types[i];
        unsigned most = type->max < card->pci->vf_total ? type->max : card->pci->vf_total;
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s %u\n", type->id, most + model_broken("advertises-more"));
    }
    return (ssize_t)used;
}

static const struct attribute maxima = { .show = show_maxima };

/* The stand-in for NVIDIA's library is a file beside this program; here it lies where a driver's would. */
static void add_library(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);
    if (length <= 0)
        return;
    memcpy(path + length, "-nvml.so", sizeof("-nvml.so"));
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    size_t count = 0;
    for (char buffer[65536]; file && !feof(file) && !ferror(file);) {
        size_t got = fread(buffer, 1, sizeof(buffer), file);
        char *longer = realloc(bytes, count + got + 1);
        if (!longer)
            break;
        bytes = longer;
        memcpy(bytes + count, buffer, got);
        count += got;
    }
    if (file)
        fclose(file);
    if (count)
        tree_bytes(tree_path("usr/lib/x86_64-linux-gnu"), "libnvidia-ml.so.1", 0444, bytes, count);
    else
        fprintf(stderr, "vgauge-model: no %s: placement IDs and mixed-size mode cannot be asked for\n", path);
    free(bytes);
}

static void add_tools(void)
{
    static const char script[] = "#!/bin/sh\n"
                                 "# The model's stand-in for NVIDIA's script: -e or -d, then the address.\n"
                                 "root=$(cd \"$(dirname \"$0\")/../../..\" && pwd) || exit 1\n"
                                 "[ -e \"$root/sys/bus/pci/devices/$2\" ] || { echo \"no device '$2'\" >&2; exit 1; }\n"
                                 "echo \"$1 $2\" 2>/dev/null >\"$root/model/sriov-manage\" && exit 0\n"
                                 "echo 'Cannot obtain unbindLock' >&2\n"
                                 "exit 1\n";
    struct node *directory = tree_path("usr/lib/nvidia");
    add_library();
    tree_bytes(directory, "sriov-manage", 0555, script, strlen(script));
    tree_file(tree_path("model"), "sriov-manage", 0200, &manage, NULL, 0);
    for (unsigned i = 0; i < card_count; i++) {
        struct node *own = tree_directory(tree_path("model/nvml"), cards[i].pci->address);
        tree_file(own, "mode", 0644, &mode, &cards[i], 0);
        tree_file(own, "places", 0444, &places, &cards[i], 0);
        tree_file(own, "supported", 0444, &supported, &cards[i], 0);
        tree_file(own, "creatable", 0444, &creatable_places, &cards[i], 0);
        tree_file(own, "maxima", 0444, &maxima, &cards[i], 0);
        tree_file(own, "busy", 0200, &busy, &cards[i], 0);
    }
}

static void reset(void)
{
    for (unsigned i = 0; i < card_count; i++) {
        struct pci *pci = cards[i].pci;
        cards[i].busy = 0;
        for (unsigned j = 0; j < pci->vf_count; j++)
            pci->vfs[j]->users = 0;
        if (pci->driver)
            pci_unbind(pci);
        pci->override[0] = '\0';
        cards[i].gpu->count = 0;
        cards[i].gpu->rule = RULE_ONE_SIZE;
        pci_bind(pci, &nvidia);
    }
}

void nvidia_vf_mix(void)
{
    for (unsigned i = 0; i < card_count; i++)
        pci_set_vfs(cards[i].pci, cards[i].pci->vf_total);
    cards[0].gpu->rule = RULE_MIXED_SIZES;
}

void nvidia_vf_add(bool vfio, bool mdev)
{
    static const struct {
        const char *address;
        const struct gpu *like;
        const char *device;
        unsigned vfs;
        bool can_mix, mdev;
    } all[CARDS] = { { "0000:41:00.0", &a100, "0x20b5", 20, true, false },
                     { "0000:42:00.0", &a100, "0x20b5", 20, true, false },
                     { "0000:c1:00.0", &a40, "0x2235", 24, false, false },
                     { "0000:61:00.0", &a30, "0x20b7", 6, true, true },
                     { "0000:62:00.0", &a30, "0x20b7", 6, true, true } };
    card_count = 0;
    for (unsigned i = 0; i < CARDS; i++) {
        if (all[i].mdev ? !mdev : !vfio)
            continue;
        struct card *card = &cards[card_count++];
        struct gpu *gpu = model_gpu(all[i].like);
        gpu->address = all[i].address;
        *card = (struct card) { .gpu = gpu, .can_mix = all[i].can_mix, .mdev = all[i].mdev };
        card->pci = pci_add(all[i].address, "0x10de", all[i].device, &nvidia);
        card->pci->object = card;
        card->pci->raw_numvfs_refused = true;
        card->pci->vf_changed = changed;
        gpu->device = card->pci->device;
        pci_add_sriov(card->pci, all[i].vfs, all[i].mdev ? &nvidia_vf_mdev : &nvidia_vf);
        pci_bind(card->pci, &nvidia);
    }
    add_tools();
    model_on_reset(reset);
}
