/* SPDX-License-Identifier: MIT */
/* On which CPUs a workload may run. A latency that was measured on one CPU and compared with one that was measured on
 * many compares schedulers, so every run says it. */
#include <errno.h>
#include <sched.h>
#include "common/runtime.h"

#define MOST_CPUS 65536

/* The kernel refuses a set that is smaller than its own, and its own size is not told: so it is tried. */
static cpu_set_t *read_affinity(size_t *cpus)
{
    for (*cpus = CPU_SETSIZE; *cpus <= MOST_CPUS; *cpus *= 2) {
        size_t bytes = CPU_ALLOC_SIZE(*cpus);
        cpu_set_t *set = vg_calloc(1, bytes);
        if (sched_getaffinity(0, bytes, set) == 0)
            return set;
        int error = errno;
        free(set);
        if (error != EINVAL)
            return NULL;
    }
    return NULL;
}

void vg_affinity_fact(struct vg_workload_context *context)
{
    size_t cpus;
    vg_autofree cpu_set_t *set = read_affinity(&cpus);
    VG_CLEANUP(vg_text_free) struct vg_text list = { 0 };
    for (size_t first = 0; set && first < cpus; first++) {
        if (!CPU_ISSET_S(first, CPU_ALLOC_SIZE(cpus), set))
            continue;
        size_t last = first;
        while (last + 1 < cpus && CPU_ISSET_S(last + 1, CPU_ALLOC_SIZE(cpus), set))
            last++;
        vg_text_add(&list, "%s%zu", list.length ? "," : "", first);
        if (last > first)
            vg_text_add(&list, "-%zu", last);
        first = last;
    }
    vg_w_fact_text(context, "cpu_affinity", list.data ? list.data : "unknown");
}
