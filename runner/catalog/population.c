/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file, one test for each number of tenants: `populations: [2, 3, 4]`, and a tenant that is the `rest` of them. The
 * first has the file's id; the others are called by their number, so that whoever compares runs compares like with
 * like. Where nothing is left for the rest, the test goes without that tenant. */
#include <stdlib.h>
#include "catalog/check.h"
#include "catalog/load.h"
#include "catalog/test.h"

enum { LEAST_TENANTS = 1, MOST_TENANTS = 16 };

static bool read_number(const struct vg_document *document, const struct vg_raw_test *raw, unsigned index,
                        unsigned *number, struct vg_error *err)
{
    long long value, before = 0;
    vg_autofree char *path = vg_format("populations/%u", index);
    if (!vg_parse_int(raw->populations.items[index], &value) || value < LEAST_TENANTS || value > MOST_TENANTS)
        return vg_document_fail(document, path, err, "a population is a number of tenants from %d to %d", LEAST_TENANTS,
                                MOST_TENANTS);
    if (index && vg_parse_int(raw->populations.items[index - 1], &before) && value <= before)
        return vg_document_fail(document, path, err, "populations are given in rising order");
    *number = (unsigned)value;
    return true;
}

/* The tenant that is the rest of them; NULL with the error if there is not exactly one. */
static struct vg_test_tenant *find_rest(const struct vg_document *document, const struct vg_raw_test *raw,
                                        struct vg_error *err)
{
    struct vg_test_tenant *rest = NULL;
    for (unsigned i = 0; i < raw->tenant_count; i++) {
        vg_autofree char *path = vg_format("tenants/%u", i);
        struct vg_test_tenant *tenant = &raw->tenants[i];
        if (!tenant->rest)
            continue;
        if (rest || tenant->count) {
            vg_document_fail(document, path, err,
                             rest ? "only one tenant can be the `rest`" : "the `rest` has no `count` of its own");
            return NULL;
        }
        rest = tenant;
    }
    if (!rest)
        vg_document_fail(document, "populations", err, "`populations` needs a tenant with `rest: true`");
    return rest;
}

static void free_settings(struct vg_settings *settings)
{
    for (unsigned i = 0; i < settings->count; i++) {
        free(settings->items[i].name);
        free(settings->items[i].value);
    }
    free(settings->items);
}

static void drop_actions(struct vg_phase *phase, const char *tenant)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < phase->action_count; i++) {
        if (strcmp(phase->actions[i].on, tenant) != 0) {
            phase->actions[kept++] = phase->actions[i];
            continue;
        }
        free(phase->actions[i].on);
        free(phase->actions[i].action);
    }
    phase->action_count = kept;
}

static void drop_runs(struct vg_phase *phase, const char *tenant)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < phase->run_count; i++) {
        struct vg_test_run *run = &phase->runs[i];
        if (strcmp(run->on, tenant) != 0) {
            phase->runs[kept++] = *run;
            continue;
        }
        free(run->on);
        free(run->workload);
        free(run->until);
        free_settings(&run->params);
    }
    phase->run_count = kept;
}

/* Of this population nothing is left for the rest: the test goes without it. */
static void drop_rest(struct vg_raw_test *raw, struct vg_test_tenant *rest)
{
    for (unsigned i = 0; i < raw->phase_count; i++) {
        drop_actions(&raw->phases[i], rest->name);
        drop_runs(&raw->phases[i], rest->name);
    }
    free(rest->name);
    for (struct vg_test_tenant *end = &raw->tenants[--raw->tenant_count]; rest < end; rest++)
        rest[0] = rest[1];
}

static bool without_populations(const struct vg_document *document, const struct vg_raw_test *raw, struct vg_error *err)
{
    for (unsigned i = 0; i < raw->tenant_count; i++) {
        vg_autofree char *path = vg_format("tenants/%u/rest", i);
        if (raw->tenants[i].rest)
            return vg_document_fail(document, path, err, "`rest` stands for what the test's `populations` leave");
    }
    return true;
}

bool vg_test_populate(const struct vg_document *document, struct vg_raw_test *raw, unsigned index, struct vg_error *err)
{
    unsigned number = 0, others = 0;
    if (!raw->populations.count)
        return without_populations(document, raw, err);
    struct vg_test_tenant *rest = find_rest(document, raw, err);
    if (!rest)
        return false;
    if (raw->needs.tenants)
        return vg_document_fail(document, "needs/tenants", err, "`populations` say already how many tenants there are");
    for (unsigned i = 0; i < raw->populations.count; i++) {
        unsigned value = 0;
        if (!read_number(document, raw, i, &value, err))
            return false;
        number = i == index ? value : number;
    }
    for (unsigned i = 0; i < raw->tenant_count; i++)
        others += &raw->tenants[i] == rest ? 0 : raw->tenants[i].count ? raw->tenants[i].count : 1;
    vg_autofree char *path = vg_format("populations/%u", index);
    if (number < others)
        return vg_document_fail(document, path, err, "the test names %u tenants, so that %u are too few", others,
                                number);
    if (number == others)
        drop_rest(raw, rest);
    else
        rest->count = number - others;
    raw->needs.tenants = number;
    if (index) {
        char *id = vg_format("%s-of-%u", raw->id ? raw->id : "", number);
        free(raw->id);
        raw->id = id;
    }
    return true;
}

unsigned vg_test_populations(const struct vg_test *test)
{
    const struct vg_raw_test *raw = (const struct vg_raw_test *)test;
    return raw->populations.count ? raw->populations.count : 1;
}
