/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document of a certification package: what a vendor hands to a customer. Product, what was tested, what was
 * claimed, what held, what was waived. Made of the statement alone: whoever verifies a package makes this document
 * again and compares it byte by byte, as a page and as PDF. */
#include "report/report.h"
#include "report/sheet.h"

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

/* "fixed-share, period 20 ms, slice 5 ms": limits of waits and gaps follow from them. Caller frees. */
static char *policies(const json_t *list)
{
    static const char *const times[][2] = { { "period_us", "period" }, { "slice_us", "slice" } };
    struct vg_text text = { 0 };
    size_t index;
    json_t *policy;
    vg_text_add(&text, "%s", "");
    json_array_foreach(list, index, policy)
    {
        vg_text_add(&text, "%s%s", index ? "; " : "", vg_json_text_or(policy, "name", "?"));
        for (size_t i = 0; i < VG_COUNT(times); i++) {
            int64_t us = vg_json_int_or(policy, times[i][0], 0);
            if (us)
                vg_text_add(&text, ", %s %g ms", times[i][1], (double)us / 1e3);
        }
        int64_t elastic_percent = vg_json_int_or(policy, "elastic_percent", 0);
        if (elastic_percent)
            vg_text_add(&text, ", elastic by %lld %%", (long long)elastic_percent);
    }
    return text.data;
}

/* ", 2 of them of level MUST": a customer should not have to count them. Caller frees. */
static char *mandatory_untested(const json_t *statement)
{
    unsigned count = 0;
    size_t index;
    json_t *requirement;
    json_array_foreach(json_object_get(statement, "requirements"), index, requirement) count +=
        vg_equal(vg_json_text_or(requirement, "outcome", ""), "not tested") &&
        vg_equal(vg_json_text_or(requirement, "level", ""), "MUST");
    return count ? vg_format(", %u of them of level MUST", count) : vg_strdup("");
}

static void write_outcome(struct vg_sheet *sheet, const json_t *statement)
{
    const char *outcome = vg_json_text_or(statement, "outcome", "");
    const json_t *counts = json_object_get(statement, "counts");
    bool bad = vg_equal(outcome, "does not conform"), waived = vg_equal(outcome, "conforms with waivers");
    vg_autofree char *line =
        vg_format("%c%s.", outcome[0] ? outcome[0] - 'a' + 'A' : '?', outcome[0] ? outcome + 1 : "");
    vg_sheet_add(sheet, bad ? VG_SHEET_BAD : waived ? VG_SHEET_WAIVED : VG_SHEET_GOOD, line);
    vg_autofree char *owed = mandatory_untested(statement);
    vg_autofree char *sentence = vg_format(
        "Of the requirements that apply, %lld held, %lld are not met, %lld are waived, and %lld gave a finding (a "
        "guarantee that is documented to be absent). %lld were not tested%s. %lld do not apply to this product. %lld "
        "results decided this.",
        (long long)vg_json_int_or(counts, "held", 0), (long long)vg_json_int_or(counts, "not met", 0),
        (long long)vg_json_int_or(counts, "waived", 0), (long long)vg_json_int_or(counts, "finding", 0),
        (long long)vg_json_int_or(counts, "not tested", 0), owed,
        (long long)vg_json_int_or(counts, "not applicable", 0), (long long)vg_json_int_or(counts, "results", 0));
    vg_sheet_add(sheet, VG_SHEET_PARAGRAPH, sentence);
}

static void entry(struct vg_sheet *sheet, const char *term, const char *text)
{
    vg_sheet_cell(sheet, term);
    vg_sheet_cell(sheet, text);
}

/* "2026-11-22T18:47:32Z" as people write it; anything else as it is. Caller frees. */
static char *instant(const char *text)
{
    size_t length = strlen(text);
    if (length != strlen("2026-11-22T18:47:32Z") || text[10] != 'T' || text[length - 1] != 'Z')
        return vg_strdup(text);
    return vg_format("%.10s %.8s UTC", text, text + 11);
}

static void write_product(struct vg_sheet *sheet, const json_t *statement)
{
    const json_t *tested = json_object_get(statement, "tested"), *made = json_object_get(statement, "vgauge");
    vg_autofree char *from = instant(vg_json_text_or(tested, "started", "?"));
    vg_autofree char *to = instant(vg_json_text_or(tested, "ended", "?"));
    vg_autofree char *when = vg_format("%s to %s", from, to);
    vg_autofree char *by = vg_format("vgauge %s, commit %s, plan %s, seed %s", vg_json_text_or(made, "version", "?"),
                                     vg_json_text_or(made, "source", "?"), vg_json_text_or(tested, "plan", "?"),
                                     vg_json_text_or(tested, "seed", "?"));
    vg_sheet_terms(sheet);
    entry(sheet, "Product", vg_json_text_or(statement, "product", NULL));
    entry(sheet, "Vendor", vg_json_text_or(statement, "vendor", NULL));
    entry(sheet, "Tested", when);
    entry(sheet, "Host", vg_json_text_or(tested, "host", NULL));
    entry(sheet, "Tested with", by);
    entry(sheet, "Suite", vg_json_text_or(made, "suite", NULL));
}

/* "equal-share: entitled to 1/N of those that run, idle time given away": whatever is not said is left out. */
static char *promises(const json_t *list)
{
    static const char *const members[][2] = { { "entitlement", "entitled by" },
                                              { "idle", "idle tenants' time" },
                                              { "change", "takes effect" } };
    struct vg_text text = { 0 };
    size_t index;
    json_t *promise;
    vg_text_add(&text, "%s", "");
    json_array_foreach(list, index, promise)
    {
        vg_text_add(&text, "%s%s:", index ? "; " : "", vg_json_text_or(promise, "policy", "?"));
        unsigned said = 0;
        for (size_t i = 0; i < VG_COUNT(members); i++) {
            const char *word = vg_json_text_or(promise, members[i][0], NULL);
            if (word)
                vg_text_add(&text, "%s %s %s", said++ ? "," : "", members[i][1], word);
        }
    }
    return text.data;
}

static void write_claims(struct vg_sheet *sheet, const json_t *statement)
{
    static const struct vg_sheet_column columns[] = {
        { "Mechanism", 3 }, { "vGPU profiles", 7 }, { "Scheduling policies", 4 }, { "Promises", 4 }
    };
    size_t index;
    json_t *claim;
    vg_sheet_add(sheet, VG_SHEET_HEADING, "What was claimed");
    vg_sheet_add(sheet, VG_SHEET_PARAGRAPH,
                 "The vendor says that the product offers this. It was held to it, and to no more.");
    vg_sheet_table(sheet, columns, VG_COUNT(columns));
    json_array_foreach(json_object_get(statement, "claimed"), index, claim)
    {
        vg_autofree char *offered = profiles(json_object_get(claim, "profiles"));
        vg_autofree char *promised = promises(json_object_get(claim, "promises"));
        vg_autofree char *scheduled = policies(json_object_get(claim, "policies"));
        /* Where it is expected, no test fails because a driver fell back to it. */
        bool software = json_is_true(json_object_get(claim, "software_renderer"));
        vg_autofree char *name =
            vg_format("%s%s", vg_json_text_or(claim, "name", "?"), software ? ", rendering in software" : "");
        vg_sheet_cell(sheet, name);
        vg_sheet_cell(sheet, offered);
        vg_sheet_cell(sheet, scheduled);
        vg_sheet_cell(sheet, promised);
    }
}

static void write_requirements(struct vg_sheet *sheet, const json_t *statement)
{
    static const struct vg_sheet_column columns[] = {
        { "Requirement", 6 }, { "Level", 4 }, { "What it says", 12 }, { "Outcome", 4 }, { "Results, or why none", 8 }
    };
    size_t index;
    json_t *requirement;
    vg_sheet_add(sheet, VG_SHEET_HEADING, "What was tested, and what held");
    vg_sheet_table(sheet, columns, VG_COUNT(columns));
    json_array_foreach(json_object_get(statement, "requirements"), index, requirement)
    {
        vg_autotext struct vg_text tests = { 0 };
        const char *test;
        json_t *count;
        json_object_foreach(json_object_get(requirement, "results_by_test"), test, count)
            vg_text_add(&tests, "%s%s (%lld)", tests.length ? ", " : "", test, (long long)json_integer_value(count));
        vg_autofree char *level = vg_format("%s, %s", vg_json_text_or(requirement, "level", "?"),
                                            vg_json_text_or(requirement, "severity", "?"));
        vg_sheet_cell(sheet, vg_json_text_or(requirement, "id", NULL));
        vg_sheet_cell(sheet, level);
        vg_sheet_cell(sheet, vg_json_text_or(requirement, "statement", NULL));
        vg_sheet_cell(sheet, vg_json_text_or(requirement, "outcome", NULL));
        vg_sheet_cell(sheet, tests.data ? tests.data : vg_json_text_or(requirement, "reason", NULL));
    }
}

/* Results one by one; nothing is written if there are none. */
static void write_results(struct vg_sheet *sheet, const json_t *list, const char *heading, const char *sentence,
                          bool waived)
{
    static const struct vg_sheet_column columns[] = {
        { "Test", 5 }, { "Instance", 7 }, { "Verdict", 3 }, { "Why", 13 }
    };
    static const struct vg_sheet_column waiver_columns[] = { { "Test", 5 },      { "Instance", 7 },
                                                             { "Verdict", 3 },   { "Why it is waived", 8 },
                                                             { "Reference", 4 }, { "Until", 4 } };
    size_t index;
    json_t *result;
    if (!json_array_size(list))
        return;
    vg_sheet_add(sheet, VG_SHEET_HEADING, heading);
    vg_sheet_add(sheet, VG_SHEET_PARAGRAPH, sentence);
    vg_sheet_table(sheet, waived ? waiver_columns : columns, waived ? VG_COUNT(waiver_columns) : VG_COUNT(columns));
    json_array_foreach(list, index, result)
    {
        bool mandatory = json_is_true(json_object_get(result, "mandatory"));
        vg_autofree char *test =
            vg_format("%s%s", vg_json_text_or(result, "test", "?"), mandatory ? "" : " (optional)");
        vg_sheet_cell(sheet, test);
        vg_sheet_cell(sheet, vg_json_text_or(result, "instance", NULL));
        vg_sheet_cell(sheet, vg_json_text_or(result, "verdict", NULL));
        vg_sheet_cell(sheet, vg_json_text_or(result, waived ? "waived_because" : "reason", NULL));
        if (waived) {
            vg_sheet_cell(sheet, vg_json_text_or(result, "reference", NULL));
            vg_sheet_cell(sheet, vg_json_text_or(result, "expires", NULL));
        }
    }
}

static void write_environment(struct vg_sheet *sheet, const json_t *statement)
{
    static const struct vg_sheet_column columns[] = { { "What", 5 }, { "Value", 7 }, { "How it was read", 5 } };
    size_t index;
    json_t *field, *digest;
    const char *program;
    vg_sheet_add(sheet, VG_SHEET_HEADING, "Environment");
    vg_sheet_table(sheet, columns, VG_COUNT(columns));
    json_array_foreach(json_object_get(statement, "environment"), index, field)
    {
        vg_sheet_cell(sheet, vg_json_text_or(field, "what", NULL));
        vg_sheet_cell(sheet, vg_json_text_or(field, "value", "could not be read"));
        vg_sheet_cell(sheet, vg_json_text_or(field, "source", NULL));
    }
    json_object_foreach(json_object_get(json_object_get(statement, "vgauge"), "programs"), program, digest)
    {
        vg_sheet_cell(sheet, program);
        vg_sheet_cell(sheet, json_string_value(digest));
        vg_sheet_cell(sheet, "digest of the program that ran");
    }
}

static void write_body(struct vg_sheet *sheet, const json_t *statement)
{
    vg_autofree char *title =
        vg_format("%s, by %s", vg_json_text_or(statement, "product", "?"), vg_json_text_or(statement, "vendor", "?"));
    vg_autofree char *not_run = joined(json_object_get(statement, "not_run"));
    vg_sheet_add(sheet, VG_SHEET_KIND, "vGPU conformance, by vgauge");
    vg_sheet_add(sheet, VG_SHEET_TITLE, title);
    write_outcome(sheet, statement);
    write_product(sheet, statement);
    write_claims(sheet, statement);
    write_results(sheet, json_object_get(statement, "not_met"), "What is not met",
                  "These results broke a requirement. An optional one does not decide about conformance.", false);
    write_results(
        sheet, json_object_get(statement, "waived"), "What was waived",
        "These results are not in order, and somebody answers for each: with a reason, a reference, and a day "
        "on which the waiver ends.",
        true);
    write_results(sheet, json_object_get(statement, "findings"), "Findings",
                  "These guarantees are absent, and documented to be absent. They are no failures; a customer should "
                  "know them.",
                  false);
    write_requirements(sheet, statement);
    if (*not_run) {
        vg_sheet_add(sheet, VG_SHEET_HEADING, "Optional tests that were not run");
        vg_sheet_add(sheet, VG_SHEET_PARAGRAPH, not_run);
    }
    write_environment(sheet, statement);
    vg_sheet_add(sheet, VG_SHEET_HEADING, "How to check this document");
    vg_sheet_add(
        sheet, VG_SHEET_PARAGRAPH,
        "This document is part of a package with every raw sample behind it. `vgauge verify PACKAGE --key PUB` "
        "needs nothing else: it checks the signature and every digest, judges each result again from its "
        "raw samples by the thresholds of the suite, and makes this document again, as a page and as PDF, to compare "
        "it byte by byte.");
}

static void fill(struct vg_sheet *sheet, const json_t *statement)
{
    sheet->title = vg_format("vGPU conformance of %s, by %s", vg_json_text_or(statement, "product", "?"),
                             vg_json_text_or(statement, "vendor", "?"));
    write_body(sheet, statement);
}

char *vg_report_certificate(const json_t *statement, struct vg_error *err)
{
    struct vg_sheet sheet VG_CLEANUP(vg_sheet_free) = { 0 };
    fill(&sheet, statement);
    return vg_sheet_html(&sheet, err);
}

char *vg_report_certificate_pdf(const json_t *statement)
{
    struct vg_sheet sheet VG_CLEANUP(vg_sheet_free) = { 0 };
    fill(&sheet, statement);
    return vg_sheet_pdf(&sheet, vg_json_text_or(json_object_get(statement, "tested"), "ended", NULL));
}
