/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measurements.json read back. It may come from somebody else's machine: every member is checked for type, size and
 * order before the judge sees it. */
#include "record/internal.h"

static bool load_fact(const json_t *object, struct vg_fact *fact, struct vg_error *err)
{
    return rec_text(object, "name", &fact->name, err) && rec_text(object, "value", &fact->value, err);
}

static bool load_column(const json_t *object, struct vg_measured_column *column, struct vg_error *err)
{
    return rec_name(object, "name", &column->name, err) && rec_text(object, "unit", &column->unit, err) &&
           rec_text(object, "kind", &column->kind, err) &&
           rec_one_of("kind", column->kind, rec_column_kind_words, err) &&
           rec_text(object, "better", &column->better, err) &&
           rec_one_of("better", column->better, rec_better_words, err) &&
           rec_real(object, "min_effect", &column->min_effect, err);
}

static bool load_stream(const json_t *object, struct vg_measured_stream *stream, struct vg_error *err)
{
    if (!rec_name(object, "name", &stream->name, err) || !rec_name(object, "file", &stream->file, err) ||
        !rec_uint64(object, "rows", &stream->rows, err) ||
        !REC_LOAD_LIST(object, "columns", stream->columns, stream->column_count, load_column, err))
        return false;
    if (stream->column_count == 0 || stream->column_count > 64)
        return vg_fail(err, VG_ERROR_INPUT, "`columns` has %u members; 1 to 64 are allowed", stream->column_count);
    return true;
}

static bool load_clock_point(const json_t *object, struct vg_clock_point *point, struct vg_error *err)
{
    return rec_int64(object, "host_ns", &point->host_ns, err) &&
           rec_int64(object, "offset_ns", &point->offset_ns, err) &&
           rec_int64(object, "uncertainty_ns", &point->uncertainty_ns, err);
}

static bool load_clock(const json_t *object, struct vg_measured_tenant *tenant, struct vg_error *err)
{
    if (!REC_LOAD_LIST(object, "clock", tenant->clock, tenant->clock_count, load_clock_point, err))
        return false;
    for (unsigned i = 1; i < tenant->clock_count; i++)
        if (tenant->clock[i].host_ns < tenant->clock[i - 1].host_ns)
            return vg_fail(err, VG_ERROR_INPUT, "clock[%u] is earlier than the point before it", i);
    return true;
}

static bool load_tenant(const json_t *object, struct vg_measured_tenant *tenant, struct vg_error *err)
{
    return rec_text(object, "name", &tenant->name, err) && rec_text_or_null(object, "vm", &tenant->vm, err) &&
           rec_text_or_null(object, "boot_id", &tenant->boot_id, err) &&
           rec_unsigned(object, "weight", &tenant->weight, err) && rec_text(object, "state", &tenant->state, err) &&
           rec_one_of("state", tenant->state, vg_tenant_state_words, err) &&
           rec_text_or_null(object, "reason", &tenant->reason, err) &&
           rec_real(object, "boot_s", &tenant->boot_s, err) && rec_json(object, "hello", &tenant->hello, err) &&
           load_clock(object, tenant, err);
}

static bool load_params(const json_t *object, struct vg_settings *settings, struct vg_error *err)
{
    json_t *params = json_object_get(object, "params");
    if (!json_is_object(params) || json_object_size(params) > 256)
        return vg_fail(err, VG_ERROR_INPUT, "`params` is missing or is not an object of at most 256 members");
    const char *key;
    json_t *value;
    json_object_foreach(params, key, value)
    {
        if (!json_is_string(value))
            return vg_fail(err, VG_ERROR_INPUT, "`params` has a member that is not text");
        vg_push(settings->items, settings->count) =
            (struct vg_setting) { vg_strdup(key), vg_strdup(json_string_value(value)) };
    }
    return true;
}

static bool load_mark(const json_t *object, struct vg_mark *mark, struct vg_error *err)
{
    return rec_text(object, "name", &mark->name, err) && rec_int64(object, "host_ns", &mark->host_ns, err);
}

static bool load_run(const json_t *object, struct vg_measured_run *run, struct vg_error *err)
{
    return rec_text(object, "tenant", &run->tenant, err) && rec_text(object, "workload", &run->workload, err) &&
           load_params(object, &run->params, err) &&
           REC_LOAD_LIST(object, "facts", run->facts, run->fact_count, load_fact, err) &&
           REC_LOAD_LIST(object, "marks", run->marks, run->mark_count, load_mark, err) &&
           rec_text(object, "status", &run->status, err) &&
           rec_one_of("status", run->status, vg_run_status_words, err) &&
           rec_text_or_null(object, "message", &run->message, err) &&
           rec_int64(object, "go_host_ns", &run->go_host_ns, err) &&
           rec_int64(object, "end_host_ns", &run->end_host_ns, err) &&
           REC_LOAD_LIST(object, "streams", run->streams, run->stream_count, load_stream, err);
}

static bool load_reading(const json_t *object, struct vg_policy_reading *reading, struct vg_error *err)
{
    return rec_text(object, "tenant", &reading->tenant, err) && rec_text(object, "knob", &reading->knob, err) &&
           rec_real(object, "wanted", &reading->wanted, err) && rec_real(object, "found", &reading->found, err) &&
           rec_bool(object, "after", &reading->after, err);
}

static bool load_phase(const json_t *object, struct vg_measured_phase *phase, struct vg_error *err)
{
    return rec_text(object, "name", &phase->name, err) && rec_text(object, "outcome", &phase->outcome, err) &&
           rec_one_of("outcome", phase->outcome, vg_phase_outcome_words, err) &&
           rec_text_or_null(object, "reason", &phase->reason, err) &&
           rec_int64(object, "start_host_ns", &phase->start_host_ns, err) &&
           rec_int64(object, "end_host_ns", &phase->end_host_ns, err) &&
           rec_text(object, "policy", &phase->policy, err) &&
           REC_LOAD_LIST(object, "readings", phase->readings, phase->reading_count, load_reading, err) &&
           REC_LOAD_LIST(object, "runs", phase->runs, phase->run_count, load_run, err);
}

static bool load_event(const json_t *object, struct vg_measured_event *event, struct vg_error *err)
{
    return rec_int64(object, "host_ns", &event->host_ns, err) &&
           rec_text_or_null(object, "tenant", &event->tenant, err) &&
           rec_text_or_null(object, "action", &event->action, err) && rec_bool(object, "done", &event->done, err) &&
           rec_text(object, "what", &event->what, err);
}

static bool load_probe(const json_t *object, struct vg_measured_probe *probe, struct vg_error *err)
{
    return rec_text(object, "name", &probe->name, err) &&
           rec_text_or_null(object, "unavailable", &probe->unavailable, err) &&
           REC_LOAD_LIST(object, "facts", probe->facts, probe->fact_count, load_fact, err) &&
           REC_LOAD_LIST(object, "streams", probe->streams, probe->stream_count, load_stream, err);
}

static const char *const entitlements[] = {
    "none", "running", "max", "elastic", "weight", "quantum", "instance", NULL
};
static const char *const idles[] = { "kept", "given-away", "by-priority", NULL };

static bool load_promise(const json_t *object, struct vg_measured_promise *promise, struct vg_error *err)
{
    return rec_text(object, "policy", &promise->policy, err) &&
           rec_text(object, "entitlement", &promise->entitlement, err) &&
           rec_one_of("entitlement", promise->entitlement, entitlements, err) &&
           rec_text(object, "idle", &promise->idle, err) && rec_one_of("idle", promise->idle, idles, err);
}

/* Runs of before hosts could make promises have none. */
static bool load_promises(const json_t *document, struct vg_measurements *m, struct vg_error *err)
{
    return !json_object_get(document, "promises") ||
           REC_LOAD_LIST(document, "promises", m->promises, m->promise_count, load_promise, err);
}

/* Runs of before hosts could have elastic shares say nothing of them. */
static bool load_elastic(const json_t *document, struct vg_measurements *m, struct vg_error *err)
{
    return !json_object_get(document, "elastic_percent") ||
           rec_unsigned(document, "elastic_percent", &m->elastic_percent, err);
}

static bool load_head(const json_t *document, struct vg_measurements *m, struct vg_error *err)
{
    return rec_name(document, "test", &m->test, err) && rec_name(document, "instance", &m->instance, err) &&
           rec_text(document, "mechanism", &m->mechanism, err) &&
           rec_text_or_null(document, "profile", &m->profile, err) &&
           rec_text_or_null(document, "policy", &m->policy, err) && rec_text_or_null(document, "pgpu", &m->pgpu, err) &&
           rec_unsigned(document, "profile_max", &m->profile_max, err) &&
           rec_uint64(document, "profile_memory_bytes", &m->profile_memory_bytes, err) &&
           rec_unsigned(document, "period_us", &m->period_us, err) &&
           rec_unsigned(document, "slice_us", &m->slice_us, err) &&
           rec_bool(document, "software_renderer", &m->software_renderer, err) &&
           rec_unsigned(document, "boot", &m->boot, err) && rec_real(document, "duration_s", &m->duration_s, err) &&
           rec_text_or_null(document, "skip", &m->skip, err) &&
           rec_texts(document, "invalid", &m->invalid, &m->invalid_count, err) &&
           (!json_object_get(document, "unread") || /* optional: runs of before it was noted */
            rec_texts(document, "unread", &m->unread, &m->unread_count, err)) &&
           rec_texts(document, "rests_on", &m->rests_on, &m->rests_on_count, err);
}

struct vg_measurements *vg_measurements_load(const char *directory, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/measurements.json", directory);
    vg_autojson json_t *document = rec_load_document(path, REC_MEASUREMENTS_SCHEMA, err);
    if (!document)
        return NULL;
    struct vg_measurements *m = vg_calloc(1, sizeof(*m));
    m->directory = vg_strdup(directory);
    if (load_head(document, m, err) && load_elastic(document, m, err) && load_promises(document, m, err) &&
        REC_LOAD_LIST(document, "tenants", m->tenants, m->tenant_count, load_tenant, err) &&
        REC_LOAD_LIST(document, "phases", m->phases, m->phase_count, load_phase, err) &&
        REC_LOAD_LIST(document, "events", m->events, m->event_count, load_event, err) &&
        REC_LOAD_LIST(document, "probes", m->probes, m->probe_count, load_probe, err))
        return m;
    vg_wrap(err, "%s", path);
    vg_measurements_free(m);
    return NULL;
}
