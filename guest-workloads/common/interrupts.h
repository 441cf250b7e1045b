/* SPDX-License-Identifier: MIT */
/* Interrupts as the tenant itself takes them. The host's counters show what the host did for them; that there were any
 * only the tenant knows where the hardware posts them. */
#ifndef VG_WORKLOAD_INTERRUPTS_H
#define VG_WORKLOAD_INTERRUPTS_H

#include <stdint.h>

/* Of all devices, since the tenant's kernel started: the numbered rows of ROOT/proc/interrupts, added up; not timers
 * and what CPUs send each other. -1: cannot be read or understood. root: "" or a recorded tree. */
int64_t vg_device_interrupts(const char *root);

#endif
