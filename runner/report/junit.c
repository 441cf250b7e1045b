/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JUnit XML for CI systems, through libxml2's writer so that it is well-formed whatever a guest put into a name. */
#include <libxml/xmlwriter.h>
#include <math.h>
#include "report/parts.h"
#include "report/xml.h"

static void write_line(struct vg_xml *xml, const char *line)
{
    vg_xml_text(xml, line); /* no newline of its own gets through */
    vg_xml_text(xml, "\n");
}

/* As text, and not as `properties`: the schemas of JUnit and of Jenkins' xUnit plugin allow those only in a suite,
 * and some readers refuse the whole file for it. */
static void write_system_out(struct vg_xml *xml, const struct vg_judgement *judgement)
{
    vg_autotext struct vg_text head = { 0 };
    vg_autofree char *where = vg_report_instance_text(judgement);
    const char *overlay = vg_overlay_name(judgement->overlay);
    vg_text_add(&head, "%s on %s%s%s", vg_verdict_name(judgement->verdict), where, *overlay ? ", " : "", overlay);
    for (unsigned i = 0; i < judgement->requirements.count; i++)
        vg_text_add(&head, "%s%s", i ? ", " : "; decides ", judgement->requirements.items[i]);
    vg_xml_open(xml, "system-out");
    write_line(xml, head.data);
    if (!vg_report_gates(judgement->verdict) && judgement->verdict != VG_SKIP) /* else they are in the outcome */
        for (unsigned i = 0; i < judgement->reason_count; i++)
            write_line(xml, judgement->reasons[i]);
    for (unsigned i = 0; i < judgement->value_count; i++) {
        const struct vg_value *value = &judgement->values[i];
        vg_autofree char *number = isfinite(value->value) ? vg_format("%.9g", value->value) : vg_strdup("no value");
        bool counted = !value->unit || vg_equal(value->unit, "1");
        vg_autofree char *line =
            vg_format("%s = %s%s%s", value->metric, number, counted ? "" : " ", counted ? "" : value->unit);
        write_line(xml, line);
    }
    vg_xml_close(xml);
}

static void write_outcome(struct vg_xml *xml, const char *element, const struct vg_judgement *judgement)
{
    vg_autofree char *reasons = vg_report_reasons_text(judgement, 400);
    const char *overlay = vg_overlay_name(judgement->overlay);
    vg_autofree char *expected = *overlay ? vg_format("%s (%s), ", overlay, judgement->overlay_reason) : vg_strdup("");
    vg_autofree char *message = vg_format("%s%s: %s", expected, vg_verdict_name(judgement->verdict), reasons);
    vg_xml_open(xml, element);
    vg_xml_attribute(xml, "message", judgement->verdict == VG_SKIP ? reasons : message);
    if (!vg_equal(element, "skipped"))
        vg_xml_attribute(xml, "type", vg_verdict_name(judgement->verdict));
    for (unsigned i = 0; i < judgement->reason_count; i++) {
        vg_autofree char *reason = vg_report_clean(judgement->reasons[i]);
        write_line(xml, reason);
    }
    for (unsigned i = 0; i < judgement->check_count; i++) {
        const struct vg_checked *check = &judgement->checks[i];
        vg_autofree char *value = vg_report_value_text(check->value, check->unit);
        vg_autofree char *limit = vg_report_limit_text(check);
        vg_autofree char *line =
            vg_format("%s is %s; required: %s (%s)", check->metric, value, limit, check->met ? "met" : "not met");
        write_line(xml, line);
    }
    vg_xml_close(xml);
}

/* The element by which JUnit says that a case did not simply pass; NULL for one that did. What is expected is skipped:
 * JUnit has no other word for it. */
static const char *outcome_element(const struct vg_judgement *judgement)
{
    if (vg_judgement_gates(judgement))
        return judgement->verdict == VG_FAIL ? "failure" : "error";
    return judgement->verdict == VG_SKIP || vg_report_gates(judgement->verdict) ? "skipped" : NULL;
}

static void write_case(struct vg_xml *xml, const struct vg_judgement *judgement)
{
    vg_autofree char *name = vg_format("%s.%s", judgement->test, judgement->instance);
    vg_autofree char *time = vg_format("%.3f", isfinite(judgement->duration_s) ? judgement->duration_s : 0);
    vg_xml_open(xml, "testcase");
    vg_xml_attribute(xml, "name", name);
    vg_xml_attribute(xml, "classname", judgement->test);
    vg_xml_attribute(xml, "time", time);
    const char *element = outcome_element(judgement);
    if (element)
        write_outcome(xml, element, judgement);
    write_system_out(xml, judgement);
    vg_xml_close(xml);
}

struct counts {
    unsigned tests, failures, errors, skipped;
    double seconds;
};

static struct counts counts_of(const struct vg_report_group *group)
{
    struct counts counts = { .tests = group->count };
    for (unsigned i = 0; i < group->count; i++) {
        const char *element = outcome_element(group->instances[i]);
        counts.failures += vg_equal(element, "failure");
        counts.errors += vg_equal(element, "error");
        counts.skipped += vg_equal(element, "skipped");
        counts.seconds += isfinite(group->instances[i]->duration_s) ? group->instances[i]->duration_s : 0;
    }
    return counts;
}

/* Every reader wants them of a suite and of the whole; the schemas give the whole no `skipped`. */
static void write_counts(struct vg_xml *xml, const struct counts *counts, bool whole)
{
    const struct {
        const char *name;
        unsigned count;
    } attributes[] = {
        { "tests", counts->tests },
        { "failures", counts->failures },
        { "errors", counts->errors },
        { "skipped", counts->skipped },
    };
    for (unsigned i = 0; i < VG_COUNT(attributes) - whole; i++) {
        vg_autofree char *number = vg_format("%u", attributes[i].count);
        vg_xml_attribute(xml, attributes[i].name, number);
    }
    vg_autofree char *time = vg_format("%.3f", counts->seconds);
    vg_xml_attribute(xml, "time", time);
}

static void write_whole(struct vg_xml *xml, const struct vg_results *results, const struct vg_report_groups *groups,
                        bool incomplete)
{
    struct counts whole = { .tests = incomplete, .errors = incomplete };
    vg_autofree char *name = vg_format("vgauge %s on %s", results->run->plan, results->run->host);
    for (unsigned g = 0; g < groups->count; g++) {
        struct counts counts = counts_of(&groups->items[g]);
        whole.tests += counts.tests;
        whole.failures += counts.failures;
        whole.errors += counts.errors;
        whole.seconds += counts.seconds;
    }
    vg_xml_attribute(xml, "name", name);
    write_counts(xml, &whole, true);
}

/* A run that stopped half-way must not look like a small complete one: JUnit has no word for it but an error. */
static void write_incomplete(struct vg_xml *xml, const char *why)
{
    vg_xml_open(xml, "testsuite");
    vg_xml_attribute(xml, "name", "vgauge");
    vg_xml_attribute(xml, "tests", "1");
    vg_xml_attribute(xml, "failures", "0");
    vg_xml_attribute(xml, "errors", "1");
    vg_xml_attribute(xml, "skipped", "0");
    vg_xml_open(xml, "testcase");
    vg_xml_attribute(xml, "name", "the run is complete");
    vg_xml_attribute(xml, "classname", "vgauge");
    vg_xml_open(xml, "error");
    vg_xml_attribute(xml, "message", why);
    vg_xml_attribute(xml, "type", "incomplete");
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_close(xml);
}

bool vg_report_junit(const struct vg_results *results, const char *path, struct vg_error *err)
{
    vg_report_autogroups struct vg_report_groups groups = { 0 };
    vg_report_groups_make(results, &groups);
    vg_autofree char *incomplete = vg_report_incomplete_text(results->run);
    struct vg_xml *xml = vg_xml_create(VG_XML_DOCUMENT, err);
    if (!xml)
        return false;
    vg_xml_open(xml, "testsuites");
    write_whole(xml, results, &groups, incomplete != NULL);
    for (unsigned g = 0; g < groups.count; g++) {
        vg_xml_open(xml, "testsuite");
        vg_xml_attribute(xml, "name", groups.items[g].test);
        struct counts counts = counts_of(&groups.items[g]);
        write_counts(xml, &counts, false);
        vg_xml_attribute(xml, "timestamp", results->run->started);
        vg_xml_attribute(xml, "hostname", results->run->host);
        for (unsigned i = 0; i < groups.items[g].count; i++)
            write_case(xml, groups.items[g].instances[i]);
        vg_xml_close(xml);
    }
    if (incomplete)
        write_incomplete(xml, incomplete);
    vg_xml_close(xml);
    return vg_xml_save(xml, path, err);
}
