/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a run (started, ready, gone, ended), the limits on what it may send, and what the runner sends. */
#include "link_guest.h"

#define READY   "{\"type\":\"ready\",\"run\":1}\n"
#define SAMPLES "{\"type\":\"samples\",\"run\":1,\"stream\":\"pairs\",\"width\":2,\"values\":[1,2]}\n"
#define MARK    "{\"type\":\"mark\",\"run\":1,\"name\":\"steady\",\"at_ns\":5}\n"
#define OK      "{\"type\":\"end\",\"run\":1,\"status\":\"ok\",\"message\":\"\"}\n"
#define FAIL    "{\"type\":\"end\",\"run\":1,\"status\":\"fail\",\"message\":\"wrong pixel\"}\n"
#define FACT    "{\"type\":\"fact\",\"run\":1,\"name\":\"driver\",\"value\":\"x\"}\n"

static void good_life(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 's');
    assert_true(guest_send(&guest, FACT READY FACT));
    assert_int_equal(guest.readies, 1);
    vg_link_go(guest.link, 1, 0);
    assert_true(guest_send(&guest, MARK SAMPLES FACT SAMPLES OK));
    assert_int_equal(guest.facts, 3);
    assert_int_equal(guest.marks, 1);
    assert_int_equal(guest.last_mark, 5);
    assert_int_equal(guest.rows, 2);
    assert_string_equal(guest.status, "ok");
    assert_int_equal(guest.ends, 1);
    /* The next run of the same tenant. */
    assert_int_equal(guest_run(&guest, 'g'), 2);
    assert_true(guest_send(&guest, "{\"type\":\"end\",\"run\":2,\"status\":\"invalid\",\"message\":\"slow\"}\n"));
    assert_string_equal(guest.status, "invalid");
    assert_string_equal(guest.message, "slow");
    guest_close(&guest);
}

static void wrong_state(void **state)
{
    (void)state;
    refused('s', MARK, "before it was ready");
    refused('s', SAMPLES, "before it was ready");
    refused('s', OK, "before it was ready");
    refused('r', READY, "ready twice");
    refused('g', READY, "ready twice");
    refused('r', SAMPLES, "before the barrier");
    refused('r', MARK, "before the barrier");
    refused('r', OK, "before the barrier");
    refused('g', OK OK, "an end for run 1, which has ended");
    refused('g', OK FACT, "a fact for run 1, which has ended");
    refused('g', OK SAMPLES, "samples for run 1, which has ended");
    refused('g', OK MARK, "a mark for run 1, which has ended");
    refused('g', OK READY, "ready for run 1, which has ended");
    refused('s', "{\"type\":\"ready\",\"run\":2}\n", "never started");
    refused('s', "{\"type\":\"ready\",\"run\":0}\n", "never started");
    refused('s', "{\"type\":\"ready\",\"run\":4294967297}\n", "never started"); /* 1 in 32 bits */
}

static void ends(void **state)
{
    (void)state;
    refused('g', "{\"type\":\"end\",\"run\":1,\"status\":\"great\",\"message\":\"\"}\n", "unknown status");
    refused('g', "{\"type\":\"end\",\"run\":1,\"status\":\"ok\",\"message\":\"but\"}\n", "ok and a reason");
    /* A workload may fail, skip or die before it is ready. */
    struct guest guest;
    guest_start(&guest, NULL, 's');
    assert_true(guest_send(&guest, FAIL));
    assert_string_equal(guest.status, "fail");
    guest_close(&guest);
}

static void stop_releases_too(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'r');
    vg_link_stop(guest.link, 1);
    assert_true(guest_send(&guest, SAMPLES OK));
    assert_int_equal(guest.ends, 1);
    guest_close(&guest);
}

static void fact_limit(void **state)
{
    (void)state;
    struct vg_link_limits limits = vg_link_default_limits;
    limits.facts_per_run = 3;
    struct guest guest;
    guest_start(&guest, &limits, 's');
    for (int i = 0; i < 3; i++) {
        vg_autofree char *line = vg_format("{\"type\":\"fact\",\"run\":1,\"name\":\"f%d\",\"value\":\"\"}\n", i);
        assert_true(guest_send(&guest, line));
    }
    /* A later one of the same name replaces and does not count. */
    assert_true(guest_send(&guest, "{\"type\":\"fact\",\"run\":1,\"name\":\"f1\",\"value\":\"new\"}\n"));
    assert_string_equal(guest.value, "new");
    assert_breaks(&guest, "{\"type\":\"fact\",\"run\":1,\"name\":\"f3\",\"value\":\"\"}\n", "more than 3 facts");
    guest_close(&guest);
}

static void mark_and_row_limits(void **state)
{
    (void)state;
    struct vg_link_limits limits = vg_link_default_limits;
    limits.marks_per_run = 2;
    struct guest guest;
    guest_start(&guest, &limits, 'g');
    assert_true(guest_send(&guest, MARK MARK));
    assert_breaks(&guest, MARK, "more than 2 marks");
    guest_close(&guest);

    limits.rows_per_run = 3;
    guest_start(&guest, &limits, 'g');
    assert_true(guest_send(&guest, SAMPLES SAMPLES SAMPLES));
    assert_breaks(&guest, SAMPLES, "more than 3 rows");
    assert_int_equal(guest.rows, 3);
    guest_close(&guest);
}

static void byte_limit(void **state)
{
    (void)state;
    struct vg_link_limits limits = vg_link_default_limits;
    limits.total_bytes = 100000;
    struct guest guest;
    guest_start(&guest, &limits, 'g');
    size_t sent = 0;
    while (sent < 200000 && guest_send(&guest, SAMPLES))
        sent += strlen(SAMPLES);
    assert_true(sent > 99000 && sent <= 100000);
    assert_non_null(strstr(guest.why, "more than 100000 bytes"));
    guest_close(&guest);
}

static void what_the_runner_sends(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'r');
    vg_link_go(guest.link, 1, 123); /* without a known offset: at once */
    vg_link_stop(guest.link, 1);
    vg_link_command(guest.link, "poweroff");
    vg_autofree char *sent = guest_read(&guest);
    assert_string_equal(sent, "{\"type\":\"start\",\"run\":1,\"workload\":\"test-load\",\"params\":{}}\n"
                              "{\"type\":\"go\",\"run\":1,\"at_ns\":0}\n"
                              "{\"type\":\"stop\",\"run\":1}\n"
                              "{\"type\":\"command\",\"command\":\"poweroff\"}\n");
    assert_true(guest_send(&guest, OK));
    /* The end crossed them on the way: nothing to steer any more. */
    vg_link_go(guest.link, 1, 0);
    vg_link_stop(guest.link, 1);
    vg_link_stop(guest.link, 99);
    vg_autofree char *later = guest_read(&guest);
    assert_string_equal(later, "");
    struct vg_setting setting = { (char *)"text", (char *)"a \"b\"\n" };
    struct vg_settings settings = { &setting, 1 };
    assert_int_equal(vg_link_start(guest.link, &test_workload, &settings), 2);
    vg_autofree char *start = guest_read(&guest);
    assert_string_equal(start, "{\"type\":\"start\",\"run\":2,\"workload\":\"test-load\",\"params\":"
                               "{\"text\":\"a \\\"b\\\"\\n\"}}\n");
    guest_close(&guest);
}

/* A guest that does not read cannot block the runner nor fill its memory; what waits is sent in order later. */
static void guest_that_does_not_read(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    vg_autofree char *before = guest_read(&guest);
    unsigned stops = 0;
    while (!(vg_link_poll_events(guest.link) & POLLOUT) && stops++ < 1000000)
        vg_link_stop(guest.link, 1);
    assert_true(vg_link_poll_events(guest.link) & POLLOUT);
    for (unsigned i = 0; i < 1000; i++, stops++)
        vg_link_stop(guest.link, 1);
    const char *line = "{\"type\":\"stop\",\"run\":1}\n";
    size_t got = 0;
    for (int i = 0; i < 1000 && got < stops * strlen(line); i++) {
        vg_autofree char *part = guest_read(&guest);
        for (size_t at = 0; part[at]; at++, got++)
            assert_int_equal(part[at], line[got % strlen(line)]);
        vg_link_service(guest.link);
    }
    assert_int_equal(got, stops * strlen(line));
    assert_false(vg_link_poll_events(guest.link) & POLLOUT);

    for (stops = 0; stops < 1000000 && !vg_link_broken(guest.link, NULL); stops++)
        vg_link_stop(guest.link, 1);
    const char *why;
    assert_true(vg_link_broken(guest.link, &why));
    assert_non_null(strstr(why, "does not read"));
    assert_int_equal(guest.breaks, 0); /* events come from vg_link_service only */
    vg_link_service(guest.link);
    assert_int_equal(guest.breaks, 1);
    guest_close(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_life),
        cmocka_unit_test(wrong_state),
        cmocka_unit_test(ends),
        cmocka_unit_test(stop_releases_too),
        cmocka_unit_test(fact_limit),
        cmocka_unit_test(mark_and_row_limits),
        cmocka_unit_test(byte_limit),
        cmocka_unit_test(what_the_runner_sends),
        cmocka_unit_test(guest_that_does_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
