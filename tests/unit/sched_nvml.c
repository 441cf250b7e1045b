/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's scheduler and the limits of its vGPUs by NVML, against a stand-in for the library that is built here: what
 * it answers is passed on, what it refuses is refused in the right way, what it only claims to have done is found out,
 * and what it does not tell stays unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include "compare/compare.h"
#include "engine/internal.h"
#include "mechanism/nvml-abi.h"
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

/* --- limits --- */

static int remember(void **state)
{
    (void)state;
    pristine = *fake;
    return 0;
}

static int restore(void **state)
{
    (void)state;
    *fake = pristine;
    return 0;
}

static const struct vg_host_pgpu pgpu = { .name = (char *)"gpu0", .pci = (char *)PCI };

static void look(struct vg_run *run, const char *mechanism, enum vg_limit limit)
{
    const struct vg_host host = { .root = root };
    vg_environment_fingerprint_limit(run, vg_mechanism_find(mechanism), limit, &host, &pgpu);
}

static const struct vg_fingerprint_field *field(const struct vg_run *run, const char *key)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            return &run->fingerprint[i];
    fail_msg("no %s", key);
    return NULL;
}

static void forget(struct vg_run *run)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++) {
        free(run->fingerprint[i].key);
        free(run->fingerprint[i].value);
        free(run->fingerprint[i].source);
    }
    free(run->fingerprint);
    *run = (struct vg_run) { 0 };
}

static void limits_are_read_of_every_vgpu(void **state)
{
    (void)state;
    static const char *const mechanisms[] = { "nvidia-vfio", "nvidia-mig", "nvidia-mdev" };
    fake->vgpus = 2;
    fake->licences[0] = NVML_LICENCE_UNLICENSED;
    fake->licences[1] = NVML_LICENCE_LICENSED; /* one is no part of the other's name */
    fake->frame_rates[0] = fake->frame_rates[1] = 60;
    for (size_t i = 0; i < VG_COUNT(mechanisms); i++) {
        struct vg_run run = { 0 };
        vg_autofree char *licence = vg_format("tenant.%s.licence", mechanisms[i]);
        vg_autofree char *caps = vg_format("tenant.%s.caps", mechanisms[i]);
        look(&run, mechanisms[i], VG_LIMIT_LICENCE);
        look(&run, mechanisms[i], VG_LIMIT_CAPS);
        look(&run, mechanisms[i], VG_LIMIT_CAPS); /* of the next test: nothing new */
        assert_string_equal(field(&run, licence)->value, "unlicensed | licensed");
        assert_string_equal(field(&run, caps)->value, "frame-rate limit 60 FPS");
        assert_int_equal(fake->users, 0);
        forget(&run);
    }
    /* Two runs of which one was licensed only in part are no equals. */
    struct vg_run now = { 0 }, then = { 0 };
    struct vg_differences differences;
    struct vg_error err = { 0 };
    look(&now, "nvidia-vfio", VG_LIMIT_LICENCE);
    fake->vgpus = 1;
    look(&then, "nvidia-vfio", VG_LIMIT_LICENCE);
    assert_true(
        vg_fingerprints_compare(vg_run_fingerprint_of(&now), vg_run_fingerprint_of(&then), NULL, &differences, &err));
    assert_int_equal(differences.barring, 1);
    vg_differences_free(&differences);
    forget(&then);
    fake->vgpus = 2;
    look(&then, "nvidia-vfio", VG_LIMIT_LICENCE);
    assert_true(
        vg_fingerprints_compare(vg_run_fingerprint_of(&now), vg_run_fingerprint_of(&then), NULL, &differences, &err));
    assert_int_equal(differences.barring, 0); /* without --across */
    vg_differences_free(&differences);
    forget(&now);
    forget(&then);
}

static void a_limit_that_is_not_told_is_unknown(void **state)
{
    (void)state;
    static const struct {
        enum vg_limit limit;
        unsigned vgpus, licence;
        int active, licence_result, frame_rate;
        const char *why;
    } cases[] = {
        { VG_LIMIT_LICENCE, 1, NVML_LICENCE_UNKNOWN, 0, 0, 0, "does not know the licence of a vGPU on " PCI },
        { VG_LIMIT_LICENCE, 1, NVML_LICENCE_UNINITIALIZED, 0, 0, 0, "state 1" },
        { VG_LIMIT_LICENCE, 1, 6, 0, 0, 0, "state 6" },
        { VG_LIMIT_LICENCE, 1, NVML_LICENCE_LICENSED, 0, NVML_NOT_SUPPORTED, 0, "NVML cannot tell a licence" },
        { VG_LIMIT_CAPS, 1, 0, 0, 0, NVML_NOT_SUPPORTED, "NVML cannot tell a frame-rate limit" },
        { VG_LIMIT_CAPS, 1, 0, NVML_NO_PERMISSION, 0, 0, "NVML cannot list the vGPUs" },
        { VG_LIMIT_CAPS, 0, 0, 0, 0, 0, "0 running vGPUs" },
        { VG_LIMIT_CAPS, 65, 0, 0, 0, 0, "65 running vGPUs" },
    };
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vg_run run = { 0 }, other = { 0 };
        struct vg_differences differences;
        struct vg_error err = { 0 };
        vg_autofree char *key = vg_format("tenant.nvidia-vfio.%s", vg_limit_names[cases[i].limit]);
        *fake = pristine;
        fake->vgpus = cases[i].vgpus;
        fake->licences[0] = cases[i].licence;
        fake->active_result = cases[i].active;
        fake->licence_result = cases[i].licence_result;
        fake->frame_rate_result = cases[i].frame_rate;
        look(&run, "nvidia-vfio", cases[i].limit);
        look(&other, "nvidia-vfio", cases[i].limit);
        assert_null(field(&run, key)->value);
        if (!strstr(field(&run, key)->source, cases[i].why))
            fail_msg("case %zu: %s", i, field(&run, key)->source);
        assert_true(vg_fingerprints_compare(vg_run_fingerprint_of(&run), vg_run_fingerprint_of(&other), NULL,
                                            &differences, &err));
        assert_int_equal(differences.barring, 1); /* two that are not known are not equal */
        vg_differences_free(&differences);
        *fake = pristine;
        fake->vgpus = 1;
        fake->licences[0] = NVML_LICENCE_LICENSED;
        look(&run, "nvidia-vfio", cases[i].limit);
        assert_null(field(&run, key)->value); /* that a later one can be read tells nothing of the first */
        forget(&run);
        forget(&other);
    }
}

static void expect_setting(enum vg_pgpu_setting setting, const char *text)
{
    const struct vg_host host = { .root = root };
    struct vg_error err = { 0 };
    vg_autofree char *value = NULL;
    if (!vg_pgpu_setting_read(&host, &pgpu, setting, &value, &err))
        fail_msg("%s", err.text);
    assert_string_equal(value, text);
    assert_int_equal(fake->users, 0);
}

static void ecc_and_mig_are_told(void **state)
{
    (void)state;
    fake->ecc[0] = fake->ecc[1] = 1;
    expect_setting(VG_PGPU_ECC, "on");
    expect_setting(VG_PGPU_MIG, "off");
    fake->mig[1] = 1;
    expect_setting(VG_PGPU_MIG, "off, on after a reset");
    fake->mode_result = NVML_NOT_SUPPORTED;
    expect_setting(VG_PGPU_MIG, "none: the pGPU has no such mode");
    fake->mode_result = 999;
    const struct vg_host host = { .root = root }, nowhere = { .root = (char *)"/nowhere" };
    struct vg_error err = { 0 };
    char *value = NULL;
    assert_false(vg_pgpu_setting_read(&host, &pgpu, VG_PGPU_ECC, &value, &err));
    assert_non_null(strstr(err.text, "memory errors"));
    assert_false(vg_pgpu_setting_read(&nowhere, &pgpu, VG_PGPU_ECC, &value, &err));
    assert_non_null(strstr(err.text, "cannot be loaded"));
    assert_null(value);
    assert_int_equal(fake->users, 0);
}

static void a_whole_pgpu_is_limited_only_by_nvidia(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    vg_autofree char *directory = vg_format("%s/sys/bus/pci/devices/" PCI, root);
    vg_autofree char *vendor = vg_format("%s/vendor", directory);
    struct vg_run run = { 0 };
    look(&run, "passthrough", VG_LIMIT_LICENCE); /* no such device: not known */
    assert_null(field(&run, "tenant.passthrough.licence")->value);
    forget(&run);
    assert_true(vg_make_directories(directory, &err));
    assert_true(vg_write_file(vendor, "0x10de\n", 7, &err));
    look(&run, "passthrough", VG_LIMIT_LICENCE);
    assert_null(field(&run, "tenant.passthrough.licence")->value);
    assert_non_null(strstr(field(&run, "tenant.passthrough.licence")->source, "only the guest's driver knows"));
    forget(&run);
    assert_true(vg_write_file(vendor, "0x1002\n", 7, &err));
    look(&run, "passthrough", VG_LIMIT_LICENCE);
    assert_string_equal(field(&run, "tenant.passthrough.licence")->value, "none: the mechanism knows none");
    forget(&run);
    assert_null(vg_mechanism_find("native")->limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(state_is_passed_on, open_one, close_one),
        cmocka_unit_test_setup_teardown(the_log_is_bounded, open_one, close_one),
        cmocka_unit_test_setup_teardown(settings_are_read_back, open_one, close_one),
        cmocka_unit_test_setup_teardown(refusals_say_which_kind, open_one, close_one),
        cmocka_unit_test(no_library_is_one_sentence),
        cmocka_unit_test_setup_teardown(limits_are_read_of_every_vgpu, remember, restore),
        cmocka_unit_test_setup_teardown(a_limit_that_is_not_told_is_unknown, remember, restore),
        cmocka_unit_test_setup_teardown(ecc_and_mig_are_told, remember, restore),
        cmocka_unit_test(a_whole_pgpu_is_limited_only_by_nvidia),
    };
    return cmocka_run_group_tests(tests, build, clean);
}
