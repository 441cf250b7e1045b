/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps every tenant's renderer in its control group and on its pGPU's cores. QEMU starts the renderer some time while
 * the guest boots, and again after a reset; a thread looks for it, so that it is in place before it forks its workers,
 * which then inherit the place. */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include "mechanism/reference-scheduler.h"
#include "mechanism/renderers.h"

#define SEEK_NS     (20 * VG_NS_PER_MS)  /* how often a new tenant is looked at */
#define WATCH_NS    (250 * VG_NS_PER_MS) /* and one whose renderer was found */
#define FIND_NS     (5 * VG_NS_PER_S)    /* how long a policy waits for a renderer */
#define NAME_LENGTH 64

struct subject {
    const struct vg_vgpu *vgpu;
    char tenant[NAME_LENGTH];
    char group[NAME_LENGTH + 32]; /* "" if it has none */
    pid_t pid;
    cpu_set_t cores;
    bool on_cores; /* the host file gives the pGPU cores */
    bool found;
    struct vg_cgroup_limit limit; /* applied last */
    bool limited;
    struct vg_error failure; /* of the last look, if its kind says so */
};

struct vg_scheduler {
    enum vg_render_place place;
    struct vg_cgroups groups; /* version 0: none can be made */
    struct vg_error reason;   /* why */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop;
    struct subject *subjects;
    unsigned subject_count;
};

/* --- looking ------------------------------------------------------------------------------------------------------ */

static void place_process(const struct vg_scheduler *scheduler, struct subject *subject, pid_t pid)
{
    if (*subject->group && !vg_cgroup_has(&scheduler->groups, subject->group, pid)) {
        struct vg_error error = { 0 };
        if (!vg_cgroup_add(&scheduler->groups, subject->group, pid, &error) &&
            vg_place_process(pid, &subject->cores)) /* otherwise it may just have ended */
            subject->failure = error;
    }
    /* Also in a cpuset: newer kernels remember the cores that QEMU was pinned to, which the renderer inherited. */
    if (subject->on_cores && !vg_place_process(pid, &subject->cores))
        vg_fail(&subject->failure, VG_ERROR_ENVIRONMENT, "the renderer of %s cannot be put on its pGPU's cores",
                subject->tenant);
}

static void look(const struct vg_scheduler *scheduler, struct subject *subject)
{
    struct vg_pids pids = { 0 };
    subject->failure.kind = VG_ERROR_NONE;
    if (scheduler->place == VG_RENDER_SERVER)
        vg_renderer_processes(subject->pid, &pids);
    else
        vg_renderer_threads(subject->pid, &pids);
    for (unsigned i = 0; i < pids.count; i++) {
        if (scheduler->place == VG_RENDER_SERVER)
            place_process(scheduler, subject, pids.items[i]);
        else if (subject->on_cores && !vg_place_thread(pids.items[i], &subject->cores))
            vg_fail(&subject->failure, VG_ERROR_ENVIRONMENT, "the renderer of %s cannot be put on its pGPU's cores",
                    subject->tenant);
    }
    subject->found = pids.count > 0;
    vg_pids_free(&pids);
}

static void *watch(void *context)
{
    struct vg_scheduler *scheduler = context;
    pthread_mutex_lock(&scheduler->lock);
    while (!scheduler->stop) {
        bool seeking = false;
        for (unsigned i = 0; i < scheduler->subject_count; i++) {
            look(scheduler, &scheduler->subjects[i]);
            seeking = seeking || !scheduler->subjects[i].found;
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t at_ns = until.tv_nsec + (seeking ? SEEK_NS : WATCH_NS);
        until.tv_sec += at_ns / VG_NS_PER_S;
        until.tv_nsec = at_ns % VG_NS_PER_S;
        pthread_cond_timedwait(&scheduler->wake, &scheduler->lock, &until);
    }
    pthread_mutex_unlock(&scheduler->lock);
    return NULL;
}

/* --- who is scheduled --------------------------------------------------------------------------------------------- */

struct vg_scheduler *vg_scheduler_open(const char *root, enum vg_render_place place)
{
    struct vg_scheduler *scheduler = vg_calloc(1, sizeof(*scheduler));
    scheduler->place = place;
    pthread_mutex_init(&scheduler->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&scheduler->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (place == VG_RENDER_THREADS)
        vg_fail(&scheduler->reason, VG_ERROR_REFUSED, "it works in QEMU's own threads, beside the VMM's work");
    else if (vg_cgroups_find(root, &scheduler->groups, &scheduler->reason))
        vg_cgroups_sweep(&scheduler->groups);
    return scheduler;
}

static void drop(struct vg_scheduler *scheduler, unsigned index)
{
    for (; index + 1 < scheduler->subject_count; index++)
        scheduler->subjects[index] = scheduler->subjects[index + 1];
    scheduler->subject_count--;
}

void vg_scheduler_close(struct vg_scheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stop = true;
    pthread_cond_signal(&scheduler->wake);
    pthread_mutex_unlock(&scheduler->lock);
    if (scheduler->running)
        pthread_join(scheduler->thread, NULL);
    for (unsigned i = 0; i < scheduler->subject_count; i++) {
        struct vg_error error = { 0 };
        if (*scheduler->subjects[i].group &&
            !vg_cgroup_remove(&scheduler->groups, scheduler->subjects[i].group, &error))
            vg_warn("%s", error.text);
    }
    free(scheduler->subjects);
    vg_cgroups_free(&scheduler->groups);
    pthread_cond_destroy(&scheduler->wake);
    pthread_mutex_destroy(&scheduler->lock);
    free(scheduler);
}

static struct subject *find(struct vg_scheduler *scheduler, const struct vg_vgpu *vgpu)
{
    for (unsigned i = 0; i < scheduler->subject_count; i++)
        if (scheduler->subjects[i].vgpu == vgpu)
            return &scheduler->subjects[i];
    return NULL;
}

/* Tenants' names are the user's: only what is harmless in a path is kept. The vGPU's id keeps names apart. */
static void name_group(struct subject *subject)
{
    char safe[NAME_LENGTH];
    size_t length = 0;
    for (const char *c = subject->tenant; *c && length < sizeof(safe) - 1; c++)
        safe[length++] = isalnum((unsigned char)*c) || *c == '-' ? *c : '_';
    safe[length] = '\0';
    snprintf(subject->group, sizeof(subject->group), "vgauge-%ld-%s-%.8s", (long)getpid(), safe, subject->vgpu->uuid);
}

static bool prepare(const struct vg_scheduler *scheduler, struct subject *subject, const char *cores,
                    struct vg_error *err)
{
    subject->on_cores = cores != NULL;
    if (cores && !vg_parse_cpu_list(cores, &subject->cores))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` of a pGPU is no list of cores such as 0-3,5", cores);
    if (!cores || !scheduler->groups.version)
        return true;
    name_group(subject);
    if (vg_cgroup_make(&scheduler->groups, subject->group, cores, err))
        return true;
    struct vg_error ignored = { 0 };
    vg_cgroup_remove(&scheduler->groups, subject->group, &ignored);
    return vg_wrap(err, "the renderer of %s cannot be scheduled", subject->tenant);
}

static bool start_watching(struct vg_scheduler *scheduler, struct vg_error *err)
{
    if (!scheduler->running)
        scheduler->running = pthread_create(&scheduler->thread, NULL, watch, scheduler) == 0;
    return scheduler->running ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "the reference scheduler's thread cannot be started");
}

static bool adopt_locked(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, const char *cores,
                         struct vg_error *err)
{
    struct subject *known = find(scheduler, tenant->vgpu);
    if (known) { /* the tenant was started anew */
        known->pid = tenant->pid;
        known->found = false;
        return true;
    }
    struct subject subject = { .vgpu = tenant->vgpu, .pid = tenant->pid };
    snprintf(subject.tenant, sizeof(subject.tenant), "%s", tenant->tenant);
    if (!prepare(scheduler, &subject, cores, err))
        return false;
    vg_push(scheduler->subjects, scheduler->subject_count) = subject;
    return start_watching(scheduler, err);
}

bool vg_scheduler_adopt(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, const char *cores,
                        struct vg_error *err)
{
    if (tenant->pid <= 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the process of %s is not on this host, so it cannot be scheduled",
                       tenant->tenant);
    pthread_mutex_lock(&scheduler->lock);
    bool adopted = adopt_locked(scheduler, tenant, cores, err);
    pthread_cond_signal(&scheduler->wake);
    pthread_mutex_unlock(&scheduler->lock);
    return adopted;
}

bool vg_scheduler_release(struct vg_scheduler *scheduler, const struct vg_vgpu *vgpu, struct vg_error *err)
{
    char group[sizeof(((struct subject *)NULL)->group)] = "";
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find(scheduler, vgpu);
    if (subject) {
        snprintf(group, sizeof(group), "%s", subject->group);
        drop(scheduler, (unsigned)(subject - scheduler->subjects));
    }
    pthread_mutex_unlock(&scheduler->lock);
    return !*group || vg_cgroup_remove(&scheduler->groups, group, err);
}

/* --- policies ----------------------------------------------------------------------------------------------------- */

/* The group of the tenant with its renderer in it; false with the reason. */
static bool await_renderer(struct vg_scheduler *scheduler, const struct vg_policy_tenant *tenant, char *group,
                           size_t group_size, struct vg_error *err)
{
    int64_t deadline_ns = vg_now_ns() + FIND_NS;
    for (;;) {
        pthread_mutex_lock(&scheduler->lock);
        struct subject *subject = find(scheduler, tenant->vgpu);
        if (subject)
            look(scheduler, subject);
        bool found = subject && subject->found;
        struct vg_error failure = subject ? subject->failure : (struct vg_error) { 0 };
        snprintf(group, group_size, "%s", subject ? subject->group : "");
        pthread_mutex_unlock(&scheduler->lock);
        if (found && failure.kind == VG_ERROR_NONE)
            return true;
        if (vg_now_ns() > deadline_ns && failure.kind != VG_ERROR_NONE) {
            *err = failure;
            return false;
        }
        if (kill(tenant->pid, 0) < 0 && errno == ESRCH)
            return vg_fail(err, VG_ERROR_TENANT, "the VM of %s (process %d) is gone", tenant->tenant, (int)tenant->pid);
        if (vg_now_ns() > deadline_ns)
            return vg_fail(err, VG_ERROR_TENANT,
                           "no renderer was found in the VM of %s (process %d): did its guest start its GPU driver?",
                           tenant->tenant, (int)tenant->pid);
        vg_sleep_ns(SEEK_NS);
    }
}

static void remember(struct vg_scheduler *scheduler, const struct vg_vgpu *vgpu, const struct vg_cgroup_limit *limit)
{
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find(scheduler, vgpu);
    if (subject) {
        subject->limit = *limit;
        subject->limited = true;
    }
    pthread_mutex_unlock(&scheduler->lock);
}

bool vg_scheduler_read(struct vg_scheduler *scheduler, const struct vg_vgpu *vgpu, struct vg_policy_knob *knobs,
                       unsigned *count, struct vg_error *err)
{
    char group[sizeof(((struct subject *)NULL)->group)] = "";
    struct vg_cgroup_limit wanted = { 0 }, now;
    *count = 0;
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find(scheduler, vgpu);
    if (subject && subject->limited) {
        snprintf(group, sizeof(group), "%s", subject->group);
        wanted = subject->limit;
    }
    pthread_mutex_unlock(&scheduler->lock);
    if (!*group)
        return true;
    if (!vg_cgroup_get_limit(&scheduler->groups, group, &now, err))
        return false;
    knobs[(*count)++] = (struct vg_policy_knob) { "period_us", wanted.period_us, now.period_us };
    knobs[(*count)++] = (struct vg_policy_knob) { "quota_us", wanted.quota_us, now.quota_us };
    knobs[(*count)++] = (struct vg_policy_knob) { "weight", wanted.weight, now.weight };
    return true;
}

enum vg_refusal vg_scheduler_apply(struct vg_scheduler *scheduler, const struct vg_host_policy *policy,
                                   const char *cores, const struct vg_policy_tenant *tenants, unsigned tenant_count,
                                   struct vg_error *err)
{
    cpu_set_t set;
    unsigned core_count = cores ? (unsigned)vg_parse_cpu_list(cores, &set) : 0;
    bool best_effort = vg_equal(policy->name, "best-effort");
    if (!best_effort && (!scheduler->groups.version || !core_count)) {
        vg_fail(err, VG_ERROR_REFUSED, "only best-effort can be had here, not %s: the renderer cannot be limited, %s",
                policy->name,
                scheduler->groups.version ? "because the host file gives the pGPU no cores" : scheduler->reason.text);
        return VG_REFUSED_UNSUPPORTED;
    }
    for (unsigned i = 0; i < tenant_count; i++) {
        const struct vg_policy_tenant *tenant = &tenants[i];
        char group[sizeof(((struct subject *)NULL)->group)];
        struct vg_cgroup_limit limit;
        enum vg_refusal refusal = vg_scheduler_limit(policy, core_count ? core_count : 1, tenant_count,
                                                     tenant->vgpu->profile->max, tenant->weight, &limit, err);
        if (refusal != VG_REFUSED_NOT)
            return refusal;
        if (!vg_scheduler_adopt(scheduler, tenant, cores, err))
            return VG_REFUSED_ERROR;
        /* Threads of a rasterizer need not be there before the first frame, and nothing is written about them. */
        if (scheduler->place == VG_RENDER_SERVER && !await_renderer(scheduler, tenant, group, sizeof(group), err))
            return VG_REFUSED_ERROR;
        if (scheduler->place == VG_RENDER_SERVER && *group &&
            !vg_cgroup_set_limit(&scheduler->groups, group, &limit, err))
            return VG_REFUSED_ERROR;
        remember(scheduler, tenant->vgpu, &limit);
    }
    return VG_REFUSED_NOT;
}
