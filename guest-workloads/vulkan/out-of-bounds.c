/* SPDX-License-Identifier: MIT */
/* Shaders that reach out of their buffers in many ways. With robust access the values that come back are prescribed and
 * nothing outside may change; without it the attacker may lose its device, but never more: each such attack is made by
 * a child process, and after each a new device must work. What is read is searched for the neighbour's canaries. */
#include <inttypes.h>
#include <stdio.h>
#include "common/attempt.h"
#include "common/checks.h"
#include "common/vulkan.h"
#include "shaders/out_of_bounds.comp.h"
#include "shaders/wild_address.comp.h"
#include "vulkan/canary-pattern.h"
#include "vulkan/wild-places.h"

#define LOCAL        64
#define TARGET_WORDS 16384
#define RECOVERY_S   60
#define GUARD_WORD   UINT32_C(0x5ca1ab1e)

enum mode { MODE_READ, MODE_WRITE, MODE_ADD, MODE_LOCAL, MODE_GROUP, MODE_COUNT };
static const char *const mode_names[MODE_COUNT] = { "read", "write", "atomic", "private", "workgroup" };

struct push {
    uint32_t mode, cases, value;
};

struct attack {
    struct vg_vk vk;
    struct vg_vk_pipeline pipeline, wild;
    VkBuffer target;            /* bound to the first half of `memory`, its guard to the second */
    struct vg_vk_buffer memory; /* the buffer is the guard */
    struct vg_vk_buffer places, found;
    uint32_t cases; /* per kind of place */
    struct canary_key key;
};

/* What a child tells. */
struct told {
    struct vg_checks checks;
    uint64_t canary_runs, searched_bytes, cases;
};

struct order {
    struct told *told;
    bool robust;
    enum mode mode; /* MODE_COUNT: wild addresses */
    enum wild_kind kind;
    bool writing;
};

static const VkPhysicalDeviceFeatures2 robust_features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .features = { .robustBufferAccess = VK_TRUE },
};
static VkPhysicalDeviceBufferDeviceAddressFeatures address_features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES,
    .bufferDeviceAddress = VK_TRUE,
};
static const VkPhysicalDeviceFeatures2 wild_features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &address_features,
};

/* One allocation for both: the first thing behind the target's end is memory of ours whose content is known. */
static void make_target(struct attack *a)
{
    const struct vg_vk *vk = &a->vk;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = TARGET_WORDS * 4,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
    };
    VkMemoryRequirements needs;
    VG_VK(vk, vkCreateBuffer(vk->device, &info, NULL, &a->target));
    VG_VK(vk, vkCreateBuffer(vk->device, &info, NULL, &a->memory.buffer));
    vkGetBufferMemoryRequirements(vk->device, a->target, &needs);
    int type = vg_vk_memory_type(vk, needs.memoryTypeBits,
                                 VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size + TARGET_WORDS * 4 + needs.alignment,
        .memoryTypeIndex = (uint32_t)(type < 0 ? 0 : type),
    };
    VkDeviceSize behind = (TARGET_WORDS * 4 + needs.alignment - 1) / needs.alignment * needs.alignment;
    VG_VK(vk, vkAllocateMemory(vk->device, &allocate, NULL, &a->memory.memory));
    VG_VK(vk, vkBindBufferMemory(vk->device, a->target, a->memory.memory, 0));
    VG_VK(vk, vkBindBufferMemory(vk->device, a->memory.buffer, a->memory.memory, behind));
    VG_VK(vk, vkMapMemory(vk->device, a->memory.memory, 0, VK_WHOLE_SIZE, 0, &a->memory.map));
    a->memory.bytes = behind; /* where the guard begins */
}

static void open_attack(struct attack *a, struct vg_workload_context *context, const void *features, uint32_t cases)
{
    uint64_t key = vg_w_hex64(context, "key");
    a->key = (struct canary_key) { (uint32_t)key, (uint32_t)(key >> 32) };
    a->cases = cases;
    if (features)
        vg_vk_open_featured(&a->vk, context, features);
    else
        vg_vk_open(&a->vk, context);
    a->pipeline =
        vg_vk_compute(&a->vk, shader_out_of_bounds_comp, sizeof(shader_out_of_bounds_comp), 3, sizeof(struct push));
    if (features == &wild_features)
        a->wild =
            vg_vk_compute(&a->vk, shader_wild_address_comp, sizeof(shader_wild_address_comp), 2, sizeof(struct push));
    a->places = vg_vk_shared_buffer(&a->vk, (VkDeviceSize)cases * 8);
    a->found = vg_vk_shared_buffer(&a->vk, (VkDeviceSize)cases * WILD_SPAN * 4);
    make_target(a);
}

static void refill(const struct attack *a)
{
    uint32_t *target = a->memory.map, *guard = (uint32_t *)((char *)a->memory.map + a->memory.bytes);
    for (uint32_t i = 0; i < TARGET_WORDS; i++) {
        target[i] = wild_own_word(i);
        guard[i] = GUARD_WORD;
    }
    memset(a->found.map, 0, a->found.bytes);
}

static void fire(const struct attack *a, const struct vg_vk_pipeline *pipeline, VkDescriptorSet set, uint32_t mode)
{
    const struct push push = { mode, a->cases, UINT32_C(0xdeadbeef) };
    const struct vg_vk_dispatch job = {
        .pipeline = pipeline,
        .set = set,
        .push = &push,
        .push_bytes = sizeof(push),
        .groups = (a->cases + LOCAL - 1) / LOCAL,
    };
    vg_vk_run(&a->vk, &job);
}

static void search(const struct attack *a, struct told *told)
{
    told->canary_runs += canary_scan_words(a->key, a->found.map, a->found.bytes / 8).runs;
    told->searched_bytes += a->found.bytes;
    told->cases += a->cases;
}

/* Robust: the values are prescribed, and what lies behind the buffer is untouched. */
static void judge_robust(const struct attack *a, const struct order *order)
{
    char name[VG_CHECK_NAME];
    const char *kind = wild_kind_names[order->kind];
    const uint32_t *found = a->found.map;
    const uint32_t *guard = (const uint32_t *)((const char *)a->memory.map + a->memory.bytes);
    uint64_t strange = 0, touched = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; order->mode == MODE_READ && i < a->cases * WILD_SPAN; i++)
        if (!wild_value_allowed(found[i], TARGET_WORDS) && strange++ == 0)
            first = found[i];
    if (order->mode == MODE_READ) {
        snprintf(name, sizeof(name), "robust-read-%s", kind);
        vg_check_many(&order->told->checks, name, a->cases * (uint64_t)WILD_SPAN, strange,
                      "read 0x%08x, which is neither zero nor in the buffer", first);
    }
    for (uint32_t i = 0; i < TARGET_WORDS; i++)
        touched += guard[i] != GUARD_WORD;
    if (order->mode != MODE_READ) {
        snprintf(name, sizeof(name), "robust-%s-%s", mode_names[order->mode], kind);
        vg_check_many(&order->told->checks, name, a->cases, touched ? 1 : 0,
                      "%llu words behind the buffer's end were changed", (unsigned long long)touched);
    }
}

static void attack_buffers(struct attack *a, const struct order *order)
{
    uint32_t *places = a->places.map;
    for (uint32_t i = 0; i < a->cases; i++) {
        places[i] = wild_index(order->kind, i, TARGET_WORDS);
        if (order->mode == MODE_LOCAL || order->mode == MODE_GROUP)
            places[i] -= TARGET_WORDS - 64; /* from their own end on */
    }
    const VkBuffer buffers[] = { a->target, a->places.buffer, a->found.buffer };
    refill(a);
    fire(a, &a->pipeline, vg_vk_buffer_set(&a->vk, &a->pipeline, buffers), order->mode);
    search(a, order->told);
    if (order->robust)
        judge_robust(a, order);
}

/* Addresses where user space and kernels keep their things, at multiples of 4. */
static void attack_addresses(struct attack *a, const struct order *order)
{
    uint64_t *places = a->places.map;
    for (uint32_t i = 0; i < a->cases; i++) {
        uint64_t draw = wild_mix(i * UINT64_C(4) + order->writing);
        places[i] = (i % 4 == 0   ? draw
                     : i % 4 == 1 ? draw >> 17
                     : i % 4 == 2 ? draw >> 30
                                  : (UINT64_C(0x7f) << 40) | draw >> 24) &
                    ~UINT64_C(3);
    }
    const VkBuffer buffers[] = { a->places.buffer, a->found.buffer };
    refill(a);
    fire(a, &a->wild, vg_vk_buffer_set(&a->vk, &a->wild, buffers), order->writing);
    search(a, order->told);
}

static void obey(struct vg_workload_context *context, void *argument)
{
    static struct attack a;
    const struct order *order = argument;
    bool wild = order->mode == MODE_COUNT;
    open_attack(&a, context,
                wild            ? (const void *)&wild_features
                : order->robust ? (const void *)&robust_features
                                : NULL,
                (uint32_t)vg_w_int(context, order->robust ? "cases" : "wild_cases"));
    if (wild)
        attack_addresses(&a, order);
    else
        attack_buffers(&a, order);
    vg_vk_prove_compute(&a.vk, 77); /* what is left of the device still computes right, or says that it is lost */
}

/* After the attack: a new process gets a device that works. */
static void look_after(struct vg_workload_context *context, void *argument)
{
    struct vg_vk vk;
    (void)argument;
    vg_vk_open(&vk, context);
    vg_vk_prove_compute(&vk, 4711);
}

static void check_recovery(struct vg_workload_context *context, struct vg_checks *checks, const char *after)
{
    struct vg_attempt attempt = vg_attempt_run(context, look_after, NULL, RECOVERY_S);
    vg_check(checks, "new-device-works-afterwards", attempt.end == VG_ATTEMPT_DONE, "after %s a new device failed: %s",
             after, vg_attempt_text(&attempt));
}

static bool has_addresses(const struct vg_vk *vk)
{
    VkPhysicalDeviceBufferDeviceAddressFeatures address = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES,
    };
    VkPhysicalDeviceFeatures2 features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &address };
    vkGetPhysicalDeviceFeatures2(vk->physical, &features);
    return vk->properties.apiVersion >= VK_API_VERSION_1_2 && address.bufferDeviceAddress;
}

static void ask_addresses(struct vg_workload_context *context, void *argument)
{
    struct vg_vk vk;
    vg_vk_open(&vk, context);
    *(bool *)argument = has_addresses(&vk);
}

/* All kinds of place with robust access; every one of them must leave the device alive. */
static void attack_robustly(struct vg_workload_context *context, struct told *told)
{
    int attempt_s = (int)vg_w_int(context, "attempt_s");
    for (enum mode mode = MODE_READ; mode <= MODE_ADD; mode++)
        for (enum wild_kind kind = 0; kind < WILD_KINDS && !vg_w_should_stop(context); kind++) {
            struct order order = { .told = told, .robust = true, .mode = mode, .kind = kind };
            struct vg_attempt attempt = vg_attempt_run(context, obey, &order, attempt_s);
            vg_check(&told->checks, "robust-keeps-device", attempt.end == VG_ATTEMPT_DONE, "%s %s: %s",
                     mode_names[mode], wild_kind_names[kind], vg_attempt_text(&attempt));
        }
}

/* An attacker that waits for ever for its own lost device has lost it, too. */
struct losses {
    int64_t lost, hung;
};

static void attack_bare(struct vg_workload_context *context, struct told *told, struct losses *losses)
{
    int attempt_s = (int)vg_w_int(context, "attempt_s");
    char what[64];
    for (enum mode mode = MODE_READ; mode < MODE_COUNT; mode++)
        for (enum wild_kind kind = 0; kind < WILD_KINDS && !vg_w_should_stop(context); kind++) {
            struct order order = { .told = told, .mode = mode, .kind = kind };
            struct vg_attempt attempt = vg_attempt_run(context, obey, &order, attempt_s);
            losses->lost += attempt.end != VG_ATTEMPT_DONE;
            snprintf(what, sizeof(what), "%s %s", mode_names[mode], wild_kind_names[kind]);
            losses->hung += attempt.end == VG_ATTEMPT_TIME_OUT;
            if (attempt.end != VG_ATTEMPT_DONE)
                check_recovery(context, &told->checks, what);
        }
    bool *addresses = vg_attempt_shared(sizeof(*addresses));
    vg_attempt_run(context, ask_addresses, addresses, RECOVERY_S);
    for (int writing = 0; writing < 2 && *addresses && !vg_w_should_stop(context); writing++) {
        struct order order = { .told = told, .mode = MODE_COUNT, .writing = writing };
        struct vg_attempt attempt = vg_attempt_run(context, obey, &order, attempt_s);
        losses->lost += attempt.end != VG_ATTEMPT_DONE;
        losses->hung += attempt.end == VG_ATTEMPT_TIME_OUT;
        check_recovery(context, &told->checks, writing ? "writes to wild addresses" : "reads from wild addresses");
    }
    if (!*addresses)
        vg_check_skip(&told->checks, "wild-addresses", "the device has no buffer device addresses");
    check_recovery(context, &told->checks, "everything");
}

static void run(struct vg_workload_context *context)
{
    struct told *told = vg_attempt_shared(sizeof(*told));
    struct vg_vk vk;
    struct losses losses = { 0 };
    vg_w_barrier(context);
    if (vg_equal(vg_w_text(context, "robustness"), "on"))
        attack_robustly(context, told);
    else
        attack_bare(context, told, &losses);
    vg_check(&told->checks, "neighbour-not-read", told->canary_runs == 0,
             "%llu runs of the neighbour's canaries were read from out of bounds",
             (unsigned long long)told->canary_runs);
    vg_checks_report(context, &told->checks);
    vg_w_fact_int(context, "out_of_bounds_cases", (int64_t)told->cases);
    vg_w_fact_int(context, "searched_bytes", (int64_t)told->searched_bytes);
    vg_w_fact_int(context, "devices_lost", losses.lost);
    vg_w_fact_int(context, "devices_hung", losses.hung);
    vg_vk_open(&vk, context); /* names the driver, and works */
    vg_vk_prove_compute(&vk, 42);
}

VG_WORKLOAD(vk_out_of_bounds) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-out-of-bounds",
    .summary = "reaches out of buffers in many ways, with robust access and without",
    .why = "A shader that reaches out of its buffer must not reach into another tenant",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "robustness", VG_CHOICE, .choices = "on|off", .def = "on",
              .summary = "on: values are prescribed; off: the attacker may lose its device" },
            { "key", VG_HEX64, .def = VG_PARAM_SEED, .summary = "64-bit key of the neighbour's canaries" },
            { "cases", VG_INT, .def = "8192", .min = 64, .max = 1000000, .unit = "1",
              .summary = "robust: places per kind of access and place" },
            { "wild_cases", VG_INT, .def = "1024", .min = 64, .max = 1000000, .unit = "1",
              .summary = "not robust: the same" },
            { "attempt_s", VG_INT, .def = "10", .min = 1, .max = 3600, .unit = "s",
              .summary = "an attack that takes longer is ended" },
            { 0 },
        },
    .run = run,
};
