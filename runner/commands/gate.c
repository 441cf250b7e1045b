/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge gate RUN... --baseline NAME`: for CI. */
#include "commands/again.h"
#include "commands/gate_options.h"
#include "report/report.h"

struct options {
    struct cmd_gate_options gate;
    const char *baseline, *out;
    bool top_up;
};

/* What the gate works on; runs that --top-up adds are behind those that were given. */
struct gating {
    const struct options *options;
    const struct vg_gate_policy *policy;
    struct vg_baselines baselines;
    struct vg_words directories;
    struct vg_side side;
    struct vg_gate gate;
};

static void free_gating(struct gating *gating)
{
    vg_gate_free(&gating->gate);
    vg_side_free(&gating->side);
    vg_baselines_free(&gating->baselines);
    vg_names_free(gating->directories.items, gating->directories.count);
}

static bool load_side(struct gating *gating, struct vg_error *err)
{
    vg_side_free(&gating->side);
    return vg_side_load((const char *const *)gating->directories.items, gating->directories.count,
                        gating->options->gate.across, &gating->side, err);
}

static void look(struct gating *gating, unsigned number)
{
    struct vg_comparison *before = gating->gate.comparison;
    const struct vg_comparing comparing = {
        .policy = gating->policy,
        .now = &gating->side.metrics,
        .then = &gating->gate.then->metrics,
        .least_then = gating->policy->baseline_boots,
        .look = number,
        .looks = gating->options->top_up,
        .before = before,
    };
    gating->gate.comparison = vg_compare(&comparing);
    vg_comparison_free(before);
}

/* Tests with a metric that more boots could decide, joined by commas; *boots: how many of them there are at most. */
static char *undecided_tests(const struct gating *gating, unsigned *boots)
{
    vg_autojson json_t *seen = vg_json_new_object();
    struct vg_text tests = { 0 };
    *boots = 0;
    for (unsigned i = 0; i < gating->gate.comparison->count; i++) {
        const struct vg_compared *item = &gating->gate.comparison->items[i];
        const struct vg_metric_series *series = vg_metric_series_find(&gating->side.metrics, item->id);
        bool undecided =
            item->change == VG_CHANGE_INCONCLUSIVE || (item->change == VG_CHANGE_INSUFFICIENT && item->method);
        if (!undecided || !series)
            continue;
        *boots = item->now.boots > *boots ? item->now.boots : *boots;
        if (json_object_get(seen, series->test))
            continue;
        vg_json_set_bool(seen, series->test, true);
        vg_text_add(&tests, "%s%s", tests.length ? "," : "", series->test);
    }
    return tests.data;
}

static bool top_up(struct gating *gating, unsigned number, bool *topped, struct vg_error *err)
{
    unsigned boots, wanted = gating->policy->looks[number - 1];
    vg_autofree char *tests = undecided_tests(gating, &boots);
    *topped = tests && boots < wanted;
    if (!*topped)
        return true;
    vg_autofree char *out = vg_format("%s-look-%u", gating->side.runs[0]->run->directory, number);
    int status;
    fprintf(stderr, "Undecided after %u boots: %u more of %s\n", boots, wanted - boots, tests);
    if (!cmd_run_again(gating->side.runs[0]->run, tests, wanted - boots, out, &status, err))
        return vg_wrap(err, "--top-up");
    vg_push(gating->directories.items, gating->directories.count) = VG_TAKE(out);
    return load_side(gating, err);
}

static bool decide(struct gating *gating, struct vg_error *err)
{
    const struct vg_fingerprint now = vg_run_fingerprint_of(gating->side.runs[0]->run);
    gating->gate.then =
        vg_baselines_choose(&gating->baselines, now, gating->options->gate.across, &gating->gate.differences, err);
    const struct vg_metrics *const sides[] = { &gating->side.metrics,
                                               gating->gate.then ? &gating->gate.then->metrics : NULL };
    if (!gating->gate.then || !vg_thresholds_apply(gating->policy, sides, VG_COUNT(sides), err))
        return false;
    if (!vg_gate_admits(&gating->gate, gating->policy))
        return true;
    look(gating, 1);
    for (unsigned number = 2; gating->options->top_up && number <= gating->policy->look_count; number++) {
        bool topped;
        if (!top_up(gating, number, &topped, err))
            return false;
        if (!topped)
            break;
        look(gating, number);
    }
    return true;
}

/* The run's page shows what the gate found; a page that cannot be written must not decide about the gate. */
static void refresh_page(const struct vg_results *results)
{
    struct vg_error err = { 0 };
    vg_autofree char *page = vg_format("%s/report/index.html", results->run->directory);
    if (vg_exists(page) && !vg_report_page(results, &err))
        vg_warn("%s still shows what was there before the gate: %s", page, err.text);
}

static int gate(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    if (!options->baseline) {
        vg_fail(err, VG_ERROR_INPUT, "which baseline? `vgauge gate RUN... --baseline NAME`");
        return -1;
    }
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(&options->gate, err);
    struct gating gating VG_CLEANUP(free_gating) = { .options = options, .policy = policy };
    for (unsigned i = 0; i < cmd_operand_count; i++) {
        if (!cmd_check_run(cmd_operands[i], err))
            return -1;
        vg_push(gating.directories.items, gating.directories.count) = vg_strdup(cmd_operands[i]);
    }
    if (!policy || !vg_baselines_load(cmd_gate_directory(&options->gate), options->baseline, &gating.baselines, err) ||
        !load_side(&gating, err))
        return -1;
    gating.gate.title = vg_format("baseline %s", options->baseline);
    gating.gate.now = &gating.side;
    gating.gate.strict = options->gate.strict;
    if (!decide(&gating, err) || !cmd_gate_save(&gating.gate, options->out ? options->out : argument, err))
        return -1;
    if (!options->out)
        refresh_page(gating.side.runs[0]);
    return cmd_gate_show(&gating.gate, &options->gate);
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    (void)err;
    switch (key) {
    case 'b':
        options->baseline = value;
        return true;
    case 'o':
        options->out = value;
        return true;
    case 't':
        options->top_up = true;
        return true;
    default:
        return cmd_gate_option(&options->gate, key, value);
    }
}

static void release(void *context)
{
    cmd_gate_options_release(&((struct options *)context)->gate);
}

static const struct argp_option gate_options[] = {
    { "baseline", 'b', "NAME", 0, "What the runs are compared with", 0 },
    { "top-up", 't', NULL, 0, "Boot the tests of inconclusive metrics again, up to the policy's last look", 0 },
    { "out", 'o', "DIR", 0, "Where gate.json, gate.xml (JUnit) and gate.md go (default: the first RUN)", 0 },
    CMD_OPTION_BASELINES,
    CMD_OPTION_RULES,
    CMD_OPTION_ACROSS,
    CMD_OPTION_STRICT,
    CMD_OPTION_ALL,
    CMD_OPTION_JSON,
    { 0 },
};

const struct cmd_command cmd_gate = {
    .name = "gate",
    .summary = "compare runs with a baseline and decide, for CI",
    .doc =
        "Exit status: 1 if a metric regressed or a result failed, 3 if the runs cannot be compared with the baseline "
        "or a result is invalid, 4 if nothing was compared, else 0. With --strict also what is not decided is 1. "
        "Writes gate.json, gate.xml (JUnit) and gate.md (for a pull request) into the first RUN.",
    .argument = "RUN...",
    .options = gate_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = gate,
    .release = release,
};
