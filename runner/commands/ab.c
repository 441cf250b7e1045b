/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge ab`: boots of two hosts alternately, so that what drifts on the machine meets both alike, and compares them
 * pair by pair. */
#include <unistd.h>
#include "commands/gate_options.h"
#include "commands/pairs.h"

enum { PAIRS_DEFAULT = 20, PAIRS_MAX = 200 };

struct options {
    struct cmd_gate_options gate;
    struct cmd_pairs pairs;
    bool says_again;
};

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    static const char *const passed[] = {
        ['p'] = "plan", ['t'] = "test", ['m'] = "mechanism", ['r'] = "profile", ['y'] = "policy", ['S'] = "set",
    };
    struct cmd_pairs *pairs = &options->pairs;
    long long number;
    switch (key) {
    case 'a':
    case 'b':
        pairs->hosts[key == 'b'] = value;
        return true;
    case 'o':
        pairs->out = value;
        return true;
    case 'p':
    case 't':
    case 'm':
    case 'r':
    case 'y':
    case 'S':
        vg_push(pairs->passed, pairs->passed_count) = vg_format("--%s=%s", passed[key], value);
        return true;
    case 'T':
        pairs->turns = true;
        return true;
    case 'n':
        if (!vg_parse_int(value, &number) || number < 1 || number > PAIRS_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "--pairs takes a whole number from 1 to %d", PAIRS_MAX);
        pairs->pairs = (unsigned)number;
        return true;
    case 'g':
        if (!vg_parse_int(value, &number) || number < 0 || number > PAIRS_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "--again takes a whole number from 0 to %d", PAIRS_MAX);
        pairs->again = (unsigned)number;
        options->says_again = true;
        return true;
    default:
        return cmd_gate_option(&options->gate, key, value);
    }
}

static bool load_side(const struct options *options, unsigned which, struct vg_side *side, struct vg_error *err)
{
    const struct cmd_pairs *pairs = &options->pairs;
    vg_autofree char **places = vg_calloc(pairs->pairs, sizeof(*places));
    for (unsigned pair = 0; pair < pairs->pairs; pair++)
        places[pair] = cmd_pairs_place(pairs, which, pair);
    bool good = vg_side_load((const char *const *)places, pairs->pairs, NULL, side, err);
    for (unsigned pair = 0; pair < pairs->pairs; pair++)
        free(places[pair]);
    return good;
}

static int judge(const struct options *options, const struct vg_gate_policy *policy, struct vg_error *err)
{
    cmd_autoside struct vg_side a = { 0 }, b = { 0 };
    if (!load_side(options, 0, &a, err) || !load_side(options, 1, &b, err))
        return -1;
    vg_autofree char *title = vg_format("A (%s)", options->pairs.hosts[0]);
    cmd_autogate struct vg_gate gate = {
        .title = VG_TAKE(title), .now = &b, .strict = options->gate.strict, .made_again = options->pairs.repeat
    };
    /* That A and B differ is the point; in what is shown. */
    if (!vg_fingerprints_compare(vg_run_fingerprint_of(b.runs[0]->run), vg_run_fingerprint_of(a.runs[0]->run), "*",
                                 &gate.differences, err))
        return -1;
    const struct vg_comparing comparing = {
        .policy = policy,
        .now = &b.metrics,
        .then = &a.metrics,
        .least_then = policy->boots,
        .paired = true,
        .turns = options->pairs.turns,
        .look = 1,
    };
    /* The boots are made, and what they say is not thrown away: but it was not judged as it should have been. */
    const struct vg_metrics *const sides[] = { comparing.now, comparing.then };
    struct vg_error unused = { 0 };
    if (!vg_thresholds_apply(policy, sides, VG_COUNT(sides), &unused))
        vg_gate_object(&gate, "%s.", unused.text);
    gate.comparison = vg_compare(&comparing);
    return cmd_gate_save(&gate, options->pairs.out, err) ? cmd_gate_show(&gate, &options->gate) : -1;
}

static int ab(void *context, const char *argument, struct vg_error *err)
{
    struct options *options = context;
    (void)argument;
    struct cmd_pairs *pairs = &options->pairs;
    if (!pairs->hosts[0] || !pairs->hosts[1] || !pairs->out) {
        vg_fail(err, VG_ERROR_INPUT, "`vgauge ab` needs two hosts and a place: --a HOST --b HOST --out DIR");
        return -1;
    }
    pairs->pairs = pairs->pairs ? pairs->pairs : PAIRS_DEFAULT;
    pairs->again = options->says_again ? pairs->again : pairs->pairs / 2;
    if (vg_exists(pairs->out)) {
        vg_fail(err, VG_ERROR_INPUT, "%s is there already; give another place with --out", pairs->out);
        return -1;
    }
    /* What is wrong with the rules is told before the boots are made, not after. */
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(&options->gate, err);
    if (!policy || !vg_make_directories(pairs->out, err))
        return -1;
    if (!cmd_pairs_make(pairs, policy, err)) {
        rmdir(pairs->out); /* goes if not even the first run was started */
        return -1;
    }
    return judge(options, policy, err);
}

static void release(void *context)
{
    struct options *options = context;
    for (size_t i = 0; i < options->pairs.passed_count; i++)
        free((char *)options->pairs.passed[i]);
    free(options->pairs.passed);
    cmd_gate_options_release(&options->gate);
}

static const struct argp_option ab_options[] = {
    { "a", 'a', "HOST", 0, "What is compared with: a host's name or file", 0 },
    { "b", 'b', "HOST", 0, "What is judged: a host's name or file", 0 },
    { "out", 'o', "DIR", 0, "Where the runs and the result go; must not exist", 0 },
    { "pairs", 'n', "NUMBER", 0, "Boots of each, fixed beforehand (default: 20)", 0 },
    { "again", 'g', "NUMBER", 0,
      "Pairs that may be made again because a boot was invalid or not steady, as the rules define it (default: half of "
      "--pairs)",
      0 },
    { "plan", 'p', "PLAN", 0, "As for `vgauge run`", 0 },
    { "test", 't', "GLOB", 0, "As for `vgauge run`", 0 },
    { "mechanism", 'm', "GLOB", 0, "As for `vgauge run`", 0 },
    { "profile", 'r', "NAME", 0, "As for `vgauge run`", 0 },
    { "policy", 'y', "NAME", 0, "As for `vgauge run`; how to decide is --rules", 0 },
    { "turns", 'T', NULL, 0, "Both boots of a pair live at once and take turns phase by phase", 0 },
    { "set", 'S', "TEST.PARAM=VALUE", 0, "As for `vgauge run`", 0 },
    CMD_OPTION_RULES,
    CMD_OPTION_STRICT,
    CMD_OPTION_ALL,
    CMD_OPTION_JSON,
    { 0 },
};

const struct cmd_command cmd_ab = {
    .name = "ab",
    .summary = "boot two hosts alternately and compare them",
    .doc = "Runs the plan once per boot on A and on B by turns (A B, B A, ...) and compares pair by pair, so that a "
           "machine whose speed drifts does not look like a regression. Exit status as for `vgauge gate`: 1 if B is "
           "worse than A.",
    .options = ab_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = ab,
    .release = release,
};
