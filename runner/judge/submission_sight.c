/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A counter as evidence of the path of submissions, or why it is none (submissions.h). */
#include "judge/submissions.h"

bool judge_sight_look(const struct vg_analysis_input *input, const char *counter, bool telling,
                      struct judge_sight *sight, struct vg_analysis_output *output, struct vg_error *err)
{
    struct vg_analysis_output unheard = { 0 };
    char *why_not = NULL;
    bool good = judge_paces_load(input, judge_counter_find(counter), &sight->paces, telling ? output : &unheard, err);
    for (unsigned i = 0; i < unheard.invalid_count; i++)
        free(unheard.invalid[i]);
    free(unheard.invalid);
    if (!good)
        return false;
    sight->line = judge_paces_line(&sight->paces, &why_not);
    if (!sight->paces.blind) {
        sight->blind = why_not;
        return true;
    }
    free(why_not);
    sight->blind = vg_strdup(sight->paces.blind);
    return true;
}

void judge_sight_drop_dead(struct judge_sight *sight, const struct judge_sight *witness, const char *what)
{
    if (!sight->blind && !(witness->paces.moved > 0))
        sight->blind = vg_format("%s stood still while the tenant worked: the source is dead", what);
}

void judge_sight_free(struct judge_sight *sight)
{
    judge_paces_free(&sight->paces);
    free(sight->blind);
    *sight = (struct judge_sight) { 0 };
}
