/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the history promises, measured: how often change points are right, how long `history changes` takes over many
 * runs, and how large the database is. `bench-history [RUNS METRICS [WHERE]]` (default 10000 200, a file in /tmp; with
 * WHERE only time and size). No verdict; docs/history.md says what each should be. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <sys/stat.h>
#include "history/history.h"

static const double noise = 0.03; /* coefficient of variation from run to run */

static double seconds_since(int64_t start_ns)
{
    return (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
}

/* --- how often change points are right -----------------------------------------------------------------------------
 */

struct setting {
    size_t count, after; /* values, and how many of them after the step; 0: no step */
    double step, rho, spikes, threshold;
    const char *what;
};

static void make_series(const struct setting *setting, gsl_rng *rng, double *values)
{
    double last = gsl_ran_gaussian(rng, 1);
    for (size_t i = 0; i < setting->count; i++) {
        last = i ? setting->rho * last + sqrt(1 - setting->rho * setting->rho) * gsl_ran_gaussian(rng, 1) : last;
        values[i] = 1000 * exp(noise * last);
        if (i + setting->after >= setting->count)
            values[i] *= 1 + setting->step;
        if (gsl_rng_uniform(rng) < setting->spikes)
            values[i] *= 1.3;
    }
}

static void rate(const struct setting *setting, unsigned repetitions, gsl_rng *rng)
{
    struct vg_changepoint_options options = vg_changepoint_defaults();
    unsigned any = 0, believed = 0, near = 0;
    vg_autofree double *values = vg_calloc(setting->count, sizeof(*values));
    int64_t start = vg_now_ns();
    options.min_effect = setting->threshold;
    for (unsigned i = 0; i < repetitions; i++) {
        struct vg_changepoints found;
        bool good = false, close = false;
        make_series(setting, rng, values);
        vg_changepoints_find(values, setting->count, &options, &found);
        for (size_t c = 0; c < found.count; c++) {
            double off = (double)found.items[c].index - (double)(setting->count - setting->after);
            good = good || !found.items[c].doubtful;
            close = close || (!found.items[c].doubtful && fabs(off) <= 2);
        }
        any += found.count > 0;
        believed += good;
        near += setting->after && close;
        vg_changepoints_free(&found);
    }
    printf("  %-44s %5zu  %7.3f  %8.3f  ", setting->what, setting->count, (double)any / repetitions,
           (double)believed / repetitions);
    if (setting->after)
        printf("%8.3f", (double)near / repetitions);
    else
        printf("%8s", "-");
    printf("  %7.2f ms\n", seconds_since(start) * 1e3 / repetitions);
}

static void rates(void)
{
    static const struct setting settings[] = {
        { .count = 30, .what = "nothing, threshold 0" },
        { .count = 60, .what = "nothing, threshold 0" },
        { .count = 120, .what = "nothing, threshold 0" },
        { .count = 200, .what = "nothing, threshold 0" },
        { .count = 200, .threshold = 0.05, .what = "nothing, threshold 5 %" },
        { .count = 60, .spikes = 0.05, .what = "1 value in 20 is 30 % higher, threshold 0" },
        { .count = 60, .rho = 0.3, .what = "nothing, autocorrelation 0.3, threshold 0" },
        { .count = 60, .rho = 0.5, .what = "nothing, autocorrelation 0.5, threshold 0" },
        { .count = 200, .rho = 0.5, .what = "nothing, autocorrelation 0.5, threshold 0" },
        { .count = 200, .rho = 0.5, .threshold = 0.05, .what = "nothing, autocorrelation 0.5, threshold 5 %" },
        { .count = 45, .after = 5, .step = 0.05, .what = "5 % step, 5 runs after it, threshold 0" },
        { .count = 48, .after = 8, .step = 0.05, .what = "5 % step, 8 runs after it, threshold 0" },
        { .count = 50, .after = 10, .step = 0.05, .what = "5 % step, 10 runs after it, threshold 0" },
        { .count = 45, .after = 5, .step = 0.10, .threshold = 0.05, .what = "10 % step, 5 runs after it, thr. 5 %" },
        { .count = 48, .after = 8, .step = 0.10, .threshold = 0.05, .what = "10 % step, 8 runs after it, thr. 5 %" },
        { .count = 50, .after = 10, .step = 0.10, .threshold = 0.05, .what = "10 % step, 10 runs after it, thr. 5 %" },
    };
    enum { REPETITIONS = 1000 };
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 7);
    printf("Change points in synthetic series (log-normal, cv 3 %%, %d series each)\n", REPETITIONS);
    printf("  %-44s %5s  %7s  %8s  %8s  %10s\n", "what happens", "runs", "found", "believed", "+-2 runs", "time");
    for (size_t i = 0; i < VG_COUNT(settings); i++)
        rate(&settings[i], REPETITIONS, rng);
    gsl_rng_free(rng);
}

/* --- size and time ---------------------------------------------------------------------------------------------------
 */

/* Every tenth metric has a step of 12 % a quarter, half and three quarters through. */
static double value_of(unsigned metric, unsigned run, unsigned runs, gsl_rng *rng)
{
    double level = 1000.0 * (metric + 1);
    if (metric % 10 == 0 && run * 4 / runs % 2)
        level *= 1.12;
    return level * exp(gsl_ran_gaussian(rng, noise));
}

static bool fill(struct vg_history *history, unsigned runs, unsigned metrics, struct vg_error *err)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct vg_metrics values = { .items = vg_calloc(metrics, sizeof(*values.items)), .count = metrics, .runs = 1 };
    struct vg_boot_value *boots = vg_calloc(metrics, sizeof(*boots));
    bool good = true;
    for (unsigned m = 0; m < metrics; m++)
        values.items[m] = (struct vg_metric_series) {
            .id = vg_format("some-test-%u/virtio-venus.full.equal-share/metric.p50", m),
            .unit = (char *)"ns",
            .better = (char *)"lower",
            .min_effect = 0.05,
            .recipe = (char *)"sha256:0",
            .values = &boots[m],
            .value_count = 1,
        };
    for (unsigned r = 0; good && r < runs; r++) {
        time_t started = 1700000000 + (time_t)r * 3600;
        char when[32], seed[16], mesa[32];
        struct tm broken;
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&started, &broken));
        snprintf(seed, sizeof(seed), "%u", r);
        snprintf(mesa, sizeof(mesa), "22.3.%u", r / 500);
        struct vg_fingerprint_field fields[] = { { (char *)"guest.mesa", mesa, (char *)"made" },
                                                 { (char *)"host.cpu", (char *)"some", (char *)"made" } };
        const struct vg_run run = { .directory = (char *)"/runs/some",
                                    .plan = (char *)"nightly",
                                    .host = (char *)"reference",
                                    .started = when,
                                    .ended = when,
                                    .state = (char *)"complete",
                                    .seed = r,
                                    .fingerprint = fields,
                                    .fingerprint_count = VG_COUNT(fields) };
        for (unsigned m = 0; m < metrics; m++)
            boots[m] = (struct vg_boot_value) { .value = value_of(m, r, runs, rng), .boot = 1 };
        enum vg_history_addition addition;
        size_t count;
        good = vg_history_add(history, &run, &values, false, &addition, &count, err);
    }
    for (unsigned m = 0; m < metrics; m++)
        free(values.items[m].id);
    free(values.items);
    free(boots);
    gsl_rng_free(rng);
    return good;
}

static void say_found(const struct vg_trends *trends)
{
    unsigned found = 0, right = 0, wanted = 0;
    for (unsigned i = 0; i < trends->count; i++) {
        unsigned metric = 0;
        sscanf(trends->items[i].name, "some-test-%u/", &metric);
        wanted += metric % 10 == 0 ? 3 : 0;
        for (unsigned c = 0; c < trends->items[i].change_count; c++) {
            size_t quarter = trends->items[i].count / 4, index = trends->items[i].changes[c].index;
            size_t off = (index + quarter / 2) % quarter;
            found++;
            right += metric % 10 == 0 && (off > quarter / 2 ? off - quarter / 2 : quarter / 2 - off) <= 2;
        }
    }
    printf("  changes found                      %10u   %u of the %u that are there within 2 runs\n", found, right,
           wanted);
}

static bool measure(const char *where, unsigned runs, unsigned metrics, struct vg_error *err)
{
    unsigned cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    vg_autohistory struct vg_history *history = vg_history_open(where, VG_HISTORY_CREATE, err);
    int64_t start = vg_now_ns();
    if (!history || !fill(history, runs, metrics, err))
        return false;
    printf("\n%u runs of %u metrics in %s\n", runs, metrics, vg_history_shown(history));
    printf("  adding a run                       %10.2f ms\n", seconds_since(start) * 1e3 / runs);
    vg_history_close(VG_TAKE(history));
    struct stat status;
    if (stat(where, &status) == 0)
        printf("  bytes per value (goal: under 100)  %10.1f\n",
               (double)status.st_size / ((double)runs * (double)metrics));
    start = vg_now_ns();
    history = vg_history_open(where, VG_HISTORY_UPDATE, err);
    vg_autotrends struct vg_trends trends = { 0 };
    if (!history || !vg_trends_load(history, NULL, NULL, &trends, err))
        return false;
    printf("  reading and checking all of it     %10.2f s\n", seconds_since(start));
    if (!vg_history_changes(history, &trends, cores, true, err))
        return false;
    printf("  `history changes` (goal: under 20) %10.2f s    %u cores\n", seconds_since(start), cores);
    say_found(&trends);
    return true;
}

int main(int argc, char **argv)
{
    long long runs = 10000, metrics = 200;
    char directory[] = "/tmp/vgauge-bench-XXXXXX";
    struct vg_error err = { 0 }, ignored = { 0 };
    if ((argc > 1 && (!vg_parse_int(argv[1], &runs) || runs < 8 || runs > 1000000)) ||
        (argc > 2 && (!vg_parse_int(argv[2], &metrics) || metrics < 1 || metrics > 10000)) || !mkdtemp(directory)) {
        fprintf(stderr, "usage: bench-history [RUNS METRICS [WHERE]]\n");
        return 2;
    }
    if (argc <= 3)
        rates();
    vg_autofree char *file = vg_format("%s/history.db", directory);
    bool good = measure(argc > 3 ? argv[3] : file, (unsigned)runs, (unsigned)metrics, &err);
    if (!good)
        fprintf(stderr, "bench-history: %s\n", err.text);
    vg_remove_tree(directory, &ignored);
    return good ? 0 : vg_error_exit_status(&err);
}
