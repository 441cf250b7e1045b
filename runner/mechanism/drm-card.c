/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mechanism/drm-card.h"
#include <dirent.h>
#include "base/base.h"

char *vg_drm_card(const char *device)
{
    vg_autofree char *path = vg_format("%s/drm", device);
    vg_autodir DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        const char *digits = entry->d_name + 4;
        if (strncmp(entry->d_name, "card", 4) == 0 && *digits && !digits[strspn(digits, "0123456789")])
            return vg_format("%s/%s", path, entry->d_name);
    }
    return NULL;
}
