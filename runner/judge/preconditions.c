/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that hold for every instance, in order of what they leave to be said: a test that was not run has no tenant
 * to lose, a lost tenant has no result to be wrong, and a number from the wrong driver means nothing. */
#include "judge/internal.h"

/* Adds "TENANT, WORKLOAD in phase P: MESSAGE" for every run with this status; foreign text is escaped. */
static bool runs_with(const struct vg_measurements *m, const char *status,
                      bool (*wanted)(const struct vg_measured_run *), const char *otherwise,
                      struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->phase_count; i++) {
        for (unsigned j = 0; j < m->phases[i].run_count; j++) {
            const struct vg_measured_run *run = &m->phases[i].runs[j];
            if (!vg_equal(run->status, status) || (wanted && !wanted(run)))
                continue;
            /* A workload dies with its tenant: if an action ended that, nobody is to blame. */
            if ((vg_equal(status, "lost") || vg_equal(status, "error")) && judge_ended_by_action(m, run->tenant))
                continue;
            const char *message = run->message && run->message[0] ? run->message : otherwise;
            vg_autofree char *shown = vg_printable(message, strlen(message), 1000);
            judge_add_reason(judgement, "%s in %s, phase %s: %s.", run->workload, run->tenant, m->phases[i].name,
                             shown);
        }
    }
    return judgement->reason_count > before;
}

static bool tenants_with(const struct vg_measurements *m, const char *state, const char *otherwise,
                         struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->tenant_count; i++) {
        const struct vg_measured_tenant *tenant = &m->tenants[i];
        if (!vg_equal(tenant->state, state))
            continue;
        const char *reason = tenant->reason && tenant->reason[0] ? tenant->reason : otherwise;
        vg_autofree char *shown = vg_printable(reason, strlen(reason), 1000);
        judge_add_reason(judgement, "Tenant %s: %s.", tenant->name, shown);
    }
    return judgement->reason_count > before;
}

static bool phases_with(const struct vg_measurements *m, const char *outcome, const char *what,
                        struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->phase_count; i++)
        if (vg_equal(m->phases[i].outcome, outcome))
            judge_add_reason(judgement, "Phase %s %s after %.1f s.", m->phases[i].name, what,
                             (double)(m->phases[i].end_host_ns - m->phases[i].start_host_ns) / (double)VG_NS_PER_S);
    return judgement->reason_count > before;
}

static bool killed_by_signal(const struct vg_measured_run *run)
{
    return run->message && strstr(run->message, "killed by signal");
}

static bool decide(struct vg_judgement *judgement, enum vg_verdict verdict, bool applies)
{
    if (applies)
        judgement->verdict = verdict;
    return applies;
}

static bool was_lost(const struct vg_measurements *m, struct vg_judgement *judgement)
{
    bool tenants = tenants_with(m, "lost", "it died while it was needed", judgement);
    /* The tenant's own sentence says it all; its workloads and phases would only repeat it. */
    return tenants || runs_with(m, "lost", NULL, "its tenant was lost", judgement) ||
           phases_with(m, "lost", "lost a tenant", judgement);
}

static bool ran_out_of_time(const struct vg_measurements *m, struct vg_judgement *judgement)
{
    bool tenants = tenants_with(m, "timeout", "it did not answer in time", judgement);
    bool phases = phases_with(m, "timeout", "was not over", judgement);
    bool runs = runs_with(m, "timeout", NULL, "it did not end in time", judgement);
    return tenants || phases || runs;
}

static bool was_incomplete(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->invalid_count; i++)
        judge_add_reason(judgement, "%s", m->invalid[i]);
    if (judgement->reason_count == before)
        phases_with(m, "failed", "could not be carried out", judgement);
    for (unsigned i = 0; judgement->reason_count == before && i < test->phase_count; i++)
        if (!vg_measured_phase_find(m, test->phases[i].name))
            judge_add_reason(judgement, "Phase %s was not reached.", test->phases[i].name);
    return judgement->reason_count > before;
}

static bool has_identity_analysis(const struct vg_test *test)
{
    for (unsigned i = 0; i < test->analysis_count; i++)
        if (vg_equal(test->analyses[i].analysis, "identity"))
            return true;
    return false;
}

/* A test that asks for the driver's identity turns a wrong one into its metrics; every other is spoilt by it. */
static bool wrong_driver(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    if (has_identity_analysis(test))
        return false;
    for (unsigned i = 0; i < m->phase_count; i++) {
        for (unsigned j = 0; j < m->phases[i].run_count; j++) {
            vg_autofree char *sentence = NULL;
            enum judge_driver driver = judge_driver_of(m, &m->phases[i].runs[j], &sentence);
            if (driver == JUDGE_DRIVER_OTHER || driver == JUDGE_DRIVER_SOFTWARE)
                judge_add_reason(judgement, "Phase %s: %s", m->phases[i].name, sentence);
        }
    }
    return judgement->reason_count > before;
}

bool judge_preconditions(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    if (m->skip) {
        judge_add_reason(judgement, "%s", m->skip);
        return decide(judgement, VG_SKIP, true);
    }
    return decide(judgement, VG_LOST, was_lost(m, judgement)) ||
           decide(judgement, VG_TIMEOUT, ran_out_of_time(m, judgement)) ||
           decide(judgement, VG_FAIL, runs_with(m, "fail", NULL, "it failed without saying why", judgement)) ||
           decide(judgement, VG_FAIL, runs_with(m, "error", killed_by_signal, "", judgement)) ||
           decide(judgement, VG_INVALID,
                  runs_with(m, "invalid", NULL, "it says its numbers mean nothing", judgement)) ||
           decide(judgement, VG_SKIP, runs_with(m, "skip", NULL, "the tenant lacks what it needs", judgement)) ||
           decide(judgement, VG_LOST, runs_with(m, "error", NULL, "its process ended without a word", judgement)) ||
           decide(judgement, VG_INVALID, was_incomplete(test, m, judgement)) ||
           decide(judgement, VG_INVALID, wrong_driver(test, m, judgement));
}
