/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole run directory judged again from its raw samples: what `vgauge judge` does. Of an earlier verdict only what
 * the instance was is read, and only where its measurements cannot be. */
#include "judge/internal.h"

#include <math.h>

/* MECHANISM.PROFILE.POLICY.boot-N, as the engine names instances; a profile's name may hold dots. */
static void read_name(const char *instance, struct vg_measurements *m)
{
    vg_autofree char *name = vg_strdup(instance);
    char *boot = strrchr(name, '.'), *policy = NULL, *profile = strchr(name, '.');
    long long number;
    if (boot)
        *boot++ = '\0';
    policy = strrchr(name, '.');
    if (!policy || policy == profile || strncmp(boot, "boot-", 5) != 0 || !vg_parse_int(boot + 5, &number))
        return;
    *profile++ = *policy++ = '\0';
    m->mechanism = vg_strdup(name);
    m->profile = vg_strdup(profile);
    m->policy = vg_strdup(vg_equal(policy, "none") ? "" : policy);
    m->boot = number > 0 && number <= 1000000 ? (unsigned)number : 1;
}

/* What an instance was: its last verdict says it, else its name. */
static struct vg_measurements *identify(const char *directory, const char *test_id, const char *instance)
{
    struct vg_measurements *m = vg_calloc(1, sizeof(*m));
    struct vg_error ignored = { 0 };
    struct vg_judgement *last = vg_judgement_load(directory, &ignored);
    m->test = vg_strdup(test_id);
    m->instance = vg_strdup(instance);
    m->duration_s = NAN;
    if (last && vg_equal(last->test, test_id) && vg_equal(last->instance, instance) && last->mechanism[0]) {
        m->mechanism = vg_strdup(last->mechanism);
        m->profile = last->profile ? vg_strdup(last->profile) : NULL;
        m->policy = last->policy ? vg_strdup(last->policy) : NULL;
        m->boot = last->boot;
        m->duration_s = last->duration_s;
    } else {
        read_name(instance, m);
    }
    vg_judgement_free(last);
    return m;
}

/* An instance whose files cannot be read gets a verdict that says so: it must not vanish from the results, and must not
 * keep the others from being judged. */
static struct vg_judgement *unreadable(const struct vg_test *test, const char *directory, const char *instance,
                                       const struct vg_error *why)
{
    struct vg_measurements *m = identify(directory, test->id, instance);
    vg_push(m->invalid, m->invalid_count) = vg_format("Its measurements cannot be read: %s.", why->text);
    struct vg_error ignored = { 0 };
    struct vg_judgement *judgement = vg_judge(test, m, &ignored);
    vg_measurements_free(m);
    return judgement;
}

static bool judge_instance(const struct vg_run *run, const char *run_directory, const struct vg_test *test,
                           const char *instance, struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/tests/%s/%s", run_directory, test->id, instance);
    vg_autofree char *file = vg_format("%s/measurements.json", directory);
    if (!vg_exists(file))
        return true; /* begun, and never finished */
    struct vg_error why = { 0 };
    struct vg_judgement *judgement = NULL;
    struct vg_measurements *measurements = vg_measurements_load(directory, &why);
    if (measurements && vg_equal(measurements->test, test->id) && vg_equal(measurements->instance, instance)) {
        vg_judge_note_environment(run, measurements);
        judgement = vg_judge(test, measurements, &why);
    } else if (measurements) {
        vg_fail(&why, VG_ERROR_INPUT, "%s belongs to another place", file);
    }
    if (!judgement)
        judgement = unreadable(test, directory, instance, &why);
    bool good = judgement && vg_judgement_save(judgement, run_directory, err);
    vg_judgement_free(judgement);
    vg_measurements_free(measurements);
    return good;
}

static bool judge_test(const struct vg_run *run, const char *run_directory, const char *test_id, struct vg_error *err)
{
    struct vg_test *test = vg_run_load_test(run_directory, test_id, err);
    if (!test)
        return false;
    struct vg_words instances VG_CLEANUP(vg_record_folders_free) = { 0 };
    vg_autofree char *directory = vg_format("%s/tests/%s", run_directory, test_id);
    bool good = vg_record_folders(directory, &instances, err);
    for (unsigned i = 0; good && i < instances.count; i++)
        good = judge_instance(run, run_directory, test, instances.items[i], err);
    vg_test_free(test);
    return good;
}

bool vg_judge_run(const char *run_directory, struct vg_error *err)
{
    struct vg_run *run = vg_run_load(run_directory, err);
    if (!run)
        return false;
    vg_autofree char *directory = vg_strdup(run->directory);
    vg_autofree char *root = vg_format("%s/tests", directory);
    struct vg_words tests VG_CLEANUP(vg_record_folders_free) = { 0 };
    bool good = vg_record_folders(root, &tests, err);
    for (unsigned i = 0; good && i < tests.count; i++)
        good = judge_test(run, directory, tests.items[i], err);
    vg_run_free(run);
    struct vg_results *results = good ? vg_results_gather(directory, err) : NULL;
    good = results && vg_results_save(results, err);
    vg_results_free(results);
    return good;
}
