/* SPDX-License-Identifier: MIT */
/* Time and quantities as people read them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

void vg_sleep_ns(int64_t duration_ns)
{
    if (duration_ns <= 0)
        return;
    struct timespec left = { .tv_sec = duration_ns / VG_NS_PER_S, .tv_nsec = duration_ns % VG_NS_PER_S };
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
}

static struct tm utc_now(void)
{
    time_t now = time(NULL);
    struct tm utc = { 0 };
    gmtime_r(&now, &utc); /* fails only for years that do not fit an int */
    return utc;
}

char *vg_wall_time(void)
{
    struct tm utc = utc_now();
    char text[64];
    return vg_strdup(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) ? text : "unknown-time");
}

char *vg_wall_time_compact(void)
{
    struct tm utc = utc_now();
    char text[64];
    return vg_strdup(strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc) ? text : "unknown-time");
}

char *vg_duration_text(double seconds)
{
    if (seconds < 0.9995)
        return vg_format("%.0f ms", seconds * 1e3);
    if (seconds < 9.95)
        return vg_format("%.1f s", seconds);
    if (seconds < 59.5)
        return vg_format("%.0f s", seconds);
    long whole = lround(seconds);
    if (whole < 3600)
        return vg_format("%ld m %02ld s", whole / 60, whole % 60);
    return vg_format("%ld h %02ld m", whole / 3600, whole / 60 % 60);
}

/* The number with three significant digits at least, without an exponent where people would not expect one. */
static char *plain_number(double value)
{
    double size = fabs(value);
    if (value == floor(value) && size < 1e7)
        return vg_format("%.0f", value);
    if (size >= 1000)
        return vg_format("%.0f", value);
    if (size >= 100)
        return vg_format("%.1f", value);
    if (size >= 10)
        return vg_format("%.2f", value);
    if (size >= 0.01)
        return vg_format("%.3f", value);
    return vg_format("%.3g", value);
}

char *vg_quantity_text(double value, const char *unit)
{
    static const struct {
        const char *unit;
        double factor;
        const char *scaled[5]; /* by factor each */
    } scales[] = {
        { "ns", 1000, { "ns", "us", "ms", "s", NULL } },
        { "bytes", 1024, { "B", "KiB", "MiB", "GiB", "TiB" } },
        { "bytes/s", 1000, { "B/s", "kB/s", "MB/s", "GB/s", "TB/s" } },
    };
    if (!isfinite(value))
        return vg_strdup("-");
    if (!unit || !*unit || vg_equal(unit, "1"))
        return plain_number(value);
    for (size_t i = 0; i < VG_COUNT(scales); i++) {
        if (!vg_equal(unit, scales[i].unit))
            continue;
        size_t step = 0;
        while (step + 1 < 5 && scales[i].scaled[step + 1] && fabs(value) >= scales[i].factor * 0.9995) {
            value /= scales[i].factor;
            step++;
        }
        vg_autofree char *number = plain_number(value);
        return vg_format("%s %s", number, scales[i].scaled[step]);
    }
    vg_autofree char *number = plain_number(value);
    return vg_format("%s %s", number, unit);
}
