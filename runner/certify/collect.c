/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files of a run go into a package: what the judge reads, what it decided, and the evidence beside it. Reports
 * are left out: they can be made again. */
#include "certify/internal.h"

#include <errno.h>
#include <sys/stat.h>

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_evidence(const struct vg_results *results, const struct vg_judgement *judgement, struct vg_words *names,
                         struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/%s", results->run->directory, judgement->directory);
    vg_autodir DIR *directory = opendir(path);
    if (!directory)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot list %s", path);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (vg_equal(entry->d_name, ".") || vg_equal(entry->d_name, ".."))
            continue;
        vg_autofree char *name = vg_format(CERT_RUN "%s/%s", judgement->directory, entry->d_name);
        vg_autofree char *file = vg_format("%s/%s", path, entry->d_name);
        vg_autofree char *shown = vg_printable(entry->d_name, strlen(entry->d_name), 200);
        struct stat status;
        if (!cert_name_allowed(name))
            return vg_fail(err, VG_ERROR_INPUT, "%s/%s is no file that a package may hold%s%s", judgement->directory,
                           shown, cert_name_trouble(name) ? ": its name " : "",
                           cert_name_trouble(name) ? cert_name_trouble(name) : "");
        if (lstat(file, &status) != 0 || !S_ISREG(status.st_mode))
            return vg_fail(err, VG_ERROR_INPUT, "%s/%s is not a regular file", judgement->directory, shown);
        vg_push(names->items, names->count) = VG_TAKE(name);
    }
    return true;
}

static bool add_tests(const char *run_directory, struct vg_words *names, struct vg_error *err)
{
    struct vg_words tests VG_CLEANUP(vg_record_folders_free) = { 0 };
    vg_autofree char *root = vg_format("%s/tests", run_directory);
    if (!vg_record_folders(root, &tests, err))
        return false;
    for (unsigned i = 0; i < tests.count; i++)
        vg_push(names->items, names->count) = vg_format(CERT_RUN "tests/%s/test.json", tests.items[i]);
    return true;
}

bool cert_collect(const struct vg_results *results, struct vg_words *names, struct vg_error *err)
{
    static const char *const fixed[] = { "run.json", "results.json", "requirements.json", "journal.jsonl",
                                         "expectations.json" };
    for (size_t i = 0; i < VG_COUNT(fixed); i++) {
        vg_autofree char *path = vg_format("%s/%s", results->run->directory, fixed[i]);
        bool optional = vg_equal(fixed[i], "expectations.json");
        if (!optional || vg_exists(path))
            vg_push(names->items, names->count) = vg_format(CERT_RUN "%s", fixed[i]);
    }
    bool good = add_tests(results->run->directory, names, err);
    for (unsigned i = 0; good && i < results->count; i++)
        good = add_evidence(results, results->judgements[i], names, err);
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), compare_texts);
    return good;
}
