/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limits of a test and of the whole run. Whatever the engine waits for, it looks at them each turn; one that is
 * over ends what is under way as an interrupt does, after it was written down what the tenants were doing. */
#include <stdlib.h>
#include "engine/internal.h"

void vg_limit_begin_run(struct vg_engine *engine)
{
    unsigned timeout_s = engine->config->timeout_s;
    engine->run_ends_ns = timeout_s ? engine->start_ns + timeout_s * VG_NS_PER_S : 0;
}

void vg_limit_begin_test(struct vg_engine *engine, struct vg_scene *scene)
{
    engine->scene = scene;
    engine->test_ends_ns = scene->start_ns + scene->instance->test->timeout_s * VG_NS_PER_S;
}

void vg_limit_end_test(struct vg_engine *engine)
{
    engine->scene = NULL;
    engine->test_ends_ns = 0;
    if (engine->passed != VG_LIMIT_TEST)
        return;
    engine->passed = VG_LIMIT_NONE;
    free(engine->passed_said);
    engine->passed_said = NULL;
}

void vg_limit_pause(struct vg_engine *engine, int64_t paused_ns)
{
    if (engine->test_ends_ns)
        engine->test_ends_ns += paused_ns;
}

static char *where(const struct vg_engine *engine)
{
    const struct vg_scene *scene = engine->scene;
    const struct vg_measurements *measurements = scene ? scene->measurements : NULL;
    if (!measurements)
        return vg_strdup("");
    if (!measurements->phase_count)
        return vg_format(": %s had not begun its first phase", measurements->test);
    return vg_format(": %s was in phase %s", measurements->test,
                     measurements->phases[measurements->phase_count - 1].name);
}

static bool pass(struct vg_engine *engine, enum vg_limit_passed limit, struct vg_error *err)
{
    vg_autofree char *collected = NULL, *place = where(engine);
    engine->passed = limit; /* from here on turns only serve links: what hangs is to be asked */
    engine->diagnosing = true;
    bool asked = !engine->scene || vg_scene_diagnose(engine->scene, &collected, err);
    engine->diagnosing = false;
    const char *directory = engine->scene ? engine->scene->measurements->directory : NULL;
    bool test = limit == VG_LIMIT_TEST;
    vg_autofree char *beside =
        collected && !test ? vg_format("; in %s: %s", directory, collected)
                           : vg_format("%s%s", collected ? "; what was found then: " : "", collected ? collected : "");
    engine->passed_said =
        vg_format("%s did not end within %u s%s%s", test ? "the test" : "the run",
                  test ? engine->scene->instance->test->timeout_s : engine->config->timeout_s, place, beside);
    return asked;
}

bool vg_limit_look(struct vg_engine *engine, struct vg_error *err)
{
    int64_t now_ns = vg_now_ns();
    if (engine->diagnosing)
        return true;
    if (engine->passed == VG_LIMIT_NONE) {
        bool run = engine->run_ends_ns && now_ns > engine->run_ends_ns;
        bool test = engine->test_ends_ns && now_ns > engine->test_ends_ns;
        if (!run && !test)
            return true;
        if (!pass(engine, run ? VG_LIMIT_RUN : VG_LIMIT_TEST, err))
            return false;
    }
    return vg_fail(err, VG_ERROR_INTERRUPTED, "%s", engine->passed_said);
}

void vg_limit_settle(struct vg_scene *scene)
{
    const struct vg_engine *engine = scene->engine;
    struct vg_measurements *into = scene->measurements;
    if (engine->passed == VG_LIMIT_NONE)
        return;
    for (unsigned i = 0; i < scene->run_count; i++)
        vg_active_finish(scene->runs[i], "timeout", "was ended with the test");
    for (unsigned i = 0; i < scene->tenant_count; i++)
        if (scene->tenants[i])
            scene->tenants[i]->tainted = true;
    if (!into->phase_count) {
        vg_push(into->phases, into->phase_count) = (struct vg_measured_phase) {
            .name = vg_strdup(scene->instance->test->phases[0].name),
            .policy = vg_strdup(scene->policy),
            .start_host_ns = scene->start_ns,
            .end_host_ns = vg_now_ns(),
        };
    }
    struct vg_measured_phase *last = &into->phases[into->phase_count - 1];
    free(last->outcome);
    free(last->reason);
    last->outcome = vg_strdup("timeout");
    last->reason = vg_strdup(engine->passed_said);
    vg_scene_event(scene, NULL, NULL, false, "%s", engine->passed_said);
}
