/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going on with a run that did not come to its end: whatever an instance left that is not in the journal goes, the rest
 * stays as it is. */
#include "record/internal.h"
#include "record/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/file.h>

bool vg_run_lock(struct vg_run *run, struct vg_error *err)
{
    vg_autoclose int fd = open(run->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open %s", run->directory);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? vg_fail(err, VG_ERROR_INPUT,
                                              "%s is being written by another vgauge; let it end first", run->directory)
                                    : vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot lock %s", run->directory);
    run->lock_fd = fd;
    run->locked = true;
    fd = -1;
    return true;
}

/* A line without an end was cut by whatever ended the process. */
static bool cut_journal(const char *directory, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/journal.jsonl", directory);
    vg_autofree char *text = NULL;
    size_t length;
    if (!vg_exists(path))
        return true;
    if (!vg_read_file(path, REC_FILE_MAX, &text, &length, err))
        return false;
    const char *last = memrchr(text, '\n', length);
    size_t whole = last ? (size_t)(last + 1 - text) : 0;
    if (whole == length)
        return true;
    vg_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return (fd >= 0 && ftruncate(fd, (off_t)whole) == 0 && fsync(fd) == 0) ||
           vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot repair %s", path);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool read_finished(const char *directory, struct vg_words *finished, struct vg_error *err)
{
    struct rec_journal_entry *entries = NULL;
    unsigned count = 0;
    bool good = rec_journal_read(directory, &entries, &count, err);
    for (unsigned i = 0; good && i < count; i++)
        vg_push(finished->items, finished->count) = vg_format("%s/%s", entries[i].test, entries[i].instance);
    rec_journal_free(entries, count);
    if (finished->count)
        qsort(finished->items, finished->count, sizeof(*finished->items), by_text);
    return good;
}

bool vg_run_finished(const struct vg_words *finished, const char *test, const char *instance)
{
    vg_autofree char *name = vg_format("%s/%s", test, instance);
    const char *key = name;
    return finished->count && bsearch(&key, finished->items, finished->count, sizeof(*finished->items), by_text);
}

/* Halves of files that were being written. */
static bool remove_halves(const char *directory, struct vg_error *err)
{
    vg_autodir DIR *entries = opendir(directory);
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;)
        if (fnmatch("*.tmp-[0-9]*", entry->d_name, 0) == 0 && unlinkat(dirfd(entries), entry->d_name, 0) < 0)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot remove %s/%s", directory, entry->d_name);
    return entries || vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open %s", directory);
}

static bool remove_unfinished(const char *directory, const struct vg_words *finished, struct vg_error *err)
{
    struct vg_words tests VG_CLEANUP(vg_record_folders_free) = { 0 };
    vg_autofree char *parent = vg_format("%s/tests", directory);
    if (!vg_record_folders(parent, &tests, err))
        return false;
    for (unsigned i = 0; i < tests.count; i++) {
        struct vg_words instances VG_CLEANUP(vg_record_folders_free) = { 0 };
        vg_autofree char *test = vg_format("%s/%s", parent, tests.items[i]);
        if (!remove_halves(test, err) || !vg_record_folders(test, &instances, err))
            return false;
        for (unsigned j = 0; j < instances.count; j++) {
            vg_autofree char *path = vg_format("%s/%s", test, instances.items[j]);
            if (!vg_run_finished(finished, tests.items[i], instances.items[j]) && !vg_remove_tree(path, err))
                return false;
        }
    }
    return true;
}

/* Where the environment's decisions stand, so that every report shows that the run was put together. */
static void note(struct vg_run *run)
{
    vg_autofree char *now = vg_wall_time();
    if (!run->environment)
        run->environment = vg_json_new_object();
    const char *before = json_string_value(json_object_get(json_object_get(run->environment, "resumed"), "value"));
    vg_autofree char *times = before ? vg_format("%s, %s", before, now) : vg_strdup(now);
    json_t *entry = vg_json_new_object();
    vg_json_set_text(entry, "value", times);
    vg_json_set_text(entry, "why",
                     run->reason                       ? run->reason
                     : vg_equal(run->state, "running") ? "its process was killed, or the machine stopped"
                                                       : run->state);
    vg_json_set(run->environment, "resumed", entry);
}

struct vg_run *vg_run_resume(const char *directory, struct vg_words *finished, struct vg_error *err)
{
    *finished = (struct vg_words) { 0 };
    struct vg_run *run = vg_run_load(directory, err);
    if (!run)
        return NULL;
    bool good = vg_run_lock(run, err) &&
                (!vg_equal(run->state, "complete") ||
                 vg_fail(err, VG_ERROR_INPUT, "%s came to its end; there is nothing to go on with", directory)) &&
                cut_journal(run->directory, err) && read_finished(run->directory, finished, err) &&
                remove_unfinished(run->directory, finished, err) && remove_halves(run->directory, err);
    if (good) {
        note(run);
        run->resumed = true;
        free(run->state);
        free(VG_TAKE(run->ended));
        free(VG_TAKE(run->reason));
        run->state = vg_strdup("running");
        good = vg_run_save(run, err);
    }
    if (good)
        return run;
    vg_record_folders_free(finished);
    vg_run_free(run);
    return NULL;
}
