/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the NVIDIA driver says in the kernel's log about its scheduler. The words changed over the years: NONE,
 * VGPU_RELATIVE and PGPU_SHARE became BEST_EFFORT, EQUAL_SHARE and FIXED_SHARE. */
#include "mechanism/sched-knobs.h"

#include <stdio.h>

static const struct {
    const char *word, *policy;
} words[] = {
    { "NONE", "best-effort" },        { "BEST_EFFORT", "best-effort" }, { "VGPU_RELATIVE", "equal-share" },
    { "EQUAL_SHARE", "equal-share" }, { "PGPU_SHARE", "fixed-share" },  { "FIXED_SHARE", "fixed-share" },
};

static const char *policy_of(const char *word, size_t length)
{
    for (size_t i = 0; i < VG_COUNT(words); i++)
        if (strlen(words[i].word) == length && strncmp(words[i].word, word, length) == 0)
            return words[i].policy;
    return NULL;
}

static const char *find_in(const char *line, size_t length, const char *text)
{
    return memmem(line, length, text, strlen(text));
}

bool vg_nvidia_scheduling_logged(const char *log, const char *pci, const char **policy, unsigned *slice_ms,
                                 struct vg_error *err)
{
    bool here = false; /* a slice is said in the line after the pGPU's own */
    *policy = NULL;
    *slice_ms = 0;
    for (const char *line = log; *line;) {
        size_t length = strcspn(line, "\n");
        const char *said = find_in(line, length, "with policy ");
        const char *slice = find_in(line, length, "timeslice set to ");
        bool ours = find_in(line, length, "NVRM") != NULL;
        if (ours && said && find_in(line, length, "scheduler")) {
            const char *word = said + strlen("with policy ");
            here = find_in(line, length, pci) != NULL;
            size_t size = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
            if (here && !(*policy = policy_of(word, size))) {
                vg_autofree char *shown = vg_printable(word, size, 40);
                return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver says that %s has the unknown policy `%s`", pci,
                               shown);
            }
            if (here)
                *slice_ms = 0;
        } else if (ours && slice && here && sscanf(slice, "timeslice set to %4u ms", slice_ms) != 1) {
            return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver's time slice for %s cannot be read from the log",
                           pci);
        }
        line += length + (line[length] == '\n');
    }
    return *policy ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "the kernel's log says nothing about the scheduler of %s", pci);
}
