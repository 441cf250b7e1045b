/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of the reference scheduler: from a policy's words to a quota and a weight. Nothing here touches the
 * host. */
#include "mechanism/reference-scheduler.h"

#define DEFAULT_PERIOD_US 20000
#define LEAST_QUOTA_US    1000 /* the kernel's limits on bandwidth control */
#define LEAST_PERIOD_US   1000
#define MOST_PERIOD_US    1000000
#define MOST_WEIGHT       100 /* times 100 is version 2's highest weight */

static enum vg_refusal refuse(struct vg_error *err, enum vg_refusal refusal, const char *sentence)
{
    vg_fail(err, VG_ERROR_REFUSED, "%s", sentence);
    return refusal;
}

/* Every one of `slots` tenants may use its part of each period and no more. */
static enum vg_refusal divide(const struct vg_host_policy *policy, unsigned core_count, unsigned slots,
                              struct vg_cgroup_limit *limit, struct vg_error *err)
{
    /* A policy is given either its period or the slice of one tenant in it. */
    uint64_t period = policy->period_us ? policy->period_us : DEFAULT_PERIOD_US;
    if (!policy->period_us && policy->slice_us)
        period = (uint64_t)policy->slice_us * slots;
    if (period < LEAST_PERIOD_US || period > MOST_PERIOD_US) {
        vg_fail(err, VG_ERROR_REFUSED, "a scheduling period of %llu us cannot be had: the kernel takes %u to %u us",
                (unsigned long long)period, LEAST_PERIOD_US, MOST_PERIOD_US);
        return VG_REFUSED_UNSUPPORTED;
    }
    uint64_t quota = period * core_count / slots;
    if (quota < LEAST_QUOTA_US) {
        vg_fail(
            err, VG_ERROR_REFUSED,
            "%u shares of a %llu us period are shorter than the %u us that the kernel takes; make the period longer",
            slots, (unsigned long long)period, LEAST_QUOTA_US);
        return VG_REFUSED_UNSUPPORTED;
    }
    limit->period_us = (unsigned)period;
    /* One slot is the whole pGPU: a quota would only add overhead at its edge. */
    limit->quota_us = slots == 1 ? 0 : (unsigned)quota;
    return VG_REFUSED_NOT;
}

/* A fixed share, and more by the policy's cap while some of the profile's places are free; all of it at most. The cap
 * is an upper bound: beside busy neighbours the kernel divides what there is. */
static enum vg_refusal divide_elastically(const struct vg_host_policy *policy, unsigned core_count, unsigned running,
                                          unsigned max, struct vg_cgroup_limit *limit, struct vg_error *err)
{
    enum vg_refusal refusal = divide(policy, core_count, max, limit, err);
    if (refusal != VG_REFUSED_NOT || running >= max)
        return refusal;
    uint64_t grown = (uint64_t)limit->quota_us * (100 + policy->elastic_percent) / 100;
    limit->quota_us = grown < (uint64_t)limit->period_us * core_count ? (unsigned)grown : 0;
    return VG_REFUSED_NOT;
}

enum vg_refusal vg_scheduler_limit(const struct vg_host_policy *policy, unsigned core_count, unsigned running,
                                   unsigned max, unsigned weight, struct vg_cgroup_limit *limit, struct vg_error *err)
{
    *limit = (struct vg_cgroup_limit) { .period_us = DEFAULT_PERIOD_US, .weight = 1 };
    if (!core_count || !running || !max)
        return refuse(err, VG_REFUSED_ERROR, "a pGPU without cores or tenants cannot be divided");
    if (vg_equal(policy->name, "best-effort"))
        return VG_REFUSED_NOT;
    if (vg_equal(policy->name, "equal-share"))
        return divide(policy, core_count, running, limit, err);
    if (vg_equal(policy->name, "fixed-share"))
        return divide(policy, core_count, max, limit, err);
    if (vg_equal(policy->name, "fixed-elastic"))
        return divide_elastically(policy, core_count, running, max, limit, err);
    if (vg_equal(policy->name, "weighted")) {
        if (weight > MOST_WEIGHT)
            return refuse(err, VG_REFUSED_UNSUPPORTED, "weights of 1 to 100 can be had");
        limit->weight = weight ? weight : 1;
        return VG_REFUSED_NOT;
    }
    vg_fail(err, VG_ERROR_REFUSED,
            "the reference scheduler knows best-effort, equal-share, fixed-share, fixed-elastic and weighted, not %s",
            policy->name);
    return VG_REFUSED_UNSUPPORTED;
}
