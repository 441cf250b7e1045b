/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The display of a running plan: see progress.h. The live line is on stderr and results are on stdout, so the line is
 * only used if both are terminals; otherwise they could overwrite each other. */
#include <math.h>
#include <sys/ioctl.h>
#include "commands/command.h"
#include "commands/progress.h"
#include "report/report.h"

static struct {
    bool live;  /* redraw one line */
    bool drawn; /* the line is on the screen now */
    bool colour;
    int test_width, instance_width;
    unsigned tested;
    char *last; /* the step that was shown last, where lines stay */
} display;

static void clear_line(void)
{
    if (!display.drawn)
        return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    display.drawn = false;
}

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/* Cut to so many columns, without cutting a character. */
static void cut(char *text, int columns)
{
    if (cmd_width(text) <= columns)
        return;
    char *at = text;
    for (int width = 0; width < columns - 3; width++) {
        at++;
        while (((unsigned char)*at & 0xc0) == 0x80)
            at++;
    }
    memcpy(at, "...", 4); /* more than three columns are cut, so there is room */
}

static char *clock_text(double seconds)
{
    long whole = seconds > 0 ? lround(seconds) : 0;
    return whole < 3600 ? vg_format("%ld:%02ld", whole / 60, whole % 60)
                        : vg_format("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

/* On one live line, what changes comes before what a narrow terminal may cut off. */
static char *where_text(const struct vg_progress *progress)
{
    const char *raw = progress->step && *progress->step ? progress->step : "preparing";
    vg_autofree char *step = vg_printable(raw, strlen(raw), 200);
    if (!progress->test)
        return VG_TAKE(step);
    const char *instance = progress->instance_name ? progress->instance_name : "";
    return display.live ? vg_format("[%u/%u] %s: %s  %s", progress->instance, progress->instance_count, progress->test,
                                    step, instance)
                        : vg_format("[%u/%u] %s %s: %s", progress->instance, progress->instance_count, progress->test,
                                    instance, step);
}

static void show_progress(void *context, const struct vg_progress *progress)
{
    (void)context;
    vg_autofree char *where = where_text(progress);
    vg_autofree char *elapsed = clock_text(progress->elapsed_s);
    vg_autofree char *left = clock_text(progress->remaining_s);
    if (display.live) {
        vg_autofree char *line = vg_format("%s, about %s left  %s", elapsed, left, where);
        cut(line, terminal_columns() - 1);
        fprintf(stderr, "\r%s\x1b[K", line);
        fflush(stderr);
        display.drawn = true;
        return;
    }
    if (vg_equal(display.last, where))
        return;
    free(display.last);
    display.last = VG_TAKE(where);
    fflush(stdout);
    fprintf(stderr, "%s (%s, about %s left)\n", display.last, elapsed, left);
}

static const struct vg_value *typical_value(const struct vg_judgement *judgement)
{
    for (unsigned i = 0; i < judgement->value_count; i++) {
        const char *dot = strrchr(judgement->values[i].metric, '.');
        if (dot && strcmp(dot, ".p50") == 0 && !isnan(judgement->values[i].value))
            return &judgement->values[i];
    }
    return NULL;
}

/* The number that says most: what missed its limit, else what decides, else the middle of what was measured, else a
 * precondition. */
static char *key_number(const struct vg_judgement *judgement)
{
    const struct vg_checked *best = NULL;
    int best_rank = -1;
    for (unsigned i = 0; i < judgement->check_count; i++) {
        const struct vg_checked *check = &judgement->checks[i];
        int rank = (check->met ? 0 : 2) + vg_equal(check->otherwise, "fail");
        if (rank > best_rank) {
            best = check;
            best_rank = rank;
        }
    }
    const struct vg_value *typical = best_rank > 0 ? NULL : typical_value(judgement);
    if (typical) {
        vg_autofree char *value = vg_quantity_text(typical->value, typical->unit);
        return vg_format("%s %s", typical->metric, value);
    }
    if (!best)
        return vg_strdup("");
    vg_autofree char *value = isnan(best->value) ? vg_strdup("missing") : vg_quantity_text(best->value, best->unit);
    vg_autofree char *limit = vg_quantity_text(best->threshold, best->unit);
    return vg_format("%s %s (required: %s %s)", best->metric, value, vg_operator_words(best->op), limit);
}

static void show_judged(void *context, const struct vg_judgement *judgement)
{
    (void)context;
    clear_line();
    display.tested += judgement->verdict != VG_SKIP;
    bool skipped = judgement->verdict == VG_SKIP;
    const char *reason = judgement->verdict != VG_PASS && judgement->reason_count ? judgement->reasons[0] : "";
    vg_autofree char *why = vg_printable(reason, strlen(reason), 400);
    vg_autofree char *number = skipped ? vg_strdup(why) : key_number(judgement);
    vg_autofree char *shown = vg_printable(number, strlen(number), 400);
    vg_autofree char *took = skipped ? vg_strdup("") : vg_duration_text(judgement->duration_s);
    printf("%s%-7s%s  %-*s  %-*s  %s%s%s\n", display.colour ? vg_report_verdict_colour(judgement->verdict) : "",
           vg_verdict_name(judgement->verdict), display.colour ? "\x1b[0m" : "", display.test_width, judgement->test,
           display.instance_width, judgement->instance, shown, *shown && *took ? "  " : "", took);
    if (*why && !skipped)
        printf("         %s\n", why);
    fflush(stdout);
}

const struct vg_engine_observer *cmd_progress_begin(const struct vg_schedule *schedule)
{
    static const struct vg_engine_observer observer = { .progress = show_progress, .judged = show_judged };
    const char *term = getenv("TERM");
    display.live = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
    display.colour = cmd_colour(stdout);
    for (unsigned i = 0; i < schedule->count; i++) {
        int test = cmd_width(schedule->items[i].test->id), instance = cmd_width(schedule->items[i].name);
        display.test_width = test > display.test_width ? test : display.test_width;
        display.instance_width = instance > display.instance_width ? instance : display.instance_width;
    }
    vg_log_set_hook(clear_line);
    return &observer;
}

unsigned cmd_progress_tested(void)
{
    return display.tested;
}

void cmd_progress_end(void)
{
    clear_line();
    vg_log_set_hook(NULL);
    free(display.last);
    display.last = NULL;
}
