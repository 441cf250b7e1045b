/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's scheduler by NVML, against a stand-in for the library that is built here: what it answers is passed on, what
 * it refuses is refused in the right way, and what it only claims to have done is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include "mechanism/sched-knobs.h"
#include "support/fake-nvml.h"

#define PCI "0000:41:00.0"

static char *root;
static struct vg_nvml_scheduler *nvml;
static struct fake_nvml *fake;
static void *library;

static char *source_path(const char *relative)
{
    if (vg_exists(relative))
        return vg_strdup(relative);
    vg_autofree char *program = vg_executable_directory();
    return vg_format("%s/../../../%s", program ? program : ".", relative);
}

static void compile(const char *source, const char *output, const char *define)
{
    struct vg_error err = { 0 };
    int status;
    vg_autofree char *said = NULL;
    vg_autofree char *runner = source_path("runner");
    vg_autofree char *include = vg_format("-I%s", runner);
    const char *const argv[] = { "cc", "-std=gnu11", "-shared", "-fPIC", include, define, "-o", output, source, NULL };
    if (!vg_run_command(argv, 60000, 65536, &said, &status, &err) || status != 0)
        fail_msg("cc: %s %s", err.text, said ? said : "");
}

static int build(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    char template[] = "/tmp/vgauge-test-XXXXXX";
    assert_non_null(mkdtemp(template));
    root = vg_strdup(template);
    vg_autofree char *directory = vg_format("%s/usr/lib/x86_64-linux-gnu", root);
    vg_autofree char *path = vg_format("%s/libnvidia-ml.so.1", directory);
    vg_autofree char *source = source_path("tests/unit/support/fake-nvml.c");
    assert_true(vg_make_directories(directory, &err));
    compile(source, path, "-DCOMPLETE");
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    fake = dlsym(library, "fake_nvml");
    assert_non_null(fake);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    dlclose(library);
    assert_true(vg_remove_tree(root, &err));
    free(root);
    return 0;
}

/* Each test begins with the library as it was built. */
static struct fake_nvml pristine;
static int open_one(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    pristine = *fake;
    nvml = vg_nvml_scheduler_open(root, &err);
    if (!nvml)
        fail_msg("%s", err.text);
    assert_int_equal(fake->users, 1);
    return 0;
}

static int close_one(void **state)
{
    (void)state;
    vg_nvml_scheduler_close(nvml);
    assert_int_equal(fake->users, 0);
    *fake = pristine;
    return 0;
}

static void state_is_passed_on(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_nvml_state now;
    struct vg_nvml_capabilities can;
    fake->state = (struct nvml_scheduler_state) { NVML_POLICY_EQUAL, NVML_ARR_OFF, { .plain = { 2000000 } } };
    assert_true(vg_nvml_scheduler_state(nvml, PCI, &now, &err));
    assert_string_equal(now.policy, "equal-share");
    assert_int_equal(now.slice_ns, 2000000);
    assert_false(now.adaptive);
    fake->state = (struct nvml_scheduler_state) { NVML_POLICY_FIXED, NVML_ARR_ON, { .adaptive = { 33, 1041666 } } };
    assert_true(vg_nvml_scheduler_state(nvml, PCI, &now, &err));
    assert_string_equal(now.policy, "fixed-share");
    assert_int_equal(now.slice_ns, 1041666);
    assert_int_equal(now.averaging, 33);
    assert_true(now.adaptive);
    fake->state.policy = NVML_POLICY_UNKNOWN;
    assert_true(vg_nvml_scheduler_state(nvml, PCI, &now, &err));
    assert_null(now.policy);
    fake->state.policy = 17;
    assert_false(vg_nvml_scheduler_state(nvml, PCI, &now, &err));
    assert_non_null(strstr(err.text, "unknown scheduling policy 17"));
    assert_true(vg_nvml_scheduler_capabilities(nvml, PCI, &can, &err));
    assert_true(can.equal_share && can.fixed_share && can.best_effort && can.adaptive);
    assert_int_equal(can.min_slice_ns, 1000000);
    assert_int_equal(can.max_slice_ns, 30000000);
    assert_int_equal(can.min_frequency_hz, 63);
    assert_int_equal(can.max_averaging, 60);
    fake->capabilities.min_slice_ns = 40000000;
    assert_false(vg_nvml_scheduler_capabilities(nvml, PCI, &can, &err));
}

static void the_log_is_bounded(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    struct vg_nvml_slice slices[VG_NVML_SLICES_MAX];
    unsigned count;
    fake->log_count = 200;
    assert_true(vg_nvml_scheduler_log(nvml, PCI, slices, &count, &err));
    assert_int_equal(count, 200);
    assert_int_equal(slices[5].ran_ns, 1900005);
    assert_int_equal(slices[5].target_ns, 2000000);
    assert_int_equal(slices[5].ended_ns, 5000);
    assert_int_equal(slices[5].ran_total_ns, 50);
    assert_int_equal(slices[5].runlist, 2);
    fake->log_count = 201;
    assert_false(vg_nvml_scheduler_log(nvml, PCI, slices, &count, &err));
    assert_non_null(strstr(err.text, "201 entries"));
    assert_int_equal(count, 0);
}

static void settings_are_read_back(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    assert_int_equal(vg_nvml_scheduler_set(nvml, PCI, "fixed-share", 4000000, &err), VG_REFUSED_NOT);
    assert_int_equal(fake->state.policy, NVML_POLICY_FIXED);
    assert_int_equal(fake->state.parameters.plain.slice_ns, 4000000);
    assert_int_equal(vg_nvml_scheduler_set(nvml, PCI, "equal-share", 0, &err), VG_REFUSED_NOT);
    fake->ignores = true;
    assert_int_equal(vg_nvml_scheduler_set(nvml, PCI, "best-effort", 0, &err), VG_REFUSED_ERROR);
    assert_non_null(strstr(err.text, "was set to best-effort"));
    assert_non_null(strstr(err.text, "but has equal-share"));
    fake->ignores = false;
    fake->doubles = true;
    assert_int_equal(vg_nvml_scheduler_set(nvml, PCI, "equal-share", 2000000, &err), VG_REFUSED_ERROR);
    assert_non_null(strstr(err.text, "with 4000000 ns"));
}

static void refusals_say_which_kind(void **state)
{
    (void)state;
    static const struct {
        const char *pci, *policy;
        unsigned slice_ns;
        int result;
        enum vg_refusal refusal;
        const char *word;
    } cases[] = {
        { PCI, "equal-share", 2000000, NVML_IN_USE, VG_REFUSED_BUSY, "while a VM runs" },
        { PCI, "equal-share", 2000000, NVML_NOT_SUPPORTED, VG_REFUSED_UNSUPPORTED, "cannot be changed by NVML" },
        { PCI, "equal-share", 2000000, NVML_NO_PERMISSION, VG_REFUSED_DISABLED, "root only" },
        { PCI, "equal-share", 2000000, 998, VG_REFUSED_ERROR, "what the library says \\x1b[31m" },
        { PCI, "equal-share", 2000000, 999, VG_REFUSED_ERROR, "error 999" },
        { PCI, "equal-share", 999999, 0, VG_REFUSED_UNSUPPORTED, "1000000 to 30000000 ns" },
        { PCI, "equal-share", 30000001, 0, VG_REFUSED_UNSUPPORTED, "1000000 to 30000000 ns" },
        { PCI, "weighted", 0, 0, VG_REFUSED_UNSUPPORTED, "does not offer this policy" },
        { "0000:42:00.0", "equal-share", 2000000, 0, VG_REFUSED_ERROR, "0000:42:00.0" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_error err = { 0 };
        int before = fake->sets;
        fake->set_result = cases[i].result;
        assert_int_equal(vg_nvml_scheduler_set(nvml, cases[i].pci, cases[i].policy, cases[i].slice_ns, &err),
                         cases[i].refusal);
        if (!strstr(err.text, cases[i].word))
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(fake->sets - before, cases[i].result ? 1 : 0); /* nothing is tried that cannot be */
    }
    fake->set_result = 0;
    fake->capabilities.policies[2] = NVML_POLICY_UNKNOWN;
    struct vg_error err = { 0 };
    assert_int_equal(vg_nvml_scheduler_set(nvml, PCI, "fixed-share", 0, &err), VG_REFUSED_UNSUPPORTED);
}

static void no_library_is_one_sentence(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *nowhere = vg_format("%s/nowhere", root);
    assert_null(vg_nvml_scheduler_open(nowhere, &err));
    assert_non_null(strstr(err.text, "cannot be loaded"));
    vg_autofree char *directory = vg_format("%s/old/usr/lib/x86_64-linux-gnu", root);
    vg_autofree char *path = vg_format("%s/libnvidia-ml.so.1", directory);
    vg_autofree char *source = vg_format("%s/old.c", root);
    vg_autofree char *old = vg_format("%s/old", root);
    const char *text = "int nvmlInit_v2(void); int nvmlInit_v2(void) { return 0; }\n";
    assert_true(vg_make_directories(directory, &err));
    assert_true(vg_write_file(source, text, strlen(text), &err));
    compile(source, path, "-DOLD");
    assert_null(vg_nvml_scheduler_open(old, &err));
    assert_non_null(strstr(err.text, "has no nvmlShutdown"));
    fake->init_result = NVML_DRIVER_NOT_LOADED;
    assert_null(vg_nvml_scheduler_open(root, &err));
    assert_non_null(strstr(err.text, "NVML cannot start"));
    fake->init_result = 0;
    fake->users = 0; /* an init that failed needs no shutdown */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(state_is_passed_on, open_one, close_one),
        cmocka_unit_test_setup_teardown(the_log_is_bounded, open_one, close_one),
        cmocka_unit_test_setup_teardown(settings_are_read_back, open_one, close_one),
        cmocka_unit_test_setup_teardown(refusals_say_which_kind, open_one, close_one),
        cmocka_unit_test(no_library_is_one_sentence),
    };
    return cmocka_run_group_tests(tests, build, clean);
}
