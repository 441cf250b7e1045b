/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of runs of pairs.h. */
#include "commands/pairs.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "commands/again.h"
#include "compare/compare.h"

enum { STATUS_NO_RESULT = 3 };

char *cmd_pairs_place(const struct cmd_pairs *pairs, unsigned side, unsigned pair)
{
    return vg_format("%s/%s/%03u", pairs->out, side ? "b" : "a", pair + 1);
}

/* A run of one side in the background. turns: its end of the socket to the other side's; -1: it has the machine alone.
 */
static bool start_one(const struct cmd_pairs *pairs, unsigned side, unsigned pair, bool first, int turns, pid_t *child,
                      struct vg_error *err)
{
    vg_autofree char *out = cmd_pairs_place(pairs, side, pair);
    vg_autofree char *host = vg_format("--host=%s", pairs->hosts[side]);
    vg_autofree char *turn = vg_format("--turns=%s:%d", first ? "first" : "second", turns);
    vg_autofree const char **arguments = NULL;
    size_t count = 0;
    for (size_t i = 0; i < pairs->passed_count; i++)
        vg_push(arguments, count) = pairs->passed[i];
    vg_push(arguments, count) = host;
    vg_push(arguments, count) = "--boots=1";
    vg_push(arguments, count) = "--rerun=0"; /* a pair is what was booted together */
    if (turns >= 0)
        vg_push(arguments, count) = turn;
    fprintf(stderr, "Pair %u of %u: %s\n", pair + 1, pairs->pairs, side ? "B" : "A");
    return cmd_start_vgauge(arguments, (unsigned)count, out, turns, child, err);
}

static bool wait_one(const struct cmd_pairs *pairs, unsigned side, unsigned pair, pid_t child, int *status,
                     struct vg_error *err)
{
    vg_autofree char *out = cmd_pairs_place(pairs, side, pair);
    return cmd_wait_vgauge(child, out, status, err);
}

static bool make_one_by_one(const struct cmd_pairs *pairs, unsigned pair, int status[2], struct vg_error *err)
{
    pid_t child;
    for (unsigned turn = 0; turn < 2; turn++) {
        unsigned side = (turn + pair) % 2;
        if (!start_one(pairs, side, pair, false, -1, &child, err) ||
            !wait_one(pairs, side, pair, child, &status[side], err))
            return false;
    }
    return true;
}

/* Both live at once and run their phases in turn. A run whose partner ends early goes on alone. */
static bool make_in_turns(const struct cmd_pairs *pairs, unsigned pair, int status[2], struct vg_error *err)
{
    int ends[2];
    unsigned first = pair % 2;
    pid_t children[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot let two runs take turns");
    bool one = start_one(pairs, first, pair, true, ends[0], &children[0], err);
    bool two = one && start_one(pairs, 1 - first, pair, false, ends[1], &children[1], err);
    close(ends[0]);
    close(ends[1]);
    struct vg_error other = { 0 };
    bool one_good = one && wait_one(pairs, first, pair, children[0], &status[first], two ? err : &other);
    bool two_good = two && wait_one(pairs, 1 - first, pair, children[1], &status[1 - first], one_good ? err : &other);
    return one_good && two_good;
}

/* Why a boot is no steady one; NULL: it is. Nothing of the other side enters. Caller frees. */
static char *unsteady(const struct vg_side *side, int status, const struct vg_gate_policy *policy)
{
    for (unsigned i = 0; i < side->metrics.count; i++) {
        const struct vg_metric_series *series = &side->metrics.items[i];
        for (unsigned j = 0; j < policy->steady_count; j++)
            if (series->value_count && vg_select(policy->steady[j].metric, series->id) &&
                !(series->values[0].value <= policy->steady[j].at_most))
                return vg_format("%s is %.3g, more than %.3g", series->id, series->values[0].value,
                                 policy->steady[j].at_most);
    }
    return status == STATUS_NO_RESULT ? vg_strdup("a result is invalid") : NULL;
}

static bool lay_aside(const struct cmd_pairs *pairs, unsigned pair, struct vg_error *err)
{
    for (unsigned side = 0; side < 2; side++) {
        vg_autofree char *from = cmd_pairs_place(pairs, side, pair);
        vg_autofree char *directory = vg_format("%s/unsteady/%03u", pairs->out, pairs->repeat);
        vg_autofree char *to = vg_format("%s/%s", directory, side ? "b" : "a");
        if (!vg_make_directories(directory, err))
            return false;
        if (rename(from, to) != 0)
            return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot move %s to %s", from, to);
    }
    return true;
}

/* A misspelt metric would call every boot steady. Looked at as soon as there is a pair, not when all are made. */
static bool look_at_names(struct cmd_pairs *pairs, unsigned pair, const int status[2],
                          const struct vg_gate_policy *policy, struct vg_error *err)
{
    if (pairs->looked || status[0] == STATUS_NO_RESULT || status[1] == STATUS_NO_RESULT)
        return true;
    struct vg_side a VG_CLEANUP(vg_side_free) = { 0 }, b VG_CLEANUP(vg_side_free) = { 0 };
    vg_autofree char *place_a = cmd_pairs_place(pairs, 0, pair), *place_b = cmd_pairs_place(pairs, 1, pair);
    if (!vg_side_load((const char *const[]) { place_a }, 1, NULL, &a, err) ||
        !vg_side_load((const char *const[]) { place_b }, 1, NULL, &b, err))
        return false;
    const struct vg_metrics *const sides[] = { &a.metrics, &b.metrics };
    pairs->looked = true;
    return vg_steady_apply(policy, sides, VG_COUNT(sides), err);
}

/* *again: the pair was no steady one, and lies aside. */
static bool look_at(struct cmd_pairs *pairs, unsigned pair, const int status[2], const struct vg_gate_policy *policy,
                    bool *again, struct vg_error *err)
{
    *again = false;
    for (unsigned which = 0; which < 2 && pairs->repeat < pairs->again; which++) {
        struct vg_side side VG_CLEANUP(vg_side_free) = { 0 };
        vg_autofree char *place = cmd_pairs_place(pairs, which, pair);
        if (!vg_side_load((const char *const[]) { place }, 1, NULL, &side, err))
            return false;
        vg_autofree char *why = unsteady(&side, status[which], policy);
        if (!why)
            continue;
        *again = true;
        pairs->repeat++;
        fprintf(stderr, "Pair %u of %u is made again (%u of at most %u): %s: %s\n", pair + 1, pairs->pairs,
                pairs->repeat, pairs->again, which ? "B" : "A", why);
        return lay_aside(pairs, pair, err);
    }
    return true;
}

/* A B, B A, A B, ...: whatever changes evenly over time adds nothing to the difference of two pairs. */
bool cmd_pairs_make(struct cmd_pairs *pairs, const struct vg_gate_policy *policy, struct vg_error *err)
{
    for (unsigned pair = 0; pair < pairs->pairs; pair++) {
        bool again = true;
        while (again) {
            int status[2] = { 0 };
            if (!(pairs->turns ? make_in_turns : make_one_by_one)(pairs, pair, status, err) ||
                !look_at_names(pairs, pair, status, policy, err) || !look_at(pairs, pair, status, policy, &again, err))
                return false;
        }
    }
    return true;
}
