/* SPDX-License-Identifier: MIT */
/* Words: the nearest right one, selection by globs, foreign text made printable, strict numbers. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "base/text.h"

/* Levenshtein distance with transpositions of neighbours (a frequent typing slip) counted as one edit. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > 200 || b_length > 200)
        return a_length > b_length ? a_length : b_length;
    size_t rows[3][201 + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = before[j - 1] + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_before[j - 2] + 1 < best)
                best = two_before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *vg_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t limit = strlen(word) / 3;
    size_t best = (limit > 2 ? limit : 2) + 1;
    for (size_t i = 0; i < count; i++) {
        if (!candidates[i])
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

/* The shortest candidate that holds the word, at its beginning if at_start. A fragment of one or two letters is no hint
 * of anything. */
static const char *holds_word(const char *word, const char *const *candidates, size_t count, bool at_start)
{
    enum { SHORTEST_FRAGMENT = 3 };
    const char *best = NULL;
    for (size_t i = 0; strlen(word) >= SHORTEST_FRAGMENT && i < count; i++) {
        const char *found = candidates[i] ? strcasestr(candidates[i], word) : NULL;
        if (found && (found == candidates[i] || !at_start) && (!best || strlen(candidates[i]) < strlen(best)))
            best = candidates[i];
    }
    return best;
}

char *vg_did_you_mean(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = vg_nearest(word, candidates, count);
    if (!nearest)
        nearest = holds_word(word, candidates, count, true);
    if (!nearest)
        nearest = holds_word(word, candidates, count, false);
    return nearest ? vg_format(", did you mean `%s`?", nearest) : vg_strdup("");
}

bool vg_select(const char *globs, const char *name)
{
    if (!globs || !*globs)
        return true;
    vg_autofree char *copy = vg_strdup(globs);
    bool any_positive = false, selected = false;
    char *rest = copy;
    for (char *glob; (glob = strsep(&rest, ",")) != NULL;) {
        while (*glob == ' ')
            glob++;
        if (!*glob)
            continue;
        if (*glob == '!') {
            if (fnmatch(glob + 1, name, 0) == 0)
                return false;
            continue;
        }
        any_positive = true;
        selected = selected || fnmatch(glob, name, 0) == 0;
    }
    return selected || !any_positive;
}

/* Length of the valid UTF-8 sequence at bytes, 0 if it is not one or is a control character. */
static size_t printable_sequence(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    size_t length = first >= 0xf0 && first <= 0xf4  ? 4
                    : first >= 0xe0 && first < 0xf0 ? 3
                    : first >= 0xc2 && first < 0xe0 ? 2
                                                    : 0;
    if (!length || length > left)
        return 0;
    unsigned long point = first & (0x7f >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    static const unsigned long smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    /* C1 controls, and characters that reorder or hide what a person sees. */
    if (point < 0xa0 || (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
        (point >= 0x2066 && point <= 0x2069) || point == 0xfeff)
        return 0;
    return length;
}

char *vg_printable(const char *bytes, size_t length, size_t max_bytes)
{
    struct vg_text out = { 0 };
    vg_text_add_bytes(&out, "", 0);
    for (size_t i = 0; i < length;) {
        size_t sequence = printable_sequence((const unsigned char *)bytes + i, length - i);
        size_t needed = sequence ? sequence : 4;
        if (out.length + needed > max_bytes) {
            vg_text_add_bytes(&out, "...", 3);
            break;
        }
        if (sequence)
            vg_text_add_bytes(&out, bytes + i, sequence);
        else
            vg_text_add(&out, "\\x%02x", (unsigned char)bytes[i]);
        i += sequence ? sequence : 1;
    }
    return out.data;
}

bool vg_parse_int(const char *text, long long *value)
{
    if (!*text || isspace((unsigned char)*text))
        return false;
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool vg_parse_real(const char *text, double *value)
{
    if (!*text || isspace((unsigned char)*text) || strpbrk(text, "xXnN"))
        return false; /* no hexadecimal, nan, inf */
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    return errno == 0 && *end == '\0' && isfinite(*value);
}

bool vg_parse_bool(const char *text, bool *value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = { { "true", true },   { "yes", true }, { "on", true },
                  { "false", false }, { "no", false }, { "off", false } };
    for (size_t i = 0; i < VG_COUNT(words); i++) {
        if (strcmp(text, words[i].word) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

size_t vg_parse_cpu_list(const char *text, cpu_set_t *set)
{
    CPU_ZERO(set);
    vg_autofree char *copy = vg_strdup(text);
    char *rest = copy;
    for (char *range; (range = strsep(&rest, ",")) != NULL;) {
        char *dash = strchr(range, '-');
        if (dash)
            *dash++ = '\0';
        long long first, last;
        if (!vg_parse_int(range, &first) || !vg_parse_int(dash ? dash : range, &last) || first < 0 || last < first ||
            last >= CPU_SETSIZE)
            return 0;
        for (long long cpu = first; cpu <= last; cpu++)
            CPU_SET((size_t)cpu, set);
    }
    return (size_t)CPU_COUNT(set);
}
