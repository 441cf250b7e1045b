/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trends as OpenMetrics text 1.0 (draft-richih-opsawg-openmetrics-00), for Prometheus' `promtool tsdb
 * create-blocks-from openmetrics` and whatever else reads it. Units become base units, as the specification wants:
 * seconds, bytes, ratios.
 */
#include <ctype.h>
#include "report/parts.h"

static const struct {
    const char *unit, *suffix;
    double factor;
} units[] = {
    { "ns", "seconds", 1e-9 },  { "us", "seconds", 1e-6 }, { "ms", "seconds", 1e-3 },
    { "s", "seconds", 1 },      { "bytes", "bytes", 1 },   { "bytes/s", "bytes_per_second", 1 },
    { "1/s", "per_second", 1 }, { "1", "ratio", 1 },       { "%", "ratio", 0.01 },
};

/* A trend with the name of its family; those of one family must be written together. */
struct member {
    const struct vg_trend *trend;
    char *family, *suffix;
    double factor;
};

/* Letters, digits and "_", not beginning with a digit. Caller frees. */
static char *word_of(const char *foreign)
{
    struct vg_text text = { 0 };
    for (const char *c = foreign; *c && text.length < 200; c++) {
        bool good = isascii((unsigned char)*c) && isalnum((unsigned char)*c);
        if (good || (text.length && text.data[text.length - 1] != '_'))
            vg_text_add_bytes(&text, good ? c : "_", 1);
    }
    while (text.length && text.data[text.length - 1] == '_')
        text.data[--text.length] = '\0';
    return text.data ? text.data : vg_strdup("unnamed");
}

static struct member member_of(const struct vg_trend *trend)
{
    struct member member = { .trend = trend, .factor = 1 };
    for (size_t i = 0; i < VG_COUNT(units) && !member.suffix; i++)
        if (vg_equal(trend->unit, units[i].unit)) {
            member.suffix = vg_strdup(units[i].suffix);
            member.factor = units[i].factor;
        }
    if (!member.suffix)
        member.suffix = word_of(trend->unit);
    vg_autofree char *metric = word_of(vg_trend_name_parts(trend->name).metric);
    member.family = vg_format("vgauge_%s_%s", metric, member.suffix);
    return member;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int families = strcmp(x->family, y->family);
    return families ? families : (x->trend > y->trend) - (x->trend < y->trend);
}

static void label(struct vg_text *text, const char *name, const char *value, int length)
{
    vg_autofree char *part = vg_format("%.*s", length, value);
    vg_autofree char *clean = vg_report_clean(part);
    vg_text_add(text, "%s%s=\"", text->length ? "," : "", name);
    for (const char *c = clean; *c; c++)
        vg_text_add(text, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    vg_text_add(text, "\"");
}

/* The raw metric and the recipe are labels too: two metrics that look alike as names stay apart. Caller frees. */
static char *labels_of(const struct vg_trends *trends, const struct vg_trend *trend)
{
    struct vg_text text = { 0 };
    struct vg_trend_name name = vg_trend_name_parts(trend->name);
    vg_autofree char *environment = vg_trend_environment(trends, trend);
    label(&text, "test", name.test, name.test_length);
    label(&text, "configuration", name.configuration, name.configuration_length);
    label(&text, "metric", name.metric, (int)strlen(name.metric));
    label(&text, "environment", environment, (int)strlen(environment));
    label(&text, "recipe", trend->recipe, (int)strlen(trend->recipe));
    return text.data;
}

static void write_points(const struct vg_trends *trends, const struct member *member, const char *labels, FILE *out)
{
    int64_t last_ms = 0;
    for (unsigned i = 0; i < member->trend->count; i++) {
        const struct vg_trend_point *point = &member->trend->points[i];
        int64_t ms = trends->runs[point->run].started_s * 1000;
        if (i && ms <= last_ms)
            ms = last_ms + 1; /* two runs of one second: the specification wants instants to grow */
        last_ms = ms;
        fprintf(out, "%s{%s} %.17g %lld.%03lld\n", member->family, labels, point->value * member->factor,
                (long long)(ms / 1000), (long long)(ms % 1000));
    }
}

/* How many changes for the worse nobody has said anything about: what an alert would look at. */
static void write_open_changes(const struct vg_trends *trends, const struct member *members, size_t count, FILE *out)
{
    if (count)
        fputs("# TYPE vgauge_history_open_regressions gauge\n"
              "# HELP vgauge_history_open_regressions Changes for the worse in the state detected\n",
              out);
    for (size_t i = 0; i < count; i++) {
        const struct vg_trend *trend = members[i].trend;
        vg_autofree char *labels = labels_of(trends, trend);
        unsigned open = 0;
        for (unsigned c = 0; c < trend->change_count; c++)
            open += trend->changes[c].id && trend->changes[c].direction == VG_TREND_WORSE &&
                    trend->changes[c].state == VG_TREND_DETECTED;
        fprintf(out, "vgauge_history_open_regressions{%s} %u\n", labels, open);
    }
}

static void write_openmetrics(const struct vg_trends *trends, FILE *out)
{
    struct member *members = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < trends->count; i++)
        vg_push(members, count) = member_of(&trends->items[i]);
    if (count)
        qsort(members, count, sizeof(*members), compare_members);
    for (size_t i = 0; i < count; i++) {
        const struct member *member = &members[i];
        if (i == 0 || !vg_equal(member->family, members[i - 1].family))
            fprintf(out, "# TYPE %s gauge\n# UNIT %s %s\n# HELP %s Median of the boots of a run\n", member->family,
                    member->family, member->suffix, member->family);
        vg_autofree char *labels = labels_of(trends, member->trend);
        write_points(trends, member, labels, out);
    }
    write_open_changes(trends, members, count, out);
    fputs("# EOF\n", out);
    for (size_t i = 0; i < count; i++) {
        free(members[i].family);
        free(members[i].suffix);
    }
    free(members);
}

VG_EXPORT(openmetrics) = {
    .kind = VG_KIND_EXPORT,
    .name = "openmetrics",
    .summary = "OpenMetrics text with the runs' times, for Prometheus and what speaks its language",
    .why = "a fleet's dashboards and alerts are there already",
    .write = write_openmetrics,
};
