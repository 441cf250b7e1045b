/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.json: what was run, where, with what, and how it ended. */
#include "record/internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

/* A word as part of a folder's name. */
static char *path_word(const char *text)
{
    char *word = vg_strdup(text && text[0] ? text : "unnamed");
    for (char *p = word; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
            *p = '-';
    if (strlen(word) > 60)
        word[60] = '\0';
    return word;
}

/* mkdir decides, so that two runs that start in the same second never share a folder. */
static char *make_numbered(const char *parent, const char *plan, const char *host, struct vg_error *err)
{
    if (!vg_make_directories(parent, err))
        return NULL;
    vg_autofree char *when = vg_wall_time_compact();
    vg_autofree char *plan_word = path_word(plan);
    vg_autofree char *host_word = path_word(host);
    for (unsigned attempt = 1; attempt < 1000; attempt++) {
        vg_autofree char *suffix = attempt == 1 ? vg_strdup("") : vg_format("-%u", attempt);
        char *path = vg_format("%s/%s-%s-%s%s", parent, when, plan_word, host_word, suffix);
        if (mkdir(path, 0755) == 0)
            return path;
        int error = errno;
        if (error != EEXIST)
            vg_fail_errno(err, VG_ERROR_ENVIRONMENT, error, "cannot make the run directory %s", path);
        free(path);
        if (error != EEXIST)
            return NULL;
    }
    vg_fail(err, VG_ERROR_ENVIRONMENT, "%s already has 999 runs of this second; wait a moment", parent);
    return NULL;
}

static bool directory_is_empty(const char *path)
{
    vg_autodir DIR *directory = opendir(path);
    if (!directory)
        return false;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        if (!vg_equal(entry->d_name, ".") && !vg_equal(entry->d_name, ".."))
            return false;
    return true;
}

static char *make_exactly(const char *directory, struct vg_error *err)
{
    if (vg_exists(directory) && !directory_is_empty(directory)) {
        vg_fail(err, VG_ERROR_INPUT, "%s is there already and is not an empty directory; give another one with --out",
                directory);
        return NULL;
    }
    return vg_make_directories(directory, err) ? vg_strdup(directory) : NULL;
}

struct vg_run *vg_run_create(const char *parent, const char *directory, const char *plan, const char *host,
                             struct vg_error *err)
{
    vg_autofree char *path = directory ? make_exactly(directory, err) : make_numbered(parent, plan, host, err);
    if (!path)
        return NULL;
    char *absolute = realpath(path, NULL);
    if (!absolute) {
        vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot find the run directory %s", path);
        return NULL;
    }
    struct vg_run *run = vg_calloc(1, sizeof(*run));
    run->directory = absolute;
    run->plan = vg_strdup(plan ? plan : "");
    run->host = vg_strdup(host ? host : "");
    run->started = vg_wall_time();
    run->state = vg_strdup("running");
    run->version = vg_strdup(VG_VERSION);
    if (vg_run_lock(run, err) && vg_run_save(run, err))
        return run;
    vg_run_free(run);
    return NULL;
}

void vg_run_fingerprint(struct vg_run *run, const char *key, const char *value, const char *source)
{
    struct vg_fingerprint_field *field = NULL;
    for (unsigned i = 0; i < run->fingerprint_count && !field; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            field = &run->fingerprint[i];
    if (field) {
        if (run->resumed && !run->changed && !(field->value ? vg_equal(field->value, value) : value == NULL))
            run->changed = vg_format("%s was %s when the run began and is %s now", key,
                                     field->value ? field->value : "unknown", value ? value : "unknown");
        free(field->value);
        free(field->source);
    } else {
        field = &vg_push(run->fingerprint, run->fingerprint_count);
        field->key = vg_strdup(key);
    }
    field->value = value ? vg_strdup(value) : NULL;
    field->source = vg_strdup(source ? source : "");
}

json_t *rec_fingerprint_to_json(const struct vg_run *run)
{
    json_t *list = vg_json_new_array();
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        json_t *field = vg_json_new_object();
        vg_json_set_text(field, "key", run->fingerprint[i].key);
        vg_json_set_text(field, "value", run->fingerprint[i].value);
        vg_json_set_text(field, "source", run->fingerprint[i].source);
        vg_json_append(list, field);
    }
    return list;
}

json_t *rec_run_to_json(const struct vg_run *run)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "plan", run->plan);
    vg_json_set_text(object, "host", run->host);
    vg_json_set_text(object, "started", run->started);
    vg_json_set_text(object, "ended", run->ended);
    vg_json_set_text(object, "state", run->state);
    vg_json_set_text(object, "reason", run->reason);
    /* As text: a 64-bit seed does not fit into the integers of JSON readers. */
    vg_autofree char *seed = vg_format("%llu", (unsigned long long)run->seed);
    vg_json_set_text(object, "seed", seed);
    vg_json_set_text(object, "version", run->version);
    vg_json_set(object, "arguments", rec_texts_to_json(run->arguments, run->argument_count));
    return object;
}

static void set_copy(json_t *object, const char *key, const json_t *value)
{
    vg_json_set(object, key, value ? json_deep_copy(value) : json_null());
}

bool vg_run_save(const struct vg_run *run, struct vg_error *err)
{
    vg_autojson json_t *document = vg_json_new_object();
    vg_json_set_text(document, "schema", "vgauge-run/1");
    vg_autojson json_t *head = rec_run_to_json(run);
    json_object_update(document, head);
    vg_json_set(document, "fingerprint", rec_fingerprint_to_json(run));
    set_copy(document, "environment", run->environment);
    set_copy(document, "plan_file", run->plan_file);
    set_copy(document, "host_file", run->host_file);
    vg_autofree char *path = vg_format("%s/run.json", run->directory);
    return vg_json_save_file(document, path, err);
}

static bool load_seed(const json_t *document, struct vg_run *run, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    if (!rec_text(document, "seed", &text, err))
        return false;
    char *end;
    errno = 0;
    run->seed = strtoull(text, &end, 10);
    if (errno || end == text || *end || !isdigit((unsigned char)text[0]))
        return vg_fail(err, VG_ERROR_INPUT, "`seed` is not a number from 0 to 18446744073709551615");
    return true;
}

static bool load_fingerprint_field(const json_t *object, struct vg_fingerprint_field *field, struct vg_error *err)
{
    return rec_text(object, "key", &field->key, err) && rec_text_or_null(object, "value", &field->value, err) &&
           rec_text(object, "source", &field->source, err);
}

static bool load_state(const json_t *document, struct vg_run *run, struct vg_error *err)
{
    if (!rec_text(document, "state", &run->state, err))
        return false;
    if (!vg_equal(run->state, "running") && !vg_equal(run->state, "complete") && !vg_equal(run->state, "interrupted") &&
        !vg_equal(run->state, "aborted"))
        return vg_fail(err, VG_ERROR_INPUT, "`state` is none of running, complete, interrupted, aborted");
    return true;
}

/* Each member of a list, if it is there, is an object with a name. */
static bool named(const json_t *object, const char *key, struct vg_error *err)
{
    const json_t *list = json_object_get(object, key);
    size_t index;
    json_t *member;
    if (list && !json_is_array(list))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is not a list", key);
    json_array_foreach((json_t *)list, index, member) if (!vg_json_text_or(member, "name", NULL)) return vg_fail(
        err, VG_ERROR_INPUT, "`%s[%zu]` has no name", key, index);
    return true;
}

/* As far as results are put in order by it; whoever runs by it again has it read as a host file. */
static bool host_file_good(const json_t *host_file, struct vg_error *err)
{
    size_t index;
    json_t *mechanism;
    if (!named(host_file, "mechanisms", err))
        return vg_wrap(err, "host_file");
    json_array_foreach(
        json_object_get(host_file, "mechanisms"), index,
        mechanism) if (!named(mechanism, "profiles", err) ||
                       !named(mechanism, "policies", err)) return vg_wrap(err, "host_file.mechanisms[%zu]", index);
    return true;
}

struct vg_run *vg_run_load(const char *directory, struct vg_error *err)
{
    vg_autofree char *absolute = realpath(directory, NULL);
    if (!absolute) {
        vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot open the run directory %s", directory);
        return NULL;
    }
    vg_autofree char *path = vg_format("%s/run.json", absolute);
    vg_autojson json_t *document = rec_load_document(path, "vgauge-run/1", err);
    if (!document) {
        vg_wrap(err, "%s is not a run directory", directory);
        return NULL;
    }
    struct vg_run *run = vg_calloc(1, sizeof(*run));
    run->directory = VG_TAKE(absolute);
    if (rec_text(document, "plan", &run->plan, err) && rec_text(document, "host", &run->host, err) &&
        rec_text(document, "started", &run->started, err) && rec_text_or_null(document, "ended", &run->ended, err) &&
        load_state(document, run, err) && rec_text_or_null(document, "reason", &run->reason, err) &&
        load_seed(document, run, err) && rec_text(document, "version", &run->version, err) &&
        rec_texts(document, "arguments", &run->arguments, &run->argument_count, err) &&
        REC_LOAD_LIST(document, "fingerprint", run->fingerprint, run->fingerprint_count, load_fingerprint_field, err) &&
        rec_json(document, "environment", &run->environment, err) &&
        rec_json(document, "plan_file", &run->plan_file, err) &&
        rec_json(document, "host_file", &run->host_file, err) && host_file_good(run->host_file, err))
        return run;
    vg_wrap(err, "%s", path);
    vg_run_free(run);
    return NULL;
}

void vg_run_free(struct vg_run *run)
{
    if (!run)
        return;
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        free(run->fingerprint[i].key);
        free(run->fingerprint[i].value);
        free(run->fingerprint[i].source);
    }
    free(run->fingerprint);
    rec_free_texts(run->arguments, run->argument_count);
    json_decref(run->environment);
    json_decref(run->plan_file);
    json_decref(run->host_file);
    free(run->directory);
    free(run->plan);
    free(run->host);
    free(run->started);
    free(run->ended);
    free(run->state);
    free(run->reason);
    free(run->version);
    free(run->changed);
    if (run->locked)
        close(run->lock_fd);
    free(run);
}
