/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge history changes`: when did a metric's level change, and who knows about it. */
#include <math.h>
#include "commands/history.h"

/* What is printed under one heading. */
struct section {
    const char *heading;
    bool (*holds)(const struct vg_trend_change *change);
    bool always; /* false: only with --all */
};

static bool is_open_worse(const struct vg_trend_change *change)
{
    return change->found && !change->doubtful && change->direction == VG_TREND_WORSE &&
           (change->state == VG_TREND_DETECTED || change->state == VG_TREND_ACKNOWLEDGED);
}

static bool is_new_worse(const struct vg_trend_change *change)
{
    return is_open_worse(change) && change->state == VG_TREND_DETECTED;
}

static bool is_other_open(const struct vg_trend_change *change)
{
    return change->found && !change->doubtful && change->direction != VG_TREND_WORSE &&
           change->state != VG_TREND_FIXED && change->state != VG_TREND_IGNORED;
}

static bool is_doubtful(const struct vg_trend_change *change)
{
    return change->doubtful;
}

static bool is_settled(const struct vg_trend_change *change)
{
    return !change->doubtful && !is_open_worse(change) && !is_other_open(change);
}

static const struct section sections[] = {
    { "Worse", is_open_worse, true },
    { "Better, or without a better direction", is_other_open, true },
    { "Doubtful: each run resembles the run before it, as when something drifts", is_doubtful, true },
    { "Fixed, ignored, or not found any more", is_settled, false },
};

static unsigned count(const struct vg_trends *trends, bool (*holds)(const struct vg_trend_change *change))
{
    unsigned sum = 0;
    for (unsigned i = 0; i < trends->count; i++)
        for (unsigned c = 0; c < trends->items[i].change_count; c++)
            sum += holds(&trends->items[i].changes[c]);
    return sum;
}

static void print_change(const struct vg_trends *trends, const struct vg_trend *trend,
                         const struct vg_trend_change *change)
{
    const struct vg_history_run *before = &trends->runs[trend->points[change->index - 1].run];
    const struct vg_history_run *after = &trends->runs[trend->points[change->index].run];
    vg_autofree char *by = cmd_history_by(trend, change), *from = vg_quantity_text(change->before, trend->unit);
    vg_autofree char *to = vg_quantity_text(change->after, trend->unit);
    vg_autofree char *day = cmd_history_day(before->started_s), *next = cmd_history_day(after->started_s);
    vg_autofree char *name = vg_printable(trend->name, strlen(trend->name), 300);
    vg_autofree char *id = change->id ? vg_format("%lld", (long long)change->id) : vg_strdup("-");
    vg_autofree char *interval = isfinite(change->low) && isfinite(change->high)
                                     ? vg_format(" (%+.1f to %+.1f)", (change->low - 1) * 100, (change->high - 1) * 100)
                                     : vg_strdup("");
    printf("%5s  %-12s  %s%s  %s\n", id, cmd_history_state(change), by, interval, name);
    printf("       %s -> %s between run %lld (%s) and run %lld (%s)\n", from, to, (long long)before->id, day,
           (long long)after->id, next);
    if (change->doubtful)
        printf("       autocorrelation %.2f: not believed\n", change->autocorrelation);
    if (change->differences) {
        vg_autofree char *shown = vg_printable(change->differences, strlen(change->differences), 1000);
        printf("       changed there: %s\n", shown);
    }
    if (change->author || change->note) {
        vg_autofree char *author = change->author ? vg_printable(change->author, strlen(change->author), 100) : NULL;
        vg_autofree char *note = change->note ? vg_printable(change->note, strlen(change->note), 1000) : NULL;
        vg_autofree char *noted = cmd_history_day(change->noted_s);
        printf("       %s%s%s: %s\n", author ? author : "vgauge", ", ", noted, note ? note : "no reason given");
    }
}

static void print_section(const struct section *section, const struct vg_trends *trends)
{
    if (!count(trends, section->holds))
        return;
    printf("\n%s\n", section->heading);
    for (unsigned i = 0; i < trends->count; i++)
        for (unsigned c = 0; c < trends->items[i].change_count; c++)
            if (section->holds(&trends->items[i].changes[c]))
                print_change(trends, &trends->items[i], &trends->items[i].changes[c]);
}

static void print_changes(const struct vg_trends *trends, bool all)
{
    unsigned new = count(trends, is_new_worse), known = count(trends, is_open_worse) - new;
    unsigned settled = count(trends, is_settled), judged = 0, left_out = 0;
    for (unsigned i = 0; i < trends->count; i++)
        judged += trends->items[i].min_effect > 0;
    for (unsigned i = 0; i < trends->run_count; i++)
        left_out += trends->runs[i].environment < 0;
    if (new)
        printf("%u change%s for the worse that nobody has acknowledged", new, new == 1 ? "" : "s");
    else
        printf("No unacknowledged change for the worse");
    printf("; %u acknowledged, %u fixed or ignored.\n", known, settled);
    printf("%u of %u trends have a practical threshold and were looked at, over %u runs.\n", judged, trends->count,
           trends->run_count);
    if (left_out)
        printf("%u runs are in no trend: parts of their fingerprint could not be read.\n", left_out);
    for (size_t i = 0; i < VG_COUNT(sections); i++)
        if (sections[i].always || all)
            print_section(&sections[i], trends);
}

static void print_json(const struct vg_trends *trends)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < trends->count; i++)
        for (unsigned c = 0; c < trends->items[i].change_count; c++) {
            json_t *change = vg_trend_change_to_json(trends, &trends->items[i], &trends->items[i].changes[c]);
            vg_json_set_text(change, "metric", trends->items[i].name);
            vg_json_set_text(change, "unit", trends->items[i].unit);
            vg_json_append(list, change);
        }
    cmd_print_json(list);
}

static bool mark(struct vg_history *history, const struct cmd_history_options *options, struct vg_error *err)
{
    vg_autofree char *author = cmd_signer(NULL);
    if (!vg_history_mark(history, options->mark, options->state, author, options->note, err))
        return false;
    printf("Change %lld is %s now.\n", options->mark, vg_trend_state_words[options->state]);
    return true;
}

static int changes(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct cmd_history_options *options = context;
    if (options->note && !options->mark) {
        vg_fail(err, VG_ERROR_INPUT, "--note needs a change to be about: --acknowledge, --fixed, --ignore or --reopen");
        return -1;
    }
    if (options->dry && options->mark) {
        vg_fail(err, VG_ERROR_INPUT, "--dry-run changes nothing, so that it cannot set a state");
        return -1;
    }
    vg_autohistory struct vg_history *history =
        cmd_history_open(options, options->dry ? VG_HISTORY_READ : VG_HISTORY_UPDATE, err);
    if (!history)
        return -1;
    if (options->mark)
        return mark(history, options, err) ? 0 : -1;
    vg_autotrends struct vg_trends trends = { 0 };
    if (!cmd_history_load(history, options, &trends, err) ||
        !vg_history_changes(history, &trends, cmd_history_threads(), !options->dry, err))
        return -1;
    if (options->json)
        print_json(&trends);
    else
        print_changes(&trends, options->all);
    return count(&trends, is_new_worse) ? 1 : 0;
}

static const struct argp_option changes_options[] = {
    CMD_OPTION_DB,
    CMD_OPTION_ACROSS,
    { "acknowledge", 'A', "ID", 0, "Somebody knows of change ID and works on it", 0 },
    { "fixed", 'F', "ID", 0, "Change ID is fixed (set by itself when the level comes back)", 0 },
    { "ignore", 'I', "ID", 0, "Change ID does not matter", 0 },
    { "reopen", 'O', "ID", 0, "Change ID is to be looked at again", 0 },
    { "note", 'm', "TEXT", 0, "Why, for those who read it later", 0 },
    { "dry-run", 'n', NULL, 0, "Look, but write nothing to the history", 0 },
    { "all", 'a', NULL, 0, "Also those that are fixed or ignored", 0 },
    CMD_OPTION_HISTORY_JSON,
    { 0 },
};

const struct cmd_command cmd_history_changes = {
    .name = "history changes",
    .summary = "find when metrics changed for good",
    .doc = "Looks for change points (E-divisive, then Mann-Whitney and the metric's practical threshold on both "
           "sides), keeps them in the history, and prints those that are open. The exit status is 1 while there is a "
           "change for the worse that nobody has acknowledged, marked as fixed or ignored.",
    .argument = "[METRIC...]",
    .options = changes_options,
    .options_size = sizeof(struct cmd_history_options),
    .option = cmd_history_option,
    .run = changes,
};
