/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request streams from a seed. The generator of random numbers is written out here (splitmix64, Steele et al. 2014),
 * since a seed must give the same stream on every machine and C library. */
#include <math.h>
#include "placement/internal.h"

static const double mean_stay_s = 4 * 3600.0;

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(uint64_t *state, unsigned limit)
{
    return (unsigned)(((unsigned __int128)next_random(state) * limit) >> 64);
}

/* Exponential with mean 1. */
static double exponential(uint64_t *state)
{
    return -log(((double)(next_random(state) >> 11) + 1) / 9007199254740993.0);
}

/* VMs that are there, the next to leave first. */
struct departure {
    double time_s;
    uint32_t vm;
    int16_t type;
};
struct heap {
    struct departure *items;
    size_t count;
};

static bool is_before(const struct departure *a, const struct departure *b)
{
    return a->time_s != b->time_s ? a->time_s < b->time_s : a->vm < b->vm;
}

static void heap_add(struct heap *heap, struct departure new)
{
    size_t at = heap->count++;
    for (; at && is_before(&new, &heap->items[(at - 1) / 2]); at = (at - 1) / 2)
        heap->items[at] = heap->items[(at - 1) / 2];
    heap->items[at] = new;
}

static struct departure heap_take(struct heap *heap)
{
    struct departure first = heap->items[0], last = heap->items[--heap->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap->count; at = child) {
        if (child + 1 < heap->count && is_before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!is_before(&heap->items[child], &last))
            break;
        heap->items[at] = heap->items[child];
    }
    heap->items[at] = last;
    return first;
}

/* What a class's pGPUs are asked for: what they would give when empty. */
struct wishes {
    unsigned types[VG_CLASS_TYPES_MAX];
    unsigned count;
    double mean_share;
};

static void list_wishes(const struct vg_pgpu_class *class, struct wishes *wishes)
{
    *wishes = (struct wishes) { 0 };
    for (unsigned i = 0; i < class->type_count; i++) {
        if (!vg_capacity_maximum(class, i))
            continue;
        wishes->types[wishes->count++] = i;
        wishes->mean_share += vg_fleet_share(class, i);
    }
    wishes->mean_share /= wishes->count ? wishes->count : 1;
}

static void leave_until(struct vg_request_stream *stream, struct heap *there, double time_s)
{
    while (there->count && there->items[0].time_s <= time_s) {
        struct departure gone = heap_take(there);
        stream->events[stream->event_count++] = (struct vg_request_event) {
            .time_s = gone.time_s, .vm = gone.vm, .leaves = true, .type = gone.type, .numa = -1, .host = -1, .pgpu = -1
        };
    }
}

bool vg_requests_generate(const struct vg_fleet *fleet, uint64_t seed, size_t arrivals, double load,
                          struct vg_request_stream *stream, struct vg_error *err)
{
    vg_autofree struct wishes *wishes = vg_calloc(fleet->class_count, sizeof(*wishes));
    for (unsigned i = 0; i < fleet->class_count; i++)
        list_wishes(&fleet->classes[i], &wishes[i]);
    double share = 0;
    for (unsigned i = 0; i < fleet->pgpu_count; i++) {
        if (!wishes[fleet->pgpus[i].class].count)
            return vg_fail(err, VG_ERROR_INPUT, "class %s: no type of it can be created even on an empty pGPU",
                           fleet->classes[fleet->pgpus[i].class].name);
        share += wishes[fleet->pgpus[i].class].mean_share;
    }
    /* Little's law: rate x stay x share of a VM = load x pGPUs. */
    double gap_s = mean_stay_s * (share / fleet->pgpu_count) / (load * fleet->pgpu_count);
    *stream = (struct vg_request_stream) { .arrival_count = arrivals };
    stream->events = vg_calloc(2 * arrivals, sizeof(*stream->events));
    struct heap there = { .items = vg_calloc(arrivals, sizeof(*there.items)) };
    uint64_t random = seed;
    double now_s = 0;
    for (size_t vm = 0; vm < arrivals; vm++) {
        now_s += exponential(&random) * gap_s;
        leave_until(stream, &there, now_s);
        unsigned pgpu = below(&random, fleet->pgpu_count);
        const struct vg_fleet_pgpu *place = &fleet->pgpus[pgpu];
        const struct wishes *wish = &wishes[place->class];
        unsigned type = wish->types[below(&random, wish->count)];
        struct vg_request_event event = { .time_s = now_s,
                                          .vm = (uint32_t)vm,
                                          .type = (int16_t)fleet->classes[place->class].types[type].id,
                                          .numa = (int16_t)place->numa,
                                          .host = -1,
                                          .pgpu = (int32_t)pgpu };
        stream->events[stream->event_count++] = event;
        heap_add(&there, (struct departure) { now_s + exponential(&random) * mean_stay_s, event.vm, event.type });
    }
    leave_until(stream, &there, now_s);
    free(there.items);
    return true;
}
