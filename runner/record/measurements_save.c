/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measurements.json: everything that the engine saw in one instance except the raw samples, which lie beside it as CSV.
 * The judge needs nothing else. */
#include "record/internal.h"

static json_t *facts_to_json(const struct vg_fact *facts, unsigned count)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *fact = vg_json_new_object();
        vg_json_set_text(fact, "name", facts[i].name);
        vg_json_set_text(fact, "value", facts[i].value);
        vg_json_append(list, fact);
    }
    return list;
}

static const char *kind_of(const struct vg_measured_column *column)
{
    return column->kind ? column->kind : "count";
}

static const char *better_of(const struct vg_measured_column *column)
{
    return column->better ? column->better : "neither";
}

static json_t *stream_to_json(const struct vg_measured_stream *stream)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "name", stream->name);
    vg_json_set_text(object, "file", stream->file);
    vg_json_set_int(object, "rows", (int64_t)stream->rows);
    json_t *columns = vg_json_new_array();
    for (unsigned i = 0; i < stream->column_count; i++) {
        const struct vg_measured_column *column = &stream->columns[i];
        json_t *member = vg_json_new_object();
        vg_json_set_text(member, "name", column->name);
        vg_json_set_text(member, "unit", column->unit ? column->unit : "1");
        vg_json_set_text(member, "kind", kind_of(column));
        vg_json_set_text(member, "better", better_of(column));
        vg_json_set_real(member, "min_effect", column->min_effect);
        vg_json_append(columns, member);
    }
    vg_json_set(object, "columns", columns);
    return object;
}

static json_t *streams_to_json(const struct vg_measured_stream *streams, unsigned count)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++)
        vg_json_append(list, stream_to_json(&streams[i]));
    return list;
}

static json_t *tenant_to_json(const struct vg_measured_tenant *tenant)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "name", tenant->name);
    vg_json_set_text(object, "vm", tenant->vm);
    vg_json_set_text(object, "boot_id", tenant->boot_id);
    vg_json_set_int(object, "weight", tenant->weight);
    vg_json_set_text(object, "state", tenant->state);
    vg_json_set_text(object, "reason", tenant->reason);
    vg_json_set_real(object, "boot_s", tenant->boot_s);
    vg_json_set(object, "hello", tenant->hello ? json_deep_copy(tenant->hello) : json_null());
    json_t *clock = vg_json_new_array();
    for (unsigned i = 0; i < tenant->clock_count; i++) {
        json_t *point = vg_json_new_object();
        vg_json_set_int(point, "host_ns", tenant->clock[i].host_ns);
        vg_json_set_int(point, "offset_ns", tenant->clock[i].offset_ns);
        vg_json_set_int(point, "uncertainty_ns", tenant->clock[i].uncertainty_ns);
        vg_json_append(clock, point);
    }
    vg_json_set(object, "clock", clock);
    return object;
}

static json_t *run_to_json(const struct vg_measured_run *run)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "tenant", run->tenant);
    vg_json_set_text(object, "workload", run->workload);
    json_t *params = vg_json_new_object();
    for (unsigned i = 0; i < run->params.count; i++)
        vg_json_set_text(params, run->params.items[i].name, run->params.items[i].value);
    vg_json_set(object, "params", params);
    vg_json_set(object, "facts", facts_to_json(run->facts, run->fact_count));
    json_t *marks = vg_json_new_array();
    for (unsigned i = 0; i < run->mark_count; i++) {
        json_t *mark = vg_json_new_object();
        vg_json_set_text(mark, "name", run->marks[i].name);
        vg_json_set_int(mark, "host_ns", run->marks[i].host_ns);
        vg_json_append(marks, mark);
    }
    vg_json_set(object, "marks", marks);
    vg_json_set_text(object, "status", run->status);
    vg_json_set_text(object, "message", run->message);
    vg_json_set_int(object, "go_host_ns", run->go_host_ns);
    vg_json_set_int(object, "end_host_ns", run->end_host_ns);
    vg_json_set(object, "streams", streams_to_json(run->streams, run->stream_count));
    return object;
}

static json_t *readings_to_json(const struct vg_measured_phase *phase)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < phase->reading_count; i++) {
        const struct vg_policy_reading *reading = &phase->readings[i];
        json_t *object = vg_json_new_object();
        vg_json_set_text(object, "tenant", reading->tenant);
        vg_json_set_text(object, "knob", reading->knob);
        vg_json_set_real(object, "wanted", reading->wanted);
        vg_json_set_real(object, "found", reading->found);
        vg_json_set_bool(object, "after", reading->after);
        vg_json_append(list, object);
    }
    return list;
}

static json_t *phase_to_json(const struct vg_measured_phase *phase)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "name", phase->name);
    vg_json_set_text(object, "outcome", phase->outcome);
    if (phase->reason)
        vg_json_set_text(object, "reason", phase->reason);
    vg_json_set_text(object, "policy", phase->policy ? phase->policy : "");
    vg_json_set(object, "readings", readings_to_json(phase));
    vg_json_set_int(object, "start_host_ns", phase->start_host_ns);
    vg_json_set_int(object, "end_host_ns", phase->end_host_ns);
    json_t *runs = vg_json_new_array();
    for (unsigned i = 0; i < phase->run_count; i++)
        vg_json_append(runs, run_to_json(&phase->runs[i]));
    vg_json_set(object, "runs", runs);
    return object;
}

static json_t *probe_to_json(const struct vg_measured_probe *probe)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "name", probe->name);
    vg_json_set_text(object, "unavailable", probe->unavailable);
    vg_json_set(object, "facts", facts_to_json(probe->facts, probe->fact_count));
    vg_json_set(object, "streams", streams_to_json(probe->streams, probe->stream_count));
    return object;
}

static json_t *events_to_json(const struct vg_measured_event *events, unsigned count)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *event = vg_json_new_object();
        vg_json_set_int(event, "host_ns", events[i].host_ns);
        vg_json_set_text(event, "tenant", events[i].tenant);
        vg_json_set_text(event, "action", events[i].action);
        vg_json_set_bool(event, "done", events[i].done);
        vg_json_set_text(event, "what", events[i].what);
        vg_json_append(list, event);
    }
    return list;
}

static bool streams_ok(const struct vg_measured_stream *streams, unsigned count, struct vg_error *err)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < streams[i].column_count; j++)
            if (!rec_one_of("kind", kind_of(&streams[i].columns[j]), rec_column_kind_words, err) ||
                !rec_one_of("better", better_of(&streams[i].columns[j]), rec_better_words, err))
                return vg_wrap(err, "stream `%s`", streams[i].name);
    return true;
}

static bool phase_ok(const struct vg_measured_phase *phase, struct vg_error *err)
{
    if (!rec_one_of("outcome", phase->outcome, vg_phase_outcome_words, err))
        return false;
    for (unsigned i = 0; i < phase->run_count; i++) {
        const struct vg_measured_run *run = &phase->runs[i];
        if (!rec_one_of("status", run->status, vg_run_status_words, err) ||
            !streams_ok(run->streams, run->stream_count, err))
            return vg_wrap(err, "%s in %s", run->workload, run->tenant);
    }
    return true;
}

static bool words_ok(const struct vg_measurements *m, struct vg_error *err)
{
    for (unsigned i = 0; i < m->tenant_count; i++)
        if (!rec_one_of("state", m->tenants[i].state, vg_tenant_state_words, err))
            return vg_wrap(err, "tenant %s", m->tenants[i].name);
    for (unsigned i = 0; i < m->phase_count; i++)
        if (!phase_ok(&m->phases[i], err))
            return vg_wrap(err, "phase %s", m->phases[i].name);
    for (unsigned i = 0; i < m->probe_count; i++)
        if (!streams_ok(m->probes[i].streams, m->probes[i].stream_count, err))
            return vg_wrap(err, "probe %s", m->probes[i].name);
    return true;
}

static json_t *promises_to_json(const struct vg_measurements *m)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < m->promise_count; i++) {
        json_t *object = vg_json_new_object();
        vg_json_set_text(object, "policy", m->promises[i].policy);
        vg_json_set_text(object, "entitlement", m->promises[i].entitlement);
        vg_json_set_text(object, "idle", m->promises[i].idle);
        vg_json_append(array, object);
    }
    return array;
}

bool vg_measurements_save(const struct vg_measurements *m, struct vg_error *err)
{
    if (!words_ok(m, err))
        return vg_wrap(err, "cannot save the measurements of %s", m->instance);
    vg_autojson json_t *document = vg_json_new_object();
    vg_json_set_text(document, "schema", REC_MEASUREMENTS_SCHEMA);
    vg_json_set_text(document, "test", m->test);
    vg_json_set_text(document, "instance", m->instance);
    vg_json_set_text(document, "mechanism", m->mechanism);
    vg_json_set_text(document, "profile", m->profile);
    vg_json_set_text(document, "policy", m->policy);
    vg_json_set_text(document, "pgpu", m->pgpu);
    vg_json_set_int(document, "profile_max", m->profile_max);
    vg_json_set_int(document, "profile_memory_bytes", (json_int_t)m->profile_memory_bytes);
    vg_json_set_int(document, "period_us", m->period_us);
    vg_json_set_int(document, "slice_us", m->slice_us);
    vg_json_set_int(document, "elastic_percent", m->elastic_percent);
    vg_json_set(document, "promises", promises_to_json(m));
    vg_json_set_bool(document, "software_renderer", m->software_renderer);
    vg_json_set_int(document, "boot", m->boot);
    vg_json_set_real(document, "duration_s", m->duration_s);
    vg_json_set_text(document, "skip", m->skip);
    vg_json_set(document, "invalid", rec_texts_to_json(m->invalid, m->invalid_count));
    vg_json_set(document, "unread", rec_texts_to_json(m->unread, m->unread_count));
    vg_json_set(document, "rests_on", rec_texts_to_json(m->rests_on, m->rests_on_count));
    json_t *tenants = vg_json_new_array();
    for (unsigned i = 0; i < m->tenant_count; i++)
        vg_json_append(tenants, tenant_to_json(&m->tenants[i]));
    vg_json_set(document, "tenants", tenants);
    json_t *phases = vg_json_new_array();
    for (unsigned i = 0; i < m->phase_count; i++)
        vg_json_append(phases, phase_to_json(&m->phases[i]));
    vg_json_set(document, "phases", phases);
    vg_json_set(document, "events", events_to_json(m->events, m->event_count));
    json_t *probes = vg_json_new_array();
    for (unsigned i = 0; i < m->probe_count; i++)
        vg_json_append(probes, probe_to_json(&m->probes[i]));
    vg_json_set(document, "probes", probes);
    vg_autofree char *path = vg_format("%s/measurements.json", m->directory);
    return vg_make_directories(m->directory, err) &&
           vg_json_save_file_unsynced(document, path, err); /* vg_journal_append syncs */
}
