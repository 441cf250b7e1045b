/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pGPUs a profile of the model has, and its own small control directory /model. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gpu *model_gpus[MODEL_GPUS];
unsigned model_gpu_count;

enum { MOST_CALLS = 8 };
static void (*reset_calls[MOST_CALLS])(void);
static unsigned reset_count;

const char *const model_profiles[][2] = {
    { "all", "every driver below, side by side" },
    { "nvidia-mdev",
      "NVIDIA over mdev: a board with two pGPUs and one more under the legacy rule, one under the current" },
    { "a100", "NVIDIA over VFs as after boot: two A100, one A40; VFs not enabled yet" },
    { "a100-mixed", "as a100, with VFs enabled and the first A100 in mixed-size mode" },
    { "a30", "NVIDIA over mdev on VFs as after boot: two A30, one mdev per VF; VFs not enabled yet" },
    { "gvt-g", "Intel GVT-g: two pGPUs with different apertures" },
    { "xe", "Intel xe SR-IOV: two pGPUs with different numbers of VFs" },
    { "mdpy", "the kernel's sample mdpy: one pool for all types" },
    { "mbochs", "the kernel's sample mbochs: megabytes of video memory" },
    { NULL, NULL },
};

bool model_number(const char *data, size_t length, unsigned long *value)
{
    char text[24], *end;
    if (length && data[length - 1] == '\n')
        length--;
    if (!length || length >= sizeof(text) || strspn(data, "0123456789") < length)
        return false;
    memcpy(text, data, length);
    text[length] = '\0';
    errno = 0;
    *value = strtoul(text, &end, 10);
    return errno == 0 && !*end;
}

struct gpu *model_gpu(const struct gpu *like)
{
    struct gpu *gpu = malloc(sizeof(*gpu));
    if (!gpu || model_gpu_count == MODEL_GPUS) {
        fputs("vgauge-model: too many pGPUs\n", stderr);
        exit(3);
    }
    *gpu = *like;
    model_gpus[model_gpu_count++] = gpu;
    return gpu;
}

void model_on_reset(void (*call)(void))
{
    for (unsigned i = 0; i < reset_count; i++)
        if (reset_calls[i] == call)
            return;
    if (reset_count < MOST_CALLS)
        reset_calls[reset_count++] = call;
}

/* The control stale-boot: what lived keeps its place over the reboot. */
static void keep_places(struct gpu *gpu, unsigned lost[MODEL_TYPES])
{
    memcpy(lost, gpu->lost, MODEL_TYPES * sizeof(*lost));
    for (unsigned i = 0; i < gpu->count; i++)
        lost[gpu->instances[i]->type - gpu->types]++;
}

void model_reset(void)
{
    static unsigned lost[MODEL_GPUS][MODEL_TYPES];
    memset(lost, 0, sizeof(lost));
    for (unsigned i = 0; i < model_gpu_count && model_broken("stale-boot"); i++)
        keep_places(model_gpus[i], lost[i]);
    for (unsigned i = 0; i < reset_count; i++)
        reset_calls[i]();
    for (unsigned i = 0; i < model_gpu_count; i++)
        memcpy(model_gpus[i]->lost, lost[i], sizeof(lost[i]));
}

static int store_reset(void *object, long argument, const char *data, size_t length)
{
    (void)object;
    (void)argument;
    (void)data;
    (void)length;
    model_reset();
    return 0;
}

static const struct attribute reset_attribute = { .store = store_reset };

bool model_build(const char *profile)
{
    bool known = false;
    for (unsigned i = 0; model_profiles[i][0]; i++)
        known = known || strcmp(model_profiles[i][0], profile) == 0;
    if (!known)
        return false;
    for (unsigned i = 0; i < model_gpu_count; i++)
        free(model_gpus[i]);
    model_gpu_count = reset_count = 0;
    bool all = strcmp(profile, "all") == 0, mixed = strcmp(profile, "a100-mixed") == 0;
    tree_open();
    pci_open();
    mdev_open();
    if (all || strcmp(profile, "nvidia-mdev") == 0)
        nvidia_mdev_add();
    bool vfio = all || mixed || strcmp(profile, "a100") == 0, a30 = all || strcmp(profile, "a30") == 0;
    if (vfio || a30)
        nvidia_vf_add(vfio, a30);
    if (all || strcmp(profile, "gvt-g") == 0)
        gvt_add();
    if (all || strcmp(profile, "xe") == 0)
        xe_add();
    if (all || strcmp(profile, "mdpy") == 0)
        mdpy_add();
    if (all || strcmp(profile, "mbochs") == 0)
        mbochs_add();
    tree_file(tree_path("model"), "reset", 0200, &reset_attribute, NULL, 0);
    tree_text(tree_path("model"), "profile", 0444, "%s\n", profile);
    /* What drivers made goes when they go: it is made again, after the seal. */
    model_reset();
    if (mixed)
        nvidia_vf_mix();
    return true;
}
