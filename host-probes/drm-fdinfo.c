/* SPDX-License-Identifier: MIT */
/* drm-fdinfo: how busy each tenant's renderer kept the engines of a GPU whose driver tells it per open file
 * (/proc/PID/fdinfo). Files that share a client (drm-client-id of one device) are one: descriptors that were duplicated
 * or inherited must not count twice. A counter may dip and has to catch up, so that the largest value ever seen is what
 * counts; what is wrong with the texts is counted too, for the requirement on them (VGPU-TEL-003). */
#include "fdinfo.h"
#include "probe.h"
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define CLIENTS_MAX 256
#define MOST_BYTES  8192

struct client {
    const char *tenant;                 /* the tree's copy */
    struct fdinfo info;                 /* engines: the largest values so far */
    uint64_t newest_ns[FDINFO_ENGINES]; /* as last read */
    bool seen;                          /* in this look */
};

struct state {
    struct vg_probe_sink sink;
    struct tree tree;
    struct client *clients[CLIENTS_MAX];
    size_t count;
    uint64_t files, malformed, nameless, unstable, dips, lost;
    bool any;
};

static bool same_client(const struct client *client, const struct fdinfo *info)
{
    return client->info.client == info->client && strcmp(client->info.device, info->device) == 0 &&
           strcmp(client->info.driver, info->driver) == 0;
}

static void note_engines(struct state *state, struct client *client, const struct fdinfo *info)
{
    for (unsigned i = 0; i < info->engine_count; i++) {
        const struct fdinfo_engine *now = &info->engines[i];
        unsigned e = 0;
        while (e < client->info.engine_count && strcmp(client->info.engines[e].name, now->name) != 0)
            e++;
        if (e == client->info.engine_count) { /* names are to stay the same for a client */
            state->unstable++;
            if (e == FDINFO_ENGINES)
                continue;
            client->info.engines[client->info.engine_count++] = *now;
        }
        struct fdinfo_engine *most = &client->info.engines[e];
        state->dips += now->busy_ns < client->newest_ns[e];
        client->newest_ns[e] = now->busy_ns;
        most->busy_ns = now->busy_ns > most->busy_ns ? now->busy_ns : most->busy_ns;
        most->has_busy = most->has_busy || now->has_busy;
    }
    for (unsigned e = 0; e < client->info.engine_count; e++) {
        unsigned i = 0;
        while (i < info->engine_count && strcmp(client->info.engines[e].name, info->engines[i].name) != 0)
            i++;
        state->unstable += i == info->engine_count;
    }
}

static void note_file(struct state *state, const char *tenant, char *text)
{
    struct fdinfo info;
    fdinfo_parse(text, &info);
    if (!info.drm)
        return;
    state->files++;
    state->malformed += info.malformed;
    state->nameless += info.driver[0] == '\0';
    if (!info.has_client || !info.driver[0])
        return; /* nobody could tell whether it was counted already */
    size_t i = 0;
    while (i < state->count && !same_client(state->clients[i], &info))
        i++;
    if (i == CLIENTS_MAX) {
        state->lost++;
        return;
    }
    if (i < state->count) {
        if (!state->clients[i]->seen)
            note_engines(state, state->clients[i], &info);
        state->clients[i]->seen = true;
        return;
    }
    struct client *client = vg_calloc(1, sizeof(*client));
    *client = (struct client) { .tenant = tenant, .info = info, .seen = true };
    for (unsigned e = 0; e < info.engine_count; e++)
        client->newest_ns[e] = info.engines[e].busy_ns;
    state->clients[state->count++] = client;
    state->any = true;
}

/* Only files of DRM devices are read: asking each of hundreds would cost more than the answer. */
static void look_at_process(struct state *state, const struct tree_process *process)
{
    int fd = openat(process->directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    vg_autodir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(directory));) {
        char target[64], path[300], text[MOST_BYTES];
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        if (strncmp(target, "/dev/dri/", 9) != 0)
            continue;
        snprintf(path, sizeof(path), "fdinfo/%s", entry->d_name);
        if (procfs_read_at(process->directory, path, text, sizeof(text)) > 0)
            note_file(state, process->tenant, text);
    }
}

static void put_rows(const struct state *state, int64_t now_ns)
{
    for (size_t i = 0; i < state->count; i++) {
        const struct client *client = state->clients[i];
        for (unsigned e = 0; e < client->info.engine_count; e++) {
            const struct fdinfo_engine *engine = &client->info.engines[e];
            if (!engine->has_busy)
                continue;
            char item[2 * FDINFO_NAME + 48];
            snprintf(item, sizeof(item), "%s/%llu/%s", client->info.device[0] ? client->info.device : "-",
                     (unsigned long long)client->info.client, engine->name);
            const double values[] = { (double)engine->busy_ns / 1e9, engine->capacity,
                                      (double)client->newest_ns[e] / 1e9, client->seen };
            state->sink.row(state->sink.context, "engine", now_ns, client->tenant, item, values);
        }
    }
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    (void)err;
    struct state *state = opaque;
    vg_autofree struct tree_root *roots = vg_calloc(target_count + 1, sizeof(*roots));
    for (size_t i = 0; i < target_count; i++)
        roots[i] = (struct tree_root) { targets[i].tenant, targets[i].pid };
    tree_update(&state->tree, roots, target_count);
    for (size_t i = 0; i < state->count; i++)
        state->clients[i]->seen = false;
    for (size_t i = 0; i < state->tree.count; i++)
        look_at_process(state, state->tree.processes[i]);
    put_rows(state, vg_now_ns());
    return true;
}

static void put_fact(const struct state *state, const char *name, uint64_t value)
{
    vg_autofree char *text = vg_format("%llu", (unsigned long long)value);
    state->sink.fact(state->sink.context, name, text);
}

static void end(void *opaque)
{
    struct state *state = opaque;
    put_fact(state, "clients", state->count);
    put_fact(state, "files_read", state->files);
    put_fact(state, "malformed_values", state->malformed);
    put_fact(state, "files_without_driver", state->nameless);
    put_fact(state, "engine_name_changes", state->unstable);
    put_fact(state, "counters_stepped_back", state->dips);
    put_fact(state, "clients_not_followed", state->lost);
    if (!state->any)
        state->sink.fact(state->sink.context, "unseen",
                         "no process of a tenant has a DRM device open that tells "
                         "of its use");
    tree_close(&state->tree);
    for (size_t i = 0; i < state->count; i++)
        free(state->clients[i]);
    free(state);
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    /* Looking through hundreds of files of each VM for what no kernel without DRM can have opened is dear. */
    vg_autofree char *classes = vg_format("%s/sys/class", host->root), *drm = vg_format("%s/drm", classes);
    if (access(classes, F_OK) == 0 && access(drm, F_OK) != 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "this host's kernel has no DRM devices (%s is not there)", drm);
    struct state *state = vg_calloc(1, sizeof(*state));
    if (!tree_open(&state->tree, host->root, err)) {
        free(state);
        return false;
    }
    state->sink = *sink;
    *opaque = state;
    return true;
}

VG_PROBE(drm_fdinfo) = {
    .kind = VG_KIND_PROBE,
    .name = "drm-fdinfo",
    .summary = "how long each tenant's renderer kept the GPU's engines busy, as the DRM driver tells it",
    .why = "Where the host's driver renders for tenants, only it knows whose work the GPU did.",
    .period_ms = 1000,
    .streams =
        VG_PROBE_STREAMS {
            { "engine", "one row per client and engine (device/client/engine)",
              VG_PROBE_COLUMNS {
                  { "busy_s", "s", "time that the client kept the engine busy: the most that was ever told" },
                  { "capacity", "1", "how many of this engine the device has" },
                  { "told_s", "s", "what the driver told last; may dip below busy_s, and has to catch up" },
                  { "open", "1", "1 while a file of the client is open" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .end = end,
};
