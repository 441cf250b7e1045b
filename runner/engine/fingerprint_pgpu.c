/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pGPUs' and mechanisms' part of the fingerprint: device, driver, firmware, clocks, profiles, scheduling. What does
 * not apply says so; what applies and cannot be read has no value, so that nothing is compared with it by mistake. */
#include <stdlib.h>
#include "engine/internal.h"

static char *under_root(const struct vg_host *host, const char *path)
{
    const char *root = host->root && !vg_equal(host->root, "/") ? host->root : "";
    return vg_format("%s%s", root, path);
}

/* A small file's content; NULL if it is not there. */
static char *attribute(const char *directory, const char *name)
{
    vg_autofree char *path = vg_format("%s/%s", directory, name);
    char *value = NULL;
    struct vg_error unread = { 0 };
    if (vg_read_attribute(path, &value, &unread))
        return value;
    free(value);
    return NULL;
}

/* The sysfs directory of a pGPU that is a device; NULL if it is none. Caller frees. */
static char *device_directory(const struct vg_host *host, const struct vg_host_pgpu *pgpu)
{
    const char *node = pgpu->render_node ? strrchr(pgpu->render_node, '/') : NULL;
    vg_autofree char *path = pgpu->pci ? vg_format("/sys/bus/pci/devices/%s", pgpu->pci)
                             : node    ? vg_format("/sys/class/drm%s/device", node)
                                       : NULL;
    return path ? under_root(host, path) : NULL;
}

static void put(struct vg_run *run, const char *pgpu, const char *what, const char *value, const char *source)
{
    vg_autofree char *key = vg_format("pgpu.%s.%s", pgpu, what);
    vg_run_fingerprint(run, key, value, source);
}

/* An attribute that a driver does not have is none that could not be read. */
static void put_attribute(struct vg_run *run, const char *pgpu, const char *what, const char *value,
                          const char *directory, const char *file)
{
    vg_autofree char *path = vg_format("%s/%s", directory, file);
    put(run, pgpu, what, value || vg_exists(path) ? value : "none: its driver tells none", path);
}

/* Both change how fast a pGPU is, and only NVIDIA's library tells them. A recorded tree or a model need not have one.
 */
static void put_settings_of_nvidia(struct vg_run *run, const struct vg_host *host, const struct vg_host_pgpu *pgpu,
                                   const char *vendor)
{
    static const struct {
        const char *key;
        enum vg_pgpu_setting setting;
    } settings[] = { { "ecc", VG_PGPU_ECC }, { "mig", VG_PGPU_MIG } };
    bool recorded = host->root && !vg_equal(host->root, "/");
    for (size_t i = 0; i < VG_COUNT(settings); i++) {
        struct vg_error why = { 0 };
        vg_autofree char *value = NULL;
        if (!vg_equal(vendor, "0x10de") || !pgpu->pci) {
            put(run, pgpu->name, settings[i].key, "none: its driver tells none", "sysfs");
            continue;
        }
        bool told = vg_pgpu_setting_read(host, pgpu, settings[i].setting, &value, &why);
        put(run, pgpu->name, settings[i].key,
            told       ? value
            : recorded ? "none: not recorded"
                       : NULL,
            told ? "NVML" : why.text);
    }
}

static void put_device(struct vg_run *run, const struct vg_host *host, const struct vg_host_pgpu *pgpu,
                       const char *directory)
{
    const char *name = pgpu->name;
    vg_autofree char *vendor = attribute(directory, "vendor"), *device = attribute(directory, "device");
    vg_autofree char *revision = attribute(directory, "revision"), *firmware = attribute(directory, "vbios_version");
    vg_autofree char *link = vg_format("%s/driver", directory);
    vg_autofree char *driver = vg_link_name(link);
    vg_autofree char *level = attribute(directory, "power_dpm_force_performance_level");
    vg_autofree char *identity =
        vendor && device ? vg_format("%s:%s rev %s", vendor, device, revision ? revision : "?") : NULL;
    vg_autofree char *module = driver ? vg_format("/sys/module/%s", driver) : NULL;
    vg_autofree char *module_directory = module ? under_root(host, module) : NULL;
    vg_autofree char *version = module_directory ? attribute(module_directory, "version") : NULL;
    vg_autofree char *driver_text = driver ? vg_format("%s %s", driver, version ? version : "(of the kernel)") : NULL;
    put(run, name, "device", identity, directory);
    put(run, name, "driver", driver_text, directory);
    put_settings_of_nvidia(run, host, pgpu, vendor);
    put_attribute(run, name, "firmware", firmware, directory, "vbios_version");
    put_attribute(run, name, "clocks", level, directory, "power_dpm_force_performance_level");
}

/* The cores' clock is the pGPU's where the pGPU is cores. */
static char *governor_of(const struct vg_host *host)
{
    vg_autofree char *directory = under_root(host, "/sys/devices/system/cpu/cpu0/cpufreq");
    char *governor = attribute(directory, "scaling_governor");
    return governor ? governor : vg_strdup("not the host's to set (no cpufreq)");
}

static void put_pgpu(struct vg_run *run, const struct vg_host *host, const struct vg_host_pgpu *pgpu)
{
    vg_autofree char *directory = device_directory(host, pgpu);
    if (directory) {
        put_device(run, host, pgpu, directory);
        return;
    }
    vg_autofree char *device = pgpu->cpus ? vg_format("cores %s of this host", pgpu->cpus)
                                          : vg_strdup("the one that the tenants' driver finds");
    vg_autofree char *governor = governor_of(host);
    put(run, pgpu->name, "device", device, "host file");
    put(run, pgpu->name, "driver", "none: see the tenants' and the renderer's", "host file");
    put(run, pgpu->name, "firmware", "none: a device is not named", "host file");
    put(run, pgpu->name, "ecc", "none: a device is not named", "host file");
    put(run, pgpu->name, "mig", "none: a device is not named", "host file");
    put(run, pgpu->name, "clocks", governor, "cpufreq of cpu0");
}

static void put_setting(struct vg_run *run, const struct vg_host_mechanism *mechanism, const char *kind,
                        const char *name, const char *value)
{
    vg_autofree char *key = vg_format("mechanism.%s.%s.%s", mechanism->name, kind, name);
    vg_run_fingerprint(run, key, value, "host file");
}

/* A field each: what a host offers beside them makes no difference to what was measured with one of them. */
static void put_settings(struct vg_run *run, const struct vg_host_mechanism *mechanism)
{
    for (unsigned i = 0; i < mechanism->profile_count; i++) {
        const struct vg_host_profile *profile = &mechanism->profiles[i];
        vg_autofree char *text =
            vg_format("at most %u, %llu MiB", profile->max, (unsigned long long)(profile->memory_bytes >> 20));
        put_setting(run, mechanism, "profile", profile->name, text);
    }
    for (unsigned i = 0; i < mechanism->policy_count; i++) {
        const struct vg_host_policy *policy = &mechanism->policies[i];
        vg_autofree char *elastic =
            policy->elastic_percent ? vg_format(", elastic by %u %%", policy->elastic_percent) : vg_strdup("");
        vg_autofree char *text = vg_format("period %u us, slice %u us%s", policy->period_us, policy->slice_us, elastic);
        put_setting(run, mechanism, "policy", policy->name, text);
    }
}

static char *environment_text(const struct vg_host_mechanism *mechanism)
{
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", mechanism->environment.count ? "" : "none");
    for (unsigned i = 0; i < mechanism->environment.count; i++)
        vg_text_add(&text, "%s%s", i ? " " : "", mechanism->environment.items[i]);
    return text.data;
}

static void put_mechanism(struct vg_run *run, const struct vg_host_mechanism *mechanism)
{
    const struct vg_mechanism *descriptor = vg_mechanism_find(mechanism->name);
    vg_autofree char *environment = environment_text(mechanism);
    vg_autofree char *key = vg_format("mechanism.%s.environment", mechanism->name);
    put_settings(run, mechanism);
    vg_run_fingerprint(run, key, environment, "host file");
    /* Where there are limits they are read from running vGPUs (fingerprint_tenant.c). */
    for (unsigned i = 0; i < VG_LIMITS && !(descriptor && descriptor->limit); i++) {
        vg_autofree char *limit = vg_format("mechanism.%s.%s", mechanism->name, vg_limit_names[i]);
        vg_run_fingerprint(run, limit, "none: the mechanism knows none", "mechanism");
    }
}

void vg_environment_fingerprint_pgpus(struct vg_engine *engine)
{
    struct vg_run *run = engine->config->run;
    for (unsigned i = 0; i < engine->host->pgpu_count; i++)
        put_pgpu(run, engine->host, &engine->host->pgpus[i]);
    for (unsigned i = 0; i < engine->host->mechanism_count; i++)
        put_mechanism(run, &engine->host->mechanisms[i]);
    vg_run_fingerprint(run, "host.placement", "the first pGPU with room", "engine");
}
