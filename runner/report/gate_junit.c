/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gate's result as JUnit XML: one case per metric, one per result in trouble, one for the comparison as such. */
#include "report/gate.h"
#include "report/xml.h"

static void count_attribute(struct vg_xml *xml, const char *name, unsigned count)
{
    vg_autofree char *number = vg_format("%u", count);
    vg_xml_attribute(xml, name, number);
}

static void open_suite(struct vg_xml *xml, const char *name, unsigned tests, unsigned failures, unsigned errors,
                       unsigned skipped)
{
    vg_xml_open(xml, "testsuite");
    vg_xml_attribute(xml, "name", name);
    count_attribute(xml, "tests", tests);
    count_attribute(xml, "failures", failures);
    count_attribute(xml, "errors", errors);
    count_attribute(xml, "skipped", skipped);
}

static void open_case(struct vg_xml *xml, const char *class_name, const char *name)
{
    vg_xml_open(xml, "testcase");
    vg_xml_attribute(xml, "classname", class_name);
    vg_xml_attribute(xml, "name", name);
}

static void outcome(struct vg_xml *xml, const char *element, const char *type, const char *message)
{
    vg_xml_open(xml, element);
    vg_xml_attribute(xml, "message", message);
    if (!vg_equal(element, "skipped"))
        vg_xml_attribute(xml, "type", type);
    vg_xml_close(xml);
}

/* "now 47 us, then 31.2 us: +50.6 % (+48.1 % to +53.0 %), threshold 5 %" */
static char *numbers(const struct vg_compared *item)
{
    vg_autofree char *then = vg_report_value_text(item->then.median, item->unit);
    vg_autofree char *now = vg_report_value_text(item->now.median, item->unit);
    vg_autofree char *change = vg_gate_change_text(item), *interval = vg_gate_interval_text(item);
    vg_autofree char *note = vg_report_clean(item->note);
    return vg_format("%s: now %s, then %s: %s (%s), threshold %.3g %%%s%s", vg_change_name(item->change), now, then,
                     change, interval, 100 * item->min_effect, *note ? "; " : "", note);
}

static void write_metrics(struct vg_xml *xml, const struct vg_gate *gate)
{
    const struct vg_comparison *comparison = gate->comparison;
    unsigned failures = 0, skipped = 0;
    for (unsigned i = 0; i < comparison->count; i++) {
        bool closes = vg_gate_closes(gate, comparison->items[i].change);
        failures += closes;
        skipped += !closes && comparison->items[i].change >= VG_CHANGE_INSUFFICIENT;
    }
    open_suite(xml, "metrics", comparison->count, failures, 0, skipped);
    for (unsigned i = 0; i < comparison->count; i++) {
        const struct vg_compared *item = &comparison->items[i];
        vg_autofree char *said = numbers(item);
        open_case(xml, "vgauge.metric", item->id);
        if (vg_gate_closes(gate, item->change))
            outcome(xml, "failure", vg_change_name(item->change), said);
        else if (item->change >= VG_CHANGE_INSUFFICIENT)
            outcome(xml, "skipped", NULL, said);
        else
            vg_xml_element(xml, "system-out", said);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
}

static void write_objections(struct vg_xml *xml, const struct vg_gate *gate)
{
    open_suite(xml, "comparability", 1, 0, gate->objection_count > 0, 0);
    open_case(xml, "vgauge.gate", "the runs can be compared");
    vg_autotext struct vg_text all = { 0 };
    for (unsigned i = 0; i < gate->objection_count; i++)
        vg_text_add(&all, "%s%s", i ? " " : "", gate->objections[i]);
    if (gate->objection_count)
        outcome(xml, "error", "not comparable", all.data);
    vg_xml_close(xml);
    vg_xml_close(xml);
}

/* A failure, or a pass that closes a strict gate. */
static bool is_failure(const struct vg_judgement *judgement)
{
    return judgement->verdict == VG_FAIL || judgement->verdict == VG_PASS;
}

static void write_troubles(struct vg_xml *xml, const struct vg_gate *gate)
{
    unsigned count, failures = 0;
    vg_autofree const struct vg_judgement **troubles = vg_gate_troubles(gate, &count);
    for (unsigned i = 0; i < count; i++)
        failures += is_failure(troubles[i]);
    if (count == 0)
        return;
    open_suite(xml, "results", count, failures, count - failures, 0);
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *name = vg_format("%s.%s", troubles[i]->test, troubles[i]->instance);
        vg_autofree char *reasons = vg_report_reasons_text(troubles[i], 4000);
        open_case(xml, "vgauge.result", name);
        const char *overlay = vg_overlay_name(troubles[i]->overlay);
        outcome(xml, is_failure(troubles[i]) ? "failure" : "error",
                *overlay ? overlay : vg_verdict_name(troubles[i]->verdict),
                *reasons ? reasons : troubles[i]->overlay_reason);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
}

/* Each is a failure where it closes the gate. */
static void write_unmatched(struct vg_xml *xml, const struct vg_gate *gate)
{
    unsigned count;
    vg_autofree const char **sentences = vg_gate_unmatched(gate, &count);
    if (count == 0)
        return;
    open_suite(xml, "expectations", count, gate->strict ? count : 0, 0, gate->strict ? 0 : count);
    for (unsigned i = 0; i < count; i++) {
        open_case(xml, "vgauge.expectation", sentences[i]);
        outcome(xml, gate->strict ? "failure" : "skipped", "unmatched", sentences[i]);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
}

bool vg_report_gate_junit(const struct vg_gate *gate, const char *path, struct vg_error *err)
{
    struct vg_xml *xml = vg_xml_create(VG_XML_DOCUMENT, err);
    if (!xml)
        return false;
    vg_autofree char *name = vg_format("vgauge gate against %s", gate->title);
    vg_xml_open(xml, "testsuites");
    vg_xml_attribute(xml, "name", name);
    write_objections(xml, gate);
    if (gate->comparison)
        write_metrics(xml, gate);
    write_troubles(xml, gate);
    write_unmatched(xml, gate);
    vg_xml_close(xml);
    return vg_xml_save(xml, path, err);
}
