/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One phase: its actions in order, then its workloads, started together on a barrier and waited for. */
#include <stdlib.h>
#include "engine/drill.h"
#include "engine/internal.h"

/* Room for every tenant's "go" to arrive before the instant that it names. */
#define BARRIER_LEAD_NS (50 * VG_NS_PER_MS)
enum { STOP_TIMEOUT_S = 10, DEFAULT_PHASE_TIMEOUT_S = 120 };

bool vg_tenant_selected(const char *on, const char *name)
{
    size_t length = strlen(on);
    return strncmp(on, name, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

/* "=solo.iterations": the fact of that name from the first run of an earlier phase, so that a later phase runs the very
 * same job. NULL, with the reason in the measurements, if that run did not yield it. */
static const char *referred(struct vg_scene *scene, const char *reference)
{
    const char *dot = strchr(reference, '.');
    for (unsigned i = 0; dot && i < scene->measurements->phase_count; i++) {
        const struct vg_measured_phase *phase = &scene->measurements->phases[i];
        if (strlen(phase->name) != (size_t)(dot - reference) ||
            strncmp(phase->name, reference, strlen(phase->name)) != 0 || phase->run_count == 0)
            continue;
        const char *value = vg_fact_get(&phase->runs[0], dot + 1);
        if (value)
            return value;
    }
    vg_scene_invalid(scene, "the earlier phase did not yield `%s`, which a later one builds on", reference);
    return NULL;
}

/* A key that differs between seeds, tests and instances, and is the same for all runs of one instance: what one tenant
 * planted is told from what any other test ever planted. FNV-1a, then the finaliser of splitmix64. */
static char *derived_key(const struct vg_scene *scene)
{
    vg_autofree char *subject = vg_format("%llu/%s/%s", (unsigned long long)scene->engine->config->run->seed,
                                          scene->instance->test->id, scene->instance->name);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *byte = subject; *byte; byte++)
        hash = (hash ^ (unsigned char)*byte) * UINT64_C(0x100000001b3);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return vg_format("%016llx", (unsigned long long)(hash ^ (hash >> 31)));
}

/* Every parameter of the workload with its value: the test's or the default. A referred value is the guest's word, so
 * it is checked again. */
static bool resolve(struct vg_scene *scene, const struct vg_test_run *run, const struct vg_workload *workload,
                    struct vg_settings *params)
{
    const struct vg_descriptor *descriptor = (const struct vg_descriptor *)workload;
    for (const struct vg_param *param = descriptor->params; param && param->name; param++) {
        const char *value = vg_settings_get(&run->params, param->name);
        if (!value)
            value = param->def;
        vg_autofree char *derived = vg_equal(value, "=seed") ? derived_key(scene) : NULL;
        if (derived) {
            value = derived;
        } else if (value && value[0] == '=') {
            struct vg_error wrong = { 0 };
            value = referred(scene, value + 1);
            if (!value)
                return false;
            if (!vg_param_check(descriptor, param, value, &wrong)) {
                vg_scene_invalid(scene, "%s", wrong.text);
                return false;
            }
        }
        if (value)
            vg_push(params->items, params->count) =
                (struct vg_setting) { .name = vg_strdup(param->name), .value = vg_strdup(value) };
    }
    return true;
}

static void start_run(struct vg_scene *scene, unsigned phase_index, const struct vg_test_run *spec,
                      struct vg_tenant *tenant)
{
    struct vg_measured_phase *phase = &scene->measurements->phases[phase_index];
    const struct vg_workload *workload =
        (const struct vg_workload *)vg_descriptor_find(VG_KIND_WORKLOAD, spec->workload);
    struct vg_active_run *run = vg_calloc(1, sizeof(*run));
    *run = (struct vg_active_run) {
        .scene = scene,
        .tenant = tenant,
        .workload = workload,
        .until = spec->until,
        .phase = phase_index,
        .index = phase->run_count,
        .heard_ns = vg_now_ns(),
    };
    while (workload->streams && workload->streams[run->stream_count].name)
        run->stream_count++;
    run->streams = vg_calloc(run->stream_count, sizeof(struct vg_csv *));
    struct vg_measured_run *measured = &vg_push(phase->runs, phase->run_count);
    *measured = (struct vg_measured_run) {
        .tenant = vg_strdup(tenant->name),
        .workload = vg_strdup(spec->workload),
        .status = vg_strdup("running"),
    };
    vg_push(scene->runs, scene->run_count) = run;
    if (!resolve(scene, spec, workload, &measured->params))
        vg_active_finish(run, "invalid", "a parameter that comes from an earlier phase is not there");
    else if (tenant->dead)
        vg_active_finish(run, "lost", tenant->reason);
    else
        run->link_run = vg_link_start(tenant->link, workload, &measured->params);
}

static void start_runs(struct vg_scene *scene, unsigned phase_index, const struct vg_phase *phase)
{
    for (unsigned i = 0; i < phase->run_count; i++) {
        bool any = false;
        for (unsigned j = 0; j < scene->tenant_count; j++) {
            struct vg_tenant *tenant = scene->tenants[j];
            if (!tenant || !vg_tenant_selected(phase->runs[i].on, tenant->name))
                continue;
            start_run(scene, phase_index, &phase->runs[i], tenant);
            any = true;
        }
        if (!any)
            vg_scene_invalid(scene, "phase %s: no tenant `%s` runs", phase->name, phase->runs[i].on);
    }
}

/* A run that has been silent for longer than the test allows; NULL if there is none. What waits for others at the
 * barrier has nothing to say. */
static const struct vg_active_run *silent_run(const struct vg_scene *scene, unsigned phase_index,
                                              bool (*settled)(const struct vg_active_run *))
{
    int64_t since_ns = vg_now_ns() - scene->instance->test->inactivity_s * VG_NS_PER_S;
    for (unsigned i = 0; i < scene->run_count; i++) {
        const struct vg_active_run *run = scene->runs[i];
        if (run->phase == phase_index && !run->ended && !settled(run) && run->heard_ns < since_ns)
            return run;
    }
    return NULL;
}

/* Serves everything until the condition holds for all runs of the phase, or the deadline passes, or one of them has
 * been silent for too long. */
static bool wait_runs(struct vg_scene *scene, unsigned phase_index, const struct vg_tenant *only,
                      bool (*settled)(const struct vg_active_run *), int64_t deadline_ns, bool *in_time,
                      struct vg_error *err)
{
    for (*in_time = true;;) {
        bool all = true;
        for (unsigned i = 0; i < scene->run_count; i++)
            all = all && (scene->runs[i]->phase != phase_index || (only && scene->runs[i]->tenant != only) ||
                          scene->runs[i]->ended || settled(scene->runs[i]));
        if (all)
            return true;
        if (vg_now_ns() > deadline_ns || silent_run(scene, phase_index, settled)) {
            *in_time = false;
            return true;
        }
        if (!vg_engine_turn(scene->engine, 20, err))
            return false;
        if (scene->storage_error.kind != VG_ERROR_NONE) {
            *err = scene->storage_error;
            return false;
        }
        for (unsigned i = 0; i < scene->tenant_count; i++) {
            if (scene->tenants[i])
                vg_tenant_check(scene->tenants[i]);
        }
    }
}

static bool is_ready(const struct vg_active_run *run)
{
    return run->ready;
}

static bool is_done(const struct vg_active_run *run)
{
    return run->until && run->reached;
}

static bool is_ended(const struct vg_active_run *run)
{
    return run->ended;
}

/* A barrier that one failed run never reaches would let the others measure something else: then none is released. */
static bool all_at_barrier(const struct vg_scene *scene, unsigned phase_index)
{
    for (unsigned i = 0; i < scene->run_count; i++) {
        const struct vg_active_run *run = scene->runs[i];
        if (run->phase == phase_index && (run->ended || !run->ready))
            return false;
    }
    return true;
}

static void release(struct vg_scene *scene, unsigned phase_index)
{
    int64_t at_ns = vg_now_ns() + BARRIER_LEAD_NS;
    for (unsigned i = 0; i < scene->run_count; i++) {
        struct vg_active_run *run = scene->runs[i];
        if (run->phase != phase_index || run->ended)
            continue;
        vg_link_go(run->tenant->link, run->link_run, at_ns);
        vg_active_measured(run)->go_host_ns = at_ns;
        run->gone = true;
        run->heard_ns = at_ns;
    }
}

/* Stops the phase's runs that still go (of one tenant, or of all if it is NULL), and settles those that do not obey. */
static bool stop_phase(struct vg_scene *scene, unsigned phase_index, const struct vg_tenant *only, const char *status,
                       const char *message, struct vg_error *err)
{
    bool in_time;
    for (unsigned i = 0; i < scene->run_count; i++) {
        struct vg_active_run *run = scene->runs[i];
        if (run->phase == phase_index && !run->ended && !run->tenant->dead && (!only || run->tenant == only))
            vg_link_stop(run->tenant->link, run->link_run);
    }
    int64_t deadline_ns = vg_now_ns() + STOP_TIMEOUT_S * VG_NS_PER_S;
    if (!wait_runs(scene, phase_index, only, is_ended, deadline_ns, &in_time, err))
        return false;
    for (unsigned i = 0; i < scene->run_count; i++) {
        struct vg_active_run *run = scene->runs[i];
        if (run->phase != phase_index || run->ended || (only && run->tenant != only))
            continue;
        run->tenant->tainted = true;
        vg_active_finish(run, status, message);
    }
    return true;
}

bool vg_scene_stop_runs(struct vg_scene *scene, const struct vg_tenant *only, struct vg_error *err)
{
    for (unsigned i = 0; i < scene->measurements->phase_count; i++) {
        if (!stop_phase(scene, i, only, "timeout", "did not stop when asked to", err))
            return false;
    }
    return true;
}

static void set_outcome(struct vg_measured_phase *phase, const char *outcome)
{
    free(phase->outcome);
    phase->outcome = vg_strdup(outcome);
}

static const char *outcome_of(const struct vg_measured_phase *phase)
{
    const char *outcome = "ok";
    for (unsigned i = 0; i < phase->run_count; i++) {
        const char *status = phase->runs[i].status;
        if (vg_equal(status, "lost"))
            return "lost";
        if (!vg_equal(status, "ok") && !vg_equal(status, "running") && !vg_equal(status, "stopped"))
            outcome = "failed";
    }
    return outcome;
}

/* Why the phase is over, in a sentence without its full stop. *silent: the run to blame; NULL: the phase's own limit.
 */
static char *why_over(const struct vg_scene *scene, unsigned index, const struct vg_phase *phase,
                      const struct vg_active_run *silent)
{
    unsigned timeout_s = phase->timeout_s ? phase->timeout_s : DEFAULT_PHASE_TIMEOUT_S;
    if (!silent)
        return vg_format("phase %s did not end within %u s", phase->name, timeout_s);
    return vg_format("%s in %s said nothing for %u s, and the tenant's agent %s",
                     scene->measurements->phases[index].runs[silent->index].workload, silent->tenant->name,
                     scene->instance->test->inactivity_s,
                     vg_link_pings_pending(silent->tenant->link) ? "does not answer" : "still answers");
}

/* Before anything is stopped it is written down what there is to see; then all of it is. */
static bool give_up(struct vg_scene *scene, unsigned index, const struct vg_phase *phase,
                    const struct vg_active_run *silent, struct vg_error *err)
{
    vg_autofree char *collected = NULL;
    if (!vg_scene_diagnose(scene, &collected, err))
        return false;
    set_outcome(&scene->measurements->phases[index], "timeout");
    vg_autofree char *why = why_over(scene, index, phase, silent);
    scene->measurements->phases[index].reason = vg_format("%s; what was found then: %s", why, collected);
    vg_scene_event(scene, NULL, NULL, false, "%s", scene->measurements->phases[index].reason);
    return stop_phase(scene, index, NULL, "timeout", "did not stop when asked to either", err);
}

static bool drive(struct vg_scene *scene, unsigned index, const struct vg_phase *phase, struct vg_error *err)
{
    int64_t timeout_s = phase->timeout_s ? phase->timeout_s : DEFAULT_PHASE_TIMEOUT_S;
    int64_t deadline_ns = vg_now_ns() + timeout_s * VG_NS_PER_S;
    bool in_time = true;
    start_runs(scene, index, phase);
    if (!wait_runs(scene, index, NULL, is_ready, deadline_ns, &in_time, err))
        return false;
    if (!in_time)
        return give_up(scene, index, phase, silent_run(scene, index, is_ready), err);
    if (!all_at_barrier(scene, index))
        return stop_phase(scene, index, NULL, "stopped", "another tenant of the phase did not reach the barrier", err);
    release(scene, index);
    return wait_runs(scene, index, NULL, is_done, deadline_ns, &in_time, err) &&
           (in_time || give_up(scene, index, phase, silent_run(scene, index, is_done), err));
}

bool vg_phase_load(struct vg_scene *scene, unsigned phase, const struct vg_test_run *spec, struct vg_tenant *tenant,
                   unsigned timeout_s, bool *done, struct vg_error *err)
{
    int64_t deadline_ns = vg_now_ns() + timeout_s * VG_NS_PER_S;
    bool in_time = true;
    start_run(scene, phase, spec, tenant);
    const struct vg_active_run *run = scene->runs[scene->run_count - 1];
    if (!wait_runs(scene, phase, tenant, is_ready, deadline_ns, &in_time, err))
        return false;
    if (in_time && run->ready && !run->ended) {
        release(scene, phase);
        if (!wait_runs(scene, phase, tenant, is_done, deadline_ns, &in_time, err))
            return false;
    }
    *done = in_time && (spec->until ? run->reached : vg_equal(vg_active_measured(run)->status, "ok"));
    return true;
}

bool vg_phase_run(struct vg_scene *scene, const struct vg_phase *phase, struct vg_error *err)
{
    struct vg_measurements *into = scene->measurements;
    unsigned index = into->phase_count;
    if (!vg_engine_take_turn(scene->engine, err))
        return false;
    vg_push(into->phases, into->phase_count) =
        (struct vg_measured_phase) { .name = vg_strdup(phase->name), .start_host_ns = vg_now_ns() };
    vg_engine_step(scene->engine, "phase %s", phase->name);
    for (unsigned i = 0; i < phase->provision_count; i++) {
        if (!vg_provision_run(scene, index, &phase->provisions[i], err))
            return false;
    }
    if (phase->policy && !vg_policy_change(scene, phase->policy, err))
        return false;
    into->phases[index].policy = vg_strdup(scene->policy);
    for (unsigned i = 0; i < phase->action_count; i++) {
        if (!vg_action_run(scene, &phase->actions[i], err))
            return false;
    }
    /* The phase is its workloads; what was done before them is in the events. */
    vg_policy_read(scene, &into->phases[index], false);
    if (!phase->provision_count)
        into->phases[index].start_host_ns = vg_now_ns();
    vg_engine_step(scene->engine, "phase %s", phase->name);
    bool driven = drive(scene, index, phase, err);
    into->phases[index].end_host_ns = vg_now_ns();
    vg_policy_read(scene, &into->phases[index], true);
    if (!into->phases[index].outcome)
        set_outcome(&into->phases[index], driven ? outcome_of(&into->phases[index]) : "failed");
    return driven;
}
