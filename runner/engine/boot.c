/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boots tenants in parallel: libvirt's start in a thread each, then one wait until all said hello. */
#include <stdlib.h>
#include "engine/internal.h"

enum { LINK_TIMEOUT_MS = 20000, CONSOLE_LINES = 12, CLOCK_PINGS = 16, NATIVE_HELLO_TIMEOUT_S = 10 };

/* What of the host the VM is given, as the host's own counters name it. */
static char *device_of(const struct vg_attachment *attachment)
{
    if (attachment->kind == VG_ATTACH_MDEV)
        return vg_strdup(attachment->mdev_uuid);
    if (attachment->kind == VG_ATTACH_PCI)
        return vg_format("%04x:%02x:%02x.%u", attachment->pci.domain, attachment->pci.bus, attachment->pci.slot,
                         attachment->pci.function);
    return NULL;
}

static bool start_vm(struct vg_tenant *tenant, struct vg_error *err)
{
    struct vg_engine *engine = tenant->engine;
    const struct vg_host_machine *host = &engine->host->machine;
    vg_autofree char *name = vg_format("vgauge-%ld-%s", (long)getpid(), tenant->label);
    vg_autofree char *socket = vg_format("%s/%u.sock", engine->runtime_directory, tenant->number);
    vg_autofree char *cmdline =
        vg_format("%s%s%s%s%s", engine->images.cmdline ? engine->images.cmdline : "", engine->guest_clock ? " " : "",
                  engine->guest_clock ? engine->guest_clock : "", host->cmdline ? " " : "",
                  host->cmdline ? host->cmdline : ""); /* the host file's word is the last */
    struct vg_vm_spec spec = {
        .name = name,
        .uuid = tenant->vgpu->uuid, /* a vGPU belongs to one VM, and NVIDIA's manager knows the VM by it */
        .memory_mib = host->memory_mib,
        .vcpus = host->vcpus,
        .accel = engine->accel,
        .emulator = host->emulator ? host->emulator : engine->images.emulator,
        .firmware = host->emulator ? NULL : engine->images.firmware,
        .kernel = host->kernel ? host->kernel : engine->images.kernel,
        .initrd = host->initrd ? host->initrd : engine->images.initrd,
        .rootfs = tenant->rootfs,
        .cmdline = cmdline,
        .payload = engine->payload,
        .link_socket = socket,
        .console_file = tenant->console_file,
        .display = engine->display,
        .x_display = engine->xvfb ? vg_xvfb_display(engine->xvfb) : NULL,
        .x_authority = engine->xvfb ? vg_xvfb_authority(engine->xvfb) : NULL,
        .render_node = engine->host->pgpu_count ? engine->host->pgpus[tenant->pgpu_index].render_node : NULL,
    };
    if (!tenant->mechanism->attach(tenant->mechanism_state, tenant->vgpu, &spec.attachment, err))
        return false;
    tenant->device = device_of(&spec.attachment);
    tenant->domain_xml = vg_domain_xml(&spec, err);
    if (!tenant->domain_xml)
        return false;
    tenant->vm = vg_vm_start(engine->machine, &spec, err);
    if (!tenant->vm)
        return false;
    tenant->thread_fd = vg_vm_connect_link(tenant->vm, LINK_TIMEOUT_MS, err);
    return tenant->thread_fd >= 0;
}

static bool start_process(struct vg_tenant *tenant, struct vg_error *err)
{
    struct vg_engine *engine = tenant->engine;
    struct vg_attachment attachment = { 0 };
    if (!tenant->mechanism->attach(tenant->mechanism_state, tenant->vgpu, &attachment, err))
        return false;
    const char *const usual[] = { engine->agent, NULL };
    const char *const in_tree[] = { engine->images.in_tree, engine->images.tree, engine->agent, NULL };
    const struct vg_process_spec spec = { .agent = attachment.hypervisors_driver ? in_tree : usual,
                                          .directory = engine->runtime_directory,
                                          .environment = attachment.environment,
                                          .environment_count = attachment.environment_count,
                                          .console_file = tenant->console_file };
    tenant->process = vg_process_start(&spec, &tenant->thread_fd, err);
    return tenant->process != NULL;
}

static void *boot_thread(void *context)
{
    struct vg_tenant *tenant = context;
    /* QEMU inherits this thread's cores, and boots on all of them until it is placed. */
    sched_setaffinity(0, sizeof(tenant->engine->all_cores), &tenant->engine->all_cores);
    start_vm(tenant, &tenant->thread_error);
    atomic_store(&tenant->thread_done, true);
    return NULL;
}

/* PDEATHSIG follows the thread that forked, so native tenants are started from this, the main, thread. */
static bool begin(struct vg_tenant *tenant, struct vg_error *err)
{
    tenant->start_ns = vg_now_ns();
    tenant->thread_fd = -1;
    if (!tenant->mechanism->vm) {
        if (!start_process(tenant, &tenant->thread_error))
            tenant->thread_fd = -1;
        atomic_store(&tenant->thread_done, true);
        return true;
    }
    int failed = pthread_create(&tenant->thread, NULL, boot_thread, tenant);
    if (failed)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, failed, "cannot start a thread to boot %s", tenant->label);
    tenant->thread_running = true;
    return true;
}

/* Takes over what the thread made: adopts the process into the scheduler, opens the link. */
static void join(struct vg_tenant *tenant)
{
    if (tenant->thread_running) {
        pthread_join(tenant->thread, NULL);
        tenant->thread_running = false;
    }
    if (tenant->thread_fd < 0) {
        vg_tenant_lost(tenant, tenant->thread_error.text);
        return;
    }
    tenant->link = vg_link_new(tenant->thread_fd, &vg_link_default_limits, &vg_scene_link_events, tenant);
    struct vg_policy_tenant adopted = {
        .tenant = tenant->label, .vgpu = tenant->vgpu, .pid = vg_tenant_pid(tenant), .weight = 1
    };
    if (tenant->mechanism->adopt && !tenant->mechanism->adopt(tenant->mechanism_state, &adopted, &tenant->thread_error))
        vg_tenant_lost(tenant, tenant->thread_error.text);
    /* From now on its CPU time is a tenant's, not somebody else's. */
    if (tenant->scene)
        vg_watch_targets(tenant->engine->watch, tenant->scene->tenants, tenant->scene->tenant_count);
}

/* `broken`: why the link broke; NULL if it did not. */
static void say_no_hello(struct vg_tenant *tenant, unsigned timeout_s, const char *broken)
{
    vg_autofree char *console = vg_console_tail(tenant->console_file, CONSOLE_LINES);
    const char *why = broken;
    bool alive = tenant->vm ? vg_vm_alive(tenant->vm, &why) : vg_process_alive(tenant->process);
    vg_autofree char *collected = NULL;
    bool late = alive && !broken;
    if (late && tenant->scene)
        vg_tenant_diagnose(tenant, &collected);
    vg_autofree char *state =
        late ? vg_format("did not say hello within %u s%s%s", timeout_s, collected ? "; what was found then: " : "",
                         collected ? collected : "")
             : vg_format("was lost before its agent said hello (%s)", why ? why : "its process ended");
    struct vg_error said = { 0 };
    vg_fail(&said, VG_ERROR_ENVIRONMENT, "tenant %s %s; the last lines of its console:\n%s", tenant->label, state,
            console[0] ? console : "(nothing was written)");
    vg_tenant_lost(tenant, said.text);
}

/* One look at a tenant that boots. True once it is decided. */
static bool settled(struct vg_tenant *tenant, unsigned timeout_s)
{
    if (tenant->dead)
        return true;
    if (!tenant->link) {
        if (!atomic_load(&tenant->thread_done))
            return false;
        join(tenant);
        return tenant->dead;
    }
    const char *why = NULL;
    if (tenant->hello) {
        tenant->booted = true;
        vg_link_ping(tenant->link, CLOCK_PINGS);
        return true;
    }
    bool alive = tenant->vm ? vg_vm_alive(tenant->vm, &why) : vg_process_alive(tenant->process);
    const char *broken = NULL;
    vg_link_broken(tenant->link, &broken);
    if (broken || !alive || vg_now_ns() - tenant->start_ns > timeout_s * VG_NS_PER_S)
        say_no_hello(tenant, timeout_s, broken);
    return tenant->dead;
}

static bool place_on_cores(struct vg_tenant *tenant, struct vg_error *err)
{
    const char *cpus = tenant->engine->host->machine.vcpu_cpus;
    return !tenant->vm || !cpus || vg_vm_pin(tenant->vm, cpus, err);
}

bool vg_tenants_boot(struct vg_engine *engine, struct vg_tenant **tenants, unsigned count, struct vg_error *err)
{
    struct vg_text names = { 0 };
    bool any_vm = false;
    for (unsigned i = 0; i < count; i++) {
        if (tenants[i]->booted || tenants[i]->start_ns)
            continue;
        vg_text_add(&names, "%s%s", names.length ? ", " : "", tenants[i]->name ? tenants[i]->name : tenants[i]->label);
        any_vm = any_vm || tenants[i]->mechanism->vm;
        if (!begin(tenants[i], err)) {
            vg_text_free(&names);
            return false;
        }
    }
    if (names.length)
        vg_engine_step(engine, "%s %s", any_vm ? "booting" : "starting", names.data);
    vg_text_free(&names);
    unsigned timeout_s = any_vm ? engine->boot_timeout_s : NATIVE_HELLO_TIMEOUT_S;
    for (;;) {
        bool all = true;
        for (unsigned i = 0; i < count; i++)
            all = (tenants[i]->booted || settled(tenants[i], timeout_s)) && all;
        if (all) /* before any wait: where all were running already, nothing will come */
            break;
        if (!vg_engine_turn(engine, 20, err))
            return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (tenants[i]->dead)
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s", tenants[i]->reason);
        if (!place_on_cores(tenants[i], err))
            return false;
    }
    engine->booted_vm = engine->booted_vm || any_vm;
    engine->booted_native = engine->booted_native || !any_vm;
    return true;
}
