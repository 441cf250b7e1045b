/* SPDX-License-Identifier: MIT */
/* KVM's trace events about MMIO, read from the kernel's raw ring buffers with libtracefs and decoded with libtraceevent
 * by the kernel's own descriptions of them. In a buffer of its own (an instance of tracefs), so that nobody else's
 * tracing is disturbed. Works on a recorded tree as on a live one: nothing is looked for but under the root. */
#ifndef VG_KVM_EVENTS_H
#define VG_KVM_EVENTS_H

#include <sys/types.h>
#include "base/base.h"

enum kvm_event_kind {
    KVM_EVENT_MMIO,      /* an access that KVM emulates, or hands to the VMM */
    KVM_EVENT_FAST_MMIO, /* a doorbell that KVM turned into an event (ioeventfd) without emulating it */
    KVM_EVENT_RETURN,    /* the vCPU went back to the VMM, whatever for */
    KVM_EVENT_KINDS
};

/* As the kernel numbers them in kvm_mmio. A read that the VMM answers shows twice: it leaves the guest, and again when
 * its value has come. */
enum kvm_mmio_type { KVM_MMIO_READ_LEAVES, KVM_MMIO_READ_VALUE, KVM_MMIO_WRITE };

struct kvm_event {
    enum kvm_event_kind kind;
    pid_t tid;        /* the vCPU's thread */
    uint64_t time;    /* on the trace's clock: for the order only */
    uint64_t address; /* guest-physical; 0 for a return */
    uint64_t type;    /* KVM_EVENT_MMIO: enum kvm_mmio_type; KVM_EVENT_RETURN: KVM_EXIT_... of linux/kvm.h */
};

/* Guest-physical addresses first to last, both within. */
struct kvm_range {
    uint64_t first, last;
};

struct kvm_events;

/* Makes the instance; nothing is traced yet. VG_ERROR_ENVIRONMENT if this kernel or tree does not have what is needed.
 */
bool kvm_events_open(struct kvm_events **events, const char *root, struct vg_error *err);
/* From now on the kernel records accesses in these ranges only (count > 0; sorted and joined here, and coarser than
 * asked for if there are very many), and all returns to the VMM. The filter is read back; if the kernel did not take it
 * nothing is traced. */
bool kvm_events_filter(struct kvm_events *events, struct kvm_range *ranges, size_t count, struct vg_error *err);
/* The filter as read back; NULL before there is one. */
const char *kvm_events_filter_text(const struct kvm_events *events);
/* The next event in order of time over all CPUs; false: there is none now. */
bool kvm_events_next(struct kvm_events *events, struct kvm_event *event);
/* Events that the kernel dropped because nobody read in time; where it does not say how many, one. */
uint64_t kvm_events_lost(const struct kvm_events *events);
/* Ends tracing and removes the instance. */
void kvm_events_close(struct kvm_events *events);

#endif
