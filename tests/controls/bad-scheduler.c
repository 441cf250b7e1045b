/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A GPU scheduler that does not keep its word: it changes, behind the runner's back, the limits of the control groups
 * that are the reference hypervisor's scheduler. Below the guest and outside of the runner, so that nothing in either
 * has to know of it. Runs until it is ended; then the groups are as the runner wanted them. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include "mechanism/cgroup.h"

enum { GROUPS_MAX = 64, POLL_MS = 10, LEAST_QUOTA_US = 1000, LONGEST_PERIOD_US = 1000000 };
#define TURN_NS (50 * VG_NS_PER_MS)

struct group {
    char *name;
    unsigned number; /* of its tenant: the order in which they were started */
    struct vg_cgroup_limit wanted, written, first;
    bool known, has_first, seen;
};

struct control {
    const char *name;
    const char *does;
    struct vg_cgroup_limit (*change)(const struct group *groups, unsigned count, unsigned index);
};

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
    (void)signal_number;
    ended = 1;
}

/* Quota and weight by a factor; no quota is one whole core. */
static struct vg_cgroup_limit scaled(struct vg_cgroup_limit limit, double factor)
{
    if (limit.quota_us)
        limit.quota_us = (unsigned)((double)limit.quota_us * factor + 0.5);
    if (limit.quota_us && limit.quota_us < LEAST_QUOTA_US)
        limit.quota_us = LEAST_QUOTA_US;
    limit.weight = (unsigned)((double)limit.weight * 10 * factor + 0.5);
    return limit;
}

static struct vg_cgroup_limit favour(const struct group *groups, unsigned count, unsigned index)
{
    return scaled(groups[index].wanted, count < 2 ? 1 : index == 0 ? 1.2 : 1 - 0.2 / (count - 1));
}

static struct vg_cgroup_limit starve(const struct group *groups, unsigned count, unsigned index)
{
    return scaled(groups[index].wanted, count >= 2 && index == count - 1 ? 0.1 : 1);
}

/* As a frame-rate limiter that nobody knows of: no tenant ever gets more than half of what it was promised. */
static struct vg_cgroup_limit limit_all(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    (void)count;
    limit.quota_us = (limit.quota_us ? limit.quota_us : limit.period_us) / 2;
    return limit;
}

static struct vg_cgroup_limit divide_by_population(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    if (limit.quota_us)
        limit.quota_us = limit.period_us / count;
    return limit;
}

static struct vg_cgroup_limit keep_back(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    if (!limit.quota_us && count > 1)
        limit.quota_us = limit.period_us / count;
    return limit;
}

/* Fair, and slow: with more than one tenant three tenths of the pGPU's time go to nobody. */
static struct vg_cgroup_limit waste(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = keep_back(groups, count, index);
    if (!groups[index].wanted.quota_us && count > 1)
        limit.quota_us = limit.quota_us * 7 / 10;
    return limit;
}

static struct vg_cgroup_limit give_away(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    (void)count;
    limit.quota_us = 0;
    return limit;
}

static struct vg_cgroup_limit lengthen(struct vg_cgroup_limit limit, unsigned factor)
{
    while (limit.period_us * factor > LONGEST_PERIOD_US)
        factor--;
    limit.period_us *= factor;
    limit.quota_us *= factor;
    return limit;
}

static struct vg_cgroup_limit double_slice(const struct group *groups, unsigned count, unsigned index)
{
    (void)count;
    return lengthen(groups[index].wanted, 2);
}

/* What was promised as a part of each period comes in one piece, in turns: the right average. */
static struct vg_cgroup_limit burst(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    unsigned turns = limit.quota_us ? limit.period_us / limit.quota_us : 1;
    bool waits = turns >= 2 && vg_now_ns() / TURN_NS % turns != index % turns;
    (void)count;
    limit.quota_us = turns >= 2 ? 0 : limit.quota_us;
    return waits ? (struct vg_cgroup_limit) { LONGEST_PERIOD_US, LEAST_QUOTA_US, limit.weight } : limit;
}

static struct vg_cgroup_limit keep_first(const struct group *groups, unsigned count, unsigned index)
{
    (void)count;
    return groups[index].has_first ? groups[index].first : groups[index].wanted;
}

/* Nothing at all, for 2 s out of each 4, where no share is promised by a quota: group 0 is the light tenant of the
 * tests. */
static struct vg_cgroup_limit stall(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    bool stalled = count >= 2 && index == 0 && !limit.quota_us && vg_now_ns() / VG_NS_PER_S % 4 < 2;
    return stalled ? (struct vg_cgroup_limit) { LONGEST_PERIOD_US, LEAST_QUOTA_US, limit.weight } : limit;
}

/* Seldom, and whatever was promised: half a second out of two. Of a loop that waits for each submission it meets one or
 * two. */
static struct vg_cgroup_limit skip_turns(const struct group *groups, unsigned count, unsigned index)
{
    struct vg_cgroup_limit limit = groups[index].wanted;
    bool stalled = count >= 2 && index == 0 && vg_now_ns() / (VG_NS_PER_S / 2) % 4 == 0;
    return stalled ? (struct vg_cgroup_limit) { LONGEST_PERIOD_US, LEAST_QUOTA_US, limit.weight } : limit;
}

static const struct control controls[] = {
    { "favoured-tenant", "the first tenant gets 60 % where two were promised half each", favour },
    { "starved-tenant", "the last tenant gets a tenth of what it was promised", starve },
    { "hidden-limit", "no tenant gets more than half of what it was promised, alone or not", limit_all },
    { "share-follows-population", "a fixed share becomes 1/N of those that run", divide_by_population },
    { "idle-slices-given-away", "what an idle tenant leaves is given to the busy ones", give_away },
    { "idle-slices-kept", "what an idle tenant leaves is kept from the busy ones", keep_back },
    { "costly-switches", "with more than one tenant three tenths of the time go to nobody", waste },
    { "slice-twice-as-long", "period and slice are twice what was set", double_slice },
    { "policy-not-applied", "the first policy stays in force whatever is set later", keep_first },
    { "stalled-tenant", "the first tenant gets nothing for two seconds out of four", stall },
    { "skipped-turns", "beside others the first tenant gets nothing for half a second out of two", skip_turns },
    { "bursts", "the right average, in turns of 50 ms", burst },
};

static bool same(const struct vg_cgroup_limit *a, const struct vg_cgroup_limit *b)
{
    return a->period_us == b->period_us && a->quota_us == b->quota_us && a->weight == b->weight;
}

static struct group *find(struct group *groups, unsigned *count, const char *name)
{
    for (unsigned i = 0; i < *count; i++)
        if (vg_equal(groups[i].name, name))
            return &groups[i];
    if (*count == GROUPS_MAX)
        return NULL;
    struct group *group = &groups[(*count)++];
    *group = (struct group) { .name = vg_strdup(name) };
    unsigned number = 0; /* vgauge-PID-virtio-venus-NUMBER-ID */
    const char *last = strrchr(name, '-');
    while (last && last > name && last[-1] >= '0' && last[-1] <= '9')
        last--;
    if (last)
        number = (unsigned)strtoul(last, NULL, 10);
    group->number = number;
    return group;
}

static int by_number(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void look(const struct vg_cgroups *cgroups, struct group *groups, unsigned *count)
{
    for (unsigned i = 0; i < *count; i++)
        groups[i].seen = false;
    vg_autodir DIR *directory = opendir(cgroups->cpu);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, "vgauge-", 7) != 0)
            continue;
        struct group *group = find(groups, count, entry->d_name);
        struct vg_cgroup_limit now;
        struct vg_error gone = { 0 };
        if (!group || !vg_cgroup_get_limit(cgroups, entry->d_name, &now, &gone))
            continue;
        group->seen = true;
        if (group->known && same(&now, &group->written))
            continue;
        bool fresh = !group->known; /* as the kernel made it: no policy yet */
        group->wanted = now;
        if (!fresh && !group->has_first) {
            group->first = now;
            group->has_first = true;
        }
        group->known = true;
        group->written = now;
    }
    unsigned kept = 0;
    for (unsigned i = 0; i < *count; i++) {
        if (groups[i].seen)
            groups[kept++] = groups[i];
        else
            free(groups[i].name);
    }
    *count = kept;
    qsort(groups, *count, sizeof(*groups), by_number);
}

static void enforce(const struct vg_cgroups *cgroups, struct group *groups, unsigned count,
                    struct vg_cgroup_limit (*change)(const struct group *, unsigned, unsigned))
{
    for (unsigned i = 0; i < count; i++) {
        struct vg_cgroup_limit limit = change ? change(groups, count, i) : groups[i].wanted;
        struct vg_error gone = { 0 };
        if (same(&limit, &groups[i].written) || !vg_cgroup_set_limit(cgroups, groups[i].name, &limit, &gone))
            continue;
        groups[i].written = limit;
        printf("%s: period %u us, quota %u us, weight %u\n", groups[i].name, limit.period_us, limit.quota_us,
               limit.weight);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const struct control *chosen = NULL;
    for (size_t i = 0; i < VG_COUNT(controls); i++)
        if (argc == 2 && vg_equal(argv[1], controls[i].name))
            chosen = &controls[i];
    if (!chosen) {
        fprintf(stderr, "usage: bad-scheduler CONTROL\n");
        for (size_t i = 0; i < VG_COUNT(controls); i++)
            fprintf(stderr, "  %-26s %s\n", controls[i].name, controls[i].does);
        return 2;
    }
    struct vg_cgroups cgroups = { 0 };
    struct vg_error err = { 0 };
    if (!vg_cgroups_find("/", &cgroups, &err)) {
        fprintf(stderr, "bad-scheduler: %s\n", err.text);
        return 3;
    }
    struct sigaction action = { .sa_handler = end };
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    struct group groups[GROUPS_MAX];
    unsigned count = 0;
    while (!ended) {
        look(&cgroups, groups, &count);
        enforce(&cgroups, groups, count, chosen->change);
        vg_sleep_ns(POLL_MS * VG_NS_PER_MS);
    }
    enforce(&cgroups, groups, count, NULL);
    for (unsigned i = 0; i < count; i++)
        free(groups[i].name);
    vg_cgroups_free(&cgroups);
    return 0;
}
