/* SPDX-License-Identifier: MIT */
/* Counting of checks.h. */
#include "common/checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static struct vg_check *find(struct vg_checks *checks, const char *name)
{
    for (unsigned i = 0; i < checks->count; i++)
        if (vg_equal(checks->items[i].name, name))
            return &checks->items[i];
    /* The last place takes what there is no room for, so that nothing that was wrong is lost. */
    if (checks->count == VG_MAX_CHECKS)
        return &checks->items[VG_MAX_CHECKS - 1];
    struct vg_check *added = &checks->items[checks->count++];
    *added = (struct vg_check) { 0 };
    snprintf(added->name, sizeof(added->name), "%s", name);
    return added;
}

bool vg_check_many(struct vg_checks *checks, const char *name, uint64_t times, uint64_t wrong, const char *format, ...)
{
    struct vg_check *check = find(checks, name);
    if (wrong && !check->wrong) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(check->first, sizeof(check->first), format, arguments);
        va_end(arguments);
    }
    check->skipped = false;
    check->tried += times;
    check->wrong += wrong;
    return wrong == 0;
}

void vg_check_skip(struct vg_checks *checks, const char *name, const char *format, ...)
{
    struct vg_check *check = find(checks, name);
    if (check->tried)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(check->first, sizeof(check->first), format, arguments);
    va_end(arguments);
    check->skipped = true;
}

void vg_checks_report(struct vg_workload_context *context, const struct vg_checks *checks)
{
    uint64_t right = 0, wrong = 0;
    for (unsigned i = 0; i < checks->count; i++) {
        const struct vg_check *check = &checks->items[i];
        char name[VG_CHECK_NAME + 8], value[VG_CHECK_FIRST + 64];
        snprintf(name, sizeof(name), "check.%s", check->name);
        if (check->skipped)
            snprintf(value, sizeof(value), "skip %s", check->first);
        else
            snprintf(value, sizeof(value), "%" PRIu64 " %" PRIu64 "%s%s", check->tried, check->wrong,
                     check->wrong ? " " : "", check->wrong ? check->first : "");
        vg_w_fact_text(context, name, value);
        right += check->tried - check->wrong;
        wrong += check->wrong;
    }
    vg_w_fact_int(context, "verified_checks", (int64_t)right);
    vg_w_fact_int(context, "wrong_checks", (int64_t)wrong);
}
