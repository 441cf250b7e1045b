/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that hold for every instance, in order of what they leave to be said: a test that was not run has no tenant
 * to lose, a lost tenant has no result to be wrong, and a number from the wrong driver, or by a clock that runs at a
 * rate of its own, means nothing. */
#include "judge/internal.h"
#include "mechanism/mechanism.h"

/* Adds "TENANT, WORKLOAD in phase P: MESSAGE" for every run with this status; foreign text is escaped. */
static bool runs_with(const struct vg_measurements *m, enum vg_run_status status,
                      bool (*wanted)(const struct vg_measurements *, const struct vg_measured_run *),
                      const char *otherwise, struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->phase_count; i++) {
        for (unsigned j = 0; j < m->phases[i].run_count; j++) {
            const struct vg_measured_run *run = &m->phases[i].runs[j];
            if (!vg_equal(run->status, vg_run_status_words[status]) || (wanted && !wanted(m, run)))
                continue;
            /* A workload dies with its tenant: if an action ended that, nobody is to blame. */
            if ((status == VG_RUN_LOST || status == VG_RUN_ERROR) && judge_ended_by_action(m, run->tenant))
                continue;
            const char *message = run->message && run->message[0] ? run->message : otherwise;
            vg_autofree char *shown = vg_printable(message, strlen(message), 1000);
            judge_add_reason(judgement, "%s in %s, phase %s: %s.", run->workload, run->tenant, m->phases[i].name,
                             shown);
        }
    }
    return judgement->reason_count > before;
}

static bool tenants_with(const struct vg_measurements *m, enum vg_tenant_state state, const char *otherwise,
                         struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->tenant_count; i++) {
        const struct vg_measured_tenant *tenant = &m->tenants[i];
        if (!vg_equal(tenant->state, vg_tenant_state_words[state]))
            continue;
        const char *reason = tenant->reason && tenant->reason[0] ? tenant->reason : otherwise;
        vg_autofree char *shown = vg_printable(reason, strlen(reason), 1000);
        judge_add_reason(judgement, "Tenant %s: %s.", tenant->name, shown);
    }
    return judgement->reason_count > before;
}

static bool phases_with(const struct vg_measurements *m, enum vg_phase_outcome outcome, const char *what,
                        struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->phase_count; i++) {
        const struct vg_measured_phase *phase = &m->phases[i];
        if (!vg_equal(phase->outcome, vg_phase_outcome_words[outcome]))
            continue;
        const char *reason = phase->reason ? phase->reason : "";
        vg_autofree char *shown = vg_printable(reason, strlen(reason), 1000);
        judge_add_reason(judgement, "Phase %s %s after %.1f s%s%s.", phase->name, what,
                         (double)(phase->end_host_ns - phase->start_host_ns) / (double)VG_NS_PER_S, *shown ? ": " : "",
                         shown);
    }
    return judgement->reason_count > before;
}

static bool killed_by_signal(const struct vg_measurements *m, const struct vg_measured_run *run)
{
    (void)m;
    return run->message && strstr(run->message, "killed by signal");
}

/* A guest that says it lacks what its mechanism is there to offer is not believed: a broken driver looks the same. */
static bool lacks_what_is_offered(const struct vg_measurements *m, const struct vg_measured_run *run)
{
    static const struct {
        enum vg_need need;
        const char *capability;
    } needs[] = { { VG_NEED_VULKAN, "vulkan" }, { VG_NEED_GL, "gl" }, { VG_NEED_DRM, "drm" } };
    const struct vg_mechanism *mechanism = vg_mechanism_find(m->mechanism);
    const struct vg_workload *workload = judge_workload_of(run);
    if (!mechanism || !workload || workload->needs == VG_NEED_NONE)
        return false;
    for (size_t i = 0; i < VG_COUNT(needs); i++)
        if ((workload->needs & needs[i].need) && !vg_mechanism_offers(mechanism, needs[i].capability))
            return false;
    return true;
}

static bool decide(struct vg_judgement *judgement, enum vg_verdict verdict, bool applies)
{
    if (applies)
        judgement->verdict = verdict;
    return applies;
}

static bool was_lost(const struct vg_measurements *m, struct vg_judgement *judgement)
{
    bool tenants = tenants_with(m, VG_TENANT_LOST, "it died while it was needed", judgement);
    /* The tenant's own sentence says it all; its workloads and phases would only repeat it. */
    return tenants || runs_with(m, VG_RUN_LOST, NULL, "its tenant was lost", judgement) ||
           phases_with(m, VG_PHASE_LOST, "lost a tenant", judgement);
}

static bool ran_out_of_time(const struct vg_measurements *m, struct vg_judgement *judgement)
{
    bool tenants = tenants_with(m, VG_TENANT_TIMEOUT, "it did not answer in time", judgement);
    bool phases = phases_with(m, VG_PHASE_TIMEOUT, "was not over", judgement);
    bool runs = runs_with(m, VG_RUN_TIMEOUT, NULL, "it did not end in time", judgement);
    return tenants || phases || runs;
}

static bool was_incomplete(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    for (unsigned i = 0; i < m->invalid_count; i++)
        judge_add_reason(judgement, "%s", m->invalid[i]);
    if (judgement->reason_count == before)
        phases_with(m, VG_PHASE_FAILED, "could not be carried out", judgement);
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

/* A test that asks for the driver's identity turns a wrong one into its metrics; every other is spoilt by it, and every
 * test by a driver that is not named. */
static void look_at_driver(const struct vg_test *test, const struct vg_measurements *m,
                           const struct vg_measured_phase *phase, const struct vg_measured_run *run,
                           struct vg_judgement *judgement)
{
    if (vg_descriptor_find(VG_KIND_ACTION, run->workload))
        return; /* done by the host to the mechanism: no driver of a tenant had a part in it */
    if (vg_equal(run->status, vg_run_status_words[VG_RUN_STOPPED]) && !run->fact_count)
        return; /* ended by the test, or by what the test is about, before it had said anything that could be judged */
    vg_autofree char *sentence = NULL;
    enum judge_driver driver = judge_driver_of(m, run, &sentence);
    const struct vg_workload *workload = judge_workload_of(run);
    if (!workload)
        judge_add_reason(judgement, "Phase %s: this vgauge knows no workload %s.", phase->name, run->workload);
    else if (driver == JUDGE_DRIVER_UNKNOWN && (workload->needs & (VG_NEED_VULKAN | VG_NEED_GL)))
        judge_add_reason(judgement, "Phase %s: %s in %s reports no driver that mechanism %s could be recognised by.",
                         phase->name, run->workload, run->tenant, m->mechanism);
    else if ((driver == JUDGE_DRIVER_OTHER || driver == JUDGE_DRIVER_SOFTWARE) && !has_identity_analysis(test))
        judge_add_reason(judgement, "Phase %s: %s", phase->name, sentence);
}

static bool wrong_driver(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    unsigned before = judgement->reason_count;
    if (!vg_mechanism_find(m->mechanism))
        judge_add_reason(judgement, "This vgauge knows no mechanism %s, so that it cannot tell its driver.",
                         m->mechanism);
    for (unsigned i = 0; judgement->reason_count == before && i < m->phase_count; i++)
        for (unsigned j = 0; j < m->phases[i].run_count; j++)
            look_at_driver(test, m, &m->phases[i], &m->phases[i].runs[j], judgement);
    return judgement->reason_count > before;
}

static bool ended_badly(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    /* Said by the guest about itself, whatever the mechanism offers. */
    enum vg_verdict disbelieved = has_identity_analysis(test) ? VG_FAIL : VG_INVALID;
    return decide(judgement, VG_FAIL, runs_with(m, VG_RUN_FAIL, NULL, "it failed without saying why", judgement)) ||
           decide(judgement, VG_FAIL, runs_with(m, VG_RUN_ERROR, killed_by_signal, "", judgement)) ||
           decide(judgement, VG_INVALID,
                  runs_with(m, VG_RUN_INVALID, NULL, "it says its numbers mean nothing", judgement)) ||
           decide(judgement, VG_INVALID,
                  runs_with(m, VG_RUN_ERROR, NULL, "its process ended without a word", judgement)) ||
           decide(judgement, disbelieved,
                  runs_with(m, VG_RUN_SKIP, lacks_what_is_offered, "the tenant lacks what its mechanism offers",
                            judgement)) ||
           decide(judgement, VG_SKIP, runs_with(m, VG_RUN_SKIP, NULL, "the tenant lacks what it needs", judgement));
}

bool judge_preconditions(const struct vg_test *test, const struct vg_measurements *m, struct vg_judgement *judgement)
{
    if (m->skip) {
        judge_add_reason(judgement, "%s", m->skip);
        return decide(judgement, VG_SKIP, true);
    }
    return decide(judgement, VG_LOST, was_lost(m, judgement)) ||
           decide(judgement, VG_TIMEOUT, ran_out_of_time(m, judgement)) ||
           decide(judgement, VG_INVALID, judge_wrong_clock(m, judgement)) || ended_badly(test, m, judgement) ||
           decide(judgement, VG_INVALID, was_incomplete(test, m, judgement)) ||
           decide(judgement, VG_INVALID, wrong_driver(test, m, judgement));
}
