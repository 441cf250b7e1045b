/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes into the plots: distributions that keep their tail in few points, one colour for one name, labels that
 * cannot become gnuplot code. */
#include "report/figure.h"
#include "support/report_results.h"

static void free_curve(struct vg_curve *curve)
{
    free(curve->x);
    free(curve->y);
}

static void a_small_sample_is_drawn_whole(void **state)
{
    (void)state;
    static const double values[] = { 1000, 2000, 2000, 5000 };
    struct vg_curve curve = { 0 };
    vg_curve_distribution(&curve, values, VG_COUNT(values), 1e-3);
    assert_int_equal(curve.count, 4);
    assert_true(curve.x[0] == 1 && curve.y[0] == 25);
    assert_true(curve.x[3] == 5 && curve.y[3] == 100);
    free_curve(&curve);
}

static void a_million_samples_keep_their_tail(void **state)
{
    (void)state;
    enum { MANY = 1000000 };
    double *values = vg_calloc(MANY, sizeof(*values));
    for (unsigned i = 0; i < MANY; i++)
        values[i] = i < MANY - 3 ? 1000 + i * 1e-3 : 1e6 * (i - (MANY - 4)); /* three stalls */
    struct vg_curve curve = { 0 };
    vg_curve_distribution(&curve, values, MANY, 1);
    assert_in_range(curve.count, 200, 400);
    assert_true(curve.x[curve.count - 1] == 3e6 && curve.y[curve.count - 1] == 100);
    unsigned in_tail = 0;
    for (size_t i = 0; i < curve.count; i++) {
        assert_true(i == 0 || (curve.x[i] >= curve.x[i - 1] && curve.y[i] > curve.y[i - 1]));
        in_tail += curve.y[i] > 99.9;
        if (curve.x[i] < 3000) /* per cent at or below x, from how the values were made */
            assert_true(curve.y[i] - ((curve.x[i] - 1000) * 1000 + 1) / MANY * 100 < 1e-6);
    }
    assert_in_range(in_tail, 50, 200);
    free_curve(&curve);
    free(values);
}

static void nothing_gives_no_points(void **state)
{
    (void)state;
    struct vg_curve curve = { 0 };
    vg_curve_distribution(&curve, NULL, 0, 1);
    assert_int_equal(curve.count, 0);
    free_curve(&curve);
}

static void a_name_keeps_its_colour(void **state)
{
    (void)state;
    struct vg_palette palette = { 0 };
    const char *first = vg_palette_colour(&palette, "peer.0"), *second = vg_palette_colour(&palette, "peer.1");
    assert_string_not_equal(first, second);
    assert_string_equal(first, vg_palette_colour(&palette, "peer.0"));
    assert_string_equal(vg_palette_colour(&palette, "native"), "#009E73");
    assert_string_equal(second, vg_palette_colour(&palette, "peer.1"));
    vg_palette_free(&palette);
}

static void an_invalid_curve_is_grey(void **state)
{
    (void)state;
    struct vg_palette palette = { 0 };
    static const char *const names[] = { "native", "virtio-venus", "peer.0", "peer.1" };
    for (unsigned i = 0; i < VG_COUNT(names); i++) {
        const char *valid = vg_palette_colour(&palette, names[i]);
        assert_ptr_equal(vg_curve_colour(&palette, names[i], VG_FAIL), valid);
        unsigned red, green, blue;
        assert_int_equal(sscanf(vg_curve_colour(&palette, names[i], VG_INVALID), "#%2x%2x%2x", &red, &green, &blue), 3);
        assert_true(blue - red < 20 && blue >= green && green >= red); /* hardly any colour */
    }
    vg_autofree char *title = vg_curve_title("native", VG_INVALID), *plain = vg_curve_title("native", VG_PASS);
    assert_string_equal(title, "native (invalid)");
    assert_string_equal(plain, "native");
    vg_palette_free(&palette);
}

static void make_drivers(struct vg_report_drivers *drivers, const char *const *versions, const char *fact)
{
    for (unsigned i = 0; i < 2; i++) {
        struct vg_fact known = { .name = (char *)fact, .value = (char *)versions[i] };
        struct vg_measured_run run = { .facts = &known, .fact_count = 1 };
        struct vg_measured_phase phase = { .runs = &run, .run_count = 1 };
        struct vg_measurements measurements = { .phases = &phase, .phase_count = 1 };
        vg_report_drivers_add(drivers, i ? "venus" : "native", &measurements);
        vg_report_drivers_add(drivers, i ? "venus" : "native", &measurements);
    }
}

static void different_drivers_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *versions[2], *fact, *warning;
    } cases[] = {
        { { "Mesa 22.3.6 (LLVM 15.0.6)", "Mesa 22.3.6" }, "vk_driver_info", NULL },
        { { "Mesa 22.3.6 (LLVM 15.0.6)", "Mesa 25.0.7-2" },
          "vk_driver_info",
          "Different Mesa versions (22.3.6 and 25.0.7-2): compare with care." },
        { { "OpenGL ES 3.2 Mesa 22.3.6", "OpenGL ES 3.1 Mesa 25.0.7" },
          "gl_version",
          "Different Mesa versions (22.3.6 and 25.0.7): compare with care." },
        { { "550.54", "550.90" }, "vk_driver_info", "Different drivers: compare with care." },
        { { "550.54", "550.54" }, "vk_driver_info", NULL },
    };
    for (unsigned i = 0; i < VG_COUNT(cases); i++) {
        struct vg_report_drivers drivers = { 0 };
        make_drivers(&drivers, cases[i].versions, cases[i].fact);
        assert_int_equal(drivers.count, 2);
        vg_autofree char *warning = vg_report_drivers_warning(&drivers);
        if (cases[i].warning)
            assert_string_equal(warning, cases[i].warning);
        else
            assert_null(warning);
        vg_report_drivers_free(&drivers);
    }
}

static void a_label_is_no_code(void **state)
{
    (void)state;
    vg_autofree char *label = vg_plot_label("\"; sys"
                                            "tem('reboot') \n`id` $x @m peer.0 {/Bold a}^\\");
    assert_null(strpbrk(label, "\"'`$@{}^\\;\n!"));
    assert_non_null(strstr(label, "peer.0"));
}

/* A data file whose title tries to end its quotes must still draw, and run nothing. */
static void a_hostile_title_is_drawn(void **state)
{
    (void)state;
    const char *marker = "/tmp/vgauge-report-curve-marker";
    unlink(marker);
    double x[] = { 1, 10 }, y[] = { 50, 100 };
    char title[] = "\" ; sys"
                   "tem(\"touch /tmp/vgauge-report-curve-marker\") ; \"`touch /tmp/vgauge-report-curve-marker`";
    struct vg_curve curve = { .title = title, .colour = "#0072B2", .x = x, .y = y, .count = 2 };
    struct vg_curves curves = { &curve, 1 };
    vg_autotext struct vg_text data = { 0 }, colours = { 0 }, dashes = { 0 };
    vg_plot_curves(&curves, &data, &colours, &dashes);
    const char *const arguments[] = { "1", colours.data, dashes.data, "560", "360", "1", NULL };
    struct vg_figure figure = { 0 };
    vg_report_autoplotter struct vg_plotter plotter = { .template_directory = "reports" };
    vg_plot(&figure, &plotter, "latency", &data, arguments);
    assert_null(figure.problem);
    assert_non_null(strstr(figure.svg, "<svg"));
    assert_non_null(strstr(figure.svg, "rgb(  0, 114, 178)"));
    assert_false(vg_exists(marker));
    vg_figure_free(&figure);
}

/* Best effort promises nothing: bars without a band, and the caption says so. */
static void shares_without_a_promise_are_drawn(void **state)
{
    (void)state;
    struct vg_test_analysis analysis = { .name = (char *)"fair", .analysis = (char *)"share" };
    struct vg_test test = { .analyses = &analysis, .analysis_count = 1 };
    struct vg_palette palette = { 0 };
    struct vg_results *results = make_results("reference");
    struct vg_judgement *judgement = add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
    vg_report_autoplotter struct vg_plotter plotter = { .template_directory = "reports" };
    struct vg_figure_source source = { results, judgement, &test, &palette, &plotter };
    struct vg_figure figure = { 0 };
    assert_false(vg_figure_share(&figure, &source));
    add_value(judgement, "fair.share[peer.0]", 0.6, "1");
    add_value(judgement, "fair.share[peer.1]", 0.4, "1");
    assert_true(vg_figure_share(&figure, &source));
    assert_null(figure.problem);
    assert_non_null(strstr(figure.svg, "60.0 %"));
    assert_non_null(strstr(figure.caption, "promises no share"));
    vg_figure_free(&figure);
    add_value(judgement, "fair.entitled", 0.5, "1");
    add_check(judgement, "fair.max_deviation", "<=", 0.1, 0.2, false);
    assert_true(vg_figure_share(&figure, &source));
    assert_null(figure.problem);
    assert_non_null(strstr(figure.caption, "allows around"));
    assert_non_null(strstr(figure.alternative, "peer.1 got 40.0 % of 50.0 %."));
    assert_null(strstr(figure.svg, "(invalid)"));
    vg_figure_free(&figure);
    judgement->verdict = VG_INVALID;
    assert_true(vg_figure_share(&figure, &source));
    assert_non_null(strstr(figure.svg, "peer.0 (invalid)"));
    assert_non_null(strstr(figure.svg, "rgb(138, 147, 155)"));
    assert_null(strstr(figure.svg, "rgb(  0, 114, 178)"));
    vg_figure_free(&figure);
    vg_palette_free(&palette);
    drop_results(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_sample_is_drawn_whole),
        cmocka_unit_test(a_million_samples_keep_their_tail),
        cmocka_unit_test(nothing_gives_no_points),
        cmocka_unit_test(a_name_keeps_its_colour),
        cmocka_unit_test(an_invalid_curve_is_grey),
        cmocka_unit_test(different_drivers_are_told),
        cmocka_unit_test(a_label_is_no_code),
        cmocka_unit_test(a_hostile_title_is_drawn),
        cmocka_unit_test(shares_without_a_promise_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
