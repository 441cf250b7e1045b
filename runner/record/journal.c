/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.jsonl: one line per finished instance, on the disk before the next one starts. After a crash it says what is
 * done; a line that was cut by the crash is not done. */
#include "record/journal.h"
#include "record/internal.h"

#include <errno.h>
#include <fcntl.h>

static bool append_line(int fd, const char *line, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t written = write(fd, line + done, length - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    return fsync(fd) == 0;
}

/* The file's name must survive a crash too. */
static bool sync_directory(const char *path)
{
    vg_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

bool vg_journal_append(const struct vg_run *run, const struct vg_judgement *judgement, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/journal.jsonl", run->directory);
    vg_autofree char *now = vg_wall_time();
    vg_autojson json_t *entry = vg_json_new_object();
    vg_json_set_text(entry, "test", judgement->test);
    vg_json_set_text(entry, "instance", judgement->instance);
    vg_json_set_text(entry, "verdict", vg_verdict_name(judgement->verdict));
    vg_json_set_text(entry, "at", now);
    vg_autofree char *text = json_dumps(entry, JSON_COMPACT);
    if (!text)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot write a line of %s: out of memory", path);
    vg_autofree char *line = vg_format("%s\n", text);
    vg_autofree char *test = vg_format("%s/tests/%s", run->directory, judgement->test);
    vg_autofree char *instance = vg_format("%s/%s", test, judgement->instance);
    vg_autofree char *tests = vg_format("%s/tests", run->directory);
    const char *const above[] = { test, tests };
    if (!vg_sync_tree(instance, above, VG_COUNT(above), err))
        return false;
    bool is_new = !vg_exists(path);
    vg_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || !append_line(fd, line, strlen(line)) || (is_new && !sync_directory(run->directory)))
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write %s; is the disk full?", path);
    return true;
}

bool rec_journal_read(const char *run_directory, struct rec_journal_entry **entries, unsigned *count,
                      struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/journal.jsonl", run_directory);
    vg_autofree char *text = NULL;
    size_t length;
    if (!rec_is_there(path))
        return true;
    if (!vg_read_file(path, REC_FILE_MAX, &text, &length, err))
        return false;
    unsigned number = 0;
    char *newline;
    for (char *line = text; (newline = memchr(line, '\n', length - (size_t)(line - text))); line = newline + 1) {
        number++;
        vg_autojson json_t *object = vg_json_load_text(line, (size_t)(newline - line), err);
        struct rec_journal_entry *entry = &vg_push(*entries, *count);
        *entry = (struct rec_journal_entry) { 0 };
        if (*count > REC_LIST_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "%s has more than %d lines", path, REC_LIST_MAX);
        if (!object || !rec_name(object, "test", &entry->test, err) ||
            !rec_name(object, "instance", &entry->instance, err))
            return vg_wrap(err, "%s, line %u", path, number);
    }
    return true;
}

void rec_journal_free(struct rec_journal_entry *entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        free(entries[i].test);
        free(entries[i].instance);
    }
    free(entries);
}
