/* SPDX-License-Identifier: MIT */
/* How many rounds a real draw needs to be work of a given length (long-draw.h). A fence may be seen long after the work
 * behind it is done: QEMU looks for completions every 10 ms. So a job is not timed with its path but by a difference:
 * many draws with their walk behind one fence, against as many without it. What the path adds to both drops out, and
 * what it adds to only one is shared by all draws:
 *
 *     job = (time of N draws with r rounds - time of N draws with 0 rounds) / N */
#ifndef VG_GLES_CALIBRATE_H
#define VG_GLES_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

#define CALIBRATE_PART    0.1                /* a job may be so far from what is wanted */
#define CALIBRATE_SPAN_NS INT64_C(200000000) /* of work behind one fence: 10 ms more or less are 5 % of it */

struct calibration {
    /* Time of so many draws, one after the other and never two at once, with so many rounds each, behind one fence. */
    int64_t (*time_ns)(void *path, uint32_t draws, uint32_t rounds);
    void *path;
    uint32_t draws_most, rounds_most;
};

struct calibrated {
    uint32_t rounds;
    int64_t job_ns; /* the work of a draw with them, as above; never below 0 */
    bool good;      /* job_ns is within CALIBRATE_PART of what was wanted */
};

/* How many draws the work of one fence is shared by, for jobs of wanted_ns (above 0). */
uint32_t calibrate_draws(const struct calibration *calibration, int64_t wanted_ns);
struct calibrated calibrate(const struct calibration *calibration, int64_t wanted_ns);

#endif
