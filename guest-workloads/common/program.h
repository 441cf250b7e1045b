/* SPDX-License-Identifier: MIT */
/* Programs of others that run in a tenant: started, timed, and what they print is kept, in bounds. */
#ifndef VG_PROGRAM_H
#define VG_PROGRAM_H

#include "common/workload.h"

#define VG_PROGRAM_OUTPUT 65536

struct vg_program {
    char output[VG_PROGRAM_OUTPUT]; /* standard output and error, the first so many bytes; terminated */
    size_t length;
    bool timed_out;
    int signal; /* that ended it; 0: it ended by itself, with `status` */
    int status;
    char how[200];
};

/* Runs argv[0], found in PATH, to its end, or kills it after timeout_s or when the workload is asked to stop. Ends the
 * workload if it cannot be started. */
void vg_program_run(struct vg_workload_context *context, const char *const *argv, int timeout_s,
                    struct vg_program *program);
/* How it ended, and the last line that it printed: "ended with status 1 (no display)". Lives as long as the program. */
const char *vg_program_text(struct vg_program *program);
/* What follows `word` in the first line of `text` that has it, without blanks around it; false if no line has it. */
bool vg_program_value(const char *text, const char *word, char *value, size_t size);
/* What follows the last `word` in `text` and blanks, up to one of the characters in `ends`; false if it is not there.
 */
bool vg_program_last(const char *text, const char *word, const char *ends, char *value, size_t size);
/* The next word of a list that blanks separate; false at its end. */
bool vg_program_next(const char **list, char *word, size_t size);
/* A name for a check, of anything: lower-case letters, digits and single hyphens. */
void vg_program_check_name(const char *text, char *name, size_t size);

#endif
