/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is different between the first run and the last, on a terminal. */
#include "report/diff.h"

#include <math.h>
#include "report/parts.h"

enum { LINES = 12, ENVIRONMENT_LINES = 8, NAME_BYTES = 90 };

static const char *const colours[VG_DIFF_KINDS] = { "\x1b[1;31m", "\x1b[32m", "\x1b[33m", "", "", "\x1b[2m" };

char *vg_report_diff_sentence(const struct vg_diff *diff)
{
    static const char *const one[] = { "regression", "fix", "change", "new", "gone" };
    static const char *const many[] = { "regressions", "fixes", "changes", "new", "gone" };
    vg_autotext struct vg_text text = { 0 };
    for (unsigned kind = 0; kind < VG_DIFF_SAME; kind++) {
        unsigned count = diff->result_counts[kind] + diff->metric_counts[kind];
        vg_text_add(&text, "%s%u %s", kind ? ", " : "", count, count == 1 ? one[kind] : many[kind]);
    }
    vg_text_add(&text, "; %u result%s and %u metric%s the same.", diff->result_counts[VG_DIFF_SAME],
                diff->result_counts[VG_DIFF_SAME] == 1 ? "" : "s", diff->metric_counts[VG_DIFF_SAME],
                diff->metric_counts[VG_DIFF_SAME] == 1 ? "" : "s");
    return VG_TAKE(text.data);
}

char *vg_report_diff_run_name(const struct vg_diff *diff, unsigned run)
{
    const char *directory = diff->runs[run]->run->directory, *slash = strrchr(directory, '/');
    return vg_report_clean(slash && slash[1] ? slash + 1 : directory);
}

char *vg_report_diff_ratio_text(const struct vg_diff_metric *metric)
{
    return isfinite(metric->ratio) ? vg_format("%+.1f %%", 100 * (metric->ratio - 1)) : vg_strdup("");
}

static void show(FILE *out, bool colour, enum vg_diff_kind kind, const char *line)
{
    vg_autofree char *clean = vg_report_clean(line);
    fprintf(out, "  %s%-10s%s  %s\n", colour ? colours[kind] : "", vg_diff_kind_name(kind), colour ? "\x1b[0m" : "",
            clean);
}

static const char *verdict_of(const struct vg_diff_cell *cell)
{
    return cell->count ? vg_verdict_name(cell->worst->verdict) : "not there";
}

static void show_result(FILE *out, bool colour, const struct vg_diff *diff, const struct vg_diff_result *result)
{
    const struct vg_diff_cell *then = &result->cells[0], *now = &result->cells[diff->run_count - 1];
    vg_autofree char *why = now->count ? vg_report_reasons_text(now->worst, NAME_BYTES) : vg_strdup("");
    vg_autofree char *line = vg_format("%s %s: %s -> %s%s%s", result->test, result->configuration, verdict_of(then),
                                       verdict_of(now), *why ? ": " : "", why);
    show(out, colour, result->kind, line);
}

static void show_metric(FILE *out, bool colour, const struct vg_diff *diff, const struct vg_diff_metric *metric)
{
    vg_autofree char *then = vg_report_value_text(metric->numbers[0].median, metric->unit);
    vg_autofree char *now = vg_report_value_text(metric->numbers[diff->run_count - 1].median, metric->unit);
    vg_autofree char *ratio = vg_report_diff_ratio_text(metric);
    vg_autofree char *line = vg_format("%s: %s -> %s%s%s%s%s%s", metric->id, then, now, *ratio ? " (" : "", ratio,
                                       *ratio ? ")" : "", metric->note ? "; " : "", metric->note ? metric->note : "");
    show(out, colour, metric->kind, line);
}

static void show_rest(FILE *out, unsigned shown, bool all)
{
    if (!all && shown > LINES)
        fprintf(out, "  and %u more (--all)\n", shown - LINES);
}

static void show_environment(FILE *out, const struct vg_differences *differences, bool all)
{
    if (!differences->count)
        return;
    fprintf(out, "\nEnvironment\n");
    for (unsigned i = 0; i < differences->count && (all || i < ENVIRONMENT_LINES); i++) {
        vg_autofree char *text = vg_difference_text(&differences->items[i]);
        vg_autofree char *clean = vg_report_clean(text);
        fprintf(out, "  %s\n", clean);
    }
    if (!all && differences->count > ENVIRONMENT_LINES)
        fprintf(out, "  and %u more (--all)\n", differences->count - ENVIRONMENT_LINES);
}

void vg_report_diff_text(const struct vg_diff *diff, bool all, FILE *out, bool colour)
{
    vg_autofree char *sentence = vg_report_diff_sentence(diff);
    vg_autofree char *first = vg_report_diff_run_name(diff, 0);
    vg_autofree char *last = vg_report_diff_run_name(diff, diff->run_count - 1);
    fprintf(out, "%sFrom %s to %s: %s%s\n", colour ? "\x1b[1m" : "", first, last, sentence, colour ? "\x1b[0m" : "");
    unsigned shown = 0;
    for (unsigned kind = 0; kind < (all ? VG_DIFF_KINDS : VG_DIFF_SAME); kind++)
        for (unsigned i = 0; i < diff->result_count; i++)
            if (diff->results[i].kind == kind) {
                if (shown++ == 0)
                    fprintf(out, "\nResults\n");
                if (all || shown <= LINES)
                    show_result(out, colour, diff, &diff->results[i]);
            }
    show_rest(out, shown, all);
    shown = 0;
    for (unsigned kind = 0; kind < (all ? VG_DIFF_KINDS : VG_DIFF_SAME); kind++)
        for (unsigned i = 0; i < diff->metric_count; i++)
            if (diff->metrics[i].kind == kind) {
                if (shown++ == 0)
                    fprintf(out, "\nMetrics\n");
                if (all || shown <= LINES)
                    show_metric(out, colour, diff, &diff->metrics[i]);
            }
    show_rest(out, shown, all);
    show_environment(out, &diff->environment, all);
}
