/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The virtqueue probe against recorded answers of QEMU 10: counts over wraps and restarts, devices that are not there,
 * and a VMM that says anything but what was asked. */
#include "support/probe_tree.h"

#define DEVICES                                                                                                        \
    "{\"return\":[{\"name\":\"virtio-serial\",\"path\":\"/machine/peripheral/virtio-serial0/virtio-backend\"},"        \
    "{\"name\":\"virtio-gpu\",\"path\":\"/machine/peripheral/video0/virtio-backend\"}],\"id\":\"libvirt-9\"}"
#define STATUS                                                                                                         \
    "{\"return\":{\"vring-num-default\":256,\"queue-index\":0,\"inuse\":1,\"name\":\"virtio-gpu\",\"used-idx\":%u,"    \
    "\"vring-avail\":100,\"signalled-used-valid\":true,\"vring-num\":256,\"last-avail-idx\":%u,"                       \
    "\"shadow-avail-idx\":%u,\"signalled-used\":%u},\"id\":\"libvirt-10\"}"

/* A VMM that answers as it is told. */
struct vmm {
    const char *devices, *status; /* NULL: a queue with these indices */
    const char *kvm, *ioeventfd;  /* what is said of them; NULL: KVM runs it, and doorbells go to the VMM */
    unsigned available, used;
    enum vg_error_kind fails;
    unsigned asked;
    char last[256], property[256];
};

static bool answer_as_told(void *opaque, const char *command, char **answer, struct vg_error *err)
{
    struct vmm *vmm = opaque;
    bool is_kvm = strstr(command, "\"query-kvm\"") != NULL, is_property = strstr(command, "\"qom-get\"") != NULL;
    vmm->asked += !is_kvm && !is_property;
    snprintf(is_property ? vmm->property : vmm->last, sizeof(vmm->last), "%s", command);
    if (vmm->fails)
        return vg_fail(err, vmm->fails, "no answer");
    if (is_kvm)
        *answer = vg_strdup(vmm->kvm ? vmm->kvm : "{\"return\":{\"enabled\":true,\"present\":true}}");
    else if (is_property)
        *answer = vg_strdup(vmm->ioeventfd ? vmm->ioeventfd : "{\"return\":false,\"id\":\"libvirt-11\"}");
    else if (strstr(command, "\"x-query-virtio\""))
        *answer = vg_strdup(vmm->devices ? vmm->devices : DEVICES);
    else
        *answer = vmm->status ? vg_strdup(vmm->status)
                              : vg_format(STATUS, vmm->used, vmm->available, vmm->available, vmm->used);
    return true;
}

static struct vg_probe_target target_of(struct vmm *vmm)
{
    return (struct vg_probe_target) { .tenant = "vm.0", .pid = 4100, .ask = answer_as_told, .vmm = vmm };
}

static double commands(void)
{
    const struct row *row = last_row("control", "vm.0", "");
    assert_non_null(row);
    return row->values[0];
}

static void counts_what_the_device_took(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("virtqueue");
    struct vmm vmm = { .available = 65000, .used = 64990 };
    struct vg_probe_target target = target_of(&vmm);
    void *state = begin(probe, "/");
    sample(probe, state, &target, 1);
    assert_float_equal(commands(), 0, 0); /* what was before is not this instance's */
    assert_non_null(strstr(vmm.last, "x-query-virtio-queue-status"));
    assert_non_null(strstr(vmm.last, "\"path\":\"/machine/peripheral/video0/virtio-backend\""));
    assert_non_null(strstr(vmm.last, "\"queue\":0"));
    vmm.available = 65535, vmm.used = 65530;
    sample(probe, state, &target, 1);
    assert_float_equal(commands(), 535, 0);
    vmm.available = 10, vmm.used = 8; /* over the wrap */
    sample(probe, state, &target, 1);
    assert_float_equal(commands(), 546, 0);
    const struct row *row = last_row("control", "vm.0", "");
    assert_float_equal(row->values[1], 554, 0);
    assert_float_equal(row->values[2], 1, 0);
    assert_true(row->values[3] >= 0 && row->values[3] < 10);
    assert_int_equal(vmm.asked, 4); /* the device is looked for once */
    target.pid = 4200;              /* another VMM: its counters begin at nothing */
    vmm.available = 3, vmm.used = 3;
    sample(probe, state, &target, 1);
    assert_float_equal(commands(), 546, 0);
    vmm.available = 5;
    sample(probe, state, &target, 1);
    assert_float_equal(commands(), 548, 0);
    probe->end(state);
}

static void says_what_it_cannot_see(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("virtqueue");
    struct vmm none = { .devices = "{\"return\":[{\"name\":\"virtio-blk\",\"path\":\"/x\"}]}" };
    struct vg_probe_target targets[] = { target_of(&none), { .tenant = "native.0", .pid = 5200 } };
    void *state = begin(probe, "/");
    for (int i = 0; i < 10; i++)
        sample(probe, state, targets, 2);
    assert_int_equal(record.row_count, 0);
    assert_non_null(strstr(fact("unseen[vm.0]"), "no virtio-gpu"));
    assert_non_null(strstr(fact("unseen[native.0]"), "not a VM"));
    assert_int_equal(none.asked, 3); /* and then left alone */
    probe->end(state);
}

static void a_busy_vmm_is_asked_again(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("virtqueue");
    struct vmm vmm = { .fails = VG_ERROR_TIMEOUT };
    struct vg_probe_target target = target_of(&vmm);
    void *state = begin(probe, "/");
    for (int i = 0; i < 10; i++)
        sample(probe, state, &target, 1);
    assert_int_equal(vmm.asked, 10);
    assert_int_equal(record.row_count, 0);
    vmm.fails = VG_ERROR_NONE;
    sample(probe, state, &target, 1);
    assert_int_equal(record.row_count, 1);
    probe->end(state);
}

static void says_what_a_doorbell_costs(void **unused)
{
    (void)unused;
    static const struct {
        const char *kvm, *ioeventfd, *says_kvm, *says_ioeventfd;
    } cases[] = {
        { NULL, NULL, "on", "off" },
        { "{\"return\":{\"enabled\":false,\"present\":true}}", "{\"return\":true}", "off", "on" },
        { "{\"return\":{\"enabled\":1}}", "{\"return\":\"true\"}", NULL, NULL },
        { "{\"error\":{\"class\":\"CommandNotFound\"}}", "{\"error\":{\"class\":\"GenericError\"}}", NULL, NULL },
        { "[", "", NULL, NULL },
    };
    const struct vg_probe *probe = probe_named("virtqueue");
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        struct vmm vmm = { .kvm = cases[i].kvm, .ioeventfd = cases[i].ioeventfd };
        struct vg_probe_target target = target_of(&vmm);
        record.fact_count = 0;
        void *state = begin(probe, "/");
        sample(probe, state, &target, 1);
        assert_non_null(strstr(vmm.property, "\"path\":\"/machine/peripheral/video0\""));
        assert_non_null(strstr(vmm.property, "\"property\":\"ioeventfd\""));
        bool said[2] = { false };
        for (size_t f = 0; f < record.fact_count; f++) {
            bool kvm = strcmp(record.facts[f][0], "kvm[vm.0]") == 0;
            if (!kvm && strcmp(record.facts[f][0], "ioeventfd[vm.0]") != 0)
                continue;
            const char *should = kvm ? cases[i].says_kvm : cases[i].says_ioeventfd;
            assert_non_null(should);
            assert_string_equal(record.facts[f][1], should);
            said[kvm] = true;
        }
        assert_true(said[1] == (cases[i].says_kvm != NULL) && said[0] == (cases[i].says_ioeventfd != NULL));
        assert_non_null(last_row("control", "vm.0", "")); /* the counts do not depend on it */
        probe->end(state);
    }
}

static void many_vms_take_turns(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("virtqueue");
    struct vmm vmms[3] = { { .available = 1 }, { .available = 1 }, { .available = 1 } };
    struct vg_probe_target targets[3];
    static const char *const names[] = { "vm.0", "vm.1", "vm.2" };
    for (unsigned i = 0; i < 3; i++) {
        targets[i] = target_of(&vmms[i]);
        targets[i].tenant = names[i];
        targets[i].pid += (pid_t)i;
    }
    vmms[1].devices = "{\"return\":[]}"; /* one that has none is asked thrice, and then costs no turn */
    void *state = begin(probe, "/");
    for (int look = 0; look < 9; look++)
        sample(probe, state, targets, 3);
    assert_int_equal(record.row_count, 6);
    assert_int_equal(vmms[0].asked, 1 + 3); /* the device is looked for once */
    assert_int_equal(vmms[1].asked, 3);
    vmms[0].available = 9;
    for (int look = 0; look < 4; look++)
        sample(probe, state, targets, 3);
    assert_int_equal(record.row_count, 10);
    assert_int_equal(vmms[0].asked, 1 + 5);
    assert_int_equal(vmms[1].asked, 3);
    assert_int_equal(vmms[2].asked, 1 + 5);
    assert_float_equal(commands(), 8, 0);
    sample(probe, state, targets, 1); /* the others ended */
    assert_int_equal(vmms[0].asked, 1 + 6);
    probe->end(state);
}

static void garbage_is_no_number(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "",
        "[",
        "[]",
        "7",
        "{}",
        "{\"return\":7}",
        "{\"return\":{}}",
        "{\"return\":{\"last-avail-idx\":\"7\",\"used-idx\":7}}",
        "{\"return\":{\"last-avail-idx\":-1,\"used-idx\":7}}",
        "{\"return\":{\"last-avail-idx\":65536,\"used-idx\":7}}",
        "{\"return\":{\"used-idx\":7}}",
        "{\"return\":{\"last-avail-idx\":1,\"last-avail-idx\":2,\"used-idx\":7}}",
        "{\"error\":{\"class\":\"GenericError\",\"desc\":\"Path \\u001b[31m is not a VirtIODevice\"}}",
        "{\"error\":7}",
    };
    const struct vg_probe *probe = probe_named("virtqueue");
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct vmm vmm = { .status = wrong[i] };
        struct vg_probe_target target = target_of(&vmm);
        void *state = begin(probe, "/");
        sample(probe, state, &target, 1);
        if (record.row_count != 0)
            fail_msg("taken for a number: %s", wrong[i]);
        assert_true(fact("unseen[vm.0]")[0] != '\0');
        assert_null(strchr(fact("unseen[vm.0]"), '\033'));
        vmm.status = NULL;
        vmm.devices = wrong[i];
        probe->end(state);
        state = begin(probe, "/");
        sample(probe, state, &target, 1);
        assert_int_equal(record.row_count, 0);
        probe->end(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_what_the_device_took, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_it_cannot_see, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_busy_vmm_is_asked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_a_doorbell_costs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_vms_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_is_no_number, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
