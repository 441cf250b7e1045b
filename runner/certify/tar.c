/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headers of tar in the one form that a package has. Reading compares with what writing would have made: whatever a
 * header could hide (an owner, a time, an extension, a link, bytes that no program looks at) is then not there. */
#include "certify/package.h"

/* POSIX.1-1988 ustar. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
        user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == CERT_BLOCK_BYTES, "a header of tar is one block");

/* Where libarchive splits a name that does not fit into `name`: at the first slash that leaves at most 100 bytes. */
static size_t prefix_length(const char *name, size_t length)
{
    if (length <= sizeof(((struct header *)0)->name))
        return 0;
    const char *slash = strchr(name + length - sizeof(((struct header *)0)->name) - 1, '/');
    return slash ? (size_t)(slash - name) : 0;
}

static void set_digits(char *field, size_t digits, uint64_t value)
{
    for (size_t i = digits; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
}

bool cert_header_make(const char *name, uint64_t bytes, unsigned char block[CERT_BLOCK_BYTES])
{
    struct header header = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
    size_t length = strlen(name), prefix = prefix_length(name, length), rest = prefix ? length - prefix - 1 : length;
    if (rest > sizeof(header.name) || prefix > sizeof(header.prefix) || bytes > CERT_FILE_MAX_BYTES)
        return false;
    memcpy(header.name, name + length - rest, rest);
    memcpy(header.prefix, name, prefix);
    memcpy(header.mode, "000644 ", 7);
    memcpy(header.uid, "000000 ", 7);
    memcpy(header.gid, "000000 ", 7);
    memcpy(header.major, "000000 ", 7);
    memcpy(header.minor, "000000 ", 7);
    set_digits(header.size, 11, bytes);
    set_digits(header.mtime, 11, 0);
    header.size[11] = header.mtime[11] = ' ';
    memset(header.checksum, ' ', sizeof(header.checksum));
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(header); i++)
        sum += ((const unsigned char *)&header)[i];
    set_digits(header.checksum, 6, sum);
    header.checksum[6] = '\0';
    memcpy(block, &header, sizeof(header));
    return true;
}

/* What an entry is that is no regular file. */
static const char *kind(char type)
{
    switch (type) {
    case '1':
        return "a hard link";
    case '2':
        return "a symbolic link";
    case '3':
    case '4':
        return "a device";
    case '5':
        return "a directory";
    case '6':
        return "a FIFO";
    case 'x':
    case 'g':
        return "an extension of tar (pax)";
    case 'L':
    case 'K':
    case 'S':
        return "an extension of tar (GNU)";
    default:
        return "of an unknown type";
    }
}

static void read_name(const struct header *header, char name[CERT_NAME_MAX_BYTES + 2])
{
    size_t prefix = strnlen(header->prefix, sizeof(header->prefix)),
           length = strnlen(header->name, sizeof(header->name));
    memcpy(name, header->prefix, prefix);
    if (prefix)
        name[prefix++] = '/';
    memcpy(name + prefix, header->name, length);
    name[prefix + length] = '\0';
}

static bool read_size(const struct header *header, uint64_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < 11; i++) {
        if (header->size[i] < '0' || header->size[i] > '7')
            return false;
        *bytes = *bytes << 3 | (uint64_t)(header->size[i] - '0');
    }
    return header->size[11] == ' ';
}

bool cert_header_read(const unsigned char block[CERT_BLOCK_BYTES], char name[CERT_NAME_MAX_BYTES + 2], uint64_t *bytes,
                      struct vg_error *err)
{
    struct header header;
    unsigned char only[CERT_BLOCK_BYTES];
    memcpy(&header, block, sizeof(header));
    if (memcmp(header.magic, "ustar", 6) != 0 || memcmp(header.version, "00", 2) != 0)
        return vg_fail(err, VG_ERROR_INPUT, "what stands where the header of a file should be is none");
    read_name(&header, name);
    vg_autofree char *shown = vg_printable(name, strlen(name), 300);
    if (header.type != '0')
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is %s, and a package holds regular files only", shown,
                       kind(header.type));
    const char *trouble = cert_name_trouble(name);
    if (trouble)
        return vg_fail(err, VG_ERROR_INPUT, "the name `%s` %s", shown, trouble);
    if (!read_size(&header, bytes))
        return vg_fail(err, VG_ERROR_INPUT, "the size of `%s` is not a number of eleven octal digits", shown);
    if (*bytes > CERT_FILE_MAX_BYTES)
        return vg_fail(err, VG_ERROR_INPUT, "`%s` has %llu bytes; the most that a file may have is %llu", shown,
                       (unsigned long long)*bytes, (unsigned long long)CERT_FILE_MAX_BYTES);
    if (!cert_header_make(name, *bytes, only) || memcmp(only, block, sizeof(only)) != 0)
        return vg_fail(err, VG_ERROR_INPUT,
                       "the header of `%s` is not as vgauge writes it: mode, owner, time or another field was changed",
                       shown);
    return true;
}
