/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of wrong file gets its one sentence. Each file in data/catalog/bad/ begins with the sentence that it must
 * get: "# error: line 4, column 7: ...". What cannot be such a file is made here. */
#include "catalog_fakes.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include "catalog/load.h"

/* Loads a file as the kind that its name begins with; false with the error. */
static bool load(const char *path, const char *name, struct vg_error *err)
{
    if (strncmp(name, "host", 4) == 0) {
        struct vg_host *host = vg_host_load("/nonexistent", path, err);
        bool good = host != NULL;
        vg_host_free(host);
        return good;
    }
    if (strncmp(name, "plan", 4) == 0) {
        struct vg_plan *plan = vg_plan_load(path, err);
        bool good = plan != NULL;
        vg_plan_free(plan);
        return good;
    }
    if (strncmp(name, "fleet", 5) == 0) {
        static const char *const models[] = { "same-size", "mixed-size", "mig" };
        struct vg_fleet_file *fleet = vg_fleet_file_load("/nonexistent", path, models, VG_COUNT(models), err);
        bool good = fleet != NULL;
        vg_fleet_file_free(fleet);
        return good;
    }
    if (strncmp(name, "requirement", 11) == 0) {
        struct vg_requirement_file *file = vg_requirement_file_load(path, err);
        bool good = file != NULL;
        vg_requirement_file_free(file);
        return good;
    }
    struct vg_requirement requirement = { .id = (char *)"VGPU-SCHED-002" };
    const struct vg_requirement *requirements[] = { &requirement };
    const struct vg_catalog catalog = { .requirements = requirements, .requirement_count = 1 };
    struct vg_test *test = vg_test_load(path, "fairness", &catalog, 0, err);
    bool good = test != NULL;
    vg_test_free(test);
    return good;
}

static void every_bad_file_gets_its_sentence(void **state)
{
    (void)state;
    vg_autofree char *directory = source_path("tests/unit/data/catalog/bad");
    char **names;
    unsigned count;
    struct vg_error err = { 0 };
    assert_true(vg_list_yaml(directory, &names, &count, &err));
    assert_true(count >= 60);
    unsigned wrong = 0;
    for (unsigned i = 0; i < count; i++) {
        vg_autofree char *path = vg_format("%s/%s.yaml", directory, names[i]);
        vg_autofree char *text = NULL;
        size_t length;
        assert_true(vg_read_file(path, VG_DOCUMENT_MAX_BYTES, &text, &length, &err));
        static const char lead[] = "# error: ";
        assert_memory_equal(text, lead, sizeof lead - 1);
        vg_autofree char *expected =
            vg_format("%s, %.*s", path, (int)strcspn(text + sizeof lead - 1, "\n"), text + sizeof lead - 1);
        err = (struct vg_error) { 0 };
        bool good = load(path, names[i], &err);
        if (good || err.kind != VG_ERROR_INPUT || strcmp(err.text, expected) != 0) {
            print_error("%s:\n  expected: %s\n  got:      %s\n", names[i], expected, good ? "(accepted)" : err.text);
            wrong++;
        }
    }
    vg_names_free(names, count);
    assert_int_equal(wrong, 0);
}

static char *scratch_file(const char *name, const char *data, size_t length)
{
    vg_autofree char *directory = vg_strdup("/tmp/vgauge-catalog-XXXXXX");
    assert_non_null(mkdtemp(directory));
    char *path = vg_format("%s/%s", directory, name);
    struct vg_error err = { 0 };
    if (data)
        assert_true(vg_write_file(path, data, length, &err));
    return path;
}

static void remove_scratch(char *path)
{
    struct vg_error err = { 0 };
    *strrchr(path, '/') = '\0';
    assert_true(vg_remove_tree(path, &err));
    free(path);
}

static void expect_failure(const char *data, size_t length, const char *part)
{
    char *path = scratch_file("test.yaml", data, length);
    struct vg_error err = { 0 };
    assert_false(load(path, "test", &err));
    assert_int_equal(err.kind, VG_ERROR_INPUT);
    if (!strstr(err.text, part) || !strstr(err.text, path))
        fail_msg("expected `%s` with the file's name, got: %s", part, err.text);
    remove_scratch(path);
}

static void empty_files_are_refused(void **state)
{
    (void)state;
    expect_failure("", 0, "the file is empty");
    expect_failure("# only a comment\n", 17, "the file is empty");
}

static void huge_files_are_refused(void **state)
{
    (void)state;
    size_t length = VG_DOCUMENT_MAX_BYTES + 1;
    vg_autofree char *data = vg_calloc(length, 1);
    memset(data, '#', length);
    expect_failure(data, length, "larger than");
}

static void foreign_bytes_are_refused(void **state)
{
    (void)state;
    expect_failure("id: \xff\xfe\n", 7, "not readable text");
    expect_failure("id: a\0b\n", 8, "not readable text");
    expect_failure("id: \"a\\0b\"\n", 11, "control characters");
    expect_failure("id: \"a\\e[31m\"\n", 14, "control characters");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    vg_autofree char *data = vg_calloc(1, 20001);
    memset(data, '[', 20000);
    expect_failure(data, 20000, "nested too deeply");
}

static void many_values_are_refused(void **state)
{
    (void)state;
    vg_autotext struct vg_text text = { 0 };
    vg_text_add(&text, "id: [");
    for (int i = 0; i < 30000; i++)
        vg_text_add(&text, "a,");
    vg_text_add(&text, "a]\n");
    expect_failure(text.data, text.length, "too many values");
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_false(load("/tmp", "test", &err));
    assert_non_null(strstr(err.text, "/tmp is not a regular file"));
    assert_false(load("/nonexistent/x.yaml", "test", &err));
    assert_non_null(strstr(err.text, "cannot open /nonexistent/x.yaml: No such file"));
    char *path = scratch_file("fifo.yaml", NULL, 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(load(path, "test", &err)); /* and does not wait for a writer */
    assert_non_null(strstr(err.text, "not a regular file"));
    remove_scratch(path);
}

static void unknown_host_names_the_nearest(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *suites = source_path("suites");
    assert_null(vg_host_load(suites, "refrence", &err));
    assert_string_equal(err.text, "unknown host `refrence`, did you mean `reference`?");
    assert_int_equal(err.kind, VG_ERROR_INPUT);
}

static void a_directory_without_suites_is_refused(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_null(vg_catalog_load("/nonexistent", &err));
    assert_string_equal(err.text, "/nonexistent holds no requirements; is it a suites directory?");
    char *path = scratch_file("requirements", "x", 1); /* where a directory should be */
    *strrchr(path, '/') = '\0';
    assert_null(vg_catalog_load(path, &err));
    assert_non_null(strstr(err.text, "cannot list"));
    path[strlen(path)] = '/';
    remove_scratch(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_gets_its_sentence),
        cmocka_unit_test(empty_files_are_refused),
        cmocka_unit_test(huge_files_are_refused),
        cmocka_unit_test(foreign_bytes_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(many_values_are_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(unknown_host_names_the_nearest),
        cmocka_unit_test(a_directory_without_suites_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
