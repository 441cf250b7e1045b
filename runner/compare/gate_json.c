/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gate found, for machines: "vgauge-gate/1". */
#include "compare/internal.h"

static json_t *spread_to_json(const struct vg_spread *spread)
{
    json_t *object = vg_json_new_object();
    vg_json_set_int(object, "boots", spread->boots);
    vg_json_set_real(object, "median", spread->median);
    vg_json_set_real(object, "mad_ratio", spread->mad_ratio);
    vg_json_set_real(object, "autocorrelation", spread->autocorrelation);
    vg_json_set_int(object, "spikes", (int64_t)spread->spikes);
    return object;
}

static json_t *compared_to_json(const struct vg_compared *item)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "metric", item->id);
    vg_json_set_text(object, "change", vg_change_name(item->change));
    vg_json_set_text(object, "note", item->note);
    vg_json_set_text(object, "unit", item->unit);
    vg_json_set_text(object, "better", item->better);
    vg_json_set_real(object, "min_effect", item->min_effect);
    vg_json_set_real(object, "ratio", item->ratio);
    vg_json_set_real(object, "lower", item->lower);
    vg_json_set_real(object, "upper", item->upper);
    vg_json_set_real(object, "cliffs_delta", item->cliffs_delta);
    vg_json_set_real(object, "p_regressed", item->p_regressed);
    vg_json_set_real(object, "q_regressed", item->q_regressed);
    vg_json_set_real(object, "p_improved", item->p_improved);
    vg_json_set_real(object, "q_improved", item->q_improved);
    vg_json_set_real(object, "p_unchanged", item->p_unchanged);
    vg_json_set_text(object, "method", item->method);
    vg_json_set_int(object, "look", item->look);
    vg_json_set(object, "now", spread_to_json(&item->now));
    vg_json_set(object, "then", spread_to_json(&item->then));
    return object;
}

json_t *vg_comparison_to_json(const struct vg_comparison *comparison)
{
    json_t *object = vg_json_new_object(), *counts = vg_json_new_object(), *metrics = vg_json_new_array();
    for (unsigned change = 0; change < VG_CHANGES; change++)
        vg_json_set_int(counts, vg_change_name((enum vg_change)change), comparison->counts[change]);
    for (unsigned i = 0; i < comparison->count; i++)
        vg_json_append(metrics, compared_to_json(&comparison->items[i]));
    vg_json_set_bool(object, "paired", comparison->paired);
    vg_json_set_int(object, "look", comparison->look);
    vg_json_set_int(object, "looks", comparison->looks);
    vg_json_set_real(object, "error", comparison->error);
    vg_json_set_real(object, "false_alarm", comparison->false_alarm);
    vg_json_set_int(object, "tested", comparison->tested);
    vg_json_set(object, "counts", counts);
    vg_json_set(object, "metrics", metrics);
    return object;
}

static json_t *differences_to_json(const struct vg_differences *differences)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < differences->count; i++) {
        json_t *object = vg_json_new_object();
        vg_json_set_text(object, "key", differences->items[i].key);
        vg_json_set_text(object, "now", differences->items[i].now);
        vg_json_set_text(object, "then", differences->items[i].then);
        vg_json_set_bool(object, "across", differences->items[i].across);
        vg_json_set_bool(object, "recorded", differences->items[i].recorded);
        vg_json_append(list, object);
    }
    return list;
}

json_t *vg_gate_to_json(const struct vg_gate *gate)
{
    json_t *document = vg_json_new_object(), *runs = vg_json_new_array(), *objections = vg_json_new_array();
    for (unsigned i = 0; gate->now && i < gate->now->count; i++)
        vg_json_append(runs, json_string(gate->now->runs[i]->run->directory));
    for (unsigned i = 0; i < gate->objection_count; i++)
        vg_json_append(objections, json_string(gate->objections[i]));
    vg_json_set_text(document, "schema", "vgauge-gate/1");
    vg_json_set_text(document, "verdict", vg_gate_word(gate));
    vg_json_set_int(document, "exit_status", vg_gate_exit_status(gate));
    vg_json_set_text(document, "against", gate->title);
    vg_json_set_text(document, "baseline_file", gate->then ? gate->then->file : NULL);
    vg_json_set_bool(document, "strict", gate->strict);
    vg_json_set_int(document, "pairs_made_again", gate->made_again);
    vg_json_set(document, "runs", runs);
    vg_json_set(document, "objections", objections);
    unsigned unmatched_count;
    vg_autofree const char **unmatched = vg_gate_unmatched(gate, &unmatched_count);
    json_t *sentences = vg_json_new_array();
    for (unsigned i = 0; i < unmatched_count; i++)
        vg_json_append(sentences, json_string(unmatched[i]));
    vg_json_set(document, "unmatched_expectations", sentences);
    vg_json_set(document, "differences", differences_to_json(&gate->differences));
    vg_json_set(document, "comparison", gate->comparison ? vg_comparison_to_json(gate->comparison) : json_null());
    return document;
}
