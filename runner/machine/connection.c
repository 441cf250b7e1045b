/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection to libvirt: opened, kept tidy while it lasts, and closed with nothing left behind. */
#include "machine/internal.h"
#include <errno.h>
#include <libvirt/virterror.h>

#define EMBED_URI       "qemu:///embed"
#define HOUSEKEEPING_MS 500
#define STARTING_MS     50 /* a QEMU that dies while it starts keeps libvirt waiting until it is collected */
#define NAME_PREFIX     "vgauge-"

static void on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *context)
{
    (void)connection;
    char uuid[VIR_UUID_STRING_BUFLEN];
    if (virDomainGetUUIDString(domain, uuid) == 0)
        vg_vm_event(context, uuid, event, detail);
}

static void on_timer(int timer, void *context)
{
    (void)timer;
    struct vg_machine *machine = context;
    pthread_mutex_lock(&machine->lock);
    for (const struct vg_vm *vm = machine->vms; vm; vm = vm->next)
        vg_vm_bound_files(vm);
    pthread_mutex_unlock(&machine->lock);
    vg_collect_orphans();
}

void vg_machine_starting(struct vg_machine *machine, int change)
{
    pthread_mutex_lock(&machine->lock);
    machine->starting += (unsigned)change;
    bool starting = machine->starting > 0;
    pthread_mutex_unlock(&machine->lock);
    virEventUpdateTimeout(machine->timer, starting ? STARTING_MS : HOUSEKEEPING_MS);
}

static void on_released(void *context)
{
    struct vg_machine *machine = context;
    sem_post(&machine->released);
}

static void destroy_leftovers(virConnectPtr connection)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    for (int i = 0; i < count; i++) {
        const char *name = virDomainGetName(domains[i]);
        if (name && strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0) {
            vg_warn("destroying %s, which a run that died left behind", name);
            virDomainDestroy(domains[i]);
        }
        virDomainFree(domains[i]);
    }
    free(domains);
}

static bool watch(struct vg_machine *machine, struct vg_error *err)
{
    machine->callback = virConnectDomainEventRegisterAny(machine->connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                         VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), machine, on_released);
    if (machine->callback < 0)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the events of VMs cannot be watched");
    machine->timer = virEventAddTimeout(HOUSEKEEPING_MS, on_timer, machine, on_released);
    if (machine->timer < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "libvirt's event loop takes no timer");
    return true;
}

static void wait_released(struct vg_machine *machine)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    while (sem_timedwait(&machine->released, &until) < 0 && errno == EINTR)
        ;
}

void vg_machine_close(struct vg_machine *machine)
{
    if (!machine)
        return;
    for (;;) {
        pthread_mutex_lock(&machine->lock);
        struct vg_vm *vm = machine->vms;
        pthread_mutex_unlock(&machine->lock);
        if (!vm)
            break;
        vg_vm_orphan(vm);
    }
    if (machine->callback >= 0 && virConnectDomainEventDeregisterAny(machine->connection, machine->callback) == 0)
        wait_released(machine);
    if (machine->timer >= 0 && virEventRemoveTimeout(machine->timer) == 0)
        wait_released(machine);
    if (machine->connection)
        virConnectClose(machine->connection);
    vg_event_loop_release();
    if (machine->claim >= 0)
        vg_runtime_release(machine->claim);
    pthread_mutex_destroy(&machine->lock);
    sem_destroy(&machine->released);
    free(machine->directory);
    free(machine->root);
    free(machine->emulator);
    free(machine);
}

static bool connect_to(struct vg_machine *machine, const char *uri, struct vg_error *err)
{
    vg_autofree char *private_uri = NULL;
    if (strcmp(uri, EMBED_URI) == 0) {
        machine->root = vg_embed_root_make(machine->directory, err);
        if (!machine->root)
            return false;
        private_uri = vg_embed_uri(machine->root);
    }
    machine->connection = virConnectOpen(private_uri ? private_uri : uri);
    if (!machine->connection)
        return vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "cannot connect to the hypervisor at %s", uri);
    if (machine->root)
        destroy_leftovers(machine->connection);
    return watch(machine, err);
}

struct vg_machine *vg_machine_open(const struct vg_machine_config *config, struct vg_error *err)
{
    if (!config->uri || !*config->uri) {
        vg_fail(err, VG_ERROR_INPUT, "the host file names no libvirt connection");
        return NULL;
    }
    if (!vg_make_directories(config->runtime_directory, err) || !vg_libvirt_prepare(config->runtime_directory, err) ||
        !vg_event_loop_use(err))
        return NULL;
    struct vg_machine *machine = vg_calloc(1, sizeof(*machine));
    machine->directory = vg_strdup(config->runtime_directory);
    machine->emulator = config->emulator ? vg_strdup(config->emulator) : NULL;
    machine->callback = machine->timer = -1;
    pthread_mutex_init(&machine->lock, NULL);
    sem_init(&machine->released, 0, 0);
    machine->claim = vg_runtime_claim(config->runtime_directory, err);
    if (machine->claim < 0 || !connect_to(machine, config->uri, err)) {
        vg_machine_close(machine);
        return NULL;
    }
    return machine;
}

static char *version_text(unsigned long version)
{
    return vg_format("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* "QEMU emulator version 10.0.2 (Debian ...)": the version. NULL if it does not say. */
static char *emulator_version(const char *emulator)
{
    const char *const argv[] = { emulator, "--version", NULL };
    vg_autofree char *output = NULL;
    int status;
    struct vg_error error = { 0 };
    if (!vg_run_command(argv, 10000, 4096, &output, &status, &error) || status != 0)
        return NULL;
    const char *version = strstr(output, "version ");
    if (!version)
        return NULL;
    version += strlen("version ");
    size_t length = strspn(version, "0123456789.");
    return length && length < 32 ? vg_format("%.*s", (int)length, version) : NULL;
}

char *vg_machine_version(struct vg_machine *machine)
{
    unsigned long library = 0, hypervisor = 0;
    if (virConnectGetLibVersion(machine->connection, &library) < 0)
        return vg_strdup("libvirt of an unknown version");
    vg_autofree char *library_text = version_text(library);
    vg_autofree char *emulator_text = machine->emulator ? emulator_version(machine->emulator) : NULL;
    /* The in-process driver knows no default emulator, and so no version, unless the host has a QEMU of its own. */
    if (!emulator_text && virConnectGetVersion(machine->connection, &hypervisor) == 0 && hypervisor)
        emulator_text = version_text(hypervisor);
    const char *type = virConnectGetType(machine->connection);
    return emulator_text ? vg_format("libvirt %s, %s %s", library_text, type ? type : "hypervisor", emulator_text)
                         : vg_format("libvirt %s", library_text);
}
