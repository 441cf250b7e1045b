/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scheduling policy promises a tenant: the policy truth table, as shares of solo throughput. */
#include "judge/internal.h"

#include <math.h>

/* The policies of the reference hypervisor, and what vendors' mean where the host file says nothing of its own. */
static const struct {
    const char *policy, *entitlement, *idle;
} table[] = {
    { "equal-share", "running", "kept" },   { "fixed-share", "max", "kept" },
    { "weighted", "weight", "given-away" }, { "amd-liquid", "quantum", "given-away" },
    { "gvt-weights", "weight", "kept" },    { "xe-quanta", "quantum", "by-priority" },
    { "mig", "instance", "kept" },          { "best-effort", "none", "given-away" },
    { "fixed-elastic", "elastic", "kept" },
};

struct promise {
    const char *entitlement, *idle; /* words of the host file */
};

/* The host file's word first: it is its scheduler that is judged. */
static struct promise promise_of(const struct vg_measurements *measurements, const char *policy)
{
    for (unsigned i = 0; i < measurements->promise_count; i++)
        if (vg_equal(measurements->promises[i].policy, policy))
            return (struct promise) { measurements->promises[i].entitlement, measurements->promises[i].idle };
    for (size_t i = 0; i < VG_COUNT(table); i++)
        if (vg_equal(table[i].policy, policy))
            return (struct promise) { table[i].entitlement, table[i].idle };
    return (struct promise) { "none", "given-away" };
}

const char *judge_policy(const struct vg_measurements *measurements, const struct vg_measured_phase *phase)
{
    return phase->policy && *phase->policy ? phase->policy : measurements->policy;
}

/* Weights count only where the policy has them: as such, or as a multiple of the slice. */
static double weight_of(const struct promise *promise, const struct vg_measured_tenant *tenant)
{
    bool weighted = vg_equal(promise->entitlement, "weight") || vg_equal(promise->entitlement, "quantum");
    return weighted && tenant->weight ? tenant->weight : 1;
}

/* A fixed share that may grow by the cap while fewer run than the profile allows, as far as there is room: beside busy
 * neighbours, who may do the same, an equal part; never less than the fixed share. */
static double elastic_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                            bool neighbours_work)
{
    unsigned running = judge_tenants_running(measurements, phase);
    if (!measurements->profile_max)
        return NAN;
    double fixed = 1.0 / measurements->profile_max, grown = fixed * (1 + measurements->elastic_percent / 100.0);
    if (running >= measurements->profile_max)
        return fixed;
    return fmin(grown, neighbours_work && running ? 1.0 / running : 1);
}

double vg_entitled_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                         const char *tenant)
{
    struct promise promise = promise_of(measurements, judge_policy(measurements, phase));
    const struct vg_measured_tenant *own = vg_measured_tenant_find(measurements, tenant);
    if (!own || vg_equal(promise.entitlement, "none"))
        return NAN;
    if (vg_equal(promise.entitlement, "instance")) /* all of what its solo was measured on */
        return 1;
    if (vg_equal(promise.entitlement, "max"))
        return measurements->profile_max ? 1.0 / measurements->profile_max : NAN;
    if (vg_equal(promise.entitlement, "elastic"))
        return elastic_share(measurements, phase, true);
    double sum = 0;
    for (unsigned i = 0; i < measurements->tenant_count; i++)
        if (judge_is_running(measurements, &measurements->tenants[i], phase))
            sum += weight_of(&promise, &measurements->tenants[i]);
    return sum > 0 ? weight_of(&promise, own) / sum : NAN;
}

double judge_period_us(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                       const char *tenant)
{
    struct promise promise = promise_of(measurements, judge_policy(measurements, phase));
    const struct vg_measured_tenant *own = vg_measured_tenant_find(measurements, tenant);
    if (measurements->period_us)
        return measurements->period_us;
    double share = vg_entitled_share(measurements, phase, tenant);
    return own && measurements->slice_us ? measurements->slice_us * weight_of(&promise, own) / share : NAN;
}

double judge_alone_share(const struct vg_measurements *measurements, const struct vg_measured_phase *phase,
                         const char *tenant)
{
    struct promise promise = promise_of(measurements, judge_policy(measurements, phase));
    if (vg_equal(promise.idle, "given-away"))
        return 1;
    if (vg_equal(promise.idle, "by-priority")) /* of which the measurements say nothing */
        return judge_tenants_running(measurements, phase) == 1 ? 1 : NAN;
    if (vg_equal(promise.entitlement, "elastic"))
        return elastic_share(measurements, phase, false);
    return vg_entitled_share(measurements, phase, tenant);
}
