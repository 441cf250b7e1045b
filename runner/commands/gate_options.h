/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to commands/: what `gate`, `compare`, `bless`, `baseline` and `ab` share. */
#ifndef VG_COMMAND_GATE_OPTIONS_H
#define VG_COMMAND_GATE_OPTIONS_H

#include "commands/command.h"
#include "compare/compare.h"

struct cmd_gate_options {
    const char *directory; /* --baselines */
    const char *rules;     /* --rules */
    char *across;          /* all --across, joined by commas */
    bool strict, all, json;
};
/* The options' keys, for argp tables. */
enum {
    CMD_KEY_BASELINES = 'd',
    CMD_KEY_RULES = 'P',
    CMD_KEY_ACROSS = 'x',
    CMD_KEY_STRICT = 's',
    CMD_KEY_ALL = 'l',
    CMD_KEY_JSON = 'j'
};
#define CMD_OPTION_BASELINES                                                                                           \
    {                                                                                                                  \
        "baselines", CMD_KEY_BASELINES, "DIR", 0,                                                                      \
            "Where the baselines are (default: $VGAUGE_BASELINES, or baselines)", 0                                    \
    }
#define CMD_OPTION_RULES                                                                                               \
    {                                                                                                                  \
        "rules", CMD_KEY_RULES, "FILE", 0, "A YAML file that sets boots, error rates or thresholds anew", 0            \
    }
#define CMD_OPTION_ACROSS                                                                                              \
    {                                                                                                                  \
        "across", CMD_KEY_ACROSS, "KEY", 0, "A field of the fingerprint that may differ (glob); repeatable", 0         \
    }
#define CMD_OPTION_STRICT                                                                                              \
    {                                                                                                                  \
        "strict", CMD_KEY_STRICT, NULL, 0, "Whatever is not known to be good closes the gate", 0                       \
    }
#define CMD_OPTION_ALL                                                                                                 \
    {                                                                                                                  \
        "all", CMD_KEY_ALL, NULL, 0, "Show every metric", 0                                                            \
    }
#define CMD_OPTION_JSON                                                                                                \
    {                                                                                                                  \
        "json", CMD_KEY_JSON, NULL, 0, "Print JSON", 0                                                                 \
    }

/* Whether key is one of these, which is then taken. */
bool cmd_gate_option(struct cmd_gate_options *options, int key, const char *value);
void cmd_gate_options_release(struct cmd_gate_options *options);
const char *cmd_gate_directory(const struct cmd_gate_options *options);
struct vg_gate_policy *cmd_gate_policy(const struct cmd_gate_options *options, struct vg_error *err);
/* Prints what was found (text, or JSON); the exit status. */
int cmd_gate_show(const struct vg_gate *gate, const struct cmd_gate_options *options);
/* gate.json, gate.xml and gate.md in directory. */
bool cmd_gate_save(const struct vg_gate *gate, const char *directory, struct vg_error *err);

VG_DEFINE_CLEANUP(cmd_cleanup_policy, struct vg_gate_policy *, vg_gate_policy_free)
VG_DEFINE_CLEANUP(cmd_cleanup_baseline, struct vg_baseline *, vg_baseline_free)
#define cmd_autopolicy   VG_CLEANUP(cmd_cleanup_policy)
#define cmd_autobaseline VG_CLEANUP(cmd_cleanup_baseline)
#define cmd_autoside     VG_CLEANUP(vg_side_free)
#define cmd_autogate     VG_CLEANUP(vg_gate_free)

#endif
