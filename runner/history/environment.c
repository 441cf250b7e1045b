/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which runs belong into one trend: those whose fingerprints are equal in everything but what may change over time. */
#include "history/internal.h"

/* Software that somebody updates. Anything else that differs (the processor, the profile's slice, the placement, a kind
 * of field that did not exist when this was written) makes another trend. */
const char vg_history_may_change[] = "*kernel*,*mesa*,*driver*,*firmware*,*qemu*,*vmm*,*libvirt*,*virglrenderer*,*.os,"
                                     "*version*," VG_FINGERPRINT_BUILD ",*.image*,*hypervisor-tree*,*bios*,*microcode*";

static bool may_change(const char *key, const char *across)
{
    return vg_select(vg_history_may_change, key) || (across && *across && vg_select(across, key));
}

/* "key=value" lines of what must be equal; NULL with the reason if a field could not be read: what is not known is not
 * equal. The keys are in the order in which they were stored, which is sorted. */
static char *environment_of(const json_t *fields, const char *across, char **incomparable)
{
    struct vg_text text = { 0 };
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)fields, key, value)
    {
        if (may_change(key, across))
            continue;
        if (!json_is_string(value)) {
            *incomparable = vg_format("%s could not be read when it ran", key);
            vg_text_free(&text);
            return NULL;
        }
        vg_text_add(&text, "%s=%s\n", key, json_string_value(value));
    }
    return text.data ? text.data : vg_strdup("");
}

void hist_environments(struct vg_trends *trends, const char *across)
{
    /* Runs share fingerprints, so that each is looked at once: of the runs before, the last with the same one. */
    vg_autojson json_t *known = vg_json_new_object();
    for (unsigned i = 0; i < trends->run_count; i++) {
        struct vg_history_run *run = &trends->runs[i];
        vg_autofree char *environment = environment_of(run->fields, across, &run->incomparable);
        run->environment = -1;
        if (!environment)
            continue;
        const json_t *place = json_object_get(known, environment);
        if (place) {
            run->environment = (int)json_integer_value(place);
            continue;
        }
        run->environment = (int)trends->environment_count;
        vg_json_set_int(known, environment, run->environment);
        vg_push(trends->environments, trends->environment_count) = VG_TAKE(environment);
    }
}

static void add_difference(struct vg_text *text, const char *key, const char *old, const char *new)
{
    if (!vg_equal(old, new) && (old || new))
        vg_text_add(text, "%s%s %s -> %s", text->length ? ", " : "", key, old ? old : "(not known)",
                    new ? new : "(not known)");
}

char *vg_history_differences(const struct vg_history_run *before, const struct vg_history_run *after)
{
    struct vg_text text = { 0 };
    const char *key;
    const json_t *value;
    if (before->fields == after->fields)
        return NULL;
    json_object_foreach(before->fields, key, value)
        add_difference(&text, key, json_string_value(value), json_string_value(json_object_get(after->fields, key)));
    json_object_foreach(after->fields, key, value) if (!json_object_get(before->fields, key))
        add_difference(&text, key, NULL, json_string_value(value));
    return text.data;
}
