/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measurements.json read back. It may come from somebody else's machine: every member is checked for type, size and
 * order before the judge sees it. */
#include "record/internal.h"

static bool load_facts(const json_t *object, struct vg_fact **facts, unsigned *count, struct vg_error *err)
{
    json_t *list;
    if (!rec_objects(object, "facts", &list, err))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *member = json_array_get(list, i);
        struct vg_fact *fact = &vg_push(*facts, *count);
        *fact = (struct vg_fact) { 0 };
        if (!rec_text(member, "name", &fact->name, err) || !rec_text(member, "value", &fact->value, err))
            return vg_wrap(err, "facts[%zu]", i);
    }
    return true;
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
    json_t *columns;
    if (!rec_name(object, "name", &stream->name, err) || !rec_name(object, "file", &stream->file, err) ||
        !rec_uint64(object, "rows", &stream->rows, err) || !rec_objects(object, "columns", &columns, err))
        return false;
    for (size_t i = 0; i < json_array_size(columns); i++) {
        struct vg_measured_column *column = &vg_push(stream->columns, stream->column_count);
        *column = (struct vg_measured_column) { 0 };
        if (!load_column(json_array_get(columns, i), column, err))
            return vg_wrap(err, "columns[%zu]", i);
    }
    if (stream->column_count == 0 || stream->column_count > 64)
        return vg_fail(err, VG_ERROR_INPUT, "`columns` has %u members; 1 to 64 are allowed", stream->column_count);
    return true;
}

static bool load_streams(const json_t *object, struct vg_measured_stream **streams, unsigned *count,
                         struct vg_error *err)
{
    json_t *list;
    if (!rec_objects(object, "streams", &list, err))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct vg_measured_stream *stream = &vg_push(*streams, *count);
        *stream = (struct vg_measured_stream) { 0 };
        if (!load_stream(json_array_get(list, i), stream, err))
            return vg_wrap(err, "streams[%zu]", i);
    }
    return true;
}

static bool load_clock(const json_t *object, struct vg_measured_tenant *tenant, struct vg_error *err)
{
    json_t *list;
    if (!rec_objects(object, "clock", &list, err))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *member = json_array_get(list, i);
        struct vg_clock_point *point = &vg_push(tenant->clock, tenant->clock_count);
        *point = (struct vg_clock_point) { 0 };
        if (!rec_int64(member, "host_ns", &point->host_ns, err) ||
            !rec_int64(member, "offset_ns", &point->offset_ns, err) ||
            !rec_int64(member, "uncertainty_ns", &point->uncertainty_ns, err))
            return vg_wrap(err, "clock[%zu]", i);
        if (i > 0 && point->host_ns < tenant->clock[i - 1].host_ns)
            return vg_fail(err, VG_ERROR_INPUT, "clock[%zu] is earlier than the point before it", i);
    }
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

static bool load_marks(const json_t *object, struct vg_measured_run *run, struct vg_error *err)
{
    json_t *list;
    if (!rec_objects(object, "marks", &list, err))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *member = json_array_get(list, i);
        struct vg_mark *mark = &vg_push(run->marks, run->mark_count);
        *mark = (struct vg_mark) { 0 };
        if (!rec_text(member, "name", &mark->name, err) || !rec_int64(member, "host_ns", &mark->host_ns, err))
            return vg_wrap(err, "marks[%zu]", i);
    }
    return true;
}

static bool load_run(const json_t *object, struct vg_measured_run *run, struct vg_error *err)
{
    return rec_text(object, "tenant", &run->tenant, err) && rec_text(object, "workload", &run->workload, err) &&
           load_params(object, &run->params, err) && load_facts(object, &run->facts, &run->fact_count, err) &&
           load_marks(object, run, err) && rec_text(object, "status", &run->status, err) &&
           rec_one_of("status", run->status, vg_run_status_words, err) &&
           rec_text_or_null(object, "message", &run->message, err) &&
           rec_int64(object, "go_host_ns", &run->go_host_ns, err) &&
           rec_int64(object, "end_host_ns", &run->end_host_ns, err) &&
           load_streams(object, &run->streams, &run->stream_count, err);
}

/* One list of objects into one growing array: the member that is wrong is named by its index. */
#define LOAD_LIST(document, key, items, count, load_one, err)                                                          \
    __extension__({                                                                                                    \
        json_t *list_ = NULL;                                                                                          \
        bool good_ = rec_objects(document, key, &list_, err);                                                          \
        for (size_t i_ = 0; good_ && i_ < json_array_size(list_); i_++) {                                              \
            __typeof__(*(items)) *one_ = &vg_push(items, count);                                                       \
            *one_ = (__typeof__(*(items))) { 0 };                                                                      \
            good_ = load_one(json_array_get(list_, i_), one_, err) || vg_wrap(err, "%s[%zu]", key, i_);                \
        }                                                                                                              \
        good_;                                                                                                         \
    })

static bool load_reading(const json_t *object, struct vg_policy_reading *reading, struct vg_error *err)
{
    return rec_text(object, "tenant", &reading->tenant, err) && rec_text(object, "knob", &reading->knob, err) &&
           rec_real(object, "wanted", &reading->wanted, err) && rec_real(object, "found", &reading->found, err) &&
           rec_bool(object, "after", &reading->after, err);
}

static bool load_phase(const json_t *object, struct vg_measured_phase *phase, struct vg_error *err)
{
    json_t *runs;
    if (!rec_text(object, "name", &phase->name, err) || !rec_text(object, "outcome", &phase->outcome, err) ||
        !rec_one_of("outcome", phase->outcome, vg_phase_outcome_words, err) ||
        !rec_int64(object, "start_host_ns", &phase->start_host_ns, err) ||
        !rec_int64(object, "end_host_ns", &phase->end_host_ns, err) ||
        !rec_text(object, "policy", &phase->policy, err) || !rec_objects(object, "runs", &runs, err) ||
        !LOAD_LIST(object, "readings", phase->readings, phase->reading_count, load_reading, err))
        return false;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        struct vg_measured_run *run = &vg_push(phase->runs, phase->run_count);
        *run = (struct vg_measured_run) { 0 };
        if (!load_run(json_array_get(runs, i), run, err))
            return vg_wrap(err, "runs[%zu]", i);
    }
    return true;
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
           load_facts(object, &probe->facts, &probe->fact_count, err) &&
           load_streams(object, &probe->streams, &probe->stream_count, err);
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
           rec_texts(document, "invalid", &m->invalid, &m->invalid_count, err);
}

struct vg_measurements *vg_measurements_load(const char *directory, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/measurements.json", directory);
    vg_autojson json_t *document = rec_load_document(path, REC_MEASUREMENTS_SCHEMA, err);
    if (!document)
        return NULL;
    struct vg_measurements *m = vg_calloc(1, sizeof(*m));
    m->directory = vg_strdup(directory);
    if (load_head(document, m, err) && LOAD_LIST(document, "tenants", m->tenants, m->tenant_count, load_tenant, err) &&
        LOAD_LIST(document, "phases", m->phases, m->phase_count, load_phase, err) &&
        LOAD_LIST(document, "events", m->events, m->event_count, load_event, err) &&
        LOAD_LIST(document, "probes", m->probes, m->probe_count, load_probe, err))
        return m;
    vg_wrap(err, "%s", path);
    vg_measurements_free(m);
    return NULL;
}
