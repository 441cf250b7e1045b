/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines out of bytes: pieces of any size, lines that never end, and memory that stays what it was. */
#include "link_guest.h"

#include <malloc.h>
#include "guest/lines.h"

static void pieces_of_every_size(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 200; piece += 7) {
        struct guest guest;
        guest_open(&guest, NULL);
        for (size_t at = 0; at < strlen(HELLO); at += piece)
            assert_true(guest_send_bytes(&guest, HELLO + at, strnlen(HELLO + at, piece)));
        assert_int_equal(guest.hellos, 1);
        guest_close(&guest);
    }
}

static void many_lines_in_one_piece(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    struct vg_text lines = { 0 };
    for (int i = 0; i < 5000; i++)
        vg_text_add(&lines, "{\"type\":\"samples\",\"run\":1,\"stream\":\"pairs\",\"width\":2,\"values\":[%d,2]}\n", i);
    assert_true(guest_send_bytes(&guest, lines.data, lines.length));
    assert_int_equal(guest.rows, 5000);
    assert_int_equal(guest.last_row[0], 4999);
    vg_text_free(&lines);
    guest_close(&guest);
}

/* A fact that makes a line of exactly so many bytes, with its newline. */
static char *line_of(size_t bytes)
{
    const char *head = "{\"type\":\"fact\",\"run\":1,\"name\":\"n\",\"value\":\"v\"";
    char *line = vg_calloc(bytes + 1, 1);
    memset(line, ' ', bytes);
    memcpy(line, head, strlen(head));
    line[bytes - 2] = '}';
    line[bytes - 1] = '\n';
    return line;
}

static void longest_line_and_one_more(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 's');
    vg_autofree char *longest = line_of(65536), *longer = line_of(65537);
    assert_true(guest_send(&guest, longest));
    assert_true(guest_send(&guest, longest));
    assert_int_equal(guest.facts, 2);
    assert_breaks(&guest, longer, "more than 65536 bytes");
    assert_int_equal(guest.facts, 2);
    guest_close(&guest);

    /* Its first byte too many is enough: the newline need not be waited for. */
    guest_start(&guest, NULL, 's');
    assert_true(guest_send_bytes(&guest, longer, 65535));
    assert_breaks_at(&guest, longer, 1, "more than 65536 bytes", __LINE__);
    guest_close(&guest);
}

/* A gigabyte without a newline is refused after 64 KiB, and costs no memory. */
static void endless_line(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 's');
    static char piece[10000];
    memset(piece, 'x', sizeof(piece));
    struct mallinfo2 before = mallinfo2();
    size_t sent = 0;
    while (sent < (size_t)1 << 30 && guest_send_bytes(&guest, piece, sizeof(piece)))
        sent += sizeof(piece);
    assert_true(sent <= 65536);
    assert_non_null(strstr(guest.why, "more than 65536 bytes"));
    assert_true(mallinfo2().uordblks < before.uordblks + 65536);
    assert_int_equal(guest.breaks, 1);
    guest_close(&guest);
}

/* The buffer is allocated once, whatever is sent and however it is cut; each byte is scanned once. */
static void buffer_is_bounded(void **state)
{
    (void)state;
    struct vg_lines lines;
    vg_lines_init(&lines, 1000);
    const char *data = lines.data;
    size_t capacity = lines.capacity, found = 0;
    assert_true(capacity <= 1000 + 65536);
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        size_t room;
        char *space = vg_lines_space(&lines, &room);
        assert_true(room > 0);
        assert_true(space >= lines.data && space + room <= lines.data + capacity);
        size_t count = (size_t)rand_r(&seed) % 300 + 1;
        memset(space, 'x', count);
        space[count - 1] = round % 3 ? 'x' : '\n'; /* no line is longer than 900 */
        vg_lines_received(&lines, count);
        const char *line;
        size_t length;
        enum vg_line_state got;
        while ((got = vg_lines_next(&lines, &line, &length)) == VG_LINE_FOUND) {
            assert_int_equal(line[length], '\n');
            assert_null(memchr(line, '\n', length));
            found++;
        }
        assert_int_equal(got, VG_LINE_NONE);
        assert_int_equal(lines.scanned, lines.end);
        assert_ptr_equal(lines.data, data);
        assert_int_equal(lines.capacity, capacity);
    }
    assert_int_equal(found, 6667);
    vg_lines_free(&lines);
}

static void closes(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    close(guest.fd);
    guest.fd = -1;
    vg_link_service(guest.link);
    assert_int_equal(guest.breaks, 1);
    assert_non_null(strstr(guest.why, "closed"));
    assert_null(strstr(guest.why, "middle"));
    assert_true(vg_link_closed(guest.link));
    guest_close(&guest);

    guest_start(&guest, NULL, 'g');
    assert_true(guest_send(&guest, "{\"type\":\"end\",\"run\":1,\"stat"));
    close(guest.fd);
    guest.fd = -1;
    vg_link_service(guest.link);
    assert_int_equal(guest.ends, 0);
    assert_non_null(strstr(guest.why, "in the middle of a message: `"));
    assert_non_null(strstr(guest.why, "`{\"type\":\"end\""));
    guest_close(&guest);

    /* What was said before closing counts. */
    guest_start(&guest, NULL, 'g');
    assert_int_equal(send(guest.fd, "{\"type\":\"end\",\"run\":1,\"status\":\"ok\",\"message\":\"\"}\n", 51, 0), 51);
    close(guest.fd);
    guest.fd = -1;
    vg_link_service(guest.link);
    assert_int_equal(guest.ends, 1);
    assert_int_equal(guest.breaks, 1);
    guest_close(&guest);
}

/* One tenant cannot keep the runner from the others: a call takes a bounded amount. */
static void one_call_takes_its_turn(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    int size = 8 << 20;
    setsockopt(guest.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    const char *line = "{\"type\":\"fact\",\"run\":1,\"name\":\"n\",\"value\":\"v\"}\n";
    struct vg_text flood = { 0 };
    while (flood.length < 4 << 20)
        vg_text_add(&flood, "%s", line);
    size_t queued = 0;
    for (ssize_t count; queued < flood.length; queued += (size_t)count)
        if ((count = send(guest.fd, flood.data + queued, flood.length - queued, MSG_NOSIGNAL)) <= 0)
            break;
    vg_link_service(guest.link);
    assert_true(guest.facts * strlen(line) <= (1 << 20) + 131072);
    if (queued > 2 << 20)
        assert_true(guest.facts * strlen(line) < queued);
    vg_text_free(&flood);
    guest_close(&guest);
}

/* A tenant that sends faster than it may is left waiting, and read again as time passes. */
static void a_flood_waits(void **state)
{
    (void)state;
    struct guest guest;
    struct vg_link_limits limits = vg_link_default_limits;
    limits.bytes_per_second = 100000;
    int64_t start_ns = vg_now_ns();
    guest_start(&guest, &limits, 'g');
    const char *line = "{\"type\":\"fact\",\"run\":1,\"name\":\"n\",\"value\":\"v\"}\n";
    struct vg_text flood = { 0 };
    while (flood.length < 150000)
        vg_text_add(&flood, "%s", line);
    size_t queued = 0;
    for (ssize_t count; queued < flood.length; queued += (size_t)count)
        if ((count = send(guest.fd, flood.data + queued, flood.length - queued, MSG_NOSIGNAL | MSG_DONTWAIT)) <= 0)
            break;
    for (int i = 0; i < 100; i++)
        vg_link_service(guest.link);
    unsigned first = guest.facts;
    /* A second's worth, and what the time since then allows; a little was spent on the guest's beginning. */
    double seconds = 1 + (double)(vg_now_ns() - start_ns) / (double)VG_NS_PER_S;
    assert_true((double)first * (double)strlen(line) <= (double)limits.bytes_per_second * seconds);
    assert_true(queued > 120000);
    for (int i = 0; i < 300 && guest.facts * strlen(line) + strlen(line) <= queued; i++) {
        vg_sleep_ns(10 * VG_NS_PER_MS);
        vg_link_service(guest.link);
    }
    assert_int_equal(guest.facts, queued / strlen(line));
    assert_int_equal(guest.breaks, 0);
    vg_text_free(&flood);
    guest_close(&guest);
}

/* Ended by the runner: no descriptor and no buffer is kept, nothing is told, and what is known stays to be asked for.
 */
static void is_closed(void **state)
{
    (void)state;
    struct guest guest;
    guest_start(&guest, NULL, 'g');
    vg_link_ping(guest.link, 1);
    assert_true(guest_send(&guest, "{\"type\":\"pong\",\"id\":1,\"now_ns\":2000}\n"));
    vg_link_ping(guest.link, 3);
    assert_int_not_equal(vg_link_pings_pending(guest.link), 0);
    int fd = vg_link_fd(guest.link);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    vg_link_close(guest.link);
    bool known = before > 0; /* a sanitizer's allocator does not tell */
    assert_true(!known || mallinfo2().uordblks + mallinfo2().hblkhd + 256 * 1024 < before);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(vg_link_fd(guest.link), -1);
    assert_int_equal(vg_link_poll_events(guest.link), 0);
    assert_int_equal(vg_link_pings_pending(guest.link), 0);
    assert_true(vg_link_broken(guest.link, NULL));
    assert_false(vg_link_closed(guest.link));
    unsigned count;
    assert_non_null(vg_link_clock(guest.link, &count));
    assert_int_equal(count, 1);
    /* Whatever is done with it now does nothing. */
    vg_link_stop(guest.link, 1);
    vg_link_command(guest.link, "poweroff");
    vg_link_start(guest.link, &test_workload, NULL);
    vg_link_service(guest.link);
    vg_link_close(guest.link);
    assert_int_equal(guest.breaks, 0);
    guest_close(&guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_every_size),
        cmocka_unit_test(many_lines_in_one_piece),
        cmocka_unit_test(longest_line_and_one_more),
        cmocka_unit_test(endless_line),
        cmocka_unit_test(buffer_is_bounded),
        cmocka_unit_test(closes),
        cmocka_unit_test(one_call_takes_its_turn),
        cmocka_unit_test(a_flood_waits),
        cmocka_unit_test(is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
