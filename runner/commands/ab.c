/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge ab`: boots of two hosts alternately, so that what drifts on the machine meets both alike, and compares them
 * pair by pair. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "commands/again.h"
#include "commands/gate_options.h"

enum { PAIRS_DEFAULT = 20, PAIRS_MAX = 200 };

struct options {
    struct cmd_gate_options gate;
    const char *hosts[2]; /* a, b */
    const char *out;
    const char **passed; /* options of `run`, in their long form; owned texts */
    size_t passed_count;
    unsigned pairs;
    bool turns;
};

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    static const char *const passed[] = {
        ['p'] = "plan", ['t'] = "test", ['m'] = "mechanism", ['r'] = "profile", ['y'] = "policy", ['S'] = "set",
    };
    long long pairs;
    switch (key) {
    case 'a':
    case 'b':
        options->hosts[key == 'b'] = value;
        return true;
    case 'o':
        options->out = value;
        return true;
    case 'p':
    case 't':
    case 'm':
    case 'r':
    case 'y':
    case 'S':
        vg_push(options->passed, options->passed_count) = vg_format("--%s=%s", passed[key], value);
        return true;
    case 'T':
        options->turns = true;
        return true;
    case 'n':
        if (!vg_parse_int(value, &pairs) || pairs < 1 || pairs > PAIRS_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "--pairs takes a whole number from 1 to %d", PAIRS_MAX);
        options->pairs = (unsigned)pairs;
        return true;
    default:
        return cmd_gate_option(&options->gate, key, value);
    }
}

static char *place(const struct options *options, unsigned side, unsigned pair)
{
    return vg_format("%s/%s/%03u", options->out, side ? "b" : "a", pair + 1);
}

/* A run of one side in the background. turns: its end of the socket to the other side's; -1: it has the machine alone.
 */
static bool start_one(const struct options *options, unsigned side, unsigned pair, bool first, int turns, pid_t *child,
                      struct vg_error *err)
{
    vg_autofree char *out = place(options, side, pair);
    vg_autofree char *host = vg_format("--host=%s", options->hosts[side]);
    vg_autofree char *turn = vg_format("--turns=%s:%d", first ? "first" : "second", turns);
    vg_autofree const char **arguments = NULL;
    size_t count = 0;
    for (size_t i = 0; i < options->passed_count; i++)
        vg_push(arguments, count) = options->passed[i];
    vg_push(arguments, count) = host;
    vg_push(arguments, count) = "--boots=1";
    vg_push(arguments, count) = "--rerun=0"; /* a pair is what was booted together */
    if (turns >= 0)
        vg_push(arguments, count) = turn;
    fprintf(stderr, "Pair %u of %u: %s\n", pair + 1, options->pairs, side ? "B" : "A");
    return cmd_start_vgauge(arguments, (unsigned)count, out, turns, child, err);
}

static bool wait_one(const struct options *options, unsigned side, unsigned pair, pid_t child, struct vg_error *err)
{
    vg_autofree char *out = place(options, side, pair);
    int status;
    return cmd_wait_vgauge(child, out, &status, err);
}

static bool run_one_by_one(const struct options *options, unsigned pair, struct vg_error *err)
{
    pid_t child;
    for (unsigned turn = 0; turn < 2; turn++) {
        unsigned side = (turn + pair) % 2;
        if (!start_one(options, side, pair, false, -1, &child, err) || !wait_one(options, side, pair, child, err))
            return false;
    }
    return true;
}

/* Both live at once and run their phases in turn. A run whose partner ends early goes on alone. */
static bool run_in_turns(const struct options *options, unsigned pair, struct vg_error *err)
{
    int ends[2];
    unsigned first = pair % 2;
    pid_t children[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot let two runs take turns");
    bool one = start_one(options, first, pair, true, ends[0], &children[0], err);
    bool two = one && start_one(options, 1 - first, pair, false, ends[1], &children[1], err);
    close(ends[0]);
    close(ends[1]);
    struct vg_error other = { 0 };
    bool one_good = one && wait_one(options, first, pair, children[0], two ? err : &other);
    bool two_good = two && wait_one(options, 1 - first, pair, children[1], one_good ? err : &other);
    return one_good && two_good;
}

/* A B, B A, A B, ...: whatever changes evenly over time adds nothing to the difference of two pairs. */
static bool run_all(const struct options *options, struct vg_error *err)
{
    for (unsigned pair = 0; pair < options->pairs; pair++)
        if (!(options->turns ? run_in_turns : run_one_by_one)(options, pair, err))
            return false;
    return true;
}

static bool load_side(const struct options *options, unsigned which, struct vg_side *side, struct vg_error *err)
{
    vg_autofree char **places = vg_calloc(options->pairs, sizeof(*places));
    for (unsigned pair = 0; pair < options->pairs; pair++)
        places[pair] = place(options, which, pair);
    bool good = vg_side_load((const char *const *)places, options->pairs, NULL, side, err);
    for (unsigned pair = 0; pair < options->pairs; pair++)
        free(places[pair]);
    return good;
}

static int judge(const struct options *options, const struct vg_gate_policy *policy, struct vg_error *err)
{
    cmd_autoside struct vg_side a = { 0 }, b = { 0 };
    if (!load_side(options, 0, &a, err) || !load_side(options, 1, &b, err))
        return -1;
    vg_autofree char *title = vg_format("A (%s)", options->hosts[0]);
    cmd_autogate struct vg_gate gate = { .title = VG_TAKE(title), .now = &b, .strict = options->gate.strict };
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
        .turns = options->turns,
        .look = 1,
    };
    /* The boots are made, and what they say is not thrown away: but it was not judged as it should have been. */
    const struct vg_metrics *const sides[] = { comparing.now, comparing.then };
    struct vg_error unused = { 0 };
    if (!vg_thresholds_apply(policy, sides, VG_COUNT(sides), &unused))
        vg_gate_object(&gate, "%s.", unused.text);
    gate.comparison = vg_compare(&comparing);
    return cmd_gate_save(&gate, options->out, err) ? cmd_gate_show(&gate, &options->gate) : -1;
}

static int ab(void *context, const char *argument, struct vg_error *err)
{
    struct options *options = context;
    (void)argument;
    if (!options->hosts[0] || !options->hosts[1] || !options->out) {
        vg_fail(err, VG_ERROR_INPUT, "`vgauge ab` needs two hosts and a place: --a HOST --b HOST --out DIR");
        return -1;
    }
    options->pairs = options->pairs ? options->pairs : PAIRS_DEFAULT;
    if (vg_exists(options->out)) {
        vg_fail(err, VG_ERROR_INPUT, "%s is there already; give another place with --out", options->out);
        return -1;
    }
    /* What is wrong with the rules is told before the boots are made, not after. */
    cmd_autopolicy struct vg_gate_policy *policy = cmd_gate_policy(&options->gate, err);
    if (!policy || !vg_make_directories(options->out, err))
        return -1;
    if (!run_all(options, err)) {
        rmdir(options->out); /* goes if not even the first run was started */
        return -1;
    }
    return judge(options, policy, err);
}

static void release(void *context)
{
    struct options *options = context;
    for (size_t i = 0; i < options->passed_count; i++)
        free((char *)options->passed[i]);
    free(options->passed);
    cmd_gate_options_release(&options->gate);
}

static const struct argp_option ab_options[] = {
    { "a", 'a', "HOST", 0, "What is compared with: a host's name or file", 0 },
    { "b", 'b', "HOST", 0, "What is judged: a host's name or file", 0 },
    { "out", 'o', "DIR", 0, "Where the runs and the result go; must not exist", 0 },
    { "pairs", 'n', "NUMBER", 0, "Boots of each, fixed beforehand (default: 20)", 0 },
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
