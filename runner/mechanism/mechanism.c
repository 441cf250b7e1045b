/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is the same for every mechanism: finding one, and the words for what it says. */
#include "mechanism/mechanism.h"

const char *vg_refusal_name(enum vg_refusal refusal)
{
    static const char *const names[] = {
        [VG_REFUSED_NOT] = "granted",
        [VG_REFUSED_NO_CAPACITY] = "no-capacity",
        [VG_REFUSED_INCOMPATIBLE] = "incompatible",
        [VG_REFUSED_DISABLED] = "disabled",
        [VG_REFUSED_UNSUPPORTED] = "unsupported",
        [VG_REFUSED_BUSY] = "busy",
        [VG_REFUSED_NEEDS_REBOOT] = "needs-reboot",
        [VG_REFUSED_ERROR] = "error",
    };
    return (unsigned)refusal < VG_COUNT(names) ? names[refusal] : "unknown";
}

void vg_inventory_free(struct vg_inventory *inventory)
{
    for (unsigned i = 0; i < inventory->pgpu_count; i++)
        free(inventory->pgpus[i].profiles);
    free(inventory->pgpus);
    *inventory = (struct vg_inventory) { 0 };
}

const struct vg_mechanism *vg_mechanism_find(const char *name)
{
    return (const struct vg_mechanism *)vg_descriptor_find(VG_KIND_MECHANISM, name);
}

bool vg_mechanism_offers(const struct vg_mechanism *mechanism, const char *capability)
{
    size_t length = strlen(capability);
    for (const char *word = mechanism->capabilities; length && word && *word;) {
        size_t word_length = strcspn(word, ",");
        if (word_length == length && strncmp(word, capability, length) == 0)
            return true;
        word += word_length + (word[word_length] == ',');
    }
    return false;
}
