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

void vg_report_groups_make(const struct vg_results *results, struct vg_report_groups *groups)
{
    *groups = (struct vg_report_groups) { 0 };
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        struct vg_report_group *group = NULL;
        for (unsigned g = 0; g < groups->count && !group; g++)
            if (vg_equal(groups->items[g].test, judgement->test))
                group = &groups->items[g];
        if (!group) {
            group = &vg_push(groups->items, groups->count);
            *group = (struct vg_report_group) { .test = judgement->test, .verdict = judgement->verdict };
        }
        vg_push(group->instances, group->count) = judgement;
        group->verdict = vg_verdict_worst(group->verdict, judgement->verdict);
    }
}

void vg_report_groups_free(struct vg_report_groups *groups)
{
    for (unsigned i = 0; i < groups->count; i++)
        free(groups->items[i].instances);
    free(groups->items);
    *groups = (struct vg_report_groups) { 0 };
}

unsigned vg_report_groups_count(const struct vg_report_groups *groups, enum vg_verdict verdict)
{
    unsigned count = 0;
    for (unsigned i = 0; i < groups->count; i++)
        count += groups->items[i].verdict == verdict;
    return count;
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
    static const struct {
        const char *op, *words;
    } words[] = { { "<=", "at most" }, { ">=", "at least" }, { "<", "below" }, { ">", "above" }, { "==", "exactly" } };
    const char *in_words = check->op;
    for (unsigned i = 0; i < VG_COUNT(words); i++)
        if (vg_equal(check->op, words[i].op))
            in_words = words[i].words;
    vg_autofree char *value = vg_report_value_text(check->threshold, check->unit);
    vg_autofree char *op = vg_report_clean(in_words);
    return vg_format("%s %s", op, value);
}

char *vg_report_reasons_text(const struct vg_judgement *judgement, size_t max_bytes)
{
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < judgement->reason_count && text.length <= max_bytes; i++)
        vg_text_add(&text, "%s%s", i ? "; " : "", judgement->reasons[i]);
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
    double seconds = difftime(timegm(&to), timegm(&from));
    return seconds >= 0 ? vg_duration_text(seconds) : NULL;
}

/* "2 failed, 1 was invalid" for everything that is neither pass nor skip. */
static void add_troubles(struct vg_text *text, const struct vg_report_groups *groups)
{
    static const struct {
        enum vg_verdict verdict;
        const char *one, *many;
    } words[] = {
        { VG_FAIL, "failed", "failed" },
        { VG_LOST, "lost a tenant", "lost a tenant" },
        { VG_TIMEOUT, "ran out of time", "ran out of time" },
        { VG_INVALID, "gave no valid result", "gave no valid result" },
        { VG_FINDING, "found a guarantee missing", "found a guarantee missing" },
    };
    bool first = true;
    for (unsigned w = 0; w < VG_COUNT(words); w++) {
        unsigned count = vg_report_groups_count(groups, words[w].verdict), named = 0;
        if (!count)
            continue;
        vg_text_add(text, first ? "%u of %u tests %s" : "; %u of %u %s", count, groups->count,
                    count == 1 ? words[w].one : words[w].many);
        vg_text_add(text, ": ");
        for (unsigned i = 0; i < groups->count && named < 4; i++)
            if (groups->items[i].verdict == words[w].verdict)
                vg_text_add(text, "%s%s", named++ ? ", " : "", groups->items[i].test);
        if (count > named)
            vg_text_add(text, " and %u more", count - named);
        first = false;
    }
}

char *vg_report_answer(const struct vg_results *results, const struct vg_report_groups *groups)
{
    vg_autotext struct vg_text text = { 0 };
    unsigned skipped = vg_report_groups_count(groups, VG_SKIP), passed = vg_report_groups_count(groups, VG_PASS);
    unsigned troubled = groups->count - skipped - passed;
    const char *host = results->run->host;
    if (!groups->count)
        vg_text_add(&text, "Nothing was tested on host %s", host);
    else if (skipped == groups->count)
        vg_text_add(&text, "Nothing was tested on host %s: %s", host,
                    skipped == 1 ? "the only test was skipped" : "every test was skipped");
    else if (!troubled && !skipped)
        vg_text_add(&text, passed == 1 ? "The %u test passed on host %s" : "All %u tests passed on host %s", passed,
                    host);
    else if (!troubled)
        vg_text_add(&text, "%u of %u tests passed on host %s; the others were skipped", passed, groups->count, host);
    else {
        add_troubles(&text, groups);
        vg_text_add(&text, " (host %s)", host);
    }
    vg_text_add(&text, ".");
    return vg_report_clean(text.data);
}

bool vg_report_gates(const struct vg_results *results, enum vg_verdict verdict)
{
    switch (verdict) {
    case VG_FAIL:
    case VG_LOST:
    case VG_TIMEOUT:
        return true;
    case VG_INVALID:
        return vg_results_exit_status(results) == 3;
    case VG_PASS:
    case VG_SKIP:
    case VG_FINDING:
        break;
    }
    return false;
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
