/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad, on the reference hypervisor: a manager that sells a place too many, one that loses places, and a scheduler
 * that puts every renderer on the first pGPU. VGAUGE_CONTROL says which; without it everything is good. Linked into
 * vgauge-control only, by --wrap of the functions below. */
#include <stdatomic.h>
#include <stdlib.h>
#include "mechanism/reference-scheduler.h"
#include "mechanism/slots.h"

enum { EXTRA_MOST = 4096, LOSE_EVERY = 5 };

enum vg_refusal __real_vg_slots_create(struct vg_slots *slots, unsigned pgpu_index,
                                       const struct vg_host_profile *profile, struct vg_vgpu **vgpu,
                                       struct vg_error *err);
enum vg_refusal __wrap_vg_slots_create(struct vg_slots *slots, unsigned pgpu_index,
                                       const struct vg_host_profile *profile, struct vg_vgpu **vgpu,
                                       struct vg_error *err);
bool __real_vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err);
bool __wrap_vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err);
bool __real_vg_scheduler_adopt(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, const char *cores,
                               struct vg_error *err);
bool __wrap_vg_scheduler_adopt(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, const char *cores,
                               struct vg_error *err);

static struct vg_vgpu *_Atomic extras[EXTRA_MOST]; /* that the list of places does not know */
static atomic_uint extra_count, destroys;

static bool is(const char *control)
{
    return vg_equal(getenv("VGAUGE_CONTROL"), control);
}

enum vg_refusal __wrap_vg_slots_create(struct vg_slots *slots, unsigned pgpu_index,
                                       const struct vg_host_profile *profile, struct vg_vgpu **vgpu,
                                       struct vg_error *err)
{
    enum vg_refusal refusal = __real_vg_slots_create(slots, pgpu_index, profile, vgpu, err);
    if (!is("extra-place") || refusal == VG_REFUSED_NOT || refusal == VG_REFUSED_ERROR)
        return refusal;
    unsigned number = atomic_fetch_add(&extra_count, 1);
    if (number % 4 || number >= EXTRA_MOST) /* every fourth, so that filling up comes to an end */
        return refusal;
    struct vg_vgpu *made = vg_calloc(1, sizeof(*made));
    *made = (struct vg_vgpu) { .mechanism = slots->mechanism,
                               .profile = profile,
                               .pgpu_index = pgpu_index,
                               .vf = VG_ANY,
                               .placement_id = VG_ANY };
    snprintf(made->uuid, sizeof(made->uuid), "00000000-0000-4000-8000-%012u", number);
    atomic_store(&extras[number], made);
    *vgpu = made;
    return VG_REFUSED_NOT;
}

bool __wrap_vg_slots_destroy(struct vg_slots *slots, struct vg_vgpu *vgpu, struct vg_error *err)
{
    for (unsigned i = 0; i < EXTRA_MOST; i++) {
        struct vg_vgpu *extra = vgpu;
        if (!atomic_compare_exchange_strong(&extras[i], &extra, NULL))
            continue;
        free(vgpu);
        return true;
    }
    if (is("place-lost") && atomic_fetch_add(&destroys, 1) % LOSE_EVERY == LOSE_EVERY - 1)
        return true; /* the list frees it when it is closed */
    return __real_vg_slots_destroy(slots, vgpu, err);
}

bool __wrap_vg_scheduler_adopt(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, const char *cores,
                               struct vg_error *err)
{
    return __real_vg_scheduler_adopt(scheduler, tenant, is("wrong-pgpu") ? "0" : cores, err);
}
