/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run set for a time in a pGPU's driver, and how it is set back: how much memory a VF has, and whether the
 * host's drivers take new VFs. Lines are "set BEFORE NOW PATH", before it is written and again when the driver made
 * something else of it, and "reset PATH". It is set back only if it reads as the run left it, and nobody has the VF. */
#include "base/sysfs-text.h"
#include "machine/internal.h"

#define AUTOPROBE "sriov_drivers_autoprobe"

struct setting {
    char *path;
    uint64_t before, now;
    bool open;
};

struct vg_ledger_settings {
    struct setting *items;
    unsigned count;
};

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* Index of the VF whose memory it is; -1: it is no quota. */
static int quota_of(const char *file)
{
    const char *vf = strstr(file, "/vf");
    unsigned number;
    bool good = vf && (ends_with(file, "/vram_quota") || ends_with(file, "/lmem_quota")) &&
                sscanf(vf, "/vf%5u/", &number) == 1 && number;
    return good ? (int)number - 1 : -1;
}

/* One of the settings named above, below a PCI function, and nothing that leads elsewhere. */
static bool is_setting(const char *path, char **function, const char **file)
{
    if (!vg_ledger_below_function(path, function))
        return false;
    *file = path + strlen(*function) + 1;
    return vg_equal(*file, AUTOPROBE) || quota_of(*file) >= 0;
}

bool vg_ledger_note_set(const char *path, uint64_t before, uint64_t now, struct vg_error *err)
{
    vg_autofree char *line = vg_format("set %llu %llu %s\n", (unsigned long long)before, (unsigned long long)now, path);
    return vg_ledger_write(line, path, err);
}

/* Without that line it is looked at once more when the run ends, and found as it was. */
void vg_ledger_note_reset(const char *path)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *line = vg_format("reset %s\n", path);
    vg_ledger_write(line, path, &ignored);
}

struct vg_ledger_settings *vg_ledger_settings_new(void)
{
    return vg_calloc(1, sizeof(struct vg_ledger_settings));
}

static struct setting *setting_of(struct vg_ledger_settings *all, const char *path)
{
    for (unsigned i = all->count; i-- > 0;)
        if (vg_equal(all->items[i].path, path))
            return &all->items[i];
    vg_push(all->items, all->count) = (struct setting) { .path = vg_strdup(path) };
    return &all->items[all->count - 1];
}

static bool read_set(const char *line, const char *path, uint64_t *before, uint64_t *now)
{
    char first[24], second[24];
    int length = 0;
    return sscanf(line, "set %20[0-9] %20[0-9] %n", first, second, &length) == 2 && line + length == path &&
           vg_sysfs_number(first, UINT64_MAX, before) && vg_sysfs_number(second, UINT64_MAX, now);
}

void vg_ledger_settings_take(struct vg_ledger_settings *all, const char *line)
{
    uint64_t before, now;
    const char *path = strchr(line, '/'), *file;
    vg_autofree char *function = NULL;
    if (!path || !is_setting(path, &function, &file))
        return;
    if (strncmp(line, "reset /", 7) == 0)
        setting_of(all, path)->open = false;
    else if (read_set(line, path, &before, &now)) {
        struct setting *it = setting_of(all, path);
        it->before = it->open ? it->before : before;
        it->now = now;
        it->open = true;
    }
}

static bool read_now(const char *path, uint64_t *now)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *text = NULL;
    return vg_read_attribute(path, &text, &ignored) && vg_sysfs_number(text, UINT64_MAX, now);
}

/* Somebody who is not the run has the VF. One that is no longer there has no memory either. */
static bool is_used(const char *function, int vf)
{
    vg_autofree char *link = vg_format("%s/virtfn%d", function, vf);
    vg_autofree char *address = vg_link_name(link);
    vg_autofree char *path =
        address ? vg_format("%.*s/%s", (int)(strrchr(function, '/') - function), function, address) : NULL;
    return path && vg_ledger_is_used(path);
}

static bool set_back(const struct setting *it, bool quota, struct vg_error *err)
{
    uint64_t now;
    vg_autofree char *text = vg_format("%llu", (unsigned long long)it->before);
    if (vg_write_attribute(it->path, text, err) && read_now(it->path, &now) && now == it->before)
        return true;
    /* Somebody else may have by now what it had: then it has none, as a VF that nobody uses. */
    return quota && vg_write_attribute(it->path, "0", err);
}

static void undo(const struct setting *it)
{
    struct vg_error failed = { 0 };
    uint64_t now;
    vg_autofree char *function = NULL;
    const char *file;
    if (!it->open || !is_setting(it->path, &function, &file) || !read_now(it->path, &now) || now == it->before)
        return;
    int vf = quota_of(file);
    if (now != it->now || (vf >= 0 && is_used(function, vf)))
        vg_warn("%s is %llu and was %llu before a run: it stays, since %s", it->path, (unsigned long long)now,
                (unsigned long long)it->before, now == it->now ? "its VF is in use" : "somebody else has changed it");
    else if (set_back(it, vf >= 0, &failed))
        vg_warn("set back %s, which a run left at %llu", it->path, (unsigned long long)now);
    else
        vg_warn("%s is %llu and was %llu before a run: %s", it->path, (unsigned long long)now,
                (unsigned long long)it->before, failed.kind ? failed.text : "its driver said that it set it back");
}

void vg_ledger_settings_undo(struct vg_ledger_settings *all_stolen)
{
    for (unsigned i = 0; i < all_stolen->count; i++) {
        undo(&all_stolen->items[i]);
        free(all_stolen->items[i].path);
    }
    free(all_stolen->items);
    free(all_stolen);
}
