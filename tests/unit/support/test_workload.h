/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A workload that runs nowhere, with the kinds of columns that the link treats differently. */
#ifndef VG_TEST_WORKLOAD_H
#define VG_TEST_WORKLOAD_H

#include "guest/guest.h"

static const struct vg_workload test_workload = {
    .name = "test-load",
    .streams =
        VG_STREAMS {
            { "pairs", "two counts",
              VG_COLUMNS {
                  { .name = "a", .kind = VG_COLUMN_COUNT }, { .name = "b", .kind = VG_COLUMN_COUNT }, { 0 } } },
            { "jobs", "an instant and a duration",
              VG_COLUMNS {
                  { .name = "at", .kind = VG_COLUMN_TIME }, { .name = "took", .kind = VG_COLUMN_DURATION }, { 0 } } },
            { 0 } },
};

#endif
