/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks a test's phases as the engine will: what `on` names exists, and nothing is asked of a tenant that is not there.
 */
#include "catalog/check.h"
#include "catalog/explain.h"
#include "catalog/load.h"

enum { MAX_INSTANCES = 16, MAX_WEIGHT = 100 };

static const char *const actions[] = { "start",  "shutdown",       "kill",           "destroy",
                                       "reboot", "stop-workloads", "freeze-manager", "thaw-manager" };

/* Which instances run now; a bit per instance. */
struct living {
    unsigned *instances;
};

int vg_test_tenant_index(const struct vg_test *test, const char *on, int *instance)
{
    const char *dot = strchr(on, '.');
    size_t length = dot ? (size_t)(dot - on) : strlen(on);
    for (unsigned i = 0; i < test->tenant_count; i++) {
        const char *name = test->tenants[i].name;
        if (strlen(name) != length || strncmp(name, on, length) != 0)
            continue;
        long long number = -1;
        if (dot && (!vg_parse_int(dot + 1, &number) || number < 0 || number >= test->tenants[i].count ||
                    dot[1] == '+' || (dot[1] == '0' && dot[2])))
            return -1;
        *instance = (int)number;
        return (int)i;
    }
    return -1;
}

static bool unknown_tenant(const struct vg_document *document, const char *path, const struct vg_test *test,
                           const char *on, struct vg_error *err)
{
    char **names = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        vg_push(names, count) = vg_strdup(test->tenants[i].name);
        for (unsigned j = 0; j < test->tenants[i].count; j++)
            vg_push(names, count) = vg_format("%s.%u", test->tenants[i].name, j);
    }
    bool good = vg_check_word(document, path, "tenant", on, (const char *const *)names, count, err);
    vg_names_free(names, count);
    return good;
}

/* The bits of the instances that `on` names; *tenant: their index. 0 with the error if there are none. */
static unsigned resolve(const struct vg_document *document, const char *path, const struct vg_test *test,
                        const char *on, unsigned *tenant, struct vg_error *err)
{
    int instance;
    int index = vg_test_tenant_index(test, on, &instance);
    if (index < 0) {
        unknown_tenant(document, path, test, on, err);
        return 0;
    }
    *tenant = (unsigned)index;
    return instance < 0 ? (1u << test->tenants[index].count) - 1 : 1u << instance;
}

static bool check_action(const struct vg_document *document, const char *path, const struct vg_test *test,
                         const struct vg_test_action *action, struct living *living, struct vg_error *err)
{
    vg_autofree char *on = vg_format("%s/on", path);
    vg_autofree char *what = vg_format("%s/action", path);
    unsigned tenant = 0;
    unsigned bits = resolve(document, on, test, action->on, &tenant, err);
    if (!bits || !vg_check_word(document, what, "action", action->action, actions, VG_COUNT(actions), err))
        return false;
    unsigned *alive = &living->instances[tenant];
    if (vg_equal(action->action, "start")) {
        if (*alive & bits)
            return vg_document_fail(document, path, err,
                                    "tenant `%s` runs already; only a tenant that is `later` or "
                                    "has ended can be started",
                                    action->on);
        *alive |= bits;
        return true;
    }
    if ((*alive & bits) != bits)
        return vg_document_fail(document, path, err, "tenant `%s` does not run at this point, so `%s` cannot be done",
                                action->on, action->action);
    if (vg_equal(action->action, "freeze-manager") && !test->needs.destructive)
        return vg_document_fail(document, what, err,
                                "a test that freezes a manager must say `needs: { destructive: true }`");
    static const char *const harmless[] = { "reboot", "stop-workloads", "freeze-manager", "thaw-manager" };
    bool ends = true;
    for (unsigned i = 0; i < VG_COUNT(harmless); i++)
        ends = ends && !vg_equal(action->action, harmless[i]);
    if (ends)
        *alive &= ~bits;
    return true;
}

/* `=PHASE.FACT`: a fact that the first run of an earlier phase reported. */
static bool check_reference(const struct vg_document *document, const char *path, const struct vg_test *test,
                            unsigned phase, const char *value, struct vg_error *err)
{
    vg_autofree char *name = vg_strdup(value + 1);
    char *fact = strchr(name, '.');
    if (!fact || !fact[1])
        return vg_document_fail(document, path, err, "a value taken from an earlier phase is written `=PHASE.FACT`");
    *fact = '\0';
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < phase; i++) {
        if (!test->phases[i].run_count)
            continue;
        vg_push(names, count) = test->phases[i].name;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    vg_autofree char *shown = vg_printable(name, strlen(name), VG_SHOWN_BYTES);
    vg_autofree char *meant = vg_did_you_mean(name, names, count);
    return vg_document_fail(document, path, err, "`%s` is no earlier phase that runs something%s", shown, meant);
}

static bool check_run(const struct vg_document *document, const char *path, const struct vg_test *test, unsigned phase,
                      const struct vg_test_run *run, const struct living *living, struct vg_error *err)
{
    vg_autofree char *on = vg_format("%s/on", path);
    vg_autofree char *workload = vg_format("%s/workload", path);
    vg_autofree char *params = vg_format("%s/params", path);
    vg_autofree char *until = vg_format("%s/until", path);
    unsigned tenant = 0;
    unsigned bits = resolve(document, on, test, run->on, &tenant, err);
    if (!bits)
        return false;
    if ((living->instances[tenant] & bits) != bits)
        return vg_document_fail(document, on, err, "tenant `%s` does not run in this phase; start it first", run->on);
    const struct vg_descriptor *descriptor =
        vg_check_descriptor(document, workload, VG_KIND_WORKLOAD, run->workload, err);
    if (!descriptor || !vg_check_settings(document, params, descriptor, &run->params, true, err))
        return false;
    for (unsigned i = 0; i < run->params.count; i++) {
        vg_autofree char *place = vg_format("%s/%s", params, run->params.items[i].name);
        if (run->params.items[i].value[0] == '=' &&
            !check_reference(document, place, test, phase, run->params.items[i].value, err))
            return false;
    }
    return !run->until || vg_check_name(document, until, run->until, err);
}

static bool check_tenants(const struct vg_document *document, struct vg_test *test, struct living *living,
                          struct vg_error *err)
{
    for (unsigned i = 0; i < test->tenant_count; i++) {
        struct vg_test_tenant *tenant = &test->tenants[i];
        vg_autofree char *name = vg_format("tenants/%u/name", i);
        vg_autofree char *count = vg_format("tenants/%u/count", i);
        vg_autofree char *weight = vg_format("tenants/%u/weight", i);
        if (!vg_check_name(document, name, tenant->name, err) ||
            !vg_check_range(document, count, &tenant->count, tenant->rest ? tenant->count : 1, 1, MAX_INSTANCES, err) ||
            !vg_check_range(document, weight, &tenant->weight, 1, 1, MAX_WEIGHT, err))
            return false;
        for (unsigned j = 0; j < i; j++)
            if (vg_equal(test->tenants[j].name, tenant->name))
                return vg_document_fail(document, name, err, "two tenants are called `%s`", tenant->name);
        if (tenant->other_profile && !tenant->later) {
            vg_autofree char *other = vg_format("tenants/%u/other_profile", i);
            return vg_document_fail(document, other, err,
                                    "tenant `%s` is there from the start, with the profile of the instance; only one "
                                    "that is `later` can have another",
                                    tenant->name);
        }
        living->instances[i] = tenant->later ? 0 : (1u << tenant->count) - 1;
    }
    return true;
}

static bool check_phase(const struct vg_document *document, struct vg_test *test, unsigned index, struct living *living,
                        struct vg_error *err)
{
    struct vg_phase *phase = &test->phases[index];
    vg_autofree char *path = vg_format("phases/%u", index);
    vg_autofree char *name = vg_format("phases/%u/name", index);
    vg_autofree char *timeout = vg_format("phases/%u/timeout_s", index);
    vg_autofree char *policy = vg_format("phases/%u/policy", index);
    if (!vg_check_name(document, name, phase->name, err) ||
        !vg_check_range(document, timeout, &phase->timeout_s, 120, 1, 86400, err) ||
        (phase->policy &&
         !vg_check_word(document, policy, "policy", phase->policy, vg_known_policies, vg_known_policy_count, err)))
        return false;
    for (unsigned i = 0; i < index; i++)
        if (vg_equal(test->phases[i].name, phase->name))
            return vg_document_fail(document, name, err, "two phases are called `%s`", phase->name);
    if (!phase->action_count && !phase->run_count && !phase->provision_count)
        return vg_document_fail(document, path, err, "phase `%s` has nothing to `do` and nothing to `run`",
                                phase->name);
    for (unsigned i = 0; i < phase->provision_count; i++) {
        vg_autofree char *action = vg_format("%s/provision/%u/action", path, i);
        vg_autofree char *params = vg_format("%s/provision/%u/params", path, i);
        const struct vg_descriptor *descriptor =
            vg_check_descriptor(document, action, VG_KIND_ACTION, phase->provisions[i].action, err);
        if (!descriptor || !vg_check_settings(document, params, descriptor, &phase->provisions[i].params, false, err))
            return false;
    }
    for (unsigned i = 0; i < phase->action_count; i++) {
        vg_autofree char *place = vg_format("%s/do/%u", path, i);
        if (!check_action(document, place, test, &phase->actions[i], living, err))
            return false;
    }
    for (unsigned i = 0; i < phase->run_count; i++) {
        vg_autofree char *place = vg_format("%s/run/%u", path, i);
        if (!check_run(document, place, test, index, &phase->runs[i], living, err))
            return false;
    }
    return true;
}

bool vg_test_check_phases(const struct vg_document *document, struct vg_test *test, struct vg_error *err)
{
    vg_autofree unsigned *instances = vg_calloc(test->tenant_count + 1, sizeof *instances);
    struct living living = { instances };
    if (!check_tenants(document, test, &living, err))
        return false;
    bool provisions = false;
    for (unsigned i = 0; i < test->phase_count; i++) {
        if (!check_phase(document, test, i, &living, err))
            return false;
        provisions = provisions || test->phases[i].provision_count;
    }
    if (test->tenant_count || provisions)
        return true;
    return vg_document_fail(document, "", err, "the test names no `tenants`, and nothing to `provision` without them");
}
