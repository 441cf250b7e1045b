/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of one instance: what is marked, which limits are drawn, and what is said where there is nothing to
 * draw. Samples are made up, so that the numbers in the pictures' words are known. */
#include "report/figure.h"
#include "support/report_run.h"

static const char population_test[] =
    "{\"id\":\"population\",\"requirement\":[\"VGPU-SCHED-003\"],\"summary\":\"s\",\"why\":\"w\","
    "\"tenants\":[{\"name\":\"peer\",\"count\":2}],\"phases\":["
    "{\"name\":\"solo\",\"run\":[{\"on\":\"peer.0\",\"workload\":\"vk-compute-stream\"}]},"
    "{\"name\":\"two\",\"run\":[{\"on\":\"peer\",\"workload\":\"vk-compute-stream\"}]},"
    "{\"name\":\"free\",\"run\":[{\"on\":\"peer.0\",\"workload\":\"vk-compute-stream\"}]}],"
    "\"analyze\":[{\"name\":\"two\",\"analysis\":\"own-share\",\"phase\":\"two\",\"solo\":\"solo\","
    "\"tenant\":\"peer.0\"},"
    "{\"name\":\"free\",\"analysis\":\"own-share\",\"phase\":\"free\",\"solo\":\"solo\",\"tenant\":\"peer.0\"},"
    "{\"name\":\"pair\",\"analysis\":\"share\",\"phase\":\"two\",\"solo\":\"solo\"},"
    "{\"name\":\"trio\",\"analysis\":\"share\",\"phase\":\"free\",\"solo\":\"solo\"},"
    "{\"name\":\"waits\",\"analysis\":\"starvation\",\"phase\":\"two\"},"
    "{\"name\":\"paced\",\"analysis\":\"pacing\",\"phase\":\"two\",\"workload\":\"vk-compute-stream\"},"
    "{\"name\":\"slice\",\"analysis\":\"slice\",\"phase\":\"two\",\"workload\":\"vk-compute-stream\"}],"
    "\"expect\":[{\"metric\":\"two.deviation\",\"<=\":0.1,\"source\":\"s\"}],"
    "\"no_control\":\"made up for a test of the report\"}";

struct made {
    struct vg_results *results;
    struct vg_test *test;
    struct vg_palette palette;
    struct vg_plotter plotter;
    struct vg_figure_source source;
    struct vg_figure figure;
};

/* Let run for 8 ms of every 20 ms, from offset_ms on: 20 jobs of 0.4 ms each turn. */
static void write_turns(const struct vg_measurements *m, const struct vg_measured_phase *phase,
                        struct vg_measured_stream *stream, double offset_ms)
{
    static const char *const columns[] = { "completed", "latency" };
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/%s", m->directory, stream->file);
    struct vg_csv *csv = vg_csv_create(path, columns, 2, &err);
    check(csv != NULL, &err);
    for (unsigned turn = 0; turn < 200; turn++)
        for (unsigned job = 1; job <= 20; job++) {
            int64_t row[2] = { phase->start_host_ns + (int64_t)((turn * 20 + offset_ms + job * 0.4) * 1e6), 60000000 };
            assert_true(vg_csv_row(csv, row));
        }
    check(vg_csv_close(csv, &stream->rows, &err), &err);
}

static struct vg_measured_stream *add_stream(struct vg_measured_phase *phase, const char *tenant)
{
    static const char *const columns[] = { "completed", "latency" };
    return add_run(phase, tenant, "vk-compute-stream", "job", columns);
}

static void add_event(struct vg_measurements *m, double at_s, const char *tenant, const char *action, bool done)
{
    vg_push(m->events, m->event_count) = (struct vg_measured_event) { .host_ns = (int64_t)(at_s * 1e9),
                                                                      .tenant = tenant ? vg_strdup(tenant) : NULL,
                                                                      .action = action ? vg_strdup(action) : NULL,
                                                                      .done = done,
                                                                      .what = vg_strdup("for people") };
}

static int set_up(void **state)
{
    static const char *const policies[] = { "fixed-share", "fixed-share", "best-effort" };
    struct vg_error err = { 0 };
    struct made *made = vg_calloc(1, sizeof(*made));
    made->results = make_results("reference");
    write_test(made->results, population_test);
    struct vg_judgement *judgement = add_judgement(made->results, "population", "virtio-venus", VG_PASS, NULL);
    struct vg_measurements *m = make_measurements(made->results, judgement);
    free(m->policy);
    m->policy = vg_strdup("fixed-share");
    m->period_us = 20000;
    add_tenant(m, "peer.0");
    add_tenant(m, "peer.1");
    for (unsigned i = 0; i < 3; i++) {
        static const char *const names[] = { "solo", "two", "free" };
        struct vg_measured_phase *phase = add_phase(m, names[i], 100 + 10 * i, 104.5 + 10 * i);
        phase->policy = vg_strdup(policies[i]);
        write_turns(m, phase, add_stream(phase, "peer.0"), 0);
        if (i == 1)
            write_turns(m, phase, add_stream(phase, "peer.1"), 10);
    }
    add_event(m, 106, "peer.1", "start", false);
    add_event(m, 108, "peer.1", "start", true);
    add_event(m, 108.5, NULL, NULL, true); /* the same policy, for one tenant more */
    add_event(m, 115, "peer.1", "destroy", false);
    add_event(m, 116, "peer.1", "destroy", true);
    add_event(m, 118, NULL, NULL, true);
    finish(made->results, m, judgement);
    made->test = vg_run_load_test(made->results->run->directory, "population", &err);
    check(made->test != NULL, &err);
    made->plotter.template_directory = "reports";
    made->source = (struct vg_figure_source) { made->results, judgement, made->test, &made->palette, &made->plotter };
    *state = made;
    return 0;
}

static int tear_down(void **state)
{
    struct made *made = *state;
    vg_figure_free(&made->figure);
    vg_palette_free(&made->palette);
    vg_plotter_end(&made->plotter);
    vg_test_free(made->test);
    drop_results(made->results);
    free(made);
    return 0;
}

static void drawn(const struct vg_figure *figure)
{
    if (figure->problem)
        fail_msg("%s", figure->problem);
    assert_non_null(strstr(figure->svg, "<svg"));
    const char *keep = getenv("VGAUGE_KEEP_REPORT"); /* a directory, to look at the pictures */
    struct vg_error err = { 0 };
    static unsigned number;
    vg_autofree char *path = keep ? vg_format("%s/figure-%u.svg", keep, number++) : NULL;
    if (keep)
        check(vg_write_file(path, figure->svg, strlen(figure->svg), &err), &err);
}

static void says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("`%s` is not in: %s", part, text);
}

static void starts_ends_and_policies_are_marked(void **state)
{
    struct made *made = *state;
    assert_true(vg_figure_throughput(&made->figure, &made->source));
    drawn(&made->figure);
    assert_true(made->figure.wide);
    says(made->figure.alternative,
         "Marked: peer.1: start at 8.0 s; peer.1: destroy at 15.0 s; policy best-effort at 18.0 s.");
    says(made->figure.svg, "policy best-effort");
    says(made->figure.svg, "peer.1: destroy");
    assert_null(strstr(made->figure.svg, "policy fixed-share"));
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/%s", made->results->run->directory, made->source.judgement->directory);
    vg_report_automeasurements struct vg_measurements *m = vg_measurements_load(directory, &err);
    check(m != NULL, &err);
    unsigned events = m->event_count;
    m->event_count = 0; /* a phase whose policy has no event changes it where it starts */
    check(vg_measurements_save(m, &err), &err);
    m->event_count = events;
    vg_figure_free(&made->figure);
    assert_true(vg_figure_throughput(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.alternative, "Marked: policy best-effort at 20.0 s.");
}

static void each_phase_has_its_bar_and_band(void **state)
{
    struct made *made = *state;
    struct vg_judgement *judgement = made->results->judgements[0];
    assert_false(vg_figure_own_share(&made->figure, &made->source)); /* nothing was judged yet */
    add_value(judgement, "two.share", 0.42, "1");
    add_value(judgement, "two.entitled", 0.5, "1");
    add_value(judgement, "free.share", 0.97, "1");
    add_check(judgement, "two.deviation", "<=", 0.1, 0.16, false);
    add_check(judgement, "two.of_entitled", "<=", 1.05, 0.84, true);
    add_check(judgement, "free.share", ">=", 0.95, 0.97, true);
    assert_true(vg_figure_own_share(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.alternative, "peer.0 in two: 42.0 % of 50.0 %, allowed from 45.0 % up to 52.5 %.");
    says(made->figure.alternative, "peer.0 in free: 97.0 %, allowed from 95.0 %.");
    says(made->figure.svg, "42.0 %");
    says(made->figure.svg, "rgb(  0, 114, 178)");
    vg_figure_free(&made->figure);
    judgement->verdict = VG_INVALID;
    assert_true(vg_figure_own_share(&made->figure, &made->source));
    says(made->figure.svg, "two (invalid)");
    assert_null(strstr(made->figure.svg, "rgb(  0, 114, 178)"));
}

static void shares_of_every_analysis_are_drawn(void **state)
{
    struct made *made = *state;
    struct vg_judgement *judgement = made->results->judgements[0];
    assert_false(vg_figure_share(&made->figure, &made->source)); /* nothing was judged yet */
    add_value(judgement, "pair.share[peer.0]", 0.48, "1");
    add_value(judgement, "pair.share[peer.1]", 0.51, "1");
    add_value(judgement, "pair.entitled", 0.5, "1");
    add_value(judgement, "trio.share[peer.0]", 0.33, "1");
    add_value(judgement, "trio.entitled", 0.25, "1");
    add_check(judgement, "pair.max_deviation", "<=", 0.1, 0.04, true);
    assert_true(vg_figure_share(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.alternative, "pair: peer.0 got 48.0 % of 50.0 %. pair: peer.1 got 51.0 % of 50.0 %.");
    says(made->figure.alternative, "trio: peer.0 got 33.0 % of 25.0 %.");
    says(made->figure.svg, "trio: peer.0");
}

static void gaps_have_their_limit(void **state)
{
    struct made *made = *state;
    assert_true(vg_figure_waiting(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.caption, "The test sets no limit.");
    says(made->figure.alternative, "peer.1: median 400.0 us");
    says(made->figure.alternative, "longest 12.40 ms");
    vg_figure_free(&made->figure);
    add_check(made->results->judgements[0], "waits.longest_gap", "<=", 1e9, 12.4e6, true);
    add_check(made->results->judgements[0], "other.longest_gap", "<=", 5e9, 12.4e6, true);
    assert_true(vg_figure_waiting(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.caption, "Dashed: limits");
    says(made->figure.svg, "longest: at most 1 s");
    assert_null(strstr(made->figure.svg, "5 s"));
}

static void pacing_limits_are_at_their_periods(void **state)
{
    struct made *made = *state;
    add_value(made->results->judgements[0], "paced.period[peer.0]", 1e6, "ns");
    add_check(made->results->judgements[0], "paced.late_2", "<=", 0.01, 0.05, false);
    assert_true(vg_figure_pacing(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.alternative, "Limit: over 2 periods (2 ms): at most 1 %.");
    says(made->figure.svg, "over 2 periods (2 ms): at most 1 %");
}

static void slices_stand_beside_what_is_configured(void **state)
{
    struct made *made = *state;
    assert_true(vg_figure_slice(&made->figure, &made->source));
    drawn(&made->figure);
    says(made->figure.svg, "configured quota 10 ms");
    says(made->figure.svg, "configured wait 10 ms");
    says(made->figure.alternative, "peer.0: median run ");
}

static void what_cannot_be_drawn_is_told(void **state)
{
    static vg_figure_draw *const figures[] = { vg_figure_throughput, vg_figure_waiting, vg_figure_pacing,
                                               vg_figure_slice };
    struct made *made = *state;
    vg_autofree char *path =
        vg_format("%s/%s/measurements.json", made->results->run->directory, made->results->judgements[0]->directory);
    assert_int_equal(unlink(path), 0);
    for (unsigned i = 0; i < VG_COUNT(figures); i++) {
        assert_true(figures[i](&made->figure, &made->source));
        assert_null(made->figure.svg);
        says(made->figure.problem, "measurements.json");
        vg_figure_free(&made->figure);
    }
    unsigned analysis_count = made->test->analysis_count;
    made->test->analysis_count = 0;
    for (unsigned i = 0; i < VG_COUNT(figures); i++)
        assert_false(figures[i](&made->figure, &made->source));
    made->test->analysis_count = analysis_count;
}

static void a_line_through_points_says_its_slope(void **state)
{
    struct made *made = *state;
    const double x[] = { 0, 1000, 5000, 20000, NAN }, y[] = { 10, 1012, 5011, 20013, 1 };
    const struct vg_scatter_series series[] = {
        { "exits", "#0072B2", x, y, VG_COUNT(x), .slope = 1, .intercept = 10, .slope_lower = 0.99,
          .slope_upper = 1.01 },
        { "none", "#D55E00", x, y, 2, .slope = NAN, .intercept = NAN, .slope_lower = NAN, .slope_upper = NAN },
    };
    const struct vg_scatter scatter = { "submissions (1/s)", "exits (1/s)", series, VG_COUNT(series) };
    vg_plot_scatter(&made->figure, &made->plotter, &scatter);
    if (made->figure.problem)
        fail_msg("%s", made->figure.problem);
    assert_non_null(strstr(made->figure.alternative, "exits: 4 points, slope 1 (0.99 to 1.01)."));
    assert_non_null(strstr(made->figure.alternative, "none: 2 points, no line."));
    assert_non_null(strstr(made->figure.svg, "submissions (1/s)"));
    vg_figure_free(&made->figure);
    const struct vg_scatter empty = { "x", "y", series, 0 };
    vg_plot_scatter(&made->figure, &made->plotter, &empty);
    assert_non_null(strstr(made->figure.problem, "no point"));
}

/* What `submission-slope` and `submission-cpu` found is drawn as they found it: a point per phase, and their line. */
static void slopes_are_those_of_the_analyses(void **state)
{
    struct made *made = *state;
    struct vg_value values[] = {
        { .metric = (char *)"exits.rate[idle]", .value = 0 },
        { .metric = (char *)"exits.counted[idle]", .value = 40 },
        { .metric = (char *)"exits.rate[r1000]", .value = 1000 },
        { .metric = (char *)"exits.counted[r1000]", .value = 1039 },
        { .metric = (char *)"exits.rate[r5000]", .value = 5000 },
        { .metric = (char *)"exits.counted[r5000]", .value = NAN }, /* not watched: no point */
        { .metric = (char *)"exits.rate[r9000]", .value = 9000 },
        { .metric = (char *)"exits.counted[r9000]", .value = 9041 },
        { .metric = (char *)"exits.slope", .value = 1.0002 },
        { .metric = (char *)"exits.slope_lower", .value = 0.998 },
        { .metric = (char *)"exits.slope_upper", .value = 1.003 },
        { .metric = (char *)"exits.background", .value = 39.9 },
        { .metric = (char *)"blind.slope", .value = NAN, .note = (char *)"probe kvm-trace did not watch" },
        { .metric = (char *)"cpu.rate[idle]", .value = 0 },
        { .metric = (char *)"cpu.counted[idle]", .value = 12 },
        { .metric = (char *)"cpu.slope", .value = NAN, .note = (char *)"1 different rates" },
    };
    struct vg_judgement judgement = *made->source.judgement;
    judgement.values = values;
    judgement.value_count = VG_COUNT(values);
    struct vg_test_analysis analyses[] = {
        { .name = (char *)"exits", .analysis = (char *)"submission-slope" },
        { .name = (char *)"blind", .analysis = (char *)"submission-slope" },
        { .name = (char *)"cpu", .analysis = (char *)"submission-cpu" },
    };
    struct vg_test test = *made->test;
    test.analyses = analyses;
    test.analysis_count = VG_COUNT(analyses);
    struct vg_figure_source source = made->source;
    source.judgement = &judgement;
    source.test = &test;
    assert_true(vg_figure_slope(&made->figure, &source));
    drawn(&made->figure);
    says(made->figure.alternative, "counted on the host (1/s) against submissions (1/s).");
    says(made->figure.alternative, "exits (commands): 3 points, slope 1 (0.998 to 1");
    assert_null(strstr(made->figure.alternative, "blind"));
    vg_figure_free(&made->figure);
    assert_true(vg_figure_slope_cpu(&made->figure, &source));
    drawn(&made->figure);
    says(made->figure.alternative, "cpu (host-cpu): 1 points, no line.");
    says(made->figure.svg, "CPU time of the host (cores)");
    vg_figure_free(&made->figure);
    test.analyses = analyses + 1;
    test.analysis_count = 1;
    assert_true(vg_figure_slope(&made->figure, &source));
    says(made->figure.problem, "There is no picture here: probe kvm-trace did not watch.");
    vg_figure_free(&made->figure);
    assert_false(vg_figure_slope_cpu(&made->figure, &source));
}

static void strips_have_their_rows_and_colours(void **state)
{
    struct made *made = *state;
    static const struct vg_strip_legend legend[] = { { "#E69F00", "not zero" }, { "#D55E00", "a canary" } };
    struct vg_strip_piece pieces[] = { { 0, 10, 0, 0 }, { 10, 16, 0, 1 }, { 0, 16, 1, 0 } };
    char *rows[] = { (char *)"first, fill", (char *)"<second>, scan" };
    struct vg_strips strips = { rows, 2, pieces, VG_COUNT(pieces), legend, VG_COUNT(legend), "memory (MiB)" };
    vg_plot_strips(&made->figure, &made->plotter, &strips);
    if (made->figure.problem)
        fail_msg("%s", made->figure.problem);
    static const char *const shown[] = { "first, fill", "_second_, scan", "not zero",
                                         "a canary",    "memory (MiB)",   "213,  94,   0" };
    for (unsigned i = 0; i < VG_COUNT(shown); i++)
        if (!strstr(made->figure.svg, shown[i]))
            fail_msg("not in the picture: %s", shown[i]);
    vg_figure_free(&made->figure);
    strips.piece_count = 0;
    vg_plot_strips(&made->figure, &made->plotter, &strips);
    assert_non_null(strstr(made->figure.problem, "nothing to draw"));
}

/* One picture that cannot be drawn must not cost the next. */
static void a_broken_script_costs_one_picture(void **state)
{
    struct made *made = *state;
    vg_autotext struct vg_text data = { 0 };
    vg_text_add(&data, "0 1\n");
    vg_plot(&made->figure, &made->plotter, "no-such-script", &data, NULL);
    assert_non_null(strstr(made->figure.problem, "no-such-script"));
    assert_null(made->figure.svg);
    vg_figure_free(&made->figure);
    a_line_through_points_says_its_slope(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts_ends_and_policies_are_marked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_phase_has_its_bar_and_band, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_of_every_analysis_are_drawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gaps_have_their_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pacing_limits_are_at_their_periods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slices_stand_beside_what_is_configured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_drawn_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_through_points_says_its_slope, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slopes_are_those_of_the_analyses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strips_have_their_rows_and_colours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_script_costs_one_picture, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
