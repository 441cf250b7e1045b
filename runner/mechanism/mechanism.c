/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is the same for every mechanism: finding one, and what it offers. */
#include "mechanism/mechanism.h"

void vg_pgpu_free(struct vg_pgpu *pgpu)
{
    free(pgpu->profiles);
    free(pgpu->vfs);
    free(pgpu->vgpus);
    *pgpu = (struct vg_pgpu) { 0 };
}

void vg_inventory_free(struct vg_inventory *inventory)
{
    for (unsigned i = 0; i < inventory->pgpu_count; i++)
        vg_pgpu_free(&inventory->pgpus[i]);
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
