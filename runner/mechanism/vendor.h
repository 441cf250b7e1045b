/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: what the mechanisms have in common whose driver keeps count in sysfs: paths below the host's
 * root, reading and writing with typed refusals, and which vGPUs this process made. */
#ifndef VG_MECHANISM_VENDOR_H
#define VG_MECHANISM_VENDOR_H

#include <pthread.h>
#include "mechanism/mechanism.h"
#include "base/sysfs-text.h"
#include "mechanism/uuid.h"

struct vg_vendor {
    const struct vg_mechanism *mechanism;
    const struct vg_host *host;
    const struct vg_host_mechanism *config;
    pthread_mutex_t lock; /* of made: tenants start in parallel; the driver is asked without it */
    struct vg_vgpu **made;
    unsigned made_count;
    void *own; /* the mechanism's */
};

struct vg_vendor *vg_vendor_open(const struct vg_mechanism *mechanism, const struct vg_host *host,
                                 const struct vg_host_mechanism *config);
/* Destroys what was made and is still there, with a warning for what refuses. */
void vg_vendor_close(struct vg_vendor *vendor);
bool vg_vendor_discover(struct vg_vendor *vendor, struct vg_inventory *inventory, struct vg_error *err);
/* A pGPU with its profiles, nothing counted yet. False if the index is out of range. */
bool vg_vendor_pgpu(const struct vg_vendor *vendor, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err);
bool vg_vendor_is_mine(const struct vg_vendor *vendor, unsigned pgpu_index);
/* A new vGPU, known from now on. */
struct vg_vgpu *vg_vendor_made(struct vg_vendor *vendor, unsigned pgpu_index, const struct vg_host_profile *profile,
                               const char *uuid);
void vg_vendor_forget(struct vg_vendor *vendor, struct vg_vgpu *vgpu); /* frees it */
bool vg_vendor_knows(struct vg_vendor *vendor, const struct vg_vgpu *vgpu);
/* Index in pgpu->profiles by the driver's word; VG_ANY: none. */
int vg_vendor_profile(const struct vg_pgpu *pgpu, const char *type);
const char *vg_vendor_type(const struct vg_host_profile *profile); /* the driver's word */
/* Why a type of which none is available now is refused: what lives there forbids it, or there is no room. */
enum vg_refusal vg_vendor_why_full(const struct vg_vendor *vendor, const struct vg_pgpu *pgpu,
                                   const struct vg_host_profile *profile, struct vg_error *err);

/* The host's root, then the path; caller frees. */
char *vg_vendor_path(const struct vg_vendor *vendor, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool vg_vendor_number(const char *path, uint64_t most, uint64_t *value, struct vg_error *err);
/* In one write. A driver that is busy is asked again for a second, a model for a tenth of one; then the refusal says
 * what errno means. */
enum vg_refusal vg_vendor_write(const struct vg_vendor *vendor, const char *path, const char *value,
                                struct vg_error *err);
/* A write that takes something away. Whatever its error, it is the driver's refusal: no document says by which errno
 * one refuses what is in use, and VGPU-LIFE-003 takes any. */
enum vg_refusal vg_vendor_remove(const struct vg_vendor *vendor, const char *path, const char *value,
                                 struct vg_error *err);
/* The same without patience: who asks wants the answer, busy or not. */
enum vg_refusal vg_vendor_write_once(const char *path, const char *value, struct vg_error *err);
/* A write that makes something. Drivers are known that answer with an error and make it all the same, so that after
 * each such answer it is looked whether it is there now and was not just before. */
enum vg_vendor_seen { VG_SEEN_NOTHING, VG_SEEN_IT, VG_SEEN_ANOTHER }; /* what cannot be read may be it */
struct vg_vendor_making {
    const char *path, *value;
    enum vg_vendor_seen (*look)(const char *at, const char *value);
    const char *at;
    bool happened; /* answered with an error, and yet it is there; a driver that was busy is not asked again */
    bool plain;    /* the error is one of those by which drivers refuse; no failure that nobody expects */
};
/* As vg_vendor_write. What somebody else made while the driver was busy ends it as busy. */
enum vg_refusal vg_vendor_make(const struct vg_vendor *vendor, struct vg_vendor_making *making, struct vg_error *err);
/* Nobody else of this process asked for the same: another thread may have got it. */
bool vg_vendor_is_alone(struct vg_vendor *vendor, const struct vg_vgpu *made);
/* What nobody may use is taken away, or stays on the list for close, which tries again; *err says which. made is not
 * the caller's any more. happened: the driver had answered the create with an error. Returns VG_REFUSED_ERROR. */
enum vg_refusal vg_vendor_take_back(struct vg_vendor *vendor, struct vg_vgpu *made, bool happened,
                                    struct vg_error *err);
/* Waits for the path to be there, a second at most, or to be gone (not merely unreachable), ten; in a model a tenth of
 * a second. */
bool vg_vendor_wait(const struct vg_vendor *vendor, const char *path, bool there);
/* Waits as long for what a file says to be gone: 0; in a model not at all. *value: what it says then, or in the end.
 * False if it cannot be read. */
bool vg_vendor_wait_zero(const struct vg_vendor *vendor, const char *path, uint64_t *value, struct vg_error *err);

#endif
