/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scheduling policy promises a tenant: the policy truth table, as shares of solo throughput. */
#include "judge/internal.h"

#include <math.h>

/* How a policy treats equal tenants (weights and quanta are equal as long as a scenario has no word for others), and
 * whether the slices of idle tenants stay idle. */
struct promise {
    const char *policy;
    enum { SHARE_OF_RUNNING, SHARE_OF_MAX } divide;
    enum { IDLE_IS_GIVEN_AWAY, IDLE_STAYS_IDLE, IDLE_UNKNOWN } idle;
};
static const struct promise promises[] = {
    { "equal-share", SHARE_OF_RUNNING, IDLE_STAYS_IDLE }, { "fixed-share", SHARE_OF_MAX, IDLE_STAYS_IDLE },
    { "weighted", SHARE_OF_RUNNING, IDLE_IS_GIVEN_AWAY }, { "amd-liquid", SHARE_OF_RUNNING, IDLE_IS_GIVEN_AWAY },
    { "gvt-weights", SHARE_OF_RUNNING, IDLE_STAYS_IDLE }, { "xe-quanta", SHARE_OF_RUNNING, IDLE_UNKNOWN },
};

static const struct promise *find_promise(const char *policy)
{
    for (size_t i = 0; i < VG_COUNT(promises); i++)
        if (vg_equal(promises[i].policy, policy))
            return &promises[i];
    return NULL;
}

double vg_entitled_share(const struct vg_measurements *measurements, unsigned running)
{
    const struct promise *promise = find_promise(measurements->policy);
    unsigned parts = promise && promise->divide == SHARE_OF_MAX ? measurements->profile_max : running;
    return promise && parts ? 1.0 / parts : NAN;
}

double judge_alone_share(const struct vg_measurements *measurements, unsigned running)
{
    const struct promise *promise = find_promise(measurements->policy);
    if (!promise || promise->idle == IDLE_IS_GIVEN_AWAY)
        return 1;
    if (promise->idle == IDLE_UNKNOWN) /* depends on a priority that the measurements do not name */
        return running == 1 ? 1 : NAN;
    return vg_entitled_share(measurements, running);
}
