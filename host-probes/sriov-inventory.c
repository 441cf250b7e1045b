/* SPDX-License-Identifier: MIT */
/* sriov-inventory: which graphics functions of the host can be divided by SR-IOV, how many virtual functions are
 * enabled, and who drives them. What changes while a test runs and nobody of vgauge changed it, another did. */
#include "probe.h"
#include "sysfs.h"

#include <stdio.h>

#define PCI           "sys/bus/pci/devices"
#define FUNCTIONS_MAX 4096
#define VFS_MAX       256
#define DISPLAY       0x03
#define ACCELERATOR   0x12 /* how some data-centre GPUs call themselves */

struct state {
    struct vg_probe_sink sink;
    const char *root;
};

static bool is_graphics(const char *root, const char *address)
{
    uint64_t class;
    vg_autofree char *path = vg_format(PCI "/%s/class", address);
    return sysfs_number(root, path, &class) && (class >> 16 == DISPLAY || class >> 16 == ACCELERATOR);
}

static void put_function(const struct state *state, const char *address, uint64_t total, int64_t now_ns)
{
    uint64_t enabled = 0;
    vg_autofree char *numvfs = vg_format(PCI "/%s/sriov_numvfs", address);
    double values[] = { (double)total, -1, 0, 0 };
    if (sysfs_number(state->root, numvfs, &enabled))
        values[1] = (double)enabled;
    for (unsigned i = 0; i < VFS_MAX && i < total; i++) {
        char driver[64], vf[64];
        vg_autofree char *link = vg_format(PCI "/%s/virtfn%u", address, i);
        sysfs_link_name(state->root, link, vf, sizeof(vf));
        if (!vf[0])
            continue;
        vg_autofree char *driver_link = vg_format(PCI "/%s/driver", vf);
        sysfs_link_name(state->root, driver_link, driver, sizeof(driver));
        values[2] += driver[0] != '\0';
        values[3] += strstr(driver, "vfio") != NULL;
    }
    state->sink.row(state->sink.context, "function", now_ns, "", address, values);
}

static size_t look(const struct state *state, bool report)
{
    char **names;
    size_t count = sysfs_list(state->root, PCI, FUNCTIONS_MAX, &names), found = 0;
    int64_t now_ns = vg_now_ns();
    for (size_t i = 0; i < count; i++) {
        uint64_t total;
        vg_autofree char *path = vg_format(PCI "/%s/sriov_totalvfs", names[i]);
        if (!sysfs_number(state->root, path, &total) || total == 0 || !is_graphics(state->root, names[i]))
            continue;
        found++;
        if (report)
            put_function(state, names[i], total, now_ns);
    }
    sysfs_free(names, count);
    return found;
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    (void)targets;
    (void)target_count;
    (void)err;
    look(opaque, true);
    return true;
}

static void end(void *opaque)
{
    free(opaque);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    struct state *state = vg_calloc(1, sizeof(*state));
    *state = (struct state) { .sink = *sink, .root = host->root };
    if (look(state, false) > 0) {
        *opaque = state;
        return true;
    }
    free(state);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "no graphics function of this host can be divided by SR-IOV");
}

VG_PROBE(sriov_inventory) = {
    .kind = VG_KIND_PROBE,
    .name = "sriov-inventory",
    .summary = "virtual functions of the host's graphics devices: possible, enabled, driven",
    .why = "A virtual function that comes or goes while a test runs is somebody else's doing.",
    .period_ms = 5000,
    .streams =
        VG_PROBE_STREAMS {
            { "function", "one row per physical function that can have virtual ones",
              VG_PROBE_COLUMNS {
                  { "total", "1", "virtual functions that there can be" },
                  { "enabled", "1", "that are enabled; -1: the driver does not say" },
                  { "driven", "1", "that a driver is bound to" },
                  { "vfio", "1", "that a VFIO driver is bound to, so that a VM can have them" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
