/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of doctor/: what a host can do and what it lacks, found out by looking and by trying, never by
 * belief. Looks only: nothing is installed, loaded, mounted or left behind. */
#ifndef VG_DOCTOR_H
#define VG_DOCTOR_H

#include "catalog/catalog.h"

enum vg_ability {
    VG_CAN,
    VG_CAN_PARTLY, /* with a limit that a person should know */
    VG_CANNOT,
    VG_CANNOT_TELL, /* could not be found out: no right to look */
};
const char *vg_ability_name(enum vg_ability ability); /* "yes", "partly", "no", "unknown" */

struct vg_finding {
    const char *check; /* name of the check that found it */
    enum vg_ability ability;
    char *what;        /* "guests by KVM" */
    char *found;       /* how it was found out, and what was seen; foreign text in it is made printable */
    char *advice;      /* what to do about it; NULL: nothing to do */
    const char *stops; /* what cannot run on this host file's word without it: "tenants in VMs"; NULL: nothing */
};

struct vg_findings {
    struct vg_finding *items;
    size_t count;
};
void vg_findings_free(struct vg_findings *findings);
/* The first finding that stops tenants in VMs (in_vm) or any tenant; NULL if there is none. Borrowed. */
const struct vg_finding *vg_findings_stop(const struct vg_findings *findings, bool in_vm);

struct vg_patient {
    const struct vg_host *host;        /* whose mechanisms and connection are meant */
    const struct vg_catalog *catalog;  /* for a rehearsal of a run; NULL: none is held */
    const char *program_directory;     /* where vgauge-agent and payload.squashfs are */
    const char *root;                  /* prefix of /proc, /sys and /dev paths; "" for this machine */
    const char *run_directory;         /* where runs would be written */
    unsigned long long run_need_bytes; /* room that a run may take; below it the disk is said to be short */
};

/* A check is a const descriptor in a file of its own (VG_CHECK). It may add any number of findings, at least one. */
struct vg_check {
    struct vg_descriptor; /* .kind = VG_KIND_CHECK */
    int order;            /* of showing: by topic, from machines to resources */
    void (*examine)(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings);
};

/* Runs all checks in order. before (may be NULL) is called before each, for progress. */
void vg_doctor_examine(const struct vg_patient *patient, void (*before)(void *context, const struct vg_check *check),
                       void *context, struct vg_findings *findings);

#define VG_CHECK(symbol)                                                                                               \
    extern const struct vg_check vg_check_##symbol;                                                                    \
    VG_REGISTER(vg_check_##symbol);                                                                                    \
    const struct vg_check vg_check_##symbol

#endif
