/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge doctor`: what this host can do and what it lacks, each with how it was found out and what to do about it;
 * which plans and tests can run here, and why the others cannot. */
#include "commands/command.h"
#include "doctor/doctor.h"
#include "engine/engine.h"
#include "mechanism/mechanism.h"

/* A quick run takes some MiB; a full one, with four saturating tenants in each fairness test, some hundred. */
#define RUN_NEED_BYTES (1ULL << 30)

struct options {
    const char *host;
    bool json;
};

/* One test on this host, over all plans. */
struct test_outlook {
    const struct vg_test *test;
    bool can_run;
    char *reason; /* why no instance can; NULL if one can */
};

struct plan_outlook {
    const struct vg_plan *plan;
    unsigned runs, skipped;
    double seconds; /* estimate of those that run */
};

struct outlook {
    struct plan_outlook *plans;
    size_t plan_count;
    struct test_outlook *tests;
    size_t test_count;
};

static void free_outlook(struct outlook *outlook)
{
    for (size_t i = 0; i < outlook->test_count; i++)
        free(outlook->tests[i].reason);
    free(outlook->tests);
    free(outlook->plans);
}

static struct test_outlook *outlook_of(struct outlook *outlook, const struct vg_test *test)
{
    for (size_t i = 0; i < outlook->test_count; i++)
        if (outlook->tests[i].test == test)
            return &outlook->tests[i];
    struct test_outlook *added = &vg_push(outlook->tests, outlook->test_count);
    *added = (struct test_outlook) { .test = test };
    return added;
}

/* NULL: it can run. Caller frees. */
static char *obstacle(const struct vg_instance *instance, const struct vg_findings *findings)
{
    if (instance->skip)
        return vg_strdup(instance->skip);
    const struct vg_mechanism *mechanism = vg_mechanism_find(instance->mechanism);
    const struct vg_finding *stop = vg_findings_stop(findings, mechanism && mechanism->vm);
    return stop ? vg_format("this host cannot have %s: %s", stop->stops, stop->what) : NULL;
}

static bool look_ahead(const struct vg_catalog *catalog, const struct vg_host *host, const struct vg_findings *findings,
                       struct outlook *outlook, struct vg_error *err)
{
    for (unsigned i = 0; i < catalog->plan_count; i++) {
        struct plan_outlook plan = { .plan = catalog->plans[i] };
        struct vg_schedule schedule;
        if (!vg_schedule_make(catalog, plan.plan, host, NULL, NULL, &schedule, err))
            return vg_wrap(err, "plan `%s`", plan.plan->name);
        for (unsigned j = 0; j < schedule.count; j++) {
            const struct vg_instance *instance = &schedule.items[j];
            struct test_outlook *test = outlook_of(outlook, instance->test);
            vg_autofree char *reason = obstacle(instance, findings);
            plan.runs += reason == NULL;
            plan.skipped += reason != NULL;
            plan.seconds += reason ? 0 : vg_instance_estimate_s(instance, host);
            if (!reason) {
                test->can_run = true;
                free(VG_TAKE(test->reason));
            } else if (!test->can_run && !test->reason) {
                test->reason = VG_TAKE(reason);
            }
        }
        vg_schedule_free(&schedule);
        vg_push(outlook->plans, outlook->plan_count) = plan;
    }
    return true;
}

static json_t *to_json(const struct vg_host *host, const struct vg_findings *findings, const struct outlook *outlook)
{
    json_t *root = vg_json_new_object(), *list = vg_json_new_array(), *plans = vg_json_new_array(),
           *tests = vg_json_new_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct vg_finding *finding = &findings->items[i];
        json_t *entry = vg_json_new_object();
        vg_json_set_text(entry, "check", finding->check);
        vg_json_set_text(entry, "what", finding->what);
        vg_json_set_text(entry, "ability", vg_ability_name(finding->ability));
        vg_json_set_text(entry, "found", finding->found);
        if (finding->advice)
            vg_json_set_text(entry, "advice", finding->advice);
        if (finding->stops)
            vg_json_set_text(entry, "stops", finding->stops);
        vg_json_append(list, entry);
    }
    for (size_t i = 0; i < outlook->plan_count; i++) {
        json_t *entry = vg_json_new_object();
        vg_json_set_text(entry, "plan", outlook->plans[i].plan->name);
        vg_json_set_int(entry, "instances", outlook->plans[i].runs);
        vg_json_set_int(entry, "not_applicable", outlook->plans[i].skipped);
        vg_json_set_real(entry, "estimate_s", outlook->plans[i].seconds);
        vg_json_append(plans, entry);
    }
    for (size_t i = 0; i < outlook->test_count; i++) {
        json_t *entry = vg_json_new_object();
        vg_json_set_text(entry, "test", outlook->tests[i].test->id);
        vg_json_set_bool(entry, "can_run", outlook->tests[i].can_run);
        if (outlook->tests[i].reason)
            vg_json_set_text(entry, "reason", outlook->tests[i].reason);
        vg_json_append(tests, entry);
    }
    vg_json_set_text(root, "host", host->name);
    vg_json_set(root, "findings", list);
    vg_json_set(root, "plans", plans);
    vg_json_set(root, "tests", tests);
    return root;
}

static void print_findings(const struct vg_host *host, const struct vg_findings *findings)
{
    unsigned counts[4] = { 0 };
    for (size_t i = 0; i < findings->count; i++)
        counts[findings->items[i].ability]++;
    printf("This machine, for the host file %s: %u yes, %u partly, %u no, %u unknown\n\n", host->name, counts[VG_CAN],
           counts[VG_CAN_PARTLY], counts[VG_CANNOT], counts[VG_CANNOT_TELL]);
    for (size_t i = 0; i < findings->count; i++) {
        const struct vg_finding *finding = &findings->items[i];
        cmd_field(vg_ability_name(finding->ability), "%s: %s%s%s", finding->what, finding->found,
                  finding->stops ? "; stops " : "", finding->stops ? finding->stops : "");
        if (finding->advice)
            cmd_field("", "-> %s", finding->advice);
    }
}

/* Tests that cannot run, those with one reason together. */
static void print_reasons(const struct outlook *outlook)
{
    bool any = false;
    for (size_t i = 0; i < outlook->test_count; i++) {
        const char *reason = outlook->tests[i].reason;
        bool told = !reason;
        for (size_t j = 0; j < i && !told; j++)
            told = vg_equal(outlook->tests[j].reason, reason);
        if (told)
            continue;
        vg_autotext struct vg_text ids = { 0 };
        for (size_t j = i; j < outlook->test_count; j++)
            if (vg_equal(outlook->tests[j].reason, reason))
                vg_text_add(&ids, "%s%s", ids.length ? ", " : "", outlook->tests[j].test->id);
        printf("%s", any ? "" : "\nCannot run here:\n");
        any = true;
        cmd_field("", "%s", ids.data);
        cmd_field("", "   because: %s", reason);
    }
}

static void print_outlook(const struct outlook *outlook)
{
    static const char *const headers[] = { "PLAN", "CAN RUN", "CANNOT", "ABOUT", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (size_t i = 0; i < outlook->plan_count; i++) {
        const struct plan_outlook *plan = &outlook->plans[i];
        vg_autofree char *time = plan->runs ? vg_duration_text(plan->seconds) : vg_strdup("-");
        cmd_table_add(&table, "%s", plan->plan->name);
        cmd_table_add(&table, "%u", plan->runs);
        cmd_table_add(&table, "%u", plan->skipped);
        cmd_table_add(&table, "%s", time);
    }
    putchar('\n');
    cmd_table_print(&table, stdout);
    print_reasons(outlook);
}

static void show_progress(void *context, const struct vg_check *check)
{
    if (*(bool *)context)
        fprintf(stderr, "\r\033[K%s: %s ...", check->name, check->summary);
}

static int doctor(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    const struct options *options = context;
    cmd_autocatalog struct vg_catalog *catalog = cmd_catalog(err);
    cmd_autohost struct vg_host *host =
        catalog ? vg_host_load(catalog->directory, options->host ? options->host : "reference", err) : NULL;
    if (!host)
        return -1;
    vg_autofree char *programs = vg_executable_directory();
    struct vg_patient patient = { .host = host,
                                  .catalog = catalog,
                                  .program_directory = programs,
                                  .run_directory = ".",
                                  .run_need_bytes = RUN_NEED_BYTES };
    patient.root = host->root && !vg_equal(host->root, "/") ? host->root : "";
    struct vg_findings findings;
    bool live = isatty(STDERR_FILENO);
    vg_doctor_examine(&patient, show_progress, &live, &findings);
    if (live)
        fputs("\r\033[K", stderr);
    struct outlook outlook = { 0 };
    bool good = look_ahead(catalog, host, &findings, &outlook, err);
    unsigned runnable = 0;
    for (size_t i = 0; i < outlook.plan_count; i++)
        runnable += outlook.plans[i].runs;
    int status = !good ? -1 : vg_findings_stop(&findings, true) ? 3 : runnable ? 0 : 4;
    if (good && options->json) {
        cmd_print_json(to_json(host, &findings, &outlook));
    } else if (good) {
        print_findings(host, &findings);
        print_outlook(&outlook);
    }
    free_outlook(&outlook);
    vg_findings_free(&findings);
    return status;
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    (void)err;
    struct options *options = context;
    if (key == 'j')
        options->json = true;
    else
        options->host = value;
    return true;
}

static const struct argp_option doctor_options[] = {
    { "host", 'H', "HOST", 0, "Whose needs are meant: a host's name or the path of a host file (default: reference)",
      0 },
    { "json", 'j', NULL, 0, "Print JSON", 0 },
    { 0 },
};

const struct cmd_command cmd_doctor = {
    .name = "doctor",
    .summary = "say what this host can do, what it lacks and how to mend it",
    .doc = "Looks and tries, and changes nothing. Exit status: 0 plans can run, 3 something stops tenants of the host "
           "file, 4 no test applies.",
    .options = doctor_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = doctor,
};
