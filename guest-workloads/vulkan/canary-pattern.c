/* SPDX-License-Identifier: MIT */
/* The host-side detector (canary-pattern.h): the same classification as the scan shader, for memory that is mapped. */
#include "vulkan/canary-pattern.h"

struct canary_findings canary_scan_words(struct canary_key key, const uint64_t *words, size_t count)
{
    struct canary_findings found = { .first_run = UINT64_MAX };
    uint32_t expected = 0, index;
    size_t run = 0; /* length of the run that ends before `at` */
    for (size_t at = 0; at < count; at++) {
        uint64_t word = words[at];
        if (word == 0) {
            run = 0;
            continue;
        }
        found.nonzero_words++;
        if (!canary_index(key, word, &index)) {
            run = 0;
            continue;
        }
        found.canary_words++;
        run = run && index == expected ? run + 1 : 1;
        expected = index + 1;
        if (run != CANARY_RUN)
            continue;
        if (found.runs++ == 0)
            found.first_run = at + 1 - CANARY_RUN;
    }
    return found;
}
