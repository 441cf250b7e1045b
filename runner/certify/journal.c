/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal was written while the run went on, a line for each result: a result that was put in later, or in place of
 * another, is not in it, or is there with another verdict. */
#include "certify/internal.h"

enum { JOURNAL_MAX_BYTES = 64 << 20 };

/* One line, into "TEST/INSTANCE" -> verdict. */
static bool take_line(const json_t *line, json_t *told, struct vg_error *err)
{
    const char *test, *instance, *verdict;
    if (!vg_json_text(line, "test", &test, err) || !vg_json_text(line, "instance", &instance, err) ||
        !vg_json_text(line, "verdict", &verdict, err))
        return false;
    vg_autofree char *place = vg_format("%s/%s", test, instance);
    vg_autofree char *shown = vg_printable(place, strlen(place), 300);
    if (json_object_get(told, place))
        return vg_fail(err, VG_ERROR_INPUT, "tests/%s is there twice: each result is taken as it was the first time",
                       shown);
    vg_json_set_text(told, place, verdict);
    return true;
}

static bool take_lines(const char *text, size_t length, json_t *told, struct vg_error *err)
{
    unsigned number = 0;
    for (const char *at = text, *end = text + length, *newline; at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return vg_fail(err, VG_ERROR_INPUT, "its last line is cut");
        number++;
        vg_autojson json_t *line = vg_json_load_text(at, (size_t)(newline - at), err);
        if (!line || !take_line(line, told, err))
            return vg_wrap(err, "line %u", number);
    }
    return true;
}

/* What it tells of is there, or the results could not have been gathered. */
static bool same_verdicts(const struct vg_results *results, const json_t *told, struct vg_error *err)
{
    for (unsigned i = 0; i < results->count; i++) {
        const struct vg_judgement *judgement = results->judgements[i];
        const char *is = vg_verdict_name(judgement->verdict);
        vg_autofree char *place = vg_format("%s/%s", judgement->test, judgement->instance);
        const char *was = json_string_value(json_object_get(told, place));
        if (!was)
            return vg_fail(err, VG_ERROR_INPUT, "it does not tell of %s, so that it is no result of this run",
                           judgement->directory);
        vg_autofree char *shown = vg_printable(was, strlen(was), 60);
        if (!vg_equal(was, is))
            return vg_fail(err, VG_ERROR_INPUT, "%s was `%s` when it was run, and now is `%s`", judgement->directory,
                           shown, is);
    }
    return true;
}

bool cert_journalled(const struct vg_results *results, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/journal.jsonl", results->run->directory), *text = NULL;
    vg_autojson json_t *told = vg_json_new_object();
    size_t length;
    return (vg_read_file(path, JOURNAL_MAX_BYTES, &text, &length, err) && take_lines(text, length, told, err) &&
            same_verdicts(results, told, err)) ||
           vg_wrap(err, "journal.jsonl");
}
