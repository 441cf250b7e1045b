/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What exercises see of the host: processes below a VMM, and what a run holds, on processes and sockets that are made
 * for it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "engine/exercise.h"
#include "support/under_valgrind.h"

static char runtime[] = "/tmp/vgauge-exercise-XXXXXX";

/* A child that has a child; both wait for their end. */
static pid_t start_family(void)
{
    int ends[2];
    char born = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (write(ends[1], "b", 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
        for (;;)
            pause();
    }
    assert_int_equal(read(ends[0], &born, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return parent;
}

static void end_family(pid_t parent)
{
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
}

static void processes_below_a_vmm_are_found(void **state)
{
    (void)state;
    struct vg_renderer found[VG_RENDERERS_MOST];
    pid_t parent = start_family();
    assert_int_equal(vg_renderers_of(parent, found), 1);
    assert_int_equal(found[0].parent, parent);
    assert_int_equal(vg_renderers_of(getpid(), found), 2);
    assert_int_equal(found[0].pid, parent);
    assert_int_equal(found[0].parent, getpid());
    assert_int_equal(found[1].parent, parent);
    assert_true(strlen(found[1].name) > 0);
    end_family(parent);
    assert_int_equal(vg_renderers_of(parent, found), 0);
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void what_a_run_holds_is_counted(void **state)
{
    (void)state;
    struct vg_engine engine = { .runtime_directory = runtime };
    struct vg_host_resources before, during, after;
    struct vg_error err = { 0 };
    vg_host_resources_read(&engine, &before);
    pid_t parent = start_family();
    vg_autofree char *below = vg_format("%s/v/lib", runtime);
    vg_autofree char *path = vg_format("%s/left.sock", below);
    assert_true(vg_make_directories(below, &err));
    int fd = open_socket(path);
    vg_host_resources_read(&engine, &during);
    assert_int_equal(during.processes, before.processes + 2);
    assert_int_equal(during.sockets, before.sockets + 1);
    assert_int_equal(during.descriptors, before.descriptors + 1);
    assert_true(during.own_bytes > 0);
    close(fd);
    end_family(parent);
    vg_host_resources_read(&engine, &after);
    assert_int_equal(after.sockets, before.sockets + 1); /* the file is still there: that is what a leftover is */
    assert_int_equal(after.descriptors, before.descriptors);
    unlink(path);
    vg_host_resources_read(&engine, &after);
    assert_int_equal(after.sockets, before.sockets);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(runtime) ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    return vg_remove_tree(runtime, &err) ? 0 : 1;
}

/* What is taken is seen, in every arena; what a result or a sample takes is known, and is what the heap grows by. The
 * look itself needs some pages, and malloc hands out freed chunks that it still counts. */
enum { NOISE_BYTES = 16384 };

static void memory_is_told_from_results(void **state)
{
    (void)state;
    struct vg_measurements measurements = { 0 };
    struct vg_scene scene = { .measurements = &measurements };
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its allocator does not tell how much it has given out */
#endif
    if (under_valgrind())
        skip();                       /* nor does valgrind's */
    assert_true(vg_heap_bytes() > 0); /* the first look makes what later ones need, too */
    uint64_t heap = vg_heap_bytes();
    char *small = vg_calloc(1, 60000), *large = vg_calloc(1, 3 << 20); /* the large one has a mapping of its own */
    uint64_t more = vg_heap_bytes() - heap;
    assert_in_range(more, 60000 + (3 << 20) - NOISE_BYTES, 60000 + (3 << 20) + NOISE_BYTES);
    free(small);
    free(large);
    assert_in_range(vg_heap_bytes(), heap - NOISE_BYTES, heap + NOISE_BYTES);

    uint64_t kept = vg_kept_bytes(&scene);
    heap = vg_heap_bytes();
    struct vg_measured_phase *phase = &vg_push(measurements.phases, measurements.phase_count);
    *phase = (struct vg_measured_phase) { 0 };
    for (int i = 0; i < 100; i++) {
        struct vg_measured_run *run = &vg_push(phase->runs, phase->run_count);
        *run = (struct vg_measured_run) { .tenant = vg_strdup("peer.0"), .workload = vg_strdup("some-workload") };
        for (int j = 0; j < 20; j++)
            vg_push(run->facts, run->fact_count) =
                (struct vg_fact) { vg_format("fact-%d", j), vg_format("%0*d", 10 * j + 1, j) };
        vg_push(run->marks, run->mark_count) = (struct vg_mark) { .name = vg_strdup("steady") };
        vg_push(run->params.items, run->params.count) = (struct vg_setting) { vg_strdup("seconds"), vg_strdup("5") };
        vg_push(measurements.events, measurements.event_count) =
            (struct vg_measured_event) { 1, vg_strdup("peer.0"), vg_strdup("kill"), true,
                                         vg_strdup("peer.0 kill done") };
    }
    int64_t unknown = (int64_t)(vg_heap_bytes() - heap) - (int64_t)(vg_kept_bytes(&scene) - kept);
    assert_true(vg_kept_bytes(&scene) > kept + 100000);
    assert_true(unknown > -NOISE_BYTES && unknown < NOISE_BYTES);
    for (unsigned i = 0; i < phase->run_count; i++) {
        struct vg_measured_run *run = &phase->runs[i];
        for (unsigned j = 0; j < run->fact_count; j++) {
            free(run->facts[j].name);
            free(run->facts[j].value);
        }
        free(run->tenant);
        free(run->workload);
        free(run->facts);
        free(run->marks[0].name);
        free(run->marks);
        free(run->params.items[0].name);
        free(run->params.items[0].value);
        free(run->params.items);
        free(measurements.events[i].tenant);
        free(measurements.events[i].action);
        free(measurements.events[i].what);
    }
    free(phase->runs);
    free(measurements.phases);
    free(measurements.events);
}

/* A file's buffer grows with what waits in it, and goes with the file. */
static void samples_that_wait_are_known(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    const char *const columns[] = { "a", "b" };
    size_t before = vg_csv_buffers_bytes();
    vg_autofree char *path = vg_format("%s/samples.csv", runtime);
    struct vg_csv *csv = vg_csv_create(path, columns, 2, &err);
    assert_non_null(csv);
    size_t first = vg_csv_buffers_bytes();
    assert_true(first > before);
    for (int64_t i = 0; i < 100000; i++)
        assert_true(vg_csv_row(csv, (const int64_t[]) { i, -i }));
    assert_true(vg_csv_buffers_bytes() > first);
    assert_true(vg_csv_buffers_bytes() <= before + (1 << 18));
    assert_true(vg_csv_close(csv, NULL, &err));
    assert_int_equal(vg_csv_buffers_bytes(), before);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_below_a_vmm_are_found),
        cmocka_unit_test(what_a_run_holds_is_counted),
        cmocka_unit_test(memory_is_told_from_results),
        cmocka_unit_test(samples_that_wait_are_known),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
