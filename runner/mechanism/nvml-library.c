/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include "mechanism/nvml-library.h"

#define LIBRARY "libnvidia-ml.so.1"

static bool bind(struct vg_nvml_library *library, const struct vg_nvml_function *functions, size_t count,
                 const char *path, const char *what, struct vg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library->handle, functions[i].name);
        if (!symbol)
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s has no %s: the driver is too old for %s", path,
                           functions[i].name, what);
        memcpy(functions[i].pointer, &symbol, sizeof(symbol)); /* C has no cast from object to function */
    }
    return true;
}

bool vg_nvml_library_open(struct vg_nvml_library *library, const char *root, const struct vg_nvml_function *functions,
                          size_t count, const char *what, struct vg_error *err)
{
    *library = (struct vg_nvml_library) { 0 };
    const struct vg_nvml_function common[] = {
        { "nvmlInit_v2", &library->init },
        { "nvmlShutdown", &library->shutdown },
        { "nvmlErrorString", &library->error_text },
        { "nvmlDeviceGetHandleByPciBusId_v2", &library->find },
    };
    vg_autofree char *path =
        !root || vg_equal(root, "/") ? vg_strdup(LIBRARY) : vg_format("%s/usr/lib/x86_64-linux-gnu/" LIBRARY, root);
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s cannot be loaded (%s); is NVIDIA's host driver installed", path,
                       dlerror());
    library->running = bind(library, common, VG_COUNT(common), path, what, err) &&
                       bind(library, functions, count, path, what, err) &&
                       vg_nvml_library_good(library, library->init(), "start", "this host", err);
    if (!library->running)
        vg_nvml_library_close(library);
    return library->running;
}

void vg_nvml_library_close(struct vg_nvml_library *library)
{
    if (library->running)
        library->shutdown();
    if (library->handle)
        dlclose(library->handle);
    *library = (struct vg_nvml_library) { 0 };
}

bool vg_nvml_library_good(const struct vg_nvml_library *library, int result, const char *what, const char *pci,
                          struct vg_error *err)
{
    if (result == 0)
        return true;
    const char *text = library->error_text(result);
    vg_autofree char *shown = text ? vg_printable(text, strlen(text), 200) : vg_format("error %d", result);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "NVML cannot %s for %s: %s", what, pci, shown);
}
