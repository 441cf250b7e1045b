/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a result stands among mechanisms, profiles and policies: as the host file names them, in every table and list.
 * Runs measure in whatever order saves boots, which differs from profile to profile and means nothing to a reader. */
#include "report/parts.h"

enum part { MECHANISM, PROFILE, POLICY };

static const char *word_of(const struct vg_judgement *judgement, enum part part)
{
    const char *word = part == MECHANISM ? judgement->mechanism
                       : part == PROFILE ? judgement->profile
                                         : judgement->policy;
    return word ? word : "";
}

/* What has no word is first; then what the list names; then the rest, in the order of the results. */
static unsigned rank(const struct vg_results *results, const json_t *list, const struct vg_judgement *judgement,
                     enum part part)
{
    const char *word = word_of(judgement, part);
    unsigned named = (unsigned)json_array_size(list), seen = 0;
    if (!*word)
        return 0;
    for (unsigned i = 0; i < named; i++)
        if (vg_equal(vg_json_text_or(json_array_get(list, i), "name", NULL), word))
            return 1 + i;
    while (seen < results->count && !vg_equal(word_of(results->judgements[seen], part), word))
        seen++;
    return 1 + named + seen;
}

struct vg_report_place vg_report_place_of(const struct vg_results *results, const struct vg_judgement *judgement)
{
    const json_t *mechanisms = json_object_get(results->run->host_file, "mechanisms"), *mechanism = NULL;
    for (size_t i = 0; i < json_array_size(mechanisms) && !mechanism; i++)
        if (vg_equal(vg_json_text_or(json_array_get(mechanisms, i), "name", NULL), word_of(judgement, MECHANISM)))
            mechanism = json_array_get(mechanisms, i);
    return (struct vg_report_place) {
        .mechanism = rank(results, mechanisms, judgement, MECHANISM),
        .profile = rank(results, json_object_get(mechanism, "profiles"), judgement, PROFILE),
        .policy = rank(results, json_object_get(mechanism, "policies"), judgement, POLICY),
    };
}

static int ascending(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

int vg_report_place_compare(const struct vg_report_place *a, const struct vg_report_place *b)
{
    int order = ascending(a->mechanism, b->mechanism);
    if (order == 0)
        order = ascending(a->profile, b->profile);
    return order ? order : ascending(a->policy, b->policy);
}
