/* SPDX-License-Identifier: MIT */
/* The text of one /proc/PID/fdinfo/FD of a DRM device, as the kernel's documentation has it
 * (Documentation/gpu/drm-usage-stats.rst). */
#ifndef VG_FDINFO_H
#define VG_FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FDINFO_ENGINES = 16, FDINFO_NAME = 48 };

struct fdinfo_engine {
    char name[FDINFO_NAME];
    bool has_busy;
    uint64_t busy_ns;
    unsigned capacity; /* how many of this engine there are; 1 if not said */
};

struct fdinfo {
    bool drm;                 /* has at least one drm- key */
    char driver[FDINFO_NAME]; /* drm-driver, mandatory; "": missing */
    char device[FDINFO_NAME]; /* drm-pdev; "": missing */
    bool has_client;          /* drm-client-id */
    uint64_t client;
    struct fdinfo_engine engines[FDINFO_ENGINES];
    unsigned engine_count;
    unsigned malformed; /* known keys whose value or unit is not what it must be */
};

void fdinfo_parse(char *text, struct fdinfo *info); /* text is cut up */

#endif
