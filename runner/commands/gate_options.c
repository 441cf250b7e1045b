/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options and output that the commands which compare have in common. */
#include "commands/gate_options.h"
#include "report/report.h"

bool cmd_gate_option(struct cmd_gate_options *options, int key, const char *value)
{
    switch (key) {
    case CMD_KEY_BASELINES:
        options->directory = value;
        return true;
    case CMD_KEY_RULES:
        options->rules = value;
        return true;
    case CMD_KEY_ACROSS: {
        char *joined = options->across ? vg_format("%s,%s", options->across, value) : vg_strdup(value);
        free(options->across);
        options->across = joined;
        return true;
    }
    case CMD_KEY_STRICT:
        options->strict = true;
        return true;
    case CMD_KEY_ALL:
        options->all = true;
        return true;
    case CMD_KEY_JSON:
        options->json = true;
        return true;
    default:
        return false;
    }
}

void cmd_gate_options_release(struct cmd_gate_options *options)
{
    free(options->across);
}

const char *cmd_gate_directory(const struct cmd_gate_options *options)
{
    const char *environment = getenv("VGAUGE_BASELINES");
    return options->directory ? options->directory : environment && *environment ? environment : "baselines";
}

struct vg_gate_policy *cmd_gate_policy(const struct cmd_gate_options *options, struct vg_error *err)
{
    vg_autofree char *directory = vg_catalog_directory(err);
    return directory ? vg_gate_policy_load(directory, options->rules, err) : NULL;
}

int cmd_gate_show(const struct vg_gate *gate, const struct cmd_gate_options *options)
{
    if (options->json)
        cmd_print_json(vg_gate_to_json(gate));
    else
        vg_report_gate_text(gate, options->all, stdout, cmd_colour(stdout));
    return vg_gate_exit_status(gate);
}

bool cmd_gate_save(const struct vg_gate *gate, const char *directory, struct vg_error *err)
{
    vg_autojson json_t *json = vg_gate_to_json(gate);
    vg_autofree char *document = vg_format("%s/gate.json", directory);
    vg_autofree char *junit = vg_format("%s/gate.xml", directory);
    vg_autofree char *markdown = vg_format("%s/gate.md", directory);
    return vg_make_directories(directory, err) && vg_json_save_file(json, document, err) &&
           vg_report_gate_junit(gate, junit, err) && vg_report_gate_markdown(gate, markdown, err);
}
