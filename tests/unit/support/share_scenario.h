/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two tenants that share a pGPU after one had it alone, with figures whose right judgement is known. */
#ifndef VG_TEST_SHARE_SCENARIO_H
#define VG_TEST_SHARE_SCENARIO_H

#include "../judge_fixture.h"

#define S INT64_C(1000000000)

struct scenario {
    const char *policy;
    double solo, first, second;
    double first_start, first_end, second_start, second_end; /* s in the contended phase */
    bool idle_neighbour_in_solo;
    const char *second_iterations;
    double cpu, wait;                   /* of each renderer, as parts of the contended phase; both 0: no probe */
    double solo_cpu;                    /* of the renderer in the solo phase; 0: 1 */
    double solo_clock, contended_clock; /* mean speed of the pGPU; 0: no pgpu-clock probe */
    double clock_hole_s;                /* without a sample, in the contended phase */
    double clock_noise;                 /* standard deviation of a sample, as a part of it */
    bool even_clock;                    /* it keeps its mean within each phase */
    double renderer_gone_s;     /* on the host: with their last reading before this the renderers went; 0: never */
    double first_unseen_from_s; /* on the host: from here on the process-cpu probe does not see peer.0; 0: never */
    bool feels_clock;           /* rates are at the solo phase's mean clock, and follow it */
    bool software_host;
    double in_flight;              /* jobs per tenant; 0: 3 */
    double clock_error_s;          /* of each tenant */
    const char *end_mark;          /* of warm-up */
    const char *contended_samples; /* of warm-up, in the contended phase, where 48 are needed; NULL: not said */
    bool alone_was_warm;           /* the end mark is of the contended phase only */
    bool warms_up, unverified, no_latency;
};

/* What the process-cpu probe would have seen of both renderers. */
static inline void add_probe(struct vg_measurements *m, const struct scenario *s)
{
    const struct fixture_probe probe = fixture_probe(m, "process-cpu", "cpu", "cpu_s", "wait_s");
    double used[2] = { 0 }, waited[2] = { 0 };
    for (int half = 0; half <= 80; half++) {
        for (int tenant = 0; tenant < 2; tenant++) {
            const char *name = tenant ? "peer.1" : "peer.0";
            bool contended = half > 38;
            bool gone = s->renderer_gone_s > 0 && half * 0.5 >= s->renderer_gone_s;
            used[tenant] += gone ? 0 : 0.5 * (contended ? s->cpu : tenant ? 0 : s->solo_cpu > 0 ? s->solo_cpu : 1);
            waited[tenant] += 0.5 * (contended ? s->wait : 0);
            if (tenant == 0 && s->first_unseen_from_s > 0 && half * 0.5 >= s->first_unseen_from_s)
                continue;
            vg_csv_probe_row(probe.csv, half * S / 2, name, "vmm", (double[]) { half * 0.5, 0 }, 2);
            vg_csv_probe_row(probe.csv, half * S / 2, name, "renderer", (double[]) { used[tenant], waited[tenant] }, 2);
        }
    }
    fixture_probe_close(&probe);
}

/* A clock that swings by a tenth around its mean, every second, unless it is even. */
static inline double clock_at(const struct scenario *s, double at_s)
{
    double swing = s->even_clock ? 1 : fmod(at_s, 2) < 1 ? 1.1 : 0.9;
    return (at_s < 19 ? s->solo_clock : s->contended_clock) * swing;
}

static inline void completions_by_clock(struct vg_measurements *m, struct vg_measured_run *run,
                                        const struct scenario *s, double rate, int64_t first_ns, int64_t last_ns)
{
    int64_t(*rows)[2] = NULL;
    size_t count = 0;
    for (double at_ns = (double)first_ns; at_ns < (double)last_ns; count++) {
        rows = vg_reallocarray(rows, count + 1, sizeof(*rows));
        rows[count][0] = (int64_t)at_ns;
        rows[count][1] = (int64_t)(3e9 / rate);
        at_ns += 1e9 / (rate * clock_at(s, at_ns / 1e9) / s->solo_clock);
    }
    fixture_stream(m, run, "job", "completed", "latency", (const int64_t(*)[2])rows, count);
    free(rows);
}

/* What the pgpu-clock probe would have seen. */
static inline void add_clock(struct vg_measurements *m, const struct scenario *s)
{
    const struct fixture_probe probe = fixture_probe(m, "pgpu-clock", "speed", "float_array", "integer_array");
    unsigned short random[3] = { 1, 2, 3 };
    for (int64_t at_ns = 10 * S; at_ns < 40 * S; at_ns += S / 100) {
        double at_s = (double)at_ns / 1e9, even = sqrt(12) * (erand48(random) - 0.5);
        double speed = clock_at(s, at_s) * (1 + s->clock_noise * even);
        if (at_s > 25 && at_s < 25 + s->clock_hole_s)
            continue;
        vg_csv_probe_row(probe.csv, at_ns, "", "pgpu0:1", (double[]) { 3 * speed, 5 * speed }, 2);
        vg_csv_probe_row(probe.csv, at_ns, "", "another:2", (double[]) { 1, 1 },
                         2); /* of another pGPU: not looked at */
    }
    fixture_probe_close(&probe);
}

static inline struct vg_measured_run *add_run(struct vg_measurements *m, const struct scenario *s,
                                              struct vg_measured_phase *phase, const char *tenant,
                                              const char *iterations, double rate, int64_t first_ns, int64_t last_ns)
{
    struct vg_measured_run *run = fixture_run(phase, tenant, "vk-compute-stream");
    fixture_fact(run, "vk_driver_id", "SOME_HARDWARE");
    fixture_fact(run, "job_iterations", iterations);
    fixture_fact(run, "verified_jobs", s->unverified ? "0" : "17");
    if (s->warms_up)
        fixture_fact(run, "warmup_rule", "two windows within 5 %");
    if (s->contended_samples && vg_equal(phase->name, "contended")) {
        fixture_fact(run, "warmup_samples", s->contended_samples);
        fixture_fact(run, "warmup_needed", "48");
    }
    if (s->end_mark)
        fixture_mark(run, s->alone_was_warm && vg_equal(phase->name, "solo") ? "steady" : s->end_mark,
                     phase->start_host_ns);
    double in_flight = s->no_latency ? 0 : s->in_flight > 0 ? s->in_flight : 3;
    if (s->feels_clock)
        completions_by_clock(m, run, s, rate, first_ns, last_ns);
    else
        fixture_completions(m, run, rate, in_flight, first_ns, last_ns);
    return run;
}

static inline struct vg_judgement *judge_by(const struct scenario *s, const char *analysis, const char *metric,
                                            enum vg_operator op, double threshold)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = fixture_new(directory, "native", s->policy);
    m->software_renderer = s->software_host;
    fixture_tenant(m, "peer.0");
    fixture_tenant(m, "peer.1");
    for (int i = 0; i < 2 && s->clock_error_s > 0; i++)
        vg_push(m->tenants[i].clock, m->tenants[i].clock_count) =
            (struct vg_clock_point) { 0, 0, (int64_t)(s->clock_error_s * 1e9) };
    if (!s->idle_neighbour_in_solo) {
        fixture_event(m, 17 * S, "peer.1", "start", false);
        fixture_event(m, 19 * S, "peer.1", "start", true);
    }
    struct vg_measured_phase *phase = fixture_phase(m, "solo", 10 * S, 18 * S);
    add_run(m, s, phase, "peer.0", "1000", s->solo, 11 * S, 17 * S);
    phase = fixture_phase(m, "contended", 20 * S, 40 * S);
    add_run(m, s, phase, "peer.0", "1000", s->first, 20 * S + (int64_t)(s->first_start * 1e9),
            20 * S + (int64_t)(s->first_end * 1e9));
    add_run(m, s, phase, "peer.1", s->second_iterations ? s->second_iterations : "1000", s->second,
            20 * S + (int64_t)(s->second_start * 1e9), 20 * S + (int64_t)(s->second_end * 1e9));
    if (s->cpu + s->wait > 0)
        add_probe(m, s);
    if (s->solo_clock > 0)
        add_clock(m, s);
    struct fixture_test f;
    fixture_test(&f, analysis);
    fixture_param(&f, "phase", "contended");
    fixture_param(&f, "solo", "solo");
    fixture_expect(&f, metric, op, threshold);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    vg_measurements_free(m);
    scratch_remove(directory);
    return judgement;
}

#endif
