/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One column of samples, pooled over tenants, without what was measured before warm-up was over. */
#include "judge/internal.h"

#include <math.h>

static const char *first_instant(const struct vg_measured_stream *stream)
{
    for (unsigned i = 0; i < stream->column_count; i++)
        if (vg_equal(stream->columns[i].kind, "time") || vg_equal(stream->columns[i].kind, "completion"))
            return stream->columns[i].name;
    return NULL;
}

static bool is_duration(const struct vg_measured_stream *stream, const char *column)
{
    for (unsigned i = 0; i < stream->column_count; i++)
        if (vg_equal(stream->columns[i].name, column))
            return vg_equal(stream->columns[i].kind, "duration");
    return false;
}

struct pool {
    double *values;
    size_t count;
};

static bool add_run(const struct vg_measurements *m, const struct vg_measured_run *run,
                    const struct vg_measured_stream *stream, const char *column, struct pool *pool,
                    struct vg_error *err)
{
    struct vg_samples samples VG_CLEANUP(vg_samples_free) = { 0 };
    if (!vg_samples_load(m->directory, stream, &samples, err))
        return false;
    const double *values = vg_samples_column(&samples, column);
    if (!values)
        return vg_fail(err, VG_ERROR_INPUT, "stream `%s` of %s has no column `%s`", stream->name, run->workload,
                       column);
    const char *instant = first_instant(stream);
    const double *instants = instant ? vg_samples_column(&samples, instant) : NULL;
    const struct vg_measured_tenant *tenant = vg_measured_tenant_find(m, run->tenant);
    int64_t steady_ns = INT64_MIN;
    bool has_steady = judge_steady_ns(run, &steady_ns) && instants;
    bool duration = is_duration(stream, column);
    pool->values = vg_reallocarray(pool->values, pool->count + samples.rows + 1, sizeof(double));
    bool warm = !has_steady; /* once warm, always warm: rows are in the order of time */
    for (size_t i = 0; i < samples.rows; i++) {
        if (!warm) {
            int64_t guest_ns = judge_instant(instants[i]);
            warm = (tenant ? vg_host_time(tenant, guest_ns) : guest_ns) >= steady_ns;
        }
        if (warm && !(duration && values[i] < 0))
            pool->values[pool->count++] = values[i];
    }
    return true;
}

bool vg_column_load(const struct vg_measurements *measurements, const char *phase, const char *workload,
                    const char *stream, const char *column, const char *tenant, bool sorted, double **values,
                    size_t *count, struct vg_error *err)
{
    struct pool pool = { 0 };
    *values = NULL;
    *count = 0;
    const struct vg_measured_phase *found = vg_measured_phase_find(measurements, phase);
    if (!found)
        return vg_fail(err, VG_ERROR_INPUT, "there is no phase `%s` in the measurements of %s", phase,
                       measurements->instance);
    unsigned streams = 0;
    for (unsigned i = 0; i < found->run_count; i++) {
        const struct vg_measured_run *run = &found->runs[i];
        bool chosen = (!workload || !workload[0] || vg_equal(run->workload, workload)) &&
                      (!tenant || !tenant[0] || vg_equal(run->tenant, tenant));
        const struct vg_measured_stream *one = chosen ? vg_measured_stream_find(run, stream) : NULL;
        if (!one)
            continue;
        streams++;
        if (!add_run(measurements, run, one, column, &pool, err)) {
            free(pool.values);
            return false;
        }
    }
    if (!streams)
        return vg_fail(err, VG_ERROR_INPUT, "no workload of phase `%s` left a stream `%s`", phase, stream);
    if (sorted)
        judge_sort(pool.values, pool.count);
    *values = pool.values;
    *count = pool.count;
    return true;
}
