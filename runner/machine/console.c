/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a guest prints: shown safely, and never more of it than the disk should hold. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "machine/internal.h"

#define FILE_LIMIT_BYTES (16L << 20)
#define TAIL_BYTES       16384

/* The writers append, so that after the cut they go on at the new end. */
static void bound_file(const char *path)
{
    vg_autoclose int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= FILE_LIMIT_BYTES)
        return;
    static const char note[] = "[vgauge: more than 16 MiB were printed here; what came before is gone]\n";
    if (ftruncate(fd, 0) < 0 || write(fd, note, sizeof(note) - 1) < 0)
        vg_warn("%s grows without end and cannot be cut: %m", path);
}

void vg_vm_bound_files(const struct vg_vm *vm)
{
    bound_file(vm->console_file);
    bound_file(vm->log_file);
}

char *vg_file_tail(const char *path, unsigned lines)
{
    vg_autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    struct stat status;
    char buffer[TAIL_BYTES];
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !lines)
        return vg_strdup("");
    off_t start = status.st_size > TAIL_BYTES ? status.st_size - TAIL_BYTES : 0;
    ssize_t got = pread(fd, buffer, sizeof(buffer), start);
    if (got <= 0)
        return vg_strdup("");
    while (got > 0 && (buffer[got - 1] == '\n' || buffer[got - 1] == '\r'))
        got--;
    ssize_t first = got;
    for (unsigned found = 0; first > 0; first--)
        if (buffer[first - 1] == '\n' && ++found == lines)
            break;
    vg_autotext struct vg_text text = { 0 };
    vg_text_add(&text, "%s", "");
    for (ssize_t i = first; i < got;) {
        ssize_t end = i;
        while (end < got && buffer[end] != '\n')
            end++;
        ssize_t shown = end;
        while (shown > i && buffer[shown - 1] == '\r')
            shown--;
        vg_autofree char *line = vg_printable(buffer + i, (size_t)(shown - i), 1024);
        vg_text_add(&text, "%s%s", i == first ? "" : "\n", line);
        i = end + 1;
    }
    return VG_TAKE(text.data);
}

char *vg_console_tail(const char *console_file, unsigned lines)
{
    return vg_file_tail(console_file, lines);
}

char *vg_vm_log_tail(struct vg_vm *vm, unsigned lines)
{
    return vg_file_tail(vm->log_file, lines);
}
