/* SPDX-License-Identifier: MIT */
/* The host-side detector (canary-pattern.h): the same classification as the scan shader, for memory that is mapped. */
#include "vulkan/canary-pattern.h"

struct canary_findings canary_scan_words(struct canary_key key, const uint64_t *words, size_t count)
{
    struct canary_findings found = { .first_run = UINT64_MAX };
    uint32_t expected = 0, index;
    size_t run = 0; /* length of the run that ends before `at` */
    for (size_t at = 0; at < count; at++) {
        if (run == 0) { /* most of it is zero: eight words at a time */
            while (count - at > 8 && !(words[at] | words[at + 1] | words[at + 2] | words[at + 3] | words[at + 4] |
                                       words[at + 5] | words[at + 6] | words[at + 7]))
                at += 8;
        }
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

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

struct canary_findings canary_worse(struct canary_findings a, struct canary_findings b)
{
    return (struct canary_findings) {
        .canary_words = larger(a.canary_words, b.canary_words),
        .nonzero_words = larger(a.nonzero_words, b.nonzero_words),
        .runs = larger(a.runs, b.runs),
        .first_run = a.first_run < b.first_run ? a.first_run : b.first_run, /* none is the largest number */
    };
}
