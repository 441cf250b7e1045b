/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machine/ does with processes and files of this host: native tenants end with all that they started, killed
 * runners are cleaned up after and living ones left alone, consoles are shown safely, images are found or missed
 * clearly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "machine/internal.h"

static char directory[64];

static char *put(const char *name, const char *text, mode_t mode)
{
    struct vg_error err = { 0 };
    char *path = vg_format("%s/%s", directory, name);
    if (!vg_write_file(path, text, strlen(text), &err))
        fail_msg("%s", err.text);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/vgauge-host-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    unsetenv("VGAUGE_IMAGES_SCRIPT");
    return vg_remove_tree(directory, &err) ? 0 : -1;
}

static bool gone_within(pid_t pid, int timeout_ms)
{
    for (; timeout_ms > 0; timeout_ms -= 5) {
        vg_autofree char *line = vg_process_command_line(pid);
        if (!line || !*line) /* no process, or a zombie that its parent has yet to collect */
            return true;
        vg_sleep_ns(5 * VG_NS_PER_MS);
    }
    return false;
}

/* Processes are ended by pidfd, which every kernel has that can run this, but not valgrind before 3.21. */
static bool has_pidfd(void)
{
    int fd = vg_pidfd_open(getpid());
    if (fd < 0)
        return errno != ENOSYS;
    close(fd);
    return true;
}

/* --- native tenants ----------------------------------------------------------------------------------------------- */

static void read_line(int fd, char *line, size_t size)
{
    size_t length = 0;
    while (length < size - 1) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&wait, 1, 3000), 1);
        ssize_t got = read(fd, line + length, 1);
        assert_true(got == 1);
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
}

struct start {
    const char *agent, *console;
    struct vg_process *process;
    int fd;
    struct vg_error err;
};

static void *start_in_a_thread(void *context)
{
    static char answer[] = "VG_TEST=new";
    char *environment[] = { answer };
    struct start *start = context;
    const char *const agent[] = { start->agent, NULL };
    const struct vg_process_spec spec = { agent, directory, environment, 1, start->console };
    start->process = vg_process_start(&spec, &start->fd, &start->err);
    return NULL;
}

static void a_native_tenant_lives_and_dies_whole(void **state)
{
    (void)state;
    if (!has_pidfd())
        skip();
    vg_autofree char *agent = put("agent",
                                  "#!/bin/sh\n"
                                  "setsid sleep 20 & setsid=$!\n" /* not in our session, and so not ours to end */
                                  "sleep 20 &\n"
                                  "echo printed\n"
                                  "echo \"$1 $2 $VG_TEST $(pwd) $! $setsid\" >&3\n"
                                  "read line <&3\n"
                                  "echo \"got $line\" >&3\n"
                                  "sleep 20\n",
                                  0755);
    vg_autofree char *console = vg_format("%s/console", directory);
    setenv("VG_TEST", "old", 1);
    struct start start = { .agent = agent, .console = console, .fd = -1 };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, start_in_a_thread, &start), 0);
    pthread_join(thread, NULL);
    if (!start.process)
        fail_msg("%s", start.err.text);
    vg_autoclose int fd = start.fd;
    char line[256], pwd[128], option[16], number[16], value[16];
    int child, escaped;
    read_line(fd, line, sizeof(line));
    assert_int_equal(sscanf(line, "%15s %15s %15s %127s %d %d", option, number, value, pwd, &child, &escaped), 6);
    assert_string_equal(option, "--fd");
    assert_string_equal(number, "3");
    assert_string_equal(value, "new");
    assert_string_equal(pwd, directory);
    assert_true(write(fd, "hello\n", 6) == 6);
    read_line(fd, line, sizeof(line));
    assert_string_equal(line, "got hello");
    assert_true(vg_process_alive(start.process)); /* though the thread that started it is gone */
    pid_t pid = vg_process_pid(start.process);
    vg_process_stop(start.process);
    assert_true(kill(pid, 0) < 0 && errno == ESRCH);
    assert_true(gone_within(child, 1000));
    kill(escaped, SIGKILL);
    vg_autofree char *tail = vg_console_tail(console, 5);
    assert_string_equal(tail, "printed");
}

static void an_agent_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    int fd = -1;
    vg_autofree char *console = vg_format("%s/console", directory);
    const char *const none[] = { "/nonexistent/agent", NULL };
    const struct vg_process_spec spec = { .agent = none, .directory = directory, .console_file = console };
    assert_null(vg_process_start(&spec, &fd, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "/nonexistent/agent"));
    assert_int_equal(fd, -1);
}

static void a_tenant_that_ends_is_noticed(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    int fd = -1;
    vg_autofree char *agent = put("agent", "#!/bin/sh\nexit 3\n", 0755);
    const char *const through[] = { "/usr/bin/env", "-u", "VG_TEST", agent, NULL }; /* another program becomes it */
    const struct vg_process_spec spec = { .agent = through, .directory = directory };
    struct vg_process *process = vg_process_start(&spec, &fd, &err);
    assert_non_null(process);
    for (int i = 0; i < 400 && vg_process_alive(process); i++)
        vg_sleep_ns(5 * VG_NS_PER_MS);
    assert_false(vg_process_alive(process));
    vg_process_stop(process);
    close(fd);
}

/* --- what killed runners leave ------------------------------------------------------------------------------------ */

static pid_t fake_vm(const char *inside)
{
    vg_autofree char *name = vg_format("guest=vgauge-test,%s/monitor", inside);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nothing */
        setsid();
        execl("/bin/sleep", name, "1000", NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    for (int i = 0; i < 400; i++) {
        vg_autofree char *line = vg_process_command_line(pid);
        if (line && strstr(line, name))
            break;
        vg_sleep_ns(5 * VG_NS_PER_MS);
    }
    return pid;
}

static void dead_runners_are_reaped_and_others_left_alone(void **state)
{
    (void)state;
    if (!has_pidfd())
        skip();
    struct vg_error err = { 0 };
    vg_autofree char *dead = vg_format("%s/dead", directory);
    vg_autofree char *alive = vg_format("%s/alive", directory);
    vg_autofree char *foreign = vg_format("%s/foreign", directory);
    assert_true(vg_make_directories(dead, &err) && vg_make_directories(alive, &err) &&
                vg_make_directories(foreign, &err));
    pid_t runner = fork();
    if (runner == 0) { /* claims, and is gone without releasing */
        int claimed = vg_runtime_claim(dead, &err);
        free(dead);
        free(alive);
        free(foreign);
        _exit(claimed >= 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(runner, &status, 0), runner);
    assert_int_equal(status, 0);
    int claim = vg_runtime_claim(alive, &err);
    assert_true(claim >= 0);
    pid_t orphan = fake_vm(dead);
    pid_t ours = fake_vm(alive);
    assert_int_equal(vg_machine_reap(directory), 1);
    assert_true(kill(orphan, 0) < 0 && errno == ESRCH); /* killed, and collected as it is our child */
    assert_false(vg_exists(dead));
    assert_true(vg_exists(alive) && vg_exists(foreign));
    assert_int_equal(waitpid(ours, &status, WNOHANG), 0);
    vg_runtime_release(claim);
    assert_int_equal(vg_machine_reap(directory), 1); /* released and left: nobody's */
    assert_true(kill(ours, 0) < 0 && errno == ESRCH);
    assert_int_equal(vg_machine_reap("/nonexistent"), 0);
    /* Made and never claimed, two minutes ago: an empty one goes, one with something in it is not ours to judge. */
    vg_autofree char *full = vg_format("%s/full", directory);
    vg_autofree char *inside = vg_format("%s/something", full);
    assert_true(vg_make_directories(inside, &err));
    const struct timespec then[] = { { .tv_sec = time(NULL) - 120 }, { .tv_sec = time(NULL) - 120 } };
    assert_int_equal(utimensat(AT_FDCWD, foreign, then, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, full, then, 0), 0);
    assert_int_equal(vg_machine_reap(directory), 1);
    assert_false(vg_exists(foreign));
    assert_true(vg_exists(inside));
    assert_true(vg_remove_tree(full, &err));
}

static void a_directory_is_claimed_by_one_process(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    int first = vg_runtime_claim(directory, &err);
    assert_true(first >= 0);
    assert_int_equal(vg_runtime_claim(directory, &err), first);
    int status;
    pid_t other = fork();
    if (other == 0) { /* a process of its own opens the file anew */
        const char *const argv[] = { "flock", "--nonblock", NULL, "true", NULL };
        vg_autofree char *path = vg_format("%s/runner", directory);
        execlp(argv[0], argv[0], argv[1], path, argv[3], NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(WEXITSTATUS(status), 1);
    vg_runtime_release(first);
    vg_runtime_release(first);
    int again = vg_runtime_claim(directory, &err);
    assert_true(again >= 0);
    vg_runtime_release(again);
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static void a_console_is_shown_safely(void **state)
{
    (void)state;
    vg_autofree char *path = put("console", "one\r\ntwo\r\n\x1b[31mthree\xff\n\n", 0644);
    vg_autofree char *two = vg_console_tail(path, 2);
    assert_string_equal(two, "two\n\\x1b[31mthree\\xff");
    vg_autofree char *all = vg_console_tail(path, 99);
    assert_string_equal(all, "one\ntwo\n\\x1b[31mthree\\xff");
    vg_autofree char *none = vg_console_tail("/nonexistent", 2);
    assert_string_equal(none, "");
}

static void a_console_cannot_fill_the_disk(void **state)
{
    (void)state;
    struct stat status;
    struct vg_vm vm = { .console_file = put("console", "x", 0644) };
    vg_vm_bound_files(&vm);
    assert_true(stat(vm.console_file, &status) == 0 && status.st_size == 1);
    assert_int_equal(truncate(vm.console_file, (16L << 20) + 1), 0);
    vg_vm_bound_files(&vm);
    assert_true(stat(vm.console_file, &status) == 0 && status.st_size < 4096);
    vg_autofree char *tail = vg_console_tail(vm.console_file, 1);
    assert_non_null(strstr(tail, "16 MiB"));
    free(vm.console_file);
}

static void images_are_found(void **state)
{
    (void)state;
    struct vg_images images;
    struct vg_error err = { 0 };
    vg_autofree char *emulator = put("emulator", "#!/bin/sh\n", 0755);
    vg_autofree char *kernel = put("kernel", "k", 0644);
    vg_autofree char *cmdline = put("cmdline", "console=ttyS0 quiet\n", 0644);
    vg_autofree char *text =
        vg_format("#!/bin/sh\n[ \"$1\" = --print ] || exit 2\ncat <<END\ntree=/x\nemulator=%s\nfirmware=%s\n"
                  "kernel=%s\ninitrd=%s\nrootfs=%s\ncmdline=%s\nguest_key=0123\ntree_key=4567\nEND\n",
                  emulator, cmdline, kernel, kernel, kernel, cmdline);
    vg_autofree char *script = put("build-images", text, 0755);
    setenv("VGAUGE_IMAGES_SCRIPT", script, 1);
    if (!vg_images_find(&images, &err))
        fail_msg("%s", err.text);
    assert_string_equal(images.kernel, kernel);
    assert_string_equal(images.cmdline, "console=ttyS0 quiet");
    assert_string_equal(images.guest_key, "0123");
    vg_images_free(&images);

    assert_int_equal(truncate(kernel, 0), 0);
    assert_false(vg_images_find(&images, &err));
    assert_non_null(strstr(err.text, "damaged"));
    assert_int_equal(unlink(kernel), 0);
    assert_false(vg_images_find(&images, &err));
    assert_non_null(strstr(err.text, "make images"));
    assert_non_null(strstr(err.text, kernel));
}

static void packages_of_an_image_are_known(void **state)
{
    (void)state;
    vg_autofree char *rootfs = put("rootfs", "r", 0644);
    assert_false(vg_image_has(rootfs, "piglit")); /* no list */
    vg_autofree char *list =
        put("packages", "libpiglit_1_amd64.deb\npiglit-data_2_all.deb\nvkmark_2025.01-1_amd64.deb\n", 0644);
    assert_true(vg_image_has(rootfs, "vkmark"));
    assert_true(vg_image_has(rootfs, "piglit-data"));
    assert_false(vg_image_has(rootfs, "piglit"));
    assert_false(vg_image_has(rootfs, "vkmar"));
    assert_int_equal(unlink(list), 0);
}

static void missing_images_say_what_to_do(void **state)
{
    (void)state;
    struct vg_images images;
    struct vg_error err = { 0 };
    vg_autofree char *script = put("build-images", "#!/bin/sh\necho 'not built' >&2\nexit 3\n", 0755);
    setenv("VGAUGE_IMAGES_SCRIPT", script, 1);
    assert_false(vg_images_find(&images, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "make images"));
    assert_non_null(strstr(err.text, "not built"));
    setenv("VGAUGE_IMAGES_SCRIPT", "/nonexistent/script", 1);
    assert_false(vg_images_find(&images, &err));
    assert_non_null(strstr(err.text, "/nonexistent/script"));
}

static void a_libvirt_that_cannot_be_reached_is_named(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    const struct vg_machine_config config = { .uri = "nosuch:///system", .runtime_directory = directory };
    assert_null(vg_machine_open(&config, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "nosuch:///system"));
    vg_autofree char *deep = vg_format("%s/%060d", directory, 0);
    const struct vg_machine_config too_long = { .uri = "qemu:///embed", .runtime_directory = deep };
    assert_null(vg_machine_open(&too_long, &err));
    assert_int_equal(err.kind, VG_ERROR_INPUT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_native_tenant_lives_and_dies_whole),
        TEST(an_agent_that_is_not_there_is_an_error),
        TEST(a_tenant_that_ends_is_noticed),
        TEST(dead_runners_are_reaped_and_others_left_alone),
        TEST(a_directory_is_claimed_by_one_process),
        TEST(a_console_is_shown_safely),
        TEST(a_console_cannot_fill_the_disk),
        TEST(images_are_found),
        TEST(packages_of_an_image_are_known),
        TEST(missing_images_say_what_to_do),
        TEST(a_libvirt_that_cannot_be_reached_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
