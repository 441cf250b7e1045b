/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge bless RUN... --as NAME`: the only way in which a baseline comes to be. */
#include <pwd.h>
#include "commands/gate_options.h"

struct options {
    struct cmd_gate_options gate;
    const char *name, *by, *reason;
    bool accept, replace;
};

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    (void)err;
    switch (key) {
    case 'a':
        options->name = value;
        return true;
    case 'b':
        options->by = value;
        return true;
    case 'r':
        options->reason = value;
        return true;
    case 'A':
        options->accept = true;
        return true;
    case 'R':
        options->replace = true;
        return true;
    default:
        return cmd_gate_option(&options->gate, key, value);
    }
}

/* The account and the machine; --by says it better. */
char *cmd_signer(const char *given)
{
    const struct passwd *account = getpwuid(getuid());
    char host[256] = "";
    if (given)
        return vg_printable(given, strlen(given), 200);
    gethostname(host, sizeof(host) - 1);
    return account ? vg_format("%s@%s", account->pw_name, host) : vg_format("uid %u@%s", (unsigned)getuid(), host);
}

static int bless(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    (void)argument;
    if (!options->name) {
        vg_fail(err, VG_ERROR_INPUT, "which name shall the baseline have? `vgauge bless RUN... --as NAME`");
        return -1;
    }
    for (unsigned i = 0; i < cmd_operand_count; i++)
        if (!cmd_check_run(cmd_operands[i], err))
            return -1;
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(&options->gate, err);
    cmd_autoside struct vg_side side = { 0 };
    const struct vg_metrics *const sides[] = { &side.metrics };
    if (!policy || !vg_side_load(cmd_operands, cmd_operand_count, options->gate.across, &side, err) ||
        !vg_thresholds_apply(policy, sides, VG_COUNT(sides), err))
        return -1;
    vg_autofree char *by = cmd_signer(options->by);
    vg_autofree char *reason = options->reason ? vg_printable(options->reason, strlen(options->reason), 1000) : NULL;
    cmd_autobaseline struct vg_baseline *baseline =
        vg_bless(&side, options->name, by, reason, options->accept, policy, err);
    if (!baseline || !vg_baseline_save(baseline, cmd_gate_directory(&options->gate), options->replace, err))
        return -1;
    printf("%s\n", baseline->file);
    printf("Baseline %s: %u metrics of %u run%s, blessed by %s at %s%s\n", baseline->name, baseline->metrics.count,
           baseline->run_count, baseline->run_count == 1 ? "" : "s", baseline->blessed_by, baseline->blessed_at,
           baseline->accepted_count ? "; what was not in order is written down in it" : "");
    return 0;
}

static void release(void *context)
{
    cmd_gate_options_release(&((struct options *)context)->gate);
}

static const struct argp_option bless_options[] = {
    { "as", 'a', "NAME", 0, "The baseline's name", 0 },
    { "by", 'b', "WHO", 0, "Who answers for it (default: account and machine)", 0 },
    { "reason", 'r', "TEXT", 0, "Why, for those who read the file's history", 0 },
    { "accept", 'A', NULL, 0, "Take runs that are not in order, without metrics that have too few boots; written down",
      0 },
    { "replace", 'R', NULL, 0, "Take the place of this name's baseline for the same environment", 0 },
    CMD_OPTION_BASELINES,
    CMD_OPTION_RULES,
    CMD_OPTION_ACROSS,
    { 0 },
};

const struct cmd_command cmd_bless = {
    .name = "bless",
    .summary = "make a baseline of good runs",
    .doc = "Writes the per-boot values of every metric of the runs, which must be replicates of each other, to "
           "baselines/NAME/, signed with who and when. Refuses runs that failed, are invalid or have too few boots.",
    .argument = "RUN...",
    .options = bless_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = bless,
    .release = release,
};
