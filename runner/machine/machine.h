/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public face of machine/: VMs through libvirt, and native tenants as processes. Knows what a vGPU needs in a
 * domain only as a vg_attachment; which mechanism made it does not matter here. */
#ifndef VG_MACHINE_H
#define VG_MACHINE_H

#include <stdint.h>
#include <sys/types.h>
#include "base/base.h"

/* What a vGPU adds to a libvirt domain. */
enum vg_attachment_kind { VG_ATTACH_NOTHING, VG_ATTACH_VIRTIO_GPU, VG_ATTACH_MDEV, VG_ATTACH_PCI };
struct vg_attachment {
    enum vg_attachment_kind kind;
    struct {
        bool venus; /* Vulkan by Venus; also turns blob resources on */
        bool blob;
        uint64_t hostmem_bytes; /* host-visible window; 0 without blob */
    } virtio;
    char mdev_uuid[37];
    struct {
        unsigned domain, bus, slot, function;
        bool managed;
    } pci;
    char **environment; /* NAME=value for QEMU and so for the renderers that it starts; not owned */
    unsigned environment_count;
    bool hypervisors_driver; /* a native tenant's: what renders for VMs, from the reference hypervisor's tree */
};

enum vg_accel { VG_ACCEL_TCG, VG_ACCEL_KVM };
enum vg_display { VG_DISPLAY_SDL, VG_DISPLAY_EGL_HEADLESS };

/* Everything that decides a domain's XML. Pure data: vg_domain_xml() reads nothing else. */
struct vg_vm_spec {
    const char *name; /* "vgauge-<run>-<tenant>" */
    const char *uuid;
    unsigned memory_mib;
    unsigned vcpus;
    enum vg_accel accel;
    const char *emulator;
    const char *firmware; /* ROM image; NULL: the machine type's own */
    const char *kernel, *initrd, *cmdline;
    const char *rootfs;       /* read-only raw image, first virtio-blk disk */
    const char *payload;      /* read-only raw image, second virtio-blk disk */
    const char *link_socket;  /* host end of virtio-serial port org.vgauge.0; QEMU listens */
    const char *console_file; /* guest serial console is appended here */
    enum vg_display display;
    const char *x_display;   /* ":7", for VG_DISPLAY_SDL */
    const char *x_authority; /* path, may be NULL */
    const char *render_node; /* for VG_DISPLAY_EGL_HEADLESS */
    struct vg_attachment attachment;
};

/* The libvirt domain XML, indented. Caller frees. */
char *vg_domain_xml(const struct vg_vm_spec *spec, struct vg_error *err);

/* --- a connection ------------------------------------------------------------------------------------------------- */

struct vg_machine_config {
    const char *uri; /* any libvirt URI; exactly "qemu:///embed" is given a private root below runtime_directory */
    const char *runtime_directory; /* private, short path: sockets live here (sun_path holds 108 bytes) */
    const char *emulator;          /* whose version vg_machine_version tells; may be NULL */
};

struct vg_machine;
/* Starts libvirt's event loop in a thread of its own, connects. The error of an unreachable URI names it and what
 * libvirt said. Destroys domains named vgauge-* left in this very embed root by a runner that died. */
struct vg_machine *vg_machine_open(const struct vg_machine_config *config, struct vg_error *err);
/* Destroys every VM that was started through it, then disconnects. */
void vg_machine_close(struct vg_machine *machine);
/* Ends what killed runners left: finds the runtime directories of dead runners directly below runtime_parent, kills
 * their VMs and X servers and removes the directories. Returns how many. Every run calls it first. */
unsigned vg_machine_reap(const char *runtime_parent);
/* "libvirt 9.0.0, QEMU 10.0.2" for the fingerprint; caller frees. */
char *vg_machine_version(struct vg_machine *machine);

/* Locks a run's directory for as long as this process lives, so that a reaper can tell that its owner is alive. The
 * descriptor is shared by all who claim it in this process. -1 on error. */
int vg_runtime_claim(const char *directory, struct vg_error *err);
void vg_runtime_release(int claim);
/* Removes a run's directory, its claim last, so that what a kill leaves of it is reaped. */
bool vg_runtime_remove(const char *directory, struct vg_error *err);

/* ledger.c: mediated devices outlive who made them, so that each is noted before it is made. From `begin` to the next
 * (NULL: no more), vg_ledger_note puts "/sys/.../UUID" down, unless it is there already; vg_machine_reap removes those
 * of killed runs. Any thread. */
void vg_ledger_begin(const char *runtime_directory);
bool vg_ledger_note(const char *device, struct vg_error *err);
/* ledger-pci.c: the same for PCI functions; function: "/sys/.../pci/devices/ADDRESS" below any root. Before it is given
 * to vfio-pci or gets a vGPU, unless it has one or the other; and after that was taken back, unless it still has, or no
 * driver has it. driver: its own, which must have it again then; NULL or "": it needs none. */
bool vg_ledger_note_given(const char *function, const char *driver, struct vg_error *err);
void vg_ledger_note_back(const char *function, const char *driver);
/* Before a PF's number of VFs becomes another. */
bool vg_ledger_note_vfs(const char *function, unsigned before, unsigned after, struct vg_error *err);
/* ledger-settings.c: before a setting of a pGPU's driver becomes another for a time (a VF's vram_quota or lmem_quota, a
 * PF's sriov_drivers_autoprobe), and once more if the driver made something else of it; and when it is as it was. */
bool vg_ledger_note_set(const char *path, uint64_t before, uint64_t now, struct vg_error *err);
void vg_ledger_note_reset(const char *path);
/* A run that ends by itself: what vg_machine_reap does for a killed one, but for mediated devices, which their
 * mechanism destroys. The VFs are as they were before the run, unless somebody else has one. False: a mediated device
 * that was noted is still there, so that the directory must stay for vg_machine_reap, which tries again. */
bool vg_ledger_end(const char *runtime_directory);

/* --- a VM --------------------------------------------------------------------------------------------------------- */

struct vg_vm;
enum vg_vm_stop { VG_VM_DESTROY, VG_VM_KILL }; /* by libvirt; SIGKILL of the VMM, then libvirt cleans up */

/* Starts the domain; returns once QEMU runs (not once the guest booted). Thread-safe: tenants boot in parallel. */
struct vg_vm *vg_vm_start(struct vg_machine *machine, const struct vg_vm_spec *spec, struct vg_error *err);
/* The link socket, connected. Non-blocking fd owned by the caller. */
int vg_vm_connect_link(struct vg_vm *vm, int timeout_ms, struct vg_error *err);
pid_t vg_vm_pid(const struct vg_vm *vm);
/* Alive: the domain runs. Otherwise *why (borrowed) says how it ended: "shutdown", "crashed", "destroyed", ... */
bool vg_vm_alive(struct vg_vm *vm, const char **why);
/* The guest stands still, and its clocks with it. The VM counts as alive meanwhile. */
bool vg_vm_pause(struct vg_vm *vm, struct vg_error *err);
bool vg_vm_resume(struct vg_vm *vm, struct vg_error *err);
/* Pins vCPUs and the emulator (with all threads of QEMU that are not vCPUs) to host cores, live. NULL: leaves as is. */
bool vg_vm_pin(struct vg_vm *vm, const char *cpus, struct vg_error *err);
/* Ends the VM in the given way, waits until the process is gone and libvirt has forgotten the domain (at most 10 s).
 * Also right for a guest that powered itself off. The vm stays valid until vg_vm_free. */
bool vg_vm_stop(struct vg_vm *vm, enum vg_vm_stop how, struct vg_error *err);
/* Waits for a guest that is shutting itself down; then as vg_vm_stop(VG_VM_DESTROY). */
bool vg_vm_wait_shutdown(struct vg_vm *vm, int timeout_ms, struct vg_error *err);
bool vg_vm_reset(struct vg_vm *vm, struct vg_error *err);
/* Asks for what a vGPU may forbid: "save", "snapshot", "migrate"; "plug", "unplug" of a vGPU by libvirt, "plug-vmm",
 * "unplug-vmm" by the VMM itself. True: it was done. *said: what was answered, printable, "" if nothing; caller frees.
 */
bool vg_vm_request(struct vg_vm *vm, const char *what, char **said);
void vg_vm_free(struct vg_vm *vm); /* stops it if it still runs */
/* Last lines of the guest's console, printable. Caller frees; "" if there is none. */
char *vg_console_tail(const char *console_file, unsigned lines);
/* Asks the VMM over its QMP monitor, e.g. {"execute":"query-stats","arguments":{...}}, and waits at most timeout_ms.
 * *answer: the whole reply as JSON text, {"return":...} or {"error":...}, foreign input; the caller frees it. Adds to
 * *cost_ns the CPU time that asking took on this side. Only one question at a time: while one is not answered,
 * VG_ERROR_TIMEOUT at once. May be called by any thread while the VM is not freed. */
enum { VG_MONITOR_ANSWER_MAX = 1 << 20 };
bool vg_vm_monitor(struct vg_vm *vm, const char *command, int timeout_ms, char **answer, int64_t *cost_ns,
                   struct vg_error *err);
/* Last lines of QEMU's own log (embed root), printable. Caller frees. */
char *vg_vm_log_tail(struct vg_vm *vm, unsigned lines);

/* --- display ------------------------------------------------------------------------------------------------------ */

/* A private Xvfb: free display number, own authority file, killed when the runner dies (PDEATHSIG) and on stop. */
struct vg_xvfb;
struct vg_xvfb *vg_xvfb_start(const char *runtime_directory, struct vg_error *err);
const char *vg_xvfb_display(const struct vg_xvfb *xvfb);
const char *vg_xvfb_authority(const struct vg_xvfb *xvfb);
void vg_xvfb_stop(struct vg_xvfb *xvfb);

/* --- KVM ---------------------------------------------------------------------------------------------------------- */

/* /dev/kvm that opens does not prove that a guest runs: only a guest that reached its agent does. Boots one (through
 * `boot`, which starts a VM with KVM and waits for its hello) unless the answer for this kernel, CPU and image is
 * cached in cache_directory. *why: what was decided and from what, a sentence; caller frees. */
bool vg_kvm_works(const char *cache_directory, const char *image_key, bool (*boot)(void *context, struct vg_error *err),
                  void *context, char **why);

/* --- native tenants ----------------------------------------------------------------------------------------------- */

struct vg_process_spec {
    /* The agent's path, behind that of a program, with its arguments, that becomes it; ends with NULL. */
    const char *const *agent;
    const char *directory;    /* to run in */
    char *const *environment; /* NAME=value, added to ours */
    unsigned environment_count;
    const char *console_file; /* gets what it prints; NULL: nobody */
};
/* Runs the agent as a process of this host, speaking the same protocol over a socket pair. The process and its children
 * die with the runner. *fd: non-blocking, owned by the caller. */
struct vg_process;
struct vg_process *vg_process_start(const struct vg_process_spec *spec, int *fd, struct vg_error *err);
pid_t vg_process_pid(const struct vg_process *process);
bool vg_process_alive(struct vg_process *process);
void vg_process_stop(struct vg_process *process); /* SIGKILL of the whole group; waits; frees */

/* --- images ------------------------------------------------------------------------------------------------------- */

struct vg_images {
    char *emulator, *kernel, *initrd, *rootfs, *cmdline;
    char *firmware; /* of the reference tree's emulator: qboot, which starts a kernel half a second earlier */
    char *guest_key, *tree_key;
    char *tree, *in_tree; /* the reference hypervisor's files, and the program that becomes another among them */
    char *extra_rootfs, *extra_key; /* of the image with test suites of others; NULL: not built */
};
/* What guest-workloads/image/build-images made, from its --print output (never builds). The error says to run
 * `make images`. */
bool vg_images_find(struct vg_images *images, struct vg_error *err);
void vg_images_free(struct vg_images *images);
/* Whether the recipe put a Debian package ("piglit") into the image whose root file system this is: it left a list,
 * `packages`, beside it. Without the list: false. */
bool vg_image_has(const char *rootfs, const char *package);

#endif
