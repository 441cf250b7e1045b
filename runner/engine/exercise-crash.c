/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that renders for a tenant is killed while it works, as if it had crashed; and what the host's logs say of
 * whose fault it was. */
#include <ctype.h>
#include <signal.h>
#include "engine/exercise.h"

enum { FIND_S = 20, LEAST_CPU_TICKS = 20 };

/* CPU time that a process has used, in ticks; 0 if it is gone. */
static unsigned long long cpu_ticks(pid_t pid)
{
    vg_autofree char *path = vg_format("/proc/%d/stat", (int)pid);
    vg_autofree char *text = NULL;
    struct vg_error gone = { 0 };
    unsigned long long user = 0, system = 0;
    const char *after = vg_read_attribute(path, &text, &gone) ? strrchr(text, ')') : NULL;
    if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        return 0;
    return user + system;
}

/* The worker of the guest's context: a process that the VMM's own child has started, and which has work to do. */
static bool find_worker(const struct vg_tenant *tenant, struct vg_renderer *worker)
{
    struct vg_renderer all[VG_RENDERERS_MOST];
    unsigned count = vg_renderers_of(vg_tenant_pid(tenant), all);
    unsigned long long most = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned long long ticks = cpu_ticks(all[i].pid);
        if (all[i].parent == vg_tenant_pid(tenant) || ticks < LEAST_CPU_TICKS || ticks < most)
            continue;
        most = ticks;
        *worker = all[i];
    }
    return most > 0;
}

static bool serve_for(struct vg_engine *engine, int64_t ms, struct vg_error *err)
{
    for (int64_t end_ns = vg_now_ns() + ms * VG_NS_PER_MS; vg_now_ns() < end_ns;)
        if (!vg_engine_turn(engine, 50, err))
            return false;
    return true;
}

static bool any_run_left(const struct vg_scene *scene, const struct vg_tenant *tenant)
{
    for (unsigned i = 0; i < scene->run_count; i++)
        if (scene->runs[i]->tenant == tenant && !scene->runs[i]->ended)
            return true;
    return false;
}

static bool kill_worker(struct vg_exercise *exercise, struct vg_error *err)
{
    struct vg_engine *engine = exercise->scene->engine;
    struct vg_tenant *tenant = vg_exercise_tenant(exercise);
    struct vg_renderer worker = { 0 };
    if (!tenant)
        return true;
    bool found = false;
    for (int64_t end_ns = vg_now_ns() + FIND_S * VG_NS_PER_S; !found && vg_now_ns() < end_ns;) {
        found = find_worker(tenant, &worker);
        if (!found && !serve_for(engine, 200, err))
            return false;
    }
    if (!found) {
        vg_exercise_skip(exercise, "no renderer process of %s works: threads of its VMM do it, or nothing does",
                         tenant->name);
        return true;
    }
    vg_exercise_fact(exercise, "killed", "%s (%d), child of %d", worker.name, (int)worker.pid, (int)worker.parent);
    vg_scene_event(exercise->scene, tenant->name, NULL, false, "renderer %d of %s is killed", (int)worker.pid,
                   tenant->name);
    if (kill(worker.pid, SIGKILL) < 0)
        vg_exercise_skip(exercise, "process %d could not be killed: %m", (int)worker.pid);
    int64_t end_ns = vg_now_ns() + vg_exercise_number(exercise, "ends_s") * VG_NS_PER_S;
    do {
        if (!serve_for(engine, 500, err))
            return false;
        vg_tenant_check(tenant);
    } while (!tenant->dead && any_run_left(exercise->scene, tenant) && vg_now_ns() < end_ns);
    const char *why = "";
    vg_check(&exercise->checks, "vmm-lives", vg_vm_alive(tenant->vm, &why), "the VMM of %s: %s", tenant->name, why);
    vg_check(&exercise->checks, "guest-lives", !tenant->dead, "%s: %s", tenant->name,
             tenant->reason ? tenant->reason : "");
    vg_check(&exercise->checks, "guest-does-not-hang", !any_run_left(exercise->scene, tenant),
             "the workload of %s has not ended %lld s after its renderer was killed", tenant->name,
             vg_exercise_number(exercise, "ends_s"));
    vg_exercise_look_at_neighbours(exercise);
    return true;
}

VG_DRILL(kill_renderer) = {
    .kind = VG_KIND_ACTION,
    .name = "kill-renderer",
    .summary = "kills the process that renders for a tenant while it works",
    .why = "a renderer that crashes must not take its VMM along, nor anybody else",
    .params =
        VG_PARAMS {
            { "on", VG_TEXT, .def = NULL, .summary = "the tenant" },
            { "ends_s", VG_INT, .def = "60", .min = 1, .max = 3600, .unit = "s",
              .summary = "how long its workload may go on after that" },
            { 0 },
        },
    .exercise = kill_worker,
};

/* Lines of the log that speak of something that went wrong in the renderer. */
static unsigned complaints(struct vg_tenant *tenant, char **first)
{
    enum { LINES = 400 };
    static const char *const words[] = { "vkr",   "virgl", "vrend", "error",     "fail",
                                         "abort", "lost",  "crash", "terminated" };
    vg_autofree char *log = vg_vm_log_tail(tenant->vm, LINES);
    char *rest = log;
    unsigned count = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        bool speaks = false;
        /* What libvirt notes of the command line, and of a domain's settings, tells nothing of its run. */
        if (line[0] == '-' || strstr(line, "tainted") || strstr(line, "QEMU_AUDIO") || strstr(line, " \\"))
            continue;
        for (size_t i = 0; i < VG_COUNT(words); i++)
            speaks = speaks || strcasestr(line, words[i]);
        if (!speaks)
            continue;
        if (count++ == 0)
            *first = vg_strdup(line);
    }
    return count;
}

static bool look_at_logs(struct vg_exercise *exercise, struct vg_error *err)
{
    (void)err;
    const struct vg_scene *scene = exercise->scene;
    const char *on = vg_exercise_param(exercise, "on");
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        struct vg_tenant *tenant = scene->tenants[i];
        vg_autofree char *first = NULL;
        if (!tenant || !tenant->vm)
            continue;
        bool offender = vg_tenant_selected(on, tenant->name);
        unsigned count = complaints(tenant, &first);
        vg_autofree char *fact = vg_format("log.%s", tenant->name);
        vg_exercise_fact(exercise, fact, "%u lines%s%s", count, first ? ", the first: " : "", first ? first : "");
        if (offender)
            vg_check(&exercise->checks, "log-names-offender", count > 0,
                     "the log of the VMM of %s says nothing of what happened", tenant->name);
        else
            vg_check(&exercise->checks, "log-accuses-nobody-else", count == 0, "the log of the VMM of %s says: %s",
                     tenant->name, first ? first : "");
    }
    return true;
}

VG_DRILL(look_at_logs) = {
    .kind = VG_KIND_ACTION,
    .name = "look-at-logs",
    .summary = "whether the logs of the VMMs, of which each tenant has its own, name the one that did it, and no other",
    .why = "an operator who sees a fault must learn whose it was",
    .params = VG_PARAMS { { "on", VG_TEXT, .def = NULL, .summary = "the tenant that did it" }, { 0 } },
    .exercise = look_at_logs,
};
