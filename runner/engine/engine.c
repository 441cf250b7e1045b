/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's turn (links, progress, interrupt) and the loop over instances. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/internal.h"

#define PROGRESS_PERIOD_NS (250 * VG_NS_PER_MS)
#define CONFIDENCE_S       60

static void show_progress(struct vg_engine *engine, bool changed)
{
    int64_t now_ns = vg_now_ns();
    const struct vg_engine_observer *observer = engine->config->observer;
    if (!observer || !observer->progress || (!changed && now_ns - engine->last_progress_ns < PROGRESS_PERIOD_NS))
        return;
    engine->last_progress_ns = now_ns;
    struct vg_progress *progress = &engine->progress;
    progress->step = engine->step;
    progress->elapsed_s = (double)(now_ns - engine->start_ns) / 1e9;
    /* The estimate is corrected by how the finished instances compared with theirs, the more the longer they took. */
    double left_s = engine->estimate_total_s - engine->estimate_done_s;
    double pace = (engine->actual_done_s + CONFIDENCE_S) / (engine->estimate_done_s + CONFIDENCE_S);
    double inside_s = progress->elapsed_s - engine->actual_done_s;
    progress->remaining_s = left_s * pace - inside_s;
    if (progress->remaining_s < 1)
        progress->remaining_s = 1;
    observer->progress(observer->context, progress);
}

void vg_engine_step(struct vg_engine *engine, const char *format, ...)
{
    char step[sizeof(engine->step)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(step, sizeof(step), format, arguments);
    va_end(arguments);
    bool changed = strcmp(step, engine->step) != 0;
    memcpy(engine->step, step, sizeof(step));
    show_progress(engine, changed);
}

bool vg_engine_turn(struct vg_engine *engine, int timeout_ms, struct vg_error *err)
{
    vg_autofree struct pollfd *waits = vg_calloc(engine->tenant_count, sizeof(*waits));
    vg_autofree struct vg_tenant **owners = vg_calloc(engine->tenant_count, sizeof(*owners));
    nfds_t count = 0;
    for (unsigned i = 0; i < engine->tenant_count; i++) {
        struct vg_tenant *tenant = engine->tenants[i];
        const char *why;
        if (!tenant->link || tenant->dead || vg_link_broken(tenant->link, &why))
            continue;
        waits[count] = (struct pollfd) { .fd = vg_link_fd(tenant->link), .events = vg_link_poll_events(tenant->link) };
        owners[count++] = tenant;
    }
    int ready = poll(waits, count, timeout_ms);
    for (nfds_t i = 0; ready > 0 && i < count; i++) {
        if (waits[i].revents)
            vg_link_service(owners[i]->link);
    }
    show_progress(engine, false);
    if (vg_engine_interrupted())
        return vg_fail(err, VG_ERROR_INTERRUPTED, "interrupted");
    return vg_limit_look(engine, err);
}

bool vg_engine_take_turn(struct vg_engine *engine, struct vg_error *err)
{
    struct vg_turns *turns = engine->config->turns;
    if (!turns)
        return true;
    vg_turns_pass(turns);
    for (int64_t before_ns = vg_now_ns(); !vg_turns_poll(turns, 10); before_ns = vg_now_ns()) {
        if (!vg_engine_turn(engine, 0, err))
            return false;
        vg_limit_pause(engine, vg_now_ns() - before_ns);
    }
    return true;
}

static bool end_run(struct vg_engine *engine, bool done, struct vg_error *err)
{
    struct vg_run *run = engine->config->run;
    struct vg_error failed = { 0 };
    free(run->state);
    free(run->ended);
    free(run->reason);
    run->ended = vg_wall_time();
    run->state = vg_strdup(done ? "complete" : err->kind == VG_ERROR_INTERRUPTED ? "interrupted" : "aborted");
    run->reason = done ? NULL : vg_strdup(err->text);
    if (vg_run_save(run, &failed))
        return done;
    if (done)
        *err = failed; /* otherwise what ended the run is what to tell; a full disk would be told twice */
    return false;
}

static bool run_all(struct vg_engine *engine, struct vg_error *err)
{
    const struct vg_schedule *schedule = engine->config->schedule;
    for (unsigned i = 0; i < schedule->count; i++)
        if (!schedule->items[i].done)
            engine->estimate_total_s += vg_instance_estimate_s(&schedule->items[i], engine->host);
    engine->progress.instance_count = schedule->count;
    unsigned saved_fields = 0;
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct vg_instance *instance = &schedule->items[i];
        int64_t before_ns = vg_now_ns();
        if (instance->done)
            continue;
        /* What is known of the environment is on the disk before results that were measured in it. */
        if (saved_fields != engine->config->run->fingerprint_count && !vg_run_save(engine->config->run, err))
            return false;
        saved_fields = engine->config->run->fingerprint_count;
        engine->progress.instance = i + 1;
        engine->progress.test = instance->test->id;
        engine->progress.instance_name = instance->name;
        if (!vg_instance_run(engine, instance, err))
            return false;
        engine->estimate_done_s += vg_instance_estimate_s(instance, engine->host);
        engine->actual_done_s += (double)(vg_now_ns() - before_ns) / 1e9;
        if (vg_engine_interrupted())
            return vg_fail(err, VG_ERROR_INTERRUPTED, "interrupted");
    }
    return true;
}

/* The run directory carries what it was judged by. */
static bool save_subjects(struct vg_engine *engine, struct vg_error *err)
{
    const struct vg_schedule *schedule = engine->config->schedule;
    const struct vg_catalog *catalog = engine->config->catalog;
    vg_autofree const struct vg_requirement **requirements = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct vg_test *test = schedule->items[i].test;
        if (!vg_run_save_test(engine->config->run, test, err))
            return false;
        for (unsigned j = 0; j < test->requirements.count; j++) {
            const struct vg_requirement *requirement = vg_catalog_requirement(catalog, test->requirements.items[j]);
            bool known = !requirement;
            for (size_t k = 0; k < count; k++)
                known = known || requirements[k] == requirement;
            if (!known)
                vg_push(requirements, count) = requirement;
        }
    }
    return vg_run_save_requirements(engine->config->run, requirements, (unsigned)count, err);
}

/* Results of one run belong to one environment. */
bool vg_engine_unchanged(const struct vg_engine *engine, struct vg_error *err)
{
    const struct vg_run *run = engine->config->run;
    return !run->changed || vg_fail(err, VG_ERROR_INPUT, "the run cannot go on: %s; start a new one", run->changed);
}

bool vg_engine_rehearse(const struct vg_engine_config *config, struct vg_error *err)
{
    struct vg_engine engine = { .config = config, .host = config->host, .start_ns = vg_now_ns(), .runtime_claim = -1 };
    bool opened = vg_environment_open(&engine, err);
    vg_environment_close(&engine);
    return opened;
}

bool vg_engine_run(const struct vg_engine_config *config, struct vg_error *err)
{
    struct vg_engine engine = { .config = config, .host = config->host, .start_ns = vg_now_ns(), .runtime_claim = -1 };
    vg_limit_begin_run(&engine);
    vg_environment_fingerprint(&engine);
    bool done = vg_engine_unchanged(&engine, err) && save_subjects(&engine, err) && vg_environment_open(&engine, err) &&
                vg_engine_unchanged(&engine, err) && run_all(&engine, err);
    vg_environment_close(&engine);
    free(engine.passed_said);
    return end_run(&engine, done, err);
}
