/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: a host for which time that a tenant waited for the GPU is use of it, as it is where utilisation means "had
 * work queued": two tenants then use more than one GPU. Linked into vgauge in place of what reads a thread's time from
 * the kernel. */
#include "procfs.h"

bool __real_procfs_parse_schedstat(const char *text, uint64_t *run_ns, uint64_t *wait_ns);
bool __wrap_procfs_parse_schedstat(const char *text, uint64_t *run_ns, uint64_t *wait_ns);

bool __wrap_procfs_parse_schedstat(const char *text, uint64_t *run_ns, uint64_t *wait_ns)
{
    if (!__real_procfs_parse_schedstat(text, run_ns, wait_ns))
        return false;
    *run_ns += *wait_ns;
    return true;
}
