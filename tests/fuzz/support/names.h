/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A workload, an analysis and mechanisms for files to name, so that a fuzzer gets behind the checks of names. */
#ifndef VG_FUZZ_NAMES_H
#define VG_FUZZ_NAMES_H

#include "base/base.h"

static const struct vg_descriptor fuzz_workload = {
    .kind = VG_KIND_WORKLOAD,
    .name = "work",
    .summary = "stands for a workload",
    .params = VG_PARAMS { { "seconds", VG_REAL, .def = "5", .min = 0.1, .max = 600, .unit = "s", .summary = "long" },
                          { "count", VG_INT, .def = "0", .min = 0, .max = 1000, .unit = "1", .summary = "many" },
                          { "kind", VG_CHOICE, .def = "a", .choices = "a|b", .summary = "what" },
                          { .name = NULL } },
};
VG_REGISTER(fuzz_workload);

static const struct vg_descriptor fuzz_analysis = {
    .kind = VG_KIND_ANALYSIS,
    .name = "look",
    .summary = "stands for an analysis",
    .params = VG_PARAMS { { "phase", VG_TEXT, .summary = "where" },
                          { "limit", VG_REAL, .def = "1", .min = 0, .max = 2, .unit = "s", .summary = "a number" },
                          { .name = NULL } },
    .metrics = VG_METRICS { { "much", "1", VG_LOWER, 0.05, "a number" }, { .name = NULL } },
};
VG_REGISTER(fuzz_analysis);

#endif
