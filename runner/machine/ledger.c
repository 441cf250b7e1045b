/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this run has the kernel make that would outlive it: mediated devices. Each is in a file of the runtime directory
 * before it is made, under the UUID that was drawn for it, so that whoever finds the directory of a killed run can take
 * away just these, and nothing that somebody else made. */
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

/* ".../UUID", and nothing that leads elsewhere. */
static bool is_device(const char *path)
{
    size_t length = strlen(path);
    const char *name = strrchr(path, '/');
    if (path[0] != '/' || !name || strlen(name + 1) != UUID_LENGTH || strstr(path, "/../") || length > 4000)
        return false;
    return strspn(name + 1, "0123456789abcdefABCDEF-") == UUID_LENGTH;
}

bool vg_ledger_note(const char *device, struct vg_error *err)
{
    if (!is_device(device) || vg_exists(device)) /* what is there already is not made now */
        return true;
    pthread_mutex_lock(&lock);
    vg_autoclose int fd = ledger ? open(ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    int cause = errno;
    bool wanted = ledger != NULL;
    pthread_mutex_unlock(&lock);
    vg_autofree char *line = vg_format("%s\n", device);
    ssize_t written = fd < 0 ? -1 : write(fd, line, strlen(line));
    if (!wanted || written == (ssize_t)strlen(line))
        return true;
    return vg_fail_errno(err, VG_ERROR_ENVIRONMENT, fd < 0 ? cause : errno,
                         "cannot note that %s is ours, and it must not be made without that", device);
}

/* A VMM that was killed a moment ago may still hold it; and a driver that says yes may take a moment. */
static void take_away(const char *device)
{
    vg_autofree char *remove = vg_format("%s/remove", device);
    struct vg_error failed = { 0 };
    bool asked = false, there = vg_exists(device);
    if (!there)
        return;
    for (int64_t end_ns = vg_now_ns() + BUSY_MS * VG_NS_PER_MS; there && vg_now_ns() < end_ns;) {
        asked = asked || vg_write_attribute(remove, "1", &failed);
        vg_sleep_ns(5 * VG_NS_PER_MS);
        there = vg_exists(device);
    }
    if (there)
        vg_warn("the mediated device %s of a run that died stays: %s", device,
                asked ? "its driver said that it removed it" : failed.text);
    else
        vg_warn("removed the mediated device %s, which a run that died left behind", strrchr(device, '/') + 1);
}

void vg_ledger_undo(const char *runtime_directory)
{
    vg_autofree char *path = vg_format("%s/" LEDGER_NAME, runtime_directory), *text = NULL;
    size_t length;
    struct vg_error failed = { 0 };
    if (!vg_exists(path))
        return;
    if (!vg_read_file(path, LEDGER_MAX_BYTES, &text, &length, &failed)) {
        vg_warn("%s", failed.text);
        return;
    }
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (rest && is_device(line)) /* a line that was cut is none: what it was for has not been made */
            take_away(line);
}
