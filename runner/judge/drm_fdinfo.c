/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: whether what DRM drivers tell of each open file is well-formed and possible. Where no driver tells
 * anything, there is nothing to judge: a skip, never a pass. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_drm_fdinfo;

static const struct vg_measured_probe *probe_of(const struct vg_measurements *measurements)
{
    for (unsigned i = 0; i < measurements->probe_count; i++)
        if (vg_equal(measurements->probes[i].name, "drm-fdinfo"))
            return &measurements->probes[i];
    return NULL;
}

static double probe_fact(const struct vg_measured_probe *probe, const char *name)
{
    double value;
    for (unsigned i = 0; i < probe->fact_count; i++)
        if (vg_equal(probe->facts[i].name, name))
            return vg_parse_real(probe->facts[i].value, &value) ? value : NAN;
    return NAN;
}

static const char *why_nothing(const struct vg_measured_probe *probe)
{
    for (unsigned i = 0; probe && i < probe->fact_count; i++)
        if (vg_equal(probe->facts[i].name, "unseen"))
            return probe->facts[i].value;
    return probe && probe->unavailable ? probe->unavailable : "the probe drm-fdinfo did not watch";
}

/* "0000:00:02.0/31/render": device and engine, without the client between them. */
static bool same_engine(const char *a, const char *b)
{
    const char *a_end = strchr(a, '/'), *b_end = strchr(b, '/');
    const char *a_engine = strrchr(a, '/'), *b_engine = strrchr(b, '/');
    return a_end && b_end && a_end - a == b_end - b && strncmp(a, b, (size_t)(a_end - a)) == 0 &&
           strcmp(a_engine, b_engine) == 0;
}

static size_t first_row_of(const struct vg_probe_samples *samples, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (vg_equal(samples->item[i], samples->item[row]) && vg_equal(samples->tenant[i], samples->tenant[row]))
            return i;
    return row;
}

static bool is_last_row(const struct vg_probe_samples *samples, size_t row)
{
    for (size_t i = row + 1; i < samples->rows; i++)
        if (vg_equal(samples->item[i], samples->item[row]) && vg_equal(samples->tenant[i], samples->tenant[row]))
            return false;
    return true;
}

/* The busiest engine: the time of all its clients over the time that there was, and counters that stayed behind. */
static void judge_engines(const struct vg_probe_samples *samples, double *busiest, double *behind)
{
    const double *busy = vg_probe_samples_column(samples, "busy_s"), *told = vg_probe_samples_column(samples, "told_s");
    const double *capacity = vg_probe_samples_column(samples, "capacity");
    *busiest = NAN;
    *behind = NAN;
    if (!busy || !told || !capacity || samples->rows < 2)
        return;
    double seconds = (double)(samples->time_ns[samples->rows - 1] - samples->time_ns[0]) / 1e9;
    *behind = 0;
    for (size_t i = 0; i < samples->rows; i++) {
        if (!is_last_row(samples, i))
            continue;
        *behind += told[i] < busy[i];
        double used = 0;
        for (size_t j = 0; j < samples->rows; j++)
            if (is_last_row(samples, j) && same_engine(samples->item[i], samples->item[j]))
                used += busy[j] - busy[first_row_of(samples, j)];
        *busiest = fmax(isnan(*busiest) ? 0 : *busiest, used / (seconds * capacity[i]));
    }
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_drm_fdinfo;
    const struct vg_measured_probe *probe = probe_of(input->measurements);
    double files = probe ? probe_fact(probe, "files_read") : NAN;
    if (!(files > 0)) {
        vg_output_absent(output, "Nothing to judge on this host: %s.", why_nothing(probe));
        return true;
    }
    static const char *const facts[] = { "files_without_driver", "malformed_values", "engine_name_changes" };
    for (size_t i = 0; i < VG_COUNT(facts); i++)
        vg_output_value(output, self, facts[i], NULL, probe_fact(probe, facts[i]), NULL);
    const struct vg_measured_stream *stream = vg_measured_probe_stream(input->measurements, "drm-fdinfo", "engine");
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    if (stream && stream->rows && !vg_probe_samples_load(input->measurements->directory, stream, &samples, err))
        return false;
    double busiest, behind;
    judge_engines(&samples, &busiest, &behind);
    vg_output_value(output, self, "busiest_engine", NULL, busiest, isnan(busiest) ? "no engine was told" : NULL);
    vg_output_value(output, self, "counters_behind", NULL, behind, isnan(behind) ? "no engine was told" : NULL);
    return true;
}

VG_ANALYSIS(drm_fdinfo) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "drm-fdinfo",
    .summary = "whether what DRM drivers tell of each open file is well-formed and possible",
    .why = "who bills or schedules by these counters has to rely on them",
    .params = VG_PARAMS { { .name = NULL } },
    .metrics =
        VG_METRICS {
            { "files_without_driver", "1", VG_LOWER, 0, "looks at files without the mandatory key drm-driver" },
            { "malformed_values", "1", VG_LOWER, 0, "known keys whose value or unit is not what it must be" },
            { "engine_name_changes", "1", VG_LOWER, 0, "engines that a client lost or gained" },
            { "counters_behind", "1", VG_LOWER, 0, "counters that stepped back and had not caught up at the end" },
            { "busiest_engine", "1", VG_NEITHER, 0, "busy time of an engine's clients over wall time and capacity" },
            { .name = NULL },
        },
    .run = run,
};
