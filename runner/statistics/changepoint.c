/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The changes of a series: E-divisive proposes in overlapping windows, what chance or a small effect could explain is
 * dropped again, weakest first, and dependence between the values is looked for. */
#include "statistics/internal.h"

#include <math.h>
#include <pthread.h>

struct vg_changepoint_options vg_changepoint_defaults(void)
{
    return (struct vg_changepoint_options) {
        .min_segment = 5,
        .window = 200,
        .permutations = 999,
        .level = 0.01,
        .max_autocorrelation = 0.3,
        .seed = 1,
    };
}

/* libRmath keeps its tables in static memory; series may be looked at in several threads. */
static pthread_mutex_t tables = PTHREAD_MUTEX_INITIALIZER;

struct places {
    size_t *items;
    size_t count;
};

/* Splits [first, last) at its best place if chance does not split as well, then each half. */
static void divide(const double *values, size_t first, size_t last, const struct vg_changepoint_options *options,
                   struct places *places)
{
    struct vg_split split;
    vg_changepoint_split(values + first, last - first, options, &split);
    if (!split.index || split.p > options->level)
        return;
    divide(values, first, first + split.index, options, places);
    vg_push(places->items, places->count) = first + split.index;
    divide(values, first + split.index, last, options, places);
}

static int compare_places(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Each run but those at the ends is inside two windows, and in the middle half of one of them. */
static void propose(const double *values, size_t count, const struct vg_changepoint_options *options,
                    struct places *places)
{
    size_t window = options->window > 2 * options->min_segment ? options->window : 2 * options->min_segment;
    for (size_t first = 0;; first += window / 2) {
        /* The last window is whole, so that the newest change is not looked for among few runs. */
        bool end = first + window >= count;
        if (end)
            first = count > window ? count - window : 0;
        divide(values, first, end ? count : first + window, options, places);
        if (end)
            break;
    }
    if (places->count)
        qsort(places->items, places->count, sizeof(*places->items), compare_places);
    size_t kept = 0; /* both windows found it */
    for (size_t i = 0; i < places->count; i++)
        if (!kept || places->items[i] != places->items[kept - 1])
            places->items[kept++] = places->items[i];
    places->count = kept;
}

/* A series on its way: values are the logarithms of raw where those exist. */
struct work {
    const double *raw, *values;
    size_t count;
    bool logs;
    const struct vg_changepoint_options *options;
    struct places places;
    struct vg_changepoint *changes; /* one for each place; p is not adjusted yet */
};

/* The levels that place `at` separates: up to its neighbours, and no further than half a window. */
static void measure(struct work *work, size_t at)
{
    const struct vg_changepoint_options *options = work->options;
    const struct places *places = &work->places;
    const double *values = work->values;
    size_t count = work->count;
    struct vg_changepoint *change = &work->changes[at];
    size_t index = places->items[at];
    size_t first = at ? places->items[at - 1] : 0, last = at + 1 < places->count ? places->items[at + 1] : count;
    first = index - first > options->window / 2 ? index - options->window / 2 : first;
    last = last - index > options->window / 2 ? index + options->window / 2 : last;
    const double *before = values + first, *after = values + index;
    size_t n = index - first, m = last - index;
    pthread_mutex_lock(&tables);
    struct vg_shift shift = vg_shift(after, m, before, n, 0.95);
    double up = vg_rank_test_greater(after, m, before, n, 0).p, down = vg_rank_test_greater(before, n, after, m, 0).p;
    pthread_mutex_unlock(&tables);
    *change =
        (struct vg_changepoint) { .index = index, .first = first, .last = last, .p = fmin(1, 2 * fmin(up, down)) };
    change->before = vg_median(work->raw + first, n);
    change->after = vg_median(work->raw + index, m);
    change->ratio = work->logs ? exp(shift.estimate) : NAN;
    change->low = work->logs ? exp(shift.lower) : NAN;
    change->high = work->logs ? exp(shift.upper) : NAN;
}

/* How far the change is beyond the practical threshold: below 0 it is too small to be of interest. In logarithms, so
 * that up and down by one factor are equally large. */
static double beyond_threshold(const struct vg_changepoint *change, const struct vg_changepoint_options *options)
{
    double size;
    if (isfinite(change->ratio))
        size = fabs(log(change->ratio));
    else if (change->before == change->after)
        return -1;
    else
        size = change->before == 0 ? INFINITY : log1p(fabs((change->after - change->before) / change->before));
    return size - log1p(options->min_effect);
}

/* Benjamini-Hochberg over the changes of the series. Caller frees. */
static double *adjusted(const struct work *work)
{
    double *p = vg_calloc(work->places.count + 1, sizeof(*p));
    for (size_t i = 0; i < work->places.count; i++)
        p[i] = work->changes[i].p;
    vg_adjust_benjamini_hochberg(p, work->places.count, work->places.count);
    return p;
}

/* Too near to its neighbour, or too small, or too probable: the worst of them goes first, since its neighbours' levels
 * then grow and may become clear. The count if all are good. */
static size_t weakest(const struct work *work, const double *p)
{
    const struct vg_changepoint *changes = work->changes;
    size_t worst = work->places.count, least = work->options->min_segment;
    for (size_t i = 0; i < work->places.count; i++) {
        bool near = (i && changes[i].index - changes[i - 1].index < least) ||
                    (i + 1 < work->places.count && changes[i + 1].index - changes[i].index < least);
        if (!near && p[i] <= work->options->level && beyond_threshold(&changes[i], work->options) >= 0)
            continue;
        if (worst == work->places.count || p[i] > p[worst])
            worst = i;
    }
    return worst;
}

static void drop(struct work *work, size_t at)
{
    size_t behind = --work->places.count - at;
    memmove(&work->places.items[at], &work->places.items[at + 1], behind * sizeof(*work->places.items));
    memmove(&work->changes[at], &work->changes[at + 1], behind * sizeof(*work->changes));
    if (at)
        measure(work, at - 1);
    if (at < work->places.count)
        measure(work, at);
}

static void keep_what_is_clear(struct work *work)
{
    work->changes = vg_calloc(work->places.count + 1, sizeof(*work->changes));
    for (size_t i = 0; i < work->places.count; i++)
        measure(work, i);
    for (;;) {
        vg_autofree double *p = adjusted(work);
        size_t worst = weakest(work, p);
        if (worst < work->places.count) {
            drop(work, worst);
            continue;
        }
        for (size_t i = 0; i < work->places.count; i++)
            work->changes[i].p = p[i];
        return;
    }
}

/* Lag-1 autocorrelation of the values in [first, last), each less the median of its level. All proposed places end a
 * level, also those that are too small to be reported: a level that was missed looks like dependence. */
static double autocorrelation_of(const double *values, size_t first, size_t last, const struct places *proposed)
{
    enum { LEAST = 8 };
    if (last - first < LEAST)
        return NAN;
    vg_autofree double *rest = vg_calloc(last - first, sizeof(*rest));
    for (size_t i = 0, begin = first; begin < last; i++) {
        size_t end = i < proposed->count ? proposed->items[i] : last;
        if (end <= begin)
            continue;
        end = end < last ? end : last;
        double level = vg_median(values + begin, end - begin);
        for (size_t j = begin; j < end; j++)
            rest[j - first] = values[j] - level;
        begin = end;
    }
    return vg_lag1_autocorrelation(rest, last - first);
}

void vg_changepoints_find(const double *values, size_t count, const struct vg_changepoint_options *options,
                          struct vg_changepoints *changes)
{
    *changes = (struct vg_changepoints) { 0 };
    if (count < 2 * options->min_segment)
        return;
    bool logs = true;
    for (size_t i = 0; i < count; i++)
        logs = logs && values[i] > 0;
    vg_autofree double *scaled = vg_calloc(count, sizeof(*scaled));
    for (size_t i = 0; i < count; i++)
        scaled[i] = logs ? log(values[i]) : values[i];
    struct work work = { .raw = values, .values = scaled, .count = count, .logs = logs, .options = options };
    struct places proposed = { 0 };
    propose(scaled, count, options, &proposed);
    for (size_t i = 0; i < proposed.count; i++)
        vg_push(work.places.items, work.places.count) = proposed.items[i];
    keep_what_is_clear(&work);
    changes->items = work.changes;
    changes->count = work.places.count;
    for (size_t i = 0; i < changes->count; i++) {
        struct vg_changepoint *change = &changes->items[i];
        size_t first = change->index > options->window ? change->index - options->window : 0;
        size_t last = count - change->index > options->window ? change->index + options->window : count;
        change->autocorrelation = autocorrelation_of(scaled, first, last, &proposed);
        change->doubtful = change->autocorrelation > options->max_autocorrelation;
    }
    free(work.places.items);
    free(proposed.items);
}

void vg_changepoints_free(struct vg_changepoints *changes)
{
    free(changes->items);
    *changes = (struct vg_changepoints) { 0 };
}
