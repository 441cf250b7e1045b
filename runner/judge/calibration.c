/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: is one tenant alone fit to be measured against? Everything about shares starts at its throughput: it must
 * be steady, and it must be the pGPU that bounds it, not a limit that nobody declared, nor the tenant's own CPU. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_calibration;

/* What grew between the first and the last reading of a class inside the phase, per second; its threads in the last. */
static double cpu_of(const struct vg_probe_samples *samples, const struct vg_measured_phase *phase, const char *tenant,
                     const char *item, double *threads)
{
    const double *cpu_s = vg_probe_samples_column(samples, "cpu_s"),
                 *count = vg_probe_samples_column(samples, "threads");
    size_t first = samples->rows, last = samples->rows;
    for (size_t i = 0; cpu_s && count && i < samples->rows; i++) {
        if (samples->time_ns[i] < phase->start_host_ns || samples->time_ns[i] > phase->end_host_ns ||
            !vg_equal(samples->tenant[i], tenant) || !vg_equal(samples->item[i], item))
            continue;
        first = first == samples->rows ? i : first;
        last = i;
    }
    if (first == last)
        return NAN;
    *threads = count[last];
    return (cpu_s[last] - cpu_s[first]) /
           ((double)(samples->time_ns[last] - samples->time_ns[first]) / (double)VG_NS_PER_S);
}

/* Virtual CPUs and monitor together, per virtual CPU. NaN: a tenant without a VM, or nobody looked. */
static bool measure_vm_cpu(const struct vg_measurements *m, const struct vg_measured_phase *phase, const char *tenant,
                           double *cpu, struct vg_error *err)
{
    const struct vg_measured_stream *stream = vg_measured_probe_stream(m, "process-cpu", "cpu");
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    double vcpus = 0, ignored;
    *cpu = NAN;
    if (!stream || stream->rows == 0)
        return true;
    if (!vg_probe_samples_load(m->directory, stream, &samples, err))
        return false;
    double sum = cpu_of(&samples, phase, tenant, "vcpu", &vcpus) + cpu_of(&samples, phase, tenant, "vmm", &ignored);
    *cpu = vcpus >= 1 ? sum / vcpus : NAN;
    return true;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_calibration;
    const char *workload = vg_analysis_param(input, "workload");
    const char *phases[] = { vg_analysis_param(input, "phase") };
    struct judge_basis basis VG_CLEANUP(judge_basis_free) = { 0 };
    double vm_cpu;
    if (!judge_basis_open(input, self, phases, 1, &basis, output, err))
        return false;
    if (output->invalid_count)
        return true;
    const struct judge_solo *solo = &basis.solo;
    const struct vg_completions *alone = &solo->completions;
    double from_s = alone->window_start_s, to_s = alone->window_end_s;
    unsigned cores = basis.clocks.clock.core_count;
    vg_output_value(output, self, "windows", NULL, floor(to_s - from_s), NULL);
    vg_output_value(output, self, "queued", NULL, judge_queued(&alone->series[0], from_s, to_s), NULL);
    if (!isnan(solo->gpu_time))
        vg_output_value(output, self, "busy", NULL, solo->gpu_time / (cores ? cores : 1), solo->note);
    if (!measure_vm_cpu(input->measurements, solo->phase, alone->series[0].tenant, &vm_cpu, err))
        return false;
    if (!isnan(vm_cpu))
        vg_output_value(output, self, "vm_cpu", NULL, vm_cpu, NULL);
    judge_check_runs(input->measurements, phases, 1, workload, NULL, solo->gpu_time > 0, output);
    return true;
}

VG_ANALYSIS(calibration) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "calibration",
    .summary = "whether one tenant alone is fit to be measured against: steady, and bounded by its pGPU",
    .why = "a share of a throughput that something unknown bounds is a share of something unknown",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which one tenant works and no other runs" },
            { .name = "workload", .type = VG_TEXT, .def = "vk-compute-stream", .summary = "whose completions count" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "solo_rate", "1/s", VG_HIGHER, 0, "as in the analysis share" },
            { "solo_cv", "1", VG_LOWER, 0, "as in the analysis share" },
            { "windows", "1", VG_NEITHER, 0, "of 1 s that it was taken over" },
            { "queued", "1", VG_HIGHER, 0, "part of the completions before which the next job was waiting already" },
            { "busy", "1", VG_HIGHER, 0,
              "GPU time per second and core of the pGPU over what the policy leaves to one tenant; absent: not "
              "counted" },
            { "vm_cpu", "1", VG_LOWER, 0, "CPUs that virtual CPUs and monitor used, per virtual CPU" },
            { .name = NULL },
        },
    .run = run,
};
