/* SPDX-License-Identifier: MIT */
/* What the agent's files share. The agent is one thread around epoll_wait: the link to the runner, one socket per
 * workload process, and signals. Every buffer is bounded; what cannot be passed on is not read. */
#ifndef VG_AGENT_H
#define VG_AGENT_H

#include <sys/types.h>
#include "base/base.h"

#define VG_LINE_BYTES   65536
#define VG_MAX_CHILDREN 16

/* --- link.c: lines to and from the runner --------------------------------------------------------------------------
 */

/* Samples may fill `bulk`; pongs go into `urgent` and overtake them at the next end of a line. */
struct vg_agent_link {
    int fd;
    bool device; /* a virtio port, which may be without a host; else a socket, whose end is the end */
    bool closed; /* the peer of a socket is gone, or the device failed */
    char input[VG_LINE_BYTES];
    size_t input_used;
    bool input_skip; /* in a line that is too long: skip to its end */
    char bulk[4 * VG_LINE_BYTES];
    size_t bulk_start, bulk_end;
    char urgent[8192];
    size_t urgent_start, urgent_end;
    bool mid_line; /* the last byte that was written belongs to an unfinished line of bulk */
};

/* Reads what is there and calls handle() per line, with the instant of the read. */
void vg_agent_link_read(struct vg_agent_link *link,
                        void (*handle)(void *context, const char *line, size_t length, int64_t read_ns), void *context);
/* Writes what can be written now. */
void vg_agent_link_write(struct vg_agent_link *link);
/* One whole line, newline included. False: no room now. */
bool vg_agent_link_send(struct vg_agent_link *link, const char *line, size_t length);
bool vg_agent_link_send_urgent(struct vg_agent_link *link, const char *line, size_t length);
size_t vg_agent_link_room(const struct vg_agent_link *link);
bool vg_agent_link_waiting(const struct vg_agent_link *link); /* output is left */

/* --- child.c: workload processes -----------------------------------------------------------------------------------
 */

struct vg_agent_child {
    unsigned run;   /* 0: free slot */
    pid_t pid;      /* 0: reaped */
    int status;     /* from waitpid, when reaped */
    int fd;         /* -1: closed */
    bool paused;    /* its socket is not watched, the link is full */
    int64_t end_ns; /* when its `end` was read, 0: not yet */
    size_t used;
    char input[VG_LINE_BYTES];
    size_t end_length; /* its `end`, held back until the process, and with it its GPU memory, is gone */
    char end[VG_LINE_BYTES];
};

/* Starts vgauge-workload for a `start` message. False: could not; the error's text is for the runner. */
bool vg_agent_child_start(struct vg_agent_child *child, unsigned run, const char *program, const char *workload,
                          const json_t *params, struct vg_error *err);
/* Moves whole lines from the child to the link while there is room. Kills a child that breaks the protocol. */
void vg_agent_child_forward(struct vg_agent_child *child, struct vg_agent_link *link);
/* Passes a line of the runner on. A child that does not read is killed. */
void vg_agent_child_tell(struct vg_agent_child *child, const char *line, size_t length);
/* Sends the last message of a child that is gone and frees its slot; false if the link is full or it is not gone. */
bool vg_agent_child_finish(struct vg_agent_child *child, struct vg_agent_link *link);
void vg_agent_child_kill(struct vg_agent_child *child);

/* --- tenant.c: what this tenant is ----------------------------------------------------------------------------------
 */

/* The `hello` message as a line; the caller frees it. */
char *vg_agent_hello(void);
/* Any message object as a line; the caller frees it. */
char *vg_agent_line(json_t *object_stolen);
/* Makes the Vulkan loader take the virtio-gpu driver if this guest has a virtio-gpu and nobody chose a driver. */
void vg_agent_choose_vulkan_driver(void);
/* Ends the tenant: "poweroff" or "reboot". Does not return if this is the first process of a VM. */
/* Tells on stderr what every process is doing. */
void vg_agent_diagnose(void);
void vg_agent_end_tenant(const char *how);

#endif
