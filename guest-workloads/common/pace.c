/* SPDX-License-Identifier: MIT */
/* Waiting for a tick (pace.h). */
#include "common/pace.h"

#define SPIN_NS (100 * VG_NS_PER_US)
#define NAP_NS  (50 * VG_NS_PER_MS) /* waiting looks this often whether to stop */

void pace_idle_until(struct vg_workload_context *context, int64_t at_ns, bool awake)
{
    int64_t rest_ns;
    while ((rest_ns = at_ns - vg_now_ns()) > 0 && !vg_w_should_stop(context))
        if (rest_ns > SPIN_NS && !awake)
            vg_sleep_ns(rest_ns - SPIN_NS < NAP_NS ? rest_ns - SPIN_NS : NAP_NS);
}
