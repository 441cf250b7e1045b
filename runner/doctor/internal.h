/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to doctor/: what checks share. */
#ifndef VG_DOCTOR_INTERNAL_H
#define VG_DOCTOR_INTERNAL_H

#include "doctor/doctor.h"

#define VG_STOPS_VMS "tenants in VMs"
#define VG_STOPS_ALL "every tenant"

/* One finding. found: always; advice: NULL or "" for none. Both are formatted by the caller and copied. */
void vg_find(struct vg_findings *findings, const struct vg_check *check, enum vg_ability ability, const char *what,
             const char *found, const char *advice);
/* The last finding, if it says no, stops this. */
void vg_find_stops(struct vg_findings *findings, const char *what);

/* A path under the patient's root. Caller frees. */
char *vg_patient_path(const struct vg_patient *patient, const char *path);
/* A small file's content, printable; NULL if it cannot be read. Caller frees. */
char *vg_patient_read(const struct vg_patient *patient, const char *path);
/* The last component of what a link leads to; NULL if it is none. Caller frees. */
char *vg_patient_link(const struct vg_patient *patient, const char *path);
/* Names in a directory that match the glob, sorted, at most 4096. False with errno if it cannot be opened. Free with
 * vg_names_free. */
bool vg_patient_names(const struct vg_patient *patient, const char *path, const char *glob, char ***names,
                      unsigned *count);
bool vg_patient_has_vms(const struct vg_patient *patient);

#endif
