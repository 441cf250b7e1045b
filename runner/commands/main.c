/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vgauge program: finds the subcommand, lets it run, prints the error if there is one, turns it into the exit
 * status. */
#include <errno.h>
#include "commands/command.h"

const struct cmd_command *const cmd_all[] = {
    &cmd_doctor, &cmd_reap,    &cmd_run,     &cmd_list,     &cmd_describe, &cmd_judge,  &cmd_report,
    &cmd_place,  &cmd_bless,   &cmd_compare, &cmd_overhead, &cmd_diff,     &cmd_gate,   &cmd_baseline,
    &cmd_ab,     &cmd_history, &cmd_certify, &cmd_verify,   &cmd_key,      &cmd_export, NULL,
};

static void help(FILE *out)
{
    fprintf(out, "Usage: vgauge COMMAND [OPTION...]\n"
                 "Conformance and benchmark suite for vGPU implementations.\n\n");
    for (const struct cmd_command *const *each = cmd_all; *each; each++) {
        vg_autofree char *usage = vg_format("%s %s", (*each)->name, (*each)->argument ? (*each)->argument : "");
        fprintf(out, "  vgauge %-16s %s\n", usage, (*each)->summary);
    }
    fprintf(out, "\n`vgauge COMMAND --help` explains a command. `vgauge --version` prints the version.\n\n"
                 "Exit status: 0 nothing to worry about, 1 a failure or a regression, 2 wrong usage or input,\n"
                 "3 a result is invalid or the environment is broken, 4 nothing was tested.\n");
}

static bool dispatch(int argc, char **argv, int *status, struct vg_error *err)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    if (!word)
        return vg_fail(err, VG_ERROR_INPUT, "which command? `vgauge --help` lists them");
    if (vg_equal(word, "--help") || vg_equal(word, "-h") || vg_equal(word, "-?") || vg_equal(word, "help")) {
        help(stdout);
        return true;
    }
    if (vg_equal(word, "--version") || vg_equal(word, "-V")) {
        printf("vgauge %s\n", VG_VERSION);
        return true;
    }
    const char *names[VG_COUNT(cmd_all)];
    size_t count = 0;
    for (; cmd_all[count]; count++) {
        names[count] = cmd_all[count]->name;
        if (!vg_equal(word, names[count]))
            continue;
        *status = cmd_execute(cmd_all[count], argc - 1, argv + 1, err);
        return *status >= 0;
    }
    vg_autofree char *shown = vg_printable(word, strlen(word), 100);
    vg_autofree char *hint = vg_did_you_mean(word, names, count);
    return vg_fail(err, VG_ERROR_INPUT, "vgauge has no %s `%s`%s", word[0] == '-' ? "option" : "command", shown,
                   *hint ? hint : "; `vgauge --help` lists them");
}

/* Errors may quote a console's last lines: each line is made safe to show, the line breaks stay. */
static void print_error(const struct vg_error *err)
{
    const char *head = "vgauge: ";
    for (const char *line = err->text; line; head = "") {
        size_t length = strcspn(line, "\n");
        vg_autofree char *shown = vg_printable(line, length, sizeof(err->text) * 4);
        fprintf(stderr, "%s%s\n", head, shown);
        line = line[length] ? line + length + 1 : NULL;
    }
}

int main(int argc, char **argv)
{
    int status = 0;
    struct vg_error err = { 0 };
    if (!dispatch(argc, argv, &status, &err)) {
        fflush(stdout);
        print_error(&err);
        return vg_error_exit_status(&err);
    }
    /* Output that did not reach its file is no result. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        vg_fail_errno(&err, VG_ERROR_ENVIRONMENT, errno, "cannot write to the standard output");
        print_error(&err);
        return vg_error_exit_status(&err);
    }
    return status;
}
