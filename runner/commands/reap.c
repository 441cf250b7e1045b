/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `vgauge reap`: what killed runs left, gone. */
#include "commands/command.h"
#include "commands/model.h"
#include "engine/engine.h"

struct options {
    bool json;
};

static bool take_option(void *context, int key, const char *value, struct vg_error *err)
{
    (void)key;
    (void)value;
    (void)err;
    ((struct options *)context)->json = true;
    return true;
}

static int reap(void *context, const char *argument, struct vg_error *err)
{
    (void)argument;
    (void)err;
    struct vg_reaped reaped;
    vg_engine_reap(&reaped);
    unsigned models = cmd_model_sweep();
    if (((const struct options *)context)->json) {
        json_t *root = vg_json_new_object();
        vg_json_set_int(root, "runs", reaped.runs);
        vg_json_set_int(root, "control_groups", reaped.groups);
        vg_json_set_int(root, "models", models);
        cmd_print_json(root);
    } else if (reaped.runs || reaped.groups || models) {
        printf("Cleaned up after %u run%s that had been killed; %u control group%s removed.\n", reaped.runs,
               reaped.runs == 1 ? "" : "s", reaped.groups, reaped.groups == 1 ? "" : "s");
        if (models)
            printf("%u model%s of drivers unmounted.\n", models, models == 1 ? "" : "s");
    } else {
        puts("No killed run left anything.");
    }
    return 0;
}

static const struct argp_option reap_options[] = {
    { "json", 'j', NULL, 0, "Print JSON", 0 },
    { 0 },
};

const struct cmd_command cmd_reap = {
    .name = "reap",
    .summary = "remove what killed runs left: VMs, X servers, sockets, control groups, mediated devices, VFs, models "
               "of drivers",
    .doc =
        "Only what is named as vgauge's and belongs to a run of yours that does not live any more; every run does it "
        "before it starts.",
    .options = reap_options,
    .options_size = sizeof(struct options),
    .option = take_option,
    .run = reap,
};
