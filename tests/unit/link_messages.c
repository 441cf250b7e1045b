/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every rule about a single message has a line here that breaks it. */
#include "link_guest.h"

#include <pthread.h>

#define MEMBERS     "\"agent\":\"a\",\"boot_id\":\"b\",\"kernel\":\"k\",\"machine\":\"m\",\"os\":\"o\""
#define FACT(value) "{\"type\":\"fact\",\"run\":1,\"name\":\"n\",\"value\":" value "}\n"

#define hello_refused(line, word)                                                                                      \
    do {                                                                                                               \
        struct guest guest_;                                                                                           \
        guest_open(&guest_, NULL);                                                                                     \
        assert_breaks(&guest_, line, word);                                                                            \
        assert_int_equal(guest_.hellos, 0);                                                                            \
        guest_close(&guest_);                                                                                          \
    } while (0)

static void hello(void **state)
{
    (void)state;
    hello_refused("{\"type\":\"pong\",\"id\":1,\"now_ns\":1}\n", "pong before hello");
    hello_refused("{\"type\":\"hello\",\"protocol\":2," MEMBERS ",\"cpus\":1,\"memory_bytes\":1,\"now_ns\":1}\n",
                  "protocol 2");
    hello_refused("{\"type\":\"hello\",\"protocol\":1," MEMBERS ",\"cpus\":0,\"memory_bytes\":1,\"now_ns\":1}\n",
                  "no CPU");
    hello_refused("{\"type\":\"hello\",\"protocol\":1," MEMBERS ",\"cpus\":1,\"memory_bytes\":1}\n",
                  "without `now_ns`");
    hello_refused("{\"type\":\"hello\",\"protocol\":1," MEMBERS
                  ",\"cpus\":1,\"memory_bytes\":1,\"now_ns\":1,\"x\":1}\n",
                  "does not know");
    hello_refused("{\"type\":\"samples\",\"run\":1,\"stream\":\"pairs\",\"width\":2,\"values\":[1,2]}\n",
                  "samples before hello");
    refused('s', HELLO, "hello twice");
}

static void not_json(void **state)
{
    (void)state;
    refused('s', "\n", "not JSON");
    refused('s', "hello\n", "not JSON");
    refused('s', "{}\n", "an object with a `type`");
    refused('s', "[]\n", "an object with a `type`");
    refused('s', "{\"type\":1}\n", "an object with a `type`");
    refused('s', "{\"type\":\"ready\",\"run\":1} {}\n", "not JSON");
    refused('s', "{\"type\":\"ready\",\"run\":1,}\n", "not JSON");
    refused('s', "{'type':'ready','run':1}\n", "not JSON");
    refused('s', "{\"type\":\"ready\",\"run\":NaN}\n", "not JSON");
    refused('s', "{\"type\":\"ready\",\"run\":Infinity}\n", "not JSON");
    refused('s', "{\"type\":\"ready\",\"run\":01}\n", "not JSON");
    refused('s', "{\"type\":\"ready\",\"run\":1,\"run\":1}\n", "duplicate");
    refused('s', "{\"type\":\"ready\",\"type\":\"ready\",\"run\":1}\n", "duplicate");
    struct guest guest;
    guest_start(&guest, NULL, 's');
    const char zero[] = "{\"type\":\"ready\",\"run\":1\0}\n"; /* a NUL in the line does not hide what follows */
    assert_breaks_at(&guest, zero, sizeof(zero) - 1, "a NUL byte", __LINE__);
    guest_close(&guest);
}

static void wrong_members(void **state)
{
    (void)state;
    refused('s', "{\"type\":\"surprise\"}\n", "unknown type");
    refused('s', "{\"type\":\"ready\",\"run\":\"1\"}\n", "`run` is not a whole number");
    refused('s', "{\"type\":\"ready\",\"run\":1.0}\n", "`run` is not a whole number");
    refused('s', "{\"type\":\"ready\",\"run\":-1}\n", "`run` is not a whole number");
    refused('s', "{\"type\":\"ready\",\"run\":true}\n", "`run` is not a whole number");
    refused('s', "{\"type\":\"ready\",\"run\":null}\n", "`run` is not a whole number");
    refused('s', "{\"type\":\"ready\",\"run\":9223372036854775807}\n", "`run` is not a whole number");
    refused('s', "{\"type\":\"ready\",\"run\":99999999999999999999}\n", "not JSON");
    refused('s', "{\"type\":\"ready\",\"run\":1,\"extra\":0}\n", "does not know");
    refused('s', "{\"type\":\"ready\"}\n", "without `run`");
    refused('s', FACT("1"), "`value` is not text");
    refused('s', "{\"type\":\"fact\",\"run\":1,\"name\":\"N\",\"value\":\"\"}\n", "`name` is not a name");
    refused('s', "{\"type\":\"fact\",\"run\":1,\"name\":\"\",\"value\":\"\"}\n", "`name` is not a name");
    refused('s', "{\"type\":\"fact\",\"run\":1,\"name\":\"../x\",\"value\":\"\"}\n", "`name` is not a name");
    refused('s', "{\"type\":\"fact\",\"run\":1,\"name\":\"-n\",\"value\":\"\"}\n", "`name` is not a name");
    refused('g', "{\"type\":\"samples\",\"run\":1,\"stream\":\"pairs\",\"width\":2,\"values\":{}}\n", "not an array");
}

static void text_lengths(void **state)
{
    (void)state;
    char name[66], value[1026];
    memset(name, 'n', sizeof(name));
    memset(value, 'v', sizeof(value));
    struct guest guest;
    guest_start(&guest, NULL, 's');
    vg_autofree char *longest =
        vg_format("{\"type\":\"fact\",\"run\":1,\"name\":\"%.64s\",\"value\":\"%.1024s\"}\n", name, value);
    assert_true(guest_send(&guest, longest));
    assert_int_equal(strlen(guest.fact), 64);
    assert_int_equal(strlen(guest.value), 1024);
    guest_close(&guest);
    vg_autofree char *long_name = vg_format("{\"type\":\"fact\",\"run\":1,\"name\":\"%.65s\",\"value\":\"\"}\n", name);
    refused('s', long_name, "`name` is not a name");
    vg_autofree char *long_value =
        vg_format("{\"type\":\"fact\",\"run\":1,\"name\":\"n\",\"value\":\"%.1025s\"}\n", value);
    refused('s', long_value, "at most 1024 bytes");
    vg_autofree char *long_end =
        vg_format("{\"type\":\"end\",\"run\":1,\"status\":\"fail\",\"message\":\"%.1025s\"}\n", value);
    refused('s', long_end, "at most 1024 bytes");
}

static void foreign_bytes(void **state)
{
    (void)state;
    refused('s', FACT("\"\xff\xfe\""), "not JSON");
    refused('s', FACT("\"\xc0\xaf\""), "not JSON");     /* an overlong slash */
    refused('s', FACT("\"\xed\xa0\x80\""), "not JSON"); /* half of a surrogate pair */
    refused('s', FACT("\"\\ud800\""), "not JSON");
    refused('s', FACT("\"\\u0000\""), "not JSON");
    refused('s', FACT("\"\x1b[2J\""), "not JSON");                           /* a raw control character */
    refused('s', "\x1b[2J\x1b]0;owned\x07\n", "\\x1b[2J\\x1b]0;owned\\x07"); /* quoted, harmless */

    /* Escaped control characters are legal JSON and come through as they are: whoever shows them escapes them. */
    struct guest guest;
    guest_start(&guest, NULL, 's');
    assert_true(guest_send(&guest, FACT("\"\\u001b[2J\xc3\xa9\"")));
    assert_string_equal(guest.value, "\x1b[2J\xc3\xa9");
    guest_close(&guest);
}

/* A line of brackets must not reach a recursive parser: a thread with the smallest stack survives it. */
static void *send_deep(void *context)
{
    struct guest *guest = context;
    static char line[65536];
    memset(line, '[', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    guest_send_bytes(guest, line, sizeof(line));
    return NULL;
}

static void deep_json(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 's');
    pthread_attr_t attributes;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 65536), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, &attributes, send_deep, &guest), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    assert_non_null(strstr(guest.why, "nests deeper"));
    guest_close(&guest);

    refused('s', "{\"type\":\"ready\",\"run\":[[1]]}\n", "nests deeper");
    refused('s', "{\"type\":{\"a\":{}},\"run\":1}\n", "nests deeper");
    guest_start(&guest, NULL, 's');
    assert_true(guest_send(&guest, FACT("\"[[[[{{{{\\\"[[[[\"")));
    assert_string_equal(guest.value, "[[[[{{{{\"[[[[");
    guest_close(&guest);
}

/* With a limit for malformed lines, a bad line is without effect and the next good one counts. */
static void overlooked_lines(void **state)
{
    (void)state;
    struct vg_link_limits limits = vg_link_default_limits;
    limits.protocol_errors = 2;
    struct guest guest;
    guest_start(&guest, &limits, 's');
    vg_log_set_level(VG_LOG_ERROR);
    assert_true(guest_send(&guest, "garbage\n{\"type\":\"ready\",\"run\":7}\n" FACT("\"good\"")));
    assert_int_equal(guest.facts, 1);
    assert_int_equal(guest.readies, 0);
    assert_breaks(&guest, "garbage\n", "not JSON");
    assert_false(vg_link_closed(guest.link)); /* it broke a rule */
    guest_close(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello),
        cmocka_unit_test(not_json),
        cmocka_unit_test(wrong_members),
        cmocka_unit_test(text_lengths),
        cmocka_unit_test(foreign_bytes),
        cmocka_unit_test(deep_json),
        cmocka_unit_test(overlooked_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
