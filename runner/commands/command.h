/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: what a subcommand is. It says which options it takes and what it does; reading the command
 * line, help, and printing the one error sentence are the same for all. */
#ifndef VG_COMMAND_H
#define VG_COMMAND_H

#include <argp.h>
#include "base/base.h"
#include "record/record.h"

struct cmd_command {
    const char *name;
    const char *summary;  /* one line, for `vgauge --help` */
    const char *doc;      /* what `vgauge NAME --help` says more */
    const char *argument; /* "RUN", "[KIND]" (optional), "RUN..." (one or more), "A B" (two); NULL: takes none */
    const struct argp_option *options;
    size_t options_size; /* of the struct that the two functions share; zeroed before */
    bool (*option)(void *options, int key, const char *value, struct vg_error *err);
    /* The exit status, or -1 with the error set. */
    int (*run)(void *options, const char *argument, struct vg_error *err);
    void (*release)(void *options); /* frees what the options own; NULL: nothing */
    /* Commands of its own, ended by NULL: the word behind its name says which. Then nothing above but the first three
     * is looked at. */
    const struct cmd_command *const *verbs;
};

extern const struct cmd_command cmd_doctor, cmd_reap, cmd_run, cmd_list, cmd_describe, cmd_judge, cmd_report, cmd_place,
    cmd_bless, cmd_compare, cmd_overhead, cmd_diff, cmd_gate, cmd_baseline, cmd_ab, cmd_history, cmd_certify,
    cmd_verify, cmd_key, cmd_export;

extern const struct cmd_command *const cmd_all[]; /* ends with NULL */

/* Reads argv (argv[0] is the command's name) and runs it. */
int cmd_execute(const struct cmd_command *command, int argc, char **argv, struct vg_error *err);
/* The command line for the record: "vgauge", the command, then what was given in its one long spelling
 * ("--set=TEST.PARAM=VALUE"), in order. */
extern char **cmd_arguments;
extern unsigned cmd_argument_count;

/* All operands of the command line, in order; the command's `argument` is the first of them. */
extern const char **cmd_operands;
extern unsigned cmd_operand_count;

/* The suites, from where vg_catalog_directory finds them. */
struct vg_catalog *cmd_catalog(struct vg_error *err);
VG_DEFINE_CLEANUP(cmd_cleanup_catalog, struct vg_catalog *, vg_catalog_free)
VG_DEFINE_CLEANUP(cmd_cleanup_host, struct vg_host *, vg_host_free)
VG_DEFINE_CLEANUP(cmd_cleanup_results, struct vg_results *, vg_results_free)
VG_DEFINE_CLEANUP(cmd_cleanup_run, struct vg_run *, vg_run_free)
#define cmd_autorun     VG_CLEANUP(cmd_cleanup_run)
#define cmd_autocatalog VG_CLEANUP(cmd_cleanup_catalog)
#define cmd_autohost    VG_CLEANUP(cmd_cleanup_host)
#define cmd_autoresults VG_CLEANUP(cmd_cleanup_results)

/* A clear sentence for what is not a run directory, before anything reads further. */
bool cmd_check_run(const char *directory, struct vg_error *err);
/* Colour belongs on a terminal whose owner has not said otherwise (NO_COLOR, TERM=dumb). */
bool cmd_colour(FILE *out);
void cmd_print_json(json_t *json_stolen);
/* Who does this: as given, else the account and the machine. Caller frees. */
char *cmd_signer(const char *given);
/* "a, b, c", or otherwise if there are none. Caller frees. */
char *cmd_words(const struct vg_words *words, const char *otherwise);

/* --- aligned columns ------------------------------------------------------------------------------------------------
 */

struct cmd_table {
    const char *const *headers; /* ends with NULL */
    char **cells;               /* row by row */
    size_t cell_count;
};
void cmd_table_add(struct cmd_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cmd_table_print(const struct cmd_table *table, FILE *out);
/* Rows as objects, keys are the headers in lower case. */
json_t *cmd_table_to_json(const struct cmd_table *table);
void cmd_table_free(struct cmd_table *table);
#define cmd_autotable VG_CLEANUP(cmd_table_free)
/* Columns that text takes on a terminal: UTF-8 sequences count once. */
int cmd_width(const char *text);

/* --- descriptors as documents ---------------------------------------------------------------------------------------
 */

json_t *cmd_descriptor_to_json(const struct vg_descriptor *descriptor);
void cmd_descriptor_print(const struct vg_descriptor *descriptor);
void cmd_requirement_print(const struct vg_requirement *requirement, const struct vg_catalog *catalog);
void cmd_test_print(const struct vg_test *test, const struct vg_catalog *catalog);
void cmd_plan_print(const struct vg_plan *plan, const struct vg_catalog *catalog);
void cmd_host_print(const struct vg_host *host);
/* "  Label      text", wrapped with a hanging indent. */
void cmd_field(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
