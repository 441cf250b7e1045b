/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NUMA-local or not at all. Nova says which pGPUs may serve, not which of them comes first; we spread. */
#include "placement/placement.h"

VG_PLACEMENT(numa_required) = {
    .kind = VG_KIND_PLACEMENT,
    .name = "numa-required",
    .summary = "the pGPU with the fewest vGPUs on the VM's NUMA node, or none",
    .why = "a vGPU behind the other socket pays for each submission",
    .key = VG_KEY_RESIDENTS,
    .direction = VG_LOWEST,
    .locality = VG_LOCALITY_REQUIRED,
    .source = "Nova, hw:pci_numa_affinity_policy=required (NOVA-PCI); order within a node derived",
};
