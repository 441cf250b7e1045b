/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PCI core: devices, drivers that are bound to them, driver_override, virtual functions. As in
 * Documentation/ABI/testing/sysfs-bus-pci and PCI/pci-iov-howto.rst. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEVICES = 256 };
static struct node *devices_directory, *drivers_directory, *bus_directory, *groups_directory, *vfio_directory;
static struct pci *all[MOST_DEVICES];
static unsigned all_count, next_group;

const struct pci_driver pci_vfio = { .name = "vfio-pci" };

unsigned pci_new_group(void)
{
    return ++next_group;
}

static struct pci *find(const char *data, size_t length)
{
    while (length && data[length - 1] == '\n')
        length--;
    for (unsigned i = 0; i < all_count; i++)
        if (all[i] && strlen(all[i]->address) == length && memcmp(all[i]->address, data, length) == 0)
            return all[i];
    return NULL;
}

bool pci_in_use(const struct pci *pci)
{
    return pci->users > 0;
}

static int open_group(void *object, long argument)
{
    (void)argument;
    ((struct pci *)object)->users++;
    return 0;
}

static void release_group(void *object, long argument)
{
    (void)argument;
    ((struct pci *)object)->users--;
}

static const struct attribute group_attribute = { .open = open_group, .release = release_group };

static int store_bind(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct pci *pci = find(data, length);
    const struct pci_driver *driver = object;
    bool usual = pci && pci->usual && strcmp(pci->usual->name, driver->name) == 0;
    if (!pci || pci->driver || (!usual && strcmp(pci->override, driver->name) != 0))
        return -ENODEV;
    return pci_bind(pci, usual ? pci->usual : driver);
}

static int store_unbind(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct pci *pci = find(data, length);
    const struct pci_driver *driver = object; /* two models may play the same driver: the name tells */
    return pci && pci->driver && strcmp(pci->driver->name, driver->name) == 0 ? pci_unbind(pci) : -ENODEV;
}

static const struct attribute bind_attribute = { .store = store_bind };
static const struct attribute unbind_attribute = { .store = store_unbind };

static struct node *driver_directory(const struct pci_driver *driver)
{
    struct node *directory = tree_child(drivers_directory, driver->name);
    if (directory)
        return directory;
    directory = tree_directory(drivers_directory, driver->name);
    tree_file(directory, "bind", 0200, &bind_attribute, (void *)driver, 0);
    tree_file(directory, "unbind", 0200, &unbind_attribute, (void *)driver, 0);
    return directory;
}

int pci_bind(struct pci *pci, const struct pci_driver *driver)
{
    char group[16];
    int result = driver->probe ? driver->probe(pci) : 0;
    if (result < 0)
        return result;
    pci->driver = driver;
    struct node *directory = driver_directory(driver);
    pci->driver_link = tree_link(pci->device, "driver", directory);
    pci->driver_entry = tree_link(directory, pci->address, pci->device);
    snprintf(group, sizeof(group), "%u", pci->group);
    if (driver == &pci_vfio)
        pci->group_file = tree_file(vfio_directory, group, 0600, &group_attribute, pci, 0);
    return 0;
}

int pci_unbind(struct pci *pci)
{
    const struct pci_driver *driver = pci->driver;
    if (driver == &pci_vfio && pci->users)
        return -EBUSY; /* the kernel would wait for the user; a model that hangs helps nobody */
    pci->driver = NULL;
    if (driver->remove)
        driver->remove(pci);
    tree_remove(pci->driver_link);
    tree_remove(pci->driver_entry);
    tree_remove(pci->group_file);
    pci->driver_link = pci->driver_entry = pci->group_file = NULL;
    return 0;
}

static int probe(struct pci *pci)
{
    if (pci->driver)
        return 0;
    if (pci->override[0])
        return strcmp(pci->override, pci_vfio.name) == 0 ? pci_bind(pci, &pci_vfio) : 0;
    return pci->usual ? pci_bind(pci, pci->usual) : 0;
}

static int store_probe(void *object, long argument, const char *data, size_t length)
{
    (void)object;
    (void)argument;
    struct pci *pci = find(data, length);
    return pci ? probe(pci) : -ENODEV;
}

static const struct attribute probe_attribute = { .store = store_probe };

void pci_open(void)
{
    for (unsigned i = 0; i < all_count; i++)
        free(all[i]);
    all_count = next_group = 0;
    devices_directory = tree_path("sys/devices/pci0000:00");
    drivers_directory = tree_path("sys/bus/pci/drivers");
    bus_directory = tree_path("sys/bus/pci/devices");
    groups_directory = tree_path("sys/kernel/iommu_groups");
    vfio_directory = tree_path("dev/vfio");
    tree_file(tree_path("sys/bus/pci"), "drivers_probe", 0200, &probe_attribute, NULL, 0);
    driver_directory(&pci_vfio);
}

static ssize_t show_override(void *object, long argument, char *buffer, size_t size)
{
    (void)argument;
    const struct pci *pci = object;
    return snprintf(buffer, size, "%s\n", pci->override[0] ? pci->override : "(null)");
}

static int store_override(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    struct pci *pci = object;
    while (length && data[length - 1] == '\n')
        length--;
    if (length >= sizeof(pci->override))
        return -EINVAL;
    memcpy(pci->override, data, length);
    pci->override[length] = '\0';
    return 0;
}

static const struct attribute override_attribute = { .show = show_override, .store = store_override };

static struct pci *add(const char *address, const char *vendor, const char *device, const struct pci_driver *driver)
{
    struct pci *pci = calloc(1, sizeof(*pci));
    unsigned place = 0;
    while (place < all_count && all[place])
        place++;
    if (!pci || place == MOST_DEVICES) {
        fputs("vgauge-model: too many PCI devices\n", stderr);
        exit(3);
    }
    all[place] = pci;
    all_count += place == all_count;
    char group[16];
    snprintf(pci->address, sizeof(pci->address), "%s", address);
    pci->usual = driver;
    pci->group = pci_new_group();
    pci->device = tree_directory(devices_directory, address);
    tree_text(pci->device, "vendor", 0444, "%s\n", vendor);
    tree_text(pci->device, "device", 0444, "%s\n", device);
    tree_text(pci->device, "class", 0444, "0x030000\n");
    tree_text(pci->device, "numa_node", 0444, "0\n");
    tree_file(pci->device, "driver_override", 0644, &override_attribute, pci, 0);
    snprintf(group, sizeof(group), "%u", pci->group);
    struct node *group_directory = tree_directory(groups_directory, group);
    tree_link(pci->device, "iommu_group", group_directory);
    tree_link(tree_directory(group_directory, "devices"), address, pci->device);
    tree_link(bus_directory, address, pci->device);
    return pci;
}

struct pci *pci_add(const char *address, const char *vendor, const char *device, const struct pci_driver *driver)
{
    struct pci *pci = add(address, vendor, device, driver);
    return pci;
}

/* --- virtual functions -------------------------------------------------------------------------------------------- */

static void remove_vf(struct pci *pf, unsigned index)
{
    struct pci *vf = pf->vfs[index];
    char link[24], group[16];
    snprintf(link, sizeof(link), "virtfn%u", index);
    snprintf(group, sizeof(group), "%u", vf->group);
    tree_remove(tree_child(pf->device, link));
    vf->users = 0; /* others than 0 only under the control vfs-any-time */
    if (vf->driver)
        pci_unbind(vf);
    tree_remove(tree_child(groups_directory, group));
    tree_remove(tree_child(bus_directory, vf->address));
    tree_remove(vf->device);
    for (unsigned i = 0; i < all_count; i++)
        if (all[i] == vf)
            all[i] = NULL;
    pf->vfs[index] = NULL;
    free(vf);
}

static void add_vf(struct pci *pf, unsigned index)
{
    char address[32], link[24];
    unsigned domain, bus, slot, function;
    if (sscanf(pf->address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
        return;
    unsigned number = slot * 8 + function + 4 + index; /* First VF offset 4, stride 1 */
    snprintf(address, sizeof(address), "%04x:%02x:%02x.%x", domain, bus, (number / 8) % 32, number % 8);
    struct pci *vf = add(address, "0xffff", "0xffff", pf->vf_driver);
    vf->parent = pf;
    vf->vf_index = index;
    snprintf(link, sizeof(link), "virtfn%u", index);
    tree_link(vf->device, "physfn", pf->device);
    tree_link(pf->device, link, vf->device);
    pf->vfs[index] = vf;
    if (pf->autoprobe)
        probe(vf);
}

int pci_set_vfs(struct pci *pf, unsigned count)
{
    bool any_time = model_broken("vfs-any-time");
    if (count > pf->vf_total + (model_broken("vfs-too-many") ? 1 : 0))
        return -ERANGE;
    if (count == pf->vf_count)
        return count && model_broken("vfs-once") ? -EBUSY : 0;
    if (count && pf->vf_count && !any_time)
        return -EBUSY; /* from one number to another goes through 0 */
    for (unsigned i = 0; i < pf->vf_count && !any_time; i++)
        if (pci_in_use(pf->vfs[i]))
            return -EBUSY;
    for (unsigned i = 0; i < pf->vf_count; i++)
        remove_vf(pf, i);
    pf->vf_count = count;
    for (unsigned i = 0; i < count; i++)
        add_vf(pf, i);
    if (pf->vf_changed)
        pf->vf_changed(pf);
    return 0;
}

enum { TOTAL, COUNT, AUTOPROBE };

static ssize_t show_vfs(void *object, long argument, char *buffer, size_t size)
{
    const struct pci *pf = object;
    if (argument == TOTAL && pf->vf_count && model_broken("garbled-total"))
        return snprintf(buffer, size, "many\n");
    unsigned value = argument == TOTAL   ? pf->vf_total + model_broken("advertises-more")
                     : argument == COUNT ? pf->vf_count
                                         : pf->autoprobe;
    return snprintf(buffer, size, "%u\n", value);
}

static int store_vfs(void *object, long argument, const char *data, size_t length)
{
    struct pci *pf = object;
    unsigned long value;
    if (!model_number(data, length, &value))
        return -EINVAL;
    if (argument == AUTOPROBE) {
        if (value > 1)
            return -EINVAL;
        pf->autoprobe = value;
        return 0;
    }
    if (pf->raw_numvfs_refused || !pf->driver)
        return -ENOENT; /* the driver offers no way to do it here */
    if (pf->numvfs_busy) {
        pf->numvfs_busy--;
        return -EBUSY;
    }
    return pci_set_vfs(pf, value > 65535 ? 65535 : (unsigned)value);
}

static const struct attribute vfs_read = { .show = show_vfs };
static const struct attribute vfs_write = { .show = show_vfs, .store = store_vfs };

static int store_busy(void *object, long argument, const char *data, size_t length)
{
    (void)argument;
    unsigned long value;
    if (!model_number(data, length, &value))
        return -EINVAL;
    ((struct pci *)object)->numvfs_busy = (unsigned)value;
    return 0;
}

static const struct attribute vfs_busy = { .store = store_busy };

void pci_add_sriov(struct pci *pf, unsigned total, const struct pci_driver *vf_driver)
{
    pf->vf_total = total;
    pf->vf_driver = vf_driver;
    pf->autoprobe = true;
    tree_file(pf->device, "sriov_totalvfs", 0444, &vfs_read, pf, TOTAL);
    tree_file(pf->device, "sriov_numvfs", 0644, &vfs_write, pf, COUNT);
    tree_file(pf->device, "sriov_drivers_autoprobe", 0644, &vfs_write, pf, AUTOPROBE);
    tree_file(tree_directory(tree_path("model/sriov"), pf->address), "busy", 0200, &vfs_busy, pf, 0);
}
