/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intel xe SR-IOV: VFs through sriov_numvfs, their share through sriov_admin/{pf,vfN}/profile as in
 * Documentation/ABI/testing/sysfs-driver-intel-xe-sriov. Video memory is provisioned in equal parts when VFs are
 * enabled, until somebody writes a quota, and graphics addresses (GGTT) in equal parts. Debugfs shows how many bytes of
 * memory each VF has, and which addresses. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_VFS = 25, /* the largest card has 24; one more under the control vfs-too-many */
    MIB_SHIFT = 20,
    GRANULE_MIB = 2,
    PF_MIB = 512,
    GGTT_MIB = 4096,
    GGTT_PF_MIB = 64,
    MOST_QUANTUM_MS = 100000,
    MOST_TIMEOUT_US = 100000000
};
enum { QUANTUM, TIMEOUT, PRIORITY, QUOTA };
static const char *const priorities[] = { "low", "normal", "high" };

struct share {
    unsigned long value[3]; /* by QUANTUM, TIMEOUT, PRIORITY */
    unsigned long mib;
};
struct card {
    struct pci *pci;
    unsigned long memory_mib;
    struct share shares[MOST_VFS + 1]; /* 0: the PF */
    struct node *admin;
};
static struct card cards[2];

/* An argument holds the function (0: PF) and which of its settings. */
static long argument_of(unsigned function, unsigned what)
{
    return (long)(function * 8 + what);
}

/* Is there room for so much beside the other functions? */
static bool has_room(const struct card *card, unsigned function, unsigned long mib)
{
    unsigned long sum = PF_MIB + mib;
    for (unsigned i = 1; i <= card->pci->vf_count; i++)
        sum += i == function ? 0 : card->shares[i].mib;
    return sum <= card->memory_mib;
}

static ssize_t show_setting(void *object, long argument, char *buffer, size_t size)
{
    const struct card *card = object;
    const struct share *share = &card->shares[argument / 8];
    unsigned what = (unsigned)argument % 8;
    if (what == QUOTA)
        return snprintf(buffer, size, "%lu\n", share->mib << MIB_SHIFT);
    if (what != PRIORITY)
        return snprintf(buffer, size, "%lu\n", share->value[what]);
    char text[64] = "";
    for (unsigned i = 0; i < 3; i++) {
        char word[16];
        snprintf(word, sizeof(word), share->value[PRIORITY] == i ? "[%s] " : "%s ", priorities[i]);
        strncat(text, word, sizeof(text) - strlen(text) - 1);
    }
    text[strlen(text) - 1] = '\0';
    return snprintf(buffer, size, "%s\n", text);
}

static int store_quota(struct card *card, unsigned function, unsigned long bytes)
{
    struct share *share = &card->shares[function];
    if (bytes >> MIB_SHIFT > card->memory_mib)
        return -EINVAL;
    unsigned long granule = (unsigned long)GRANULE_MIB << MIB_SHIFT; /* pages of the memory translation table */
    unsigned long mib = ((bytes + granule - 1) / granule * granule) >> MIB_SHIFT;
    if (!mib) {
        *share = (struct share) { .value = { share->value[0], share->value[1], share->value[2] } };
        return 0;
    }
    if (!has_room(card, function, mib))
        return -ENOSPC;
    share->mib = mib;
    return 0;
}

/* The index of a priority, or -1. */
static int priority_of(const char *data, size_t length)
{
    size_t bare = length && data[length - 1] == '\n' ? length - 1 : length;
    for (int i = 0; i < 3; i++)
        if (strlen(priorities[i]) == bare && memcmp(priorities[i], data, bare) == 0)
            return i;
    return -1;
}

/* Of all functions at once, and only low or normal: the firmware has a switch for those two. */
static int store_all_priorities(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct card *card = object;
    int priority = priority_of(data, length);
    if (priority < 0 || priority > 1)
        return -EINVAL;
    for (unsigned i = 0; i <= card->pci->vf_total; i++)
        card->shares[i].value[PRIORITY] = (unsigned long)priority;
    return 0;
}

static int store_setting(void *object, long argument, const char *data, size_t length)
{
    struct card *card = object;
    unsigned what = (unsigned)argument % 8, function = (unsigned)(argument / 8);
    unsigned long value;
    if (what == PRIORITY) {
        int priority = priority_of(data, length);
        if (priority < 0)
            return -EINVAL;
        card->shares[function].value[PRIORITY] = (unsigned long)priority;
        return 0;
    }
    if (!model_number(data, length, &value))
        return -EINVAL;
    if (what == QUOTA)
        return store_quota(card, function, value);
    if (value > (what == QUANTUM ? MOST_QUANTUM_MS : MOST_TIMEOUT_US))
        return -EINVAL;
    card->shares[function].value[what] = value;
    return 0;
}

static const struct attribute setting = { .show = show_setting, .store = store_setting };
static const struct attribute read_only = { .show = show_setting };
static const struct attribute all_priorities = { .store = store_all_priorities };

static ssize_t show_memory(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    *buffer = '\0';
    for (unsigned i = 1; i <= card->pci->vf_count && used < size; i++) {
        unsigned long mib = card->shares[i].mib;
        int more = mib ? snprintf(buffer + used, size - used, "VF%u:\t%lu\t(%lu MiB)\n", i, mib << MIB_SHIFT, mib) : 0;
        used += more > 0 ? (size_t)more : 0;
    }
    return (ssize_t)(used < size ? used : size);
}

static ssize_t show_addresses(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    unsigned count = card->pci->vf_count;
    *buffer = '\0';
    for (unsigned i = 1; i <= count && used < size; i++) {
        unsigned long each = (GGTT_MIB - GGTT_PF_MIB) / count, first = GGTT_PF_MIB + (i - 1) * each;
        if (model_broken("overlapping-places") && i > 1)
            first = GGTT_PF_MIB + each / 2;
        if (model_broken("unequal-shares") && i == 1)
            each /= 4;
        int more = snprintf(buffer + used, size - used, "VF%u:\t%#lx-%#lx\t(%lu MiB)\n", i, first << MIB_SHIFT,
                            ((first + each) << MIB_SHIFT) - 1, each);
        used += more > 0 ? (size_t)more : 0;
    }
    return (ssize_t)(used < size ? used : size);
}

static const struct attribute memory_provisioned = { .show = show_memory };
static const struct attribute addresses_provisioned = { .show = show_addresses };

static void add_function(struct card *card, unsigned function, const char *name)
{
    struct node *directory = tree_directory(card->admin, name), *profile = tree_directory(directory, "profile");
    tree_file(profile, "exec_quantum_ms", 0644, &setting, card, argument_of(function, QUANTUM));
    tree_file(profile, "preempt_timeout_us", 0644, &setting, card, argument_of(function, TIMEOUT));
    tree_file(profile, "sched_priority", function ? 0444 : 0644, function ? &read_only : &setting, card,
              argument_of(function, PRIORITY));
    if (function)
        tree_file(profile, "vram_quota", 0644, &setting, card, argument_of(function, QUOTA));
}

/* VFs came or went: everything is provisioned anew in equal parts, or released. */
static void changed(struct pci *pf)
{
    struct card *card = pf->object;
    unsigned count = pf->vf_count;
    memset(card->shares + 1, 0, sizeof(card->shares) - sizeof(card->shares[0]));
    for (unsigned i = 1; i <= count; i++) {
        unsigned long each = (card->memory_mib - PF_MIB) / count / GRANULE_MIB * GRANULE_MIB;
        card->shares[i].mib = model_broken("unequal-shares") && i == 1 ? GRANULE_MIB : each;
    }
}

static int probe(struct pci *pci)
{
    struct card *card = pci->object;
    char name[16];
    if (pci->parent || !card)
        return 0;
    card->admin = tree_directory(pci->device, "sriov_admin");
    tree_file(tree_directory(card->admin, ".bulk_profile"), "sched_priority", 0200, &all_priorities, card, 0);
    add_function(card, 0, "pf");
    for (unsigned i = 1; i <= pci->vf_total; i++) {
        snprintf(name, sizeof(name), "vf%u", i);
        add_function(card, i, name);
    }
    return 0;
}

static int release(struct pci *pci)
{
    struct card *card = pci->object;
    if (pci->parent || !card)
        return 0;
    pci_set_vfs(pci, 0);
    tree_remove(card->admin);
    card->admin = NULL;
    return 0;
}

static const struct pci_driver xe = { .name = "xe", .probe = probe, .remove = release };

static void reset(void)
{
    for (unsigned i = 0; i < 2; i++) {
        if (cards[i].pci->driver)
            pci_unbind(cards[i].pci);
        cards[i].pci->override[0] = '\0';
        cards[i].pci->numvfs_busy = 0;
        memset(cards[i].shares, 0, sizeof(cards[i].shares));
        cards[i].pci->autoprobe = true;
        pci_bind(cards[i].pci, &xe);
    }
}

static void add(unsigned index, const char *address, unsigned vfs, unsigned long memory_mib)
{
    struct card *card = &cards[index];
    *card = (struct card) { .memory_mib = memory_mib };
    card->pci = pci_add(address, "0x8086", "0x56c0", &xe);
    card->pci->object = card;
    card->pci->vf_changed = changed;
    pci_add_sriov(card->pci, vfs, &xe);
    pci_bind(card->pci, &xe);
    if (model_broken("hidden-parts"))
        return;
    struct node *debug = tree_directory(tree_path("sys/kernel/debug/dri"), address);
    struct node *tile = tree_directory(tree_directory(tree_directory(debug, "sriov"), "pf"), "tile0");
    tree_file(tile, "vram_provisioned", 0444, &memory_provisioned, card, 0);
    if (!model_broken("hidden-addresses"))
        tree_file(tile, "ggtt_provisioned", 0444, &addresses_provisioned, card, 0);
}

void xe_add(void)
{
    add(0, "0000:4d:00.0", 7, 16384);
    add(1, "0000:4e:00.0", 24, 49152);
    model_on_reset(reset);
}
