/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a tenant's clock ran as fast as the host's. All that a workload times, and all that it waits for, is by that
 * clock: where it runs at another rate, durations are wrong and time-outs come too soon, with nothing else to see. */
#include <math.h>
#include "judge/internal.h"

/* Linux takes a calibration of its clock for broken from 1 % off (tsc_refine_calibration_work in
 * arch/x86/kernel/tsc.c); good ones were within 0.005 % of the host's here. */
#define MOST_OFF 0.01
/* A comparison over less than this says nothing about a rate. */
#define LEAST_NS (VG_NS_PER_S)

static bool rate_of(const struct vg_measured_tenant *tenant, double *rate, double *seconds)
{
    if (tenant->clock_count < 2)
        return false;
    const struct vg_clock_point *first = &tenant->clock[0], *last = &tenant->clock[tenant->clock_count - 1];
    double host_ns = (double)(last->host_ns - first->host_ns);
    double guest_ns = host_ns - (double)(last->offset_ns - first->offset_ns);
    double unsure_ns = (double)first->uncertainty_ns + (double)last->uncertainty_ns;
    if (!(host_ns >= (double)LEAST_NS))
        return false;
    *rate = guest_ns / host_ns;
    *seconds = host_ns / (double)VG_NS_PER_S;
    return fabs(guest_ns - host_ns) > MOST_OFF * host_ns + unsure_ns;
}

bool judge_wrong_clock(const struct vg_measurements *m, struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->tenant_count; i++) {
        double rate, seconds;
        if (rate_of(&m->tenants[i], &rate, &seconds))
            judge_add_reason(
                judgement,
                "Tenant %s: its clock ran %.3g times as fast as the host's for %.0f s, so that nothing that it "
                "timed or waited for is right.",
                m->tenants[i].name, rate, seconds);
    }
    return judgement->reason_count > before;
}
