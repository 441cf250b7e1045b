/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge run --resume DIR`: the command line is taken from the run directory, and everything that it names must still
 * be what it was: results of one run answer one question. */
#include "commands/resume.h"

VG_DEFINE_CLEANUP(cleanup_run, struct vg_run *, vg_run_free)

bool cmd_resume_arguments(const char *directory, char ***arguments, unsigned *count, struct vg_error *err)
{
    VG_CLEANUP(cleanup_run) struct vg_run *run = vg_run_load(directory, err);
    *arguments = NULL;
    *count = 0;
    if (!run)
        return false;
    if (run->argument_count == 0)
        return vg_fail(err, VG_ERROR_INPUT, "%s ended before it had begun; start a new run", directory);
    if (run->argument_count < 2 || !vg_equal(run->arguments[1], "run"))
        return vg_fail(err, VG_ERROR_INPUT, "%s was not made by `vgauge run`, so that it cannot go on", directory);
    if (!vg_equal(run->version, VG_VERSION))
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s was begun by vgauge %s, and this is %s; go on with that one, or start anew", directory,
                       run->version, VG_VERSION);
    vg_push(*arguments, *count) = vg_strdup("run");
    for (unsigned i = 2; i < run->argument_count; i++) {
        const char *argument = run->arguments[i];
        bool ours = strncmp(argument, "--out=", 6) == 0 || strncmp(argument, "--seed=", 7) == 0 ||
                    strncmp(argument, "--resumed=", 10) == 0;
        if (!ours)
            vg_push(*arguments, *count) = vg_strdup(argument);
    }
    vg_push(*arguments, *count) = vg_format("--seed=%llu", (unsigned long long)run->seed);
    vg_push(*arguments, *count) = vg_format("--resumed=%s", run->directory);
    return true;
}

static bool same(const char *what, const json_t *before, json_t *now_stolen, struct vg_error *err)
{
    vg_autojson json_t *now = now_stolen;
    return json_equal(before, now) ||
           vg_fail(err, VG_ERROR_INPUT, "the run cannot go on: %s has changed since it began; start a new one", what);
}

static bool same_tests(const struct vg_run *run, const struct vg_schedule *schedule, struct vg_error *err)
{
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct vg_test *test = schedule->items[i].test;
        if (i && schedule->items[i - 1].test == test)
            continue;
        struct vg_test *before = vg_run_load_test(run->directory, test->id, err);
        if (!before) /* begun, but not as far as to say what it would run */
            return vg_wrap(err, "the run cannot go on");
        vg_autojson json_t *old = vg_test_to_json(before);
        vg_test_free(before);
        vg_autofree char *what = vg_format("the test %s", test->id);
        if (!same(what, old, vg_test_to_json(test), err))
            return false;
    }
    return true;
}

/* Everything in the journal must be part of the plan, or the run is not what it says. */
static bool mark(struct vg_schedule *schedule, const struct vg_words *finished, struct vg_error *err)
{
    unsigned marked = 0;
    for (unsigned i = 0; i < schedule->count; i++) {
        struct vg_instance *instance = &schedule->items[i];
        instance->done = vg_run_finished(finished, instance->test->id, instance->name);
        marked += instance->done;
    }
    return marked == finished->count ||
           vg_fail(err, VG_ERROR_INPUT,
                   "the run cannot go on: %u of its %u results are not of this plan; start a new one",
                   finished->count - marked, finished->count);
}

/* Before anything is touched: a refusal leaves the run as it was. */
static bool unchanged(const char *directory, const struct vg_plan *plan, const struct vg_host *host,
                      const struct vg_schedule *schedule, struct vg_error *err)
{
    VG_CLEANUP(cleanup_run) struct vg_run *run = vg_run_load(directory, err);
    vg_autofree char *journal = vg_format("%s/journal.jsonl", directory);
    return run && same("the host file", run->host_file, vg_host_to_json(host), err) &&
           same("the plan", run->plan_file, vg_plan_to_json(plan), err) &&
           (!vg_exists(journal) || same_tests(run, schedule, err));
}

bool cmd_resume_open(const char *directory, const struct vg_plan *plan, const struct vg_host *host,
                     struct vg_schedule *schedule, struct cmd_resume *resume, struct vg_error *err)
{
    *resume = (struct cmd_resume) { 0 };
    if (!unchanged(directory, plan, host, schedule, err))
        return false;
    resume->run = vg_run_resume(directory, &resume->finished, err);
    return resume->run && mark(schedule, &resume->finished, err);
}
