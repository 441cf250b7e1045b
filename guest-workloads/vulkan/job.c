/* SPDX-License-Identifier: MIT */
/* Compute jobs (job.h). */
#include "vulkan/job.h"
#include "shaders/job.comp.h"

#define LOCAL              64
#define CALIBRATION_ROUNDS 6
#define CALIBRATED_PART    0.05

static void make_slot(struct jobs *jobs, struct job *job)
{
    struct vg_vk_buffer parameters = vg_vk_shared_buffer(&jobs->vk, sizeof(struct job_parameters));
    struct vg_vk_buffer result = vg_vk_shared_buffer(&jobs->vk, jobs->invocations * sizeof(uint32_t));
    job->dispatch = (struct vg_vk_dispatch) {
        .pipeline = &jobs->pipeline,
        .set = vg_vk_buffer_set(&jobs->vk, &jobs->pipeline, (const VkBuffer[]) { parameters.buffer, result.buffer }),
        .groups = jobs->groups,
    };
    job->parameters = parameters.map;
    job->result = result.map;
    job->fence = vg_vk_fence(&jobs->vk);
    job->commands = vg_vk_command_buffer(&jobs->vk);
    vg_vk_begin(&jobs->vk, job->commands, 0);
    vg_vk_record_dispatch(job->commands, &job->dispatch);
    VG_VK(&jobs->vk, vkEndCommandBuffer(job->commands));
}

void job_prepare(struct jobs *jobs, struct job *job)
{
    job->number = jobs->next_number++;
    *job->parameters = (struct job_parameters) { WALK_MULTIPLIER, WALK_INCREMENT, jobs->walk.iterations, job->number };
}

void job_submit(struct jobs *jobs, struct job *job)
{
    job_prepare(jobs, job);
    job->submitted_ns = vg_now_ns();
    vg_vk_submit(&jobs->vk, job->commands, job->fence);
}

void job_verify(struct jobs *jobs, const struct job *job)
{
    for (uint32_t i = 0; i < jobs->invocations; i++) {
        uint32_t right = walk_result(&jobs->walk, i, job->number);
        if (job->result[i] != right)
            vg_w_fail(jobs->context, "job %u: the GPU computed 0x%08x in invocation %u, 0x%08x is right", job->number,
                      job->result[i], i, right);
    }
    jobs->verified++;
}

bool job_wait(struct jobs *jobs, struct job *job, uint64_t timeout_ns, int64_t *seen_ns)
{
    VkResult result = vkWaitForFences(jobs->vk.device, 1, &job->fence, VK_TRUE, timeout_ns);
    *seen_ns = vg_now_ns();
    if (result == VK_TIMEOUT && timeout_ns < VG_VK_WAIT_NS)
        return false;
    if (result == VK_TIMEOUT)
        vg_w_fail(jobs->context, "job %u did not complete within a minute", job->number);
    vg_vk_check(&jobs->vk, result, "vkWaitForFences");
    VG_VK(&jobs->vk, vkResetFences(jobs->vk.device, 1, &job->fence));
    return true;
}

static int64_t time_one(struct jobs *jobs, uint32_t iterations)
{
    int64_t seen_ns;
    jobs->walk = walk_of(iterations);
    job_submit(jobs, &jobs->slots[0]);
    job_wait(jobs, &jobs->slots[0], VG_VK_WAIT_NS, &seen_ns);
    job_verify(jobs, &jobs->slots[0]);
    return seen_ns - jobs->slots[0].submitted_ns;
}

static int64_t best_of(struct jobs *jobs, uint32_t iterations, int tries)
{
    int64_t best_ns = INT64_MAX;
    while (tries--) {
        int64_t took_ns = time_one(jobs, iterations);
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    return best_ns;
}

/* Corrects the loop count by what it gave, until the job is as long as it should be. The best of a few readings counts:
 * others can only make a job longer. */
static void calibrate(struct jobs *jobs, int64_t wanted_ns)
{
    double iterations = 64;
    int64_t took_ns = time_one(jobs, (uint32_t)iterations);
    while (took_ns < wanted_ns / 4 && iterations < WALK_MAX_ITERATIONS && !vg_w_should_stop(jobs->context)) {
        iterations *= 2;
        took_ns = time_one(jobs, (uint32_t)iterations);
    }
    for (int round = 0; round < CALIBRATION_ROUNDS && !vg_w_should_stop(jobs->context); round++) {
        took_ns = best_of(jobs, (uint32_t)iterations, 5);
        double factor = (double)wanted_ns / (double)took_ns;
        if (factor > 1 - CALIBRATED_PART && factor < 1 + CALIBRATED_PART)
            break;
        iterations *= factor;
        iterations = iterations < 1 ? 1 : iterations > WALK_MAX_ITERATIONS ? WALK_MAX_ITERATIONS : iterations;
    }
    jobs->walk = walk_of((uint32_t)iterations);
}

void jobs_open(struct jobs *jobs, struct vg_workload_context *context, unsigned slot_count)
{
    *jobs = (struct jobs) { .context = context };
    vg_vk_open(&jobs->vk, context);
    jobs->groups = (uint32_t)vg_w_int(context, "workgroups");
    jobs->invocations = jobs->groups * LOCAL;
    jobs->pipeline = vg_vk_compute(&jobs->vk, shader_job_comp, sizeof(shader_job_comp), 2, 0);
    for (unsigned i = 0; i < slot_count; i++)
        make_slot(jobs, &jobs->slots[i]);
    int64_t forced = vg_w_int(context, "iterations");
    if (forced)
        jobs->walk = walk_of((uint32_t)forced);
    else
        calibrate(jobs, (int64_t)(vg_w_real(context, "job_ms") * 1e6));
    jobs->alone_ns = best_of(jobs, jobs->walk.iterations, 5);
    vg_w_fact_text(context, "job_calibrated", forced ? "false" : "true");
    vg_w_fact_int(context, "job_iterations", jobs->walk.iterations);
    vg_w_fact_int(context, "job_ns", jobs->alone_ns);
}
