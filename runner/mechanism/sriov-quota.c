/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that the PF's driver gives to one VF. Each driver has its own file for it:
 * - xe (Documentation/ABI/testing/sysfs-driver-intel-xe-sriov): sriov_admin/vfN/profile/vram_quota;
 * - i915 of Intel's own tree, not of Linux: lmem_quota in bytes, per VF and then per GT, below the DRM card's
 * prelim_iov or iov. In Linux itself i915 has no VFs. That tree calls the interface obsolete, so nothing beyond it is
 * assumed.
 */
#include "machine/machine.h"
#include "mechanism/drm-card.h"
#include "mechanism/pci.h"
#include "mechanism/sriov.h"

static const char *const places[] = { "prelim_iov", "iov" };
static const char *const tiles[] = { "gt", "gt0", "gt1", "gt2", "gt3" };

/* Files for this VF's memory, one per tile that has memory; returns how many, and the first of them. */
static unsigned i915_files(const char *card, int vf, char **first)
{
    unsigned count = 0;
    for (size_t i = 0; !count && i < VG_COUNT(places); i++)
        for (size_t j = 0; j < VG_COUNT(tiles); j++) {
            vg_autofree char *file = vg_format("%s/%s/vf%d/%s/lmem_quota", card, places[i], vf + 1, tiles[j]);
            if (vg_exists(file) && !count++)
                *first = vg_strdup(file);
        }
    return count;
}

/* Where the quota is written. *path NULL without a refusal: this driver divides its memory by itself. */
static enum vg_refusal find_file(const struct vg_vendor *vendor, const char *pci, int vf, char **path,
                                 struct vg_error *err)
{
    vg_autofree char *file = vg_format("sriov_admin/vf%d/profile/vram_quota", vf + 1);
    vg_autofree char *xe = vg_pci_path(vendor, pci, file);
    vg_autofree char *driver = vg_pci_driver(vendor, pci);
    if (!vg_is_gone(xe)) {
        *path = vg_strdup(xe);
        return VG_REFUSED_NOT;
    }
    if (!vg_equal(driver, "i915"))
        return VG_REFUSED_NOT;
    vg_autofree char *device = vg_pci_path(vendor, pci, NULL);
    vg_autofree char *card = vg_drm_card(device);
    unsigned count = card ? i915_files(card, vf, path) : 0;
    if (count == 1)
        return VG_REFUSED_NOT;
    if (count)
        vg_fail(err, VG_ERROR_REFUSED,
                "i915 has %u tiles with memory for VF %d of %s; a quota over several is not divided", count, vf + 1,
                pci);
    else
        vg_fail(err, VG_ERROR_REFUSED,
                "i915 lets no memory be given to VF %d of %s: neither prelim_iov/vf%d/gt*/lmem_quota nor iov/vf%d/"
                "gt*/lmem_quota is below drm/cardN of the PF; leave `memory_mib` out of the profile",
                vf + 1, pci, vf + 1, vf + 1);
    free(*path);
    *path = NULL;
    return VG_REFUSED_UNSUPPORTED;
}

/* xe's ABI lets the driver align a quota; it rounds up to whole pages of its local memory translation table, 2 MiB, on
 * each of at most four tiles (xe_sriov_pf_provision.c, vram_per_tile). What is more than that was not asked for. */
static bool is_granted(uint64_t asked, uint64_t now)
{
    enum { PAGE = 2 << 20, TILES = 4 };
    return now == asked || (asked && now > asked && now - asked < (uint64_t)PAGE * TILES);
}

/* Writes and reads back how much it became. */
static enum vg_refusal set_quota(const struct vg_vendor *vendor, const char *path, uint64_t bytes, uint64_t *granted,
                                 struct vg_error *err)
{
    vg_autofree char *text = vg_format("%llu", (unsigned long long)bytes);
    enum vg_refusal refusal = vg_vendor_write(vendor, path, text, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!vg_vendor_number(path, UINT64_MAX, granted, err))
        return VG_REFUSED_ERROR;
    if (is_granted(bytes, *granted))
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT,
            "the driver took a quota of %s bytes at %s, and says %llu, which is no rounding up to its pages", text,
            path, (unsigned long long)*granted);
    return VG_REFUSED_ERROR;
}

/* The driver divides its memory by itself. It may have given the VF enough, and if nobody can see that, it is no
 * promise. */
static enum vg_refusal see_memory(const struct vg_vendor *vendor, const char *pci, int vf, uint64_t asked,
                                  struct vg_error *err)
{
    enum { MIB_SHIFT = 20 };
    uint64_t has = 0;
    bool known = false;
    if (!vg_sriov_memory_of(vendor, pci, vf, &known, &has, err))
        return VG_REFUSED_ERROR;
    if (known && has >= asked)
        return VG_REFUSED_NOT;
    if (known)
        vg_fail(err, VG_ERROR_REFUSED,
                "VF %d of %s has %llu MiB of memory, its profile says %llu, and the driver has no file to change that "
                "(sriov_admin/vf%d/profile/vram_quota); lower `memory_mib`, or enable fewer VFs",
                vf + 1, pci, (unsigned long long)(has >> MIB_SHIFT), (unsigned long long)(asked >> MIB_SHIFT), vf + 1);
    else
        vg_fail(err, VG_ERROR_REFUSED,
                "how much memory VF %d of %s has can neither be set (sriov_admin/vf%d/profile/vram_quota) nor seen "
                "(vram_provisioned in debugfs); leave `memory_mib` out of the profile",
                vf + 1, pci, vf + 1);
    return VG_REFUSED_UNSUPPORTED;
}

enum vg_refusal vg_sriov_give_memory(const struct vg_vendor *vendor, struct vg_vgpu *made, struct vg_error *err)
{
    struct vg_sriov_vf *vf = made->state;
    uint64_t asked = made->profile->memory_bytes;
    vg_autofree char *path = NULL;
    if (!asked)
        return VG_REFUSED_NOT;
    const char *pci = vendor->host->pgpus[made->pgpu_index].pci;
    enum vg_refusal refusal = find_file(vendor, pci, made->vf, &path, err);
    if (refusal == VG_REFUSED_NOT && !path)
        return see_memory(vendor, pci, made->vf, asked, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!vg_vendor_number(path, UINT64_MAX, &vf->before, err))
        return VG_REFUSED_ERROR;
    made->granted_bytes = vf->before;
    if (vf->before == asked)
        return VG_REFUSED_NOT;
    if (!vg_ledger_note_set(path, vf->before, asked, err))
        return VG_REFUSED_ERROR;
    vf->endowed = true;
    refusal = set_quota(vendor, path, asked, &made->granted_bytes, err);
    if (refusal == VG_REFUSED_NOT && made->granted_bytes != asked &&
        !vg_ledger_note_set(path, vf->before, made->granted_bytes, err))
        return VG_REFUSED_ERROR;
    return refusal;
}

bool vg_sriov_take_memory(const struct vg_vendor *vendor, const struct vg_vgpu *made, struct vg_error *err)
{
    struct vg_sriov_vf *vf = made->state;
    uint64_t now;
    vg_autofree char *path = NULL;
    vg_autofree char *device = vg_pci_path(vendor, vf->address, NULL);
    if (!vf->endowed || vg_is_gone(device)) /* disabling VFs released what they had */
        return true;
    bool back = find_file(vendor, vendor->host->pgpus[made->pgpu_index].pci, made->vf, &path, err) == VG_REFUSED_NOT;
    if (back && path)
        back = vg_vendor_number(path, UINT64_MAX, &now, err) &&
               (now == vf->before || set_quota(vendor, path, vf->before, &now, err) == VG_REFUSED_NOT ||
                set_quota(vendor, path, 0, &now, err) == VG_REFUSED_NOT);
    if (!back)
        return vg_wrap(err, "the VF %s keeps memory that nobody uses", vf->address);
    if (path)
        vg_ledger_note_reset(path);
    vf->endowed = false;
    return true;
}
