/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters of the host over submissions of a tenant. A ratio of totals would charge the background (timers, the
 * tenant's own housekeeping) to the submissions; so each rate is one point, and the slope is what a submission costs.
 */
#include "judge/submissions.h"

#include <math.h>

#define LEAST_SECONDS 1.0
#define SAME_RATE     0.05 /* of the highest: rates that are closer are one */

static const struct judge_counter counters[] = {
    { "commands", "virtqueue", "control", "commands", "", 1, false, "commands that the virtio-gpu took" },
    { "exits", "kvm-stats", "vm", "exits", "", 1, false, "exits of the VM's vCPUs, of any kind" },
    { "mmio-exits", "kvm-stats", "vm", "device_exits", "", 1, false, "MMIO and port exits of the VM, to any device" },
    { "device-exits", "kvm-trace", "device", "exits", "", 1, false, "exits in the vGPU's BARs" },
    { "traced-exits", "kvm-trace", "device", "all", "", 1, false, "exits of the VM that were traced, for any device" },
    { "fast-exits", "kvm-trace", "device", "fast_mmio", "", 1, false, "doorbells that KVM turned into an event" },
    { "userspace-exits", "kvm-trace", "device", "userspace", "", 1, false, "exits in the BARs that reach the VMM" },
    { "injected", "kvm-stats", "vm", "irq_injections", "", 1, false, "interrupts injected into the VM by KVM" },
    { "interrupts", "interrupts", "vfio", "host", "", 1, false, "the vGPU's interrupts that the host handled" },
    { "all-interrupts", "interrupts", "vfio", "all", "", 1, false, "interrupts of the host, of any kind" },
    { "posted", "interrupts", "host", "posted", "", 1, false, "the host's notifications of posted interrupts" },
    { "vcpu", "process-cpu", "cpu", "cpu_s", "vcpu", 1e6, true, "CPU time of the vCPUs" },
    { "vmm", "process-cpu", "cpu", "cpu_s", "vmm", 1e6, true, "CPU time of the VMM's other threads" },
    { "renderer", "process-cpu", "cpu", "cpu_s", "renderer", 1e6, true, "CPU time of the renderer" },
    { "manager", "process-cpu", "cpu", "cpu_s", "manager", 1e6, true, "CPU time of the vGPU manager" },
    { "host-cpu", "process-cpu", "cpu", "cpu_s", "vmm renderer manager", 1e6, true,
      "CPU time of the host for the tenant: all but its vCPUs" },
};

const struct judge_counter *judge_counter_find(const char *name)
{
    for (size_t i = 0; i < VG_COUNT(counters); i++)
        if (vg_equal(counters[i].name, name))
            return &counters[i];
    return NULL;
}

static bool names_item(const char *items, const char *item)
{
    if (!*items)
        return !*item;
    size_t length = strlen(item);
    for (const char *at = items; length > 0 && (at = strstr(at, item)) != NULL; at += length)
        if ((at == items || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' '))
            return true;
    return false;
}

/* --- one counter of one tenant -------------------------------------------------------------------------------------
 */

struct reading {
    int64_t time_ns;
    double value;
};

struct readings {
    struct reading *items;
    size_t count;
};

/* A VMM that is busy answers late, and nobody knows when within that time it looked: a reading whose instant is not
 * known this well ends no interval. */
#define KNOWN_WITHIN_S 0.02

/* Rows of one look have one time, and are added up. Rows of no tenant belong to all. */
static void gather(const struct judge_counter *counter, const struct vg_probe_samples *samples, const double *column,
                   const char *tenant, struct readings *readings)
{
    const double *uncertainty_s = vg_probe_samples_column(samples, "uncertainty_s"); /* NULL: read at that instant */
    for (size_t i = 0; i < samples->rows; i++) {
        if (uncertainty_s && !(uncertainty_s[i] <= KNOWN_WITHIN_S))
            continue;
        if ((*samples->tenant[i] && !vg_equal(samples->tenant[i], tenant)) ||
            !names_item(counter->items, samples->item[i]) || isnan(column[i]))
            continue;
        struct reading *last = readings->count ? &readings->items[readings->count - 1] : NULL;
        if (last && last->time_ns == samples->time_ns[i])
            last->value += column[i] * counter->scale;
        else
            vg_push(readings->items, readings->count) =
                (struct reading) { samples->time_ns[i], column[i] * counter->scale };
    }
}

static const struct vg_measured_probe *probe_of(const struct vg_measurements *measurements, const char *name)
{
    for (unsigned i = 0; i < measurements->probe_count; i++)
        if (vg_equal(measurements->probes[i].name, name))
            return &measurements->probes[i];
    return NULL;
}

/* What the probe itself says it could not see of this tenant. */
static char *why_blind(const struct vg_measured_probe *probe, const struct judge_counter *counter, const char *tenant)
{
    if (!probe)
        return vg_format("probe %s did not watch", counter->probe);
    if (probe->unavailable)
        return vg_format("%s: %s", counter->probe, probe->unavailable);
    vg_autofree char *name = vg_format("unseen[%s]", tenant);
    for (unsigned i = 0; i < probe->fact_count; i++)
        if (vg_equal(probe->facts[i].name, name))
            return vg_format("%s: %s", counter->probe, probe->facts[i].value);
    return vg_format("%s: it saw nothing of %s", counter->probe, tenant);
}

/* A source that lost events counts too few: no evidence of how few there are, and little of how many. */
static char *why_lossy(const struct judge_counter *counter, const struct vg_probe_samples *samples)
{
    const double *lost = vg_probe_samples_column(samples, "lost");
    double most = 0;
    for (size_t i = 0; lost && i < samples->rows; i++)
        most = fmax(most, lost[i]);
    return most > 0 ? vg_format("%s: %.0f events were lost before it could read them", counter->probe, most) : NULL;
}

static bool load_readings(const struct vg_measurements *measurements, const struct judge_counter *counter,
                          const char *tenant, struct readings *readings, char **blind, struct vg_error *err)
{
    const struct vg_measured_stream *stream = vg_measured_probe_stream(measurements, counter->probe, counter->stream);
    struct vg_probe_samples samples VG_CLEANUP(vg_probe_samples_free) = { 0 };
    if (stream && stream->rows && !vg_probe_samples_load(measurements->directory, stream, &samples, err))
        return false;
    const double *column = samples.rows ? vg_probe_samples_column(&samples, counter->column) : NULL;
    if (column)
        gather(counter, &samples, column, tenant, readings);
    *blind = samples.rows ? why_lossy(counter, &samples) : NULL;
    if (!*blind && readings->count < 2)
        *blind = why_blind(probe_of(measurements, counter->probe), counter, tenant);
    return true;
}

/* --- a phase -------------------------------------------------------------------------------------------------------
 */

struct submissions {
    int64_t *at_ns; /* host clock, ascending */
    size_t count;
};

static bool load_submissions(const struct vg_measurements *measurements, const struct vg_measured_run *run,
                             const char *stream_name, const char *column, struct submissions *submissions,
                             struct vg_error *err)
{
    const struct vg_measured_stream *stream = vg_measured_stream_find(run, stream_name);
    if (!stream || stream->rows == 0)
        return true; /* it submits nothing: the rate is 0 */
    struct vg_samples samples VG_CLEANUP(vg_samples_free) = { 0 };
    if (!vg_samples_load(measurements->directory, stream, &samples, err))
        return false;
    const double *at = vg_samples_column(&samples, column);
    const struct vg_measured_tenant *tenant = vg_measured_tenant_find(measurements, run->tenant);
    if (!at || !tenant)
        return vg_fail(err, VG_ERROR_INPUT, "stream `%s` of %s has no column `%s`", stream_name, run->workload, column);
    submissions->at_ns = vg_reallocarray(NULL, samples.rows, sizeof(*submissions->at_ns));
    for (size_t i = 0; i < samples.rows; i++) {
        int64_t at_ns = vg_host_time(tenant, judge_instant(at[i]));
        if (submissions->count == 0 || at_ns >= submissions->at_ns[submissions->count - 1])
            submissions->at_ns[submissions->count++] = at_ns; /* a tenant whose clock runs back is not believed */
    }
    return true;
}

static size_t count_until(const struct submissions *submissions, int64_t instant_ns)
{
    size_t low = 0, high = submissions->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (submissions->at_ns[middle] <= instant_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool pace_of(const struct vg_measured_run *run, const struct submissions *submissions,
                    const struct readings *readings, struct judge_pace *pace)
{
    int64_t from_ns = submissions->count ? submissions->at_ns[0] : run->go_host_ns;
    int64_t to_ns = submissions->count ? submissions->at_ns[submissions->count - 1] : run->end_host_ns;
    const struct reading *first = NULL, *last = NULL;
    for (size_t i = 0; i < readings->count; i++) {
        if (readings->items[i].time_ns < from_ns || readings->items[i].time_ns > to_ns)
            continue;
        first = first ? first : &readings->items[i];
        last = &readings->items[i];
    }
    if (!first || (double)(last->time_ns - first->time_ns) < LEAST_SECONDS * VG_NS_PER_S)
        return false;
    double sent = (double)count_until(submissions, last->time_ns) - (double)count_until(submissions, first->time_ns);
    pace->seconds = (double)(last->time_ns - first->time_ns) / 1e9;
    pace->submissions = sent / pace->seconds;
    pace->counted = (last->value - first->value) / pace->seconds;
    pace->per_submission = sent > 0 ? (last->value - first->value) / sent : NAN;
    return true;
}

/* From the last look before the phase to the first after it. The set-up of what submits is within, which costs every
 * path a command or an exit. */
static double growth(const struct vg_measured_phase *phase, const struct readings *readings)
{
    const struct reading *first = &readings->items[0], *last = &readings->items[readings->count - 1];
    for (size_t i = 0; i < readings->count; i++)
        if (readings->items[i].time_ns <= phase->start_host_ns)
            first = &readings->items[i];
    for (size_t i = readings->count; i-- > 0;)
        if (readings->items[i].time_ns >= phase->end_host_ns)
            last = &readings->items[i];
    return last->value - first->value;
}

static bool load_phase(const struct vg_analysis_input *input, const char *name, const struct readings *readings,
                       struct judge_paces *paces, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    const char *tenant = vg_analysis_param(input, "tenant");
    const struct vg_measured_run *run = NULL;
    for (unsigned i = 0; phase && !run && i < phase->run_count; i++)
        if (vg_equal(phase->runs[i].tenant, tenant))
            run = &phase->runs[i];
    if (!run || !run->end_host_ns) {
        vg_output_invalid(output, "Phase `%s` has no run of %s from beginning to end.", name, tenant);
        return true;
    }
    judge_check_verified(run, output); /* what is counted need not be warm */
    struct submissions submissions = { 0 };
    bool good = load_submissions(input->measurements, run, vg_analysis_param(input, "stream"),
                                 vg_analysis_param(input, "column"), &submissions, err);
    struct judge_pace pace = { .phase = phase->name };
    if (good && pace_of(run, &submissions, readings, &pace))
        vg_push(paces->items, paces->count) = pace;
    else if (good)
        vg_output_invalid(output, "Phase `%s` was not watched for %.0f s while %s submitted.", name, LEAST_SECONDS,
                          tenant);
    if (submissions.count)
        paces->moved = isnan(paces->moved) ? growth(phase, readings) : fmin(paces->moved, growth(phase, readings));
    free(submissions.at_ns);
    return good;
}

bool judge_paces_load(const struct vg_analysis_input *input, const struct judge_counter *counter,
                      struct judge_paces *paces, struct vg_analysis_output *output, struct vg_error *err)
{
    struct readings readings = { 0 };
    *paces = (struct judge_paces) { .moved = NAN };
    bool good =
        load_readings(input->measurements, counter, vg_analysis_param(input, "tenant"), &readings, &paces->blind, err);
    vg_autofree char *names = vg_strdup(vg_analysis_param(input, "rates"));
    char *at = names;
    for (const char *name; good && !paces->blind && (name = strsep(&at, " "));)
        good = !*name || load_phase(input, name, &readings, paces, output, err);
    free(readings.items);
    return good;
}

void judge_paces_free(struct judge_paces *paces)
{
    free(paces->items);
    free(paces->blind);
    *paces = (struct judge_paces) { 0 };
}

/* How many rates differ, none at all among them. */
static size_t different_rates(const struct judge_paces *paces, bool *idle)
{
    double highest = 0;
    size_t different = 0;
    *idle = false;
    for (size_t i = 0; i < paces->count; i++) {
        highest = fmax(highest, paces->items[i].submissions);
        *idle = *idle || paces->items[i].submissions == 0;
    }
    for (size_t i = 0; i < paces->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = fabs(paces->items[i].submissions - paces->items[j].submissions) < SAME_RATE * highest;
        different += !seen;
    }
    return different;
}

struct vg_line judge_paces_line(const struct judge_paces *paces, char **why_not)
{
    bool idle;
    size_t different = different_rates(paces, &idle);
    vg_autofree double *x = vg_calloc(paces->count + 1, sizeof(*x));
    vg_autofree double *y = vg_calloc(paces->count + 1, sizeof(*y));
    bool enough = different >= JUDGE_RATES_MIN && idle;
    for (size_t i = 0; i < paces->count; i++) {
        x[i] = paces->items[i].submissions;
        y[i] = paces->items[i].counted;
    }
    *why_not = enough ? NULL
                      : vg_format("%zu different rates%s; at least %d are needed, one of them 0", different,
                                  idle ? "" : ", none of them 0", JUDGE_RATES_MIN);
    return vg_line_fit(x, y, enough ? paces->count : 0, 0.95);
}
