/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kvm-stats, interrupts and drm-fdinfo against recorded answers and files: sums, devices that come and go, counters
 * that step back, and texts that are not what they should be. */
#include "support/probe_tree.h"

#include <unistd.h>
#include "fdinfo.h"

static void make(const char *path)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = in_root(path);
    assert_true(vg_make_directories(full, &err));
}

/* --- kvm-stats ------------------------------------------------------------------------------------------------------
 */

#define VCPU(exits)                                                                                                    \
    "{\"provider\":\"kvm\",\"qom-path\":\"/machine/unattached/"                                                        \
    "device[0]\",\"stats\":[{\"name\":\"exits\",\"value\":" #exits                                                     \
    "},{\"name\":\"mmio_exits\",\"value\":20},{\"name\":\"io_exits\",\"value\":3},{\"name\":\"irq_exits\","            \
    "\"value\":40},{\"name\":\"halt_exits\",\"value\":50},{\"name\":\"irq_injections\",\"value\":60}]}"

static bool say(void *text, const char *command, char **answer, struct vg_error *err)
{
    (void)err;
    assert_non_null(strstr(command, "\"query-stats\""));
    assert_non_null(strstr(command, "\"vcpu\""));
    *answer = vg_strdup(text);
    return true;
}

static bool say_nothing(void *unused, const char *command, char **answer, struct vg_error *err)
{
    (void)unused;
    (void)command;
    (void)answer;
    return vg_fail(err, VG_ERROR_TIMEOUT, "no answer");
}

static struct vg_probe_target kvm_vm(const char *text)
{
    return (struct vg_probe_target) { .tenant = "vm.0", .pid = 4100, .ask = say, .vmm = (void *)(uintptr_t)text };
}

static void exits_are_summed_over_vcpus(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-stats");
    struct vg_probe_target target = kvm_vm("{\"return\":[" VCPU(1000) "," VCPU(500) "]}");
    void *state = begin(probe, root);
    sample(probe, state, &target, 1);
    const struct row *row = last_row("vm", "vm.0", "");
    assert_non_null(row);
    assert_float_equal(row->values[0], 1500, 0);
    assert_float_equal(row->values[1], 40, 0);
    assert_float_equal(row->values[6], 46, 0); /* MMIO and ports */
    assert_string_equal(fact("source[vm.0]"), "QMP query-stats");
    target.vmm = (void *)(uintptr_t) "{\"return\":[" VCPU(10) "]}";
    sample(probe, state, &target, 1); /* the same VM cannot have fewer */
    assert_float_equal(last_row("vm", "vm.0", "")->values[0], 1500, 0);
    target.pid = 4200; /* another one can, and adds to what the tenant had */
    sample(probe, state, &target, 1);
    assert_float_equal(last_row("vm", "vm.0", "")->values[0], 1510, 0);
    probe->end(state);
}

static void put_debugfs(const char *name, unsigned exits)
{
    static const char *const others[] = { "mmio_exits", "io_exits", "irq_exits", "halt_exits", "irq_injections" };
    vg_autofree char *directory = vg_format("sys/kernel/debug/kvm/%s", name);
    make(directory);
    vg_autofree char *path = vg_format("%s/exits", directory), *text = vg_format("%u\n", exits);
    put(path, text);
    for (size_t i = 0; i < VG_COUNT(others); i++) {
        vg_autofree char *other = vg_format("%s/%s", directory, others[i]);
        put(other, "7\n");
    }
}

static void without_qmp_the_kernel_is_asked(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-stats");
    const struct vg_probe_target target = kvm_vm("{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"none\"}}");
    put_debugfs("410-9", 1);
    put_debugfs("4100-12", 900);
    void *state = begin(probe, root);
    sample(probe, state, &target, 1);
    assert_float_equal(last_row("vm", "vm.0", "")->values[0], 900, 0);
    assert_float_equal(last_row("vm", "vm.0", "")->values[6], 14, 0);
    assert_string_equal(fact("source[vm.0]"), "debugfs");
    size_t rows = record.row_count;
    static const char *const wrong[] = { "", "x\n", "-5\n", "7x\n", "99999999999999999999999\n" };
    for (size_t i = 0; i < 2; i++) {
        put("sys/kernel/debug/kvm/4100-12/io_exits", wrong[i]);
        sample(probe, state, &target, 1);
        assert_non_null(strstr(fact("unseen[vm.0]"), "io_exits is missing or no number"));
    }
    probe->end(state);
    for (size_t i = 2; i < VG_COUNT(wrong); i++) {
        put("sys/kernel/debug/kvm/4100-12/io_exits", wrong[i]);
        state = begin(probe, root);
        sample(probe, state, &target, 1);
        probe->end(state);
    }
    assert_int_equal(record.row_count, rows);
    state = begin(probe, root);
    drop("sys/kernel/debug/kvm/4100-12"); /* the VM has gone */
    sample(probe, state, &target, 1);
    assert_int_equal(record.row_count, rows);
    probe->end(state);
}

static void no_kvm_is_said(void **unused)
{
    (void)unused;
    static const char *const wrong[] = { "{\"return\":[]}", "{\"return\":7}", "{\"return\":[7,{\"stats\":[7]}]}",
                                         "{\"return\":[{\"stats\":[{\"name\":\"exits\",\"value\":5}]}]}", "" };
    const struct vg_probe *probe = probe_named("kvm-stats");
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct vg_probe_target target = kvm_vm(wrong[i]);
        void *state = begin(probe, root);
        sample(probe, state, &target, 1);
        assert_int_equal(record.row_count, 0);
        assert_true(fact("unseen[vm.0]")[0] != '\0');
        if (i == 0)
            assert_non_null(strstr(fact("unseen[vm.0]"), "does not run under KVM"));
        probe->end(state);
    }
    put_debugfs("4100-12", 900); /* a VMM that is only busy is waited for: two sources are never mixed */
    struct vg_probe_target busy = { .tenant = "vm.0", .pid = 4100, .ask = say_nothing };
    void *state = begin(probe, root);
    for (int i = 0; i < 9; i++)
        sample(probe, state, &busy, 1);
    assert_int_equal(record.row_count, 0);
    probe->end(state);
}

/* --- interrupts -----------------------------------------------------------------------------------------------------
 */

#define HEADER "            CPU0       CPU1       \n"
#define KERNEL                                                                                                         \
    " 24:          1          0  IO-APIC   5-edge      ACPI:Ged\n"                                                     \
    " 88:        100         20  IR-PCI-MSIX-0000:41:00.4    0-edge      vfio-msix[0](0000:41:00.4)\n"                 \
    " 89:          5          0  IR-PCI-MSIX-0000:41:00.4    1-edge      vfio-msix[1](0000:41:00.4)\n"                 \
    " 90:          7          7  IR-PCI-MSI-0000:42:00.0    0-edge      vfio-msi[0](0000:42:00.0)\n"                   \
    "NMI:         46         48   Non-maskable interrupts\n"                                                           \
    "ERR:          0\n"                                                                                                \
    "PIN:         11         22   Posted-interrupt notification event\n"                                               \
    "NPI:          0          1   Nested posted-interrupt event\n"                                                     \
    "PIW:          3          4   Posted-interrupt wakeup event\n"

static void interrupts_belong_to_devices(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("interrupts");
    const struct vg_probe_target targets[] = { { .tenant = "vm.0", .pid = 1, .device = "0000:41:00.4" },
                                               { .tenant = "vm.1", .pid = 2, .device = "0000:43:00.0" },
                                               { .tenant = "vm.2", .pid = 3 } };
    put("proc/interrupts", HEADER KERNEL);
    void *state = begin(probe, root);
    sample(probe, state, targets, 3);
    assert_float_equal(last_row("vfio", "vm.0", "")->values[0], 125, 0);
    assert_float_equal(last_row("vfio", "vm.0", "")->values[1], 1 + 125 + 14 + 94 + 33 + 1 + 7, 0);
    assert_null(last_row("vfio", "vm.1", ""));
    assert_non_null(strstr(fact("unseen[vm.1]"), "no vector"));
    assert_non_null(strstr(fact("unseen[vm.2]"), "no device of this host"));
    assert_float_equal(last_row("host", "", "")->values[0], 33, 0);
    assert_float_equal(last_row("host", "", "")->values[1], 7, 0);
    assert_float_equal(last_row("host", "", "")->values[2], 1, 0);
    probe->end(state);
}

static void interrupts_may_be_anything(void **unused)
{
    (void)unused;
    static const char *const odd[] = {
        HEADER,
        HEADER "\n\n:\nx\n 1\n",
        HEADER " 88: 1 vfio-msix[0](\n 89: 1 2 vfio-msix[0]()\n 90: 1 2 vfio-msix[0](../../../etc)\n",
        HEADER " 88: 99999999999999999999999999 1 vfio-msix[0](0000:41:00.4-and-much-longer-than-it)\n",
    };
    const struct vg_probe *probe = probe_named("interrupts");
    const struct vg_probe_target target = { .tenant = "vm.0", .pid = 1, .device = "0000:41:00.4" };
    for (size_t i = 0; i < VG_COUNT(odd); i++) {
        put("proc/interrupts", odd[i]);
        void *state = begin(probe, root);
        sample(probe, state, &target, 1);
        assert_null(last_row("vfio", "vm.0", ""));
        assert_null(last_row("host", "", ""));
        assert_non_null(strstr(fact("posted"), "no rows"));
        probe->end(state);
    }
    put("proc/interrupts", "not what it is\n");
    const struct vg_probe_host host = { .root = root };
    const struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, NULL };
    struct vg_error err = { 0 };
    void *state;
    assert_false(probe->begin(&host, &sink, &state, &err));
    assert_non_null(strstr(err.text, "not understood"));
    put("proc/interrupts", HEADER KERNEL);
    state = begin(probe, root);
    put("proc/interrupts", "");
    assert_false(probe->sample(state, &target, 1, &err));
    probe->end(state);
}

/* --- drm-fdinfo -----------------------------------------------------------------------------------------------------
 */

#define CLIENT(number, render)                                                                                         \
    "pos:\t0\nflags:\t02100002\nmnt_id:\t24\ndrm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t" #number     \
    "\ndrm-engine-render:\t" #render " ns\ndrm-engine-video:\t0 ns\ndrm-engine-capacity-video:\t2\n"                   \
    "drm-total-system0:\t4096 KiB\ndrm-memory-vram:\t12\ndrm-some-future-key:\twhatever it is\n"

static void open_file(unsigned pid, unsigned fd, const char *target, const char *text)
{
    vg_autofree char *fds = vg_format("proc/%u/fd", pid), *infos = vg_format("proc/%u/fdinfo", pid);
    vg_autofree char *link = vg_format("%s/%s/%u", root, fds, fd), *info = vg_format("%s/%u", infos, fd);
    make(fds);
    make(infos);
    unlink(link);
    assert_int_equal(symlink(target, link), 0);
    put(info, text);
}

static double busy(const char *client)
{
    vg_autofree char *item = vg_format("0000:00:02.0/%s/render", client);
    const struct row *row = last_row("engine", "vm.0", item);
    return row ? row->values[0] * 1e9 : -1;
}

static void shared_files_count_once(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("drm-fdinfo");
    open_file(4100, 7, "/dev/dri/renderD128", CLIENT(31, 5000000));
    open_file(4100, 8, "/dev/dri/renderD128", CLIENT(31, 5000000)); /* duplicated */
    open_file(4120, 9, "/dev/dri/renderD128", CLIENT(31, 5000000)); /* and inherited */
    open_file(4120, 10, "/dev/dri/renderD128", CLIENT(32, 100));
    open_file(4100, 11, "/dev/null", CLIENT(99, 1)); /* not a DRM file, whatever it says */
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    assert_float_equal(busy("31"), 5000000, 1);
    assert_float_equal(busy("32"), 100, 1);
    assert_float_equal(busy("99"), -1, 0);
    assert_float_equal(last_row("engine", "vm.0", "0000:00:02.0/31/video")->values[1], 2, 0);
    size_t rows = record.row_count;
    assert_int_equal(rows, 4);
    open_file(4100, 7, "/dev/dri/renderD128", CLIENT(31, 4000000)); /* a dip ... */
    drop("proc/4100/fdinfo/8");
    drop("proc/4120/fdinfo/9");
    sample(probe, state, both, 2);
    assert_float_equal(busy("31"), 5000000, 1);
    assert_float_equal(last_row("engine", "vm.0", "0000:00:02.0/31/render")->values[2], 0.004, 1e-9);
    open_file(4100, 7, "/dev/dri/renderD128", CLIENT(31, 6000000)); /* ... that is caught up */
    sample(probe, state, both, 2);
    assert_float_equal(busy("31"), 6000000, 1);
    drop("proc/4100/fdinfo/7"); /* closed: what it used stays */
    sample(probe, state, both, 2);
    assert_float_equal(busy("31"), 6000000, 1);
    assert_float_equal(last_row("engine", "vm.0", "0000:00:02.0/31/render")->values[3], 0, 0);
    probe->end(state);
    assert_string_equal(fact("clients"), "2");
    assert_string_equal(fact("counters_stepped_back"), "1");
    assert_string_equal(fact("malformed_values"), "0");
}

static void what_is_wrong_is_counted(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("drm-fdinfo");
    open_file(4100, 7, "/dev/dri/renderD128", "drm-pdev:\tx\ndrm-client-id:\t3\ndrm-engine-render:\t1 ns\n");
    open_file(4100, 8, "/dev/dri/renderD128", "drm-driver:\txe\ndrm-client-id:\t4\ndrm-engine-rcs:\t12\n");
    open_file(4100, 9, "/dev/dri/renderD128", "drm-driver:\txe\ndrm-client-id:\tfour\ndrm-engine-rcs:\t1 ns\n");
    open_file(4100, 10, "/dev/dri/renderD128", "drm-driver:\txe\ndrm-client-id:\t5\ndrm-engine-rcs:\t1 ns\n");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    open_file(4100, 10, "/dev/dri/renderD128", "drm-driver:\txe\ndrm-client-id:\t5\ndrm-engine-ccs:\t1 ns\n");
    sample(probe, state, both, 2);
    probe->end(state);
    assert_string_equal(fact("files_without_driver"), "2"); /* one file, looked at twice */
    assert_string_equal(fact("malformed_values"), "4");
    assert_string_equal(fact("engine_name_changes"), "2"); /* one gone, one new */
}

static void fdinfo_refuses_garbage(void **unused)
{
    (void)unused;
    static const char *const malformed[] = {
        "drm-driver:\n",
        "drm-driver:\ttwo words\n",
        "drm-driver:\tname-that-is-far-too-long-for-any-driver-that-ever-was-or-will-be\n",
        "drm-client-id:\t-1\n",
        "drm-client-id:\t99999999999999999999999\n",
        "drm-engine-render:\t5 us\n",
        "drm-engine-render:\t5ns\n",
        "drm-engine-:\t5 ns\n",
        "drm-engine-a,b:\t5 ns\n",
        "drm-engine-capacity-render:\t0\n",
        "drm-engine-capacity-render:\t1 ns\n",
        "drm-maxfreq-gt0:\t5 GHz\n",
        "drm-total-vram0:\t5 kB\n",
        "drm-cycles-rcs:\t5 Hz\n",
    };
    for (size_t i = 0; i < VG_COUNT(malformed); i++) {
        struct fdinfo info;
        vg_autofree char *text = vg_strdup(malformed[i]);
        fdinfo_parse(text, &info);
        if (info.malformed != 1)
            fail_msg("accepted: %s", malformed[i]);
    }
    static const char *const good[] = { "drm-maxfreq-gt0:\t5 MHz\n", "drm-total-vram0:\t5\n", "drm-x:\n", "pos:\t1\n",
                                        "drm-total-vram0: 5 MiB\n",  "drm-cycles-rcs:\t5\n",  "",         "drm" };
    for (size_t i = 0; i < VG_COUNT(good); i++) {
        struct fdinfo info;
        vg_autofree char *text = vg_strdup(good[i]);
        fdinfo_parse(text, &info);
        if (info.malformed != 0)
            fail_msg("refused: %s", good[i]);
    }
    char many[4096] = "";
    for (int i = 0; i < 40; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "drm-engine-e%d:\t1 ns\n", i);
    struct fdinfo info;
    fdinfo_parse(many, &info);
    assert_int_equal(info.engine_count, FDINFO_ENGINES);
}

static void nothing_to_see_is_said(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("drm-fdinfo");
    void *state = begin(probe, root);
    sample(probe, state, both, 2);
    probe->end(state);
    assert_int_equal(record.row_count, 0);
    assert_non_null(strstr(fact("unseen"), "no process of a tenant"));
}

static void a_kernel_without_drm_is_not_searched(void **unused)
{
    (void)unused;
    struct vg_error err = { 0 };
    const struct vg_probe *probe = probe_named("drm-fdinfo");
    const struct vg_probe_host host = { .root = root };
    struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, (void *)(uintptr_t)probe };
    void *state = NULL;
    vg_autofree char *drm = in_root("sys/class/drm");
    vg_autofree char *other = in_root("sys/class/net");
    assert_true(vg_make_directories(other, &err));
    assert_false(probe->begin(&host, &sink, &state, &err));
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "no DRM devices"));
    assert_true(vg_make_directories(drm, &err));
    state = begin(probe, root);
    probe->end(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exits_are_summed_over_vcpus),
        TEST(without_qmp_the_kernel_is_asked),
        TEST(no_kvm_is_said),
        TEST(interrupts_belong_to_devices),
        TEST(interrupts_may_be_anything),
        TEST(shared_files_count_once),
        TEST(what_is_wrong_is_counted),
        TEST(fdinfo_refuses_garbage),
        TEST(nothing_to_see_is_said),
        TEST(a_kernel_without_drm_is_not_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
