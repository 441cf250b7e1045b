/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's scheduler as a registry word of the driver: what the word says, what the loaded driver was told, and what it
 * will be told next (sched-knobs.h). */
#include "mechanism/sched-knobs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define KEY      "RmPVMRL"
#define OWN_FILE "vgauge-nvidia.conf"
enum { MOST_CONFIGURATION = 1 << 18 };
enum { SOFTWARE = 1 << 0, BY_SLICE = 1 << 1, UNWEIGHTED = 1 << 3, FIXED = 1 << 4 };
enum { LEAST_HZ = 63, MOST_HZ = 960, MOST_SLICE_MS = 30, MOST_AVERAGING = 60 };

bool vg_nvidia_scheduling_encode(const struct vg_nvidia_scheduling *s, uint32_t *word, struct vg_error *err)
{
    *word = 0;
    if (vg_equal(s->policy, "best-effort"))
        return true;
    if (!vg_equal(s->policy, "equal-share") && !vg_equal(s->policy, "fixed-share"))
        return vg_fail(err, VG_ERROR_REFUSED,
                       "NVIDIA's scheduler knows best-effort, equal-share and fixed-share, not %s",
                       s->policy ? s->policy : "an unnamed policy");
    if (!s->adaptive && s->slice_ms > MOST_SLICE_MS)
        return vg_fail(err, VG_ERROR_REFUSED, "a time slice of %u ms cannot be had: 1 to %d, or 0 for the default",
                       s->slice_ms, MOST_SLICE_MS);
    if (s->adaptive && s->frequency_hz && (s->frequency_hz < LEAST_HZ || s->frequency_hz > MOST_HZ))
        return vg_fail(err, VG_ERROR_REFUSED,
                       "a scheduling frequency of %u Hz cannot be had: %d to %d, or 0 for the default", s->frequency_hz,
                       LEAST_HZ, MOST_HZ);
    if (s->adaptive && s->averaging > MOST_AVERAGING)
        return vg_fail(err, VG_ERROR_REFUSED, "an averaging factor of %u cannot be had: 1 to %d, or 0 for the default",
                       s->averaging, MOST_AVERAGING);
    *word = SOFTWARE | (vg_equal(s->policy, "fixed-share") ? FIXED : 0);
    *word |= s->adaptive ? (uint32_t)s->averaging << 24 | (uint32_t)s->frequency_hz << 12
                         : (uint32_t)BY_SLICE | (uint32_t)s->slice_ms << 16;
    return true;
}

bool vg_nvidia_scheduling_decode(uint32_t word, struct vg_nvidia_scheduling *s, struct vg_error *err)
{
    unsigned share = word >> 4 & 0xf;
    *s = (struct vg_nvidia_scheduling) { .policy = "best-effort" };
    if (!(word & SOFTWARE))
        return true;
    if (share > 1)
        return vg_fail(err, VG_ERROR_ENVIRONMENT, KEY "=0x%08x names the unknown share %u", word, share);
    s->policy = share ? "fixed-share" : "equal-share";
    s->adaptive = !(word & BY_SLICE);
    if (s->adaptive) {
        s->frequency_hz = word >> 12 & 0xfff;
        s->averaging = word >> 24;
    } else {
        s->slice_ms = word >> 16 & 0xff;
    }
    return true;
}

static bool same(const struct vg_nvidia_scheduling *a, const struct vg_nvidia_scheduling *b)
{
    struct vg_error ignored = { 0 };
    uint32_t x, y;
    return vg_nvidia_scheduling_encode(a, &x, &ignored) && vg_nvidia_scheduling_encode(b, &y, &ignored) && x == y;
}

/* --- the driver's way of writing it --- */

struct address {
    unsigned domain, bus, device, function;
};

static bool parse_address(const char *text, size_t length, struct address *address)
{
    char copy[32];
    int used = 0;
    if (length == 0 || length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return sscanf(copy, "%8x:%2x:%2x.%1x%n", &address->domain, &address->bus, &address->device, &address->function,
                  &used) == 4 &&
           !copy[used];
}

static bool same_address(const struct address *a, const struct address *b)
{
    return a->domain == b->domain && a->bus == b->bus && a->device == b->device && a->function == b->function;
}

static bool parse_word(const char *text, size_t length, uint32_t *word)
{
    char copy[16], *end;
    if (length == 0 || length >= sizeof(copy) || !isdigit((unsigned char)*text))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    errno = 0;
    unsigned long long value = strtoull(copy, &end, 0);
    *word = (uint32_t)value;
    return errno == 0 && !*end && value <= UINT32_MAX;
}

/* Looks for the word in "KEY=VALUE;KEY=VALUE" or, with pci, in "pci=ADDRESS;KEY=VALUE;...;pci=ADDRESS;...". The last
 * one counts. False: it is malformed. */
static bool find_word(const char *text, size_t length, const struct address *pci, bool *found, uint32_t *word,
                      struct vg_error *err)
{
    bool here = !pci;
    for (size_t at = 0; at < length;) {
        const char *entry = text + at + strspn(text + at, " ");
        size_t size = strcspn(entry, ";\"\n");
        at = (size_t)(entry - text) + size + 1;
        struct address address;
        if (size > 4 && strncmp(entry, "pci=", 4) == 0) {
            if (!parse_address(entry + 4, size - 4, &address))
                return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver's registry names a malformed PCI address");
            here = pci && same_address(&address, pci);
        } else if (here && size > sizeof(KEY) && strncmp(entry, KEY "=", sizeof(KEY)) == 0) {
            if (!parse_word(entry + sizeof(KEY), size - sizeof(KEY), word))
                return vg_fail(err, VG_ERROR_ENVIRONMENT, "the driver's registry has a malformed " KEY);
            *found = true;
        }
    }
    return true;
}

/* Of a text with lines NAME: "VALUE" or NAME="VALUE": for the pGPU itself before that for all. */
static bool find_setting(const char *text, const char *pci, bool *found, uint32_t *word, struct vg_error *err)
{
    struct address wanted;
    if (!parse_address(pci, strlen(pci), &wanted))
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is no PCI address such as 0000:41:00.0", pci);
    static const char *const names[] = { "RegistryDwordsPerDevice", "RegistryDwords" };
    *found = false;
    for (size_t i = 0; i < VG_COUNT(names) && !*found; i++) {
        for (const char *name = strstr(text, names[i]); name; name = strstr(name + 1, names[i])) {
            const char *value = name + strlen(names[i]);
            value += strspn(value, " :=");
            if (*value != '"' || isalpha((unsigned char)name[strlen(names[i])]))
                continue;
            size_t length = strcspn(value + 1, "\"\n");
            if (!find_word(value + 1, length, i ? NULL : &wanted, found, word, err))
                return false;
        }
    }
    return true;
}

static bool read_text(const char *path, char **text, struct vg_error *err)
{
    size_t length;
    if (vg_read_file(path, MOST_CONFIGURATION, text, &length, err))
        return true;
    err->kind = VG_ERROR_ENVIRONMENT;
    return false;
}

bool vg_nvidia_scheduling_active(const char *root, const char *pci, struct vg_nvidia_scheduling *now,
                                 struct vg_error *err)
{
    vg_autofree char *path = vg_format("%s/proc/driver/nvidia/params", vg_equal(root, "/") ? "" : root);
    vg_autofree char *text = NULL;
    uint32_t word = 0;
    bool found;
    if (!read_text(path, &text, err))
        return vg_wrap(err, "is the NVIDIA driver loaded");
    return find_setting(text, pci, &found, &word, err) && vg_nvidia_scheduling_decode(word, now, err);
}

/* --- what it will be told next --- */

/* In any line that is no comment. */
static bool sets_registry(const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        if (line[strspn(line, " \t")] != '#' &&
            memmem(line, length, "NVreg_RegistryDwords", strlen("NVreg_RegistryDwords")))
            return true;
        line += length + (line[length] == '\n');
    }
    return false;
}

/* A file of somebody else's that has the word would be taken up or not by the order of names. */
static bool is_free(const char *directory, const char *own, struct vg_error *err)
{
    vg_autodir DIR *entries = opendir(directory);
    if (!entries)
        return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot read %s", directory);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        size_t length = strlen(entry->d_name);
        vg_autofree char *path = vg_format("%s/%s", directory, entry->d_name);
        vg_autofree char *text = NULL;
        struct vg_error unreadable = { 0 };
        if (length < 5 || strcmp(entry->d_name + length - 5, ".conf") != 0 || vg_equal(path, own) ||
            !read_text(path, &text, &unreadable))
            continue;
        if (sets_registry(text))
            return vg_fail(err, VG_ERROR_REFUSED,
                           "%s sets the driver's registry; only one file can: add " KEY " there, and restart the host",
                           path);
    }
    return true;
}

static enum vg_refusal configure(const char *directory, const char *path, const char *pci, uint32_t word,
                                 struct vg_error *err)
{
    uint32_t now = 0;
    bool found = false;
    vg_autofree char *before = NULL;
    if (vg_exists(path)) {
        if (!read_text(path, &before, err))
            return VG_REFUSED_ERROR;
        const char *other = strstr(before, "pci=");
        if (other && strncmp(other + 4, pci, strlen(pci)) != 0) {
            vg_fail(err, VG_ERROR_REFUSED, "%s is about another pGPU; add " KEY " for %s there by hand", path, pci);
            return VG_REFUSED_INCOMPATIBLE;
        }
    }
    if (!vg_make_directories(directory, err))
        return VG_REFUSED_ERROR;
    if (!is_free(directory, path, err))
        return err->kind == VG_ERROR_REFUSED ? VG_REFUSED_INCOMPATIBLE : VG_REFUSED_ERROR;
    vg_autofree char *text = vg_format("# Written by vgauge: the scheduler of the vGPUs on %s.\n"
                                       "options nvidia NVreg_RegistryDwordsPerDevice=\"pci=%s;" KEY "=0x%08x\"\n",
                                       pci, pci, word);
    vg_autofree char *read_back = NULL;
    if (!vg_write_file(path, text, strlen(text), err) || !read_text(path, &read_back, err) ||
        !find_setting(read_back, pci, &found, &now, err))
        return VG_REFUSED_ERROR;
    if (found && now == word)
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_ENVIRONMENT, "%s does not read as it was written", path);
    return VG_REFUSED_ERROR;
}

enum vg_refusal vg_nvidia_scheduling_set(const char *root, const char *pci, const struct vg_nvidia_scheduling *wanted,
                                         struct vg_error *err)
{
    uint32_t word;
    struct vg_nvidia_scheduling now;
    if (!vg_nvidia_scheduling_encode(wanted, &word, err))
        return VG_REFUSED_UNSUPPORTED;
    if (!vg_nvidia_scheduling_active(root, pci, &now, err))
        return VG_REFUSED_ERROR;
    if (same(&now, wanted))
        return VG_REFUSED_NOT;
    vg_autofree char *directory = vg_format("%s/etc/modprobe.d", vg_equal(root, "/") ? "" : root);
    vg_autofree char *path = vg_format("%s/" OWN_FILE, directory);
    enum vg_refusal refusal = configure(directory, path, pci, word, err);
    if (refusal != VG_REFUSED_NOT)
        return refusal;
    vg_fail(err, VG_ERROR_REFUSED, "%s is written, but %s is in force on %s until the host is restarted", path,
            now.policy, pci);
    return VG_REFUSED_NEEDS_REBOOT;
}

enum vg_refusal vg_nvidia_scheduling_require(const char *root, const char *pci, const struct vg_host_policy *policy,
                                             struct vg_error *err)
{
    enum { US_PER_MS = 1000 };
    struct vg_nvidia_scheduling wanted = { .policy = policy->name, .slice_ms = policy->slice_us / US_PER_MS }, now;
    struct vg_error ignored = { 0 };
    uint32_t word;
    if (!vg_nvidia_scheduling_encode(&wanted, &word, err))
        return VG_REFUSED_UNSUPPORTED;
    bool known = pci && vg_nvidia_scheduling_active(root, pci, &now, &ignored);
    if (known && vg_equal(now.policy, wanted.policy) && (!wanted.slice_ms || now.slice_ms == wanted.slice_ms))
        return VG_REFUSED_NOT;
    vg_fail(err, VG_ERROR_REFUSED,
            "the scheduler of this driver is chosen by its module's parameter: the policy %s needs " KEY
            "=0x%08x and a reboot; now it is %s",
            policy->name, word, known ? now.policy : "not known");
    return VG_REFUSED_NEEDS_REBOOT;
}
