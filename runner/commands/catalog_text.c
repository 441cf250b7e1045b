/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requirements, tests, plans and host files as a person reads them on a terminal. */
#include "commands/command.h"

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

void cmd_requirement_print(const struct vg_requirement *requirement, const struct vg_catalog *catalog)
{
    vg_autofree char *tiers = cmd_words(&requirement->tiers, "-");
    vg_autofree char *mechanisms = cmd_words(&requirement->mechanisms, "-");
    printf("requirement %s\n", requirement->id);
    cmd_field("Statement", "%s", requirement->statement);
    cmd_field("Level", "%s, severity S%d", requirement->level == VG_MUST ? "must" : "should",
              (int)requirement->severity);
    cmd_field("Tiers", "%s", tiers);
    cmd_field("Mechanisms", "%s", mechanisms);
    cmd_field("Workload", "%s", or_dash(requirement->workload));
    cmd_field("Probe", "%s", or_dash(requirement->probe));
    cmd_field("Accepted if", "%s", or_dash(requirement->accept));
    cmd_field("Source", "%s", or_dash(requirement->source));
    unsigned tests = 0;
    for (unsigned i = 0; i < catalog->test_count; i++)
        if (vg_words_have(&catalog->tests[i]->requirements, requirement->id)) {
            cmd_field(tests ? "" : "Decided by", "%s", catalog->tests[i]->id);
            tests++;
        }
    if (!tests)
        cmd_field("Decided by", "no test yet");
}

static char *settings_text(const struct vg_settings *settings)
{
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (unsigned i = 0; i < settings->count; i++)
        vg_text_add(&text, "%s%s: %s", i ? ", " : " (", settings->items[i].name, settings->items[i].value);
    if (settings->count)
        vg_text_add(&text, ")");
    return text.data;
}

static void print_phases(const struct vg_test *test)
{
    for (unsigned i = 0; i < test->phase_count; i++) {
        const struct vg_phase *phase = &test->phases[i];
        struct vg_text text = { 0 };
        vg_text_add(&text, "%s:", phase->name);
        for (unsigned j = 0; j < phase->action_count; j++)
            vg_text_add(&text, "%s %s %s", j ? ";" : "", phase->actions[j].action, phase->actions[j].on);
        for (unsigned j = 0; j < phase->run_count; j++) {
            const struct vg_test_run *run = &phase->runs[j];
            vg_autofree char *params = settings_text(&run->params);
            vg_text_add(&text, "%s %s runs %s%s", j || phase->action_count ? ";" : "", run->on, run->workload, params);
            if (run->until)
                vg_text_add(&text, " until %s", run->until);
        }
        cmd_field(i ? "" : "Phases", "%s", text.data);
        vg_text_free(&text);
    }
}

static void print_expectations(const struct vg_test *test)
{
    static const char *const operators[] = { "reported", "<=", ">=", "<", ">", "==" };
    for (unsigned i = 0; i < test->expectation_count; i++) {
        const struct vg_expectation *expectation = &test->expectations[i];
        const char *label = i ? "" : "Expects";
        if (expectation->op == VG_OP_REPORT)
            cmd_field(label, "%s: reported, not judged", expectation->metric);
        else
            cmd_field(label, "%s %s %g, else %s (%s)", expectation->metric, operators[expectation->op],
                      expectation->threshold, vg_expectation_otherwise(expectation), or_dash(expectation->source));
    }
}

void cmd_test_print(const struct vg_test *test, const struct vg_catalog *catalog)
{
    vg_autofree char *capability = cmd_words(&test->needs.capability, "-");
    vg_autofree char *mechanisms = cmd_words(&test->needs.mechanism, "any");
    vg_autofree char *policies = cmd_words(&test->needs.policy, "any");
    vg_autofree char *packages = cmd_words(&test->needs.package, "");
    vg_autofree char *controls = cmd_words(&test->controls, or_dash(test->no_control));
    printf("test %s\n", test->id);
    cmd_field("Summary", "%s", test->summary);
    cmd_field("Why", "%s", or_dash(test->why));
    for (unsigned i = 0; i < test->requirements.count; i++) {
        const struct vg_requirement *requirement = vg_catalog_requirement(catalog, test->requirements.items[i]);
        cmd_field(i ? "" : "Decides", "%s: %s", test->requirements.items[i],
                  requirement ? requirement->statement : "?");
    }
    if (test->no_requirement)
        cmd_field("Decides", "no requirement: %s", test->no_requirement);
    cmd_field("Needs", "capability %s; mechanism %s; policy %s; %u tenant%s%s%s%s%s", capability, mechanisms, policies,
              test->needs.tenants, test->needs.tenants == 1 ? "" : "s", test->needs.vm ? "; a VM" : "",
              test->needs.package.count ? "; in the guest image " : "", test->needs.package.count ? packages : "",
              test->needs.destructive ? "; permission to be destructive" : "");
    for (unsigned i = 0; i < test->tenant_count; i++)
        cmd_field(i ? "" : "Tenants", "%s x %u%s%s", test->tenants[i].name, test->tenants[i].count,
                  test->tenants[i].later ? ", started later" : "", test->tenants[i].fresh ? ", freshly booted" : "");
    print_phases(test);
    for (unsigned i = 0; i < test->analysis_count; i++) {
        vg_autofree char *params = settings_text(&test->analyses[i].params);
        cmd_field(i ? "" : "Analyses", "%s = %s%s", test->analyses[i].name, test->analyses[i].analysis, params);
    }
    print_expectations(test);
    cmd_field("Controls", "%s", controls);
    cmd_field("File", "%s", or_dash(test->file));
}

void cmd_plan_print(const struct vg_plan *plan, const struct vg_catalog *catalog)
{
    vg_autofree char *globs = cmd_words(&plan->tests, "every test");
    printf("plan %s\n", plan->name);
    cmd_field("Summary", "%s", plan->summary);
    cmd_field("Selects", "%s", globs);
    for (unsigned i = 0; i < plan->sets.count; i++)
        cmd_field(i ? "" : "Sets", "%s", plan->sets.items[i]);
    if (plan->repeat)
        cmd_field("Boots", "%u", plan->repeat);
    if (plan->rerun)
        cmd_field("Reruns", "failing tests, at most %u time%s", plan->rerun, plan->rerun == 1 ? "" : "s");
    if (plan->budget_s) {
        vg_autofree char *budget = vg_duration_text(plan->budget_s);
        cmd_field("Meant to take", "%s", budget);
    }
    for (unsigned i = 0; i < plan->mandatory_count; i++) {
        const struct vg_plan_mandatory *entry = &plan->mandatory[i];
        vg_autofree char *tests = cmd_words(&entry->tests, "every test"),
                         *mechanisms = cmd_words(&entry->mechanisms, "any");
        cmd_field(i ? "" : "Mandatory", "%s on mechanisms %s%s%s%s: %s", tests, mechanisms,
                  entry->level ? ", if they decide a requirement of level " : "", entry->level ? entry->level : "",
                  entry->level ? " that names the mechanism, or all" : "", or_dash(entry->why));
    }
    if (plan->mandatory_count) /* cmd_duties lists them with what they are */
        return;
    vg_autofree char *joined = NULL;
    for (unsigned i = 0; i < plan->tests.count; i++) {
        char *longer = vg_format("%s%s%s", joined ? joined : "", i ? "," : "", plan->tests.items[i]);
        free(joined);
        joined = longer;
    }
    unsigned shown = 0;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        const struct vg_test *test = catalog->tests[i];
        if (vg_select(joined, test->id))
            cmd_field(shown++ ? "" : "Tests", "%s: %s", test->id, test->summary);
    }
}

void cmd_host_print(const struct vg_host *host)
{
    printf("host %s\n", host->name);
    cmd_field("Summary", "%s", or_dash(host->summary));
    cmd_field("Connection", "%s", host->connection ? host->connection : "none (no VMs)");
    for (unsigned i = 0; i < host->pgpu_count; i++) {
        const struct vg_host_pgpu *pgpu = &host->pgpus[i];
        cmd_field(i ? "" : "pGPUs", "%s%s%s%s%s%s%s", pgpu->name, pgpu->cpus ? ", cores " : "",
                  pgpu->cpus ? pgpu->cpus : "", pgpu->pci ? ", PCI " : "", pgpu->pci ? pgpu->pci : "",
                  pgpu->render_node ? ", " : "", pgpu->render_node ? pgpu->render_node : "");
    }
    for (unsigned i = 0; i < host->mechanism_count; i++) {
        const struct vg_host_mechanism *mechanism = &host->mechanisms[i];
        struct vg_text text = { 0 };
        vg_text_add(&text, "%s: profiles", mechanism->name);
        for (unsigned j = 0; j < mechanism->profile_count; j++)
            vg_text_add(&text, "%s %s (at most %u)", j ? "," : "", mechanism->profiles[j].name,
                        mechanism->profiles[j].max);
        vg_text_add(&text, "; policies");
        for (unsigned j = 0; j < mechanism->policy_count; j++)
            vg_text_add(&text, "%s %s", j ? "," : "", mechanism->policies[j].name);
        if (mechanism->software_renderer)
            vg_text_add(&text, "; renders in software");
        if (mechanism->driver)
            vg_text_add(&text, "; the %s's driver", mechanism->driver);
        cmd_field(i ? "" : "Mechanisms", "%s", text.data);
        vg_text_free(&text);
    }
    if (host->connection)
        cmd_field("VMs", "%u vCPUs, %u MiB, acceleration %s, display %s", host->machine.vcpus, host->machine.memory_mib,
                  or_dash(host->machine.accel), or_dash(host->machine.display));
    vg_autofree char *allow = cmd_words(&host->allow, "nothing special");
    cmd_field("Allows", "%s", allow);
    cmd_field("File", "%s", or_dash(host->file));
}
