/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge diff RUN RUN...`: what is different between runs. */
#include "commands/gate_options.h"
#include "report/report.h"

struct options {
    struct cmd_gate_options gate;
    const char *html;
};

static int diff(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    struct vg_diff found VG_CLEANUP(vg_diff_free) = { 0 };
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(&options->gate, err);
    (void)argument;
    if (!policy)
        return -1;
    if (cmd_operand_count < 2) {
        vg_fail(err, VG_ERROR_INPUT, "a difference is between two runs at least: `vgauge diff RUN RUN`");
        return -1;
    }
    for (unsigned i = 0; i < cmd_operand_count; i++)
        if (!cmd_check_run(cmd_operands[i], err))
            return -1;
    if (!vg_diff_make(cmd_operands, cmd_operand_count, policy, options->gate.across, &found, err) ||
        (options->html && !vg_report_diff_html(&found, options->html, err)))
        return -1;
    if (options->gate.json)
        cmd_print_json(vg_diff_to_json(&found));
    else
        vg_report_diff_text(&found, options->gate.all, stdout, cmd_colour(stdout));
    return vg_diff_exit_status(&found);
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    (void)err;
    if (key != 'o')
        return cmd_gate_option(&options->gate, key, value);
    options->html = value;
    return true;
}

static void release(void *context)
{
    cmd_gate_options_release(&((struct options *)context)->gate);
}

static const struct argp_option diff_options[] = {
    { "html", 'o', "FILE", 0, "Also a page with all runs side by side", 0 },
    CMD_OPTION_RULES,
    CMD_OPTION_ACROSS,
    CMD_OPTION_ALL,
    CMD_OPTION_JSON,
    { 0 },
};

const struct cmd_command cmd_diff = {
    .name = "diff",
    .summary = "what is different between runs: regressions, fixes, changes, new, gone",
    .doc = "Compares the last RUN with the first, result by result and metric by metric; with --html FILE all of them "
           "side by side. A metric is a regression or a fix only where both runs have the boots to tell it from noise "
           "and equal environments but for --across; else it is a change. Exit status: 1 if there is a regression, "
           "else 0.",
    .argument = "RUN...",
    .options = diff_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = diff,
    .release = release,
};
