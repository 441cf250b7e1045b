/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of a host file beyond its schema, and the defaults. */
#include "catalog/host_check.h"

#include <inttypes.h>
#include <sched.h>
#include "catalog/check.h"
#include "catalog/host_promise.h"
#include "catalog/load.h"

enum { MIB = 1 << 20, MAX_MIB = 1 << 24 /* 16 TiB */ };

static bool check_choice(const struct vg_document *document, const char *path, char **value, const char *const *choices,
                         size_t count, struct vg_error *err)
{
    if (!*value)
        *value = vg_strdup(choices[0]);
    return vg_check_word(document, path, strrchr(path, '/') + 1, *value, choices, count, err);
}

static bool check_cpus(const struct vg_document *document, const char *path, const char *cpus, struct vg_error *err)
{
    cpu_set_t set;
    if (!cpus || vg_parse_cpu_list(cpus, &set) > 0)
        return true;
    vg_autofree char *shown = vg_printable(cpus, strlen(cpus), 80);
    return vg_document_fail(document, path, err, "`%s` is not a list of CPUs such as 0-3,5", shown);
}

static bool check_absolute(const struct vg_document *document, const char *path, const char *file, struct vg_error *err)
{
    if (!file || *file == '/')
        return true;
    vg_autofree char *shown = vg_printable(file, strlen(file), 80);
    return vg_document_fail(document, path, err, "`%s` must be an absolute path", shown);
}

static bool check_machine(const struct vg_document *document, struct vg_host_machine *machine, struct vg_error *err)
{
    static const char *const accels[] = { "auto", "kvm", "tcg" };
    static const char *const displays[] = { "auto", "egl-headless", "sdl" };
    return check_choice(document, "machine/accel", &machine->accel, accels, VG_COUNT(accels), err) &&
           check_choice(document, "machine/display", &machine->display, displays, VG_COUNT(displays), err) &&
           vg_check_range(document, "machine/vcpus", &machine->vcpus, 1, 1, 256, err) &&
           vg_check_range(document, "machine/memory_mib", &machine->memory_mib, 1024, 128, MAX_MIB, err) &&
           vg_check_range(document, "machine/boot_timeout_s", &machine->boot_timeout_s, 90, 5, 3600, err) &&
           check_cpus(document, "machine/vcpu_cpus", machine->vcpu_cpus, err) &&
           check_absolute(document, "machine/emulator", machine->emulator, err) &&
           check_absolute(document, "machine/kernel", machine->kernel, err) &&
           check_absolute(document, "machine/initrd", machine->initrd, err) &&
           check_absolute(document, "machine/rootfs", machine->rootfs, err);
}

/* 0000:41:00.0 */
static bool is_pci_address(const char *text)
{
    const char *form = "xxxx:xx:xx.o";
    for (; *form; form++, text++) {
        const char *allowed = *form == 'x' ? "0123456789abcdef" : *form == 'o' ? "01234567" : NULL;
        if (!*text || (allowed ? !strchr(allowed, *text) : *text != *form))
            return false;
    }
    return !*text;
}

static bool to_bytes(const struct vg_document *document, const char *path, uint64_t *value, struct vg_error *err)
{
    if (*value > MAX_MIB)
        return vg_document_fail(document, path, err, "%" PRIu64 " MiB are more than 16 TiB", *value);
    *value *= MIB;
    return true;
}

/* What becomes one component of a path below sysfs. */
static bool check_component(const struct vg_document *document, const char *path, const char *text,
                            struct vg_error *err)
{
    size_t length = text ? strlen(text) : 0;
    if (!text || (length <= 64 && *text != '.' &&
                  strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-") == length))
        return true;
    return vg_document_fail(
        document, path, err,
        "only letters, digits and `_.:-` are allowed here, at most 64, and no dot at the beginning");
}

static bool check_capacity(const struct vg_document *document, unsigned index, struct vg_host_pgpu *pgpu,
                           struct vg_error *err)
{
    static const char *const models[] = { "same-type",  "same-size",   "mixed-size", "mig",      "vf",
                                          "count-pool", "memory-pool", "gvt-g",      "remaining" };
    vg_autofree char *capacity = vg_format("pgpus/%u/capacity", index);
    vg_autofree char *parent = vg_format("pgpus/%u/parent", index);
    vg_autofree char *board = vg_format("pgpus/%u/board", index);
    vg_autofree char *mechanism = vg_format("pgpus/%u/mechanism", index);
    vg_autofree char *vfs = vg_format("pgpus/%u/vfs", index);
    vg_autofree char *memory = vg_format("pgpus/%u/memory_mib", index);
    if (pgpu->capacity &&
        !vg_check_word(document, capacity, "capacity model", pgpu->capacity, models, VG_COUNT(models), err))
        return false;
    if (pgpu->mechanism && !vg_check_descriptor(document, mechanism, VG_KIND_MECHANISM, pgpu->mechanism, err))
        return false;
    return check_component(document, parent, pgpu->parent, err) &&
           (!pgpu->board || vg_check_name(document, board, pgpu->board, err)) &&
           vg_check_range(document, vfs, &pgpu->vfs, 0, 0, 64, err) &&
           to_bytes(document, memory, &pgpu->memory_bytes, err);
}

static bool check_pgpus(const struct vg_document *document, struct vg_host *host, struct vg_error *err)
{
    for (unsigned i = 0; i < host->pgpu_count; i++) {
        const struct vg_host_pgpu *pgpu = &host->pgpus[i];
        vg_autofree char *name = vg_format("pgpus/%u/name", i);
        vg_autofree char *cpus = vg_format("pgpus/%u/cpus", i);
        vg_autofree char *pci = vg_format("pgpus/%u/pci", i);
        vg_autofree char *node = vg_format("pgpus/%u/render_node", i);
        if (!vg_check_name(document, name, pgpu->name, err) || !check_cpus(document, cpus, pgpu->cpus, err) ||
            !check_absolute(document, node, pgpu->render_node, err))
            return false;
        if (pgpu->pci && !is_pci_address(pgpu->pci))
            return vg_document_fail(document, pci, err, "a PCI address is written 0000:41:00.0");
        if (!check_capacity(document, i, &host->pgpus[i], err))
            return false;
        for (unsigned j = 0; j < i; j++)
            if (vg_equal(host->pgpus[j].name, pgpu->name))
                return vg_document_fail(document, name, err, "two pGPUs are called `%s`", pgpu->name);
    }
    return true;
}

static bool check_profiles(const struct vg_document *document, const char *path, struct vg_host_mechanism *mechanism,
                           struct vg_error *err)
{
    for (unsigned i = 0; i < mechanism->profile_count; i++) {
        struct vg_host_profile *profile = &mechanism->profiles[i];
        vg_autofree char *name = vg_format("%s/profiles/%u/name", path, i);
        vg_autofree char *max = vg_format("%s/profiles/%u/max", path, i);
        vg_autofree char *memory = vg_format("%s/profiles/%u/memory_mib", path, i);
        vg_autofree char *type = vg_format("%s/profiles/%u/type", path, i);
        if (!vg_check_name(document, name, profile->name, err) ||
            !vg_check_range(document, max, &profile->max, 1, 1, 1024, err) ||
            !to_bytes(document, memory, &profile->memory_bytes, err) ||
            !check_component(document, type, profile->type, err))
            return false;
        for (unsigned j = 0; j < i; j++)
            if (vg_equal(mechanism->profiles[j].name, profile->name))
                return vg_document_fail(document, name, err, "two profiles are called `%s`", profile->name);
    }
    return true;
}

/* The cap of elastic shares, where there are such: 100 % is twice the fixed share. */
static bool check_elastic(const struct vg_document *document, const char *path, struct vg_host_policy *policy,
                          struct vg_error *err)
{
    vg_autofree char *percent = vg_format("%s/elastic_percent", path);
    if (vg_equal(policy->name, "fixed-elastic"))
        return policy->elastic_percent
                   ? vg_check_range(document, percent, &policy->elastic_percent, 0, 1, 1000, err)
                   : vg_document_fail(
                         document, path, err,
                         "fixed-elastic needs `elastic_percent`: by how much a share may grow while others "
                         "are free");
    return !policy->elastic_percent ||
           vg_document_fail(document, percent, err, "only the policy fixed-elastic has a cap on elastic shares");
}

/* What a function without work gets: Intel's firmware knows such a word. */
static bool check_priority(const struct vg_document *document, const char *path, const char *mechanism,
                           const struct vg_host_policy *policy, struct vg_error *err)
{
    static const char *const words[] = { "low", "normal", "high" };
    vg_autofree char *place = vg_format("%s/priority", path);
    if (!policy->priority)
        return true;
    if (!vg_check_word(document, place, "priority", policy->priority, words, VG_COUNT(words), err))
        return false;
    return (vg_equal(mechanism, "xe-sriov") &&
            (vg_equal(policy->name, "xe-quanta") || vg_equal(policy->name, "best-effort"))) ||
           vg_document_fail(document, place, err,
                            "only xe-sriov has a priority of functions, under xe-quanta and best-effort");
}

static bool check_policies(const struct vg_document *document, const char *path, struct vg_host_mechanism *mechanism,
                           struct vg_error *err)
{
    for (unsigned i = 0; i < mechanism->policy_count; i++) {
        struct vg_host_policy *policy = &mechanism->policies[i];
        vg_autofree char *name = vg_format("%s/policies/%u/name", path, i);
        vg_autofree char *period = vg_format("%s/policies/%u/period_us", path, i);
        vg_autofree char *slice = vg_format("%s/policies/%u/slice_us", path, i);
        vg_autofree char *entry = vg_format("%s/policies/%u", path, i);
        if (!vg_check_word(document, name, "policy", policy->name, vg_known_policies, vg_known_policy_count, err) ||
            !vg_check_range(document, period, &policy->period_us, 0, 1000, 10000000, err) ||
            !vg_check_range(document, slice, &policy->slice_us, 0, 100, 10000000, err) ||
            !check_elastic(document, entry, policy, err) ||
            !check_priority(document, entry, mechanism->name, policy, err))
            return false;
        if (policy->period_us && policy->slice_us > policy->period_us)
            return vg_document_fail(document, slice, err, "a slice cannot be longer than the period");
        for (unsigned j = 0; j < i; j++)
            if (vg_equal(mechanism->policies[j].name, policy->name))
                return vg_document_fail(document, name, err, "policy `%s` stands here twice", policy->name);
    }
    return true;
}

static bool check_environment(const struct vg_document *document, const char *path, const struct vg_words *environment,
                              struct vg_error *err)
{
    for (unsigned i = 0; i < environment->count; i++) {
        const char *entry = environment->items[i];
        size_t name = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
        vg_autofree char *place = vg_format("%s/environment/%u", path, i);
        if (!name || entry[name] != '=')
            return vg_document_fail(document, place, err, "an environment entry is written NAME=value");
    }
    return true;
}

/* As the kernel has them: cut to 15 bytes. What a tenant runs in is no manager. */
static bool check_managers(const struct vg_document *document, const char *path, const struct vg_words *managers,
                           struct vg_error *err)
{
    for (unsigned i = 0; i < managers->count; i++) {
        const char *name = managers->items[i];
        vg_autofree char *place = vg_format("%s/managers/%u", path, i);
        if (!*name || strlen(name) > 15 || strchr(name, '/'))
            return vg_document_fail(document, place, err,
                                    "a manager is a process name of at most 15 bytes, as in /proc/PID/comm");
        if (strncmp(name, "qemu", 4) == 0)
            return vg_document_fail(document, place, err, "a VMM is no manager: frozen, its VM stands still");
    }
    return true;
}

static bool check_driver(const struct vg_document *document, const char *path,
                         const struct vg_host_mechanism *mechanism, struct vg_error *err)
{
    static const char *const drivers[] = { "host", "hypervisor" };
    vg_autofree char *place = vg_format("%s/driver", path);
    if (!mechanism->driver)
        return true;
    if (!vg_equal(mechanism->name, "native"))
        return vg_document_fail_key(document, place, err,
                                    "only a native tenant's driver can be chosen: a VM has its "
                                    "guest's");
    return vg_check_word(document, place, "driver", mechanism->driver, drivers, VG_COUNT(drivers), err);
}

static bool check_mechanism(const struct vg_document *document, struct vg_host *host, unsigned index,
                            struct vg_error *err)
{
    struct vg_host_mechanism *mechanism = &host->mechanisms[index];
    vg_autofree char *path = vg_format("mechanisms/%u", index);
    vg_autofree char *name = vg_format("mechanisms/%u/name", index);
    vg_autofree char *hostmem = vg_format("mechanisms/%u/hostmem_mib", index);
    bool found = vg_check_descriptor(document, name, VG_KIND_MECHANISM, mechanism->name, err) != NULL;
    if (!found)
        return false;
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(host->mechanisms[i].name, mechanism->name))
            return vg_document_fail(document, name, err, "mechanism `%s` stands here twice", mechanism->name);
    return check_profiles(document, path, mechanism, err) && check_policies(document, path, mechanism, err) &&
           vg_promises_check(document, path, mechanism, err) &&
           check_environment(document, path, &mechanism->environment, err) &&
           check_managers(document, path, &mechanism->managers, err) && check_driver(document, path, mechanism, err) &&
           to_bytes(document, hostmem, &mechanism->hostmem_bytes, err);
}

/* The profiles that a pGPU says it offers are those of a mechanism. */
static bool check_offers(const struct vg_document *document, const struct vg_host *host, struct vg_error *err)
{
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < host->mechanism_count; i++)
        for (unsigned j = 0; j < host->mechanisms[i].profile_count; j++)
            vg_push(names, count) = host->mechanisms[i].profiles[j].name;
    for (unsigned i = 0; i < host->pgpu_count; i++) {
        vg_autofree char *path = vg_format("pgpus/%u/profiles", i);
        if (!vg_check_words(document, path, "profile", &host->pgpus[i].profiles, names, count, err))
            return false;
    }
    return !host->model || (vg_check_name(document, "model", host->model, err) &&
                            (!host->model_break || vg_check_name(document, "model_break", host->model_break, err)));
}

bool vg_host_check(const struct vg_document *document, struct vg_host *host, struct vg_error *err)
{
    static const char *const allowed[] = { "destructive" };
    if (!host->root)
        host->root = vg_strdup("/");
    if (!vg_check_name(document, "name", host->name, err) || !check_absolute(document, "root", host->root, err) ||
        !check_machine(document, &host->machine, err) || !check_pgpus(document, host, err))
        return false;
    if (host->connection && !strstr(host->connection, ":"))
        return vg_document_fail(document, "connection", err,
                                "`connection` must be a libvirt URI such as qemu:///system");
    for (unsigned i = 0; i < host->mechanism_count; i++)
        if (!check_mechanism(document, host, i, err))
            return false;
    if (host->placement && !vg_check_descriptor(document, "placement", VG_KIND_PLACEMENT, host->placement, err))
        return false;
    if (!host->placement)
        host->placement = vg_strdup("depth-first-residents");
    return vg_check_words(document, "allow", "permission", &host->allow, allowed, VG_COUNT(allowed), err) &&
           check_offers(document, host, err);
}
