/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock offset against a simulated guest whose true offset is known, with ways of unequal length: the truth must
 * lie within the stated uncertainty. And what a guest may not do with its clock. */
#include "link_guest.h"

/* host = guest + offset: the guest's clock is ahead, so that its instants are not negative on a host that just booted.
 */
#define TRUE_OFFSET_NS INT64_C(-7654321987654)

/* Answers one ping after waiting on the way there and on the way back. */
static void answer(struct guest *guest, int64_t there_ns, int64_t back_ns)
{
    vg_autofree char *line = guest_read(guest);
    long long id;
    assert_int_equal(sscanf(line, "{\"type\":\"ping\",\"id\":%lld}", &id), 1);
    vg_sleep_ns(there_ns);
    int64_t now_ns = vg_now_ns() - TRUE_OFFSET_NS;
    vg_sleep_ns(back_ns);
    vg_autofree char *pong = vg_format("{\"type\":\"pong\",\"id\":%lld,\"now_ns\":%" PRId64 "}\n", id, now_ns);
    assert_true(guest_send(guest, pong));
}

static void assert_truth_within(const struct vg_clock_point *point)
{
    assert_true(point->uncertainty_ns > 0);
    int64_t error_ns = llabs(point->offset_ns - TRUE_OFFSET_NS);
    if (error_ns > point->uncertainty_ns)
        fail_msg("offset is wrong by %" PRId64 " ns and claims +-%" PRId64 " ns", error_ns, point->uncertainty_ns);
}

static void unequal_ways(void **state)
{
    (void)state;
    static const int64_t ways[][2] = { { 0, 0 },     { 3000000, 0 },       { 0, 3000000 }, { 50000, 0 },
                                       { 0, 50000 }, { 2000000, 1000000 }, { 5, 7000000 }, { 7000000, 1000000 } };
    for (size_t i = 0; i < VG_COUNT(ways); i++) {
        struct guest guest;
        guest_open(&guest, NULL);
        assert_true(guest_send(&guest, HELLO));
        vg_link_ping(guest.link, 1);
        assert_int_equal(vg_link_pings_pending(guest.link), 1);
        answer(&guest, ways[i][0], ways[i][1]);
        assert_int_equal(vg_link_pings_pending(guest.link), 0);
        unsigned count;
        const struct vg_clock_point *points = vg_link_clock(guest.link, &count);
        assert_int_equal(count, 1);
        assert_truth_within(&points[0]);
        assert_true(points[0].uncertainty_ns >= (ways[i][0] + ways[i][1]) / 2);
        guest_close(&guest);
    }
}

/* The smallest round trip of a burst decides; each burst gives one point. */
static void best_of_a_burst(void **state)
{
    (void)state;
    struct guest guest;
    guest_open(&guest, NULL);
    assert_true(guest_send(&guest, HELLO));
    unsigned count;
    for (int burst = 1; burst <= 2; burst++) {
        vg_link_ping(guest.link, 5);
        for (int i = 0; i < 5; i++) {
            vg_link_clock(guest.link, &count);
            assert_int_equal(count, burst - 1);
            assert_int_equal(vg_link_pings_pending(guest.link), 5 - i);
            answer(&guest, i == 2 ? 0 : 20000000, 0);
        }
        const struct vg_clock_point *points = vg_link_clock(guest.link, &count);
        assert_int_equal(count, burst);
        assert_truth_within(&points[burst - 1]);
        assert_true(points[burst - 1].uncertainty_ns < 10000000); /* not one of the slow ones */
    }
    const struct vg_clock_point *points = vg_link_clock(guest.link, &count);
    assert_true(points[0].host_ns < points[1].host_ns);
    assert_true(points[1].host_ns <= vg_now_ns());
    guest_close(&guest);
}

/* Pings of a burst go out one by one, so that none waits behind another. */
static void one_at_a_time(void **state)
{
    (void)state;
    struct guest guest;
    guest_open(&guest, NULL);
    assert_true(guest_send(&guest, HELLO));
    vg_link_ping(guest.link, 3);
    vg_autofree char *sent = guest_read(&guest);
    assert_string_equal(sent, "{\"type\":\"ping\",\"id\":1}\n");
    vg_link_ping(guest.link, 2); /* makes the burst longer */
    assert_int_equal(vg_link_pings_pending(guest.link), 5);
    vg_autofree char *more = guest_read(&guest);
    assert_string_equal(more, "");
    guest_close(&guest);
}

static void wrong_pongs(void **state)
{
    (void)state;
    struct guest guest;
    refused('s', "{\"type\":\"pong\",\"id\":1,\"now_ns\":5000}\n", "no ping asked for");

    guest_start(&guest, NULL, 's');
    vg_link_ping(guest.link, 1);
    assert_breaks(&guest, "{\"type\":\"pong\",\"id\":2,\"now_ns\":5000}\n", "answered ping 1 with pong 2");
    guest_close(&guest);

    guest_start(&guest, NULL, 's');
    vg_link_ping(guest.link, 1);
    assert_breaks(&guest,
                  "{\"type\":\"pong\",\"id\":1,\"now_ns\":5000}\n{\"type\":\"pong\",\"id\":1,\"now_ns\":5001}\n",
                  "no ping asked for");
    guest_close(&guest);

    guest_start(&guest, NULL, 's');
    vg_link_ping(guest.link, 2);
    assert_true(guest_send(&guest, "{\"type\":\"pong\",\"id\":1,\"now_ns\":5000}\n"));
    assert_breaks(&guest, "{\"type\":\"pong\",\"id\":2,\"now_ns\":4999}\n", "clock went backwards");
    guest_close(&guest);

    guest_start(&guest, NULL, 's');
    vg_link_ping(guest.link, 1);
    assert_breaks(&guest, "{\"type\":\"pong\",\"id\":1,\"now_ns\":999}\n",
                  "clock went backwards"); /* hello said 1000 */
    guest_close(&guest);

    guest_start(&guest, NULL, 's');
    vg_link_ping(guest.link, 1);
    assert_breaks(&guest, "{\"type\":\"pong\",\"id\":1,\"now_ns\":4611686018427387905}\n", "not a whole number");
    guest_close(&guest);
}

/* The barrier's instant is told in the guest's clock. */
static void go_in_guest_time(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'r');
    vg_autofree char *start = guest_read(&guest);
    vg_link_ping(guest.link, 1);
    answer(&guest, 0, 0);
    unsigned count;
    int64_t offset_ns = vg_link_clock(guest.link, &count)[0].offset_ns;
    int64_t at_ns = vg_now_ns() + VG_NS_PER_S;
    vg_link_go(guest.link, 1, at_ns);
    vg_autofree char *go = guest_read(&guest);
    vg_autofree char *wanted = vg_format("{\"type\":\"go\",\"run\":1,\"at_ns\":%" PRId64 "}\n", at_ns - offset_ns);
    assert_string_equal(go, wanted);
    guest_close(&guest);

    /* An instant before the guest's clock began: at once. */
    guest_start(&guest, NULL, 'r');
    vg_link_ping(guest.link, 1);
    assert_true(guest_send(&guest, "{\"type\":\"pong\",\"id\":1,\"now_ns\":2000}\n"));
    vg_autofree char *ping = guest_read(&guest);
    vg_link_go(guest.link, 1, 1);
    vg_autofree char *past = guest_read(&guest);
    assert_string_equal(past, "{\"type\":\"go\",\"run\":1,\"at_ns\":0}\n");
    guest_close(&guest);
}

enum spelling { SAMPLE_FAST, SAMPLE_SLOW, MARK };
static char *at_instant(enum spelling spelling, int64_t guest_ns)
{
    static const char *const formats[] = {
        "{\"type\":\"samples\",\"run\":1,\"stream\":\"jobs\",\"width\":2,\"values\":[%" PRId64 ",1]}\n",
        "{\"run\":1,\"type\":\"samples\",\"stream\":\"jobs\",\"width\":2,\"values\":[%" PRId64 ",1]}\n",
        "{\"type\":\"mark\",\"run\":1,\"name\":\"m\",\"at_ns\":%" PRId64 "}\n",
    };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return vg_format(formats[spelling], guest_ns);
#pragma GCC diagnostic pop
}

static void instants_must_be_possible(void **state)
{
    (void)state;
    for (enum spelling spelling = SAMPLE_FAST; spelling <= MARK; spelling++) {
        static const struct {
            int64_t ahead_s;
            const char *word; /* NULL: fine */
        } cases[] = { { 0, NULL }, { 60, "future" }, { 1000000, "future" }, { -60, "before" }, { -5000, "before" } };
        for (size_t i = 0; i < VG_COUNT(cases); i++) {
            struct guest guest;
            guest_start(&guest, NULL, 'g');
            vg_autofree char *start = guest_read(&guest);
            vg_link_ping(guest.link, 1);
            answer(&guest, 0, 0);
            int64_t guest_ns = vg_now_ns() - TRUE_OFFSET_NS + cases[i].ahead_s * VG_NS_PER_S;
            vg_autofree char *line = at_instant(spelling, guest_ns);
            if (cases[i].word)
                assert_breaks(&guest, line, cases[i].word);
            else
                assert_true(guest_send(&guest, line));
            guest_close(&guest);
        }
        vg_autofree char *last = at_instant(spelling, INT64_MAX);
        struct guest guest;
        guest_start(&guest, NULL, 'g');
        vg_autofree char *start = guest_read(&guest);
        vg_link_ping(guest.link, 1);
        answer(&guest, 0, 0);
        assert_breaks(&guest, last, "the tenant sent");
        guest_close(&guest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unequal_ways), cmocka_unit_test(best_of_a_burst),  cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(wrong_pongs),  cmocka_unit_test(go_in_guest_time), cmocka_unit_test(instants_must_be_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
