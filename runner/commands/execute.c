/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way for all subcommands to read their command line: argp with its own messages off, so that wrong usage is one
 * sentence with the nearest right word, as wrong input is everywhere else. */
#include <limits.h>
#include "commands/command.h"

char **cmd_arguments;
unsigned cmd_argument_count;
const char **cmd_operands;
unsigned cmd_operand_count;

struct reading {
    const struct cmd_command *command;
    void *options;
    bool help;
    int stopped; /* argv index behind the word that argp stumbled over */
    struct vg_error err;
};

/* Keeps an option the way all readers of the record can rely on, whatever spelling was typed: "--name=value". */
static void record_option(const struct cmd_command *command, int key, const char *value)
{
    for (const struct argp_option *option = command->options; option && option->name; option++)
        if (option->key == key)
            vg_push(cmd_arguments, cmd_argument_count) =
                value ? vg_format("--%s=%s", option->name, value) : vg_format("--%s", option->name);
}

/* How many operands the command takes, by how its `argument` is written. */
static void operand_range(const char *argument, unsigned *least, unsigned *most)
{
    *least = *most = 0;
    for (const char *word = argument; word && *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        *least += word[0] != '[';
        *most = strstr(word, "...") ? UINT_MAX : *most + 1;
        word += length;
    }
}

static bool take_operand(const struct cmd_command *command, const char *value, struct vg_error *err)
{
    unsigned least, most;
    operand_range(command->argument, &least, &most);
    if (cmd_operand_count >= most) {
        vg_autofree char *shown = vg_printable(value, strlen(value), 100);
        return vg_fail(err, VG_ERROR_INPUT, "`%s` is one argument too many for `vgauge %s` (see `vgauge %s --help`)",
                       shown, command->name, command->name);
    }
    vg_push(cmd_operands, cmd_operand_count) = value;
    vg_push(cmd_arguments, cmd_argument_count) = vg_strdup(value);
    return true;
}

static error_t read_key(int key, char *value, struct argp_state *state)
{
    struct reading *reading = state->input;
    const struct cmd_command *command = reading->command;
    switch (key) {
    case '?':
        reading->help = true;
        return EINVAL; /* nothing after it matters */
    case ARGP_KEY_ERROR:
        reading->stopped = state->next;
        return 0;
    case ARGP_KEY_ARG:
        return take_operand(command, value, &reading->err) ? 0 : EINVAL;
    case ARGP_KEY_END: {
        unsigned least, most;
        operand_range(command->argument, &least, &most);
        if (cmd_operand_count >= least)
            return 0;
        vg_fail(&reading->err, VG_ERROR_INPUT, "`vgauge %s` needs %s (see `vgauge %s --help`)", command->name,
                command->argument, command->name);
        return EINVAL;
    }
    default:
        if (key > 0xff) /* argp's own; an option's key is its letter */
            return ARGP_ERR_UNKNOWN;
        if (!command->option(reading->options, key, value, &reading->err))
            return EINVAL;
        record_option(command, key, value);
        return 0;
    }
}

/* argp stopped at this word without a reason of ours. */
static void explain_word(const struct cmd_command *command, const struct argp_option *options, const char *word,
                         struct vg_error *err)
{
    const char *names[32] = { 0 };
    size_t count = 0;
    vg_autofree char *bare = vg_strdup(word + strspn(word, "-"));
    bool has_value = strchr(bare, '=') != NULL;
    bare[strcspn(bare, "=")] = '\0';
    vg_autofree char *shown = vg_printable(word, strlen(word), 100);
    for (const struct argp_option *option = options; option->name; option++) {
        bool same = strcmp(bare, option->name) == 0 || (word[0] == '-' && word[1] == option->key && !word[2]);
        if (same && option->arg) {
            vg_fail(err, VG_ERROR_INPUT, "option `%s` of `vgauge %s` needs a value: %s", shown, command->name,
                    option->arg);
            return;
        }
        if (same && has_value) {
            vg_fail(err, VG_ERROR_INPUT, "option `--%s` of `vgauge %s` takes no value", option->name, command->name);
            return;
        }
        if (count < VG_COUNT(names))
            names[count++] = option->name;
    }
    const char *nearest = vg_nearest(bare, names, count);
    vg_autofree char *hint =
        nearest ? vg_format(", did you mean `--%s`?", nearest) : vg_format(" (see `vgauge %s --help`)", command->name);
    vg_fail(err, VG_ERROR_INPUT, "`vgauge %s` has no option `%s`%s", command->name, shown, hint);
}

static int read_and_run(const struct cmd_command *command, int argc, char **argv, void *values, struct vg_error *err)
{
    size_t count = 0;
    while (command->options && (command->options[count].name || command->options[count].key))
        count++;
    vg_autofree struct argp_option *options = vg_calloc(count + 2, sizeof(*options));
    if (count)
        memcpy(options, command->options, count * sizeof(*options));
    options[count] = (struct argp_option) { .name = "help", .key = '?', .doc = "Show this help", .group = -1 };

    vg_autofree char *doc = vg_format("%s\v%s", command->summary, command->doc ? command->doc : "");
    const struct argp argp = { .options = options, .parser = read_key, .args_doc = command->argument, .doc = doc };
    struct reading reading = { .command = command, .options = values };
    error_t failed = argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &reading);
    if (reading.help) {
        vg_autofree char *name = vg_format("vgauge %s", command->name);
        argp_help(&argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, name);
        return 0;
    }
    if (failed) {
        *err = reading.err;
        if (err->kind == VG_ERROR_NONE) {
            /* In a cluster of short options (-nZ) getopt still stands on the word, else behind it. */
            int at = reading.stopped - 1;
            if (at < 1 || (argv[at][0] != '-' && at + 1 < argc))
                at++;
            explain_word(command, options, argv[at < argc ? at : argc - 1], err);
        }
        return -1;
    }
    return command->run(values, cmd_operand_count ? cmd_operands[0] : NULL, err);
}

static void list_verbs(const struct cmd_command *command)
{
    printf("Usage: vgauge %s COMMAND [OPTION...]\n%s\n\n", command->name, command->summary);
    for (size_t i = 0; command->verbs[i]; i++) {
        const struct cmd_command *verb = command->verbs[i];
        vg_autofree char *usage = vg_format("%s %s", verb->name, verb->argument ? verb->argument : "");
        printf("  vgauge %-24s %s\n", usage, verb->summary);
    }
    printf("\n%s\n", command->doc);
}

static int execute_verb(const struct cmd_command *command, int argc, char **argv, struct vg_error *err)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    vg_autofree const char **names = NULL;
    size_t count = 0;
    for (; command->verbs[count];) {
        const struct cmd_command *verb = command->verbs[count];
        const char *name = verb->name + strlen(command->name) + 1; /* "history add" */
        if (vg_equal(word, name))
            return cmd_execute(verb, argc - 1, argv + 1, err);
        vg_push(names, count) = name;
    }
    if (vg_equal(word, "--help") || vg_equal(word, "-h") || vg_equal(word, "-?")) {
        list_verbs(command);
        return 0;
    }
    vg_autofree char *shown = vg_printable(word, strlen(word), 100);
    vg_autofree char *hint = vg_did_you_mean(word, names, count);
    vg_fail(err, VG_ERROR_INPUT, "`vgauge %s` has no command `%s`%s", command->name, shown,
            *hint ? hint : "; its --help lists them");
    return -1;
}

int cmd_execute(const struct cmd_command *command, int argc, char **argv, struct vg_error *err)
{
    if (command->verbs)
        return execute_verb(command, argc, argv, err);
    vg_autofree void *values = vg_calloc(1, command->options_size ? command->options_size : 1);
    vg_push(cmd_arguments, cmd_argument_count) = vg_strdup("vgauge");
    vg_push(cmd_arguments, cmd_argument_count) = vg_strdup(command->name);
    int status = read_and_run(command, argc, argv, values, err);
    if (command->release)
        command->release(values);
    vg_names_free(cmd_arguments, cmd_argument_count);
    cmd_arguments = NULL;
    cmd_argument_count = 0;
    free(cmd_operands);
    cmd_operands = NULL;
    cmd_operand_count = 0;
    return status;
}
