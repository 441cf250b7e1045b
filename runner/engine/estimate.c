/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long an instance will take, roughly: for the estimate that a waiting person sees, for nothing else. */
#include "engine/internal.h"

/* Seen on a two-core machine without KVM; only the progress line depends on it. */
enum { BOOT_TCG_S = 6, BOOT_KVM_S = 4, PHASE_OVERHEAD_S = 2, UNTIMED_WORKLOAD_S = 5 };

static double run_seconds(const struct vg_test_run *run)
{
    const char *seconds = vg_settings_get(&run->params, "seconds");
    const char *rate = vg_settings_get(&run->params, "rate_hz"), *samples = vg_settings_get(&run->params, "samples");
    double value, count;
    if (run->until) /* the phase waits for a mark; how long the workload goes on is no matter */
        return UNTIMED_WORKLOAD_S;
    if (seconds && vg_parse_real(seconds, &value))
        return value;
    if (rate && samples && vg_parse_real(rate, &value) && vg_parse_real(samples, &count) && value > 0)
        return count / value;
    const struct vg_descriptor *workload = vg_descriptor_find(VG_KIND_WORKLOAD, run->workload);
    const struct vg_param *param = workload ? vg_param_find(workload, "seconds") : NULL;
    if (param && param->def && vg_parse_real(param->def, &value))
        return value;
    return UNTIMED_WORKLOAD_S;
}

double vg_instance_estimate_s(const struct vg_instance *instance, const struct vg_host *host)
{
    if (instance->skip)
        return 0;
    const struct vg_mechanism *mechanism = vg_mechanism_find(instance->mechanism);
    double boot = !mechanism->vm ? 0 : vg_equal(host->machine.accel, "kvm") ? BOOT_KVM_S : BOOT_TCG_S;
    double total = boot * 0.5; /* half of the tests find their tenants running */
    for (unsigned i = 0; i < instance->test->phase_count; i++) {
        const struct vg_phase *phase = &instance->test->phases[i];
        double longest = 0;
        for (unsigned j = 0; j < phase->run_count; j++) {
            double seconds = run_seconds(&phase->runs[j]);
            longest = seconds > longest ? seconds : longest;
        }
        for (unsigned j = 0; j < phase->action_count; j++)
            total += vg_equal(phase->actions[j].action, "start") ? boot : 1;
        total += longest + (mechanism->vm ? PHASE_OVERHEAD_S : 0.5);
    }
    return total;
}
