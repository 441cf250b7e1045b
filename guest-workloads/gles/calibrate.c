/* SPDX-License-Identifier: MIT */
/* The search of calibrate.h. The last reading decides, whatever those before it said. */
#include "gles/calibrate.h"

#define TRIES       12
#define READINGS    3
#define FIRST       16 /* rounds */
#define COARSE_PART 4  /* of the wanted length: from there on proportion leads to the rest */

/* The best of a few: others can only make it longer. */
static int64_t best_ns(const struct calibration *c, uint32_t draws, uint32_t rounds)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < READINGS; i++) {
        int64_t took = c->time_ns(c->path, draws, rounds);
        best = took < best ? took : best;
    }
    return best;
}

/* Both sides are timed next to each other, for a machine that has become slower meanwhile. */
static int64_t job_ns(const struct calibration *c, uint32_t draws, uint32_t rounds)
{
    int64_t difference = best_ns(c, draws, rounds) - best_ns(c, draws, 0);
    return difference > 0 ? difference / draws : 0;
}

uint32_t calibrate_draws(const struct calibration *calibration, int64_t wanted_ns)
{
    int64_t draws = (CALIBRATE_SPAN_NS + wanted_ns - 1) / wanted_ns;
    return draws < calibration->draws_most ? (uint32_t)draws : calibration->draws_most;
}

static bool is_good(int64_t job, int64_t wanted_ns)
{
    return (double)job > (1 - CALIBRATE_PART) * (double)wanted_ns &&
           (double)job < (1 + CALIBRATE_PART) * (double)wanted_ns;
}

struct calibrated calibrate(const struct calibration *calibration, int64_t wanted_ns)
{
    uint32_t draws = calibrate_draws(calibration, wanted_ns), most = calibration->rounds_most;
    struct calibrated found = { .rounds = FIRST < most ? FIRST : most };
    found.job_ns = job_ns(calibration, draws, found.rounds);
    while (found.job_ns < wanted_ns / COARSE_PART && found.rounds < most) {
        found.rounds = found.rounds < most / 2 ? found.rounds * 2 : most;
        found.job_ns = job_ns(calibration, draws, found.rounds);
    }
    for (int i = 0; i < TRIES && !is_good(found.job_ns, wanted_ns) && found.job_ns > 0; i++) {
        double rounds = (double)found.rounds * (double)wanted_ns / (double)found.job_ns;
        found.rounds = rounds < 1 ? 1 : rounds > most ? most : (uint32_t)rounds;
        found.job_ns = job_ns(calibration, draws, found.rounds);
    }
    found.good = is_good(found.job_ns, wanted_ns);
    return found;
}
