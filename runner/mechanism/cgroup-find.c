/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where control groups can be made on this host: which version, which mount, below which group. */
#include <errno.h>
#include <unistd.h>
#include "mechanism/cgroup.h"
#include "mechanism/mechanism.h"

#define PROC_LIMIT (1 << 20)

static bool has_word(const char *list, const char *separators, const char *word)
{
    size_t length = strlen(word);
    for (const char *next = list; *next;) {
        size_t here = strcspn(next, separators);
        if (here == length && strncmp(next, word, length) == 0)
            return true;
        next += here;
        next += strspn(next, separators);
    }
    return false;
}

/* mountinfo writes blanks and backslashes in paths as three octal digits. */
static void unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
            from[3] <= '7') {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

struct mount {
    char *root;  /* which group of the hierarchy is mounted */
    char *point; /* where */
};

static void free_mount(struct mount *mount)
{
    free(mount->root);
    free(mount->point);
}

/* The first mount of a type whose super options hold the word (NULL: any). */
static bool find_mount(const char *mountinfo, const char *type, const char *option, struct mount *mount)
{
    vg_autofree char *copy = vg_strdup(mountinfo);
    char *state;
    for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        char *dash = strstr(line, " - ");
        char root[4096], point[4096], its_type[64], options[1024];
        if (!dash || sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2 ||
            sscanf(dash + 3, "%63s %*s %1023s", its_type, options) != 2)
            continue;
        if (strcmp(its_type, type) != 0 || (option && !has_word(options, ",", option)))
            continue;
        unescape(root);
        unescape(point);
        *mount = (struct mount) { vg_strdup(root), vg_strdup(point) };
        return true;
    }
    return false;
}

/* Our own group in the hierarchy of a controller (version 2: ""), from lines ID:CONTROLLERS:PATH. */
static char *own_group(const char *cgroup, const char *controller)
{
    vg_autofree char *copy = vg_strdup(cgroup);
    char *state;
    for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        controllers++;
        if (*controller ? has_word(controllers, ",", controller) : !*controllers)
            return vg_strdup(path);
    }
    return vg_strdup("/");
}

/* Our own group as a path below the mount; the mount itself if ours is not in it. */
static char *below_mount(const struct mount *mount, const char *own)
{
    size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
    bool inside = strncmp(own, mount->root, length) == 0 && (own[length] == '/' || own[length] == '\0');
    const char *rest = inside ? own + length : "";
    return vg_strdup(strcmp(rest, "/") == 0 || strstr(rest, "/..") ? "" : rest);
}

static char *version_1_parent(const char *prefix, const char *mountinfo, const char *cgroup, const char *controller)
{
    VG_CLEANUP(free_mount) struct mount mount = { 0 };
    if (!find_mount(mountinfo, "cgroup", controller, &mount))
        return NULL;
    vg_autofree char *own = own_group(cgroup, controller);
    vg_autofree char *below = below_mount(&mount, own);
    return vg_format("%s%s%s", prefix, mount.point, below);
}

static bool has_controllers(const char *directory, const char *file)
{
    vg_autofree char *path = vg_format("%s/%s", directory, file);
    vg_autofree char *text = NULL;
    struct vg_error error = { 0 };
    return vg_read_attribute(path, &text, &error) && has_word(text, " ", "cpu") && has_word(text, " ", "cpuset");
}

/* Children of a group have a controller only if the group passes it on, and a group other than the root may do that
 * only while no process is in it. */
static bool passes_on(const char *directory, struct vg_error *err)
{
    if (!has_controllers(directory, "cgroup.controllers"))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s does not have the controllers cpu and cpuset", directory);
    vg_autofree char *path = vg_format("%s/cgroup.subtree_control", directory);
    if (access(directory, W_OK) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make groups in %s", directory);
    if (has_controllers(directory, "cgroup.subtree_control"))
        return true;
    if (!vg_write_attribute(path, "+cpu +cpuset", err))
        return false;
    return has_controllers(directory, "cgroup.subtree_control") ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s does not pass on the controllers cpu and cpuset", path);
}

/* From the mount down to our own group: the first that can have children with limits. */
static char *version_2_parent(const char *prefix, const char *mountinfo, const char *cgroup, struct vg_error *err)
{
    VG_CLEANUP(free_mount) struct mount mount = { 0 };
    if (!find_mount(mountinfo, "cgroup2", NULL, &mount)) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "no control groups are mounted");
        return NULL;
    }
    vg_autofree char *own = own_group(cgroup, "");
    vg_autofree char *below = below_mount(&mount, own);
    for (size_t length = 0;; length++) {
        if (below[length] != '/' && below[length] != '\0')
            continue;
        vg_autofree char *candidate = vg_format("%s%s%.*s", prefix, mount.point, (int)length, below);
        if (passes_on(candidate, err))
            return VG_TAKE(candidate);
        if (!below[length])
            return NULL;
    }
}

static bool check_writable(const char *directory, struct vg_error *err)
{
    return access(directory, W_OK) == 0 ||
           vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make groups in %s", directory);
}

bool vg_cgroups_find(const char *root, struct vg_cgroups *groups, struct vg_error *err)
{
    const char *prefix = strcmp(root, "/") == 0 ? "" : root;
    vg_autofree char *mountinfo_path = vg_format("%s/proc/self/mountinfo", prefix);
    vg_autofree char *cgroup_path = vg_format("%s/proc/self/cgroup", prefix);
    vg_autofree char *mountinfo = NULL;
    vg_autofree char *cgroup = NULL;
    size_t length;
    *groups = (struct vg_cgroups) { 0 };
    if (!vg_read_file(mountinfo_path, PROC_LIMIT, &mountinfo, &length, err) ||
        !vg_read_file(cgroup_path, PROC_LIMIT, &cgroup, &length, err)) {
        err->kind = VG_ERROR_ENVIRONMENT;
        return false;
    }
    vg_autofree char *cpu = version_1_parent(prefix, mountinfo, cgroup, "cpu");
    vg_autofree char *cpuset = version_1_parent(prefix, mountinfo, cgroup, "cpuset");
    if (cpu && cpuset) {
        if (!check_writable(cpu, err) || !check_writable(cpuset, err))
            return false;
        *groups = (struct vg_cgroups) { .version = 1, .cpu = VG_TAKE(cpu), .cpuset = VG_TAKE(cpuset) };
        return true;
    }
    if (cpu || cpuset)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "of the control group controllers, only %s is mounted; %s is missing",
                       cpu ? "cpu" : "cpuset", cpu ? "cpuset" : "cpu");
    char *parent = version_2_parent(prefix, mountinfo, cgroup, err);
    if (!parent)
        return false;
    *groups = (struct vg_cgroups) { .version = 2, .cpu = parent, .cpuset = vg_strdup(parent) };
    return true;
}

void vg_cgroups_free(struct vg_cgroups *groups)
{
    free(groups->cpu);
    free(groups->cpuset);
    *groups = (struct vg_cgroups) { 0 };
}

bool vg_renderer_groups_find(const char *root, char **where, struct vg_error *err)
{
    struct vg_cgroups groups;
    if (!vg_cgroups_find(root, &groups, err))
        return false;
    *where = vg_format("version %u, groups can be made in %s%s%s", groups.version, groups.cpu,
                       groups.version == 1 ? " and " : "", groups.version == 1 ? groups.cpuset : "");
    vg_cgroups_free(&groups);
    return true;
}

unsigned vg_renderer_groups_sweep(const char *root)
{
    struct vg_cgroups groups;
    struct vg_error none = { 0 };
    if (!vg_cgroups_find(root, &groups, &none))
        return 0;
    unsigned removed = vg_cgroups_sweep(&groups);
    vg_cgroups_free(&groups);
    return removed;
}
