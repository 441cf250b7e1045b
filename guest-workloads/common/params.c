/* SPDX-License-Identifier: MIT */
/* Parameters of a running workload. They were checked against the descriptor before the workload was started, so
 * whatever goes wrong here is a bug in the workload. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include "common/runtime.h"

static const char *value_of(const struct vg_workload_context *context, const char *name)
{
    const struct vg_param *params = context->workload->params;
    for (size_t i = 0; params && params[i].name; i++)
        if (vg_equal(params[i].name, name))
            return context->values[i];
    vg_bug((struct vg_workload_context *)context, "parameter `%s` is not in the descriptor", name);
}

int64_t vg_w_int(const struct vg_workload_context *context, const char *param)
{
    long long value;
    if (!vg_parse_int(value_of(context, param), &value))
        vg_bug((struct vg_workload_context *)context, "parameter `%s` is not an integer", param);
    return value;
}

double vg_w_real(const struct vg_workload_context *context, const char *param)
{
    double value;
    if (!vg_parse_real(value_of(context, param), &value))
        vg_bug((struct vg_workload_context *)context, "parameter `%s` is not a number", param);
    return value;
}

bool vg_w_bool(const struct vg_workload_context *context, const char *param)
{
    bool value;
    if (!vg_parse_bool(value_of(context, param), &value))
        vg_bug((struct vg_workload_context *)context, "parameter `%s` is neither true nor false", param);
    return value;
}

uint64_t vg_w_hex64(const struct vg_workload_context *context, const char *param)
{
    const char *text = value_of(context, param);
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 16);
    if (errno || end == text || *end != '\0')
        vg_bug((struct vg_workload_context *)context, "parameter `%s` is not a hexadecimal number", param);
    return value;
}

const char *vg_w_text(const struct vg_workload_context *context, const char *param)
{
    return value_of(context, param);
}

void vg_params_settle(struct vg_workload_context *context)
{
    const struct vg_param *params = context->workload->params;
    for (size_t i = 0; params && params[i].name; i++) {
        if (params[i].type != VG_HEX64 || !vg_equal(context->values[i], VG_PARAM_SEED))
            continue;
        if (context->run)
            vg_bug(context, "parameter `%s` was left at `%s`: the host must give its value", params[i].name,
                   VG_PARAM_SEED);
        uint64_t value;
        if (getrandom(&value, sizeof(value), 0) != sizeof(value))
            vg_bug(context, "no random value for parameter `%s`: %s", params[i].name, strerror(errno));
        context->values[i] = vg_format("%016" PRIx64, value);
    }
}
