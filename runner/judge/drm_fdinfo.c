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

/* Of a phase only what was read while its workloads ran: what came before and after it would thin out what an engine
 * did. Without one, all. */
struct window {
    int64_t from_ns, to_ns;
};

static bool find_window(const struct vg_analysis_input *input, struct window *window)
{
    const char *name = vg_analysis_param(input, "phase");
    *window = (struct window) { INT64_MIN, INT64_MAX };
    if (!*name)
        return true;
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    *window = (struct window) { INT64_MAX, INT64_MIN };
    for (unsigned i = 0; phase && i < phase->run_count; i++) {
        const struct vg_measured_run *each = &phase->runs[i];
        window->from_ns = each->go_host_ns < window->from_ns ? each->go_host_ns : window->from_ns;
        window->to_ns = each->end_host_ns > window->to_ns ? each->end_host_ns : window->to_ns;
    }
    return window->from_ns < window->to_ns;
}

/* The rows of a window; they are in the order of time. */
struct rows {
    const struct vg_probe_samples *samples;
    size_t first, end;
};

static struct rows rows_inside(const struct vg_probe_samples *samples, const struct window *window)
{
    struct rows rows = { .samples = samples };
    while (rows.first < samples->rows && samples->time_ns[rows.first] < window->from_ns)
        rows.first++;
    rows.end = rows.first;
    while (rows.end < samples->rows && samples->time_ns[rows.end] <= window->to_ns)
        rows.end++;
    return rows;
}

static bool same_client(const struct vg_probe_samples *samples, size_t a, size_t b)
{
    return vg_equal(samples->item[a], samples->item[b]) && vg_equal(samples->tenant[a], samples->tenant[b]);
}

static size_t first_row_of(const struct rows *rows, size_t row)
{
    for (size_t i = rows->first; i < row; i++)
        if (same_client(rows->samples, i, row))
            return i;
    return row;
}

static bool is_last_row(const struct rows *rows, size_t row)
{
    for (size_t i = row + 1; i < rows->end; i++)
        if (same_client(rows->samples, i, row))
            return false;
    return true;
}

/* The busiest engine: the time of all its clients over the time that there was, and counters that stayed behind. */
static void judge_engines(const struct rows *rows, double *busiest, double *behind)
{
    const struct vg_probe_samples *samples = rows->samples;
    const double *busy = vg_probe_samples_column(samples, "busy_s"), *told = vg_probe_samples_column(samples, "told_s");
    const double *capacity = vg_probe_samples_column(samples, "capacity");
    *busiest = NAN;
    *behind = NAN;
    if (!busy || !told || !capacity || rows->end - rows->first < 2)
        return;
    double seconds = (double)(samples->time_ns[rows->end - 1] - samples->time_ns[rows->first]) / 1e9;
    *behind = 0;
    for (size_t i = rows->first; i < rows->end; i++) {
        if (!is_last_row(rows, i))
            continue;
        *behind += told[i] < busy[i];
        double used = 0;
        for (size_t j = rows->first; j < rows->end; j++)
            if (is_last_row(rows, j) && same_engine(samples->item[i], samples->item[j]))
                used += busy[j] - busy[first_row_of(rows, j)];
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
    static const char *const facts[] = { "files_without_driver", "malformed_values", "engine_name_changes",
                                         "clients_not_followed" };
    for (size_t i = 0; i < VG_COUNT(facts); i++)
        vg_output_value(output, self, facts[i], NULL, probe_fact(probe, facts[i]), NULL);
    const struct vg_measured_stream *stream = vg_measured_probe_stream(input->measurements, "drm-fdinfo", "engine");
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    if (stream && stream->rows && !vg_probe_samples_load(input->measurements->directory, stream, &samples, err))
        return false;
    struct window window;
    if (!find_window(input, &window)) {
        vg_output_invalid(output, "Phase `%s` was not measured.", vg_analysis_param(input, "phase"));
        return true;
    }
    struct rows rows = rows_inside(&samples, &window);
    double busiest, behind;
    judge_engines(&rows, &busiest, &behind);
    vg_output_value(output, self, "busiest_engine", NULL, busiest, isnan(busiest) ? "no engine was told" : NULL);
    vg_output_value(output, self, "counters_behind", NULL, behind, isnan(behind) ? "no engine was told" : NULL);
    return true;
}

VG_ANALYSIS(drm_fdinfo) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "drm-fdinfo",
    .summary = "whether what DRM drivers tell of each open file is well-formed and possible",
    .why = "who bills or schedules by these counters has to rely on them",
    .params =
        VG_PARAMS {
            { .name = "phase",
              .type = VG_TEXT,
              .def = "",
              .summary = "only counters read while its workloads ran; empty: all" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "files_without_driver", "1", VG_LOWER, 0, "looks at files without the mandatory key drm-driver" },
            { "malformed_values", "1", VG_LOWER, 0, "known keys whose value or unit is not what it must be" },
            { "engine_name_changes", "1", VG_LOWER, 0, "engines that a client lost or gained" },
            { "clients_not_followed", "1", VG_LOWER, 0, "looks at clients that were more than the probe follows" },
            { "counters_behind", "1", VG_LOWER, 0, "counters that stepped back and had not caught up at the end" },
            { "busiest_engine", "1", VG_NEITHER, 0, "busy time of an engine's clients over wall time and capacity" },
            { .name = NULL },
        },
    .run = run,
};
