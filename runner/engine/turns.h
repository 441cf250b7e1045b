/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs that live at the same time and measure in turn, phase by phase: what the machine does to one it does to the
 * other a moment later, so that a ratio of the two is free of it (`vgauge ab --turns`). A token travels over a socket;
 * whoever holds it runs, the other one waits with everything booted and idle. The order is A1 B1, B2 A2, A3 B3, ...:
 * what changes evenly over time adds nothing to the sum of two pairs. */
#ifndef VG_TURNS_H
#define VG_TURNS_H

#include <stdbool.h>
#include "base/base.h"

struct vg_turns {
    int fd;
    bool first;     /* begins */
    bool mine;      /* the token is here */
    bool alone;     /* the other run is over: no more turns */
    unsigned taken; /* turns so far */
};

/* spec: "first:FD" or "second:FD", FD one end of a stream socket pair that the process inherited. */
bool vg_turns_open(struct vg_turns *turns, const char *spec, struct vg_error *err);
/* Hands the token over if it is the other's turn. */
void vg_turns_pass(struct vg_turns *turns);
/* Waits at most timeout_ms for the token. True: it is here, or nobody is left to wait for. */
bool vg_turns_poll(struct vg_turns *turns, int timeout_ms);

#endif
