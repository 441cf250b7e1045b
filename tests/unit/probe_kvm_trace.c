/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kvm-trace against recorded trees of tracefs: a page of a kernel's ring buffer (Linux 6.18, a guest of a few
 * instructions), pages made here in the same format, and such that no kernel writes. Where this machine lets us, also
 * against its own kernel, with a guest of a few instructions whose accesses are known one by one. */
#include "support/probe_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* net0: a network card, 0xfee10000; hostdev0 behind a bridge: 0xfd000000 to 0xfdffffff. */
#define PCI_ANSWER                                                                                                     \
    "{\"return\":[{\"bus\":0,\"devices\":[{\"qdev_id\":\"\",\"class_info\":{\"class\":1536},\"regions\":[]},"          \
    "{\"qdev_id\":\"net0\",\"class_info\":{\"class\":512},\"regions\":[{\"bar\":0,\"type\":\"memory\","                \
    "\"address\":4276158464,\"size\":4096}]},"                                                                         \
    "{\"qdev_id\":\"\",\"class_info\":{\"class\":1540},\"regions\":[],\"pci_bridge\":{\"bus\":{},\"devices\":["        \
    "{\"qdev_id\":\"hostdev0\",\"class_info\":{\"class\":4608},\"regions\":[{\"bar\":0,\"type\":\"memory\","           \
    "\"address\":4244635648,\"size\":16777216},{\"bar\":1,\"type\":\"io\",\"address\":49152,\"size\":64},"             \
    "{\"bar\":2,\"type\":\"memory\",\"address\":-1,\"size\":4096}]}]}}]}]}"
#define BAR    0xfd000000u
#define BAR_TO 0xfdffffffu
#define FILTER "(gpa >= 0xfd000000&&gpa <= 0xfdffffff)"

static bool say(void *text, const char *command, char **answer, struct vg_error *err)
{
    (void)err;
    assert_non_null(strstr(command, "query-pci"));
    *answer = vg_strdup(text);
    return true;
}

static struct vg_probe_target vm(const char *tenant, pid_t pid, const char *answer)
{
    return (struct vg_probe_target) { .tenant = tenant, .pid = pid, .ask = say, .vmm = (char *)(uintptr_t)answer };
}

/* --- a recorded tree ------------------------------------------------------------------------------------------------
 */

#define TRACEFS "sys/kernel/tracing"

static void make(const char *path)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = in_root(path);
    assert_true(vg_make_directories(full, &err));
}

static char *recorded(const char *name)
{
    vg_autofree char *probes = data_directory();
    return vg_format("%s/../../tracefs/%s", probes, name);
}

static char *instance_file(const char *name)
{
    return vg_format(TRACEFS "/instances/vgauge-%d/%s", (int)getpid(), name);
}

static void put_bytes(const char *path, const void *bytes, size_t length)
{
    vg_autofree char *full = in_root(path);
    vg_autofile FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
}

static char *text_of(const char *path)
{
    vg_autofree char *full = in_root(path);
    char *text = NULL;
    size_t length;
    struct vg_error err = { 0 };
    assert_true(vg_read_file(full, 8192, &text, &length, &err));
    return text;
}

/* What the kernel would make with the instance. */
static void record_tracefs(void)
{
    static const char *const events[] = { "kvm_mmio", "kvm_fast_mmio", "kvm_userspace_exit" };
    static const char *const files[] = { "trace_clock", "buffer_size_kb", "per_cpu/cpu0/trace_pipe_raw",
                                         "per_cpu/cpu1/trace_pipe_raw" };
    vg_autofree char *from = recorded("events"), *to = in_root(TRACEFS "/events");
    make(TRACEFS "/events");
    copy_tree(from, to);
    for (size_t i = 0; i < VG_COUNT(events); i++) {
        vg_autofree char *event = vg_format("events/kvm/%s", events[i]), *directory = instance_file(event);
        vg_autofree char *enable = vg_format("%s/enable", directory), *filter = vg_format("%s/filter", directory);
        make(directory);
        put(enable, "0");
        put(filter, "none\n");
    }
    make(TRACEFS "/options");
    for (int cpu = 0; cpu < 2; cpu++) {
        vg_autofree char *name = vg_format("per_cpu/cpu%d", cpu), *directory = instance_file(name);
        make(directory);
    }
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        vg_autofree char *file = instance_file(files[i]);
        put(file, "");
    }
}

static void thread(pid_t pid, pid_t tid)
{
    vg_autofree char *path = vg_format("proc/%d/task/%d", (int)pid, (int)tid);
    make(path);
}

/* A page as the kernel's ring buffer has it. Its format is that of events/header_page and kvm/NAME/format. */
struct page {
    unsigned char bytes[4096];
    size_t used; /* after the head */
    uint64_t time;
};
#define PAGE_HEAD 16

static void begin_page(struct page *page, uint64_t time)
{
    memset(page, 0, sizeof(*page));
    page->time = time;
    memcpy(page->bytes, &time, sizeof(time));
}

static void add(struct page *page, uint64_t time, uint16_t id, int32_t tid, const void *rest, size_t length)
{
    unsigned char *at = page->bytes + PAGE_HEAD + page->used;
    uint32_t head = (uint32_t)((8 + length) / 4) | (uint32_t)(time - page->time) << 5;
    memcpy(at, &head, 4);
    memcpy(at + 4, &id, 2);
    memcpy(at + 8, &tid, 4);
    memcpy(at + 12, rest, length);
    page->used += 12 + length;
    page->time = time;
    uint64_t commit = page->used;
    memcpy(page->bytes + 8, &commit, sizeof(commit));
}

enum { READ_LEAVES, READ_VALUE, WRITE, FAST, RETURN };
static void access_at(struct page *page, uint64_t time, int32_t tid, unsigned what, uint64_t address)
{
    struct {
        uint32_t type, size;
        uint64_t address, value;
    } mmio = { what, 4, address, 7 };
    const uint32_t back[2] = { (uint32_t)address, 0 };
    if (what == RETURN)
        add(page, time, 42, tid, back, sizeof(back));
    else if (what == FAST)
        add(page, time, 109, tid, &address, sizeof(address));
    else
        add(page, time, 38, tid, &mmio, sizeof(mmio));
}

static void put_page(const char *file, const struct page *page)
{
    vg_autofree char *path = instance_file(file);
    put_bytes(path, page->bytes, sizeof(page->bytes));
}

static void expect(const struct row *row, double all, double device, double fast, double userspace, double lost)
{
    assert_non_null(row);
    const double expected[] = { all, device, fast, userspace, lost };
    for (size_t i = 0; i < VG_COUNT(expected); i++)
        if (row->values[i] != expected[i])
            fail_msg("column %zu is %g, not %g", i, row->values[i], expected[i]);
}

/* Recorded from a guest that did this five times: writes to 0xfd000010 and reads from 0xfd000020, which its VMM
 * handled, rings 0xfd000040, an event of KVM's, and writes to another device; then it halts. */
static void a_kernels_own_page_is_read(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    record_tracefs();
    vg_autofree char *from = recorded("kvm-mmio.page"), *page = NULL,
                     *pipe = instance_file("per_cpu/cpu0/trace_pipe_raw");
    size_t length;
    struct vg_error err = { 0 };
    assert_true(vg_read_file(from, 4096, &page, &length, &err));
    assert_int_equal(length, 4096);
    put_bytes(pipe, page, length);
    thread(25257, 25257);
    const struct vg_probe_target target = vm("vm.0", 25257, PCI_ANSWER);
    void *state = begin(probe, root);
    sample(probe, state, &target, 1);
    /* 15 accesses and 16 returns. 10 accesses were the VMM's; the 5 doorbells were not, but the next that the trace
     * has of the vCPU is a return, for the other device's sake. */
    expect(last_row("device", "vm.0", ""), 31, 15, 0, 15, 0);
    probe->end(state);
    assert_string_equal(fact("events_lost"), "0");
}

static void exits_are_told_by_their_address(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    record_tracefs();
    thread(4100, 4103);
    thread(4100, 4104);
    thread(9990, 9999);
    struct page first, second;
    begin_page(&first, 1000);
    access_at(&first, 1000, 4103, WRITE, BAR + 0x10); /* ours ... */
    access_at(&first, 1100, 4103, RETURN, KVM_EXIT_MMIO);
    access_at(&first, 1200, 4103, FAST, BAR_TO);
    access_at(&first, 1300, 4103, RETURN, KVM_EXIT_MMIO); /* of something else: a doorbell comes back by itself */
    access_at(&first, 1400, 4103, READ_LEAVES, BAR + 0x20);
    access_at(&first, 1500, 4103, RETURN, KVM_EXIT_MMIO);
    access_at(&first, 1600, 4103, READ_VALUE, BAR + 0x20); /* the same access */
    access_at(&first, 1700, 4103, READ_VALUE, BAR + 0x24); /* KVM answered by itself */
    access_at(&first, 1800, 4103, WRITE, BAR_TO + 1);      /* a byte beyond: the kernel was to leave it out */
    access_at(&first, 1900, 4103, RETURN, KVM_EXIT_MMIO);
    access_at(&first, 2000, 4103, WRITE, BAR);
    access_at(&first, 2100, 4103, RETURN, KVM_EXIT_INTR); /* not for the write, which KVM handled */
    access_at(&first, 2200, 4103, RETURN, KVM_EXIT_MMIO);
    access_at(&first, 2300, 4104, WRITE, BAR); /* another vCPU, which comes back on another CPU */
    access_at(&first, 2400, 4103, RETURN, KVM_EXIT_MMIO);
    access_at(&first, 2900, 4104, WRITE, BAR);
    begin_page(&second, 1500);
    access_at(&second, 1500, 9999, WRITE, BAR + 0x10); /* another VM */
    access_at(&second, 2350, 4104, RETURN, KVM_EXIT_MMIO);
    put_page("per_cpu/cpu0/trace_pipe_raw", &first);
    put_page("per_cpu/cpu1/trace_pipe_raw", &second);
    const struct vg_probe_target target = vm("vm.0", 4100, PCI_ANSWER);
    void *state = begin(probe, root);
    sample(probe, state, &target, 1);
    /* returns: 7 of 4103, 1 of 4104; accesses: write, doorbell, read, read, write, and two of 4104 */
    expect(last_row("device", "vm.0", ""), 15, 7, 1, 3, 0);
    vg_autofree char *enable = instance_file("events/kvm/kvm_mmio/enable"), *enabled = text_of(enable);
    assert_string_equal(enabled, "1");
    sample(probe, state, &target, 1); /* nothing new */
    expect(last_row("device", "vm.0", ""), 15, 7, 1, 3, 0);
    probe->end(state);
    vg_autofree char *off = text_of(enable);
    assert_string_equal(off, "0");
}

static void the_kernel_is_told_the_bars(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    record_tracefs();
    vg_autofree char *mmio = instance_file("events/kvm/kvm_mmio/filter"),
                     *fast = instance_file("events/kvm/kvm_fast_mmio/filter"),
                     *back = instance_file("events/kvm/kvm_userspace_exit/filter"),
                     *clock = instance_file("trace_clock");
    /* Two VMs; one has two BARs that touch, and one far away. */
    static const char other[] =
        "{\"return\":[{\"devices\":[{\"qdev_id\":\"video0\",\"class_info\":{\"class\":768},\"regions\":["
        "{\"type\":\"memory\",\"address\":4261412864,\"size\":4096},{\"type\":\"memory\",\"address\":34359738368,"
        "\"size\":4096}]}]}]}";
    const struct vg_probe_target targets[] = { vm("vm.0", 4100, PCI_ANSWER), vm("vm.1", 4200, other) };
    void *state = begin(probe, root);
    sample(probe, state, targets, 1);
    vg_autofree char *one = text_of(mmio), *one_fast = text_of(fast), *none = text_of(back), *which = text_of(clock);
    assert_string_equal(one, FILTER);
    assert_string_equal(one_fast, FILTER);
    assert_string_equal(none, "none\n");
    assert_string_equal(which, "mono_raw");
    assert_string_equal(fact("filter"), FILTER);
    sample(probe, state, targets, 2);
    vg_autofree char *two = text_of(mmio);
    assert_string_equal(two, "(gpa >= 0xfd000000&&gpa <= 0xfe000fff)||(gpa >= 0x800000000&&gpa <= 0x800000fff)");
    probe->end(state);
}

/* A kernel that takes a filter and does not keep it: here a directory entry that swallows what is written. */
static void a_filter_that_did_not_take_counts_nothing(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    record_tracefs();
    vg_autofree char *filter = instance_file("events/kvm/kvm_fast_mmio/filter"), *full = in_root(filter);
    assert_int_equal(unlink(full), 0);
    assert_int_equal(symlink("/dev/null", full), 0);
    const struct vg_probe_target target = vm("vm.0", 4100, PCI_ANSWER);
    void *state = begin(probe, root);
    sample(probe, state, &target, 1);
    assert_null(last_row("device", "vm.0", ""));
    assert_non_null(strstr(fact("unseen[vm.0]"), "kvm_fast_mmio is filtered by"));
    vg_autofree char *enable = instance_file("events/kvm/kvm_mmio/enable"), *text = text_of(enable);
    assert_string_equal(text, "0");
    probe->end(state);
}

static void what_was_lost_is_counted(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    record_tracefs();
    thread(4100, 4103);
    struct page pages[2];
    for (int i = 0; i < 2; i++) {
        begin_page(&pages[i], 1000);
        access_at(&pages[i], 1000, 4103, FAST, BAR);
    }
    uint64_t commit = pages[0].used | 1u << 31 | 1u << 30, missed = 34; /* some were dropped; how many stands behind */
    memcpy(pages[0].bytes + 8, &commit, 8);
    memcpy(pages[0].bytes + PAGE_HEAD + pages[0].used, &missed, 8);
    commit = pages[1].used | 1u << 31; /* nobody knows how many */
    memcpy(pages[1].bytes + 8, &commit, 8);
    put_page("per_cpu/cpu0/trace_pipe_raw", &pages[0]);
    put_page("per_cpu/cpu1/trace_pipe_raw", &pages[1]);
    const struct vg_probe_target target = vm("vm.0", 4100, PCI_ANSWER);
    void *state = begin(probe, root);
    sample(probe, state, &target, 1);
    expect(last_row("device", "vm.0", ""), 2, 2, 2, 0, 35);
    probe->end(state);
    assert_string_equal(fact("events_lost"), "35");
}

static void pages_may_be_anything(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    const struct vg_probe_target target = vm("vm.0", 4100, PCI_ANSWER);
    record_tracefs();
    thread(4100, 4103);
    vg_autofree char *pipe = instance_file("per_cpu/cpu0/trace_pipe_raw");
    unsigned seed = 20261122;
    for (unsigned round = 0; round < 300; round++) {
        struct page page;
        begin_page(&page, 1000);
        for (int i = 0; i < 40; i++)
            access_at(&page, 1000 + (uint64_t)i, 4103, (unsigned)i % 5, BAR + (unsigned)i);
        size_t length = sizeof(page.bytes);
        if (round % 3 == 0) { /* heads, lengths and events that are not what they should be */
            for (int i = 0; i < 60; i++)
                page.bytes[(unsigned)rand_r(&seed) % 1200] = (unsigned char)rand_r(&seed);
        } else if (round % 3 == 1) {
            for (size_t i = 0; i < length; i++)
                page.bytes[i] = (unsigned char)rand_r(&seed);
        } else {
            length = (unsigned)rand_r(&seed) % sizeof(page.bytes); /* cut off */
        }
        put_bytes(pipe, page.bytes, length);
        void *state = begin(probe, root);
        sample(probe, state, &target, 1);
        const struct row *row = last_row("device", "vm.0", "");
        assert_true(row && row->values[1] <= 1024 && row->values[3] <= row->values[1]);
        probe->end(state);
        record.row_count = 0;
    }
}

static void what_is_not_there_is_said(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    const struct vg_probe_host host = { .root = root };
    const struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, (void *)(uintptr_t)probe };
    static const struct {
        const char *path, *text, *why;
    } missing[] = {
        { TRACEFS "/events/kvm/kvm_mmio/format", "name: kvm_mmio\nID: 38\nformat:\n", "kvm_mmio/format does not" },
        { TRACEFS "/events/kvm/kvm_userspace_exit/format", "\xff\xfe", "kvm_userspace_exit/format does not" },
        { TRACEFS "/events/kvm/kvm_fast_mmio", NULL, "does not trace kvm_fast_mmio" },
        { TRACEFS "/events/header_page", "\tfield: char data;\toffset:16;\tsize:99999999;\tsigned:0;\n",
          "header_page" },
        { TRACEFS "/events/kvm", NULL, "traces no KVM" },
    };
    struct vg_error err = { 0 };
    void *state = NULL;
    assert_false(probe->begin(&host, &sink, &state, &err));
    assert_non_null(strstr(err.text, "traces no KVM"));
    for (size_t i = 0; i < VG_COUNT(missing); i++) {
        if (vg_exists(root))
            tear_down(NULL);
        set_up(NULL);
        record_tracefs();
        if (missing[i].text)
            put(missing[i].path, missing[i].text);
        else
            drop(missing[i].path);
        err = (struct vg_error) { 0 };
        if (probe->begin(&host, &sink, &state, &err))
            fail_msg("begins without %s", missing[i].path);
        if (!strstr(err.text, missing[i].why) || err.kind != VG_ERROR_ENVIRONMENT)
            fail_msg("%s: %s", missing[i].path, err.text);
    }
    static const char *const files[] = { "trace_clock", "per_cpu" };
    for (size_t i = 0; i < VG_COUNT(files); i++) {
        tear_down(NULL);
        set_up(NULL);
        record_tracefs();
        vg_autofree char *file = instance_file(files[i]);
        drop(file);
        err = (struct vg_error) { 0 };
        assert_false(probe->begin(&host, &sink, &state, &err));
        assert_non_null(strstr(err.text, i == 0 ? "trace_clock" : "no CPU"));
    }
}

static void a_vmm_may_answer_anything(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    const char *const answers[] = { "{\"return\":[]}", "{\"return\":[7]}",
                                    "{\"return\":[{\"devices\":[{\"regions\":7}]}]}", "x" };
    record_tracefs();
    for (size_t i = 0; i < VG_COUNT(answers); i++) {
        const struct vg_probe_target target = vm("vm.0", 4100, answers[i]);
        void *state = begin(probe, root);
        sample(probe, state, &target, 1);
        assert_int_equal(record.row_count, 0);
        assert_true(fact("unseen[vm.0]")[0] != '\0');
        vg_autofree char *enable = instance_file("events/kvm/kvm_mmio/enable"), *text = text_of(enable);
        assert_string_equal(text, "0"); /* without BARs all of KVM's accesses would be recorded */
        probe->end(state);
    }
}

static void what_a_killed_runner_left_goes(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    record_tracefs();
    pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    assert_int_equal(waitpid(gone, NULL, 0), gone);
    vg_autofree char *left = vg_format(TRACEFS "/instances/vgauge-%d", (int)gone),
                     *living = vg_format(TRACEFS "/instances/vgauge-%d", (int)getppid());
    make(left);
    make(living);
    make(TRACEFS "/instances/vgauge-x");
    void *state = begin(probe, root);
    probe->end(state);
    vg_autofree char *a = in_root(left), *b = in_root(living), *c = in_root(TRACEFS "/instances/vgauge-x");
    assert_false(vg_exists(a));
    assert_true(vg_exists(b) && vg_exists(c));
}

/* --- this machine's kernel ------------------------------------------------------------------------------------------
 */

#define ROUNDS 50
#define CODE   0x1000

/* With ds at the BAR and fs at another device, ROUNDS times: write [0x10], ring [0x40] (16 bits wide), read [0x20],
 * write fs:[0]; then halt. */
static const unsigned char code[] = { 0xbb, 0,    0,    0xb9, ROUNDS, 0,    0x88, 0x47, 0x10, 0x89, 0x47,
                                      0x40, 0x8a, 0x47, 0x20, 0x64,   0x88, 0x07, 0xe2, 0xf2, 0xf4 };

static int make_guest(int kvm, int *doorbell, struct kvm_run **run)
{
    static unsigned char memory[4096] __attribute__((aligned(4096)));
    memcpy(memory, code, sizeof(code));
    int machine = ioctl(kvm, KVM_CREATE_VM, 0);
    *doorbell = eventfd(0, EFD_NONBLOCK);
    struct kvm_userspace_memory_region region = { .guest_phys_addr = CODE,
                                                  .memory_size = sizeof(memory),
                                                  .userspace_addr = (uintptr_t)memory };
    struct kvm_ioeventfd event = { .addr = BAR + 0x40, .len = 0, .fd = *doorbell };
    if (machine < 0 || ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) < 0 ||
        ioctl(machine, KVM_IOEVENTFD, &event) < 0)
        return -1;
    int vcpu = ioctl(machine, KVM_CREATE_VCPU, 0), size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    struct kvm_sregs special;
    struct kvm_regs registers = { .rip = CODE, .rflags = 2 };
    if (vcpu < 0 || size <= 0 || ioctl(vcpu, KVM_GET_SREGS, &special) < 0)
        return -1;
    special.cs.base = special.cs.selector = 0;
    special.ds.base = BAR;
    special.fs.base = 0xfee10000;
    *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (*run == MAP_FAILED || ioctl(vcpu, KVM_SET_SREGS, &special) < 0 || ioctl(vcpu, KVM_SET_REGS, &registers) < 0)
        return -1;
    return vcpu;
}

/* The VM: waits to be told, runs the guest, says how it went, and waits again so that its threads can be looked up. */
static void be_a_vm(int orders, int answers)
{
    char order, answer = 'x';
    struct kvm_run *run;
    int doorbell, kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vcpu = kvm < 0 ? -1 : make_guest(kvm, &doorbell, &run);
    if (read(orders, &order, 1) != 1)
        _exit(1);
    unsigned handled = 0;
    uint64_t rung = 0;
    alarm(20);
    while (vcpu >= 0 && ioctl(vcpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_MMIO)
        handled++;
    if (vcpu >= 0 && run->exit_reason == KVM_EXIT_HLT && handled == 3 * ROUNDS &&
        read(doorbell, &rung, sizeof(rung)) == sizeof(rung) && rung == ROUNDS)
        answer = 'r';
    if (write(answers, &answer, 1) == 1 && read(orders, &order, 1) < 0)
        _exit(1);
    _exit(0);
}

static const char *see_own_tracefs(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") < 0)
        return "no mounts of its own";
    if (!vg_exists("/sys/kernel/tracing/events/kvm") && mount("nodev", "/sys/kernel/tracing", "tracefs", 0, "") < 0)
        return "tracefs cannot be mounted";
    if (!vg_exists("/sys/kernel/tracing/events/kvm"))
        return "the kernel traces no KVM";
    return access("/dev/kvm", R_OK | W_OK) == 0 ? NULL : "no /dev/kvm";
}

static void a_real_guest_is_counted(void **unused)
{
    (void)unused;
    const struct vg_probe *probe = probe_named("kvm-trace");
    const char *why_not = see_own_tracefs();
    if (why_not) {
        print_message("not tried on this machine's kernel: %s\n", why_not);
        return;
    }
    int orders[2], answers[2];
    assert_int_equal(pipe2(orders, O_CLOEXEC) | pipe2(answers, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        close(orders[1]);
        be_a_vm(orders[0], answers[1]);
    }
    close(orders[0]);
    close(answers[1]);
    const struct vg_probe_target target = vm("vm.0", child, PCI_ANSWER);
    struct vg_error err = { 0 };
    struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, (void *)(uintptr_t)probe };
    const struct vg_probe_host host = { .root = "" };
    void *state = NULL;
    char answer = 'x';
    bool began = probe->begin(&host, &sink, &state, &err);
    if (began)
        sample(probe, state, &target, 1);
    assert_int_equal(write(orders[1], "g", 1), 1);
    ssize_t answered = read(answers[0], &answer, 1);
    if (began)
        sample(probe, state, &target, 1);
    close(orders[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(answers[0]);
    if (began)
        probe->end(state);
    if (!began || answered != 1 || answer != 'r') {
        print_message("not tried on this machine's kernel: %s\n", began ? "KVM does not run the guest" : err.text);
        return;
    }
    const struct row *row = last_row("device", "vm.0", "");
    assert_non_null(row);
    print_message("seen on this machine's kernel: filter %s, %g exits in the BAR, %g to the VMM, %g as events\n",
                  fact("filter"), row->values[1], row->values[3], row->values[2]);
    assert_string_equal(fact("filter"), FILTER);
    assert_float_equal(row->values[1], 3 * ROUNDS, 0);
    assert_float_equal(row->values[3], 2 * ROUNDS, 0);
    assert_true(row->values[2] == 0 || row->values[2] == ROUNDS); /* whether KVM emulates the doorbell */
    assert_float_equal(row->values[0], 3 * ROUNDS + 3 * ROUNDS + 1, 0);
    assert_float_equal(row->values[4], 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_kernels_own_page_is_read),     TEST(exits_are_told_by_their_address),
        TEST(the_kernel_is_told_the_bars),    TEST(a_filter_that_did_not_take_counts_nothing),
        TEST(what_was_lost_is_counted),       TEST(pages_may_be_anything),
        TEST(what_is_not_there_is_said),      TEST(a_vmm_may_answer_anything),
        TEST(what_a_killed_runner_left_goes), TEST(a_real_guest_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
