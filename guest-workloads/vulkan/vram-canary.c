/* SPDX-License-Identifier: MIT */
/* Does a tenant's GPU memory reach the next tenant? One tenant fills memory with canaries and is destroyed; the next
 * allocates memory, does not clear it, and looks at every word. Three classes: our canary, something else that is not
 * zero, zero. */
#include <inttypes.h>
#include <stdio.h>
#include "common/checks.h"
#include "vulkan/canary-memory.h"

#define MIB        (UINT64_C(1) << 20)
#define MAX_BLOCKS 4096

struct canary {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct canary_gpu gpu;
    struct canary_key key;
    struct canary_block blocks[MAX_BLOCKS];
    size_t block_count;
    uint64_t bytes, heap_bytes;
    struct vg_checks checks;
    bool exhausted; /* an allocation failed: what is allocated is all there is */
};

static void read_key(struct canary *c)
{
    uint64_t value = vg_w_hex64(c->context, "key");
    char text[32];
    c->key = (struct canary_key) { .low = (uint32_t)value, .high = (uint32_t)(value >> 32) };
    snprintf(text, sizeof(text), "%016" PRIx64, value);
    vg_w_fact_text(c->context, "key", text); /* the host sees that both tenants had the same one */
    if (value == 0)
        vg_w_invalid(c->context, "parameter `key` is zero, under which a canary looks like cleared memory");
}

static bool heap_is_wanted(const struct canary *c, uint32_t heap)
{
    for (uint32_t i = 0; i < c->vk.memory.memoryTypeCount; i++)
        if (c->vk.memory.memoryTypes[i].heapIndex == heap &&
            (c->vk.memory.memoryTypes[i].propertyFlags & c->gpu.wanted) == c->gpu.wanted)
            return true;
    return false;
}

static void set_up(struct canary *c, struct vg_workload_context *context)
{
    c->context = context;
    read_key(c);
    vg_vk_open(&c->vk, context);
    canary_gpu_open(&c->gpu, &c->vk);
    c->gpu.wanted = vg_equal(vg_w_text(context, "memory"), "host-visible") ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT
                                                                           : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    for (uint32_t i = 0; i < c->vk.memory.memoryHeapCount; i++)
        if (heap_is_wanted(c, i))
            c->heap_bytes += c->vk.memory.memoryHeaps[i].size;
}

/* Takes raw memory until the limit, or until there is no more. */
static void allocate(struct canary *c)
{
    uint64_t block_bytes = (uint64_t)vg_w_int(c->context, "block_mib") * MIB;
    uint64_t limit = (uint64_t)vg_w_int(c->context, "limit_mib") * MIB;
    uint64_t part = (uint64_t)((double)c->heap_bytes * vg_w_real(c->context, "fraction")) / 8 * 8;
    if (block_bytes > c->vk.properties.limits.maxStorageBufferRange)
        block_bytes = c->vk.properties.limits.maxStorageBufferRange / MIB * MIB;
    limit = part < limit ? part : limit;
    uint32_t type = 0;
    while (c->bytes < limit && c->block_count < MAX_BLOCKS && !vg_w_should_stop(c->context)) {
        struct canary_block *block = &c->blocks[c->block_count];
        uint64_t rest = limit - c->bytes;
        if (!canary_allocate(&c->gpu, rest < block_bytes ? rest : block_bytes, &type, block)) {
            c->exhausted = true;
            break;
        }
        c->bytes += block->bytes;
        c->block_count++;
    }
    if (c->bytes == 0 && !vg_w_should_stop(c->context))
        vg_w_invalid(c->context, "no %s memory could be allocated, so nothing can be said about it",
                     vg_w_text(c->context, "memory"));
}

static void push_block(struct vg_stream *stream, size_t index, uint64_t bytes, const struct canary_findings *found)
{
    const int64_t row[] = { (int64_t)index, (int64_t)bytes, (int64_t)found->canary_words,
                            (int64_t)found->nonzero_words };
    vg_w_push(stream, row);
}

/* Fills every block, then reads all of them back: memory that aliases is found out. */
static void fill_all(struct canary *c, uint32_t first_index)
{
    for (size_t i = 0; i < c->block_count; i++) {
        uint32_t words = (uint32_t)(c->blocks[i].bytes / 8);
        canary_fill(&c->gpu, &c->blocks[i], c->key, first_index, words);
        first_index += words;
    }
}

/* Whether all of it still is what was written. What another tenant writes into this memory shows here. */
static void look_intact(struct canary *c)
{
    for (size_t i = 0; i < c->block_count && !vg_w_should_stop(c->context); i++) {
        uint64_t words = c->blocks[i].bytes / 8;
        struct canary_findings found = canary_scan(&c->gpu, &c->blocks[i], c->key);
        vg_check(&c->checks, "own-memory-intact",
                 found.canary_words == words && found.runs == 1 && found.first_run == 0,
                 "block %zu of %llu words holds %llu canaries in %llu runs after it was written whole", i,
                 (unsigned long long)words, (unsigned long long)found.canary_words, (unsigned long long)found.runs);
    }
}

/* As a tenant that works: its memory is never at rest. */
static void rewrite(struct canary *c)
{
    uint32_t index = 0;
    int64_t passes = 0;
    while (!vg_w_should_stop(c->context)) {
        look_intact(c);
        index += UINT32_C(0x01000193);
        fill_all(c, index);
        passes++;
    }
    vg_w_fact_int(c->context, "rewritten_times", passes);
    vg_checks_report(c->context, &c->checks);
}

static void fill(struct canary *c, struct vg_stream *stream)
{
    allocate(c);
    fill_all(c, 0);
    for (size_t i = 0; i < c->block_count; i++) {
        uint64_t words = c->blocks[i].bytes / 8;
        struct canary_findings found = canary_scan(&c->gpu, &c->blocks[i], c->key);
        if (found.canary_words != words || found.runs != 1 || found.first_run != 0)
            vg_w_fail(c->context, "block %zu holds %llu canaries in %llu runs, %llu in one run were written", i,
                      (unsigned long long)found.canary_words, (unsigned long long)found.runs,
                      (unsigned long long)words);
        push_block(stream, i, c->blocks[i].bytes, &found);
    }
    vg_w_fact_int(c->context, "filled_bytes", (int64_t)c->bytes);
    vg_w_flush(stream);
    vg_w_mark(c->context, "filled");
    if (vg_w_bool(c->context, "rewrite"))
        rewrite(c);
    else if (vg_w_bool(c->context, "hold"))
        vg_w_hold(c->context);
}

static void add(struct canary_findings *sum, const struct canary_findings *found, uint64_t words_before)
{
    sum->canary_words += found->canary_words;
    sum->nonzero_words += found->nonzero_words;
    sum->runs += found->runs;
    if (found->runs && sum->first_run == UINT64_MAX)
        sum->first_run = words_before + found->first_run;
}

static struct canary_findings look(struct canary *c, const struct canary_block *block, uint64_t *mapped_bytes)
{
    struct canary_findings cpu, gpu;
    bool mapped = canary_scan_mapped(&c->gpu, block, c->key, &cpu);
    gpu = canary_scan(&c->gpu, block, c->key);
    if (!mapped)
        return gpu;
    *mapped_bytes += block->bytes;
    return canary_worse(gpu, cpu);
}

/* What all rounds of a scan found together. */
struct scanned {
    struct canary_findings sum;
    uint64_t bytes, mapped; /* over all rounds */
    uint64_t least;         /* of one round */
    uint64_t allocatable;
    int64_t rounds, ns;
};

static void scan_once(struct canary *c, struct vg_stream *stream, struct scanned *all)
{
    uint64_t before = all->bytes;
    int64_t start_ns = vg_now_ns();
    allocate(c);
    for (size_t i = 0; i < c->block_count && (all->rounds == 0 || !vg_w_should_stop(c->context)); i++) {
        struct canary_findings found = look(c, &c->blocks[i], &all->mapped);
        add(&all->sum, &found, all->bytes / 8);
        all->bytes += c->blocks[i].bytes;
        if (vg_w_room(stream) == 0)
            vg_w_flush(stream);
        push_block(stream, i, c->blocks[i].bytes, &found);
    }
    all->ns += vg_now_ns() - start_ns;
    all->allocatable = c->exhausted || c->heap_bytes < c->bytes ? c->bytes : c->heap_bytes;
    if (all->rounds++ == 0 || (all->bytes - before < all->least && !vg_w_should_stop(c->context)))
        all->least = all->bytes - before;
}

static void release_all(struct canary *c)
{
    for (size_t i = 0; i < c->block_count; i++)
        canary_release(&c->gpu, &c->blocks[i]);
    c->block_count = 0;
    c->bytes = 0;
    c->exhausted = false;
}

static void scan(struct canary *c, struct vg_stream *stream)
{
    struct scanned all = { .sum = { .first_run = UINT64_MAX } };
    int64_t end_ns = vg_now_ns() + vg_w_int(c->context, "seconds") * VG_NS_PER_S;
    scan_once(c, stream, &all);
    while (vg_now_ns() < end_ns && !vg_w_should_stop(c->context)) {
        release_all(c);
        scan_once(c, stream, &all);
    }
    vg_w_fact_int(c->context, "scan_rounds", all.rounds);
    vg_w_fact_int(c->context, "scanned_bytes", (int64_t)all.least);
    vg_w_fact_int(c->context, "scanned_bytes_in_all", (int64_t)all.bytes);
    vg_w_fact_int(c->context, "mapped_bytes", (int64_t)all.mapped);
    vg_w_fact_int(c->context, "allocatable_bytes", (int64_t)all.allocatable);
    vg_w_fact_real(c->context, "coverage_percent", 100.0 * (double)all.least / (double)all.allocatable);
    vg_w_fact_real(c->context, "scan_bytes_per_s", all.ns ? (double)all.bytes * 1e9 / (double)all.ns : 0);
    vg_w_fact_int(c->context, "canary_words", (int64_t)all.sum.canary_words);
    vg_w_fact_int(c->context, "canary_runs", (int64_t)all.sum.runs);
    vg_w_fact_int(c->context, "first_canary_byte", all.sum.runs ? (int64_t)all.sum.first_run * 8 : -1);
    vg_w_fact_int(c->context, "nonzero_bytes", (int64_t)all.sum.nonzero_words * 8);
    vg_w_fact_int(c->context, "zero_bytes", (int64_t)(all.bytes - all.sum.nonzero_words * 8));
    vg_w_fact_text(c->context, "leak_class", all.sum.runs ? "canary" : all.sum.nonzero_words ? "nonzero" : "zero");
}

static void run(struct vg_workload_context *context)
{
    static struct canary c;
    bool scanning = vg_equal(vg_w_text(context, "mode"), "scan");
    set_up(&c, context);
    if (scanning && !canary_prove_detector(&c.gpu, c.key))
        vg_w_invalid(context, "the detector does not find canaries that were just written: no scan can be trusted");
    if (scanning)
        vg_w_fact_int(context, "detector_proved", 1);
    struct vg_stream *stream = vg_w_stream(context, "block", MAX_BLOCKS);
    vg_w_barrier(context);
    if (scanning)
        scan(&c, stream);
    else
        fill(&c, stream);
}

VG_WORKLOAD(vram_canary) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vram-canary",
    .summary = "fills GPU memory with keyed words, or searches uncleared memory for them",
    .why = "Memory that is not cleared between tenants hands one tenant's data to the next",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "mode", VG_CHOICE, .choices = "fill|scan", .def = "scan", .summary = "write canaries, or search" },
            { "key", VG_HEX64, .def = VG_PARAM_SEED,
              .summary = "64-bit key in hexadecimal; the same for the tenant that fills and the one that scans" },
            { "memory", VG_CHOICE, .choices = "device-local|host-visible", .def = "device-local",
              .summary = "which memory types are taken" },
            { "limit_mib", VG_INT, .def = "256", .min = 1, .max = 32767, .unit = "MiB",
              .summary = "take at most this much memory" },
            { "fraction", VG_REAL, .def = "1", .min = 0.01, .max = 1, .unit = "1",
              .summary = "take at most this part of the device-local heaps" },
            { "block_mib", VG_INT, .def = "16", .min = 1, .max = 1024, .unit = "MiB",
              .summary = "size of one allocation" },
            { "hold", VG_BOOL, .def = "true", .summary = "fill: keep the memory until stopped" },
            { "rewrite", VG_BOOL, .def = "false",
              .summary = "fill: check and rewrite the memory until stopped, other canaries each time" },
            { "seconds", VG_INT, .def = "0", .min = 0, .max = 86400, .unit = "s",
              .summary = "scan: allocate, search and free again and again for so long; once at least" },
            { 0 },
        },
    .streams =
        VG_STREAMS {
            { "block", "one row per allocation",
              VG_COLUMNS {
                  { "index", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "which allocation" },
                  { "bytes", "bytes", VG_COLUMN_COUNT, VG_NEITHER, 0, "its size" },
                  { "canary_words", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "64-bit words that are canaries of the key" },
                  { "nonzero_words", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "64-bit words that are not zero" },
                  { 0 },
              } },
            { 0 },
        },
    .run = run,
};
