/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Knobs that are one file each (sched-knobs.h). */
#include "mechanism/sched-knobs.h"
#include "base/sysfs-text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum vg_refusal refusal_of(int error)
{
    switch (error) {
    case ENOENT:
    case EACCES:
    case EPERM:
    case EROFS:
    case EINVAL:
    case ERANGE:
    case EOPNOTSUPP:
        return VG_REFUSED_UNSUPPORTED;
    case EBUSY:
        return VG_REFUSED_BUSY;
    default:
        return VG_REFUSED_ERROR;
    }
}

static enum vg_refusal write_text(const char *path, const char *text, struct vg_error *err)
{
    vg_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        vg_fail_errno(err, VG_ERROR_REFUSED, error, "%s cannot be set; does this driver have it, and may it be written",
                      path);
        return refusal_of(error);
    }
    ssize_t written = write(fd, text, strlen(text));
    if (written == (ssize_t)strlen(text))
        return VG_REFUSED_NOT;
    int error = written < 0 ? errno : EIO;
    vg_fail_errno(err, VG_ERROR_REFUSED, error, "the driver does not take `%s` in %s", text, path);
    return refusal_of(error);
}

bool vg_knob_read(const char *path, uint64_t most, uint64_t *value, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    if (!vg_read_attribute(path, &text, err))
        return false;
    if (vg_sysfs_number(text, most, value))
        return true;
    vg_autofree char *shown = vg_printable(text, strlen(text), 60);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s reads `%s`, which is no number from 0 to %llu", path, shown,
                   (unsigned long long)most);
}

enum vg_refusal vg_knob_write(const char *path, uint64_t value, struct vg_error *err)
{
    vg_autofree char *text = vg_format("%llu", (unsigned long long)value);
    uint64_t now;
    enum vg_refusal refusal = write_text(path, text, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!vg_knob_read(path, UINT64_MAX, &now, err))
        return VG_REFUSED_ERROR;
    if (now == value)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "%s was set to %llu, but reads %llu", path, (unsigned long long)value,
            (unsigned long long)now);
    return VG_REFUSED_ERROR;
}

bool vg_knob_read_choice(const char *path, const char *const *choices, size_t count, size_t *index,
                         struct vg_error *err)
{
    vg_autofree char *text = NULL;
    struct vg_error ignored = { 0 };
    char active[VG_SYSFS_NAME_MAX];
    if (!vg_read_attribute(path, &text, err))
        return false;
    bool said = vg_sysfs_choice(text, active, &ignored);
    for (*index = 0; said && *index < count; (*index)++)
        if (vg_equal(choices[*index], active))
            return true;
    vg_autofree char *shown = vg_printable(text, strlen(text), 60);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s reads `%s`, which does not say which choice is in force", path,
                   shown);
}

enum vg_refusal vg_knob_write_choice(const char *path, const char *shown_at, const char *const *choices, size_t count,
                                     size_t index, struct vg_error *err)
{
    size_t now;
    enum vg_refusal refusal = write_text(path, choices[index], err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    if (!vg_knob_read_choice(shown_at, choices, count, &now, err))
        return VG_REFUSED_ERROR;
    if (now == index)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "%s was set to `%s`, but `%s` is in force", path, choices[index], choices[now]);
    return VG_REFUSED_ERROR;
}
