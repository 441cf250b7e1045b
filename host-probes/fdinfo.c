/* SPDX-License-Identifier: MIT */
/* Keys are "drm-...:", values begin after blanks. Keys that nobody here knows are passed over: drivers may add some. */
#include "fdinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number and, after one blank, a unit out of `units` ("" in it: none is needed). */
static bool take(const char *text, const char *units, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (errno)
        return false;
    if (*end == '\0')
        return *units == ' ';
    if (*end != ' ')
        return false;
    end++;
    size_t length = strlen(end);
    for (const char *at = units; length > 0 && (at = strstr(at, end)) != NULL; at++)
        if ((at == units || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static struct fdinfo_engine *engine_of(struct fdinfo *info, const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= FDINFO_NAME || strpbrk(name, " ,\"\t"))
        return NULL;
    for (unsigned i = 0; i < info->engine_count; i++)
        if (strcmp(info->engines[i].name, name) == 0)
            return &info->engines[i];
    if (info->engine_count == FDINFO_ENGINES)
        return NULL;
    struct fdinfo_engine *engine = &info->engines[info->engine_count++];
    *engine = (struct fdinfo_engine) { .capacity = 1 };
    memcpy(engine->name, name, length + 1);
    return engine;
}

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static bool copy_word(char to[FDINFO_NAME], const char *value)
{
    if (!*value || strlen(value) >= FDINFO_NAME || strpbrk(value, " ,\"\t\033"))
        return false;
    snprintf(to, FDINFO_NAME, "%s", value);
    return true;
}

static bool take_engine(struct fdinfo *info, const char *name, const char *value, bool capacity)
{
    uint64_t number;
    struct fdinfo_engine *engine = take(value, capacity ? " " : "ns", &number) ? engine_of(info, name) : NULL;
    if (!engine || (capacity && (number == 0 || number > 1024)))
        return false;
    if (capacity) {
        engine->capacity = (unsigned)number;
    } else {
        engine->busy_ns = number;
        engine->has_busy = true;
    }
    return true;
}

static bool take_key(struct fdinfo *info, const char *key, const char *value)
{
    const char *name;
    uint64_t ignored;
    if (strcmp(key, "drm-driver") == 0)
        return copy_word(info->driver, value);
    if (strcmp(key, "drm-pdev") == 0)
        return copy_word(info->device, value);
    if (strcmp(key, "drm-client-id") == 0)
        return info->has_client = take(value, " ", &info->client);
    if ((name = after(key, "drm-engine-capacity-")) != NULL)
        return take_engine(info, name, value, true);
    if ((name = after(key, "drm-engine-")) != NULL)
        return take_engine(info, name, value, false);
    if (after(key, "drm-cycles-") || after(key, "drm-total-cycles-"))
        return take(value, " ", &ignored);
    if (after(key, "drm-maxfreq-"))
        return take(value, " Hz KHz MHz", &ignored);
    if (after(key, "drm-memory-") || after(key, "drm-total-") || after(key, "drm-shared-") ||
        after(key, "drm-resident-") || after(key, "drm-purgeable-") || after(key, "drm-active-"))
        return take(value, " KiB MiB", &ignored);
    return true;
}

void fdinfo_parse(char *text, struct fdinfo *info)
{
    *info = (struct fdinfo) { 0 };
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "drm-", 4) != 0)
            continue;
        *colon = '\0';
        char *value = colon + 1 + strspn(colon + 1, " \t");
        size_t length = strlen(value);
        while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
            value[--length] = '\0';
        info->drm = true;
        info->malformed += !take_key(info, line, value);
    }
}
