/* SPDX-License-Identifier: MIT */
/* Formats as the kernel's documents (sysfs-bus-vfio-mdev, sysfs-driver-intel-xe-sriov) and the vendors' describe them;
 * docs/placement-model.md has the list. */
#include <ctype.h>
#include "base/sysfs-text.h"

bool vg_sysfs_number(const char *text, uint64_t most, uint64_t *value)
{
    uint64_t sum = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned digit = (unsigned)(*text - '0');
        if (most < digit || sum > (most - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return sum <= most;
}

/* Copies one line without its end; false after the last one, or if it is too long for the buffer. */
static bool next_line(const char **text, char *line, size_t size, bool *too_long)
{
    size_t length = strcspn(*text, "\n");
    *too_long = length >= size;
    if (!**text || *too_long)
        return false;
    memcpy(line, *text, length);
    line[length] = '\0';
    *text += length + ((*text)[length] == '\n');
    return true;
}

static bool malformed(struct vg_error *err, const char *what, const char *text)
{
    vg_autofree char *shown = vg_printable(text, strnlen(text, 120), 120);
    return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver's %s cannot be read: `%s`", what, shown);
}

bool vg_sysfs_creatable(const char *text, struct vg_sysfs_type *types, unsigned *count, struct vg_error *err)
{
    char line[160];
    bool too_long;
    const char *rest = text;
    *count = 0;
    for (bool first = true; next_line(&rest, line, sizeof(line), &too_long); first = false) {
        char *colon = strstr(line, " : ");
        uint64_t number;
        const char *name = colon ? colon + 3 : "";
        size_t length = strlen(name);
        if (!colon)
            return malformed(err, "list of types", text);
        /* Spaces before the colon line the numbers up. */
        while (colon > line && colon[-1] == ' ')
            colon--;
        colon[0] = '\0';
        if (first && strcmp(line, "ID") == 0)
            continue; /* what the columns are */
        if (!vg_sysfs_number(line, UINT32_MAX, &number) || !length || length >= VG_SYSFS_NAME_MAX ||
            *count == VG_SYSFS_TYPES_MAX)
            return malformed(err, "list of types", text);
        types[*count].number = (unsigned)number;
        memcpy(types[(*count)++].name, name, length + 1);
    }
    return !too_long || malformed(err, "list of types", text);
}

/* "2048M" -> 2048: a number and then exactly this ending. */
static bool with_ending(const char *text, const char *ending, unsigned *value)
{
    char digits[16];
    uint64_t number;
    size_t length = strspn(text, "0123456789");
    if (!length || length >= sizeof(digits) || strcmp(text + length, ending) != 0)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!vg_sysfs_number(digits, UINT32_MAX, &number))
        return false;
    *value = (unsigned)number;
    return true;
}

static bool resolution(const char *text, struct vg_sysfs_description *into)
{
    char width[16];
    const char *by = strchr(text, 'x');
    if (!by || by == text || (size_t)(by - text) >= sizeof(width))
        return false;
    memcpy(width, text, (size_t)(by - text));
    width[by - text] = '\0';
    return with_ending(width, "", &into->width) && with_ending(by + 1, "", &into->height);
}

static bool take_field(const char *key, const char *value, struct vg_sysfs_description *into)
{
    const struct {
        const char *key, *ending;
        unsigned *field;
    } numbers[] = {
        { "num_heads", "", &into->heads },
        { "framebuffer", "M", &into->framebuffer_mib },
        { "max_instance", "", &into->max_instance },
        { "low_gm_size", "MB", &into->low_gm_mib },
        { "high_gm_size", "MB", &into->high_gm_mib },
        { "fence", "", &into->fences },
        { "weight", "", &into->weight },
    };
    for (size_t i = 0; i < VG_COUNT(numbers); i++)
        if (strcmp(key, numbers[i].key) == 0)
            return with_ending(value, numbers[i].ending, numbers[i].field);
    if (strcmp(key, "max_resolution") == 0)
        return resolution(value, into);
    return true; /* drivers say more from version to version */
}

bool vg_sysfs_describe(const char *text, struct vg_sysfs_description *description, struct vg_error *err)
{
    *description = (struct vg_sysfs_description) { 0 };
    vg_autofree char *copy = vg_strdup(text);
    char *rest = copy;
    for (char *part; (part = strsep(&rest, ",\n")) != NULL;) {
        part += strspn(part, " ");
        char *value = part + strcspn(part, "=:");
        if (!*value)
            continue; /* free text, as the kernel's samples have it */
        *value++ = '\0';
        value += strspn(value, " ");
        if (!take_field(part, value, description))
            return malformed(err, "description of a type", text);
    }
    return true;
}

bool vg_sysfs_choice(const char *text, char active[VG_SYSFS_NAME_MAX], struct vg_error *err)
{
    const char *open = strchr(text, '['), *shut = open ? strchr(open, ']') : NULL;
    bool alone = !open && !strpbrk(text, "] \t\n");
    const char *word = alone ? text : shut ? open + 1 : "";
    size_t length = alone ? strlen(text) : shut ? (size_t)(shut - open - 1) : 0;
    if (!length || length >= VG_SYSFS_NAME_MAX || (shut && strchr(shut, '[')) || memchr(word, '[', length))
        return malformed(err, "choice of words", text);
    memcpy(active, word, length);
    active[length] = '\0';
    return true;
}

/* "0x1f" of at most 16 digits; *end behind it. */
static bool hexadecimal(const char *text, const char **end, uint64_t *value)
{
    if (text[0] != '0' || text[1] != 'x')
        return false;
    size_t digits = 0;
    *value = 0;
    for (text += 2; isxdigit((unsigned char)*text); text++, digits++) {
        unsigned digit = (unsigned)(*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
        if (digits == 16)
            return false;
        *value = *value << 4 | digit;
    }
    *end = text;
    return digits > 0;
}

/* "0x1000-0x1fff"; *end behind it. */
static bool span(const char *text, const char **end, struct vg_sysfs_range *range)
{
    return hexadecimal(text, &text, &range->first) && *text == '-' && hexadecimal(text + 1, end, &range->last);
}

/* Decimal bytes, above 0; *end behind them. */
static bool amount(const char *text, const char **end, uint64_t *bytes)
{
    char digits[24];
    size_t length = strspn(text, "0123456789");
    if (length >= sizeof(digits))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    *end = text + length;
    return vg_sysfs_number(digits, UINT64_MAX, bytes) && *bytes;
}

bool vg_sysfs_ranges(const char *text, struct vg_sysfs_range *ranges, unsigned *count, struct vg_error *err)
{
    char line[96];
    bool too_long;
    const char *rest = text;
    *count = 0;
    while (next_line(&rest, line, sizeof(line), &too_long)) {
        struct vg_sysfs_range range = { 0 };
        char *colon = strchr(line, ':');
        const char *at = colon ? colon + 1 + strspn(colon + 1, " \t") : NULL;
        uint64_t number = 0;
        if (colon)
            *colon = '\0';
        bool good = colon && (strcmp(line, "PF") == 0 ||
                              (strncmp(line, "VF", 2) == 0 && vg_sysfs_number(line + 2, 65535, &number) && number));
        good =
            good && *at != '\0' && (strncmp(at, "0x", 2) == 0 ? span(at, &at, &range) : amount(at, &at, &range.bytes));
        /* A size in words may follow. */
        if (!good || (*at && *at != '\t' && *at != ' ') || range.last < range.first || *count == VG_SYSFS_RANGES_MAX)
            return malformed(err, "list of ranges", text);
        range.function = (unsigned)number;
        ranges[(*count)++] = range;
    }
    return !too_long || malformed(err, "list of ranges", text);
}

bool vg_sysfs_hexadecimal(const char *text, uint64_t most, uint64_t *value)
{
    const char *end = text;
    uint64_t number;
    if (!hexadecimal(text, &end, &number) || *end || number > most)
        return false;
    *value = number;
    return true;
}

bool vg_sysfs_list_entry(const char *text, unsigned index, uint64_t most, bool *there, uint64_t *value)
{
    char digits[24];
    for (*there = false; index && *text; index--) {
        text += strcspn(text, ",");
        text += *text == ',';
    }
    size_t length = strcspn(text, ",");
    if (!length)
        return true;
    if (length >= sizeof(digits))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    *there = vg_sysfs_number(digits, most, value);
    return *there;
}

bool vg_sysfs_pci_address(const char *text, struct vg_sysfs_address *address)
{
    const char *form = "xxxx:xx:xx.x";
    size_t length = strlen(form);
    if (strnlen(text, length + 1) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    if (text[11] > '7')
        return false;
    address->domain = (unsigned)strtoul(text, NULL, 16);
    address->bus = (unsigned)strtoul(text + 5, NULL, 16);
    address->slot = (unsigned)strtoul(text + 8, NULL, 16);
    address->function = (unsigned)(text[11] - '0');
    return address->slot < 32;
}

bool vg_sysfs_uuid(const char *text)
{
    if (strnlen(text, 37) != 36)
        return false;
    for (unsigned i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}
