/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scheduling policy promises a tenant: the policy truth table, as shares of solo throughput. */
#include "judge/internal.h"

#include <math.h>

/* How a policy divides the pGPU's time, and whether the slices of idle tenants stay idle. */
struct promise {
    const char *policy;
    enum { SHARE_OF_RUNNING, SHARE_OF_MAX } divide;
    enum { IDLE_IS_GIVEN_AWAY, IDLE_STAYS_IDLE, IDLE_UNKNOWN } idle;
    bool weighted;
};
static const struct promise promises[] = {
    { "equal-share", SHARE_OF_RUNNING, IDLE_STAYS_IDLE, false },
    { "fixed-share", SHARE_OF_MAX, IDLE_STAYS_IDLE, false },
    { "weighted", SHARE_OF_RUNNING, IDLE_IS_GIVEN_AWAY, true },
    { "amd-liquid", SHARE_OF_RUNNING, IDLE_IS_GIVEN_AWAY, false },
    { "gvt-weights", SHARE_OF_RUNNING, IDLE_STAYS_IDLE, true },
    { "xe-quanta", SHARE_OF_RUNNING, IDLE_UNKNOWN, false },
};

static const struct promise *find_promise(const char *policy)
{
    for (size_t i = 0; i < VG_COUNT(promises); i++)
        if (vg_equal(promises[i].policy, policy))
            return &promises[i];
    return NULL;
}

const char *judge_policy(const struct vg_measurements *measurements, const struct vg_measured_phase *phase)
{
    return phase->policy && *phase->policy ? phase->policy : measurements->policy;
}

/* Weights count only where the policy has them. */
static double weight_of(const struct promise *promise, const struct vg_measured_tenant *tenant)
{
    return promise->weighted && tenant->weight ? tenant->weight : 1;
}

double vg_entitled_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                         const char *tenant)
{
    const struct promise *promise = find_promise(judge_policy(measurements, phase));
    const struct vg_measured_tenant *own = vg_measured_tenant_find(measurements, tenant);
    if (!promise || !own)
        return NAN;
    if (promise->divide == SHARE_OF_MAX)
        return measurements->profile_max ? 1.0 / measurements->profile_max : NAN;
    double sum = 0;
    for (unsigned i = 0; i < measurements->tenant_count; i++)
        if (judge_is_running(measurements, &measurements->tenants[i], phase))
            sum += weight_of(promise, &measurements->tenants[i]);
    return sum > 0 ? weight_of(promise, own) / sum : NAN;
}

double judge_alone_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                         const char *tenant)
{
    const struct promise *promise = find_promise(judge_policy(measurements, phase));
    if (!promise || promise->idle == IDLE_IS_GIVEN_AWAY)
        return 1;
    if (promise->idle == IDLE_UNKNOWN) /* depends on a priority that the measurements do not name */
        return judge_tenants_running(measurements, phase) == 1 ? 1 : NAN;
    return vg_entitled_share(measurements, phase, tenant);
}
