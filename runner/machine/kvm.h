/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to machine/: the KVM decision with everything that it reads of the host given to it. */
#ifndef VG_MACHINE_KVM_H
#define VG_MACHINE_KVM_H

#include "machine/machine.h"

struct vg_kvm_host {
    const char *device; /* /dev/kvm */
    const char *kernel; /* release and build of the host's kernel */
    const char *cpu;    /* model and microcode */
};

bool vg_kvm_decide(const struct vg_kvm_host *host, const char *cache_directory, const char *image_key,
                   bool (*boot)(void *context, struct vg_error *err), void *context, char **why);

#endif
