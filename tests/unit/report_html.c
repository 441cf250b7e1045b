/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page: complete, one file, its pictures drawn, and deaf to whatever a guest puts into a name. It is parsed with
 * libxml2's HTML parser, so that what a browser would see is what is tested. */
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#include <sys/stat.h>
#include "report/parts.h"
#include "support/report_run.h"
#include "support/judged_run.h"

static htmlDocPtr parse(const char *html)
{
    htmlDocPtr document = htmlReadMemory(html, (int)strlen(html), "index.html", "UTF-8",
                                         HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
    assert_non_null(document);
    return document;
}

static unsigned count(const char *html, const char *path)
{
    htmlDocPtr document = parse(html);
    xmlXPathContextPtr context = xmlXPathNewContext(document);
    vg_autofree char *expression = vg_format("count(%s)", path);
    xmlXPathObjectPtr object = xmlXPathEvalExpression(BAD_CAST expression, context);
    assert_non_null(object);
    unsigned found = (unsigned)object->floatval;
    xmlXPathFreeObject(object);
    xmlXPathFreeContext(context);
    xmlFreeDoc(document);
    return found;
}

static void expect(const char *html, const char *path, unsigned wanted)
{
    unsigned found = count(html, path);
    if (found != wanted)
        fail_msg("%s: %u, wanted %u", path, found, wanted);
}

static char *page_of(const struct vg_results *results)
{
    struct vg_error err = { 0 };
    check(vg_report_html(results, "reports", NULL, &err), &err);
    return read_back(results, "report/index.html");
}

static void a_run_becomes_one_whole_page(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_results *made = make_run();
    vg_autofree char *path = NULL;
    check(vg_report_all(made->run->directory, NULL, &path, &err), &err);
    const char *keep = getenv("VGAUGE_KEEP_REPORT");
    if (keep)
        print_message("kept: %s\n", path);
    vg_autofree char *html = read_back(made, "report/index.html");
    static const char *const files[] = { "results.json", "results.tap", "junit.xml" };
    for (unsigned i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *text = read_back(made, files[i]);
        assert_int_not_equal(strlen(text), 0);
    }
    expect(html, "//h1[starts-with(., '1 of 2 requirements not met; direct submission holds; ')]", 1);
    expect(html, "//header/p[contains(., '1 of 5 results failed: fair-equal-throughput on virtio-venus (host')]", 1);
    expect(html, "//article", 3);
    expect(html, "//article[1]//h3[.='fair-equal-throughput']", 1); /* measured last, matters most */
    expect(html, "//article[2]//h3[.='dsub-gl-latency']", 1);
    expect(html, "//article[1]//p[.='1 not applicable.']", 1);
    expect(html, "//article[1]//li[contains(., 'has none of the policies')]", 0);
    expect(html, "//header//*[contains(., 'Changed parameters')]", 0);
    expect(html, "//table[@class='matrix']/tbody/tr", 2);
    expect(html, "//table[@class='matrix']/tbody/tr[1]/th[starts-with(., 'VGPU-SCHED-002')]", 1); /* not met: first */
    expect(html, "//p[@class='note' and contains(., 'Not tested in this run: VGPU-ISO-002.')]", 1);
    expect(html, "//table[@class='matrix']/tbody/tr[contains(., 'VGPU-SCHED-002')]/td/a[contains(., 'fail')]", 1);
    expect(html, "//tr[th='fair.max_deviation']/td[contains(., '0.170') and contains(., 'not met')]", 1);
    expect(html, "//tr[th='fair.max_deviation']/td[.='IGT']", 1);
    expect(html, "//tr[th='tiny.p50']/td[contains(., '66 us')]", 1);
    /* One plot across tests; distribution and timeline per latency test; throughput and shares of the fairness test. */
    expect(html, "//figure//svg[@role='img' and count(path) > 8 and count(text) > 5]", 7);
    expect(html, "//*[@class='problem']", 0);
    expect(html, "//script | //link | //iframe", 0);
    expect(html, "//a[contains(@href, '/tests/dsub-gl-latency/native.full.equal-share.boot-1/measurements.json')]", 1);
    expect(html,
           "//code[.='build/vgauge run --host=reference --plan=quick --test=fair-equal-throughput "
           "--seed=18446744073709551615']",
           1);
    expect(html, "//tr[th='accel']/td[1][.='tcg']", 1);
    expect(html, "//tr[th='accel']/td[2][.='a probe boot under KVM never reached its agent']", 1);
    expect(html, "//tr[th='unavailable']/td[1][contains(., 'probe b')]", 1);
    /* A phone shows no head: each cell names its column. */
    expect(html, "//table[@class='matrix']//td[@data-label='virtio-venus, full, equal-share']", 2);
    /* Whose curve is whose driver's: the plot of all mechanisms and the two latency tests. */
    expect(html,
           "//section[h2[@id='compared']]//table[@class='drivers']/tr[th='native: dsub-gl-latency']"
           "/td[.='llvmpipe, Mesa 22.3.6 (LLVM 15.0.6)']",
           1);
    expect(html, "//figure//*[@class='warning' and starts-with(., 'Different Mesa versions (')]", 3);
    expect(html, "//article//span[@class='driver' and .='Virtio-GPU Venus (llvmpipe), Mesa 25.0.7-2']", 2);
    expect(html, "//tr[th='gpu.firmware']/td[.='could not be read']", 1);
    if (!keep)
        drop_results(made);
}

/* Everything that decides how a test runs is in the command, as the user gave it; where results went is not. */
static void a_repetition_has_the_same_options(void **state)
{
    (void)state;
    static const char *const given[] = { "vgauge",
                                         "run",
                                         "--plan=quick",
                                         "--host=./my host.yaml",
                                         "--mechanism=native",
                                         "--set=fair.s=1",
                                         "--set=fair.t=2",
                                         "--allow=destructive",
                                         "--out=/tmp/r7",
                                         "--verbose" };
    struct vg_results *results = make_results("mine");
    add_judgement(results, "fair", "native", VG_PASS, NULL);
    for (unsigned i = 0; i < VG_COUNT(given); i++)
        vg_push(results->run->arguments, results->run->argument_count) = vg_strdup(given[i]);
    vg_autofree char *html = page_of(results);
    expect(html,
           "//code[.=\"build/vgauge run '--host=./my host.yaml' --mechanism=native --set=fair.s=1 --set=fair.t=2 "
           "--allow=destructive --plan=quick --test=fair --seed=18446744073709551615\"]",
           1);
    expect(html, "//header/p[.='Changed parameters: fair.s=1 (--set), fair.t=2 (--set).']", 1);
    drop_results(results);
}

static struct vg_judgement *add_point(struct vg_results *results, const char *mechanism, const char *profile,
                                      const char *policy)
{
    struct vg_judgement *judgement = add_judgement(results, "fair", mechanism, VG_PASS, NULL);
    free(judgement->profile);
    free(judgement->policy);
    free(judgement->instance);
    judgement->profile = vg_strdup(profile);
    judgement->policy = policy ? vg_strdup(policy) : NULL;
    judgement->instance = vg_format("%s.%s.%s.boot-1", mechanism, profile, policy ? policy : "none");
    vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup("VGPU-SCHED-002");
    return judgement;
}

/* Whatever the order of measuring: tables and lists have that of the host file, and what it lacks comes last. */
static void every_table_has_the_order_of_the_host_file(void **state)
{
    (void)state;
    static const char *const points[][3] = {
        { "vgpu", "half", "weighted" },      { "vgpu", "half", "equal-share" }, { "native", "full", "best-effort" },
        { "vgpu", "full", "made-up" },       { "vgpu", "full", "fixed-share" }, { "vgpu", "full", "equal-share" },
        { "native", "full", "best-effort" }, { "vgpu", "full", "weighted" },    { "vgpu", "half", "made-up" },
        { "vgpu", "half", "fixed-share" },   { "vgpu", "tiny", "equal-share" },
    };
    static const char host[] =
        "{\"mechanisms\":[{\"name\":\"vgpu\",\"profiles\":[{\"name\":\"full\"},{\"name\":\"half\"}],"
        "\"policies\":[{\"name\":\"equal-share\"},{\"name\":\"fixed-share\"},"
        "{\"name\":\"weighted\"}]},{\"name\":\"native\",\"profiles\":[{\"name\":\"full\"}],"
        "\"policies\":[{\"name\":\"best-effort\"}]}]}";
    static const char *const columns[] = { "equal-share", "fixed-share", "weighted", "made-up",     "equal-share",
                                           "fixed-share", "weighted",    "made-up",  "equal-share", "best-effort" };
    struct vg_error err = { 0 };
    struct vg_results *results = make_results("reference");
    results->run->host_file = vg_json_load_text(host, strlen(host), &err);
    for (unsigned i = 0; i < VG_COUNT(points); i++)
        add_point(results, points[i][0], points[i][1], points[i][2])->boot = i == 2 ? 2 : 1;
    struct vg_requirement_result *result = &vg_push(results->requirements, results->requirement_count);
    *result =
        (struct vg_requirement_result) { vg_strdup("VGPU-SCHED-002"), VG_PASS, VG_COUNT(points), VG_COUNT(points) };
    vg_autofree char *html = page_of(results);
    expect(html, "//tr[@class='policies']/th", VG_COUNT(columns));
    for (unsigned i = 0; i < VG_COUNT(columns); i++) {
        vg_autofree char *cell = vg_format("//tr[@class='policies']/th[%u][.='%s']", i + 1, columns[i]);
        expect(html, cell, 1);
    }
    expect(html, "//tr[@class='profiles']/th[1][.='full' and @colspan='4']", 1);
    expect(html, "//tr[@class='profiles']/th[2][.='half' and @colspan='4']", 1);
    expect(html, "//tr[@class='profiles']/th[3][.='tiny']", 1);
    expect(html, "//table//td[1][@data-label='vgpu, full, equal-share']", 1);
    vg_autofree char *summary = vg_format("%s/summary.md", results->run->directory);
    check(vg_report_markdown(results, summary, &err), &err);
    vg_autofree char *markdown = read_back(results, "summary.md");
    assert_non_null(strstr(markdown, "| requirement | vgpu | native |"));
    vg_report_autogroups struct vg_report_groups groups = { 0 };
    vg_report_groups_make(results, &groups);
    assert_int_equal(groups.count, 1);
    assert_string_equal(groups.items[0].instances[0]->instance, "vgpu.full.equal-share.boot-1");
    assert_string_equal(groups.items[0].instances[4]->instance, "vgpu.half.equal-share.boot-1");
    assert_int_equal(groups.items[0].instances[9]->boot, 1); /* of native, which was measured second time first */
    assert_int_equal(groups.items[0].instances[10]->boot, 2);
    drop_results(results);
}

static void long_reasons_are_folded(void **state)
{
    (void)state;
    char why[401];
    for (unsigned i = 0; i < sizeof(why) - 1; i++)
        why[i] = i % 10 == 9 ? ' ' : (char)('a' + i % 10);
    why[400] = '\0';
    struct vg_results *results = make_results("reference");
    results->run->environment = json_pack("{s:{s:s,s:s},s:{s:s,s:s}}", "accel", "value", "tcg", "why", why, "display",
                                          "value", "\u00fc\u00fc\u00fc", "why", "no render node");
    vg_autofree char *html = page_of(results);
    expect(html, "//tr[th='accel']/td[2]/details[string-length(summary) < 165]", 1);
    expect(html, "//tr[th='accel']/td[2]/details[string-length(.) > 400]", 1);
    expect(html, "//tr[th='display']//details", 0);
    drop_results(results);
}

/* An invalid result is in the pictures, but nobody can take it for a valid one. */
static void invalid_curves_are_marked(void **state)
{
    (void)state;
    struct vg_results *made = make_run();
    for (unsigned i = 0; i < made->count; i++)
        if (vg_equal(made->judgements[i]->mechanism, "virtio-venus"))
            made->judgements[i]->verdict = VG_INVALID;
    vg_autofree char *html = page_of(made);
    expect(html, "//figure[contains(., 'Grey: invalid')]", 3);
    expect(html, "//svg[contains(@aria-label, 'virtio-venus: dsub-vulkan-latency (invalid): median')]", 1);
    expect(html, "//figcaption[contains(., 'virtio-venus, full, equal-share, boot 1 (invalid)')]", 2);
    expect(html, "//svg[contains(@aria-label, 'native: dsub-vulkan-latency: median')]", 1);
    drop_results(made);
}

static void a_lost_template_or_sample_is_told(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_results *made = make_run();
    assert_false(vg_report_html(made, "/nonexistent", NULL, &err));
    assert_non_null(strstr(err.text, "/nonexistent"));
    vg_autofree char *csv = vg_format(
        "%s/tests/dsub-gl-latency/native.full.equal-share.boot-1/tiny.guest.0.submission.csv", made->run->directory);
    assert_int_equal(unlink(csv), 0);
    vg_autofree char *html = page_of(made);
    expect(html, "//figure//svg", 7); /* the other curves are still there */
    expect(html, "//article//*[@class='problem' and contains(., 'Not every instance could be drawn')]", 2);
    drop_results(made);
}

static void without_gnuplot_the_numbers_stay(void **state)
{
    (void)state;
    struct vg_results *made = make_run();
    vg_autofree char *path = vg_strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    vg_autofree char *html = page_of(made);
    assert_int_equal(setenv("PATH", path, 1), 0);
    expect(html, "//svg", 0);
    expect(html, "//figure//*[@class='problem' and contains(., 'gnuplot')]", 7);
    expect(html, "//tr[th='tiny.p50']/td[contains(., '66 us')]", 1);
    drop_results(made);
}

static void a_gnuplot_that_dies_is_told(void **state)
{
    (void)state;
    static const char dies[] = "#!/bin/sh\nexit 0\n";
    struct vg_results *made = make_run();
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_strdup(getenv("PATH")), *program = vg_format("%s/gnuplot", made->run->directory);
    assert_true(vg_write_file(program, dies, strlen(dies), &err));
    assert_int_equal(chmod(program, 0755), 0);
    assert_int_equal(setenv("PATH", made->run->directory, 1), 0);
    vg_autofree char *html = page_of(made);
    assert_int_equal(setenv("PATH", path, 1), 0);
    expect(html, "//svg", 0);
    expect(html, "//figure//*[@class='problem' and contains(., 'refused to draw it: it ended without a word')]", 7);
    drop_results(made);
}

static void several_boots_have_an_interval(void **state)
{
    (void)state;
    struct vg_results *results = make_results("boots");
    for (int boot = 0; boot < 9; boot++) /* in any order; of nine it is from the second to the eighth */
        add_value(add_judgement(results, "some-test", "native", VG_PASS, NULL), "a.p50", 1 + boot * 5 % 9, "ms");
    vg_autofree char *html = page_of(results);
    expect(html, "//tr[th='a.p50']/td/span[.='95 %: 2 ms to 8 ms']", 1);
    expect(html, "//tr[th='a.p50']/td/span[.='range: 1 ms to 9 ms']", 1);
    /* With the confidence of the rules that comparisons go by, and not at all where there are none. */
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    vg_autofree char *rules = vg_format("%s/gate.yaml", directory);
    static const char text[] = "boots: 6\nbaseline_boots: 6\nlooks: [6]\nerror: 0.05\nfalse_alarm: 0.01\nconfidence: "
                               "0.5\nequivalence: 0.9\nautocorrelation: 0.5\nbaseline_age_days: 180\nsame_build: "
                               "false\nbare_metal: [native]\nsource: test\n";
    assert_int_equal(setenv("VGAUGE_SUITES", directory, 1), 0);
    vg_autofree char *without = page_of(results);
    expect(without, "//tr[th='a.p50']/td/span[contains(., '%')]", 0);
    assert_true(vg_write_file(rules, text, strlen(text), &err));
    vg_autofree char *half = page_of(results);
    expect(half, "//tr[th='a.p50']/td/span[.='50 %: 3 ms to 7 ms']", 1);
    assert_int_equal(unsetenv("VGAUGE_SUITES"), 0);
    scratch_remove(directory);
    add_value(add_judgement(results, "some-test", "native", VG_INVALID, "busy"), "a.p50", 5, "ms");
    vg_autofree char *again = page_of(results);
    expect(again, "//tr[th='a.p50']/td/span[starts-with(., '95 %')]", 0);
    expect(again, "//tr[th='a.p50']/td/span[.='range: 1 ms to 9 ms']", 1);
    drop_results(results);
}

static void foreign_text_stays_text(void **state)
{
    (void)state;
    static const char *const hostile[] = { "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
                                           "</style><script>alert(1)</script>", "javascript:alert(1)",
                                           "a\x1b[31m\x07\xff\xef\xbf\xbe" };
    for (unsigned i = 0; i < VG_COUNT(hostile); i++) {
        struct vg_results *results = make_results(hostile[i]);
        const char *text = hostile[i];
        struct vg_judgement *judgement = add_judgement(results, text, text, VG_FAIL, text);
        free(judgement->directory);
        judgement->directory = vg_strdup(i ? text : "../../../etc");
        vg_push(judgement->requirements.items, judgement->requirements.count) = vg_strdup(text);
        add_value(judgement, text, 1, text);
        add_check(judgement, "x", text, 1, 2, false);
        vg_run_fingerprint(results->run, text, text, text);
        results->run->environment = json_pack("{s:s}", "guest", "<script>alert(1)</script>");
        vg_push(results->run->arguments, results->run->argument_count) = vg_strdup("--set=a.b=$(reboot)'");
        vg_autofree char *html = page_of(results);
        expect(html, "//script | //img | //*[@onerror]", 0);
        expect(html, "//a[starts-with(@href, 'javascript') or contains(@href, 'etc')]", 0);
        expect(html, "//style", 1);
        expect(html, "//article", 1);
        assert_non_null(strstr(html, "--set=a.b=$(reboot)'\\'''"));
        for (const char *c = html; *c; c++)
            assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        drop_results(results);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_becomes_one_whole_page),
        cmocka_unit_test(a_repetition_has_the_same_options),
        cmocka_unit_test(long_reasons_are_folded),
        cmocka_unit_test(invalid_curves_are_marked),
        cmocka_unit_test(a_lost_template_or_sample_is_told),
        cmocka_unit_test(without_gnuplot_the_numbers_stay),
        cmocka_unit_test(a_gnuplot_that_dies_is_told),
        cmocka_unit_test(every_table_has_the_order_of_the_host_file),
        cmocka_unit_test(several_boots_have_an_interval),
        cmocka_unit_test(foreign_text_stays_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
