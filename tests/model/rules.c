/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fits on a pGPU: the four rules that the drivers' documentation tells of, and the controls that break them. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const model_controls[] = {
    "lying-counter",       /* shows one more than there is, once two instances live on the pGPU */
    "race-extra-slot",     /* looks, waits, and only then takes: two can have the last slot */
    "slot-lost",           /* each destroy loses what it should give back */
    "same-type-slot",      /* what a destroy frees is given to the same type only, until the pGPU is empty; counters are
                              right */
    "any-type",            /* the rule of one type (or one size) per pGPU is not kept */
    "overlapping-places",  /* mixed-size: looks at vGPUs of the same type only */
    "taken-placements",    /* mixed-size: tells every supported placement ID to be creatable */
    "hidden-placements",   /* mixed-size: the last placement ID of a type is not told to be creatable while a vGPU lives
                            */
    "deaf-remove",         /* says yes and removes nothing */
    "grants-past-counter", /* counters are right, and create grants what they say is not there */
    "board-rule",          /* the rule of one type per pGPU reaches to all pGPUs of its board */
    "advertises-more",     /* the maximum that is advertised, of a type or of VFs, is one too many */
    "garbled-total",       /* sriov_totalvfs holds no number while VFs are enabled */
    "node-left",           /* each create of an mdev that is refused leaves a device node behind */
    "wrong-api",           /* an mdev type's device_api names another bus's driver */
    "no-api",              /* an mdev type has no device_api */
    "unequal-shares",      /* xe: the first VF is given less memory and fewer addresses than the others */
    "hidden-parts",        /* xe: debugfs, where it tells of VFs' memory and addresses, is not mounted */
    "hidden-addresses",    /* xe: the file of VFs' addresses there is missing */
    "any-uuid",            /* a malformed UUID makes a device, under a name of the driver's own */
    "duplicate-uuid",      /* a UUID that is taken is accepted, and nothing is made */
    "mode-any-time",       /* mixed-size mode changes with a vGPU there */
    "two-per-vf",          /* a VF that has a vGPU takes another */
    "overwrites-vf",       /* another type that is asked for on a VF with a vGPU takes that one's place */
    "refuses-overwrites",  /* the same, and the answer is no */
    "types-on-pf",         /* the PF offers types although its VFs are enabled */
    "vfs-any-time",        /* VFs go although one is in use, and from one number to another without going through 0 */
    "vfs-once",            /* the number of VFs that is there already is refused */
    "vfs-too-many",        /* one VF more than there are is enabled */
    "stale-boot",          /* what lived before a reboot still takes its place after it */
    "clean-unplug",        /* no fault: an mdev that a VM has is removed all the same, and is gone */
    "other-refusals",      /* no fault: what is in use or full is refused, by another error than usual */
    NULL,
};
static const char *broken;

bool model_break(const char *name)
{
    broken = NULL;
    for (unsigned i = 0; model_controls[i]; i++)
        if (strcmp(model_controls[i], name) == 0)
            broken = model_controls[i];
    return broken != NULL;
}

bool model_broken(const char *name)
{
    return broken && strcmp(broken, name) == 0;
}

bool model_overwrites(void)
{
    return model_broken("overwrites-vf") || model_broken("refuses-overwrites");
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned left_in_pools(const struct gpu *gpu, const struct type *type)
{
    unsigned fits = MODEL_INSTANCES;
    for (unsigned pool = 0; pool < MODEL_POOLS; pool++) {
        if (!type->cost[pool])
            continue;
        unsigned used = 0;
        for (unsigned i = 0; i < gpu->count; i++)
            used += gpu->instances[i]->type->cost[pool];
        for (unsigned i = 0; i < gpu->type_count; i++)
            used += gpu->lost[i] * gpu->types[i].cost[pool];
        fits = least(fits, used < gpu->pool[pool] ? (gpu->pool[pool] - used) / type->cost[pool] : 0);
    }
    return fits;
}

/* Only under the control board-rule: does another pGPU of the board have another type? */
static bool board_forbids(const struct gpu *gpu, const struct type *type)
{
    for (unsigned i = 0; i < model_gpu_count && model_broken("board-rule"); i++) {
        const struct gpu *other = model_gpus[i];
        if (other != gpu && strcmp(other->board, gpu->board) == 0 && other->count &&
            strcmp(other->instances[0]->type->id, type->id) != 0)
            return true;
    }
    return false;
}

/* The type's own maximum, less all that live there, if what lives there lets it in at all. */
static unsigned left_beside(const struct gpu *gpu, const struct type *type)
{
    unsigned gone = gpu->count;
    for (unsigned i = 0; i < gpu->type_count; i++)
        gone += gpu->lost[i];
    for (unsigned i = 0; i < gpu->count && !model_broken("any-type"); i++) {
        const struct type *other = gpu->instances[i]->type;
        if (gpu->rule == RULE_ONE_TYPE ? other != type : other->memory_mib != type->memory_mib)
            return 0;
    }
    return type->max > gone && !board_forbids(gpu, type) ? type->max - gone : 0;
}

bool model_place(const struct gpu *gpu, const struct type *type, unsigned index, unsigned *slot)
{
    unsigned power = 1, parts, part;
    bool at_end;
    if (!type->size || !type->max)
        return false;
    while (power * 2 <= type->max)
        power *= 2;
    if (type->max == 1) { /* it has the region alone */
        *slot = 0;
        return index == 0;
    }
    if (power == type->max) { /* two in each part, one at either end */
        parts = power / 2;
        part = index / 2;
        at_end = index % 2;
    } else { /* one in each part, left halves at their start and right halves at their end */
        parts = power;
        part = index;
        at_end = part % 2;
    }
    unsigned first = part * gpu->slots / parts, end = (part + 1) * gpu->slots / parts;
    *slot = at_end ? end - type->size : first;
    return part < parts;
}

static bool is_free(const struct gpu *gpu, const struct type *type, unsigned slot, bool same_type_only)
{
    for (unsigned i = 0; i < gpu->count; i++) {
        const struct instance *other = gpu->instances[i];
        if (same_type_only && other->type != type)
            continue;
        if (slot < other->slot + other->type->size && other->slot < slot + type->size)
            return false;
    }
    return true;
}

bool model_place_is_free(const struct gpu *gpu, const struct type *type, unsigned slot)
{
    return is_free(gpu, type, slot, false);
}

static unsigned free_places(const struct gpu *gpu, const struct type *type, unsigned *first)
{
    unsigned count = 0, slot;
    for (unsigned i = 0; model_place(gpu, type, i, &slot); i++) {
        if (!is_free(gpu, type, slot, model_broken("overlapping-places")))
            continue;
        if (count++ == 0)
            *first = slot;
    }
    unsigned gone = gpu->lost[type - gpu->types];
    return count > gone ? count - gone : 0;
}

static unsigned really_available(const struct gpu *gpu, const struct type *type)
{
    unsigned first;
    switch (gpu->rule) {
    case RULE_POOLS:
        return left_in_pools(gpu, type);
    case RULE_ONE_TYPE:
    case RULE_ONE_SIZE:
        return left_beside(gpu, type);
    case RULE_MIXED_SIZES:
        return free_places(gpu, type, &first);
    }
    return 0;
}

unsigned model_available(const struct gpu *gpu, const struct type *type)
{
    unsigned really = really_available(gpu, type);
    bool lie = model_broken("lying-counter") && gpu->count >= 2;
    return really + lie;
}

/* Only under the control same-type-slot. */
static bool is_kept_for_another(const struct gpu *gpu, const struct type *type)
{
    bool kept = false;
    for (unsigned i = 0; i < gpu->type_count && model_broken("same-type-slot"); i++)
        kept = kept || (gpu->freed[i] && &gpu->types[i] != type);
    return kept;
}

struct instance *model_take(struct gpu *gpu, const struct type *type, const char *name, int *error)
{
    *error = model_broken("other-refusals") ? EIO : gpu->full_errno;
    if (!gpu->count)
        memset(gpu->freed, 0, sizeof(gpu->freed));
    bool room = (really_available(gpu, type) && !is_kept_for_another(gpu, type)) || model_broken("grants-past-counter");
    if (!room || gpu->count >= MODEL_INSTANCES)
        return NULL;
    if (model_broken("race-extra-slot")) {
        pthread_mutex_unlock(&tree_lock);
        usleep(100);
        pthread_mutex_lock(&tree_lock);
        if (gpu->count >= MODEL_INSTANCES)
            return NULL;
    }
    struct instance *instance = calloc(1, sizeof(*instance));
    *error = ENOMEM;
    if (!instance)
        return NULL;
    instance->gpu = gpu;
    instance->type = type;
    snprintf(instance->name, sizeof(instance->name), "%s", name);
    if (gpu->rule == RULE_MIXED_SIZES)
        free_places(gpu, type, &instance->slot);
    gpu->instances[gpu->count++] = instance;
    return instance;
}

void model_give(struct instance *instance)
{
    struct gpu *gpu = instance->gpu;
    unsigned i = 0;
    while (i < gpu->count && gpu->instances[i] != instance)
        i++;
    if (i == gpu->count)
        return;
    gpu->instances[i] = gpu->instances[--gpu->count];
    gpu->freed[instance->type - gpu->types]++;
    if (model_broken("slot-lost"))
        gpu->lost[instance->type - gpu->types]++;
    free(instance);
}
