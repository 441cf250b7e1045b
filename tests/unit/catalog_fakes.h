/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small descriptors for the tests of the catalogue, so that they do not change with the real ones, and where its
 * fixture files are. */
#ifndef VG_TEST_CATALOG_FAKES_H
#define VG_TEST_CATALOG_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "catalog/catalog.h"
#include "judge/judge.h"
#include "mechanism/mechanism.h"

/* A path in the source tree, whether the test runs from its root or by its own path in build/tests/unit/. */
static inline char *source_path(const char *relative)
{
    if (vg_exists(relative))
        return vg_strdup(relative);
    vg_autofree char *program = vg_executable_directory();
    return vg_format("%s/../../../%s", program ? program : ".", relative);
}

#ifndef VG_TEST_NO_FAKES
static const struct vg_descriptor fake_workload = {
    .kind = VG_KIND_WORKLOAD,
    .name = "fake-work",
    .summary = "stands for a workload",
    .params =
        VG_PARAMS {
            { "seconds", VG_REAL, .def = "5", .min = 0.1, .max = 600, .unit = "s", .summary = "how long" },
            { "iterations", VG_INT, .def = "0", .min = 0, .max = 1000000, .unit = "1", .summary = "job length" },
            { "kind", VG_CHOICE, .def = "empty", .choices = "empty|tiny", .summary = "what" },
            { .name = NULL },
        },
};
VG_REGISTER(fake_workload);

static const struct vg_descriptor fake_strict = {
    .kind = VG_KIND_WORKLOAD,
    .name = "fake-strict",
    .summary = "stands for a workload with a mandatory parameter",
    .params = VG_PARAMS { { "size", VG_INT, .unit = "bytes", .summary = "how much" }, { .name = NULL } },
};
VG_REGISTER(fake_strict);

static const struct vg_descriptor fake_analysis = {
    .kind = VG_KIND_ANALYSIS,
    .name = "fake-share",
    .summary = "stands for an analysis",
    .params =
        VG_PARAMS {
            { "phase", VG_TEXT, .summary = "the phase to look at" },
            { "solo", VG_TEXT, .def = "", .summary = "the phase with one tenant" },
            { "workload", VG_TEXT, .def = "fake-work", .summary = "whose samples" },
            { "tenant", VG_TEXT, .def = "", .summary = "whose samples" },
            { "limit", VG_REAL, .def = "1", .min = 0, .max = 2, .unit = "s", .summary = "a number" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "max_deviation", "1", VG_LOWER, 0.05, "largest deviation" },
            { "share", "1", VG_NEITHER, 0, "share of a tenant" },
            { .name = NULL },
        },
};
VG_REGISTER(fake_analysis);

static const struct vg_mechanism fake_vm = {
    .kind = VG_KIND_MECHANISM,
    .name = "fake-vm",
    .summary = "stands for a mechanism with VMs",
    .vm = true,
};
VG_REGISTER(fake_vm);
static const struct vg_mechanism fake_process = {
    .kind = VG_KIND_MECHANISM,
    .name = "fake-process",
    .summary = "stands for a mechanism without VMs",
};
VG_REGISTER(fake_process);
#endif

#endif
