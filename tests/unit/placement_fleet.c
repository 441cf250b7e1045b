/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fleets from files, request streams, and what becomes of a stream: outcomes, and what utilisation and fragmentation
 * mean on fleets small enough to reckon by hand. */
#include "support/placement_classes.h"

#include <math.h>
#include <stdio.h>

static struct vg_fleet_file *file;
static struct vg_fleet_memory memory;
static char path[] = "/tmp/vgauge-fleet-XXXXXX";

static void write_text(const char *text)
{
    struct vg_error err = { 0 };
    assert_true(vg_write_file(path, text, strlen(text), &err));
}

static const char small_fleet[] = "name: small\n"
                                  "summary: Two kinds.\n"
                                  "classes:\n"
                                  "  - name: legacy\n"
                                  "    model: same-type\n"
                                  "    memory_mib: 24576\n"
                                  "    types:\n"
                                  "      - { name: 12Q, memory_mib: 12288, max: 2 }\n"
                                  "      - { name: 6Q, memory_mib: 6144, max: 4 }\n"
                                  "  - name: pool\n"
                                  "    model: count-pool\n"
                                  "    count: 4\n"
                                  "    types: [{ name: vga }, { name: 6Q }]\n"
                                  "hosts:\n"
                                  "  - { name: rack, count: 2, pgpus: [{ class: legacy, count: 2 }] }\n"
                                  "  - { name: desk, pgpus: [{ class: pool, numa: 1 }] }\n";

static bool load(const char *text, struct vg_error *err)
{
    vg_autofree char *yaml = vg_format("%s.yaml", path);
    size_t count;
    const char *const *models = vg_capacity_model_names(&count);
    assert_true(vg_write_file(yaml, text, strlen(text), err));
    file = vg_fleet_file_load("/nonexistent", yaml, models, count, err);
    remove(yaml);
    if (file && vg_fleet_build(file, &memory, err))
        return true;
    vg_fleet_file_free(VG_TAKE(file));
    return false;
}

static int small(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    if (!load(small_fleet, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int release(void **ignored)
{
    (void)ignored;
    vg_fleet_release(&memory);
    vg_fleet_file_free(VG_TAKE(file));
    return 0;
}

static void a_fleet_is_built(void **ignored)
{
    (void)ignored;
    assert_int_equal(memory.fleet.pgpu_count, 5);
    assert_int_equal(file->host_count, 3);
    assert_int_equal(file->type_count, 3); /* 6Q is one type in two classes */
    assert_int_equal(memory.fleet.pgpus[3].host, 1);
    assert_int_equal(memory.fleet.pgpus[4].host, 2);
    assert_int_equal(memory.fleet.pgpus[4].numa, 1);
    assert_int_equal(memory.fleet.pgpus[4].class, 1);
    assert_int_equal(memory.classes[0].types[1].id, memory.classes[1].types[1].id);
    static const char *const names[] = { "rack.0/0", "rack.0/1", "rack.1/0", "rack.1/1", "desk.0/0" };
    for (unsigned i = 0; i < VG_COUNT(names); i++) {
        vg_autofree char *name = vg_fleet_pgpu_name(file, i);
        assert_string_equal(name, names[i]);
        assert_int_equal(vg_fleet_pgpu_index(file, name), i);
    }
    vg_autofree char *host = vg_fleet_host_name(file, 2);
    assert_string_equal(host, "desk.0");
    assert_int_equal(vg_fleet_host_index(file, "rack.1"), 1);
    static const char *const nowhere[] = { "rack.2",  "rack",  "rack.",   "rack.01",
                                           "rack.1x", "rak.1", "rack.-1", "rack.99999999999" };
    for (unsigned i = 0; i < VG_COUNT(nowhere); i++)
        assert_int_equal(vg_fleet_host_index(file, nowhere[i]), -1);
    static const char *const no_pgpu[] = { "rack.0/2", "rack.0", "rack.0/", "rack.2/0", "desk.0/1", "/0", "" };
    for (unsigned i = 0; i < VG_COUNT(no_pgpu); i++)
        assert_int_equal(vg_fleet_pgpu_index(file, no_pgpu[i]), -1);
}

static void what_a_model_demands_is_told_with_its_place(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    vg_autofree char *text = vg_strdup(small_fleet);
    memcpy(strstr(text, "count: 4"), "vfs: 4  ", 8);
    assert_false(load(text, &err));
    vg_autofree char *expected = vg_format(
        "%s.yaml, line 10, column 5: class pool, type vga: the model count-pool needs a `count` of 1 to 64", path);
    assert_string_equal(err.text, expected);
    assert_int_equal(vg_error_exit_status(&err), 2);
}

static void an_impossible_fleet_is_told_with_its_place(void **ignored)
{
    (void)ignored;
    static const struct {
        const char *class, *says;
    } rows[] = {
        { "    model: vf\n    memory_mib: 1000\n    vfs: 4\n    types: [{ name: vga, memory_mib: 4000 }]\n",
          "type vga: 4 of them with 4000 MiB each do not fit into the 1000 MiB of the pGPU" },
        { "    model: mixed-size\n    memory_mib: 3000\n    types: [{ name: vga, memory_mib: 20480, max: 1 }]\n",
          "type vga: 1 of them with 20480 MiB each do not fit into the 3000 MiB of the pGPU" },
        { "    model: memory-pool\n    memory_mib: 16\n    types: [{ name: vga, memory_mib: 17 }]\n",
          "type vga: it can never fit" },
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++) {
        struct vg_error err = { 0 };
        const char *pool = strstr(small_fleet, "    model: count-pool");
        vg_autofree char *text =
            vg_format("%.*s%s%s", (int)(pool - small_fleet), small_fleet, rows[i].class, strstr(small_fleet, "hosts:"));
        vg_autofree char *place = vg_format("%s.yaml, line 10, column 5: class pool, ", path);
        if (load(text, &err) || !strstr(err.text, place) || !strstr(err.text, rows[i].says))
            fail_msg("row %zu: %s", i, err.text);
        assert_int_equal(vg_error_exit_status(&err), 2);
    }
}

static void bad_stream(const char *csv, const char *part)
{
    struct vg_error err = { 0 };
    struct vg_request_stream stream;
    write_text(csv);
    assert_false(vg_requests_load(path, file, &stream, &err));
    assert_int_equal(vg_error_exit_status(&err), 2);
    if (!strstr(err.text, part))
        fail_msg("`%s` does not say `%s`", err.text, part);
}

/* A zero byte ends no line, wherever it is: what stands behind it is not left out in silence. */
static void zero_bytes(void **ignored)
{
    (void)ignored;
    static const char *const streams[] = { "time_s,event,vm,type\n0,arrive,a,6Q@,x\n",
                                           "time_s,event,vm,type\n0,arrive,a,6Q@,x",
                                           "time_s,event,vm,type\n0,arrive,a,6Q@",
                                           "time_s,event,vm,type\n0,arrive,a,6Q\n@" };
    for (size_t i = 0; i < VG_COUNT(streams); i++) {
        struct vg_error err = { 0 };
        struct vg_request_stream stream;
        vg_autofree char *bytes = vg_strdup(streams[i]);
        size_t length = strlen(bytes);
        *strchr(bytes, '@') = '\0';
        assert_true(vg_write_file(path, bytes, length, &err));
        assert_false(vg_requests_load(path, file, &stream, &err));
        if (!strstr(err.text, i < 3 ? "line 2, column 1: not a line of text: byte 14 is zero"
                                    : "line 3, column 1: not a line of text: byte 1 is zero"))
            fail_msg("%zu: %s", i, err.text);
    }
}

static void bad_streams(void **ignored)
{
    (void)ignored;
#define HEAD "time_s,event,vm,type,numa,host,pgpu\n"
    bad_stream("", "holds no requests");
    bad_stream(HEAD, "holds no requests");
    bad_stream("time,event,vm,type\n", "line 1, column 1: unknown column `time`, did you mean `time_s`?");
    bad_stream("time_s,event,vm\n", "line 1, column 1: the first line lacks the column `type`");
    bad_stream("time_s,event,vm,vm\n", "line 1, column 17: column `vm` stands there twice");
    bad_stream(HEAD "0,arrive,a,8Q,,,\n",
               "line 2, column 12: no pGPU of the fleet offers a type `8Q`, did you mean `6Q`?");
    bad_stream(HEAD "0,arrive,a,6Q\n", "line 2, column 1: 4 fields where the first line names 7");
    bad_stream(HEAD "0,arives,a,6Q,,,\n", "line 2, column 3: an event is `arrive` or `leave`, not `arives`");
    bad_stream(HEAD "-1,arrive,a,6Q,,,\n",
               "line 2, column 1: a time is a number of seconds from 0 to 10,000,000,000, not `-1`");
    bad_stream("\xef\xbb\xbf" HEAD "0,arrive,a,8Q,,,\n", "line 2, column 12"); /* a byte order mark is no column */
    bad_stream(HEAD "1e308,arrive,a,6Q,,,\n", "to 10,000,000,000, not `1e308`");
    bad_stream(HEAD "nan,arrive,a,6Q,,,\n", "to 10,000,000,000, not `nan`");
    bad_stream(HEAD "0,arrive,\"a\",6Q,,,\n", "no quotes or control characters, not `\"a\"`");
    bad_stream(HEAD "0,arrive,\x1b[31ma,6Q,,,\n", "no quotes or control characters, not `\\x1b[31ma`");
    bad_stream(HEAD "nan,arrive,a,6Q,,,\n", "not `nan`");
    bad_stream(HEAD "5,arrive,a,6Q,,,\n4,arrive,b,6Q,,,\n", "line 3, column 1: time goes back to `4`; sort the events");
    bad_stream(HEAD "0,arrive,a,6Q,,,\n0,arrive,a,6Q,,,\n", "line 3, column 10: this VM is there already: `a`");
    bad_stream(HEAD "0,leave,a,,,,\n", "line 2, column 9: no such VM is there to leave: `a`");
    bad_stream(HEAD "0,arrive,a,6Q,64,,\n", "line 2, column 15: a NUMA node is a number from 0 to 63, not `64`");
    bad_stream(HEAD "0,arrive,a,6Q,,rack.7,\n", "line 2, column 16: the fleet has no host `rack.7`");
    bad_stream(HEAD "0,arrive,a,6Q,,,rack.0/9\n", "line 2, column 17: the fleet has no pGPU `rack.0/9`");
    bad_stream(HEAD "0,arrive,\x1b[31m,6Q,,,,\n", "line 2, column 1: more than 7 fields");
    bad_stream(HEAD "0,arrive,a,\x1b[31m,,,\n", "`\\x1b[31m`");
    vg_autofree char *large = vg_calloc(1, 5000);
    memset(large, 'x', 4999);
    bad_stream(large, "line 1, column 1: not a line of text with at most 1000 characters");
    struct vg_error err = { 0 };
    struct vg_request_stream stream;
    assert_false(vg_requests_load("/tmp", file, &stream, &err));
    assert_non_null(strstr(err.text, "is a directory"));
    assert_false(vg_requests_load("/nonexistent/x", file, &stream, &err));
    assert_non_null(strstr(err.text, "cannot open the requests"));
}

static void run_all(struct vg_simulation *simulation, const char *policy, const struct vg_request_stream *stream)
{
    vg_simulation_begin(simulation, vg_placement_policy_find(policy), &memory.fleet, stream);
    vg_simulation_run(simulation, SIZE_MAX);
}

static void a_stream_by_hand(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    struct vg_request_stream stream;
    write_text("vm,event,time_s,type,host\r\n" /* columns in any order */
               "a,arrive,0,12Q,\r\n"
               "b,arrive,1,6Q,rack.0\r\n"
               "c,arrive,2,12Q,rack.0\r\n"
               "d,arrive,2,12Q,rack.0\r\n"
               "b,leave,3,,\r\n"
               "d2,arrive,4,12Q,rack.0\r\n"
               "b,arrive,5,6Q,rack.0\r\n"
               "\r\n"
               "v,arrive,6,vga,rack.1\r\n");
    if (!vg_requests_load(path, file, &stream, &err))
        fail_msg("%s", err.text);
    assert_int_equal(stream.arrival_count, 7);
    struct vg_simulation s;
    run_all(&s, "depth-first-residents", &stream);
    static const int expected[] = { 0, 1, 0, VG_ANY, 1, VG_ANY, VG_ANY }; /* a b c d d2 b v */
    for (unsigned i = 0; i < VG_COUNT(expected); i++)
        assert_int_equal(s.outcomes[i].pgpu, expected[i]);
    assert_int_equal(s.placed, 4);
    assert_int_equal(s.outcomes[3].refusal, VG_REFUSED_NO_CAPACITY); /* more specific than pGPU 1's incompatible */
    assert_int_equal(s.outcomes[5].refusal, VG_REFUSED_INCOMPATIBLE);
    assert_int_equal(s.outcomes[6].refusal, VG_REFUSED_UNSUPPORTED); /* that host offers no such type */
    assert_int_equal(s.refused[VG_REFUSED_NO_CAPACITY], 1);
    assert_int_equal(s.refused[VG_REFUSED_INCOMPATIBLE], 1);
    assert_int_equal(s.refused[VG_REFUSED_UNSUPPORTED], 1);
    assert_int_equal(memory.fleet.states[0].live, 2);
    assert_int_equal(memory.fleet.states[1].live, 1);
    vg_simulation_end(&s);
    vg_requests_free(&stream);
}

static void utilisation_and_fragmentation(void **ignored)
{
    (void)ignored;
    memset(memory.fleet.states, 0, 5 * sizeof(*memory.fleet.states));
    int half = vg_fleet_type_index(file, "12Q"), quarter = vg_fleet_type_index(file, "6Q");
    double weights[3] = { 0 };
    weights[half] = 3;
    weights[quarter] = 1;
    struct vg_fleet_use use = vg_fleet_measure(&memory.fleet, weights, 3);
    assert_true(use.utilisation == 0 && use.occupied == 0 && use.fragmentation == 0);
    struct vg_vgpu_instance it = VG_INSTANCE_OF(0);
    assert_int_equal(vg_capacity_create(&memory.classes[0], &memory.fleet.states[0], &it, &it), VG_REFUSED_NOT);
    it = VG_INSTANCE_OF(1);
    assert_int_equal(vg_capacity_create(&memory.classes[0], &memory.fleet.states[1], &it, &it), VG_REFUSED_NOT);
    it = VG_INSTANCE_OF(0);
    assert_int_equal(vg_capacity_create(&memory.classes[1], &memory.fleet.states[4], &it, &it), VG_REFUSED_NOT);
    use = vg_fleet_measure(&memory.fleet, weights, 3);
    assert_true(fabs(use.utilisation - (0.5 + 0.25 + 0.25) / 5) < 1e-12);
    assert_true(fabs(use.occupied - 3.0 / 5) < 1e-12);
    /* Free where 12Q is offered: 0.5 + 0.75 + 1 + 1, and pGPU 1 refuses it. Where 6Q is: that and 0.75 of the pool;
     * pGPU 0 refuses it. */
    assert_true(fabs(use.fragmentation - (3 * 0.75 / 3.25 + 1 * 0.5 / 4.0) / 4) < 1e-12);
}

static void generated_streams(void **ignored)
{
    (void)ignored;
    struct vg_error err = { 0 };
    struct vg_request_stream one, same, other, read;
    assert_true(vg_requests_generate(&memory.fleet, 7, 3000, 0.9, &one, &err));
    assert_true(vg_requests_generate(&memory.fleet, 7, 3000, 0.9, &same, &err));
    assert_true(vg_requests_generate(&memory.fleet, 8, 3000, 0.9, &other, &err));
    assert_int_equal(one.event_count, same.event_count);
    assert_memory_equal(one.events, same.events, one.event_count * sizeof(*one.events));
    assert_true(one.event_count != other.event_count ||
                memcmp(one.events, other.events, one.event_count * sizeof(*one.events)) != 0);
    size_t arrivals = 0;
    vg_autofree bool *there = vg_calloc(3000, sizeof(*there));
    for (size_t i = 0; i < one.event_count; i++) {
        const struct vg_request_event *event = &one.events[i];
        assert_true(!i || event->time_s >= one.events[i - 1].time_s);
        assert_int_equal(there[event->vm], event->leaves);
        there[event->vm] = !event->leaves;
        arrivals += !event->leaves;
    }
    assert_int_equal(arrivals, 3000);
    assert_true(one.event_count > 5500 && one.event_count < 6000); /* nearly all have left, some are still there */
    /* Written and read back it decides alike, by every policy. */
    if (!vg_requests_save(path, file, &one, &err) || !vg_requests_load(path, file, &read, &err))
        fail_msg("%s", err.text);
    assert_int_equal(read.event_count, one.event_count);
    for (const struct vg_descriptor *d = NULL; (d = vg_descriptor_next(VG_KIND_PLACEMENT, d)) != NULL;) {
        struct vg_simulation a, b;
        run_all(&a, d->name, &one);
        size_t live = 0;
        for (unsigned i = 0; i < memory.fleet.pgpu_count; i++)
            live += memory.fleet.states[i].live;
        size_t gone = 0;
        for (size_t i = 0; i < one.event_count; i++)
            gone += one.events[i].leaves && a.outcomes[one.events[i].vm].pgpu >= 0;
        assert_int_equal(live, a.placed - gone); /* nothing is lost or kept */
        size_t refused = 0;
        for (int reason = VG_REFUSED_NO_CAPACITY; reason <= VG_REFUSED_UNSUPPORTED; reason++)
            refused += a.refused[reason];
        assert_int_equal(a.placed + refused, 3000);
        run_all(&b, d->name, &read);
        assert_memory_equal(a.outcomes, b.outcomes, 3000 * sizeof(*a.outcomes));
        vg_simulation_end(&a);
        vg_simulation_end(&b);
    }
    vg_requests_free(&one);
    vg_requests_free(&same);
    vg_requests_free(&other);
    vg_requests_free(&read);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
#define T(test) cmocka_unit_test_setup_teardown(test, small, release)
    const struct CMUnitTest tests[] = {
        T(a_fleet_is_built),
        cmocka_unit_test(what_a_model_demands_is_told_with_its_place),
        cmocka_unit_test(an_impossible_fleet_is_told_with_its_place),
        T(bad_streams),
        T(zero_bytes),
        T(a_stream_by_hand),
        T(utilisation_and_fragmentation),
        T(generated_streams),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(path);
    return failed;
}
