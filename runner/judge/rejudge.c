/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole run directory judged again from its raw samples: what `vgauge judge` does. Nothing that an earlier judge
 * decided is read. */
#include "judge/internal.h"

#include <dirent.h>
#include <errno.h>

enum { FOLDERS_MAX = 100000 };

struct folders {
    char **items;
    unsigned count;
};

static void free_folders(struct folders *folders)
{
    for (unsigned i = 0; i < folders->count; i++)
        free(folders->items[i]);
    free(folders->items);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Links are passed over: a foreign run directory must not lead out of itself. */
static bool list_folders(const char *path, struct folders *folders, struct vg_error *err)
{
    vg_autodir DIR *directory = opendir(path);
    if (!directory)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open %s", path);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (!vg_record_name_ok(entry->d_name) || entry->d_type == DT_LNK || entry->d_type == DT_REG)
            continue;
        if (folders->count == FOLDERS_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "%s has more than %d folders", path, FOLDERS_MAX);
        vg_push(folders->items, folders->count) = vg_strdup(entry->d_name);
    }
    if (folders->count)
        qsort(folders->items, folders->count, sizeof(*folders->items), compare_texts);
    return true;
}

/* An instance whose files cannot be read gets a verdict that says so: it must not vanish from the results, and must not
 * keep the others from being judged. */
static struct vg_judgement *unreadable(const struct vg_test *test, const char *instance, const struct vg_error *why)
{
    struct vg_measurements nothing = { .test = test->id, .instance = (char *)instance, .skip = NULL };
    char *reason = vg_format("Its measurements cannot be read: %s.", why->text);
    nothing.invalid = &reason;
    nothing.invalid_count = 1;
    struct vg_error ignored = { 0 };
    struct vg_judgement *judgement = vg_judge(test, &nothing, &ignored);
    free(reason);
    return judgement;
}

static bool judge_instance(const char *run_directory, const struct vg_test *test, const char *instance,
                           struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/tests/%s/%s", run_directory, test->id, instance);
    vg_autofree char *file = vg_format("%s/measurements.json", directory);
    if (!vg_exists(file))
        return true; /* begun, and never finished */
    struct vg_error why = { 0 };
    struct vg_judgement *judgement = NULL;
    struct vg_measurements *measurements = vg_measurements_load(directory, &why);
    if (measurements && vg_equal(measurements->test, test->id) && vg_equal(measurements->instance, instance))
        judgement = vg_judge(test, measurements, &why);
    else if (measurements)
        vg_fail(&why, VG_ERROR_INPUT, "%s belongs to another place", file);
    if (!judgement)
        judgement = unreadable(test, instance, &why);
    bool good = judgement && vg_judgement_save(judgement, run_directory, err);
    vg_judgement_free(judgement);
    vg_measurements_free(measurements);
    return good;
}

static bool judge_test(const char *run_directory, const char *test_id, struct vg_error *err)
{
    struct vg_test *test = vg_run_load_test(run_directory, test_id, err);
    if (!test)
        return false;
    struct folders instances VG_CLEANUP(free_folders) = { 0 };
    vg_autofree char *directory = vg_format("%s/tests/%s", run_directory, test_id);
    bool good = list_folders(directory, &instances, err);
    for (unsigned i = 0; good && i < instances.count; i++)
        good = judge_instance(run_directory, test, instances.items[i], err);
    vg_test_free(test);
    return good;
}

bool vg_judge_run(const char *run_directory, struct vg_error *err)
{
    struct vg_run *run = vg_run_load(run_directory, err);
    if (!run)
        return false;
    vg_autofree char *directory = vg_strdup(run->directory);
    vg_run_free(run);
    vg_autofree char *root = vg_format("%s/tests", directory);
    struct folders tests VG_CLEANUP(free_folders) = { 0 };
    bool good = !vg_exists(root) || list_folders(root, &tests, err);
    for (unsigned i = 0; good && i < tests.count; i++)
        good = judge_test(directory, tests.items[i], err);
    struct vg_results *results = good ? vg_results_gather(directory, err) : NULL;
    good = results && vg_results_save(results, err);
    vg_results_free(results);
    return good;
}
