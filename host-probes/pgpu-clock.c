/* SPDX-License-Identifier: MIT */
/* How fast each core of a pGPU is at the moment, where the pGPU is a set of cores.
 *
 * A core of a shared machine has no steady clock: another hardware thread on it, or a change of frequency, takes tens
 * of percent within seconds, and the kernel counts none of it as steal. As a GPU's clock is read while it is measured,
 * so this probe keeps a thread on each of these cores that runs the same little work again and again and notes how much
 * CPU time that took. CPU time, not elapsed time: how often the thread had to wait for tenants must not matter. It
 * shares no group with any tenant, so that no scheduling policy reaches it. */
#include "core-loops.h"
#include "probe.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Most of a look is waking up and finding the caches full of the tenants' data, so that the period decides what the
 * probe costs. A core keeps its speed for about a quarter of a second: 16 looks. */
#define PERIOD_NS (15 * VG_NS_PER_MS)
#define LOOP_NS   6000 /* of each loop */

enum {
    CORES_MAX = 64,
    PENDING_MAX = 1024, /* 15 s of samples; they are fetched every half second */
    CALIBRATIONS = 20,
};

struct sample {
    int64_t time_ns;
    double speed[CORE_LOOPS]; /* passes per second of CPU time */
};

struct core {
    char *item; /* "core1:1": pGPU and CPU */
    int cpu;
    pthread_t thread;
    struct core_loop_data *data;
    unsigned passes[CORE_LOOPS];
    pthread_mutex_t lock; /* pending, cost_ns */
    struct sample pending[PENDING_MAX];
    size_t pending_count, lost;
    int64_t cost_ns;
    atomic_bool *stop;
};

struct state {
    struct vg_probe_sink sink;
    struct core *cores[CORES_MAX];
    size_t core_count;
    atomic_bool stop;
};

static int64_t thread_cpu_ns(void)
{
    struct timespec used;
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 ? used.tv_sec * VG_NS_PER_S + used.tv_nsec : 0;
}

static int64_t time_loop(struct core *core, enum core_loop loop)
{
    core_loop_run(core->data, loop, 1); /* its data into the cache: misses are the tenants' doing */
    int64_t before_ns = thread_cpu_ns();
    core_loop_run(core->data, loop, core->passes[loop]);
    return thread_cpu_ns() - before_ns;
}

/* As many passes as take LOOP_NS at the core's best. */
static void calibrate(struct core *core)
{
    for (unsigned loop = 0; loop < CORE_LOOPS; loop++) {
        int64_t best_ns = INT64_MAX;
        core->passes[loop] = 16;
        for (unsigned i = 0; i < CALIBRATIONS; i++) {
            int64_t took_ns = time_loop(core, loop);
            best_ns = took_ns > 0 && took_ns < best_ns ? took_ns : best_ns;
        }
        double passes = 16.0 * LOOP_NS / (double)best_ns;
        core->passes[loop] = passes < 1 ? 1 : passes > 1e6 ? 1000000 : (unsigned)passes;
    }
}

static void keep(struct core *core, const struct sample *sample, int64_t cost_ns)
{
    pthread_mutex_lock(&core->lock);
    if (core->pending_count < PENDING_MAX)
        core->pending[core->pending_count++] = *sample;
    else
        core->lost++;
    core->cost_ns = cost_ns;
    pthread_mutex_unlock(&core->lock);
}

static void *watch_core(void *context)
{
    struct core *core = context;
    calibrate(core);
    for (int64_t next_ns = vg_now_ns(); !atomic_load(core->stop); next_ns += PERIOD_NS) {
        struct sample sample = { .time_ns = vg_now_ns() };
        bool good = true;
        for (unsigned loop = 0; loop < CORE_LOOPS; loop++) {
            int64_t took_ns = time_loop(core, loop);
            good = good && took_ns > 0;
            sample.speed[loop] = (double)core->passes[loop] * (double)VG_NS_PER_S / (double)took_ns;
        }
        if (good)
            keep(core, &sample, thread_cpu_ns());
        int64_t now_ns = vg_now_ns();
        if (now_ns > next_ns + 10 * PERIOD_NS)
            next_ns = now_ns; /* it was held up: no burst to catch up */
        vg_sleep_ns(next_ns + PERIOD_NS - now_ns);
    }
    return NULL;
}

static void fetch(struct state *state, struct core *core)
{
    struct sample pending[PENDING_MAX];
    pthread_mutex_lock(&core->lock);
    size_t count = core->pending_count;
    memcpy(pending, core->pending, count * sizeof(*pending));
    core->pending_count = 0;
    pthread_mutex_unlock(&core->lock);
    for (size_t i = 0; i < count; i++)
        state->sink.row(state->sink.context, "speed", pending[i].time_ns, "", core->item, pending[i].speed);
}

static bool sample(void *opaque, const struct vg_probe_target *targets, size_t target_count, struct vg_error *err)
{
    struct state *state = opaque;
    (void)targets;
    (void)target_count;
    (void)err;
    for (size_t i = 0; i < state->core_count; i++)
        fetch(state, state->cores[i]);
    return true;
}

static int64_t own_cost_ns(void *opaque)
{
    struct state *state = opaque;
    int64_t sum_ns = 0;
    for (size_t i = 0; i < state->core_count; i++) {
        pthread_mutex_lock(&state->cores[i]->lock);
        sum_ns += state->cores[i]->cost_ns;
        pthread_mutex_unlock(&state->cores[i]->lock);
    }
    return sum_ns;
}

static void end(void *opaque)
{
    struct state *state = opaque;
    size_t lost = 0;
    atomic_store(&state->stop, true);
    for (size_t i = 0; i < state->core_count; i++) {
        struct core *core = state->cores[i];
        pthread_join(core->thread, NULL);
        lost += core->lost;
        pthread_mutex_destroy(&core->lock);
        core_loop_data_free(core->data);
        free(core->item);
        free(core);
    }
    vg_autofree char *text = vg_format("%zu", lost);
    state->sink.fact(state->sink.context, "samples_lost", text);
    free(state);
}

static bool start_core(struct state *state, const char *pgpu, int cpu, struct vg_error *err)
{
    cpu_set_t where;
    pthread_attr_t attributes;
    CPU_ZERO(&where);
    CPU_SET(cpu, &where);
    struct core *core = vg_calloc(1, sizeof(*core));
    *core = (struct core) { .item = vg_format("%s:%d", pgpu, cpu), .cpu = cpu, .stop = &state->stop };
    core->data = core_loop_data_new();
    pthread_mutex_init(&core->lock, NULL);
    int failed = pthread_attr_init(&attributes);
    if (!failed) {
        failed = pthread_attr_setaffinity_np(&attributes, sizeof(where), &where);
        failed = failed ? failed : pthread_create(&core->thread, &attributes, watch_core, core);
        pthread_attr_destroy(&attributes);
    }
    if (!failed) {
        state->cores[state->core_count++] = core;
        return true;
    }
    pthread_mutex_destroy(&core->lock);
    core_loop_data_free(core->data);
    free(core->item);
    free(core);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "no thread of vgauge can run on CPU %d, which is pGPU %s: %s", cpu, pgpu,
                   strerror(failed));
}

static bool begin(const struct vg_probe_host *host, const struct vg_probe_sink *sink, void **opaque,
                  struct vg_error *err)
{
    struct state *state = vg_calloc(1, sizeof(*state));
    bool good = true;
    state->sink = *sink;
    for (size_t i = 0; good && i < host->pgpu_count; i++) {
        cpu_set_t cores;
        if (!host->pgpus[i].cpus || vg_parse_cpu_list(host->pgpus[i].cpus, &cores) <= 0)
            continue;
        for (int cpu = 0; good && cpu < CPU_SETSIZE && state->core_count < CORES_MAX; cpu++)
            good = !CPU_ISSET(cpu, &cores) || start_core(state, host->pgpus[i].name, cpu, err);
    }
    if (good && state->core_count > 0) {
        sink->fact(sink->context, "instruction_set", core_loop_instruction_set());
        *opaque = state;
        return true;
    }
    end(state);
    return good ? vg_fail(err, VG_ERROR_ENVIRONMENT, "no pGPU of this host is a set of CPU cores") : false;
}

VG_PROBE(pgpu_clock) = {
    .kind = VG_KIND_PROBE,
    .name = "pgpu-clock",
    .summary = "how fast each core of a pGPU is at the moment, where a pGPU is a set of cores",
    .why =
        "A core of a shared machine changes its speed by tens of percent; what a scheduler gives must be told apart.",
    .period_ms = 500,
    .streams =
        VG_PROBE_STREAMS {
            { "speed", "one row per core every 15 ms; passes of three fixed loops per second of CPU time",
              VG_PROBE_COLUMNS {
                  { "float_array", "1/s", "2,048 single-precision multiply-adds on data in the first-level cache" },
                  { "integer_chains", "1/s", "16 rounds of 12 independent chains of 8 integer multiply-adds" },
                  { "integer_array", "1/s", "4,096 integer multiply-adds on data in the first-level cache" },
                  { .name = NULL },
              } },
            { .name = NULL },
        },
    .begin = begin,
    .sample = sample,
    .own_cost_ns = own_cost_ns,
    .end = end,
};
