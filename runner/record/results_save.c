/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.json: the one file that other programs read. Its shape is fixed by results.schema.json beside this file; a
 * change of meaning changes the number in "schema". */
#include "record/expectations.h"

static json_t *summary_to_json(const struct vg_results *results)
{
    json_t *summary = vg_json_new_object();
    for (int verdict = VG_PASS; verdict <= VG_TIMEOUT; verdict++)
        vg_json_set_int(summary, vg_verdict_name((enum vg_verdict)verdict),
                        vg_results_count(results, (enum vg_verdict)verdict));
    vg_json_set_int(summary, "total", results->count);
    vg_json_set_int(summary, "exit_status", vg_run_exit_status(results));
    return summary;
}

static json_t *requirements_to_json(const struct vg_results *results)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < results->requirement_count; i++) {
        json_t *requirement = vg_json_new_object();
        vg_json_set_text(requirement, "id", results->requirements[i].id);
        vg_json_set_text(requirement, "verdict", vg_verdict_name(results->requirements[i].verdict));
        vg_json_set_int(requirement, "decided", results->requirements[i].decided);
        vg_json_set_int(requirement, "total", results->requirements[i].total);
        vg_json_append(list, requirement);
    }
    return list;
}

/* The judgement with what was laid over it. */
static json_t *expected_to_json(const struct vg_judgement *judgement)
{
    json_t *object = vg_judgement_to_json(judgement);
    bool expected = judgement->overlay != VG_OVERLAY_NONE;
    vg_json_set_text(object, "expectation", expected ? vg_overlay_name(judgement->overlay) : NULL);
    vg_json_set_text(object, "expectation_reason", judgement->overlay_reason);
    return object;
}

bool vg_results_save(const struct vg_results *results, struct vg_error *err)
{
    vg_autojson json_t *document = vg_json_new_object();
    vg_json_set_text(document, "schema", "vgauge-results/1");
    vg_json_set(document, "run", rec_run_to_json(results->run));
    vg_json_set(document, "fingerprint", rec_fingerprint_to_json(results->run));
    vg_json_set(document, "environment",
                results->run->environment ? json_deep_copy(results->run->environment) : json_null());
    vg_json_set(document, "summary", summary_to_json(results));
    vg_json_set(document, "requirements", requirements_to_json(results));
    vg_json_set(document, "expectations", rec_expectations_to_json(results));
    json_t *judgements = vg_json_new_array();
    for (unsigned i = 0; i < results->count; i++)
        vg_json_append(judgements, expected_to_json(results->judgements[i]));
    vg_json_set(document, "judgements", judgements);
    vg_autofree char *path = vg_format("%s/results.json", results->run->directory);
    return vg_json_save_file(document, path, err);
}
