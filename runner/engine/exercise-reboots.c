/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM under load is rebooted, again and again, in three ways; each time it must come back by itself and compute
 * rightly, in the same VMM. */
#include "engine/exercise.h"

enum { LOAD_S = 120 };

static const char *const ways[] = { "reset", "guest", "panic" };

static bool run_one(struct vg_exercise *exercise, struct vg_tenant *tenant, const char *name, const char *mark,
                    bool *done, struct vg_error *err)
{
    vg_autofree char *workload = vg_strdup(name), *until = mark ? vg_strdup(mark) : NULL;
    const struct vg_test_run spec = { .on = tenant->name, .workload = workload, .until = until };
    return vg_phase_load(exercise->scene, exercise->phase, &spec, tenant, LOAD_S, done, err);
}

/* A VMM that died with it is a failure that is counted; the next reboot gets a new VM. */
static bool survives(struct vg_exercise *exercise, struct vg_tenant *tenant, unsigned round, const char *how)
{
    vg_tenant_check(tenant);
    vg_check(&exercise->checks, "vmm-survives", !tenant->dead, "reboot %u (%s): %s", round + 1, how,
             tenant->reason ? tenant->reason : "");
    return !tenant->dead;
}

static bool comes_back(struct vg_exercise *exercise, struct vg_tenant *tenant, unsigned round, const char *how,
                       bool *back, struct vg_error *err)
{
    pid_t before = vg_tenant_pid(tenant);
    vg_autofree char *boot_id = vg_strdup(vg_json_text_or(tenant->hello, "boot_id", ""));
    vg_autofree char *fact = vg_format("back_s.%u.%s", round + 1, how), *name = vg_format("comes-back-%s", how);
    struct vg_error failed = { 0 };
    int64_t start_ns = vg_now_ns();
    *back = vg_tenant_reboot(exercise->scene, tenant, how, &failed);
    if (failed.kind == VG_ERROR_INTERRUPTED) {
        *err = failed;
        return false;
    }
    vg_exercise_fact(exercise, fact, "%.2f", (double)(vg_now_ns() - start_ns) / 1e9);
    vg_check(&exercise->checks, name, *back, "reboot %u: %s", round + 1, failed.text);
    if (!*back)
        return true;
    vg_check(&exercise->checks, "is-another-boot", !vg_equal(boot_id, vg_json_text_or(tenant->hello, "boot_id", "")),
             "reboot %u (%s) left the same boot running", round + 1, how);
    vg_check(&exercise->checks, "same-vmm", vg_tenant_pid(tenant) == before, "reboot %u (%s): process %d has become %d",
             round + 1, how, (int)before, (int)vg_tenant_pid(tenant));
    return true;
}

static bool reboot_once(struct vg_exercise *exercise, struct vg_tenant *tenant, unsigned round, struct vg_error *err)
{
    const char *how = vg_exercise_param(exercise, "how");
    bool done = true, back;
    how = vg_equal(how, "all") ? ways[round % VG_COUNT(ways)] : how;
    vg_engine_step(exercise->scene->engine, "reboot %u (%s)", round + 1, how);
    if (!run_one(exercise, tenant, vg_exercise_param(exercise, "load"), vg_exercise_param(exercise, "until"), &done,
                 err))
        return false;
    vg_check(&exercise->checks, "load-works", done, "the workload did not come to work before reboot %u", round + 1);
    if (!comes_back(exercise, tenant, round, how, &back, err))
        return false;
    if (back && !run_one(exercise, tenant, vg_exercise_param(exercise, "proof"), NULL, &done, err))
        return false;
    vg_check(&exercise->checks, "result-right", back && done, "after reboot %u (%s) the reference result is not right",
             round + 1, how);
    vg_exercise_look_at_neighbours(exercise);
    return true;
}

/* The tenant that is rebooted, a new one if the last did not survive. NULL: there is none. */
static struct vg_tenant *next_tenant(struct vg_exercise *exercise, bool renew, struct vg_error *err)
{
    struct vg_error failed = { 0 };
    bool done = true;
    if (renew && (!vg_exercise_act(exercise, "destroy", &done, &failed, err) ||
                  !vg_exercise_act(exercise, "start", &done, &failed, err)))
        return NULL;
    vg_exercise_trial(exercise, true);
    return vg_exercise_tenant(exercise);
}

static bool exercise(struct vg_exercise *exercise, struct vg_error *err)
{
    long long times = vg_exercise_number(exercise, "times");
    bool renew = false;
    for (long long i = 0; i < times; i++) {
        struct vg_tenant *tenant = next_tenant(exercise, renew, err);
        if (!tenant)
            return err->kind == VG_ERROR_NONE;
        if (!reboot_once(exercise, tenant, (unsigned)i, err))
            return false;
        const char *how = vg_exercise_param(exercise, "how");
        renew =
            !survives(exercise, tenant, (unsigned)i, vg_equal(how, "all") ? ways[i % (long long)VG_COUNT(ways)] : how);
    }
    vg_exercise_trial(exercise, false);
    return true;
}

VG_DRILL(vm_reboots) = {
    .kind = VG_KIND_ACTION,
    .name = "vm-reboots",
    .summary = "a VM under load is rebooted, again and again",
    .why = "a guest that crashes or updates itself reboots alone; nobody on the host is there to mend its vGPU",
    .params =
        VG_PARAMS {
            { "on", VG_TEXT, .def = NULL, .summary = "the tenant" },
            { "times", VG_INT, .def = "3", .min = 1, .max = 10000, .unit = "1", .summary = "how often" },
            { "how", VG_CHOICE, .def = "all", .choices = "reset|guest|panic|all",
              .summary = "by the host, by the guest itself, by a panic of its kernel; all: in turn" },
            { "load", VG_TEXT, .def = NULL, .summary = "the workload that it does before" },
            { "until", VG_TEXT, .def = "steady", .summary = "the mark of the workload at which it is rebooted" },
            { "proof", VG_TEXT, .def = NULL, .summary = "the workload after it, which checks its results" },
            { 0 },
        },
    .exercise = exercise,
};
