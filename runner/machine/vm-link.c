/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host end of the virtio-serial port, which QEMU listens on. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "machine/internal.h"

#define RETRY_NS (5 * VG_NS_PER_MS)

int vg_vm_connect_link(struct vg_vm *vm, int timeout_ms, struct vg_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(vm->link_socket) >= sizeof(address.sun_path)) {
        vg_fail(err, VG_ERROR_INPUT, "the path of the link socket is too long: %s", vm->link_socket);
        return -1;
    }
    memcpy(address.sun_path, vm->link_socket, strlen(vm->link_socket));
    int64_t deadline_ns = vg_now_ns() + timeout_ms * VG_NS_PER_MS;
    for (;;) {
        vg_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            vg_fail_errno(err, VG_ERROR_ENVIRONMENT, errno, "cannot make a socket for the link to %s", vm->name);
            return -1;
        }
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
            int connected = fd;
            fd = -1;
            return connected;
        }
        int cause = errno;
        const char *why = NULL;
        if (!vg_vm_alive(vm, &why)) {
            vg_fail(err, VG_ERROR_TENANT, "the VM %s ended before its link was connected: %s", vm->name, why);
            return -1;
        }
        /* Not there yet, not listening yet, or its one place in the queue taken. */
        bool may_come = cause == ENOENT || cause == ECONNREFUSED || cause == EAGAIN || cause == EINTR;
        if (!may_come || vg_now_ns() > deadline_ns) {
            vg_fail_errno(err, VG_ERROR_ENVIRONMENT, cause, "cannot connect to the link socket %s of %s",
                          vm->link_socket, vm->name);
            return -1;
        }
        vg_sleep_ns(RETRY_NS);
    }
}
