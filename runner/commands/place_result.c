/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs one policy of `vgauge place`, and shows several beside each other. */
#include <errno.h>
#include <inttypes.h>
#include "commands/place.h"

static bool write_outcomes(FILE *out, const struct vg_simulation *simulation, const struct vg_fleet_file *file,
                           struct vg_error *err)
{
    const struct vg_request_stream *stream = simulation->stream;
    for (size_t i = 0; i < stream->event_count; i++) {
        const struct vg_request_event *event = &stream->events[i];
        if (event->leaves)
            continue;
        const struct vg_outcome *outcome = &simulation->outcomes[event->vm];
        fprintf(out, "%s,%.3f,", simulation->policy->name, event->time_s);
        if (stream->names)
            fprintf(out, "%s,", stream->names[event->vm]);
        else
            fprintf(out, "%" PRIu32 ",", event->vm);
        vg_autofree char *pgpu = outcome->pgpu < 0 ? NULL : vg_fleet_pgpu_name(file, (unsigned)outcome->pgpu);
        fprintf(out, "%s,%s,%s\n", file->type_names[event->type], pgpu ? pgpu : "",
                pgpu ? "" : vg_refusal_name((enum vg_refusal)outcome->refusal));
    }
    return !ferror(out) || vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot write all decisions");
}

static void sample(struct cmd_placing *placing, const struct vg_simulation *simulation, const double *weights,
                   unsigned type_count)
{
    struct vg_fleet_use use = vg_fleet_measure(simulation->fleet, weights, type_count);
    size_t at = placing->samples++;
    placing->time_s[at] = simulation->stream->events[simulation->next - 1].time_s;
    placing->utilisation[at] = use.utilisation;
    placing->occupied[at] = use.occupied;
    placing->fragmentation[at] = use.fragmentation;
}

/* Time that this thread had a core: another program that wants the core as well must not look like a slow decision. */
static int64_t core_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail on Linux */
    return now.tv_sec * VG_NS_PER_S + now.tv_nsec;
}

bool cmd_place_run(struct cmd_placing *placing, const struct vg_placement_policy *policy,
                   const struct vg_fleet_file *file, const struct vg_fleet *fleet,
                   const struct vg_request_stream *stream, FILE *out, struct vg_error *err)
{
    *placing = (struct cmd_placing) { .policy = policy };
    vg_autofree double *weights = vg_calloc(file->type_count, sizeof(*weights));
    for (size_t i = 0; i < stream->event_count; i++)
        weights[stream->events[i].type] += !stream->events[i].leaves;
    struct vg_simulation simulation;
    vg_simulation_begin(&simulation, policy, fleet, stream);
    for (size_t i = 1; i <= CMD_PLACE_SAMPLES; i++) {
        size_t until = stream->event_count * i / CMD_PLACE_SAMPLES;
        if (until == simulation.next)
            continue;
        int64_t start_ns = core_time_ns();
        vg_simulation_run(&simulation, until);
        placing->busy_ns += core_time_ns() - start_ns;
        sample(placing, &simulation, weights, file->type_count);
    }
    placing->placed = simulation.placed;
    memcpy(placing->refused, simulation.refused, sizeof(placing->refused));
    bool good = !out || write_outcomes(out, &simulation, file, err);
    vg_simulation_end(&simulation);
    return good;
}

/* Mean over time. */
static double mean(const struct cmd_placing *placing, const double *values)
{
    double area = 0, before_s = 0, before = 0;
    for (size_t i = 0; i < placing->samples; i++) {
        area += (placing->time_s[i] - before_s) * (values[i] + (i ? before : values[i])) / 2;
        before_s = placing->time_s[i];
        before = values[i];
    }
    return before_s > 0 ? area / before_s : placing->samples ? values[placing->samples - 1] : 0;
}

static double largest(const struct cmd_placing *placing, const double *values)
{
    double most = 0;
    for (size_t i = 0; i < placing->samples; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

static double decisions_per_s(const struct cmd_placing *placing, const struct vg_request_stream *stream)
{
    return placing->busy_ns > 0 ? (double)stream->arrival_count / ((double)placing->busy_ns / 1e9) : 0;
}

/* 812345 as "812,345". */
static char *grouped(uint64_t number)
{
    char digits[32], *text = vg_calloc(1, 48);
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    for (int i = 0, at = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    return text;
}

static void add_number(struct cmd_table *table, uint64_t number)
{
    vg_autofree char *text = grouped(number);
    cmd_table_add(table, "%s", text);
}

void cmd_place_print(const struct cmd_placing *placings, unsigned count, const struct vg_fleet_file *file,
                     const struct vg_request_stream *stream, FILE *to)
{
    vg_autofree char *pgpus = grouped(file->pgpu_count), *hosts = grouped(file->host_count);
    vg_autofree char *arrivals = grouped(stream->arrival_count);
    vg_autofree char *departures = grouped(stream->event_count - stream->arrival_count);
    fprintf(to, "Fleet %s: %s pGPUs of %u %s on %s hosts. Stream: %s arrivals, %s departures, %.1f h.\n\n", file->name,
            pgpus, file->class_count, file->class_count == 1 ? "class" : "classes", hosts, arrivals, departures,
            stream->events[stream->event_count - 1].time_s / 3600);
    static const char *const headers[] = { "POLICY",        "PLACED",      "NO CAPACITY", "INCOMPATIBLE",
                                           "DISABLED",      "UNSUPPORTED", "UTILISATION", "OCCUPIED",
                                           "FRAGMENTATION", "DECISIONS/S", NULL };
    cmd_autotable struct cmd_table table = { .headers = headers };
    for (unsigned i = 0; i < count; i++) {
        const struct cmd_placing *placing = &placings[i];
        cmd_table_add(&table, "%s", placing->policy->name);
        cmd_table_add(&table, "%.2f %%", 100.0 * (double)placing->placed / (double)stream->arrival_count);
        add_number(&table, placing->refused[VG_REFUSED_NO_CAPACITY]);
        add_number(&table, placing->refused[VG_REFUSED_INCOMPATIBLE]);
        add_number(&table, placing->refused[VG_REFUSED_DISABLED]);
        add_number(&table, placing->refused[VG_REFUSED_UNSUPPORTED]);
        cmd_table_add(&table, "%.1f %% (most %.1f)", 100 * mean(placing, placing->utilisation),
                      100 * largest(placing, placing->utilisation));
        cmd_table_add(&table, "%.1f %%", 100 * mean(placing, placing->occupied));
        cmd_table_add(&table, "%.1f %% (most %.1f)", 100 * mean(placing, placing->fragmentation),
                      100 * largest(placing, placing->fragmentation));
        add_number(&table, (uint64_t)decisions_per_s(placing, stream));
    }
    cmd_table_print(&table, to);
    fprintf(to, "\nRefusals are counted by reason. Utilisation, occupied pGPUs and fragmentation are means over time;\n"
                "fragmentation: how much of what is free a random request cannot use.\n");
}

json_t *cmd_place_to_json(const struct cmd_placing *placings, unsigned count, const struct vg_fleet_file *file,
                          const struct vg_request_stream *stream)
{
    json_t *json = vg_json_new_object(), *policies = vg_json_new_array();
    vg_json_set_text(json, "fleet", file->name);
    vg_json_set_int(json, "pgpus", file->pgpu_count);
    vg_json_set_int(json, "arrivals", (int64_t)stream->arrival_count);
    vg_json_set_int(json, "departures", (int64_t)(stream->event_count - stream->arrival_count));
    for (unsigned i = 0; i < count; i++) {
        const struct cmd_placing *placing = &placings[i];
        json_t *one = vg_json_new_object(), *refused = vg_json_new_object();
        vg_json_set_text(one, "policy", placing->policy->name);
        vg_json_set_int(one, "placed", (int64_t)placing->placed);
        for (int reason = VG_REFUSED_NO_CAPACITY; reason <= VG_REFUSED_UNSUPPORTED; reason++)
            vg_json_set_int(refused, vg_refusal_name((enum vg_refusal)reason), (int64_t)placing->refused[reason]);
        vg_json_set(one, "refused", refused);
        vg_json_set_real(one, "utilisation_mean", mean(placing, placing->utilisation));
        vg_json_set_real(one, "utilisation_most", largest(placing, placing->utilisation));
        vg_json_set_real(one, "occupied_mean", mean(placing, placing->occupied));
        vg_json_set_real(one, "fragmentation_mean", mean(placing, placing->fragmentation));
        vg_json_set_real(one, "fragmentation_most", largest(placing, placing->fragmentation));
        vg_json_set_real(one, "decisions_per_s", decisions_per_s(placing, stream));
        vg_json_append(policies, one);
    }
    vg_json_set(json, "policies", policies);
    return json;
}
