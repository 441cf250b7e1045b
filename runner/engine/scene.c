/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tenants send while a test runs becomes measurements: facts, marks, sample files, ends. The link has checked
 * every message; here it only finds its place. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/internal.h"

struct vg_measured_run *vg_active_measured(const struct vg_active_run *run)
{
    return &run->scene->measurements->phases[run->phase].runs[run->index];
}

void vg_scene_event(struct vg_scene *scene, const char *tenant, const char *action, bool done, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *what = vg_vformat(format, arguments);
    va_end(arguments);
    struct vg_measurements *into = scene->measurements;
    vg_push(into->events, into->event_count) = (struct vg_measured_event) {
        .host_ns = vg_now_ns(),
        .tenant = tenant ? vg_strdup(tenant) : NULL,
        .action = action ? vg_strdup(action) : NULL,
        .done = done,
        .what = what,
    };
}

void vg_scene_invalid(struct vg_scene *scene, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *why = vg_vformat(format, arguments);
    va_end(arguments);
    vg_push(scene->measurements->invalid, scene->measurements->invalid_count) = why;
}

struct vg_tenant *vg_scene_tenant(const struct vg_scene *scene, const char *name)
{
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        if (scene->tenants[i] && vg_equal(scene->tenants[i]->name, name))
            return scene->tenants[i];
    }
    return NULL;
}

/* Whose message this is; it was heard of just now. */
static struct vg_active_run *find(struct vg_tenant *tenant, unsigned link_run)
{
    for (unsigned i = 0; tenant->scene && i < tenant->scene->run_count; i++) {
        struct vg_active_run *run = tenant->scene->runs[i];
        if (run->tenant != tenant || run->link_run != link_run)
            continue;
        run->heard_ns = vg_now_ns();
        return run;
    }
    return NULL;
}

static void on_hello(void *context, const json_t *hello)
{
    struct vg_tenant *tenant = context;
    json_decref(tenant->hello);
    tenant->hello = json_incref((json_t *)hello);
    tenant->hello_ns = vg_now_ns();
}

static void on_ready(void *context, unsigned link_run)
{
    struct vg_active_run *run = find(context, link_run);
    if (run)
        run->ready = true;
}

static void on_fact(void *context, unsigned link_run, const char *name, const char *value)
{
    struct vg_active_run *run = find(context, link_run);
    if (!run)
        return;
    struct vg_measured_run *into = vg_active_measured(run);
    for (unsigned i = 0; i < into->fact_count; i++) {
        if (vg_equal(into->facts[i].name, name)) {
            free(into->facts[i].value);
            into->facts[i].value = vg_strdup(value);
            return;
        }
    }
    vg_push(into->facts, into->fact_count) = (struct vg_fact) { .name = vg_strdup(name), .value = vg_strdup(value) };
}

static void on_mark(void *context, unsigned link_run, const char *name, int64_t guest_ns)
{
    struct vg_tenant *tenant = context;
    struct vg_active_run *run = find(tenant, link_run);
    if (!run)
        return;
    struct vg_measured_run *into = vg_active_measured(run);
    size_t count = into->mark_count;
    vg_push(run->marks_guest_ns, count) = guest_ns;
    vg_push(into->marks, into->mark_count) = (struct vg_mark) { .name = vg_strdup(name) };
    if (run->until && vg_equal(run->until, name))
        run->reached = true;
}

static const char *const column_kinds[] = { [VG_COLUMN_TIME] = "time",
                                            [VG_COLUMN_COMPLETION] = "completion",
                                            [VG_COLUMN_DURATION] = "duration",
                                            [VG_COLUMN_COUNT] = "count" };

/* Describes a stream in the measurements and opens its file, when its first rows arrive. */
static struct vg_csv *open_stream(struct vg_active_run *run, unsigned stream)
{
    const struct vg_stream_spec *spec = &run->workload->streams[stream];
    struct vg_measured_run *into = vg_active_measured(run);
    const char *phase = run->scene->measurements->phases[run->phase].name;
    struct vg_measured_stream *measured = &vg_push(into->streams, into->stream_count);
    *measured = (struct vg_measured_stream) { .name = vg_strdup(spec->name) };
    measured->file = vg_format("%s.%s.%u.%s.csv", phase, run->tenant->name, run->index, spec->name);
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (const struct vg_column *column = spec->columns; column->name; column++) {
        vg_push(names, count) = column->name;
        vg_push(measured->columns, measured->column_count) = (struct vg_measured_column) {
            .name = vg_strdup(column->name),
            .unit = vg_strdup(column->unit),
            .kind = vg_strdup(column_kinds[column->kind]),
            .better = vg_strdup(vg_better_name(column->better)),
            .min_effect = column->min_effect,
        };
    }
    vg_autofree char *path = vg_format("%s/%s", run->scene->measurements->directory, measured->file);
    return vg_csv_create(path, names, (unsigned)count, &run->scene->storage_error);
}

static void on_samples(void *context, unsigned link_run, unsigned stream, const int64_t *rows, size_t row_count)
{
    struct vg_active_run *run = find(context, link_run);
    if (!run || run->ended || run->scene->storage_error.kind != VG_ERROR_NONE || stream >= run->stream_count)
        return;
    if (!run->streams[stream])
        run->streams[stream] = open_stream(run, stream);
    if (!run->streams[stream])
        return;
    size_t width = 0;
    while (run->workload->streams[stream].columns[width].name)
        width++;
    for (size_t i = 0; i < row_count; i++) {
        if (!vg_csv_row(run->streams[stream], rows + i * width)) {
            vg_fail(&run->scene->storage_error, VG_ERROR_ENVIRONMENT,
                    "cannot write raw samples below %s: is the disk full?", run->scene->measurements->directory);
            return;
        }
    }
}

static void on_end(void *context, unsigned link_run, const char *status, const char *message)
{
    struct vg_active_run *run = find(context, link_run);
    if (run)
        vg_active_finish(run, status, message[0] ? message : NULL);
}

static void on_broken(void *context, const char *why)
{
    struct vg_tenant *tenant = context;
    if (tenant->stopped)
        vg_tenant_lost(tenant, why);
    else
        vg_tenant_check(tenant); /* one that boots: the boot says it, with the console's last lines */
}

const struct vg_link_events vg_scene_link_events = {
    .hello = on_hello,
    .ready = on_ready,
    .fact = on_fact,
    .mark = on_mark,
    .samples = on_samples,
    .end = on_end,
    .broken = on_broken,
};

void vg_scene_settle_marks(struct vg_scene *scene)
{
    for (unsigned i = 0; i < scene->run_count; i++) {
        struct vg_active_run *run = scene->runs[i];
        struct vg_measured_run *into = vg_active_measured(run);
        const struct vg_measured_tenant *tenant = vg_measured_tenant_find(scene->measurements, into->tenant);
        for (unsigned j = 0; j < into->mark_count; j++)
            into->marks[j].host_ns = vg_host_time(tenant, run->marks_guest_ns[j]);
    }
}

void vg_active_finish(struct vg_active_run *run, const char *status, const char *message)
{
    if (run->ended)
        return;
    run->ended = true;
    struct vg_measured_run *into = vg_active_measured(run);
    into->end_host_ns = vg_now_ns();
    free(into->status);
    free(into->message);
    into->status = vg_strdup(status);
    into->message = message ? vg_strdup(message) : NULL;
    for (unsigned i = 0; i < run->stream_count; i++) {
        uint64_t rows = 0;
        if (!run->streams[i])
            continue;
        struct vg_error closing = { 0 };
        if (!vg_csv_close(run->streams[i], &rows, &closing) && run->scene->storage_error.kind == VG_ERROR_NONE)
            run->scene->storage_error = closing;
        run->streams[i] = NULL;
        for (unsigned j = 0; j < into->stream_count; j++) {
            if (vg_equal(into->streams[j].name, run->workload->streams[i].name))
                into->streams[j].rows = rows;
        }
    }
}
