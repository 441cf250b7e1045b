/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where two JSON documents differ first, in words that lead there. */
#include "certify/internal.h"

#include <math.h>

enum { SHOWN_BYTES = 120, DEPTH_MAX = 64 };
static const double rounding = 1e-9;

static char *shown(const json_t *json)
{
    if (!json)
        return vg_strdup("nothing");
    vg_autofree char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    return text ? vg_printable(text, strlen(text), SHOWN_BYTES) : vg_strdup("?");
}

static char *differ(const char *path, const json_t *found, const json_t *expected)
{
    vg_autofree char *one = shown(found), *other = shown(expected);
    return vg_format("%s is %s, not %s", *path ? path : "it", one, other);
}

static bool same_number(const json_t *found, const json_t *expected)
{
    if (json_is_integer(found) && json_is_integer(expected))
        return json_integer_value(found) == json_integer_value(expected);
    double a = json_number_value(found), b = json_number_value(expected);
    return a == b || fabs(a - b) <= rounding * fmax(fabs(a), fabs(b));
}

static char *compare(const char *path, const json_t *found, const json_t *expected, unsigned depth)
{
    if (!found || !expected || depth > DEPTH_MAX)
        return differ(path, found, expected);
    if (json_is_number(found) && json_is_number(expected))
        return same_number(found, expected) ? NULL : differ(path, found, expected);
    if (json_typeof(found) != json_typeof(expected))
        return differ(path, found, expected);
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_object(found)) {
        json_object_foreach((json_t *)expected, key, member)
        {
            vg_autofree char *inside = vg_format("%s%s%s", path, *path ? "." : "", key);
            char *difference = compare(inside, json_object_get(found, key), member, depth + 1);
            if (difference)
                return difference;
        }
        json_object_foreach((json_t *)found, key, member)
        {
            vg_autofree char *foreign = vg_printable(key, strlen(key), SHOWN_BYTES);
            vg_autofree char *inside = vg_format("%s%s%s", path, *path ? "." : "", foreign);
            if (!json_object_get(expected, key))
                return differ(inside, member, NULL);
        }
        return NULL;
    }
    if (json_is_array(found)) {
        json_array_foreach(expected, index, member)
        {
            vg_autofree char *inside = vg_format("%s[%zu]", path, index);
            char *difference = compare(inside, json_array_get(found, index), member, depth + 1);
            if (difference)
                return difference;
        }
        vg_autofree char *inside = vg_format("%s[%zu]", path, json_array_size(expected));
        return json_array_size(found) > json_array_size(expected)
                   ? differ(inside, json_array_get(found, json_array_size(expected)), NULL)
                   : NULL;
    }
    return json_equal(found, expected) ? NULL : differ(path, found, expected);
}

char *cert_difference(const json_t *found, const json_t *expected)
{
    return compare("", found, expected, 0);
}
