/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One test of a run, as one archive that repeats it elsewhere: the test as it was run, with every parameter, its
 * requirements, the host file, the programs, and a script. */
#include "certify/internal.h"

#include "report/report.h"

VG_DEFINE_CLEANUP(cleanup_results, struct vg_results *, vg_results_free)
VG_DEFINE_CLEANUP(cleanup_test, struct vg_test *, vg_test_free)

/* What goes in; owns everything that its entries point to. */
struct bundle {
    const char *test; /* also the name of the folder that everything lies in */
    struct cert_entry *entries;
    size_t count;
    char **owned;
    unsigned owned_count;
};

static void bundle_free(struct bundle *bundle)
{
    for (unsigned i = 0; i < bundle->owned_count; i++)
        free(bundle->owned[i]);
    free(bundle->owned);
    free(bundle->entries);
}

static char *own(struct bundle *bundle, char *text)
{
    vg_push(bundle->owned, bundle->owned_count) = text;
    return text;
}

static void add_text(struct bundle *bundle, const char *name, char *text_stolen, bool program)
{
    char *place = own(bundle, vg_format("%s/%s", bundle->test, name)), *text = own(bundle, text_stolen);
    vg_push(bundle->entries, bundle->count) =
        (struct cert_entry) { .name = place, .text = text, .length = strlen(text), .program = program };
}

static void add_json(struct bundle *bundle, const char *name, const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (!text)
        vg_out_of_memory();
    add_text(bundle, name, vg_format("%s\n", text), false); /* JSON is YAML */
    free(text);
}

static void add_file(struct bundle *bundle, const char *name, const char *path, bool program)
{
    char *place = own(bundle, vg_format("%s/%s", bundle->test, name)), *from = own(bundle, vg_strdup(path));
    vg_push(bundle->entries, bundle->count) = (struct cert_entry) { .name = place, .path = from, .program = program };
}

/* Plain files of a folder; what is executable stays so. A folder that is not there has none. */
static void add_folder(struct bundle *bundle, const char *folder, const char *path)
{
    vg_autodir DIR *directory = opendir(path);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry; entry = readdir(directory)) {
        vg_autofree char *name = vg_format("%s/%s", folder, entry->d_name),
                         *from = vg_format("%s/%s", path, entry->d_name);
        if (entry->d_type == DT_REG && vg_record_name_ok(entry->d_name))
            add_file(bundle, name, from, access(from, X_OK) == 0);
    }
}

/* The test's requirements, one file per group, with the keys of their YAML. */
static void add_requirements(struct bundle *bundle, const struct vg_test *test, const json_t *requirements)
{
    vg_autojson json_t *groups = vg_json_new_object();
    size_t index;
    json_t *requirement, *list;
    json_array_foreach(requirements, index, requirement)
    {
        const char *group = vg_json_text_or(requirement, "group", "");
        if (!vg_words_have(&test->requirements, vg_json_text_or(requirement, "id", "")) || !vg_record_name_ok(group))
            continue;
        if (!json_object_get(groups, group))
            vg_json_set(groups, group, vg_json_new_array());
        json_t *copy = json_deep_copy(requirement);
        json_object_del(copy, "group");
        vg_json_append(json_object_get(groups, group), copy);
    }
    const char *group;
    json_object_foreach(groups, group, list)
    {
        vg_autojson json_t *file = vg_json_new_object();
        vg_autofree char *name = vg_format("suites/requirements/%s.yaml", group);
        vg_json_set_text(file, "group", group);
        vg_json_set_text(file, "title", "as the run had them");
        vg_json_set(file, "requirements", json_incref(list));
        add_json(bundle, name, file);
    }
}

static void add_once(json_t *list, const char *word)
{
    size_t index;
    json_t *member;
    json_array_foreach(list, index, member) if (vg_equal(json_string_value(member), word)) return;
    vg_json_append(list, json_string(word));
}

/* What the run did of that test: where, and how often. */
struct extent {
    json_t *mechanisms;
    unsigned boots, instances;
};

static struct extent extent_of(const struct vg_results *results, const char *test, struct bundle *bundle)
{
    struct extent extent = { vg_json_new_array(), 1, 0 };
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        if (!vg_equal(judgement->test, test))
            continue;
        vg_autofree char *name = vg_format("seen/%s.json", judgement->instance);
        vg_autojson json_t *seen = vg_judgement_to_json(judgement);
        add_json(bundle, name, seen);
        if (judgement->verdict == VG_SKIP)
            continue;
        extent.instances++;
        extent.boots = judgement->boot > extent.boots ? judgement->boot : extent.boots;
        add_once(extent.mechanisms, judgement->mechanism);
    }
    return extent;
}

static void extent_free(struct extent *extent)
{
    json_decref(extent->mechanisms);
}

/* With the axes of the run's own plan, as --profile and --policy had narrowed it. */
static void add_plan(struct bundle *bundle, const struct vg_run *run, const struct extent *extent)
{
    static const char *const axes[] = { "profiles", "policies" };
    vg_autojson json_t *plan = vg_json_new_object();
    json_t *tests = vg_json_new_array();
    vg_json_append(tests, json_string(bundle->test));
    vg_json_set_text(plan, "name", "repeat");
    vg_json_set_text(plan, "summary", "One test as a run had it.");
    vg_json_set(plan, "tests", tests);
    for (size_t i = 0; i < VG_COUNT(axes); i++)
        if (json_array_size(json_object_get(run->plan_file, axes[i])))
            vg_json_set(plan, axes[i], json_deep_copy(json_object_get(run->plan_file, axes[i])));
    vg_json_set_int(plan, "repeat", extent->boots);
    add_json(bundle, "suites/plans/repeat.yaml", plan);
}

/* Words of the host file and of instances are names, checked when they were read; quoted all the same. */
static char *quoted_list(const json_t *words)
{
    struct vg_text text = { 0 };
    size_t index;
    json_t *word;
    vg_text_add(&text, "'");
    json_array_foreach(words, index, word)
    {
        const char *value = json_string_value(word);
        if (vg_record_name_ok(value))
            vg_text_add(&text, "%s%s", text.length > 1 ? "," : "", value);
    }
    vg_text_add(&text, "'");
    return text.data;
}

static void add_script(struct bundle *bundle, const struct vg_results *results, const struct extent *extent)
{
    vg_autofree char *mechanisms = quoted_list(extent->mechanisms);
    bool boots_vms = json_object_get(results->run->host_file, "connection") != NULL;
    add_text(
        bundle, "repeat",
        vg_format("#!/bin/sh\n"
                  "# Repeats the test %s as a run of vgauge %s had it. Options of `vgauge run` may be added: ./repeat "
                  "--boots 10\n"
                  "set -eu\n"
                  "here=$(cd \"$(dirname \"$0\")\" && pwd)\n"
                  "export VGAUGE_SUITES=\"$here/suites\" VGAUGE_REPORTS=\"$here/reports\"\n"
                  "export VGAUGE_IMAGES_SCRIPT=\"${VGAUGE_IMAGES_SCRIPT:-$here/guest-workloads/image/build-images}\"\n"
                  "vgauge=${VGAUGE:-$here/bin/vgauge}\n"
                  "if missing=$(ldd \"$vgauge\" 2>&1 | grep 'not found'); then\n"
                  "    echo \"repeat: this machine lacks libraries that vgauge needs; install them, or set VGAUGE to a "
                  "vgauge \" \\\n"
                  "        \"that was built here:\" >&2\n"
                  "    echo \"$missing\" >&2\n"
                  "    exit 3\n"
                  "fi\n"
                  "%s"
                  "exec \"$vgauge\" run --plan repeat --host \"$here/host.yaml\" --mechanism %s --seed %llu \"$@\"\n",
                  bundle->test, results->run->version ? results->run->version : "?",
                  boots_vms ? "# The guest image and the reference hypervisor, kept in ~/.cache/vgauge.\n"
                              "case \" $* \" in *\" --dry-run \"*) ;; *) \"$VGAUGE_IMAGES_SCRIPT\" >/dev/null ;; esac\n"
                            : "",
                  mechanisms, (unsigned long long)results->run->seed),
        true);
}

static bool add_programs(struct bundle *bundle, const char *directory, struct vg_error *err)
{
    static const char *const names[] = { "vgauge",           "vgauge-agent", "vgauge-workload",
                                         "payload.squashfs", "vgauge-model", "vgauge-model-nvml.so" };
    for (size_t i = 0; i < VG_COUNT(names); i++) {
        vg_autofree char *path = vg_format("%s/%s", directory, names[i]), *name = vg_format("bin/%s", names[i]);
        if (vg_exists(path))
            add_file(bundle, name, path, i != 3);
        else if (i < 4)
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is not there, and without it the test cannot be repeated",
                           path);
    }
    return true;
}

static bool fill(struct bundle *bundle, const struct vg_results *results, const char *programs, struct vg_error *err)
{
    const char *directory = results->run->directory;
    VG_CLEANUP(cleanup_test) struct vg_test *test = vg_run_load_test(directory, bundle->test, err);
    vg_autojson json_t *requirements = test ? vg_run_load_requirements(directory, err) : NULL;
    vg_autofree char *templates = requirements ? vg_report_templates(err) : NULL;
    if (!templates || !add_programs(bundle, programs, err))
        return false;
    if (!results->run->host_file)
        return vg_fail(err, VG_ERROR_INPUT, "run.json carries no host file");
    struct extent extent VG_CLEANUP(extent_free) = extent_of(results, bundle->test, bundle);
    if (!extent.instances)
        return vg_fail(err, VG_ERROR_INPUT, "the run skipped %s everywhere: there is nothing to repeat", bundle->test);
    vg_autojson json_t *document = vg_test_to_json(test);
    vg_autofree char *group = vg_strdup(vg_json_text_or(document, "group", "exported"));
    json_object_del(document, "group"); /* its folder says it */
    vg_autofree char *name =
        vg_format("suites/tests/%s/%s.yaml", vg_record_name_ok(group) ? group : "exported", bundle->test);
    vg_autofree char *image = vg_format("%s/../guest-workloads/image", programs);
    add_script(bundle, results, &extent);
    add_json(bundle, "host.yaml", results->run->host_file);
    add_json(bundle, name, document);
    add_requirements(bundle, test, requirements);
    add_plan(bundle, results->run, &extent);
    add_folder(bundle, "reports", templates);
    add_folder(bundle, "guest-workloads/image", image);
    return true;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct cert_entry *)left)->name, ((const struct cert_entry *)right)->name);
}

static bool is_in(const struct vg_results *results, const char *test, struct vg_error *err)
{
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < results->count; i++) {
        if (vg_equal(results->judgements[i]->test, test))
            return true;
        vg_push(names, count) = results->judgements[i]->test;
    }
    vg_autofree char *shown = vg_printable(test, strlen(test), 100), *hint = vg_did_you_mean(test, names, count);
    return vg_fail(err, VG_ERROR_INPUT, "the run has no result of a test `%s`%s", shown, hint);
}

bool vg_export_test(const char *run_directory, const char *test, const char *program_directory, const char *out,
                    struct vg_error *err)
{
    VG_CLEANUP(cleanup_results) struct vg_results *results = vg_results_gather(run_directory, err);
    struct bundle bundle VG_CLEANUP(bundle_free) = { .test = test };
    if (!results || !is_in(results, test, err) || !fill(&bundle, results, program_directory, err))
        return false;
    if (vg_exists(out))
        return vg_fail(err, VG_ERROR_INPUT, "%s is there already; give another name with --out", out);
    qsort(bundle.entries, bundle.count, sizeof(*bundle.entries), by_name);
    if (cert_archive_write(out, bundle.entries, bundle.count, err))
        return true;
    unlink(out);
    return false;
}
