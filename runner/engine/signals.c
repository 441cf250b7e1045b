/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGINT and SIGTERM become a flag that the engine looks at each turn: an interrupted run still stops its VMs, writes
 * what it has and says so. */
#include <signal.h>
#include <stdatomic.h>
#include "engine/internal.h"

static atomic_bool interrupted;

static void remember(int signal_number)
{
    (void)signal_number;
    atomic_store(&interrupted, true);
}

void vg_engine_catch_signals(void)
{
    /* A handler, not a blocked signal: poll() must wake up, and children start with a clean mask. No SA_RESTART for the
     * same reason. */
    struct sigaction action = { .sa_handler = remember };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup; /* ignored under nohup, and stays so */
    if (sigaction(SIGHUP, NULL, &hangup) < 0 || hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
}

bool vg_engine_interrupted(void)
{
    return atomic_load(&interrupted);
}
