/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs of others in a tenant: what they print is kept in bounds, how they end is told apart, none outlives its
 * time, and their words are found where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include "common/program.h"
#include "common/runtime.h"

static struct vg_workload_context context;
static struct vg_program program;

static void shell(const char *script, int timeout_s)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    context.released = true;
    vg_program_run(&context, argv, timeout_s, &program);
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    shell("echo one; echo two >&2; exit 3", 10);
    assert_string_equal(program.output, "one\ntwo\n");
    assert_int_equal(program.status, 3);
    assert_int_equal(program.signal, 0);
    assert_false(program.timed_out);
    assert_string_equal(vg_program_text(&program), "ended with status 3 (two)");
    shell("kill -SEGV $$", 10);
    assert_int_equal(program.signal, SIGSEGV);
    assert_string_equal(vg_program_text(&program), "was killed by signal 11");
}

static void none_outlives_its_time(void **state)
{
    (void)state;
    int64_t start_ns = vg_now_ns();
    shell("sleep 60 & echo begun; wait", 1);
    assert_true(program.timed_out);
    assert_true(vg_now_ns() - start_ns < 30 * VG_NS_PER_S);
    assert_string_equal(vg_program_text(&program), "did not end in time (begun)");
}

static void output_is_bounded(void **state)
{
    (void)state;
    shell("head -c 1000000 /dev/zero | tr '\\0' x; exit 5", 60);
    assert_int_equal(program.length, VG_PROGRAM_OUTPUT - 1);
    assert_int_equal(program.output[VG_PROGRAM_OUTPUT - 1], 0);
    assert_int_equal(program.status, 5);
    assert_true(strlen(vg_program_text(&program)) < 200);
}

static void words_are_found(void **state)
{
    (void)state;
    char value[16];
    const char *text =
        "  Device Name:    a GPU, really  \nFPS: 12 ms\nPIGLIT: {\"result\": \"fail\" }\nPIGLIT: {\"result\": "
        "\"pass\" }\n";
    assert_true(vg_program_value(text, "Device Name:", value, sizeof(value)));
    assert_string_equal(value, "a GPU, really");
    assert_true(vg_program_value(text, "Device", value, sizeof(value))); /* what does not fit is cut */
    assert_int_equal(strlen(value), sizeof(value) - 1);
    assert_false(vg_program_value(text, "device name", value, sizeof(value)));
    assert_true(vg_program_last(text, "{\"result\": \"", "\"", value, sizeof(value)));
    assert_string_equal(value, "pass");
    assert_true(vg_program_last(text, "FPS:", " \n", value, sizeof(value)));
    assert_string_equal(value, "12");
    assert_false(vg_program_last(text, "crash", "\n", value, sizeof(value)));
}

static void lists_are_walked(void **state)
{
    (void)state;
    char word[8];
    const char *list = "  one two\nthree-is-too-long ";
    assert_true(vg_program_next(&list, word, sizeof(word)));
    assert_string_equal(word, "one");
    assert_true(vg_program_next(&list, word, sizeof(word)));
    assert_string_equal(word, "two");
    assert_true(vg_program_next(&list, word, sizeof(word)));
    assert_string_equal(word, "three-i");
    assert_false(vg_program_next(&list, word, sizeof(word)));
}

static void names_of_checks_are_names(void **state)
{
    (void)state;
    char name[16];
    vg_program_check_name("build:use-vbo=True", name, sizeof(name));
    assert_string_equal(name, "build-use-vbo-t");
    vg_program_check_name("::fs_is--nan::", name, sizeof(name));
    assert_string_equal(name, "fs-is-nan");
    vg_program_check_name("", name, sizeof(name));
    assert_string_equal(name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_told_apart), cmocka_unit_test(none_outlives_its_time),
        cmocka_unit_test(output_is_bounded),   cmocka_unit_test(words_are_found),
        cmocka_unit_test(lists_are_walked),    cmocka_unit_test(names_of_checks_are_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
