/* SPDX-License-Identifier: MIT */
/* Walks the ELF section of registered descriptors; checks parameters against them. */
#include <stdio.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "base/descriptor.h"
#include "base/text.h"

/* Made by the linker; weak, since a program may register nothing. */
extern const struct vg_descriptor *const __start_vg_descriptors[] __attribute__((weak));
extern const struct vg_descriptor *const __stop_vg_descriptors[] __attribute__((weak));

const struct vg_descriptor *vg_descriptor_next(enum vg_descriptor_kind kind, const struct vg_descriptor *after)
{
    const struct vg_descriptor *next = NULL;
    for (const struct vg_descriptor *const *entry = __start_vg_descriptors; entry < __stop_vg_descriptors; entry++) {
        if ((*entry)->kind != kind || (after && strcmp((*entry)->name, after->name) <= 0))
            continue;
        if (!next || strcmp((*entry)->name, next->name) < 0)
            next = *entry;
    }
    return next;
}

const struct vg_descriptor *vg_descriptor_find(enum vg_descriptor_kind kind, const char *name)
{
    for (const struct vg_descriptor *const *entry = __start_vg_descriptors; entry < __stop_vg_descriptors; entry++) {
        if ((*entry)->kind == kind && strcmp((*entry)->name, name) == 0)
            return *entry;
    }
    return NULL;
}

const struct vg_descriptor *vg_descriptor_require(enum vg_descriptor_kind kind, const char *name, struct vg_error *err)
{
    const struct vg_descriptor *found = vg_descriptor_find(kind, name);
    if (found)
        return found;
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (const struct vg_descriptor *each = NULL; (each = vg_descriptor_next(kind, each)) != NULL;)
        vg_push(names, count) = each->name;
    vg_autofree char *hint = vg_did_you_mean(name, names, count);
    vg_fail(err, VG_ERROR_INPUT, "unknown %s `%s`%s", vg_descriptor_kind_name(kind), name, hint);
    return NULL;
}

const char *vg_descriptor_kind_name(enum vg_descriptor_kind kind)
{
    switch (kind) {
    case VG_KIND_WORKLOAD:
        return "workload";
    case VG_KIND_PROBE:
        return "probe";
    case VG_KIND_MECHANISM:
        return "mechanism";
    case VG_KIND_ANALYSIS:
        return "analysis";
    case VG_KIND_ACTION:
        return "action";
    case VG_KIND_PLACEMENT:
        return "placement policy";
    case VG_KIND_STORE:
        return "kind of history database";
    case VG_KIND_EXPORT:
        return "export format";
    case VG_KIND_CHECK:
        return "check";
    }
    return "thing";
}

const struct vg_param *vg_param_find(const struct vg_descriptor *descriptor, const char *name)
{
    for (const struct vg_param *param = descriptor->params; param && param->name; param++) {
        if (strcmp(param->name, name) == 0)
            return param;
    }
    return NULL;
}

const struct vg_metric *vg_metric_find(const struct vg_descriptor *descriptor, const char *name)
{
    for (const struct vg_metric *metric = descriptor->metrics; metric && metric->name; metric++) {
        if (strcmp(metric->name, name) == 0)
            return metric;
    }
    return NULL;
}

static bool in_range(const struct vg_param *param, double value)
{
    return (param->min == 0 && param->max == 0) || (value >= param->min && value <= param->max);
}

static bool is_choice(const char *choices, const char *value)
{
    vg_autofree char *copy = vg_strdup(choices);
    char *rest = copy;
    for (char *choice; (choice = strsep(&rest, "|")) != NULL;) {
        if (strcmp(choice, value) == 0)
            return true;
    }
    return false;
}

static bool is_hex64(const char *value)
{
    size_t digits = strspn(value, "0123456789abcdefABCDEF");
    return digits >= 1 && digits <= 16 && value[digits] == '\0';
}

bool vg_param_check(const struct vg_descriptor *descriptor, const struct vg_param *param, const char *value,
                    struct vg_error *err)
{
    vg_autofree char *shown = vg_printable(value, strlen(value), 80);
    long long integer;
    double real;
    bool boolean;
    const char *wanted = NULL;
    switch (param->type) {
    case VG_INT:
        if (!vg_parse_int(value, &integer))
            wanted = "a whole number";
        else if (!in_range(param, (double)integer))
            wanted = "in range";
        break;
    case VG_REAL:
        if (!vg_parse_real(value, &real))
            wanted = "a number";
        else if (!in_range(param, real))
            wanted = "in range";
        break;
    case VG_BOOL:
        if (!vg_parse_bool(value, &boolean))
            wanted = "true or false";
        break;
    case VG_CHOICE:
        if (!is_choice(param->choices, value))
            return vg_fail(err, VG_ERROR_INPUT, "%s `%s`: parameter `%s` must be one of %s, not `%s`",
                           vg_descriptor_kind_name(descriptor->kind), descriptor->name, param->name, param->choices,
                           shown);
        break;
    case VG_HEX64:
        if (!is_hex64(value) && strcmp(value, VG_PARAM_SEED) != 0)
            wanted = "1 to 16 hexadecimal digits";
        break;
    case VG_TEXT:
        break;
    }
    if (!wanted)
        return true;
    const char *unit = param->unit && strcmp(param->unit, "1") != 0 ? param->unit : "";
    if (strcmp(wanted, "in range") == 0)
        return vg_fail(err, VG_ERROR_INPUT, "%s `%s`: parameter `%s` must be between %g and %g%s%s, not `%s`",
                       vg_descriptor_kind_name(descriptor->kind), descriptor->name, param->name, param->min, param->max,
                       unit[0] ? " " : "", unit, shown);
    return vg_fail(err, VG_ERROR_INPUT, "%s `%s`: parameter `%s` must be %s, not `%s`",
                   vg_descriptor_kind_name(descriptor->kind), descriptor->name, param->name, wanted, shown);
}

const char *vg_better_name(enum vg_better better)
{
    return better == VG_LOWER ? "lower" : better == VG_HIGHER ? "higher" : "neither";
}
