/* SPDX-License-Identifier: MIT */
/* QMP replies: {"return": ...} or {"error": {"class", "desc"}}. A VMM that a guest has taken over may say anything, so
 * that a reply is parsed as what it is: text from outside. */
#include "qmp.h"

static void fail_with_error(const json_t *error, struct vg_error *err)
{
    const char *said = json_string_value(json_object_get(error, "desc"));
    vg_autofree char *shown = vg_printable(said ? said : "nothing", said ? strlen(said) : 7, 200);
    vg_fail(err, VG_ERROR_ENVIRONMENT, "the VMM says: %s", shown);
}

json_t *qmp_ask(const struct vg_probe_target *target, const char *command, struct vg_error *err)
{
    vg_autofree char *text = NULL;
    if (!target->ask) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "it is not a VM of this host");
        return NULL;
    }
    if (!target->ask(target->vmm, command, &text, err))
        return NULL;
    json_error_t where;
    json_t *reply = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    json_t *value = json_is_object(reply) ? json_incref(json_object_get(reply, "return")) : NULL;
    if (!value && json_is_object(json_object_get(reply, "error")))
        fail_with_error(json_object_get(reply, "error"), err);
    else if (!value)
        vg_fail(err, VG_ERROR_ENVIRONMENT, "the VMM's reply is no QMP");
    json_decref(reply);
    return value;
}
