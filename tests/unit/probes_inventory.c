/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sriov-inventory, mdev-inventory and nvml against recorded trees and a stand-in for NVIDIA's library: what
 * belongs to the vGPU and what does not, what changes while it is watched, and what is malformed or gone. */
#include "support/probe_tree.h"

#include <unistd.h>

static void make(const char *path)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = in_root(path);
    assert_true(vg_make_directories(full, &err));
}

static void link_to(const char *path, const char *target)
{
    vg_autofree char *full = in_root(path);
    unlink(full);
    assert_int_equal(symlink(target, full), 0);
}

static char *why_not(const struct vg_probe *probe, const struct vg_probe_pgpu *pgpus, size_t count)
{
    static char text[512];
    struct vg_error err = { 0 };
    void *state = NULL;
    const struct vg_probe_host host = { .root = root, .pgpus = pgpus, .pgpu_count = count };
    const struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, (void *)(uintptr_t)probe };
    if (probe->begin(&host, &sink, &state, &err))
        fail_msg("%s begins", probe->name);
    snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, err.text);
    return text;
}

/* --- inventories ----------------------------------------------------------------------------------------------------
 */

static void put_function(const char *address, const char *class, const char *total, const char *enabled)
{
    vg_autofree char *directory = vg_format("sys/bus/pci/devices/%s", address);
    const char *const files[][2] = { { "class", class }, { "sriov_totalvfs", total }, { "sriov_numvfs", enabled } };
    make(directory);
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *path = vg_format("%s/%s", directory, files[i][0]);
        if (files[i][1])
            put(path, files[i][1]);
    }
}

static void virtual_functions_are_counted(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("sriov-inventory");
    assert_non_null(strstr(why_not(probe, NULL, 0), "no graphics function"));
    put_function("0000:01:00.0", "0x020000\n", "8\n", "8\n"); /* a network card */
    put_function("0000:02:00.0", "0x030000\n", "0\n", "0\n");
    put_function("0000:03:00.0", "0x030000\n", "many\n", "0\n");
    put_function("0000:04:00.0", "graphics\n", "8\n", "0\n");
    assert_non_null(strstr(why_not(probe, NULL, 0), "no graphics function"));
    put_function("0000:41:00.0", "0x030200\n", "16\n", "3\n");
    put_function("0000:41:00.4", "0x030200\n", NULL, NULL);
    put_function("0000:41:00.5", "0x030200\n", NULL, NULL);
    link_to("sys/bus/pci/devices/0000:41:00.0/virtfn0", "../0000:41:00.4");
    link_to("sys/bus/pci/devices/0000:41:00.0/virtfn1", "../0000:41:00.5");
    link_to("sys/bus/pci/devices/0000:41:00.0/virtfn2", "../0000:41:00.6"); /* gone */
    link_to("sys/bus/pci/devices/0000:41:00.4/driver", "../../../../bus/pci/drivers/vfio-pci");
    link_to("sys/bus/pci/devices/0000:41:00.5/driver", "../../../../bus/pci/drivers/nvidia");
    void *state = begin(probe, root);
    sample(probe, state, NULL, 0);
    assert_int_equal(record.row_count, 1);
    const struct row *row = last_row("function", "", "0000:41:00.0");
    assert_float_equal(row->values[0], 16, 0);
    assert_float_equal(row->values[1], 3, 0);
    assert_float_equal(row->values[2], 2, 0);
    assert_float_equal(row->values[3], 1, 0);
    drop("sys/bus/pci/devices/0000:41:00.0/sriov_numvfs");
    sample(probe, state, NULL, 0);
    assert_float_equal(last_row("function", "", "0000:41:00.0")->values[1], -1, 0);
    drop("sys/bus/pci/devices/0000:41:00.0");
    sample(probe, state, NULL, 0);
    assert_int_equal(record.row_count, 2);
    probe->end(state);
}

static void mediated_devices_are_counted(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("mdev-inventory");
    assert_non_null(strstr(why_not(probe, NULL, 0), "mediated devices"));
    make("sys/class/mdev_bus/0000:41:00.0/mdev_supported_types/nvidia-46/devices/0f0f");
    make("sys/class/mdev_bus/0000:41:00.0/mdev_supported_types/nvidia-47/devices");
    make("sys/class/mdev_bus/mdpy");
    put("sys/class/mdev_bus/0000:41:00.0/mdev_supported_types/nvidia-46/available_instances", "3\n");
    put("sys/class/mdev_bus/0000:41:00.0/mdev_supported_types/nvidia-47/available_instances", "-3\n");
    void *state = begin(probe, root);
    sample(probe, state, NULL, 0);
    assert_int_equal(record.row_count, 2);
    assert_float_equal(last_row("type", "", "0000:41:00.0/nvidia-46")->values[0], 3, 0);
    assert_float_equal(last_row("type", "", "0000:41:00.0/nvidia-46")->values[1], 1, 0);
    assert_float_equal(last_row("type", "", "0000:41:00.0/nvidia-47")->values[0], -1, 0);
    assert_float_equal(last_row("type", "", "0000:41:00.0/nvidia-47")->values[1], 0, 0);
    drop("sys/class/mdev_bus/0000:41:00.0");
    sample(probe, state, NULL, 0);
    assert_int_equal(record.row_count, 2);
    probe->end(state);
}

/* --- nvml -----------------------------------------------------------------------------------------------------------
 */

static char *source_path(const char *relative)
{
    if (vg_exists(relative))
        return vg_strdup(relative);
    vg_autofree char *program = vg_executable_directory();
    return vg_format("%s/../../../%s", program ? program : ".", relative);
}

static void build_library(void)
{
    struct vg_error err = { 0 };
    int status;
    vg_autofree char *said = NULL;
    make("usr/lib/x86_64-linux-gnu");
    vg_autofree char *output = in_root("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1");
    vg_autofree char *source = source_path("tests/unit/support/fake-nvml-probe.c");
    vg_autofree char *headers = source_path("host-probes");
    vg_autofree char *include = vg_format("-I%s", headers);
    const char *const argv[] = { "cc", "-std=gnu11", "-shared", "-fPIC", include, "-o", output, source, NULL };
    if (!vg_run_command(argv, 60000, 65536, &said, &status, &err) || status != 0)
        fail_msg("cc: %s %s", err.text, said ? said : "");
}

static const struct vg_probe_pgpu nvidia[] = { { .name = "a", .pci = "0000:41:00.0" },
                                               { .name = "b", .pci = "0000:42:00.0" },
                                               { .name = "cores", .cpus = "1" } };

static void *begin_nvml(const struct vg_probe *probe)
{
    struct vg_error err = { 0 };
    void *state = NULL;
    const struct vg_probe_host host = { .root = root, .pgpus = nvidia, .pgpu_count = VG_COUNT(nvidia) };
    const struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, (void *)(uintptr_t)probe };
    if (!probe->begin(&host, &sink, &state, &err))
        fail_msg("%s", err.text);
    return state;
}

static unsigned slices(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < record.row_count; i++)
        count += vg_equal(record.rows[i].stream, "slice");
    return count;
}

static void the_library_is_read(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("nvml");
    unsetenv("FAKE_NVML_SAYS");
    assert_non_null(strstr(why_not(probe, nvidia, 3), "is not there"));
    build_library();
    assert_non_null(strstr(why_not(probe, nvidia + 1, 2), "no pGPU of this host"));
    void *state = begin_nvml(probe);
    sample(probe, state, NULL, 0);
    assert_float_equal(last_row("pgpu", "", "a")->values[0], 87, 0);
    assert_float_equal(last_row("instance", "", "a/0a0a-11")->values[0], 11 * 1048576.0, 0);
    assert_float_equal(last_row("instance", "", "a/0b0b-12")->values[0], 12 * 1048576.0, 0);
    assert_float_equal(last_row("utilization", "", "a/0a0a-11")->values[0], 40, 0);
    assert_int_equal(slices(), 3);
    sample(probe, state, NULL, 0);
    assert_float_equal(last_row("utilization", "", "a/0a0a-11")->values[0], 50, 0); /* what came since */
    assert_int_equal(slices(), 4); /* the log repeats itself: what was read is not counted again */
    probe->end(state);
}

static void what_nvml_refuses_is_not_nothing(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("nvml");
    build_library();
    setenv("FAKE_NVML_SAYS", "no-start", 1);
    assert_non_null(strstr(why_not(probe, nvidia, 3), "does not start"));
    setenv("FAKE_NVML_SAYS", "no-utilization", 1);
    void *state = begin_nvml(probe);
    sample(probe, state, NULL, 0);
    assert_null(last_row("pgpu", "", "a"));
    assert_null(last_row("utilization", "", "a/0a0a-11"));
    assert_non_null(strstr(fact("unseen[a/utilization]"), "not supported"));
    assert_non_null(strstr(fact("unseen[a/instance utilization]"), "not supported"));
    assert_non_null(strstr(fact("unseen[a/scheduler log]"), "not supported"));
    probe->end(state);
    setenv("FAKE_NVML_SAYS", "hostile", 1); /* a log longer than there is room for, names that are none */
    state = begin_nvml(probe);
    sample(probe, state, NULL, 0);
    assert_int_equal(slices(), 200);
    assert_non_null(last_row("instance", "", "a/0a"));
    probe->end(state);
    setenv("FAKE_NVML_SAYS", "too-many", 1); /* vGPUs that there is no room to name */
    record.row_count = 0;
    state = begin_nvml(probe);
    sample(probe, state, NULL, 0);
    assert_null(last_row("instance", "", "a/0a0a-11"));
    assert_non_null(strstr(fact("unseen[a/instances]"), "4000000000"));
    probe->end(state);
    unsetenv("FAKE_NVML_SAYS");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(virtual_functions_are_counted),
        TEST(mediated_devices_are_counted),
        TEST(the_library_is_read),
        TEST(what_nvml_refuses_is_not_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
