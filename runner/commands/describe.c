/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge describe NAME`: whatever has that name. A name may belong to more than one kind of thing (a mechanism and a
 * host are both called native); then all of them are shown. */
#include "commands/command.h"

struct options {
    bool json;
};

/* Where a search goes, and what it found on its way. */
struct search {
    const char *name;
    struct vg_catalog *catalog;
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
    for (unsigned i = 0; i < catalog->plan_count; i++) {
        if (!meets(search, catalog->plans[i]->name))
            continue;
        if (search->json)
            add_json(search, "plan", vg_plan_to_json(catalog->plans[i]));
        else
            cmd_plan_print(catalog->plans[i], catalog);
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
    if (!catalog || !vg_host_names(catalog->directory, &hosts, &host_count, err))
        return -1;
    struct search search = { .name = argument, .catalog = catalog, .json = options->json };
    search.found = vg_json_new_array();
    search_catalog(&search);
    search_descriptors(&search);
    bool good = search_hosts(&search, hosts, host_count, err);
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
    (void)value;
    (void)err;
    ((struct options *)context)->json = key == 'j';
    return true;
}

static const struct argp_option describe_options[] = {
    { "json", 'j', NULL, 0, "Print JSON: an array of what has that name", 0 },
    { 0 },
};

const struct cmd_command cmd_describe = {
    .name = "describe",
    .summary = "explain a test, requirement, plan, workload, probe, mechanism, analysis or host",
    .doc = "Shows everything that is known about whatever is called NAME.",
    .argument = "NAME",
    .options = describe_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = describe,
};
