/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of the runner's memory grows by design: results of a test are kept until it is over, and samples wait in
 * buffers. Whoever looks for memory that was lost has to leave these out, to the byte. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/exercise.h"

/* With the word in front of it by which malloc knows its size; nothing for NULL. */
static uint64_t block(const void *memory)
{
    return memory ? malloc_usable_size((void *)memory) + sizeof(size_t) : 0;
}

static uint64_t kept_by_stream(const struct vg_measured_stream *stream)
{
    uint64_t sum = block(stream->name) + block(stream->file) + block(stream->columns);
    for (unsigned i = 0; i < stream->column_count; i++)
        sum += block(stream->columns[i].name) + block(stream->columns[i].unit) + block(stream->columns[i].kind) +
               block(stream->columns[i].better);
    return sum;
}

static uint64_t kept_by_run(const struct vg_measured_run *run)
{
    uint64_t sum = block(run->tenant) + block(run->workload) + block(run->status) + block(run->message) +
                   block(run->params.items) + block(run->facts) + block(run->marks) + block(run->streams);
    for (unsigned i = 0; i < run->params.count; i++)
        sum += block(run->params.items[i].name) + block(run->params.items[i].value);
    for (unsigned i = 0; i < run->fact_count; i++)
        sum += block(run->facts[i].name) + block(run->facts[i].value);
    for (unsigned i = 0; i < run->mark_count; i++)
        sum += block(run->marks[i].name);
    for (unsigned i = 0; i < run->stream_count; i++)
        sum += kept_by_stream(&run->streams[i]);
    return sum;
}

uint64_t vg_kept_bytes(const struct vg_scene *scene)
{
    const struct vg_measurements *m = scene->measurements;
    uint64_t sum = block(m->phases) + block(m->events) + block(scene->runs) + vg_csv_buffers_bytes();
    for (unsigned i = 0; i < m->phase_count; i++) {
        sum += block(m->phases[i].runs);
        for (unsigned j = 0; j < m->phases[i].run_count; j++)
            sum += kept_by_run(&m->phases[i].runs[j]);
    }
    for (unsigned i = 0; i < m->event_count; i++)
        sum += block(m->events[i].tenant) + block(m->events[i].action) + block(m->events[i].what);
    for (unsigned i = 0; i < scene->run_count; i++)
        sum += block(scene->runs[i]) + block(scene->runs[i]->streams) + block(scene->runs[i]->marks_guest_ns);
    return sum;
}

/* The number of `size="N"` in the first element that starts so; 0: there is none. */
static uint64_t size_in(const char *text, const char *element)
{
    const char *found = strstr(text, element);
    const char *size = found ? strstr(found, " size=\"") : NULL;
    return size ? strtoull(size + strlen(" size=\""), NULL, 10) : 0;
}

/* glibc's malloc_info() sums up all arenas behind the last of them: what it got of the system, of which what is free.
 */
uint64_t vg_heap_bytes(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        vg_out_of_memory();
    bool told = malloc_info(0, stream) == 0;
    if (fclose(stream) != 0)
        vg_out_of_memory();
    const char *totals = text;
    for (const char *next = text; told && (next = strstr(next, "</heap>")) != NULL;)
        totals = next += strlen("</heap>");
    uint64_t used = told ? size_in(totals, "<system type=\"current\"") + size_in(totals, "<total type=\"mmap\"") -
                               size_in(totals, "<total type=\"fast\"") - size_in(totals, "<total type=\"rest\"")
                         : 0;
    free(text);
    return used;
}
