/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first sentence of every report. It counts results (one per instance that applies), so that a test of which one
 * instance is in trouble does not make the others look so. */
#include "report/parts.h"

enum { PLACES_NAMED = 4 };

/* True if the instance is the first of its group with this mechanism and verdict: boots and policies are not named. */
static bool first_of_its_place(const struct vg_report_group *group, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(group->instances[i]->mechanism, group->instances[index]->mechanism) &&
            group->instances[i]->verdict == group->instances[index]->verdict)
            return false;
    return true;
}

/* "fair-equal-throughput on native, dsub-gl-latency on virtio-virgl and 2 more" */
static void add_places(struct vg_text *text, const struct vg_report_groups *groups, enum vg_verdict verdict)
{
    unsigned places = 0;
    for (unsigned g = 0; g < groups->count; g++) {
        const struct vg_report_group *group = &groups->items[g];
        for (unsigned i = 0; i < group->count; i++) {
            if (group->instances[i]->verdict != verdict || !first_of_its_place(group, i))
                continue;
            if (places++ < PLACES_NAMED)
                vg_text_add(text, "%s%s on %s", places > 1 ? ", " : "", group->test, group->instances[i]->mechanism);
        }
    }
    if (places > PLACES_NAMED)
        vg_text_add(text, " and %u more", places - PLACES_NAMED);
}

/* "2 of 11 results failed: ...; 1 is invalid: ..." for everything that is neither pass nor skip. */
static void add_troubles(struct vg_text *text, const struct vg_results *results, const struct vg_report_groups *groups,
                         unsigned decided)
{
    static const struct {
        enum vg_verdict verdict;
        const char *one, *many;
    } words[] = {
        { VG_FAIL, "failed", "failed" },
        { VG_LOST, "lost a tenant", "lost a tenant" },
        { VG_TIMEOUT, "ran out of time", "ran out of time" },
        { VG_INVALID, "is invalid", "are invalid" },
        { VG_FINDING, "found a guarantee missing", "found a guarantee missing" },
    };
    bool first = true;
    for (unsigned w = 0; w < VG_COUNT(words); w++) {
        unsigned count = vg_results_count(results, words[w].verdict);
        if (!count)
            continue;
        if (first)
            vg_text_add(text, "%u of %u result%s ", count, decided, decided == 1 ? "" : "s");
        else
            vg_text_add(text, "; %u ", count);
        vg_text_add(text, "%s: ", count == 1 ? words[w].one : words[w].many);
        add_places(text, groups, words[w].verdict);
        first = false;
    }
}

static void add_passes(struct vg_text *text, const char *host, unsigned tests, unsigned elsewhere)
{
    if (elsewhere)
        vg_text_add(text, "%u of %u tests passed on host %s; the other%s %s not apply", tests, tests + elsewhere, host,
                    elsewhere == 1 ? "" : "s", elsewhere == 1 ? "does" : "do");
    else
        vg_text_add(text, tests == 1 ? "The %u test passed on host %s" : "All %u tests passed on host %s", tests, host);
}

char *vg_report_answer(const struct vg_results *results, const struct vg_report_groups *groups)
{
    vg_autotext struct vg_text text = { 0 };
    unsigned skipped = vg_results_count(results, VG_SKIP), decided = results->count - skipped;
    unsigned elsewhere = vg_report_groups_count(groups, VG_SKIP), tests = groups->count - elsewhere;
    const char *host = results->run->host;
    if (!groups->count)
        vg_text_add(&text, "Nothing was tested on host %s", host);
    else if (!decided)
        vg_text_add(&text, "Nothing was tested on host %s: %s", host,
                    elsewhere == 1 ? "the only test was skipped" : "every test was skipped");
    else if (decided == vg_results_count(results, VG_PASS)) {
        add_passes(&text, host, tests, elsewhere);
        if (skipped)
            vg_text_add(&text, " (%u result%s, %u not applicable)", decided, decided == 1 ? "" : "s", skipped);
        else if (decided != tests)
            vg_text_add(&text, " (%u results)", decided);
    } else {
        add_troubles(&text, results, groups, decided);
        vg_text_add(&text, " (host %s)", host);
    }
    vg_text_add(&text, ".");
    return vg_report_clean(text.data);
}
