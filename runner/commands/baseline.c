/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge baseline list`, `show NAME` and `diff A B`: what is blessed, and what a new blessing would change. */
#include <math.h>
#include "commands/gate_options.h"
#include "statistics/statistics.h"

static int list(const struct cmd_gate_options *options, struct vg_error *err)
{
    static const char *const headers[] = {
        "NAME", "ENVIRONMENT", "METRICS", "BOOTS", "BLESSED AT", "BY", "FILE", NULL
    };
    struct vg_baselines baselines VG_CLEANUP(vg_baselines_free) = { 0 };
    cmd_autotable struct cmd_table table = { .headers = headers };
    if (!vg_baselines_load(cmd_gate_directory(options), NULL, &baselines, err))
        return -1;
    for (unsigned i = 0; i < baselines.count; i++) {
        const struct vg_baseline *baseline = baselines.items[i];
        vg_autofree char *environment = vg_fingerprint_digest(vg_baseline_fingerprint_of(baseline));
        cmd_table_add(&table, "%s", baseline->name);
        cmd_table_add(&table, "%s", environment);
        cmd_table_add(&table, "%u", baseline->metrics.count);
        cmd_table_add(&table, "%u", baseline->metrics.count ? baseline->metrics.items[0].value_count : 0);
        cmd_table_add(&table, "%s", baseline->blessed_at);
        cmd_table_add(&table, "%s", baseline->blessed_by);
        cmd_table_add(&table, "%s", baseline->file);
    }
    if (options->json)
        cmd_print_json(cmd_table_to_json(&table));
    else if (baselines.count)
        cmd_table_print(&table, stdout);
    else
        printf("There is no baseline in %s; `vgauge bless RUN... --as NAME` makes one.\n", cmd_gate_directory(options));
    return 0;
}

static double median_of(const struct vg_metric_series *series)
{
    vg_autofree double *values = vg_calloc(series->value_count, sizeof(*values));
    for (unsigned i = 0; i < series->value_count; i++)
        values[i] = series->values[i].value;
    return vg_median(values, series->value_count);
}

static char *value_text(const struct vg_metric_series *series)
{
    double median = series ? median_of(series) : NAN;
    return isfinite(median) ? vg_quantity_text(median, series->unit) : vg_strdup("-");
}

static void show_metrics(const struct vg_baseline *baseline)
{
    static const char *const headers[] = { "METRIC", "MEDIAN", "BOOTS", "THRESHOLD", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (unsigned i = 0; i < baseline->metrics.count; i++) {
        const struct vg_metric_series *series = &baseline->metrics.items[i];
        vg_autofree char *median = value_text(series);
        cmd_table_add(&table, "%s", series->id);
        cmd_table_add(&table, "%s", median);
        cmd_table_add(&table, "%u", series->value_count);
        cmd_table_add(&table, "%.3g %%", 100 * series->min_effect);
    }
    cmd_table_print(&table, stdout);
}

static int show_all(const struct vg_baselines *baselines)
{
    for (unsigned i = 0; i < baselines->count; i++) {
        const struct vg_baseline *baseline = baselines->items[i];
        printf("%sbaseline %s\n", i ? "\n" : "", baseline->name);
        cmd_field("File", "%s", baseline->file);
        cmd_field("Blessed", "%s by %s%s%s", baseline->blessed_at, baseline->blessed_by, baseline->reason ? ": " : "",
                  baseline->reason ? baseline->reason : "");
        for (unsigned j = 0; j < baseline->accepted_count; j++)
            cmd_field(j ? "" : "Accepted", "%s", baseline->accepted[j]);
        for (unsigned j = 0; j < baseline->run_count; j++)
            cmd_field(j ? "" : "Runs", "%s (plan %s, host %s, seed %s)", baseline->runs[j].name, baseline->runs[j].plan,
                      baseline->runs[j].host, baseline->runs[j].seed);
        for (unsigned j = 0; j < baseline->field_count; j++)
            cmd_field(j ? "" : "Environment", "%s: %s", baseline->fields[j].key,
                      baseline->fields[j].value ? baseline->fields[j].value : "not known");
        putchar('\n');
        show_metrics(baseline);
    }
    return 0;
}

/* By name (then of all its environments) or by file. */
static bool find(const struct cmd_gate_options *options, const char *name, struct vg_baselines *found,
                 struct vg_error *err)
{
    size_t length = strlen(name);
    if (length <= 5 || !vg_equal(name + length - 5, ".json"))
        return vg_baselines_load(cmd_gate_directory(options), name, found, err);
    struct vg_baseline *baseline = vg_baseline_load(name, err);
    if (baseline)
        vg_push(found->items, found->count) = baseline;
    return baseline != NULL;
}

static void diff_row(struct cmd_table *table, const char *id, const struct vg_metric_series *a,
                     const struct vg_metric_series *b)
{
    vg_autofree char *before = value_text(a), *after = value_text(b);
    cmd_table_add(table, "%s", id);
    cmd_table_add(table, "%s", before);
    cmd_table_add(table, "%s", after);
    if (a && b)
        cmd_table_add(table, "%+.1f %%", 100 * (median_of(b) / median_of(a) - 1));
    else
        cmd_table_add(table, "%s", a ? "is gone" : "is new");
}

static int diff(const struct vg_baseline *a, const struct vg_baseline *b, struct vg_error *err)
{
    static const char *const headers[] = { "METRIC", "A", "B", "MEDIANS", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    struct vg_differences differences VG_CLEANUP(vg_differences_free);
    if (!vg_fingerprints_compare(vg_baseline_fingerprint_of(b), vg_baseline_fingerprint_of(a), NULL, &differences, err))
        return -1;
    printf("A: %s, %s by %s\nB: %s, %s by %s\n", a->file, a->blessed_at, a->blessed_by, b->file, b->blessed_at,
           b->blessed_by);
    for (unsigned i = 0; i < differences.count; i++)
        printf("  %s: %s -> %s\n", differences.items[i].key,
               differences.items[i].then ? differences.items[i].then : "not known",
               differences.items[i].now ? differences.items[i].now : "not known");
    for (unsigned i = 0; i < a->metrics.count; i++)
        diff_row(&table, a->metrics.items[i].id, &a->metrics.items[i],
                 vg_metric_series_find(&b->metrics, a->metrics.items[i].id));
    for (unsigned i = 0; i < b->metrics.count; i++)
        if (!vg_metric_series_find(&a->metrics, b->metrics.items[i].id))
            diff_row(&table, b->metrics.items[i].id, NULL, &b->metrics.items[i]);
    putchar('\n');
    cmd_table_print(&table, stdout);
    puts("\nMedians only; `vgauge compare A B` says which of these differences are real.");
    return 0;
}

static int act(void *context, const char *action, struct vg_error *err)
{
    static const char *const actions[] = { "list", "show", "diff" };
    static const unsigned wanted[] = { 1, 2, 3 };
    const struct cmd_gate_options *options = context;
    struct vg_baselines a VG_CLEANUP(vg_baselines_free) = { 0 }, b VG_CLEANUP(vg_baselines_free) = { 0 };
    for (size_t i = 0; i < VG_COUNT(actions); i++) {
        if (!vg_equal(actions[i], action))
            continue;
        if (cmd_operand_count != wanted[i]) {
            vg_fail(err, VG_ERROR_INPUT, "`vgauge baseline %s` takes %u name%s or file%s", action, wanted[i] - 1,
                    wanted[i] == 2 ? "" : "s", wanted[i] == 2 ? "" : "s");
            return -1;
        }
        if (i == 0)
            return list(options, err);
        if (!find(options, cmd_operands[1], &a, err) || (i == 2 && !find(options, cmd_operands[2], &b, err)))
            return -1;
        return i == 1 ? show_all(&a) : diff(a.items[0], b.items[0], err);
    }
    vg_autofree char *shown = vg_printable(action, strlen(action), 80);
    vg_autofree char *meant = vg_did_you_mean(action, actions, VG_COUNT(actions));
    vg_fail(err, VG_ERROR_INPUT, "`vgauge baseline` knows list, show and diff, not `%s`%s", shown, meant);
    return -1;
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    (void)err;
    return cmd_gate_option(context, key, value);
}

static void release(void *context)
{
    cmd_gate_options_release(context);
}

static const struct argp_option baseline_options[] = { CMD_OPTION_BASELINES, CMD_OPTION_JSON, { 0 } };

const struct cmd_command cmd_baseline = {
    .name = "baseline",
    .summary = "list, show or diff baselines",
    .doc = "`baseline list`; `baseline show NAME`; `baseline diff A B`, each a name or a file: what differs between "
           "them, before or after a new one is blessed.",
    .argument = "ACTION [NAME] [NAME]",
    .options = baseline_options,
    .options_size = sizeof(struct cmd_gate_options),
    .option = take_option,
    .run = act,
    .release = release,
};
