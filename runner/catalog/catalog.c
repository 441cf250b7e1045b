/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the catalogue together: every file under suites/, ids unique, references resolved. */
#include "catalog/catalog.h"

#include "catalog/load.h"

/* What the public struct does not show: who owns the requirements. */
struct owned_catalog {
    struct vg_catalog;
    struct vg_requirement_file **files;
    unsigned file_count;
};

void vg_catalog_free(struct vg_catalog *catalog)
{
    if (!catalog)
        return;
    struct owned_catalog *owned = (struct owned_catalog *)catalog;
    for (unsigned i = 0; i < owned->file_count; i++)
        vg_requirement_file_free(owned->files[i]);
    for (unsigned i = 0; i < catalog->test_count; i++)
        vg_test_free((struct vg_test *)catalog->tests[i]);
    for (unsigned i = 0; i < catalog->plan_count; i++)
        vg_plan_free((struct vg_plan *)catalog->plans[i]);
    free(owned->files);
    free(catalog->requirements);
    free(catalog->tests);
    free(catalog->plans);
    free(catalog->directory);
    free(owned);
}
VG_DEFINE_CLEANUP(cleanup_catalog, struct vg_catalog *, vg_catalog_free)

const struct vg_requirement *vg_catalog_requirement(const struct vg_catalog *catalog, const char *id)
{
    for (unsigned i = 0; i < catalog->requirement_count; i++)
        if (vg_equal(catalog->requirements[i]->id, id))
            return catalog->requirements[i];
    return NULL;
}

const struct vg_test *vg_catalog_test(const struct vg_catalog *catalog, const char *id)
{
    for (unsigned i = 0; i < catalog->test_count; i++)
        if (vg_equal(catalog->tests[i]->id, id))
            return catalog->tests[i];
    return NULL;
}

const struct vg_plan *vg_catalog_plan(const struct vg_catalog *catalog, const char *name, struct vg_error *err)
{
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < catalog->plan_count; i++) {
        if (vg_equal(catalog->plans[i]->name, name))
            return catalog->plans[i];
        vg_push(names, count) = catalog->plans[i]->name;
    }
    vg_autofree char *shown = vg_printable(name, strlen(name), 80);
    vg_autofree char *meant = vg_did_you_mean(name, names, count);
    vg_fail(err, VG_ERROR_INPUT, "unknown plan `%s`%s", shown,
            *meant ? meant : "; `vgauge list plans` shows those there are");
    return NULL;
}

struct suite_file {
    const char *path;
    const char *folder; /* the name of the folder that it lies in */
    const char *name;   /* without the ending */
};

static bool add_requirements(struct owned_catalog *owned, const struct suite_file *from, struct vg_error *err)
{
    struct vg_requirement_file *file = vg_requirement_file_load(from->path, err);
    if (!file)
        return false;
    vg_push(owned->files, owned->file_count) = file;
    for (unsigned i = 0; i < file->requirement_count; i++) {
        struct vg_requirement *one = &file->requirements[i];
        if (vg_catalog_requirement((struct vg_catalog *)owned, one->id))
            return vg_fail(err, VG_ERROR_INPUT, "%s: requirement %s is there twice", from->path, one->id);
        vg_push(owned->requirements, owned->requirement_count) = one;
    }
    return true;
}

/* A test's group is its folder. *more: the file stands for tests after this one. */
static bool add_population(struct owned_catalog *owned, const struct suite_file *from, unsigned population, bool *more,
                           struct vg_error *err)
{
    struct vg_catalog *catalog = (struct vg_catalog *)owned;
    struct vg_test *test = vg_test_load(from->path, from->folder, catalog, population, err);
    if (!test)
        return false;
    const struct vg_test *other = vg_catalog_test(catalog, test->id);
    if (other) {
        vg_fail(err, VG_ERROR_INPUT, "%s: test id `%s` is already used by %s", from->path, test->id, other->file);
        vg_test_free(test);
        return false;
    }
    vg_push(catalog->tests, catalog->test_count) = test;
    *more = population + 1 < vg_test_populations(test);
    return true;
}

static bool add_test(struct owned_catalog *owned, const struct suite_file *from, struct vg_error *err)
{
    bool more = true;
    for (unsigned population = 0; more; population++)
        if (!add_population(owned, from, population, &more, err))
            return false;
    return true;
}

static bool add_plan(struct owned_catalog *owned, const struct suite_file *from, struct vg_error *err)
{
    struct vg_catalog *catalog = (struct vg_catalog *)owned;
    struct vg_plan *plan = vg_plan_load(from->path, err);
    if (!plan)
        return false;
    vg_push(catalog->plans, catalog->plan_count) = plan;
    if (!vg_equal(plan->name, from->name))
        return vg_fail(err, VG_ERROR_INPUT, "%s: the plan is called `%s`; it must be called as its file, `%s`",
                       from->path, plan->name, from->name);
    return vg_plan_check(plan, from->path, catalog, err);
}

/* Adds every file of a folder, in the order of their names. Where: the folder's place under suites/. */
static bool load_folder(struct owned_catalog *owned, const char *where,
                        bool (*add)(struct owned_catalog *, const struct suite_file *, struct vg_error *),
                        struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/%s", owned->directory, where);
    char **names;
    unsigned count;
    if (!vg_list_yaml(directory, &names, &count, err))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < count; i++) {
        vg_autofree char *path = vg_format("%s/%s.yaml", directory, names[i]);
        const struct suite_file from = { path, strrchr(directory, '/') + 1, names[i] };
        good = add(owned, &from, err);
    }
    vg_names_free(names, count);
    return good;
}

static bool load_tests(struct owned_catalog *owned, struct vg_error *err)
{
    vg_autofree char *directory = vg_format("%s/tests", owned->directory);
    char **groups;
    unsigned count;
    if (!vg_list_directories(directory, &groups, &count, err))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < count; i++) {
        vg_autofree char *where = vg_format("tests/%s", groups[i]);
        good = load_folder(owned, where, add_test, err);
    }
    vg_names_free(groups, count);
    return good;
}

struct vg_catalog *vg_catalog_load(const char *directory, struct vg_error *err)
{
    struct owned_catalog *owned = vg_calloc(1, sizeof *owned);
    struct vg_catalog *catalog VG_CLEANUP(cleanup_catalog) = (struct vg_catalog *)owned;
    catalog->directory = vg_strdup(directory);
    if (!load_folder(owned, "requirements", add_requirements, err) || !load_tests(owned, err) ||
        !load_folder(owned, "plans", add_plan, err))
        return NULL;
    if (!catalog->requirement_count || !catalog->test_count) {
        vg_fail(err, VG_ERROR_INPUT, "%s holds no %s; is it a suites directory?", directory,
                catalog->requirement_count ? "tests" : "requirements");
        return NULL;
    }
    return VG_TAKE(catalog);
}
