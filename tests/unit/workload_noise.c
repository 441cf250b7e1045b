/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workloads that keep a GPU busy, on the Vulkan driver of this machine: each verifies what it times. So each must
 * end well on a driver that works, also when it is stopped at any moment, and must fail, with the right sentence, on
 * one that leaves work out, spoils it, or hands out memory twice. The calls that do the work are replaced below by ones
 * that can do it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <vulkan/vulkan.h>
#include "support/under_valgrind.h"
#include "support/workload_process.h"

/* --- a driver that works until it is told not to ---------------------------------------------------------------------
 */

static enum fault {
    SOUND,
    COPY_NOTHING,     /* large copies are left out */
    COPY_HALF,        /* their second half is */
    COPY_WRONG_PLACE, /* they come from the beginning of their source */
    COPY_LAST_BYTES,  /* the last words but one are left out: no spot need meet them */
    FILL_NOTHING,
    FILL_SHORT, /* all but the last 64 KiB */
    DISPATCH_NOTHING,
    MEMORY_TWICE,  /* every buffer lies in the first one's memory */
    NO_MEMORY,     /* from the third allocation on */
    LOST,          /* the 50th submission loses the device */
    NEVER_SIGNALS, /* a wait times out */
} fault;
static unsigned submissions, allocations;

/* Some faults make the driver copy from beyond a buffer; the sanitizer would end that before the workload sees it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "replace_intrin=0";
}

#define REAL(name) ((PFN_##name)real(#name))
static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

void vkCmdCopyBuffer(VkCommandBuffer commands, VkBuffer from, VkBuffer to, uint32_t count, const VkBufferCopy *regions)
{
    VkBufferCopy region = regions[0];
    if (count > 1 || fault == SOUND) { /* several regions: the spots that are read back */
        REAL(vkCmdCopyBuffer)(commands, from, to, count, regions);
        return;
    }
    if (fault == COPY_NOTHING)
        return;
    if (fault == COPY_HALF)
        region.size /= 2;
    if (fault == COPY_LAST_BYTES) {
        region.size -= 16;
        REAL(vkCmdCopyBuffer)(commands, from, to, 1, &region);
        region.srcOffset += region.size + 8;
        region.dstOffset += region.size + 8;
        region.size = 8;
    }
    if (fault == COPY_WRONG_PLACE)
        region.srcOffset = region.srcOffset ? 0 : 8;
    REAL(vkCmdCopyBuffer)(commands, from, to, 1, &region);
}

void vkCmdFillBuffer(VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset, VkDeviceSize bytes, uint32_t data)
{
    if (fault == FILL_NOTHING)
        return;
    REAL(vkCmdFillBuffer)(commands, buffer, offset, fault == FILL_SHORT ? 64 : bytes, data);
}

void vkCmdDispatch(VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z)
{
    if (fault != DISPATCH_NOTHING)
        REAL(vkCmdDispatch)(commands, x, y, z);
}

VkResult vkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *allocator,
                          VkDeviceMemory *memory)
{
    static VkDeviceMemory first;
    if (fault == NO_MEMORY && ++allocations > 2)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    if (fault == MEMORY_TWICE && first && info->allocationSize > 65536) {
        *memory = first;
        return VK_SUCCESS;
    }
    VkMemoryAllocateInfo large = *info;
    if (fault == MEMORY_TWICE && info->allocationSize > 65536)
        large.allocationSize = 64 << 20;
    VkResult result = REAL(vkAllocateMemory)(device, &large, allocator, memory);
    if (fault == MEMORY_TWICE && info->allocationSize > 65536)
        first = *memory;
    return result;
}

void vkFreeMemory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks *allocator)
{
    if (fault != MEMORY_TWICE)
        REAL(vkFreeMemory)(device, memory, allocator);
}

VkResult vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
    if (fault == LOST && ++submissions == 50)
        return VK_ERROR_DEVICE_LOST;
    return REAL(vkQueueSubmit)(queue, count, submits, fence);
}

VkResult vkWaitForFences(VkDevice device, uint32_t count, const VkFence *fences, VkBool32 all, uint64_t timeout_ns)
{
    return fault == NEVER_SIGNALS ? VK_TIMEOUT : REAL(vkWaitForFences)(device, count, fences, all, timeout_ns);
}

/* --- runs ------------------------------------------------------------------------------------------------------------
 */

static enum fault injected;

static void inject(void)
{
    fault = injected;
}

/* settings: "name=value" up to NULL; every other parameter has its default. */
static struct process_report run(const char *name, enum fault with, int64_t stop_after_ns, const char *const *settings)
{
    const struct vg_descriptor *found = vg_descriptor_find(VG_KIND_WORKLOAD, name);
    const char *values[16] = { NULL };
    assert_non_null(found);
    for (size_t i = 0; found->params[i].name; i++) {
        values[i] = found->params[i].def;
        size_t length = strlen(found->params[i].name);
        for (size_t j = 0; settings[j]; j++)
            if (strncmp(settings[j], found->params[i].name, length) == 0 && settings[j][length] == '=')
                values[i] = settings[j] + length + 1;
    }
    injected = with;
    return process_run((const struct vg_workload *)found, values, stop_after_ns, inject);
}
#define SETTINGS(...) ((const char *const[]) { __VA_ARGS__, NULL })

static const struct small {
    const char *workload;
    const char *settings[4];
} small[] = {
    { "vk-compute-stream", { "seconds=1.2", "job_ms=2", "workgroups=16" } },
    { "vk-compute-stream", { "seconds=1.6", "job_ms=2", "duty_percent=20" } },
    { "vk-paced-stream", { "seconds=1.6", "job_ms=1", "workgroups=16" } },
    { "vk-copy-stream", { "seconds=1", "mib=2" } },
    { "vk-upload-stream", { "seconds=1", "mib=1" } },
    { "vk-context-churn", { "seconds=1" } },
    { "vk-allocation-churn", { "seconds=1", "max_mib=2" } },
};

static void each_measures_and_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(small); i++) {
        struct process_report r = run(small[i].workload, SOUND, 0, small[i].settings);
        assert_ended(&r, "ok", "");
        size_t rows = process_rows(&r, "job");
        if (rows < 5)
            fail_msg("%s: %zu rows", small[i].workload, rows);
        assert_int_equal(process_number(&r, "jobs"), rows);
        assert_true((size_t)process_number(&r, "verified_jobs") >= rows + process_rows(&r, "warmup"));
        assert_true(strlen(process_fact(&r, "warmup_rule")) > 10);
    }
}

static void each_can_be_stopped_at_any_moment(void **state)
{
    (void)state;
    static const int64_t after_ns[] = { 1, 30 * VG_NS_PER_MS, 200 * VG_NS_PER_MS };
    for (size_t i = 0; i < VG_COUNT(small); i++) {
        const char *settings[] = { "seconds=3600", small[i].settings[1],
                                   small[i].settings[1] ? small[i].settings[2] : NULL, NULL };
        for (size_t j = 0; j < VG_COUNT(after_ns); j++) {
            struct process_report r = run(small[i].workload, SOUND, after_ns[j], settings);
            assert_ended(&r, "ok", "");
            process_number(&r, "verified_jobs");
        }
    }
}

static void wrong_work_is_found(void **state)
{
    (void)state;
    if (under_valgrind()) /* memory that the driver should have written is looked at: it would say so, and be right */
        skip();
    static const struct {
        size_t which;
        enum fault fault;
        const char *status, *message;
    } cases[] = {
        { 0, DISPATCH_NOTHING, "fail", "the GPU computed 0x" },
        { 2, DISPATCH_NOTHING, "fail", "the GPU computed 0x" },
        { 3, COPY_NOTHING, "fail", "a copy of 2097152 bytes left 0x" },
        { 3, COPY_HALF, "fail", "a copy of 2097152 bytes left 0x" },
        { 3, COPY_WRONG_PLACE, "fail", "a copy of 2097152 bytes left 0x" },
        /* Seldom by a spot, else by the look at every word. */
        { 3, COPY_LAST_BYTES, "fail", "a copy of 2" },
        { 4, COPY_NOTHING, "fail", "an upload of 1048576 bytes left 0x" },
        { 4, COPY_HALF, "fail", "an upload of 1048576 bytes left 0x" },
        { 4, COPY_WRONG_PLACE, "fail", "an upload of 1048576 bytes left 0x" },
        { 4, COPY_LAST_BYTES, "fail", "an upload of 1048576 bytes" },
        { 5, FILL_NOTHING, "fail", "context 1: the GPU left 0x" },
        { 5, FILL_SHORT, "fail", "in word 16" },
        { 6, FILL_NOTHING, "fail", "after it was filled" },
        { 6, FILL_SHORT, "fail", "after it was filled" },
        { 6, MEMORY_TWICE, "fail", "before it is freed" },
        { 6, NO_MEMORY, "fail", "vkAllocateMemory returned VK_ERROR_OUT_OF_DEVICE_MEMORY" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct process_report r =
            run(small[cases[i].which].workload, cases[i].fault, 0, small[cases[i].which].settings);
        assert_ended(&r, cases[i].status, cases[i].message);
    }
}

static void failing_calls_end_the_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < VG_COUNT(small); i++) {
        const char *settings[] = { "seconds=3600", small[i].settings[1],
                                   small[i].settings[1] ? small[i].settings[2] : NULL, NULL };
        struct process_report r = run(small[i].workload, LOST, 0, settings);
        assert_ended(&r, "fail", "vkQueueSubmit returned VK_ERROR_DEVICE_LOST");
        r = run(small[i].workload, NEVER_SIGNALS, 0, small[i].settings);
        assert_ended(&r, "fail", "did not complete within a minute");
    }
}

/* A GPU that takes two ticks per job: no tick waits for the job before it, and those that find no slot are in a stream
 * of their own. Latency counts from the tick, so that it grows to all that wait. */
static void an_open_loop_stays_open(void **state)
{
    (void)state;
    struct process_report r = run("vk-paced-stream", SOUND, 0,
                                  SETTINGS("seconds=1.5", "job_ms=40", "rate_hz=100", "in_flight=3", "workgroups=16"));
    assert_ended(&r, "ok", "");
    size_t done = process_rows(&r, "job") + process_rows(&r, "warmup"), skipped = process_rows(&r, "skipped");
    assert_int_equal(done + skipped, 150); /* each tick is one or the other */
    assert_true(skipped > done);
    assert_true(process_number(&r, "skipped_jobs") > 0);
    assert_true((size_t)process_number(&r, "skipped_jobs") <= skipped);
    assert_int_equal(process_number(&r, "late_jobs"), process_number(&r, "jobs"));
    for (size_t i = 0; i < r.stream_count; i++) {
        if (!vg_equal(r.streams[i].name, "job"))
            continue;
        const int64_t *row = r.streams[i].last_row;
        assert_int_equal(row[1] - row[0], row[2]);    /* completed - intended is the latency */
        assert_true(row[2] > 60 * VG_NS_PER_MS);      /* those in front of it, and itself */
        assert_true(row[3] >= 0 && row[3] <= row[2]); /* submitted in between */
        assert_int_equal(row[4], 1);
    }
    r = run("vk-paced-stream", SOUND, 0, SETTINGS("seconds=1", "job_ms=1", "rate_hz=20", "workgroups=4"));
    assert_ended(&r, "ok", "");
    assert_int_equal(process_rows(&r, "job") + process_rows(&r, "warmup"), 20);
    assert_int_equal(process_rows(&r, "skipped"), 0);
}

static void parameters_that_do_not_fit(void **state)
{
    (void)state;
    struct process_report r = run("vk-allocation-churn", SOUND, 0, SETTINGS("min_kib=4096", "max_mib=1"));
    assert_ended(&r, "invalid", "`min_kib` is more than `max_mib`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_measures_and_verifies), cmocka_unit_test(each_can_be_stopped_at_any_moment),
        cmocka_unit_test(wrong_work_is_found),        cmocka_unit_test(failing_calls_end_the_run),
        cmocka_unit_test(an_open_loop_stays_open),    cmocka_unit_test(parameters_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
