/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which placement IDs NVIDIA's resource manager supports (NV-RM, kernel_vgpu_mgr.c): the region is halved again and
 * again, because the channels of a VF come in powers of two. At 1, 2, 4, ... parts, with n the most equal-size vGPUs of
 * a type:
 *   n = 2 x parts          two of the type in each part, one at its start, one at its end
 *   n > parts, and parts is the power of two below n
 *                          one in each part: at the start of left halves, at the end of right halves
 *   n = 1, one part        one, at the start
 * So 16 GiB on 80 GiB (n = 5) has 4 places where equal-size mode has 5. Some drivers deny some of the IDs of 1 GiB
 * types. */
#include "placement/internal.h"

enum { MOST_PARTS = 16 /* 32 vGPUs of a pGPU are the most, two in each part */ };

struct part {
    unsigned first, end; /* slots */
    unsigned parts;      /* how many of these the region has */
    bool left;
};

static bool add(struct vg_pgpu_class *class, unsigned type, unsigned id, struct vg_error *err)
{
    struct vg_vgpu_type *t = &class->types[type];
    for (unsigned i = 0; i < t->placement_denied_count; i++)
        if (t->placement_denied[i] == id)
            return true;
    if (t->placement_id_count == VG_CLASS_INSTANCES_MAX)
        return vg_type_fail(class, type, err, "more than %d placement IDs", VG_CLASS_INSTANCES_MAX);
    t->placement_ids[t->placement_id_count++] = id;
    return true;
}

static unsigned power_of_two_below(unsigned n)
{
    unsigned power = 1;
    while (power * 2 < n)
        power *= 2;
    return power;
}

static bool divide(struct vg_pgpu_class *class, unsigned type, struct part part, struct vg_error *err)
{
    const struct vg_vgpu_type *t = &class->types[type];
    if (part.parts > MOST_PARTS)
        return true;
    bool both = t->max == 2 * part.parts;
    bool power = (t->max & (t->max - 1)) == 0;
    bool one = (!power && power_of_two_below(t->max) == part.parts) || (t->max == 1 && part.parts == 1);
    if ((both || one) && part.end - part.first < t->placement_slots * (both ? 2 : 1))
        return vg_type_fail(class, type, err, "%u of it, each with %u slots, do not fit into the %u slots of the pGPU",
                            t->max, t->placement_slots, class->placement_slots);
    if ((both || (one && part.left)) && !add(class, type, part.first, err))
        return false;
    if ((both || (one && !part.left)) && !add(class, type, part.end - t->placement_slots, err))
        return false;
    unsigned middle = (part.first + part.end) / 2;
    return divide(class, type, (struct part) { part.first, middle, part.parts * 2, true }, err) &&
           divide(class, type, (struct part) { middle, part.end, part.parts * 2, false }, err);
}

bool vg_layout_placements(struct vg_pgpu_class *class, unsigned type, struct vg_error *err)
{
    if (class->types[type].max < 1 || class->types[type].max > 2 * MOST_PARTS)
        return vg_type_fail(class, type, err, "`max` must be 1 to %d, or its placement IDs must be listed",
                            2 * MOST_PARTS);
    return divide(class, type, (struct part) { 0, class->placement_slots, 1, true }, err);
}
