/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether KVM runs anything, by running a guest of three instructions: it needs no image and takes a millisecond. That
 * a whole guest boots is another question, which the rehearsal asks. In a child, so that a KVM that hangs costs
 * seconds and not the doctor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "doctor/internal.h"

enum { GUEST_LIMIT_S = 5, CODE_AT = 0x1000, PORT = 0x10, ANSWER = 42 };
enum stage { RAN, NO_VM, NO_MEMORY, NO_VCPU, NO_REGISTERS, NO_RUN, WRONG_EXIT };

/* mov al, 42; out 0x10, al; hlt */
static const unsigned char code[] = { 0xb0, ANSWER, 0xe6, PORT, 0xf4 };

static bool load(int vm, unsigned char *memory)
{
    memcpy(memory, code, sizeof(code));
    struct kvm_userspace_memory_region region = { .guest_phys_addr = CODE_AT,
                                                  .memory_size = 4096,
                                                  .userspace_addr = (uintptr_t)memory };
    return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0;
}

static bool point_at_code(int vcpu)
{
    struct kvm_sregs special;
    if (ioctl(vcpu, KVM_GET_SREGS, &special) < 0)
        return false;
    special.cs.base = 0;
    special.cs.selector = 0;
    struct kvm_regs registers = { .rip = CODE_AT, .rflags = 2 };
    return ioctl(vcpu, KVM_SET_SREGS, &special) == 0 && ioctl(vcpu, KVM_SET_REGS, &registers) == 0;
}

static enum stage run_guest(int kvm)
{
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0)
        return NO_VM;
    static unsigned char memory[4096] __attribute__((aligned(4096)));
    if (!load(vm, memory))
        return NO_MEMORY;
    int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vcpu < 0 || size < (int)sizeof(struct kvm_run))
        return NO_VCPU;
    struct kvm_run *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (run == MAP_FAILED || !point_at_code(vcpu))
        return NO_REGISTERS;
    if (ioctl(vcpu, KVM_RUN, 0) < 0)
        return NO_RUN;
    bool spoke = run->exit_reason == KVM_EXIT_IO && run->io.port == PORT && run->io.direction == KVM_EXIT_IO_OUT &&
                 ((unsigned char *)run)[run->io.data_offset] == ANSWER;
    if (!spoke)
        return WRONG_EXIT;
    if (ioctl(vcpu, KVM_RUN, 0) < 0)
        return NO_RUN;
    return run->exit_reason == KVM_EXIT_HLT ? RAN : WRONG_EXIT;
}

/* What the child's end says, as a sentence; *ran: whether the guest did what it was told. */
static char *outcome(int status, bool *ran)
{
    static const char *const stages[] = {
        [RAN] = "a guest of three instructions ran and stopped",
        [NO_VM] = "a VM could not be created",
        [NO_MEMORY] = "a VM was given no memory",
        [NO_VCPU] = "a vCPU could not be created",
        [NO_REGISTERS] = "a vCPU's registers could not be set",
        [NO_RUN] = "a guest of three instructions could not be run",
        [WRONG_EXIT] = "a guest of three instructions did not do what they say",
    };
    *ran = WIFEXITED(status) && WEXITSTATUS(status) == RAN;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM
                   ? vg_format("a guest of three instructions did not end within %d s", GUEST_LIMIT_S)
                   : vg_format("running a guest of three instructions ended by signal %d", WTERMSIG(status));
    unsigned stage = WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : VG_COUNT(stages);
    return vg_strdup(stage < VG_COUNT(stages) ? stages[stage] : "running a guest of three instructions went wrong");
}

static char *try_guest(int kvm, bool *ran)
{
    *ran = false;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        alarm(GUEST_LIMIT_S);
        _exit((int)run_guest(kvm));
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return vg_format("no process could be started to try it (%s)", strerror(errno));
    return outcome(status, ran);
}

static void examine(const struct vg_check *check, const struct vg_patient *patient, struct vg_findings *findings)
{
    static const char what[] = "instructions under KVM";
    const bool asked_for = vg_equal(patient->host->machine.accel, "kvm") && vg_patient_has_vms(patient);
    vg_autofree char *device = vg_patient_path(patient, "/dev/kvm");
    vg_autoclose int kvm = open(device, O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        vg_autofree char *found = vg_format("%s: %s", device, strerror(errno));
        vg_find(findings, check, VG_CANNOT, what, found,
                errno == ENOENT ? "turn virtualisation on in the firmware (or nested virtualisation on the host below) "
                                  "and load kvm_intel or kvm_amd; without it guests run under TCG, many times slower"
                                : "join the group that owns the device (kvm), or run as root");
    } else if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
        vg_autofree char *found = vg_format("%s does not speak KVM's interface, version %d", device, KVM_API_VERSION);
        vg_find(findings, check, VG_CANNOT, what, found, "look at what provides the device");
    } else {
        bool ran;
        vg_autofree char *tried = try_guest(kvm, &ran);
        vg_autofree char *found = vg_format("%s opens; %s", device, tried);
        vg_find(findings, check, ran ? VG_CAN : VG_CANNOT, what, found,
                ran ? NULL
                    : "the device is there, but guests do not run (typical of filtered nested virtualisation): use TCG "
                      "(accel: tcg), or a host that offers virtualisation to this one");
    }
    if (asked_for)
        vg_find_stops(findings, VG_STOPS_VMS);
}

VG_CHECK(kvm) = {
    .kind = VG_KIND_CHECK,
    .name = "kvm",
    .summary = "Runs a guest of three instructions under KVM",
    .why = "A /dev/kvm that opens, and even creates a VM, may not run a guest",
    .order = 10,
    .examine = examine,
};
