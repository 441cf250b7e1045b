/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that measurements.json has for how runs, tenants and phases ended, and for columns. Saving and loading
 * check them against the same lists, so that whatever can be written can be read. */
#include "record/internal.h"

const char *const vg_run_status_words[] = {
    [VG_RUN_OK] = "ok",           [VG_RUN_FAIL] = "fail",   [VG_RUN_INVALID] = "invalid", [VG_RUN_SKIP] = "skip",
    [VG_RUN_ERROR] = "error",     [VG_RUN_LOST] = "lost",   [VG_RUN_RUNNING] = "running", [VG_RUN_TIMEOUT] = "timeout",
    [VG_RUN_STOPPED] = "stopped", [VG_RUN_STATUSES] = NULL,
};

const char *const vg_tenant_state_words[] = {
    [VG_TENANT_OK] = "ok",           [VG_TENANT_LOST] = "lost", [VG_TENANT_STOPPED] = "stopped",
    [VG_TENANT_TIMEOUT] = "timeout", [VG_TENANT_STATES] = NULL,
};

const char *const vg_phase_outcome_words[] = {
    [VG_PHASE_OK] = "ok",         [VG_PHASE_TIMEOUT] = "timeout", [VG_PHASE_LOST] = "lost",
    [VG_PHASE_FAILED] = "failed", [VG_PHASE_OUTCOMES] = NULL,
};

const char *const rec_column_kind_words[] = { "time", "completion", "duration", "count", NULL };
const char *const rec_better_words[] = { "lower", "higher", "neither", NULL };

bool rec_one_of(const char *key, const char *value, const char *const *words, struct vg_error *err)
{
    for (unsigned i = 0; words[i]; i++)
        if (vg_equal(value, words[i]))
            return true;
    if (!value)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is missing", key);
    vg_autofree char *shown = vg_printable(value, strlen(value), 60);
    return vg_fail(err, VG_ERROR_INPUT, "`%s` is \"%s\", which is none of the words allowed there", key, shown);
}
