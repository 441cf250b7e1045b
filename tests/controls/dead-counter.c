/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: a source of counters that stands still. Linked into vgauge in place of the VMM's monitor: the first answer
 * to a question is the answer for ever. Who takes no movement for no cost would call any path direct. */
#include "machine/machine.h"

enum { QUESTIONS = 64 };

static struct known {
    const struct vg_vm *vm;
    char *question, *answer;
} known[QUESTIONS];
static unsigned known_count;

bool __real_vg_vm_monitor(struct vg_vm *vm, const char *command, int timeout_ms, char **answer, int64_t *cost_ns,
                          struct vg_error *err);
bool __wrap_vg_vm_monitor(struct vg_vm *vm, const char *command, int timeout_ms, char **answer, int64_t *cost_ns,
                          struct vg_error *err);

/* Only the watching thread asks. */
bool __wrap_vg_vm_monitor(struct vg_vm *vm, const char *command, int timeout_ms, char **answer, int64_t *cost_ns,
                          struct vg_error *err)
{
    for (unsigned i = 0; i < known_count; i++) {
        if (known[i].vm == vm && vg_equal(known[i].question, command)) {
            *answer = vg_strdup(known[i].answer);
            return true;
        }
    }
    bool good = __real_vg_vm_monitor(vm, command, timeout_ms, answer, cost_ns, err);
    if (good && known_count < QUESTIONS)
        known[known_count++] = (struct known) { vm, vg_strdup(command), vg_strdup(*answer) };
    return good;
}
