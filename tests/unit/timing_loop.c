/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop that times submissions, over a Vulkan that answers at once: it must not allocate and not call the kernel
 * (a seccomp filter kills it if it does), whatever is submitted and however it is waited for, and rows must all arrive
 * at a rate no driver here can reach. What the loop costs is printed and not judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/runtime.h"
#include "vulkan/submitter.h"
#include "support/under_valgrind.h"

enum { ROUNDS = 20, SAMPLES = ROUNDS * 10000, RATE_HZ = 200000 };

/* --- a Vulkan that answers at once ---------------------------------------------------------------------------------
 */

static uint32_t jobs_counted;
static uint64_t timeline_value;
static bool signalled;
static const VkCommandBuffer tiny_job = (VkCommandBuffer)&jobs_counted;
static const VkFence the_fence = (VkFence)&signalled;

VkResult vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
    (void)queue;
    for (uint32_t i = 0; i < count; i++) {
        const VkTimelineSemaphoreSubmitInfo *timeline = submits[i].pNext;
        jobs_counted += submits[i].commandBufferCount && *submits[i].pCommandBuffers == tiny_job;
        if (timeline)
            timeline_value = *timeline->pSignalSemaphoreValues;
    }
    signalled = signalled || fence == the_fence;
    return VK_SUCCESS;
}

VkResult vkWaitForFences(VkDevice device, uint32_t count, const VkFence *fences, VkBool32 all, uint64_t timeout_ns)
{
    (void)device;
    (void)count;
    (void)fences;
    (void)all;
    (void)timeout_ns;
    return signalled ? VK_SUCCESS : VK_TIMEOUT;
}

VkResult vkResetFences(VkDevice device, uint32_t count, const VkFence *fences)
{
    (void)device;
    (void)count;
    (void)fences;
    signalled = false;
    return VK_SUCCESS;
}

VkResult vkGetFenceStatus(VkDevice device, VkFence fence)
{
    (void)device;
    (void)fence;
    return signalled ? VK_SUCCESS : VK_NOT_READY;
}

VkResult vkGetSemaphoreCounterValue(VkDevice device, VkSemaphore semaphore, uint64_t *value)
{
    (void)device;
    (void)semaphore;
    *value = timeline_value;
    return VK_SUCCESS;
}

VkResult vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout_ns)
{
    (void)device;
    (void)timeout_ns;
    return timeline_value >= *info->pValues ? VK_SUCCESS : VK_TIMEOUT;
}

/* --- what is allocated ----------------------------------------------------------------------------------------------
 */

static volatile unsigned allocations;
#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}
#endif

static const struct vg_stream_spec streams[] = {
    { "rows", "test rows",
      VG_COLUMNS { { "t0", "ns", VG_COLUMN_TIME, VG_NEITHER, 0, "" },
                   { "submit", "ns", VG_COLUMN_DURATION, VG_LOWER, 0, "" },
                   { "latency", "ns", VG_COLUMN_DURATION, VG_LOWER, 0, "" },
                   { 0 } } },
    { 0 },
};

static void nothing(struct vg_workload_context *context)
{
    (void)context;
}

struct outcome {
    unsigned allocations;
    int64_t loop_ns[ROUNDS], inside_ns[ROUNDS]; /* of the samples of a round: the whole loop, and between t0 and t4 */
    int64_t kernel_ns;                          /* as many readings of the kernel's clock */
    uint64_t verified;
};

static void push(struct vg_stream *rows, const struct submission *one)
{
    vg_w_push(rows, (const int64_t[]) { one->t0_ns, one->t1_ns - one->t0_ns, one->t4_ns - one->intended_ns });
}

static void run_round(struct submitter *s, struct vg_stream *rows, int64_t *loop_ns, int64_t *inside_ns)
{
    int64_t start_ns = vg_now_ns(), inside = 0;
    for (int i = 0; i < SAMPLES / ROUNDS; i++) {
        submitter_send(s, 0);
        const struct submission *one = submitter_see(s, INT64_MAX);
        inside += one->t4_ns - one->t0_ns;
        push(rows, one);
    }
    *loop_ns = vg_now_ns() - start_ns;
    *inside_ns = inside;
}

static void run_loop(struct submitter *s, struct vg_stream *rows, struct outcome *outcome)
{
    for (int i = 0; i < ROUNDS; i++)
        run_round(s, rows, &outcome->loop_ns[i], &outcome->inside_ns[i]);
    int64_t start_ns = vg_now_ns();
    for (int i = 0; i < SAMPLES; i++)
        outcome->kernel_ns = vg_now_ns() - start_ns;
    outcome->verified = s->verified;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Per sample, of the round in the middle: one that the machine interrupted says nothing about the loop. */
static double middle(int64_t *rounds_ns)
{
    qsort(rounds_ns, ROUNDS, sizeof(*rounds_ns), ascending);
    return (double)rounds_ns[ROUNDS / 2] * ROUNDS / SAMPLES;
}

/* From now on any system call but `exit` ends the process. Not seccomp's strict mode: that takes the clock away, too.
 */
static bool forbid_system_calls(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog filter = { .len = VG_COUNT(rules), .filter = rules };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* What is submitted, and how its end is seen. */
static const struct way {
    const char *name;
    enum submit_kind kind;
    enum submit_signal signal;
    bool polling;
} ways[] = {
    { "empty, fence, blocking", SUBMIT_EMPTY, SUBMIT_FENCE, false },
    { "tiny, fence, blocking", SUBMIT_TINY, SUBMIT_FENCE, false },
    { "tiny, fence, polling", SUBMIT_TINY, SUBMIT_FENCE, true },
    { "tiny, binary, blocking", SUBMIT_TINY, SUBMIT_BINARY, false },
    { "tiny, timeline, blocking", SUBMIT_TINY, SUBMIT_TIMELINE, false },
    { "tiny, timeline, polling", SUBMIT_TINY, SUBMIT_TIMELINE, true },
};

static void make_submitter(struct submitter *s, struct vg_workload_context *context, const struct way *way)
{
    *s = (struct submitter) {
        .context = context,
        .jobs.vk.context = context,
        .kind = way->kind,
        .signal = way->signal,
        .polling = way->polling,
        .slot_count = 1,
        .tiny = tiny_job,
        .counter = &jobs_counted,
    };
    jobs_counted = 0;
    timeline_value = 0;
    signalled = false;
    s->slots[0].fence = the_fence;
    if (way->kind == SUBMIT_TINY)
        s->slots[0].plain = tiny_job;
    submitter_prepare(s, &s->slots[0]);
    ticks_open(&s->clock, "");
    ticks_start(&s->clock);
}

static void try_way(const struct way *way)
{
    static struct submitter s;
    static struct vg_workload workload = { .name = "test", .streams = streams, .run = nothing };
    struct vg_workload_context *context = vg_calloc(1, sizeof(*context));
    context->workload = &workload;
    context->streams = vg_calloc(2, sizeof(*context->streams));
    struct outcome *outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(outcome != MAP_FAILED);
    struct vg_stream *rows = vg_w_stream(context, "rows", SAMPLES);
    make_submitter(&s, context, way);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        memset(rows->rows, 0, SAMPLES * rows->width * sizeof(int64_t)); /* the fork made them copies */
        unsigned before = allocations;
        if (forbid_system_calls()) {
            run_loop(&s, rows, outcome);
            outcome->allocations = allocations - before;
        }
        syscall(SYS_exit, 0); /* the only way out that is left */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("%s: the loop made a system call (signal %d); or this machine's clock is one", way->name,
                 WTERMSIG(status));
    assert_true(outcome->verified >= SAMPLES - ORDER_BATCH);
    assert_int_equal(outcome->allocations, 0);
    double loop_ns = middle(outcome->loop_ns), inside_ns = middle(outcome->inside_ns);
    print_message(
        "the timing loop (%s), median of %d rounds: %.1f ns per sample (%.1f to %.1f), of which %.1f between t0 and "
        "t4; clock: %s; clock_gettime: %.1f\n",
        way->name, ROUNDS, loop_ns, (double)outcome->loop_ns[0] * ROUNDS / SAMPLES,
        (double)outcome->loop_ns[ROUNDS - 1] * ROUNDS / SAMPLES, inside_ns, s.clock.counter ? "tsc" : s.clock.why_not,
        (double)outcome->kernel_ns / SAMPLES);
    munmap(outcome, sizeof(*outcome));
    free(rows->rows);
    free(context->streams);
    free(context);
}

static void the_loop_neither_allocates_nor_calls_the_kernel(void **state)
{
    (void)state;
    if (under_valgrind()) /* its own system calls would be counted as the loop's */
        skip();
    for (size_t i = 0; i < VG_COUNT(ways); i++)
        try_way(&ways[i]);
}

/* Rows at a fixed rate, late or not, flushed when there is no room left. */
static void push_at_rate(struct vg_workload_context *context)
{
    struct vg_stream *rows = vg_w_stream(context, "rows", 16384);
    static struct submitter s;
    make_submitter(&s, context, &ways[0]);
    int64_t start_ns = vg_w_barrier(context);
    for (int64_t i = 0; i < SAMPLES; i++) {
        int64_t at_ns = start_ns + i * VG_NS_PER_S / RATE_HZ;
        while (vg_now_ns() < at_ns)
            ;
        submitter_send(&s, at_ns);
        push(rows, submitter_see(&s, INT64_MAX));
        if (vg_w_room(rows) == 0)
            vg_w_flush(rows);
    }
    vg_w_fact_real(context, "rate", SAMPLES / ((double)(vg_now_ns() - start_ns) / 1e9));
}

static size_t rows_of(const char *line)
{
    struct vg_error err = { 0 };
    vg_autojson json_t *message = vg_json_load_text(line, strlen(line), &err);
    json_t *values = message ? json_object_get(message, "values") : NULL;
    assert_non_null(values);
    return json_array_size(values) / 3;
}

static void no_row_is_lost(void **state)
{
    (void)state;
    static const struct vg_workload workload = { .name = "test", .streams = streams, .run = push_at_rate };
    static const char go[] = "{\"type\":\"go\",\"run\":1,\"at_ns\":0}\n";
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pair[0]);
        vg_workload_execute(&workload, NULL, 1, pair[1], false);
    }
    close(pair[1]);
    FILE *in = fdopen(pair[0], "r+");
    assert_non_null(in);
    assert_int_equal(write(pair[0], go, strlen(go)), strlen(go));
    static char line[VG_LINE_BYTES + 1];
    size_t rows = 0;
    bool ended = false;
    while (fgets(line, sizeof(line), in)) {
        if (strstr(line, "\"samples\""))
            rows += rows_of(line);
        if (strstr(line, "\"rate\""))
            print_message("%s", line);
        ended = ended || (strstr(line, "\"end\"") && strstr(line, "\"ok\""));
    }
    fclose(in);
    waitpid(child, NULL, 0);
    assert_true(ended);
    assert_int_equal(rows, SAMPLES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loop_neither_allocates_nor_calls_the_kernel),
        cmocka_unit_test(no_row_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
