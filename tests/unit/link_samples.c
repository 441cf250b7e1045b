/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows: the direct reader and jansson must agree on every spelling, and the rules on values hold in both. Prints how
 * many rows a second the link takes. */
#include "link_guest.h"

#define HEAD "{\"type\":\"samples\",\"run\":1,\"stream\":\"pairs\",\"width\":2,\"values\":["
/* The same, in an order that only the general parser reads. */
#define SLOW "{\"run\":1,\"type\":\"samples\",\"stream\":\"pairs\",\"width\":2,\"values\":["

static void spellings(void **state)
{
    (void)state;
    static const char *const same[] = {
        HEAD "-9223372036854775808,9223372036854775807]}\n",
        SLOW "-9223372036854775808,9223372036854775807]}\n",
        "{\"type\": \"samples\", \"run\": 1, \"stream\": \"pairs\", \"width\": 2, \"values\": [ -9223372036854775808 , "
        "9223372036854775807 ] } \n",
        "{\"values\":[-9223372036854775808,9223372036854775807],\"width\":2,\"stream\":\"pairs\",\"run\":1,"
        "\"type\":\"samples\"}\n",
        "{\"type\":\"s\\u0061mples\",\"run\":1,\"stream\":\"pairs\",\"width\":2,"
        "\"values\":[\t-9223372036854775808,9223372036854775807]}\r\n",
    };
    for (size_t i = 0; i < VG_COUNT(same); i++) {
        struct guest guest;
        guest_start(&guest, NULL, 'g');
        assert_true(guest_send(&guest, same[i]));
        assert_int_equal(guest.rows, 1);
        assert_int_equal(guest.last_stream, 0);
        assert_true(guest.last_row[0] == INT64_MIN && guest.last_row[1] == INT64_MAX);
        guest_close(&guest);
    }
}

static void bad_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1,9223372036854775808",
        "1,-9223372036854775809",
        "1,99999999999999999999",
        "1,2.0",
        "1,2e3",
        "01,2",
        "+1,2",
        "-,2",
        "1,,2",
        "1,2,",
        ",1,2",
        "1 2",
        "NaN,2",
        "1,null",
        "1,\"2\"",
        "1,true",
        "1,[2]",
        "0x1,2",
        "1,2]",
        "1,- 2",
    };
    for (size_t i = 0; i < VG_COUNT(bad); i++) {
        vg_autofree char *fast = vg_format(HEAD "%s]}\n", bad[i]), *slow = vg_format(SLOW "%s]}\n", bad[i]);
        struct guest guest;
        guest_start(&guest, NULL, 'g');
        assert_breaks(&guest, fast, "the tenant sent");
        assert_int_equal(guest.rows, 0);
        guest_close(&guest);
        refused('g', slow, "the tenant sent");
    }
    refused('g', HEAD "1,2]} {}\n", "not JSON");
    refused('g', HEAD "1,2]}}\n", "not JSON");
}

static void both_ways(const char *tail, const char *word)
{
    vg_autofree char *fast = vg_format("{\"type\":\"samples\",\"run\":1,%s}\n", tail);
    vg_autofree char *slow = vg_format("{\"run\":1,\"type\":\"samples\",%s}\n", tail);
    refused('g', fast, word);
    refused('g', slow, word);
}

static void shapes(void **state)
{
    (void)state;
    both_ways("\"stream\":\"pairs\",\"width\":3,\"values\":[1,2,3]", "width 3");
    both_ways("\"stream\":\"pairs\",\"width\":0,\"values\":[]", "width 0");
    both_ways("\"stream\":\"pairs\",\"width\":2,\"values\":[1,2,3]", "no rows of 2");
    both_ways("\"stream\":\"others\",\"width\":2,\"values\":[1,2]", "does not have");
    both_ways("\"stream\":\"Pairs\",\"width\":2,\"values\":[1,2]", "not a name");
    both_ways("\"stream\":\"pairs\",\"width\":2,\"values\":[1,2],\"more\":1", "does not know");
    both_ways("\"stream\":\"pairs\",\"width\":2,\"values\":[1,2],\"values\":[3,4]", "duplicate");
    both_ways("\"stream\":\"jobs\",\"width\":2,\"values\":[1,-2]", "negative duration");
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    assert_true(guest_send(&guest, HEAD "]}\n" SLOW "]}\n")); /* no rows: allowed, nothing to tell */
    assert_int_equal(guest.batches, 0);
    assert_true(
        guest_send(&guest, "{\"type\":\"samples\",\"run\":1,\"stream\":\"jobs\",\"width\":2,\"values\":[5,-1]}\n"));
    assert_int_equal(guest.last_stream, 1);
    guest_close(&guest);
}

/* The fullest line that fits: no value is shorter than a digit and a comma. */
static void fullest_line(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    struct vg_text line = { 0 };
    vg_text_add(&line, HEAD "1,2");
    while (line.length + 4 + 3 <= 65536)
        vg_text_add(&line, ",3,4");
    vg_text_add(&line, "]}\n");
    assert_true(guest_send_bytes(&guest, line.data, line.length));
    assert_true(guest.rows > 16000);
    vg_text_free(&line);
    guest_close(&guest);
}

static double rows_per_second(const char *head)
{
    struct guest guest;
    struct vg_link_limits limits = vg_link_default_limits;
    limits.bytes_per_second = UINT64_C(1) << 40; /* the reader is what is measured, not the limit */
    guest_start(&guest, &limits, 'g');
    struct vg_text line = { 0 };
    vg_text_add(&line, "%s", head);
    uint64_t rows = 0;
    while (line.length < 65000 - 45) {
        vg_text_add(&line, "%s%" PRId64 ",31250", rows ? "," : "", INT64_C(123456789012345) + (int64_t)rows * 1000);
        rows++;
    }
    vg_text_add(&line, "]}\n");
    uint64_t sent = 0;
    int64_t start = vg_now_ns();
    for (; vg_now_ns() - start < 300 * VG_NS_PER_MS; sent += rows)
        assert_true(guest_send_bytes(&guest, line.data, line.length));
    double seconds = (double)(vg_now_ns() - start) / 1e9;
    assert_int_equal(guest.rows, sent);
    printf("link: %.0f rows/s of 2 values, %.1f MB/s\n", (double)sent / seconds,
           (double)sent / (double)rows * (double)line.length / seconds / 1e6);
    vg_text_free(&line);
    guest_close(&guest);
    return (double)sent / seconds;
}

/* Figures to look at, not a limit: machines differ. */
static void throughput(void **state)
{
    (void)state;
    double direct = rows_per_second(HEAD), general = rows_per_second(SLOW);
    printf("link: direct reader %.1f times the general one\n", direct / general);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),    cmocka_unit_test(bad_values), cmocka_unit_test(shapes),
        cmocka_unit_test(fullest_line), cmocka_unit_test(throughput),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
