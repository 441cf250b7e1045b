/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carries out one provisioning action of a phase: sets the scene, lets the action run, and writes its rows. */
#include "base/sysfs-text.h"
#include "engine/drill.h"
#include "engine/exercise.h"

static const char host_word[] = "host"; /* the "tenant" of a run that has none */

static unsigned board_number(const struct vg_host *host, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (host->pgpus[i].board && vg_equal(host->pgpus[i].board, host->pgpus[index].board))
            return i;
    return index;
}

/* How many VFs there can be: the kernel says it, and where there is no such file the host file. */
static bool vf_total(const struct vg_drill *drill, unsigned host_index, unsigned *total, struct vg_error *err)
{
    enum { MOST_VFS = 65535 };
    const struct vg_host_pgpu *pgpu = &drill->host->pgpus[host_index];
    vg_autofree char *path =
        vg_format("%s/sys/bus/pci/devices/%s/sriov_totalvfs", vg_equal(drill->host->root, "/") ? "" : drill->host->root,
                  pgpu->pci ? pgpu->pci : "-");
    vg_autofree char *text = NULL;
    uint64_t number;
    *total = pgpu->vfs;
    if (!pgpu->vfs || vg_is_gone(path))
        return true;
    if (!vg_read_attribute(path, &text, err))
        return false;
    if (!vg_sysfs_number(text, MOST_VFS, &number)) {
        vg_autofree char *shown = vg_printable(text, strlen(text), 80);
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s should hold a number and holds `%s`", path, shown);
    }
    *total = (unsigned)number;
    return true;
}

static bool describe(struct vg_drill *drill, struct vg_error *err)
{
    unsigned count = drill->host->pgpu_count;
    struct vg_walk *walk = &drill->walk;
    walk->classes = vg_calloc(count + 1, sizeof(*walk->classes));
    walk->boards = vg_calloc(count + 1, sizeof(*walk->boards));
    walk->vf_totals = vg_calloc(count + 1, sizeof(*walk->vf_totals));
    drill->host_index = vg_calloc(count + 1, sizeof(*drill->host_index));
    drill->advertised = vg_calloc((size_t)(count + 1) * VG_CLASS_TYPES_MAX, sizeof(*drill->advertised));
    for (unsigned i = 0; i < count; i++) {
        if (!vg_host_pgpu_is_of(&drill->host->pgpus[i], drill->config->name))
            continue;
        unsigned place = walk->class_count;
        if (!vg_pgpu_class_make(drill->host, drill->config, i, &walk->classes[place], err))
            return false;
        if (!walk->classes[place].type_count)
            continue;
        walk->boards[place] = board_number(drill->host, i);
        struct vg_error unread = { 0 };
        if (!vf_total(drill, i, &walk->vf_totals[place], &unread))
            vg_drill_trouble(drill, unread.text);
        drill->host_index[place] = i;
        walk->class_count++;
    }
    return walk->class_count || vg_fail(err, VG_ERROR_INPUT, "the host %s has no pGPU with profiles of %s",
                                        drill->host->name, drill->config->name);
}

/* Differs between seeds, tests and instances. */
static uint64_t seed_for(const struct vg_scene *scene)
{
    vg_autofree char *subject = vg_format("%llu/%s/%s", (unsigned long long)scene->engine->config->run->seed,
                                          scene->instance->test->id, scene->instance->name);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *byte = subject; *byte; byte++)
        hash = (hash ^ (unsigned char)*byte) * UINT64_C(0x100000001b3);
    return hash;
}

struct table {
    struct vg_scene *scene;
    struct vg_measured_run *run;
    const char *phase;
};

static bool write_table(const struct table *table, const char *name, const char *const *columns, unsigned width,
                        const int64_t *rows, unsigned row_count, struct vg_error *err)
{
    if (!row_count)
        return true;
    struct vg_measured_stream *stream = &vg_push(table->run->streams, table->run->stream_count);
    *stream = (struct vg_measured_stream) {
        .name = vg_strdup(name), .file = vg_format("%s.host.%s.%s.csv", table->phase, table->run->workload, name)
    };
    for (unsigned i = 0; i < width; i++)
        vg_push(stream->columns, stream->column_count) = (struct vg_measured_column) { .name = vg_strdup(columns[i]),
                                                                                       .unit = vg_strdup("1"),
                                                                                       .kind = vg_strdup("count"),
                                                                                       .better = vg_strdup("neither") };
    vg_autofree char *path = vg_format("%s/%s", table->scene->measurements->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, columns, width, err);
    bool good = csv != NULL;
    for (unsigned i = 0; good && i < row_count; i++)
        good = vg_csv_row(csv, rows + (size_t)i * width);
    if (csv)
        good = vg_csv_close(csv, &stream->rows, err) && good;
    return good || vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot write %s: is the disk full?", path);
}

static void add_fact(struct vg_measured_run *run, char *name, char *value)
{
    vg_push(run->facts, run->fact_count) = (struct vg_fact) { .name = name, .value = value };
}

static bool write_classes(const struct vg_drill *drill, const struct table *table, struct vg_error *err)
{
    static const char *const pgpu_columns[] = { "pgpu",        "model",  "sriov",    "vf_count",
                                                "vf_total",    "count",  "size_mib", "low_gm_mib",
                                                "high_gm_mib", "fences", "board" };
    static const char *const type_columns[] = { "pgpu",       "type",        "id",     "size_mib",   "max",
                                                "low_gm_mib", "high_gm_mib", "fences", "advertised", "whole" };
    enum { PGPU = VG_COUNT(pgpu_columns), TYPE = VG_COUNT(type_columns) };
    const struct vg_walk *walk = &drill->walk;
    vg_autofree int64_t *pgpus = vg_calloc((size_t)walk->class_count * PGPU + 1, sizeof(*pgpus));
    vg_autofree int64_t *types = vg_calloc((size_t)walk->class_count * VG_CLASS_TYPES_MAX * TYPE + 1, sizeof(*types));
    unsigned type_count = 0;
    for (unsigned i = 0; i < walk->class_count; i++) {
        const struct vg_pgpu_class *class = &walk->classes[i];
        const int64_t row[] = { i,
                                class->model,
                                class->sriov,
                                class->vf_count,
                                walk->vf_totals[i],
                                class->count,
                                (int64_t)(class->size_bytes >> 20),
                                class->low_gm_mib,
                                class->high_gm_mib,
                                class->fences,
                                walk->boards[i] };
        memcpy(pgpus + (size_t)i * PGPU, row, sizeof(row));
        add_fact(table->run, vg_format("pgpu.%u", i), vg_strdup(class->name));
        for (unsigned j = 0; j < class->type_count; j++) {
            const struct vg_vgpu_type *type = &class->types[j];
            const int64_t line[] = { i,
                                     j,
                                     type->id,
                                     (int64_t)(type->size_bytes >> 20),
                                     type->max,
                                     type->low_gm_mib,
                                     type->high_gm_mib,
                                     type->fences,
                                     drill->advertised[i * VG_CLASS_TYPES_MAX + j],
                                     type->whole };
            memcpy(types + (size_t)type_count++ * TYPE, line, sizeof(line));
            add_fact(table->run, vg_format("type.%u.%u", i, j), vg_strdup(type->name));
        }
    }
    return write_table(table, "pgpus", pgpu_columns, PGPU, pgpus, walk->class_count, err) &&
           write_table(table, "types", type_columns, TYPE, types, type_count, err);
}

static bool write_all(const struct vg_drill *drill, const struct table *table, struct vg_error *err)
{
    const struct vg_walk *walk = &drill->walk;
    add_fact(table->run, vg_strdup("seed"), vg_format("%llu", (unsigned long long)drill->engine->config->run->seed));
    if (drill->shrunk_end)
        add_fact(table->run, vg_strdup("shrunk_end"), vg_strdup(drill->shrunk_end));
    if (drill->shrink_cut)
        add_fact(table->run, vg_strdup("shrunk_cut"), vg_strdup("1"));
    return write_classes(drill, table, err) &&
           write_table(table, "steps", vg_step_columns, VG_STEP_COLUMNS, (const int64_t *)walk->steps, walk->step_count,
                       err) &&
           write_table(table, "counters", vg_counter_columns, VG_COUNTER_COLUMNS, (const int64_t *)walk->counters,
                       walk->counter_count, err) &&
           write_table(table, "ranges", vg_range_columns, VG_RANGE_COLUMNS, (const int64_t *)walk->ranges,
                       walk->range_count, err) &&
           write_table(table, "placements", vg_placement_columns, VG_PLACEMENT_COLUMNS,
                       (const int64_t *)walk->placements, walk->placement_count, err) &&
           write_table(table, "shrunk", vg_step_columns, VG_STEP_COLUMNS, (const int64_t *)drill->shrunk,
                       drill->shrunk_count, err);
}

static void conclude(const struct vg_drill *drill, struct vg_measured_run *run)
{
    struct vg_walk_result result;
    vg_walk_check(&drill->walk, NULL, &result);
    free(run->status);
    run->status = vg_strdup("ok");
    if (drill->skip) {
        free(run->status);
        run->status = vg_strdup("skip");
        run->message = vg_strdup(drill->skip);
    } else if (drill->trouble && result.first_step < 0) {
        /* Nothing is known to be wrong with the driver, and yet it could not be asked. */
        free(run->status);
        run->status = vg_strdup("invalid");
        run->message = vg_strdup(drill->trouble);
    }
}

static void set_params(const struct vg_drill *drill, struct vg_measured_run *run)
{
    for (const struct vg_param *param = drill->action->params; param && param->name; param++) {
        const char *value = vg_drill_param(drill, param->name);
        if (value)
            vg_push(run->params.items, run->params.count) =
                (struct vg_setting) { .name = vg_strdup(param->name), .value = vg_strdup(value) };
    }
}

static bool run_drill(struct vg_drill *drill, struct vg_scene *scene, unsigned phase_index, struct vg_error *err)
{
    struct vg_measured_phase *phase = &scene->measurements->phases[phase_index];
    struct vg_measured_run run = { .tenant = vg_strdup(host_word),
                                   .workload = vg_strdup(drill->action->name),
                                   .status = vg_strdup("running"),
                                   .go_host_ns = vg_now_ns() };
    const struct vg_drill_action *action = (const struct vg_drill_action *)drill->action;
    bool good = true;
    drill->with_tenants = drill->mechanism->vm && drill->mechanism->slot == VG_SLOT_VM_BOUND;
    drill->boot_every = (unsigned)vg_drill_number(drill, "boot_every");
    if (!drill->boot_every)
        drill->boot_every = 1;
    if (!drill->mechanism->look || !drill->mechanism->create_as)
        vg_drill_skip(drill, "%s keeps no count of its own in a driver", drill->mechanism->name);
    else if (!describe(drill, err))
        good = false;
    else if (!drill->trouble) { /* else there is nothing to judge it by */
        vg_drill_restart(drill);
        good = action->run(drill, err);
        struct vg_walk recorded = drill->walk;
        vg_drill_restart(drill); /* nothing is left behind, whatever the action did */
        drill->walk = recorded;
    }
    struct table table = { .scene = scene, .run = &run, .phase = phase->name };
    set_params(drill, &run);
    good = good && write_all(drill, &table, err);
    if (good)
        conclude(drill, &run);
    run.end_host_ns = vg_now_ns();
    vg_push(phase->runs, phase->run_count) = run;
    return good;
}

bool vg_provision_run(struct vg_scene *scene, unsigned phase, const struct vg_test_provision *provision,
                      struct vg_error *err)
{
    struct vg_engine *engine = scene->engine;
    const struct vg_mechanism *mechanism = vg_mechanism_find(scene->instance->mechanism);
    const struct vg_drill_action *action =
        (const struct vg_drill_action *)vg_descriptor_find(VG_KIND_ACTION, provision->action);
    if (action->exercise)
        return vg_exercise_run(scene, phase, action, &provision->params, err);
    struct vg_drill drill = { .engine = engine,
                              .host = engine->host,
                              .config = vg_host_mechanism_find(engine->host, scene->instance->mechanism),
                              .instance = scene->instance,
                              .mechanism = mechanism,
                              .state = vg_environment_mechanism(engine, mechanism),
                              .action = vg_descriptor_find(VG_KIND_ACTION, provision->action),
                              .params = &provision->params,
                              .seed = seed_for(scene) };
    drill.random = drill.seed;
    vg_engine_step(engine, "%s", provision->action);
    bool good = run_drill(&drill, scene, phase, err);
    vg_drill_free_walk(&drill.walk);
    free(drill.host_index);
    free(drill.advertised);
    free(drill.vgpus);
    free(drill.shrunk);
    free(drill.shrunk_end);
    free(drill.skip);
    free(drill.trouble);
    return good;
}
