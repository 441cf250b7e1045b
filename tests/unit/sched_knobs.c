/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of vendors' schedulers on trees of files as their drivers have them: what is read, what is written and
 * read back, what is malformed, refused, not taken, or gone in the middle. Where a driver must refuse or lie, a file of
 * /proc that does so stands in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "mechanism/sched-knobs.h"

#define PF      "0000:4d:00.0"
#define GPU     "0000:41:00.0"
#define UUID    "c0ffee00-1111-2222-3333-444444444444"
#define PROFILE "sys/bus/pci/devices/" PF "/sriov_admin/vf1/profile/"

static char *root;

static int make_root(void **state)
{
    (void)state;
    char template[] = "/tmp/vgauge-test-XXXXXX";
    assert_non_null(mkdtemp(template));
    root = vg_strdup(template);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_true(vg_remove_tree(root, &err));
    free(root);
    return 0;
}

static char *place(const char *file)
{
    struct vg_error err = { 0 };
    char *path = vg_format("%s/%s", root, file);
    vg_autofree char *directory = vg_strdup(path);
    *strrchr(directory, '/') = '\0';
    if (!vg_make_directories(directory, &err))
        fail_msg("%s", err.text);
    return path;
}

static void put(const char *file, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = place(file);
    unlink(path);
    if (!vg_write_file(path, text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void put_link(const char *file, const char *target)
{
    vg_autofree char *path = place(file);
    unlink(path);
    assert_int_equal(symlink(target, path), 0);
}

static void assert_text(const char *file, const char *text)
{
    struct vg_error err = { 0 };
    vg_autofree char *path = place(file), *now = NULL;
    assert_true(vg_read_attribute(path, &now, &err));
    assert_string_equal(now, text);
}

static void assert_says(const struct vg_error *err, const char *words)
{
    if (!strstr(err->text, words))
        fail_msg("\"%s\" does not say \"%s\"", err->text, words);
}

/* --- xe ----------------------------------------------------------------------------------------------------------- */

static void put_xe(void)
{
    put(PROFILE "exec_quantum_ms", "20\n");
    put(PROFILE "preempt_timeout_us", "40000\n");
    put(PROFILE "sched_priority", "[low] normal high\n");
}

static void xe_is_read_and_set(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_intel_scheduling now;
    put_xe();
    assert_true(vg_intel_scheduling_get(root, PF, 1, &now, &err));
    assert_int_equal(now.exec_quantum_ms, 20);
    assert_int_equal(now.preempt_timeout_us, 40000);
    assert_int_equal(now.priority, VG_INTEL_LOW);
    struct vg_intel_scheduling wanted = { 8, 16000, VG_INTEL_HIGH };
    assert_int_equal(vg_intel_scheduling_set(root, PF, 1, &wanted, &err), VG_REFUSED_NOT);
    assert_text(PROFILE "exec_quantum_ms", "8");
    assert_text(PROFILE "preempt_timeout_us", "16000");
    assert_text(PROFILE "sched_priority", "high");
    /* What is so already is not written: a priority that may only be read is no obstacle. */
    put(PROFILE "sched_priority", "low [normal] high");
    wanted = (struct vg_intel_scheduling) { 0, 0, VG_INTEL_NORMAL };
    assert_int_equal(vg_intel_scheduling_set(root, PF, 1, &wanted, &err), VG_REFUSED_NOT);
    assert_text(PROFILE "sched_priority", "low [normal] high");
    assert_text(PROFILE "exec_quantum_ms", "0");
}

static void xe_refuses_before_it_writes(void **state)
{
    (void)state;
    static const struct {
        struct vg_intel_scheduling wanted;
        unsigned function;
        const char *word;
    } cases[] = {
        { { 100001, 1, VG_INTEL_LOW }, 1, "quantum of 100001 ms" },
        { { 1, 100000001, VG_INTEL_LOW }, 1, "timeout of 100000001 us" },
        { { 1, 1, (enum vg_intel_priority)4 }, 1, "priority 4" },
        { { 1, 1, VG_INTEL_LOW }, 65, "no VF 65" },
    };
    put_xe();
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        assert_int_equal(vg_intel_scheduling_set(root, PF, cases[i].function, &cases[i].wanted, &err),
                         VG_REFUSED_UNSUPPORTED);
        assert_says(&err, cases[i].word);
        assert_text(PROFILE "exec_quantum_ms", "20");
    }
}

static void malformed_xe_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *word;
    } cases[] = {
        { "exec_quantum_ms", "20x\n", "`20x`" },
        { "exec_quantum_ms", "\n", "no number" },
        { "exec_quantum_ms", "-1\n", "`-1`" },
        { "exec_quantum_ms", "100001\n", "from 0 to 100000" },
        { "exec_quantum_ms", "99999999999999999999999\n", "no number" },
        { "preempt_timeout_us", "0x10\n", "`0x10`" },
        { "preempt_timeout_us", "1 2\n", "`1 2`" },
        { "sched_priority", "low normal high\n", "which choice" },
        { "sched_priority", "[low] [normal] high\n", "which choice" },
        { "sched_priority", "[highest]\n", "`[highest]`" },
        { "sched_priority", "\n", "which choice" },
        { "sched_priority", "]low[\n", "which choice" },
        { "sched_priority", "[]\n", "which choice" },
        { "sched_priority", "\x1b[31mlow", "\\x1b" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        struct vg_intel_scheduling now, wanted = { 5, 5, VG_INTEL_LOW };
        put_xe();
        vg_autofree char *file = vg_format(PROFILE "%s", cases[i].file);
        put(file, cases[i].text);
        assert_false(vg_intel_scheduling_get(root, PF, 1, &now, &err));
        assert_says(&err, cases[i].word);
        assert_int_equal(vg_intel_scheduling_set(root, PF, 1, &wanted, &err), VG_REFUSED_ERROR);
        assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
    }
}

static void vanished_xe_is_an_error(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_intel_scheduling now, wanted = { 5, 5, VG_INTEL_LOW };
    put_xe();
    assert_int_equal(vg_intel_scheduling_set(root, PF, 2, &wanted, &err), VG_REFUSED_ERROR);
    assert_says(&err, "vf2");
    assert_says(&err, "sriov_admin");
    vg_autofree char *file = place(PROFILE "preempt_timeout_us");
    unlink(file);
    assert_false(vg_intel_scheduling_get(root, PF, 1, &now, &err));
    assert_says(&err, "preempt_timeout_us");
    assert_false(vg_intel_scheduling_get(root, PF, 0, &now, &err)); /* the PF has no such folder here */
    assert_says(&err, "/pf;");
}

/* A driver that takes a value and has another; one that refuses it after the first half was written. */
static void a_written_value_is_not_believed(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *path = place("knob");
    put_link("knob", "/proc/self/coredump_filter"); /* takes 51, and reads 00000033 */
    assert_int_equal(vg_knob_write(path, 51, &err), VG_REFUSED_ERROR);
    assert_says(&err, "was set to 51, but reads 33");
    static const char *const choices[] = { "51", "00000033" };
    assert_int_equal(vg_knob_write_choice(path, path, choices, 2, 0, &err), VG_REFUSED_ERROR);
    assert_says(&err, "was set to `51`, but `00000033` is in force");
    put_xe();
    put(PROFILE "exec_quantum_ms", "20");
    put_link(PROFILE "preempt_timeout_us", "/proc/self/oom_score_adj"); /* takes at most 1000 */
    struct vg_intel_scheduling wanted = { 8, 5000, VG_INTEL_NORMAL };
    assert_int_equal(vg_intel_scheduling_set(root, PF, 1, &wanted, &err), VG_REFUSED_UNSUPPORTED);
    assert_says(&err, "does not take `5000`");
    assert_text(PROFILE "exec_quantum_ms", "20"); /* back again */
    assert_text(PROFILE "sched_priority", "low");
    put_link("knob", "/dev/full");
    assert_int_equal(vg_knob_write(path, 5, &err), VG_REFUSED_ERROR);
    put_link("knob", "/nowhere/at/all");
    assert_int_equal(vg_knob_write(path, 5, &err), VG_REFUSED_UNSUPPORTED);
    assert_says(&err, "cannot be set");
    assert_int_equal(vg_knob_write(root, 5, &err), VG_REFUSED_ERROR); /* a directory */
}

/* --- GVT-g -------------------------------------------------------------------------------------------------------- */

static void gim_is_chosen_when_it_is_loaded(void **state)
{
    (void)state;
    static const char file[] = "sys/module/gim/parameters/sch_policy";
    static const struct {
        const char *text;
        unsigned gpu;
        const char *policy; /* NULL: the driver's choice */
        bool good;
    } cases[] = {
        { "2\n", 0, "amd-liquid", true },
        { "1,4,5\n", 0, "fixed-share", true },
        { "1,4,5\n", 1, "equal-share", true },
        { "1,4,5\n", 2, "amd-liquid", true },
        { "3\n", 0, "fixed-share", true },
        { "0\n", 0, NULL, true },
        { "1\n", 1, NULL, true },
        { "6\n", 0, NULL, false },
        { "solid\n", 0, NULL, false },
        { "1,-1\n", 1, NULL, false },
        { "\n", 0, NULL, true },
    };
    const struct vg_host_policy liquid = { .name = (char *)"amd-liquid" }, quanta = { .name = (char *)"xe-quanta" };
    struct vg_error err = { 0 };
    const char *now;
    assert_false(vg_gim_is_loaded(root));
    assert_false(vg_gim_policy_active(root, 0, &now, &err));
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        put(file, cases[i].text);
        bool good = vg_gim_policy_active(root, cases[i].gpu, &now, &err);
        bool same = cases[i].policy ? vg_equal(now, cases[i].policy) : !now;
        if (good != cases[i].good || !same)
            fail_msg("case %zu: %s", i, good ? now : err.text);
    }
    put(file, "1,2\n");
    assert_true(vg_gim_is_loaded(root));
    assert_int_equal(vg_gim_policy_require(root, 1, &liquid, &err), VG_REFUSED_NOT);
    assert_int_equal(vg_gim_policy_require(root, 0, &liquid, &err), VG_REFUSED_NEEDS_REBOOT);
    assert_says(&err, "amd-liquid needs sch_policy=2 for GPU 0; now it is fixed-share");
    assert_int_equal(vg_gim_policy_require(root, 0, &quanta, &err), VG_REFUSED_UNSUPPORTED);
    vg_autofree char *path = place(file);
    unlink(path);
}

static void gvt_weights_belong_to_types(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    unsigned weight = 0;
    const char *file = "sys/bus/mdev/devices/" UUID "/mdev_type/description";
    put(file, "low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\nresolution: 1920x1200\nweight: 4\n");
    assert_true(vg_gvt_weight_get(root, UUID, &weight, &err));
    assert_int_equal(weight, 4);
    assert_int_equal(vg_gvt_weight_require(root, UUID, 4, &err), VG_REFUSED_NOT);
    assert_int_equal(vg_gvt_weight_require(root, UUID, 8, &err), VG_REFUSED_UNSUPPORTED);
    assert_says(&err, "of another type");
    static const char *const bad[] = { "",           "weight: \n",     "weight: 0\n", "weight: 17\n", "weight: 4x\n",
                                       "weight 4\n", "no weight: 4\n", "\n\n\n" };
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        put(file, bad[i]);
        assert_false(vg_gvt_weight_get(root, UUID, &weight, &err));
        assert_says(&err, "no weight from 1 to 16");
    }
    vg_autofree char *path = place(file);
    unlink(path);
    assert_int_equal(vg_gvt_weight_require(root, UUID, 4, &err), VG_REFUSED_ERROR);
}

/* --- NVIDIA's registry -------------------------------------------------------------------------------------------- */

static void words_mean_what_the_driver_says(void **state)
{
    (void)state;
    static const struct {
        struct vg_nvidia_scheduling scheduling;
        uint32_t word;
    } cases[] = {
        { { "best-effort", false, 0, 0, 0 }, 0x00 },         { { "equal-share", true, 0, 0, 0 }, 0x01 },
        { { "fixed-share", true, 0, 0, 0 }, 0x11 },          { { "equal-share", false, 0, 0, 0 }, 0x03 },
        { { "equal-share", false, 3, 0, 0 }, 0x00030003 },   { { "fixed-share", false, 30, 0, 0 }, 0x001e0013 },
        { { "equal-share", true, 0, 960, 60 }, 0x3c3c0001 },
    };
    struct vg_error err = { 0 };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_nvidia_scheduling back;
        uint32_t word;
        assert_true(vg_nvidia_scheduling_encode(&cases[i].scheduling, &word, &err));
        assert_int_equal(word, cases[i].word);
        assert_true(vg_nvidia_scheduling_decode(word, &back, &err));
        assert_string_equal(back.policy, cases[i].scheduling.policy);
        assert_int_equal(back.slice_ms, cases[i].scheduling.slice_ms);
        assert_int_equal(back.frequency_hz, cases[i].scheduling.frequency_hz);
        assert_int_equal(back.averaging, cases[i].scheduling.averaging);
        assert_int_equal(back.adaptive, cases[i].scheduling.adaptive);
    }
    static const struct vg_nvidia_scheduling bad[] = {
        { "equal-share", false, 31, 0, 0 }, { "equal-share", true, 0, 62, 0 }, { "equal-share", true, 0, 961, 0 },
        { "equal-share", true, 0, 0, 61 },  { "weighted", false, 0, 0, 0 },    { NULL, false, 0, 0, 0 },
    };
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        uint32_t word;
        assert_false(vg_nvidia_scheduling_encode(&bad[i], &word, &err));
        assert_int_equal(err.kind, VG_ERROR_REFUSED);
    }
    struct vg_nvidia_scheduling back;
    assert_false(vg_nvidia_scheduling_decode(0x21, &back, &err));
    assert_says(&err, "unknown share 2");
}

#define PARAMS "proc/driver/nvidia/params"

static void the_loaded_driver_tells_what_is_active(void **state)
{
    (void)state;
    static const struct {
        const char *params, *policy; /* NULL: malformed */
    } cases[] = {
        { "ResmanDebugLevel: 4294967295\nRegistryDwords: \"\"\nRegistryDwordsPerDevice: \"\"\n", "best-effort" },
        { "RegistryDwords: \"RmPVMRL=0x01\"\nRegistryDwordsPerDevice: \"\"\n", "equal-share" },
        { "RegistryDwords: \"RmPVMRL=0x01\"\nRegistryDwordsPerDevice: \"pci=" GPU ";RmPVMRL=0x11\"\n", "fixed-share" },
        { "RegistryDwords: \"RmPVMRL=1\"\nRegistryDwordsPerDevice: \"pci=0000:42:00.0;RmPVMRL=0x11\"\n",
          "equal-share" },
        { "RegistryDwordsPerDevice: \"pci=0000:42:00.0;RmPVMRL=0x11;pci=00000000:41:00.0;RmA=1;RmPVMRL=17\"\n",
          "fixed-share" },
        { "RegistryDwords: \"RmNvencPVMRL=0x11;RmPVMRLElasticSchedulingCap=0x00010002\"\n", "best-effort" },
        { "RegistryDwords: \"RmPVMRL=0x01;RmPVMRL=0x11\"\n", "fixed-share" },
        { "RegistryDwords: \"RmPVMRL=\"\n", "best-effort" },
        { "RegistryDwords: \"RmPVMRL=0x1g\"\n", NULL },
        { "RegistryDwords: \"RmPVMRL=-1\"\n", NULL },
        { "RegistryDwords: \"RmPVMRL=0x100000000\"\n", NULL },
        { "RegistryDwords: \"RmPVMRL=0x21\"\n", NULL },
        { "RegistryDwordsPerDevice: \"pci=41:00.0;RmPVMRL=0x11\"\n", NULL },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        struct vg_nvidia_scheduling now;
        put(PARAMS, cases[i].params);
        bool good = vg_nvidia_scheduling_active(root, GPU, &now, &err);
        if (good != (cases[i].policy != NULL) || (good && !vg_equal(now.policy, cases[i].policy)))
            fail_msg("case %zu: %s %s", i, good ? now.policy : "refused", err.text);
    }
    struct vg_error err = { 0 };
    struct vg_nvidia_scheduling now;
    assert_false(vg_nvidia_scheduling_active(root, "41:00", &now, &err));
    vg_autofree char *params = place(PARAMS);
    unlink(params);
    assert_false(vg_nvidia_scheduling_active(root, GPU, &now, &err));
    assert_says(&err, "is the NVIDIA driver loaded");
    assert_int_equal(err.kind, VG_ERROR_ENVIRONMENT);
}

#define OWN "etc/modprobe.d/vgauge-nvidia.conf"

static void what_needs_a_restart_is_never_applied(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    const struct vg_nvidia_scheduling fixed = { "fixed-share", true, 0, 0, 0 };
    const struct vg_nvidia_scheduling equal = { "equal-share", false, 4, 0, 0 };
    put(PARAMS, "RegistryDwords: \"RmPVMRL=0x11\"\n");
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &fixed, &err), VG_REFUSED_NOT); /* it is so */
    vg_autofree char *own = place(OWN);
    assert_false(vg_exists(own));
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &equal, &err), VG_REFUSED_NEEDS_REBOOT);
    assert_says(&err, "fixed-share is in force on " GPU " until the host is restarted");
    assert_text(OWN, "# Written by vgauge: the scheduler of the vGPUs on " GPU ".\n"
                     "options nvidia NVreg_RegistryDwordsPerDevice=\"pci=" GPU ";RmPVMRL=0x00040003\"");
    /* Asked again, it still is not in force; after the restart it is. */
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &equal, &err), VG_REFUSED_NEEDS_REBOOT);
    put(PARAMS, "RegistryDwordsPerDevice: \"pci=" GPU ";RmPVMRL=0x00040003\"\n");
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &equal, &err), VG_REFUSED_NOT);
    assert_int_equal(vg_nvidia_scheduling_set(root, "0000:42:00.0", &fixed, &err), VG_REFUSED_INCOMPATIBLE);
    assert_says(&err, "about another pGPU");
    struct vg_nvidia_scheduling long_slice = { "equal-share", false, 31, 0, 0 };
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &long_slice, &err), VG_REFUSED_UNSUPPORTED);
}

static void somebody_elses_file_is_left_alone(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    const struct vg_nvidia_scheduling fixed = { "fixed-share", true, 0, 0, 0 };
    vg_autofree char *own = place(OWN);
    put(PARAMS, "RegistryDwords: \"\"\n");
    put("etc/modprobe.d/nvidia.conf", "# options nvidia NVreg_RegistryDwords=\"RmPVMRL=0x01\"\noptions nvidia x=1\n");
    put("etc/modprobe.d/README", "NVreg_RegistryDwords\n");
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &fixed, &err), VG_REFUSED_NEEDS_REBOOT);
    unlink(own);
    put("etc/modprobe.d/site.conf", "options nvidia NVreg_RegistryDwords=\"RmPVMRL=0x01\"\n");
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &fixed, &err), VG_REFUSED_INCOMPATIBLE);
    assert_says(&err, "site.conf sets the driver's registry");
    assert_false(vg_exists(own));
    put("etc/modprobe.d/site.conf", "");
    vg_autofree char *directory = place("etc/modprobe.d/vgauge-nvidia.conf/in-the-way");
    assert_int_equal(vg_nvidia_scheduling_set(root, GPU, &fixed, &err), VG_REFUSED_ERROR);
}

static void the_log_names_policy_and_slice(void **state)
{
    (void)state;
    static const struct {
        const char *log, *policy;
        unsigned slice_ms;
        const char *word; /* of the error */
    } cases[] = {
        { "[ 1.0] NVRM: GPU at " GPU " has software scheduler DISABLED with policy NONE.\n", "best-effort", 0, NULL },
        { "[ 1.0] NVRM: GPU at " GPU " has software scheduler ENABLED with policy VGPU_RELATIVE.\n", "equal-share", 0,
          NULL },
        { "NVRM: GPU at " GPU " has software scheduler ENABLED with policy PGPU_SHARE.\n"
          "NVRM: Software scheduler timeslice set to 2 ms.\n",
          "fixed-share", 2, NULL },
        { "NVRM: GPU at " GPU " has software scheduler ENABLED with policy EQUAL_SHARE.\n"
          "NVRM: Software scheduler timeslice set to 1 ms.\n"
          "NVRM: GPU at 0000:42:00.0 has software scheduler ENABLED with policy FIXED_SHARE.\n"
          "NVRM: Software scheduler timeslice set to 30 ms.",
          "equal-share", 1, NULL },
        { "NVRM: GPU at " GPU " has software scheduler ENABLED with policy EQUAL_SHARE.\n"
          "NVRM: Software scheduler timeslice set to 1 ms.\n"
          "NVRM: GPU at " GPU " has software scheduler DISABLED with policy BEST_EFFORT.\n",
          "best-effort", 0, NULL },
        { "", NULL, 0, "says nothing" },
        { "NVRM: GPU at 0000:42:00.0 has software scheduler ENABLED with policy FIXED_SHARE.\n", NULL, 0,
          "says nothing" },
        { "user: GPU at " GPU " has software scheduler ENABLED with policy FIXED_SHARE.\n", NULL, 0, "says nothing" },
        { "NVRM: GPU at " GPU " has software scheduler ENABLED with policy FIXED_SHARES.\n", NULL, 0, "FIXED_SHARES" },
        { "NVRM: GPU at " GPU " has software scheduler ENABLED with policy ", NULL, 0, "unknown policy ``" },
        { "NVRM: GPU at " GPU " has software scheduler ENABLED with policy FIXED_SHARE.\n"
          "NVRM: Software scheduler timeslice set to x ms.\n",
          NULL, 0, "cannot be read" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        const char *policy;
        unsigned slice_ms;
        bool good = vg_nvidia_scheduling_logged(cases[i].log, GPU, &policy, &slice_ms, &err);
        if (good != (cases[i].word == NULL))
            fail_msg("case %zu: %s", i, err.text);
        if (!good) {
            assert_says(&err, cases[i].word);
            continue;
        }
        assert_string_equal(policy, cases[i].policy);
        assert_int_equal(slice_ms, cases[i].slice_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(xe_is_read_and_set, make_root, remove_root),
        cmocka_unit_test_setup_teardown(xe_refuses_before_it_writes, make_root, remove_root),
        cmocka_unit_test_setup_teardown(malformed_xe_is_an_error, make_root, remove_root),
        cmocka_unit_test_setup_teardown(vanished_xe_is_an_error, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_written_value_is_not_believed, make_root, remove_root),
        cmocka_unit_test_setup_teardown(gim_is_chosen_when_it_is_loaded, make_root, remove_root),
        cmocka_unit_test_setup_teardown(gvt_weights_belong_to_types, make_root, remove_root),
        cmocka_unit_test(words_mean_what_the_driver_says),
        cmocka_unit_test_setup_teardown(the_loaded_driver_tells_what_is_active, make_root, remove_root),
        cmocka_unit_test_setup_teardown(what_needs_a_restart_is_never_applied, make_root, remove_root),
        cmocka_unit_test_setup_teardown(somebody_elses_file_is_left_alone, make_root, remove_root),
        cmocka_unit_test(the_log_names_policy_and_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
