/* SPDX-License-Identifier: MIT */
/* interrupts: those of devices that were given to VMs, as /proc/interrupts has them. An interrupt that the host handles
 * and passes on to the VM shows in the row of its vector (vfio-msix, vfio-msi, vfio-intx, with the device's address);
 * one that the hardware posts to a running vCPU shows nowhere but, if the vCPU was elsewhere, in the host's own
 * notification rows (PIN, PIW, NPI; x86). */
#include "probe.h"
#include "procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_BYTES  (4 << 20) /* of a host with many CPUs and vectors */
#define DEVICES_MAX 256

struct device {
    char address[16];
    double handled;
};

struct state {
    struct vg_probe_sink sink;
    int file;
    struct device devices[DEVICES_MAX];
    size_t count;
    double all, posted, wakeups, nested;
    bool has_posted;
};

/* The whole of a file of /proc whose length is only known by reading it. */
static char *read_whole(int fd)
{
    size_t size = 1 << 16, length = 0;
    char *text = vg_calloc(1, size + 1);
    for (;;) {
        ssize_t more = pread(fd, text + length, size - length, (off_t)length);
        if (more <= 0)
            break;
        length += (size_t)more;
        if (length == size && size < MOST_BYTES) {
            text = vg_reallocarray(text, 2 * size + 1, 1);
            size *= 2;
        }
        if (length == size)
            break;
    }
    text[length] = '\0';
    return text;
}

static unsigned cpus_of(const char *header)
{
    unsigned cpus = 0;
    for (const char *at = header; (at = strstr(at, "CPU")) != NULL; at += 3)
        cpus++;
    return cpus;
}

/* Sum of a row's counts, one per CPU; *rest is what follows them. Architectures' own rows may have fewer. */
static double sum_counts(char *at, unsigned cpus, char **rest)
{
    double sum = 0;
    for (unsigned i = 0; i < cpus; i++) {
        char *end;
        unsigned long long count = strtoull(at, &end, 10);
        if (end == at || (*end != ' ' && *end != '\0'))
            break;
        sum += (double)count;
        at = end;
    }
    *rest = at;
    return sum;
}

static bool is_address(const char *text, size_t length)
{
    return length > 0 && length < sizeof(((struct device *)NULL)->address) &&
           strspn(text, "0123456789abcdefABCDEF:.") == length;
}

/* "vfio-msix[3](0000:41:00.4)" somewhere in the row. */
static void add_vfio(struct state *state, const char *rest, double count)
{
    const char *at = strstr(rest, "vfio-");
    const char *open = at ? strchr(at, '(') : NULL, *close = open ? strchr(open, ')') : NULL;
    if (!close || !is_address(open + 1, (size_t)(close - open - 1)))
        return;
    char address[16] = { 0 };
    memcpy(address, open + 1, (size_t)(close - open - 1));
    size_t i = 0;
    while (i < state->count && strcasecmp(state->devices[i].address, address) != 0)
        i++;
    if (i == DEVICES_MAX)
        return;
    if (i == state->count) {
        memcpy(state->devices[i].address, address, sizeof(address));
        state->devices[i].handled = 0;
        state->count++;
    }
    state->devices[i].handled += count;
}

static bool parse(struct state *state, char *text)
{
    char *at = text, *line = strsep(&at, "\n");
    unsigned cpus = cpus_of(line);
    for (size_t i = 0; i < state->count; i++)
        state->devices[i].handled = 0;
    state->all = state->posted = state->wakeups = state->nested = 0;
    state->has_posted = false;
    while (cpus && (line = strsep(&at, "\n")) != NULL) {
        char *colon = strchr(line, ':'), *rest;
        if (!colon)
            continue;
        *colon = '\0';
        const char *name = line + strspn(line, " ");
        double sum = sum_counts(colon + 1, cpus, &rest);
        state->all += sum;
        if (strcmp(name, "PIN") == 0) {
            state->posted = sum;
            state->has_posted = true;
        } else if (strcmp(name, "PIW") == 0) {
            state->wakeups = sum;
        } else if (strcmp(name, "NPI") == 0) {
            state->nested = sum;
        } else {
            add_vfio(state, rest, sum);
        }
    }
    return cpus > 0;
}

static bool read_file(struct state *state)
{
    vg_autofree char *text = read_whole(state->file);
    return parse(state, text);
}

static const struct device *device_of(const struct state *state, const char *address)
{
    for (size_t i = 0; address && i < state->count; i++)
        if (strcasecmp(state->devices[i].address, address) == 0)
            return &state->devices[i];
    return NULL;
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    int64_t now_ns = vg_now_ns();
    if (!read_file(state))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "/proc/interrupts of this host cannot be understood");
    for (size_t i = 0; i < target_count; i++) {
        const struct device *device = device_of(state, targets[i].device);
        vg_autofree char *unseen = vg_format("unseen[%s]", targets[i].tenant);
        const double values[] = { device ? device->handled : 0, state->all };
        if (device)
            state->sink.row(state->sink.context, "vfio", now_ns, targets[i].tenant, "", values);
        else
            state->sink.fact(state->sink.context, unseen,
                             targets[i].device ? "no vector of VFIO belongs to the device that it was given"
                                               : "it was given no device of this host, so that nothing interrupts "
                                                 "the host for it");
    }
    if (state->has_posted) {
        const double values[] = { state->posted, state->wakeups, state->nested };
        state->sink.row(state->sink.context, "host", now_ns, "", "", values);
    }
    return true;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    vg_cleanup_close(&state->file);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    struct state *state = vg_calloc(1, sizeof(*state));
    state->sink = *sink;
    state->file = procfs_open(host->root, "proc/interrupts", 0);
    if (state->file < 0 || !read_file(state)) {
        end(state);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/proc/interrupts is missing or not understood", host->root);
    }
    sink->fact(sink->context, "posted",
               state->has_posted ? "counted (rows PIN, PIW, NPI)" : "this kernel has no rows for posted interrupts");
    *opaque = state;
    return true;
}

VG_PROBE(interrupts) = {
    .kind = VG_KIND_PROBE,
    .name = "interrupts",
    .summary = "interrupts of vGPUs that the host handled, and its notifications of posted ones",
    .why = "A completion that the host has to pass on costs it time, and the tenant latency.",
    .period_ms = 500,
    .streams =
        VG_PROBE_STREAMS {
            { "vfio", "one row per VM that was given a PCI function; since the host started",
              VG_PROBE_COLUMNS {
                  { "host", "1", "interrupts of the function that the host handled" },
                  { "all", "1", "interrupts of the host of any kind, timers too: shows that the counts live" },
                  { .name = NULL },
              } },
            { "host", "one row for the whole host, where its kernel counts posted interrupts (x86)",
              VG_PROBE_COLUMNS {
                  { "posted", "1", "notifications for posted interrupts (PIN)" },
                  { "wakeups", "1", "posted interrupts for a vCPU that slept (PIW)" },
                  { "nested", "1", "posted interrupts for nested guests (NPI)" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
