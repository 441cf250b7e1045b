/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks of a running VM what its vGPU may forbid. Refused with a reason, or done: either is right; a VM that is broken
 * by the question, or an answer that says nothing, is not. */
#include "engine/exercise.h"

enum { SOON_S = 5, SHORTEST_REASON = 12 };

/* What must be at work afterwards as before: the workloads of the very VM. */
static void look_at_it(struct vg_exercise *exercise, struct vg_tenant *tenant, const char *what)
{
    vg_tenant_check(tenant);
    vg_check(&exercise->checks, "vm-lives", !tenant->dead, "after `%s`: %s", what,
             tenant->reason ? tenant->reason : "");
    for (unsigned i = 0; i < exercise->scene->run_count; i++) {
        const struct vg_active_run *run = exercise->scene->runs[i];
        const struct vg_measured_run *measured = vg_active_measured(run);
        if (run->tenant == tenant)
            vg_check(&exercise->checks, "vm-works", !run->ended || vg_equal(measured->status, "ok"),
                     "after `%s`, %s: %s", what, measured->workload,
                     measured->message ? measured->message : measured->status);
    }
}

static bool ask_once(struct vg_exercise *exercise, struct vg_tenant *tenant, const char *what, struct vg_error *err)
{
    vg_autofree char *said = NULL;
    vg_autofree char *name = vg_format("refused-%s", what), *fact = vg_format("said.%s", what);
    int64_t start_ns = vg_now_ns();
    bool done = vg_vm_request(tenant->vm, what, &said);
    double took_s = (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
    vg_exercise_fact(exercise, fact, "%s%s%s", done ? "done" : "refused", said[0] ? ": " : "", said);
    vg_check(&exercise->checks, name, !done, "`%s` was done, where this vGPU is not known to allow it", what);
    if (!done)
        vg_check(&exercise->checks, "refused-clearly", strlen(said) >= SHORTEST_REASON, "`%s` was refused with `%s`",
                 what, said);
    vg_check(&exercise->checks, "answered-soon", took_s <= SOON_S, "`%s` took %.1f s", what, took_s);
    if (!vg_engine_turn(exercise->scene->engine, 50, err))
        return false;
    look_at_it(exercise, tenant, what);
    return true;
}

static bool exercise(struct vg_exercise *exercise, struct vg_error *err)
{
    long long times = vg_exercise_number(exercise, "times");
    vg_autofree char *what = vg_strdup(vg_exercise_param(exercise, "what"));
    for (long long i = 0; i < times; i++) {
        vg_autofree char *copy = vg_strdup(what);
        char *rest = copy;
        for (char *word; (word = strsep(&rest, " ,")) != NULL;) {
            struct vg_tenant *tenant = vg_exercise_tenant(exercise);
            if (!*word)
                continue;
            if (!tenant)
                return true;
            vg_engine_step(exercise->scene->engine, "%s, %lld of %lld", word, i + 1, times);
            if (!ask_once(exercise, tenant, word, err))
                return false;
        }
    }
    return true;
}

VG_DRILL(vm_requests) = {
    .kind = VG_KIND_ACTION,
    .name = "vm-requests",
    .summary = "asks of a VM that works what its vGPU may forbid: to be saved, migrated, to get or lose a device",
    .why = "what cannot be done must be refused at once and with a reason, and the VM must not feel it",
    .params =
        VG_PARAMS {
            { "on", VG_TEXT, .def = NULL, .summary = "the tenant" },
            { "what", VG_TEXT, .def = NULL,
              .summary =
                  "of save, snapshot, migrate, plug, unplug, plug-vmm, unplug-vmm; several with blanks between" },
            { "times", VG_INT, .def = "10", .min = 1, .max = 10000, .unit = "1", .summary = "how often each" },
            { 0 },
        },
    .exercise = exercise,
};
