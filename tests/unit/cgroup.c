/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control groups against trees of plain files: which directory is chosen in both versions, and what is written where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "mechanism/cgroup.h"

static char root[64];

static void put(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *whole = vg_format("%s/%s", root, path);
    vg_autofree char *directory = vg_format("%.*s", (int)(strrchr(whole, '/') - whole), whole);
    if (!vg_make_directories(directory, &err) || !vg_write_file(whole, text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void holds(const char *path, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *whole = vg_format("%s/%s", root, path);
    vg_autofree char *value = NULL;
    if (!vg_read_attribute(whole, &value, &err))
        fail_msg("%s", err.text);
    assert_string_equal(value, text);
}

static bool there(const char *path)
{
    vg_autofree char *whole = vg_format("%s/%s", root, path);
    return vg_exists(whole);
}

static void at(const char *path, const char *below)
{
    vg_autofree char *whole = vg_format("%s%s", root, below);
    assert_string_equal(path, whole);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(root, "/tmp/vgauge-cgroup-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    return vg_remove_tree(root, &err) ? 0 : -1;
}

/* A kernel's group comes with its files; here they are laid out beforehand. */
static void put_version_1(const char *own)
{
    put("proc/self/mountinfo", "22 1 0:20 / / rw - ext4 /dev/x rw\n"
                               "31 22 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
                               "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
                               "32 31 0:29 / /sys/fs/cgroup/cpu\\040x rw - cgroup cgroup rw,foo,cpu\n"
                               "34 31 0:31 / /sys/fs/cgroup/cpuset rw shared:9 - cgroup cgroup rw,cpuset\n"
                               "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    vg_autofree char *groups = vg_format("4:memory:/elsewhere\n3:cpuset:%s\n1:foo,cpu:%s\n0::/\n", own, own);
    put("proc/self/cgroup", groups);
    put("sys/fs/cgroup/cpu x/cgroup.procs", "");
    put("sys/fs/cgroup/cpuset/cpuset.mems", "0-1\n");
}

static void version_1_in_the_root_group(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_1("/");
    if (!vg_cgroups_find(root, &groups, &err))
        fail_msg("%s", err.text);
    assert_int_equal(groups.version, 1);
    at(groups.cpu, "/sys/fs/cgroup/cpu x");
    at(groups.cpuset, "/sys/fs/cgroup/cpuset");
    vg_cgroups_free(&groups);
}

static void version_1_below_our_own_group(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_1("/user/me");
    put("sys/fs/cgroup/cpu x/user/me/cgroup.procs", "");
    put("sys/fs/cgroup/cpuset/user/me/cgroup.procs", "");
    assert_true(vg_cgroups_find(root, &groups, &err));
    at(groups.cpu, "/sys/fs/cgroup/cpu x/user/me");
    at(groups.cpuset, "/sys/fs/cgroup/cpuset/user/me");
    vg_cgroups_free(&groups);
}

static void version_1_writes_limits_and_members(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_1("/");
    static const char *const cpu[] = { "cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.shares", "cgroup.procs" };
    static const char *const cpuset[] = { "cpuset.cpus", "cpuset.mems", "cgroup.procs" };
    for (unsigned i = 0; i < VG_COUNT(cpu); i++) {
        vg_autofree char *path = vg_format("sys/fs/cgroup/cpu x/vgauge-g/%s", cpu[i]);
        put(path, "");
    }
    for (unsigned i = 0; i < VG_COUNT(cpuset); i++) {
        vg_autofree char *path = vg_format("sys/fs/cgroup/cpuset/vgauge-g/%s", cpuset[i]);
        put(path, "");
    }
    assert_true(vg_cgroups_find(root, &groups, &err));
    if (!vg_cgroup_make(&groups, "vgauge-g", "0,2-3", &err))
        fail_msg("%s", err.text);
    holds("sys/fs/cgroup/cpuset/vgauge-g/cpuset.cpus", "0,2-3");
    holds("sys/fs/cgroup/cpuset/vgauge-g/cpuset.mems", "0-1");
    assert_true(vg_cgroup_set_limit(&groups, "vgauge-g", &(struct vg_cgroup_limit) { 20000, 5000, 3 }, &err));
    holds("sys/fs/cgroup/cpu x/vgauge-g/cpu.cfs_period_us", "20000");
    holds("sys/fs/cgroup/cpu x/vgauge-g/cpu.cfs_quota_us", "5000");
    holds("sys/fs/cgroup/cpu x/vgauge-g/cpu.shares", "3072");
    assert_false(vg_cgroup_has(&groups, "vgauge-g", 4711));
    assert_true(vg_cgroup_add(&groups, "vgauge-g", 4711, &err));
    assert_true(vg_cgroup_has(&groups, "vgauge-g", 4711));
    assert_false(vg_cgroup_has(&groups, "vgauge-g", 471));
    holds("sys/fs/cgroup/cpuset/vgauge-g/cgroup.procs", "4711");
    vg_cgroups_free(&groups);
}

/* A plain file keeps the rest of a longer old value, which is how a kernel that took less than was asked looks. */
static void what_reads_back_otherwise_is_an_error(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_1("/");
    put("sys/fs/cgroup/cpu x/vgauge-g/cpu.cfs_period_us", "100000");
    put("sys/fs/cgroup/cpu x/vgauge-g/cpu.cfs_quota_us", "-1");
    put("sys/fs/cgroup/cpu x/vgauge-g/cpu.shares", "1024");
    put("sys/fs/cgroup/cpuset/vgauge-g/cpuset.cpus", "0-3,7");
    put("sys/fs/cgroup/cpuset/vgauge-g/cpuset.mems", "");
    assert_true(vg_cgroups_find(root, &groups, &err));
    assert_false(vg_cgroup_set_limit(&groups, "vgauge-g", &(struct vg_cgroup_limit) { 20000, 5000, 1 }, &err));
    assert_non_null(strstr(err.text, "cpu.cfs_period_us was set to `20000`, but reads `200000`"));
    assert_false(vg_cgroup_make(&groups, "vgauge-g", "0-1", &err));
    assert_non_null(strstr(err.text, "cpuset.cpus was set to `0-1`"));
    vg_cgroups_free(&groups);
}

static void put_version_2(const char *own)
{
    put("proc/self/mountinfo", "22 1 0:20 / / rw - ext4 /dev/x rw\n"
                               "30 22 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    vg_autofree char *groups = vg_format("0::%s\n", own);
    put("proc/self/cgroup", groups);
}

static void version_2_takes_the_first_group_that_passes_on(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_2("/user.slice/session");
    put("sys/fs/cgroup/cgroup.controllers", "cpu io memory\n"); /* no cpuset here */
    put("sys/fs/cgroup/user.slice/cgroup.controllers", "cpuset cpu io\n");
    put("sys/fs/cgroup/user.slice/cgroup.subtree_control", "cpu cpuset\n");
    put("sys/fs/cgroup/user.slice/session/cgroup.controllers", "cpuset cpu\n");
    if (!vg_cgroups_find(root, &groups, &err))
        fail_msg("%s", err.text);
    assert_int_equal(groups.version, 2);
    at(groups.cpu, "/sys/fs/cgroup/user.slice");
    at(groups.cpuset, "/sys/fs/cgroup/user.slice");
    vg_cgroups_free(&groups);
}

static void version_2_switches_controllers_on(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_2("/");
    put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory\n");
    put("sys/fs/cgroup/cgroup.subtree_control", "memory pids\n");
    assert_false(vg_cgroups_find(root, &groups, &err)); /* a plain file does not become "cpuset cpu memory pids" */
    holds("sys/fs/cgroup/cgroup.subtree_control", "+cpu +cpuset");
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "does not pass on"));
}

static void version_2_writes_limits_and_members(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_2("/");
    put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu\n");
    put("sys/fs/cgroup/cgroup.subtree_control", "cpuset cpu\n");
    static const char *const files[] = { "cpuset.cpus", "cpu.max", "cpu.weight", "cgroup.procs" };
    for (unsigned i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *path = vg_format("sys/fs/cgroup/vgauge-g/%s", files[i]);
        put(path, "");
    }
    assert_true(vg_cgroups_find(root, &groups, &err));
    if (!vg_cgroup_make(&groups, "vgauge-g", "1", &err) || !vg_cgroup_add(&groups, "vgauge-g", 12, &err) ||
        !vg_cgroup_set_limit(&groups, "vgauge-g", &(struct vg_cgroup_limit) { 20000, 30000, 2 }, &err))
        fail_msg("%s", err.text);
    holds("sys/fs/cgroup/vgauge-g/cpuset.cpus", "1");
    holds("sys/fs/cgroup/vgauge-g/cgroup.procs", "12");
    holds("sys/fs/cgroup/vgauge-g/cpu.max", "30000 20000");
    holds("sys/fs/cgroup/vgauge-g/cpu.weight", "200");
    put("sys/fs/cgroup/vgauge-g/cpu.max", "");
    put("sys/fs/cgroup/vgauge-g/cpu.weight", "");
    assert_true(vg_cgroup_set_limit(&groups, "vgauge-g", &(struct vg_cgroup_limit) { 20000, 0, 1 }, &err));
    holds("sys/fs/cgroup/vgauge-g/cpu.max", "max 20000");
    vg_cgroups_free(&groups);
}

static void a_host_without_controllers_says_so(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    assert_false(vg_cgroups_find(root, &groups, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    put("proc/self/mountinfo", "22 1 0:20 / / rw - ext4 /dev/x rw\n");
    put("proc/self/cgroup", "0::/\n");
    assert_false(vg_cgroups_find(root, &groups, &err));
    assert_non_null(strstr(err.text, "no control groups"));
    put("proc/self/mountinfo", "32 31 0:29 / /cpu rw - cgroup cgroup rw,cpu\n");
    assert_false(vg_cgroups_find(root, &groups, &err));
    assert_non_null(strstr(err.text, "cpuset is missing"));
}

static void only_groups_of_dead_runners_are_swept(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_1("/");
    assert_true(vg_cgroups_find(root, &groups, &err));
    vg_autofree char *alive = vg_format("%s/sys/fs/cgroup/cpu x/vgauge-%ld-peer", root, (long)getpid());
    vg_autofree char *dead = vg_format("%s/sys/fs/cgroup/cpu x/vgauge-%d-peer", root, 0x3ffffff);
    vg_autofree char *foreign = vg_format("%s/sys/fs/cgroup/cpu x/somebody-%d-peer", root, 0x3ffffff);
    assert_true(mkdir(alive, 0755) == 0 && mkdir(dead, 0755) == 0 && mkdir(foreign, 0755) == 0);
    vg_cgroups_sweep(&groups);
    assert_true(vg_exists(alive));
    assert_false(vg_exists(dead));
    assert_true(vg_exists(foreign));
    vg_cgroups_free(&groups);
}

static void a_group_is_removed_everywhere(void **state)
{
    (void)state;
    struct vg_cgroups groups;
    struct vg_error err = { 0 };
    put_version_1("/");
    assert_true(vg_cgroups_find(root, &groups, &err));
    vg_autofree char *cpu = vg_format("%s/sys/fs/cgroup/cpu x/vgauge-g", root);
    vg_autofree char *cpuset = vg_format("%s/sys/fs/cgroup/cpuset/vgauge-g", root);
    assert_true(mkdir(cpu, 0755) == 0 && mkdir(cpuset, 0755) == 0);
    assert_true(vg_cgroup_remove(&groups, "vgauge-g", &err));
    assert_false(there("sys/fs/cgroup/cpu x/vgauge-g") || there("sys/fs/cgroup/cpuset/vgauge-g"));
    assert_true(vg_cgroup_remove(&groups, "vgauge-g", &err)); /* gone is gone */
    put("sys/fs/cgroup/cpu x/vgauge-g/stays", "");
    assert_false(vg_cgroup_remove(&groups, "vgauge-g", &err));
    vg_cgroups_free(&groups);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(version_1_in_the_root_group),
        TEST(version_1_below_our_own_group),
        TEST(version_1_writes_limits_and_members),
        TEST(what_reads_back_otherwise_is_an_error),
        TEST(version_2_takes_the_first_group_that_passes_on),
        TEST(version_2_switches_controllers_on),
        TEST(version_2_writes_limits_and_members),
        TEST(a_host_without_controllers_says_so),
        TEST(only_groups_of_dead_runners_are_swept),
        TEST(a_group_is_removed_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
