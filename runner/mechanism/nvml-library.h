/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/: NVIDIA's management library, loaded when it is needed, from below the host's root if that is
 * not "/". A host without it must run everything else. Who uses it says which of its functions it wants. */
#ifndef VG_MECHANISM_NVML_LIBRARY_H
#define VG_MECHANISM_NVML_LIBRARY_H

#include "base/base.h"

struct vg_nvml_library {
    void *handle;
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error_text)(int);
    int (*find)(const char *pci, void *device); /* the address of a device's handle */
    bool running;
};

struct vg_nvml_function {
    const char *name;
    void *pointer; /* the address of a pointer to a function */
};

/* False: nothing stays loaded. what: for whose sake, "mixed-size mode"; a library without it is too old. */
bool vg_nvml_library_open(struct vg_nvml_library *library, const char *root, const struct vg_nvml_function *functions,
                          size_t count, const char *what, struct vg_error *err);
void vg_nvml_library_close(struct vg_nvml_library *library);
/* 0 is success; else "NVML cannot WHAT for PCI: ...". */
bool vg_nvml_library_good(const struct vg_nvml_library *library, int result, const char *what, const char *pci,
                          struct vg_error *err);

#endif
