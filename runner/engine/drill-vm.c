/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a vGPU when the VM that has it ends. The VM is a process that holds the VFIO device open, as a VMM
 * does, and ends in the three ways in which VMs end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "engine/drill.h"

/* Opens the device in a child; *pid is its process once it has it. */
static bool start_vm(struct vg_drill *drill, int64_t instance, pid_t *pid, struct vg_error *err)
{
    vg_autofree char *path = NULL;
    int ends[2];
    if (!drill->mechanism->device(drill->state, drill->vgpus[instance], &path, err))
        return false;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a pipe");
    pid_t parent = getpid();
    *pid = fork();
    if (*pid == 0) { /* system calls only: other threads may hold locks */
        char said = 'n';
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        int fd = getppid() == parent ? open(path, O_RDWR | O_CLOEXEC) : -1; /* until the process ends */
        if (fd >= 0)
            said = 'y';
        if (write(ends[1], &said, 1) != 1 || said == 'n')
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    char said = 'n';
    bool up = *pid > 0 && read(ends[0], &said, 1) == 1 && said == 'y';
    close(ends[0]);
    if (up)
        return true;
    if (*pid > 0)
        waitpid(*pid, NULL, 0);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s cannot be opened", path);
}

static void end_vm(pid_t pid, unsigned way)
{
    /* By itself or by the host, or by a crash: for the kernel all are a closed file, if the driver has it right. */
    kill(pid, way == 0 ? SIGTERM : way == 1 ? SIGINT : SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool vg_drill_hold(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t instance, pid_t *pid)
{
    struct vg_error err = { 0 };
    struct vg_step *step = vg_drill_step(drill, VG_STEP_HOLD, round, pgpu);
    step->instance = instance;
    bool up = start_vm(drill, instance, pid, &err);
    step->outcome = up ? VG_REFUSED_NOT : VG_REFUSED_ERROR;
    step->end_ns = vg_now_ns();
    if (!up)
        vg_drill_trouble(drill, err.text);
    return up;
}

void vg_drill_let_go(struct vg_drill *drill, int64_t round, unsigned pgpu, int64_t instance, pid_t pid, unsigned way)
{
    struct vg_step *step = vg_drill_step(drill, VG_STEP_RELEASE, round, pgpu);
    step->instance = instance;
    step->wanted = way;
    end_vm(pid, way);
    step->end_ns = vg_now_ns();
    vg_drill_look(drill, pgpu);
}

static bool whole_or_largest(const struct vg_drill *drill, unsigned pgpu, unsigned *type)
{
    for (*type = 0; *type < drill->walk.classes[pgpu].type_count; ++*type)
        if (vg_capacity_maximum(&drill->walk.classes[pgpu], *type) == 1 &&
            !drill->walk.classes[pgpu].types[*type].whole)
            return true;
    return false;
}

/* Slots that live and die with their VM: while it runs another is refused; when it ends, however it does, the manager
 * notices by itself, and the one that waited starts. A VM per pGPU at a time, so that they boot side by side. */
static bool vm_bound(struct vg_drill *drill, struct vg_error *err)
{
    unsigned pgpus = drill->walk.class_count;
    long long rounds = (vg_drill_number(drill, "stops") * VG_DRILL_WAYS + pgpus - 1) / pgpus;
    for (long long round = 0; round <= rounds && !drill->trouble; round++) {
        for (unsigned pgpu = 0; pgpu < pgpus; pgpu++) {
            unsigned type;
            if (!whole_or_largest(drill, pgpu, &type)) {
                vg_drill_skip(drill, "no profile of %s fills a pGPU of this host alone", drill->config->name);
                return true;
            }
            vg_drill_create(drill, round, pgpu, type); /* from the second round on: the one that waited */
        }
        vg_drill_look_all(drill, round);
        for (unsigned i = 0; i < drill->vgpu_count && round < rounds && !drill->trouble; i++) {
            if (!drill->vgpus[i])
                continue;
            unsigned pgpu = i % pgpus, type;
            struct vg_error failed = { 0 };
            whole_or_largest(drill, pgpu, &type);
            vg_drill_create(drill, round, pgpu, type); /* refused: this one will wait */
            if (!vg_drill_end_vm(drill, round, i, (unsigned)((round + pgpu) % VG_DRILL_WAYS), &failed))
                vg_drill_trouble(drill, failed.text);
            vg_drill_look(drill, pgpu);
        }
        if (!vg_drill_turn(drill, err))
            return false;
    }
    vg_drill_drain(drill, rounds + 1);
    vg_drill_look_all(drill, rounds + 1);
    return true;
}

static bool lifetime(struct vg_drill *drill, struct vg_error *err)
{
    enum { WAYS = 3 };
    long long stops = vg_drill_number(drill, "stops");
    if (drill->with_tenants)
        return vm_bound(drill, err);
    if (!drill->mechanism->device) {
        vg_drill_skip(drill, "%s has no device that a VM would hold open", drill->mechanism->name);
        return true;
    }
    for (long long i = 0; i < stops * WAYS && !drill->trouble; i++) {
        unsigned pgpu = (unsigned)(i % drill->walk.class_count), way = (unsigned)(i % WAYS);
        unsigned type = vg_drill_random(drill, drill->walk.classes[pgpu].type_count);
        pid_t pid;
        int64_t instance = vg_drill_create(drill, i, pgpu, type);
        if (instance < 0 || !vg_drill_hold(drill, i, pgpu, instance, &pid))
            break;
        vg_drill_let_go(drill, i, pgpu, instance, pid, way); /* still there: instance-bound */
        if (!vg_drill_hold(drill, i, pgpu, instance, &pid))  /* and good for another VM */
            break;
        vg_drill_let_go(drill, i, pgpu, instance, pid, way);
        vg_drill_destroy(drill, i, instance);
        vg_drill_look(drill, pgpu);
        if (!vg_drill_turn(drill, err))
            return false;
    }
    vg_drill_drain(drill, stops * WAYS);
    return true;
}

VG_DRILL(lifetime) = {
    .kind = VG_KIND_ACTION,
    .name = "lifetime",
    .summary = "ends the VM of a vGPU in three ways and looks whether the vGPU is still there and good for another",
    .why = "a slot that goes with the VM, or stays for ever, is not what was promised",
    .params =
        VG_PARAMS {
            { .name = "stops",
              .type = VG_INT,
              .def = "10",
              .min = 1,
              .max = 1000,
              .unit = "1",
              .summary = "VMs ended in each way" },
            { .name = NULL },
        },
    .run = lifetime,
};

static bool remove_in_use(struct vg_drill *drill, struct vg_error *err)
{
    if (!drill->mechanism->device) {
        vg_drill_skip(drill, "%s has no device that a VM would hold open", drill->mechanism->name);
        return true;
    }
    for (unsigned pgpu = 0; pgpu < drill->walk.class_count && !drill->trouble; pgpu++) {
        pid_t pid;
        int64_t instance = vg_drill_create(drill, pgpu, pgpu, 0);
        if (instance < 0 || !vg_drill_hold(drill, pgpu, pgpu, instance, &pid))
            continue;
        bool gone = vg_drill_destroy(drill, pgpu, instance) == VG_REFUSED_NOT;
        vg_drill_look(drill, pgpu);
        vg_drill_let_go(drill, pgpu, pgpu, instance, pid, 0);
        if (!gone)
            vg_drill_destroy(drill, pgpu, instance);
        vg_drill_look(drill, pgpu);
        if (!vg_drill_turn(drill, err))
            return false;
    }
    vg_drill_drain(drill, drill->walk.class_count);
    return true;
}

VG_DRILL(remove_in_use) = {
    .kind = VG_KIND_ACTION,
    .name = "remove-in-use",
    .summary = "removes a vGPU while a VM has it",
    .why = "a driver that says yes and keeps the device has lost the slot",
    .run = remove_in_use,
};
