/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge list KIND`: everything that can be named elsewhere, in aligned columns or as JSON. */
#include "commands/command.h"
#include "placement/placement.h"

struct options {
    bool json;
    const char *host;
};

/* What a listing reads; loaded only by kinds that need it. */
struct source {
    struct vg_catalog *catalog;
    const char *host;
};

struct kind {
    const char *name;
    const char *summary;
    const char *headers[6];
    bool needs_catalog;
    bool (*fill)(const struct source *source, struct cmd_table *table, struct vg_error *err);
    enum vg_descriptor_kind descriptors; /* used if fill is NULL */
};

static bool fill_plans(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    (void)err;
    for (unsigned i = 0; i < source->catalog->plan_count; i++) {
        const struct vg_plan *plan = source->catalog->plans[i];
        vg_autofree char *tests = cmd_words(&plan->tests, "every test");
        cmd_table_add(table, "%s", plan->name);
        cmd_table_add(table, "%s", tests);
        cmd_table_add(table, "%s", plan->summary);
    }
    return true;
}

static bool fill_suites(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    (void)err;
    const struct vg_catalog *catalog = source->catalog;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        const char *group = catalog->tests[i]->group;
        unsigned before = 0, count = 0;
        struct vg_text ids = { 0 };
        for (unsigned j = 0; j < catalog->test_count; j++) {
            if (strcmp(catalog->tests[j]->group, group) != 0)
                continue;
            before += j < i;
            vg_text_add(&ids, "%s%s", count++ ? ", " : "", catalog->tests[j]->id);
        }
        if (!before) {
            cmd_table_add(table, "%s", group);
            cmd_table_add(table, "%u", count);
            cmd_table_add(table, "%s", ids.data);
        }
        vg_text_free(&ids);
    }
    return true;
}

static bool fill_tests(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    (void)err;
    for (unsigned i = 0; i < source->catalog->test_count; i++) {
        const struct vg_test *test = source->catalog->tests[i];
        vg_autofree char *requirements = cmd_words(&test->requirements, "-");
        cmd_table_add(table, "%s", test->id);
        cmd_table_add(table, "%s", test->group);
        cmd_table_add(table, "%s", requirements);
        cmd_table_add(table, "%s", test->summary);
    }
    return true;
}

static bool fill_requirements(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    (void)err;
    for (unsigned i = 0; i < source->catalog->requirement_count; i++) {
        const struct vg_requirement *requirement = source->catalog->requirements[i];
        unsigned tests = 0;
        for (unsigned j = 0; j < source->catalog->test_count; j++)
            tests += vg_words_have(&source->catalog->tests[j]->requirements, requirement->id);
        cmd_table_add(table, "%s", requirement->id);
        cmd_table_add(table, "%s", requirement->level == VG_MUST ? "must" : "should");
        cmd_table_add(table, "S%d", (int)requirement->severity);
        cmd_table_add(table, "%u", tests);
        cmd_table_add(table, "%s", requirement->statement);
    }
    return true;
}

/* Which requirements some test decides, under which mechanisms, and what shows that it can fail. */
static bool fill_coverage(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    (void)err;
    const struct vg_catalog *catalog = source->catalog;
    for (unsigned i = 0; i < catalog->requirement_count; i++) {
        const struct vg_requirement *requirement = catalog->requirements[i];
        vg_autotext struct vg_text tests = { 0 };
        unsigned controls = 0;
        for (unsigned j = 0; j < catalog->test_count; j++) {
            if (!vg_words_have(&catalog->tests[j]->requirements, requirement->id))
                continue;
            vg_text_add(&tests, "%s%s", tests.length ? ", " : "", catalog->tests[j]->id);
            controls += catalog->tests[j]->controls.count;
        }
        vg_autofree char *mechanisms = cmd_words(&requirement->mechanisms, "-");
        cmd_table_add(table, "%s", requirement->id);
        cmd_table_add(table, "%s", requirement->level == VG_MUST ? "must" : "should");
        cmd_table_add(table, "%u", controls);
        cmd_table_add(table, "%s", tests.length ? tests.data : "-");
        cmd_table_add(table, "%s", mechanisms);
    }
    return true;
}

static bool fill_hosts(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    char **names;
    unsigned count;
    if (!vg_host_names(source->catalog->directory, &names, &count, err))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < count; i++) {
        cmd_autohost struct vg_host *host = vg_host_load(source->catalog->directory, names[i], err);
        good = host != NULL;
        if (!good)
            break;
        struct vg_text mechanisms = { 0 };
        for (unsigned j = 0; j < host->mechanism_count; j++)
            vg_text_add(&mechanisms, "%s%s", j ? ", " : "", host->mechanisms[j].name);
        cmd_table_add(table, "%s", names[i]);
        cmd_table_add(table, "%s", host->connection ? host->connection : "-");
        cmd_table_add(table, "%s", mechanisms.data ? mechanisms.data : "-");
        cmd_table_add(table, "%s", host->summary ? host->summary : "");
        vg_text_free(&mechanisms);
    }
    vg_names_free(names, count);
    return good;
}

static bool fill_fleets(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    char **names;
    unsigned count;
    size_t model_count;
    const char *const *models = vg_capacity_model_names(&model_count);
    if (!vg_fleet_names(source->catalog->directory, &names, &count, err))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < count; i++) {
        struct vg_fleet_file *fleet =
            vg_fleet_file_load(source->catalog->directory, names[i], models, model_count, err);
        good = fleet != NULL;
        if (!good)
            break;
        cmd_table_add(table, "%s", names[i]);
        cmd_table_add(table, "%u", fleet->pgpu_count);
        cmd_table_add(table, "%u", fleet->host_count);
        cmd_table_add(table, "%s", fleet->summary);
        vg_fleet_file_free(fleet);
    }
    vg_names_free(names, count);
    return good;
}

static bool fill_profiles(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    cmd_autohost struct vg_host *host = vg_host_load(source->catalog->directory, source->host, err);
    if (!host)
        return false;
    for (unsigned i = 0; i < host->mechanism_count; i++) {
        const struct vg_host_mechanism *mechanism = &host->mechanisms[i];
        struct vg_text policies = { 0 };
        for (unsigned j = 0; j < mechanism->policy_count; j++)
            vg_text_add(&policies, "%s%s", j ? ", " : "", mechanism->policies[j].name);
        for (unsigned j = 0; j < mechanism->profile_count; j++) {
            const struct vg_host_profile *profile = &mechanism->profiles[j];
            vg_autofree char *memory = profile->memory_bytes ? vg_quantity_text((double)profile->memory_bytes, "bytes")
                                                             : vg_strdup("not partitioned");
            cmd_table_add(table, "%s", profile->name);
            cmd_table_add(table, "%s", mechanism->name);
            cmd_table_add(table, "%s", memory);
            cmd_table_add(table, "%u", profile->max);
            cmd_table_add(table, "%s", policies.data ? policies.data : "-");
        }
        vg_text_free(&policies);
    }
    return true;
}

static void add_command(struct cmd_table *table, const struct cmd_command *command)
{
    if (command->verbs) {
        for (size_t i = 0; command->verbs[i]; i++)
            add_command(table, command->verbs[i]);
        return;
    }
    vg_autotext struct vg_text options = { 0 };
    for (const struct argp_option *option = command->options; option && option->name; option++)
        if (!(option->flags & OPTION_HIDDEN))
            vg_text_add(&options, "--%s%s ", option->name, option->arg ? "=" : "");
    vg_text_add(&options, "--help");
    cmd_table_add(table, "%s", command->name);
    cmd_table_add(table, "%s", command->argument ? command->argument : "-");
    cmd_table_add(table, "%s", options.data);
    cmd_table_add(table, "%s", command->summary);
}

static bool fill_commands(const struct source *source, struct cmd_table *table, struct vg_error *err)
{
    (void)source;
    (void)err;
    for (const struct cmd_command *const *each = cmd_all; *each; each++)
        add_command(table, *each);
    return true;
}

static const struct kind kinds[] = {
    { "commands", "what this program does", { "COMMAND", "ARGUMENT", "OPTIONS", "SUMMARY" }, false, fill_commands, 0 },
    { "plans", "sets of tests with parameters", { "PLAN", "TESTS", "SUMMARY" }, true, fill_plans, 0 },
    { "suites", "groups of tests", { "SUITE", "COUNT", "TESTS" }, true, fill_suites, 0 },
    { "tests",
      "scenarios that decide requirements",
      { "TEST", "SUITE", "REQUIREMENTS", "SUMMARY" },
      true,
      fill_tests,
      0 },
    { "requirements",
      "what a vGPU implementation must do",
      { "REQUIREMENT", "LEVEL", "SEVERITY", "TESTS", "STATEMENT" },
      true,
      fill_requirements,
      0 },
    { "coverage",
      "which tests decide each requirement, with how many known-bad implementations",
      { "REQUIREMENT", "LEVEL", "CONTROLS", "TESTS", "MECHANISMS" },
      true,
      fill_coverage,
      0 },
    { "workloads", "programs that run in tenants", { "WORKLOAD", "SUMMARY" }, false, NULL, VG_KIND_WORKLOAD },
    { "probes", "what watches the host", { "PROBE", "SUMMARY" }, false, NULL, VG_KIND_PROBE },
    { "mechanisms", "ways of a vGPU to its guest", { "MECHANISM", "SUMMARY" }, false, NULL, VG_KIND_MECHANISM },
    { "analyses", "what turns samples into metrics", { "ANALYSIS", "SUMMARY" }, false, NULL, VG_KIND_ANALYSIS },
    { "policies", "which pGPU the next vGPU goes to", { "POLICY", "SUMMARY" }, false, NULL, VG_KIND_PLACEMENT },
    { "checks", "what `vgauge doctor` examines", { "CHECK", "SUMMARY" }, false, NULL, VG_KIND_CHECK },
    { "fleets", "fleet files, for `vgauge place`", { "FLEET", "PGPUS", "HOSTS", "SUMMARY" }, true, fill_fleets, 0 },
    { "hosts", "host files", { "HOST", "CONNECTION", "MECHANISMS", "SUMMARY" }, true, fill_hosts, 0 },
    { "profiles",
      "vGPU types of a host (--host)",
      { "PROFILE", "MECHANISM", "MEMORY", "MAX", "POLICIES" },
      true,
      fill_profiles,
      0 },
};

static void fill_descriptors(enum vg_descriptor_kind kind, struct cmd_table *table)
{
    for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(kind, d)) != NULL;) {
        cmd_table_add(table, "%s", d->name);
        cmd_table_add(table, "%s", d->summary);
    }
}

/* Catalogue objects and descriptors in full, what has no form of its own as its row. */
static json_t *kind_to_json(const struct kind *kind, const struct source *source, const struct cmd_table *table)
{
    const struct vg_catalog *catalog = source->catalog;
    json_t *array = vg_json_new_array();
    if (!kind->fill) {
        for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(kind->descriptors, d)) != NULL;)
            vg_json_append(array, cmd_descriptor_to_json(d));
        return array;
    }
    if (kind->fill == fill_plans) {
        for (unsigned i = 0; i < catalog->plan_count; i++)
            vg_json_append(array, vg_plan_to_json(catalog->plans[i]));
    } else if (kind->fill == fill_tests) {
        for (unsigned i = 0; i < catalog->test_count; i++)
            vg_json_append(array, vg_test_to_json(catalog->tests[i]));
    } else if (kind->fill == fill_requirements) {
        for (unsigned i = 0; i < catalog->requirement_count; i++)
            vg_json_append(array, vg_requirement_to_json(catalog->requirements[i]));
    } else {
        json_decref(array);
        return cmd_table_to_json(table);
    }
    return array;
}

static bool list_kind(const struct kind *kind, const struct options *options, struct vg_error *err)
{
    cmd_autocatalog struct vg_catalog *catalog = NULL;
    if (kind->needs_catalog && !(catalog = cmd_catalog(err)))
        return false;
    struct source source = { .catalog = catalog, .host = options->host ? options->host : "reference" };
    cmd_autotable struct cmd_table table = { .headers = kind->headers };
    if (!kind->fill)
        fill_descriptors(kind->descriptors, &table);
    else if (!kind->fill(&source, &table, err))
        return false;
    if (options->json)
        cmd_print_json(kind_to_json(kind, &source, &table));
    else
        cmd_table_print(&table, stdout);
    return true;
}

static void list_kinds(bool json)
{
    static const char *const headers[] = { "KIND", "SUMMARY", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        cmd_table_add(&table, "%s", kinds[i].name);
        cmd_table_add(&table, "%s", kinds[i].summary);
    }
    if (json)
        cmd_print_json(cmd_table_to_json(&table));
    else
        cmd_table_print(&table, stdout);
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

static int list(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    const char *names[VG_COUNT(kinds)];
    if (!argument) {
        list_kinds(options->json);
        return 0;
    }
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        names[i] = kinds[i].name;
        if (vg_equal(argument, names[i]))
            return list_kind(&kinds[i], options, err) ? 0 : -1;
    }
    vg_autofree char *shown = vg_printable(argument, strlen(argument), 100);
    vg_autofree char *hint = vg_did_you_mean(argument, names, VG_COUNT(names));
    vg_fail(err, VG_ERROR_INPUT, "there is no kind `%s` to list%s", shown,
            *hint ? hint : "; `vgauge list` names the kinds");
    return -1;
}

static const struct argp_option list_options[] = {
    { "json", 'j', NULL, 0, "Print JSON", 0 },
    { "host", 'H', "HOST", 0, "Whose profiles: a host's name or the path of a host file (default: reference)", 0 },
    { 0 },
};

const struct cmd_command cmd_list = {
    .name = "list",
    .summary = "list plans, suites, tests, requirements, coverage, workloads, probes, ...",
    .doc = "KIND is commands, plans, suites, tests, requirements, workloads, probes, mechanisms, analyses, policies, "
           "checks, "
           "fleets, "
           "hosts or profiles. "
           "Without KIND the kinds are listed.",
    .argument = "[KIND]",
    .options = list_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = list,
};
