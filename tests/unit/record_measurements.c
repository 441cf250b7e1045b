/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measurements.json there and back without a loss, refused when it is wrong in any member, and the tenant's clock
 * mapped to the host's. */
#include "judge_fixture.h"

static struct vg_measurements *everything(const char *directory)
{
    struct vg_measurements *m = fixture_new(directory, "virtio-venus", "equal-share");
    fixture_tenant(m, "peer.0");
    m->tenants[0].hello = json_pack("{s:i}", "protocol", 1);
    m->tenants[0].boot_s = 7.25;
    vg_push(m->tenants[0].clock, m->tenants[0].clock_count) = (struct vg_clock_point) { 100, -50, 3 };
    vg_push(m->tenants[0].clock, m->tenants[0].clock_count) = (struct vg_clock_point) { 200, INT64_MIN / 2, 3 };
    struct vg_measured_run *run = fixture_run(fixture_phase(m, "main", 10, INT64_MAX), "peer.0", "w");
    m->duration_s = 12.5;
    fixture_fact(run, "driver", "caf\xc3\xa9 \"x\"");
    fixture_mark(run, "steady", 12);
    run->message = vg_strdup("why");
    vg_push(run->params.items, run->params.count) = (struct vg_setting) { vg_strdup("seconds"), vg_strdup("5") };
    const int64_t rows[1][2] = { { 1, 2 } };
    fixture_stream(m, run, "job", "completed", "latency", rows, 1);
    fixture_event(m, 11, "peer.0", "kill", true);
    vg_push(m->events, m->event_count) =
        (struct vg_measured_event) { .host_ns = 12, .what = vg_strdup("policy applied") };
    m->phases[0].reason = vg_strdup("which limit");
    free(run->status);
    run->status = vg_strdup("stopped"); /* what such an event does to the tenant's workloads */
    vg_push(m->promises, m->promise_count) =
        (struct vg_measured_promise) { vg_strdup("xe-quanta"), vg_strdup("quantum"), vg_strdup("by-priority") };
    vg_push(m->invalid, m->invalid_count) = vg_strdup("The host was busy.");
    struct vg_measured_probe *probe = &vg_push(m->probes, m->probe_count);
    *probe = (struct vg_measured_probe) { .name = vg_strdup("kernel-log"), .unavailable = vg_strdup("not root") };
    return m;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    vg_autofree char *path = vg_format("%s/measurements.json", directory);
    struct vg_measurements *m = everything(directory);
    assert_good(vg_measurements_save(m, &err), err);
    vg_autofree char *first = NULL, *second = NULL;
    size_t length;
    assert_good(vg_read_file(path, 1 << 20, &first, &length, &err), err);
    struct vg_measurements *loaded = vg_measurements_load(directory, &err);
    assert_good(loaded, err);
    assert_float_equal(loaded->duration_s, 12.5, 0);
    assert_string_equal(loaded->phases[0].reason, "which limit");
    assert_string_equal(loaded->phases[0].runs[0].status, "stopped");
    assert_string_equal(loaded->events[0].tenant, "peer.0");
    assert_string_equal(loaded->events[0].action, "kill");
    assert_true(loaded->events[0].done);
    assert_string_equal(loaded->events[0].what, "for people");
    assert_null(loaded->events[1].tenant);
    assert_null(loaded->events[1].action);
    assert_false(loaded->events[1].done);
    assert_int_equal(loaded->tenants[0].clock[1].offset_ns, INT64_MIN / 2);
    assert_int_equal(loaded->promise_count, 1);
    assert_string_equal(loaded->promises[0].entitlement, "quantum");
    assert_string_equal(loaded->promises[0].idle, "by-priority");
    assert_string_equal(vg_fact_get(&loaded->phases[0].runs[0], "driver"), "caf\xc3\xa9 \"x\"");
    assert_string_equal(vg_settings_get(&loaded->phases[0].runs[0].params, "seconds"), "5");
    assert_non_null(vg_measured_stream_find(&loaded->phases[0].runs[0], "job"));
    assert_null(vg_measured_phase_find(loaded, "other"));
    assert_null(vg_measured_probe_stream(loaded, "kernel-log", "x"));
    assert_good(vg_measurements_save(loaded, &err), err);
    assert_good(vg_read_file(path, 1 << 20, &second, &length, &err), err);
    assert_string_equal(first, second);
    vg_measurements_free(m);
    vg_measurements_free(loaded);
    scratch_remove(directory);
}

/* Every member of the document, one after the other, is replaced by what it cannot be: it must be refused or harmless,
 * and never crash. Returns how many were refused. */
static unsigned spoil(json_t *document, json_t *node, const char *directory, unsigned *tried)
{
    unsigned refused = 0;
    vg_autofree char *path = vg_format("%s/measurements.json", directory);
    json_t *bad[] = { json_integer(-7), json_string("../../etc/x"), json_array(), json_object(), json_null(),
                      json_true() };
    size_t members = json_is_object(node) ? json_object_size(node) : json_array_size(node);
    for (size_t i = 0; i < members; i++) {
        void *iterator = NULL;
        if (json_is_object(node)) {
            iterator = json_object_iter(node);
            for (size_t skip = 0; skip < i; skip++)
                iterator = json_object_iter_next(node, iterator);
        }
        json_t *member = json_incref(iterator ? json_object_iter_value(iterator) : json_array_get(node, i));
        for (size_t b = 0; b < VG_COUNT(bad); b++) {
            struct vg_error err = { 0 };
            json_t *copy = json_deep_copy(bad[b]);
            if (iterator)
                json_object_iter_set_new(node, iterator, copy);
            else
                json_array_set_new(node, i, copy);
            assert_int_equal(json_dump_file(document, path, 0), 0);
            struct vg_measurements *m = vg_measurements_load(directory, &err);
            refused += !m;
            (*tried)++;
            assert_true(m || err.text[0]);
            vg_measurements_free(m);
            if (iterator)
                json_object_iter_set(node, iterator, member);
            else
                json_array_set(node, i, member);
        }
        if (json_is_object(member) || json_is_array(member))
            refused += spoil(document, member, directory, tried);
        json_decref(member);
    }
    for (size_t b = 0; b < VG_COUNT(bad); b++)
        json_decref(bad[b]);
    return refused;
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = everything(directory);
    assert_good(vg_measurements_save(m, &err), err);
    vg_autofree char *path = vg_format("%s/measurements.json", directory);
    vg_autojson json_t *document = vg_json_load_file(path, 1 << 20, &err);
    unsigned tried = 0;
    unsigned refused = spoil(document, document, directory, &tried);
    print_message("%u of %u spoilt files were refused\n", refused, tried);
    assert_true(refused > tried / 2);
    static const char *const files[] = { "../x.csv", "a/b.csv", "/etc/passwd", "..", ".hidden", "a\\b", "" };
    json_t *stream = json_array_get(
        json_object_get(
            json_array_get(json_object_get(json_array_get(json_object_get(document, "phases"), 0), "runs"), 0),
            "streams"),
        0);
    assert_non_null(stream);
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        json_object_set_new(stream, "file", json_string(files[i]));
        assert_int_equal(json_dump_file(document, path, 0), 0);
        assert_null(vg_measurements_load(directory, &err));
        assert_non_null(strstr(err.text, "file"));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_null(vg_measurements_load(directory, &err));
    assert_non_null(strstr(err.text, "not a regular file"));
    vg_measurements_free(m);
    scratch_remove(directory);
}

/* A word that could not be read back must not be written: the measurements would be lost. */
static void only_known_words_are_saved(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char *directory = scratch_directory();
    struct vg_measurements *m = everything(directory);
    struct vg_measured_run *run = &m->phases[0].runs[0];
    struct {
        char **word;
        const char *const *allowed;
    } places[] = {
        { &run->status, vg_run_status_words },
        { &m->tenants[0].state, vg_tenant_state_words },
        { &m->phases[0].outcome, vg_phase_outcome_words },
    };
    for (size_t i = 0; i < VG_COUNT(places); i++) {
        char *kept = *places[i].word;
        for (unsigned j = 0; places[i].allowed[j]; j++) {
            *places[i].word = (char *)places[i].allowed[j];
            assert_good(vg_measurements_save(m, &err), err);
            struct vg_measurements *loaded = vg_measurements_load(directory, &err);
            assert_good(loaded, err);
            vg_measurements_free(loaded);
        }
        *places[i].word = (char *)"sleepy";
        assert_false(vg_measurements_save(m, &err));
        assert_non_null(strstr(err.text, "sleepy"));
        *places[i].word = NULL;
        assert_false(vg_measurements_save(m, &err));
        *places[i].word = kept;
    }
    char *kind = run->streams[0].columns[0].kind;
    run->streams[0].columns[0].kind = (char *)"colour";
    assert_false(vg_measurements_save(m, &err));
    assert_non_null(strstr(err.text, "colour"));
    run->streams[0].columns[0].kind = kind;
    assert_good(vg_measurements_save(m, &err), err);
    vg_measurements_free(m);
    scratch_remove(directory);
}

static void clocks_are_interpolated(void **state)
{
    (void)state;
    struct vg_measured_tenant tenant = { 0 };
    assert_int_equal(vg_host_time(&tenant, 42), 42); /* the host's own clock */
    struct vg_clock_point points[] = { { 1000, 900, 1 }, { 2000, 910, 1 }, { 3000, 910, 1 } };
    tenant.clock = points;
    tenant.clock_count = 3; /* seen at guest 100, 1090 and 2090 */
    assert_int_equal(vg_host_time(&tenant, 100), 1000);
    assert_int_equal(vg_host_time(&tenant, 1090), 2000);
    assert_int_equal(vg_host_time(&tenant, 595), 595 + 905);
    assert_int_equal(vg_host_time(&tenant, 1500), 2410);
    assert_int_equal(vg_host_time(&tenant, 50), 950); /* outside, the nearest offset holds */
    assert_int_equal(vg_host_time(&tenant, 9000), 9910);
    struct vg_clock_point wild[] = { { INT64_MIN, INT64_MAX, 1 }, { INT64_MAX, INT64_MIN, 1 } };
    tenant.clock = wild;
    tenant.clock_count = 2;
    vg_host_time(&tenant, 0); /* must not overflow: the undefined-behaviour sanitizer watches */
    vg_host_time(&tenant, INT64_MAX);
    vg_host_time(&tenant, INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(only_known_words_are_saved),
        cmocka_unit_test(clocks_are_interpolated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
