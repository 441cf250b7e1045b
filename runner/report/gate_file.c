/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate.json of a run directory, which `vgauge gate` left there: a foreign file like any other, so that its whole
 * shape is looked at before a page is made of it. What is wrong is said with its place; nothing is shown of such a
 * file. */
#include <errno.h>
#include <sys/stat.h>
#include "compare/compare.h"
#include "report/page.h"

#define SCHEMA "vgauge-gate/1"
enum { GATE_MAX_BYTES = 64 << 20 };

/* What a member may be. */
enum kind { TEXT = 1, NUMBER = 2, BOOLEAN = 4, LIST = 8, OBJECT = 16, OR_NULL = 32 };
struct member {
    const char *name;
    unsigned kinds;
};
static const struct member document_members[] = {
    { "schema", TEXT },
    { "verdict", TEXT },
    { "exit_status", NUMBER },
    { "against", TEXT | OR_NULL },
    { "strict", BOOLEAN },
    { "runs", LIST },
    { "objections", LIST },
    { "differences", LIST },
    { "comparison", OBJECT | OR_NULL },
};
static const struct member metric_members[] = {
    { "metric", TEXT },
    { "change", TEXT },
    { "note", TEXT | OR_NULL },
    { "unit", TEXT | OR_NULL },
    { "better", TEXT | OR_NULL },
    { "min_effect", NUMBER | OR_NULL },
    { "ratio", NUMBER | OR_NULL },
    { "lower", NUMBER | OR_NULL },
    { "upper", NUMBER | OR_NULL },
    { "now", OBJECT },
    { "then", OBJECT },
};
static const struct member spread_members[] = { { "boots", NUMBER }, { "median", NUMBER | OR_NULL } };

static bool is(const json_t *value, unsigned kinds)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return kinds & TEXT;
    case JSON_INTEGER:
    case JSON_REAL:
        return kinds & NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return kinds & BOOLEAN;
    case JSON_ARRAY:
        return kinds & LIST;
    case JSON_OBJECT:
        return kinds & OBJECT;
    default:
        return kinds & OR_NULL;
    }
}

static bool has(const json_t *object, const struct member *members, size_t count, struct vg_error *err)
{
    static const char *const words[] = { "text", "a number", "true or false", "a list", "an object" };
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, members[i].name);
        if (value && is(value, members[i].kinds))
            continue;
        unsigned word = 0;
        while (!(members[i].kinds & 1u << word))
            word++;
        return vg_fail(err, VG_ERROR_INPUT, "`%s` %s %s%s", members[i].name, value ? "is not" : "is missing: it is",
                       words[word], members[i].kinds & OR_NULL ? " or null" : "");
    }
    return true;
}

static bool is_change(const char *word)
{
    for (unsigned i = 0; i < VG_CHANGES; i++)
        if (vg_equal(vg_change_name((enum vg_change)i), word))
            return true;
    return false;
}

static bool metric_good(const json_t *item, json_t *seen, struct vg_error *err)
{
    if (!json_is_object(item))
        return vg_fail(err, VG_ERROR_INPUT, "it is no object");
    if (!has(item, metric_members, VG_COUNT(metric_members), err))
        return false;
    const char *change = vg_json_text_or(item, "change", ""), *id = vg_json_text_or(item, "metric", "");
    vg_autofree char *word = vg_printable(change, strlen(change), 60), *shown = vg_printable(id, strlen(id), 200);
    if (!is_change(change))
        return vg_fail(err, VG_ERROR_INPUT, "`change` says `%s`, which the gate never says", word);
    if (json_object_get(seen, id))
        return vg_fail(err, VG_ERROR_INPUT, "it is about the metric `%s` again", shown);
    vg_json_set_bool(seen, id, true);
    return (has(json_object_get(item, "now"), spread_members, VG_COUNT(spread_members), err) || vg_wrap(err, "now")) &&
           (has(json_object_get(item, "then"), spread_members, VG_COUNT(spread_members), err) || vg_wrap(err, "then"));
}

static bool shape_good(const json_t *document, struct vg_error *err)
{
    if (!json_is_object(document))
        return vg_fail(err, VG_ERROR_INPUT, "it is no object");
    const char *schema = vg_json_text_or(document, "schema", "nothing");
    vg_autofree char *shown = vg_printable(schema, strlen(schema), 60);
    if (!vg_equal(schema, SCHEMA))
        return vg_fail(err, VG_ERROR_INPUT, "`schema` says %s, and this vgauge reads " SCHEMA " only", shown);
    if (!has(document, document_members, VG_COUNT(document_members), err))
        return false;
    const json_t *comparison = json_object_get(document, "comparison");
    const json_t *metrics = json_object_get(comparison, "metrics");
    vg_autojson json_t *seen = vg_json_new_object();
    size_t index;
    json_t *item;
    if (json_is_object(comparison) && !json_is_array(metrics))
        return vg_fail(err, VG_ERROR_INPUT, "`comparison.metrics` is not a list");
    json_array_foreach((json_t *)metrics, index, item)
    {
        if (!metric_good(item, seen, err))
            return vg_wrap(err, "comparison.metrics[%zu]", index);
    }
    json_array_foreach(json_object_get(document, "objections"), index, item)
    {
        if (!json_is_string(item))
            return vg_fail(err, VG_ERROR_INPUT, "`objections[%zu]` is not text", index);
    }
    return true;
}

static json_t *read_gate(const char *path, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    size_t length = 0;
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        vg_fail(err, VG_ERROR_INPUT, "it is not a regular file");
        return NULL;
    }
    if (!vg_read_file(path, GATE_MAX_BYTES, &text, &length, err))
        return NULL;
    vg_autojson json_t *document = vg_json_load_text(text, length, err);
    return document && shape_good(document, err) ? VG_TAKE(document) : NULL;
}

void vg_page_load_gate(struct vg_page *page)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/gate.json", page->results->run->directory);
    struct stat status;
    if (lstat(path, &status) != 0 && errno == ENOENT)
        return;
    page->gate = read_gate(path, &err);
    if (!page->gate) {
        page->gate_trouble = vg_strdup(err.text);
        vg_warn("%s cannot be shown: %s; `vgauge gate` writes it anew", path, err.text);
        return;
    }
    page->gate_items = vg_json_new_object();
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(json_object_get(page->gate, "comparison"), "metrics"), index, item)
        vg_json_set(page->gate_items, vg_json_text_or(item, "metric", ""), json_incref(item));
}
