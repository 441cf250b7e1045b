/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pgpu-clock probe, live on a core of this machine: it must follow the core, cost little, and say when it cannot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/base.h"
#include "probe.h"

struct seen {
    size_t rows;
    int64_t first_ns, last_ns;
    double sum, least, most;
    char item[32];
    char lost[32], instruction_set[32];
};

static void row(void *context, const char *stream, int64_t time_ns, const char *tenant, const char *item,
                const double *values)
{
    struct seen *seen = context;
    assert_string_equal(stream, "speed");
    assert_string_equal(tenant, "");
    assert_true(seen->rows == 0 || time_ns > seen->last_ns);
    snprintf(seen->item, sizeof(seen->item), "%s", item);
    seen->first_ns = seen->rows ? seen->first_ns : time_ns;
    seen->last_ns = time_ns;
    double speed = values[0];
    for (int i = 0; i < 3; i++)
        assert_true(isfinite(values[i]) && values[i] > 0);
    seen->least = seen->rows && seen->least < speed ? seen->least : speed;
    seen->most = seen->most > speed ? seen->most : speed;
    seen->sum += speed;
    seen->rows++;
}

static void fact(void *context, const char *name, const char *value)
{
    struct seen *seen = context;
    if (strcmp(name, "samples_lost") == 0)
        snprintf(seen->lost, sizeof(seen->lost), "%s", value);
    if (strcmp(name, "instruction_set") == 0)
        snprintf(seen->instruction_set, sizeof(seen->instruction_set), "%s", value);
}

static const struct vg_probe *probe_found(void)
{
    for (const struct vg_descriptor *each = NULL; (each = vg_descriptor_next(VG_KIND_PROBE, each)) != NULL;)
        if (strcmp(each->name, "pgpu-clock") == 0)
            return (const struct vg_probe *)each;
    fail_msg("there is no probe pgpu-clock");
    return NULL;
}

static bool begin(struct seen *seen, const char *cpus, void **state, struct vg_error *err)
{
    *seen = (struct seen) { 0 };
    const struct vg_probe_pgpu pgpu = { .name = "core", .cpus = cpus };
    const struct vg_probe_host host = { .root = "/", .pgpus = &pgpu, .pgpu_count = 1 };
    const struct vg_probe_sink sink = { .row = row, .fact = fact, .context = seen };
    return probe_found()->begin(&host, &sink, state, err);
}

/* The first core that this process may use. */
static char *own_core(void)
{
    cpu_set_t set;
    int cpu = 0;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    return vg_format("%d", cpu);
}

static void *spin(void *context)
{
    while (!atomic_load((atomic_bool *)context))
        ;
    return NULL;
}

static void follows_a_core(void **unused)
{
    (void)unused;
    struct seen seen;
    struct vg_error err = { 0 };
    void *state = NULL;
    vg_autofree char *cpus = own_core();
    if (!begin(&seen, cpus, &state, &err))
        fail_msg("%s", err.text);
    atomic_bool stop = false;
    pthread_t busy; /* a tenant that never lets the core idle must not keep the probe away */
    assert_int_equal(pthread_create(&busy, NULL, spin, &stop), 0);
    for (int i = 0; i < 4; i++) {
        vg_sleep_ns(250 * VG_NS_PER_MS);
        assert_true(probe_found()->sample(state, NULL, 0, &err));
    }
    atomic_store(&stop, true);
    pthread_join(busy, NULL);
    int64_t cost_ns = probe_found()->own_cost_ns(state);
    probe_found()->end(state);
    vg_autofree char *item = vg_format("core:%s", cpus);
    assert_string_equal(seen.item, item);
    assert_string_equal(seen.lost, "0");
    assert_true(seen.instruction_set[0] != '\0');
    /* One each 15 ms at most, however long the machine let this test take; at least one each 50 ms. */
    int64_t watched_ns = seen.last_ns - seen.first_ns;
    assert_true((int64_t)seen.rows <= watched_ns / (15 * VG_NS_PER_MS) + 2);
    assert_true((int64_t)seen.rows >= watched_ns / (50 * VG_NS_PER_MS));
    double mean = seen.sum / (double)seen.rows;
    assert_true(seen.least <= mean && mean <= seen.most);
    assert_true(cost_ns > 0 && cost_ns < VG_NS_PER_S / 4);
}

static void says_when_it_cannot(void **unused)
{
    (void)unused;
    struct seen seen;
    struct vg_error err = { 0 };
    void *state = NULL;
    assert_false(begin(&seen, NULL, &state, &err));
    assert_non_null(strstr(err.text, "no pGPU of this host is a set of CPU cores"));
    err = (struct vg_error) { 0 };
    assert_false(begin(&seen, "1000", &state, &err));
    assert_non_null(strstr(err.text, "CPU 1000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(follows_a_core), cmocka_unit_test(says_when_it_cannot) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
