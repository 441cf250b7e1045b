/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is different between runs, for machines: "vgauge-diff/1". What is the same is only counted. */
#include "compare/diff.h"

#include <math.h>

static json_t *counts_to_json(const unsigned *counts)
{
    json_t *object = vg_json_new_object();
    for (unsigned kind = 0; kind < VG_DIFF_KINDS; kind++)
        vg_json_set_int(object, vg_diff_kind_name((enum vg_diff_kind)kind), counts[kind]);
    return object;
}

static json_t *result_to_json(const struct vg_diff *diff, const struct vg_diff_result *result)
{
    json_t *object = vg_json_new_object(), *verdicts = vg_json_new_array();
    for (unsigned r = 0; r < diff->run_count; r++)
        vg_json_append(verdicts, result->cells[r].count ? json_string(vg_verdict_name(result->cells[r].worst->verdict))
                                                        : json_null());
    vg_json_set_text(object, "test", result->test);
    vg_json_set_text(object, "configuration", result->configuration);
    vg_json_set_text(object, "kind", vg_diff_kind_name(result->kind));
    vg_json_set(object, "verdicts", verdicts);
    return object;
}

static json_t *metric_to_json(const struct vg_diff *diff, const struct vg_diff_metric *metric)
{
    json_t *object = vg_json_new_object(), *medians = vg_json_new_array(), *boots = vg_json_new_array();
    for (unsigned r = 0; r < diff->run_count; r++) {
        vg_json_append(medians,
                       isfinite(metric->numbers[r].median) ? json_real(metric->numbers[r].median) : json_null());
        vg_json_append(boots, json_integer(metric->numbers[r].boots));
    }
    vg_json_set_text(object, "metric", metric->id);
    vg_json_set_text(object, "unit", metric->unit);
    vg_json_set_text(object, "better", metric->better);
    vg_json_set_text(object, "kind", vg_diff_kind_name(metric->kind));
    vg_json_set_real(object, "ratio", metric->ratio);
    vg_json_set_real(object, "min_effect", metric->min_effect);
    vg_json_set_text(object, "note", metric->note);
    vg_json_set(object, "medians", medians);
    vg_json_set(object, "boots", boots);
    return object;
}

json_t *vg_diff_to_json(const struct vg_diff *diff)
{
    json_t *document = vg_json_new_object(), *runs = vg_json_new_array(), *results = vg_json_new_array();
    json_t *metrics = vg_json_new_array(), *environment = vg_json_new_array();
    for (unsigned r = 0; r < diff->run_count; r++)
        vg_json_append(runs, json_string(diff->runs[r]->run->directory));
    for (unsigned i = 0; i < diff->result_count; i++)
        if (diff->results[i].kind != VG_DIFF_SAME)
            vg_json_append(results, result_to_json(diff, &diff->results[i]));
    for (unsigned i = 0; i < diff->metric_count; i++)
        if (diff->metrics[i].kind != VG_DIFF_SAME)
            vg_json_append(metrics, metric_to_json(diff, &diff->metrics[i]));
    for (unsigned i = 0; i < diff->environment.count; i++) {
        json_t *object = vg_json_new_object();
        vg_json_set_text(object, "key", diff->environment.items[i].key);
        vg_json_set_text(object, "then", diff->environment.items[i].then);
        vg_json_set_text(object, "now", diff->environment.items[i].now);
        vg_json_append(environment, object);
    }
    vg_json_set_text(document, "schema", "vgauge-diff/1");
    vg_json_set(document, "runs", runs);
    vg_json_set(document, "result_counts", counts_to_json(diff->result_counts));
    vg_json_set(document, "metric_counts", counts_to_json(diff->metric_counts));
    vg_json_set(document, "results", results);
    vg_json_set(document, "metrics", metrics);
    vg_json_set(document, "environment", environment);
    return document;
}
