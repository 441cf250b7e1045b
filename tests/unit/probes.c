/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process-cpu against a recorded /proc: exact sums, names that lie, processes that vanish between two reads, and
 * garbage in every file; and all probes once live, on this very process. */
#include "support/probe_tree.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include "procfs.h"

static double cpu(const char *tenant, const char *item)
{
    const struct row *row = last_row(strchr(item, '/') ? "thread" : "cpu", tenant, item);
    if (!row)
        fail_msg("no row for %s %s", tenant, item);
    return row ? row->values[0] : 0;
}

/* --- parsers --------------------------------------------------------------------------------------------------------
 */

static void stat_survives_any_name(void **state)
{
    (void)state;
    struct procfs_stat stat;
    assert_true(procfs_parse_stat("7 (a) R 1 (b c) S 3 0 0 0 0 0 0 0 0 0 11 22 33 44 0 0 1 0 99 0\n", &stat));
    assert_string_equal(stat.comm, "a) R 1 (b c");
    assert_int_equal(stat.parent, 3);
    assert_int_equal(stat.own_ticks, 33);
    assert_int_equal(stat.reaped_ticks, 77);
    assert_int_equal(stat.start_ticks, 99);
    char text[400] = "7 (";
    memset(text + 3, 'x', 200);
    strcpy(text + 203, ") S 3 0 0 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0 9 0\n");
    assert_true(procfs_parse_stat(text, &stat));
    assert_int_equal(strlen(stat.comm), PROCFS_COMM - 1);
}

static void stat_refuses_garbage(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "7",
        "7 (a",
        "7 a) S 3",
        ")(",
        "7 (a) S",
        "7 (a) S x 0 0 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0 9 0",
        "7 (a) S -3 0 0 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0 9 0",
        "7 (a) S 3 0 0 0 0 0 0 0 0 0 -1 1 1 1 0 0 1 0 9 0",
        "7 (a) S 3 0 0 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0",
        "7 (a) S 3 0 0 0 0 0 0 0 0 0 99999999999999999999999 1 1 1 0 0 1 0 9 0",
        "7 (a) S 3 0 0 0 0 0 0 0 0 0 1z 1 1 1 0 0 1 0 9 0",
    };
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct procfs_stat stat;
        if (procfs_parse_stat(wrong[i], &stat))
            fail_msg("accepted: %s", wrong[i]);
    }
    uint64_t run_ns, wait_ns;
    assert_false(procfs_parse_schedstat("", &run_ns, &wait_ns));
    assert_false(procfs_parse_schedstat("12", &run_ns, &wait_ns));
    assert_false(procfs_parse_schedstat("-1 2 3", &run_ns, &wait_ns));
    assert_true(procfs_parse_schedstat("1 2 3\n", &run_ns, &wait_ns));
    assert_int_equal(procfs_last_pid("1.03 0.77 0.48 3/119 5202\n"), 5202);
    assert_int_equal(procfs_last_pid("1.03 0.77"), 0);
    assert_int_equal(procfs_last_pid(""), 0);
    assert_int_equal(procfs_parse_pid("12x"), 0);
    assert_int_equal(procfs_parse_pid("99999999999"), 0);
}

/* --- process-cpu ----------------------------------------------------------------------------------------------------
 */

static void cpu_is_put_where_it_belongs(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("process-cpu");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_float_equal(cpu("vm.0", "vcpu"), 5.0, 1e-6);
    assert_float_equal(last_row("cpu", "vm.0", "vcpu")->values[1], 0.3, 1e-6);
    assert_float_equal(cpu("vm.0", "vmm"), 1.25, 1e-6);
    /* llvmpipe in QEMU, the render server and its worker, whatever the worker's threads call themselves */
    assert_float_equal(cpu("vm.0", "renderer"), 1.25 + 0.035 + 3.005, 1e-6);
    assert_float_equal(last_row("cpu", "vm.0", "renderer")->values[2], 5, 0);
    assert_float_equal(cpu("vm.0", "renderer/vkr-ring-7"), 2.0, 1e-6);
    assert_float_equal(cpu("vm.0", "renderer/CPU 1/KVM"), 0.505, 1e-6);
    assert_float_equal(cpu("native.0", "workload"), 2.02, 1e-6);
    assert_float_equal(cpu("native.0", "workload/vgauge workload"), 1.5, 1e-6);
    assert_null(last_row("cpu", "vm.0", "workload"));
    assert_null(last_row("cpu", "native.0", "vcpu"));
    probe->end(state);
}

static void managers_belong_to_no_tenant(void **unused)
{
    (void)unused;
    struct vg_error err = { 0 };
    vg_autofree char *task = in_root("proc/6000/task/6000");
    assert_true(vg_make_directories(task, &err));
    put("proc/6000/stat", "6000 (nvidia-vgpu-mgr) S 1 0 0 0 0 0 0 0 0 0 100 50 0 0 0 0 1 0 900 0\n");
    put("proc/6000/task/6000/comm", "nvidia-vgpu-mgr\n");
    put("proc/6000/task/6000/schedstat", "1500000000 0 7\n");
    put("proc/6000/task/6000/children", "");
    const struct vg_probe *probe = probe_named("process-cpu");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_float_equal(cpu("", "manager"), 1.5, 1e-6);
    assert_null(last_row("cpu", "vm.0", "manager"));
    assert_null(last_row("cpu", "", "workload"));
    put("proc/6000/task/6000/schedstat", "1750000000 0 9\n");
    sample(probe, state, both, 2);
    assert_float_equal(cpu("", "manager"), 1.75, 1e-6);
    drop("proc/6000"); /* it ended; what it used stays */
    something_started(6001);
    sample(probe, state, both, 2);
    assert_float_equal(cpu("", "manager"), 1.75, 1e-6);
    probe->end(state);
}

static void what_vanishes_is_kept(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("process-cpu");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    double renderer = cpu("vm.0", "renderer"), vmm = cpu("vm.0", "vmm");

    drop("proc/4130/task/4131"); /* a thread, then its process, then the whole tenant */
    something_started(5203);
    sample(probe, state, both, 2);
    assert_float_equal(cpu("vm.0", "renderer"), renderer, 1e-6);
    assert_float_equal(last_row("cpu", "vm.0", "renderer")->values[2], 4, 0);
    drop("proc/4130");
    sample(probe, state, both, 2);
    assert_float_equal(cpu("vm.0", "renderer"), renderer, 1e-6);
    assert_float_equal(last_row("cpu", "vm.0", "renderer")->values[2], 2, 0);
    drop("proc/4120");
    drop("proc/4100");
    sample(probe, state, both, 2);
    assert_float_equal(cpu("vm.0", "vmm"), vmm, 1e-6);
    assert_float_equal(last_row("cpu", "vm.0", "vmm")->values[2], 0, 0);
    size_t rows = record.row_count;
    sample(probe, state, NULL, 0);
    assert_int_equal(record.row_count, rows);
    probe->end(state);
}

static void what_grows_is_seen(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("process-cpu");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    put("proc/4130/task/4131/schedstat", "2750000000 400000000 9\n");
    sample(probe, state, both, 2);
    assert_float_equal(cpu("vm.0", "renderer/vkr-ring-7"), 2.75, 1e-6);
    put("proc/4130/task/4131/schedstat", "1 1 1\n"); /* counters that step back change nothing */
    sample(probe, state, both, 2);
    assert_float_equal(cpu("vm.0", "renderer/vkr-ring-7"), 2.75, 1e-6);
    /* a second came and went in the workload without ever being listed: only the process' total has it */
    put("proc/5201/stat", "5201 (w) S 5200 0 0 0 0 0 0 0 0 0 250 50 0 0 0 0 1 0 9 0\n");
    sample(probe, state, both, 2);
    assert_float_equal(cpu("native.0", "workload/(ended)"), 1.0, 1e-6);
    assert_float_equal(cpu("native.0", "workload"), 3.02, 1e-6);
    sample(probe, state, both, 2);
    assert_float_equal(cpu("native.0", "workload"), 3.02, 1e-6);
    probe->end(state);
}

static void remove_children_file(const char *path)
{
    if (strcmp(strrchr(path, '/'), "/children") == 0)
        assert_int_equal(unlink(path), 0);
}

static void remove_schedstat_file(const char *path)
{
    if (strcmp(strrchr(path, '/'), "/schedstat") == 0)
        assert_int_equal(unlink(path), 0);
}

static void poorer_kernels_do_too(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("process-cpu");
    each_file(root, remove_children_file);
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_string_equal(fact("clock"), "schedstat");
    assert_float_equal(cpu("vm.0", "renderer"), 4.29, 1e-6);
    assert_float_equal(cpu("native.0", "workload"), 2.02, 1e-6);
    probe->end(state);

    each_file(root, remove_schedstat_file);
    state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_string_equal(fact("clock"), "clock ticks");
    assert_float_equal(cpu("vm.0", "vcpu"), 5.0, 1e-6);
    assert_float_equal(cpu("vm.0", "renderer"), 4.28, 0.011);
    probe->end(state);
}

static void names_are_bounded_and_harmless(void **unused)
{
    (void)unused;
    for (int i = 0; i < 130; i++) {
        vg_autofree char *directory = vg_format("%s/proc/4130/task/%d", root, 6000 + i);
        assert_int_equal(mkdir(directory, 0755), 0);
        vg_autofree char *comm = vg_format("proc/4130/task/%d/comm", 6000 + i);
        vg_autofree char *name = vg_format("n%d,\"\x1b[2J\n", i);
        vg_autofree char *schedstat = vg_format("proc/4130/task/%d/schedstat", 6000 + i);
        put(comm, name);
        put(schedstat, "1000000000 0 1\n");
    }
    const struct vg_probe *probe = probe_named("process-cpu");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_true(record.row_count < 110);
    assert_float_equal(cpu("vm.0", "renderer"), 134.29, 1e-6);
    for (size_t i = 0; i < record.row_count; i++)
        for (const char *at = record.rows[i].item; *at; at++)
            assert_true(*at >= ' ' && *at <= '~' && *at != ',' && *at != '"');
    probe->end(state);
}

static void garbage_is_survived(void **unused)
{
    (void)unused;
    survive_garbage("process-cpu");
    assert_true(cpu("vm.0", "vcpu") >= 5.0);
}

enum { BUSY = 2, TOTAL = 4, OURS, OTHERS_CORES = 7 };

/* --- live ------------------------------------------------------------------------------------------------------------
 */

static int64_t thread_cpu_ns(void)
{
    struct timespec used;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
    return used.tv_sec * VG_NS_PER_S + used.tv_nsec;
}

static void burn(int64_t duration_ns)
{
    for (int64_t until = thread_cpu_ns() + duration_ns; thread_cpu_ns() < until;)
        ;
}

static void *burn_in_thread(void *unused)
{
    pthread_setname_np(pthread_self(), "burner) S 1 (");
    burn(150 * VG_NS_PER_MS);
    return unused;
}

static void this_process_is_seen(void **unused)
{
    (void)unused;
    const struct vg_probe_target me = { .tenant = "me", .pid = getpid() };
    const struct vg_probe *process = probe_named("process-cpu"), *pressure = probe_named("host-pressure");
    void *process_state = begin(process, "/"), *pressure_state = begin(pressure, "/");
    sample(process, process_state, &me, 1);
    sample(pressure, pressure_state, &me, 1);
    double before = cpu("me", "workload");

    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, burn_in_thread, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        burn(150 * VG_NS_PER_MS);
        vg_sleep_ns(20 * VG_NS_PER_S); /* until it is killed */
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    double used = 0;
    for (int i = 0; i < 40 && used < 0.29; i++) { /* the machine may be busy */
        vg_sleep_ns(50 * VG_NS_PER_MS);
        sample(process, process_state, &me, 1);
        used = cpu("me", "workload") - before;
    }
    sample(pressure, pressure_state, &me, 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* Clock ticks are cut, so the thread that ended before it was listed is known to 20 ms. */
    assert_true(used > 0.27 && used < 1.5);
    const struct row *row = last_row("pressure", "", "");
    assert_true(row->values[OURS] > 0.25);
    assert_true(row->values[BUSY] > 0 && row->values[TOTAL] > row->values[BUSY]);
    assert_true(row->values[OTHERS_CORES] >= 0 && row->values[OTHERS_CORES] < sysconf(_SC_NPROCESSORS_ONLN) + 0.5);
    sample(process, process_state, &me, 1);
    assert_true(cpu("me", "workload") - before >= used);
    process->end(process_state);
    pressure->end(pressure_state);

    struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, NULL };
    struct vg_error err = { 0 };
    void *log_state = NULL;
    const struct vg_probe *log = probe_named("kernel-log");
    if (log->begin(&(const struct vg_probe_host) { .root = "/" }, &sink, &log_state, &err)) {
        sample(log, log_state, NULL, 0);
        log->end(log_state);
    } else { /* a container may hide it */
        assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    }
}

int main(void)
{
#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_survives_any_name), cmocka_unit_test(stat_refuses_garbage),
        WITH_TREE(cpu_is_put_where_it_belongs),   WITH_TREE(managers_belong_to_no_tenant),
        WITH_TREE(what_vanishes_is_kept),         WITH_TREE(what_grows_is_seen),
        WITH_TREE(poorer_kernels_do_too),         WITH_TREE(names_are_bounded_and_harmless),
        WITH_TREE(garbage_is_survived),           WITH_TREE(this_process_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
