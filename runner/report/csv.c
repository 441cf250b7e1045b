/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV (RFC 4180) of every metric of a run: one row per result and metric, what was required of it beside it. */
#include <math.h>
#include "report/parts.h"

/* Names come from foreign files: a spreadsheet must not take one for a formula, nor a reader for a new row. */
void vg_report_csv_cell(FILE *out, const char *text, bool last)
{
    vg_autofree char *clean = vg_report_clean(text);
    fputc('"', out);
    if (*clean && strchr("=+-@", *clean))
        fputc('\'', out);
    for (const char *c = clean; *c; c++) {
        if (*c == '"')
            fputc('"', out);
        fputc(*c, out);
    }
    fputs(last ? "\"\r\n" : "\",", out);
}

static void write_number(FILE *out, double value, bool last)
{
    if (isfinite(value))
        fprintf(out, "%.17g", value);
    fputs(last ? "\r\n" : ",", out);
}

static void write_result(FILE *out, const struct vg_judgement *judgement)
{
    const char *const cells[] = { judgement->test, judgement->instance, judgement->mechanism, judgement->profile,
                                  judgement->policy };
    for (size_t i = 0; i < VG_COUNT(cells); i++)
        vg_report_csv_cell(out, cells[i], false);
    fprintf(out, "%u,%s,%s,", judgement->boot, vg_verdict_name(judgement->verdict),
            vg_overlay_name(judgement->overlay));
}

/* Metric, value, unit, which way is better, then what was required: words, limit, whether it was met, its source. */
static void write_metric(FILE *out, const struct vg_judgement *judgement, const struct vg_value *value,
                         const struct vg_checked *check)
{
    write_result(out, judgement);
    vg_report_csv_cell(out, value ? value->metric : check ? check->metric : "", false);
    write_number(out, value ? value->value : check ? check->value : NAN, false);
    vg_report_csv_cell(out, value ? value->unit : check ? check->unit : "", false);
    vg_report_csv_cell(out, value ? value->better : "", false);
    vg_report_csv_cell(out, value ? value->note : "", false);
    vg_report_csv_cell(out, check ? vg_operator_words(check->op) : "", false);
    write_number(out, check ? check->threshold : NAN, false);
    fprintf(out, "%s,", !check ? "" : check->met ? "yes" : "no");
    vg_report_csv_cell(out, check ? check->otherwise : "", false);
    vg_report_csv_cell(out, check ? check->source : "", true);
}

static void write_judgement(FILE *out, const struct vg_judgement *judgement)
{
    for (unsigned v = 0; v < judgement->value_count; v++) {
        bool checked = false;
        for (unsigned c = 0; c < judgement->check_count; c++)
            if (vg_equal(judgement->checks[c].metric, judgement->values[v].metric)) {
                write_metric(out, judgement, &judgement->values[v], &judgement->checks[c]);
                checked = true;
            }
        if (!checked)
            write_metric(out, judgement, &judgement->values[v], NULL);
    }
    for (unsigned c = 0; c < judgement->check_count; c++) /* required, and not there at all */
        if (!vg_report_value_find(judgement, judgement->checks[c].metric))
            write_metric(out, judgement, NULL, &judgement->checks[c]);
}

bool vg_report_csv(const struct vg_results *results, const char *path, struct vg_error *err)
{
    vg_autofree char *data = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    if (!out)
        vg_out_of_memory();
    fputs(
        "test,instance,mechanism,profile,policy,boot,verdict,expectation,metric,value,unit,better,note,required,limit,"
        "met,otherwise,source\r\n",
        out);
    for (unsigned i = 0; i < results->count; i++)
        write_judgement(out, results->judgements[i]);
    if (fclose(out) != 0)
        vg_out_of_memory();
    return vg_write_file(path, data, length, err);
}
