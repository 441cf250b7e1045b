/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of an exercise: its parameters, its counts, and the run that they become. */
#include <inttypes.h>
#include <stdarg.h>
#include "engine/exercise.h"

static const char host_word[] = "host"; /* the "tenant" of a run that has none */

const char *vg_exercise_param(const struct vg_exercise *exercise, const char *name)
{
    return vg_settings_or_default(exercise->params, exercise->action, name);
}

long long vg_exercise_number(const struct vg_exercise *exercise, const char *name)
{
    return vg_settings_number(exercise->params, exercise->action, name);
}

void vg_exercise_fact(struct vg_exercise *exercise, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *value = vg_vformat(format, arguments);
    va_end(arguments);
    vg_push(exercise->facts, exercise->fact_count) = (struct vg_fact) { .name = vg_strdup(name), .value = value };
}

void vg_exercise_skip(struct vg_exercise *exercise, const char *format, ...)
{
    if (exercise->skip)
        return;
    va_list arguments;
    va_start(arguments, format);
    exercise->skip = vg_vformat(format, arguments);
    va_end(arguments);
}

static struct vg_tenant *running_tenant(const struct vg_exercise *exercise)
{
    const char *on = vg_exercise_param(exercise, "on");
    for (unsigned i = 0; i < exercise->scene->tenant_count; i++) {
        struct vg_tenant *tenant = exercise->scene->tenants[i];
        if (tenant && vg_tenant_selected(on, tenant->name) && tenant->booted && !tenant->dead)
            return tenant;
    }
    return NULL;
}

struct vg_tenant *vg_exercise_tenant(struct vg_exercise *exercise)
{
    struct vg_tenant *tenant = running_tenant(exercise);
    if (!tenant)
        vg_exercise_skip(exercise, "no tenant `%s` runs", vg_exercise_param(exercise, "on"));
    return tenant;
}

void vg_exercise_trial(struct vg_exercise *exercise, bool on_trial)
{
    struct vg_tenant *tenant = running_tenant(exercise);
    if (tenant)
        tenant->on_trial = on_trial;
}

bool vg_exercise_act(struct vg_exercise *exercise, const char *action, bool *done, struct vg_error *failed,
                     struct vg_error *err)
{
    vg_autofree char *on = vg_strdup(vg_exercise_param(exercise, "on")), *word = vg_strdup(action);
    const struct vg_test_action step = { .on = on, .action = word };
    *failed = (struct vg_error) { 0 };
    *done = vg_action_run(exercise->scene, &step, failed);
    if (*done || (failed->kind != VG_ERROR_INTERRUPTED && failed->kind != VG_ERROR_INPUT))
        return true;
    *err = *failed;
    return false;
}

void vg_exercise_look_at_neighbours(struct vg_exercise *exercise)
{
    const struct vg_scene *scene = exercise->scene;
    const char *on = vg_exercise_param(exercise, "on");
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        struct vg_tenant *tenant = scene->tenants[i];
        if (!tenant || !tenant->booted || vg_tenant_selected(on, tenant->name))
            continue;
        vg_tenant_check(tenant);
        vg_check(&exercise->checks, "neighbour-lives", !tenant->dead, "%s: %s", tenant->name,
                 tenant->reason ? tenant->reason : "dead");
        for (unsigned j = 0; j < scene->run_count; j++) {
            const struct vg_active_run *run = scene->runs[j];
            const struct vg_measured_run *measured = vg_active_measured(run);
            if (run->tenant == tenant)
                vg_check(&exercise->checks, "neighbour-works",
                         !run->ended || vg_equal(measured->status, "ok") || vg_equal(measured->status, "stopped"),
                         "%s in %s: %s", measured->workload, tenant->name,
                         measured->message ? measured->message : measured->status);
        }
    }
}

static void report(struct vg_exercise *exercise, struct vg_measured_run *run)
{
    uint64_t tried = 0, wrong = 0;
    for (unsigned i = 0; i < exercise->checks.count; i++) {
        const struct vg_check *check = &exercise->checks.items[i];
        vg_autofree char *name = vg_format("check.%s", check->name);
        if (check->skipped)
            vg_exercise_fact(exercise, name, "skip %s", check->first);
        else
            vg_exercise_fact(exercise, name, "%" PRIu64 " %" PRIu64 "%s%s", check->tried, check->wrong,
                             check->first[0] ? " " : "", check->first);
        tried += check->tried;
        wrong += check->wrong;
    }
    vg_exercise_fact(exercise, "verified_checks", "%" PRIu64, tried - wrong);
    run->facts = exercise->facts;
    run->fact_count = exercise->fact_count;
    for (const struct vg_param *param = exercise->action->params; param && param->name; param++) {
        const char *value = vg_exercise_param(exercise, param->name);
        if (value)
            vg_push(run->params.items, run->params.count) =
                (struct vg_setting) { .name = vg_strdup(param->name), .value = vg_strdup(value) };
    }
}

bool vg_exercise_run(struct vg_scene *scene, unsigned phase, const struct vg_drill_action *action,
                     const struct vg_settings *params, struct vg_error *err)
{
    struct vg_exercise exercise = {
        .scene = scene, .phase = phase, .action = (const struct vg_descriptor *)action, .params = params
    };
    struct vg_measured_run run = { .tenant = vg_strdup(host_word),
                                   .workload = vg_strdup(action->name),
                                   .go_host_ns = vg_now_ns() };
    vg_engine_step(scene->engine, "%s", action->name);
    bool good = action->exercise(&exercise, err);
    report(&exercise, &run);
    /* What was seen before it could not go on still counts. */
    run.status = vg_strdup(exercise.skip && !exercise.checks.count ? "skip" : "ok");
    run.message = exercise.skip;
    run.end_host_ns = vg_now_ns();
    struct vg_measured_phase *into = &scene->measurements->phases[phase];
    vg_push(into->runs, into->run_count) = run;
    return good;
}
