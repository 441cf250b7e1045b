/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge compare A B`: two runs, or a baseline's file and a run. */
#include "commands/gate_options.h"

/* One of the two: a run directory or a baseline's file. */
struct side {
    struct vg_side run;
    struct vg_baseline *baseline;
};

static void free_side(struct side *side)
{
    vg_side_free(&side->run);
    vg_baseline_free(side->baseline);
}

static bool load_side(const char *path, struct side *side, struct vg_error *err)
{
    size_t length = strlen(path);
    if (length > 5 && vg_equal(path + length - 5, ".json"))
        return (side->baseline = vg_baseline_load(path, err)) != NULL;
    return cmd_check_run(path, err) && vg_side_load(&path, 1, NULL, &side->run, err);
}

static struct vg_fingerprint fingerprint_of(const struct side *side)
{
    return side->baseline ? vg_baseline_fingerprint_of(side->baseline) : vg_run_fingerprint_of(side->run.runs[0]->run);
}

/* Anything is equivalent to itself: whoever asks that has mistyped. */
static bool check_two(const struct side *a, const struct side *b, struct vg_error *err)
{
    bool same = a->baseline && b->baseline     ? vg_equal(a->baseline->file, b->baseline->file)
                : !a->baseline && !b->baseline ? vg_is_same_run(a->run.runs[0]->run, b->run.runs[0]->run)
                                               : false;
    return !same || vg_fail(err, VG_ERROR_INPUT, "%s and %s are the same; which two shall be compared?",
                            cmd_operands[0], cmd_operands[1]);
}

static int compare(void *context, const char *argument, struct vg_error *err)
{
    const struct cmd_gate_options *options = context;
    (void)argument;
    struct side a VG_CLEANUP(free_side) = { 0 }, b VG_CLEANUP(free_side) = { 0 };
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(options, err);
    if (!policy || !load_side(cmd_operands[0], &a, err) || !load_side(cmd_operands[1], &b, err) ||
        !check_two(&a, &b, err))
        return -1;
    cmd_autogate struct vg_gate gate = {
        .title = a.baseline ? vg_format("baseline %s", a.baseline->name) : vg_strdup(cmd_operands[0]),
        .now = b.baseline ? NULL : &b.run,
        .then = a.baseline,
        .strict = options->strict,
    };
    if (!vg_fingerprints_compare(fingerprint_of(&b), fingerprint_of(&a), options->across, &gate.differences, err))
        return -1;
    const struct vg_comparing comparing = {
        .policy = policy,
        .now = b.baseline ? &b.baseline->metrics : &b.run.metrics,
        .then = a.baseline ? &a.baseline->metrics : &a.run.metrics,
        .least_then = policy->boots,
        .look = 1,
    };
    const struct vg_metrics *const sides[] = { comparing.now, comparing.then };
    if (!vg_thresholds_apply(policy, sides, VG_COUNT(sides), err))
        return -1;
    if (vg_gate_admits(&gate, policy))
        gate.comparison = vg_compare(&comparing);
    return cmd_gate_show(&gate, options);
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

static const struct argp_option compare_options[] = {
    CMD_OPTION_RULES, CMD_OPTION_ACROSS, CMD_OPTION_STRICT, CMD_OPTION_ALL, CMD_OPTION_JSON, { 0 },
};

const struct cmd_command cmd_compare = {
    .name = "compare",
    .summary = "say what changed from A to B",
    .doc = "A and B are run directories, or files of baselines (baselines/NAME/....json). Each metric is regressed, "
           "improved, equivalent or inconclusive; environments must be equal but for --across.",
    .argument = "A B",
    .options = compare_options,
    .options_size = sizeof(struct cmd_gate_options),
    .option = take_option,
    .run = compare,
    .release = release,
};
