/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person reads on the terminal when a run has ended: the answer first, then one line per test with the numbers
 * that matter, then the counts and where everything is. It fits one screen, whatever the plan's size. */
#include <math.h>
#include "report/parts.h"

enum {
    TESTS_WITH_NUMBERS = 6, /* with more tests than this, those that passed show no numbers */
    TESTS_LISTED = 14,      /* with more than this, tests that passed are counted, not listed */
    NUMBERS_PER_TEST = 3,
    NOTE_WIDTH = 160,
    REASONS_PER_TEST = 3,
    LINE_BYTES = 160,
};

struct summary {
    FILE *out;
    bool colour;
    const struct vg_results *results;
    int name_width;
};

static const char *colour_of(const struct summary *summary, enum vg_verdict verdict)
{
    return summary->colour ? vg_report_verdict_colour(verdict) : "";
}

static void show_text(const struct summary *summary, const char *foreign, size_t max_bytes)
{
    vg_autofree char *clean = vg_printable(foreign, strlen(foreign), max_bytes);
    fputs(clean, summary->out);
}

/* "virtio-venus pass, native fail (2); 1 not applicable": the worst of each mechanism, with how many results it had. */
static void show_mechanisms(const struct summary *summary, const struct vg_report_group *group)
{
    bool first = true;
    if (group->verdict == VG_SKIP)
        fputs("does not apply", summary->out);
    for (unsigned i = 0; i < group->count; i++) {
        const char *mechanism = group->instances[i]->mechanism;
        if (group->instances[i]->verdict == VG_SKIP)
            continue;
        enum vg_verdict worst = group->instances[i]->verdict;
        unsigned count = 0;
        bool seen = false;
        for (unsigned j = 0; j < group->count; j++) {
            if (!vg_equal(group->instances[j]->mechanism, mechanism) || group->instances[j]->verdict == VG_SKIP)
                continue;
            seen = seen || j < i;
            worst = vg_verdict_worst(worst, group->instances[j]->verdict);
            count++;
        }
        if (seen)
            continue;
        fputs(first ? "" : ", ", summary->out);
        show_text(summary, mechanism, 40);
        fprintf(summary->out, " %s%s%s", colour_of(summary, worst), vg_verdict_name(worst),
                summary->colour ? "\x1b[0m" : "");
        if (count > 1)
            fprintf(summary->out, " (%u)", count);
        first = false;
    }
    if (group->skipped && !first)
        fprintf(summary->out, "; %u not applicable", group->skipped);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* How much a reader wants to see this metric of a test that passed: what was judged, the middle and the tail, the rest.
 */
static int interest(const struct vg_report_group *group, const struct vg_value *value)
{
    int judged = 0;
    for (unsigned i = 0; i < group->count; i++)
        for (unsigned c = 0; c < group->instances[i]->check_count; c++)
            if (vg_equal(group->instances[i]->checks[c].metric, value->metric))
                judged = vg_equal(group->instances[i]->checks[c].otherwise, "fail") ? 3 : 1;
    if (judged == 3)
        return 3;
    return ends_with(value->metric, "p50") || ends_with(value->metric, "p99") ? 2 : judged;
}

static void show_number(const struct summary *summary, const struct vg_report_group *group, const char *metric)
{
    const char *limit = NULL, *note = NULL;
    vg_autofree char *limit_text = NULL;
    fprintf(summary->out, "        ");
    vg_autofree char *clean = vg_printable(metric, strlen(metric), 40);
    fprintf(summary->out, "%-*s", summary->name_width, clean);
    unsigned shown = 0;
    for (unsigned i = 0; i < group->count; i++) {
        const struct vg_judgement *judgement = group->instances[i];
        const struct vg_value *value = vg_report_value_find(judgement, metric);
        if (!value)
            continue;
        if (shown++ == 4) {
            fputs(", ...", summary->out);
            break;
        }
        note = value->note; /* an interval, a class in words */
        vg_autofree char *number = vg_report_value_text(value->value, value->unit);
        fputs(shown > 1 ? ", " : "  ", summary->out);
        if (group->count > 1) {
            show_text(summary, judgement->mechanism, 24);
            fputc(' ', summary->out);
        }
        fputs(number, summary->out);
        for (unsigned c = 0; c < judgement->check_count && !limit; c++)
            if (vg_equal(judgement->checks[c].metric, metric))
                limit = limit_text = vg_report_limit_text(&judgement->checks[c]);
    }
    if (limit)
        fprintf(summary->out, " (required: %s)", limit);
    if (note && shown == 1) {
        fputs(": ", summary->out);
        show_text(summary, note, NOTE_WIDTH);
    }
    fputc('\n', summary->out);
}

/* Every reason that was shown says its number; a check that missed its limit and is in none of them gets a line. */
static void show_unmet(const struct summary *summary, const struct vg_report_group *group)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < group->count; i++) {
        const struct vg_judgement *judgement = group->instances[i];
        for (unsigned c = 0; vg_report_troubled(judgement->verdict) && c < judgement->check_count; c++) {
            const struct vg_checked *check = &judgement->checks[c];
            bool said = check->met;
            for (unsigned r = 0; r < judgement->reason_count && !said; r++)
                said = strstr(judgement->reasons[r], check->metric) != NULL;
            if (said || shown++ >= NUMBERS_PER_TEST)
                continue;
            vg_autofree char *metric = vg_printable(check->metric, strlen(check->metric), 40);
            vg_autofree char *value = vg_report_value_text(check->value, check->unit);
            vg_autofree char *limit = vg_report_limit_text(check);
            fprintf(summary->out, "        %-*s  ", summary->name_width, metric);
            if (group->count > 1) {
                show_text(summary, judgement->mechanism, 24);
                fputc(' ', summary->out);
            }
            fprintf(summary->out, "%s (required: %s)\n", value, limit);
        }
    }
}

static void show_numbers(const struct summary *summary, const struct vg_report_group *group)
{
    const struct vg_judgement *model = group->instances[0];
    for (unsigned i = 1; i < group->count; i++) /* an instance that was skipped has no values */
        if (group->instances[i]->value_count > model->value_count)
            model = group->instances[i];
    unsigned shown = 0;
    for (int level = 3; level >= 0 && shown < NUMBERS_PER_TEST; level--)
        for (unsigned v = 0; v < model->value_count && shown < NUMBERS_PER_TEST; v++)
            if (interest(group, &model->values[v]) == level && (level || !shown)) {
                show_number(summary, group, model->values[v].metric);
                shown++;
            }
}

static void show_reasons(const struct summary *summary, const struct vg_report_group *group)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < group->count; i++) {
        const struct vg_judgement *judgement = group->instances[i];
        if (!vg_report_troubled(judgement->verdict) && group->verdict != VG_SKIP)
            continue;
        for (unsigned r = 0; r < judgement->reason_count && shown < REASONS_PER_TEST; r++) {
            bool repeated = false;
            for (unsigned j = 0; j < i && !repeated; j++)
                for (unsigned k = 0; k < group->instances[j]->reason_count && !repeated; k++)
                    repeated = vg_equal(group->instances[j]->reasons[k], judgement->reasons[r]);
            if (repeated)
                continue;
            fprintf(summary->out, "        ");
            if (group->count > 1) {
                show_text(summary, judgement->mechanism, 24);
                fputs(": ", summary->out);
            }
            show_text(summary, judgement->reasons[r], LINE_BYTES);
            fputc('\n', summary->out);
            shown++;
        }
    }
}

static void show_group(const struct summary *summary, const struct vg_report_group *group, bool numbers)
{
    const char *word = vg_verdict_name(group->verdict);
    vg_autofree char *name = vg_printable(group->test, strlen(group->test), 40);
    char upper[16] = { 0 };
    for (unsigned i = 0; word[i] && i + 1 < sizeof(upper); i++)
        upper[i] = (char)(word[i] - 'a' + 'A');
    bool one = group->count == 1;
    fprintf(summary->out, "%s%-7s%s %-*s  ", colour_of(summary, group->verdict), upper,
            summary->colour ? "\x1b[0m" : "", summary->name_width, name);
    if (one) {
        vg_autofree char *where = vg_report_instance_text(group->instances[0]);
        show_text(summary, where, 60);
    } else {
        show_mechanisms(summary, group);
    }
    fputc('\n', summary->out);
    if (group->verdict != VG_PASS)
        show_reasons(summary, group);
    if (vg_report_troubled(group->verdict))
        show_unmet(summary, group);
    else if (numbers)
        show_numbers(summary, group);
}

/* One line for each result that expectations had a word about, and for each of them that is about none. */
static void show_expectations(const struct summary *summary)
{
    enum { LINES = 6 };
    unsigned shown = 0;
    for (unsigned i = 0; i < summary->results->count; i++) {
        const struct vg_judgement *judgement = summary->results->judgements[i];
        if (!judgement->overlay_reason || shown++ >= LINES)
            continue;
        const char *overlay = vg_overlay_name(judgement->overlay);
        fprintf(summary->out, "%-8s", *overlay ? overlay : vg_verdict_name(judgement->verdict));
        vg_autofree char *line =
            vg_format(" %s %s: %s", judgement->test, judgement->instance, judgement->overlay_reason);
        show_text(summary, line, LINE_BYTES);
        fputc('\n', summary->out);
    }
    if (shown > LINES)
        fprintf(summary->out, "         %u more (results.json)\n", shown - LINES);
    for (unsigned i = 0; i < summary->results->unmatched_count && i < LINES; i++) {
        fputs("warning  ", summary->out);
        show_text(summary, summary->results->unmatched[i], LINE_BYTES);
        fputc('\n', summary->out);
    }
    if (summary->results->unmatched_count > LINES)
        fprintf(summary->out, "         %u more such entries\n", summary->results->unmatched_count - LINES);
    if (shown || summary->results->unmatched_count)
        fputc('\n', summary->out);
}

static void show_counts(const struct summary *summary)
{
    static const enum vg_verdict order[] = { VG_PASS, VG_FAIL, VG_LOST, VG_TIMEOUT, VG_INVALID, VG_FINDING, VG_SKIP };
    const struct vg_run *run = summary->results->run;
    bool first = true;
    for (unsigned i = 0; i < VG_COUNT(order); i++) {
        unsigned count = vg_results_count(summary->results, order[i]);
        if (count)
            fprintf(summary->out, "%s%u %s", first ? "" : ", ", count, vg_verdict_name(order[i]));
        first = first && !count;
    }
    fprintf(summary->out, "%s", first ? "no instances" : summary->results->count == 1 ? " (1 instance)" : "");
    if (summary->results->count > 1)
        fprintf(summary->out, " (%u instances)", summary->results->count);
    vg_autofree char *took = vg_report_took_text(run);
    if (took)
        fprintf(summary->out, ", took %s", took);
    fprintf(summary->out, "; plan ");
    show_text(summary, run->plan, 60);
    fprintf(summary->out, ", seed %llu\n", (unsigned long long)run->seed);
}

static void show_place(const struct summary *summary, const char *what, const char *file)
{
    vg_autofree char *path = vg_format("%s/%s", summary->results->run->directory, file);
    if (!vg_exists(path))
        return;
    fprintf(summary->out, "%-8s ", what);
    show_text(summary, path, 1024);
    fputc('\n', summary->out);
}

void vg_report_summary(const struct vg_results *results, FILE *out, bool colour)
{
    struct summary summary = { .out = out, .colour = colour, .results = results, .name_width = 16 };
    vg_report_autogroups struct vg_report_groups groups = { 0 };
    vg_report_groups_make(results, &groups);
    vg_autofree char *answer = vg_report_answer(results, &groups);
    vg_autofree char *incomplete = vg_report_incomplete_text(results->run);
    vg_autofree char *changes = vg_report_changes_text(results->run);
    unsigned hidden = 0;
    for (unsigned i = 0; i < groups.count; i++) {
        int length = (int)strnlen(groups.items[i].test, 40);
        summary.name_width = length > summary.name_width ? length : summary.name_width;
    }
    fprintf(out, "%s%s%s\n", colour ? "\x1b[1m" : "", answer, colour ? "\x1b[0m" : "");
    if (incomplete)
        fprintf(out, "%s\n", incomplete);
    if (changes)
        fprintf(out, "%s\n", changes);
    fputc('\n', out);
    for (unsigned i = 0; i < groups.count; i++) {
        if (!vg_report_troubled(groups.items[i].verdict) && groups.count > TESTS_LISTED)
            hidden++;
        else
            show_group(&summary, &groups.items[i], groups.count <= TESTS_WITH_NUMBERS);
    }
    if (hidden)
        fprintf(out, "        %u more tests passed or were skipped\n", hidden);
    if (groups.count)
        fputc('\n', out);
    show_expectations(&summary);
    show_counts(&summary);
    show_place(&summary, "Results", "results.json");
    show_place(&summary, "Report", "report/index.html"); /* the last line: what a person wants to open */
}
