/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The baselines of a directory: found, listed, and the right one chosen for an environment. */
#include "compare/internal.h"

#include <dirent.h>
#include <errno.h>

enum { ID_DIGITS = 12, FILES_MAX = 1000 };

char *vg_fingerprint_digest(struct vg_fingerprint fingerprint)
{
    vg_autojson json_t *fields = vg_json_new_object();
    for (unsigned i = 0; i < fingerprint.count; i++)
        if (!vg_fingerprint_records(fingerprint.fields[i].key))
            vg_json_set_text(fields, fingerprint.fields[i].key, fingerprint.fields[i].value);
    vg_autofree char *digest = vg_digest_json(fields);
    return vg_format("%.*s", ID_DIGITS, strchr(digest, ':') + 1);
}

struct vg_fingerprint vg_baseline_fingerprint_of(const struct vg_baseline *baseline)
{
    return (struct vg_fingerprint) { baseline->fields, baseline->field_count };
}

void vg_baseline_free(struct vg_baseline *baseline)
{
    if (!baseline)
        return;
    for (unsigned i = 0; i < baseline->run_count; i++) {
        struct vg_blessed_run *run = &baseline->runs[i];
        free(run->name);
        free(run->plan);
        free(run->host);
        free(run->started);
        free(run->version);
        free(run->seed);
    }
    for (unsigned i = 0; i < baseline->field_count; i++) {
        free(baseline->fields[i].key);
        free(baseline->fields[i].value);
        free(baseline->fields[i].source);
    }
    for (unsigned i = 0; i < baseline->accepted_count; i++)
        free(baseline->accepted[i]);
    free(baseline->runs);
    free(baseline->fields);
    free(baseline->accepted);
    vg_metrics_free(&baseline->metrics);
    free(baseline->name);
    free(baseline->file);
    free(baseline->blessed_at);
    free(baseline->blessed_by);
    free(baseline->reason);
    free(baseline);
}

void vg_baselines_free(struct vg_baselines *baselines)
{
    for (unsigned i = 0; i < baselines->count; i++)
        vg_baseline_free(baselines->items[i]);
    free(baselines->items);
    *baselines = (struct vg_baselines) { 0 };
}

static int newest_first(const void *left, const void *right)
{
    const struct vg_baseline *a = *(struct vg_baseline *const *)left, *b = *(struct vg_baseline *const *)right;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(b->blessed_at, a->blessed_at);
}

static bool load_file(const char *folder, const char *name, const char *file, struct vg_baselines *baselines,
                      struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s/%s", folder, name, file);
    struct vg_baseline *baseline = vg_baseline_load(path, err);
    if (!baseline)
        return false;
    vg_push(baselines->items, baselines->count) = baseline;
    vg_autofree char *id = vg_fingerprint_digest(vg_baseline_fingerprint_of(baseline));
    vg_autofree char *expected = vg_format("%s.json", id);
    if (vg_equal(baseline->name, name) && vg_equal(file, expected))
        return true;
    return vg_fail(err, VG_ERROR_INPUT,
                   "the baseline %s belongs elsewhere: its own name is %s/%s; it was copied or renamed by hand", path,
                   baseline->name, expected);
}

static bool load_folder(const char *directory, const char *name, struct vg_baselines *baselines, struct vg_error *err)
{
    vg_autofree char *folder = vg_format("%s/%s", directory, name);
    vg_autodir DIR *files = opendir(folder);
    if (!files)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open %s", folder);
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        size_t length = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || length < 5 || !vg_equal(entry->d_name + length - 5, ".json"))
            continue;
        if (baselines->count >= FILES_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "%s has more than %d baselines", directory, FILES_MAX);
        if (!load_file(directory, name, entry->d_name, baselines, err))
            return false;
    }
    return true;
}

static bool no_such_name(const char *directory, const char *name, const struct vg_words *names, struct vg_error *err)
{
    if (!vg_exists(directory))
        return vg_fail(
            err, VG_ERROR_INPUT,
            "there is no directory %s for baselines (--baselines DIR or $VGAUGE_BASELINES names another one; "
            "`vgauge bless RUN... --as NAME` makes one)",
            directory);
    vg_autofree char *folder = vg_format("%s/%s", directory, name);
    if (vg_record_name_ok(name) && vg_exists(folder))
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s is there, and no baseline in it: its files (ENVIRONMENT.json) are gone; get them back, or "
                       "make one anew with `vgauge bless RUN... --as %s`",
                       folder, name);
    vg_autofree char *meant = vg_did_you_mean(name, (const char *const *)names->items, names->count);
    vg_autofree char *shown = vg_printable(name, strlen(name), 80);
    return vg_fail(err, VG_ERROR_INPUT,
                   "%s holds no baseline `%s`%s (`vgauge baseline list` shows what there is; `vgauge bless RUN... --as "
                   "NAME` makes one)",
                   directory, shown, meant);
}

bool vg_baselines_load(const char *directory, const char *name, struct vg_baselines *baselines, struct vg_error *err)
{
    struct vg_words names VG_CLEANUP(vg_record_folders_free) = { 0 };
    *baselines = (struct vg_baselines) { 0 };
    if (!vg_record_folders(directory, &names, err))
        return false;
    bool good = true;
    for (unsigned i = 0; good && i < names.count; i++)
        if (!name || vg_equal(names.items[i], name))
            good = load_folder(directory, names.items[i], baselines, err);
    if (good && name && baselines->count == 0)
        good = no_such_name(directory, name, &names, err);
    if (!good)
        vg_baselines_free(baselines);
    else if (baselines->count)
        qsort(baselines->items, baselines->count, sizeof(*baselines->items), newest_first);
    return good;
}

const struct vg_baseline *vg_baselines_choose(const struct vg_baselines *baselines, struct vg_fingerprint now,
                                              const char *across, struct vg_differences *differences,
                                              struct vg_error *err)
{
    const struct vg_baseline *best = NULL;
    *differences = (struct vg_differences) { 0 };
    for (unsigned i = 0; i < baselines->count; i++) {
        struct vg_differences found;
        if (!vg_fingerprints_compare(now, vg_baseline_fingerprint_of(baselines->items[i]), across, &found, err)) {
            vg_differences_free(differences);
            return NULL;
        }
        if (!best || found.barring < differences->barring) {
            vg_differences_free(differences);
            *differences = found;
            best = baselines->items[i];
        } else {
            vg_differences_free(&found);
        }
    }
    if (!best)
        vg_fail(err, VG_ERROR_INPUT, "there is no baseline to compare with");
    return best;
}
