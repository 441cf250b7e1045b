/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JUnit XML: parsed back with libxml2, so that what a CI system reads is what is tested. */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include "support/report_results.h"

static xmlDocPtr write_junit(const struct vg_results *results)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/junit.xml", results->run->directory);
    if (!vg_report_junit(results, path, &err))
        fail_msg("%s", err.text);
    vg_autofree char *text = read_back(results, "junit.xml");
    xmlDocPtr document = xmlReadMemory(text, (int)strlen(text), "junit.xml", NULL, XML_PARSE_NONET);
    assert_non_null(document);
    return document;
}

static double count(xmlDocPtr document, const char *path)
{
    xmlXPathContextPtr context = xmlXPathNewContext(document);
    vg_autofree char *expression = vg_format("count(%s)", path);
    xmlXPathObjectPtr object = xmlXPathEvalExpression(BAD_CAST expression, context);
    assert_non_null(object);
    double number = object->floatval;
    xmlXPathFreeObject(object);
    xmlXPathFreeContext(context);
    return number;
}

/* What the schemas of JUnit and of Jenkins' xUnit plugin have in common: nothing else is in the file, and the counts
 * are right. */
static void keeps_the_rules(xmlDocPtr document)
{
    static const char *const never[] = {
        "/testsuites/*[not(self::testsuite)]",
        "//testsuite/*[not(self::testcase)]",
        "//testcase/*[not(self::skipped or self::error or self::failure or self::system-out)]",
        "//testcase[count(skipped | error | failure) > 1 or count(system-out) > 1]",
        "//testcase/system-out/following-sibling::*",
        "//testcase/*/*",
        "/testsuites/@*[not(contains(' name tests failures errors time ', concat(' ', name(), ' ')))]",
        "//testsuite/@*[not(contains(' name tests failures errors skipped time timestamp hostname ',"
        " concat(' ', name(), ' ')))]",
        "//testcase/@*[not(contains(' name classname time ', concat(' ', name(), ' ')))]",
        "//testsuite[not(@name and @tests and @failures and @errors and @skipped)]",
        "//testsuite[@tests != count(testcase) or @failures != count(testcase/failure) or"
        " @errors != count(testcase/error) or @skipped != count(testcase/skipped)]",
        "/testsuites[not(@tests = count(//testcase) and @failures = count(//failure) and @errors = count(//error))]",
        "//@time[translate(., '0123456789', '') != '.']",
    };
    for (unsigned i = 0; i < VG_COUNT(never); i++)
        if (count(document, never[i]) != 0)
            fail_msg("%s", never[i]);
}

static void expect(const struct vg_results *results, const char *path, unsigned wanted)
{
    xmlDocPtr document = write_junit(results);
    keeps_the_rules(document);
    unsigned found = (unsigned)count(document, path);
    xmlFreeDoc(document);
    if (found != wanted)
        fail_msg("%s: %u, wanted %u", path, found, wanted);
}

static void verdicts_become_elements(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    struct vg_judgement *pass = add_judgement(results, "fair", "virtio-venus", VG_PASS, NULL);
    add_value(pass, "fair.jain", 0.5, "1");
    add_judgement(results, "fair", "virtio-virgl", VG_FAIL, "unfair");
    add_judgement(results, "fair", "native", VG_LOST, "died");
    add_judgement(results, "canary", "native", VG_TIMEOUT, "slow");
    add_judgement(results, "canary", "virtio-venus", VG_INVALID, "busy");
    add_judgement(results, "canary", "virtio-virgl", VG_SKIP, "no vulkan");
    add_judgement(results, "canary", "gvt-g", VG_FINDING, "not cleared");
    expect(results, "/testsuites/testsuite", 2);
    expect(results, "/testsuites/testsuite[@name='fair' and @tests='3' and @failures='1' and @errors='1']", 1);
    expect(results, "/testsuites/testsuite[@name='canary' and @tests='4' and @errors='2' and @skipped='1']", 1);
    expect(results, "//testcase", 7);
    expect(results, "//testcase/failure[@message='fail: unfair']", 1);
    expect(results, "//testcase/error[@type='lost' or @type='timeout']", 2);
    expect(results, "//testcase/error[@type='invalid' and @message='invalid: busy']", 1);
    expect(results, "//testcase/skipped[@message='no vulkan']", 1);
    expect(results, "//testcase/system-out[starts-with(., 'finding on gvt-g, ') and contains(., 'not cleared')]", 1);
    expect(results, "//testcase/system-out[contains(., '\nfair.jain = 0.5\n')]", 1);
    expect(results, "/testsuites[@tests='7' and @failures='1' and @errors='3' and @time='87.500']", 1);
    expect(results, "//testcase[@time='12.500']", 7);
    drop_results(results);
}

static void invalid_alone_is_an_error(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "canary", "virtio-venus", VG_INVALID, "busy");
    expect(results, "//testcase/error[@type='invalid' and @message='invalid: busy']", 1);
    drop_results(results);
}

static void an_interrupted_run_is_an_error(void **state)
{
    (void)state;
    struct vg_results *results = make_results("reference");
    add_judgement(results, "fair", "native", VG_PASS, NULL);
    expect(results, "//error", 0);
    free(results->run->state);
    results->run->state = vg_strdup("interrupted");
    expect(results, "//testsuite[@errors='1']/testcase/error[@type='incomplete']", 1);
    expect(results, "/testsuites[@tests='2' and @errors='1']", 1);
    drop_results(results);
}

static void foreign_text_stays_text(void **state)
{
    (void)state;
    static const char *const hostile[] = { "</testcase><evil/>", "\"><evil a=\"", "]]>\x01\x1b[31m\xff\xef\xbf\xbf",
                                           "&evil;", "\xed\xa0\x80" };
    for (unsigned i = 0; i < VG_COUNT(hostile); i++) {
        struct vg_results *results = make_results(hostile[i]);
        struct vg_judgement *judgement = add_judgement(results, hostile[i], hostile[i], VG_FAIL, hostile[i]);
        add_value(judgement, hostile[i], 1, hostile[i]);
        add_check(judgement, hostile[i], hostile[i], 1, 2, false);
        expect(results, "//evil", 0);
        expect(results, "//testcase", 1);
        drop_results(results);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_become_elements),
        cmocka_unit_test(invalid_alone_is_an_error),
        cmocka_unit_test(an_interrupted_run_is_an_error),
        cmocka_unit_test(foreign_text_stays_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
