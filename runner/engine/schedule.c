/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan on a host becomes instances: every test at every point of its matrix, in an order in which one boot serves as
 * many tests as possible. What cannot run here stays in the list, with the reason. */
#include <stdlib.h>
#include "engine/internal.h"

const struct vg_host_profile *vg_profile_whole(void)
{
    static char name[] = "whole";
    static const struct vg_host_profile whole = { .name = name, .max = 1024 };
    return &whole;
}

const struct vg_host_profile *vg_profile_other(const struct vg_host_mechanism *config, const char *profile)
{
    for (unsigned i = 0; config && i < config->profile_count; i++)
        if (vg_equal(config->profiles[i].name, profile) && config->profile_count > 1)
            return &config->profiles[(i + 1) % config->profile_count];
    return NULL;
}

/* The values of one axis: the test's own list, or what the host offers. */
static bool axis_takes(const struct vg_words *axis, const char *value, bool first)
{
    if (axis->count == 0 || vg_words_have(axis, "default"))
        return first;
    return vg_words_have(axis, "host") || vg_words_have(axis, value);
}

static bool has_room(const struct vg_test *test, const struct vg_host *host, const struct vg_host_profile *profile)
{
    return test->needs.tenants <= profile->max * host->pgpu_count;
}

/* "default" means the host's first profile that has room for the test's tenants; the first of all if none has. */
static unsigned default_profile(const struct vg_test *test, const struct vg_host *host,
                                const struct vg_host_mechanism *config)
{
    for (unsigned i = 0; i < config->profile_count; i++)
        if (has_room(test, host, &config->profiles[i]))
            return i;
    return 0;
}

static char *only_for(const struct vg_needs *needs, const char *name)
{
    const struct vg_words *mechanisms = &needs->mechanism;
    vg_autotext struct vg_text text = { 0 };
    for (unsigned i = 0; i < needs->ground_count; i++)
        if (vg_words_have(&needs->grounds[i].mechanism, name))
            return vg_format("does not apply to %s: %s (%s)", name, needs->grounds[i].because,
                             needs->grounds[i].source);
    vg_text_add(&text, "does not apply to %s, only to ", name);
    for (unsigned i = 0; i < mechanisms->count; i++)
        vg_text_add(&text, "%s%s", i == 0 ? "" : i + 1 == mechanisms->count ? " and " : ", ", mechanisms->items[i]);
    return vg_strdup(text.data);
}

static bool freezes(const struct vg_test *test)
{
    for (unsigned i = 0; i < test->phase_count; i++)
        for (unsigned j = 0; j < test->phases[i].action_count; j++)
            if (vg_equal(test->phases[i].actions[j].action, "freeze-manager"))
                return true;
    return false;
}

static char *joined(const struct vg_words *words, const char *between)
{
    struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (unsigned i = 0; i < words->count; i++)
        vg_text_add(&text, "%s%s", i ? between : "", words->items[i]);
    return text.data;
}

/* policy: NULL for a reason that has nothing to do with any. */
static char *why_it_does_not_apply(const struct vg_test *test, const struct vg_host *host,
                                   const struct vg_mechanism *mechanism, const char *policy,
                                   const struct vg_host_profile *profile)
{
    for (unsigned i = 0; i < test->needs.capability.count; i++) {
        const char *capability = test->needs.capability.items[i];
        if (!vg_mechanism_offers(mechanism, capability))
            return vg_format("%s does not offer %s", mechanism->name, capability);
    }
    if (test->needs.mechanism.count && !vg_words_have(&test->needs.mechanism, mechanism->name))
        return only_for(&test->needs, mechanism->name);
    if (test->needs.vm && !mechanism->vm)
        return vg_format("needs a VM; a tenant of %s is a process on the host", mechanism->name);
    if (policy && test->needs.policy.count && !vg_words_have(&test->needs.policy, policy))
        return vg_format("does not apply to the scheduling policy %s", policy[0] ? policy : "(none)");
    const struct vg_host_mechanism *config = vg_host_mechanism_find(host, mechanism->name);
    if (freezes(test) && config->managers.count == 0)
        return vg_format("freezes the user-space manager, and the host file names none for %s (managers: [...])",
                         mechanism->name);
    for (unsigned i = 0; i < test->phase_count; i++)
        if (test->phases[i].policy && !vg_host_policy_find(config, test->phases[i].policy))
            return vg_format("changes the scheduling policy to %s, which the host does not offer for %s",
                             test->phases[i].policy, mechanism->name);
    for (unsigned i = 0; i < test->tenant_count && profile; i++)
        if (test->tenants[i].other_profile && !vg_profile_other(config, profile->name))
            return vg_format("needs a second profile, and the host offers only %s for %s", profile->name,
                             mechanism->name);
    if (test->tenant_count && profile && mechanism->vm && !has_room(test, host, profile))
        return vg_format("needs %u tenants; profile %s allows %u on this host", test->needs.tenants, profile->name,
                         profile->max * host->pgpu_count);
    return NULL;
}

/* Why something is not run here. */
struct why {
    char *text; /* NULL: it is run */
    bool withheld;
};

static struct why why_not_here(const struct vg_test *test, const struct vg_host *host,
                               const struct vg_mechanism *mechanism, const char *policy,
                               const struct vg_host_profile *profile)
{
    char *text = why_it_does_not_apply(test, host, mechanism, policy, profile);
    if (text || !test->needs.destructive || vg_words_have(&host->allow, "destructive"))
        return (struct why) { text, false };
    text = vg_strdup("is destructive, which the host file does not allow (allow: [destructive])");
    return (struct why) { text, true };
}

static void add(struct vg_schedule *schedule, const struct vg_test *test, const struct vg_host_mechanism *config,
                const char *profile, const char *policy, unsigned boot, struct why why)
{
    vg_autofree char *name = vg_format("%s.%s.%s.boot-%u", config->name, profile, policy[0] ? policy : "none", boot);
    vg_push(schedule->items, schedule->count) = (struct vg_instance) {
        .test = test,
        .mechanism = config->name,
        .profile = profile,
        .policy = policy,
        .boot = boot,
        .name = VG_TAKE(name),
        .skip = boot == 1 ? why.text : NULL,
        .withheld = why.withheld,
    };
}

static void add_mechanism(struct vg_schedule *schedule, const struct vg_test *test, const struct vg_plan *plan,
                          const struct vg_host *host, const struct vg_host_mechanism *config)
{
    const struct vg_mechanism *mechanism = vg_mechanism_find(config->name);
    static char none[] = "";
    const struct vg_host_policy unspecified = { .name = none };
    unsigned repeat = plan->repeat ? plan->repeat : test->matrix.repeat ? test->matrix.repeat : 1;
    if (!test->tenant_count) { /* what is done to the mechanism itself has every profile as its subject */
        struct why why = why_not_here(test, host, mechanism, "", NULL);
        for (unsigned boot = 1; boot <= (why.text ? 1 : repeat); boot++)
            add(schedule, test, config, "all", "", boot, why);
        return;
    }
    unsigned profiles = config->profile_count ? config->profile_count : 1;
    unsigned policies = config->policy_count ? config->policy_count : 1;
    const struct vg_words *policy_axis = plan->policies.count ? &plan->policies : &test->matrix.policy;
    const struct vg_words *axis = plan->profiles.count ? &plan->profiles : &test->matrix.profile;
    unsigned first_profile = default_profile(test, host, config);
    bool skipped = false;
    for (unsigned i = 0; i < profiles; i++) {
        const struct vg_host_profile *profile = config->profile_count ? &config->profiles[i] : vg_profile_whole();
        if (!axis_takes(axis, profile->name, i == first_profile))
            continue;
        unsigned taken = 0;
        for (unsigned j = 0; j < policies; j++) {
            const struct vg_host_policy *policy = config->policy_count ? &config->policies[j] : &unspecified;
            /* "default" means the first policy that the test applies to. */
            bool applies = !test->needs.policy.count || vg_words_have(&test->needs.policy, policy->name);
            if (!applies || !axis_takes(policy_axis, policy->name, taken == 0))
                continue;
            taken++;
            struct why why = why_not_here(test, host, mechanism, policy->name, profile);
            if (why.text && skipped) {
                free(why.text);
                continue;
            }
            skipped = skipped || why.text;
            for (unsigned boot = 1; boot <= (why.text ? 1 : repeat); boot++)
                add(schedule, test, config, profile->name, policy->name, boot, why);
        }
        if (taken == 0 && !skipped) {
            /* None of the host's policies is one that the test judges: one skip says so. */
            vg_autofree char *judged = joined(&test->needs.policy, ", ");
            char *why = why_it_does_not_apply(test, host, mechanism, NULL, profile);
            if (!why)
                why = vg_format("the host does not offer %s any scheduling policy that this test judges (%s)",
                                config->name, judged);
            add(schedule, test, config, profile->name, "", 1, (struct why) { why, false });
            skipped = true;
        }
    }
}

static bool is_for(const struct vg_test *test, const char *mechanism)
{
    return test->needs.mechanism.count == 0 || vg_words_have(&test->needs.mechanism, mechanism);
}

static bool is_judged_by_some(const struct vg_catalog *catalog, const char *requirement, const char *mechanism)
{
    for (unsigned i = 0; i < catalog->test_count; i++)
        if (vg_words_have(&catalog->tests[i]->requirements, requirement) && is_for(catalog->tests[i], mechanism))
            return true;
    return false;
}

/* "Does not apply" is what documents say. Where a requirement names a mechanism, and no test was written for it, nobody
 * ever looked: that is another thing. */
static void tell_untried(const struct vg_catalog *catalog, struct vg_instance *instance)
{
    const struct vg_test *test = instance->test;
    for (unsigned i = 0; i < test->needs.ground_count; i++)
        if (vg_words_have(&test->needs.grounds[i].mechanism, instance->mechanism))
            return;
    for (unsigned i = 0; i < test->requirements.count && !is_for(test, instance->mechanism); i++) {
        const char *id = test->requirements.items[i];
        const struct vg_requirement *requirement = vg_catalog_requirement(catalog, id);
        if (!requirement || !vg_words_have(&requirement->mechanisms, instance->mechanism) ||
            is_judged_by_some(catalog, id, instance->mechanism))
            continue;
        free(instance->skip);
        instance->skip = vg_format("was never tried on %s, which %s names: there was no host and no model with it; "
                                   "add it to the test's needs.mechanism to try it",
                                   instance->mechanism, id);
        instance->untried = true;
        return;
    }
}

/* Instances that can share a boot stand together: by mechanism, profile, policy, then few tenants before many. */
static int by_boot(const void *left, const void *right)
{
    const struct vg_instance *a = left, *b = right;
    if (!a->skip != !b->skip)
        return a->skip ? -1 : 1;
    int order = strcmp(a->mechanism, b->mechanism);
    if (order == 0)
        order = (a->boot > b->boot) - (a->boot < b->boot);
    if (order == 0)
        order = strcmp(a->profile, b->profile);
    if (order == 0)
        order = strcmp(a->policy, b->policy);
    if (order == 0)
        order = (a->test->needs.tenants > b->test->needs.tenants) - (a->test->needs.tenants < b->test->needs.tenants);
    return order ? order : strcmp(a->test->id, b->test->id);
}

static bool test_selected(const struct vg_test *test, const char *globs)
{
    vg_autofree char *qualified = vg_format("%s/%s", test->group, test->id);
    vg_autofree char *dotted = vg_format("%s.%s", test->group, test->id);
    if (!globs || !*globs)
        return true;
    /* A negated glob that matches any spelling wins. */
    const char *names[] = { test->id, qualified, dotted };
    bool selected = false;
    vg_autofree char *copy = vg_strdup(globs);
    bool any_positive = false;
    char *rest = copy;
    for (char *glob; (glob = strsep(&rest, ",")) != NULL;) {
        glob += strspn(glob, " ");
        if (!*glob)
            continue;
        bool negated = *glob == '!';
        bool hit = false;
        for (size_t i = 0; i < VG_COUNT(names); i++)
            hit = hit || vg_select(glob + negated, names[i]);
        if (negated && hit)
            return false;
        any_positive = any_positive || !negated;
        selected = selected || (!negated && hit);
    }
    return selected || !any_positive;
}

bool vg_schedule_selects(const struct vg_catalog *catalog, const struct vg_plan *plan, const char *globs)
{
    vg_autofree char *plan_globs = joined(&plan->tests, ",");
    for (unsigned i = 0; i < catalog->test_count; i++)
        if (test_selected(catalog->tests[i], plan_globs) && test_selected(catalog->tests[i], globs))
            return true;
    return false;
}

/* What is left of globs without their exclusions. Caller frees. */
static char *inclusions(const char *globs)
{
    struct vg_text text = { 0 };
    vg_autofree char *copy = vg_strdup(globs);
    char *rest = copy;
    vg_text_add(&text, "%s", "");
    for (char *glob; (glob = strsep(&rest, ",")) != NULL;)
        if (glob[strspn(glob, " ")] != '!')
            vg_text_add(&text, "%s%s", text.length ? "," : "", glob);
    return text.data;
}

static bool nothing_selected(const struct vg_catalog *catalog, const struct vg_plan *plan, const char *globs,
                             struct vg_error *err)
{
    vg_autofree const char **ids = NULL;
    vg_autofree char *plan_globs = joined(&plan->tests, ","), *included = inclusions(globs);
    size_t count = 0;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        vg_push(ids, count) = catalog->tests[i]->id;
        if (strchr(globs, '!') && test_selected(catalog->tests[i], plan_globs) &&
            test_selected(catalog->tests[i], included))
            return vg_fail(err, VG_ERROR_INPUT, "`%s` excludes every test of plan `%s` that it could select", globs,
                           plan->name);
    }
    vg_autofree char *hint = vg_did_you_mean(globs, ids, count);
    return vg_fail(err, VG_ERROR_INPUT, "no test of plan `%s` matches `%s`%s (see `vgauge list tests`)", plan->name,
                   globs, hint);
}

/* What only mechanisms know of themselves, so that the catalogue could not check it. */
static bool connection_is_named(const struct vg_host *host, struct vg_error *err)
{
    for (unsigned i = 0; i < host->mechanism_count; i++) {
        if (!host->connection && !host->model && vg_mechanism_find(host->mechanisms[i].name)->vm)
            return vg_fail(err, VG_ERROR_INPUT,
                           "%s: mechanism `%s` runs VMs, so the host needs a `connection` (a libvirt URI)", host->file,
                           host->mechanisms[i].name);
    }
    return true;
}

/* A mechanism that the host does not offer is a mistake of the user, not an empty run. */
static bool mechanisms_selected(const struct vg_host *host, const char *globs, struct vg_error *err)
{
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < host->mechanism_count; i++) {
        if (vg_select(globs, host->mechanisms[i].name))
            return true;
        vg_push(names, count) = host->mechanisms[i].name;
    }
    vg_autofree char *hint = vg_did_you_mean(globs, names, count);
    return vg_fail(err, VG_ERROR_INPUT, "host `%s` offers no mechanism `%s`%s", host->name, globs, hint);
}

bool vg_schedule_make(const struct vg_catalog *catalog, const struct vg_plan *plan, const struct vg_host *host,
                      const char *test_globs, const char *mechanism_globs, struct vg_schedule *schedule,
                      struct vg_error *err)
{
    const struct vg_placement_policy *policy;
    *schedule = (struct vg_schedule) { 0 };
    if (!connection_is_named(host, err) || !vg_place_policy(host, &policy, err) ||
        (mechanism_globs && !mechanisms_selected(host, mechanism_globs, err)))
        return false;
    vg_autofree char *plan_globs = joined(&plan->tests, ",");
    unsigned selected = 0;
    for (unsigned i = 0; i < catalog->test_count; i++) {
        const struct vg_test *test = catalog->tests[i];
        /* --test may name a test that the plan leaves out: asking for it by name is asking for it. */
        bool named = test_globs && vg_equal(test_globs, test->id);
        if (!named && (!test_selected(test, plan_globs) || !test_selected(test, test_globs)))
            continue;
        selected++;
        for (unsigned j = 0; j < host->mechanism_count; j++) {
            const struct vg_host_mechanism *config = &host->mechanisms[j];
            if (!vg_select(mechanism_globs, config->name))
                continue;
            if (test->matrix.mechanism.count == 0 || axis_takes(&test->matrix.mechanism, config->name, j == 0))
                add_mechanism(schedule, test, plan, host, config);
        }
    }
    for (unsigned i = 0; i < schedule->count; i++)
        if (schedule->items[i].skip)
            tell_untried(catalog, &schedule->items[i]);
    if (selected == 0)
        return nothing_selected(catalog, plan, test_globs ? test_globs : plan_globs, err);
    if (schedule->count)
        qsort(schedule->items, schedule->count, sizeof(*schedule->items), by_boot);
    return true;
}

void vg_schedule_free(struct vg_schedule *schedule)
{
    for (unsigned i = 0; i < schedule->count; i++) {
        free(schedule->items[i].name);
        free(schedule->items[i].skip);
    }
    free(schedule->items);
    *schedule = (struct vg_schedule) { 0 };
}
