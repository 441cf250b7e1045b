/* SPDX-License-Identifier: MIT */
/* Readers of the texts that drivers put into sysfs. Each takes any bytes (tests/fuzz), reads nothing else, and refuses
 * what is not exactly its format. No text is longer than VG_SYSFS_TEXT_MAX. */
#ifndef VG_BASE_SYSFS_TEXT_H
#define VG_BASE_SYSFS_TEXT_H

#include <stdint.h>
#include "base/base.h"

enum { VG_SYSFS_TEXT_MAX = 65536, VG_SYSFS_NAME_MAX = 64, VG_SYSFS_TYPES_MAX = 128, VG_SYSFS_RANGES_MAX = 256 };

/* Decimal digits alone, no sign, at most `most`. */
bool vg_sysfs_number(const char *text, uint64_t most, uint64_t *value);

/* A hexadecimal number as of a PCI device's `vendor`, "0x10de", at most `most`. */
bool vg_sysfs_hexadecimal(const char *text, uint64_t most, uint64_t *value);
/* The entry of that index (from 0) in a list "1,,3" of numbers, each at most `most`: a parameter of a module with one
 * for each device. *there is false for an entry that is empty or beyond the end, which is no error. False: that entry
 * is no such number. */
bool vg_sysfs_list_entry(const char *text, unsigned index, uint64_t most, bool *there, uint64_t *value);

/* creatable_vgpu_types: a heading, "ID    : vGPU Name", which some documents leave out, then lines
 * "1005  : NVIDIA A100D-16C". */
struct vg_sysfs_type {
    unsigned number;
    char name[VG_SYSFS_NAME_MAX];
};
bool vg_sysfs_creatable(const char *text, struct vg_sysfs_type *types, unsigned *count, struct vg_error *err);

/* An mdev type's description. NVIDIA: "num_heads=4, frl_config=60, framebuffer=2048M, max_resolution=4096x2160,
 * max_instance=4"; GVT-g: lines "low_gm_size: 64MB". What a driver does not say stays 0. */
struct vg_sysfs_description {
    unsigned heads, framebuffer_mib, max_instance, width, height;
    unsigned low_gm_mib, high_gm_mib, fences, weight;
};
bool vg_sysfs_describe(const char *text, struct vg_sysfs_description *description, struct vg_error *err);

/* A choice with the active word in brackets, "[low] normal high", or one word alone. */
bool vg_sysfs_choice(const char *text, char active[VG_SYSFS_NAME_MAX], struct vg_error *err);

/* xe's *_provisioned: of graphics addresses lines "VF1: 0x1000000-0x7ffffff (112 MiB)", both ends included; of memory
 * "VF1: 4227858432 (3.94 GiB)", how many bytes, and not where. Function is 0 for the PF. */
struct vg_sysfs_range {
    unsigned function;
    uint64_t first, last;
    uint64_t bytes; /* where only that is said; else 0 */
};
bool vg_sysfs_ranges(const char *text, struct vg_sysfs_range *ranges, unsigned *count, struct vg_error *err);

/* "0000:41:00.4" */
struct vg_sysfs_address {
    unsigned domain, bus, slot, function;
};
bool vg_sysfs_pci_address(const char *text, struct vg_sysfs_address *address);
/* 8-4-4-4-12 hexadecimal digits. */
bool vg_sysfs_uuid(const char *text);

#endif
