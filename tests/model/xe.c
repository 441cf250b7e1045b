/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intel xe SR-IOV: VFs through sriov_numvfs, their share through sriov_admin/{pf,vfN}/profile as in
 * Documentation/ABI/testing/sysfs-driver-intel-xe-sriov. Video memory is provisioned in equal parts when VFs are
 * enabled, until somebody writes a quota; provisioned ranges are shown in debugfs. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_VFS = 24,
    MIB_SHIFT = 20,
    GRANULE_MIB = 2,
    PF_MIB = 512,
    MOST_QUANTUM_MS = 100000,
    MOST_TIMEOUT_US = 100000000
};
enum { QUANTUM, TIMEOUT, PRIORITY, QUOTA };
static const char *const priorities[] = { "low", "normal", "high" };

struct share {
    unsigned long value[3]; /* by QUANTUM, TIMEOUT, PRIORITY */
    unsigned long first_mib, mib;
};
struct card {
    struct pci *pci;
    unsigned long memory_mib;
    struct share shares[MOST_VFS + 1]; /* 0: the PF */
    bool automatic;
    struct node *admin;
};
static struct card cards[2];

/* An argument holds the function (0: PF) and which of its settings. */
static long argument_of(unsigned function, unsigned what)
{
    return (long)(function * 8 + what);
}

/* First fit, above what the PF keeps and around the other functions. 0: no room. */
static unsigned long find_room(const struct card *card, unsigned function, unsigned long mib)
{
    unsigned long first = PF_MIB;
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned i = 1; i <= card->pci->vf_count; i++) {
            const struct share *other = &card->shares[i];
            if (i != function && other->mib && first < other->first_mib + other->mib &&
                other->first_mib < first + mib) {
                first = other->first_mib + other->mib;
                moved = true;
            }
        }
        if (model_broken("overlapping-places") && function > 1)
            break; /* the first range that is not the first VF's, whoever has it */
    }
    if (model_broken("overlapping-places") && function > 1)
        first = PF_MIB + card->shares[1].mib / 2 / GRANULE_MIB * GRANULE_MIB;
    return first + mib <= card->memory_mib ? first : 0;
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
    unsigned long mib = (bytes >> MIB_SHIFT) / GRANULE_MIB * GRANULE_MIB;
    if (mib > card->memory_mib)
        return -EINVAL;
    if (!mib) {
        *share = (struct share) { .value = { share->value[0], share->value[1], share->value[2] } };
        return 0;
    }
    unsigned long first = find_room(card, function, mib);
    if (!first)
        return -ENOSPC;
    card->automatic = false;
    share->first_mib = first;
    share->mib = mib;
    return 0;
}

static int store_setting(void *object, long argument, const char *data, size_t length)
{
    struct card *card = object;
    unsigned what = (unsigned)argument % 8, function = (unsigned)(argument / 8);
    unsigned long value;
    if (what == PRIORITY) {
        size_t bare = length && data[length - 1] == '\n' ? length - 1 : length;
        for (unsigned i = 0; i < 3; i++) {
            if (strlen(priorities[i]) != bare || memcmp(priorities[i], data, bare) != 0)
                continue;
            card->shares[function].value[PRIORITY] = i;
            return 0;
        }
        return -EINVAL;
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

static ssize_t show_provisioned(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct card *card = object;
    size_t used = 0;
    *buffer = '\0';
    for (unsigned i = 1; i <= card->pci->vf_count && used < size; i++) {
        const struct share *share = &card->shares[i];
        if (!share->mib)
            continue;
        int more = snprintf(buffer + used, size - used, "VF%u: %#lx-%#lx\n", i, share->first_mib << MIB_SHIFT,
                            ((share->first_mib + share->mib) << MIB_SHIFT) - 1);
        used += more > 0 ? (size_t)more : 0;
    }
    return (ssize_t)(used < size ? used : size);
}

static const struct attribute provisioned = { .show = show_provisioned };

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
    card->automatic = true;
    for (unsigned i = 1; i <= count; i++) {
        unsigned long each = (card->memory_mib - PF_MIB) / count / GRANULE_MIB * GRANULE_MIB;
        card->shares[i].mib = each;
        card->shares[i].first_mib =
            model_broken("overlapping-places") && i > 1 ? PF_MIB + each / 2 : PF_MIB + (i - 1) * each;
    }
}

static int probe(struct pci *pci)
{
    struct card *card = pci->object;
    char name[16];
    if (pci->parent || !card)
        return 0;
    card->admin = tree_directory(pci->device, "sriov_admin");
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
    struct node *debug = tree_path("sys/kernel/debug/dri");
    tree_file(tree_directory(tree_directory(tree_directory(debug, address), "gt0"), "pf"), "vram_provisioned", 0444,
              &provisioned, card, 0);
}

void xe_add(void)
{
    add(0, "0000:4d:00.0", 7, 16384);
    add(1, "0000:4e:00.0", 24, 49152);
    model_on_reset(reset);
}
