/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge run`: puts the stages together. Everything that can be wrong about what the user asked for is found before
 * the run directory exists; a run in which nothing could be started leaves none. */
#include <dirent.h>
#include <errno.h>
#include "certify/certify.h"
#include "commands/again.h"
#include "commands/command.h"
#include "commands/model.h"
#include "commands/progress.h"
#include "commands/resume.h"
#include "report/report.h"

struct options {
    const char *plan, *host, *out;
    const char *resume;  /* --resume: nothing else is given */
    const char *resumed; /* the same, once the command line of its beginning has been put in */
    char *tests;         /* all --test, joined by commas */
    const char *mechanisms, *profiles, *policies;
    const char *turns;
    const char **sets;         /* --set, in order */
    const char **allow;        /* --allow, in order */
    const char **expectations; /* --expectations, in order */
    size_t set_count, allow_count, expectation_count;
    unsigned reruns; /* --rerun, if rerun_given */
    bool rerun_given, seeded, dry_run;
    unsigned long long seed;
    unsigned boots;     /* 0: as the plan says */
    unsigned timeout_s; /* 0: as the plan says */
    int verbose;
};

enum { RESUMED = 0x81, TIMEOUT }; /* no letters: they have no short form */

static bool take_seed(struct options *options, const char *value, struct vg_error *err)
{
    char *end;
    errno = 0;
    options->seed = strtoull(value, &end, 10);
    options->seeded = true;
    if (errno == 0 && *end == '\0' && value[0] >= '0' && value[0] <= '9')
        return true;
    vg_autofree char *shown = vg_printable(value, strlen(value), 100);
    return vg_fail(err, VG_ERROR_INPUT, "--seed takes a whole number from 0 to 2^64-1, not `%s`", shown);
}

static bool take_boots(struct options *options, const char *value, struct vg_error *err)
{
    enum { BOOTS_MAX = 1000 };
    long long boots;
    if (!vg_parse_int(value, &boots) || boots < 1 || boots > BOOTS_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "--boots takes a whole number from 1 to %d", BOOTS_MAX);
    options->boots = (unsigned)boots;
    return true;
}

static bool take_reruns(struct options *options, const char *value, struct vg_error *err)
{
    long long reruns;
    if (!vg_parse_int(value, &reruns) || reruns < 0 || reruns > VG_RERUNS_MAX)
        return vg_fail(err, VG_ERROR_INPUT, "--rerun takes a whole number from 0 to %d", VG_RERUNS_MAX);
    options->reruns = (unsigned)reruns;
    options->rerun_given = true;
    return true;
}

static bool take_timeout(struct options *options, const char *value, struct vg_error *err)
{
    enum { TIMEOUT_MAX_S = 30 * 86400 };
    long long seconds;
    if (!vg_parse_int(value, &seconds) || seconds < 1 || seconds > TIMEOUT_MAX_S)
        return vg_fail(err, VG_ERROR_INPUT, "--timeout takes a whole number of seconds from 1 to %d", TIMEOUT_MAX_S);
    options->timeout_s = (unsigned)seconds;
    return true;
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    switch (key) {
    case 'p':
        options->plan = value;
        return true;
    case 'H':
        options->host = value;
        return true;
    case 't': {
        char *joined = options->tests ? vg_format("%s,%s", options->tests, value) : vg_strdup(value);
        free(options->tests);
        options->tests = joined;
        return true;
    }
    case 'm':
        options->mechanisms = value;
        return true;
    case 'P':
        options->profiles = value;
        return true;
    case 'y':
        options->policies = value;
        return true;
    case 's':
        vg_push(options->sets, options->set_count) = value;
        return true;
    case 'a':
        if (!vg_equal(value, "destructive")) {
            vg_autofree char *shown = vg_printable(value, strlen(value), 100);
            return vg_fail(err, VG_ERROR_INPUT, "--allow knows only `destructive`, not `%s`", shown);
        }
        vg_push(options->allow, options->allow_count) = value;
        return true;
    case 'o':
        options->out = value;
        return true;
    case 'S':
        return take_seed(options, value, err);
    case 'B':
        return take_boots(options, value, err);
    case 'e':
        vg_push(options->expectations, options->expectation_count) = value;
        return true;
    case 'r':
        return take_reruns(options, value, err);
    case 'T':
        options->turns = value;
        return true;
    case 'n':
        options->dry_run = true;
        return true;
    case TIMEOUT:
        return take_timeout(options, value, err);
    case 'R':
        options->resume = value;
        return true;
    case RESUMED:
        options->resumed = value;
        return true;
    default: /* v */
        options->verbose++;
        return true;
    }
}

/* The host file's own list has no room to spare: it came from a parser. */
static void allow(struct vg_host *host, const char *word)
{
    if (vg_words_have(&host->allow, word))
        return;
    host->allow.items = vg_reallocarray(host->allow.items, host->allow.count + 1, sizeof(*host->allow.items));
    host->allow.items[host->allow.count++] = vg_strdup(word);
}

static bool apply_sets(struct vg_catalog *catalog, const struct vg_plan *plan, const struct options *options,
                       struct vg_error *err)
{
    for (unsigned i = 0; i < plan->sets.count; i++)
        if (!vg_catalog_set(catalog, plan->sets.items[i], err))
            return vg_wrap(err, "plan `%s`", plan->name);
    for (size_t i = 0; i < options->set_count; i++)
        if (!vg_catalog_set(catalog, options->sets[i], err))
            return vg_wrap(err, "--set");
    return true;
}

static void print_schedule(const struct vg_schedule *schedule, const struct vg_catalog *catalog,
                           const struct vg_plan *plan, const struct vg_host *host)
{
    static const char *const all_headers[] = { "#", "TEST", "INSTANCE", "ESTIMATE", "DUTY", NULL };
    static const char *const short_headers[] = { "#", "TEST", "INSTANCE", "ESTIMATE", NULL };
    const char *const *headers = plan->mandatory_count ? all_headers : short_headers;
    static const char *const skip_headers[] = { "SKIPPED TEST", "INSTANCE", "REASON", NULL };
    cmd_autotable struct cmd_table runs = { .headers = headers }, skips = { .headers = skip_headers };
    double total_s = 0, mandatory_s = 0;
    unsigned count = 0, mandatory_count = 0;
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct vg_instance *instance = &schedule->items[i];
        if (instance->skip) {
            cmd_table_add(&skips, "%s", instance->test->id);
            cmd_table_add(&skips, "%s", instance->name);
            cmd_table_add(&skips, "%s", instance->skip);
            continue;
        }
        double estimate_s = vg_instance_estimate_s(instance, host);
        vg_autofree char *estimate = vg_duration_text(estimate_s);
        cmd_table_add(&runs, "%u", ++count);
        cmd_table_add(&runs, "%s", instance->test->id);
        cmd_table_add(&runs, "%s", instance->name);
        cmd_table_add(&runs, "%s", estimate);
        total_s += estimate_s;
        bool mandatory = vg_plan_demands(plan, catalog, instance->test, instance->mechanism);
        mandatory_count += mandatory;
        mandatory_s += mandatory ? estimate_s : 0;
        if (plan->mandatory_count)
            cmd_table_add(&runs, "%s", mandatory ? "mandatory" : "optional");
    }
    vg_autofree char *total = vg_duration_text(total_s), *part = vg_duration_text(mandatory_s);
    printf("Plan %s on host %s: %u instance%s, about %s, in this order:\n", plan->name, host->name, count,
           count == 1 ? "" : "s", total);
    if (plan->mandatory_count)
        printf("%u of them, about %s, are mandatory; `vgauge describe %s` lists the tests by mechanism.\n",
               mandatory_count, part, plan->name);
    putchar('\n');
    cmd_table_print(&runs, stdout);
    if (skips.cell_count) {
        putchar('\n');
        cmd_table_print(&skips, stdout);
    }
}

static uint64_t seed_of(const struct options *options)
{
    if (options->seeded)
        return options->seed;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * VG_NS_PER_S + (uint64_t)now.tv_nsec;
}

VG_DEFINE_CLEANUP(cleanup_run, struct vg_run *, vg_run_free)
VG_DEFINE_CLEANUP(cleanup_model, struct cmd_model *, cmd_model_stop)

static struct vg_run *create_run(const struct options *options, const struct vg_plan *plan, const struct vg_host *host,
                                 const char *suites, const char *programs, struct vg_error *err)
{
    VG_CLEANUP(cleanup_run) struct vg_run *run = vg_run_create("runs", options->out, plan->name, host->name, err);
    if (!run) {
        vg_wrap(err, options->out ? "--out" : "this directory (choose another one with --out)");
        return NULL;
    }
    run->seed = seed_of(options);
    for (unsigned i = 0; i < cmd_argument_count; i++)
        vg_push(run->arguments, run->argument_count) = vg_strdup(cmd_arguments[i]);
    run->host_file = vg_host_to_json(host);
    run->plan_file = vg_plan_to_json(plan);
    if (!run->environment)
        run->environment = vg_json_new_object();
    return vg_suite_identify(run, suites, programs, err) && vg_run_save(run, err) ? VG_TAKE(run) : NULL;
}

/* Takes back what create_run made: --out may name a directory that was there before, which stays. */
static void remove_run(const struct vg_run *run, bool was_there)
{
    struct vg_error failed = { 0 };
    if (!vg_remove_tree(run->directory, &failed) || (was_there && !vg_make_directories(run->directory, &failed)))
        vg_warn("%s", failed.text);
    if (!was_there)
        rmdir("runs"); /* succeeds only if it is empty */
}

/* Reports of what was measured, also after an interrupt: finished instances are results. */
static int conclude(const struct vg_run *run, struct vg_error *err)
{
    vg_autofree char *page = NULL;
    if (!vg_report_all(run->directory, NULL, &page, err))
        return -1;
    cmd_autoresults struct vg_results *results = vg_results_gather(run->directory, err);
    if (!results)
        return -1;
    putchar('\n');
    vg_report_summary(results, stdout, cmd_colour(stdout));
    return vg_run_exit_status(results);
}

/* Tests that destroy something are run again only for somebody who says so: a plan's number is not meant for them. */
static bool may_run_again(const struct options *options, const struct vg_catalog *catalog, const char *id)
{
    const struct vg_test *test = vg_catalog_test(catalog, id);
    return options->rerun_given || (test && !test->needs.destructive);
}

/* Tests with a failure that nobody expected and no rerun has shown to be unsteady yet, joined by commas; *boots: the
 * last boot that failed.
 */
static char *failing_tests(const struct options *options, const struct vg_catalog *catalog, const struct vg_run *run,
                           unsigned *boots, struct vg_error *err)
{
    cmd_autoresults struct vg_results *results = vg_results_gather(run->directory, err);
    struct vg_text tests = { 0 };
    *boots = 0;
    for (unsigned i = 0; results && i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        bool failed =
            judgement->verdict == VG_FAIL || judgement->verdict == VG_LOST || judgement->verdict == VG_TIMEOUT;
        if (!failed || judgement->overlay == VG_OVERLAY_UNSTABLE || judgement->overlay == VG_OVERLAY_FLAKE ||
            judgement->overlay == VG_OVERLAY_XFAIL || judgement->overlay == VG_OVERLAY_WAIVED ||
            !may_run_again(options, catalog, judgement->test))
            continue;
        vg_text_add(&tests, "%s%s", tests.length ? "," : "", judgement->test);
        *boots = judgement->boot > *boots ? judgement->boot : *boots;
    }
    return tests.data;
}

/* Runs failing tests again, each time into a directory of its own within the run: what passes then was no reliable
 * failure, and no pass either. */
static bool run_failures_again(const struct options *options, const struct vg_catalog *catalog,
                               const struct vg_plan *plan, const struct vg_run *run, struct vg_error *err)
{
    unsigned most = options->rerun_given ? options->reruns : plan->rerun;
    for (unsigned number = 1; number <= most; number++) {
        unsigned boots;
        int status;
        vg_autofree char *tests = failing_tests(options, catalog, run, &boots, err);
        vg_autofree char *out = vg_rerun_directory(run->directory, number);
        if (!tests)
            return err->kind == VG_ERROR_NONE;
        fprintf(stderr, "Running what failed again (%u of at most %u): %s\n", number, most, tests);
        if (!cmd_run_again(run, tests, boots, out, &status, err))
            return vg_wrap(err, "--rerun");
    }
    return true;
}

/* Also before the run: a file that cannot be read must not be found out about after it. */
static bool expectations_are_good(const struct options *options, struct vg_error *err)
{
    for (size_t i = 0; i < options->expectation_count; i++) {
        struct vg_known_issues *issues = vg_known_issues_load(options->expectations[i], err);
        if (!issues)
            return false;
        vg_known_issues_free(issues);
    }
    return true;
}

/* resumed: taken over; NULL for a new run. */
static int execute(const struct options *options, struct vg_catalog *catalog, const struct vg_plan *plan,
                   struct vg_host *host, const struct vg_schedule *schedule, struct vg_run *resumed,
                   struct vg_error *err)
{
    vg_autofree char *programs = vg_executable_directory();
    if (!programs) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot find the directory of this program (is /proc mounted?)");
        return -1;
    }
    struct vg_turns turns; /* its end is the end of this process, reports and all */
    if (options->turns && !vg_turns_open(&turns, options->turns, err))
        return -1;
    bool was_there = options->out && vg_exists(options->out);
    VG_CLEANUP(cleanup_model) struct cmd_model *model = cmd_model_start(host, programs, err);
    if (host->model && !model)
        return -1;
    VG_CLEANUP(cleanup_run)
    struct vg_run *run = resumed ? resumed : create_run(options, plan, host, catalog->directory, programs, err);
    if (!run || (resumed && !vg_suite_identify(run, catalog->directory, programs, err)))
        return -1;
    const struct vg_engine_config config = {
        .catalog = catalog,
        .host = host,
        .schedule = schedule,
        .run = run,
        .program_directory = programs,
        .observer = cmd_progress_begin(schedule),
        .timeout_s = plan->timeout_s,
        .turns = options->turns ? &turns : NULL,
    };
    bool done = vg_engine_run(&config, err);
    cmd_progress_end();
    if (!done && err->kind != VG_ERROR_INTERRUPTED && cmd_progress_tested() == 0 && !resumed) {
        remove_run(run, was_there);
        return -1;
    }
    struct vg_error report_err = { 0 };
    int status = -1;
    if (vg_run_save_expectations(run->directory, options->expectations, (unsigned)options->expectation_count,
                                 &report_err) &&
        (!done || run_failures_again(options, catalog, plan, run, &report_err)))
        status = conclude(run, &report_err);
    if (!done) { /* the engine's error is the one to print */
        if (err->kind == VG_ERROR_INTERRUPTED)
            vg_fail(err, err->kind, "%s; what had finished is kept in %s",
                    vg_engine_interrupted() ? "interrupted" : run->reason, run->directory);
        return -1;
    }
    if (status < 0)
        *err = report_err;
    return status;
}

static void free_words(struct vg_words *words)
{
    for (unsigned i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
}

static const char *profile_name(const struct vg_host_mechanism *mechanism, unsigned index)
{
    return index < mechanism->profile_count ? mechanism->profiles[index].name : NULL;
}

static const char *policy_name(const struct vg_host_mechanism *mechanism, unsigned index)
{
    return index < mechanism->policy_count ? mechanism->policies[index].name : NULL;
}

/* A comma-separated list into words, each of which some mechanism of the host must offer. */
static bool choose(const struct vg_host *host, const char *what, const char *list,
                   const char *(*name)(const struct vg_host_mechanism *, unsigned), struct vg_words *words,
                   struct vg_error *err)
{
    vg_autofree const char **offered = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < host->mechanism_count; i++)
        for (unsigned j = 0; name(&host->mechanisms[i], j); j++)
            vg_push(offered, count) = name(&host->mechanisms[i], j);
    vg_autofree char *copy = vg_strdup(list ? list : "");
    char *rest = copy;
    for (char *word; list && (word = strsep(&rest, ",")) != NULL;) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || vg_equal(offered[i], word);
        if (!known) {
            vg_autofree char *shown = vg_printable(word, strlen(word), 100),
                             *hint = vg_did_you_mean(word, offered, count);
            return vg_fail(err, VG_ERROR_INPUT, "host `%s` offers no %s `%s`%s", host->name, what, shown, hint);
        }
        vg_push(words->items, words->count) = vg_strdup(word);
    }
    return true;
}

/* The plan that was asked for; else `quick`, or, if it has none of the tests that were asked for, `full`. */
static const struct vg_plan *choose_plan(const struct options *options, const struct vg_catalog *catalog,
                                         struct vg_error *err)
{
    const struct vg_plan *plan = vg_catalog_plan(catalog, options->plan ? options->plan : "quick", err);
    if (!plan || options->plan || !options->tests || vg_schedule_selects(catalog, plan, options->tests))
        return plan;
    struct vg_error none = { 0 };
    const struct vg_plan *full = vg_catalog_plan(catalog, "full", &none);
    return full && vg_schedule_selects(catalog, full, options->tests) ? full : plan;
}

static int run_plan(const struct options *options, struct vg_error *err)
{
    if (!expectations_are_good(options, err))
        return -1;
    cmd_autocatalog struct vg_catalog *catalog = cmd_catalog(err);
    if (!catalog)
        return -1;
    const struct vg_plan *plan = choose_plan(options, catalog, err);
    if (!plan)
        return -1;
    const char *host_name = options->host ? options->host : plan->host ? plan->host : "reference";
    cmd_autohost struct vg_host *host = vg_host_load(catalog->directory, host_name, err);
    if (!host || !apply_sets(catalog, plan, options, err))
        return -1;
    for (size_t i = 0; i < options->allow_count; i++)
        allow(host, options->allow[i]);
    struct vg_plan narrowed = *plan; /* borrows what it does not replace */
    struct vg_words profiles VG_CLEANUP(free_words) = { 0 }, policies VG_CLEANUP(free_words) = { 0 };
    if (!choose(host, "profile", options->profiles, profile_name, &profiles, err) ||
        !choose(host, "scheduling policy", options->policies, policy_name, &policies, err))
        return -1;
    narrowed.profiles = profiles.count ? profiles : plan->profiles;
    narrowed.policies = policies.count ? policies : plan->policies;
    narrowed.repeat = options->boots ? options->boots : plan->repeat;
    narrowed.timeout_s = options->timeout_s ? options->timeout_s : plan->timeout_s;
    plan = &narrowed;
    struct vg_schedule schedule;
    if (!vg_schedule_make(catalog, plan, host, options->tests, options->mechanisms, &schedule, err))
        return -1;
    int status = 0;
    struct cmd_resume resume = { 0 };
    if (options->resumed && !cmd_resume_open(options->resumed, plan, host, &schedule, &resume, err)) {
        vg_run_free(resume.run);
        status = -1;
    } else if (options->dry_run) {
        print_schedule(&schedule, catalog, plan, host);
    } else {
        status = execute(options, catalog, plan, host, &schedule, resume.run, err);
    }
    vg_record_folders_free(&resume.finished);
    vg_schedule_free(&schedule);
    return status;
}

/* With the command line of its beginning. */
static int go_on(const struct options *options, struct vg_error *err)
{
    if (cmd_argument_count > 3 + (options->verbose > 0) || cmd_operand_count) {
        vg_fail(err, VG_ERROR_INPUT,
                "--resume stands alone: plan, host, tests and seed are those of the run's beginning");
        return -1;
    }
    char **arguments;
    unsigned count;
    int status = -1;
    if (cmd_resume_arguments(options->resume, &arguments, &count, err)) {
        vg_names_free(cmd_arguments, cmd_argument_count); /* of this command line: the record has its own */
        cmd_arguments = NULL;
        cmd_argument_count = 0;
        vg_push(arguments, count) = NULL;
        status = cmd_execute(&cmd_run, (int)count - 1, arguments, err);
    }
    vg_names_free(arguments, count);
    return status;
}

static int run(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    struct options *options = context;
    if (options->resume)
        return go_on(options, err);
    vg_engine_catch_signals();
    if (options->verbose)
        vg_log_set_level(options->verbose > 1 ? VG_LOG_DEBUG : VG_LOG_INFO);
    return run_plan(options, err);
}

static void release(void *context)
{
    struct options *options = context;
    free(options->tests);
    free(options->sets);
    free(options->allow);
    free(options->expectations);
}

static const struct argp_option run_options[] = {
    { "plan", 'p', "PLAN", 0,
      "Which tests with which parameters (default: quick; full if --test names what quick has not)", 0 },
    { "host", 'H', "HOST", 0, "A host's name, or the path of a host file (default: the plan's own, else reference)",
      0 },
    { "test", 't', "GLOB", 0, "Only the plan's tests that match; !GLOB leaves out; repeatable, or comma-separated", 0 },
    { "mechanism", 'm', "GLOB", 0, "Only these of the host's mechanisms, comma-separated; !GLOB leaves out", 0 },
    { "profile", 'P', "NAME", 0, "Only these vGPU profiles, comma-separated, whatever the tests say", 0 },
    { "policy", 'y', "NAME", 0, "Only these scheduling policies, comma-separated, whatever the tests say", 0 },
    { "set", 's', "TEST.PARAM=VALUE", 0, "Another value for a parameter of the tests that match TEST; repeatable", 0 },
    { "allow", 'a', "WORD", 0, "Allow what the host file does not: destructive", 0 },
    { "out", 'o', "DIR", 0, "The run directory, new or empty (default: runs/TIME-PLAN-HOST)", 0 },
    { "seed", 'S', "NUMBER", 0, "Seed of everything random (default: from the clock; recorded)", 0 },
    { "boots", 'B', "NUMBER", 0, "Boots of every instance, instead of the plan's and the tests' own", 0 },
    { "expectations", 'e', "FILE", 0, "Failures that are known: a YAML file; repeatable; kept with the run", 0 },
    { "rerun", 'r', "NUMBER", 0,
      "Run failing tests again, at most so often, to tell flakes from failures (default: as the plan says)", 0 },
    { "turns", 'T', "SIDE:FD", OPTION_HIDDEN, "Take turns with another run, phase by phase", 0 },
    { "timeout", TIMEOUT, "SECONDS", 0, "End the run after so long (default: the plan's timeout_s, else never)", 0 },
    { "dry-run", 'n', NULL, 0, "Print what would run, in order, with estimates; start nothing", 0 },
    { "resume", 'R', "DIR", 0, "Go on with a run that did not come to its end; stands alone", 0 },
    { "resumed", RESUMED, "DIR", OPTION_HIDDEN, "What --resume becomes", 0 },
    { "verbose", 'v', NULL, 0, "Say more; twice: everything", 0 },
    { 0 },
};

const struct cmd_command cmd_run = {
    .name = "run",
    .summary = "run a plan on a host, judge it, report it",
    .doc =
        "Provisions the tenants, runs the plan's tests, judges each as soon as it has been measured, and ends with a "
        "summary and the path of the HTML report. Ctrl-C stops everything cleanly and keeps what had finished.",
    .options = run_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = run,
    .release = release,
};
