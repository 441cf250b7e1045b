/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an emulated guest is told about its clock. QEMU's emulator gives the guest the time stamp counter of the host,
 * at the host's rate, and the guest's kernel finds that rate by arming the programmable interval timer and counting
 * until it fires. A host that takes the CPU away between the two leaves the kernel a part of the time only: it then
 * takes the counter to be 3 to 40 times as slow as it is, trusts that more than the HPET beside it, which was right,
 * and all clocks of the guest run that much too fast. The rate is known here, so the guest need not guess. */
#include <math.h>
#include "common/ticks.h"
#include "engine/internal.h"

char *vg_guest_clock_option(enum vg_accel accel, const char *root)
{
    struct ticks ticks;
    if (accel != VG_ACCEL_TCG)
        return NULL; /* KVM tells the guest its rate itself */
    ticks_open(&ticks, root);
    ticks_start(&ticks);
    /* Linux, Documentation/admin-guide/kernel-parameters.txt: in kHz; refined against the HPET if within 1 % of it. */
    return ticks.counter ? vg_format("tsc_early_khz=%.0f", round(1e6 / ticks.ns_per_tick)) : NULL;
}
