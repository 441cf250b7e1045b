/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document of a certification package: what a vendor hands to a customer. Product, what was tested, what was
 * claimed, what held, what was waived. Made of the statement alone, with a style of its own: whoever verifies a package
 * makes this page again and compares it byte by byte. */
#include "report/report.h"
#include "report/xml.h"

/* Every pair of text and background has a contrast of at least 4.5:1; a word says what a colour says. */
static const char style[] =
    ":root{color-scheme:light}*{box-sizing:border-box}"
    "body{margin:0 auto;padding:2.5rem clamp(1rem,5vw,4rem) 4rem;max-width:62rem;background:#fff;color:#1c2126;"
    "font:1rem/1.5 \"DejaVu Sans\",\"Noto Sans\",system-ui,sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.7rem;line-height:1.25;margin:.2rem 0 1rem}h2{font-size:1.2rem;margin:2.2rem 0 .5rem}"
    ".kind{color:#56606a;margin:0;letter-spacing:.06em;text-transform:uppercase;font-size:.8rem}"
    ".outcome{border-left:6px solid;padding:.8rem 1.2rem;font-size:1.25rem;font-weight:650;margin:1rem 0}"
    ".outcome.good{border-color:#1c9a5b;background:#dff3e7;color:#0a6138}"
    ".outcome.waived{border-color:#c9920e;background:#fbefc9;color:#6a4a00}"
    ".outcome.bad{border-color:#d03a35;background:#fde5e4;color:#a01518}"
    "dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.25rem 1.5rem;margin:0}"
    "dt{color:#56606a}dd{margin:0}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #dcdfe2}"
    "thead th{color:#56606a;font-weight:400}tr{break-inside:avoid}.small{font-size:.85rem;color:#56606a}"
    "@media print{body{padding:0;font-size:10pt}h2{break-after:avoid}}";

static void text_cell(struct vg_xml *xml, const char *text)
{
    vg_xml_element(xml, "td", text && *text ? text : "\u2013");
}

static void begin_table(struct vg_xml *xml, const char *const *titles)
{
    vg_xml_open_class(xml, "div", "scroll");
    vg_xml_open(xml, "table");
    vg_xml_open(xml, "thead");
    vg_xml_open(xml, "tr");
    for (; *titles; titles++) {
        vg_xml_open(xml, "th");
        vg_xml_attribute(xml, "scope", "col");
        vg_xml_text(xml, *titles);
        vg_xml_close(xml);
    }
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_open(xml, "tbody");
}

static void end_table(struct vg_xml *xml)
{
    for (int i = 0; i < 3; i++)
        vg_xml_close(xml);
}

static void entry(struct vg_xml *xml, const char *term, const char *text)
{
    vg_xml_element(xml, "dt", term);
    vg_xml_element(xml, "dd", text && *text ? text : "\u2013");
}

/* The `name` members of a list, or its texts: "full, half". Caller frees. */
static char *joined(const json_t *list)
{
    struct vg_text text = { 0 };
    size_t index;
    json_t *member;
    vg_text_add(&text, "%s", "");
    json_array_foreach(list, index, member)
    {
        const char *word = json_is_string(member) ? json_string_value(member) : vg_json_text_or(member, "name", "?");
        vg_text_add(&text, "%s%s", index ? ", " : "", word);
    }
    return text.data;
}

static char *profiles(const json_t *list)
{
    struct vg_text text = { 0 };
    size_t index;
    json_t *profile;
    vg_text_add(&text, "%s", "");
    json_array_foreach(list, index, profile)
    {
        int64_t memory_mib = vg_json_int_or(profile, "memory_mib", 0), most = vg_json_int_or(profile, "max", 0);
        vg_text_add(&text, "%s%s", index ? "; " : "", vg_json_text_or(profile, "name", "?"));
        if (memory_mib)
            vg_text_add(&text, ", %lld MiB", (long long)memory_mib);
        vg_text_add(&text, ", at most %lld per pGPU", (long long)most);
    }
    return text.data;
}

static void write_head(struct vg_xml *xml, const char *title)
{
    vg_xml_open(xml, "head");
    vg_xml_open(xml, "meta");
    vg_xml_attribute(xml, "charset", "utf-8");
    vg_xml_close_void(xml);
    vg_xml_open(xml, "meta");
    vg_xml_attribute(xml, "http-equiv", "Content-Security-Policy");
    vg_xml_attribute(xml, "content", "default-src 'none'; style-src 'unsafe-inline'");
    vg_xml_close_void(xml);
    vg_xml_open(xml, "meta");
    vg_xml_attribute(xml, "name", "viewport");
    vg_xml_attribute(xml, "content", "width=device-width, initial-scale=1");
    vg_xml_close_void(xml);
    vg_xml_element(xml, "title", title);
    vg_xml_open(xml, "style");
    vg_xml_raw(xml, style);
    vg_xml_close(xml);
    vg_xml_close(xml);
}

static void write_outcome(struct vg_xml *xml, const json_t *statement)
{
    const char *outcome = vg_json_text_or(statement, "outcome", "");
    const json_t *counts = json_object_get(statement, "counts");
    bool bad = vg_equal(outcome, "does not conform"), waived = vg_equal(outcome, "conforms with waivers");
    vg_autofree char *line =
        vg_format("%c%s.", outcome[0] ? outcome[0] - 'a' + 'A' : '?', outcome[0] ? outcome + 1 : "");
    vg_xml_element_class(xml, "p", bad ? "outcome bad" : waived ? "outcome waived" : "outcome good", line);
    vg_autofree char *sentence = vg_format(
        "Of the requirements that apply, %lld held, %lld are not met, %lld are waived, and %lld gave a finding (a "
        "guarantee "
        "that is documented to be absent). %lld do not apply to this product. %lld results decided this.",
        (long long)vg_json_int_or(counts, "held", 0), (long long)vg_json_int_or(counts, "not met", 0),
        (long long)vg_json_int_or(counts, "waived", 0), (long long)vg_json_int_or(counts, "finding", 0),
        (long long)vg_json_int_or(counts, "not applicable", 0), (long long)vg_json_int_or(counts, "results", 0));
    vg_xml_element(xml, "p", sentence);
}

static void write_product(struct vg_xml *xml, const json_t *statement)
{
    const json_t *tested = json_object_get(statement, "tested"), *made = json_object_get(statement, "vgauge");
    vg_autofree char *when =
        vg_format("%s to %s", vg_json_text_or(tested, "started", "?"), vg_json_text_or(tested, "ended", "?"));
    vg_autofree char *by = vg_format("vgauge %s, commit %s, plan %s, seed %s", vg_json_text_or(made, "version", "?"),
                                     vg_json_text_or(made, "source", "?"), vg_json_text_or(tested, "plan", "?"),
                                     vg_json_text_or(tested, "seed", "?"));
    vg_xml_open(xml, "dl");
    entry(xml, "Product", vg_json_text_or(statement, "product", NULL));
    entry(xml, "Vendor", vg_json_text_or(statement, "vendor", NULL));
    entry(xml, "Tested", when);
    entry(xml, "Host", vg_json_text_or(tested, "host", NULL));
    entry(xml, "Tested with", by);
    entry(xml, "Suite", vg_json_text_or(made, "suite", NULL));
    vg_xml_close(xml);
}

static void write_claims(struct vg_xml *xml, const json_t *statement)
{
    static const char *const titles[] = { "Mechanism", "vGPU profiles", "Scheduling policies", NULL };
    size_t index;
    json_t *claim;
    vg_xml_element(xml, "h2", "What was claimed");
    vg_xml_element(xml, "p", "The vendor says that the product offers this. It was held to it, and to no more.");
    begin_table(xml, titles);
    json_array_foreach(json_object_get(statement, "claimed"), index, claim)
    {
        vg_autofree char *offered = profiles(json_object_get(claim, "profiles"));
        vg_autofree char *policies = joined(json_object_get(claim, "policies"));
        vg_xml_open(xml, "tr");
        text_cell(xml, vg_json_text_or(claim, "name", NULL));
        text_cell(xml, offered);
        text_cell(xml, policies);
        vg_xml_close(xml);
    }
    end_table(xml);
}

static void write_requirements(struct vg_xml *xml, const json_t *statement)
{
    static const char *const titles[] = { "Requirement",          "Level", "What it says", "Outcome",
                                          "Decided by (results)", NULL };
    size_t index;
    json_t *requirement;
    vg_xml_element(xml, "h2", "What was tested, and what held");
    begin_table(xml, titles);
    json_array_foreach(json_object_get(statement, "requirements"), index, requirement)
    {
        vg_autotext struct vg_text tests = { 0 };
        const char *test;
        json_t *count;
        json_object_foreach(json_object_get(requirement, "results_by_test"), test, count)
            vg_text_add(&tests, "%s%s (%lld)", tests.length ? ", " : "", test, (long long)json_integer_value(count));
        vg_autofree char *level = vg_format("%s, %s", vg_json_text_or(requirement, "level", "?"),
                                            vg_json_text_or(requirement, "severity", "?"));
        vg_xml_open(xml, "tr");
        text_cell(xml, vg_json_text_or(requirement, "id", NULL));
        text_cell(xml, level);
        text_cell(xml, vg_json_text_or(requirement, "statement", NULL));
        text_cell(xml, vg_json_text_or(requirement, "outcome", NULL));
        text_cell(xml, tests.data);
        vg_xml_close(xml);
    }
    end_table(xml);
}

/* Results one by one; nothing is written if there are none. */
static void write_results(struct vg_xml *xml, const json_t *list, const char *heading, const char *sentence,
                          bool waived)
{
    static const char *const titles[] = { "Test", "Instance", "Verdict", "Why", NULL };
    static const char *const waiver_titles[] = { "Test",      "Instance", "Verdict", "Why it is waived",
                                                 "Reference", "Until",    NULL };
    size_t index;
    json_t *result;
    if (!json_array_size(list))
        return;
    vg_xml_element(xml, "h2", heading);
    vg_xml_element(xml, "p", sentence);
    begin_table(xml, waived ? waiver_titles : titles);
    json_array_foreach(list, index, result)
    {
        bool mandatory = json_is_true(json_object_get(result, "mandatory"));
        vg_autofree char *test =
            vg_format("%s%s", vg_json_text_or(result, "test", "?"), mandatory ? "" : " (optional)");
        vg_xml_open(xml, "tr");
        text_cell(xml, test);
        text_cell(xml, vg_json_text_or(result, "instance", NULL));
        text_cell(xml, vg_json_text_or(result, "verdict", NULL));
        text_cell(xml, vg_json_text_or(result, waived ? "waived_because" : "reason", NULL));
        if (waived) {
            text_cell(xml, vg_json_text_or(result, "reference", NULL));
            text_cell(xml, vg_json_text_or(result, "expires", NULL));
        }
        vg_xml_close(xml);
    }
    end_table(xml);
}

static void write_environment(struct vg_xml *xml, const json_t *statement)
{
    static const char *const titles[] = { "What", "Value", "How it was read", NULL };
    size_t index;
    json_t *field, *digest;
    const char *program;
    vg_xml_element(xml, "h2", "Environment");
    begin_table(xml, titles);
    json_array_foreach(json_object_get(statement, "environment"), index, field)
    {
        vg_xml_open(xml, "tr");
        text_cell(xml, vg_json_text_or(field, "what", NULL));
        text_cell(xml, vg_json_text_or(field, "value", "could not be read"));
        text_cell(xml, vg_json_text_or(field, "source", NULL));
        vg_xml_close(xml);
    }
    json_object_foreach(json_object_get(json_object_get(statement, "vgauge"), "programs"), program, digest)
    {
        vg_xml_open(xml, "tr");
        text_cell(xml, program);
        text_cell(xml, json_string_value(digest));
        text_cell(xml, "digest of the program that ran");
        vg_xml_close(xml);
    }
    end_table(xml);
}

static void write_body(struct vg_xml *xml, const json_t *statement)
{
    vg_autofree char *title =
        vg_format("%s, by %s", vg_json_text_or(statement, "product", "?"), vg_json_text_or(statement, "vendor", "?"));
    vg_autofree char *not_run = joined(json_object_get(statement, "not_run"));
    vg_xml_element_class(xml, "p", "kind", "vGPU conformance, by vgauge");
    vg_xml_element(xml, "h1", title);
    write_outcome(xml, statement);
    write_product(xml, statement);
    write_claims(xml, statement);
    write_results(xml, json_object_get(statement, "not_met"), "What is not met",
                  "These results broke a requirement. An optional one does not decide about conformance.", false);
    write_results(
        xml, json_object_get(statement, "waived"), "What was waived",
        "These results are not in order, and somebody answers for each: with a reason, a reference, and a day "
        "on which the waiver ends.",
        true);
    write_results(xml, json_object_get(statement, "findings"), "Findings",
                  "These guarantees are absent, and documented to be absent. They are no failures; a customer should "
                  "know them.",
                  false);
    write_requirements(xml, statement);
    if (*not_run) {
        vg_xml_element(xml, "h2", "Optional tests that were not run");
        vg_xml_element(xml, "p", not_run);
    }
    write_environment(xml, statement);
    vg_xml_element(xml, "h2", "How to check this document");
    vg_xml_element(xml, "p",
                   "This page is part of a package with every raw sample behind it. `vgauge verify PACKAGE --key PUB` "
                   "needs nothing else: it checks the signature and every digest, judges each result again from its "
                   "raw samples by the thresholds of the suite, and makes this page again to compare it.");
}

char *vg_report_certificate(const json_t *statement, struct vg_error *err)
{
    struct vg_xml *xml = vg_xml_create(VG_XML_HTML, err);
    if (!xml)
        return NULL;
    vg_autofree char *title = vg_format("vGPU conformance of %s", vg_json_text_or(statement, "product", "?"));
    vg_xml_open(xml, "html");
    vg_xml_attribute(xml, "lang", "en");
    write_head(xml, title);
    vg_xml_open(xml, "body");
    vg_xml_open(xml, "main");
    write_body(xml, statement);
    vg_xml_close(xml);
    vg_xml_close(xml);
    vg_xml_close(xml);
    return vg_xml_finish(xml, err);
}
