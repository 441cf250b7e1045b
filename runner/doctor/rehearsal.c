/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rehearsal: everything that a run opens before its first test is opened in the same way, and closed again. What
 * single checks find is a guess about this; here it happens. */
#include <errno.h>
#include "doctor/internal.h"
#include "engine/engine.h"
#include "mechanism/mechanism.h"

VG_DEFINE_CLEANUP(cleanup_run, struct vg_run *, vg_run_free)
VG_DEFINE_CLEANUP(cleanup_schedule, struct vg_schedule *, vg_schedule_free)

/* Leaves the first instance of each mechanism with VMs. */
static unsigned narrow(struct vg_schedule *schedule)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < schedule->count; i++) {
        struct vg_instance *instance = &schedule->items[i];
        const struct vg_mechanism *mechanism = vg_mechanism_find(instance->mechanism);
        bool wanted = !instance->skip && mechanism && mechanism->vm && instance->test->tenant_count;
        for (unsigned j = 0; j < i && wanted; j++)
            wanted = schedule->items[j].skip || !vg_equal(schedule->items[j].mechanism, instance->mechanism);
        if (!wanted && !instance->skip)
            instance->skip = vg_strdup("not part of the rehearsal");
        kept += wanted;
    }
    return kept;
}

static const char *decision(const struct vg_run *run, const char *what, const char *part)
{
    const char *text = json_string_value(json_object_get(json_object_get(run->environment, what), part));
    return text ? text : "";
}

static void report_accel(const struct vg_check *check, const struct vg_run *run, struct vg_findings *findings)
{
    bool kvm = vg_equal(decision(run, "accel", "value"), "kvm");
    bool tried = !vg_equal(decision(run, "accel", "why"), "host file");
    vg_find(findings, check,
            !tried ? VG_CANNOT_TELL
            : kvm  ? VG_CAN
                   : VG_CANNOT,
            "a whole guest under KVM",
            tried ? decision(run, "accel", "why") : "the host file decides, so that it was not tried",
            kvm || !tried ? NULL
                          : "guests run under TCG, many times slower: right for conformance; for speed take a host "
                            "that offers virtualisation, or a newer kernel or QEMU if the reason names them");
}

static bool rehearse(const struct vg_check *check, const struct vg_patient *patient, const char *directory,
                     struct vg_findings *findings, struct vg_error *err)
{
    struct vg_schedule schedule = { 0 };
    VG_CLEANUP(cleanup_schedule) struct vg_schedule *owned = &schedule;
    const struct vg_plan *plan = patient->catalog->plan_count ? patient->catalog->plans[0] : NULL;
    for (unsigned i = 0; i < patient->catalog->plan_count; i++)
        if (vg_equal(patient->catalog->plans[i]->name, "quick"))
            plan = patient->catalog->plans[i];
    if (!plan || !vg_schedule_make(patient->catalog, plan, patient->host, NULL, NULL, owned, err))
        return plan ? false : vg_fail(err, VG_ERROR_INPUT, "there is no plan");
    if (narrow(owned) == 0) {
        vg_find(findings, check, VG_CAN, "the beginning of a run", "no test of the plan quick has VMs on this host",
                NULL);
        return true;
    }
    vg_autofree char *out = vg_format("%s/run", directory);
    VG_CLEANUP(cleanup_run)
    struct vg_run *run = vg_run_create(directory, out, plan->name, patient->host->name, err);
    if (!run)
        return false;
    if (!run->environment)
        run->environment = vg_json_new_object();
    const struct vg_engine_observer silent = { 0 };
    const struct vg_engine_config config = { .catalog = patient->catalog,
                                             .host = patient->host,
                                             .schedule = owned,
                                             .run = run,
                                             .program_directory = patient->program_directory,
                                             .observer = &silent };
    if (!vg_engine_rehearse(&config, err))
        return false;
    vg_autofree char *found = vg_format("images, libvirt, display (%s) and programs opened as a run opens them",
                                        decision(run, "display", "value"));
    vg_find(findings, check, VG_CAN, "the beginning of a run", found, NULL);
    report_accel(check, run, findings);
    return true;
}

static void examine(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    static const char what[] = "the beginning of a run";
    if (!vg_patient_has_vms(patient) || !patient->catalog) {
        vg_find(findings, check, VG_CAN, what, "not needed: the host file has native tenants only", NULL);
        return;
    }
    char directory[] = "/tmp/vgauge-doctor-XXXXXX";
    struct vg_error err = { 0 }, left = { 0 };
    if (!mkdtemp(directory)) {
        vg_autofree char *found = vg_format("no directory can be made in /tmp: %s", strerror(errno));
        vg_find(findings, check, VG_CANNOT_TELL, what, found, "make /tmp writable");
        return;
    }
    if (!rehearse(check, patient, directory, findings, &err)) {
        vg_find(findings, check, VG_CANNOT, what, err.text, "mend what the sentence names");
        vg_find_stops(findings, VG_STOPS_VMS);
    }
    if (!vg_remove_tree(directory, &left))
        vg_warn("%s", left.text);
}

VG_CHECK(rehearsal) = {
    .kind = VG_KIND_CHECK,
    .name = "rehearsal",
    .summary = "Opens what a run opens before its first test; may boot a guest",
    .why = "Parts that work one by one may not work together",
    .order = 15,
    .examine = examine,
};
