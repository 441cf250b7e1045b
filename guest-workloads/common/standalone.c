/* SPDX-License-Identifier: MIT */
/* What a workload prints when a person starts it by hand: its facts, and a line of percentiles per column. The runner
 * never uses these numbers; the host computes its own from raw samples. */
#include <inttypes.h>
#include <stdio.h>
#include "common/runtime.h"
#include "common/sort.h"

/* Nearest rank: the smallest value that at least `percent` of the values do not exceed. */
static int64_t percentile(const int64_t *sorted, size_t count, unsigned percent)
{
    size_t rank = (count * percent + 99) / 100;
    return sorted[rank ? rank - 1 : 0];
}

static void print_column(const struct vg_stream *stream, unsigned index, int64_t origin_ns)
{
    const struct vg_column *column = &stream->spec->columns[index];
    vg_autofree int64_t *values = vg_calloc(stream->kept_count, sizeof(*values));
    size_t count = 0;
    for (size_t row = 0; row < stream->kept_count; row++) {
        int64_t value = stream->kept[row * stream->width + index];
        if (column->kind == VG_COLUMN_DURATION && value == -1)
            continue; /* not available */
        values[count++] = vg_column_is_instant(column->kind) ? value - origin_ns : value;
    }
    char name[160];
    snprintf(name, sizeof(name), "%s.%s", stream->spec->name, column->name);
    if (count == 0) {
        printf("%-28s %10d  not available\n", name, 0);
        return;
    }
    vg_sort_int64(values, count);
    printf("%-28s %10zu %14" PRId64 " %14" PRId64 " %14" PRId64 " %14" PRId64 " %s%s\n", name, count,
           percentile(values, count, 50), percentile(values, count, 90), percentile(values, count, 99),
           values[count - 1], column->unit, vg_column_is_instant(column->kind) ? " after the start" : "");
}

static void print_rows(const struct vg_stream *stream)
{
    printf("# %s\n", stream->spec->name);
    for (unsigned column = 0; column < stream->width; column++)
        printf("%s%c", stream->spec->columns[column].name, column + 1 < stream->width ? ',' : '\n');
    for (size_t row = 0; row < stream->kept_count; row++)
        for (unsigned column = 0; column < stream->width; column++)
            printf("%" PRId64 "%c", stream->kept[row * stream->width + column],
                   column + 1 < stream->width ? ',' : '\n');
}

void vg_standalone_print(const struct vg_workload_context *context)
{
    for (size_t i = 0; i < context->fact_count; i++)
        printf("%-28s %s\n", context->facts[i].name, context->facts[i].value);
    const struct vg_stream_spec *specs = context->workload->streams;
    bool headed = false;
    for (size_t i = 0; specs && specs[i].name; i++) {
        const struct vg_stream *stream = &context->streams[i];
        if (!stream->width || !stream->kept_count)
            continue;
        if (context->show_rows) {
            print_rows(stream);
            continue;
        }
        if (!headed)
            printf("%-28s %10s %14s %14s %14s %14s\n", "column", "count", "p50", "p90", "p99", "max");
        headed = true;
        for (unsigned column = 0; column < stream->width; column++)
            print_column(stream, column, context->release_ns);
    }
}
