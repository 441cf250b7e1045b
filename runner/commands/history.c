/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge history`: performance over months. What its commands share, and `history add RUN...`. */
#include <math.h>
#include "commands/history.h"

enum { NAMES_MOST = 10000 };

static bool take_mark(struct cmd_history_options *options, enum vg_trend_state state, const char *value,
                      struct vg_error *err)
{
    if (options->mark)
        return vg_fail(err, VG_ERROR_INPUT,
                       "one change at a time: give one of --acknowledge, --fixed, --ignore and "
                       "--reopen");
    if (!vg_parse_int(value, &options->mark) || options->mark <= 0)
        return vg_fail(err, VG_ERROR_INPUT, "a change is named by its number, which `vgauge history changes` prints");
    options->state = state;
    return true;
}

bool cmd_history_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct cmd_history_options *options = context;
    switch (key) {
    case 'd':
        options->where = value;
        return *value || vg_fail(err, VG_ERROR_INPUT, "--db needs a file or a URL");
    case 'x':
        options->across = value;
        return true;
    case 'o':
        options->out = value;
        return *value || vg_fail(err, VG_ERROR_INPUT, "--out needs a path");
    case 'f':
        options->format = value;
        return true;
    case 'm':
        options->note = value;
        return true;
    case 'r':
        options->replace = true;
        return true;
    case 'n':
        options->dry = true;
        return true;
    case 'a':
        options->all = true;
        return true;
    case 'R':
        options->runs = true;
        return true;
    case 'j':
        options->json = true;
        return true;
    case 'A':
        return take_mark(options, VG_TREND_ACKNOWLEDGED, value, err);
    case 'F':
        return take_mark(options, VG_TREND_FIXED, value, err);
    case 'I':
        return take_mark(options, VG_TREND_IGNORED, value, err);
    default:
        return take_mark(options, VG_TREND_DETECTED, value, err);
    }
}

struct vg_history *cmd_history_open(const struct cmd_history_options *options, enum vg_history_mode mode,
                                    struct vg_error *err)
{
    const char *fallback = getenv("VGAUGE_HISTORY");
    const char *where = options->where ? options->where : fallback && *fallback ? fallback : "vgauge-history.db";
    return vg_history_open(where, mode, err);
}

/* A part of a name stands for all names that hold it; globs are taken as they are. Caller frees. */
static char *selection(void)
{
    struct vg_text text = { 0 };
    for (unsigned i = 0; i < cmd_operand_count; i++) {
        const char *word = cmd_operands[i];
        bool globs = strpbrk(word, "*?[,!") != NULL;
        vg_text_add(&text, globs ? "%s%s" : "%s*%s*", i ? "," : "", word);
    }
    return text.data;
}

bool cmd_history_load(struct vg_history *history, const struct cmd_history_options *options, struct vg_trends *trends,
                      struct vg_error *err)
{
    vg_autofree char *select = selection();
    if (!vg_trends_load(history, select, options->across, trends, err))
        return false;
    if (trends->count)
        return true;
    if (!trends->run_count)
        vg_fail(err, VG_ERROR_INPUT, "%s holds no run yet; `vgauge history add RUN` adds one",
                vg_history_shown(history));
    else if (!select)
        vg_fail(err, VG_ERROR_INPUT, "%s holds no run that can be compared with another: %s", vg_history_shown(history),
                trends->runs[0].incomparable ? trends->runs[0].incomparable : "no values");
    else {
        struct vg_trends all = { 0 };
        vg_autofree const char **names = NULL;
        size_t count = 0;
        if (!vg_trends_load(history, NULL, options->across, &all, err))
            return false;
        for (unsigned i = 0; i < all.count && i < NAMES_MOST; i++) {
            vg_push(names, count) = all.items[i].name;
            vg_push(names, count) = vg_trend_name_parts(all.items[i].name).metric;
        }
        vg_autofree char *shown = vg_printable(cmd_operands[0], strlen(cmd_operands[0]), 100);
        vg_autofree char *hint = vg_did_you_mean(cmd_operands[0], names, count);
        vg_fail(err, VG_ERROR_INPUT, "no metric in the history is called `%s`%s", shown,
                *hint ? hint : "; `vgauge history show` lists them");
        vg_trends_free(&all);
    }
    vg_trends_free(trends);
    return false;
}

unsigned cmd_history_threads(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? (unsigned)CPU_COUNT(&cores) : 1;
}

char *cmd_history_day(int64_t seconds)
{
    vg_autofree char *full = vg_trend_time(seconds);
    return vg_format("%.10s %.5s", full, strlen(full) > 11 ? full + 11 : "");
}

char *cmd_history_by(const struct vg_trend *trend, const struct vg_trend_change *change)
{
    if (isfinite(change->ratio))
        return vg_format("%+.1f %%", (change->ratio - 1) * 100);
    vg_autofree char *before = vg_quantity_text(change->before, trend->unit);
    vg_autofree char *after = vg_quantity_text(change->after, trend->unit);
    return vg_format("%s -> %s", before, after);
}

const char *cmd_history_state(const struct vg_trend_change *change)
{
    return change->doubtful ? "doubtful" : vg_trend_state_words[change->state];
}

/* --- add -----------------------------------------------------------------------------------------------------------
 */

static bool add_run(struct vg_history *history, const char *directory, bool replace, struct vg_error *err)
{
    static const char *const said[] = { "added", "replaced",
                                        "was there already, nothing changed (--replace takes it "
                                        "anew)" };
    if (!cmd_check_run(directory, err))
        return false;
    cmd_autoresults struct vg_results *results = vg_results_gather(directory, err);
    if (!results)
        return false;
    struct vg_metrics metrics VG_CLEANUP(vg_metrics_free) = { 0 };
    enum vg_history_addition addition;
    size_t count;
    if (!vg_metrics_add(&metrics, results, err) ||
        !vg_history_add(history, results->run, &metrics, replace, &addition, &count, err))
        return false;
    vg_autofree char *shown = vg_printable(directory, strlen(directory), 300);
    if (addition == VG_HISTORY_THERE)
        printf("%s  %s\n", shown, said[addition]);
    else
        printf("%s  %s, %zu value%s\n", shown, said[addition], count, count == 1 ? "" : "s");
    fflush(stdout);
    return true;
}

static int add(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct cmd_history_options *options = context;
    /* Before a new file is made for nothing. */
    for (unsigned i = 0; i < cmd_operand_count; i++)
        if (!cmd_check_run(cmd_operands[i], err))
            return -1;
    vg_autohistory struct vg_history *history = cmd_history_open(options, VG_HISTORY_CREATE, err);
    if (!history)
        return -1;
    unsigned refused = 0;
    for (unsigned i = 0; i < cmd_operand_count; i++) {
        struct vg_error each = { 0 };
        if (add_run(history, cmd_operands[i], options->replace, &each))
            continue;
        if (each.kind != VG_ERROR_INPUT || cmd_operand_count == 1) {
            *err = each;
            return -1;
        }
        vg_autofree char *shown = vg_printable(cmd_operands[i], strlen(cmd_operands[i]), 300);
        vg_autofree char *reason = vg_printable(each.text, strlen(each.text), 1000);
        printf("%s  not added: %s\n", shown, reason);
        refused++;
    }
    if (!refused)
        return 0;
    vg_fail(err, VG_ERROR_INPUT, "%u of %u runs could not be added; the others were", refused, cmd_operand_count);
    return -1;
}

static const struct argp_option add_options[] = {
    CMD_OPTION_DB,
    { "replace", 'r', NULL, 0, "Take a run that is there already anew, for instance after it was judged again", 0 },
    { 0 },
};

const struct cmd_command cmd_history_add = {
    .name = "history add",
    .summary = "add judged runs to the history",
    .doc = "Adds the value of every metric in every boot of each RUN, with the run's fingerprint. A run that is there "
           "already is left as it is. Makes the history if there is none.",
    .argument = "RUN...",
    .options = add_options,
    .options_size = sizeof(struct cmd_history_options),
    .option = cmd_history_option,
    .run = add,
};

static const struct cmd_command *const verbs[] = { &cmd_history_add,  &cmd_history_show,   &cmd_history_changes,
                                                   &cmd_history_plot, &cmd_history_export, NULL };

const struct cmd_command cmd_history = {
    .name = "history",
    .summary = "performance over months: add, show, changes, plot, export",
    .doc = "METRIC is a glob on TEST/MECHANISM.PROFILE.POLICY/NAME, or a part of such a name; none: every metric.\n"
           "`vgauge history COMMAND --help` explains a command.",
    .argument = "COMMAND",
    .verbs = verbs,
};
