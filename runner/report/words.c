/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of all reports: how a verdict, a limit, a value and the whole run are put for a person. */
#include <math.h>
#include <time.h>
#include "report/parts.h"

enum { CLEAN_MAX_BYTES = 4096 };

char *vg_report_clean(const char *text)
{
    return text ? vg_printable(text, strlen(text), CLEAN_MAX_BYTES) : vg_strdup("");
}

char *vg_report_instance_text(const struct vg_judgement *judgement)
{
    vg_autotext struct vg_text text = { 0 };
    vg_text_add(&text, "%s", judgement->mechanism);
    if (judgement->profile && *judgement->profile)
        vg_text_add(&text, ", %s", judgement->profile);
    if (judgement->policy && *judgement->policy)
        vg_text_add(&text, ", %s", judgement->policy);
    if (judgement->boot)
        vg_text_add(&text, ", boot %u", judgement->boot);
    return vg_report_clean(text.data);
}

char *vg_report_value_text(double value, const char *unit)
{
    if (!isfinite(value))
        return vg_strdup("no value");
    vg_autofree char *text = vg_quantity_text(value, unit ? unit : "1");
    return vg_report_clean(text);
}

char *vg_report_limit_text(const struct vg_checked *check)
{
    vg_autofree char *value = vg_report_value_text(check->threshold, check->unit);
    vg_autofree char *op = vg_report_clean(vg_operator_words(check->op));
    return vg_format("%s %s", op, value);
}

char *vg_report_reasons_text(const struct vg_judgement *judgement, size_t max_bytes)
{
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < judgement->reason_count && text.length <= max_bytes; i++)
        if (i + 1 < judgement->reason_count) { /* a full stop only behind the last */
            size_t length = strlen(judgement->reasons[i]);
            length -= length && judgement->reasons[i][length - 1] == '.';
            vg_text_add(&text, "%.*s; ", (int)length, judgement->reasons[i]);
        } else
            vg_text_add(&text, "%s", judgement->reasons[i]);
    return vg_printable(text.data ? text.data : "", text.length, max_bytes);
}

char *vg_report_incomplete_text(const struct vg_run *run)
{
    if (vg_equal(run->state, "complete"))
        return NULL;
    vg_autofree char *state = vg_report_clean(run->state);
    vg_autofree char *reason = vg_report_clean(run->reason);
    if (vg_equal(run->state, "running"))
        return vg_strdup("The run has not ended: it is still going on, or it died without a word. What is here is what "
                         "had finished.");
    return vg_format("The run was %s%s%s%s. What is here is what had finished.", state, *reason ? " (" : "", reason,
                     *reason ? ")" : "");
}

char *vg_report_took_text(const struct vg_run *run)
{
    struct tm from = { 0 }, to = { 0 };
    if (!run->started || !run->ended || !strptime(run->started, "%Y-%m-%dT%H:%M:%SZ", &from) ||
        !strptime(run->ended, "%Y-%m-%dT%H:%M:%SZ", &to))
        return NULL;
    double seconds = difftime(timegm(&to), timegm(&from)); /* of instants in whole seconds */
    if (seconds < 1)
        return seconds < 0 ? NULL : vg_strdup("less than 1 s");
    return vg_duration_text(seconds);
}

char *vg_report_run_text(const struct vg_run *run)
{
    vg_autotext struct vg_text line = { 0 };
    vg_autofree char *took = vg_report_took_text(run);
    bool utc = strlen(run->started) == 20 && run->started[10] == 'T'; /* 2026-11-22T08:00:00Z, easier with a space */
    if (utc)
        vg_text_add(&line, "Plan %s on host %s, %.10s %.5s UTC", run->plan, run->host, run->started, run->started + 11);
    else
        vg_text_add(&line, "Plan %s on host %s, %s", run->plan, run->host, run->started);
    if (took)
        vg_text_add(&line, ", took %s", took);
    vg_text_add(&line, ", seed %llu, vgauge %s.", (unsigned long long)run->seed, run->version ? run->version : "?");
    return vg_report_clean(line.data);
}

static void add_change(struct vg_text *text, const char *setting, const char *from)
{
    vg_text_add(text, "%s%s (%s)", text->length ? ", " : "Changed parameters: ", setting, from);
}

char *vg_report_changes_text(const struct vg_run *run)
{
    vg_autotext struct vg_text text = { 0 };
    size_t index;
    json_t *setting;
    json_array_foreach(json_object_get(run->plan_file, "set"), index, setting)
    {
        if (json_is_string(setting))
            add_change(&text, json_string_value(setting), "plan");
    }
    for (unsigned i = 0; i < run->argument_count; i++)
        if (strncmp(run->arguments[i], "--set=", 6) == 0)
            add_change(&text, run->arguments[i] + 6, "--set");
    if (!text.length)
        return NULL;
    vg_text_add(&text, ".");
    return vg_report_clean(text.data);
}

bool vg_report_gates(enum vg_verdict verdict)
{
    switch (verdict) {
    case VG_FAIL:
    case VG_LOST:
    case VG_TIMEOUT:
    case VG_INVALID:
        return true;
    case VG_PASS:
    case VG_SKIP:
    case VG_FINDING:
        break;
    }
    return false;
}

bool vg_report_troubled(enum vg_verdict verdict)
{
    return verdict != VG_PASS && verdict != VG_SKIP;
}

const char *vg_report_verdict_colour(enum vg_verdict verdict)
{
    switch (verdict) {
    case VG_PASS:
        return "\x1b[32m";
    case VG_SKIP:
        return "\x1b[2m";
    case VG_INVALID:
        return "\x1b[33m";
    case VG_FINDING:
        return "\x1b[35m";
    case VG_FAIL:
    case VG_LOST:
    case VG_TIMEOUT:
        break;
    }
    return "\x1b[1;31m";
}

const struct vg_value *vg_report_value_find(const struct vg_judgement *judgement, const char *metric)
{
    for (unsigned i = 0; i < judgement->value_count; i++)
        if (vg_equal(judgement->values[i].metric, metric))
            return &judgement->values[i];
    return NULL;
}

const struct vg_checked *vg_report_check_find(const struct vg_judgement *judgement, const struct vg_checked *like)
{
    for (unsigned i = 0; i < judgement->check_count; i++) {
        const struct vg_checked *check = &judgement->checks[i];
        if (vg_equal(check->metric, like->metric) && vg_equal(check->op, like->op) &&
            check->threshold == like->threshold)
            return check;
    }
    return NULL;
}
