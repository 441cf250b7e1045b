/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs that take turns: in which order, that only one holds the token, and that nobody waits for a run that is
 * over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "engine/engine.h"

static void open_pair(struct vg_turns *first, struct vg_turns *second)
{
    struct vg_error err = { 0 };
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    vg_autofree char *one = vg_format("first:%d", ends[0]), *other = vg_format("second:%d", ends[1]);
    assert_true(vg_turns_open(first, one, &err));
    assert_true(vg_turns_open(second, other, &err));
}

/* Each side asks for a turn as soon as it has had one; whoever gets it is written down. */
static void turns_go_abba(void **state)
{
    (void)state;
    struct vg_turns sides[2];
    char order[13] = { 0 };
    open_pair(&sides[0], &sides[1]);
    vg_turns_pass(&sides[0]);
    assert_false(vg_turns_poll(&sides[0], 0)); /* the other one is not ready */
    vg_turns_pass(&sides[1]);
    for (int turn = 0; turn < 12; turn++) {
        bool one = vg_turns_poll(&sides[0], 0), other = vg_turns_poll(&sides[1], 0);
        assert_true(one != other);
        order[turn] = one ? 'A' : 'B';
        vg_turns_pass(&sides[one ? 0 : 1]);
    }
    assert_string_equal(order, "ABBAABBAABBA");
    close(sides[0].fd);
    close(sides[1].fd);
}

static void a_partner_that_ended_is_not_waited_for(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        struct vg_turns sides[2];
        open_pair(&sides[0], &sides[1]);
        if (which) { /* it ends while it holds the token */
            vg_turns_pass(&sides[0]);
            vg_turns_pass(&sides[1]);
            assert_true(vg_turns_poll(&sides[0], 0));
        }
        close(sides[0].fd);
        for (int turn = 0; turn < 5; turn++) {
            vg_turns_pass(&sides[1]);
            assert_true(vg_turns_poll(&sides[1], 1000));
        }
        assert_true(sides[1].alone);
        close(sides[1].fd);
    }
}

static void the_token_is_not_inherited(void **state)
{
    (void)state;
    struct vg_turns sides[2];
    open_pair(&sides[0], &sides[1]);
    assert_true(fcntl(sides[0].fd, F_GETFD) & FD_CLOEXEC);
    close(sides[0].fd);
    close(sides[1].fd);
}

static void other_words_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",        "first",    "first:",       "first:x",
                                         "third:3", "first:-1", "second:99999", "first:0" };
    for (size_t i = 0; i < VG_COUNT(wrong); i++) {
        struct vg_error err = { 0 };
        struct vg_turns turns;
        if (vg_equal(wrong[i], "first:0")) { /* a descriptor, but no socket */
            int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
            vg_autofree char *spec = vg_format("first:%d", null);
            assert_false(vg_turns_open(&turns, spec, &err));
            close(null);
        } else {
            assert_false(vg_turns_open(&turns, wrong[i], &err));
        }
        assert_int_equal(err.kind, VG_ERROR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_go_abba),
        cmocka_unit_test(a_partner_that_ended_is_not_waited_for),
        cmocka_unit_test(the_token_is_not_inherited),
        cmocka_unit_test(other_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
