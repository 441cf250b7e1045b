/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workload runtime as the agent sees it: whole lines, none longer than the protocol allows, no row lost, and an end
 * for every way a workload can go. Workloads here need no GPU; each runs in a process of its own, as in a tenant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sched.h>
#include "common/runtime.h"
#include "common/vulkan.h"
#include "common/warmup.h"
#include "common/order-proof.h"

#define ROWS 20000

static int64_t value_at(int64_t row, int column)
{
    if (row == 0)
        return column ? INT64_MAX : INT64_MIN;
    int64_t value = (row * 1000003 + column) * (column % 2 ? -1 : 1);
    return row % 7 ? value : (int64_t)((uint64_t)value * 1000000007); /* any number will do, also one that wrapped */
}

static void stream_rows(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "rows", ROWS);
    vg_w_fact_text(context, "odd", "a \"quoted\"\n\x1b[31m text");
    vg_w_barrier(context);
    vg_w_mark(context, "steady");
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t row[] = { value_at(i, 0), value_at(i, 1), value_at(i, 2) };
        vg_w_push(stream, row);
    }
    if (vg_w_room(stream) != 0)
        vg_w_fail(context, "room is left");
}

static void overflow(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "rows", 2);
    vg_w_barrier(context);
    for (int64_t i = 0; i < 3; i++)
        vg_w_push(stream, (const int64_t[]) { i, i, i });
}

static void fail_after_a_row(struct vg_workload_context *context)
{
    struct vg_stream *stream = vg_w_stream(context, "rows", 2);
    vg_w_barrier(context);
    vg_w_push(stream, (const int64_t[]) { 1, 2, 3 });
    vg_w_fail(context, "wrong result %d", 42);
}

static void early_mark(struct vg_workload_context *context)
{
    vg_w_mark(context, "steady");
}

static void hold(struct vg_workload_context *context)
{
    vg_w_barrier(context);
    vg_w_hold(context);
}

/* Three windows of 8 that agree, after a first one that is slow and a second that is nearly there; the outlier that
 * each has does not matter. */
static void settle(struct vg_workload_context *context)
{
    static const int64_t levels[] = { 900, 113, 100, 109 };
    struct vg_warmup warmup;
    vg_w_barrier(context);
    vg_warmup_begin(&warmup, context, 8, 3 * VG_NS_PER_S);
    size_t taken = 0;
    while (!vg_warmup_add(&warmup, taken % 8 == 7 ? 1000000 : levels[taken / 8 < 4 ? taken / 8 : 3]))
        taken++;
}

/* Two modes, as where a host polls: 26 of the first window's 50 are slow, 24 of the second's, 26 of the third's. The
 * medians jump by a factor of ten; the distribution stays. */
static void settle_in_two_modes(struct vg_workload_context *context)
{
    struct vg_warmup warmup;
    vg_w_barrier(context);
    vg_warmup_begin(&warmup, context, 50, 3 * VG_NS_PER_S);
    size_t taken = 0;
    while (!vg_warmup_add(&warmup, taken % 50 < (taken / 50 % 2 ? 24 : 26) ? 11000 + (int64_t)(taken % 7) : 1000))
        taken++;
}

static void never_settle(struct vg_workload_context *context)
{
    struct vg_warmup warmup;
    vg_w_barrier(context);
    vg_warmup_begin(&warmup, context, 8, 20 * VG_NS_PER_MS);
    for (int64_t value = 1; !vg_warmup_add(&warmup, value); value = value < INT64_MAX / 2 ? value + value / 8 + 1 : 1)
        ;
}

static void settle_until_stopped(struct vg_workload_context *context)
{
    struct vg_warmup warmup;
    vg_w_barrier(context);
    vg_warmup_begin(&warmup, context, 64, INT64_MAX / 2);
    while (!vg_warmup_add(&warmup, 1))
        vg_sleep_ns(VG_NS_PER_MS);
}

static void open_vulkan(struct vg_workload_context *context)
{
    struct vg_vk vk;
    vg_vk_open(&vk, context);
}

static void tell_key(struct vg_workload_context *context)
{
    vg_w_fact_int(context, "key", (int64_t)vg_w_hex64(context, "key"));
    vg_w_barrier(context);
}

/* --- a Vulkan driver as poor as a test wants it, in place of the loader's
 * ---------------------------------------------
 */

static uint32_t fake_version, fake_queue_flags;

VkResult vkEnumerateInstanceVersion(uint32_t *version)
{
    *version = VK_API_VERSION_1_3;
    return VK_SUCCESS;
}

VkResult vkCreateInstance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                          VkInstance *instance)
{
    (void)info;
    (void)allocator;
    *instance = (VkInstance)&fake_version;
    return VK_SUCCESS;
}

VkResult vkEnumeratePhysicalDevices(VkInstance instance, uint32_t *count, VkPhysicalDevice *devices)
{
    (void)instance;
    *count = fake_version ? 1 : 0;
    if (fake_version)
        devices[0] = (VkPhysicalDevice)&fake_version;
    return VK_SUCCESS;
}

void vkGetPhysicalDeviceProperties(VkPhysicalDevice device, VkPhysicalDeviceProperties *properties)
{
    (void)device;
    *properties = (VkPhysicalDeviceProperties) { .apiVersion = fake_version, .deviceName = "poor" };
}

void vkGetPhysicalDeviceMemoryProperties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *memory)
{
    (void)device;
    *memory = (VkPhysicalDeviceMemoryProperties) { 0 };
}

void vkGetPhysicalDeviceQueueFamilyProperties(VkPhysicalDevice device, uint32_t *count,
                                              VkQueueFamilyProperties *families)
{
    (void)device;
    *count = 1;
    if (families)
        families[0] = (VkQueueFamilyProperties) { .queueFlags = fake_queue_flags, .queueCount = 1 };
}

static const struct vg_param key_params[] = { { "key", VG_HEX64, .def = VG_PARAM_SEED }, { 0 } };
static const char *key_value = "1f";

static const struct vg_stream_spec streams[] = {
    { "rows", "test rows",
      VG_COLUMNS { { "a", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "" },
                   { "b", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "" },
                   { "c", "1", VG_COLUMN_COUNT, VG_NEITHER, 0, "" },
                   { 0 } } },
    { 0 },
};

struct started {
    pid_t pid;
    FILE *in;
    int fd;
};

static struct started start(void (*run)(struct vg_workload_context *))
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct started started = { .pid = fork(), .fd = pair[0] };
    assert_true(started.pid >= 0);
    if (started.pid == 0) {
        static struct vg_workload workload = {
            .kind = VG_KIND_WORKLOAD, .name = "test", .streams = streams, .params = key_params
        };
        static const char *values[1];
        values[0] = key_value;
        close(pair[0]);
        alarm(4);
        workload.run = run;
        vg_workload_execute(&workload, values, 7, pair[1], false);
    }
    close(pair[1]);
    started.in = fdopen(pair[0], "r");
    assert_non_null(started.in);
    return started;
}

static void say(const struct started *started, const char *line)
{
    assert_int_equal(write(started->fd, line, strlen(line)), strlen(line));
}

/* The next line, checked for its length and its run. */
static json_t *next(struct started *started)
{
    static char line[VG_LINE_BYTES + 2];
    struct vg_error err;
    assert_non_null(fgets(line, sizeof(line), started->in));
    size_t length = strlen(line);
    assert_true(length <= VG_LINE_BYTES);
    assert_int_equal(line[length - 1], '\n');
    json_t *message = vg_json_load_text(line, length, &err);
    assert_non_null(message);
    assert_int_equal(vg_json_int_or(message, "run", 0), 7);
    return message;
}

static void assert_next(struct started *started, const char *type, const char *key, const char *value)
{
    vg_autojson json_t *message = next(started);
    assert_string_equal(vg_json_text_or(message, "type", ""), type);
    if (key)
        assert_string_equal(vg_json_text_or(message, key, ""), value);
}

/* The fact that every run begins with. */
static void assert_affinity(struct started *started, const char *cpus)
{
    vg_autojson json_t *message = next(started);
    assert_string_equal(vg_json_text_or(message, "name", ""), "cpu_affinity");
    assert_true(vg_json_text_or(message, "value", "")[0] >= '0' && vg_json_text_or(message, "value", "")[0] <= '9');
    if (cpus)
        assert_string_equal(vg_json_text_or(message, "value", ""), cpus);
}

static struct started start_quietly(void (*run)(struct vg_workload_context *))
{
    struct started started = start(run);
    assert_affinity(&started, NULL);
    return started;
}

static void assert_fact(struct started *started, const char *name, const char *value)
{
    vg_autojson json_t *message = next(started);
    assert_string_equal(vg_json_text_or(message, "type", ""), "fact");
    assert_string_equal(vg_json_text_or(message, "name", ""), name);
    if (value)
        assert_string_equal(vg_json_text_or(message, "value", ""), value);
}

static void assert_end(struct started *started, const char *status, const char *message_part)
{
    vg_autojson json_t *message = next(started);
    assert_string_equal(vg_json_text_or(message, "type", ""), "end");
    assert_string_equal(vg_json_text_or(message, "status", ""), status);
    assert_non_null(strstr(vg_json_text_or(message, "message", ""), message_part));
    int code;
    assert_int_equal(waitpid(started->pid, &code, 0), started->pid);
    assert_true(WIFEXITED(code));
    assert_int_equal(fgetc(started->in), EOF);
    fclose(started->in);
}

static void test_rows(void **state)
{
    (void)state;
    struct started started = start_quietly(stream_rows);
    vg_autojson json_t *fact = next(&started);
    assert_string_equal(vg_json_text_or(fact, "name", ""), "odd");
    assert_null(strchr(vg_json_text_or(fact, "value", "\x1b"), '\x1b')); /* no terminal escape gets out */
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    assert_next(&started, "mark", "name", "steady");
    int64_t row = 0;
    int lines = 0;
    while (row < ROWS) {
        struct vg_error err;
        json_t *values;
        vg_autojson json_t *samples = next(&started);
        assert_string_equal(vg_json_text_or(samples, "type", ""), "samples");
        assert_string_equal(vg_json_text_or(samples, "stream", ""), "rows");
        assert_int_equal(vg_json_int_or(samples, "width", 0), 3);
        assert_true(vg_json_array(samples, "values", &values, &err));
        assert_int_equal(json_array_size(values) % 3, 0);
        for (size_t i = 0; i < json_array_size(values); i++)
            assert_true(json_integer_value(json_array_get(values, i)) ==
                        value_at(row + (int64_t)(i / 3), (int)(i % 3)));
        row += (int64_t)json_array_size(values) / 3;
        lines++;
    }
    assert_true(lines > 5);
    assert_end(&started, "ok", "");
}

static void test_overflow_is_an_error(void **state)
{
    (void)state;
    struct started started = start_quietly(overflow);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    assert_end(&started, "error", "`rows` is full");
}

static void test_fail_keeps_samples(void **state)
{
    (void)state;
    struct started started = start_quietly(fail_after_a_row);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    assert_next(&started, "samples", "stream", "rows");
    assert_end(&started, "fail", "wrong result 42");
}

static void test_mark_before_barrier(void **state)
{
    (void)state;
    struct started started = start_quietly(early_mark);
    assert_end(&started, "error", "before the barrier");
}

static void test_stop_before_go_and_while_holding(void **state)
{
    (void)state;
    struct started early = start_quietly(hold);
    assert_next(&early, "ready", NULL, NULL);
    say(&early, "{\"type\":\"stop\",\"run\":7}\n");
    assert_end(&early, "ok", "");
    struct started late = start_quietly(hold);
    assert_next(&late, "ready", NULL, NULL);
    say(&late, "{\"type\":\"go\",\"run\":8}\n{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n{\"type\":\"st");
    vg_sleep_ns(20 * VG_NS_PER_MS);
    assert_int_equal(waitpid(late.pid, NULL, WNOHANG), 0);
    say(&late, "op\",\"run\":7}\n");
    assert_end(&late, "ok", "");
}

static void test_go_at_an_instant(void **state)
{
    (void)state;
    struct started started = start_quietly(hold);
    assert_next(&started, "ready", NULL, NULL);
    int64_t at_ns = vg_now_ns() + 3 * VG_NS_PER_S; /* nobody waits for it */
    vg_autofree char *go =
        vg_format("{\"type\":\"go\",\"run\":7,\"at_ns\":%lld}\n{\"type\":\"stop\",\"run\":8}\n", (long long)at_ns);
    say(&started, go);
    vg_sleep_ns(10 * VG_NS_PER_MS);
    say(&started, "{\"type\":\"stop\",\"run\":7}\n");
    assert_end(&started, "ok", "");
    assert_true(vg_now_ns() < at_ns); /* a stop overtakes a go that has not come yet */
}

static void test_ends_with_its_agent(void **state)
{
    (void)state;
    struct started started = start_quietly(hold);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
    fclose(started.in);
    int code;
    assert_int_equal(waitpid(started.pid, &code, 0), started.pid);
    assert_true(WIFEXITED(code)); /* and not by the alarm */
}

static void go(struct started *started)
{
    assert_next(started, "ready", NULL, NULL);
    say(started, "{\"type\":\"go\",\"run\":7,\"at_ns\":0}\n");
}

static void assert_warmup(struct started *started, const char *mark, const char *rule, const char *steady,
                          const char *samples)
{
    assert_next(started, "mark", "name", mark);
    assert_fact(started, "warmup_rule", rule);
    assert_fact(started, "warmup_steady", steady);
    assert_fact(started, "warmup_samples", samples);
    assert_fact(started, "warmup_needed", NULL);
    assert_fact(started, "warmup_ns", NULL);
    assert_end(started, "ok", "");
}

static void test_warm_up(void **state)
{
    (void)state;
    struct started steady = start_quietly(settle);
    go(&steady);
    /* The levels 113, 100 and 109 are too far apart; 100, 109 and 109 are near enough. */
    assert_warmup(
        &steady, "steady",
        "of 3 windows of 8 samples in a row no two differ in their medians by more than 10 % and beyond chance "
        "(KS, 10 %); at most 3 s",
        "true", "40");
    struct started modes = start_quietly(settle_in_two_modes);
    go(&modes);
    assert_warmup(&modes, "steady", NULL, "true", "150");
    struct started restless = start_quietly(never_settle);
    go(&restless);
    assert_warmup(&restless, "warm-up-limit", NULL, "false", NULL);
    struct started stopped = start_quietly(settle_until_stopped);
    go(&stopped);
    say(&stopped, "{\"type\":\"stop\",\"run\":7}\n");
    assert_warmup(&stopped, "warm-up-limit", NULL, "false", NULL);
}

static void test_affinity(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    int first = 0;
    while (!CPU_ISSET(first, &before))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    vg_autofree char *cpus = vg_format("%d", first);
    struct started started = start(hold);
    assert_affinity(&started, cpus);
    assert_next(&started, "ready", NULL, NULL);
    say(&started, "{\"type\":\"stop\",\"run\":7}\n");
    assert_end(&started, "ok", "");
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

static void test_poor_vulkan_fails(void **state)
{
    (void)state;
    static const struct {
        uint32_t version, flags;
        const char *says;
    } drivers[] = {
        { 0, 0, "no Vulkan device" },
        { VK_API_VERSION_1_0, VK_QUEUE_COMPUTE_BIT, "only Vulkan 1.0" },
        { VK_API_VERSION_1_1, VK_QUEUE_GRAPHICS_BIT, "no compute queue" },
    };
    for (size_t i = 0; i < VG_COUNT(drivers); i++) {
        fake_version = drivers[i].version;
        fake_queue_flags = drivers[i].flags;
        struct started started = start_quietly(open_vulkan);
        assert_end(&started, "fail", drivers[i].says);
    }
}

static void test_hex64(void **state)
{
    (void)state;
    static const struct vg_descriptor descriptor = { .kind = VG_KIND_WORKLOAD, .name = "test", .params = key_params };
    static const char *const right[] = { "0", "1f", "FFFFffff00000000", VG_PARAM_SEED }, *const wrong[] = {
        "", "0x1f", "-1", " 1", "1 ", "12345678901234567", "g", "=see", "=seeds"
    };
    for (size_t i = 0; i < VG_COUNT(right); i++) {
        struct vg_error err = { 0 };
        assert_true(vg_param_check(&descriptor, key_params, right[i], &err));
    }
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct vg_error err = { 0 };
        assert_false(vg_param_check(&descriptor, key_params, wrong[i], &err));
        assert_non_null(strstr(err.text, "must be 1 to 16 hexadecimal digits"));
    }
}

/* Two tenants with a key of their own each would not find each other's canaries, and nothing would leak. */
static void test_seed_must_be_the_hosts(void **state)
{
    (void)state;
    key_value = "1F";
    struct started given = start_quietly(tell_key);
    assert_fact(&given, "key", "31");
    go(&given);
    assert_end(&given, "ok", "");
    key_value = VG_PARAM_SEED;
    struct started left = start(tell_key);
    assert_end(&left, "error", "`key` was left at `=seed`");
    key_value = "1f";
}

static void test_alone_a_seed_is_random(void **state)
{
    (void)state;
    static const struct vg_workload workload = { .params = key_params };
    uint64_t keys[2];
    for (int i = 0; i < 2; i++) {
        const char *values[] = { VG_PARAM_SEED };
        struct vg_workload_context *context = vg_calloc(1, sizeof(*context));
        context->workload = &workload;
        context->values = values;
        vg_params_settle(context);
        assert_int_equal(strlen(values[0]), 16);
        keys[i] = vg_w_hex64(context, "key");
        free((char *)values[0]);
        free(context);
    }
    assert_true(keys[0] != keys[1]);
}

/* Empty submissions count as verified only once a proof has followed them. */
static void test_order_proof(void **state)
{
    (void)state;
    struct order_proof proof = { 0 };
    for (int i = 1; i < ORDER_BATCH; i++)
        assert_false(order_proof_took(&proof));
    assert_true(order_proof_took(&proof));
    assert_int_equal(proof.verified, 0);
    assert_false(order_proof_holds(&proof, 0)); /* the job in front is not done */
    assert_int_equal(proof.verified, 0);
    assert_true(order_proof_holds(&proof, 1));
    assert_int_equal(proof.verified, ORDER_BATCH);
    assert_false(order_proof_took(&proof));
    assert_int_equal(proof.verified, ORDER_BATCH);
    assert_false(order_proof_holds(&proof, 1)); /* a counter that stands still */
    assert_true(order_proof_holds(&proof, 2));
    assert_int_equal(proof.verified, ORDER_BATCH + 1);
}

static void test_format_int(void **state)
{
    (void)state;
    static const int64_t values[] = { 0, 1, -1, 9, 10, -10, 1234567890123, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < VG_COUNT(values); i++) {
        char ours[32] = { 0 }, theirs[32];
        snprintf(theirs, sizeof(theirs), "%lld", (long long)values[i]);
        assert_int_equal(vg_format_int(ours, values[i]), strlen(theirs));
        assert_string_equal(ours, theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_overflow_is_an_error),
        cmocka_unit_test(test_fail_keeps_samples),
        cmocka_unit_test(test_mark_before_barrier),
        cmocka_unit_test(test_stop_before_go_and_while_holding),
        cmocka_unit_test(test_go_at_an_instant),
        cmocka_unit_test(test_ends_with_its_agent),
        cmocka_unit_test(test_format_int),
        cmocka_unit_test(test_warm_up),
        cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_poor_vulkan_fails),
        cmocka_unit_test(test_hex64),
        cmocka_unit_test(test_seed_must_be_the_hosts),
        cmocka_unit_test(test_alone_a_seed_is_random),
        cmocka_unit_test(test_order_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
