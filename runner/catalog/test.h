/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the test*.c files of catalog/: a test as its file has it, before expectations are in their final form. */
#ifndef VG_CATALOG_TEST_H
#define VG_CATALOG_TEST_H

#include "catalog/catalog.h"
#include "catalog/document.h"

enum vg_otherwise { VG_ELSE_FAIL, VG_ELSE_INVALID, VG_ELSE_FINDING, VG_ELSE_UNDECIDED };

struct vg_raw_expectation {
    char *metric;
    double *le, *ge, *lt, *gt, *eq; /* at most one is there */
    bool report;
    enum vg_otherwise otherwise;
    char *source;
};

/* Every vg_test is the head of one of these. */
struct vg_raw_test {
    struct vg_test;
    struct vg_raw_expectation *raw;
    unsigned raw_count;
    char *raw_group;
    struct vg_words populations; /* of the file; one test for each */
};

/* Makes of the file the test for its population number `index`. */
bool vg_test_populate(const struct vg_document *document, struct vg_raw_test *raw, unsigned index,
                      struct vg_error *err);

#endif
