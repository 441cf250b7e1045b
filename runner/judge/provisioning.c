/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: what was asked of a mechanism without tenants, step by step, beside the capacity model that the host file
 * names for each pGPU. Everything is taken from the recorded rows. */
#include "judge/internal.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_provisioning;

enum { MOST_PGPUS = 64, MOST_ROWS = 4000000 };
enum {
    CAPACITY_REASONS = 1 << VG_REFUSED_NO_CAPACITY | 1 << VG_REFUSED_INCOMPATIBLE | 1 << VG_REFUSED_DISABLED |
                       1 << VG_REFUSED_UNSUPPORTED
};

struct record {
    struct vg_walk walk, shrunk;
    unsigned types, maxima_read, wrong_maxima;
};

static void free_record(struct record *record)
{
    free(record->walk.classes);
    free(record->walk.boards);
    free(record->walk.vf_totals);
    free(record->walk.steps);
    free(record->walk.counters);
    free(record->walk.ranges);
    free(record->walk.placements);
    free(record->shrunk.steps);
}

/* Rows of a stream as structs of int64_t whose members are its columns in order. NULL with *count 0: no such stream. */
static bool load_rows(const struct vg_measurements *m, const struct vg_measured_run *run, const char *name,
                      const char *const *columns, unsigned width, int64_t **rows, unsigned *count, struct vg_error *err)
{
    const struct vg_measured_stream *stream = vg_measured_stream_find(run, name);
    struct vg_samples samples VG_CLEANUP(vg_samples_free) = { 0 };
    *rows = NULL;
    *count = 0;
    if (!stream)
        return true;
    if (!vg_samples_load(m->directory, stream, &samples, err))
        return false;
    if (samples.rows > MOST_ROWS)
        return vg_fail(err, VG_ERROR_INPUT, "the stream %s has more than %d rows", name, MOST_ROWS);
    *rows = vg_calloc(samples.rows * width + 1, sizeof(int64_t));
    *count = (unsigned)samples.rows;
    for (unsigned i = 0; i < width; i++) {
        const double *values = vg_samples_column(&samples, columns[i]);
        if (!values)
            return vg_fail(err, VG_ERROR_INPUT, "the stream %s has no column %s", name, columns[i]);
        for (size_t j = 0; j < samples.rows; j++)
            (*rows)[j * width + i] = judge_instant(values[j]);
    }
    return true;
}

/* A number of a row that must fit an unsigned field; what does not becomes 0, which vg_capacity_prepare refuses where
 * it matters. */
static unsigned small(int64_t value)
{
    return value >= 0 && value <= INT32_MAX ? (unsigned)value : 0;
}

static const char *const pgpu_columns[] = { "pgpu",     "model",      "sriov",       "vf_count", "vf_total", "count",
                                            "size_mib", "low_gm_mib", "high_gm_mib", "fences",   "board" };
static const char *const type_columns[] = { "pgpu",       "type",        "id",     "size_mib",   "max",
                                            "low_gm_mib", "high_gm_mib", "fences", "advertised", "whole" };

static const char *named(const struct vg_measured_run *run, const char *format, unsigned a, unsigned b)
{
    vg_autofree char *fact = vg_equal(format, "pgpu") ? vg_format("pgpu.%u", a) : vg_format("type.%u.%u", a, b);
    const char *name = vg_fact_get(run, fact);
    return name ? name : "?";
}

static void take_pgpu(struct record *record, const struct vg_measured_run *run, const int64_t *row)
{
    unsigned i = small(row[0]);
    struct vg_pgpu_class *class = &record->walk.classes[i];
    *class = (struct vg_pgpu_class) { .name = named(run, "pgpu", i, 0),
                                      .model = (enum vg_capacity_model)small(row[1]),
                                      .sriov = row[2] != 0,
                                      .vf_count = small(row[3]),
                                      .count = small(row[5]),
                                      .size_bytes = (uint64_t)small(row[6]) << 20,
                                      .low_gm_mib = small(row[7]),
                                      .high_gm_mib = small(row[8]),
                                      .fences = small(row[9]) };
    record->walk.vf_totals[i] = small(row[4]);
    record->walk.boards[i] = small(row[10]);
}

static bool take_type(struct record *record, const struct vg_measured_run *run, const int64_t *row)
{
    unsigned pgpu = small(row[0]);
    struct vg_pgpu_class *class = &record->walk.classes[pgpu];
    if (row[0] < 0 || pgpu >= record->walk.class_count || class->type_count == VG_CLASS_TYPES_MAX ||
        row[1] != class->type_count)
        return false;
    class->types[class->type_count++] = (struct vg_vgpu_type) { .name = named(run, "type", pgpu, small(row[1])),
                                                                .id = small(row[2]),
                                                                .size_bytes = (uint64_t)small(row[3]) << 20,
                                                                .max = small(row[4]),
                                                                .low_gm_mib = small(row[5]),
                                                                .high_gm_mib = small(row[6]),
                                                                .fences = small(row[7]),
                                                                .whole = row[9] != 0 };
    return true;
}

static bool load_classes(const struct vg_measurements *m, const struct vg_measured_run *run, struct record *record,
                         struct vg_error *err)
{
    enum { PGPU = VG_COUNT(pgpu_columns), TYPE = VG_COUNT(type_columns) };
    vg_autofree int64_t *pgpus = NULL, *types = NULL;
    unsigned pgpu_count, type_count;
    if (!load_rows(m, run, "pgpus", pgpu_columns, PGPU, &pgpus, &pgpu_count, err) ||
        !load_rows(m, run, "types", type_columns, TYPE, &types, &type_count, err))
        return false;
    if (pgpu_count > MOST_PGPUS)
        return vg_fail(err, VG_ERROR_INPUT, "more than %d pGPUs are described", MOST_PGPUS);
    record->walk.class_count = pgpu_count;
    record->walk.classes = vg_calloc(pgpu_count + 1, sizeof(*record->walk.classes));
    record->walk.boards = vg_calloc(pgpu_count + 1, sizeof(unsigned));
    record->walk.vf_totals = vg_calloc(pgpu_count + 1, sizeof(unsigned));
    for (unsigned i = 0; i < pgpu_count; i++) {
        if (pgpus[i * PGPU] != i)
            return vg_fail(err, VG_ERROR_INPUT, "the pGPUs are not described in their order");
        take_pgpu(record, run, pgpus + (size_t)i * PGPU);
    }
    for (unsigned i = 0; i < type_count; i++)
        if (!take_type(record, run, types + (size_t)i * TYPE))
            return vg_fail(err, VG_ERROR_INPUT, "row %u of the types belongs to no pGPU", i + 1);
    for (unsigned i = 0; i < pgpu_count; i++)
        if (!vg_capacity_prepare(&record->walk.classes[i], err))
            return false;
    record->types = type_count;
    for (unsigned i = 0; i < type_count; i++) {
        const int64_t *row = types + (size_t)i * TYPE;
        record->maxima_read += row[8] > 0;
        record->wrong_maxima +=
            row[8] > 0 && row[8] != vg_capacity_maximum(&record->walk.classes[row[0]], (unsigned)row[1]);
    }
    return true;
}

static bool load(const struct vg_measurements *m, const struct vg_measured_run *run, struct record *record,
                 struct vg_error *err)
{
    int64_t *steps, *counters, *ranges, *placements, *shrunk;
    bool good = load_classes(m, run, record, err) &&
                load_rows(m, run, "steps", vg_step_columns, VG_STEP_COLUMNS, &steps, &record->walk.step_count, err);
    if (!good)
        return false;
    record->walk.steps = (struct vg_step *)steps;
    good = load_rows(m, run, "counters", vg_counter_columns, VG_COUNTER_COLUMNS, &counters, &record->walk.counter_count,
                     err);
    record->walk.counters = (struct vg_counter *)counters;
    good = good &&
           load_rows(m, run, "ranges", vg_range_columns, VG_RANGE_COLUMNS, &ranges, &record->walk.range_count, err);
    record->walk.ranges = good ? (struct vg_memory_range *)ranges : NULL;
    good = good && load_rows(m, run, "placements", vg_placement_columns, VG_PLACEMENT_COLUMNS, &placements,
                             &record->walk.placement_count, err);
    record->walk.placements = good ? (struct vg_placement_row *)placements : NULL;
    record->shrunk = record->walk;
    record->shrunk.steps = NULL;
    good =
        good && load_rows(m, run, "shrunk", vg_step_columns, VG_STEP_COLUMNS, &shrunk, &record->shrunk.step_count, err);
    record->shrunk.steps = good ? (struct vg_step *)shrunk : NULL;
    return good;
}

static void tell_first(const struct record *record, const struct vg_measured_run *run,
                       const struct vg_walk_result *result, struct vg_analysis_output *output)
{
    enum { MOST_SHOWN = 24 };
    if (result->first_step < 0)
        return;
    const char *seed = vg_fact_get(run, "seed"), *end = vg_fact_get(run, "shrunk_end");
    vg_output_failure(output, "%s Seed %s.", result->first, seed ? seed : "unknown");
    if (!record->shrunk.step_count) { /* what an inspection found, in the driver's own paths */
        if (end)
            vg_output_failure(output, "%s.", end);
        return;
    }
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < record->shrunk.step_count && i < MOST_SHOWN; i++) {
        vg_autofree char *step = vg_step_text(&record->walk, &record->shrunk.steps[i]);
        vg_text_add(&text, "%s%s", i ? "; " : "", step);
    }
    bool cut = vg_fact_get(run, "shrunk_cut") != NULL;
    vg_output_failure(output, "A walk of %u steps shows it%s: %s%s.%s%s", record->shrunk.step_count,
                      cut ? " (time ran out before shorter ones were all tried)"
                          : ", and no single one can be left out",
                      text.data, record->shrunk.step_count > MOST_SHOWN ? "; ..." : "", end ? " " : "", end ? end : "");
}

static void put_vfs(struct vg_analysis_output *output, const struct vg_descriptor *self, const struct vg_walk_result *r)
{
    unsigned rest = r->vfs_advertised > r->vfs_filled ? r->vfs_advertised - r->vfs_filled : 0;
    vg_autofree char *note =
        rest ? vg_format("%u of %u that are advertised were full at once", r->vfs_filled, r->vfs_advertised) : NULL;
    vg_output_value(output, self, "vfs_not_filled", NULL, rest, note);
}

static void put(struct vg_analysis_output *output, const struct record *record, const struct vg_walk_result *r)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_provisioning;
    const struct {
        const char *metric;
        unsigned value;
    } values[] = {
        { "steps", record->walk.step_count },
        { "creates", r->creates },
        { "refusals", r->refusals },
        { "insisted", r->insisted },
        { "raw_refusals", r->raw_refusals },
        { "vms", r->vms },
        { "reboots", r->reboots },
        { "restored", r->restored },
        { "counters_read", r->counters },
        { "ranges_read", record->walk.range_count },
        { "memory_checks", r->memory_checks },
        { "parts_unread", r->parts_unread },
        { "placements_read", r->placements },
        { "types", record->types },
        { "types_filled", r->fills },
        { "maxima_read", record->maxima_read },
        { "wrong_maxima", record->wrong_maxima },
        { "open_refusals", r->open_refusals },
        { "vfs_advertised", r->vfs_advertised },
        { "vfs_filled", r->vfs_filled },
        { "wrong_grants", r->wrong_grants },
        { "wrong_refusals", r->wrong_refusals },
        { "wrong_reasons", r->wrong_reasons },
        { "wrong_counters", r->wrong_counters },
        { "failed_destroys", r->failed_destroys },
        { "overlaps", r->overlaps },
        { "bad_places", r->bad_places },
        { "wrong_placements", r->wrong_placements },
        { "share_checks", r->share_checks },
        { "unequal_shares", r->unequal },
        { "node_checks", r->node_checks },
        { "left_over", r->left_over },
        { "decisions", r->decisions },
        { "contested_decisions", r->contested },
        { "mixed_refusals", r->mixed_refusals },
        { "reasons_seen", (unsigned)__builtin_popcount(r->reasons & CAPACITY_REASONS) },
        { "wrong_decisions", r->wrong_decisions },
        { "races", r->races },
        { "races_without_winner", r->races_without },
        { "races_with_many", r->races_with_many },
        { "wrong_setups", r->wrong_setups },
        { "inspected", r->inspected },
        { "missing", r->missing },
    };
    for (size_t i = 0; i < VG_COUNT(values); i++)
        vg_output_value(output, self, values[i].metric, NULL, values[i].value, NULL);
    vg_output_value(output, self, "wrong", NULL,
                    (double)r->wrong_grants + r->wrong_refusals + r->wrong_reasons + r->wrong_counters +
                        r->failed_destroys + r->overlaps + r->bad_places + r->wrong_placements + r->wrong_setups +
                        r->missing + r->unequal,
                    NULL);
    struct vg_line memory = vg_walk_memory(&record->walk);
    vg_output_value(output, self, "memory_readings", NULL, (double)memory.count, NULL);
    if (memory.count) {
        vg_output_value(output, self, "memory_per_round", NULL, memory.slope, NULL);
        vg_output_value(output, self, "memory_per_round_most", NULL, memory.slope_upper, NULL);
    }
    if (r->slowest_free_ns)
        vg_output_value(output, self, "slowest_free", NULL, (double)r->slowest_free_ns / 1e9, NULL);
    put_vfs(output, self, r);
    double filled = record->types ? 100.0 * r->fills / record->types : NAN;
    vg_output_value(output, self, "filled", NULL, filled, NULL);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const char *name = vg_analysis_param(input, "phase"), *oracle = vg_analysis_param(input, "oracle");
    const struct vg_measured_phase *phase = vg_measured_phase_find(input->measurements, name);
    const char *policy = vg_equal(oracle, "none") ? NULL : oracle;
    if (!phase || !phase->run_count) {
        vg_output_invalid(output, "Nothing was provisioned in phase `%s`.", name);
        return true;
    }
    if (policy && !judge_oracle_knows(policy))
        return vg_fail(err, VG_ERROR_INPUT, "there is no oracle for a placement policy `%s`", oracle);
    for (unsigned i = 0; i < phase->run_count; i++) {
        struct record record VG_CLEANUP(free_record) = { 0 };
        struct vg_walk_result result;
        if (!load(input->measurements, &phase->runs[i], &record, err))
            return false;
        vg_walk_check(&record.walk, policy, &result);
        if (i == 0)
            put(output, &record, &result);
        else if (result.first_step >= 0)
            vg_output_failure(output, "The phase's action %u went wrong too.", i + 1);
        tell_first(&record, &phase->runs[i], &result, output);
    }
    return true;
}

VG_ANALYSIS(provisioning) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "provisioning",
    .summary = "each create, destroy and counter beside the capacity model of its pGPU",
    .why = "a counter that is off by one sells what is not there, or wastes what is",
    .params =
        VG_PARAMS {
            { .name = "phase", .type = VG_TEXT, .summary = "in which it was provisioned" },
            { .name = "oracle",
              .type = VG_TEXT,
              .def = "none",
              .summary = "the placement policy that every decision must have followed" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "steps", "1", VG_NEITHER, 0, "what was asked, refused or not" },
            { "creates", "1", VG_NEITHER, 0, "vGPUs that were granted" },
            { "refusals", "1", VG_NEITHER, 0, "creates and destroys that were refused" },
            { "insisted", "1", VG_NEITHER, 0,
              "creates that the driver itself refused, asked without a look at its counters" },
            { "raw_refusals", "1", VG_NEITHER, 0,
              "numbers of VFs that the driver itself refused, asked without a look" },
            { "vms", "1", VG_NEITHER, 0, "VMs that were given a vGPU" },
            { "reboots", "1", VG_NEITHER, 0, "of the whole host" },
            { "restored", "1", VG_NEITHER, 0, "vGPUs that are as they were defined, again after a reboot or still" },
            { "counters_read", "1", VG_NEITHER, 0, "counters compared with the model" },
            { "ranges_read", "1", VG_NEITHER, 0, "parts of memory and of graphics addresses that the driver told" },
            { "memory_checks", "1", VG_NEITHER, 0,
              "times that memory of a pGPU's vGPUs was compared with what it has" },
            { "parts_unread", "1", VG_LOWER, 0,
              "graphics addresses and memory of a VF that its driver gives each, and that were not told after a step; "
              "0 "
              "for drivers that divide nothing among VFs" },
            { "placements_read", "1", VG_NEITHER, 0,
              "lists of supported and of creatable placement IDs, and numbers of slots, that the driver told" },
            { "types", "1", VG_NEITHER, 0, "types of all pGPUs" },
            { "types_filled", "1", VG_HIGHER, 0, "of these, created alone on their pGPU until refused" },
            { "filled", "%", VG_HIGHER, 0, "types_filled of types" },
            { "maxima_read", "1", VG_NEITHER, 0, "maxima that the driver advertises" },
            { "wrong_maxima", "1", VG_LOWER, 0, "maxima that the driver advertises and the model does not have" },
            { "open_refusals", "1", VG_NEITHER, 0,
              "creates refused for want of memory where nobody can know whether there is any" },
            { "vfs_advertised", "1", VG_NEITHER, 0, "VFs that drivers advertise which give each its memory" },
            { "vfs_filled", "1", VG_NEITHER, 0, "of these, had a vGPU each at once, and no other VF was enabled" },
            { "vfs_not_filled", "1", VG_LOWER, 0, "of these, had not" },
            { "wrong", "1", VG_LOWER, 0, "everything below that is wrong, together" },
            { "wrong_grants", "1", VG_LOWER, 0, "granted where the model refuses" },
            { "wrong_refusals", "1", VG_LOWER, 0, "refused where the model grants" },
            { "wrong_reasons", "1", VG_LOWER, 0, "refused for another reason than the model's" },
            { "wrong_counters", "1", VG_LOWER, 0, "counters that read something else than the model" },
            { "failed_destroys", "1", VG_LOWER, 0, "vGPUs that nobody used and that did not go" },
            { "overlaps", "1", VG_LOWER, 0,
              "pairs of vGPUs that have the same slots or addresses, and sums of memory beyond what there is" },
            { "bad_places", "1", VG_LOWER, 0, "placement IDs that the type does not have" },
            { "wrong_placements", "1", VG_LOWER, 0,
              "placement IDs that the driver tells to be supported or creatable, and that are not, or the reverse" },
            { "memory_readings", "1", VG_NEITHER, 0, "times that the manager's memory was weighed" },
            { "memory_per_round", "B", VG_LOWER, 0,
              "bytes that the manager has more after each round (least squares)" },
            { "memory_per_round_most", "B", VG_LOWER, 0, "upper end of its 95 % interval" },
            { "share_checks", "1", VG_NEITHER, 0,
              "parts of memory and of graphics addresses that the driver gave VFs by itself, compared" },
            { "unequal_shares", "1", VG_LOWER, 0, "of these, larger or smaller than the first VF's" },
            { "node_checks", "1", VG_NEITHER, 0, "times that the host's device nodes were counted around a refusal" },
            { "left_over", "1", VG_LOWER, 0,
              "vGPUs that still existed at the end; files and threads that nothing needed; device nodes that a refusal "
              "made or took away" },
            { "decisions", "1", VG_NEITHER, 0, "pGPUs chosen by a placement policy" },
            { "contested_decisions", "1", VG_NEITHER, 0,
              "of these, some pGPU that takes the type would have been wrong" },
            { "mixed_refusals", "1", VG_NEITHER, 0, "of these, none took the type, and not all for the same reason" },
            { "reasons_seen", "1", VG_NEITHER, 0,
              "of no-capacity, incompatible, disabled and unsupported: how many were rightly given as a reason" },
            { "wrong_decisions", "1", VG_LOWER, 0, "of these, not as the oracle's policy chooses" },
            { "races", "1", VG_NEITHER, 0, "times that many asked at once for the last slot" },
            { "races_without_winner", "1", VG_LOWER, 0, "of these, nobody got it" },
            { "races_with_many", "1", VG_LOWER, 0, "of these, more than fit got one" },
            { "wrong_setups", "1", VG_LOWER, 0, "changes of mode, VFs or passthrough with another outcome than due" },
            { "slowest_free", "s", VG_LOWER, 0, "longest time from a VM's end until its slot was free" },
            { "inspected", "1", VG_NEITHER, 0, "things of the driver's tree that were looked at" },
            { "missing", "1", VG_LOWER, 0, "of these, not there or not as the ABI says" },
            { .name = NULL },
        },
    .run = run,
};
