/* SPDX-License-Identifier: MIT */
/* Memory inside the GPU's cores outlives the job that used it, and nobody allocates it, so that nobody thinks of
 * clearing it. One tenant's jobs write canaries into workgroup and private memory; another's dump both as they find
 * them. */
#include <inttypes.h>
#include <stdio.h>
#include "common/checks.h"
#include "common/vulkan.h"
#include "shaders/local_memory.comp.h"
#include "vulkan/canary-pattern.h"

/* As in local_memory.comp. */
#define GROUP_WORDS   2048
#define SCRATCH_WORDS (64 * 64)
#define WORDS         (GROUP_WORDS + SCRATCH_WORDS)
#define MAX_GROUPS    1024

struct push {
    uint32_t key_low, key_high, plant, turn;
};

struct locals {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct vg_vk_pipeline pipeline;
    struct vg_vk_buffer dump;
    VkDescriptorSet set;
    struct canary_key key;
    uint32_t groups, turn;
};

static void dispatch(struct locals *l, struct canary_key key, bool plant)
{
    const struct push push = { key.low, key.high, plant, l->turn++ };
    const struct vg_vk_dispatch job = {
        .pipeline = &l->pipeline,
        .set = l->set,
        .push = &push,
        .push_bytes = sizeof(push),
        .groups = l->groups,
    };
    vg_vk_run(&l->vk, &job);
}

/* Each group's two kinds of memory by themselves, so that no run of canaries is made by laying them side by side. */
static struct canary_findings search(const struct locals *l, struct canary_key key, bool scratch)
{
    struct canary_findings sum = { .first_run = UINT64_MAX };
    const uint64_t *words = l->dump.map;
    for (uint32_t group = 0; group < l->groups; group++) {
        const uint64_t *first = words + (size_t)group * WORDS + (scratch ? GROUP_WORDS : 0);
        struct canary_findings found = canary_scan_words(key, first, scratch ? SCRATCH_WORDS : GROUP_WORDS);
        sum.canary_words += found.canary_words;
        sum.nonzero_words += found.nonzero_words;
        sum.runs += found.runs;
    }
    return sum;
}

static bool planted_is_found(struct locals *l, struct canary_key key)
{
    dispatch(l, key, true);
    return search(l, key, false).canary_words == (uint64_t)l->groups * GROUP_WORDS &&
           search(l, key, true).canary_words == (uint64_t)l->groups * SCRATCH_WORDS &&
           search(l, l->key, false).runs == 0;
}

static void write_canaries(struct locals *l)
{
    int64_t passes = 0;
    if (!planted_is_found(l, l->key) && search(l, l->key, false).canary_words == 0)
        vg_w_fail(l->context, "workgroup memory does not hold what was written into it");
    vg_w_fact_int(l->context, "filled_bytes", (int64_t)l->groups * WORDS * 8);
    vg_w_mark(l->context, "filled");
    while (!vg_w_should_stop(l->context)) {
        dispatch(l, l->key, true);
        passes++;
    }
    vg_w_fact_int(l->context, "written_times", passes);
}

static void listen(struct locals *l)
{
    struct canary_findings group = { .first_run = UINT64_MAX }, scratch = group;
    int64_t end_ns = vg_now_ns() + vg_w_int(l->context, "seconds") * VG_NS_PER_S, rounds = 0;
    do {
        memset(l->dump.map, 0, l->dump.bytes);
        dispatch(l, l->key, false);
        struct canary_findings a = search(l, l->key, false), b = search(l, l->key, true);
        group.canary_words += a.canary_words;
        group.nonzero_words += a.nonzero_words;
        group.runs += a.runs;
        scratch.canary_words += b.canary_words;
        scratch.nonzero_words += b.nonzero_words;
        scratch.runs += b.runs;
        rounds++;
    } while (vg_now_ns() < end_ns && !vg_w_should_stop(l->context));
    vg_w_fact_int(l->context, "listen_rounds", rounds);
    vg_w_fact_int(l->context, "scanned_bytes", rounds * l->groups * WORDS * 8);
    vg_w_fact_int(l->context, "canary_words", (int64_t)(group.canary_words + scratch.canary_words));
    vg_w_fact_int(l->context, "canary_runs", (int64_t)(group.runs + scratch.runs));
    vg_w_fact_int(l->context, "nonzero_bytes", (int64_t)(group.nonzero_words + scratch.nonzero_words) * 8);
    vg_w_fact_int(l->context, "group_nonzero_bytes", (int64_t)group.nonzero_words * 8);
    vg_w_fact_int(l->context, "scratch_nonzero_bytes", (int64_t)scratch.nonzero_words * 8);
}

static void run(struct vg_workload_context *context)
{
    static struct locals l;
    uint64_t key = vg_w_hex64(context, "key");
    l.context = context;
    l.key = (struct canary_key) { (uint32_t)key, (uint32_t)(key >> 32) };
    l.groups = (uint32_t)vg_w_int(context, "groups");
    if (key == 0)
        vg_w_invalid(context, "parameter `key` is zero, under which a canary looks like cleared memory");
    vg_vk_open(&l.vk, context);
    l.pipeline =
        vg_vk_compute(&l.vk, shader_local_memory_comp, sizeof(shader_local_memory_comp), 1, sizeof(struct push));
    l.dump = vg_vk_shared_buffer(&l.vk, (VkDeviceSize)l.groups * WORDS * 8);
    l.set = vg_vk_buffer_set(&l.vk, &l.pipeline, &l.dump.buffer);
    bool writing = vg_equal(vg_w_text(context, "mode"), "write");
    if (!writing) {
        const struct canary_key known = { ~l.key.low, l.key.high ^ UINT32_C(0x5bd1e995) };
        if (!planted_is_found(&l, known))
            vg_w_invalid(context,
                         "canaries that the same shader wrote are not in what it dumps: nothing could be heard");
        vg_w_fact_int(context, "detector_proved", 1);
    }
    vg_w_barrier(context);
    if (writing)
        write_canaries(&l);
    else
        listen(&l);
}

VG_WORKLOAD(vk_local_memory) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-local-memory",
    .summary = "writes keyed words into workgroup and private memory, or dumps both uninitialised",
    .why = "Workgroup memory of one tenant's jobs was readable by the next job on several makers' GPUs",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "mode", VG_CHOICE, .choices = "write|listen", .def = "listen", .summary = "write canaries, or dump" },
            { "key", VG_HEX64, .def = VG_PARAM_SEED, .summary = "64-bit key in hexadecimal, the same for both" },
            { "groups", VG_INT, .def = "32", .min = 1, .max = MAX_GROUPS, .unit = "1",
              .summary = "workgroups per dispatch; enough for every core of the GPU" },
            { "seconds", VG_INT, .def = "5", .min = 0, .max = 86400, .unit = "s",
              .summary = "listen: for so long, once at least" },
            { 0 },
        },
    .run = run,
};
