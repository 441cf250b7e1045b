/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names in a package. A grammar first, which keeps every name below the directory that it is unpacked to on any system;
 * then a list: a package holds the files that vgauge puts there, and no other. */
#include "certify/package.h"

#include <ctype.h>
#include <fnmatch.h>

enum { COMPONENT_MAX_BYTES = 100, DEPTH_MAX = 6 };

static const char *component_trouble(const char *component, size_t length)
{
    if (length == 0)
        return "has an empty part";
    if (length == 2 && memcmp(component, "..", 2) == 0)
        return "leads out of the package (`..`)";
    if (length > COMPONENT_MAX_BYTES)
        return "has a part of more than 100 bytes";
    if (component[0] == '.' || component[0] == '-')
        return "has a part that begins with a dot or a dash";
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)component[i] >= 0x80 ||
            !(isalnum((unsigned char)component[i]) || strchr("_.-", component[i])))
            return "holds other characters than letters, digits and \"_.-\"";
    return memmem(component, length, "..", 2) ? "holds two dots in a row" : NULL;
}

const char *cert_name_trouble(const char *name)
{
    if (name[0] == '\0')
        return "is empty";
    if (name[0] == '/')
        return "is absolute";
    if (strlen(name) > CERT_NAME_MAX_BYTES)
        return "is longer than 255 bytes";
    unsigned depth = 0;
    for (const char *part = name;; depth++) {
        size_t length = strcspn(part, "/");
        const char *trouble = component_trouble(part, length);
        if (trouble)
            return trouble;
        if (part[length] == '\0')
            return depth < DEPTH_MAX ? NULL : "lies too deep";
        part += length + 1;
    }
}

bool cert_name_allowed(const char *name)
{
    static const char *const patterns[] = {
        CERT_SIGNER,
        CERT_STATEMENT,
        CERT_DOCUMENT,
        CERT_PAPER,
        CERT_RUN "run.json",
        CERT_RUN "results.json",
        CERT_RUN "requirements.json",
        CERT_RUN "expectations.json",
        CERT_RUN "journal.jsonl",
        CERT_RUN "tests/*/test.json",
        CERT_RUN "tests/*/*/measurements.json",
        CERT_RUN "tests/*/*/verdict.json",
        CERT_RUN "tests/*/*/*.csv", /* raw samples */
        CERT_RUN "tests/*/*/*.xml", /* domains */
        CERT_RUN "tests/*/*/*.log", /* consoles, the host's */
    };
    if (cert_name_trouble(name))
        return false;
    for (size_t i = 0; i < VG_COUNT(patterns); i++)
        if (fnmatch(patterns[i], name, FNM_PATHNAME) == 0)
            return true;
    return false;
}
