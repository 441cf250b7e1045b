/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge export RUN TEST`: one test, to be repeated by somebody else. */
#include "certify/certify.h"
#include "commands/command.h"

struct options {
    const char *out;
};

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    (void)key, (void)err;
    ((struct options *)context)->out = value;
    return true;
}

static int export(void *context, const char *argument, struct vg_error *err)
{
    const struct options *options = context;
    const char *test = cmd_operands[1];
    vg_autofree char *programs = vg_executable_directory();
    vg_autofree char *out = options->out ? vg_strdup(options->out) : vg_format("%s.vgauge-test.tar.gz", test);
    if (!programs) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "cannot find the directory of this program (is /proc mounted?)");
        return -1;
    }
    if (!cmd_check_run(argument, err) || !vg_export_test(argument, test, programs, out, err))
        return -1;
    printf("%s\n", out);
    printf("Elsewhere: tar xzf %s && %s/repeat\n", out, test);
    return 0;
}

static const struct argp_option export_options[] = {
    { "out", 'o', "FILE", 0, "The archive, which must not exist (default: TEST.vgauge-test.tar.gz)", 0 },
    { 0 },
};

const struct cmd_command cmd_export = {
    .name = "export",
    .summary = "write one test of a run as an archive that repeats it elsewhere",
    .doc =
        "The archive holds the test as it was run with every parameter, its requirements, the host file, the programs, "
        "what was seen, and a script `repeat` that runs it again with the same seed. Where there is no such GPU, edit "
        "host.yaml in it.",
    .argument = "RUN TEST",
    .options = export_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = export,
};
