/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run did to PCI functions, and how it is undone: VFs that it enabled, functions that it gave to vfio-pci, vGPUs
 * that it put on VFs. A function has no owner and no name of its own, so what is undone must look just as the run left
 * it, and nobody may have it open: a number of VFs that is another by now, or a VF that somebody else took, means that
 * all VFs of that pGPU stay. Lines are "given DRIVER PATH" (DRIVER: whose it was, or "-"), "back PATH" and "vfs BEFORE
 * AFTER PATH"; the last one counts. */
#include <ctype.h>
#include <dirent.h>
#include "base/sysfs-text.h"
#include "machine/internal.h"

#define DEVICES     "/sys/bus/pci/devices/"
#define ADDRESS     "0000:00:00.0"
#define VENDOR_TOOL "/usr/lib/nvidia/sriov-manage"
#define NONE        "-"

enum { BUSY_MS = 1000, TOOL_TIMEOUT_MS = 30000, VFS_MAX = 65535, NVIDIA = 0x10de };

struct function {
    char *path;
    char *driver; /* had it before it was given; NULL: none */
    bool given, counted;
    unsigned first, before, after; /* VFs: at the run's start; before and after the last change */
};

struct vg_ledger_pci {
    struct function *items;
    unsigned count;
};

/* ".../sys/bus/pci/devices/0000:41:00.4", and nothing that leads elsewhere. */
static bool is_function(const char *path)
{
    const char *name = strrchr(path, '/');
    size_t before = strlen(DEVICES);
    if (path[0] != '/' || !name || strlen(path) > 4000 || strstr(path, "/../") || strlen(name + 1) != strlen(ADDRESS) ||
        (size_t)(name + 1 - path) < before || memcmp(name + 1 - before, DEVICES, before) != 0)
        return false;
    for (size_t i = 0; ADDRESS[i]; i++)
        if (ADDRESS[i] == '0' ? !isxdigit((unsigned char)name[1 + i]) : name[1 + i] != ADDRESS[i])
            return false;
    return true;
}

bool vg_ledger_below_function(const char *path, char **function)
{
    const char *devices = strstr(path, DEVICES);
    size_t length = devices ? (size_t)(devices - path) + strlen(DEVICES ADDRESS) : 0;
    if (!length || strlen(path) > 4000 || strstr(path, "/../") || strnlen(path, length + 1) <= length ||
        path[length] != '/')
        return false;
    *function = vg_format("%.*s", (int)length, path);
    if (is_function(*function))
        return true;
    free(*function);
    *function = NULL;
    return false;
}

static bool read_number(const char *function, const char *file, unsigned *value)
{
    vg_autofree char *path = vg_format("%s/%s", function, file), *text = NULL;
    struct vg_error ignored = { 0 };
    uint64_t number;
    bool good = vg_read_attribute(path, &text, &ignored) && vg_sysfs_number(text, UINT32_MAX, &number);
    *value = good ? (unsigned)number : 0;
    return good;
}

static bool is_with_vfio(const char *function)
{
    vg_autofree char *path = vg_format("%s/driver", function);
    vg_autofree char *driver = vg_link_name(path);
    return vg_equal(driver, "vfio-pci");
}

static bool has_vgpu(const char *function)
{
    unsigned type;
    return read_number(function, "nvidia/current_vgpu_type", &type) && type;
}

static bool is_taken(const char *function)
{
    return is_with_vfio(function) || has_vgpu(function);
}

static bool has_driver(const char *function)
{
    vg_autofree char *path = vg_format("%s/driver", function);
    vg_autofree char *driver = vg_link_name(path);
    return driver != NULL;
}

/* Still to be undone: it is taken, or a run died, or failed, between its driver and vfio-pci, on either way. */
static bool is_away(const char *function, const char *driver)
{
    return is_taken(function) || (driver && *driver && !has_driver(function) && !vg_is_gone(function));
}

bool vg_ledger_note_given(const char *function, const char *driver, struct vg_error *err)
{
    if (!is_function(function) || is_taken(function)) /* by us, and noted; or by somebody else */
        return true;
    vg_autofree char *line = vg_format("given %s %s\n", driver && *driver ? driver : NONE, function);
    return vg_ledger_write(line, function, err);
}

/* Without that line the function is looked at once more when the run ends, and found free. */
void vg_ledger_note_back(const char *function, const char *driver)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *line = vg_format("back %s\n", function);
    if (is_function(function) && !is_away(function, driver))
        vg_ledger_write(line, function, &ignored);
}

bool vg_ledger_note_vfs(const char *function, unsigned before, unsigned after, struct vg_error *err)
{
    vg_autofree char *line = vg_format("vfs %u %u %s\n", before, after, function);
    return !is_function(function) || vg_ledger_write(line, function, err);
}

struct vg_ledger_pci *vg_ledger_pci_new(void)
{
    return vg_calloc(1, sizeof(struct vg_ledger_pci));
}

static struct function *function_of(struct vg_ledger_pci *all, const char *path)
{
    for (unsigned i = all->count; i-- > 0;)
        if (vg_equal(all->items[i].path, path))
            return &all->items[i];
    vg_push(all->items, all->count) = (struct function) { .path = vg_strdup(path) };
    return &all->items[all->count - 1];
}

/* "given DRIVER /...": a name may have spaces, and leads nowhere else. False: it is no such line. */
static bool read_given(const char *line, const char *path, char **driver)
{
    size_t before = strlen("given "), length = (size_t)(path - line);
    if (strncmp(line, "given ", before) != 0 || length < before + 2 || path[-1] != ' ' || line[before] == '.')
        return false;
    vg_autofree char *name = vg_format("%.*s", (int)(length - before - 1), line + before);
    *driver = vg_equal(name, NONE) ? NULL : VG_TAKE(name);
    return true;
}

void vg_ledger_pci_take(struct vg_ledger_pci *all, const char *line)
{
    unsigned before, after;
    int length = 0;
    const char *path = strchr(line, '/');
    char *driver = NULL;
    if (!path || !is_function(path))
        return;
    if (read_given(line, path, &driver)) {
        struct function *function = function_of(all, path);
        free(function->driver);
        function->driver = driver;
        function->given = true;
    } else if (strncmp(line, "back /", 6) == 0)
        function_of(all, path)->given = false;
    else if (sscanf(line, "vfs %5u %5u %n", &before, &after, &length) == 2 && line + length == path) {
        struct function *pf = function_of(all, path);
        pf->first = pf->counted ? pf->first : before;
        pf->before = before;
        pf->after = after;
        pf->counted = true;
    }
}

/* The kernel would make who takes a function from vfio-pci wait for its user, for ever. */
static bool is_open(const char *function)
{
    vg_autofree char *link = vg_format("%s/iommu_group", function);
    vg_autofree char *group = vg_link_name(link);
    vg_autofree char *path = vg_format("%.*s/dev/vfio/%s", (int)(strlen(function) - strlen(DEVICES ADDRESS)), function,
                                       group ? group : "none");
    return group && vg_file_is_open(path);
}

/* A probe brings it back to its driver; where it does not, that driver is asked for it. */
static bool bind_again(const char *function, const char *driver, struct vg_error *err)
{
    const char *address = strrchr(function, '/') + 1;
    int bus = (int)(strlen(function) - strlen("/devices/" ADDRESS));
    vg_autofree char *probe = vg_format("%.*s/drivers_probe", bus, function);
    vg_autofree char *bind = vg_format("%.*s/drivers/%s/bind", bus, function, driver);
    struct vg_error ignored = { 0 };
    return (vg_write_attribute(probe, address, &ignored) && has_driver(function)) ||
           vg_write_attribute(bind, address, err);
}

static bool take_from_vfio(const char *function, struct vg_error *err)
{
    vg_autofree char *unbind = vg_format("%s/driver/unbind", function);
    return vg_write_attribute(unbind, strrchr(function, '/') + 1, err);
}

/* As long as it stands there, every probe gives the function to vfio-pci. */
static bool clear_override(const char *function, struct vg_error *err)
{
    struct vg_error ignored = { 0 };
    vg_autofree char *override = vg_format("%s/driver_override", function), *text = NULL;
    return !vg_read_attribute(override, &text, &ignored) || !vg_equal(text, "vfio-pci") ||
           vg_write_attribute(override, "\n", err);
}

static bool release_once(const struct function *f, struct vg_error *err)
{
    if (is_open(f->path))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "a process has it open");
    vg_autofree char *type = vg_format("%s/nvidia/current_vgpu_type", f->path);
    return (!has_vgpu(f->path) || vg_write_attribute(type, "0", err)) && clear_override(f->path, err) &&
           (!is_with_vfio(f->path) || take_from_vfio(f->path, err)) &&
           (!f->driver || has_driver(f->path) || bind_again(f->path, f->driver, err));
}

/* A VMM that was killed a moment ago may still hold it. */
static void release(const struct function *f)
{
    struct vg_error failed = { 0 };
    if (!is_away(f->path, f->driver)) {
        clear_override(f->path, &failed); /* died before it was taken from its driver */
        return;
    }
    for (int64_t end_ns = vg_now_ns() + BUSY_MS * VG_NS_PER_MS; is_away(f->path, f->driver) && vg_now_ns() < end_ns;) {
        failed = (struct vg_error) { 0 };
        if (!release_once(f, &failed))
            vg_sleep_ns(20 * VG_NS_PER_MS);
    }
    if (is_away(f->path, f->driver))
        vg_warn("the PCI function %s, which a run gave away, is not back with %s: %s", f->path,
                f->driver ? f->driver : "the host", failed.kind ? failed.text : "its driver said that it was");
    else
        vg_warn("took back the PCI function %s, which a run left given away", strrchr(f->path, '/') + 1);
}

/* NVIDIA's driver refuses the kernel's file; its tool enables all VFs or none. */
static bool set_vfs(const char *function, unsigned now, unsigned wanted, struct vg_error *err)
{
    const char *address = strrchr(function, '/') + 1;
    vg_autofree char *tool = vg_format("%.*s" VENDOR_TOOL, (int)(strlen(function) - strlen(DEVICES ADDRESS)), function);
    uint64_t vendor = 0;
    vg_autofree char *vendor_path = vg_format("%s/vendor", function), *vendor_text = NULL;
    struct vg_error ignored = { 0 };
    bool known = vg_read_attribute(vendor_path, &vendor_text, &ignored) &&
                 vg_sysfs_hexadecimal(vendor_text, UINT16_MAX, &vendor);
    if (known && vendor == NVIDIA && vg_exists(tool)) {
        const char *const argv[] = { tool, wanted ? "-e" : "-d", address, NULL };
        vg_autofree char *output = NULL;
        int status = 0;
        return vg_run_command(argv, TOOL_TIMEOUT_MS, 4096, &output, &status, err) &&
               (status == 0 || vg_fail(err, VG_ERROR_ENVIRONMENT, "sriov-manage %s failed", argv[1]));
    }
    vg_autofree char *path = vg_format("%s/sriov_numvfs", function), *text = vg_format("%u", wanted);
    return (!now || vg_write_attribute(path, "0", err)) && (!wanted || vg_write_attribute(path, text, err));
}

static bool has_mdev(const char *function)
{
    bool found = false;
    vg_autodir DIR *entries = opendir(function);
    for (struct dirent *entry; entries && !found && (entry = readdir(entries)) != NULL;)
        found = vg_ledger_is_uuid(entry->d_name);
    return found;
}

bool vg_ledger_is_used(const char *function)
{
    return is_taken(function) || has_mdev(function) || is_open(function);
}

/* Somebody who is not the run has one: all its own are free by now. Caller frees its address. */
static char *used_vf(const char *function, unsigned vfs)
{
    for (unsigned i = 0; i < vfs; i++) {
        vg_autofree char *link = vg_format("%s/virtfn%u", function, i);
        vg_autofree char *address = vg_link_name(link);
        if (!address) /* who has it cannot be seen */
            return vg_strdup(strrchr(link, '/') + 1);
        vg_autofree char *vf = vg_format("%.*s%s", (int)(strlen(function) - strlen(ADDRESS)), function, address);
        if (is_function(vf) && vg_ledger_is_used(vf))
            return VG_TAKE(address);
    }
    return NULL;
}

static void restore_vfs(const struct function *pf)
{
    struct vg_error failed = { 0 };
    unsigned now;
    if (!read_number(pf->path, "sriov_numvfs", &now) || now == pf->first)
        return;
    if (now > VFS_MAX || (now != pf->after && now != pf->before)) {
        vg_warn("%s has %u VFs, and the run that changed their number left %u: they stay", pf->path, now, pf->after);
        return;
    }
    vg_autofree char *used = used_vf(pf->path, now);
    if (used) {
        vg_warn("the %u VFs of %s, which a run enabled, stay: the VF %s is in use", now, pf->path, used);
        return;
    }
    bool asked = false;
    for (int64_t end_ns = vg_now_ns() + BUSY_MS * VG_NS_PER_MS; !asked && vg_now_ns() < end_ns;) {
        failed = (struct vg_error) { 0 };
        asked = set_vfs(pf->path, now, pf->first, &failed);
        if (!asked)
            vg_sleep_ns(100 * VG_NS_PER_MS);
    }
    if (!asked || !read_number(pf->path, "sriov_numvfs", &now) || now != pf->first)
        vg_warn("%s has %u VFs and had %u before a run: %s", pf->path, now, pf->first,
                asked ? "its driver said that it changed them" : failed.text);
    else
        vg_info("%s has %u VFs again, as before the run", pf->path, now);
}

void vg_ledger_pci_release(const struct vg_ledger_pci *all)
{
    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].given)
            release(&all->items[i]);
}

void vg_ledger_pci_undo(struct vg_ledger_pci *all_stolen)
{
    for (unsigned i = 0; i < all_stolen->count; i++)
        if (all_stolen->items[i].counted)
            restore_vfs(&all_stolen->items[i]);
    for (unsigned i = 0; i < all_stolen->count; i++) {
        free(all_stolen->items[i].path);
        free(all_stolen->items[i].driver);
    }
    free(all_stolen->items);
    free(all_stolen);
}
