/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include "mechanism/vendor.h"

#define BUSY_STEP_NS      (20 * VG_NS_PER_MS)
#define CHANGE_STEP_NS    (2 * VG_NS_PER_MS)
#define BUSY_NS           (1 * VG_NS_PER_S)
#define APPEARS_NS        (1 * VG_NS_PER_S)
#define VANISHES_NS       (10 * VG_NS_PER_S)   /* VGPU-LIFE-003: "check sysfs for up to 10 s" */
#define MODEL_PATIENCE_NS (100 * VG_NS_PER_MS) /* a model does at once what it ever does */

/* How long a driver may be busy, or what it did may take to be seen. */
static int64_t patience(const struct vg_vendor *vendor, int64_t real_ns)
{
    return vendor->host->model ? MODEL_PATIENCE_NS : real_ns;
}

struct vg_vendor *vg_vendor_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                                 const struct vg_host_mechanism *config)
{
    struct vg_vendor *vendor = vg_calloc(1, sizeof(*vendor));
    vendor->mechanism = mechanism;
    vendor->host = host;
    vendor->config = config;
    pthread_mutex_init(&vendor->lock, NULL);
    return vendor;
}

void vg_vendor_close(struct vg_vendor *vendor)
{
    for (unsigned i = vendor->made_count; i-- > 0;) {
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = vendor->made[i];
        if (vendor->mechanism->destroy(vendor, vgpu, &err))
            continue;
        vg_warn("a vGPU of %s is left behind: %s", vendor->mechanism->name, err.text);
        vg_vendor_forget(vendor, vgpu);
    }
    free(vendor->made);
    pthread_mutex_destroy(&vendor->lock);
    free(vendor);
}

bool vg_vendor_discover(struct vg_vendor *vendor, struct vg_inventory *inventory, struct vg_error *err)
{
    unsigned count = vendor->host->pgpu_count;
    *inventory = (struct vg_inventory) { .pgpus = vg_calloc(count, sizeof(*inventory->pgpus)), .pgpu_count = count };
    for (unsigned i = 0; i < count; i++) {
        if (vendor->mechanism->look(vendor, i, &inventory->pgpus[i], err))
            continue;
        vg_inventory_free(inventory);
        return false;
    }
    return true;
}

bool vg_vendor_is_mine(const struct vg_vendor *vendor, unsigned pgpu_index)
{
    return vg_host_pgpu_is_of(&vendor->host->pgpus[pgpu_index], vendor->config->name);
}

bool vg_vendor_pgpu(const struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    *pgpu = (struct vg_pgpu) { 0 };
    if (pgpu_index >= vendor->host->pgpu_count)
        return vg_fail(err, VG_ERROR_INPUT, "the host %s has %u pGPUs, there is no number %u", vendor->host->name,
                       vendor->host->pgpu_count, pgpu_index);
    pgpu->host = &vendor->host->pgpus[pgpu_index];
    snprintf(pgpu->name, sizeof(pgpu->name), "%s", pgpu->host->name);
    if (!vg_vendor_is_mine(vendor, pgpu_index))
        return true;
    pgpu->profiles = vg_calloc(vendor->config->profile_count + 1, sizeof(*pgpu->profiles));
    for (unsigned i = 0; i < vendor->config->profile_count; i++)
        if (vg_host_pgpu_offers(pgpu->host, &vendor->config->profiles[i]))
            pgpu->profiles[pgpu->profile_count++].profile = &vendor->config->profiles[i];
    return true;
}

struct vg_vgpu *vg_vendor_made(struct vg_vendor *vendor, unsigned pgpu_index, const struct vg_host_profile *profile,
                               const char *uuid)
{
    struct vg_vgpu *vgpu = vg_calloc(1, sizeof(*vgpu));
    *vgpu = (struct vg_vgpu) { .mechanism = vendor->mechanism,
                               .profile = profile,
                               .pgpu_index = pgpu_index,
                               .vf = VG_ANY,
                               .placement_id = VG_ANY };
    snprintf(vgpu->uuid, sizeof(vgpu->uuid), "%s", uuid);
    pthread_mutex_lock(&vendor->lock);
    vg_push(vendor->made, vendor->made_count) = vgpu;
    pthread_mutex_unlock(&vendor->lock);
    return vgpu;
}

void vg_vendor_forget(struct vg_vendor *vendor, struct vg_vgpu *vgpu)
{
    pthread_mutex_lock(&vendor->lock);
    unsigned i = 0;
    while (i < vendor->made_count && vendor->made[i] != vgpu)
        i++;
    if (i < vendor->made_count) {
        for (; i + 1 < vendor->made_count; i++)
            vendor->made[i] = vendor->made[i + 1];
        vendor->made_count--;
    }
    pthread_mutex_unlock(&vendor->lock);
    free(vgpu->state);
    free(vgpu);
}

bool vg_vendor_knows(struct vg_vendor *vendor, const struct vg_vgpu *vgpu)
{
    bool known = false;
    pthread_mutex_lock(&vendor->lock);
    for (unsigned i = 0; i < vendor->made_count; i++)
        known = known || vendor->made[i] == vgpu;
    pthread_mutex_unlock(&vendor->lock);
    return known;
}

const char *vg_vendor_type(const struct vg_host_profile *profile)
{
    return profile->type ? profile->type : profile->name;
}

int vg_vendor_profile(const struct vg_pgpu *pgpu, const char *type)
{
    for (unsigned i = 0; i < pgpu->profile_count; i++)
        if (vg_equal(vg_vendor_type(pgpu->profiles[i].profile), type))
            return (int)i;
    return VG_ANY;
}

enum vg_refusal vg_vendor_why_full(const struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                   const struct vg_host_profile *profile, struct vg_error *err)
{
    const char *model = pgpu->host->capacity ? pgpu->host->capacity : vendor->mechanism->capacity;
    bool one_type = vg_equal(model, "same-type"),
         one_size = vg_equal(model, "same-size") || (vg_equal(model, "mixed-size") && !pgpu->mixed);
    for (unsigned i = 0; i < pgpu->vgpu_count && (one_type || one_size); i++) {
        if (pgpu->vgpus[i].profile < 0)
            continue;
        const struct vg_host_profile *other = pgpu->profiles[pgpu->vgpus[i].profile].profile;
        if (one_type ? other == profile : other->memory_bytes == profile->memory_bytes)
            continue;
        vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has vGPUs of profile %s, beside which it takes none of %s",
                pgpu->name, other->name, profile->name);
        return VG_REFUSED_INCOMPATIBLE;
    }
    vg_fail(err, VG_ERROR_REFUSED, "the pGPU %s has no room for another vGPU of profile %s (%u live)", pgpu->name,
            profile->name, pgpu->live);
    return VG_REFUSED_NO_CAPACITY;
}

char *vg_vendor_path(const struct vg_vendor *vendor, const char *format, ...)
{
    const char *root = vendor->host->root ? vendor->host->root : "/";
    size_t length = strlen(root);
    char *rest = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&rest, format, arguments) < 0)
        vg_out_of_memory();
    va_end(arguments);
    char *path = vg_format("%.*s/%s", (int)(length && root[length - 1] == '/' ? length - 1 : length), root, rest);
    free(rest);
    return path;
}

bool vg_vendor_number(const char *path, uint64_t most, uint64_t *value, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    if (!vg_read_attribute(path, &text, err))
        return false;
    if (vg_sysfs_number(text, most, value))
        return true;
    vg_autofree char *shown = vg_printable(text, strlen(text), 80);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s should hold a number and holds `%s`", path, shown);
}

static enum vg_refusal meaning_of(int cause)
{
    switch (cause) {
    case EBUSY:
    case EAGAIN:
    case ETXTBSY:
        return VG_REFUSED_BUSY;
    case ENOSPC:
    case ENOMEM:
    case EUSERS:
    case ERANGE:
        return VG_REFUSED_NO_CAPACITY;
    case EOPNOTSUPP:
    case ENODEV:
        return VG_REFUSED_UNSUPPORTED;
    default:
        return VG_REFUSED_ERROR;
    }
}

/* Beside those with a meaning of their own: no document says by which error a driver refuses a create. */
static bool is_plain(int cause)
{
    return meaning_of(cause) != VG_REFUSED_ERROR || cause == EPERM || cause == EINVAL || cause == EEXIST;
}

/* 0, or the errno. */
static int write_once(const char *path, const char *value)
{
    vg_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, value, strlen(value));
    return written < 0 ? errno : written == (ssize_t)strlen(value) ? 0 : EIO;
}

static enum vg_vendor_seen look_at(const struct vg_vendor_making *making)
{
    return making->look && making->at ? making->look(making->at, making->value) : VG_SEEN_NOTHING;
}

static enum vg_refusal write_for(struct vg_vendor_making *making, int64_t busy_ns, struct vg_error *err)
{
    if (!*making->value) { /* the kernel would not even tell the driver */
        vg_fail(err, VG_ERROR_INPUT, "nothing at all was to be written to %s", making->path);
        return VG_REFUSED_ERROR;
    }
    bool was_free = look_at(making) == VG_SEEN_NOTHING;
    for (int64_t end_ns = vg_now_ns() + busy_ns;;) {
        int cause = write_once(making->path, making->value);
        if (!cause)
            return VG_REFUSED_NOT;
        enum vg_refusal refusal = meaning_of(cause);
        making->plain = is_plain(cause);
        making->happened = was_free && look_at(making) == VG_SEEN_IT;
        if (refusal == VG_REFUSED_BUSY && !making->happened && vg_now_ns() < end_ns) {
            vg_sleep_ns(BUSY_STEP_NS);
            enum vg_vendor_seen seen = look_at(making);
            making->happened = was_free && seen == VG_SEEN_IT; /* it took its time */
            if (!was_free || seen == VG_SEEN_NOTHING)
                continue;
        }
        vg_autofree char *shown = vg_printable(making->value, strlen(making->value), 80);
        vg_fail_errno(err, refusal == VG_REFUSED_ERROR ? VG_ERROR_ENVIRONMENT : VG_ERROR_REFUSED, cause,
                      "the driver did not take `%s` at %s", shown, making->path);
        return refusal;
    }
}

enum vg_refusal vg_vendor_write(const struct vg_vendor *vendor, const char *path, const char *value,
                                struct vg_error *err)
{
    return write_for(&(struct vg_vendor_making) { .path = path, .value = value }, patience(vendor, BUSY_NS), err);
}

enum vg_refusal vg_vendor_remove(const struct vg_vendor *vendor, const char *path, const char *value,
                                 struct vg_error *err)
{
    enum vg_refusal refusal = vg_vendor_write(vendor, path, value, err);
    if (refusal != VG_REFUSED_NOT)
        err->kind = VG_ERROR_REFUSED;
    return refusal;
}

enum vg_refusal vg_vendor_write_once(const char *path, const char *value, struct vg_error *err)
{
    return write_for(&(struct vg_vendor_making) { .path = path, .value = value }, 0, err);
}

enum vg_refusal vg_vendor_make(const struct vg_vendor *vendor, struct vg_vendor_making *making, struct vg_error *err)
{
    return write_for(making, patience(vendor, BUSY_NS), err);
}

bool vg_vendor_is_alone(struct vg_vendor *vendor, const struct vg_vgpu *made)
{
    bool alone = true;
    pthread_mutex_lock(&vendor->lock);
    for (unsigned i = 0; i < vendor->made_count && alone; i++) {
        const struct vg_vgpu *other = vendor->made[i];
        alone =
            other == made || (made->state ? !vg_equal(other->state, made->state) : !vg_equal(other->uuid, made->uuid));
    }
    pthread_mutex_unlock(&vendor->lock);
    return alone;
}

enum vg_refusal vg_vendor_take_back(struct vg_vendor *vendor, struct vg_vgpu *made, bool happened, struct vg_error *err)
{
    struct vg_error failed = { 0 };
    vg_autofree char *name = made->state ? vg_format("on %s", (const char *)made->state) : vg_strdup(made->uuid);
    bool gone = vendor->mechanism->destroy(vendor, made, &failed);
    if (happened) {
        err->kind = VG_ERROR_ENVIRONMENT;
        vg_wrap(err, "the driver answered with an error and made the vGPU %s all the same%s", name,
                gone ? " (it was taken away again)" : "");
    }
    if (!gone)
        vg_wrap(err, "the vGPU %s is left behind, since it cannot be taken away (%s)", name, failed.text);
    return VG_REFUSED_ERROR;
}

bool vg_vendor_wait(const struct vg_vendor *vendor, const char *path, bool there)
{
    for (int64_t end_ns = vg_now_ns() + patience(vendor, there ? APPEARS_NS : VANISHES_NS);;) {
        if (there ? vg_exists(path) : vg_is_gone(path))
            return true;
        if (vg_now_ns() > end_ns)
            return false;
        vg_sleep_ns(CHANGE_STEP_NS);
    }
}

bool vg_vendor_wait_zero(const struct vg_vendor *vendor, const char *path, uint64_t *value, struct vg_error *err)
{
    /* What a model's file says is so when the write returns; a walk meets this hundreds of times. */
    for (int64_t end_ns = vendor->host->model ? 0 : vg_now_ns() + VANISHES_NS;;) {
        if (!vg_vendor_number(path, UINT32_MAX, value, err))
            return false;
        if (!*value || vg_now_ns() > end_ns)
            return true;
        vg_sleep_ns(CHANGE_STEP_NS);
    }
}
