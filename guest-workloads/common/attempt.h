/* SPDX-License-Identifier: MIT */
/* An attack may end the process that makes it: the driver aborts, the device is lost, nothing ever comes back. It is
 * made in a child process, and the workload looks at what became of that. */
#ifndef VG_ATTEMPT_H
#define VG_ATTEMPT_H

#include "common/workload.h"

enum vg_attempt_end {
    VG_ATTEMPT_DONE,     /* the function returned */
    VG_ATTEMPT_STOPPED,  /* it ended through vg_w_fail() or its kin: an error of the API was reported to it */
    VG_ATTEMPT_SIGNAL,   /* killed by a signal: the driver gave up inside its process */
    VG_ATTEMPT_TIME_OUT, /* it was still busy after its time and was killed */
};

struct vg_attempt {
    enum vg_attempt_end end;
    int signal;        /* of VG_ATTEMPT_SIGNAL */
    char message[200]; /* of VG_ATTEMPT_STOPPED: what vg_w_fail() was told */
};

/* Zeroed memory that a child shares with this process; never freed. */
void *vg_attempt_shared(size_t bytes);
/* Runs function(context, argument) in a child of its own. The child has the parameters of the workload but no link:
 * facts, marks and samples that it sends go nowhere. The parent must have no GPU open, for drivers do not survive a
 * fork. Ends early when the workload is asked to stop. */
struct vg_attempt vg_attempt_run(struct vg_workload_context *context,
                                 void (*function)(struct vg_workload_context *context, void *argument), void *argument,
                                 int timeout_s);
/* "killed by signal 6", for sentences. Static memory of the attempt. */
const char *vg_attempt_text(struct vg_attempt *attempt);

#endif
