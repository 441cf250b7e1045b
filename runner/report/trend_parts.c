/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all forms of a trend share. */
#include "report/parts.h"

struct vg_trend_name vg_trend_name_parts(const char *name)
{
    const char *first = strchr(name, '/'), *second = first ? strchr(first + 1, '/') : NULL;
    if (!second)
        return (struct vg_trend_name) { name, name, name, 0, 0 };
    return (struct vg_trend_name) {
        .test = name,
        .configuration = first + 1,
        .metric = second + 1,
        .test_length = (int)(first - name),
        .configuration_length = (int)(second - first - 1),
    };
}

char *vg_trend_time(int64_t seconds)
{
    char text[64] = "";
    time_t instant = (time_t)seconds;
    struct tm broken;
    if (gmtime_r(&instant, &broken))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
    return vg_strdup(text);
}

char *vg_trend_environment(const struct vg_trends *trends, const struct vg_trend *trend)
{
    const char *text = trends->environments[trend->environment];
    vg_autofree char *digest = vg_digest(text, strlen(text));
    const char *digits = strchr(digest, ':');
    return vg_format("%.12s", digits ? digits + 1 : digest);
}
