/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host-pressure and kernel-log against recorded files: whose time is whose when processes come and go, and a log that
 * floods, is cut, or is not there. */
#include "busy.h"
#include "support/probe_tree.h"

/* --- host-pressure --------------------------------------------------------------------------------------------------
 */

enum { SOME, FULL, BUSY, STEAL, TOTAL, OURS, OTHERS, OTHERS_CORES, LOAD };

static void pressure_is_read(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("host-pressure");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    const double *values = last_row("pressure", "", "")->values;
    assert_float_equal(values[SOME], 44.018331, 1e-6);
    assert_float_equal(values[FULL], 0.25, 1e-6);
    assert_float_equal(values[BUSY], (42653 + 10 + 10337 + 20 + 162) / 100.0, 1e-6);
    assert_float_equal(values[STEAL], 2.92, 1e-6);
    assert_float_equal(values[LOAD], 1.03, 1e-6);
    assert_float_equal(values[OTHERS_CORES], -1, 0);
    assert_float_equal(values[OURS], 0, 0); /* what the tenants used earlier is not of this test */

    put("proc/stat", "cpu  42853 10 10337 231799 3610 20 162 292 0 0\n");                    /* 2 s busy */
    put("proc/4130/stat", "4130 (w) S 4120 0 0 0 0 0 0 0 0 0 300 150 0 0 0 0 1 0 1000 0\n"); /* 1.5 s ours */
    sample(probe, state, both, 2);
    values = last_row("pressure", "", "")->values;
    assert_float_equal(values[OURS], 1.5, 1e-6);
    assert_float_equal(values[OTHERS], 0.5, 1e-6);
    assert_true(values[OTHERS_CORES] > 0);
    probe->end(state);

    drop("proc/pressure");
    state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[SOME], -1, 0);
    assert_non_null(strstr(fact("psi"), "unavailable"));
    probe->end(state);

    drop("proc/stat");
    struct vg_error err = { 0 };
    struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, NULL };
    assert_false(probe->begin(&(const struct vg_probe_host) { .root = root }, &sink, &state, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "proc/stat"));
}

static void a_tenant_that_was_there_before_brings_no_past(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("host-pressure");
    void *state = begin(probe, root);
    sample(probe, state, NULL, 0);
    put("proc/stat", "cpu  42753 10 10337 231799 3610 20 162 292 0 0\n");
    sample(probe, state, both, 2); /* the VM has used 10.5 s since long ago; the host was busy for one */
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 0, 0);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 1, 1e-6);
    probe->end(state);
}

static void work_that_ended_is_still_ours(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("host-pressure");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    /* The workload used one more second and ended; its agent waited for it and now carries all of its 3 s. A new
     * process started and used half a second. */
    drop("proc/5201");
    put("proc/5200/stat", "5200 (vgauge-agent) S 1 0 0 0 0 0 0 0 0 0 1 1 200 100 0 0 1 0 1000 0\n");
    put("proc/stat", "cpu  42853 10 10337 231799 3610 20 162 292 0 0\n");
    vg_autofree char *new_process = in_root("proc/5300");
    assert_int_equal(mkdir(new_process, 0755), 0);
    put("proc/5300/stat", "5300 (w) S 5200 0 0 0 0 0 0 0 0 0 50 0 0 0 0 0 1 0 50010 0\n");
    put("proc/5200/task/5200/children", "5300 ");
    something_started(5300);
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 1.5, 1e-6);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 0.5, 1e-6);

    /* The VM is gone and nobody of ours waited: the others' time must not become negative, nor ours jump. */
    drop("proc/4100");
    drop("proc/4120");
    drop("proc/4130");
    put("proc/5300/stat", "5300 (w) S 5200 0 0 0 0 0 0 0 0 0 80 0 0 0 0 0 1 0 50010 0\n");
    put("proc/stat", "cpu  42893 10 10337 231799 3610 20 162 292 0 0\n");
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 1.8, 1e-6);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 0.6, 1e-6);
    probe->end(state);
}

/* A process vanishes between the look at its parent and the look at itself, so that the parent shows what it had used
 * one look later; then one comes and goes between two looks. */
static void what_is_reaped_late_is_not_counted_twice(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("host-pressure");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    drop("proc/5201"); /* had used 2 s; its agent was read before it waited */
    put("proc/stat", "cpu  42753 10 10337 231799 3610 20 162 292 0 0\n");
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 0, 0);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 1, 1e-6);

    put("proc/5200/stat", "5200 (vgauge-agent) S 1 0 0 0 0 0 0 0 0 0 1 1 150 60 0 0 1 0 1000 0\n"); /* 0.1 s more */
    put("proc/stat", "cpu  42853 10 10337 231799 3610 20 162 292 0 0\n");
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 0.1, 1e-6);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 1.9, 1e-6);

    put("proc/5200/stat", "5200 (vgauge-agent) S 1 0 0 0 0 0 0 0 0 0 1 1 180 60 0 0 1 0 1000 0\n"); /* an unseen one */
    put("proc/stat", "cpu  42953 10 10337 231799 3610 20 162 292 0 0\n");
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 0.4, 1e-6);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 2.6, 1e-6);
    probe->end(state);
}

/* A worker's parent waits for it and ends itself before the next look, and its own parent waits for that. */
static void a_chain_that_ends_at_once_is_counted_once(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("host-pressure");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    drop("proc/4130");
    drop("proc/4120");
    sample(probe, state, both, 2);
    /* 3.03 s of the two that ended, and 0.07 s that they used after the last look at them. */
    put("proc/4100/stat", "4100 (qemu) S 1 0 0 0 0 0 0 0 0 0 500 250 310 0 0 0 1 0 1000 0\n");
    put("proc/stat", "cpu  42753 10 10337 231799 3610 20 162 292 0 0\n");
    sample(probe, state, both, 2);
    assert_float_equal(last_row("pressure", "", "")->values[OURS], 0.07, 1e-6);
    assert_float_equal(last_row("pressure", "", "")->values[OTHERS], 0.93, 1e-6);
    probe->end(state);
}

static void parts_never_exceed_the_whole(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("host-pressure");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    put("proc/4130/stat", "4130 (w) S 4120 0 0 0 0 0 0 0 0 0 300 150 0 0 0 0 1 0 1000 0\n"); /* 1.5 s ours */
    put("proc/stat", "cpu  42753 10 10337 231799 3610 20 162 292 0 0\n");                    /* 1 s busy */
    sample(probe, state, both, 2);
    const double *values = last_row("pressure", "", "")->values;
    assert_float_equal(values[OURS], 1, 1e-6);
    assert_float_equal(values[OTHERS], 0, 0);
    assert_float_equal(values[OTHERS_CORES], 0, 0);
    put("proc/stat", "cpu  42953 10 10337 231799 3610 20 162 292 0 0\n"); /* 2 s busy: the rest of ours is in there */
    sample(probe, state, both, 2);
    values = last_row("pressure", "", "")->values;
    assert_float_equal(values[OURS], 1.5, 1e-6);
    assert_float_equal(values[OTHERS], 1.5, 1e-6);
    sample(probe, state, both, 2);
    values = last_row("pressure", "", "")->values;
    assert_float_equal(values[OTHERS], 1.5, 1e-6);
    probe->end(state);
}

static void garbage_is_survived(void **unused)
{
    (void)unused;
    survive_garbage("host-pressure");
}

/* --- kernel-log -----------------------------------------------------------------------------------------------------
 */

static void append(const char *text)
{
    vg_autofree char *path = in_root("dev/kmsg");
    vg_autofile FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
}

static void make_log(void)
{
    vg_autofree char *directory = in_root("dev");
    assert_int_equal(mkdir(directory, 0755), 0);
    append("3,1,100,-;before the test\n");
}

static void log_lines_are_taken_and_counted(void **unused)
{
    (void)unused;
    make_log();
    const struct vg_probe *probe = probe_named("kernel-log");
    void *state = begin(probe, root);
    sample(probe, state, NULL, 0);
    assert_int_equal(record.line_count, 0);
    assert_string_equal(fact("errors"), "0");
    append("6,2,12345678,-;usb 1-1: new device\n SUBSYSTEM=usb\n DEVICE=c189:1\n3,3,12345679,-;GPU hang; reset\n");
    append("no record at all\n;\n12,4\n30,5,12345680,-;daemon says info\n4,6,");
    sample(probe, state, NULL, 0);
    append("12345681,-;half a line, then the rest\n");
    sample(probe, state, NULL, 0);
    assert_int_equal(record.line_count, 4);
    assert_string_equal(record.lines[0], "[12.345678] info: usb 1-1: new device");
    assert_string_equal(record.lines[1], "[12.345679] err: GPU hang; reset");
    assert_string_equal(record.lines[2], "[12.345680] info: daemon says info");
    assert_string_equal(record.lines[3], "[12.345681] warning: half a line, then the rest");
    assert_string_equal(fact("lines"), "4");
    assert_string_equal(fact("errors"), "1");
    assert_string_equal(fact("warnings"), "1");
    append("0,7,12345682,-;said after the last look\n");
    probe->end(state);
    assert_int_equal(record.line_count, 5);
    assert_string_equal(fact("errors"), "2");
}

static void a_flood_is_counted_not_copied(void **unused)
{
    (void)unused;
    make_log();
    const struct vg_probe *probe = probe_named("kernel-log");
    void *state = begin(probe, root);
    for (int i = 0; i < 3000; i++)
        append("4,1,1,-;provoked by a guest\n");
    vg_autofree char *endless = vg_calloc(40001, 1);
    memset(endless, 'x', 40000);
    append(endless);
    append("\n3,2,2,-;afterwards\n");
    sample(probe, state, NULL, 0);
    assert_int_equal(record.line_count, 200);
    assert_string_equal(fact("lines"), "3001");
    assert_string_equal(fact("not_copied"), "2801");
    assert_string_equal(fact("errors"), "1");
    probe->end(state);
}

static void an_unreadable_log_says_why(void **unused)
{
    (void)unused;
    struct vg_error err = { 0 };
    struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, NULL };
    void *state = NULL;
    assert_false(probe_named("kernel-log")->begin(&(const struct vg_probe_host) { .root = root }, &sink, &state, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "dev/kmsg"));
}

/* Two CPUs with domain lines between, a foreign line, and text that ends in the middle. */
static void exact_busy_time_is_summed_over_cpus(void **state)
{
    (void)state;
    assert_int_equal(busy_parse_schedstat("version 17\ntimestamp 4295\n"
                                          "cpu0 0 0 50 10 30 20 7000000000 123 45\n"
                                          "domain0 MC 3 1 2 3 4 5 6 7 8 9\n"
                                          "cpu1 0 0 50 10 30 20 500000000 123 45\n"),
                     UINT64_C(7500000000));
    assert_int_equal(busy_parse_schedstat(""), 0);
    assert_int_equal(busy_parse_schedstat("cpu0 0 0 50 10 30"), 0);
    assert_int_equal(busy_parse_schedstat("cpus are many\ncpu\n"), 0);
}

int main(void)
{
#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_busy_time_is_summed_over_cpus),
        WITH_TREE(pressure_is_read),
        WITH_TREE(a_tenant_that_was_there_before_brings_no_past),
        WITH_TREE(work_that_ended_is_still_ours),
        WITH_TREE(what_is_reaped_late_is_not_counted_twice),
        WITH_TREE(a_chain_that_ends_at_once_is_counted_once),
        WITH_TREE(parts_never_exceed_the_whole),
        WITH_TREE(garbage_is_survived),
        WITH_TREE(log_lines_are_taken_and_counted),
        WITH_TREE(a_flood_is_counted_not_copied),
        WITH_TREE(an_unreadable_log_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
