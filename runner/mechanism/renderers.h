/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: the renderers of a running QEMU. */
#ifndef VG_MECHANISM_RENDERERS_H
#define VG_MECHANISM_RENDERERS_H

#include "base/base.h"

struct vg_pids {
    pid_t *items;
    unsigned count;
};
void vg_pids_free(struct vg_pids *pids);

/* The render server below a QEMU with its workers. */
void vg_renderer_processes(pid_t qemu, struct vg_pids *pids);
/* The rasterizer's threads in a QEMU. */
void vg_renderer_threads(pid_t qemu, struct vg_pids *pids);
/* Puts all threads of a process, or the one thread, on the cores; where they are already, nothing is done. */
bool vg_place_process(pid_t pid, const cpu_set_t *cores);
bool vg_place_thread(pid_t thread, const cpu_set_t *cores);
/* Adds the cores that all threads of a process, or the one thread, may use now. False: it is gone. */
bool vg_cores_of_process(pid_t pid, cpu_set_t *cores);
bool vg_cores_of_thread(pid_t thread, cpu_set_t *cores);

#endif
