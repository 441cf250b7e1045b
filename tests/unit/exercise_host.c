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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_below_a_vmm_are_found),
        cmocka_unit_test(what_a_run_holds_is_counted),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
