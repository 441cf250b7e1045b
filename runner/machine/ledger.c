/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this run has the kernel make that would outlive it: mediated devices, VFs, and what was done with them. Each is
 * in a file of the runtime directory before it is made, so that whoever finds the directory of a killed run can take
 * away just these, and nothing that somebody else made. A line is the path of a mediated device, under the UUID that
 * was drawn for it, or begins with a word and ends with the path of a PCI function (ledger-pci.c) or of a setting
 * (ledger-settings.c). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include "machine/internal.h"

#define LEDGER_NAME "made"
enum { LEDGER_MAX_BYTES = 64 << 20, UUID_LENGTH = 36, BUSY_MS = 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *ledger; /* of the run that this process is; NULL: none */

void vg_ledger_begin(const char *runtime_directory)
{
    pthread_mutex_lock(&lock);
    free(ledger);
    ledger = runtime_directory ? vg_format("%s/" LEDGER_NAME, runtime_directory) : NULL;
    pthread_mutex_unlock(&lock);
}

bool vg_ledger_is_uuid(const char *name)
{
    return strlen(name) == UUID_LENGTH && strspn(name, "0123456789abcdefABCDEF-") == UUID_LENGTH;
}

/* ".../UUID", and nothing that leads elsewhere. */
static bool is_device(const char *path)
{
    const char *name = strrchr(path, '/');
    return path[0] == '/' && vg_ledger_is_uuid(name + 1) && !strstr(path, "/../") && strlen(path) <= 4000;
}

bool vg_ledger_write(const char *line, const char *of, struct vg_error *err)
{
    pthread_mutex_lock(&lock);
    vg_autoclose int fd = ledger ? open(ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    int cause = errno;
    bool wanted = ledger != NULL;
    pthread_mutex_unlock(&lock);
    ssize_t written = fd < 0 ? -1 : write(fd, line, strlen(line));
    if (!wanted || written == (ssize_t)strlen(line))
        return true;
    return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, fd < 0 ? cause : errno,
                         "cannot note that %s is ours, and it must not be made without that", of);
}

bool vg_ledger_note(const char *device, struct vg_error *err)
{
    if (!is_device(device) || vg_exists(device)) /* what is there already is not made now */
        return true;
    vg_autofree char *line = vg_format("%s\n", device);
    return vg_ledger_write(line, device, err);
}

/* A VMM that was killed a moment ago may still hold it; and a driver that says yes may take a moment. */
static void take_away(const char *device)
{
    vg_autofree char *remove = vg_format("%s/remove", device);
    struct vg_error failed = { 0 };
    bool asked = false, there = !vg_is_gone(device);
    if (!there)
        return;
    for (int64_t end_ns = vg_now_ns() + BUSY_MS * VG_NS_PER_MS; there && vg_now_ns() < end_ns;) {
        asked = asked || vg_write_attribute(remove, "1", &failed);
        vg_sleep_ns(5 * VG_NS_PER_MS);
        there = !vg_is_gone(device);
    }
    if (there)
        vg_warn("the mediated device %s of a run that died stays: %s", device,
                asked ? "its driver said that it removed it" : failed.text);
    else
        vg_warn("removed the mediated device %s, which a run that died left behind", strrchr(device, '/') + 1);
}

static char *read_ledger(const char *runtime_directory)
{
    vg_autofree char *path = vg_format("%s/" LEDGER_NAME, runtime_directory), *text = NULL;
    size_t length;
    struct vg_error failed = { 0 };
    if (!vg_exists(path))
        return NULL;
    if (!vg_read_file(path, LEDGER_MAX_BYTES, &text, &length, &failed))
        vg_warn("%s", failed.text);
    return VG_TAKE(text);
}

/* devices: take them away, too. Returns whether none of them is there now. */
static bool undo(const char *runtime_directory, bool devices)
{
    bool gone = true;
    vg_autofree char *text = read_ledger(runtime_directory);
    struct vg_ledger_pci *functions = vg_ledger_pci_new();
    struct vg_ledger_settings *settings = vg_ledger_settings_new();
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (!rest) /* a line that was cut is none: what it was for has not been made */
            break;
        if (is_device(line)) {
            if (devices)
                take_away(line);
            gone = gone && !vg_exists(line);
            continue;
        }
        vg_ledger_pci_take(functions, line);
        vg_ledger_settings_take(settings, line);
    }
    /* After the mediated devices, which may live on VFs; and while there are VFs, what they were given. */
    vg_ledger_pci_release(functions);
    vg_ledger_settings_undo(settings);
    vg_ledger_pci_undo(functions);
    return gone;
}

bool vg_ledger_undo(const char *runtime_directory)
{
    return undo(runtime_directory, true);
}

bool vg_ledger_end(const char *runtime_directory)
{
    vg_ledger_begin(NULL);
    return !runtime_directory || undo(runtime_directory, false);
}
