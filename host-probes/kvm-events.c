/* SPDX-License-Identifier: MIT */
#include "kvm-events.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <kbuffer.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tracefs.h>

#define SYSTEM      "kvm"
#define PREFIX      "vgauge-" /* of the instance's name; its maker's process number follows */
#define BUFFER_KB   4096      /* per CPU */
#define PAGE_BYTES  65536     /* the largest sub-buffer that is read */
#define PAGE_HEADER 16        /* time stamp and length, before the events */
#define COMMIT_MASK 0x7ffffffu
#define MISSED      (1u << 31) /* flag of a page: events were dropped before it */
#define RANGES_MAX  40         /* of a filter: the kernel takes one page of text */
#define CLOCK       "mono_raw" /* one for all CPUs, so that their events can be put in order */

static const char *const names[KVM_EVENT_KINDS] = {
    [KVM_EVENT_MMIO] = "kvm_mmio",
    [KVM_EVENT_FAST_MMIO] = "kvm_fast_mmio",
    [KVM_EVENT_RETURN] = "kvm_userspace_exit",
};

/* Where an event's description says that its fields are. */
struct shape {
    struct tep_event *event;
    struct tep_format_field *address, *type; /* NULL: it has none */
};

struct cpu {
    struct tracefs_cpu *reader;
    struct kbuffer *buffer;
    unsigned char *page;
    bool loaded, holds; /* a page; an event that was decoded and not yet handed out */
    struct kvm_event event;
};

struct kvm_events {
    char *directory; /* of tracefs */
    struct tracefs_instance *instance;
    struct tep_handle *tep;
    struct shape shapes[KVM_EVENT_KINDS];
    struct cpu *cpus;
    size_t cpu_count;
    int page_bytes;
    char *filter;
    uint64_t lost;
    bool on;
};

/* --- set-up ---------------------------------------------------------------------------------------------------------
 */

static bool find_tracefs(struct kvm_events *events, const char *root, struct vg_error *err)
{
    static const char *const places[] = { "sys/kernel/tracing", "sys/kernel/debug/tracing" };
    for (size_t i = 0; i < VG_COUNT(places); i++) {
        vg_autofree char *directory = vg_format("%s/%s", root, places[i]);
        vg_autofree char *kvm = vg_format("%s/events/" SYSTEM, directory);
        if (vg_exists(kvm)) {
            events->directory = vg_strdup(directory);
            return true;
        }
    }
    return vg_fail(err, VG_ERROR_ENVIRONMENT,
                   "%s/%s/events/kvm is not there: this kernel traces no KVM, or `mount -t tracefs nodev "
                   "/sys/kernel/tracing` was not done",
                   root, places[0]);
}

/* A runner that was killed left its instance, which goes on recording. */
static void reap_instances(const struct kvm_events *events)
{
    vg_autofree char *path = vg_format("%s/instances", events->directory);
    vg_autodir DIR *listing = opendir(path);
    for (const struct dirent *entry; listing && (entry = readdir(listing));) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        char *end;
        long maker = strtol(entry->d_name + strlen(PREFIX), &end, 10);
        if (*end || maker <= 0 || kill((pid_t)maker, 0) == 0 || errno != ESRCH)
            continue;
        vg_autofree char *left = vg_format("%s/%s", path, entry->d_name);
        rmdir(left); /* in tracefs this removes the instance as a whole */
    }
}

static bool make_instance(struct kvm_events *events, struct vg_error *err)
{
    vg_autofree char *name = vg_format(PREFIX "%d", (int)getpid());
    vg_autofree char *path = vg_format("%s/instances/%s", events->directory, name);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "no trace buffer can be made in %s: %s", path, strerror(errno));
    events->instance = tracefs_instance_alloc(events->directory, name);
    if (!events->instance)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "libtracefs does not take %s for a trace buffer", path);
    if (tracefs_instance_file_write(events->instance, "trace_clock", CLOCK) < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s has no clock that all CPUs share (trace_clock: " CLOCK "): %s",
                       path, strerror(errno));
    vg_autofree char *size = vg_format("%d", BUFFER_KB);
    tracefs_instance_file_write(events->instance, "buffer_size_kb", size); /* smaller loses more, and that is counted */
    return true;
}

static struct tep_format_field *number_field(struct tep_event *event, const char *name)
{
    struct tep_format_field *field = tep_find_field(event, name);
    return field && field->size > 0 && field->size <= 8 && field->offset >= 0 ? field : NULL;
}

/* A description is a page or two of text. */
static char *describe(const struct kvm_events *events, const char *file, size_t *length, struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/events/%s", events->directory, file);
    struct vg_error why = { 0 };
    char *text = NULL;
    if (!vg_read_file(path, 65536, &text, length, &why))
        vg_fail(err, VG_ERROR_ENVIRONMENT, "%s", why.text);
    return text;
}

static bool learn_page(struct kvm_events *events, struct vg_error *err)
{
    size_t length = 0;
    vg_autofree char *text = describe(events, "header_page", &length, err);
    if (!text)
        return vg_wrap(err, "the trace's pages are not described");
    tep_set_long_size(events->tep, sizeof(long));
    tep_set_file_bigendian(events->tep, tep_is_local_bigendian(events->tep) ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
    bool good = tep_parse_header_page(events->tep, text, length, sizeof(long)) == 0;
    events->page_bytes = good ? tep_get_sub_buffer_size(events->tep) : 0;
    return (events->page_bytes > PAGE_HEADER && events->page_bytes <= PAGE_BYTES) ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/events/header_page does not describe a page of the trace buffer",
                   events->directory);
}

static bool learn_event(struct kvm_events *events, enum kvm_event_kind kind, struct vg_error *err)
{
    static const char *const addresses[KVM_EVENT_KINDS] = { "gpa", "gpa", NULL };
    static const char *const types[KVM_EVENT_KINDS] = { "type", NULL, "reason" };
    struct shape *shape = &events->shapes[kind];
    size_t length = 0;
    vg_autofree char *file = vg_format(SYSTEM "/%s/format", names[kind]);
    vg_autofree char *text = describe(events, file, &length, err);
    if (!text)
        return vg_wrap(err, "this kernel does not trace %s", names[kind]);
    if (tep_parse_event(events->tep, text, length, SYSTEM) == 0)
        shape->event = tep_find_event_by_name(events->tep, SYSTEM, names[kind]);
    const char *address = addresses[kind], *type = types[kind];
    shape->address = shape->event && address ? number_field(shape->event, address) : NULL;
    shape->type = shape->event && type ? number_field(shape->event, type) : NULL;
    return (shape->event && !address == !shape->address && !type == !shape->type) ||
           vg_fail(err, VG_ERROR_ENVIRONMENT, "%s/events/%s does not describe the event with the fields needed",
                   events->directory, file);
}

static bool learn_events(struct kvm_events *events, struct vg_error *err)
{
    tracefs_set_loglevel(TEP_LOG_NONE); /* what the libraries cannot understand is told here, once */
    events->tep = tep_alloc();
    if (!events->tep)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "no memory for the events' descriptions");
    bool good = learn_page(events, err);
    for (int i = 0; good && i < KVM_EVENT_KINDS; i++)
        good = learn_event(events, (enum kvm_event_kind)i, err);
    return good;
}

static bool add_cpu(struct kvm_events *events, const char *name, struct vg_error *err)
{
    vg_autofree char *file = vg_format("per_cpu/%s/trace_pipe_raw", name);
    vg_autoclose int fd = tracefs_instance_file_open(events->instance, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct cpu cpu = { .reader = fd >= 0 ? tracefs_cpu_alloc_fd(fd, events->page_bytes, true) : NULL };
    if (!cpu.reader)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s of the trace buffer cannot be read: %s", file, strerror(errno));
    fd = -1; /* the reader's */
    cpu.buffer = kbuffer_alloc(sizeof(long) == 8 ? KBUFFER_LSIZE_8 : KBUFFER_LSIZE_4,
                               tep_is_local_bigendian(events->tep) ? KBUFFER_ENDIAN_BIG : KBUFFER_ENDIAN_LITTLE);
    cpu.page =
        vg_calloc(1, PAGE_BYTES + 64); /* the library looks at an event's head before it knows where the page ends */
    vg_push(events->cpus, events->cpu_count) = cpu;
    return cpu.buffer || vg_fail(err, VG_ERROR_ENVIRONMENT, "no memory for %s", file);
}

static bool open_cpus(struct kvm_events *events, struct vg_error *err)
{
    vg_autofree char *name = tracefs_instance_get_file(events->instance, "per_cpu");
    vg_autodir DIR *listing = name ? opendir(name) : NULL;
    for (const struct dirent *entry; listing && (entry = readdir(listing));)
        if (strncmp(entry->d_name, "cpu", 3) == 0 && !add_cpu(events, entry->d_name, err))
            return false;
    return events->cpu_count > 0 || vg_fail(err, VG_ERROR_ENVIRONMENT, "the trace buffer has no CPU in %s", name);
}

bool kvm_events_open(struct kvm_events **opened, const char *root, struct vg_error *err)
{
    struct kvm_events *events = vg_calloc(1, sizeof(*events));
    bool good = find_tracefs(events, root, err);
    if (good)
        reap_instances(events);
    if (good && learn_events(events, err) && make_instance(events, err) && open_cpus(events, err)) {
        *opened = events;
        return true;
    }
    kvm_events_close(events);
    return false;
}

static bool switch_events(struct kvm_events *events, bool on)
{
    bool good = true;
    for (size_t i = 0; i < KVM_EVENT_KINDS; i++)
        good = tracefs_event_file_write(events->instance, SYSTEM, names[i], "enable", on ? "1" : "0") > 0 && good;
    events->on = on;
    return good;
}

void kvm_events_close(struct kvm_events *events)
{
    if (events->on)
        switch_events(events, false);
    for (size_t i = 0; i < events->cpu_count; i++) {
        tracefs_cpu_close(events->cpus[i].reader);
        kbuffer_free(events->cpus[i].buffer);
        free(events->cpus[i].page);
    }
    free(events->cpus);
    if (events->instance) {
        tracefs_instance_destroy(events->instance);
        tracefs_instance_free(events->instance);
    }
    if (events->tep)
        tep_free(events->tep);
    free(events->directory);
    free(events->filter);
    free(events);
}

/* --- the filter -----------------------------------------------------------------------------------------------------
 */

static int by_address(const void *a, const void *b)
{
    const struct kvm_range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted, each a gap away from the next; if there are too many, the smallest gaps are closed. */
static size_t join(struct kvm_range *ranges, size_t count)
{
    qsort(ranges, count, sizeof(*ranges), by_address);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        struct kvm_range *last = &ranges[kept - 1];
        if (last->last == UINT64_MAX || ranges[i].first <= last->last + 1)
            last->last = ranges[i].last > last->last ? ranges[i].last : last->last;
        else
            ranges[kept++] = ranges[i];
    }
    while (kept > RANGES_MAX) {
        size_t narrow = 1;
        for (size_t i = 2; i < kept; i++)
            if (ranges[i].first - ranges[i - 1].last < ranges[narrow].first - ranges[narrow - 1].last)
                narrow = i;
        ranges[narrow - 1].last = ranges[narrow].last;
        memmove(&ranges[narrow], &ranges[narrow + 1], (kept - narrow - 1) * sizeof(*ranges));
        kept--;
    }
    return kept;
}

static bool append(struct tep_event *event, char **text, enum tracefs_filter what, enum tracefs_compare how,
                   uint64_t address)
{
    vg_autofree char *value = vg_format("0x%llx", (unsigned long long)address);
    bool compares = what == TRACEFS_FILTER_COMPARE;
    return tracefs_filter_string_append(event, text, what, compares ? "gpa" : NULL, how, compares ? value : NULL) == 0;
}

static char *filter_text(struct tep_event *event, const struct kvm_range *ranges, size_t count)
{
    char *text = NULL;
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = (i == 0 || append(event, &text, TRACEFS_FILTER_OR, 0, 0)) &&
               append(event, &text, TRACEFS_FILTER_OPEN_PAREN, 0, 0) &&
               append(event, &text, TRACEFS_FILTER_COMPARE, TRACEFS_COMPARE_GE, ranges[i].first) &&
               append(event, &text, TRACEFS_FILTER_AND, 0, 0) &&
               append(event, &text, TRACEFS_FILTER_COMPARE, TRACEFS_COMPARE_LE, ranges[i].last) &&
               append(event, &text, TRACEFS_FILTER_CLOSE_PAREN, 0, 0);
    if (!good) {
        free(text);
        text = NULL;
    }
    return text;
}

static bool set_filter(struct kvm_events *events, enum kvm_event_kind kind, const char *wanted, struct vg_error *err)
{
    if (tracefs_event_filter_apply(events->instance, events->shapes[kind].event, wanted) < 0)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "the kernel refuses the filter of %s to the vGPU's addresses: %s",
                       names[kind], strerror(errno));
    vg_autofree char *text = tracefs_event_file_read(events->instance, SYSTEM, names[kind], "filter", NULL);
    if (text)
        text[strcspn(text, "\n")] = '\0';
    if (!vg_equal(text, wanted))
        return vg_fail(err, VG_ERROR_ENVIRONMENT, "%s is filtered by `%.100s`, not by the vGPU's addresses, `%.100s`",
                       names[kind], text ? text : "", wanted);
    free(events->filter);
    events->filter = vg_strdup(text);
    return true;
}

bool kvm_events_filter(struct kvm_events *events, struct kvm_range *ranges, size_t count, struct vg_error *err)
{
    count = join(ranges, count);
    vg_autofree char *wanted = filter_text(events->shapes[KVM_EVENT_MMIO].event, ranges, count);
    bool good = wanted || vg_fail(err, VG_ERROR_ENVIRONMENT, "libtracefs makes no filter of the vGPU's addresses");
    good =
        good && set_filter(events, KVM_EVENT_MMIO, wanted, err) && set_filter(events, KVM_EVENT_FAST_MMIO, wanted, err);
    if (good && !events->on && !switch_events(events, true))
        good = vg_fail(err, VG_ERROR_ENVIRONMENT, "KVM's events cannot be traced: %s", strerror(errno));
    if (!good) {
        switch_events(events, false);
        free(events->filter);
        events->filter = NULL;
    }
    return good;
}

const char *kvm_events_filter_text(const struct kvm_events *events)
{
    return events->filter;
}

/* --- reading --------------------------------------------------------------------------------------------------------
 */

static bool load_page(struct kvm_events *events, struct cpu *cpu)
{
    if (tracefs_cpu_read(cpu->reader, cpu->page, true) != events->page_bytes)
        return false;
    uint64_t commit;
    memcpy(&commit, cpu->page + 8, sizeof(commit));
    if ((commit & COMMIT_MASK) > (uint64_t)events->page_bytes - PAGE_HEADER)
        return false; /* not a page of any kernel */
    if (kbuffer_load_subbuffer(cpu->buffer, cpu->page) < 0)
        return false;
    int missed = kbuffer_missed_events(cpu->buffer);
    events->lost += missed > 0 ? (uint64_t)missed : (commit & MISSED) != 0;
    return cpu->loaded = true;
}

static bool read_field(const struct tep_format_field *field, const void *data, int size, unsigned long long *value)
{
    *value = 0;
    return !field || (field->offset + field->size <= size &&
                      tep_read_number_field((struct tep_format_field *)(uintptr_t)field, data, value) == 0);
}

/* False if it is none of ours, or not what its description says. */
static bool decode(struct kvm_events *events, void *data, int size, uint64_t time, struct kvm_event *event)
{
    struct tep_record record = { .data = data, .size = size };
    if (size < 8) /* what all events begin with: type, flags and thread */
        return false;
    int id = tep_data_type(events->tep, &record);
    for (size_t i = 0; i < KVM_EVENT_KINDS; i++) {
        unsigned long long address, type;
        if (events->shapes[i].event->id != id)
            continue;
        *event = (struct kvm_event) { .kind = (enum kvm_event_kind)i,
                                      .tid = tep_data_pid(events->tep, &record),
                                      .time = time };
        if (!read_field(events->shapes[i].address, data, size, &address) ||
            !read_field(events->shapes[i].type, data, size, &type))
            return false;
        event->address = address;
        event->type = type;
        return true;
    }
    return false;
}

/* Holds the CPU's next event of ours, if there is one. */
static void advance(struct kvm_events *events, struct cpu *cpu)
{
    while (!cpu->holds && (cpu->loaded || load_page(events, cpu))) {
        unsigned long long time;
        unsigned char *data = kbuffer_read_event(cpu->buffer, &time);
        int size = data ? kbuffer_event_size(cpu->buffer) : 0;
        if (!data || size < 0 || data < cpu->page || data + size > cpu->page + events->page_bytes) {
            cpu->loaded = false;
            continue;
        }
        cpu->holds = decode(events, data, size, time, &cpu->event);
        kbuffer_next_event(cpu->buffer, NULL);
    }
}

bool kvm_events_next(struct kvm_events *events, struct kvm_event *event)
{
    struct cpu *first = NULL;
    for (size_t i = 0; i < events->cpu_count; i++) {
        advance(events, &events->cpus[i]);
        if (events->cpus[i].holds && (!first || events->cpus[i].event.time < first->event.time))
            first = &events->cpus[i];
    }
    if (!first)
        return false;
    *event = first->event;
    first->holds = false;
    return true;
}

uint64_t kvm_events_lost(const struct kvm_events *events)
{
    return events->lost;
}
