/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes run in a thread of their own while one instance runs, so that what the engine waits for does not delay a
 * sample. A probe that cannot see is recorded with its reason; it never stops a test. */
#include <stdlib.h>
#include <unistd.h>
#include "engine/internal.h"

struct watch_stream {
    struct vg_csv *csv; /* NULL until its first row: most probes of most hosts see nothing */
    bool refused;       /* could not be made, which was said once */
    struct vg_measured_stream measured;
    unsigned column_count;
};

struct watched {
    struct vg_watch *watch;
    const struct vg_probe *probe;
    void *state;
    char *unavailable;
    int64_t due_ns;
    int64_t cost_ns; /* CPU time of all samples, and of the probe's own threads */
    struct watch_stream *streams;
    unsigned stream_count;
    struct vg_fact *facts;
    unsigned fact_count;
    struct vg_probe_sink sink;
};

struct vg_watch {
    struct vg_scene *scene;
    struct watched *probes;
    unsigned probe_count;
    struct vg_probe_host host;
    struct vg_probe_pgpu *pgpus;
    FILE *host_log; /* NULL until its first line */
    int64_t start_ns;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* targets, stop */
    pthread_cond_t stopped;
    bool stop;
    struct vg_probe_target *targets;
    unsigned target_count;
};

static void open_csv(struct watched *watched, struct watch_stream *stream)
{
    struct vg_error failed = { 0 };
    vg_autofree const char **names = NULL;
    size_t count = 0;
    vg_push(names, count) = "time_ns";
    vg_push(names, count) = "tenant";
    vg_push(names, count) = "item";
    for (unsigned i = 0; i < stream->column_count; i++)
        vg_push(names, count) = stream->measured.columns[i].name;
    vg_autofree char *path = vg_format("%s/%s", watched->watch->scene->measurements->directory, stream->measured.file);
    stream->csv = vg_csv_create(path, names, (unsigned)count, &failed);
    stream->refused = !stream->csv;
    if (stream->refused)
        vg_warn("%s", failed.text);
}

static void sink_row(void *context, const char *stream, int64_t time_ns, const char *tenant, const char *item,
                     const double *values)
{
    struct watched *watched = context;
    for (unsigned i = 0; i < watched->stream_count; i++) {
        struct watch_stream *into = &watched->streams[i];
        if (!vg_equal(into->measured.name, stream))
            continue;
        if (!into->csv && !into->refused)
            open_csv(watched, into);
        if (into->csv)
            vg_csv_probe_row(into->csv, time_ns, tenant, item, values, into->column_count);
    }
}

static void sink_fact(void *context, const char *name, const char *value)
{
    struct watched *watched = context;
    for (unsigned i = 0; i < watched->fact_count; i++) {
        if (vg_equal(watched->facts[i].name, name)) {
            free(watched->facts[i].value);
            watched->facts[i].value = vg_strdup(value);
            return;
        }
    }
    vg_push(watched->facts, watched->fact_count) =
        (struct vg_fact) { .name = vg_strdup(name), .value = vg_strdup(value) };
}

static void sink_log_line(void *context, int64_t time_ns, const char *line)
{
    struct vg_watch *watch = ((struct watched *)context)->watch;
    vg_autofree char *shown = vg_printable(line, strlen(line), 1000);
    vg_autofree char *path = vg_format("%s/host.log", watch->scene->measurements->directory);
    if (!watch->host_log)
        watch->host_log = fopen(path, "we");
    if (watch->host_log)
        fprintf(watch->host_log, "%.6f %s\n", (double)(time_ns - watch->scene->start_ns) / 1e9, shown);
}

static void open_streams(struct watched *watched)
{
    for (const struct vg_probe_stream *spec = watched->probe->streams; spec && spec->name; spec++) {
        struct watch_stream *stream = &vg_push(watched->streams, watched->stream_count);
        struct vg_measured_stream *measured = &stream->measured;
        measured->name = vg_strdup(spec->name);
        measured->file = vg_format("probe.%s.%s.csv", watched->probe->name, spec->name);
        for (const struct vg_probe_column *column = spec->columns; column->name; column++)
            vg_push(measured->columns, measured->column_count) = (struct vg_measured_column) {
                .name = vg_strdup(column->name),
                .unit = vg_strdup(column->unit),
                .kind = vg_strdup("count"),
                .better = vg_strdup("neither"),
            };
        stream->column_count = measured->column_count;
    }
}

static int64_t thread_cpu_ns(void)
{
    struct timespec used;
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 ? used.tv_sec * VG_NS_PER_S + used.tv_nsec : 0;
}

static _Thread_local int64_t asking_cost_ns; /* of questions to VMMs, asked in threads of their own */

static void sample(struct watched *watched)
{
    struct vg_watch *watch = watched->watch;
    struct vg_error failed = { 0 };
    int64_t before_ns = thread_cpu_ns();
    asking_cost_ns = 0;
    pthread_mutex_lock(&watch->lock);
    if (!watched->probe->sample(watched->state, watch->targets, watch->target_count, &failed)) {
        watched->probe->end(watched->state);
        watched->state = NULL;
        watched->unavailable = vg_strdup(failed.text);
    }
    pthread_mutex_unlock(&watch->lock);
    watched->cost_ns += thread_cpu_ns() - before_ns + asking_cost_ns;
}

/* Until the instant comes, or the end: an instance does not wait for a period to pass. True at the end. */
static bool rest_until(struct vg_watch *watch, int64_t next_ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* a condition cannot wait for the raw one */
    int64_t left_ns = next_ns - vg_now_ns();
    int64_t until_ns = until.tv_nsec + (left_ns > 0 ? left_ns : 0);
    until.tv_sec += until_ns / VG_NS_PER_S;
    until.tv_nsec = until_ns % VG_NS_PER_S;
    pthread_mutex_lock(&watch->lock);
    while (!watch->stop && pthread_cond_timedwait(&watch->stopped, &watch->lock, &until) == 0)
        ;
    bool stop = watch->stop;
    pthread_mutex_unlock(&watch->lock);
    return stop;
}

static void *watch_thread(void *context)
{
    struct vg_watch *watch = context;
    for (int64_t next_ns = 0; !rest_until(watch, next_ns);) {
        int64_t now_ns = vg_now_ns();
        next_ns = now_ns + 100 * VG_NS_PER_MS;
        for (unsigned i = 0; i < watch->probe_count; i++) {
            struct watched *watched = &watch->probes[i];
            if (!watched->state || !watched->probe->period_ms)
                continue;
            if (now_ns >= watched->due_ns) {
                sample(watched);
                watched->due_ns = now_ns + watched->probe->period_ms * VG_NS_PER_MS;
            }
            next_ns = watched->due_ns < next_ns ? watched->due_ns : next_ns;
        }
    }
    return NULL;
}

static void stop_thread(struct vg_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    watch->stop = true;
    pthread_cond_signal(&watch->stopped);
    pthread_mutex_unlock(&watch->lock);
    if (watch->running)
        pthread_join(watch->thread, NULL);
}

static void make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum { ASK_MS = 2000 };

/* Called by the watching thread: its CPU time and that of the thread that asks are one probe's cost. */
static bool ask_vmm(void *vmm, const char *command, char **answer, struct vg_error *err)
{
    return vg_vm_monitor(vmm, command, ASK_MS, answer, &asking_cost_ns, err);
}

void vg_watch_targets(struct vg_watch *watch, struct vg_tenant *const *tenants, unsigned count)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    for (unsigned i = 0; i < watch->target_count; i++)
        free((char *)watch->targets[i].tenant);
    free(watch->targets);
    watch->targets = NULL;
    watch->target_count = 0;
    for (unsigned i = 0; i < count; i++) {
        if (tenants[i] && !tenants[i]->dead && vg_tenant_pid(tenants[i]) > 0)
            vg_push(watch->targets, watch->target_count) =
                (struct vg_probe_target) { .tenant = vg_strdup(tenants[i]->name),
                                           .pid = vg_tenant_pid(tenants[i]),
                                           .ask = tenants[i]->vm ? ask_vmm : NULL,
                                           .vmm = tenants[i]->vm,
                                           .device = tenants[i]->device };
    }
    pthread_mutex_unlock(&watch->lock);
}

struct vg_watch *vg_watch_start(struct vg_scene *scene)
{
    struct vg_watch *watch = vg_calloc(1, sizeof(*watch));
    watch->scene = scene;
    watch->start_ns = vg_now_ns();
    pthread_mutex_init(&watch->lock, NULL);
    make_condition(&watch->stopped);
    const struct vg_host *host = scene->engine->host;
    for (unsigned i = 0; i < host->pgpu_count; i++)
        vg_push(watch->pgpus, watch->host.pgpu_count) = (struct vg_probe_pgpu) { .name = host->pgpus[i].name,
                                                                                 .cpus = host->pgpus[i].cpus,
                                                                                 .pci = host->pgpus[i].pci };
    watch->host.root = host->root ? host->root : "/";
    watch->host.pgpus = watch->pgpus;
    size_t total = 0;
    for (const struct vg_descriptor *each = NULL; (each = vg_descriptor_next(VG_KIND_PROBE, each)) != NULL;)
        total++;
    watch->probes = vg_calloc(total, sizeof(*watch->probes)); /* never grows: sinks hold pointers into it */
    for (const struct vg_descriptor *each = NULL; (each = vg_descriptor_next(VG_KIND_PROBE, each)) != NULL;) {
        struct watched *watched = &watch->probes[watch->probe_count++];
        *watched = (struct watched) { .watch = watch, .probe = (const struct vg_probe *)each };
        watched->sink = (struct vg_probe_sink) { sink_row, sink_fact, sink_log_line, watched };
        struct vg_error blind = { 0 };
        if (watched->probe->begin(&watch->host, &watched->sink, &watched->state, &blind)) {
            open_streams(watched);
        } else {
            watched->state = NULL;
            watched->unavailable = vg_strdup(blind.text);
        }
    }
    vg_watch_targets(watch, scene->tenants, scene->tenant_count);
    watch->running = pthread_create(&watch->thread, NULL, watch_thread, watch) == 0;
    if (!watch->running)
        vg_warn("the host is not watched: no thread could be started");
    return watch;
}

static void close_streams(struct watched *watched, struct vg_measured_probe *into)
{
    struct vg_error *storage_error = &watched->watch->scene->storage_error;
    for (unsigned i = 0; i < watched->stream_count; i++) {
        struct watch_stream *stream = &watched->streams[i];
        struct vg_error failed = { 0 };
        if (stream->csv && !vg_csv_close(stream->csv, &stream->measured.rows, &failed) &&
            storage_error->kind == VG_ERROR_NONE)
            *storage_error = failed;
        vg_push(into->streams, into->stream_count) = stream->measured;
    }
    free(watched->streams);
}

void vg_watch_stop(struct vg_watch *watch)
{
    stop_thread(watch);
    struct vg_measurements *measurements = watch->scene->measurements;
    for (unsigned i = 0; i < watch->probe_count; i++) {
        struct watched *watched = &watch->probes[i];
        if (watched->state) {
            sample(watched); /* the last reading closes the interval */
            if (watched->state && watched->probe->own_cost_ns)
                watched->cost_ns += watched->probe->own_cost_ns(watched->state);
            if (watched->state)
                watched->probe->end(watched->state);
        }
        /* What watching cost, so that nobody has to believe that it was little. */
        vg_autofree char *cost =
            vg_format("%.4f", 100.0 * (double)watched->cost_ns / (double)(vg_now_ns() - watch->start_ns));
        sink_fact(watched, "cost_percent_of_a_core", cost);
        struct vg_measured_probe *into = &vg_push(measurements->probes, measurements->probe_count);
        *into = (struct vg_measured_probe) { .name = vg_strdup(watched->probe->name),
                                             .unavailable = watched->unavailable,
                                             .facts = watched->facts,
                                             .fact_count = watched->fact_count };
        close_streams(watched, into);
    }
    vg_watch_targets(watch, NULL, 0);
    if (watch->host_log)
        fclose(watch->host_log);
    pthread_cond_destroy(&watch->stopped);
    pthread_mutex_destroy(&watch->lock);
    free(watch->probes);
    free(watch->pgpus);
    free(watch);
}
