/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pGPU a placement policy must choose, by the words of who documents it and nothing of the code that places:
 * no rank, no descriptor of the policy and no counts that others keep. NVIDIA (NV-UG8 6.2): breadth-first puts a vGPU
 * on the pGPU with the fewest vGPUs, depth-first on the one with the most. xapi (XAPI-OPS): by how many more of the
 * type would fit. Only pGPUs that would take it are considered, and any of several that are alike is right. If none
 * would, the request is told the most specific reason: no capacity before incompatible, disabled and unsupported
 * (xapi_gpu_group.ml). */
#include "judge/internal.h"

static const struct {
    const char *policy;
    bool by_residents, most;
} words[] = {
    { "breadth-first-residents", true, false },
    { "depth-first-residents", true, true },
    { "breadth-first-remaining", false, true },
    { "depth-first-remaining", false, false },
};

bool judge_oracle_knows(const char *policy)
{
    for (size_t i = 0; i < VG_COUNT(words); i++)
        if (vg_equal(words[i].policy, policy))
            return true;
    return false;
}

/* Made one after the other on a copy, until the next one is refused; *why is that refusal's reason. */
static unsigned how_many_more(const struct vg_pgpu_class *class, const struct vg_pgpu_state *state, unsigned type_id,
                              enum vg_refusal *why)
{
    struct vg_pgpu_state copy = *state;
    struct vg_vgpu_instance made;
    unsigned count = 0, type = 0;
    while (type < class->type_count && class->types[type].id != type_id)
        type++;
    *why = VG_REFUSED_UNSUPPORTED;
    if (type == class->type_count)
        return 0;
    const struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type);
    while (count < VG_CLASS_INSTANCES_MAX &&
           (*why = vg_capacity_create(class, &copy, &wanted, &made)) == VG_REFUSED_NOT)
        count++;
    return count;
}

static unsigned how_specific(enum vg_refusal why)
{
    return why == VG_REFUSED_NO_CAPACITY    ? 10
           : why == VG_REFUSED_INCOMPATIBLE ? 8
           : why == VG_REFUSED_DISABLED     ? 6
           : why == VG_REFUSED_UNSUPPORTED  ? 4
                                            : 0;
}

struct judge_oracle judge_oracle_ask(const char *policy, const struct judge_pgpus *pgpus, unsigned type_id,
                                     int64_t chosen)
{
    struct judge_oracle said = { .best = VG_ANY, .why = VG_REFUSED_UNSUPPORTED };
    bool by_residents = true, most = false, known = false, chosen_fits = false;
    unsigned best = 0, chosen_key = 0, eligible = 0, reasons = 0;
    for (size_t i = 0; i < VG_COUNT(words); i++)
        if (vg_equal(words[i].policy, policy)) {
            by_residents = words[i].by_residents;
            most = words[i].most;
            known = true;
        }
    for (unsigned i = 0; i < pgpus->count; i++) {
        enum vg_refusal why;
        unsigned more = how_many_more(&pgpus->classes[i], &pgpus->states[i], type_id, &why);
        unsigned key = by_residents ? pgpus->residents[i] : more;
        if (!more) {
            reasons |= 1U << why;
            if (how_specific(why) > how_specific(said.why))
                said.why = why;
            continue;
        }
        said.contested = said.contested || (eligible && key != best);
        if (!eligible++ || (most ? key > best : key < best)) {
            best = key;
            said.best = i;
        }
        if (i == chosen) {
            chosen_fits = true;
            chosen_key = key;
        }
    }
    said.contested = said.contested && known;
    said.mixed = !eligible && __builtin_popcount(reasons) > 1;
    said.good = eligible ? chosen_fits && (!known || chosen_key == best) : chosen < 0;
    return said;
}
