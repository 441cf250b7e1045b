/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens what tenants need, once, when the first one needs it: mechanism, images, display, libvirt, the decision for or
 * against KVM. Every decision is recorded with its reason. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "engine/internal.h"

enum { KVM_PROBE_TIMEOUT_S = 30 };

static void record(struct vg_engine *engine, const char *what, const char *decision, const char *why)
{
    json_t *entry = vg_json_new_object();
    vg_json_set_text(entry, "value", decision);
    vg_json_set_text(entry, "why", why);
    vg_json_set(engine->config->run->environment, what, entry);
}

/* Private, and short: socket paths hold 107 bytes. */
static char *runtime_parent(void)
{
    const char *session = getenv("XDG_RUNTIME_DIR");
    return geteuid() == 0                    ? vg_strdup("/run/vgauge")
           : session && strlen(session) < 30 ? vg_format("%s/vgauge", session)
                                             : vg_format("/tmp/vgauge-%u", geteuid());
}

void vg_engine_reap(struct vg_reaped *reaped)
{
    vg_autofree char *parent = runtime_parent();
    reaped->runs = vg_machine_reap(parent);
    reaped->groups = vg_renderer_groups_sweep("/"); /* after the processes that were in them */
}

static bool make_runtime_directory(struct vg_engine *engine, struct vg_error *err)
{
    vg_autofree char *parent = runtime_parent();
    if (mkdir(parent, 0700) < 0 && errno != EEXIST)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create the runtime directory %s", parent);
    struct stat status;
    if (lstat(parent, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077))
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "%s must be a directory that only you can enter (mode 0700); remove it or set XDG_RUNTIME_DIR",
                       parent);
    unsigned reaped = vg_machine_reap(parent);
    if (reaped)
        vg_warn("cleaned up after %u run%s that had been killed", reaped, reaped == 1 ? "" : "s");
    engine->runtime_directory = vg_format("%s/%ld", parent, (long)getpid());
    if (mkdir(engine->runtime_directory, 0700) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot create %s", engine->runtime_directory);
    /* At once, also where no VM will follow: what is not claimed is never reaped. */
    engine->runtime_claim = vg_runtime_claim(engine->runtime_directory, err);
    if (engine->runtime_claim < 0)
        return false;
    vg_ledger_begin(engine->runtime_directory);
    return true;
}

void *vg_environment_mechanism(struct vg_engine *engine, const struct vg_mechanism *mechanism)
{
    for (unsigned i = 0; i < engine->mechanism_count; i++) {
        if (engine->mechanisms[i].mechanism == mechanism)
            return engine->mechanisms[i].state;
    }
    return NULL;
}

static bool open_mechanism(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find(instance->mechanism);
    for (unsigned i = 0; i < engine->mechanism_count; i++) {
        if (engine->mechanisms[i].mechanism == mechanism)
            return true;
    }
    void *state = NULL;
    const struct vg_host_mechanism *config = vg_host_mechanism_find(engine->host, instance->mechanism);
    if (!mechanism->open(engine->host, config, &state, err))
        return vg_wrap(err, "mechanism %s", mechanism->name);
    vg_push(engine->mechanisms, engine->mechanism_count) =
        (struct vg_open_mechanism) { .mechanism = mechanism, .state = state };
    return true;
}

static bool readable(const char *path, const char *what, struct vg_error *err)
{
    struct stat status;
    if (stat(path, &status) < 0 || access(path, R_OK) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "the %s %s cannot be read; run `make images`", what,
                             path);
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the %s %s is not a file with something in it; run `make images`",
                       what, path);
    return true;
}

/* The first package that the test needs and this image does not have; NULL: it has all. */
static const char *lacking(const char *rootfs, const struct vg_test *test)
{
    for (unsigned i = 0; i < test->needs.package.count; i++)
        if (!rootfs || !vg_image_has(rootfs, test->needs.package.items[i]))
            return test->needs.package.items[i];
    return NULL;
}

const char *vg_environment_rootfs(const struct vg_engine *engine, const struct vg_instance *instance)
{
    const struct vg_images *images = &engine->images;
    const char *usual = engine->host->machine.rootfs ? engine->host->machine.rootfs : images->rootfs;
    if (!vg_mechanism_find(instance->mechanism)->vm)
        return NULL;
    /* Only whom it serves boots it: all other tests have the image that they always had. */
    bool extra = lacking(usual, instance->test) && !lacking(images->extra_rootfs, instance->test);
    return extra ? images->extra_rootfs : usual;
}

char *vg_environment_lacks(const struct vg_engine *engine, const struct vg_instance *instance)
{
    const char *rootfs = vg_environment_rootfs(engine, instance);
    const char *package = rootfs ? lacking(rootfs, instance->test) : NULL;
    return package ? vg_format("needs the package %s in the guest image; `make images EXTRA=1` builds one that has it",
                               package)
                   : NULL;
}

static bool find_ours(struct vg_engine *engine, struct vg_error *err)
{
    if (engine->images_found)
        return true;
    if (!vg_images_find(&engine->images, err))
        return false;
    engine->images_found = true;
    record(engine, "guest-image", engine->images.guest_key, "recipe digest of guest-workloads/image");
    record(engine, "hypervisor-tree", engine->images.tree_key, "recipe digest of guest-workloads/image");
    if (engine->images.extra_key)
        record(engine, "guest-image-extra", engine->images.extra_key,
               "recipe digest of guest-workloads/image; only tests that need its packages boot it");
    return true;
}

static bool find_images(struct vg_engine *engine, struct vg_error *err)
{
    const struct vg_host_machine *host = &engine->host->machine;
    bool complete = host->emulator && host->kernel && host->initrd && host->rootfs;
    if (!complete && !find_ours(engine, err))
        return false;
    return readable(host->kernel ? host->kernel : engine->images.kernel, "guest kernel", err) &&
           readable(host->initrd ? host->initrd : engine->images.initrd, "guest initramfs", err) &&
           readable(host->rootfs ? host->rootfs : engine->images.rootfs, "guest image", err) &&
           readable(engine->payload, "guest payload", err);
}

static bool choose_display(struct vg_engine *engine, struct vg_error *err)
{
    const char *wanted = engine->host->machine.display ? engine->host->machine.display : "auto";
    const char *node = engine->host->pgpu_count ? engine->host->pgpus[0].render_node : NULL;
    bool has_node = node && access(node, R_OK | W_OK) == 0;
    if (vg_equal(wanted, "egl-headless") || (vg_equal(wanted, "auto") && has_node)) {
        if (!has_node)
            return vg_fail(err, VG_ERROR_ENVIRONMENT,
                           "display egl-headless needs a render node that can be opened; the host file names %s",
                           node ? node : "none");
        engine->display = VG_DISPLAY_EGL_HEADLESS;
        record(engine, "display", "egl-headless", node);
        return true;
    }
    engine->display = VG_DISPLAY_SDL;
    record(engine, "display", "sdl on a private Xvfb", vg_equal(wanted, "sdl") ? "host file" : "no render node");
    engine->xvfb = vg_xvfb_start(engine->runtime_directory, err);
    return engine->xvfb != NULL;
}

struct kvm_probe {
    struct vg_engine *engine;
    const struct vg_instance *instance;
};

static bool boot_once(struct vg_engine *engine, const struct vg_instance *instance, enum vg_accel accel,
                      struct vg_error *err)
{
    engine->accel = accel;
    struct vg_tenant *tenant = vg_tenant_new(engine, instance, err);
    bool booted = tenant && vg_tenants_boot(engine, &tenant, 1, err);
    if (tenant)
        vg_tenant_free(tenant);
    return booted;
}

/* A guest that does not boot with KVM, but does without, shows that KVM is at fault: only then is the answer kept. */
static bool boot_with_kvm(void *context, struct vg_error *err)
{
    struct kvm_probe *probe = context;
    struct vg_engine *engine = probe->engine;
    struct vg_error without = { 0 };
    vg_engine_step(engine, "trying whether KVM runs a guest (once per kernel, CPU and image)");
    engine->boot_timeout_s = KVM_PROBE_TIMEOUT_S;
    bool booted = boot_once(engine, probe->instance, VG_ACCEL_KVM, err);
    engine->boot_timeout_s = engine->host->machine.boot_timeout_s;
    if (!booted && err->kind != VG_ERROR_INTERRUPTED && boot_once(engine, probe->instance, VG_ACCEL_TCG, &without))
        err->kind = VG_ERROR_TENANT;
    return booted;
}

static void choose_accel(struct vg_engine *engine, const struct vg_instance *instance)
{
    const char *wanted = engine->host->machine.accel ? engine->host->machine.accel : "auto";
    if (!vg_equal(wanted, "auto")) {
        engine->accel = vg_equal(wanted, "kvm") ? VG_ACCEL_KVM : VG_ACCEL_TCG;
        record(engine, "accel", wanted, "host file");
        return;
    }
    struct kvm_probe probe = { engine, instance };
    vg_autofree char *cache = vg_cache_directory();
    vg_autofree char *why = NULL;
    const struct vg_host_machine *host = &engine->host->machine;
    /* One bad image must not decide for another. */
    vg_autofree char *image = vg_format("%s %s %s %s", engine->images.guest_key ? engine->images.guest_key : "",
                                        host->emulator ? host->emulator : "", host->kernel ? host->kernel : "",
                                        host->rootfs ? host->rootfs : "");
    bool works = vg_kvm_works(cache ? cache : engine->runtime_directory, image, boot_with_kvm, &probe, &why);
    engine->accel = works ? VG_ACCEL_KVM : VG_ACCEL_TCG;
    record(engine, "accel", works ? "kvm" : "tcg", why);
}

/* The runner and its probes keep to the machine's cores: what they did on a pGPU's core would be taken from its
 * tenants. Threads that boot tenants undo it for themselves, since what they start inherits it. */
static bool keep_off_pgpus(struct vg_engine *engine, struct vg_error *err)
{
    const char *cpus = engine->host->machine.vcpu_cpus;
    bool pgpus_are_cores = false;
    for (unsigned i = 0; i < engine->host->pgpu_count; i++)
        pgpus_are_cores = pgpus_are_cores || engine->host->pgpus[i].cpus;
    cpu_set_t cores;
    if (!pgpus_are_cores || !cpus || !vg_parse_cpu_list(cpus, &cores) ||
        sched_setaffinity(0, sizeof(cores), &cores) == 0)
        return true;
    return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno,
                         "cannot run on the cores %s, which the host file gives to VMs", cpus);
}

static bool open_machine(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err)
{
    if (engine->machine)
        return true;
    if (!engine->host->connection)
        return vg_fail(err, VG_ERROR_INPUT, "host file %s names no libvirt connection, which %s needs",
                       engine->host->name, instance->mechanism);
    if (!find_images(engine, err) || !choose_display(engine, err))
        return false;
    struct vg_machine_config config = { .uri = engine->host->connection,
                                        .runtime_directory = engine->runtime_directory,
                                        .emulator = engine->host->machine.emulator ? engine->host->machine.emulator
                                                                                   : engine->images.emulator };
    vg_engine_step(engine, "connecting to %s", engine->host->connection);
    engine->machine = vg_machine_open(&config, err);
    if (!engine->machine)
        return false;
    vg_autofree char *version = vg_machine_version(engine->machine);
    vg_run_fingerprint(engine->config->run, "host.vmm", version, "libvirt connection");
    choose_accel(engine, instance);
    engine->guest_clock = vg_guest_clock_option(engine->accel, "");
    if (engine->accel == VG_ACCEL_TCG)
        record(engine, "guest-clock", engine->guest_clock ? engine->guest_clock : "found by the guest",
               engine->guest_clock ? "an emulated guest has the host's time stamp counter"
                                   : "this host does not keep time by its time stamp counter");
    if (vg_engine_interrupted())
        return vg_fail(err, VG_ERROR_INTERRUPTED, "interrupted");
    vg_run_fingerprint(engine->config->run, "host.accel", engine->accel == VG_ACCEL_KVM ? "kvm" : "tcg",
                       "probe boot or host file");
    vg_run_fingerprint(engine->config->run, "guest.image", engine->images.guest_key, "recipe digest");
    vg_run_fingerprint(engine->config->run, "host.hypervisor-tree", engine->images.tree_key, "recipe digest");
    vg_environment_fingerprint_images(engine);
    return vg_run_save(engine->config->run, err);
}

/* Native tenants that have the driver of the reference hypervisor need its files. */
static bool find_driver(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err)
{
    const struct vg_host_mechanism *config = vg_host_mechanism_find(engine->host, instance->mechanism);
    if (!vg_equal(config->driver, "hypervisor"))
        return true;
    if (!find_ours(engine, err))
        return false;
    if (!engine->images.tree || !engine->images.in_tree || access(engine->images.in_tree, X_OK) < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT,
                       "the image script does not say how native tenants have the hypervisor's driver (`tree` and "
                       "`in_tree`, a program); give the mechanism %s `driver: host`",
                       instance->mechanism);
    vg_run_fingerprint(engine->config->run, "host.hypervisor-tree", engine->images.tree_key, "recipe digest");
    return true;
}

static bool prepare(struct vg_engine *engine, const struct vg_instance *instance, struct vg_error *err)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find(instance->mechanism);
    /* Where a vGPU is its VM's own, one that is made by a test without tenants is a VM too. */
    bool needs_vms = mechanism->vm && (instance->test->tenant_count || mechanism->slot == VG_SLOT_VM_BOUND);
    if (needs_vms && instance->test->needs.package.count) {
        if (!find_images(engine, err))
            return false;
        vg_autofree char *lacks = vg_environment_lacks(engine, instance);
        if (lacks)
            return true; /* it will be skipped */
    }
    return open_mechanism(engine, instance, err) && find_driver(engine, instance, err) &&
           (!needs_vms || open_machine(engine, instance, err));
}

bool vg_environment_open(struct vg_engine *engine, struct vg_error *err)
{
    const struct vg_schedule *schedule = engine->config->schedule;
    const char *programs = engine->config->program_directory;
    if (sched_getaffinity(0, sizeof(engine->all_cores), &engine->all_cores) < 0 || !keep_off_pgpus(engine, err) ||
        !make_runtime_directory(engine, err))
        return false;
    engine->agent = vg_format("%s/vgauge-agent", programs);
    engine->payload = vg_format("%s/payload.squashfs", programs);
    if (access(engine->agent, X_OK) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot run %s; run `make build`", engine->agent);
    engine->boot_timeout_s = engine->host->machine.boot_timeout_s;
    for (unsigned i = 0; i < schedule->count; i++) {
        if (!schedule->items[i].skip && !schedule->items[i].done && !prepare(engine, &schedule->items[i], err))
            return false;
    }
    return true;
}

void vg_environment_close(struct vg_engine *engine)
{
    while (engine->tenant_count)
        vg_tenant_free(engine->tenants[engine->tenant_count - 1]);
    free(engine->tenants);
    if (engine->machine)
        vg_machine_close(engine->machine);
    if (engine->xvfb)
        vg_xvfb_stop(engine->xvfb);
    for (unsigned i = 0; i < engine->mechanism_count; i++)
        engine->mechanisms[i].mechanism->close(engine->mechanisms[i].state);
    free(engine->mechanisms);
    if (engine->images_found)
        vg_images_free(&engine->images);
    struct vg_error left = { 0 };
    if (!vg_ledger_end(engine->runtime_directory))
        vg_warn("a mediated device that this run made is still there; `vgauge reap` tries to remove it again");
    else if (engine->runtime_directory && !vg_runtime_remove(engine->runtime_directory, &left))
        vg_warn("%s", left.text);
    if (engine->runtime_claim >= 0)
        vg_runtime_release(engine->runtime_claim);
    free(engine->guest_clock);
    free(engine->runtime_directory);
    free(engine->agent);
    free(engine->payload);
}
