/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether two environments are the same, field by field. What is not known is never taken for equal. */
#include "compare/compare.h"

bool vg_fingerprint_records(const char *key)
{
    return vg_equal(key, VG_FINGERPRINT_BUILD);
}

static const struct vg_fingerprint_field *find(const struct vg_fingerprint *fingerprint, const char *key)
{
    for (unsigned i = 0; i < fingerprint->count; i++)
        if (vg_equal(fingerprint->fields[i].key, key))
            return &fingerprint->fields[i];
    return NULL;
}

static bool has_prefix(const struct vg_fingerprint *fingerprint, const char *prefix)
{
    for (unsigned i = 0; i < fingerprint->count; i++)
        if (strncmp(fingerprint->fields[i].key, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

/* "mechanism.NAME.policy.fixed-share": a mechanism, or a setting of it, that the other side does not offer. */
static bool is_not_offered(const struct vg_fingerprint *other, const char *key)
{
    static const char prefix[] = "mechanism.";
    if (strncmp(key, prefix, strlen(prefix)) != 0)
        return false;
    const char *name = key + strlen(prefix), *what = strchr(name, '.');
    if (!what)
        return false;
    vg_autofree char *mechanism = vg_format("%.*s", (int)(what + 1 - key), key);
    vg_autofree char *tenants = vg_format("tenant.%.*s", (int)(what + 1 - name), name);
    if (!has_prefix(other, mechanism))
        return !has_prefix(other, tenants); /* with such tenants it was offered, and only not written down */
    return strncmp(what, ".profile.", 9) == 0 || strncmp(what, ".policy.", 8) == 0;
}

/* What tenants say of themselves is there for what was measured in them; profiles and policies stand for what was
 * measured with them. A side that did not run such tenants, or does not offer such a policy, has no metric of theirs
 * that could be compared. */
static bool is_beside_the_point(const struct vg_fingerprint *other, const char *key)
{
    return !find(other, key) && (strncmp(key, "tenant.", 7) == 0 || is_not_offered(other, key));
}

static void look_at(struct vg_differences *differences, const char *key, const char *now, const char *then,
                    const char *across)
{
    if (vg_equal(now, then)) /* two that are not known are not equal */
        return;
    bool allowed = across && *across && vg_select(across, key), recorded = vg_fingerprint_records(key);
    vg_push(differences->items, differences->count) = (struct vg_difference) {
        .key = vg_strdup(key),
        .now = now ? vg_strdup(now) : NULL,
        .then = then ? vg_strdup(then) : NULL,
        .kind = now && then ? VG_DIFFERS : VG_UNKNOWN,
        .across = allowed,
        .recorded = recorded,
    };
    differences->barring += !allowed && !recorded;
}

/* A misspelt --across would forbid a comparison for a reason that nobody understands. */
static bool names_keys(const char *across, struct vg_fingerprint now, struct vg_fingerprint then, struct vg_error *err)
{
    vg_autofree const char **keys = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < now.count; i++)
        vg_push(keys, count) = now.fields[i].key;
    for (unsigned i = 0; i < then.count; i++)
        vg_push(keys, count) = then.fields[i].key;
    vg_autofree char *words = vg_strdup(across ? across : "");
    char *rest = words;
    for (char *glob; (glob = strsep(&rest, ",")) != NULL;) {
        bool hit = *glob == '\0' || *glob == '!';
        for (size_t i = 0; i < count && !hit; i++)
            hit = vg_select(glob, keys[i]);
        if (hit)
            continue;
        vg_autofree char *shown = vg_printable(glob, strlen(glob), 80);
        vg_autofree char *meant = vg_did_you_mean(glob, keys, count);
        return vg_fail(err, VG_ERROR_INPUT, "--across: no field of the fingerprint is called `%s`%s", shown, meant);
    }
    return true;
}

bool vg_fingerprints_compare(struct vg_fingerprint now, struct vg_fingerprint then, const char *across,
                             struct vg_differences *differences, struct vg_error *err)
{
    *differences = (struct vg_differences) { 0 };
    if (!names_keys(across, now, then, err))
        return false;
    for (unsigned i = 0; i < now.count; i++) {
        const struct vg_fingerprint_field *other = find(&then, now.fields[i].key);
        if (is_beside_the_point(&then, now.fields[i].key))
            continue;
        look_at(differences, now.fields[i].key, now.fields[i].value, other ? other->value : NULL, across);
    }
    for (unsigned i = 0; i < then.count; i++)
        if (!find(&now, then.fields[i].key) && !is_beside_the_point(&now, then.fields[i].key))
            look_at(differences, then.fields[i].key, NULL, then.fields[i].value, across);
    return true;
}

void vg_differences_free(struct vg_differences *differences)
{
    for (unsigned i = 0; i < differences->count; i++) {
        free(differences->items[i].key);
        free(differences->items[i].now);
        free(differences->items[i].then);
    }
    free(differences->items);
    *differences = (struct vg_differences) { 0 };
}

char *vg_difference_text(const struct vg_difference *difference)
{
    vg_autofree char *now = difference->now ? vg_format("`%s`", difference->now) : vg_strdup("not known");
    vg_autofree char *then = difference->then ? vg_format("`%s`", difference->then) : vg_strdup("not known");
    return vg_format("%s is %s here and %s there", difference->key, now, then);
}

struct vg_fingerprint vg_run_fingerprint_of(const struct vg_run *run)
{
    return (struct vg_fingerprint) { run->fingerprint, run->fingerprint_count };
}
