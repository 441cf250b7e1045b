/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of machine/ share with each other and with nobody else. */
#ifndef VG_MACHINE_INTERNAL_H
#define VG_MACHINE_INTERNAL_H

#include <libvirt/libvirt.h>
#include <pthread.h>
#include <semaphore.h>
#include "machine/machine.h"

struct vg_machine {
    virConnectPtr connection;
    char *directory; /* the run's own: sockets, pid files, libvirt's root */
    char *root;      /* libvirt's private root below it; NULL unless qemu:///embed */
    char *emulator;  /* may be NULL */
    int claim;       /* descriptor that holds the lock on `directory` */
    int callback, timer;
    sem_t released;       /* posted once each when libvirt lets go of callback and timer */
    pthread_mutex_t lock; /* of vms, and of every vm's `ended`, `halted`, `paused` and `why` */
    struct vg_vm *vms;
    unsigned starting; /* VMs that libvirt is starting now */
};

struct vg_vm {
    struct vg_vm *next;
    struct vg_machine *machine;
    virDomainPtr domain;
    char *name, *uuid, *link_socket, *console_file;
    char *log_file;  /* QEMU's stderr; NULL unless qemu:///embed */
    bool rasterizes; /* its renderer is threads of QEMU itself: virgl */
    struct vg_monitor *monitor;
    pid_t pid;     /* 0: not a process of this host */
    pid_t session; /* of QEMU and of every process that it starts; 0 if it is not QEMU's own */
    int pidfd;     /* -1: as pid */
    bool ended;    /* libvirt has said so */
    bool halted;   /* QEMU stands still; if it is not `paused`, its accelerator gave up */
    bool paused;   /* by us */
    char why[64];
};

/* --- libvirt (libvirt.c) ------------------------------------------------------------------------------------------ */

/* Once per process: threads, silence (libvirt prints to stderr by itself otherwise) and its log in log_directory. */
bool vg_libvirt_prepare(const char *log_directory, struct vg_error *err);
/* vg_fail with the sentence followed by what libvirt last said in this thread. */
bool vg_fail_libvirt(struct vg_error *err, enum vg_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The event loop's thread runs while somebody uses it. */
bool vg_event_loop_use(struct vg_error *err);
void vg_event_loop_release(void);
/* Collects the exit of a detached process that has become our child, as soon as it ends. */
void vg_collect_at_exit(pid_t pid);

/* --- the private root (embed-root.c) ------------------------------------------------------------------------------ */

/* Makes the root of an in-process QEMU driver below directory with its qemu.conf. Returns its path or NULL. */
char *vg_embed_root_make(const char *directory, struct vg_error *err);
char *vg_embed_uri(const char *root); /* caller frees */

/* --- processes (processes.c) -------------------------------------------------------------------------------------- */

int vg_pidfd_open(pid_t pid); /* -1 with errno */
bool vg_pidfd_gone(int pidfd);
/* Session of a process, 0 if it cannot be read. */
pid_t vg_process_session(pid_t pid);
/* Removes what the ledger of a killed run names and is still there. False: a mediated device stays, and so must its
 * note. */
bool vg_ledger_undo(const char *runtime_directory);
/* One line, whole, with its end, before `of` is made. */
bool vg_ledger_is_uuid(const char *name);
bool vg_ledger_write(const char *line, const char *of, struct vg_error *err);
/* Lines of PCI functions, in their order; undo puts back what they say, and frees. */
struct vg_ledger_pci;
struct vg_ledger_pci *vg_ledger_pci_new(void);
void vg_ledger_pci_take(struct vg_ledger_pci *all, const char *line);
void vg_ledger_pci_release(const struct vg_ledger_pci *all); /* first: what was given or has a vGPU; undo does VFs */
void vg_ledger_pci_undo(struct vg_ledger_pci *all_stolen);
/* "/sys/.../pci/devices/ADDRESS/REST": *function is what stands before "/REST"; caller frees. False: it is none. */
bool vg_ledger_below_function(const char *path, char **function);
/* Somebody has the function: vfio-pci, a vGPU, a mediated device or a process. */
bool vg_ledger_is_used(const char *function);
/* Lines of settings (ledger-settings.c), in the same way. */
struct vg_ledger_settings;
struct vg_ledger_settings *vg_ledger_settings_new(void);
void vg_ledger_settings_take(struct vg_ledger_settings *all, const char *line);
void vg_ledger_settings_undo(struct vg_ledger_settings *all_stolen);
/* Whether a process of this host has the file open. Ours too. */
bool vg_file_is_open(const char *path);

/* SIGKILL to all processes of a session that is not ours, again until none is left, at most timeout_ms; collects those
 * that have become our children. */
bool vg_session_kill(pid_t session, int timeout_ms);
/* Collects the zombies among the children that we have only because their parents ended. */
void vg_collect_orphans(void);
/* Command line of a process, arguments separated by a blank; NULL if it is gone. Caller frees. */
char *vg_process_command_line(pid_t pid);
/* The process whose command line holds both words; 0 if there is none. ours: of this user only. */
pid_t vg_process_find(const char *word, const char *other, bool ours);
/* SIGTERM, and SIGKILL if that did not help within grace_ms; waits until it is gone. */
void vg_process_end(pid_t pid, int grace_ms);
bool vg_read_pid_file(const char *path, pid_t *pid);

struct vg_spawn {
    const char *const *argv;
    char **environment;    /* complete, ends with NULL; NULL: ours */
    const char *directory; /* NULL: ours */
    int output_fd;         /* becomes stdout and stderr */
    int fd3;               /* becomes descriptor 3; -1: none */
    int death_signal;      /* what it gets when this process dies */
};
/* Starts a process in a session of its own. The signal at our death comes only if we really die, not when the calling
 * thread ends. Returns the pid, or -1. */
pid_t vg_spawn(const struct vg_spawn *spawn, struct vg_error *err);

/* --- the VMM's monitor (monitor.c) -------------------------------------------------------------------------------- */

struct vg_monitor *vg_monitor_new(void);
/* Waits at most timeout_ms for a question that is under way. The VM is stopped, which ends every question. */
void vg_monitor_close(struct vg_monitor *monitor, int timeout_ms);

/* --- consoles (console.c) ----------------------------------------------------------------------------------------- */

/* A guest can print without end: cuts what its files have grown to when it is too much. Called now and then. */
void vg_vm_bound_files(const struct vg_vm *vm);
char *vg_file_tail(const char *path, unsigned lines);

/* Marks a VM as ended or halted from libvirt's events (vm.c). */
void vg_vm_event(struct vg_machine *machine, const char *uuid, int event, int detail);
/* Says that libvirt begins (+1) or is done (-1) with starting a VM (connection.c). */
void vg_machine_starting(struct vg_machine *machine, int change);
/* Finds QEMU's process once the domain runs (vm-process.c). */
void vg_vm_locate(struct vg_vm *vm);
/* Forgets the machine, which is about to go; the VM is stopped (vm.c). */
void vg_vm_orphan(struct vg_vm *vm);

#endif
