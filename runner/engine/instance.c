/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One instance of a test: tenants that fit (running ones are shared where the test allows it), phases, probes,
 * measurements, verdict. */
#include <stdlib.h>
#include "engine/internal.h"

enum { CLOCK_PINGS = 12, CLOCK_TIMEOUT_MS = 3000 };

static struct vg_measurements *new_measurements(const struct vg_engine *engine, const struct vg_instance *instance)
{
    const struct vg_host_mechanism *config = vg_host_mechanism_find(engine->host, instance->mechanism);
    const struct vg_host_profile *profile = vg_host_profile_find(config, instance->profile);
    const struct vg_host_policy *policy = vg_host_policy_find(config, instance->policy);
    const struct vg_host_policy *elastic = vg_host_policy_find(config, "fixed-elastic");
    struct vg_measurements *measurements = vg_calloc(1, sizeof(*measurements));
    *measurements = (struct vg_measurements) {
        .test = vg_strdup(instance->test->id),
        .instance = vg_strdup(instance->name),
        .mechanism = vg_strdup(instance->mechanism),
        .profile = vg_strdup(instance->profile),
        .policy = vg_strdup(instance->policy),
        .pgpu = vg_strdup(engine->host->pgpu_count ? engine->host->pgpus[0].name : ""),
        .profile_max = profile ? profile->max : 0,
        .profile_memory_bytes = profile ? profile->memory_bytes : 0,
        .period_us = policy ? policy->period_us : 0,
        .slice_us = policy ? policy->slice_us : 0,
        .elastic_percent = elastic ? elastic->elastic_percent : 0,
        .software_renderer = config->software_renderer,
        .boot = instance->boot,
        .skip = instance->skip ? vg_strdup(instance->skip) : vg_environment_lacks(engine, instance),
        .directory = vg_format("%s/tests/%s/%s", engine->config->run->directory, instance->test->id, instance->name),
    };
    for (unsigned i = 0; i < config->promise_count; i++)
        vg_push(measurements->promises, measurements->promise_count) =
            (struct vg_measured_promise) { .policy = vg_strdup(config->promises[i].policy),
                                           .entitlement = vg_strdup(config->promises[i].entitlement),
                                           .idle = vg_strdup(config->promises[i].idle) };
    return measurements;
}

/* How many tenants of this instance's kind may stay parked: the others need the capacity. */
static unsigned parking_room(const struct vg_scene *scene)
{
    const struct vg_test *test = scene->instance->test;
    unsigned taken = 0, fresh = 0, wanted = 0, index = 0;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        for (unsigned j = 0; j < test->tenants[i].count; j++, index++) {
            taken += scene->tenants[index] != NULL;
            fresh += test->tenants[i].fresh;
            wanted += !scene->tenants[index] && !test->tenants[i].fresh;
        }
    }
    const struct vg_host *host = scene->engine->host;
    const struct vg_host_profile *profile =
        vg_host_profile_find(vg_host_mechanism_find(host, scene->instance->mechanism), scene->instance->profile);
    unsigned most = profile ? profile->max * host->pgpu_count : 0;
    unsigned spare = most > taken + fresh ? most - taken - fresh : 0;
    return wanted > spare ? wanted : spare;
}

/* Everything that runs and does not belong to this instance would be a neighbour that nobody asked for: it is parked if
 * this or a later instance can use it, and ended otherwise. */
static void clear_strangers(struct vg_engine *engine, const struct vg_scene *scene)
{
    unsigned room = parking_room(scene);
    for (unsigned i = 0; i < engine->tenant_count;) {
        struct vg_tenant *tenant = engine->tenants[i];
        bool stays = tenant->scene == scene;
        if (!stays && room && tenant->boot == scene->instance->boot &&
            vg_equal(tenant->mechanism->name, scene->instance->mechanism) &&
            vg_equal(tenant->profile->name, scene->instance->profile) &&
            tenant->rootfs == vg_environment_rootfs(engine, scene->instance) && vg_tenant_park(tenant)) {
            room--;
            stays = true;
        }
        if (stays)
            i++;
        else
            vg_tenant_free(tenant);
    }
}

void vg_scene_take(struct vg_scene *scene, struct vg_tenant *tenant, unsigned index, bool shared)
{
    tenant->scene = scene;
    tenant->shared = shared;
    tenant->name = vg_strdup(scene->measurements->tenants[index].name);
    tenant->weight = scene->measurements->tenants[index].weight;
    scene->tenants[index] = tenant;
    /* The last point of before is ours too: a tenant that this test ends may not get another. */
    unsigned count = 0;
    if (tenant->link)
        vg_link_clock(tenant->link, &count);
    tenant->clock_first = count ? count - 1 : 0;
}

/* Which tenant names the test has; whether each is shared, new, or starts later. */
static bool cast(struct vg_scene *scene, struct vg_error *err)
{
    const struct vg_test *test = scene->instance->test;
    struct vg_measurements *into = scene->measurements;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        for (unsigned j = 0; j < (test->tenants[i].count ? test->tenants[i].count : 1); j++)
            vg_push(into->tenants, into->tenant_count) =
                (struct vg_measured_tenant) { .name = vg_format("%s.%u", test->tenants[i].name, j),
                                              .weight = test->tenants[i].weight };
    }
    scene->tenant_count = into->tenant_count;
    scene->tenants = vg_calloc(scene->tenant_count, sizeof(*scene->tenants));
    unsigned index = 0;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        const struct vg_test_tenant *role = &test->tenants[i];
        for (unsigned j = 0; j < (role->count ? role->count : 1); j++, index++) {
            if (role->later)
                continue;
            struct vg_tenant *tenant = !role->fresh ? vg_tenant_reuse(scene->engine, scene->instance) : NULL;
            if (tenant)
                vg_scene_take(scene, tenant, index, true);
        }
    }
    clear_strangers(scene->engine, scene); /* before new ones are made: they may need the capacity */
    index = 0;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        for (unsigned j = 0; j < (test->tenants[i].count ? test->tenants[i].count : 1); j++, index++) {
            if (test->tenants[i].later || scene->tenants[index])
                continue;
            struct vg_tenant *tenant = vg_tenant_new(scene->engine, scene->instance, err);
            if (!tenant)
                return false;
            vg_scene_take(scene, tenant, index, false);
        }
    }
    return true;
}

static bool boot(struct vg_scene *scene, struct vg_error *err)
{
    vg_autofree struct vg_tenant **waiting = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        if (scene->tenants[i])
            vg_push(waiting, count) = scene->tenants[i];
    }
    return vg_tenants_boot(scene->engine, waiting, (unsigned)count, err) && vg_policy_apply(scene, err);
}

/* A burst of pings to every tenant, waited for: at the beginning and at the end of a test. */
static bool read_clocks(struct vg_scene *scene, struct vg_error *err)
{
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        struct vg_tenant *tenant = scene->tenants[i];
        if (tenant && tenant->booted && !tenant->dead)
            vg_link_ping(tenant->link, CLOCK_PINGS);
    }
    for (int64_t end_ns = vg_now_ns() + CLOCK_TIMEOUT_MS * VG_NS_PER_MS; vg_now_ns() < end_ns;) {
        bool pending = false;
        if (!vg_engine_turn(scene->engine, 10, err))
            return false;
        for (unsigned i = 0; i < scene->tenant_count; i++) {
            struct vg_tenant *tenant = scene->tenants[i];
            pending = pending || (tenant && tenant->booted && !tenant->dead && vg_link_pings_pending(tenant->link));
        }
        if (!pending)
            break;
    }
    return true;
}

static void copy_file(const char *from, const char *directory, const char *name)
{
    enum { MOST_BYTES = 1 << 20 };
    vg_autofree char *data = NULL;
    size_t length;
    struct vg_error ignored = { 0 };
    vg_autofree char *to = vg_format("%s/%s", directory, name);
    if (vg_exists(from) && vg_read_file(from, MOST_BYTES, &data, &length, &ignored))
        vg_write_file_unsynced(to, data, length, &ignored);
}

/* What the VMM and its renderers said. */
static void copy_vmm_log(struct vg_vm *vm, const char *directory, const char *tenant)
{
    enum { MOST_LINES = 400 };
    vg_autofree char *log = vg_vm_log_tail(vm, MOST_LINES);
    vg_autofree char *path = vg_format("%s/%s.vmm.log", directory, tenant);
    struct vg_error ignored = { 0 };
    if (log[0])
        vg_write_file(path, log, strlen(log), &ignored);
}

/* What is known of each tenant goes into the measurements, its files beside them. */
static void describe_tenants(struct vg_scene *scene)
{
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        struct vg_measured_tenant *into = &scene->measurements->tenants[i];
        const struct vg_tenant *tenant = scene->tenants[i];
        if (!tenant) { /* not lost: whatever ended the test before its start is what to tell */
            into->state = vg_strdup("stopped");
            into->reason = vg_strdup("it was never started");
            continue;
        }
        into->vm = tenant->vm ? vg_strdup(tenant->label) : vg_format("pid %ld", (long)vg_tenant_pid(tenant));
        into->state = vg_strdup(tenant->stopped || (tenant->dead && tenant->on_trial) ? "stopped"
                                : tenant->dead                                        ? "lost"
                                                                                      : "ok");
        into->reason = tenant->reason ? vg_strdup(tenant->reason) : NULL;
        into->boot_s = tenant->shared || !tenant->hello_ns ? 0 : (double)(tenant->hello_ns - tenant->start_ns) / 1e9;
        into->hello = tenant->hello ? json_incref(tenant->hello) : NULL;
        into->boot_id = tenant->hello ? vg_strdup(vg_json_text_or(tenant->hello, "boot_id", "")) : NULL;
        unsigned count = 0;
        const struct vg_clock_point *points = tenant->link ? vg_link_clock(tenant->link, &count) : NULL;
        for (unsigned j = tenant->clock_first; j < count; j++)
            vg_push(into->clock, into->clock_count) = points[j];
        vg_autofree char *console = vg_format("%s.console.log", into->name);
        copy_file(tenant->console_file, scene->measurements->directory, console);
        if (tenant->vm)
            copy_vmm_log(tenant->vm, scene->measurements->directory, into->name);
        if (tenant->domain_xml) {
            vg_autofree char *path = vg_format("%s/%s.domain.xml", scene->measurements->directory, into->name);
            struct vg_error ignored = { 0 };
            vg_write_file_unsynced(path, tenant->domain_xml, strlen(tenant->domain_xml), &ignored);
        }
    }
}

static bool perform(struct vg_scene *scene, struct vg_error *err)
{
    const struct vg_test *test = scene->instance->test;
    if (!read_clocks(scene, err))
        return false;
    for (unsigned i = 0; i < test->phase_count; i++) {
        if (!vg_phase_run(scene, &test->phases[i], err))
            return false;
        const char *outcome = scene->measurements->phases[i].outcome;
        if (!vg_equal(outcome, "ok"))
            break; /* later phases build on this one */
    }
    vg_freeze_end(scene->freeze); /* what is to stop may need it */
    scene->freeze = NULL;
    /* Judging costs time of a core, and belongs into a turn of ours, too. */
    bool ended = vg_scene_stop_runs(scene, NULL, err) && vg_engine_take_turn(scene->engine, err) &&
                 (!scene->run_count || read_clocks(scene, err)); /* without samples there is nothing to place in time */
    /* A rule may be broken after the last workload has ended. */
    for (unsigned i = 0; i < scene->tenant_count; i++)
        if (scene->tenants[i])
            vg_tenant_check(scene->tenants[i]);
    return ended;
}

/* Lets go of the tenants; ends those that must not serve another test. */
static void leave(struct vg_scene *scene)
{
    for (unsigned i = 0; i < scene->run_count; i++) {
        vg_active_finish(scene->runs[i], "stopped", "the run was ended");
        free(scene->runs[i]->streams);
        free(scene->runs[i]->marks_guest_ns);
    }
    for (unsigned i = 0; i < scene->tenant_count; i++) {
        struct vg_tenant *tenant = scene->tenants[i];
        if (!tenant)
            continue;
        tenant->scene = NULL;
        free(tenant->name);
        tenant->name = NULL;
        if (tenant->dead || tenant->tainted || !tenant->booted)
            vg_tenant_free(tenant);
    }
    for (unsigned i = 0; i < scene->run_count; i++)
        free(scene->runs[i]);
    free(scene->runs);
    free(scene->tenants);
}

static bool judge_and_save(struct vg_engine *engine, const struct vg_instance *instance,
                           struct vg_measurements *measurements, struct vg_error *err)
{
    const struct vg_run *run = engine->config->run;
    struct vg_judgement *judgement = NULL;
    bool saved = vg_measurements_save(measurements, err) && (judgement = vg_judge(instance->test, measurements, err));
    saved =
        saved && vg_judgement_save_unsynced(judgement, run->directory, err) && vg_journal_append(run, judgement, err);
    if (saved && engine->config->observer && engine->config->observer->judged)
        engine->config->observer->judged(engine->config->observer->context, judgement);
    if (judgement)
        vg_judgement_free(judgement);
    return saved;
}

/* A refusal or a tenant that does not come up decides this instance only, unless none of its kind ever came up: then
 * the host is what is broken, and going on would say the same thing once per test. */
static bool ends_the_run(const struct vg_engine *engine, const struct vg_instance *instance, const struct vg_error *err)
{
    bool ever_booted = vg_mechanism_find(instance->mechanism)->vm ? engine->booted_vm : engine->booted_native;
    return err->kind == VG_ERROR_INTERRUPTED || err->kind == VG_ERROR_INPUT || !ever_booted;
}

static bool run_scene(struct vg_engine *engine, const struct vg_instance *instance,
                      struct vg_measurements *measurements, struct vg_error *err)
{
    struct vg_scene scene = {
        .engine = engine,
        .instance = instance,
        .measurements = measurements,
        .policy = instance->policy,
        .start_ns = vg_now_ns(),
    };
    struct vg_error failed = { 0 };
    vg_limit_begin_test(engine, &scene);
    bool done = cast(&scene, &failed) && boot(&scene, &failed);
    if (done) {
        engine->watch = vg_watch_start(&scene);
        done = perform(&scene, &failed);
        vg_watch_stop(engine->watch);
        engine->watch = NULL;
    }
    vg_freeze_end(scene.freeze);
    scene.freeze = NULL;
    if (scene.storage_error.kind != VG_ERROR_NONE) {
        done = false;
        failed = scene.storage_error;
    }
    /* Ctrl-C also reaches what we started and wait for: its failure is not the news. */
    if (!done && vg_engine_interrupted())
        vg_fail(&failed, VG_ERROR_INTERRUPTED, "interrupted");
    vg_limit_settle(&scene);
    bool timed_out = engine->passed == VG_LIMIT_TEST && !vg_engine_interrupted();
    bool fatal =
        !done && !timed_out && (ends_the_run(engine, instance, &failed) || scene.storage_error.kind != VG_ERROR_NONE);
    if (!done && !fatal && !timed_out)
        vg_scene_invalid(&scene, "%s", failed.text);
    describe_tenants(&scene);
    vg_environment_fingerprint_tenants(&scene);
    vg_environment_note_unread(&scene);
    vg_scene_settle_marks(&scene);
    leave(&scene);
    vg_limit_end_test(engine);
    if (fatal)
        *err = failed;
    return !fatal;
}

bool vg_instance_run(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err)
{
    int64_t start_ns = vg_now_ns();
    struct vg_measurements *measurements = new_measurements(engine, instance);
    bool done = vg_make_directories(measurements->directory, err) &&
                (measurements->skip || run_scene(engine, instance, measurements, err));
    measurements->duration_s = (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
    done = done && vg_engine_unchanged(engine, err) && judge_and_save(engine, instance, measurements, err);
    vg_measurements_free(measurements);
    return done;
}
