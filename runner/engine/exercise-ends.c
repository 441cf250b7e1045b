/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM is started, put to work and ended, again and again; each time everything that it had must come back, the slot
 * must be usable at once, and its neighbours must not notice. */
#include <inttypes.h>
#include "engine/exercise.h"

enum { SETTLE_MS = 1000, BACK_S = 10, LOAD_S = 120, KIND_COUNT = 4 };

static const char *const ways[] = { "shutdown", "kill", "destroy" };

struct ends {
    struct vg_exercise *exercise;
    struct vg_host_resources baseline;
    struct vg_text shared, own, resident; /* bytes after each round, for the analysis `growth` */
};

/* True if the load did what it should. A tenant whose load does not start was not ended under load. */
static bool load(struct ends *ends, struct vg_tenant *tenant, bool *good, struct vg_error *err)
{
    struct vg_exercise *exercise = ends->exercise;
    vg_autofree char *workload = vg_strdup(vg_exercise_param(exercise, "load"));
    vg_autofree char *mark = vg_strdup(vg_exercise_param(exercise, "until"));
    const struct vg_test_run spec = { .on = tenant->name, .workload = workload, .until = mark[0] ? mark : NULL };
    *good = true;
    if (!workload[0])
        return true;
    return vg_phase_load(exercise->scene, exercise->phase, &spec, tenant, LOAD_S, good, err);
}

static bool is_back(const struct vg_host_resources *now, const struct vg_host_resources *then)
{
    return now->processes <= then->processes && now->sockets <= then->sockets && now->cgroups <= then->cgroups &&
           now->descriptors <= then->descriptors;
}

/* Takes over each count that is smaller. */
static void take_least(struct vg_host_resources *least, const struct vg_host_resources *now)
{
    least->processes = now->processes < least->processes ? now->processes : least->processes;
    least->sockets = now->sockets < least->sockets ? now->sockets : least->sockets;
    least->cgroups = now->cgroups < least->cgroups ? now->cgroups : least->cgroups;
    least->descriptors = now->descriptors < least->descriptors ? now->descriptors : least->descriptors;
}

/* Each kind by itself: what does not come back must not make a file that a probe has just opened count as kept. */
static bool wait_back(struct ends *ends, struct vg_host_resources *now, struct vg_error *err)
{
    struct vg_engine *engine = ends->exercise->scene->engine;
    struct vg_host_resources least;
    vg_host_resources_read(engine, &least);
    for (int64_t end_ns = vg_now_ns() + BACK_S * VG_NS_PER_S;;) {
        vg_host_resources_read(engine, now);
        take_least(&least, now);
        take_least(now, &least);
        if (is_back(now, &ends->baseline) || vg_now_ns() > end_ns)
            return true;
        if (!vg_engine_turn(engine, 50, err))
            return false;
    }
}

/* The least that was seen within a second: what is still on its way out is no part of it. */
static bool read_baseline(struct ends *ends, struct vg_error *err)
{
    struct vg_host_resources now, *least = &ends->baseline;
    vg_host_resources_read(ends->exercise->scene->engine, least);
    for (int64_t end_ns = vg_now_ns() + SETTLE_MS * VG_NS_PER_MS; vg_now_ns() < end_ns;) {
        if (!vg_engine_turn(ends->exercise->scene->engine, 50, err))
            return false;
        vg_host_resources_read(ends->exercise->scene->engine, &now);
        take_least(least, &now);
    }
    return true;
}

static void compare(struct ends *ends, const struct vg_host_resources *now)
{
    const struct vg_host_resources *then = &ends->baseline;
    const struct {
        const char *name, *what;
        unsigned then, now;
    } kinds[KIND_COUNT] = {
        { "processes-gone", "processes", then->processes, now->processes },
        { "sockets-gone", "sockets in the runtime directory", then->sockets, now->sockets },
        { "cgroups-gone", "control groups", then->cgroups, now->cgroups },
        { "descriptors-gone", "descriptors of the runner", then->descriptors, now->descriptors },
    };
    for (size_t i = 0; i < KIND_COUNT; i++)
        vg_check(&ends->exercise->checks, kinds[i].name, kinds[i].now <= kinds[i].then,
                 "%u %s %d s after the VM's end, %u without it", kinds[i].now, kinds[i].what, BACK_S, kinds[i].then);
}

static void write_down(struct vg_text *readings, uint64_t bytes)
{
    vg_text_add(readings, "%s%" PRIu64, readings->length ? " " : "", bytes);
}

static void read_memory(struct ends *ends, const struct vg_host_resources *now)
{
    uint64_t heap = vg_heap_bytes(), kept = vg_kept_bytes(ends->exercise->scene);
    write_down(&ends->shared, now->shared_bytes);
    write_down(&ends->own, heap > kept ? heap - kept : 0);
    write_down(&ends->resident, now->own_bytes);
}

/* One life of the VM. The first settles what is made once and kept: its end is what later ones are compared with. */
static bool live_once(struct ends *ends, unsigned round, struct vg_error *err)
{
    struct vg_exercise *exercise = ends->exercise;
    const char *how = vg_exercise_param(exercise, "how");
    struct vg_error failed;
    bool done, loaded;
    how = vg_equal(how, "all") ? ways[round % VG_COUNT(ways)] : how;
    vg_engine_step(exercise->scene->engine, "life %u", round + 1);
    if (!vg_exercise_act(exercise, "start", &done, &failed, err))
        return false;
    vg_check(&exercise->checks, "slot-usable", done, "start %u: %s", round + 1, failed.text);
    struct vg_tenant *tenant = done ? vg_exercise_tenant(exercise) : NULL;
    if (!tenant)
        return true;
    if (!load(ends, tenant, &loaded, err))
        return false;
    vg_check(&exercise->checks, "load-works", loaded, "the workload in the VM did not come to work in life %u",
             round + 1);
    if (!vg_exercise_act(exercise, how, &done, &failed, err))
        return false;
    vg_check(&exercise->checks, "ends", done, "%s %u: %s", how, round + 1, failed.text);
    struct vg_host_resources now;
    if (round == 0) {
        if (!read_baseline(ends, err))
            return false;
    } else {
        if (!wait_back(ends, &now, err))
            return false;
        compare(ends, &now);
        read_memory(ends, &now);
    }
    vg_exercise_look_at_neighbours(exercise);
    return true;
}

static void put_readings(struct vg_exercise *exercise, const char *name, struct vg_text *readings)
{
    if (readings->length)
        vg_exercise_fact(exercise, name, "%s", readings->data);
    vg_text_free(readings);
}

static bool exercise(struct vg_exercise *exercise, struct vg_error *err)
{
    struct ends ends = { .exercise = exercise };
    long long times = vg_exercise_number(exercise, "times");
    bool good = true;
    for (long long i = 0; good && i <= times && !exercise->skip; i++)
        good = live_once(&ends, (unsigned)i, err);
    put_readings(exercise, "shared_bytes", &ends.shared);
    put_readings(exercise, "own_bytes", &ends.own);
    put_readings(exercise, "resident_bytes", &ends.resident);
    return good;
}

VG_DRILL(vm_ends) = {
    .kind = VG_KIND_ACTION,
    .name = "vm-ends",
    .summary = "a VM is started, put to work and ended, again and again",
    .why = "what a VM does not give back is missing for the next; what its end breaks is broken for all",
    .params =
        VG_PARAMS {
            { "on", VG_TEXT, .def = NULL, .summary = "the tenant, which is `later`" },
            { "times", VG_INT, .def = "5", .min = 1, .max = 10000, .unit = "1",
              .summary = "how often, after a first time that settles what is made once" },
            { "how", VG_CHOICE, .def = "all", .choices = "shutdown|kill|destroy|all",
              .summary = "how it ends; all: in turn" },
            { "load", VG_TEXT, .def = "", .summary = "the workload that it does meanwhile; empty: none" },
            { "until", VG_TEXT, .def = "",
              .summary = "the mark of the workload at which the VM ends; empty: when the workload has ended" },
            { 0 },
        },
    .exercise = exercise,
};
