/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trends as CSV (RFC 4180): one row per metric and run. */
#include "report/parts.h"

static void row(const struct vg_trends *trends, const struct vg_trend *trend, const char *environment,
                const struct vg_trend_point *point, FILE *out)
{
    const struct vg_history_run *run = &trends->runs[point->run];
    vg_autofree char *started = vg_trend_time(run->started_s);
    vg_report_csv_cell(out, trend->name, false);
    vg_report_csv_cell(out, environment, false);
    fprintf(out, "%lld,%s,%.17g,", (long long)run->id, started, point->value);
    vg_report_csv_cell(out, trend->unit, false);
    fprintf(out, "%s,%u,%.17g,%.17g,", vg_better_name(trend->better), point->boots, point->lowest, point->highest);
    vg_report_csv_cell(out, run->plan, false);
    vg_report_csv_cell(out, run->host, false);
    vg_report_csv_cell(out, trend->recipe, true);
}

static void write_csv(const struct vg_trends *trends, FILE *out)
{
    fputs("metric,environment,run,started,value,unit,better,boots,lowest,highest,plan,host,recipe\r\n", out);
    for (unsigned i = 0; i < trends->count; i++) {
        vg_autofree char *environment = vg_trend_environment(trends, &trends->items[i]);
        for (unsigned p = 0; p < trends->items[i].count; p++)
            row(trends, &trends->items[i], environment, &trends->items[i].points[p], out);
    }
}

VG_EXPORT(csv) = {
    .kind = VG_KIND_EXPORT,
    .name = "csv",
    .summary = "one row per metric and run, for spreadsheets and data frames",
    .why = "everything reads it",
    .write = write_csv,
};
