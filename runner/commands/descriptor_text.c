/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A descriptor as people and programs read it: all of it, so that the code's own table is the documentation. */
#include "commands/command.h"
#include "common/workload.h"
#include "mechanism/mechanism.h"
#include "probe.h"

static const char *param_type(enum vg_param_type type)
{
    static const char *const names[] = { "int", "real", "bool", "text", "choice", "hex64" };
    return (unsigned)type < VG_COUNT(names) ? names[type] : "?";
}

static const char *column_kind(enum vg_column_kind kind)
{
    static const char *const names[] = { "time", "completion", "duration", "count" };
    return (unsigned)kind < VG_COUNT(names) ? names[kind] : "?";
}

static char *needs_text(enum vg_need needs)
{
    struct vg_text text = { 0 };
    static const struct {
        enum vg_need bit;
        const char *name;
    } names[] = { { VG_NEED_VULKAN, "vulkan" }, { VG_NEED_GL, "gl" }, { VG_NEED_DRM, "drm" } };
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (needs & names[i].bit)
            vg_text_add(&text, "%s%s", text.length ? ", " : "", names[i].name);
    if (!text.length)
        vg_text_add(&text, "nothing");
    return text.data;
}

/* --- JSON -----------------------------------------------------------------------------------------------------------
 */

static json_t *params_to_json(const struct vg_param *params)
{
    json_t *array = vg_json_new_array();
    for (const struct vg_param *param = params; param && param->name; param++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", param->name);
        vg_json_set_text(json, "type", param_type(param->type));
        vg_json_set_text(json, "default", param->def);
        if (param->min != 0 || param->max != 0) {
            vg_json_set_real(json, "min", param->min);
            vg_json_set_real(json, "max", param->max);
        }
        vg_json_set_text(json, "unit", param->unit);
        if (param->choices)
            vg_json_set_text(json, "choices", param->choices);
        vg_json_set_text(json, "summary", param->summary);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *metrics_to_json(const struct vg_metric *metrics)
{
    json_t *array = vg_json_new_array();
    for (const struct vg_metric *metric = metrics; metric && metric->name; metric++) {
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", metric->name);
        vg_json_set_text(json, "unit", metric->unit);
        vg_json_set_text(json, "better", vg_better_name(metric->better));
        vg_json_set_real(json, "min_effect", metric->min_effect);
        vg_json_set_text(json, "summary", metric->summary);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *streams_to_json(const struct vg_stream_spec *streams)
{
    json_t *array = vg_json_new_array();
    for (const struct vg_stream_spec *stream = streams; stream && stream->name; stream++) {
        json_t *columns = vg_json_new_array();
        for (const struct vg_column *column = stream->columns; column && column->name; column++) {
            json_t *json = vg_json_new_object();
            vg_json_set_text(json, "name", column->name);
            vg_json_set_text(json, "unit", column->unit);
            vg_json_set_text(json, "kind", column_kind(column->kind));
            vg_json_set_text(json, "better", vg_better_name(column->better));
            vg_json_set_text(json, "summary", column->summary);
            vg_json_append(columns, json);
        }
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", stream->name);
        vg_json_set_text(json, "summary", stream->summary);
        vg_json_set(json, "columns", columns);
        vg_json_append(array, json);
    }
    return array;
}

static json_t *probe_streams_to_json(const struct vg_probe_stream *streams)
{
    json_t *array = vg_json_new_array();
    for (const struct vg_probe_stream *stream = streams; stream && stream->name; stream++) {
        json_t *columns = vg_json_new_array();
        for (const struct vg_probe_column *column = stream->columns; column && column->name; column++) {
            json_t *json = vg_json_new_object();
            vg_json_set_text(json, "name", column->name);
            vg_json_set_text(json, "unit", column->unit);
            vg_json_set_text(json, "summary", column->summary);
            vg_json_append(columns, json);
        }
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "name", stream->name);
        vg_json_set_text(json, "summary", stream->summary);
        vg_json_set(json, "columns", columns);
        vg_json_append(array, json);
    }
    return array;
}

json_t *cmd_descriptor_to_json(const struct vg_descriptor *descriptor)
{
    json_t *json = vg_json_new_object();
    vg_json_set_text(json, "kind", vg_descriptor_kind_name(descriptor->kind));
    vg_json_set_text(json, "name", descriptor->name);
    vg_json_set_text(json, "summary", descriptor->summary);
    vg_json_set_text(json, "why", descriptor->why);
    vg_json_set(json, "params", params_to_json(descriptor->params));
    vg_json_set(json, "metrics", metrics_to_json(descriptor->metrics));
    if (descriptor->kind == VG_KIND_WORKLOAD) {
        const struct vg_workload *workload = (const struct vg_workload *)descriptor;
        vg_autofree char *needs = needs_text(workload->needs);
        vg_json_set_text(json, "needs", needs);
        vg_json_set(json, "streams", streams_to_json(workload->streams));
    } else if (descriptor->kind == VG_KIND_PROBE) {
        const struct vg_probe *probe = (const struct vg_probe *)descriptor;
        vg_json_set_int(json, "period_ms", probe->period_ms);
        vg_json_set(json, "streams", probe_streams_to_json(probe->streams));
    } else if (descriptor->kind == VG_KIND_MECHANISM) {
        const struct vg_mechanism *mechanism = (const struct vg_mechanism *)descriptor;
        vg_json_set_bool(json, "vm", mechanism->vm);
        vg_json_set_text(json, "slot", mechanism->slot == VG_SLOT_VM_BOUND ? "vm-bound" : "instance-bound");
        vg_json_set_text(json, "capabilities", mechanism->capabilities);
    }
    return json;
}

/* --- people ---------------------------------------------------------------------------------------------------------
 */

static void print_params(const struct vg_param *params)
{
    if (!params || !params->name)
        return;
    static const char *const headers[] = { "    PARAMETER", "TYPE", "DEFAULT", "RANGE", "UNIT", "SUMMARY", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (const struct vg_param *param = params; param->name; param++) {
        cmd_table_add(&table, "    %s", param->name);
        cmd_table_add(&table, "%s", param_type(param->type));
        cmd_table_add(&table, "%s", param->def ? param->def : "(mandatory)");
        if (param->choices)
            cmd_table_add(&table, "%s", param->choices);
        else if (param->min != 0 || param->max != 0)
            cmd_table_add(&table, "%.10g to %.10g", param->min, param->max);
        else
            cmd_table_add(&table, "-");
        cmd_table_add(&table, "%s", param->unit ? param->unit : "-");
        cmd_table_add(&table, "%s", param->summary ? param->summary : "");
    }
    putchar('\n');
    cmd_table_print(&table, stdout);
}

static void print_metrics(const struct vg_metric *metrics)
{
    if (!metrics || !metrics->name)
        return;
    static const char *const headers[] = { "    METRIC", "UNIT", "BETTER", "THRESHOLD", "SUMMARY", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (const struct vg_metric *metric = metrics; metric->name; metric++) {
        cmd_table_add(&table, "    %s", metric->name);
        cmd_table_add(&table, "%s", metric->unit ? metric->unit : "-");
        cmd_table_add(&table, "%s", vg_better_name(metric->better));
        if (metric->min_effect > 0)
            cmd_table_add(&table, "%g %%", metric->min_effect * 100);
        else
            cmd_table_add(&table, "-");
        cmd_table_add(&table, "%s", metric->summary ? metric->summary : "");
    }
    putchar('\n');
    cmd_table_print(&table, stdout);
}

static void print_workload(const struct vg_workload *workload)
{
    vg_autofree char *needs = needs_text(workload->needs);
    cmd_field("Needs", "%s", needs);
    for (const struct vg_stream_spec *stream = workload->streams; stream && stream->name; stream++) {
        static const char *const headers[] = { "    COLUMN", "UNIT", "KIND", "BETTER", "SUMMARY", NULL };
        cmd_autotable struct cmd_table table = { .headers = headers };
        for (const struct vg_column *column = stream->columns; column && column->name; column++) {
            cmd_table_add(&table, "    %s", column->name);
            cmd_table_add(&table, "%s", column->unit ? column->unit : "-");
            cmd_table_add(&table, "%s", column_kind(column->kind));
            cmd_table_add(&table, "%s", vg_better_name(column->better));
            cmd_table_add(&table, "%s", column->summary ? column->summary : "");
        }
        putchar('\n');
        cmd_field("Stream", "%s: %s", stream->name, stream->summary ? stream->summary : "");
        cmd_table_print(&table, stdout);
    }
}

static void print_probe(const struct vg_probe *probe)
{
    if (probe->period_ms)
        cmd_field("Period", "%d ms", probe->period_ms);
    for (const struct vg_probe_stream *stream = probe->streams; stream && stream->name; stream++) {
        static const char *const headers[] = { "    COLUMN", "UNIT", "SUMMARY", NULL };
        cmd_autotable struct cmd_table table = { .headers = headers };
        for (const struct vg_probe_column *column = stream->columns; column && column->name; column++) {
            cmd_table_add(&table, "    %s", column->name);
            cmd_table_add(&table, "%s", column->unit ? column->unit : "-");
            cmd_table_add(&table, "%s", column->summary ? column->summary : "");
        }
        putchar('\n');
        cmd_field("Stream", "%s: %s", stream->name, stream->summary ? stream->summary : "");
        cmd_table_print(&table, stdout);
    }
}

void cmd_descriptor_print(const struct vg_descriptor *descriptor)
{
    printf("%s %s\n", vg_descriptor_kind_name(descriptor->kind), descriptor->name);
    cmd_field("Summary", "%s", descriptor->summary ? descriptor->summary : "");
    if (descriptor->why)
        cmd_field("Why", "%s", descriptor->why);
    if (descriptor->kind == VG_KIND_MECHANISM) {
        const struct vg_mechanism *mechanism = (const struct vg_mechanism *)descriptor;
        cmd_field("Tenants", "%s", mechanism->vm ? "VMs" : "processes on the host");
        cmd_field("Offers", "%s", mechanism->capabilities ? mechanism->capabilities : "nothing");
        cmd_field("Slot", "%s", mechanism->slot == VG_SLOT_VM_BOUND ? "bound to the VM" : "bound to the vGPU instance");
        for (const struct vg_identity *identity = mechanism->identity; identity && identity->fact; identity++)
            cmd_field("Expects", "%s = %s", identity->fact, identity->value);
    } else if (descriptor->kind == VG_KIND_WORKLOAD) {
        print_workload((const struct vg_workload *)descriptor);
    } else if (descriptor->kind == VG_KIND_PROBE) {
        print_probe((const struct vg_probe *)descriptor);
    }
    print_params(descriptor->params);
    print_metrics(descriptor->metrics);
}
