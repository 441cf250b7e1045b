/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis calibration: a tenant alone that its pGPU bounds, under a policy that leaves it a part as well; one that
 * a limit which nobody declared bounds; one whose virtual CPU does; one that is not steady; one that waits for each
 * job. */
#include "judge_fixture.h"

#define S INT64_C(1000000000)

struct scene {
    const char *policy;
    double gpu;       /* GPU seconds per second */
    double late;      /* the same in the second half; 0: as in the first */
    double vcpu;      /* CPU seconds per second of its virtual CPU */
    double in_flight; /* jobs */
};

static void add_cpu(struct vg_measurements *m, const struct scene *s)
{
    const struct fixture_probe probe = fixture_probe(m, "process-cpu", "cpu", "cpu_s", "threads");
    double gpu = 0;
    for (int half = 0; half <= 40; half++) {
        int64_t at_ns = half * S / 2;
        vg_csv_probe_row(probe.csv, at_ns, "peer.0", "renderer", (double[]) { gpu, 9 }, 2);
        vg_csv_probe_row(probe.csv, at_ns, "peer.0", "vcpu", (double[]) { s->vcpu * half * 0.5, 1 }, 2);
        vg_csv_probe_row(probe.csv, at_ns, "peer.0", "vmm", (double[]) { 0.05 * half * 0.5, 7 }, 2);
        gpu += 0.5 * (s->late > 0 && half >= 22 ? s->late : s->gpu);
    }
    fixture_probe_close(&probe);
}

static struct vg_judgement *judge(const struct scene *s)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", s->policy);
    fixture_tenant(m, "peer.0");
    m->software_renderer = true;
    struct vg_measured_phase *phase = fixture_phase(m, "solo", 4 * S, 18 * S);
    struct vg_measured_run *run = fixture_run(phase, "peer.0", "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "job_iterations", "1000");
    fixture_fact(run, "verified_jobs", "17");
    fixture_completions(m, run, 80, s->in_flight, 5 * S, 17 * S);
    add_cpu(m, s);
    struct fixture_test f;
    fixture_test(&f, "calibration");
    fixture_param(&f, "phase", "solo");
    fixture_expect(&f, "x.busy", VG_OP_GE, 0.85);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    assert_good(judgement, err);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

static void what_bounds_it_is_told(void **state)
{
    (void)state;
    static const struct {
        struct scene scene;
        double busy, vm_cpu, queued;
        bool steady;
    } cases[] = {
        { { "best-effort", 0.98, 0, 0.3, 3 }, 0.98, 0.35, 1, true },
        { { "fixed-share", 0.245, 0, 0.3, 3 }, 0.98, 0.35, 1, true }, /* a quarter of it is all that it may have */
        { { "best-effort", 0.5, 0, 0.3, 3 }, 0.5, 0.35, 1, true },    /* somebody keeps half of it back */
        { { "best-effort", 0.98, 0, 0.9, 3 }, 0.98, 0.95, 1, true },  /* its own CPU is the limit */
        { { "best-effort", 0.98, 0.6, 0.3, 3 }, NAN, 0.35, 1, false },
        { { "best-effort", 0.98, 0, 0.3, 0.9 }, 0.98, 0.35, 0, true }, /* waits for each job */
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_judgement *j = judge(&cases[i].scene);
        assert_verdict(j, cases[i].scene.gpu == 0.5 || !cases[i].steady ? VG_FAIL : VG_PASS, NULL);
        if (!isnan(cases[i].busy))
            assert_near(value_of(j, "x.busy"), cases[i].busy, 0.02);
        assert_near(value_of(j, "x.vm_cpu"), cases[i].vm_cpu, 1e-6);
        assert_near(value_of(j, "x.queued"), cases[i].queued, 1e-6);
        assert_true((value_of(j, "x.solo_cv") <= 0.03) == cases[i].steady);
        assert_true(value_of(j, "x.windows") >= 10);
        vg_judgement_free(j);
    }
}

static void too_little_is_invalid(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", "best-effort");
    fixture_tenant(m, "peer.0");
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "solo", 4 * S, 6 * S), "peer.0", "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_completions(m, run, 4, 3, 4 * S, 6 * S);
    struct fixture_test f;
    fixture_test(&f, "calibration");
    fixture_param(&f, "phase", "solo");
    fixture_expect(&f, "x.solo_cv", VG_OP_LE, 0.03);
    struct vg_judgement *j = vg_judge(&f.test, m, &err);
    assert_good(j, err);
    assert_verdict(j, VG_INVALID, "too few completions");
    vg_judgement_free(j);
    vg_measurements_free(m);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_bounds_it_is_told),
        cmocka_unit_test(too_little_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
