/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge judge RUN` and `vgauge report RUN`: the stages after the measurement, alone, on a run directory from
 * anywhere. */
#include "commands/command.h"
#include "commands/history.h"
#include "judge/judge.h"
#include "report/report.h"

bool cmd_check_run(const char *directory, struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(directory, strlen(directory), 300);
    vg_autofree char *file = vg_format("%s/run.json", directory);
    if (!vg_exists(directory))
        return vg_fail(err, VG_ERROR_INPUT, "there is no run directory `%s`", shown);
    if (!vg_exists(file))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is no run directory: it holds no run.json", shown);
    return true;
}

struct judge_options {
    const char **expectations; /* --expectations, in order */
    size_t expectation_count;
    bool none;
};

static bool take_judge_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct judge_options *options = context;
    (void)err;
    if (key == 'e')
        vg_push(options->expectations, options->expectation_count) = value;
    else
        options->none = true;
    return true;
}

static void release_judge(void *context)
{
    free(((struct judge_options *)context)->expectations);
}

static int judge(void *context, const char *argument, struct vg_error *err)
{
    const struct judge_options *options = context;
    if (!cmd_check_run(argument, err))
        return -1;
    /* Without a word about expectations, those stay that the run was judged by. */
    if ((options->expectation_count || options->none) &&
        !vg_run_save_expectations(argument, options->expectations, (unsigned)options->expectation_count, err))
        return -1;
    if (!vg_judge_run(argument, err))
        return -1;
    cmd_autoresults struct vg_results *results = vg_results_gather(argument, err);
    if (!results)
        return -1;
    vg_report_summary(results, stdout, cmd_colour(stdout));
    return vg_run_exit_status(results);
}

struct report_options {
    bool pdf;
    const char *history; /* a file or a URL; NULL: no trends */
};

static bool take_report_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct report_options *options = context;
    if (key == 'p') {
        options->pdf = true;
        return true;
    }
    options->history = value;
    return *value || vg_fail(err, VG_ERROR_INPUT, "--history needs a file or a URL");
}

static bool write_pdf(const char *directory, const char *page, struct vg_error *err)
{
    cmd_autorun struct vg_run *run = vg_run_load(directory, err);
    vg_autofree char *path = vg_format("%.*s.pdf", (int)(strlen(page) - strlen(".html")), page);
    if (!run || !vg_report_pdf(page, path, run->ended ? run->ended : run->started, err))
        return false;
    printf("%s\n", path);
    return true;
}

/* What the history knows, and what is new in it; nothing is written to it. */
static bool load_trends(const char *where, struct vg_trends *trends, struct vg_error *err)
{
    vg_autohistory struct vg_history *history = vg_history_open(where, VG_HISTORY_READ, err);
    return history && vg_trends_load(history, NULL, NULL, trends, err) &&
           vg_history_changes(history, trends, cmd_history_threads(), false, err);
}

static int report(void *context, const char *argument, struct vg_error *err)
{
    const struct report_options *options = context;
    vg_autofree char *page = NULL;
    vg_autotrends struct vg_trends trends = { 0 };
    if (!cmd_check_run(argument, err) || (options->history && !load_trends(options->history, &trends, err)) ||
        !vg_report_all(argument, options->history ? &trends : NULL, &page, err))
        return -1;
    printf("%s\n", page);
    if (options->pdf && !write_pdf(argument, page, err))
        return -1;
    return 0;
}

static const struct argp_option judge_options[] = {
    { "expectations", 'e', "FILE", 0, "Failures that are known, instead of those of the run; repeatable", 0 },
    { "no-expectations", 'N', NULL, 0, "Forget the expectations that the run was judged by", 0 },
    { 0 },
};

static const struct argp_option report_options[] = {
    { "pdf", 'p', NULL, 0, "Also report/index.pdf; needs chromium or weasyprint", 0 },
    { "history", 'H', "DB", 0, "Also how the run's metrics fared over time, with their changes, from a history", 0 },
    { 0 },
};

const struct cmd_command cmd_judge = {
    .name = "judge",
    .summary = "judge a run again, from its raw samples",
    .doc = "Computes every metric and verdict of the run directory RUN anew, rewrites its verdict.json files and "
           "results.json, and prints the summary. Needs neither libvirt nor a GPU: RUN may come from another machine. "
           "The exit status is that of the verdicts; 3 if the run was interrupted or aborted.",
    .argument = "RUN",
    .options = judge_options,
    .options_size = sizeof(struct judge_options),
    .option = take_judge_option,
    .run = judge,
    .release = release_judge,
};

const struct cmd_command cmd_report = {
    .name = "report",
    .summary = "write a run's reports again: HTML, PDF, Markdown, CSV, TAP, JUnit",
    .doc = "Writes results.json, results.tap, junit.xml, metrics.csv, summary.md and report/index.html of the run "
           "directory RUN from its verdicts and raw samples, and prints the path of the HTML page. With --pdf also "
           "report/index.pdf, printed by chromium or weasyprint (VGAUGE_PDF says which, if both are there).",
    .argument = "RUN",
    .options = report_options,
    .options_size = sizeof(struct report_options),
    .option = take_report_option,
    .run = report,
};
