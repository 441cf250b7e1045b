/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files whole and bounded, removal that follows no link, commands within a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include "base/base.h"

static char *directory;

static int make_directory(void **state)
{
    (void)state;
    directory = vg_strdup("/tmp/vgauge-base-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    bool removed = vg_remove_tree(directory, &err);
    free(directory);
    return removed ? 0 : -1;
}

static void written_files_read_back(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = vg_format("%s/a/b/file", directory);
    vg_autofree char *parent = vg_format("%s/a/b", directory);
    assert_true(vg_make_directories(parent, &err));
    assert_true(vg_write_file(path, "hello", 5, &err));
    vg_autofree char *data = NULL;
    size_t length;
    assert_true(vg_read_file(path, 5, &data, &length, &err));
    assert_string_equal(data, "hello");
    char *unread = NULL;
    assert_false(vg_read_file(path, 4, &unread, &length, &err));
    assert_non_null(strstr(err.text, "larger than the 4 bytes"));
    assert_false(vg_read_file(parent, 4, &unread, &length, &err));
    assert_non_null(strstr(err.text, "not a regular file"));
}

static void full_disk_keeps_the_old_content(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_false(vg_write_file("/dev/full/x", "y", 1, &err));
    assert_false(vg_write_file("/proc/nothing", "y", 1, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
}

static void expect_content(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *data = NULL;
    size_t length;
    assert_true(vg_read_file(path, 100, &data, &length, &err));
    assert_string_equal(data, text);
}

/* What has the name and is no file stays what it is, and is not even opened: a FIFO would wait for a reader. */
static void only_files_are_replaced(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct stat before, after;
    vg_autofree char *fifo = vg_format("%s/fifo", directory);
    vg_autofree char *to_fifo = vg_format("%s/to-fifo", directory);
    vg_autofree char *device = vg_format("%s/device", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("fifo", to_fifo), 0);
    assert_int_equal(stat(fifo, &before), 0);
    const char *const paths[] = { fifo, to_fifo, directory };
    const char *const says[] = { "is a FIFO", "is a FIFO", "is a directory" };
    for (size_t i = 0; i < VG_COUNT(paths); i++) {
        err = (struct vg_error) { 0 };
        assert_false(vg_check_output(paths[i], &err));
        assert_false(vg_write_file(paths[i], "x", 1, &err));
        assert_int_equal(err.kind, VG_ERROR_INPUT);
        if (!strstr(err.text, says[i]))
            fail_msg("%s: %s", paths[i], err.text);
    }
    assert_int_equal(stat(fifo, &after), 0);
    assert_true(S_ISFIFO(after.st_mode) && after.st_ino == before.st_ino);
    if (mknod(device, S_IFCHR | 0600, makedev(1, 3)) == 0) { /* only root may */
        assert_false(vg_write_file(device, "x", 1, &err));
        assert_non_null(strstr(err.text, "is a device"));
        assert_int_equal(stat(device, &after), 0);
        assert_true(S_ISCHR(after.st_mode));
    }
}

static void links_are_followed(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct stat status;
    vg_autofree char *inside = vg_format("%s/inside", directory);
    vg_autofree char *target = vg_format("%s/inside/target", directory);
    vg_autofree char *second = vg_format("%s/second", directory);
    vg_autofree char *first = vg_format("%s/first", directory);
    vg_autofree char *circle = vg_format("%s/circle", directory);
    assert_true(vg_make_directories(inside, &err));
    assert_int_equal(symlink("inside/target", second), 0);
    assert_int_equal(symlink(second, first), 0);
    assert_int_equal(symlink("circle", circle), 0);
    const char *const texts[] = { "it was not there", "it was" };
    for (size_t i = 0; i < VG_COUNT(texts); i++) {
        assert_true(vg_write_file(first, texts[i], strlen(texts[i]), &err));
        expect_content(target, texts[i]);
        assert_int_equal(lstat(first, &status), 0);
        assert_true(S_ISLNK(status.st_mode));
        assert_int_equal(lstat(second, &status), 0);
        assert_true(S_ISLNK(status.st_mode));
    }
    assert_false(vg_write_file(circle, "x", 1, &err));
    assert_int_equal(lstat(circle, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

static void removal_does_not_follow_links(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *kept = vg_format("%s/kept", directory);
    vg_autofree char *tree = vg_format("%s/tree", directory);
    vg_autofree char *link = vg_format("%s/tree/link", directory);
    vg_autofree char *inside = vg_format("%s/kept/file", directory);
    assert_true(vg_make_directories(kept, &err) && vg_make_directories(tree, &err));
    assert_true(vg_write_file(inside, "x", 1, &err));
    assert_int_equal(symlink(kept, link), 0);
    assert_true(vg_remove_tree(tree, &err));
    assert_false(vg_exists(tree));
    assert_true(vg_exists(inside));
    assert_true(vg_remove_tree(tree, &err)); /* what is not there is fine */
}

static void commands_end_in_time(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *output = NULL;
    int status;
    assert_true(
        vg_run_command((const char *const[]) { "echo", "two  words;$HOME", NULL }, 5000, 100, &output, &status, &err));
    assert_string_equal(output, "two  words;$HOME\n"); /* no shell touched it */
    int64_t start_ns = vg_now_ns();
    assert_false(vg_run_command((const char *const[]) { "sleep", "30", NULL }, 200, 0, NULL, &status, &err));
    assert_true(vg_now_ns() - start_ns < 5 * VG_NS_PER_S);
    assert_int_equal(err.kind, VG_ERROR_TIMEOUT);
    assert_false(vg_run_command((const char *const[]) { "no-such-program-x", NULL }, 2000, 0, NULL, &status, &err));
    assert_non_null(strstr(err.text, "is it installed?"));
    vg_autofree char *bounded = NULL;
    assert_true(vg_run_command((const char *const[]) { "seq", "100000", NULL }, 5000, 1000, &bounded, &status, &err));
    assert_int_equal(strlen(bounded), 1000);
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void json_names_the_place(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    static const char broken[] = "{\n \"a\": 1,\n \"a\": 2}";
    assert_null(vg_json_load_text(broken, sizeof(broken) - 1, &err));
    assert_non_null(strstr(err.text, "line 3"));
    vg_autojson json_t *object = vg_json_new_object();
    vg_json_set_real(object, "nan", 0.0 / 0.0);
    assert_true(json_is_null(json_object_get(object, "nan")));
    vg_json_set_text(object, "foreign", "\xff\x1b");
    assert_string_equal(vg_json_text_or(object, "foreign", ""), "\\xff\\x1b");
    int64_t value;
    assert_false(vg_json_int(object, "foreign", &value, &err));
    assert_string_equal(err.text, "`foreign` must be an integer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_files_read_back),       cmocka_unit_test(full_disk_keeps_the_old_content),
        cmocka_unit_test(only_files_are_replaced),       cmocka_unit_test(links_are_followed),
        cmocka_unit_test(removal_does_not_follow_links), cmocka_unit_test(commands_end_in_time),
        cmocka_unit_test(json_names_the_place),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
