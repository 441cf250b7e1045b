/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each requirement came out, and the answer that a reader wants first: how many are not met, which areas hold, and
 * what the failures come to in words. */
#include <ctype.h>
#include <math.h>
#include "report/parts.h"

enum { PHRASES_SHOWN = 3, REASON_BYTES = 110 };

/* Areas by the middle part of an id, VGPU-ISO-002, and what is said of one of which everything that was tested holds.
 */
static const struct area {
    const char *id, *name;
    bool plural;
} areas[] = {
    { "ISO", "isolation", false },    { "SEC", "security", false },        { "FLT", "containment of faults", false },
    { "RST", "reset", false },        { "SCHED", "scheduling", false },    { "DSUB", "direct submission", false },
    { "PERF", "performance", false }, { "API", "the API level", false },   { "PROF", "profiles", true },
    { "PLACE", "placement", false },  { "LIFE", "the life cycle", false }, { "LMIG", "live migration", false },
    { "TEL", "telemetry", false },
};

static bool broke(enum vg_verdict verdict)
{
    return verdict == VG_FAIL || verdict == VG_LOST || verdict == VG_TIMEOUT;
}

enum vg_report_state vg_report_requirement_state(const struct vg_results *results, const char *id)
{
    bool excused = false, passed = false, undecided = false, absent = false;
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (!vg_words_have(&judgement->requirements, id))
            continue;
        if (broke(judgement->verdict) && vg_judgement_gates(judgement))
            return VG_REPORT_NOT_MET;
        excused = excused || broke(judgement->verdict);
        undecided = undecided || judgement->verdict == VG_INVALID;
        absent = absent || judgement->verdict == VG_FINDING;
        passed = passed || judgement->verdict == VG_PASS;
    }
    return excused     ? VG_REPORT_EXCUSED
           : undecided ? VG_REPORT_UNDECIDED
           : absent    ? VG_REPORT_ABSENT
           : passed    ? VG_REPORT_MET
                       : VG_REPORT_NOT_TESTED;
}

const char *vg_report_state_words(enum vg_report_state state)
{
    static const char *const words[] = {
        [VG_REPORT_MET] = "met",
        [VG_REPORT_NOT_MET] = "not met",
        [VG_REPORT_EXCUSED] = "not met, as expected",
        [VG_REPORT_UNDECIDED] = "not decided",
        [VG_REPORT_ABSENT] = "guarantee absent, as documented",
        [VG_REPORT_NOT_TESTED] = "not tested",
    };
    return words[state];
}

static bool of_area(const char *id, const struct area *area)
{
    const char *part = strchr(id, '-');
    size_t length = strlen(area->id);
    return part && strncmp(part + 1, area->id, length) == 0 && part[1 + length] == '-';
}

/* "isolation and placement hold": areas of which at least one requirement was tested and all that were are met. */
static void add_areas(struct vg_text *text, const struct vg_results *results)
{
    const struct area *holding[VG_COUNT(areas)];
    unsigned count = 0;
    for (size_t a = 0; a < VG_COUNT(areas); a++) {
        bool any = false, all = true;
        for (unsigned i = 0; i < results->requirement_count; i++) {
            const char *id = results->requirements[i].id;
            enum vg_report_state state = vg_report_requirement_state(results, id);
            if (!of_area(id, &areas[a]) || state == VG_REPORT_NOT_TESTED)
                continue;
            any = true;
            all = all && state == VG_REPORT_MET;
        }
        if (any && all)
            holding[count++] = &areas[a];
    }
    for (unsigned i = 0; i < count; i++)
        vg_text_add(text, "%s%s", i == 0 ? "; " : i + 1 == count ? " and " : ", ", holding[i]->name);
    if (count)
        vg_text_add(text, count > 1 || holding[0]->plural ? " hold" : " holds");
}

/* What the worst-off tenant lacks of the share that its policy promises, 0.14 for 14 %; NaN: it is not about shares, or
 * nobody lacks anything. *tenants: how many there are. */
static double shortfall(const struct vg_judgement *judgement, unsigned *tenants)
{
    double worst = NAN;
    *tenants = 0;
    for (unsigned i = 0; i < judgement->value_count; i++) {
        const struct vg_value *value = &judgement->values[i];
        const char *at = strstr(value->metric, ".share[");
        if (!at || !isfinite(value->value))
            continue;
        (*tenants)++;
        vg_autofree char *one = vg_format("%.*s.entitled[%s", (int)(at - value->metric), value->metric, at + 7);
        vg_autofree char *all = vg_format("%.*s.entitled", (int)(at - value->metric), value->metric);
        const struct vg_value *promised = vg_report_value_find(judgement, one);
        promised = promised ? promised : vg_report_value_find(judgement, all);
        if (promised && promised->value > 0)
            worst = fmax(worst, 1 - value->value / promised->value); /* fmax passes over a NaN */
    }
    return worst > 0 ? worst : NAN;
}

static const struct vg_checked *unmet(const struct vg_judgement *judgement)
{
    for (unsigned i = 0; i < judgement->check_count; i++)
        if (!judgement->checks[i].met && vg_equal(judgement->checks[i].otherwise, "fail"))
            return &judgement->checks[i];
    return NULL;
}

/* A failure in a few words: "fixed-share is 14 % short with 4 tenants". Caller frees. */
static char *failure_text(const struct vg_judgement *judgement)
{
    unsigned tenants;
    double lacks = shortfall(judgement, &tenants);
    const struct vg_checked *check = unmet(judgement);
    const char *policy = judgement->policy && *judgement->policy ? judgement->policy : judgement->mechanism;
    vg_autofree char *text = NULL;
    if (judgement->verdict == VG_LOST)
        text = vg_format("a tenant died in %s on %s", judgement->test, judgement->mechanism);
    else if (judgement->verdict == VG_TIMEOUT)
        text = vg_format("%s ran out of time on %s", judgement->test, judgement->mechanism);
    else if (check && strstr(check->metric, "deviation") && lacks > 0)
        text = vg_format("%s is %.0f %% short with %u tenants", policy, 100 * lacks, tenants);
    else if (check) {
        vg_autofree char *value = vg_report_value_text(check->value, check->unit);
        vg_autofree char *limit = vg_report_limit_text(check);
        text = vg_format("%s: %s is %s instead of %s", judgement->test, check->metric, value, limit);
    } else if (!judgement->reason_count)
        text = vg_format("%s failed on %s", judgement->test, judgement->mechanism);
    else {
        vg_autofree char *reasons = vg_report_reasons_text(judgement, REASON_BYTES);
        size_t length = strlen(reasons);
        text = vg_format("%s: %.*s", judgement->test, (int)(length && reasons[length - 1] == '.' ? length - 1 : length),
                         reasons);
    }
    return vg_report_clean(text);
}

/* One phrase per failing test at most, in the order of the groups. */
static void add_failures(struct vg_text *text, const struct vg_report_groups *groups)
{
    unsigned phrases = 0;
    for (unsigned g = 0; g < groups->count; g++)
        for (unsigned i = 0; i < groups->items[g].count; i++) {
            const struct vg_judgement *judgement = groups->items[g].instances[i];
            if (!broke(judgement->verdict) || !vg_judgement_gates(judgement))
                continue;
            vg_autofree char *phrase = failure_text(judgement);
            if (phrases++ < PHRASES_SHOWN)
                vg_text_add(text, "; %s", phrase);
            break;
        }
    if (phrases > PHRASES_SHOWN)
        vg_text_add(text, "; %u more tests failed", phrases - PHRASES_SHOWN);
}

char *vg_report_requirements_answer(const struct vg_results *results, const struct vg_report_groups *groups)
{
    unsigned counts[VG_REPORT_STATES] = { 0 };
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < results->requirement_count; i++)
        counts[vg_report_requirement_state(results, results->requirements[i].id)]++;
    unsigned decided =
        counts[VG_REPORT_MET] + counts[VG_REPORT_NOT_MET] + counts[VG_REPORT_EXCUSED] + counts[VG_REPORT_ABSENT];
    unsigned asked = decided + counts[VG_REPORT_UNDECIDED];
    if (!asked)
        return vg_report_answer(results, groups);
    if (!decided)
        vg_text_add(&text,
                    asked == 1 ? "The one requirement that was tested could not be decided"
                               : "None of the %u requirements that were tested could be decided",
                    asked);
    else if (counts[VG_REPORT_NOT_MET])
        vg_text_add(&text, "%u of %u requirement%s not met", counts[VG_REPORT_NOT_MET], asked, asked == 1 ? "" : "s");
    else if (counts[VG_REPORT_MET] < asked)
        vg_text_add(&text, "%u of %u requirement%s met", counts[VG_REPORT_MET], asked, asked == 1 ? "" : "s");
    else
        vg_text_add(&text,
                    asked == 1 ? "The one requirement that was tested is met"
                               : "All %u requirements that were tested are met",
                    asked);
    if (counts[VG_REPORT_EXCUSED])
        vg_text_add(&text, "; %u not met, as expected", counts[VG_REPORT_EXCUSED]);
    if (counts[VG_REPORT_ABSENT])
        vg_text_add(&text, "; %u with a guarantee that is documented to be absent", counts[VG_REPORT_ABSENT]);
    if (decided && counts[VG_REPORT_UNDECIDED])
        vg_text_add(&text, "; %u not decided", counts[VG_REPORT_UNDECIDED]);
    add_areas(&text, results);
    add_failures(&text, groups);
    vg_text_add(&text, ".");
    return vg_report_clean(text.data);
}
