/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where analyses put what they found. Unit, direction and practical threshold of a metric come from its descriptor, so
 * that a value can never disagree with its declaration. */
#include "judge/internal.h"

#include <math.h>

void vg_output_value(struct vg_analysis_output *output, const struct vg_descriptor *analysis, const char *metric,
                     const char *suffix, double value, const char *note)
{
    const struct vg_metric *declared = vg_metric_find(analysis, metric);
    struct vg_value *added = &vg_push(output->values, output->value_count);
    *added = (struct vg_value) {
        .metric = suffix ? vg_format("%s[%s]", metric, suffix) : vg_strdup(metric),
        .value = declared ? value : NAN,
        .unit = vg_strdup(declared ? declared->unit : "1"),
        .better = vg_strdup(vg_better_name(declared ? declared->better : VG_NEITHER)),
        .min_effect = declared ? declared->min_effect : 0,
    };
    if (!declared)
        vg_output_invalid(output, "The analysis `%s` does not declare its metric `%s`: this is a defect of vgauge.",
                          analysis->name, metric);
    if (note)
        added->note = vg_strdup(note);
}

void vg_output_invalid(struct vg_analysis_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vg_push(output->invalid, output->invalid_count) = vg_vformat(format, arguments);
    va_end(arguments);
}

void vg_output_failure(struct vg_analysis_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vg_push(output->failures, output->failure_count) = vg_vformat(format, arguments);
    va_end(arguments);
}

void vg_output_finding(struct vg_analysis_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vg_push(output->findings, output->finding_count) = vg_vformat(format, arguments);
    va_end(arguments);
}

void vg_output_absent(struct vg_analysis_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vg_push(output->absent, output->absent_count) = vg_vformat(format, arguments);
    va_end(arguments);
}

void judge_add_reason(struct vg_judgement *judgement, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vg_push(judgement->reasons, judgement->reason_count) = vg_vformat(format, arguments);
    va_end(arguments);
}

const char *vg_analysis_param(const struct vg_analysis_input *input, const char *name)
{
    const char *value = vg_settings_get(&input->spec->params, name);
    if (value)
        return value;
    const struct vg_descriptor *analysis = vg_descriptor_find(VG_KIND_ANALYSIS, input->spec->analysis);
    const struct vg_param *param = analysis ? vg_param_find(analysis, name) : NULL;
    return param && param->def ? param->def : "";
}

double vg_analysis_param_real(const struct vg_analysis_input *input, const char *name)
{
    double value;
    return vg_parse_real(vg_analysis_param(input, name), &value) ? value : NAN;
}

double judge_fact_number(const struct vg_measured_run *run, const char *name)
{
    const char *text = vg_fact_get(run, name);
    double value;
    return text && vg_parse_real(text, &value) && isfinite(value) ? value : NAN;
}
