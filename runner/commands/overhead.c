/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge overhead BARE VGPU`: what the same work costs through a vGPU, as a ratio to bare metal (or to any other
 * mechanism) on the same host. What `compare` forbids is the point here: the mechanisms differ. All else must be equal.
 */
#include <math.h>
#include <stdio.h>
#include "commands/gate_options.h"

/* That which is a tenant's or a mechanism's own, and the programs that only VMs need. */
static const char beside_the_point[] = "mechanism.*,guest.*,tenant.*,plan,host.vmm,host.accel,host.hypervisor-tree,"
                                       "host.qemu,host.virglrenderer,host.renderer-mesa";

struct options {
    struct cmd_gate_options gate;
};

/* What is compared, and how. */
struct table {
    const struct vg_gate_policy *policy;
    const struct vg_comparison *comparison;
    const char *bare, *vgpu; /* mechanisms; NULL: several */
};

static const char *mechanism_words(const char *mechanism)
{
    return mechanism ? mechanism : "several mechanisms";
}

static void show_limit(const struct table *table, const char *id, struct vg_cost cost)
{
    const struct vg_overhead_limit *limit = vg_overhead_limit_find(table->policy, id, table->vgpu);
    static const char *const words[] = {
        [VG_COST_WITHIN] = "within",
        [VG_COST_BEYOND] = "BEYOND",
        [VG_COST_OPEN] = "not decided, more boots may tell:",
    };
    if (limit && isnan(cost.ratio))
        printf("%-44s   so the limit of %g is not judged (%s)\n", "", limit->at_most, limit->source);
    else if (limit)
        printf("%-44s   %s the limit of %g (%s)\n", "", words[vg_cost_judge(cost, limit)], limit->at_most,
               limit->source);
}

static void show(const struct table *table)
{
    const struct vg_comparison *comparison = table->comparison;
    printf("BARE: %s. VGPU: %s.\n\n", mechanism_words(table->bare), mechanism_words(table->vgpu));
    printf("%-44s %14s %14s   OVERHEAD [%g %% interval], boots\n", "METRIC", "BARE", "VGPU",
           100 * table->policy->confidence);
    for (unsigned i = 0; i < comparison->count; i++) {
        const struct vg_compared *item = &comparison->items[i];
        vg_autofree char *bare = vg_quantity_text(item->then.median, item->unit);
        vg_autofree char *vgpu = vg_quantity_text(item->now.median, item->unit);
        struct vg_cost cost = vg_cost_of(item);
        if (isnan(cost.ratio))
            printf("%-44s %14s %14s   not known: %s\n", item->id, item->then.boots ? bare : "-",
                   item->now.boots ? vgpu : "-", item->note ? item->note : "too few boots");
        else
            printf("%-44s %14s %14s   %.3f [%.3f, %.3f], %u and %u\n", item->id, bare, vgpu, cost.ratio, cost.lower,
                   cost.upper, item->then.boots, item->now.boots);
        show_limit(table, item->id, cost);
    }
}

static json_t *to_json(const struct table *table)
{
    const struct vg_comparison *comparison = table->comparison;
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < comparison->count; i++) {
        const struct vg_compared *item = &comparison->items[i];
        struct vg_cost cost = vg_cost_of(item);
        const struct vg_overhead_limit *limit = vg_overhead_limit_find(table->policy, item->id, table->vgpu);
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "metric", item->id);
        vg_json_set_text(json, "unit", item->unit);
        vg_json_set_real(json, "bare", item->then.median);
        vg_json_set_real(json, "vgpu", item->now.median);
        vg_json_set_real(json, "overhead", cost.ratio);
        vg_json_set_real(json, "lower", cost.lower);
        vg_json_set_real(json, "upper", cost.upper);
        vg_json_set_int(json, "bare_boots", item->then.boots);
        vg_json_set_int(json, "vgpu_boots", item->now.boots);
        vg_json_set_text(json, "judged", vg_cost_verdict_name(vg_cost_judge(cost, limit)));
        if (limit) {
            vg_json_set_real(json, "at_most", limit->at_most);
            vg_json_set_text(json, "source", limit->source);
        }
        if (item->note)
            vg_json_set_text(json, "note", item->note);
        vg_json_append(array, json);
    }
    json_t *document = vg_json_new_object();
    vg_json_set_text(document, "bare", mechanism_words(table->bare));
    vg_json_set_text(document, "vgpu", mechanism_words(table->vgpu));
    vg_json_set_real(document, "confidence", table->policy->confidence);
    vg_json_set(document, "overhead", array);
    return document;
}

/* One run, or several joined by commas: replicates of each other. */
static bool load(const char *paths, struct vg_side *side, struct vg_error *err)
{
    vg_autofree char *words = vg_strdup(paths);
    vg_autofree const char **list = NULL;
    size_t count = 0;
    char *rest = words;
    for (char *path; (path = strsep(&rest, ",")) != NULL;) {
        if (!cmd_check_run(path, err))
            return false;
        vg_push(list, count) = path;
    }
    return vg_side_load(list, (unsigned)count, NULL, side, err) && vg_metrics_merge_configurations(&side->metrics, err);
}

/* Which drivers did the work: a ratio of two of them is not only the vGPU's. */
static void show_drivers(const char *side, const struct vg_run *run)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        const struct vg_fingerprint_field *field = &run->fingerprint[i];
        if (vg_select("tenant.*.vk_driver_info,host.renderer-mesa", field->key))
            printf("%s: %s is %s\n", side, field->key, field->value ? field->value : "not known");
    }
}

/* 1: a limit is passed; 4: nothing is known, or not what a limit is about; else 0, also where a limit is not decided.
 */
static int status_of(const struct table *table)
{
    bool known = false, beyond = false, missing = false;
    for (unsigned i = 0; i < table->comparison->count; i++) {
        const struct vg_compared *item = &table->comparison->items[i];
        const struct vg_overhead_limit *limit = vg_overhead_limit_find(table->policy, item->id, table->vgpu);
        known = known || !isnan(item->ratio);
        missing = missing || (limit && isnan(item->ratio));
        beyond = beyond || vg_cost_judge(vg_cost_of(item), limit) == VG_COST_BEYOND;
    }
    return beyond ? 1 : known && !missing ? 0 : 4;
}

static int overhead(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    (void)argument;
    cmd_autoside struct vg_side bare = { 0 }, vgpu = { 0 };
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(&options->gate, err);
    const struct vg_metrics *const sides[] = { &bare.metrics, &vgpu.metrics };
    if (!policy || !load(cmd_operands[0], &bare, err) || !load(cmd_operands[1], &vgpu, err) ||
        !vg_thresholds_apply(policy, sides, VG_COUNT(sides), err))
        return -1;
    vg_autofree char *warning = NULL;
    struct table table = { .policy = policy, .bare = vg_side_mechanism(&bare), .vgpu = vg_side_mechanism(&vgpu) };
    if (!vg_overhead_sides(policy, table.bare, table.vgpu, &warning, err))
        return -1;
    if (warning)
        vg_warn("%s", warning);
    struct vg_differences differences VG_CLEANUP(vg_differences_free) = { 0 };
    if (!vg_fingerprints_compare(vg_run_fingerprint_of(vgpu.runs[0]->run), vg_run_fingerprint_of(bare.runs[0]->run),
                                 options->gate.across, &differences, err))
        return -1;
    for (unsigned i = 0; i < differences.count; i++) {
        if (differences.items[i].across || vg_select(beside_the_point, differences.items[i].key))
            continue;
        vg_autofree char *text = vg_difference_text(&differences.items[i]);
        vg_fail(err, VG_ERROR_ENVIRONMENT,
                "%s: a ratio would be of two machines, not of two mechanisms (--across KEY lets it differ)", text);
        return -1;
    }
    const struct vg_comparing comparing = {
        .policy = policy,
        .now = &vgpu.metrics,
        .then = &bare.metrics,
        .least_then = policy->boots,
        .look = 1,
    };
    struct vg_comparison *comparison = vg_compare(&comparing);
    table.comparison = comparison;
    int status = status_of(&table);
    if (options->gate.json)
        cmd_print_json(to_json(&table));
    else
        show(&table);
    if (!options->gate.json) {
        show_drivers("bare", bare.runs[0]->run);
        show_drivers("vgpu", vgpu.runs[0]->run);
    }
    vg_comparison_free(comparison);
    return status;
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    (void)err;
    return cmd_gate_option(&((struct options *)context)->gate, key, value);
}

static void release(void *context)
{
    cmd_gate_options_release(&((struct options *)context)->gate);
}

static const struct argp_option overhead_options[] = {
    CMD_OPTION_RULES,
    CMD_OPTION_ACROSS,
    CMD_OPTION_JSON,
    { 0 },
};

const struct cmd_command cmd_overhead = {
    .name = "overhead",
    .summary = "say what the same work costs through a vGPU, against bare metal",
    .doc =
        "BARE and VGPU are run directories of the same tests on one host, each with one mechanism, profile and policy "
        "and at least six boots. Prints the ratio of each metric with its interval (95 % by the rules); above 1, VGPU "
        "is slower. Mechanisms and guests may differ; the host and its GPU may not. Ratios for which the rules set a "
        "limit are judged: exit status 1 if one is passed; else 4 if such a ratio is not known, or none at all; else "
        "0.",
    .argument = "BARE VGPU",
    .options = overhead_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = overhead,
    .release = release,
};
