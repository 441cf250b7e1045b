/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many ask at once for the last place. They ask blindly, so that the driver alone decides. */
#include "engine/drill.h"

enum { THREADS_MOST = 64 };

struct racer {
    struct vg_drill *drill;
    pthread_barrier_t *start, *end;
    const atomic_bool *over;
    struct vg_create_as how;
    struct vg_vgpu *vgpu;
    enum vg_refusal outcome;
    struct vg_error err;
    int64_t start_ns, end_ns;
    pthread_t thread;
};

static void *race(void *context)
{
    struct racer *racer = context;
    for (;;) {
        pthread_barrier_wait(racer->start);
        if (atomic_load(racer->over))
            return NULL;
        racer->vgpu = NULL;
        racer->start_ns = vg_now_ns();
        racer->outcome =
            racer->drill->mechanism->create_as(racer->drill->state, &racer->how, &racer->vgpu, &racer->err);
        racer->end_ns = vg_now_ns();
        pthread_barrier_wait(racer->end);
    }
}

/* One place is left for the type; what was made for it is kept. False: it could not be set up so. */
static bool leave_one(struct vg_drill *drill, int64_t round, unsigned pgpu, unsigned type)
{
    unsigned most = vg_capacity_maximum(&drill->walk.classes[pgpu], type);
    for (unsigned i = 1; i < most; i++)
        if (vg_drill_create(drill, round, pgpu, type) < 0)
            return false;
    return most > 0;
}

/* Where vGPUs sit on VFs each asks for one of its own: the place is the pGPU's, not the VF's. */
static bool aim(struct vg_drill *drill, struct racer *racers, unsigned count, unsigned pgpu, unsigned type)
{
    struct vg_pgpu seen VG_CLEANUP(vg_pgpu_free) = { 0 };
    struct vg_error err = { 0 };
    if (!drill->mechanism->look(drill->state, drill->host_index[pgpu], &seen, &err)) {
        vg_drill_trouble(drill, err.text);
        return false;
    }
    unsigned next = 0;
    for (unsigned i = 0; i < count; i++) {
        racers[i].how = (struct vg_create_as) { .pgpu_index = drill->host_index[pgpu],
                                                .profile = vg_drill_profile(drill, pgpu, type),
                                                .vf = VG_ANY,
                                                .blind = true };
        racers[i].err = (struct vg_error) { 0 };
        for (unsigned tries = 0; seen.vf_count && tries < seen.vf_count; tries++, next++) {
            if (seen.vfs[next % seen.vf_count].taken)
                continue;
            racers[i].how.vf = (int)(next++ % seen.vf_count);
            break;
        }
        if (drill->walk.classes[pgpu].model == VG_CAPACITY_VF)
            racers[i].how.vf = VG_ANY; /* one VF is the last place */
    }
    return true;
}

static void write_down(struct vg_drill *drill, const struct racer *racers, unsigned count, int64_t round, unsigned pgpu,
                       unsigned type)
{
    for (unsigned i = 0; i < count; i++) {
        struct vg_step *step = vg_drill_step(drill, VG_STEP_CREATE, round, pgpu);
        step->type = type;
        step->race = round;
        step->start_ns = racers[i].start_ns;
        step->end_ns = racers[i].end_ns;
        step->outcome = racers[i].outcome;
        if (racers[i].outcome == VG_REFUSED_ERROR)
            vg_drill_trouble(drill, racers[i].err.text);
        if (racers[i].outcome != VG_REFUSED_NOT)
            continue;
        step->vf = racers[i].vgpu->vf;
        step->place = racers[i].vgpu->placement_id;
        step->granted_bytes = (int64_t)racers[i].vgpu->granted_bytes;
        step->instance = vg_drill_keep(drill, racers[i].vgpu);
    }
}

static bool run(struct vg_drill *drill, struct vg_error *err)
{
    enum { ROUNDS_EACH = 8 };
    unsigned threads = (unsigned)vg_drill_number(drill, "threads");
    long long rounds = vg_drill_number(drill, "rounds");
    vg_autofree struct racer *racers = vg_calloc(threads, sizeof(*racers));
    pthread_barrier_t start, end;
    atomic_bool over = false;
    pthread_barrier_init(&start, NULL, threads + 1);
    pthread_barrier_init(&end, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        racers[i] = (struct racer) { .drill = drill, .start = &start, .end = &end, .over = &over };
        if (pthread_create(&racers[i].thread, NULL, race, &racers[i]) != 0) {
            vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot start %u threads", threads);
            _exit(vg_error_exit_status(err)); /* those that wait at the barrier cannot be called back */
        }
    }
    bool good = true;
    unsigned pgpu = 0, type = 0;
    for (long long round = 1; good && round <= rounds && !drill->trouble; round++) {
        if (round % ROUNDS_EACH == 1) {
            vg_drill_drain(drill, round);
            pgpu = vg_drill_random(drill, drill->walk.class_count);
            type = vg_drill_random(drill, drill->walk.classes[pgpu].type_count);
            if (!leave_one(drill, round, pgpu, type))
                break;
        }
        if (!aim(drill, racers, threads, pgpu, type))
            break;
        unsigned before = drill->vgpu_count;
        pthread_barrier_wait(&start);
        pthread_barrier_wait(&end);
        write_down(drill, racers, threads, round, pgpu, type);
        vg_drill_look(drill, pgpu);
        for (unsigned i = before; i < drill->vgpu_count; i++)
            vg_drill_destroy(drill, round, i);
        vg_drill_look(drill, pgpu);
        good = vg_drill_turn(drill, err);
    }
    atomic_store(&over, true);
    pthread_barrier_wait(&start);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(racers[i].thread, NULL);
    pthread_barrier_destroy(&start);
    pthread_barrier_destroy(&end);
    vg_drill_drain(drill, rounds + 1);
    vg_drill_look_all(drill, rounds + 1);
    return good;
}

VG_DRILL(race) = {
    .kind = VG_KIND_ACTION,
    .name = "race",
    .summary = "leaves one place and lets many threads ask for it at once",
    .why = "two that both saw the last place, and both got it, have sold it twice",
    .params =
        VG_PARAMS {
            { .name = "threads",
              .type = VG_INT,
              .def = "16",
              .min = 2,
              .max = THREADS_MOST,
              .unit = "1",
              .summary = "that ask at once" },
            { .name = "rounds",
              .type = VG_INT,
              .def = "200",
              .min = 1,
              .max = 100000,
              .unit = "1",
              .summary = "races" },
            VG_DRILL_BOOT_EVERY,
            { .name = NULL },
        },
    .run = run,
};
