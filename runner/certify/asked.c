/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was measured is what the test asks for, on the host that the run describes: with the limits and promises of its
 * host file, with the test's tenants, phases, workloads and parameters. A judge takes these from the measurements, so
 * that whoever writes them could choose what it judges by: a longer period, another entitlement, a shorter workload. */
#include "certify/internal.h"

#include <inttypes.h>

/* A number of the measurements that the host file gives. */
static bool same_number(const char *what, uint64_t found, uint64_t expected, struct vg_error *err)
{
    return found == expected ||
           vg_fail(err, VG_ERROR_INPUT, "its measurements and the host file differ in `%s`: %" PRIu64 ", not %" PRIu64,
                   what, found, expected);
}

static bool same_promises(const struct vg_measurements *m, const struct vg_host_mechanism *config, struct vg_error *err)
{
    if (!same_number("promises", m->promise_count, config->promise_count, err))
        return false;
    for (unsigned i = 0; i < config->promise_count; i++) {
        const struct vg_measured_promise *found = &m->promises[i];
        const struct vg_host_promise *expected = &config->promises[i];
        if (!vg_equal(found->policy, expected->policy) || !vg_equal(found->entitlement, expected->entitlement) ||
            !vg_equal(found->idle, expected->idle))
            return vg_fail(err, VG_ERROR_INPUT,
                           "its measurements and the host file differ in what policy %s promises: entitlement by %s, "
                           "idle time %s; not by %s, %s",
                           expected->policy, found->entitlement, found->idle, expected->entitlement, expected->idle);
    }
    return true;
}

/* As engine/instance.c takes them from the host file. */
static bool same_host(const struct vg_measurements *m, const struct vg_host *host, struct vg_error *err)
{
    const struct vg_host_mechanism *config = vg_host_mechanism_find(host, m->mechanism);
    if (!config)
        return vg_fail(err, VG_ERROR_INPUT, "its measurements are of mechanism %s, which the host file has not",
                       m->mechanism);
    const struct vg_host_profile *profile = vg_host_profile_find(config, m->profile);
    const struct vg_host_policy *policy = vg_host_policy_find(config, m->policy);
    const struct vg_host_policy *elastic = vg_host_policy_find(config, "fixed-elastic");
    return same_number("software_renderer", m->software_renderer, config->software_renderer, err) &&
           same_number("profile_max", m->profile_max, profile ? profile->max : 0, err) &&
           same_number("profile_memory_bytes", m->profile_memory_bytes, profile ? profile->memory_bytes : 0, err) &&
           same_number("period_us", m->period_us, policy ? policy->period_us : 0, err) &&
           same_number("slice_us", m->slice_us, policy ? policy->slice_us : 0, err) &&
           same_number("elastic_percent", m->elastic_percent, elastic ? elastic->elastic_percent : 0, err) &&
           same_promises(m, config, err);
}

static bool same_tenants(const struct vg_test *test, const struct vg_measurements *m, struct vg_error *err)
{
    unsigned index = 0;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        const struct vg_test_tenant *role = &test->tenants[i];
        for (unsigned j = 0; j < (role->count ? role->count : 1); j++, index++) {
            vg_autofree char *name = vg_format("%s.%u", role->name, j);
            if (index >= m->tenant_count || !vg_equal(m->tenants[index].name, name))
                return vg_fail(err, VG_ERROR_INPUT, "its measurements have no tenant %s, which the test asks for",
                               name);
            if (m->tenants[index].weight != role->weight)
                return vg_fail(err, VG_ERROR_INPUT, "its measurements give tenant %s the weight %u, and the test %u",
                               name, m->tenants[index].weight, role->weight);
        }
    }
    return index == m->tenant_count ||
           vg_fail(err, VG_ERROR_INPUT, "tenant %s is none that the test asks for", m->tenants[index].name);
}

/* "=solo.iterations": what the first run of that phase reported. NULL: nothing did. */
static const char *referred(const struct vg_measurements *m, const char *reference)
{
    const char *dot = strchr(reference, '.');
    for (unsigned i = 0; dot && i < m->phase_count; i++) {
        const struct vg_measured_phase *phase = &m->phases[i];
        if (strlen(phase->name) == (size_t)(dot - reference) &&
            strncmp(phase->name, reference, strlen(phase->name)) == 0 && phase->run_count)
            return vg_fact_get(&phase->runs[0], dot + 1);
    }
    return NULL;
}

/* Whether a run had the parameters that the test gives, and the defaults of the others; else what differs. Caller
 * frees. */
static char *other_params(const struct vg_measurements *m, const struct vg_descriptor *descriptor,
                          const struct vg_settings *given, const struct vg_measured_run *run)
{
    unsigned count = 0;
    for (const struct vg_param *param = descriptor->params; param && param->name; param++) {
        const char *found = vg_settings_get(&run->params, param->name), *asked = vg_settings_get(given, param->name);
        const char *expected = asked ? asked : param->def;
        count += found != NULL;
        if (vg_equal(expected, VG_PARAM_SEED)) /* of the run's seed and the instance's name */
            expected = found ? found : "a key";
        else if (expected && expected[0] == '=')
            expected = referred(m, expected + 1);
        if (found == expected || vg_equal(found, expected))
            continue;
        vg_autofree char *shown = vg_printable(found ? found : "not there", found ? strlen(found) : 9, 80);
        return vg_format("%s is %s, not %s", param->name, shown, expected ? expected : "nothing");
    }
    return count == run->params.count ? NULL : vg_strdup("there are others than the workload has");
}

struct search {
    const struct vg_measurements *m;
    const struct vg_measured_phase *phase;
    bool *used; /* of its runs: each answers one thing that was asked for */
};

enum answer { ABSENT, OTHERWISE, AS_ASKED };

/* OTHERWISE, with the error: it ran, with other parameters. */
static enum answer answered(struct search *search, const char *tenant, enum vg_descriptor_kind kind,
                            const char *workload, const struct vg_settings *given, struct vg_error *err)
{
    const struct vg_descriptor *descriptor = vg_descriptor_find(kind, workload);
    enum answer answer = ABSENT;
    for (unsigned i = 0; descriptor && i < search->phase->run_count; i++) {
        const struct vg_measured_run *run = &search->phase->runs[i];
        if (search->used[i] || !vg_equal(run->tenant, tenant) || !vg_equal(run->workload, workload))
            continue;
        vg_autofree char *difference = other_params(search->m, descriptor, given, run);
        if (!difference) {
            search->used[i] = true;
            return AS_ASKED;
        }
        if (answer == ABSENT)
            vg_fail(err, VG_ERROR_INPUT, "phase %s: %s in %s was not run as the test asks for: %s", search->phase->name,
                    workload, tenant, difference);
        answer = OTHERWISE;
    }
    return answer;
}

/* Tenants that the test itself starts or ends, or lets an exercise end, need not be there in every phase. */
static bool comes_or_goes(const struct vg_test *test, const struct vg_test_tenant *role, const char *name)
{
    bool any = role->later;
    for (unsigned i = 0; i < test->phase_count; i++) {
        any = any || test->phases[i].provision_count;
        for (unsigned j = 0; j < test->phases[i].action_count; j++)
            any = any || vg_tenant_selected(test->phases[i].actions[j].on, name);
    }
    return any;
}

/* One workload of a phase, in all the tenants that it is for. */
static bool spec_answered(struct search *search, const struct vg_test *test, const struct vg_test_run *spec,
                          struct vg_error *err)
{
    unsigned count = 0;
    for (unsigned i = 0; i < test->tenant_count; i++) {
        for (unsigned j = 0; j < (test->tenants[i].count ? test->tenants[i].count : 1); j++) {
            vg_autofree char *name = vg_format("%s.%u", test->tenants[i].name, j);
            if (!vg_tenant_selected(spec->on, name))
                continue;
            enum answer answer = answered(search, name, VG_KIND_WORKLOAD, spec->workload, &spec->params, err);
            if (answer == OTHERWISE)
                return false;
            if (answer == ABSENT && !comes_or_goes(test, &test->tenants[i], name))
                return vg_fail(err, VG_ERROR_INPUT, "phase %s: %s in %s was not run, and the test asks for it",
                               search->phase->name, spec->workload, name);
            count += answer == AS_ASKED;
        }
    }
    return count || vg_fail(err, VG_ERROR_INPUT, "phase %s: %s in %s was not run, and the test asks for it",
                            search->phase->name, spec->workload, spec->on);
}

static bool phase_answered(const struct vg_test *test, const struct vg_phase *asked, const struct vg_measurements *m,
                           const struct vg_measured_phase *phase, struct vg_error *err)
{
    vg_autofree bool *used = vg_calloc(phase->run_count + 1, sizeof(*used));
    struct search search = { m, phase, used };
    for (unsigned i = 0; i < asked->provision_count; i++) {
        const struct vg_test_provision *provision = &asked->provisions[i];
        enum answer answer = answered(&search, "host", VG_KIND_ACTION, provision->action, &provision->params, err);
        if (answer == ABSENT)
            vg_fail(err, VG_ERROR_INPUT, "phase %s: %s was not done, and the test asks for it", phase->name,
                    provision->action);
        if (answer != AS_ASKED)
            return false;
    }
    for (unsigned i = 0; i < asked->run_count; i++)
        if (!spec_answered(&search, test, &asked->runs[i], err))
            return false;
    /* What is done to a mechanism may load tenants of its own accord. */
    for (unsigned i = 0; !asked->provision_count && i < phase->run_count; i++)
        if (!used[i])
            return vg_fail(err, VG_ERROR_INPUT, "phase %s: %s in %s is nothing that the test asks for", phase->name,
                           phase->runs[i].workload, phase->runs[i].tenant);
    return true;
}

/* Up to a phase that did not go well, after which nothing is run: that one is judged as lost, timed out or invalid. */
static bool same_phases(const struct vg_test *test, const struct vg_measurements *m, struct vg_error *err)
{
    const char *policy = m->policy && *m->policy ? m->policy : "";
    for (unsigned i = 0; i < test->phase_count; i++) {
        const struct vg_phase *asked = &test->phases[i];
        const struct vg_measured_phase *phase = i < m->phase_count ? &m->phases[i] : NULL;
        if (!phase)
            return m->invalid_count || (i && !vg_equal(m->phases[i - 1].outcome, "ok")) ||
                   vg_fail(err, VG_ERROR_INPUT, "its measurements have no phase %s, which the test asks for",
                           asked->name);
        if (!vg_equal(phase->name, asked->name))
            return vg_fail(err, VG_ERROR_INPUT, "its measurements have a phase %s where the test asks for %s",
                           phase->name, asked->name);
        if (!vg_equal(phase->outcome, "ok"))
            continue;
        policy = asked->policy ? asked->policy : policy;
        if (!vg_equal(phase->policy ? phase->policy : "", policy))
            return vg_fail(err, VG_ERROR_INPUT, "phase %s ran under policy `%s`, and the test asks for `%s`",
                           phase->name, phase->policy ? phase->policy : "", policy);
        if (!phase_answered(test, asked, m, phase, err))
            return false;
    }
    return m->phase_count <= test->phase_count ||
           vg_fail(err, VG_ERROR_INPUT, "phase %s is none of the test's", m->phases[test->phase_count].name);
}

bool cert_as_asked(const struct vg_test *test, const struct vg_measurements *m, const struct vg_host *host,
                   struct vg_error *err)
{
    if (m->skip)
        return true;
    return same_host(m, host, err) && same_tenants(test, m, err) && same_phases(test, m, err);
}
