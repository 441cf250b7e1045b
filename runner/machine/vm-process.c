/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The VMM as a process of this host: which one it is, and on which cores its threads may run. */
#include <errno.h>
#include <sched.h>
#include "machine/internal.h"

/* The software rasterizer's threads. Under virgl they are the pGPU, not the VMM; under Venus they only draw QEMU's
 * window. */
#define RASTERIZER "llvmpipe-"

void vg_vm_locate(struct vg_vm *vm)
{
    if (vm->machine->root) {
        vg_autofree char *path = vg_format("%s/run/qemu/%s.pid", vm->machine->root, vm->name);
        if (!vg_read_pid_file(path, &vm->pid))
            vm->pid = 0;
    }
    if (!vm->pid) {
        vg_autofree char *guest = vg_format("guest=%s,", vm->name);
        vm->pid = vg_process_find(guest, vm->uuid, false);
    }
    vm->pidfd = vm->pid ? vg_pidfd_open(vm->pid) : -1;
    /* A process id that was reused in between would not have our name on its command line. */
    vg_autofree char *line = vm->pidfd >= 0 ? vg_process_command_line(vm->pid) : NULL;
    if (vm->pidfd >= 0 && !(line && strstr(line, vm->uuid)) && !vg_pidfd_gone(vm->pidfd)) {
        close(vm->pidfd);
        vm->pidfd = -1;
    }
    if (vm->pidfd < 0)
        vm->pid = 0;
    else
        vg_collect_at_exit(vm->pid);
    pid_t session = vm->pid ? vg_process_session(vm->pid) : 0;
    vm->session = session > 1 && session != getsid(0) ? session : 0;
}

static bool is_rasterizer(pid_t pid, const char *thread)
{
    vg_autofree char *path = vg_format("/proc/%d/task/%s/comm", (int)pid, thread);
    vg_autofree char *name = NULL;
    struct vg_error error = { 0 };
    return vg_read_attribute(path, &name, &error) && strncmp(name, RASTERIZER, strlen(RASTERIZER)) == 0;
}

/* One walk over the threads. *moved: how many were elsewhere before. */
static bool pin_threads(const struct vg_vm *vm, const cpu_set_t *cores, unsigned *moved, struct vg_error *err)
{
    vg_autofree char *path = vg_format("/proc/%d/task", (int)vm->pid);
    vg_autodir DIR *threads = opendir(path);
    if (!threads)
        return vg_fail_errno(err, VG_ERROR_TENANT, errno, "cannot list the threads of QEMU (%s)", path);
    *moved = 0;
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;) {
        long long thread;
        cpu_set_t now;
        if (!vg_parse_int(entry->d_name, &thread) || (vm->rasterizes && is_rasterizer(vm->pid, entry->d_name)))
            continue;
        if (sched_getaffinity((pid_t)thread, sizeof(now), &now) < 0 || CPU_EQUAL(&now, cores))
            continue; /* gone, or already there */
        if (sched_setaffinity((pid_t)thread, sizeof(*cores), cores) < 0 && errno != ESRCH)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot pin thread %lld of QEMU", thread);
        ++*moved;
    }
    return true;
}

static bool pin_by_libvirt(struct vg_vm *vm, const cpu_set_t *cores, struct vg_error *err)
{
    unsigned char map[CPU_SETSIZE / 8] = { 0 };
    int length = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cores)) {
            map[cpu / 8] |= (unsigned char)(1U << (cpu % 8));
            length = cpu / 8 + 1;
        }
    int vcpus = virDomainGetVcpusFlags(vm->domain, VIR_DOMAIN_AFFECT_LIVE);
    bool pinned = vcpus > 0 && virDomainPinEmulator(vm->domain, map, length, VIR_DOMAIN_AFFECT_LIVE) == 0;
    for (int vcpu = 0; pinned && vcpu < vcpus; vcpu++)
        pinned = virDomainPinVcpuFlags(vm->domain, (unsigned)vcpu, map, length, VIR_DOMAIN_AFFECT_LIVE) == 0;
    return pinned || vg_fail_libvirt(err, VG_ERROR_ENVIRONMENT, "the VM %s cannot be pinned", vm->name);
}

bool vg_vm_pin(struct vg_vm *vm, const char *cpus, struct vg_error *err)
{
    cpu_set_t cores;
    if (!cpus)
        return true;
    if (!vg_parse_cpu_list(cpus, &cores))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is no list of cores such as 0-3,5", cpus);
    if (!vm->machine)
        return vg_fail(err, VG_ERROR_TENANT, "the VM %s is gone", vm->name);
    /* A daemon keeps VMs in cgroups that it must be asked about. The in-process driver has none here, and its emulator
     * pinning then reaches only QEMU's main thread. */
    if (!vm->machine->root)
        return pin_by_libvirt(vm, &cores, err);
    if (!vm->pid)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the process of the VM %s is not known, so it cannot be pinned",
                       vm->name);
    /* Threads are born from threads: once a walk finds all of them in place, so will be their children. */
    unsigned moved = 1;
    for (int walk = 0; walk < 10 && moved; walk++)
        if (!pin_threads(vm, &cores, &moved, err))
            return vg_wrap(err, "the VM %s cannot be pinned to cores %s", vm->name, cpus);
    return !moved || vg_fail(err, VG_ERROR_ENVIRONMENT, "threads of the VM %s do not stay on cores %s", vm->name, cpus);
}
