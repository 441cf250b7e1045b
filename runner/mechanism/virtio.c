/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virtio-gpu as a vGPU: no driver on the host counts instances, so the host file's capacity holds; the device is
 * QEMU's, so it lives and dies with the VM; what it executes is scheduled by the reference scheduler. */
#include "mechanism/reference-scheduler.h"
#include "mechanism/renderers.h"
#include "mechanism/slots.h"
#include "mechanism/virtio.h"

#define DEFAULT_HOSTMEM_BYTES (UINT64_C(256) << 20)

struct virtio {
    struct vg_slots slots;
    bool venus;
    struct vg_scheduler *scheduler;
};

/* A period or slice that the kernel cannot do is found out here, before anything was started for it. */
static bool policies_can_be_had(const struct vg_host *host, const struct vg_host_mechanism *config,
                                struct vg_error *err)
{
    cpu_set_t cores;
    unsigned core_count =
        host->pgpu_count && host->pgpus[0].cpus ? (unsigned)vg_parse_cpu_list(host->pgpus[0].cpus, &cores) : 1;
    for (unsigned i = 0; i < config->policy_count; i++) {
        for (unsigned j = 0; j < config->profile_count; j++) {
            struct vg_cgroup_limit limit;
            unsigned max = config->profiles[j].max;
            if (vg_scheduler_limit(&config->policies[i], core_count, max, max, 1, &limit, err) == VG_REFUSED_NOT)
                continue;
            err->kind = VG_ERROR_INPUT;
            return vg_wrap(err, "host %s: policy %s with %u vGPUs of profile %s", host->name, config->policies[i].name,
                           max, config->profiles[j].name);
        }
    }
    return true;
}

bool vg_virtio_open(const struct vg_mechanism *mechanism, bool venus, const struct vg_host *host,
                    const struct vg_host_mechanism *config, void **state, struct vg_error *err)
{
    if (config->hostmem_bytes & (config->hostmem_bytes - 1))
        return vg_fail(err, VG_ERROR_INPUT, "hostmem of %s on host %s must be a power of two, it is a PCI window",
                       mechanism->name, host->name);
    if (venus && !policies_can_be_had(host, config, err))
        return false;
    vg_autofree struct virtio *virtio = vg_calloc(1, sizeof(*virtio));
    if (!vg_slots_open(&virtio->slots, mechanism, host, config, err))
        return false;
    virtio->venus = venus;
    virtio->scheduler = vg_scheduler_open(host->root ? host->root : "/", venus ? VG_RENDER_SERVER : VG_RENDER_THREADS);
    *state = VG_TAKE(virtio);
    return true;
}

void vg_virtio_close(void *state)
{
    struct virtio *virtio = state;
    vg_scheduler_close(virtio->scheduler);
    vg_slots_close(&virtio->slots);
    free(virtio);
}

bool vg_virtio_discover(void *state, struct vg_inventory *inventory, struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_slots_discover(&virtio->slots, inventory, err);
}

enum vg_refusal vg_virtio_create(void *state, unsigned pgpu_index, const struct vg_host_profile *profile,
                                 struct vg_vgpu **vgpu, struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_slots_create(&virtio->slots, pgpu_index, profile, vgpu, err);
}

/* There is no driver that could be asked without a look, and no VF to choose. */
enum vg_refusal vg_virtio_create_as(void *state, const struct vg_create_as *how, struct vg_vgpu **vgpu,
                                    struct vg_error *err)
{
    return vg_virtio_create(state, how->pgpu_index, how->profile, vgpu, err);
}

bool vg_virtio_look(void *state, unsigned pgpu_index, struct vg_pgpu *pgpu, struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_slots_look(&virtio->slots, pgpu_index, pgpu, err);
}

bool vg_virtio_attach(void *state, const struct vg_vgpu *vgpu, struct vg_attachment *attachment, struct vg_error *err)
{
    (void)vgpu;
    (void)err;
    const struct virtio *virtio = state;
    const struct vg_host_mechanism *config = virtio->slots.config;
    *attachment = (struct vg_attachment) { .kind = VG_ATTACH_VIRTIO_GPU,
                                           .environment = config->environment.items,
                                           .environment_count = config->environment.count };
    if (virtio->venus) {
        attachment->virtio.venus = attachment->virtio.blob = true;
        attachment->virtio.hostmem_bytes = config->hostmem_bytes ? config->hostmem_bytes : DEFAULT_HOSTMEM_BYTES;
    }
    return true;
}

/* The cores that are the pGPU; NULL if the host file gives it none. */
static const char *cores_of(const struct virtio *virtio, unsigned pgpu_index)
{
    return virtio->slots.host->pgpus[pgpu_index].cpus;
}

bool vg_virtio_adopt(void *state, const struct vg_policy_tenant *tenant, struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_scheduler_adopt(virtio->scheduler, tenant, cores_of(virtio, tenant->vgpu->pgpu_index), err);
}

bool vg_virtio_release(void *state, const struct vg_vgpu *vgpu, struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_scheduler_release(virtio->scheduler, vgpu, err);
}

bool vg_virtio_locate(void *state, const struct vg_policy_tenant *tenant, cpu_set_t *cores, unsigned *renderers,
                      struct vg_error *err)
{
    const struct virtio *virtio = state;
    struct vg_pids pids = { 0 };
    (void)err;
    CPU_ZERO(cores);
    *renderers = 0;
    if (virtio->venus)
        vg_renderer_processes(tenant->pid, &pids);
    else
        vg_renderer_threads(tenant->pid, &pids);
    for (unsigned i = 0; i < pids.count; i++) /* one that ended meanwhile is nowhere */
        *renderers +=
            virtio->venus ? vg_cores_of_process(pids.items[i], cores) : vg_cores_of_thread(pids.items[i], cores);
    vg_pids_free(&pids);
    return true;
}

enum vg_refusal vg_virtio_policy(void *state, unsigned pgpu_index, const struct vg_host_policy *policy,
                                 const struct vg_policy_tenant *tenants, unsigned tenant_count, struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_scheduler_apply(virtio->scheduler, policy, cores_of(virtio, pgpu_index), tenants, tenant_count, err);
}

bool vg_virtio_read_policy(void *state, const struct vg_vgpu *vgpu, struct vg_policy_knob *knobs, unsigned *count,
                           struct vg_error *err)
{
    struct virtio *virtio = state;
    return vg_scheduler_read(virtio->scheduler, vgpu, knobs, count, err);
}

bool vg_virtio_destroy(void *state, struct vg_vgpu *vgpu, struct vg_error *err)
{
    struct virtio *virtio = state;
    /* The count first: even if the scheduler cannot tidy up, the slot is free. */
    bool released = vg_scheduler_release(virtio->scheduler, vgpu, err);
    return vg_slots_destroy(&virtio->slots, vgpu, err) && released;
}
