/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was running when: read from the actions that the engine wrote down. */
#include "judge/internal.h"

static bool is_action_on(const struct vg_measured_event *event, const char *tenant)
{
    return event->action && vg_equal(event->tenant, tenant);
}

static bool is_end(const struct vg_measured_event *event)
{
    return vg_equal(event->action, "kill") || vg_equal(event->action, "shutdown") || vg_equal(event->action, "destroy");
}

bool judge_ended_by_action(const struct vg_measurements *measurements, const char *tenant)
{
    const struct vg_measured_tenant *found = vg_measured_tenant_find(measurements, tenant);
    if (found && vg_equal(found->state, vg_tenant_state_words[VG_TENANT_STOPPED]))
        return true;
    /* Workloads die as soon as the action begins, and a reboot ends them too. */
    for (unsigned i = 0; i < measurements->event_count; i++) {
        const struct vg_measured_event *event = &measurements->events[i];
        if (is_action_on(event, tenant) && (is_end(event) || vg_equal(event->action, "reboot")))
            return true;
    }
    return false;
}

bool judge_is_running(const struct vg_measurements *measurements, const struct vg_measured_tenant *tenant,
                      const struct vg_measured_phase *phase)
{
    for (unsigned i = 0; i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].tenant, tenant->name))
            return true;
    /* A tenant without a run in this phase: what was done to it up to the end of the phase says. One whose first action
     * is a start was not there before it; the others were booted with the test. */
    bool first = true, running = true;
    for (unsigned i = 0; i < measurements->event_count; i++) {
        const struct vg_measured_event *event = &measurements->events[i];
        if (!is_action_on(event, tenant->name))
            continue;
        bool start = vg_equal(event->action, "start");
        if (first && start)
            running = false;
        first = false;
        if (event->done && event->host_ns <= phase->end_host_ns && (start || is_end(event)))
            running = start;
    }
    return running;
}

unsigned judge_tenants_running(const struct vg_measurements *measurements, const struct vg_measured_phase *phase)
{
    unsigned count = 0;
    for (unsigned i = 0; i < measurements->tenant_count; i++)
        count += judge_is_running(measurements, &measurements->tenants[i], phase);
    return count;
}

bool judge_steady_ns(const struct vg_measured_run *run, int64_t *host_ns)
{
    static const char *const marks[] = { "steady", "warm-up-limit" };
    for (size_t name = 0; name < VG_COUNT(marks); name++) {
        for (unsigned i = 0; i < run->mark_count; i++) {
            if (vg_equal(run->marks[i].name, marks[name])) {
                *host_ns = run->marks[i].host_ns;
                return true;
            }
        }
    }
    return false;
}

int64_t judge_instant(double sample)
{
    if (sample >= 9.2e18)
        return INT64_MAX;
    return sample <= -9.2e18 ? INT64_MIN : (int64_t)sample;
}
