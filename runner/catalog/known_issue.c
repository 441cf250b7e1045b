/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of expectations: failures that are known, with who says so, until when and for which versions. */
#include "catalog/bind.h"
#include "catalog/check.h"
#include "catalog/load.h"

#include <time.h>

static const cyaml_schema_field_t version_fields[] = {
    VG_FIELD_WORD("key", VG_MANDATORY, struct vg_version_range, key),
    VG_FIELD_WORD("from", VG_OPTIONAL, struct vg_version_range, from),
    VG_FIELD_WORD("below", VG_OPTIONAL, struct vg_version_range, below),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t version_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_version_range, version_fields),
};
static const cyaml_schema_field_t issue_fields[] = {
    VG_FIELD_WORD("test", VG_MANDATORY, struct vg_known_issue, test),
    VG_FIELD_WORD("instance", VG_OPTIONAL, struct vg_known_issue, instance),
    VG_FIELD_WORD("expect", VG_MANDATORY, struct vg_known_issue, expect),
    VG_FIELD_TEXT("reason", VG_MANDATORY, struct vg_known_issue, reason),
    VG_FIELD_WORD("reference", VG_MANDATORY, struct vg_known_issue, reference),
    VG_FIELD_WORD("expires", VG_MANDATORY, struct vg_known_issue, expires),
    VG_FIELD_LIST("versions", VG_OPTIONAL, struct vg_known_issue, versions, version_count, version_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t issue_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_known_issue, issue_fields),
};

/* The file's name is not in it. */
struct raw_issues {
    struct vg_known_issue *items;
    unsigned count;
};
static const cyaml_schema_field_t file_fields[] = {
    VG_FIELD_LIST("expectations", VG_MANDATORY, struct raw_issues, items, count, issue_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_issues, file_fields),
};

static const char *const outcomes[] = {
    [VG_OUTCOME_XFAIL] = "xfail",
    [VG_OUTCOME_FLAKE] = "flake",
    [VG_OUTCOME_WAIVED] = "waived",
};

static bool is_date(const char *text)
{
    struct tm date = { 0 };
    const char *end = strptime(text, "%Y-%m-%d", &date);
    struct tm normal = date;
    if (!end || *end || strlen(text) != 10)
        return false;
    timegm(&normal); /* the 31st of February becomes another day */
    return normal.tm_mday == date.tm_mday && normal.tm_mon == date.tm_mon;
}

static bool check_issue(const struct vg_document *document, unsigned index, struct vg_known_issue *issue,
                        struct vg_error *err)
{
    vg_autofree char *expect = vg_format("expectations/%u/expect", index);
    vg_autofree char *expires = vg_format("expectations/%u/expires", index);
    if (!vg_check_word(document, expect, "expectation", issue->expect, outcomes, VG_COUNT(outcomes), err))
        return false;
    for (unsigned i = 0; i < VG_COUNT(outcomes); i++)
        if (vg_equal(outcomes[i], issue->expect))
            issue->outcome = (enum vg_known_outcome)i;
    if (!is_date(issue->expires)) {
        vg_autofree char *shown = vg_printable(issue->expires, strlen(issue->expires), 40);
        return vg_document_fail(document, expires, err, "`expires` must be a date such as 2027-01-31, not `%s`", shown);
    }
    for (unsigned i = 0; i < issue->version_count; i++) {
        vg_autofree char *path = vg_format("expectations/%u/versions/%u", index, i);
        if (!issue->versions[i].from && !issue->versions[i].below)
            return vg_document_fail(document, path, err, "a range of versions needs `from`, `below` or both");
    }
    return true;
}

static struct vg_known_issues *from_document(const struct vg_document *document, struct vg_error *err)
{
    struct raw_issues *raw = vg_bind(document, &file_schema, err);
    if (!raw)
        return NULL;
    bool good = true;
    for (unsigned i = 0; good && i < raw->count; i++)
        good = check_issue(document, i, &raw->items[i], err);
    struct vg_known_issues *issues = NULL;
    if (good) {
        issues = vg_calloc(1, sizeof(*issues));
        issues->items = raw->items;
        issues->count = raw->count;
        issues->file = vg_strdup(document->file);
        raw->items = NULL;
        raw->count = 0;
    }
    vg_unbind(&file_schema, raw);
    return issues;
}

struct vg_known_issues *vg_known_issues_load(const char *path, struct vg_error *err)
{
    vg_autodocument struct vg_document *document = vg_document_read(path, err);
    return document ? from_document(document, err) : NULL;
}

/* In YAML a number is text like any other; in what vgauge itself wrote it can only be damage. */
static bool only_texts(const json_t *value, struct vg_error *err)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member) if (!only_texts(member, err)) return vg_wrap(err, "`%s`",
                                                                                                       key);
        return true;
    }
    json_array_foreach(value, index, member) if (!only_texts(member, err)) return vg_wrap(err, "[%zu]", index);
    return json_is_array(value) || json_is_string(value) || vg_fail(err, VG_ERROR_INPUT, "it is not text");
}

struct vg_known_issues *vg_known_issues_from_json(const json_t *json, const char *file, struct vg_error *err)
{
    if (!only_texts(json, err))
        return NULL;
    vg_autofree char *text = json_dumps(json, JSON_ENCODE_ANY);
    if (!text) {
        vg_fail(err, VG_ERROR_INPUT, "%s: the expectations cannot be read as JSON", file);
        return NULL;
    }
    vg_autodocument struct vg_document *document = vg_document_parse(text, strlen(text), file, false, err);
    return document ? from_document(document, err) : NULL;
}

json_t *vg_known_issues_to_json(const struct vg_known_issues *issues)
{
    json_t *document = vg_json_new_object(), *list = vg_json_new_array();
    for (unsigned i = 0; i < issues->count; i++) {
        const struct vg_known_issue *issue = &issues->items[i];
        json_t *object = vg_json_new_object(), *versions = vg_json_new_array();
        vg_json_set_text(object, "test", issue->test);
        if (issue->instance)
            vg_json_set_text(object, "instance", issue->instance);
        vg_json_set_text(object, "expect", issue->expect);
        vg_json_set_text(object, "reason", issue->reason);
        vg_json_set_text(object, "reference", issue->reference);
        vg_json_set_text(object, "expires", issue->expires);
        for (unsigned j = 0; j < issue->version_count; j++) {
            json_t *range = vg_json_new_object();
            vg_json_set_text(range, "key", issue->versions[j].key);
            if (issue->versions[j].from)
                vg_json_set_text(range, "from", issue->versions[j].from);
            if (issue->versions[j].below)
                vg_json_set_text(range, "below", issue->versions[j].below);
            vg_json_append(versions, range);
        }
        if (issue->version_count)
            vg_json_set(object, "versions", versions);
        else
            json_decref(versions);
        vg_json_append(list, object);
    }
    vg_json_set(document, "expectations", list);
    return document;
}

void vg_known_issues_free(struct vg_known_issues *issues)
{
    if (!issues)
        return;
    struct raw_issues *raw = vg_calloc(1, sizeof(*raw));
    raw->items = issues->items;
    raw->count = issues->count;
    vg_unbind(&file_schema, raw);
    free(issues->file);
    free(issues);
}
