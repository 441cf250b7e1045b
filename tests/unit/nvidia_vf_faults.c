/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What NVIDIA's own tools do to a vGPU on a VF, be it the VF itself or a mediated device, when they fail in the middle:
 * sriov-manage, and NVML between a write and its read-back. The library is played by this program's own dlopen and
 * dlsym. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <ctype.h>
#include <dlfcn.h>
#include "mechanism/nvidia-setup.h"
#include "mechanism/nvml-abi.h"
#include "support/fake_trees.h"

/* --- NVML --- */

enum call { NO_CALL, GET_MODE, SET_MODE, ACTIVE, PLACEMENT, FUNCTION, PLACEMENTS };
static struct {
    enum call fails; /* this call answers `answer` ... */
    nvmlReturn_t answer;
    bool when_live; /* ... but only while a vGPU is there, that is: after the write */
    bool after_set; /* ... but only after the mode was set */
    bool deaf;      /* setting the mode says yes and does nothing */
    bool elsewhere; /* the vGPU is told to be on another VF */
    bool was_set;
    unsigned mode;
    unsigned placement_shift, placement_count; /* what is wrong with the lists of placements */
} nvml;

static nvmlReturn_t answer(enum call call)
{
    bool now = nvml.fails == call && (!nvml.when_live || live() > 0) && (!nvml.after_set || nvml.was_set);
    return now ? nvml.answer : NVML_SUCCESS;
}

static nvmlReturn_t nothing(void)
{
    return NVML_SUCCESS;
}

static const char *error_text(nvmlReturn_t result)
{
    return result == NVML_ERROR_IN_USE ? "in use by another client" : "unknown error";
}

static nvmlReturn_t find(const char *pci, nvmlDevice_t *device)
{
    (void)pci;
    *device = (nvmlDevice_t)&nvml;
    return NVML_SUCCESS;
}

static nvmlReturn_t get_mode(nvmlDevice_t device, nvmlVgpuHeterogeneousMode_t *mode)
{
    (void)device;
    mode->mode = nvml.mode;
    return answer(GET_MODE);
}

static nvmlReturn_t set_mode(nvmlDevice_t device, const nvmlVgpuHeterogeneousMode_t *mode)
{
    (void)device;
    nvmlReturn_t result = answer(SET_MODE);
    if (result == NVML_SUCCESS && !nvml.deaf)
        nvml.mode = mode->mode;
    nvml.was_set = result == NVML_SUCCESS;
    return result;
}

static nvmlReturn_t active(nvmlDevice_t device, unsigned *count, nvmlVgpuInstance_t *instances)
{
    (void)device;
    *count = live();
    for (unsigned i = 0; i < *count; i++)
        instances[i] = i;
    return answer(ACTIVE);
}

static nvmlReturn_t placement(nvmlVgpuInstance_t instance, nvmlVgpuPlacementId_t *where)
{
    where->placementId = 8 * instance;
    return answer(PLACEMENT);
}

static nvmlReturn_t function(nvmlVgpuInstance_t instance, char *pci, unsigned *length)
{
    (void)instance;
    snprintf(pci, *length, "00000000:41:00.%u", nvml.elsewhere ? 6 : 4);
    return answer(FUNCTION);
}

static nvmlReturn_t mdev_uuid(nvmlVgpuInstance_t instance, char *uuid, unsigned size)
{
    vg_autofree char *bus = vg_format("%s/sys/bus/mdev/devices", fake_root);
    vg_autodir DIR *directory = opendir(bus);
    snprintf(uuid, size, "00000000-0000-4000-8000-000000000000");
    (void)instance;
    for (struct dirent *entry; directory && !nvml.elsewhere && (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            snprintf(uuid, size, "%s", entry->d_name);
    for (char *letter = uuid; *letter; letter++)
        *letter = (char)toupper((unsigned char)*letter); /* no document says which letters it takes */
    return answer(FUNCTION);
}

/* Type 46 takes 8 of 24 slots; creatable at 0 and 16. Larger IDs and counts are what a library of another age may say.
 */
static nvmlReturn_t list_placements(nvmlVgpuTypeId_t type, nvmlVgpuPlacementList_v2_t *list, const unsigned *ids,
                                    unsigned count)
{
    assert_int_equal(list->version, NVML_VERSION_2(nvmlVgpuPlacementList_v2_t));
    assert_int_equal(list->mode, NVML_VGPU_PGPU_HETEROGENEOUS_MODE);
    assert_int_equal(type, 46);
    for (unsigned i = 0; i < count && i < list->count; i++)
        list->placementIds[i] = ids[i] + nvml.placement_shift;
    list->count = nvml.placement_count ? nvml.placement_count : count;
    list->placementSize = 8;
    return answer(PLACEMENTS);
}

static nvmlReturn_t supported(nvmlDevice_t device, nvmlVgpuTypeId_t type, nvmlVgpuPlacementList_v2_t *list)
{
    (void)device;
    return list_placements(type, list, (const unsigned[]) { 0, 8, 16 }, 3);
}

static nvmlReturn_t creatable(nvmlDevice_t device, nvmlVgpuTypeId_t type, nvmlVgpuPlacementList_v2_t *list)
{
    (void)device;
    return list_placements(type, list, (const unsigned[]) { 0, 16 }, 2);
}

static const struct {
    const char *name;
    void (*function)(void);
} library[] = {
    { "nvmlDeviceGetVgpuTypeSupportedPlacements", (void (*)(void))supported },
    { "nvmlDeviceGetVgpuTypeCreatablePlacements", (void (*)(void))creatable },
    { "nvmlInit_v2", (void (*)(void))nothing },
    { "nvmlShutdown", (void (*)(void))nothing },
    { "nvmlErrorString", (void (*)(void))error_text },
    { "nvmlDeviceGetHandleByPciBusId_v2", (void (*)(void))find },
    { "nvmlDeviceGetVgpuHeterogeneousMode", (void (*)(void))get_mode },
    { "nvmlDeviceSetVgpuHeterogeneousMode", (void (*)(void))set_mode },
    { "nvmlDeviceGetActiveVgpus", (void (*)(void))active },
    { "nvmlVgpuInstanceGetPlacementId", (void (*)(void))placement },
    { "nvmlVgpuInstanceGetGpuPciId", (void (*)(void))function },
    { "nvmlVgpuInstanceGetMdevUUID", (void (*)(void))mdev_uuid },
};

/* In the place of the C library's. */
void *dlopen(const char *path, int flags)
{
    (void)flags;
    return path && ends_with(path, "/libnvidia-ml.so.1") ? &nvml : NULL;
}

/* A sanitizer's runtime looks for the C library's functions before anything else works, the sanitizer's own memory
 * among it. What finds them by version is not replaced here, so every version is asked for. */
static const char *const versions[] = {
    "GLIBC_2.2.5", "GLIBC_2.2.6", "GLIBC_2.3",  "GLIBC_2.3.2", "GLIBC_2.3.3", "GLIBC_2.3.4", "GLIBC_2.4",
    "GLIBC_2.5",   "GLIBC_2.6",   "GLIBC_2.7",  "GLIBC_2.8",   "GLIBC_2.9",   "GLIBC_2.10",  "GLIBC_2.11",
    "GLIBC_2.12",  "GLIBC_2.13",  "GLIBC_2.14", "GLIBC_2.15",  "GLIBC_2.16",  "GLIBC_2.17",  "GLIBC_2.18",
    "GLIBC_2.22",  "GLIBC_2.23",  "GLIBC_2.24", "GLIBC_2.25",  "GLIBC_2.26",  "GLIBC_2.27",  "GLIBC_2.28",
    "GLIBC_2.29",  "GLIBC_2.30",  "GLIBC_2.31", "GLIBC_2.32",  "GLIBC_2.33",  "GLIBC_2.34",  "GLIBC_2.35",
    "GLIBC_2.36",  "GLIBC_2.37",  "GLIBC_2.38", "GLIBC_2.39",  "GLIBC_2.40",  "GLIBC_2.41",  "GLIBC_PRIVATE",
};

__attribute__((no_sanitize("address", "undefined"))) void *dlsym(void *handle, const char *name)
{
    void *found = NULL;
    if (handle != &nvml) {
        for (size_t i = 0; !found && i < VG_COUNT(versions); i++)
            found = dlvsym(handle, name, versions[i]);
        return found;
    }
    for (size_t i = 0; i < VG_COUNT(library); i++)
        if (vg_equal(library[i].name, name))
            memcpy(&found, &library[i].function, sizeof(found));
    return found;
}

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}

static const struct {
    const char *mechanism;
    void (*make)(void);
} both[] = { { "nvidia-vfio", make_nvidia_tree }, { "nvidia-mdev", make_mdev_vf_tree } };

static void begin_mixed(size_t which)
{
    memset(&nvml, 0, sizeof(nvml));
    pgpu.capacity = T("mixed-size");
    begin_tree(both[which].mechanism, both[which].make);
}

static void end_mixed(void)
{
    end_tree();
    pgpu.capacity = NULL;
}

/* The type was written; then NVML cannot tell where the vGPU is. It is taken away, and the VF serves the next one. */
static void nvml_fails_after_the_write(void **state)
{
    (void)state;
    static const enum call calls[] = { GET_MODE, ACTIVE, PLACEMENT, FUNCTION, NO_CALL };
    for (size_t row = 0; row < VG_COUNT(both) * VG_COUNT(calls); row++) {
        size_t i = row % VG_COUNT(calls), which = row / VG_COUNT(calls);
        const struct vg_mechanism *mechanism = vg_mechanism_find(both[which].mechanism);
        struct vg_error err = { 0 };
        struct vg_vgpu *vgpu = NULL;
        void *opened = NULL;
        begin_mixed(which);
        if (!mechanism->open(&host, &config, &opened, &err))
            fail_msg("%s", err.text);
        assert_int_equal(nvml.mode, 1);
        nvml.fails = calls[i];
        nvml.answer = NVML_ERROR_UNKNOWN;
        nvml.when_live = true;
        nvml.elsewhere = calls[i] == NO_CALL; /* it answers, but of another VF */
        enum vg_refusal refusal = mechanism->create(opened, 0, &profile, &vgpu, &err);
        if (refusal != VG_REFUSED_ERROR || err.kind != VG_ERROR_ENVIRONMENT || !strstr(err.text, "NVML"))
            fail_msg("%s, call %d: %s: %s", mechanism->name, (int)calls[i], vg_refusal_name(refusal), err.text);
        assert_null(vgpu);
        assert_int_equal(live(), 0);
        nvml.fails = NO_CALL;
        nvml.elsewhere = false;
        assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_NOT);
        assert_int_equal(vgpu->placement_id, 0);
        assert_int_equal(live(), 1);
        assert_true(mechanism->destroy(opened, vgpu, &err));
        mechanism->close(opened);
        end_mixed();
    }
}

/* The same, and the driver does not take it away either: it stays on the list, and closing takes it away. */
static void nvml_fails_and_the_driver_is_busy(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("nvidia-vfio");
    struct vg_error err = { 0 };
    struct vg_vgpu *vgpu = NULL;
    void *opened = NULL;
    begin_mixed(0);
    assert_true(mechanism->open(&host, &config, &opened, &err));
    nvml.fails = PLACEMENT;
    nvml.answer = NVML_ERROR_UNKNOWN;
    nvml.when_live = true;
    /* reads fail from the write on, so that nobody can say that it went */
    fake_fault = (struct fake_fault) { .ending = "0000:41:00.4/nvidia/current_vgpu_type",
                                       .error = EIO,
                                       .times = 3,
                                       .reading = true,
                                       .when_written = true };
    assert_int_equal(mechanism->create(opened, 0, &profile, &vgpu, &err), VG_REFUSED_ERROR);
    assert_null(vgpu);
    fake_fault = (struct fake_fault) { 0 };
    mechanism->close(opened);
    assert_int_equal(live(), 0);
    end_mixed();
}

static void placements_are_told_by_nvml(void **state)
{
    (void)state;
    static const struct {
        enum call fails;
        nvmlReturn_t answer;
        unsigned shift, count;
        const char *says;
    } wrong[] = {
        { PLACEMENTS, NVML_ERROR_ARGUMENT_VERSION_MISMATCH, 0, 0, "NVML cannot tell where a vGPU can be created" },
        { NO_CALL, NVML_SUCCESS, 240, 0, "placement ID 256" },
        { NO_CALL, NVML_SUCCESS, 0, 257, "257 placement IDs" },
    };
    for (size_t which = 0; which < VG_COUNT(both); which++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(both[which].mechanism);
        struct vg_error err = { 0 };
        struct vg_placements *items = NULL;
        void *opened = NULL;
        unsigned count = 0;
        begin_mixed(which);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        assert_true(mechanism->placements(opened, 0, true, &items, &count, &err));
        assert_int_equal(count, 1);
        assert_int_equal(items->slots, 8);
        assert_int_equal(items->supported[0], 1 | 1 << 8 | 1 << 16);
        assert_int_equal(items->creatable[0], 1 | 1 << 16);
        free(items);
        assert_true(mechanism->placements(opened, 0, false, &items, &count, &err));
        assert_int_equal(items->supported[0], 0); /* nobody asked */
        assert_int_equal(items->creatable[0], 1 | 1 << 16);
        free(items);
        for (size_t i = 0; i < VG_COUNT(wrong); i++) {
            nvml.fails = wrong[i].fails;
            nvml.answer = wrong[i].answer;
            nvml.placement_shift = wrong[i].shift;
            nvml.placement_count = wrong[i].count;
            items = NULL;
            if (mechanism->placements(opened, 0, true, &items, &count, &err) || err.kind != VG_ERROR_ENVIRONMENT ||
                !strstr(err.text, wrong[i].says))
                fail_msg("%s, row %zu: %s", mechanism->name, i, err.text);
            assert_null(items);
        }
        memset(&nvml, 0, sizeof(nvml));
        mechanism->close(opened);
        end_mixed();
    }
}

/* The mode is set by NVML alone: refused, not what was set, or not to be read back. */
static void mixed_size_mode_is_read_back(void **state)
{
    (void)state;
    static const struct {
        enum call fails;
        nvmlReturn_t answer;
        bool after_set, deaf;
        const char *says;
    } rows[] = {
        { SET_MODE, NVML_ERROR_IN_USE, false, false, "in use by another client" },
        { GET_MODE, NVML_ERROR_UNKNOWN, true, false, "NVML cannot tell the mode" },
        { GET_MODE, NVML_ERROR_UNKNOWN, false, false, "NVML cannot tell the mode" },
        { NO_CALL, NVML_SUCCESS, false, true, "is not as it was set" },
        { GET_MODE, NVML_ERROR_NOT_SUPPORTED, false, false, "is not as it was set" },
    };
    for (size_t row = 0; row < VG_COUNT(both) * VG_COUNT(rows); row++) {
        size_t i = row % VG_COUNT(rows), which = row / VG_COUNT(rows);
        const struct vg_mechanism *mechanism = vg_mechanism_find(both[which].mechanism);
        struct vg_error err = { 0 };
        void *opened = NULL;
        begin_mixed(which);
        nvml.fails = rows[i].fails;
        nvml.answer = rows[i].answer;
        nvml.after_set = rows[i].after_set;
        nvml.deaf = rows[i].deaf;
        if (mechanism->open(&host, &config, &opened, &err) || !strstr(err.text, rows[i].says))
            fail_msg("%s, row %zu: %s", mechanism->name, i, err.text);
        assert_int_equal(live(), 0);
        end_mixed();
    }
}

/* What NVML says when the mode is set is told as what it is: only "in use" is busy, only "not supported" unsupported.
 */
static void a_mode_that_is_not_set_is_typed(void **state)
{
    (void)state;
    enum { NO_PERMISSION = 4, NOT_FOUND = 6, GPU_IS_LOST = 15 }; /* nvmlReturn_t of the NVML API reference */
    static const struct {
        nvmlReturn_t answer;
        enum vg_refusal refusal;
        enum vg_error_kind kind;
    } rows[] = {
        { NVML_ERROR_IN_USE, VG_REFUSED_BUSY, VG_ERROR_REFUSED },
        { NVML_ERROR_NOT_SUPPORTED, VG_REFUSED_UNSUPPORTED, VG_ERROR_REFUSED },
        { NO_PERMISSION, VG_REFUSED_ERROR, VG_ERROR_ENVIRONMENT },
        { NOT_FOUND, VG_REFUSED_ERROR, VG_ERROR_ENVIRONMENT },
        { GPU_IS_LOST, VG_REFUSED_ERROR, VG_ERROR_ENVIRONMENT },
        { NVML_ERROR_UNKNOWN, VG_REFUSED_ERROR, VG_ERROR_ENVIRONMENT },
    };
    for (size_t row = 0; row < VG_COUNT(both) * VG_COUNT(rows); row++) {
        size_t i = row % VG_COUNT(rows), which = row / VG_COUNT(rows);
        const struct vg_mechanism *mechanism = vg_mechanism_find(both[which].mechanism);
        const struct vg_pgpu_setup equal = { .vfs = VG_ANY, .mixed = 0 };
        struct vg_error err = { 0 };
        void *opened = NULL;
        begin_mixed(which);
        assert_true(mechanism->open(&host, &config, &opened, &err));
        nvml.fails = SET_MODE;
        nvml.answer = rows[i].answer;
        enum vg_refusal refusal = mechanism->setup(opened, 0, &equal, &err);
        if (refusal != rows[i].refusal || err.kind != rows[i].kind || !strstr(err.text, "cannot be changed"))
            fail_msg("%s, row %zu: %s, kind %d: %s", mechanism->name, i, vg_refusal_name(refusal), err.kind, err.text);
        mechanism->close(opened);
        end_mixed();
    }
}

/* --- sriov-manage --- */

static void make_tree_without_vfs(void)
{
    make_nvidia_tree();
    vg_autofree char *first = vg_format("%s/" PF "virtfn0", fake_root);
    vg_autofree char *second = vg_format("%s/" PF "virtfn1", fake_root);
    assert_int_equal(unlink(first), 0);
    assert_int_equal(unlink(second), 0);
    fake_put(PF "sriov_numvfs", "0\n");
}

static unsigned calls_of_the_tool(void)
{
    struct vg_error ignored = { 0 };
    unsigned count = 0;
    vg_autofree char *path = vg_format("%s/calls", fake_root), *text = NULL;
    size_t length;
    if (!vg_read_file(path, 65536, &text, &length, &ignored))
        return 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

static void the_tool_that_enables_vfs_fails(void **state)
{
    (void)state;
    const struct vg_mechanism *mechanism = vg_mechanism_find("nvidia-vfio");
    static const struct {
        const char *name, *script; /* after `root=...` and the count of calls; NULL: there is no such tool */
        bool works;
        unsigned calls;
        enum vg_error_kind kind;
        const char *says;
    } rows[] = {
        { "busy for ever", "echo 'Cannot obtain unbindLock'; exit 1\n", false, 5, VG_ERROR_REFUSED,
          "failed 5 times; it last said: Cannot obtain unbindLock" },
        { "busy for a while",
          "[ $(wc -l <$root/calls) -lt 3 ] && echo cannot obtain unbindLock for it && exit 1\ncd $root/" PF
          " && ln -s ../0000:41:00.4 virtfn0 && ln -s "
          "../0000:41:00.5 virtfn1 && echo 2 >sriov_numvfs\n",
          true, 3, VG_ERROR_REFUSED, NULL },
        { "says yes and does nothing", "exit 0\n", false, 1, VG_ERROR_ENVIRONMENT, "has 0 VFs" },
        { "says what a terminal would obey", "printf '\\033[31munbindLock\\n'; exit 1\n", false, 5, VG_ERROR_REFUSED,
          "\\x1b[31munbindLock" },
        { "wants root", "echo 'sriov-manage: must be root'; echo; exit 1\n", false, 1, VG_ERROR_ENVIRONMENT,
          "-e 0000:41:00.0 failed; it said: sriov-manage: must be root" },
        { "fails without a word", "exit 3\n", false, 1, VG_ERROR_ENVIRONMENT, "failed; it said: nothing" },
        { "is not there", NULL, false, 0, VG_ERROR_ENVIRONMENT, "sriov-manage" },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        void *opened = NULL;
        begin_tree("nvidia-vfio", make_tree_without_vfs);
        if (rows[i].script) {
            vg_autofree char *text =
                vg_format("#!/bin/sh\nroot=%s\necho \"$@\" >>$root/calls\n%s", fake_root, rows[i].script);
            vg_autofree char *tool = vg_format("%s/usr/lib/nvidia/sriov-manage", fake_root);
            fake_put("usr/lib/nvidia/sriov-manage", text);
            assert_int_equal(chmod(tool, 0755), 0);
        }
        bool works = mechanism->open(&host, &config, &opened, &err);
        if (works != rows[i].works || (!works && (err.kind != rows[i].kind || !strstr(err.text, rows[i].says))))
            fail_msg("%s: %s", rows[i].name, works ? "works" : err.text);
        assert_null(strstr(err.text, "\\x0a"));
        assert_int_equal(calls_of_the_tool(), rows[i].calls);
        assert_int_equal(live(), 0);
        if (works)
            mechanism->close(opened);
        end_tree();
    }
}

/* It and all that it started is killed when its time is over, and asked no second time. */
static void the_tool_hangs(void **state)
{
    (void)state;
    for (size_t which = 0; which < VG_COUNT(both); which++) {
        const struct vg_mechanism *mechanism = vg_mechanism_find(both[which].mechanism);
        struct vg_error err = { 0 };
        void *opened = NULL;
        int usual_ms = vg_nvidia_manage_ms;
        begin_tree(both[which].mechanism, make_tree_without_vfs);
        vg_autofree char *tool = vg_format("%s/usr/lib/nvidia/sriov-manage", fake_root);
        vg_autofree char *bus = vg_format("%s/sys/class/mdev_bus", fake_root);
        vg_autofree char *child = vg_format("%s/child", fake_root), *number = NULL;
        vg_autofree char *text = vg_format("#!/bin/sh\nroot=%s\necho \"$@\" >>$root/calls\ntrap '' TERM\n"
                                           "sleep 1000 &\necho $! >$root/child\nwait\n",
                                           fake_root);
        assert_true(vg_make_directories(bus, &err));
        fake_put("usr/lib/nvidia/sriov-manage", text);
        assert_int_equal(chmod(tool, 0755), 0);
        vg_nvidia_manage_ms = 500;
        assert_false(mechanism->open(&host, &config, &opened, &err));
        vg_nvidia_manage_ms = usual_ms;
        if (err.kind != VG_ERROR_TIMEOUT || !strstr(err.text, "VFs of 0000:41:00.0 cannot be enabled") ||
            !strstr(err.text, "did not end within 500 ms"))
            fail_msg("kind %d: %s", err.kind, err.text);
        assert_null(opened);
        assert_int_equal(calls_of_the_tool(), 1);
        assert_true(vg_read_attribute(child, &number, &err));
        vg_autofree char *process = vg_format("/proc/%s/cmdline", number), *runs = NULL;
        bool lives = true;
        for (unsigned i = 0; i < 200 && lives; i++) { /* who adopts it takes it away */
            free(VG_TAKE(runs));
            lives = vg_read_attribute(process, &runs, &err) && strstr(runs, "sleep");
            vg_sleep_ns(10 * VG_NS_PER_MS);
        }
        assert_false(lives);
        end_tree();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nvml_fails_after_the_write),      cmocka_unit_test(nvml_fails_and_the_driver_is_busy),
        cmocka_unit_test(mixed_size_mode_is_read_back),    cmocka_unit_test(placements_are_told_by_nvml),
        cmocka_unit_test(the_tool_that_enables_vfs_fails), cmocka_unit_test(the_tool_hangs),
        cmocka_unit_test(a_mode_that_is_not_set_is_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
