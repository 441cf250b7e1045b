/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trends as JSON, with their changes and the runs they are made of. */
#include "report/parts.h"

static json_t *run_to_json(const struct vg_history_run *run)
{
    json_t *object = vg_json_new_object();
    vg_autofree char *started = vg_trend_time(run->started_s), *ended = vg_trend_time(run->ended_s);
    vg_json_set_int(object, "run", run->id);
    vg_json_set_text(object, "started", started);
    vg_json_set_text(object, "ended", ended);
    vg_json_set_text(object, "plan", run->plan);
    vg_json_set_text(object, "host", run->host);
    vg_json_set_text(object, "directory", run->directory);
    vg_json_set(object, "fingerprint", json_incref(run->fields));
    vg_json_set_text(object, "incomparable", run->incomparable);
    return object;
}

json_t *vg_trend_change_to_json(const struct vg_trends *trends, const struct vg_trend *trend,
                                const struct vg_trend_change *change)
{
    json_t *object = vg_json_new_object();
    if (change->id)
        vg_json_set_int(object, "id", change->id);
    vg_json_set_text(object, "direction", vg_trend_direction_words[change->direction]);
    vg_json_set_text(object, "state", change->doubtful ? "doubtful" : vg_trend_state_words[change->state]);
    vg_json_set_bool(object, "found", change->found);
    vg_json_set_int(object, "run_before", trends->runs[trend->points[change->index - 1].run].id);
    vg_json_set_int(object, "run_after", trends->runs[trend->points[change->index].run].id);
    vg_json_set_real(object, "before", change->before);
    vg_json_set_real(object, "after", change->after);
    vg_json_set_real(object, "ratio", change->ratio);
    vg_json_set_real(object, "ratio_low", change->low);
    vg_json_set_real(object, "ratio_high", change->high);
    vg_json_set_real(object, "p", change->p);
    vg_json_set_real(object, "autocorrelation", change->autocorrelation);
    vg_json_set_text(object, "differences", change->differences);
    vg_json_set_text(object, "author", change->author);
    vg_json_set_text(object, "note", change->note);
    return object;
}

static json_t *trend_to_json(const struct vg_trends *trends, const struct vg_trend *trend)
{
    json_t *object = vg_json_new_object(), *points = vg_json_new_array(), *changes = vg_json_new_array();
    vg_autofree char *environment = vg_trend_environment(trends, trend);
    vg_json_set_text(object, "metric", trend->name);
    vg_json_set_text(object, "unit", trend->unit);
    vg_json_set_text(object, "better", vg_better_name(trend->better));
    vg_json_set_real(object, "min_effect", trend->min_effect);
    vg_json_set_text(object, "environment", environment);
    vg_json_set_text(object, "recipe", trend->recipe);
    for (unsigned i = 0; i < trend->count; i++) {
        const struct vg_trend_point *point = &trend->points[i];
        json_t *each = vg_json_new_object();
        vg_json_set_int(each, "run", trends->runs[point->run].id);
        vg_json_set_real(each, "value", point->value);
        vg_json_set_int(each, "boots", point->boots);
        vg_json_set_real(each, "lowest", point->lowest);
        vg_json_set_real(each, "highest", point->highest);
        vg_json_append(points, each);
    }
    vg_json_set(object, "points", points);
    for (unsigned i = 0; i < trend->change_count; i++)
        vg_json_append(changes, vg_trend_change_to_json(trends, trend, &trend->changes[i]));
    vg_json_set(object, "changes", changes);
    return object;
}

static void write_json(const struct vg_trends *trends, FILE *out)
{
    vg_autojson json_t *document = vg_json_new_object();
    json_t *runs = vg_json_new_array(), *list = vg_json_new_array();
    vg_json_set_text(document, "schema", "vgauge-history/1");
    for (unsigned i = 0; i < trends->run_count; i++)
        vg_json_append(runs, run_to_json(&trends->runs[i]));
    vg_json_set(document, "runs", runs);
    for (unsigned i = 0; i < trends->count; i++)
        vg_json_append(list, trend_to_json(trends, &trends->items[i]));
    vg_json_set(document, "trends", list);
    json_dumpf(document, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    fputc('\n', out);
}

VG_EXPORT(json) = {
    .kind = VG_KIND_EXPORT,
    .name = "json",
    .summary = "runs with their fingerprints, trends with their changes",
    .why = "nothing of the history is left out",
    .write = write_json,
};
