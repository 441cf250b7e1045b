/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was running when: read from the events that the engine wrote down ("peer.0 start", "peer.0 kill"). */
#include "judge/internal.h"

/* The action of an event on this tenant ("kill"), or NULL if the event is about something else. */
static const char *action_on(const struct vg_measured_event *event, const char *tenant)
{
    size_t length = strlen(tenant);
    if (strncmp(event->what, tenant, length) != 0 || event->what[length] != ' ')
        return NULL;
    return event->what + length + 1;
}

static bool is_end(const char *action)
{
    static const char *const ends[] = { "kill", "shutdown", "destroy", "stop", "reboot", "poweroff" };
    for (size_t i = 0; action && i < VG_COUNT(ends); i++)
        if (strncmp(action, ends[i], strlen(ends[i])) == 0 && strncmp(action, "stop-workloads", 14) != 0)
            return true;
    return false;
}

bool judge_ended_by_action(const struct vg_measurements *measurements, const char *tenant)
{
    const struct vg_measured_tenant *found = vg_measured_tenant_find(measurements, tenant);
    if (found && vg_equal(found->state, "stopped"))
        return true;
    for (unsigned i = 0; i < measurements->event_count; i++)
        if (is_end(action_on(&measurements->events[i], tenant)))
            return true;
    return false;
}

static bool running_in(const struct vg_measurements *measurements, const struct vg_measured_tenant *tenant,
                       const struct vg_measured_phase *phase)
{
    for (unsigned i = 0; i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].tenant, tenant->name))
            return true;
    /* A tenant without a run in this phase: what its events up to the end of the phase say. One whose first event is a
     * start was not there before it; the others were booted with the test. */
    bool first = true, running = true;
    for (unsigned i = 0; i < measurements->event_count; i++) {
        const struct vg_measured_event *event = &measurements->events[i];
        const char *action = action_on(event, tenant->name);
        bool start = action && (strncmp(action, "start", 5) == 0 || strncmp(action, "reboot", 6) == 0);
        if (!start && !is_end(action))
            continue;
        if (first && strncmp(action, "start", 5) == 0)
            running = false;
        first = false;
        if (event->host_ns <= phase->end_host_ns)
            running = start;
    }
    return running;
}

unsigned judge_tenants_running(const struct vg_measurements *measurements, const struct vg_measured_phase *phase)
{
    unsigned count = 0;
    for (unsigned i = 0; i < measurements->tenant_count; i++)
        count += running_in(measurements, &measurements->tenants[i], phase);
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
