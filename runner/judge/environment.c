/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VGPU-TEL-004, asked again: whether the run still says what its numbers rest on. While measuring, the engine notes
 * what is not known, and the names of all that is; who judges the run later has run.json alone, from which a field may
 * have gone since. */
#include "judge/internal.h"

static bool is_known(const struct vg_run *run, const char *key)
{
    for (unsigned i = 0; i < run->fingerprint_count; i++)
        if (vg_equal(run->fingerprint[i].key, key))
            return (run->fingerprint[i].value && *run->fingerprint[i].value) ||
                   vg_equal(run->fingerprint[i].source, VG_FINGERPRINT_GONE);
    return false;
}

/* The engine said so already, with the reason. */
static bool is_noted(const struct vg_measurements *m, const char *key)
{
    vg_autofree char *quoted = vg_format("`%s`", key);
    for (unsigned i = 0; i < m->unread_count; i++)
        if (strstr(m->unread[i], quoted))
            return true;
    return false;
}

static void need(const struct vg_run *run, struct vg_measurements *m, const char *key)
{
    if (is_known(run, key) || is_noted(m, key))
        return;
    vg_autofree char *shown = vg_printable(key, strlen(key), 200);
    vg_push(m->unread, m->unread_count) =
        vg_format("The environment's `%s` is not in run.json, and the numbers may depend on it.", shown);
}

void vg_judge_note_environment(const struct vg_run *run, struct vg_measurements *m)
{
    if (m->skip)
        return; /* nothing was measured */
    for (unsigned i = 0; i < m->rests_on_count; i++)
        need(run, m, m->rests_on[i]);
}
