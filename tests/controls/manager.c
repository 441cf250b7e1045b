/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: a manager that loses a little memory with every vGPU (two KiB: twice what VGPU-LIFE-001 allows), one
 * that leaves a file open now and then, one that says "no room" where types forbid each other, and one that gives a
 * pGPU away as a whole without a look at who uses it. VGAUGE_CONTROL says which; without it everything is good. Linked
 * into vgauge-control only, by --wrap of the functions below. */
#include <fcntl.h>
#include <stdlib.h>
#include "mechanism/pci.h"
#include "mechanism/vendor.h"

enum { LOST_BYTES = 2048, KEPT_EVERY = 100 };

void __real_vg_vendor_forget(struct vg_vendor *vendor, struct vg_vgpu *vgpu);
void __wrap_vg_vendor_forget(struct vg_vendor *vendor, struct vg_vgpu *vgpu);

static struct lost { /* reachable, as in a manager that keeps a list and never shortens it */
    struct lost *next;
    char rest[LOST_BYTES - sizeof(void *)];
} * lost;

void __wrap_vg_vendor_forget(struct vg_vendor *vendor, struct vg_vgpu *vgpu)
{
    static unsigned count;
    const char *control = getenv("VGAUGE_CONTROL");
    pthread_mutex_lock(&vendor->lock);
    if (vg_equal(control, "manager-leaks")) {
        struct lost *more = vg_calloc(1, sizeof(*more));
        more->next = lost;
        lost = more;
    }
    if (vg_equal(control, "manager-keeps-files") && count++ % KEPT_EVERY == KEPT_EVERY - 1) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        (void)fd; /* the control's fault is that it is never closed */
    }
    pthread_mutex_unlock(&vendor->lock);
    __real_vg_vendor_forget(vendor, vgpu);
}

enum vg_refusal __real_vg_vendor_why_full(const struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                          const struct vg_host_profile *profile, struct vg_error *err);
enum vg_refusal __wrap_vg_vendor_why_full(const struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                          const struct vg_host_profile *profile, struct vg_error *err);

enum vg_refusal __wrap_vg_vendor_why_full(const struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                          const struct vg_host_profile *profile, struct vg_error *err)
{
    enum vg_refusal refusal = __real_vg_vendor_why_full(vendor, pgpu, profile, err);
    bool vague = vg_equal(getenv("VGAUGE_CONTROL"), "manager-vague") && refusal == VG_REFUSED_INCOMPATIBLE;
    return vague ? VG_REFUSED_NO_CAPACITY : refusal;
}

bool __real_vg_pci_users(const struct vg_vendor *vendor, const char *pf, unsigned *users, struct vg_error *err);
bool __wrap_vg_pci_users(const struct vg_vendor *vendor, const char *pf, unsigned *users, struct vg_error *err);

bool __wrap_vg_pci_users(const struct vg_vendor *vendor, const char *pf, unsigned *users, struct vg_error *err)
{
    bool good = __real_vg_pci_users(vendor, pf, users, err);
    if (vg_equal(getenv("VGAUGE_CONTROL"), "manager-passes-blindly"))
        *users = 0;
    return good;
}
