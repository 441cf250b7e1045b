/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vgauge-model --profile NAME [--break NAME] MOUNTPOINT: serves a model of vendors' drivers until it is interrupted. */
#include "model.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *profile, *mountpoint, *control;
    bool list;
};

static error_t take(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'p':
        options->profile = value;
        return 0;
    case 'b':
        options->control = value;
        return 0;
    case 'l':
        options->list = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->mountpoint)
            argp_error(state, "one MOUNTPOINT only");
        options->mountpoint = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "profile", 'p', "NAME", 0, "Which drivers and pGPUs (default: all)", 0 },
    { "break", 'b', "NAME", 0, "Misbehave in a known way, so that a test must fail", 0 },
    { "list", 'l', NULL, 0, "Print profiles and known-bad behaviours, and end", 0 },
    { 0 },
};

static void list(void)
{
    puts("Profiles:");
    for (unsigned i = 0; model_profiles[i][0]; i++)
        printf("  %-14s %s\n", model_profiles[i][0], model_profiles[i][1]);
    puts("Known-bad behaviours for --break:");
    for (unsigned i = 0; model_controls[i]; i++)
        printf("  %s\n", model_controls[i]);
}

static void say_ready(const char *mountpoint)
{
    printf("serving at %s; end it with Ctrl-C or SIGTERM\n", mountpoint);
    fflush(stdout);
}

int main(int count, char **values)
{
    const struct argp argp = {
        argp_options, take,
        "MOUNTPOINT", "Serves a model of vendors' vGPU drivers: their sysfs, and what changes in it.",
        NULL,         NULL,
        NULL
    };
    struct options options = { .profile = "all" };
    argp_err_exit_status = 2;
    argp_parse(&argp, count, values, 0, NULL, &options);
    if (options.list) {
        list();
        return 0;
    }
    if (!options.mountpoint) {
        fputs("vgauge-model: name the directory to mount at; --help says more\n", stderr);
        return 2;
    }
    if (options.control && !model_break(options.control)) {
        fprintf(stderr, "vgauge-model: unknown behaviour `%s`; --list shows those there are\n", options.control);
        return 2;
    }
    if (!model_build(options.profile)) {
        fprintf(stderr, "vgauge-model: unknown profile `%s`; --list shows those there are\n", options.profile);
        return 2;
    }
    if (!model_may_be_at(options.mountpoint))
        return 2;
    if (model_serve(options.mountpoint, say_ready) == 0)
        return 0;
    fprintf(stderr, "vgauge-model: cannot serve at %s; can FUSE be used here (/dev/fuse)?\n", options.mountpoint);
    return 3;
}
