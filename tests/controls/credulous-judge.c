/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: a judge that believes everything. Any driver is the promised one, and an environment is always known.
 * Linked into vgauge in place of the judge's own looks. */
#include "judge/internal.h"

enum judge_driver __wrap_judge_driver_of(const struct vg_measurements *measurements, const struct vg_measured_run *run,
                                         char **sentence);
void __wrap_judge_check_environment(const struct vg_measurements *measurements, struct judge_sentences *invalid);

enum judge_driver __wrap_judge_driver_of(const struct vg_measurements *measurements, const struct vg_measured_run *run,
                                         char **sentence)
{
    (void)measurements;
    (void)run;
    *sentence = NULL;
    return JUDGE_DRIVER_AS_PROMISED;
}

void __wrap_judge_check_environment(const struct vg_measurements *measurements, struct judge_sentences *invalid)
{
    (void)measurements;
    (void)invalid;
}
