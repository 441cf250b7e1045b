/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of E-divisive: where values split best into two, and whether chance splits as well.
 *
 * Matteson and James (2014), equations 5 to 7 with alpha = 1: for the first m and the last n of the values X and Y,
 *     E = 2/(mn) sum |Xi - Yj|  -  2/(m(m-1)) sum_{i<k} |Xi - Xk|  -  2/(n(n-1)) sum_{j<k} |Yj - Yk|
 *     Q = mn/(m+n) E
 * and the split with the greatest Q is the candidate. Here the sums for all splits together cost O(N log N): a value
 * that moves from right to left adds to the left sum its distance to those that are there, which a Fenwick tree over
 * the ranks knows (P. Fenwick, "A new data structure for cumulative frequency tables", Software: Practice and
 * Experience 24, 1994), and takes from the right sum the rest of its distance to all values, which no order changes. */
#include "statistics/internal.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

struct sample {
    double value;
    double to_all; /* sum of the distances to all other values */
    unsigned rank; /* 1.. */
};

/* Prefix sums by rank. */
struct fenwick {
    struct {
        double sum;
        double count;
    } * nodes;
    size_t size;
};

static double add_and_measure(struct fenwick *tree, const struct sample *sample, double left_count, double left_sum)
{
    double below_count = 0, below_sum = 0;
    for (size_t i = sample->rank; i; i &= i - 1) {
        below_count += tree->nodes[i].count;
        below_sum += tree->nodes[i].sum;
    }
    for (size_t i = sample->rank; i <= tree->size; i += i & -i) {
        tree->nodes[i].count += 1;
        tree->nodes[i].sum += sample->value;
    }
    double above_count = left_count - below_count, above_sum = left_sum - below_sum;
    return sample->value * below_count - below_sum + above_sum - sample->value * above_count;
}

static double best_split(const struct sample *samples, size_t count, double total, size_t min_segment,
                         struct fenwick *tree, size_t *index)
{
    memset(tree->nodes, 0, (tree->size + 1) * sizeof(*tree->nodes));
    double left = 0, right = total, left_sum = 0, best = -INFINITY;
    for (size_t m = 1; m + min_segment <= count; m++) {
        const struct sample *moved = &samples[m - 1];
        double to_left = add_and_measure(tree, moved, (double)(m - 1), left_sum);
        left += to_left;
        right -= moved->to_all - to_left;
        left_sum += moved->value;
        if (m < min_segment)
            continue;
        double a = (double)m, b = (double)(count - m);
        double energy = 2 * (total - left - right) / (a * b) - 2 * left / (a * (a - 1)) - 2 * right / (b * (b - 1));
        double statistic = a * b / (a + b) * energy;
        if (statistic > best) {
            best = statistic;
            *index = m;
        }
    }
    return best;
}

static int compare_samples(const void *a, const void *b)
{
    double x = (*(struct sample *const *)a)->value, y = (*(struct sample *const *)b)->value;
    return (x > y) - (x < y);
}

/* Fills ranks and distances; returns the sum of all distances. */
static double prepare(const double *values, size_t count, struct sample *samples)
{
    vg_autofree struct sample **sorted = vg_calloc(count, sizeof(struct sample *));
    for (size_t i = 0; i < count; i++) {
        samples[i].value = values[i] - values[0]; /* small numbers: their sums keep their digits */
        sorted[i] = &samples[i];
    }
    qsort(sorted, count, sizeof(struct sample *), compare_samples);
    double sum = 0, below = 0, total = 0;
    for (size_t i = 0; i < count; i++)
        sum += sorted[i]->value;
    for (size_t i = 0; i < count; i++) {
        double value = sorted[i]->value, here = (double)i, after = (double)(count - i - 1);
        sorted[i]->rank = (unsigned)i + 1;
        sorted[i]->to_all = value * here - below + (sum - below - value) - value * after;
        below += value;
        total += sorted[i]->to_all / 2;
    }
    return total;
}

void vg_changepoint_split(const double *values, size_t count, const struct vg_changepoint_options *options,
                          struct vg_split *split)
{
    *split = (struct vg_split) { .p = 1 };
    if (count < 2 * options->min_segment || options->min_segment < 2)
        return;
    vg_autofree struct sample *samples = vg_calloc(count, sizeof(*samples));
    double total = prepare(values, count, samples);
    struct fenwick tree = { .size = count };
    vg_autofree void *nodes = vg_calloc(count + 1, sizeof(*tree.nodes));
    tree.nodes = nodes;
    split->statistic = best_split(samples, count, total, options->min_segment, &tree, &split->index);
    if (!(total > 0))
        return; /* all values are equal */
    /* What rounding can do to equal sums that were added up in another order. */
    double as_good = split->statistic - 1e-12 * total / (double)count;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    if (!rng)
        vg_out_of_memory();
    gsl_rng_set(rng, (unsigned long)options->seed);
    unsigned better = 0, enough = (unsigned)floor(options->level * (options->permutations + 1));
    for (unsigned i = 0; i < options->permutations && better < enough; i++) {
        size_t ignored;
        gsl_ran_shuffle(rng, samples, count, sizeof(*samples));
        better += best_split(samples, count, total, options->min_segment, &tree, &ignored) >= as_good;
    }
    gsl_rng_free(rng);
    /* At `enough` the p of all permutations would be above the level, whatever the rest of them did. */
    split->p = better >= enough ? 1 : (double)(better + 1) / (options->permutations + 1);
}
