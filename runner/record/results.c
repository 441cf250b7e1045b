/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All judgements of a run together: gathered from the verdict.json files, which are the truth, in the order in which
 * the journal says they were made; and what they mean for each requirement and for the exit status. */
#include "record/expectations.h"
#include "record/journal.h"

/* "TEST/INSTANCE" of everything that is there, each once. */
struct places {
    char **items;
    unsigned count;
};

static void free_places(struct places *places)
{
    rec_free_texts(places->items, places->count);
}

static bool add_journalled(const char *run_directory, struct places *places, struct vg_error *err)
{
    struct rec_journal_entry *entries = NULL;
    unsigned count = 0;
    bool good = rec_journal_read(run_directory, &entries, &count, err);
    for (unsigned i = 0; good && i < count; i++)
        vg_push(places->items, places->count) = vg_format("%s/%s", entries[i].test, entries[i].instance);
    rec_journal_free(entries, count);
    return good;
}

static bool add_found(const char *run_directory, struct places *places, struct vg_error *err)
{
    struct vg_words tests VG_CLEANUP(vg_record_folders_free) = { 0 };
    vg_autofree char *root = vg_format("%s/tests", run_directory);
    if (!vg_record_folders(root, &tests, err))
        return false;
    for (unsigned i = 0; i < tests.count; i++) {
        struct vg_words instances VG_CLEANUP(vg_record_folders_free) = { 0 };
        vg_autofree char *folder = vg_format("%s/%s", root, tests.items[i]);
        if (!vg_record_folders(folder, &instances, err))
            return false;
        for (unsigned j = 0; j < instances.count; j++) {
            vg_autofree char *file = vg_format("%s/%s/verdict.json", folder, instances.items[j]);
            if (vg_exists(file)) /* else it was begun and never judged */
                vg_push(places->items, places->count) = vg_format("%s/%s", tests.items[i], instances.items[j]);
        }
    }
    return true;
}

/* Keeps the first of equal places (a resumed run journals an instance twice). Order stays. */
static void drop_repeats(struct places *places)
{
    vg_autojson json_t *seen = vg_json_new_object();
    unsigned kept = 0;
    for (unsigned i = 0; i < places->count; i++) {
        if (json_object_get(seen, places->items[i])) {
            free(places->items[i]);
            continue;
        }
        vg_json_set_bool(seen, places->items[i], true);
        places->items[kept++] = places->items[i];
    }
    places->count = kept;
}

static bool load_place(const char *run_directory, const char *place, struct vg_results *results, struct vg_error *err)
{
    vg_autofree char *relative = vg_format("tests/%s", place);
    vg_autofree char *directory = vg_format("%s/%s", run_directory, relative);
    struct vg_judgement *judgement = vg_judgement_load(directory, err);
    if (!judgement)
        return false;
    vg_push(results->judgements, results->count) = judgement;
    if (vg_equal(judgement->directory, relative))
        return true;
    return vg_fail(err, VG_ERROR_INPUT, "%s/verdict.json belongs to another place: %s", directory,
                   judgement->directory);
}

static struct vg_requirement_result *requirement(struct vg_results *results, const char *id)
{
    for (unsigned i = 0; i < results->requirement_count; i++)
        if (vg_equal(results->requirements[i].id, id))
            return &results->requirements[i];
    struct vg_requirement_result *added = &vg_push(results->requirements, results->requirement_count);
    *added = (struct vg_requirement_result) { .id = vg_strdup(id), .verdict = VG_SKIP };
    return added;
}

static bool decides(enum vg_verdict verdict)
{
    return verdict == VG_PASS || verdict == VG_FAIL || verdict == VG_FINDING;
}

static bool sum_up_requirements(struct vg_results *results, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/requirements.json", results->run->directory);
    if (vg_exists(path)) { /* gives the order, and requirements that no instance reached */
        vg_autojson json_t *list = vg_run_load_requirements(results->run->directory, err);
        if (!list)
            return false;
        for (size_t i = 0; i < json_array_size(list); i++) {
            vg_autofree char *id = NULL;
            if (!rec_name(json_array_get(list, i), "id", &id, err))
                return vg_wrap(err, "%s, requirements[%zu]", path, i);
            requirement(results, id);
        }
    }
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        for (unsigned j = 0; j < judgement->requirements.count; j++) {
            struct vg_requirement_result *result = requirement(results, judgement->requirements.items[j]);
            result->verdict = vg_verdict_worst(result->verdict, judgement->verdict);
            result->decided += decides(judgement->verdict);
            result->total++;
        }
    }
    return true;
}

struct vg_results *vg_results_gather(const char *run_directory, struct vg_error *err)
{
    struct vg_results *results = vg_calloc(1, sizeof(*results));
    struct places places VG_CLEANUP(free_places) = { 0 };
    results->run = vg_run_load(run_directory, err);
    bool good = results->run && add_journalled(results->run->directory, &places, err) &&
                add_found(results->run->directory, &places, err);
    if (good)
        drop_repeats(&places);
    for (unsigned i = 0; good && i < places.count; i++)
        good = load_place(results->run->directory, places.items[i], results, err);
    if (good && sum_up_requirements(results, err) && rec_expectations_load(results, err)) {
        rec_overlay(results);
        return results;
    }
    vg_results_free(results);
    return NULL;
}

void vg_results_free(struct vg_results *results)
{
    if (!results)
        return;
    vg_run_free(results->run);
    for (unsigned i = 0; i < results->count; i++)
        vg_judgement_free(results->judgements[i]);
    for (unsigned i = 0; i < results->requirement_count; i++)
        free(results->requirements[i].id);
    for (unsigned i = 0; i < results->expectation_count; i++)
        vg_known_issues_free(results->expectations[i]);
    rec_free_texts(results->unmatched, results->unmatched_count);
    free(results->expectations);
    free(results->judgements);
    free(results->requirements);
    free(results);
}

unsigned vg_results_count(const struct vg_results *results, enum vg_verdict verdict)
{
    unsigned count = 0;
    for (unsigned i = 0; i < results->count; i++)
        count += results->judgements[i]->verdict == verdict;
    return count;
}

int vg_results_status(const struct vg_results *results)
{
    bool failed = false, invalid = false, tested = false;
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        bool gates = vg_judgement_gates(judgement);
        failed = failed || (gates && judgement->verdict != VG_INVALID);
        invalid = invalid || gates;
        /* An expected failure was tested; a waived result that means nothing was not. */
        tested = tested || (judgement->verdict != VG_SKIP && judgement->verdict != VG_INVALID);
    }
    return failed ? 1 : invalid ? 3 : tested ? 0 : 4;
}

int vg_run_exit_status(const struct vg_results *results)
{
    return vg_equal(results->run->state, "complete") ? vg_results_status(results) : 3;
}
