/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to mechanism/ and to the model's stand-in for the library: the binary interface, from the NVML API reference
 * (group vGPU APIs and its structures). A version word is the structure's size with the version in the top byte. */
#ifndef VG_MECHANISM_NVML_ABI_H
#define VG_MECHANISM_NVML_ABI_H

typedef struct nvmlDevice_st *nvmlDevice_t;
typedef unsigned int nvmlVgpuInstance_t;
typedef int nvmlReturn_t;
enum {
    NVML_SUCCESS = 0,
    NVML_ERROR_NOT_SUPPORTED = 3,
    NVML_ERROR_NOT_FOUND = 6,
    NVML_ERROR_INSUFFICIENT_SIZE = 7,
    NVML_ERROR_IN_USE = 19,
    NVML_ERROR_ARGUMENT_VERSION_MISMATCH = 25,
    NVML_ERROR_UNKNOWN = 999
};

typedef struct {
    unsigned int version;
    unsigned int mode; /* 1: mixed-size ("heterogeneous") */
} nvmlVgpuHeterogeneousMode_t;

typedef struct {
    unsigned int version;
    unsigned int placementId;
} nvmlVgpuPlacementId_t;

typedef unsigned int nvmlVgpuTypeId_t;
enum { NVML_VGPU_PGPU_HETEROGENEOUS_MODE = 0, NVML_VGPU_PGPU_HOMOGENEOUS_MODE = 1 };
typedef struct {
    unsigned int version;
    unsigned int placementSize; /* out: slots that the type takes */
    unsigned int count;         /* in: room for so many IDs; out: how many there are */
    unsigned int *placementIds; /* of the caller's */
    unsigned int mode;          /* in: NVML_VGPU_PGPU_... */
} nvmlVgpuPlacementList_v2_t;

enum { /* nvmlVgpuLicenseInfo_t.currentState; NVML_GRID_LICENSE_STATE_* */
       NVML_LICENCE_UNKNOWN,
       NVML_LICENCE_UNINITIALIZED,
       NVML_LICENCE_UNLICENSED_UNRESTRICTED,
       NVML_LICENCE_UNLICENSED_RESTRICTED,
       NVML_LICENCE_UNLICENSED,
       NVML_LICENCE_LICENSED
};

typedef struct {
    unsigned char isLicensed;
    struct {
        unsigned int year;
        unsigned short month, day, hour, min, sec;
        unsigned char status;
    } licenseExpiry;
    unsigned int currentState;
} nvmlVgpuLicenseInfo_t; /* without a version word */

#define NVML_VERSION_1(type) ((unsigned int)(sizeof(type) | (1U << 24)))
#define NVML_VERSION_2(type) ((unsigned int)(sizeof(type) | (2U << 24)))

#endif
