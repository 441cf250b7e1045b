/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plot as a part of the page: what is drawn gets there, shorter; whatever else a file may hold does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/svg.h"
#include "report/svg_path.h"

static char *shortened(const char *path)
{
    struct vg_text text = { 0 };
    assert_true(vg_svg_add_path(&text, path));
    return text.data ? text.data : vg_strdup("");
}

static void points_that_nobody_sees_go(void **state)
{
    (void)state;
    vg_autofree char *straight = shortened("M0,0 L1,0.01 L2,-0.02 L3,0 L10,0 ");
    assert_string_equal(straight, "M0,0 10,0");
    vg_autofree char *corner = shortened("M0.04,0 L5.26,5 L10,0");
    assert_string_equal(corner, "M0,0 5.3,5 10,0");
    vg_autofree char *spike = shortened("M0,0 L5,0 L5.1,80 L5.2,0 L10,0"); /* a tail is never smoothed away */
    assert_non_null(strstr(spike, "5.1,80"));
    vg_autofree char *closed = shortened("M0,0 L5,0 L5,5 Z M7,7 L8,8");
    assert_string_equal(closed, "M0,0 5,0 5,5zM7,7 8,8");
    vg_autofree char *zero = shortened("M-0.01,-0.04 L3,3");
    assert_string_equal(zero, "M0,0 3,3");
}

static void what_is_no_line_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "M0,0 C1,1 2,2 3,3", "M0 0 L1 1", "M0,0 L\"/><script>", "M1e999,0 L1,1", "M0," };
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        vg_autotext struct vg_text text = { 0 };
        if (vg_svg_add_path(&text, bad[i]))
            fail_msg("taken: %s", bad[i]);
    }
    vg_autotext struct vg_text text = { 0 };
    assert_false(vg_svg_add_points(&text, "1,2 3"));
    assert_false(vg_svg_add_points(&text, ""));
}

static void a_long_line_is_shortened_in_time(void **state)
{
    (void)state;
    enum { POINTS = 20000 };
    vg_autotext struct vg_text path = { 0 };
    for (unsigned i = 0; i < POINTS; i++)
        vg_text_add(&path, "%s%.2f,%.2f ", i ? "L" : "M", i * 0.03, 100 + 50 * sin(i * 0.001));
    vg_autofree char *less = shortened(path.data);
    assert_true(strlen(less) > 100 && strlen(less) < 4000);
}

static void drawings_arrive(void **state)
{
    (void)state;
    static const char svg[] =
        "<svg width=\"560\" height=\"380\" xmlns=\"http://www.w3.org/2000/svg\" "
        "xmlns:xlink=\"http://www.w3.org/1999/xlink\"><title>Gnuplot</title>"
        "<defs><circle id='gpPt6' r='9'/></defs>"
        "<g color=\"black\" stroke=\"currentColor\" stroke-width=\"2.21\"><path stroke='rgb(  0, 114, 178)' "
        "stroke-dasharray='2,4' d='M1,2 L3,9'/>"
        "<g transform=\"translate(5.55,6) rotate(-90)\" fill=\"rgb(61,69,76)\" text-anchor=\"middle\" "
        "font-size=\"11.00\">"
        "<text>a &lt; b</text></g><g stroke='none'><polygon fill = 'rgb(1, 2, 3)' fill-opacity = '0.35' points = '1,1 "
        "2,2 "
        "3,1 '/></g>"
        "<use xlink:href='#gpPt6' transform='translate(7,8) scale(2.50)' color='rgb(0, 158, 115)'/></g></svg>";
    struct vg_error err = { 0 };
    vg_autofree char *page = vg_svg_inline(svg, "says \"so\" <b>", &err);
    assert_non_null(page);
    assert_non_null(strstr(page, "viewBox=\"0 0 560 380\""));
    assert_non_null(strstr(page, "aria-label=\"says &quot;so&quot; &lt;b&gt;\""));
    assert_non_null(strstr(page, "<path d=\"M1,2 3,9\" stroke=\"#0072b2\" fill=\"none\" stroke-width=\"2.2\" "
                                 "stroke-dasharray=\"2,4\"/>"));
    assert_non_null(strstr(page, "<text transform=\"translate(5.6,6) rotate(-90)\" text-anchor=\"middle\" "
                                 "font-size=\"11\">a &lt; b</text>"));
    assert_non_null(strstr(page, "<polygon points=\"1,1 2,2 3,1\" fill=\"#010203\" fill-opacity=\"0.35\"/>"));
    assert_non_null(strstr(page, "<circle cx=\"7\" cy=\"8\" r=\"2.5\" fill=\"#009e73\"/>"));
    assert_null(strstr(page, "id="));
    assert_null(strstr(page, "Gnuplot"));
}

static void nothing_else_gets_through(void **state)
{
    (void)state;
    static const char svg[] =
        "<svg width=\"10\" height=\"10\" onload=\"alert(1)\" xmlns=\"http://www.w3.org/2000/svg\">"
        "<script>alert(1)</script><style>*{display:none}</style><image href=\"https://example.org/x\"/>"
        "<foreignObject><b>x</b></foreignObject><a href=\"javascript:alert(1)\"><text>link</text></a>"
        "<path d=\"M0,0 L1,1\" onclick=\"alert(1)\" style=\"fill:url(x)\" stroke-dasharray=\"1;}\" stroke=\"url(#x)\"/>"
        "<g><text onclick=\"alert(1)\">&lt;script&gt;alert(1)&lt;/script&gt;</text></g></svg>";
    static const char *const never[] = { "<script", "<style", "<image",     "foreign", "<a ", "onclick",
                                         "onload",  "url(",   "javascript", "style=",  "1;}" };
    struct vg_error err = { 0 };
    vg_autofree char *page = vg_svg_inline(svg, "x", &err);
    assert_non_null(page);
    for (size_t i = 0; i < VG_COUNT(never); i++)
        if (strstr(page, never[i]))
            fail_msg("got through: %s in %s", never[i], page);
    assert_non_null(strstr(page, "&lt;script&gt;"));
}

static void what_is_no_svg_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "text", "<html/>", "<svg/>", "<svg width='0' height='9'/>", "<svg width='1'"
    };
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        struct vg_error err = { 0 };
        assert_null(vg_svg_inline(bad[i], "x", &err));
        assert_non_null(strstr(err.text, "no SVG"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_that_nobody_sees_go),       cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(a_long_line_is_shortened_in_time), cmocka_unit_test(drawings_arrive),
        cmocka_unit_test(nothing_else_gets_through),        cmocka_unit_test(what_is_no_svg_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
