/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NUMA-local where possible. Nova says which pGPUs come first, not which of them; we spread. */
#include "placement/placement.h"

VG_PLACEMENT(numa_preferred) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "numa-preferred",
    .summary = "a pGPU on the VM's NUMA node if one is eligible, else another; of these the one with the fewest vGPUs",
    .why = "a vGPU behind the other socket pays for each submission",
    .key = VG_KEY_RESIDENTS,
    .direction = VG_LOWEST,
    .locality = VG_LOCALITY_PREFERRED,
    .source = "Nova, hw:pci_numa_affinity_policy=preferred (NOVA-PCI); order within a node derived",
};
