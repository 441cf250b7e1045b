/* SPDX-License-Identifier: MIT */
/* Loses the device, by a job of its own that never ends or because the host kills what renders for it, and looks what
 * the owner is told, how soon, and whether a new device works without a reboot. Each device is a child process': what
 * a driver does about a loss may be to end its process. */
#include <errno.h>
#include "common/attempt.h"
#include "common/checks.h"
#include "common/vulkan.h"
#include "shaders/endless.comp.h"

#define LOOK_NS (100 * VG_NS_PER_MS)

enum { WORDS = 64, PROOFS = 4, GRACE_S = 5, OPEN_S = 60 };

/* Shared with the children. */
struct seen {
    int64_t begun_ns, last_good_ns, told_ns;
    int64_t jobs;
    VkResult result; /* of the wait that ended it; VK_TIMEOUT: nothing was told */
    uint32_t proofs;
};

struct order {
    struct seen *seen;
    bool endless;
    int64_t wait_ns;
};

struct job {
    struct vg_vk vk;
    VkCommandBuffer commands;
    VkFence fence;
};

static void prepare(struct job *job, struct vg_workload_context *context, bool endless)
{
    vg_vk_open(&job->vk, context);
    struct vg_vk_buffer buffer = vg_vk_shared_buffer(&job->vk, WORDS * sizeof(uint32_t));
    struct vg_vk_pipeline pipeline = vg_vk_compute(&job->vk, shader_endless_comp, sizeof(shader_endless_comp), 1, 0);
    const struct vg_vk_dispatch dispatch = {
        .pipeline = &pipeline,
        .set = vg_vk_buffer_set(&job->vk, &pipeline, &buffer.buffer),
        .groups = 1,
    };
    job->commands = vg_vk_command_buffer(&job->vk);
    job->fence = vg_vk_fence(&job->vk);
    vg_vk_begin(&job->vk, job->commands, 0);
    vg_vk_record_dispatch(job->commands, &dispatch);
    VG_VK(&job->vk, vkEndCommandBuffer(job->commands));
    ((volatile uint32_t *)buffer.map)[0] = endless;
}

/* One job after the other until one fails, or until the one that cannot end has been waited for long enough. */
static void lose(struct vg_workload_context *context, void *argument)
{
    static struct job job;
    const struct order *order = argument;
    struct seen *seen = order->seen;
    prepare(&job, context, order->endless);
    seen->begun_ns = seen->last_good_ns = vg_now_ns();
    for (seen->result = VK_SUCCESS; seen->result == VK_SUCCESS;) {
        VkSubmitInfo submit = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                .commandBufferCount = 1,
                                .pCommandBuffers = &job.commands };
        seen->result = vkQueueSubmit(job.vk.queue, 1, &submit, job.fence);
        for (int64_t start_ns = vg_now_ns(); seen->result == VK_SUCCESS;) {
            VkResult result = vkWaitForFences(job.vk.device, 1, &job.fence, VK_TRUE, LOOK_NS);
            if (result == VK_TIMEOUT && vg_now_ns() - start_ns < order->wait_ns)
                continue;
            seen->result = result;
            break;
        }
        if (seen->result == VK_SUCCESS) {
            vkResetFences(job.vk.device, 1, &job.fence);
            seen->last_good_ns = vg_now_ns();
            seen->jobs++;
        }
    }
    seen->told_ns = vg_now_ns();
}

static void prove(struct vg_workload_context *context, void *argument)
{
    static struct vg_vk vk;
    struct seen *seen = argument;
    vg_vk_open(&vk, context);
    for (uint32_t seed = 1; seed <= PROOFS; seed++)
        seen->proofs += vg_vk_prove_compute(&vk, seed * UINT32_C(0x01000193) ^ (uint32_t)vg_now_ns()) > 0;
}

static double seconds_since(int64_t start_ns)
{
    return (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
}

/* What became of the process that lost its device: an error, or its end by the driver, is an answer; silence is none.
 */
static void look_at_loss(struct vg_workload_context *context, struct vg_checks *checks, const struct order *order,
                         struct vg_attempt *attempt, int64_t number)
{
    const struct seen *seen = order->seen;
    bool error = attempt->end == VG_ATTEMPT_STOPPED ||
                 (attempt->end == VG_ATTEMPT_DONE && seen->result != VK_TIMEOUT && seen->result != VK_SUCCESS);
    const char *saw = attempt->end == VG_ATTEMPT_DONE && seen->result == VK_TIMEOUT ? "nothing"
                      : attempt->end == VG_ATTEMPT_DONE                             ? vg_vk_result_name(seen->result)
                                                                                    : vg_attempt_text(attempt);
    double after_s = seconds_since(seen->last_good_ns);
    if (attempt->end == VG_ATTEMPT_DONE && seen->told_ns)
        after_s = (double)(seen->told_ns - seen->last_good_ns) / (double)VG_NS_PER_S;
    if (order->endless && attempt->end == VG_ATTEMPT_DONE && seen->jobs)
        vg_w_invalid(context, "the job that must not end has ended, so that nothing hung");
    vg_autofree char *what = vg_format("saw.%lld", (long long)number),
                     *when = vg_format("saw_after_s.%lld", (long long)number);
    vg_w_fact_text(context, what, saw);
    vg_w_fact_real(context, when, after_s);
    vg_w_fact_int(context, "jobs_before", seen->jobs);
    vg_check(checks, "is-told", error || attempt->end == VG_ATTEMPT_SIGNAL,
             "%.1f s after its last completion the owner has seen %s", after_s, saw);
    vg_check(checks, "told-by-the-api", error, "no call of the owner's returned an error; it has seen %s", saw);
}

static void run(struct vg_workload_context *context)
{
    static struct vg_checks checks;
    struct seen *seen = vg_attempt_shared(sizeof(*seen));
    const struct order order = {
        .seen = seen,
        .endless = vg_equal(vg_w_text(context, "job"), "endless"),
        .wait_ns = vg_w_int(context, "wait_s") * VG_NS_PER_S,
    };
    int64_t times = vg_w_int(context, "times"), again_s = vg_w_int(context, "again_s");
    int64_t longest_s = OPEN_S + vg_w_int(context, "wait_s") + (order.endless ? 0 : vg_w_int(context, "work_s"));
    vg_w_barrier(context);
    vg_w_mark(context, "begins");
    for (int64_t i = 0; i < times && !vg_w_should_stop(context); i++) {
        *seen = (struct seen) { .result = VK_TIMEOUT, .begun_ns = vg_now_ns(), .last_good_ns = vg_now_ns() };
        struct vg_attempt attempt = vg_attempt_run(context, lose, (void *)&order, (int)longest_s + GRACE_S);
        if (vg_w_should_stop(context))
            break;
        look_at_loss(context, &checks, &order, &attempt, i + 1);
        int64_t start_ns = vg_now_ns();
        attempt = vg_attempt_run(context, prove, seen, (int)again_s + GRACE_S);
        double took_s = seconds_since(start_ns);
        vg_autofree char *fact = vg_format("again_s.%lld", (long long)i + 1);
        vg_w_fact_real(context, fact, took_s);
        vg_check(&checks, "new-device-right", attempt.end == VG_ATTEMPT_DONE && seen->proofs == PROOFS,
                 "the new device after loss %lld: %s", (long long)i + 1, vg_attempt_text(&attempt));
        vg_check(&checks, "new-device-soon", took_s <= (double)again_s,
                 "after loss %lld it took %.1f s until a new device had computed", (long long)i + 1, took_s);
    }
    static struct vg_vk vk; /* children say nothing of the driver */
    vg_vk_open(&vk, context);
    vg_w_fact_int(context, "verified_results", vg_vk_prove_compute(&vk, 1));
    vg_checks_report(context, &checks);
}

VG_WORKLOAD(vk_loss) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "vk-loss",
    .summary = "loses its device, by a job that never ends or by the host's doing, and begins again with a new one",
    .why = "A hang must cost its owner only, its owner must learn of it, and need no reboot to go on",
    .needs = VG_NEED_VULKAN,
    .params =
        VG_PARAMS {
            { "job", VG_CHOICE, .def = "endless", .choices = "endless|short",
              .summary = "endless: it hangs by itself; short: jobs that end, until the host does something" },
            { "times", VG_INT, .def = "1", .min = 1, .max = 1000, .unit = "1", .summary = "how many losses" },
            { "wait_s", VG_INT, .def = "15", .min = 1, .max = 3600, .unit = "s",
              .summary = "how long it waits for an answer to one job" },
            { "work_s", VG_INT, .def = "60", .min = 1, .max = 3600, .unit = "s",
              .summary = "short jobs: how long nothing may happen to them" },
            { "again_s", VG_INT, .def = "10", .min = 1, .max = 3600, .unit = "s",
              .summary = "how long a new device may take to compute" },
            { 0 },
        },
    .run = run,
};
