/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to catalog/. One loader per kind of file; catalog.c puts what they load together. */
#ifndef VG_CATALOG_LOAD_H
#define VG_CATALOG_LOAD_H

#include "catalog/catalog.h"
#include "catalog/document.h"

struct vg_requirement_file {
    char *group; /* "SCHED" */
    char *title;
    struct vg_requirement *requirements;
    unsigned requirement_count;
};
struct vg_requirement_file *vg_requirement_file_load(const char *path, struct vg_error *err);
void vg_requirement_file_free(struct vg_requirement_file *file);

/* Without a catalogue, requirements' names are not checked. A file with `populations` stands for as many tests;
 * `population` says which, from 0. */
struct vg_test *vg_test_load(const char *path, const char *group, const struct vg_catalog *catalog, unsigned population,
                             struct vg_error *err);
/* How many tests the file of this one stands for. */
unsigned vg_test_populations(const struct vg_test *test);
/* All checks that need more than the schema; applies defaults. */
bool vg_test_check(const struct vg_document *document, struct vg_test *test, const struct vg_catalog *catalog,
                   struct vg_error *err);
/* The tenants' part of it: what `on` names, and who lives in which phase. */
bool vg_test_check_phases(const struct vg_document *document, struct vg_test *test, struct vg_error *err);
/* Index of the tenant that `on` names, or -1; *instance: which of its instances, or -1 for all. */
int vg_test_tenant_index(const struct vg_test *test, const char *on, int *instance);

struct vg_plan *vg_plan_load(const char *path, struct vg_error *err);
void vg_plan_free(struct vg_plan *plan);
/* Every glob selects something, every --set applies. */
bool vg_plan_check(const struct vg_plan *plan, const char *path, struct vg_catalog *catalog, struct vg_error *err);

/* Names of the *.yaml files of a directory without the ending, sorted; a directory that is not there has none. */
bool vg_list_yaml(const char *directory, char ***names, unsigned *count, struct vg_error *err);
bool vg_list_directories(const char *directory, char ***names, unsigned *count, struct vg_error *err);

/* The file that a word means: a path if it holds a slash or ends in .yaml, else directory/KINDs/NAME.yaml. NULL with an
 * error that names the nearest. Caller frees. */
char *vg_find_yaml(const char *directory, const char *kind, const char *name_or_path, struct vg_error *err);

/* As vg_catalog_set; if not apply, only checks. */
bool vg_catalog_try_set(struct vg_catalog *catalog, const char *setting, bool apply, struct vg_error *err);

/* Field terms that files may use. */
extern const char *const vg_known_policies[];
extern const size_t vg_known_policy_count;
extern const char *const vg_known_mechanisms[];
extern const size_t vg_known_mechanism_count;

json_t *vg_words_to_json(const struct vg_words *words);

#endif
