/* SPDX-License-Identifier: MIT */
/* Compute jobs of an adjustable length (shaders/job.comp, walk.h), each with buffers of its own, so that several can be
 * in flight. Every result of every job is checked when it is done. */
#ifndef VG_VULKAN_JOB_H
#define VG_VULKAN_JOB_H

#include "common/vulkan.h"
#include "vulkan/walk.h"

#define JOB_SLOTS 64

struct job_parameters {
    uint32_t multiplier, increment, iterations, job;
};

struct job {
    struct vg_vk_dispatch dispatch;
    VkCommandBuffer commands;
    VkFence fence;
    struct job_parameters *parameters;
    volatile const uint32_t *result;
    int64_t submitted_ns;
    uint32_t number;
};

struct jobs {
    struct vg_vk vk;
    struct vg_workload_context *context;
    struct vg_vk_pipeline pipeline;
    struct job slots[JOB_SLOTS];
    uint32_t groups, invocations;
    struct walk walk;
    uint32_t next_number;
    int64_t alone_ns; /* the shortest of a few, before the barrier */
    uint64_t verified;
};

/* Opens the device, makes slots 0 .. slot_count-1, and settles how long a job is, by the workload's parameters
 * `workgroups`, `iterations` and `job_ms` (JOB_PARAMS). Records the facts job_calibrated, job_iterations and job_ns. */
void jobs_open(struct jobs *jobs, struct vg_workload_context *context, unsigned slot_count);
/* Sets the job up to be submitted by whoever has a way of their own: its commands are job->commands, or any that have
 * job->dispatch recorded. */
void job_prepare(struct jobs *jobs, struct job *job);
void job_submit(struct jobs *jobs, struct job *job);
/* False: it is not done after timeout_ns. *seen_ns: when the host saw the fence. */
bool job_wait(struct jobs *jobs, struct job *job, uint64_t timeout_ns, int64_t *seen_ns);
/* Ends the run if one result is wrong. */
void job_verify(struct jobs *jobs, const struct job *job);

#define JOB_PARAMS(job_ms_default)                                                                                     \
    { "job_ms",                                                                                                        \
      VG_REAL,                                                                                                         \
      .def = job_ms_default,                                                                                           \
      .min = 0.05,                                                                                                     \
      .max = 1000,                                                                                                     \
      .unit = "ms",                                                                                                    \
      .summary = "length of a job alone, to which the loop count is calibrated before the barrier" },                  \
        { "iterations",                                                                                                \
          VG_INT,                                                                                                      \
          .def = "0",                                                                                                  \
          .min = 0,                                                                                                    \
          .max = WALK_MAX_ITERATIONS,                                                                                  \
          .unit = "1",                                                                                                 \
          .summary = "loop count of a job, to repeat the very job of another run; 0: calibrate" },                     \
    {                                                                                                                  \
        "workgroups", VG_INT, .def = "128", .min = 1, .max = 65535, .unit = "1",                                       \
                              .summary = "workgroups of 64 invocations per job"                                        \
    }

#endif
