/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: is what the host reports of a tenant's use of the GPU what the tenant made of it? The tenant works for a
 * known part of the time (it measures itself for which); the host's report is, by what there is, in this order:
 *
 *     nvml          utilisation of the vGPU's compute units, mean over the driver's periods
 *     drm-fdinfo    growth of busy_s over time and capacity, of the engine that its clients kept busiest
 *     process-cpu   CPU time of its renderer over time, where the pGPU is a set of cores
 *
 * all in percent of the whole pGPU, from the end of the warm-up to the end of the run. A tenant that runs and has no
 * work in the phase is expected to use nothing, from the first run's beginning to the last one's end. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_utilisation;

struct report {
    struct vg_probe_samples nvml, fdinfo;
    const double *sm, *busy_s, *capacity;
    struct judge_gpu_time cpu;
    const char *wanted; /* the only source that counts; "any": each */
    const char *source; /* of what was told last; NULL: of nothing */
    double watched_s;   /* from its first reading of it to its last */
};

static const double *load(const struct vg_measurements *m, const char *probe, const char *stream, const char *column,
                          struct vg_probe_samples *samples, bool *good, struct vg_error *err)
{
    const struct vg_measured_stream *found = vg_measured_probe_stream(m, probe, stream);
    if (!*good || !found || found->rows == 0)
        return NULL;
    *good = vg_probe_samples_load(m->directory, found, samples, err);
    return *good ? vg_probe_samples_column(samples, column) : NULL;
}

static bool load_report(const struct vg_measurements *m, const char *wanted, struct report *report,
                        struct vg_error *err)
{
    bool good = true;
    *report = (struct report) { 0 };
    report->wanted = wanted;
    report->sm = load(m, "nvml", "utilization", "sm", &report->nvml, &good, err);
    report->busy_s = load(m, "drm-fdinfo", "engine", "busy_s", &report->fdinfo, &good, err);
    report->capacity = report->busy_s ? vg_probe_samples_column(&report->fdinfo, "capacity") : NULL;
    return good && judge_gpu_time_load(m, &report->cpu, err);
}

static void free_report(struct report *report)
{
    vg_probe_samples_free(&report->nvml);
    vg_probe_samples_free(&report->fdinfo);
    judge_gpu_time_free(&report->cpu);
}

static bool inside(const struct vg_probe_samples *samples, size_t row, const char *tenant, int64_t from_ns,
                   int64_t to_ns)
{
    return samples->time_ns[row] >= from_ns && samples->time_ns[row] <= to_ns && vg_equal(samples->tenant[row], tenant);
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)VG_NS_PER_S;
}

/* From the first row of the tenant's to the last. */
static double rows_span_s(const struct vg_probe_samples *samples, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    int64_t first_ns = INT64_MAX, last_ns = 0;
    for (size_t i = 0; i < samples->rows; i++) {
        if (!inside(samples, i, tenant, from_ns, to_ns))
            continue;
        first_ns = samples->time_ns[i] < first_ns ? samples->time_ns[i] : first_ns;
        last_ns = samples->time_ns[i] > last_ns ? samples->time_ns[i] : last_ns;
    }
    return last_ns > first_ns ? seconds(first_ns, last_ns) : 0;
}

static double by_nvml(const struct report *report, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; report->sm && i < report->nvml.rows; i++) {
        if (!inside(&report->nvml, i, tenant, from_ns, to_ns))
            continue;
        sum += report->sm[i];
        count++;
    }
    return count ? sum / (double)count : NAN;
}

/* Of one engine, which is what stands behind the last slash: of all clients of the tenant, from their first reading in
 * the window to the last. */
static double engine_busy(const struct report *report, const char *tenant, const char *engine, int64_t from_ns,
                          int64_t to_ns)
{
    const struct vg_probe_samples *s = &report->fdinfo;
    double busy_s = 0, capacity = 1;
    int64_t first_ns = INT64_MAX, last_ns = 0;
    for (size_t i = 0; i < s->rows; i++) {
        const char *slash = strrchr(s->item[i], '/');
        if (!inside(s, i, tenant, from_ns, to_ns) || !slash || !vg_equal(slash, engine))
            continue;
        first_ns = s->time_ns[i] < first_ns ? s->time_ns[i] : first_ns;
        last_ns = s->time_ns[i] > last_ns ? s->time_ns[i] : last_ns;
        if (report->capacity && report->capacity[i] > 0)
            capacity = report->capacity[i];
        size_t next = i + 1;
        while (next < s->rows && !(inside(s, next, tenant, from_ns, to_ns) && vg_equal(s->item[next], s->item[i])))
            next++;
        if (next < s->rows)
            busy_s += report->busy_s[next] - report->busy_s[i];
    }
    return last_ns > first_ns ? 100 * busy_s / seconds(first_ns, last_ns) / capacity : NAN;
}

static double by_fdinfo(const struct report *report, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    double most = NAN;
    const char *last = NULL;
    for (size_t i = 0; report->busy_s && i < report->fdinfo.rows; i++) {
        const char *slash = strrchr(report->fdinfo.item[i], '/');
        if (!slash || vg_equal(slash, last) || !inside(&report->fdinfo, i, tenant, from_ns, to_ns))
            continue;
        last = slash;
        most = fmax(most, engine_busy(report, tenant, slash, from_ns, to_ns)); /* fmax leaves NaN out */
    }
    return most;
}

static bool counts(const struct report *report, const char *source)
{
    return vg_equal(report->wanted, "any") || vg_equal(report->wanted, source);
}

static double reported(struct report *report, const char *tenant, int64_t from_ns, int64_t to_ns)
{
    double (*const sources[])(const struct report *, const char *, int64_t, int64_t) = { by_nvml, by_fdinfo };
    static const char *const names[] = { "nvml", "drm-fdinfo" };
    const struct vg_probe_samples *const samples[] = { &report->nvml, &report->fdinfo };
    for (size_t i = 0; i < VG_COUNT(sources); i++) {
        if (!counts(report, names[i]))
            continue;
        double value = sources[i](report, tenant, from_ns, to_ns);
        report->source = names[i];
        report->watched_s = rows_span_s(samples[i], tenant, from_ns, to_ns);
        if (!isnan(value))
            return value;
    }
    if (!counts(report, "process-cpu"))
        return NAN;
    int64_t first_ns = from_ns, last_ns = to_ns;
    report->source = "process-cpu: the renderer's CPU time";
    report->watched_s = judge_gpu_watched(&report->cpu, tenant, &first_ns, &last_ns) ? seconds(first_ns, last_ns) : 0;
    return 100 * judge_gpu_rate(&report->cpu, tenant, from_ns, to_ns);
}

static void put(struct vg_analysis_output *output, const char *metric, const char *tenant, double value,
                const char *note)
{
    vg_output_value(output, (const struct vg_descriptor *)&vg_analysis_utilisation, metric, tenant, value, note);
}

static bool has_run(const struct vg_measured_phase *phase, const char *tenant)
{
    for (unsigned i = 0; i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].tenant, tenant))
            return true;
    return false;
}

/* What is reported of tenants that run and have nothing to do: the most of one, added to *sum. */
static double put_idle(const struct vg_measurements *m, const struct vg_measured_phase *phase, struct report *report,
                       double *sum, struct vg_analysis_output *output)
{
    int64_t from_ns = INT64_MAX, to_ns = 0;
    double most = 0;
    for (unsigned i = 0; i < phase->run_count; i++) {
        from_ns = phase->runs[i].go_host_ns < from_ns ? phase->runs[i].go_host_ns : from_ns;
        to_ns = phase->runs[i].end_host_ns > to_ns ? phase->runs[i].end_host_ns : to_ns;
    }
    for (unsigned i = 0; i < m->tenant_count; i++) {
        const struct vg_measured_tenant *tenant = &m->tenants[i];
        if (has_run(phase, tenant->name) || !judge_is_running(m, tenant, phase))
            continue;
        double told = reported(report, tenant->name, from_ns, to_ns);
        put(output, "reported", tenant->name, told, isnan(told) ? "nothing is told of it" : report->source);
        put(output, "expected", tenant->name, 0, "it has no work");
        if (isnan(told))
            continue;
        *sum += told;
        most = fmax(most, told);
    }
    return most;
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measurements *m = input->measurements;
    const char *name = vg_analysis_param(input, "phase");
    const struct vg_measured_phase *phase = vg_measured_phase_find(m, name);
    struct report report VG_CLEANUP(free_report) = { 0 };
    double sum = 0, furthest = 0, watched_s = INFINITY;
    if (!judge_phases_measured(m, &name, 1, output))
        return true;
    if (!load_report(m, vg_analysis_param(input, "source"), &report, err))
        return false;
    for (unsigned i = 0; i < phase->run_count; i++) {
        const struct vg_measured_run *each = &phase->runs[i];
        int64_t from_ns = each->go_host_ns;
        judge_steady_ns(each, &from_ns);
        judge_check_verified(each, output);
        double expected = judge_fact_number(each, "duty_measured_percent");
        double told = reported(&report, each->tenant, from_ns, each->end_host_ns);
        if (isnan(told) && !vg_equal(report.wanted, "any")) { /* whether it is there at all is another's question */
            vg_autofree char *note = vg_format("%s tells nothing of %s", report.wanted, each->tenant);
            put(output, "off", NULL, NAN, note);
            return true;
        }
        if (isnan(told)) {
            vg_output_absent(output, "Nothing on this host tells how much of the GPU %s uses.", each->tenant);
            return true;
        }
        sum += told;
        watched_s = fmin(watched_s, report.watched_s);
        put(output, "reported", each->tenant, told, report.source);
        put(output, "expected", each->tenant, isnan(expected) ? 100 : expected, NULL);
        furthest = fmax(furthest, fabs(told - (isnan(expected) ? 100 : expected)));
    }
    double idle = put_idle(m, phase, &report, &sum, output);
    put(output, "idle", NULL, idle, NULL);
    put(output, "off", NULL, fmax(furthest, idle), NULL);
    put(output, "sum", NULL, sum, NULL);
    put(output, "watched", NULL, watched_s, NULL);
    return true;
}

VG_ANALYSIS(utilisation) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "utilisation",
    .summary = "what the host reports of tenants' use of the GPU against what they made of it",
    .why = "bills, alarms and schedulers above the vGPU believe these numbers",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which tenants worked for a known part of the time" },
            { .name = "source",
              .type = VG_CHOICE,
              .choices = "any|nvml|drm-fdinfo|process-cpu",
              .def = "any",
              .summary = "whose word counts; any: the first that tells, in this order" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "reported", "%", VG_NEITHER, 0, "of the whole pGPU, per tenant, by the host's counters" },
            { "expected", "%", VG_NEITHER, 0, "part of the time in which the tenant had jobs in flight" },
            { "off", "%", VG_LOWER, 0, "largest difference of the two, in points" },
            { "idle", "%", VG_LOWER, 0, "the most that is reported of a tenant that runs and has no work" },
            { "sum", "%", VG_NEITHER, 0, "reported of all tenants together, with and without work" },
            { "watched", "s", VG_NEITHER, 0,
              "from the first reading of a tenant to its last, after the warm-up; of the tenant watched the shortest" },
            { .name = NULL },
        },
    .run = run,
};
