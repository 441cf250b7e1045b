/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the suites directory and lists what is in it, in a stable order. */
#include <errno.h>
#include <stdlib.h>
#include "catalog/load.h"

enum { MAX_ENTRIES = 2000 };

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Entries that end in `ending`, without it; directories if ending is "". Hidden ones are passed over. */
static bool list(const char *directory, const char *ending, char ***names, unsigned *count, struct vg_error *err)
{
    *names = NULL;
    *count = 0;
    vg_autodir DIR *dir = opendir(directory);
    if (!dir && errno == ENOENT)
        return true;
    if (!dir)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot list %s", directory);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        size_t length = strlen(entry->d_name), tail = strlen(ending);
        vg_autofree char *path = vg_format("%s/%s/.", directory, entry->d_name);
        bool is_directory = access(path, F_OK) == 0 || errno == EACCES;
        if (entry->d_name[0] == '.' || length <= tail || strcmp(entry->d_name + length - tail, ending) != 0 ||
            (!*ending && !is_directory))
            continue;
        if (*count >= MAX_ENTRIES) {
            vg_names_free(VG_TAKE(*names), *count);
            return vg_fail(err, VG_ERROR_INPUT, "%s holds more than %d files", directory, MAX_ENTRIES);
        }
        char *name = vg_strdup(entry->d_name);
        name[length - tail] = '\0';
        vg_push(*names, *count) = name;
    }
    if (errno) {
        vg_names_free(VG_TAKE(*names), *count);
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot list %s", directory);
    }
    if (*count)
        qsort(*names, *count, sizeof **names, compare_names);
    return true;
}

bool vg_list_yaml(const char *directory, char ***names, unsigned *count, struct vg_error *err)
{
    return list(directory, ".yaml", names, count, err);
}

bool vg_list_directories(const char *directory, char ***names, unsigned *count, struct vg_error *err)
{
    return list(directory, "", names, count, err);
}

char *vg_find_yaml(const char *directory, const char *kind, const char *name_or_path, struct vg_error *err)
{
    size_t length = strlen(name_or_path);
    if (strchr(name_or_path, '/') || (length > 5 && strcmp(name_or_path + length - 5, ".yaml") == 0))
        return vg_strdup(name_or_path);
    vg_autofree char *folder = vg_format("%s/%ss", directory, kind);
    char **names = NULL;
    unsigned count = 0;
    if (!vg_list_yaml(folder, &names, &count, err))
        return NULL;
    bool known = false;
    for (unsigned i = 0; i < count; i++)
        known = known || vg_equal(names[i], name_or_path);
    if (!known) {
        vg_autofree char *shown = vg_printable(name_or_path, length, 80);
        vg_autofree char *meant = vg_did_you_mean(name_or_path, (const char *const *)names, count);
        vg_autofree char *where =
            vg_format("; `vgauge list %ss` shows those there are, and a path names a file of your own", kind);
        vg_fail(err, VG_ERROR_INPUT, "unknown %s `%s`%s", kind, shown, *meant ? meant : where);
    }
    vg_names_free(names, count);
    return known ? vg_format("%s/%s.yaml", folder, name_or_path) : NULL;
}

char *vg_catalog_directory(struct vg_error *err)
{
    const char *chosen = getenv("VGAUGE_SUITES");
    if (chosen && *chosen) {
        if (vg_exists(chosen))
            return vg_strdup(chosen);
        vg_fail(err, VG_ERROR_INPUT, "VGAUGE_SUITES names %s, which does not exist", chosen);
        return NULL;
    }
    vg_autofree char *program = vg_executable_directory();
    /* In the build tree, one level deeper for test programs, and installed. */
    static const char *const places[] = { "../suites", "../../suites", "../../../suites", "../share/vgauge/suites" };
    for (size_t i = 0; program && i < VG_COUNT(places); i++) {
        vg_autofree char *path = vg_format("%s/%s", program, places[i]);
        vg_autofree char *inside = vg_format("%s/requirements", path);
        if (vg_exists(inside))
            return realpath(path, NULL);
    }
    vg_fail(err, VG_ERROR_ENVIRONMENT,
            "cannot find the suites directory beside the program; set VGAUGE_SUITES to where it is");
    return NULL;
}
