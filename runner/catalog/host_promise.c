/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a vendor's scheduler promises under a policy, as data: so that one test judges them all, each against its own
 * word. */
#include "catalog/host_promise.h"
#include "catalog/check.h"
#include "catalog/load.h"

enum { LEAST_SLICE_US = 100, MOST_SLICE_US = 100000000 };

static const char *const entitlements[] = { "none", "running", "max", "elastic", "weight", "quantum", "instance" };
static const char *const idles[] = { "kept", "given-away", "by-priority" };
static const char *const changes[] = { "live", "no-vm", "create", "reload", "reboot" };

static const cyaml_schema_field_t promise_fields[] = {
    VG_FIELD_WORD("policy", VG_MANDATORY, struct vg_host_promise, policy),
    VG_FIELD_WORD("entitlement", VG_MANDATORY, struct vg_host_promise, entitlement),
    VG_FIELD_WORD("idle", VG_MANDATORY, struct vg_host_promise, idle),
    VG_FIELD_WORD("change", VG_MANDATORY, struct vg_host_promise, change),
    CYAML_FIELD_UINT("slice_min_us", VG_OPTIONAL, struct vg_host_promise, slice_min_us),
    CYAML_FIELD_UINT("slice_max_us", VG_OPTIONAL, struct vg_host_promise, slice_max_us),
    CYAML_FIELD_UINT("slice_default_us", VG_OPTIONAL, struct vg_host_promise, slice_default_us),
    VG_FIELD_TEXT("source", VG_MANDATORY, struct vg_host_promise, source),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t vg_promise_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct vg_host_promise, promise_fields),
};

const struct vg_host_promise *vg_host_promise_find(const struct vg_host_mechanism *mechanism, const char *policy)
{
    for (unsigned i = 0; i < mechanism->promise_count; i++)
        if (vg_equal(mechanism->promises[i].policy, policy))
            return &mechanism->promises[i];
    return NULL;
}

static bool check_words(const struct vg_document *document, const char *path, const struct vg_host_promise *promise,
                        struct vg_error *err)
{
    vg_autofree char *entitlement = vg_format("%s/entitlement", path);
    vg_autofree char *idle = vg_format("%s/idle", path);
    vg_autofree char *change = vg_format("%s/change", path);
    return vg_check_word(document, entitlement, "entitlement", promise->entitlement, entitlements,
                         VG_COUNT(entitlements), err) &&
           vg_check_word(document, idle, "idle", promise->idle, idles, VG_COUNT(idles), err) &&
           vg_check_word(document, change, "change", promise->change, changes, VG_COUNT(changes), err);
}

static bool check_bounds(const struct vg_document *document, const char *path, struct vg_host_promise *promise,
                         struct vg_error *err)
{
    vg_autofree char *least = vg_format("%s/slice_min_us", path);
    vg_autofree char *most = vg_format("%s/slice_max_us", path);
    vg_autofree char *usual = vg_format("%s/slice_default_us", path);
    if (!vg_check_range(document, least, &promise->slice_min_us, 0, LEAST_SLICE_US, MOST_SLICE_US, err) ||
        !vg_check_range(document, most, &promise->slice_max_us, 0, LEAST_SLICE_US, MOST_SLICE_US, err) ||
        !vg_check_range(document, usual, &promise->slice_default_us, 0, LEAST_SLICE_US, MOST_SLICE_US, err))
        return false;
    if (promise->slice_max_us && promise->slice_min_us > promise->slice_max_us)
        return vg_document_fail(document, most, err, "the longest slice is shorter than the shortest");
    if (promise->slice_default_us && (promise->slice_default_us < promise->slice_min_us ||
                                      (promise->slice_max_us && promise->slice_default_us > promise->slice_max_us)))
        return vg_document_fail(document, usual, err, "the default slice lies outside the bounds of slices");
    return true;
}

/* A quantum that the vendor's scheduler does not take is found out here, before anything is started. */
static bool check_policy(const struct vg_document *document, const char *path,
                         const struct vg_host_mechanism *mechanism, unsigned index, struct vg_error *err)
{
    const struct vg_host_policy *policy = &mechanism->policies[index];
    const struct vg_host_promise *promise = vg_host_promise_find(mechanism, policy->name);
    vg_autofree char *slice = vg_format("%s/policies/%u/slice_us", path, index);
    if (!promise || !policy->slice_us)
        return true;
    if (policy->slice_us < promise->slice_min_us)
        return vg_document_fail(document, slice, err, "slices of %s are at least %u us", policy->name,
                                promise->slice_min_us);
    if (promise->slice_max_us && policy->slice_us > promise->slice_max_us)
        return vg_document_fail(document, slice, err, "slices of %s are at most %u us", policy->name,
                                promise->slice_max_us);
    return true;
}

bool vg_promises_check(const struct vg_document *document, const char *path, const struct vg_host_mechanism *mechanism,
                       struct vg_error *err)
{
    for (unsigned i = 0; i < mechanism->promise_count; i++) {
        struct vg_host_promise *promise = &mechanism->promises[i];
        vg_autofree char *place = vg_format("%s/promises/%u", path, i);
        vg_autofree char *policy = vg_format("%s/policy", place);
        if (!vg_check_word(document, policy, "policy", promise->policy, vg_known_policies, vg_known_policy_count, err))
            return false;
        if (!vg_host_policy_find(mechanism, promise->policy))
            return vg_document_fail(document, policy, err,
                                    "policy `%s` is promised, but not among this mechanism's "
                                    "policies",
                                    promise->policy);
        if (vg_host_promise_find(mechanism, promise->policy) != promise)
            return vg_document_fail(document, policy, err, "policy `%s` is promised twice", promise->policy);
        if (!check_words(document, place, promise, err) || !check_bounds(document, place, promise, err))
            return false;
    }
    for (unsigned i = 0; i < mechanism->policy_count; i++)
        if (!check_policy(document, path, mechanism, i, err))
            return false;
    return true;
}

static void set_number_if(json_t *json, const char *key, unsigned value)
{
    if (value)
        vg_json_set_int(json, key, value);
}

json_t *vg_promises_to_json(const struct vg_host_mechanism *mechanism)
{
    json_t *array = vg_json_new_array();
    for (unsigned i = 0; i < mechanism->promise_count; i++) {
        const struct vg_host_promise *promise = &mechanism->promises[i];
        json_t *json = vg_json_new_object();
        vg_json_set_text(json, "policy", promise->policy);
        vg_json_set_text(json, "entitlement", promise->entitlement);
        vg_json_set_text(json, "idle", promise->idle);
        vg_json_set_text(json, "change", promise->change);
        set_number_if(json, "slice_min_us", promise->slice_min_us);
        set_number_if(json, "slice_max_us", promise->slice_max_us);
        set_number_if(json, "slice_default_us", promise->slice_default_us);
        vg_json_set_text(json, "source", promise->source);
        vg_json_append(array, json);
    }
    return array;
}
