/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of host probes share: a sink that remembers what a probe said, and a copy of the recorded /proc that a
 * test may change. */
#ifndef VG_TEST_PROBE_TREE_H
#define VG_TEST_PROBE_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include "probe.h"

#define MAX_ROWS 4096

struct row {
    char stream[32], tenant[32], item[96];
    double values[9];
};

/* What a probe said. */
struct record {
    struct row rows[MAX_ROWS];
    size_t row_count;
    char facts[32][2][128];
    size_t fact_count;
    char lines[512][1024];
    size_t line_count;
};
static struct record record;
static char root[64]; /* a copy of the recorded tree, to be changed by a test */

static inline void sink_row(void *context, const char *stream, int64_t time_ns, const char *tenant, const char *item,
                            const double *values)
{
    const struct vg_probe *probe = context;
    assert_true(record.row_count < MAX_ROWS);
    assert_true(time_ns > 0);
    struct row *row = &record.rows[record.row_count++];
    snprintf(row->stream, sizeof(row->stream), "%s", stream);
    snprintf(row->tenant, sizeof(row->tenant), "%s", tenant);
    snprintf(row->item, sizeof(row->item), "%s", item);
    for (const struct vg_probe_stream *spec = probe->streams; spec->name; spec++) {
        if (strcmp(spec->name, stream) != 0)
            continue;
        for (size_t i = 0; spec->columns[i].name; i++) {
            row->values[i] = values[i];
            assert_true(isfinite(values[i]));
        }
        return;
    }
    fail_msg("stream %s is not declared", stream);
}

static inline void sink_fact(void *context, const char *name, const char *value)
{
    (void)context;
    size_t i = 0;
    while (i < record.fact_count && strcmp(record.facts[i][0], name) != 0)
        i++;
    assert_true(i < 32);
    record.fact_count = i == record.fact_count ? i + 1 : record.fact_count;
    snprintf(record.facts[i][0], sizeof(record.facts[i][0]), "%s", name);
    snprintf(record.facts[i][1], sizeof(record.facts[i][1]), "%s", value);
}

static inline void sink_line(void *context, int64_t time_ns, const char *line)
{
    (void)context;
    assert_true(time_ns > 0);
    if (record.line_count < VG_COUNT(record.lines))
        snprintf(record.lines[record.line_count++], sizeof(record.lines[0]), "%s", line);
}

static inline const char *fact(const char *name)
{
    for (size_t i = 0; i < record.fact_count; i++)
        if (strcmp(record.facts[i][0], name) == 0)
            return record.facts[i][1];
    return "";
}

/* The newest row, or NULL. */
static inline const struct row *last_row(const char *stream, const char *tenant, const char *item)
{
    for (size_t i = record.row_count; i-- > 0;)
        if (vg_equal(record.rows[i].stream, stream) && vg_equal(record.rows[i].tenant, tenant) &&
            vg_equal(record.rows[i].item, item))
            return &record.rows[i];
    return NULL;
}

static inline const struct vg_probe *probe_named(const char *name)
{
    struct vg_error err = { 0 };
    const struct vg_probe *probe = (const struct vg_probe *)vg_descriptor_require(VG_KIND_PROBE, name, &err);
    assert_non_null(probe);
    return probe;
}

static inline void *begin(const struct vg_probe *probe, const char *where)
{
    struct vg_error err = { 0 };
    struct vg_probe_sink sink = { sink_row, sink_fact, sink_line, (void *)(uintptr_t)probe };
    void *state = NULL;
    const struct vg_probe_host host = { .root = where };
    if (!probe->begin(&host, &sink, &state, &err))
        fail_msg("%s", err.text);
    return state;
}

static const struct vg_probe_target both[] = { { .tenant = "vm.0", .pid = 4100 },
                                               { .tenant = "native.0", .pid = 5200 } };

static inline void sample(const struct vg_probe *probe, void *state, const struct vg_probe_target *targets,
                          size_t count)
{
    struct vg_error err = { 0 };
    if (!probe->sample(state, targets, count, &err))
        fail_msg("%s", err.text);
}

/* --- changing the copy ----------------------------------------------------------------------------------------------
 */

static inline char *in_root(const char *path)
{
    return vg_format("%s/%s", root, path);
}

static inline void put(const char *path, const char *text)
{
    vg_autofree char *full = in_root(path);
    vg_autofile FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
}

static inline void drop(const char *path)
{
    struct vg_error err = { 0 };
    vg_autofree char *full = in_root(path);
    assert_true(vg_exists(full));
    assert_true(vg_remove_tree(full, &err));
}

/* As the kernel does it when something starts; without it a probe need not search. */
static inline void something_started(int pid)
{
    vg_autofree char *text = vg_format("1.03 0.77 0.48 3/119 %d\n", pid);
    put("proc/loadavg", text);
}

/* Whether the test runs from the root of the source tree or by its own path in build/tests/unit/. */
static inline char *data_directory(void)
{
    static const char path[] = "tests/unit/data/probes/vm";
    if (vg_exists(path))
        return vg_strdup(path);
    vg_autofree char *program = vg_executable_directory();
    return vg_format("%s/../../../%s", program ? program : ".", path);
}

static inline void copy_tree(const char *from, const char *to)
{
    vg_autodir DIR *listing = opendir(from);
    assert_non_null(listing);
    for (const struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_name[0] == '.')
            continue;
        vg_autofree char *source = vg_format("%s/%s", from, entry->d_name),
                         *copy = vg_format("%s/%s", to, entry->d_name);
        if (entry->d_type == DT_DIR) {
            assert_int_equal(mkdir(copy, 0755), 0);
            copy_tree(source, copy);
            continue;
        }
        vg_autofile FILE *in = fopen(source, "r"), *out = fopen(copy, "w");
        assert_true(in && out);
        char text[4096];
        size_t length = fread(text, 1, sizeof(text), in);
        assert_int_equal(fwrite(text, 1, length, out), length);
    }
}

static inline int set_up(void **state)
{
    (void)state;
    record.row_count = record.fact_count = record.line_count = 0;
    snprintf(root, sizeof(root), "/tmp/vgauge-probes-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    vg_autofree char *data = data_directory();
    copy_tree(data, root);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    struct vg_error err = { 0 };
    return vg_remove_tree(root, &err) ? 0 : -1;
}

/* Walks the copy and calls visit for each file. */
static inline void each_file(const char *directory, void (*visit)(const char *path))
{
    vg_autodir DIR *listing = opendir(directory);
    assert_non_null(listing);
    for (const struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_name[0] == '.')
            continue;
        vg_autofree char *path = vg_format("%s/%s", directory, entry->d_name);
        if (entry->d_type == DT_DIR)
            each_file(path, visit);
        else
            visit(path);
    }
}

static const char *garbage;
static inline void put_garbage(const char *path)
{
    vg_autofile FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(garbage, file);
}

/* Samples once with a sound tree, then twice with one kind of garbage in every file; for each kind. */
static inline void survive_garbage(const char *name)
{
    static const char *const kinds[] = {
        "",
        "\n",
        "-1 -1 -1",
        "18446744073709551615 18446744073709551615 1\n",
        "4100 4100 4120 99999999999 x 0 -5",
        "4100 (qemu) S 4100 0 0 0 0 0 0 0 0 0 18446744073709551615 18446744073709551615 18446744073709551615 1 0 0 1 0 "
        "1 0",
        "cpu 1 2 3",
        "some total=999999999999999999999999",
        "\xff\xfe\x80 \x01",
    };
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        tear_down(NULL);
        set_up(NULL);
        const struct vg_probe *probe = probe_named(name);
        void *state = begin(probe, root);
        sample(probe, state, both, 2);
        garbage = kinds[i];
        each_file(root, put_garbage);
        struct vg_error err = { 0 };
        bool sampled = probe->sample(state, both, 2, &err) && probe->sample(state, both, 2, &err);
        assert_true(sampled || err.text[0]);
        probe->end(state);
    }
}

#endif
