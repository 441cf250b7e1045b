/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measurements in memory: looking things up, the tenant's clock mapped to the host's, and freeing. */
#include "record/internal.h"

const struct vg_measured_phase *vg_measured_phase_find(const struct vg_measurements *measurements, const char *name)
{
    for (unsigned i = 0; i < measurements->phase_count; i++)
        if (vg_equal(measurements->phases[i].name, name))
            return &measurements->phases[i];
    return NULL;
}

const struct vg_measured_tenant *vg_measured_tenant_find(const struct vg_measurements *measurements, const char *name)
{
    for (unsigned i = 0; i < measurements->tenant_count; i++)
        if (vg_equal(measurements->tenants[i].name, name))
            return &measurements->tenants[i];
    return NULL;
}

const char *vg_fact_get(const struct vg_measured_run *run, const char *name)
{
    for (unsigned i = 0; i < run->fact_count; i++)
        if (vg_equal(run->facts[i].name, name))
            return run->facts[i].value;
    return NULL;
}

static const struct vg_measured_stream *find_stream(const struct vg_measured_stream *streams, unsigned count,
                                                    const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (vg_equal(streams[i].name, name))
            return &streams[i];
    return NULL;
}

const struct vg_measured_stream *vg_measured_stream_find(const struct vg_measured_run *run, const char *name)
{
    return find_stream(run->streams, run->stream_count, name);
}

const struct vg_measured_stream *vg_measured_probe_stream(const struct vg_measurements *measurements, const char *probe,
                                                          const char *stream)
{
    for (unsigned i = 0; i < measurements->probe_count; i++) {
        const struct vg_measured_probe *candidate = &measurements->probes[i];
        if (vg_equal(candidate->name, probe) && !candidate->unavailable)
            return find_stream(candidate->streams, candidate->stream_count, stream);
    }
    return NULL;
}

/* Sums that saturate: the clock points of a foreign file may hold anything. */
static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return a > 0 ? INT64_MAX : INT64_MIN;
}

static int64_t subtract(int64_t a, int64_t b)
{
    int64_t difference;
    if (!__builtin_sub_overflow(a, b, &difference))
        return difference;
    return a > 0 ? INT64_MAX : INT64_MIN;
}

static int64_t guest_instant(const struct vg_clock_point *point)
{
    return subtract(point->host_ns, point->offset_ns);
}

int64_t vg_host_time(const struct vg_measured_tenant *tenant, int64_t guest_ns)
{
    unsigned low = 0, high = tenant->clock_count;
    if (high == 0)
        return guest_ns; /* a tenant on the host's own clock */
    while (low < high) { /* the first point after guest_ns */
        unsigned middle = low + (high - low) / 2;
        if (guest_instant(&tenant->clock[middle]) <= guest_ns)
            low = middle + 1;
        else
            high = middle;
    }
    /* Before the first point and after the last one the nearest offset holds: no drift is made up. */
    if (low == 0)
        return add(guest_ns, tenant->clock[0].offset_ns);
    const struct vg_clock_point *before = &tenant->clock[low - 1];
    if (low == tenant->clock_count)
        return add(guest_ns, before->offset_ns);
    const struct vg_clock_point *after = &tenant->clock[low];
    double span = (double)subtract(guest_instant(after), guest_instant(before));
    double part = (double)subtract(guest_ns, guest_instant(before));
    double change = (double)subtract(after->offset_ns, before->offset_ns);
    double correction = span > 0 ? change * (part / span) : 0;
    if (correction > 9e18 || correction < -9e18)
        return add(guest_ns, before->offset_ns);
    return add(guest_ns, add(before->offset_ns, (int64_t)correction));
}

static void free_facts(struct vg_fact *facts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        free(facts[i].name);
        free(facts[i].value);
    }
    free(facts);
}

static void free_streams(struct vg_measured_stream *streams, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < streams[i].column_count; j++) {
            struct vg_measured_column *column = &streams[i].columns[j];
            free(column->name);
            free(column->unit);
            free(column->kind);
            free(column->better);
        }
        free(streams[i].columns);
        free(streams[i].name);
        free(streams[i].file);
    }
    free(streams);
}

static void free_run(struct vg_measured_run *run)
{
    free(run->tenant);
    free(run->workload);
    for (unsigned i = 0; i < run->params.count; i++) {
        free(run->params.items[i].name);
        free(run->params.items[i].value);
    }
    free(run->params.items);
    free_facts(run->facts, run->fact_count);
    for (unsigned i = 0; i < run->mark_count; i++)
        free(run->marks[i].name);
    free(run->marks);
    free(run->status);
    free(run->message);
    free_streams(run->streams, run->stream_count);
}

static void free_phase(struct vg_measured_phase *phase)
{
    for (unsigned i = 0; i < phase->run_count; i++)
        free_run(&phase->runs[i]);
    free(phase->runs);
    free(phase->name);
    free(phase->outcome);
    free(phase->reason);
    free(phase->policy);
    for (unsigned i = 0; i < phase->reading_count; i++) {
        free(phase->readings[i].tenant);
        free(phase->readings[i].knob);
    }
    free(phase->readings);
}

static void free_tenant(struct vg_measured_tenant *tenant)
{
    free(tenant->name);
    free(tenant->vm);
    free(tenant->boot_id);
    free(tenant->state);
    free(tenant->reason);
    json_decref(tenant->hello);
    free(tenant->clock);
}

static void free_probe(struct vg_measured_probe *probe)
{
    free(probe->name);
    free(probe->unavailable);
    free_facts(probe->facts, probe->fact_count);
    free_streams(probe->streams, probe->stream_count);
}

void vg_measurements_free(struct vg_measurements *measurements)
{
    if (!measurements)
        return;
    for (unsigned i = 0; i < measurements->tenant_count; i++)
        free_tenant(&measurements->tenants[i]);
    for (unsigned i = 0; i < measurements->phase_count; i++)
        free_phase(&measurements->phases[i]);
    for (unsigned i = 0; i < measurements->event_count; i++) {
        free(measurements->events[i].tenant);
        free(measurements->events[i].action);
        free(measurements->events[i].what);
    }
    for (unsigned i = 0; i < measurements->probe_count; i++)
        free_probe(&measurements->probes[i]);
    for (unsigned i = 0; i < measurements->invalid_count; i++)
        free(measurements->invalid[i]);
    rec_free_texts(measurements->unread, measurements->unread_count);
    rec_free_texts(measurements->rests_on, measurements->rests_on_count);
    for (unsigned i = 0; i < measurements->promise_count; i++) {
        free(measurements->promises[i].policy);
        free(measurements->promises[i].entitlement);
        free(measurements->promises[i].idle);
    }
    free(measurements->promises);
    free(measurements->tenants);
    free(measurements->phases);
    free(measurements->events);
    free(measurements->probes);
    free(measurements->invalid);
    free(measurements->test);
    free(measurements->instance);
    free(measurements->mechanism);
    free(measurements->profile);
    free(measurements->policy);
    free(measurements->pgpu);
    free(measurements->skip);
    free(measurements->directory);
    free(measurements);
}
