/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of a run directory, as far as they may be believed: their names come from a disk that may be foreign. */
#include "record/internal.h"

#include <dirent.h>
#include <errno.h>

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool vg_record_folders(const char *path, struct vg_words *names, struct vg_error *err)
{
    vg_autodir DIR *directory = opendir(path);
    if (!directory)
        return errno == ENOENT || vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open %s", path);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (!vg_record_name_ok(entry->d_name) || entry->d_type == DT_LNK || entry->d_type == DT_REG)
            continue;
        if (names->count >= REC_LIST_MAX)
            return vg_fail(err, VG_ERROR_INPUT, "%s has more than %d folders", path, REC_LIST_MAX);
        vg_push(names->items, names->count) = vg_strdup(entry->d_name);
    }
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), compare_texts);
    return true;
}

void vg_record_folders_free(struct vg_words *names)
{
    rec_free_texts(names->items, names->count);
    *names = (struct vg_words) { 0 };
}
