/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host's kernel says of its clock and its CPUs, as files below a temporary root. */
#ifndef VG_TEST_CLOCK_TREE_H
#define VG_TEST_CLOCK_TREE_H

#include <stdlib.h>
#include "base/base.h"

static const char good_cpu[] = "processor\t: 0\nflags\t\t: fpu tsc rdtscp constant_tsc nonstop_tsc\n\nprocessor\t: 1\n";

static void put_clock_file(const char *root, const char *name, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/%s", root, name), *folder = vg_strdup(path);
    *strrchr(folder, '/') = '\0';
    assert_true(vg_make_directories(folder, &err));
    if (text)
        assert_true(vg_write_file(path, text, strlen(text), &err));
}

/* NULL: a file that is not there. The caller frees the root, and removes it with vg_remove_tree. */
static char *make_clock_tree(const char *source, const char *cpu)
{
    char root[] = "/tmp/vgauge-clock-XXXXXX";
    assert_non_null(mkdtemp(root));
    put_clock_file(root, "sys/devices/system/clocksource/clocksource0/current_clocksource", source);
    put_clock_file(root, "proc/cpuinfo", cpu);
    return vg_strdup(root);
}

#endif
