/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drivers' sysfs as plain files below a temporary root, with a driver behind it: this program's own write() does what a
 * driver would do with the value, or fails as it is told to. Included by one unit test program. */
#ifndef VG_TEST_FAKE_DRIVER_H
#define VG_TEST_FAKE_DRIVER_H

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/base.h"

static char fake_root[] = "/tmp/vgauge-fake-XXXXXX";

/* What the next writes or reads of paths with this ending meet. */
static struct fake_fault {
    const char *ending; /* NULL: nothing */
    int error;          /* 0: it says yes and does nothing */
    int times;          /* -1: for ever */
    bool reading;
    bool when_written; /* begins with the next write there */
    bool happens;      /* it is done, and the error said after that */
    int64_t late_ns;   /* the first time it is done so much later than it is answered; 0: not at all */
    bool reaching;     /* neither: whether it is there cannot be found out */
} fake_fault;

static void (*fake_acts)(const char *path, const char *value); /* what a driver does besides; NULL: nothing */

static uint64_t fake_granule; /* a quota is rounded up to it; 0: not at all */

static void fake_put(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = vg_format("%s/%s", fake_root, path);
    vg_autofree char *directory = vg_format("%.*s", (int)(strrchr(full, '/') - full), full);
    assert_true(vg_make_directories(directory, &err));
    assert_true(vg_write_file(full, text, strlen(text), &err));
}

static void fake_link(const char *path, const char *target)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = vg_format("%s/%s", fake_root, path);
    vg_autofree char *directory = vg_format("%.*s", (int)(strrchr(full, '/') - full), full);
    assert_true(vg_make_directories(directory, &err));
    unlink(full);
    assert_int_equal(symlink(target, full), 0);
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* --- the driver --- */

/* A UUID to a type's `create`: a device appears, in the bus and under its parent. */
static void create_device(const char *path, const char *uuid)
{
    vg_autofree char *type = vg_format("%.*s", (int)(strrchr(path, '/') - path), path);
    vg_autofree char *parent = vg_format("%.*s", (int)(strstr(path, "/mdev_supported_types") - path), path);
    vg_autofree char *device = vg_format("%s/%s", parent + strlen(fake_root) + 1, uuid);
    vg_autofree char *type_link = vg_format("%s/mdev_type", device);
    vg_autofree char *remove = vg_format("%s/remove", device);
    vg_autofree char *bus = vg_format("sys/bus/mdev/devices/%s", uuid);
    vg_autofree char *full = vg_format("%s/%s", fake_root, device);
    fake_put(remove, "");
    fake_link(type_link, type);
    fake_link(bus, full);
}

static void remove_device(const char *path)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *device = vg_format("%.*s", (int)(strrchr(path, '/') - path), path);
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices/%s", fake_root, strrchr(device, '/') + 1);
    unlink(bus);
    vg_remove_tree(device, &ignored);
}

/* driver_override decides who gets the function when it is probed. */
static void probe(const char *address)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *override = vg_format("%s/sys/bus/pci/devices/%s/driver_override", fake_root, address);
    vg_autofree char *link = vg_format("sys/bus/pci/devices/%s/driver", address);
    vg_autofree char *wanted = NULL;
    vg_autofree char *full = vg_format("%s/%s", fake_root, link);
    vg_autofree char *has = vg_link_name(full);
    bool vfio = vg_read_attribute(override, &wanted, &ignored) && vg_equal(wanted, "vfio-pci");
    if (!has)
        fake_link(link, vfio ? "../../drivers/vfio-pci" : "../../drivers/usual");
}

/* A driver is told to take it, and does if that is not reserved for another. */
static void bind_to(const char *path, const char *address)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *override = vg_format("%s/sys/bus/pci/devices/%s/driver_override", fake_root, address);
    vg_autofree char *wanted = NULL;
    vg_autofree char *driver = vg_format("%.*s", (int)(strrchr(path, '/') - path), path);
    vg_autofree char *link = vg_format("sys/bus/pci/devices/%s/driver", address);
    vg_autofree char *target = vg_format("../../drivers/%s", strrchr(driver, '/') + 1);
    if (!vg_read_attribute(override, &wanted, &ignored) || !vg_equal(wanted, "vfio-pci") ||
        ends_with(driver, "/vfio-pci"))
        fake_link(link, target);
}

static void act(const char *path, const char *value)
{
    vg_autofree char *word = vg_format("%.*s", (int)strcspn(value, "\n"), value);
    if (ends_with(path, "/create"))
        create_device(path, word);
    else if (ends_with(path, "/remove"))
        remove_device(path);
    else if (ends_with(path, "/unbind")) {
        vg_autofree char *link = vg_format("%s/sys/bus/pci/devices/%s/driver", fake_root, word);
        unlink(link);
    } else if (ends_with(path, "/bind"))
        bind_to(path, word);
    else if (ends_with(path, "/drivers_probe"))
        probe(word);
    else if (ends_with(path, "_quota") && fake_granule) {
        uint64_t asked = strtoull(word, NULL, 10);
        vg_autofree char *given =
            vg_format("%llu\n", (unsigned long long)((asked + fake_granule - 1) / fake_granule * fake_granule));
        fake_put(path + strlen(fake_root) + 1, given);
    } else if (ends_with(path, "/.bulk_profile/sched_priority")) {
        static const char *const functions[] = { "pf", "vf1", "vf2" };
        for (size_t i = 0; i < VG_COUNT(functions); i++) {
            vg_autofree char *one =
                vg_format("%.*s/%s/profile/sched_priority", (int)(strstr(path, "/.bulk") - path), path, functions[i]);
            if (access(one, F_OK) == 0)
                fake_put(one + strlen(fake_root) + 1, word);
        }
    }
}

static bool path_of(int fd, char path[4096])
{
    vg_autofree char *link = vg_format("/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, 4095);
    if (length <= 0)
        return false;
    path[length] = '\0';
    return strncmp(path, fake_root, strlen(fake_root)) == 0;
}

static bool meets_fault(const char *path, bool reading)
{
    if (!reading && fake_fault.when_written && ends_with(path, fake_fault.ending))
        fake_fault.when_written = false;
    if (!fake_fault.ending || fake_fault.when_written || fake_fault.reaching || fake_fault.reading != reading ||
        !fake_fault.times || !ends_with(path, fake_fault.ending))
        return false;
    fake_fault.times -= fake_fault.times > 0;
    return true;
}

/* In the place of the C library's. */
int access(const char *path, int mode)
{
    if (fake_fault.ending && fake_fault.reaching && ends_with(path, fake_fault.ending)) {
        errno = fake_fault.error;
        return -1;
    }
    return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

static __thread bool fake_acting; /* what the driver itself writes is no request */

struct fake_late {
    char *path, *value;
    int64_t late_ns;
};

static void *act_late(void *argument)
{
    vg_autofree struct fake_late *late = argument;
    vg_autofree char *path = late->path, *value = late->value;
    struct vg_error ignored = { 0 };
    vg_sleep_ns(late->late_ns);
    fake_acting = true;
    vg_write_file(path, value, strlen(value), &ignored);
    act(path, value);
    return NULL;
}

static pthread_t late_thread;
static bool is_late; /* the thread was begun and not waited for */

static void begin_late(const char *path, const char *value)
{
    struct fake_late *late = vg_calloc(1, sizeof(*late));
    *late = (struct fake_late) { vg_strdup(path), vg_strdup(value), fake_fault.late_ns };
    fake_fault.late_ns = 0;
    assert_int_equal(pthread_create(&late_thread, NULL, act_late, late), 0);
    is_late = true;
}

/* Until the driver has done what it was late with: before its tree goes. */
static __attribute__((unused)) void wait_for_late(void)
{
    if (is_late)
        assert_int_equal(pthread_join(late_thread, NULL), 0);
    is_late = false;
}

ssize_t write(int fd, const void *data, size_t length)
{
    char path[4096];
    if (fake_acting || length > 4096 || !path_of(fd, path))
        return syscall(SYS_write, fd, data, length);
    bool met = meets_fault(path, false);
    int error = met ? fake_fault.error : 0;
    vg_autofree char *value = vg_format("%.*s", (int)length, (const char *)data);
    if (met && fake_fault.late_ns)
        begin_late(path, value);
    if (met && !fake_fault.happens) {
        errno = error;
        return error ? -1 : (ssize_t)length;
    }
    if (ftruncate(fd, 0) < 0 || syscall(SYS_write, fd, data, length) < 0)
        return -1;
    fake_acting = true;
    act(path, value);
    if (fake_acts)
        fake_acts(path, value);
    fake_acting = false;
    errno = error;
    return error ? -1 : (ssize_t)length;
}

ssize_t read(int fd, void *data, size_t length)
{
    char path[4096];
    if (fake_fault.ending && fake_fault.reading && path_of(fd, path) && meets_fault(path, true)) {
        errno = fake_fault.error;
        return -1;
    }
    return syscall(SYS_read, fd, data, length);
}

#endif
