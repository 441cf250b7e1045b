/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue as every command loads it. */
#include "commands/command.h"

struct vg_catalog *cmd_catalog(struct vg_error *err)
{
    vg_autofree char *directory = vg_catalog_directory(err);
    return directory ? vg_catalog_load(directory, err) : NULL;
}
