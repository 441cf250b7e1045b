/* SPDX-License-Identifier: MIT */
/* mdev-inventory: types of mediated devices that the host's drivers offer, how many more of each can be made, and how
 * many there are. */
#include "probe.h"
#include "sysfs.h"

#include <stdio.h>

#define PARENTS     "sys/class/mdev_bus"
#define PARENTS_MAX 256
#define TYPES_MAX   256
#define LIVE_MAX    4096

struct state {
    struct vg_probe_sink sink;
    const char *root;
};

static void put_type(const struct state *state, const char *parent, const char *type, int64_t now_ns)
{
    uint64_t available;
    char **live;
    vg_autofree char *count = vg_format(PARENTS "/%s/mdev_supported_types/%s/available_instances", parent, type);
    vg_autofree char *devices = vg_format(PARENTS "/%s/mdev_supported_types/%s/devices", parent, type);
    size_t live_count = sysfs_list(state->root, devices, LIVE_MAX, &live);
    sysfs_free(live, live_count);
    double values[] = { -1, (double)live_count };
    if (sysfs_number(state->root, count, &available))
        values[0] = (double)available;
    vg_autofree char *item = vg_format("%s/%s", parent, type);
    state->sink.row(state->sink.context, "type", now_ns, "", item, values);
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    const struct state *state = opaque;
    char **parents, **types;
    (void)targets;
    (void)target_count;
    (void)err;
    int64_t now_ns = vg_now_ns();
    size_t parent_count = sysfs_list(state->root, PARENTS, PARENTS_MAX, &parents);
    for (size_t i = 0; i < parent_count; i++) {
        vg_autofree char *path = vg_format(PARENTS "/%s/mdev_supported_types", parents[i]);
        size_t type_count = sysfs_list(state->root, path, TYPES_MAX, &types);
        for (size_t j = 0; j < type_count; j++)
            put_type(state, parents[i], types[j], now_ns);
        sysfs_free(types, type_count);
    }
    sysfs_free(parents, parent_count);
    return true;
}

static void end(void *opaque)
{
    free(opaque);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    char **parents;
    size_t count = sysfs_list(host->root, PARENTS, 1, &parents);
    sysfs_free(parents, count);
    if (count == 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "no driver of this host offers mediated devices (%s/" PARENTS ")",
                       host->root);
    struct state *state = vg_calloc(1, sizeof(*state));
    *state = (struct state) { .sink = *sink, .root = host->root };
    *opaque = state;
    return true;
}

VG_PROBE(mdev_inventory) = {
    .kind = VG_KIND_PROBE,
    .name = "mdev-inventory",
    .summary = "mediated devices of the host: types, how many can be made, how many there are",
    .why = "An instance that comes or goes while a test runs is somebody else's doing, and takes time of the pGPU.",
    .period_ms = 5000,
    .streams =
        VG_PROBE_STREAMS {
            { "type", "one row per parent and type (parent/type)",
              VG_PROBE_COLUMNS {
                  { "available", "1", "how many more the driver says can be made now; -1: it does not say" },
                  { "live", "1", "how many there are" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
