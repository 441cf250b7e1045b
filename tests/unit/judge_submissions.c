/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a submission costs the host, and the class that follows: synthetic probes whose truth is known, among them
 * background that a ratio of totals would count, sources that stand still, and evidence that does not suffice. */
#include "judge_fixture.h"

#define S      INT64_C(1000000000)
#define RATES  "idle a b c"
#define LOOK   (S / 2)
#define LENGTH (5 * S)

/* How a counter of a probe grows: so much in a second, so much per submission, so much for each phase's set-up. */
struct source {
    const char *probe, *stream, *item;
    const char *columns[8]; /* ends with NULL */
    double background[8], each[8], set_up[8];
    unsigned late_every; /* look: half a second late, and says so in the second column */
    bool dead;           /* stands still */
    double dies_after_s; /* 0: never */
    double uneven[8];    /* so much more in each second of phase `b` */
};

static const double rates[] = { 0, 100, 400, 1000 };
static const char *const phases[] = { "idle", "a", "b", "c" };

static struct vg_measurements *tenant_that_submits(const char *directory)
{
    struct vg_measurements *m = fixture_new(directory, "nvidia-vfio", "");
    fixture_tenant(m, "guest.0");
    for (size_t p = 0; p < VG_COUNT(phases); p++) {
        int64_t start_ns = (10 + 10 * (int64_t)p) * S;
        struct vg_measured_phase *phase = fixture_phase(m, phases[p], start_ns, start_ns + LENGTH + S);
        struct vg_measured_run *run = fixture_run(phase, "guest.0", "some-workload");
        run->go_host_ns = start_ns + S;
        size_t count = (size_t)(rates[p] * (double)LENGTH / 1e9);
        int64_t(*rows)[2] = vg_calloc(count + 1, sizeof(*rows));
        for (size_t i = 0; i < count; i++) {
            rows[i][0] = start_ns + S + (int64_t)((double)i * 1e9 / rates[p]);
            rows[i][1] = 1;
        }
        if (count)
            fixture_stream(m, run, "submission", "t0", "latency", (const int64_t(*)[2])rows, count);
        free(rows);
    }
    return m;
}

/* Submissions, and phases whose set-up has begun, until then. */
static double done_until(double now_s, double *set_ups)
{
    double done = 0;
    *set_ups = 0;
    for (size_t p = 0; p < VG_COUNT(phases); p++) {
        double start_s = 10 + 10 * (double)p, in_s = fmin(fmax(now_s - start_s - 1, 0), (double)LENGTH / 1e9);
        done += floor(in_s * rates[p]);
        *set_ups += rates[p] > 0 && now_s > start_s;
    }
    return done;
}

static void watch(struct vg_measurements *m, const struct source *source)
{
    struct vg_error err = { 0 };
    struct vg_measured_probe *probe = NULL;
    for (unsigned i = 0; i < m->probe_count; i++)
        if (vg_equal(m->probes[i].name, source->probe))
            fail_msg("%s twice", source->probe);
    probe = &vg_push(m->probes, m->probe_count);
    *probe = (struct vg_measured_probe) { .name = vg_strdup(source->probe) };
    struct vg_measured_stream *stream = &vg_push(probe->streams, probe->stream_count);
    *stream = (struct vg_measured_stream) { .name = vg_strdup(source->stream) };
    stream->file = vg_format("probe.%s.%s.csv", source->probe, source->stream);
    const char *names[12] = { "time_ns", "tenant", "item" };
    unsigned count = 0;
    while (source->columns[count]) {
        names[3 + count] = source->columns[count];
        vg_push(stream->columns, stream->column_count) =
            (struct vg_measured_column) { .name = vg_strdup(source->columns[count]),
                                          .unit = vg_strdup("1"),
                                          .kind = vg_strdup("count"),
                                          .better = vg_strdup("neither") };
        count++;
    }
    vg_autofree char *path = vg_format("%s/%s", m->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, names, 3 + count, &err);
    assert_non_null(csv);
    for (int64_t now_ns = 9 * S + 7; now_ns < 52 * S; now_ns += LOOK) {
        double values[8], set_ups, now_s = (double)now_ns / 1e9;
        bool late = source->late_every && (now_ns / LOOK) % source->late_every == 0;
        now_s += late ? 0.5 : 0;
        now_s = source->dead ? 0 : source->dies_after_s > 0 ? fmin(now_s, source->dies_after_s) : now_s;
        double done = done_until(now_s, &set_ups);
        for (unsigned i = 0; i < count; i++)
            values[i] = source->background[i] * now_s + source->each[i] * done + source->set_up[i] * set_ups +
                        source->uneven[i] * fmin(fmax(now_s - 30, 0), 7);
        if (source->late_every)
            values[1] = late ? 0.5 : 0.002;
        vg_csv_probe_row(csv, now_ns, "guest.0", source->item ? source->item : "", values, count);
    }
    assert_good(vg_csv_close(csv, &stream->rows, &err), err);
}

static void blind(struct vg_measurements *m, const char *probe, const char *why)
{
    vg_push(m->probes, m->probe_count) =
        (struct vg_measured_probe) { .name = vg_strdup(probe), .unavailable = vg_strdup(why) };
}

static void tell_interrupts(struct vg_measurements *m, double each)
{
    for (unsigned p = 0; p < m->phase_count; p++) {
        vg_autofree char *taken = vg_format("%.0f", each * rates[p] * (double)LENGTH / 1e9);
        vg_autofree char *submissions = vg_format("%.0f", rates[p] * (double)LENGTH / 1e9);
        if (each < 0 || rates[p] == 0)
            continue;
        fixture_fact(&m->phases[p].runs[0], "device_interrupts", taken);
        fixture_fact(&m->phases[p].runs[0], "submissions", submissions);
    }
}

static struct vg_judgement *judge(struct vg_measurements *m, const char *analysis, const char *counter)
{
    struct vg_error err = { 0 };
    struct fixture_test f;
    fixture_test(&f, analysis);
    fixture_param(&f, "rates", RATES);
    fixture_param(&f, "tenant", "guest.0");
    if (counter)
        fixture_param(&f, "counter", counter);
    if (vg_equal(analysis, "submission-class")) {
        fixture_param(&f, "none", "0.02");
        fixture_param(&f, "each", "0.9");
        fixture_param(&f, "direct_cpu_us", "0.2");
    }
    if (vg_equal(analysis, "completion-interrupts")) {
        fixture_param(&f, "posted_at_most", "0.05");
        fixture_param(&f, "arrives_at_least", "0.5");
    }
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    return judgement;
}

static const struct source queue = { .probe = "virtqueue",
                                     .stream = "control",
                                     .columns = { "commands" },
                                     .background = { 30 },
                                     .each = { 1 },
                                     .set_up = { 200 } };
static const struct source kvm = { .probe = "kvm-stats",
                                   .stream = "vm",
                                   .columns = { "exits", "device_exits", "irq_injections" },
                                   .background = { 900, 40, 250 },
                                   .set_up = { 5000, 300, 10 } };
static const struct source trace = { .probe = "kvm-trace",
                                     .stream = "device",
                                     .columns = { "all", "exits", "fast_mmio", "userspace" },
                                     .background = { 40 },
                                     .set_up = { 300, 20, 0, 20 } };
static const struct source lossy = { .probe = "kvm-trace",
                                     .stream = "device",
                                     .columns = { "all", "exits", "lost" },
                                     .background = { 40 },
                                     .set_up = { 300, 20, 1 } };
static const struct source cpu = { .probe = "process-cpu",
                                   .stream = "cpu",
                                   .item = "vmm",
                                   .columns = { "cpu_s" },
                                   .background = { 0.01 },
                                   .set_up = { 0.002 } };

static const struct source vectors = { .probe = "interrupts",
                                       .stream = "vfio",
                                       .columns = { "host", "all" },
                                       .background = { 0, 1000 },
                                       .set_up = { 5, 10 } };

#define WITH(base, ...)                                                                                                \
    ({                                                                                                                 \
        struct source changed = base;                                                                                  \
        struct source *c = &changed;                                                                                   \
        __VA_ARGS__;                                                                                                   \
        changed;                                                                                                       \
    })

static struct vg_judgement *classify(const struct source *sources, size_t count, char **directory)
{
    *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(*directory);
    for (size_t i = 0; i < count; i++)
        watch(m, &sources[i]);
    struct vg_judgement *judgement = judge(m, "submission-class", NULL);
    vg_measurements_free(m);
    return judgement;
}

static void assert_class(const struct source *sources, size_t count, int class, const char *word)
{
    char *directory;
    struct vg_judgement *judgement = classify(sources, count, &directory);
    assert_verdict(judgement, class ? VG_PASS : VG_INVALID, class ? NULL : word);
    double found = value_of(judgement, "x.class");
    if (class ? found != class : !isnan(found))
        fail_msg("class %g instead of %d: %s", found, class, judgement->values[0].note);
    if (word && !strstr(judgement->values[0].note, word))
        fail_msg("\"%s\" is not in: %s", word, judgement->values[0].note);
    vg_judgement_free(judgement);
    scratch_remove(directory);
}

/* arrived: interrupts that the tenant took per completion; below 0: it does not say. class 0: none, for this reason. */
static void assert_way(const struct source *sources, size_t count, double arrived, int class, const char *word)
{
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    for (size_t i = 0; i < count; i++)
        watch(m, &sources[i]);
    tell_interrupts(m, arrived);
    struct vg_judgement *judgement = judge(m, "completion-interrupts", NULL);
    assert_verdict(judgement, class ? VG_PASS : VG_INVALID, class ? NULL : word);
    double found = value_of(judgement, "x.class");
    if (class ? found != class : !isnan(found))
        fail_msg("class %g instead of %d: %s", found, class, judgement->values[0].note);
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void interrupts_are_posted_or_passed_on(void **unused)
{
    (void)unused;
    assert_way((const struct source[]) { vectors, kvm }, 2, 1, 1, NULL);
    assert_way((const struct source[]) { WITH(vectors, c->each[0] = c->each[1] = 1), WITH(kvm, c->each[2] = 1) }, 2, 1,
               2, NULL);
    /* With APICv KVM counts none of what it passes on. */
    assert_way((const struct source[]) { WITH(vectors, c->each[0] = c->each[1] = 1), kvm }, 2, 1, 2, NULL);
    assert_way((const struct source[]) { WITH(vectors, c->each[0] = 0.04), kvm }, 2, 0.6, 1, NULL);
}

static void no_interrupts_of_the_host_are_no_proof(void **unused)
{
    (void)unused;
    /* The vectors stand still, and KVM passes one on for each completion. */
    assert_way((const struct source[]) { vectors, WITH(kvm, c->each[2] = 1) }, 2, 1, 0, "KVM injects 1");
    assert_way((const struct source[]) { vectors, WITH(kvm, c->uneven[2] = 300) }, 2, 1, 0, "too uneven");
    /* A driver that polls by itself raises none. */
    assert_way((const struct source[]) { vectors, kvm }, 2, 0, 0, "nothing to be posted");
    assert_way((const struct source[]) { vectors, kvm }, 2, 0.3, 0, "nothing to be posted");
    assert_way((const struct source[]) { vectors, kvm }, 2, -1, 0, "does not say");
    assert_way((const struct source[]) { WITH(vectors, c->dead = true), kvm }, 2, 1, 0, "stood still");
    assert_way((const struct source[]) { WITH(vectors, c->dies_after_s = 32), kvm }, 2, 1, 0, "stood still");
    assert_way((const struct source[]) { vectors, WITH(kvm, c->dead = true) }, 2, 1, 0, "stood still");
    assert_way((const struct source[]) { vectors }, 1, 1, 0, "kvm-stats did not watch");
    assert_way((const struct source[]) { kvm }, 1, 1, 0, "interrupts did not watch");
}

struct doorbells {
    const char *kvm, *ioeventfd; /* NULL: not said */
};

/* broken: what the metric must be; below 0: none, and the verdict is `invalid`. */
static void assert_doorbells(struct doorbells says, const struct source *sources, size_t count, double broken,
                             enum vg_verdict verdict, const char *word)
{
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    watch(m, &queue);
    struct vg_measured_probe *probe = &m->probes[0];
    if (says.kvm)
        vg_push(probe->facts, probe->fact_count) = (struct vg_fact) { vg_strdup("kvm[guest.0]"), vg_strdup(says.kvm) };
    if (says.ioeventfd)
        vg_push(probe->facts, probe->fact_count) =
            (struct vg_fact) { vg_strdup("ioeventfd[guest.0]"), vg_strdup(says.ioeventfd) };
    for (size_t i = 0; i < count; i++)
        watch(m, &sources[i]);
    struct fixture_test f;
    fixture_test(&f, "doorbell-exits");
    fixture_param(&f, "rates", RATES);
    fixture_param(&f, "tenant", "guest.0");
    fixture_param(&f, "at_most", "0.01");
    fixture_expect(&f, "x.broken", VG_OP_LE, 0.01);
    struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
    if (!judgement)
        fail_msg("%s", err.text);
    assert_verdict(judgement, verdict, word);
    double found = value_of(judgement, "x.broken");
    if (broken < 0)
        assert_true(isnan(found));
    else
        assert_near(found, broken, 1e-3);
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void doorbells_stay_in_the_kernel(void **unused)
{
    (void)unused;
    const struct doorbells promised = { "on", "on" }, to_the_vmm = { "on", "off" }, without_kvm = { "off", "on" };
    const struct source fast = WITH(trace, c->each[0] = c->each[1] = c->each[2] = 1);
    const struct source leaves = WITH(trace, c->each[0] = c->each[1] = c->each[3] = 1);
    const struct source handled = WITH(kvm, c->each[0] = c->each[1] = 1);
    assert_doorbells(promised, (const struct source[]) { fast, kvm }, 2, 0, VG_PASS, NULL);
    assert_doorbells(promised, (const struct source[]) { leaves, handled }, 2, 1, VG_FAIL, "x.broken");
    /* Without the trace all of the VM's MMIO bounds them: it shows that there are none, and not whose they are. */
    assert_doorbells(promised, &kvm, 1, 0, VG_PASS, NULL);
    assert_doorbells(promised, &handled, 1, -1, VG_INVALID, "without a trace");
    assert_doorbells(promised, (const struct source[]) { lossy, kvm }, 2, 0, VG_PASS, NULL);
    /* Nobody promised it. */
    assert_doorbells(to_the_vmm, (const struct source[]) { leaves, handled }, 2, 0, VG_FINDING, "no ioeventfd");
    assert_doorbells(to_the_vmm, (const struct source[]) { fast, kvm }, 2, 0, VG_PASS, NULL);
    assert_doorbells(without_kvm, NULL, 0, 0, VG_PASS, NULL);
    /* Nobody knows. */
    assert_doorbells((struct doorbells) { NULL, NULL }, &kvm, 1, -1, VG_INVALID, "does not say");
    assert_doorbells((struct doorbells) { "on", NULL }, &kvm, 1, -1, VG_INVALID, "does not say");
    assert_doorbells(promised, NULL, 0, -1, VG_INVALID, "did not watch");
    const struct source dead = WITH(kvm, c->dead = true);
    assert_doorbells(promised, &dead, 1, -1, VG_INVALID, "trace did not watch");
}

static void background_is_no_cost(void **unused)
{
    (void)unused;
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    struct source source = queue;
    source.each[0] = 0.25;
    watch(m, &source);
    struct vg_judgement *judgement = judge(m, "submission-slope", "commands");
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.slope"), 0.25, 1e-3);
    assert_near(value_of(judgement, "x.background"), 30, 0.5);
    assert_true(value_of(judgement, "x.slope_lower") <= 0.25 && value_of(judgement, "x.slope_upper") >= 0.25);
    assert_near(value_of(judgement, "x.slope_upper") - value_of(judgement, "x.slope_lower"), 0, 0.01);
    assert_near(value_of(judgement, "x.rate[b]"), 400, 2);
    assert_near(value_of(judgement, "x.counted[idle]"), 30, 0.01);
    assert_near(value_of(judgement, "x.per_submission[a]"), 0.55, 0.01); /* what a ratio of totals would say */
    assert_near(value_of(judgement, "x.fast_over_slow"), 0.28 / 0.55, 0.01);
    assert_true(isnan(value_of(judgement, "x.per_submission[idle]")));
    assert_near(value_of(judgement, "x.moved"), 30 * 6 + 200 + 500 * 0.25, 20); /* the slowest phase, with its set-up */
    vg_judgement_free(judgement);
    judgement = judge(m, "submission-slope", "interrupts");
    assert_true(isnan(value_of(judgement, "x.slope")));
    assert_non_null(strstr(judgement->values[0].note, "interrupts"));
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void a_rate_of_none_is_needed(void **unused)
{
    (void)unused;
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    watch(m, &queue);
    struct vg_error err = { 0 };
    static const char *const too_few[] = { "idle a b", "a b c", "idle a b b", "idle a b lost" };
    for (size_t i = 0; i < VG_COUNT(too_few); i++) {
        struct fixture_test f;
        fixture_test(&f, "submission-slope");
        fixture_param(&f, "rates", too_few[i]);
        fixture_param(&f, "tenant", "guest.0");
        struct vg_judgement *judgement = vg_judge(&f.test, m, &err);
        assert_verdict(judgement, VG_INVALID, "cannot be told");
        assert_true(isnan(value_of(judgement, "x.slope")));
        vg_judgement_free(judgement);
    }
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void cpu_time_is_per_submission(void **unused)
{
    (void)unused;
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    struct source source = cpu;
    source.each[0] = 35e-6;
    watch(m, &source);
    struct vg_judgement *judgement = judge(m, "submission-cpu", "host-cpu");
    assert_near(value_of(judgement, "x.slope"), 35, 0.1);
    assert_near(value_of(judgement, "x.background"), 10000, 100);
    vg_judgement_free(judgement);
    judgement = judge(m, "submission-cpu", "renderer");
    assert_true(isnan(value_of(judgement, "x.slope")));
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

/* A busy VMM answers late: when it looked is not known, so that such a reading must end no interval. */
static void late_answers_end_no_interval(void **unused)
{
    (void)unused;
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    watch(m, &(const struct source) { .probe = "virtqueue",
                                      .stream = "control",
                                      .columns = { "commands", "uncertainty_s" },
                                      .each = { 1 },
                                      .set_up = { 200 },
                                      .late_every = 4 });
    struct vg_judgement *judgement = judge(m, "submission-slope", "commands");
    assert_verdict(judgement, VG_PASS, NULL);
    assert_near(value_of(judgement, "x.slope"), 1, 2e-3);
    for (size_t p = 1; p < VG_COUNT(phases); p++) {
        vg_autofree char *metric = vg_format("x.per_submission[%s]", phases[p]);
        assert_near(value_of(judgement, metric), 1, 2e-2);
    }
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void virtio_is_told_by_its_queue(void **unused)
{
    (void)unused;
    assert_class((const struct source[]) { queue, cpu }, 2, 3, "doorbell per submission");
    assert_class((const struct source[]) { WITH(queue, c->each[0] = 0), cpu }, 2, 2, "without a doorbell");
    assert_class((const struct source[]) { WITH(queue, c->each[0] = 0.5), cpu }, 2, 0, "not known");
    /* The queue is silent, and yet each submission traps: no ring. */
    assert_class((const struct source[]) { WITH(queue, c->each[0] = 0), WITH(trace, c->each[1] = c->each[0] = 1), cpu },
                 3, 3, "device-exits 1");
}

/* Commands bound the doorbells of a guest that kicks for buffers only. What a kick without one costs must show. */
static void a_silent_queue_beside_exits_is_no_ring(void **unused)
{
    (void)unused;
    const struct source silent = WITH(queue, c->each[0] = 0);
    assert_class((const struct source[]) { silent, WITH(kvm, c->each[0] = c->each[1] = 1), cpu }, 3, 0, "KVM");
    assert_class((const struct source[]) { silent, WITH(kvm, c->each[0] = 1), cpu }, 3, 0, "KVM");
    /* With the trace it is known that they are none of the vGPU's; those that reach the VMM are the host in the path.
     */
    assert_class((const struct source[]) { silent, trace, WITH(kvm, c->each[0] = 1), cpu }, 4, 2, "without a doorbell");
    assert_class((const struct source[]) { silent, trace, WITH(kvm, c->each[0] = c->each[1] = 1), cpu }, 4, 0,
                 "outside");
    assert_class((const struct source[]) { silent, kvm, cpu }, 3, 2, "without a doorbell");
    /* A command for each, and no doorbell for any: the VMM polls the queue. */
    assert_class((const struct source[]) { queue, trace, cpu }, 3, 2, "without a doorbell");
    assert_class((const struct source[]) { queue, kvm, cpu }, 3, 2, "without a doorbell");
    /* Fewer exits of any kind than submissions: no doorbell for each, whatever the queue says. */
    assert_class((const struct source[]) { queue, WITH(kvm, c->each[0] = 0.25), cpu }, 3, 0, "fewer exits");
    assert_class((const struct source[]) { queue, WITH(kvm, c->each[0] = 1), cpu }, 3, 3, "doorbell");
    /* No KVM, no exits: the queue alone speaks, and the class says what that cannot show. */
    assert_class((const struct source[]) { silent, cpu }, 2, 2, "kick without a buffer");
}

static void hardware_is_told_by_its_exits(void **unused)
{
    (void)unused;
    assert_class((const struct source[]) { kvm, trace, cpu }, 3, 1, "direct");
    /* Something that stands between the doorbell and the hardware, in each way in which that can be done. */
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = c->each[1] = 1),
                                           WITH(trace, c->each[0] = c->each[1] = c->each[3] = 1), cpu },
                 3, 4, "mediated");
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = 1),
                                           WITH(trace, c->each[0] = c->each[1] = c->each[2] = 1), cpu },
                 3, 3, "doorbell");
    assert_class((const struct source[]) { kvm, trace, WITH(cpu, c->each[0] = 3e-6) }, 3, 2, "host polls");
    /* A trace that lost events shows no absence; all of KVM's exits together do. */
    assert_class((const struct source[]) { lossy, cpu }, 2, 0, "events were lost");
    assert_class((const struct source[]) { kvm, lossy, cpu }, 3, 1, "direct");
    /* Half of the submissions: neither. */
    assert_class(
        (const struct source[]) { WITH(kvm, c->each[0] = 0.5), WITH(trace, c->each[0] = c->each[1] = 0.5), cpu }, 3, 0,
        "not known");
}

/* Few enough for the class, and still a number that a test can hold against a limit of its own. */
static void the_exits_are_a_number(void **unused)
{
    (void)unused;
    static const struct {
        bool traced;
        double in_bars, all, found;
    } cases[] = { { true, 0.015, 0.015, 0.015 }, { true, 0.004, 0.018, 0.004 }, { false, 0, 0.012, 0.012 } };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        char *directory;
        struct source sources[] = { cpu, kvm, trace };
        sources[1].each[0] = cases[i].all;
        sources[2].each[0] = sources[2].each[1] = cases[i].in_bars;
        struct vg_judgement *judgement = classify(sources, cases[i].traced ? 3 : 2, &directory);
        assert_near(value_of(judgement, "x.class"), 1, 0);
        assert_near(value_of(judgement, "x.exits"), cases[i].found, 1e-4);
        assert_true(value_of(judgement, "x.exits_upper") >= cases[i].found);
        vg_judgement_free(judgement);
        scratch_remove(directory);
    }
}

/* The trace shows only what lies in the BARs. Exits that it does not have are not the vGPU's, or its doorbell lies
 * elsewhere: neither "mediated" nor "direct" follows. */
static void exits_outside_the_bars_give_no_class(void **unused)
{
    (void)unused;
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = c->each[1] = 1), trace, cpu }, 3, 0, "outside");
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = 1), trace, cpu }, 3, 0, "outside");
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = 0.5), trace, cpu }, 3, 0, "outside");
    assert_class((const struct source[]) { kvm, WITH(trace, c->each[0] = 1), cpu }, 3, 0, "outside");
    /* What KVM counts decides nothing against a trace that finds them in the BARs. */
    assert_class((const struct source[]) { kvm, WITH(trace, c->each[0] = c->each[1] = c->each[2] = 1), cpu }, 3, 3,
                 "doorbell");
    /* Nobody watched what lies outside the BARs. */
    assert_class((const struct source[]) { trace, cpu }, 2, 0, "kvm-stats did not watch");
}

static void less_evidence_gives_no_class(void **unused)
{
    (void)unused;
    assert_class((const struct source[]) { cpu }, 1, 0, "kvm-stats did not watch");
    assert_class((const struct source[]) { kvm, trace }, 2, 0, "process-cpu did not watch");
    /* All exits together bound those of the device; MMIO alone does not: KVM leaves out what it turns into events. */
    assert_class((const struct source[]) { kvm, cpu }, 2, 1, "direct");
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = 1), cpu }, 2, 0, "not known");
    assert_class((const struct source[]) { WITH(kvm, c->each[0] = c->each[1] = 1), cpu }, 2, 4, "mediated");
}

static void a_dead_source_is_no_evidence(void **unused)
{
    (void)unused;
    assert_class((const struct source[]) { WITH(queue, c->dead = true), cpu }, 2, 0, "stood still");
    assert_class((const struct source[]) { WITH(queue, c->dies_after_s = 32), cpu }, 2, 0, "stood still");
    assert_class((const struct source[]) { WITH(kvm, c->dead = true), WITH(trace, c->dead = true), cpu }, 3, 0,
                 "stood still");
    assert_class((const struct source[]) { kvm, trace, WITH(cpu, c->dead = true) }, 3, 0, "stood still");
}

static void says_why_a_probe_was_blind(void **unused)
{
    (void)unused;
    char *directory = scratch_directory();
    struct vg_measurements *m = tenant_that_submits(directory);
    struct source ring = queue;
    ring.each[0] = 0;
    watch(m, &ring);
    blind(m, "kvm-stats", "no tenant runs under KVM");
    struct vg_judgement *judgement = judge(m, "submission-class", NULL);
    assert_near(value_of(judgement, "x.class"), 2, 0);
    const char *note = judgement->values[0].note, *told = strstr(note, "no tenant runs under KVM");
    assert_non_null(told);
    assert_null(strstr(told + 1, "no tenant runs under KVM")); /* once, not for each counter of that probe */
    vg_judgement_free(judgement);
    vg_measurements_free(m);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(background_is_no_cost),
        cmocka_unit_test(a_rate_of_none_is_needed),
        cmocka_unit_test(cpu_time_is_per_submission),
        cmocka_unit_test(late_answers_end_no_interval),
        cmocka_unit_test(virtio_is_told_by_its_queue),
        cmocka_unit_test(hardware_is_told_by_its_exits),
        cmocka_unit_test(a_silent_queue_beside_exits_is_no_ring),
        cmocka_unit_test(exits_outside_the_bars_give_no_class),
        cmocka_unit_test(interrupts_are_posted_or_passed_on),
        cmocka_unit_test(doorbells_stay_in_the_kernel),
        cmocka_unit_test(no_interrupts_of_the_host_are_no_proof),
        cmocka_unit_test(the_exits_are_a_number),
        cmocka_unit_test(less_evidence_gives_no_class),
        cmocka_unit_test(a_dead_source_is_no_evidence),
        cmocka_unit_test(says_why_a_probe_was_blind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
