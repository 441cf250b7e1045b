/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge describe NAME`: whatever has that name. A name may belong to more than one kind of thing (a mechanism and a
 * host are both called native); then all of them are shown. */
#include "commands/duties.h"

struct options {
    const char *host, *mechanisms;
    bool json;
};

/* Where a search goes, and what it found on its way. */
struct search {
    const char *name;
    struct vg_catalog *catalog;
    const struct options *options;
    bool json;
    json_t *found;
    unsigned count;
    const char **names; /* everything that could have been meant */
    size_t name_count;
};

/* Notes the name; true if it is the one that is looked for. */
static bool meets(struct search *search, const char *name)
{
    vg_push(search->names, search->name_count) = name;
    if (strcmp(name, search->name) != 0)
        return false;
    if (search->count++ && !search->json)
        putchar('\n');
    return true;
}

static void add_json(struct search *search, const char *kind, json_t *json)
{
    vg_json_set_text(json, "kind", kind);
    vg_json_append(search->found, json);
}

/* What the plan asks of a host: of the one that was named, or of the plan's own if it makes tests mandatory. */
static bool show_plan(struct search *search, const struct vg_plan *plan, struct vg_error *err)
{
    const struct options *options = search->options;
    if (!options->host && !options->mechanisms && !plan->mandatory_count) {
        if (search->json)
            add_json(search, "plan", vg_plan_to_json(plan));
        else
            cmd_plan_print(plan, search->catalog);
        return true;
    }
    const char *name = options->host ? options->host : plan->host ? plan->host : "reference";
    cmd_autohost struct vg_host *host = vg_host_load(search->catalog->directory, name, err);
    if (!host)
        return false;
    for (unsigned i = 0; i < plan->sets.count; i++)
        if (!vg_catalog_set(search->catalog, plan->sets.items[i], err))
            return vg_wrap(err, "plan `%s`", plan->name);
    const struct cmd_duty_source source = { search->catalog, plan, host, options->mechanisms };
    vg_autojson json_t *list = vg_json_new_array(); /* before anything is printed: it may not come off */
    if (!cmd_duties(&source, list, err))
        return false;
    if (search->json) {
        json_t *json = vg_plan_to_json(plan);
        vg_json_set(json, "duties", json_incref(list));
        add_json(search, "plan", json);
        return true;
    }
    cmd_plan_print(plan, search->catalog);
    return cmd_duties(&source, NULL, err);
}

static bool is_plan(const struct vg_catalog *catalog, const char *name)
{
    for (unsigned i = 0; i < catalog->plan_count; i++)
        if (vg_equal(catalog->plans[i]->name, name))
            return true;
    return false;
}

static bool search_plans(struct search *search, struct vg_error *err)
{
    for (unsigned i = 0; i < search->catalog->plan_count; i++) {
        const struct vg_plan *plan = search->catalog->plans[i];
        if (!meets(search, plan->name))
            continue;
        if (!show_plan(search, plan, err))
            return false;
    }
    return true;
}

static void search_catalog(struct search *search)
{
    const struct vg_catalog *catalog = search->catalog;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        if (!meets(search, catalog->tests[i]->id))
            continue;
        if (search->json)
            add_json(search, "test", vg_test_to_json(catalog->tests[i]));
        else
            cmd_test_print(catalog->tests[i], catalog);
    }
    for (unsigned i = 0; i < catalog->requirement_count; i++) {
        if (!meets(search, catalog->requirements[i]->id))
            continue;
        if (search->json)
            add_json(search, "requirement", vg_requirement_to_json(catalog->requirements[i]));
        else
            cmd_requirement_print(catalog->requirements[i], catalog);
    }
}

static void search_descriptors(struct search *search)
{
    for (int kind = VG_KIND_WORKLOAD; kind <= VG_KIND_PLACEMENT; kind++)
        for (const struct vg_descriptor *d = NULL;
             (d = vg_descriptor_next((enum vg_descriptor_kind)kind, d)) != NULL;) {
            if (!meets(search, d->name))
                continue;
            if (search->json)
                vg_json_append(search->found, cmd_descriptor_to_json(d));
            else
                cmd_descriptor_print(d);
        }
}

static bool search_hosts(struct search *search, char **names, unsigned count, struct vg_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        if (!meets(search, names[i]))
            continue;
        cmd_autohost struct vg_host *host = vg_host_load(search->catalog->directory, names[i], err);
        if (!host)
            return false;
        if (search->json)
            add_json(search, "host", vg_host_to_json(host));
        else
            cmd_host_print(host);
    }
    return true;
}

static bool unknown(const struct search *search, struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(search->name, strlen(search->name), 100);
    vg_autofree char *hint = vg_did_you_mean(search->name, search->names, search->name_count);
    return vg_fail(err, VG_ERROR_INPUT, "nothing is called `%s`%s", shown,
                   *hint ? hint : "; `vgauge list` shows what there is");
}

static int describe(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    cmd_autocatalog struct vg_catalog *catalog = cmd_catalog(err);
    char **hosts = NULL;
    unsigned host_count = 0;
    if (catalog && (options->host || options->mechanisms) && !is_plan(catalog, argument)) {
        vg_autofree char *shown = vg_printable(argument, strlen(argument), 100);
        vg_fail(err, VG_ERROR_INPUT,
                "--host and --mechanism go with a plan, and `%s` is none (see `vgauge list plans`)", shown);
        return -1;
    }
    if (!catalog || !vg_host_names(catalog->directory, &hosts, &host_count, err))
        return -1;
    struct search search = { .name = argument, .catalog = catalog, .options = options, .json = options->json };
    search.found = vg_json_new_array();
    search_catalog(&search);
    bool good = search_plans(&search, err);
    search_descriptors(&search);
    good = good && search_hosts(&search, hosts, host_count, err);
    if (good && !search.count)
        good = unknown(&search, err);
    free(search.names);
    vg_names_free(hosts, host_count);
    if (good && options->json)
        cmd_print_json(search.found);
    else
        json_decref(search.found);
    return good ? 0 : -1;
}

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    struct options *options = context;
    (void)err;
    if (key == 'H')
        options->host = value;
    else if (key == 'm')
        options->mechanisms = value;
    else
        options->json = true;
    return true;
}

static const struct argp_option describe_options[] = {
    { "host", 'H', "HOST", 0, "A plan: on this host (a name, or the path of a host file)", 0 },
    { "mechanism", 'm', "GLOB", 0, "A plan: only these of the host's mechanisms, comma-separated; !GLOB leaves out",
      0 },
    { "json", 'j', NULL, 0, "Print JSON: an array of what has that name", 0 },
    { 0 },
};

const struct cmd_command cmd_describe = {
    .name = "describe",
    .summary = "explain a test, requirement, plan, workload, probe, mechanism, analysis or host",
    .doc = "Shows everything that is known about whatever is called NAME. Of a plan that makes tests mandatory, and of "
           "any "
           "plan with --host or --mechanism, also what it asks of each mechanism of a host: which tests are mandatory "
           "and which optional, the requirements that each decides, at how many points of its matrix and in how many "
           "boots it runs, about how long that takes, and what does not apply, with the reason.",
    .argument = "NAME",
    .options = describe_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = describe,
};
