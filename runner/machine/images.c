/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the guest image and the reference hypervisor are, as the script that builds them tells it. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "machine/machine.h"

#define SCRIPT_VARIABLE "VGAUGE_IMAGES_SCRIPT"
#define SCRIPT_PLACE    "../guest-workloads/image/build-images"
#define ADVICE          "run `make images`"

static char *find_script(void)
{
    const char *given = getenv(SCRIPT_VARIABLE);
    if (given && *given)
        return vg_strdup(given);
    vg_autofree char *directory = vg_executable_directory();
    return vg_format("%s/" SCRIPT_PLACE, directory);
}

static char **member(struct vg_images *images, const char *key, size_t length)
{
    const struct {
        const char *key;
        char **value;
    } members[] = {
        { "emulator", &images->emulator },   { "kernel", &images->kernel },
        { "initrd", &images->initrd },       { "rootfs", &images->rootfs },
        { "cmdline", &images->cmdline },     { "guest_key", &images->guest_key },
        { "tree_key", &images->tree_key },   { "firmware", &images->firmware },
        { "extra_key", &images->extra_key }, { "extra_rootfs", &images->extra_rootfs },
        { "tree", &images->tree },           { "in_tree", &images->in_tree },
    };
    for (size_t i = 0; i < VG_COUNT(members); i++)
        if (strlen(members[i].key) == length && strncmp(members[i].key, key, length) == 0)
            return members[i].value;
    return NULL;
}

static void parse(struct vg_images *images, const char *output)
{
    for (const char *line = output; *line;) {
        size_t length = strcspn(line, "\n");
        const char *equals = memchr(line, '=', length);
        char **value = equals ? member(images, line, (size_t)(equals - line)) : NULL;
        if (value) {
            free(*value);
            *value = vg_format("%.*s", (int)(length - (size_t)(equals + 1 - line)), equals + 1);
        }
        line += length + (line[length] == '\n');
    }
}

static bool check_file(const char *what, const char *path, int access_mode, struct vg_error *err)
{
    struct stat status;
    if (!path || *path != '/')
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the image script does not say where the %s is; " ADVICE, what);
    if (stat(path, &status) < 0 || access(path, access_mode) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "the %s cannot be used (" ADVICE "): %s", what, path);
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the %s is damaged; remove its directory and " ADVICE ": %s", what,
                       path);
    return true;
}

static bool check(struct vg_images *images, struct vg_error *err)
{
    if (!check_file("emulator", images->emulator, R_OK | X_OK, err) ||
        !check_file("firmware", images->firmware, R_OK, err) ||
        !check_file("guest kernel", images->kernel, R_OK, err) ||
        !check_file("guest initrd", images->initrd, R_OK, err) ||
        !check_file("guest image", images->rootfs, R_OK, err) ||
        (images->extra_rootfs && !check_file("second guest image", images->extra_rootfs, R_OK, err)) ||
        !check_file("guest command line", images->cmdline, R_OK, err))
        return false;
    if (!images->guest_key || !images->tree_key)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the image script names no keys; " ADVICE);
    /* From the file's path to its text. */
    char *text = NULL;
    if (!vg_read_attribute(images->cmdline, &text, err))
        return false;
    free(images->cmdline);
    images->cmdline = text;
    return true;
}

bool vg_images_find(struct vg_images *images, struct vg_error *err)
{
    *images = (struct vg_images) { 0 };
    vg_autofree char *script = find_script();
    const char *const argv[] = { script, "--print", NULL };
    vg_autofree char *output = NULL;
    int status;
    if (!vg_exists(script))
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "the script that builds the images is not at %s; set " SCRIPT_VARIABLE " to its path", script);
    if (!vg_run_command(argv, 10000, 65536, &output, &status, err))
        return vg_wrap(err, "the images cannot be found");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        vg_autofree char *shown = vg_printable(output, strcspn(output, "\n"), 512);
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "the guest image and the reference hypervisor are not built; " ADVICE " (%s)", shown);
    }
    parse(images, output);
    if (check(images, err))
        return true;
    vg_images_free(images);
    return false;
}

void vg_images_free(struct vg_images *images)
{
    free(images->emulator);
    free(images->kernel);
    free(images->initrd);
    free(images->rootfs);
    free(images->cmdline);
    free(images->guest_key);
    free(images->tree_key);
    free(images->firmware);
    free(images->extra_rootfs);
    free(images->extra_key);
    free(images->tree);
    free(images->in_tree);
    *images = (struct vg_images) { 0 };
}

bool vg_image_has(const char *rootfs, const char *package)
{
    enum { MOST_BYTES = 1 << 20 };
    const char *slash = strrchr(rootfs, '/');
    vg_autofree char *path = vg_format("%.*s/packages", slash ? (int)(slash - rootfs) : 1, slash ? rootfs : ".");
    vg_autofree char *list = NULL;
    size_t length;
    struct vg_error ignored = { 0 };
    if (!vg_read_file(path, MOST_BYTES, &list, &length, &ignored))
        return false;
    /* "piglit_0.0~git20250409.af62c0dea-2_amd64.deb" */
    char *rest = list;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (strncmp(line, package, strlen(package)) == 0 && line[strlen(package)] == '_')
            return true;
    return false;
}
