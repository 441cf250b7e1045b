/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expectations laid over verdicts. A verdict says what was seen and stays as it is; the overlay says whether somebody
 * knew, and for how long that is good. */
#include "record/expectations.h"

static const char *const names[] = {
    [VG_OVERLAY_NONE] = "",       [VG_OVERLAY_XFAIL] = "xfail",       [VG_OVERLAY_XPASS] = "xpass",
    [VG_OVERLAY_FLAKE] = "flake", [VG_OVERLAY_UNSTABLE] = "unstable", [VG_OVERLAY_WAIVED] = "waived",
};

const char *vg_overlay_name(enum vg_overlay overlay)
{
    return names[overlay];
}

char *vg_rerun_directory(const char *run_directory, unsigned number)
{
    return vg_format("%s/reruns/%u", run_directory, number);
}

static bool failed(enum vg_verdict verdict)
{
    return verdict == VG_FAIL || verdict == VG_LOST || verdict == VG_TIMEOUT;
}

static const char *fingerprint_value(const struct vg_run *run, const char *key)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            return run->fingerprint[i].value;
    return NULL;
}

/* NULL: the issue is there in this run's versions; else why it is not, or not known to be. Caller frees. */
static char *outside_versions(const struct vg_known_issue *issue, const struct vg_run *run)
{
    for (unsigned i = 0; i < issue->version_count; i++) {
        const struct vg_version_range *range = &issue->versions[i];
        const char *value = fingerprint_value(run, range->key);
        if (!value)
            return vg_format("%s is not known, which it is limited to", range->key);
        if ((range->from && strverscmp(value, range->from) < 0) ||
            (range->below && strverscmp(value, range->below) >= 0))
            return vg_format("%s is %s, and it is limited to%s%s%s%s", range->key, value, range->from ? " from " : "",
                             range->from ? range->from : "", range->below ? " below " : "",
                             range->below ? range->below : "");
    }
    return NULL;
}

/* ISO dates compare as texts; the day itself is still covered. */
static bool expired(const struct vg_known_issue *issue, const struct vg_run *run)
{
    return !run->started || strncmp(run->started, issue->expires, strlen(issue->expires)) > 0;
}

static bool concerns(const struct vg_known_issue *issue, const struct vg_judgement *judgement)
{
    return vg_select(issue->test, judgement->test) && vg_select(issue->instance, judgement->instance);
}

static void set(struct vg_judgement *judgement, enum vg_overlay overlay, const struct vg_known_issue *issue)
{
    judgement->overlay = overlay;
    free(judgement->overlay_reason);
    judgement->overlay_reason = vg_format("%s (%s, until %s)", issue->reason, issue->reference, issue->expires);
}

/* What one entry that is in force makes of it. True: it decided. */
static bool apply(const struct vg_known_issue *issue, struct vg_judgement *judgement)
{
    bool bad = failed(judgement->verdict);
    switch (issue->outcome) {
    case VG_OUTCOME_XFAIL:
        if (bad)
            set(judgement, VG_OVERLAY_XFAIL, issue);
        else if (judgement->verdict == VG_PASS)
            set(judgement, VG_OVERLAY_XPASS, issue);
        return bad || judgement->verdict == VG_PASS;
    case VG_OUTCOME_FLAKE:
        if (judgement->overlay == VG_OVERLAY_UNSTABLE)
            set(judgement, VG_OVERLAY_FLAKE, issue);
        else if (bad && !judgement->overlay_reason)
            judgement->overlay_reason =
                vg_format("expected to fail now and then (%s), but no rerun passed", issue->reference);
        return judgement->overlay == VG_OVERLAY_FLAKE;
    case VG_OUTCOME_WAIVED:
        if (bad || judgement->verdict == VG_INVALID)
            set(judgement, VG_OVERLAY_WAIVED, issue);
        return bad || judgement->verdict == VG_INVALID;
    }
    return false;
}

static void consult(const struct vg_results *results, struct vg_judgement *judgement)
{
    for (unsigned i = 0; i < results->expectation_count; i++) {
        for (unsigned j = 0; j < results->expectations[i]->count; j++) {
            const struct vg_known_issue *issue = &results->expectations[i]->items[j];
            if (!concerns(issue, judgement))
                continue;
            vg_autofree char *outside = outside_versions(issue, results->run);
            bool late = expired(issue, results->run);
            if (!late && !outside) {
                if (apply(issue, judgement))
                    return;
            } else if (vg_judgement_gates(judgement) && !judgement->overlay_reason) {
                judgement->overlay_reason =
                    late ? vg_format("its expectation (%s) expired on %s", issue->reference, issue->expires)
                         : vg_format("its expectation (%s) does not hold here: %s", issue->reference, outside);
            }
        }
    }
}

static bool concerns_any(const struct vg_known_issue *issue, const struct vg_results *results)
{
    for (unsigned i = 0; i < results->count; i++)
        if (concerns(issue, results->judgements[i]))
            return true;
    return false;
}

/* An entry that is about nothing excuses nothing, and whoever wrote it believes that it does. */
static void find_unmatched(struct vg_results *results)
{
    for (unsigned i = 0; i < results->expectation_count; i++) {
        const struct vg_known_issues *file = results->expectations[i];
        for (unsigned j = 0; j < file->count; j++) {
            const struct vg_known_issue *issue = &file->items[j];
            if (concerns_any(issue, results))
                continue;
            vg_push(results->unmatched, results->unmatched_count) =
                vg_format("%s: entry %u (%s%s%s, %s) is about no result of this run", file->file, j + 1, issue->test,
                          issue->instance ? " in " : "", issue->instance ? issue->instance : "", issue->reference);
        }
    }
}

/* A failure whose instance passed in a rerun. That a rerun was made and failed too is no news. */
static void look_at_rerun(struct vg_results *results, const char *directory)
{
    struct vg_error err = { 0 };
    struct vg_judgement *again = NULL;
    for (unsigned i = 0; i < results->count; i++) {
        struct vg_judgement *judgement = results->judgements[i];
        if (!failed(judgement->verdict) || judgement->overlay == VG_OVERLAY_UNSTABLE)
            continue;
        vg_autofree char *place = vg_format("%s/%s", directory, judgement->directory);
        again = vg_exists(place) ? vg_judgement_load(place, &err) : NULL;
        if (again && (again->verdict == VG_PASS || again->verdict == VG_FINDING)) {
            judgement->overlay = VG_OVERLAY_UNSTABLE;
            free(judgement->overlay_reason);
            judgement->overlay_reason =
                vg_format("it passed when it was run again (%s): not reliable, and not a pass", directory);
        }
        vg_judgement_free(again);
    }
}

void rec_overlay(struct vg_results *results)
{
    for (unsigned number = 1; number <= VG_RERUNS_MAX; number++) {
        vg_autofree char *directory = vg_rerun_directory(results->run->directory, number);
        if (!vg_exists(directory))
            break;
        look_at_rerun(results, directory);
    }
    for (unsigned i = 0; i < results->count; i++)
        consult(results, results->judgements[i]);
    find_unmatched(results);
}

bool vg_judgement_gates(const struct vg_judgement *judgement)
{
    bool bad = failed(judgement->verdict) || judgement->verdict == VG_INVALID;
    return bad && judgement->overlay != VG_OVERLAY_XFAIL && judgement->overlay != VG_OVERLAY_FLAKE &&
           judgement->overlay != VG_OVERLAY_WAIVED;
}

unsigned vg_results_overlays(const struct vg_results *results, enum vg_overlay overlay)
{
    unsigned count = 0;
    for (unsigned i = 0; i < results->count; i++)
        count += results->judgements[i]->overlay == overlay;
    return count;
}
