/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for refusals, and which of several is told. */
#include "placement/placement.h"

const char *vg_refusal_name(enum vg_refusal refusal)
{
    static const char *const names[] = {
        [VG_REFUSED_NOT] = "granted",
        [VG_REFUSED_NO_CAPACITY] = "no-capacity",
        [VG_REFUSED_INCOMPATIBLE] = "incompatible",
        [VG_REFUSED_DISABLED] = "disabled",
        [VG_REFUSED_UNSUPPORTED] = "unsupported",
        [VG_REFUSED_BUSY] = "busy",
        [VG_REFUSED_NEEDS_REBOOT] = "needs-reboot",
        [VG_REFUSED_ERROR] = "error",
    };
    return (unsigned)refusal < VG_COUNT(names) ? names[refusal] : "unknown";
}

enum vg_refusal vg_refusal_more_specific(enum vg_refusal a, enum vg_refusal b)
{
    return a < b ? a : b; /* the enumeration is in this order */
}
