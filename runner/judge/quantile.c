/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of raw samples, type 7 (linear interpolation between order statistics), as R and NumPy have by default. */
#include "judge/internal.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdint.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 6 };

/* The bits of a double in an order that unsigned comparison understands, and back. */
static uint64_t to_key(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double from_key(uint64_t key)
{
    uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void judge_sort(double *values, size_t count)
{
    if (count < 2000) { /* the tables of the radix sort would cost more than they save */
        if (count > 1)
            qsort(values, count, sizeof(*values), compare_doubles);
        return;
    }
    vg_autofree uint64_t *buffers = vg_calloc(2 * count, sizeof(*buffers));
    vg_autofree size_t *starts = vg_calloc((size_t)PASSES * DIGITS, sizeof(*starts));
    uint64_t *keys = buffers, *sorted = buffers + count;
    for (size_t i = 0; i < count; i++) {
        keys[i] = to_key(values[i]);
        for (unsigned pass = 0; pass < PASSES; pass++)
            starts[pass * DIGITS + (keys[i] >> (pass * DIGIT_BITS) & (DIGITS - 1))]++;
    }
    for (unsigned pass = 0; pass < PASSES; pass++) {
        size_t *start = starts + pass * DIGITS, sum = 0;
        if (start[keys[0] >> (pass * DIGIT_BITS) & (DIGITS - 1)] == count)
            continue; /* all have the same digit here */
        for (unsigned digit = 0; digit < DIGITS; digit++) {
            size_t here = start[digit];
            start[digit] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            sorted[start[keys[i] >> (pass * DIGIT_BITS) & (DIGITS - 1)]++] = keys[i];
        uint64_t *other = keys;
        keys = sorted;
        sorted = other;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = from_key(keys[i]);
}

double vg_quantile_sorted(const double *sorted, size_t count, double probability)
{
    if (count == 0 || !(probability >= 0 && probability <= 1))
        return NAN;
    return gsl_stats_quantile_from_sorted_data(sorted, 1, count, probability);
}

double vg_quantile(const double *values, size_t count, double probability)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            return NAN;
    vg_autofree double *copy = vg_reallocarray(NULL, count + 1, sizeof(*copy));
    if (count)
        memcpy(copy, values, count * sizeof(*copy));
    judge_sort(copy, count);
    return vg_quantile_sorted(copy, count, probability);
}
