/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's ABI of mediated devices: a UUID is written to a type's `create`, a number to the device's `remove`.
 * Whether it happened is seen by looking, not by the write: drivers are known that answer yes and keep the device. */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include "mechanism/mdev.h"
#include "mechanism/pci.h"
#include "mechanism/sched-knobs.h"

/* A description does not change while its driver is there, so that its maximum is read once: kept by pGPU and profile
 * in vg_mdev.maxima, with this bit. Two threads that read it at once store the same. */
#define MAX_KNOWN (1U << 31)

bool vg_mdev_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                  const struct vg_host_mechanism *config, void **state, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/sys/class/mdev_bus", vg_equal(host->root, "/") ? "" : host->root);
    if (!vg_exists(path))
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "there is no %s: no driver with mediated devices is loaded, or the host file's `root` is wrong",
                       path);
    struct vg_vendor *vendor = vg_vendor_open(mechanism, host, config);
    struct vg_mdev *own = vendor->own = vg_calloc(1, sizeof(*own));
    own->maxima = vg_calloc((size_t)host->pgpu_count * config->profile_count + 1, sizeof(*own->maxima));
    *state = vendor;
    return true;
}

void vg_mdev_close(void *state)
{
    struct vg_vendor *vendor = state;
    struct vg_mdev *own = vendor->own;
    vg_vendor_close(vendor);
    free(own->maxima);
    free(own);
}

bool vg_mdev_discover(void *state, struct vg_inventory *inventory, struct vg_error *err)
{
    return vg_vendor_discover(state, inventory, err);
}

static const char *parent_of(const struct vg_host_pgpu *pgpu)
{
    return pgpu->parent ? pgpu->parent : pgpu->pci ? pgpu->pci : pgpu->name;
}

static bool is_on_vfs(const struct vg_vendor *vendor, const struct vg_host_pgpu *pgpu)
{
    const struct vg_mdev *own = vendor->own;
    return own->vfs && pgpu->vfs && pgpu->pci;
}

static char *types_path(const struct vg_vendor *vendor, const char *parent)
{
    return vg_vendor_path(vendor, "sys/class/mdev_bus/%s/mdev_supported_types", parent);
}

/* What the type's files say. A type that is not there offers nothing; one whose files cannot be read is an error. */
static bool look_at_type(const char *types, const struct vg_host_profile *profile, unsigned *available, unsigned *max,
                         struct vg_error *err)
{
    enum { MOST_INSTANCES = 65536 };
    vg_autofree char *type = vg_format("%s/%s", types, vg_vendor_type(profile));
    vg_autofree char *counter = vg_format("%s/available_instances", type);
    vg_autofree char *description = vg_format("%s/description", type);
    vg_autofree char *text = NULL;
    uint64_t number;
    *available = 0;
    if (!vg_exists(type))
        return true;
    if (!vg_vendor_number(counter, MOST_INSTANCES, &number, err))
        return false;
    *available = (unsigned)number;
    if (*max & MAX_KNOWN)
        return true;
    struct vg_sysfs_description said = { 0 };
    if (vg_exists(description) && (!vg_read_attribute(description, &text, err) || !vg_sysfs_describe(text, &said, err)))
        return vg_wrap(err, "%s", description);
    *max = said.max_instance | MAX_KNOWN;
    return true;
}

static bool look_at_devices(const char *types, int vf, struct vg_pgpu *pgpu, struct vg_error *err)
{
    vg_autofree char *device = vg_format("%s/..", types);
    vg_autodir DIR *directory = opendir(device);
    if (!directory)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot list %s", device);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (!vg_sysfs_uuid(entry->d_name))
            continue;
        vg_autofree char *link = vg_format("%s/%s/mdev_type", device, entry->d_name);
        vg_autofree char *type = vg_link_name(link);
        if (!type)
            continue; /* it is just going */
        struct vg_live_vgpu *live = &vg_push(pgpu->vgpus, pgpu->vgpu_count);
        *live = (struct vg_live_vgpu) { .profile = vg_vendor_profile(pgpu, type), .vf = vf, .placement_id = VG_ANY };
        snprintf(live->uuid, sizeof(live->uuid), "%.36s", entry->d_name);
        if (vf < 0)
            continue;
        pgpu->vfs[vf].taken = true;
        pgpu->vfs[vf].profile = live->profile;
    }
    pgpu->live = pgpu->vgpu_count;
    return true;
}

static bool look_at_vf(const struct vg_vendor *vendor, struct vg_pgpu *pgpu, unsigned index, unsigned *maxima,
                       struct vg_error *err)
{
    struct vg_vf_state *vf = &pgpu->vfs[index];
    vg_autofree char *types = types_path(vendor, vf->address);
    vf->profile = VG_ANY;
    if (!vg_exists(types))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "there is no %s: does the vendor's driver have this VF?", types);
    for (unsigned i = 0; i < pgpu->profile_count && i < 64; i++) {
        struct vg_profile_state *profile = &pgpu->profiles[i];
        unsigned available;
        if (!look_at_type(types, profile->profile, &available, &maxima[i], err))
            return false;
        profile->available += available;
        profile->max = maxima[i] & ~MAX_KNOWN;
        vf->offers |= (uint64_t)(available > 0) << i;
        vf->offers_more |= (uint64_t)(available > 1) << i;
    }
    return look_at_devices(types, (int)index, pgpu, err);
}

/* With VFs the PF offers nothing; what it has all the same is seen. */
static bool look_at_pf(const struct vg_vendor *vendor, struct vg_pgpu *pgpu, unsigned *maxima, struct vg_error *err)
{
    vg_autofree char *types = types_path(vendor, pgpu->host->pci);
    pgpu->pf_was_read = true;
    for (unsigned i = 0; i < pgpu->profile_count && i < 64 && vg_exists(types); i++) {
        unsigned available;
        if (!look_at_type(types, pgpu->profiles[i].profile, &available, &maxima[i], err))
            return false;
        pgpu->pf_offers |= (uint64_t)(available > 0) << i;
    }
    return !vg_exists(types) || look_at_devices(types, VG_ANY, pgpu, err);
}

static bool look_at_vfs(struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, unsigned *maxima,
                        struct vg_error *err)
{
    if (!vg_pci_look(vendor, pgpu_index, pgpu, err))
        return false;
    for (unsigned i = 0; pgpu->present && i < pgpu->vf_count; i++)
        if (!look_at_vf(vendor, pgpu, i, maxima, err))
            return false;
    return !pgpu->present || look_at_pf(vendor, pgpu, maxima, err);
}

static bool look(struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    const struct vg_mdev *own = vendor->own;
    unsigned *maxima = &own->maxima[(size_t)pgpu_index * vendor->config->profile_count];
    if (!vg_vendor_pgpu(vendor, pgpu_index, pgpu, err))
        return false;
    if (!vg_vendor_is_mine(vendor, pgpu_index))
        return true;
    if (is_on_vfs(vendor, pgpu->host)) {
        vg_pgpu_free(pgpu);
        return look_at_vfs(vendor, pgpu_index, pgpu, maxima, err);
    }
    vg_autofree char *types = types_path(vendor, parent_of(pgpu->host));
    pgpu->present = vg_exists(types);
    if (!pgpu->present) {
        vg_autofree char *driver =
            pgpu->host->pci ? vg_vendor_path(vendor, "sys/bus/pci/devices/%s/driver", pgpu->host->pci) : NULL;
        vg_autofree char *name = driver ? vg_link_name(driver) : NULL;
        pgpu->passed_through = vg_equal(name, "vfio-pci");
        if (pgpu->passed_through)
            return true;
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "there is no %s: is the driver loaded, and is `%s` the parent's name on this host?", types,
                       parent_of(pgpu->host));
    }
    for (unsigned i = 0; i < pgpu->profile_count; i++) {
        struct vg_profile_state *profile = &pgpu->profiles[i];
        if (!look_at_type(types, profile->profile, &profile->available, &maxima[i], err))
            return false;
        profile->max = maxima[i] & ~MAX_KNOWN;
    }
    return look_at_devices(types, VG_ANY, pgpu, err);
}

bool vg_mdev_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    if (look(state, pgpu_index, pgpu, err))
        return true;
    vg_pgpu_free(pgpu);
    return false;
}

static char *device_path(const struct vg_vendor *vendor, const char *uuid)
{
    return vg_vendor_path(vendor, "sys/bus/mdev/devices/%s", uuid);
}

/* The driver said yes. Is the device there, and of the type that was asked for? */
static bool came_true(const struct vg_vendor *vendor, const char *uuid, const char *type, const char *vf,
                      struct vg_error *err)
{
    vg_autofree char *device = device_path(vendor, uuid);
    vg_autofree char *link = vg_format("%s/mdev_type", device);
    if (!vg_vendor_wait(vendor, link, true))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver took the UUID %s, but no device appeared at %s", uuid,
                       device);
    vg_autofree char *is = vg_link_name(link);
    vg_autofree char *there = vf ? vg_pci_path(vendor, vf, uuid) : NULL;
    if (there && !vg_exists(there))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the vGPU %s should be on the VF %s and is elsewhere", uuid, vf);
    return vg_equal(is, type) || vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is of type %s and should be of type %s", device,
                                         is ? is : "(none)", type);
}

/* One file says all that a create needs to know if there is room. */
static bool has_room(const struct vg_vendor *vendor, const char *parent, const struct vg_host_profile *profile)
{
    uint64_t available;
    struct vg_error ignored = { 0 };
    vg_autofree char *types = types_path(vendor, parent);
    vg_autofree char *path = vg_format("%s/%s/available_instances", types, vg_vendor_type(profile));
    return vg_vendor_number(path, UINT32_MAX, &available, &ignored) && available;
}

/* Looks first, as the ABI asks, and so can say why; the driver has the last word all the same. */
static enum vg_refusal check_first(struct vg_vendor *vendor, const struct vg_create_as *how, struct vg_error *err)
{
    struct vg_pgpu pgpu VG_CLEANUP(vg_pgpu_free) = { 0 };
    if (!vendor->mechanism->look(vendor, how->pgpu_index, &pgpu, err))
        return VG_REFUSED_ERROR;
    int index = vg_vendor_profile(&pgpu, vg_vendor_type(how->profile));
    bool on_vfs = is_on_vfs(vendor, pgpu.host);
    vg_autofree char *types = types_path(vendor, on_vfs && pgpu.vf_count ? pgpu.vfs[0].address : parent_of(pgpu.host));
    vg_autofree char *type = vg_format("%s/%s", types, vg_vendor_type(how->profile));
    if (pgpu.passed_through) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s is in use: it is passed through as a whole", pgpu.name);
        return VG_REFUSED_BUSY;
    }
    if (index >= 0 && on_vfs && !pgpu.vf_count) {
        vg_fail(err, VG_ERROR_REFUSED, "no VF of the pGPU %s is enabled; run sriov-manage -e %s", pgpu.name,
                pgpu.host->pci);
        return VG_REFUSED_DISABLED;
    }
    if (index < 0 || !vg_exists(type)) {
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s does not support the profile %s", pgpu.name, how->profile->name);
        return VG_REFUSED_UNSUPPORTED;
    }
    return pgpu.profiles[index].available ? VG_REFUSED_NOT : vg_vendor_why_full(vendor, &pgpu, how->profile, err);
}

static bool is_taken(const struct vg_vendor *vendor, const char *vf)
{
    vg_autofree char *device = vg_pci_path(vendor, vf, NULL);
    vg_autodir DIR *directory = opendir(device);
    bool taken = false;
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;)
        taken = taken || vg_sysfs_uuid(entry->d_name);
    return taken;
}

/* Where the create goes: the pGPU, or of its VFs the one that is named, else the first that offers the type, else
 * (blind) the first. *parent NULL: none will do. */
static bool find_parent(const struct vg_vendor *vendor, const struct vg_create_as *how, char **parent, int *vf,
                        struct vg_error *err)
{
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[how->pgpu_index];
    char vfs[VG_PCI_VFS_MAX][16];
    unsigned count, chosen = 0;
    *vf = VG_ANY;
    if (!is_on_vfs(vendor, pgpu)) {
        *parent = how->blind || has_room(vendor, parent_of(pgpu), how->profile) ? vg_strdup(parent_of(pgpu)) : NULL;
        return true;
    }
    if (!vg_pci_vfs(vendor, pgpu->pci, vfs, &count, err))
        return false;
    if (how->vf >= 0)
        chosen = (unsigned)how->vf;
    else
        while (chosen < count && !has_room(vendor, vfs[chosen], how->profile))
            chosen++;
    if (chosen >= count && how->vf < 0 && how->blind)
        chosen = 0;
    if (chosen >= count)
        return true;
    *parent = vg_strdup(vfs[chosen]);
    *vf = (int)chosen;
    return true;
}

static enum vg_vendor_seen look_for_device(const char *device, const char *uuid)
{
    (void)uuid;
    return vg_is_gone(device) ? VG_SEEN_NOTHING : VG_SEEN_IT;
}

/* The driver would not make one. Because of this VF, or because of what lives elsewhere on the pGPU? No document says
 * by which error a driver refuses when it is full: one whose counters say that none is left means that. Any other error
 * stays one. vf: NULL if the pGPU has none. */
static enum vg_refusal why_not_there(struct vg_vendor *vendor, const struct vg_create_as *how, const char *vf,
                                     bool plain, enum vg_refusal refusal, struct vg_error *err)
{
    struct vg_pgpu now VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_error ignored = { 0 };
    if (vf && plain && is_taken(vendor, vf)) {
        vg_fail(err, VG_ERROR_REFUSED, "the VF %s has a vGPU already", vf);
        return VG_REFUSED_NO_CAPACITY;
    }
    bool full = refusal == VG_REFUSED_NO_CAPACITY && vf;
    if ((!full && refusal != VG_REFUSED_ERROR) || !vendor->mechanism->look(vendor, how->pgpu_index, &now, &ignored))
        return refusal;
    int index = vg_vendor_profile(&now, vg_vendor_type(how->profile));
    full = full || (index >= 0 && !now.profiles[index].available);
    return full ? vg_vendor_why_full(vendor, &now, how->profile, err) : refusal;
}

static enum vg_refusal make(struct vg_vendor *vendor, const struct vg_create_as *how, const char *wanted,
                            const char *parent, int vf, struct vg_vgpu **vgpu, struct vg_error *err)
{
    vg_autofree char *types = types_path(vendor, parent);
    vg_autofree char *create = vg_format("%s/%s/create", types, vg_vendor_type(how->profile));
    vg_autofree char *noted = device_path(vendor, wanted);
    bool named = vg_sysfs_uuid(wanted);
    struct vg_vendor_making making = {
        .path = create, .value = wanted, .look = look_for_device, .at = named ? noted : NULL
    };
    if (!vg_ledger_note(noted, err))
        return VG_REFUSED_ERROR;
    struct vg_vgpu *made = vg_vendor_made(vendor, how->pgpu_index, how->profile, wanted);
    made->vf = vf;
    enum vg_refusal refusal = vg_vendor_make(vendor, &making, err);
    if (refusal != VG_REFUSED_NOT && making.happened && vg_vendor_is_alone(vendor, made))
        return vg_vendor_take_back(vendor, made, true, err);
    if (refusal != VG_REFUSED_NOT) {
        vg_vendor_forget(vendor, made);
        return why_not_there(vendor, how, vf >= 0 ? parent : NULL, making.plain, refusal, err);
    }
    if (!named) { /* it should not have taken that; nothing of that name can be looked up */
        *vgpu = made;
        return VG_REFUSED_NOT;
    }
    if (came_true(vendor, made->uuid, vg_vendor_type(how->profile), vf >= 0 ? parent : NULL, err)) {
        *vgpu = made;
        return VG_REFUSED_NOT;
    }
    return vg_vendor_take_back(vendor, made, false, err); /* whatever is there now must not be forgotten */
}

/* A driver that took a second one on this VF would take it from somebody: it is not asked. */
static enum vg_refusal why_taken(struct vg_vendor *vendor, const struct vg_create_as *how, const char *vf,
                                 struct vg_error *err)
{
    enum vg_refusal refusal = check_first(vendor, how, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    vg_fail(err, VG_ERROR_REFUSED, "the VF %s has a vGPU already", vf);
    return VG_REFUSED_NO_CAPACITY;
}

enum vg_refusal vg_mdev_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                  struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    vg_autofree char *parent = NULL;
    char uuid[37];
    int vf = VG_ANY;
    bool offered = how->pgpu_index < vendor->host->pgpu_count && vg_vendor_is_mine(vendor, how->pgpu_index) &&
                   vg_host_pgpu_offers(&vendor->host->pgpus[how->pgpu_index], how->profile);
    if ((!how->uuid && !vg_make_uuid(uuid, err)) || (offered && !find_parent(vendor, how, &parent, &vf, err)))
        return VG_REFUSED_ERROR;
    if (parent && how->vf >= 0 && !how->blind && is_taken(vendor, parent))
        return why_taken(vendor, how, parent, err);
    for (unsigned tries = 0; parent; tries++) {
        enum vg_refusal refusal = make(vendor, how, how->uuid ? how->uuid : uuid, parent, vf, vgpu, err);
        bool lost = refusal == VG_REFUSED_NO_CAPACITY && vf >= 0 && is_taken(vendor, parent);
        if (!lost || how->vf >= 0 || how->blind || tries == VG_PCI_VFS_MAX)
            return refusal;
        /* Somebody else was faster on this VF: others may be free. */
        free(parent);
        parent = NULL;
        if (!find_parent(vendor, how, &parent, &vf, err))
            return VG_REFUSED_ERROR;
    }
    enum vg_refusal refusal = check_first(vendor, how, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no such VF, or none that is free any more",
            vendor->host->pgpus[how->pgpu_index].name);
    return how->vf >= 0 ? VG_REFUSED_UNSUPPORTED : VG_REFUSED_NO_CAPACITY;
}

enum vg_refusal vg_mdev_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                               struct vg_vgpu **vgpu, struct vg_error *err)
{
    struct vg_create_as how = { .pgpu_index = pgpu_index, .profile = profile, .vf = VG_ANY };
    return vg_mdev_create_as(state, &how, vgpu, err);
}

bool vg_mdev_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err)
{
    (void)state;
    (void)err;
    *attachment = (struct vg_attachment) { .kind = VG_ATTACH_MDEV };
    memcpy(attachment->mdev_uuid, vgpu->uuid, sizeof(attachment->mdev_uuid));
    return true;
}

/* A weight belongs to each type and cannot be written: what can be done is to see that it is there. */
static enum vg_refusal see_weights(const struct vg_vendor *vendor, const struct vg_policy_tenant *tenants,
                                   unsigned tenant_count, struct vg_error *err)
{
    for (unsigned i = 0; i < tenant_count; i++) {
        unsigned weight;
        if (!vg_gvt_weight_get(vendor->host->root, tenants[i].vgpu->uuid, &weight, err))
            return VG_REFUSED_ERROR;
    }
    return VG_REFUSED_NOT;
}

enum vg_refusal vg_mdev_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                               const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err)
{
    const struct vg_vendor *vendor = state;
    if (vg_equal(vendor->config->name, "gvt-g") && vg_equal(policy->name, "gvt-weights"))
        return see_weights(vendor, tenants, tenant_count, err);
    if (vg_equal(vendor->config->name, "nvidia-mdev"))
        return vg_nvidia_scheduling_require(vendor->host->root, vendor->host->pgpus[pgpu_index].pci, policy, err);
    vg_fail(err, VG_ERROR_REFUSED, "%s offers no scheduling policy %s", vendor->config->name, policy->name);
    return VG_REFUSED_UNSUPPORTED;
}

bool vg_mdev_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err)
{
    struct vg_vendor *vendor = state;
    if (!vg_vendor_knows(vendor, vgpu))
        return vg_fail(err, VG_ERROR_INPUT, "a vGPU that %s does not know cannot be destroyed", vendor->config->name);
    if (!vg_sysfs_uuid(vgpu->uuid))
        return vg_fail(err, VG_ERROR_INPUT, "a vGPU without a well-formed UUID cannot be looked up, and not removed");
    vg_autofree char *device = device_path(vendor, vgpu->uuid);
    vg_autofree char *remove = vg_format("%s/remove", device);
    bool there = !vg_is_gone(device); /* what cannot be reached may still be there */
    if (there && vg_vendor_remove(vendor, remove, "1", err) != VG_REFUSED_NOT)
        return vg_wrap(err, "the vGPU %s cannot be removed", vgpu->uuid);
    if (there && !vg_vendor_wait(vendor, device, false))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver said that it removed the vGPU %s, but it is still there",
                       vgpu->uuid);
    vg_vendor_forget(vendor, vgpu);
    return true;
}

bool vg_mdev_device(void *state, const struct vg_vgpu *vgpu, char **path, struct vg_error *err)
{
    const struct vg_vendor *vendor = state;
    vg_autofree char *device = device_path(vendor, vgpu->uuid);
    vg_autofree char *link = vg_format("%s/iommu_group", device);
    vg_autofree char *group = vg_link_name(link);
    if (!group)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is in no IOMMU group", device);
    *path = vg_vendor_path(vendor, "dev/vfio/%s", group);
    return true;
}

static void must_be(const char *path, unsigned *checked, struct vg_text *findings, unsigned *missing)
{
    ++*checked;
    if (vg_exists(path))
        return;
    ++*missing;
    vg_text_add(findings, "%s%s is missing", findings->length ? "; " : "", path);
}

static void must_say(const char *path, const char *what, unsigned *checked, struct vg_text *findings, unsigned *missing)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *text = NULL;
    ++*checked;
    if (vg_read_attribute(path, &text, &ignored) && vg_equal(text, what))
        return;
    ++*missing;
    vg_autofree char *shown = text ? vg_printable(text, strlen(text), 80) : vg_strdup("nothing");
    vg_text_add(findings, "%s%s says %s and must say %s", findings->length ? "; " : "", path, shown, what);
}

/* A type's name begins with the driver's of its parent (K-MDEV-ABI). The kernel's samples have a parent without one. */
static void must_be_drivers(const struct vg_vendor *vendor, const char *parent, const char *type, unsigned *checked,
                            struct vg_text *findings, unsigned *missing)
{
    vg_autofree char *link = vg_vendor_path(vendor, "sys/class/mdev_bus/%s/driver", parent);
    vg_autofree char *driver = vg_link_name(link);
    size_t length = driver ? strlen(driver) : 0;
    if (!driver)
        return;
    ++*checked;
    if (strncmp(type, driver, length) == 0 && type[length] == '-')
        return;
    ++*missing;
    vg_text_add(findings, "%sthe type %s of %s does not begin with %s-", findings->length ? "; " : "", type, parent,
                driver);
}

bool vg_mdev_inspect(void *state, unsigned pgpu_index, const struct vg_vgpu *vgpu, unsigned *checked,
                     struct vg_text *findings, unsigned *missing, struct vg_error *err)
{
    static const char *const files[] = { "create", "available_instances", "device_api", "devices" };
    const struct vg_vendor *vendor = state;
    (void)err;
    const struct vg_host_pgpu *pgpu = &vendor->host->pgpus[pgpu_index];
    vg_autofree char *virtfn = vg_format("virtfn%d", vgpu->vf);
    vg_autofree char *vf_link = vgpu->vf >= 0 ? vg_pci_path(vendor, pgpu->pci, virtfn) : NULL;
    vg_autofree char *vf = vf_link ? vg_link_name(vf_link) : NULL;
    const char *parent = vf ? vf : parent_of(pgpu);
    vg_autofree char *types = types_path(vendor, parent);
    vg_autofree char *type = vg_format("%s/%s", types, vg_vendor_type(vgpu->profile));
    must_be_drivers(vendor, parent, vg_vendor_type(vgpu->profile), checked, findings, missing);
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *path = vg_format("%s/%s", type, files[i]);
        must_be(path, checked, findings, missing);
    }
    vg_autofree char *api = vg_format("%s/device_api", type);
    must_say(api, "vfio-pci", checked, findings, missing);
    /* Both ways: from the type to the device, and from the device to the type. */
    vg_autofree char *there = vg_format("%s/devices/%s/mdev_type/devices/%s", type, vgpu->uuid, vgpu->uuid);
    must_be(there, checked, findings, missing);
    vg_autofree char *back = device_path(vendor, vgpu->uuid);
    vg_autofree char *link = vg_format("%s/mdev_type", back);
    vg_autofree char *is = vg_link_name(link);
    ++*checked;
    if (!vg_equal(is, vg_vendor_type(vgpu->profile))) {
        ++*missing;
        vg_text_add(findings, "%s%s leads to %s", findings->length ? "; " : "", link, is ? is : "nothing");
    }
    return true;
}
