/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge history show`, `plot` and `export`: the history for people and for other programs. Nothing is written to it.
 */
#include "commands/history.h"

static bool load(const struct cmd_history_options *options, struct vg_history **history, struct vg_trends *trends,
                 struct vg_error *err)
{
    *history = cmd_history_open(options, VG_HISTORY_READ, err);
    return *history && cmd_history_load(*history, options, trends, err) &&
           vg_history_changes(*history, trends, cmd_history_threads(), false, err);
}

/* "-4.1 % better, 14 runs ago, acknowledged (3)"; caller frees. */
static char *last_change(const struct vg_trend *trend)
{
    const struct vg_trend_change *last = NULL;
    for (unsigned i = 0; i < trend->change_count; i++)
        if (trend->changes[i].found && !trend->changes[i].doubtful)
            last = &trend->changes[i];
    if (!last)
        return vg_strdup(trend->min_effect > 0 ? "none" : "not looked for");
    vg_autofree char *by = cmd_history_by(trend, last);
    vg_autofree char *known =
        last->id ? vg_format(", %s (%lld)", cmd_history_state(last), (long long)last->id) : vg_strdup("");
    return vg_format("%s %s, %zu runs ago%s", by, vg_trend_direction_words[last->direction], trend->count - last->index,
                     known);
}

static void show_trends(const struct vg_history *history, const struct vg_trends *trends, bool json)
{
    static const char *const headers[] = { "METRIC", "ENVIRONMENT", "RUNS", "LATEST", "LAST CHANGE", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (unsigned i = 0; i < trends->count; i++) {
        const struct vg_trend *trend = &trends->items[i];
        vg_autofree char *environment = vg_trend_environment(trends, trend), *change = last_change(trend);
        vg_autofree char *latest = vg_quantity_text(trend->points[trend->count - 1].value, trend->unit);
        cmd_table_add(&table, "%s", trend->name);
        cmd_table_add(&table, "%.6s", environment);
        cmd_table_add(&table, "%u", trend->count);
        cmd_table_add(&table, "%s", latest);
        cmd_table_add(&table, "%s", change);
    }
    if (json) {
        cmd_print_json(cmd_table_to_json(&table));
        return;
    }
    vg_autofree char *first = cmd_history_day(trends->runs[0].started_s);
    vg_autofree char *last = cmd_history_day(trends->runs[trends->run_count - 1].started_s);
    printf("%s: %u runs from %s to %s, %u environment%s\n\n", vg_history_shown(history), trends->run_count, first, last,
           trends->environment_count, trends->environment_count == 1 ? "" : "s");
    cmd_table_print(&table, stdout);
}

static void show_runs(const struct vg_trends *trends, bool json)
{
    static const char *const headers[] = { "RUN", "STARTED", "PLAN", "HOST", "VALUES", "CHANGED SINCE THE RUN BEFORE",
                                           NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (unsigned i = 0; i < trends->run_count; i++) {
        const struct vg_history_run *run = &trends->runs[i];
        vg_autofree char *started = cmd_history_day(run->started_s);
        vg_autofree char *differences = i ? vg_history_differences(run - 1, run) : NULL;
        cmd_table_add(&table, "%lld", (long long)run->id);
        cmd_table_add(&table, "%s", started);
        cmd_table_add(&table, "%s", run->plan);
        cmd_table_add(&table, "%s", run->host);
        cmd_table_add(&table, "%u", run->value_count);
        cmd_table_add(&table, "%s%s%s", run->incomparable ? run->incomparable : "",
                      run->incomparable && differences ? "; " : "", differences ? differences : "");
    }
    if (json)
        cmd_print_json(cmd_table_to_json(&table));
    else
        cmd_table_print(&table, stdout);
}

static int show(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct cmd_history_options *options = context;
    vg_autohistory struct vg_history *history = NULL;
    vg_autotrends struct vg_trends trends = { 0 };
    if (!load(options, &history, &trends, err))
        return -1;
    if (options->runs)
        show_runs(&trends, options->json);
    else
        show_trends(history, &trends, options->json);
    return 0;
}

static int plot(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct cmd_history_options *options = context;
    vg_autohistory struct vg_history *history = NULL;
    vg_autotrends struct vg_trends trends = { 0 };
    if (!load(options, &history, &trends, err))
        return -1;
    for (unsigned i = 0; i < trends.count; i++) {
        vg_autofree char *path = NULL;
        if (!vg_report_trend_plot(&trends, &trends.items[i], options->out ? options->out : ".", &path, err))
            return -1;
        printf("%s\n", path);
    }
    return 0;
}

static bool write_export(const struct vg_export *format, const struct vg_trends *trends, const char *path,
                         struct vg_error *err)
{
    if (!path) {
        format->write(trends, stdout);
        return true; /* main() looks whether it arrived */
    }
    char *data = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&data, &length);
    if (!memory)
        vg_out_of_memory();
    format->write(trends, memory);
    bool good = fclose(memory) == 0;
    vg_autofree char *owned = data;
    if (!good)
        vg_out_of_memory();
    return vg_write_file(path, owned, length, err);
}

static int export(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct cmd_history_options *options = context;
    const struct vg_descriptor *format =
        vg_descriptor_require(VG_KIND_EXPORT, options->format ? options->format : "csv", err);
    vg_autohistory struct vg_history *history = NULL;
    vg_autotrends struct vg_trends trends = { 0 };
    if (!format || !load(options, &history, &trends, err) ||
        !write_export((const struct vg_export *)format, &trends, options->out, err))
        return -1;
    return 0;
}

static const struct argp_option show_options[] = {
    CMD_OPTION_DB,
    CMD_OPTION_ACROSS,
    { "runs", 'R', NULL, 0, "List the runs, and what changed in the environment from each to the next", 0 },
    CMD_OPTION_HISTORY_JSON,
    { 0 },
};
static const struct argp_option plot_options[] = {
    CMD_OPTION_DB,
    CMD_OPTION_ACROSS,
    { "out", 'o', "DIRECTORY", 0, "Where the pictures go (default: here)", 0 },
    { 0 },
};
static const struct argp_option export_options[] = {
    CMD_OPTION_DB,
    CMD_OPTION_ACROSS,
    { "format", 'f', "FORMAT", 0, "csv, json or openmetrics (default: csv)", 0 },
    { "out", 'o', "FILE", 0, "Where it goes (default: the standard output)", 0 },
    { 0 },
};

const struct cmd_command cmd_history_show = {
    .name = "history show",
    .summary = "list metrics with their latest value and last change, or runs",
    .doc = "A metric has one row per environment: runs whose fingerprints differ in more than drivers, kernels and "
           "other software are not compared (see --across).",
    .argument = "[METRIC...]",
    .options = show_options,
    .options_size = sizeof(struct cmd_history_options),
    .option = cmd_history_option,
    .run = show,
};

const struct cmd_command cmd_history_plot = {
    .name = "history plot",
    .summary = "draw trends as SVG",
    .doc = "One SVG per metric and environment: every run, the levels, the changes with their states, and where a "
           "driver or another part of the environment changed. Prints the files' paths.",
    .argument = "[METRIC...]",
    .options = plot_options,
    .options_size = sizeof(struct cmd_history_options),
    .option = cmd_history_option,
    .run = plot,
};

const struct cmd_command cmd_history_export = {
    .name = "history export",
    .summary = "write trends as CSV, JSON or OpenMetrics text",
    .doc = "CSV has one row per metric and run; JSON also has the runs with their fingerprints and the changes; "
           "OpenMetrics text has the runs' times and base units, for Prometheus.",
    .argument = "[METRIC...]",
    .options = export_options,
    .options_size = sizeof(struct cmd_history_options),
    .option = cmd_history_option,
    .run = export,
};
