/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: was the host busy with something else while a phase, or any of them, ran? Its threshold stands in the test
 * with `else: invalid`: a number from a host that had other work means nothing. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_host_quiet;

#define MIN_WATCHED  0.9  /* of a phase */
#define MAX_MISCOUNT 0.02 /* CPUs */

static bool watched_enough(const struct vg_measured_phase *phase, int64_t from_ns, int64_t to_ns)
{
    double length_ns = (double)phase->end_host_ns - (double)phase->start_host_ns;
    double watched_ns =
        fmin((double)to_ns, (double)phase->end_host_ns) - fmax((double)from_ns, (double)phase->start_host_ns);
    return to_ns > from_ns && watched_ns >= MIN_WATCHED * length_ns; /* all of it where the rows bracket the phase */
}

/* The rows next to the phase, outside it if there are any: a phase shorter than the probe's period has rows too. */
static bool rows_around(const struct vg_probe_samples *samples, const struct vg_measured_phase *phase, size_t *first,
                        size_t *last)
{
    if (samples->rows < 2)
        return false;
    *first = 0;
    *last = samples->rows - 1;
    for (size_t i = 0; i < samples->rows; i++)
        if (samples->time_ns[i] <= phase->start_host_ns)
            *first = i;
    for (size_t i = samples->rows; i-- > 0;)
        if (samples->time_ns[i] >= phase->end_host_ns)
            *last = i;
    return *first < *last && watched_enough(phase, samples->time_ns[*first], samples->time_ns[*last]);
}

/* Of the phases the worst; NaN if one could not be told. */
struct worst {
    double others_cpu, steal_cpu;
    const char *others_phase, *steal_phase, *miscounted;
};

static bool look_at(const struct vg_probe_samples *samples, const struct vg_measured_phase *phase, struct worst *worst)
{
    const double *others = vg_probe_samples_column(samples, "others_s");
    const double *steal = vg_probe_samples_column(samples, "steal_s");
    size_t first, last;
    if (!others || !steal || !rows_around(samples, phase, &first, &last))
        return false;
    double seconds = (double)(samples->time_ns[last] - samples->time_ns[first]) / (double)VG_NS_PER_S;
    double others_cpu = (others[last] - others[first]) / seconds, steal_cpu = (steal[last] - steal[first]) / seconds;
    if (others_cpu < -MAX_MISCOUNT)
        worst->miscounted = phase->name;
    if (!worst->others_phase || others_cpu > worst->others_cpu) {
        worst->others_cpu = others_cpu;
        worst->others_phase = phase->name;
    }
    if (!worst->steal_phase || steal_cpu > worst->steal_cpu) {
        worst->steal_cpu = steal_cpu;
        worst->steal_phase = phase->name;
    }
    return true;
}

/* Both counters of others_cpu are in ticks and not read at one instant, so that their difference may be a little below
 * zero. More than that and the tenants' share was counted wrong: nothing can be said about the others then. */
static void put_worst(struct vg_analysis_output *output, const struct worst *worst, bool name_phase)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_host_quiet;
    vg_autofree char *others = name_phase ? vg_format("in phase %s", worst->others_phase) : NULL;
    vg_autofree char *steal = name_phase ? vg_format("in phase %s", worst->steal_phase) : NULL;
    if (worst->miscounted)
        vg_output_value(output, self, "others_cpu", NULL, NAN,
                        "tenants and runner seem to have used more than all did");
    else
        vg_output_value(output, self, "others_cpu", NULL, fmax(worst->others_cpu, 0), others);
    vg_output_value(output, self, "steal_cpu", NULL, worst->steal_cpu, steal);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const char *name = vg_analysis_param(input, "phase");
    const struct vg_measurements *m = input->measurements;
    const struct vg_measured_stream *stream = vg_measured_probe_stream(m, "host-pressure", "pressure");
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    struct worst worst = { 0 };
    unsigned looked = 0;
    if (stream && !vg_probe_samples_load(m->directory, stream, &samples, err))
        return false;
    for (unsigned i = 0; i < m->phase_count; i++) {
        const struct vg_measured_phase *phase = &m->phases[i];
        if (*name ? !vg_equal(phase->name, name) : phase->run_count == 0)
            continue;
        looked++;
        if (!stream)
            vg_output_invalid(output, "The host was not watched (host-pressure) while phase `%s` ran.", phase->name);
        else if (!look_at(&samples, phase, &worst))
            vg_output_invalid(
                output, "The host was not watched for the whole of phase `%s`: at least %.0f %% of it are needed.",
                phase->name, 100 * MIN_WATCHED);
    }
    if (!looked && *name)
        vg_output_invalid(output, "Phase `%s` was not measured.", name);
    else if (!looked)
        vg_output_invalid(output, "No phase was measured.");
    if (worst.others_phase)
        put_worst(output, &worst, !*name);
    return true;
}

VG_ANALYSIS(host_quiet) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "host-quiet",
    .summary = "how much CPU everything but tenants and runner used while a phase ran",
    .why = "a host that was busy with something else makes any number look worse than the vGPU is",
    .params =
        VG_PARAMS {
            { .name = "phase",
              .type = VG_TEXT,
              .def = "",
              .summary = "during which the host is looked at; empty: the worst of all in which something ran" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "others_cpu", "1", VG_LOWER, 0,
              "CPUs used by everything else, mean over the phase; of several the worst" },
            { "steal_cpu", "1", VG_LOWER, 0,
              "CPUs taken by a hypervisor below this host, mean over the phase; of several the worst" },
            { .name = NULL },
        },
    .run = run,
};
