/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A baseline to its file: JSON, laid out by hand so that each field and each metric is one line of a diff. */
#include "compare/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* Enough for any measurement; keeps a value that is a few ns long on the page. */
enum { VALUE_DIGITS = 12 };

static json_t *run_to_json(const struct vg_blessed_run *run)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "name", run->name);
    vg_json_set_text(object, "plan", run->plan);
    vg_json_set_text(object, "host", run->host);
    vg_json_set_text(object, "started", run->started);
    vg_json_set_text(object, "version", run->version);
    vg_json_set_text(object, "seed", run->seed);
    return object;
}

static json_t *field_to_json(const struct vg_fingerprint_field *field)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "key", field->key);
    vg_json_set_text(object, "value", field->value);
    vg_json_set_text(object, "source", field->source);
    return object;
}

static json_t *series_to_json(const struct vg_metric_series *series)
{
    json_t *object = vg_json_new_object(), *values = vg_json_new_array();
    vg_json_set_text(object, "test", series->test);
    vg_json_set_text(object, "configuration", series->configuration);
    vg_json_set_text(object, "metric", series->metric);
    vg_json_set_text(object, "unit", series->unit);
    vg_json_set_text(object, "better", series->better);
    vg_json_set_real(object, "min_effect", series->min_effect);
    vg_json_set_text(object, "recipe", series->recipe);
    for (unsigned i = 0; i < series->value_count; i++)
        vg_json_append(values, json_real(series->values[i].value));
    vg_json_set(object, "boots", values);
    return object;
}

static json_t *to_json(const struct vg_baseline *baseline)
{
    json_t *document = vg_json_new_object();
    json_t *accepted = vg_json_new_array(), *runs = vg_json_new_array();
    json_t *fields = vg_json_new_array(), *metrics = vg_json_new_array();
    vg_json_set_text(document, "schema", CMP_BASELINE_SCHEMA);
    vg_json_set_text(document, "name", baseline->name);
    vg_json_set_text(document, "blessed_at", baseline->blessed_at);
    vg_json_set_text(document, "blessed_by", baseline->blessed_by);
    vg_json_set_text(document, "reason", baseline->reason);
    for (unsigned i = 0; i < baseline->accepted_count; i++)
        vg_json_append(accepted, json_string(baseline->accepted[i]));
    for (unsigned i = 0; i < baseline->run_count; i++)
        vg_json_append(runs, run_to_json(&baseline->runs[i]));
    for (unsigned i = 0; i < baseline->field_count; i++)
        vg_json_append(fields, field_to_json(&baseline->fields[i]));
    for (unsigned i = 0; i < baseline->metrics.count; i++)
        vg_json_append(metrics, series_to_json(&baseline->metrics.items[i]));
    vg_json_set(document, "accepted", accepted);
    vg_json_set(document, "runs", runs);
    vg_json_set(document, "fingerprint", fields);
    vg_json_set(document, "metrics", metrics);
    return document;
}

static void add_value(struct vg_text *text, const json_t *value)
{
    vg_autofree char *line = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(VALUE_DIGITS));
    if (!line)
        vg_out_of_memory();
    vg_text_add_bytes(text, line, strlen(line));
}

/* Lists one member a line, everything else on one line; without the closing brace. */
static void lay_out(struct vg_text *text, const json_t *document)
{
    const char *key, *separator = "";
    json_t *value;
    vg_text_add(text, "{");
    json_object_foreach((json_t *)document, key, value)
    {
        vg_text_add(text, "%s\n  \"%s\": ", separator, key);
        separator = ",";
        if (!json_is_array(value) || json_array_size(value) == 0) {
            add_value(text, value);
            continue;
        }
        for (size_t i = 0; i < json_array_size(value); i++) {
            vg_text_add(text, "%s\n    ", i ? "," : "[");
            add_value(text, json_array_get(value, i));
        }
        vg_text_add(text, "\n  ]");
    }
}

/* The digest is of what a reader reads, after rounding. */
static char *render(const struct vg_baseline *baseline, struct vg_error *err)
{
    vg_autojson json_t *document = to_json(baseline);
    vg_autotext struct vg_text text = { 0 };
    lay_out(&text, document);
    vg_autofree char *plain = vg_format("%s\n}\n", text.data);
    vg_autojson json_t *read_back = vg_json_load_text(plain, strlen(plain), err);
    if (!read_back)
        return NULL;
    vg_autofree char *digest = vg_digest_json(read_back);
    return vg_format("%s,\n  \"digest\": \"%s\"\n}\n", text.data, digest);
}

/* Writers of one directory take turns, so that looking and writing are one step. */
static int lock_directory(const char *directory, struct vg_error *err)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot lock the directory %s", directory);
    if (fd >= 0)
        close(fd);
    return -1;
}

bool vg_baseline_save(struct vg_baseline *baseline, const char *directory, bool replace, struct vg_error *err)
{
    if (!vg_record_name_ok(baseline->name))
        return vg_fail(err, VG_ERROR_INPUT,
                       "a baseline's name has letters, digits, \"-\", \"_\" and \".\" only, and starts with none of "
                       "\"-\" and \".\"");
    vg_autofree char *folder = vg_format("%s/%s", directory, baseline->name);
    vg_autofree char *id = vg_fingerprint_digest(vg_baseline_fingerprint_of(baseline));
    vg_autofree char *path = vg_format("%s/%s.json", folder, id);
    vg_autofree char *text = render(baseline, err);
    if (!text || !vg_make_directories(directory, err))
        return false;
    vg_autoclose int lock = lock_directory(directory, err);
    if (lock < 0 || !vg_make_directories(folder, err))
        return false;
    if (!replace && vg_exists(path))
        return vg_fail(err, VG_ERROR_INPUT,
                       "%s is there already: baseline %s for this environment. Nothing was changed; --replace takes "
                       "its place",
                       path, baseline->name);
    if (!vg_write_file(path, text, strlen(text), err)) {
        rmdir(folder); /* an empty one would pass for a baseline whose files are gone; one that holds some stays */
        return false;
    }
    free(baseline->file);
    baseline->file = VG_TAKE(path);
    return true;
}
