/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models of vendors' drivers as their documentation says they behave. Written without a look at runner/placement, which
 * they are there to test: the same mistake in both would be seen by nobody. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "tree.h"

enum { MODEL_TYPES = 12, MODEL_POOLS = 3, MODEL_INSTANCES = 128, MODEL_GPUS = 16, MODEL_NODES = 5 };

/* One vGPU type. */
struct type {
    const char *id;   /* "nvidia-46", "694", "i915-GVTg_V5_4" */
    const char *name; /* for people; NULL: the driver shows none */
    unsigned max;     /* on an empty pGPU, where one type is alone */
    unsigned memory_mib;
    unsigned heads;
    const char *resolution;
    unsigned cost[MODEL_POOLS]; /* what one instance takes of each pool */
    unsigned size;              /* mixed-size: slots that it takes */
};

/* How a driver decides what fits. */
enum rule {
    RULE_POOLS,       /* whatever the pools have left */
    RULE_ONE_TYPE,    /* NVIDIA's legacy rule: one type per pGPU, up to its maximum */
    RULE_ONE_SIZE,    /* NVIDIA's current rule: one size per pGPU */
    RULE_MIXED_SIZES, /* NVIDIA's mixed-size mode: placement IDs */
};

struct gpu;
struct mdev_driver;

/* What mdev types are registered at: a pGPU, or one of its VFs. */
struct mdev_parent {
    struct gpu *gpu;
    struct node *device;
    const char *address;
    const struct mdev_driver *driver;
    struct instance **only; /* a VF: the one vGPU that it can have; NULL: as many as fit */
};

struct instance {
    struct gpu *gpu;
    const struct mdev_parent *parent; /* mdev: where it was made */
    const struct type *type;
    char name[64];                   /* UUID, or the VF's address */
    unsigned slot;                   /* mixed-size: where it begins */
    unsigned users;                  /* open VFIO devices: a VM that runs */
    unsigned group;                  /* IOMMU group */
    struct node *nodes[MODEL_NODES]; /* links before what they lead to */
};

struct gpu {
    const char *address; /* "0000:41:00.0", or "mdpy" */
    const char *board;   /* pGPUs of one board have the same */
    enum rule rule;
    struct type types[MODEL_TYPES];
    unsigned type_count;
    unsigned pool[MODEL_POOLS];
    unsigned slots; /* mixed-size: how many in all */
    int full_errno; /* what create answers when nothing is left */
    struct instance *instances[MODEL_INSTANCES];
    unsigned count;
    unsigned lost[MODEL_TYPES];  /* by the control slot-lost: never given back */
    unsigned freed[MODEL_TYPES]; /* by a destroy, since the pGPU was empty last */
    struct node *device;         /* sys/devices/... */
    struct mdev_parent parent;   /* mdev: if it is one itself */
};

/* --- rules.c -------------------------------------------------------------------------------------------------------
 */

/* How many more of the type can be created now, as the driver shows it (a control may make it lie). */
unsigned model_available(const struct gpu *gpu, const struct type *type);
/* A new instance, or NULL and *error. Called with tree_lock held, which a control may let go for a moment. */
struct instance *model_take(struct gpu *gpu, const struct type *type, const char *name, int *error);
void model_give(struct instance *instance);
/* Mixed-size: the i-th place at which the type may begin; false: there is none. */
bool model_place(const struct gpu *gpu, const struct type *type, unsigned index, unsigned *slot);
bool model_place_is_free(const struct gpu *gpu, const struct type *type, unsigned slot);

/* Known-bad behaviour, by name; one at a time. */
bool model_break(const char *name); /* false: there is no such control */
bool model_broken(const char *name);
bool model_overwrites(void); /* overwrites-vf or refuses-overwrites */
extern const char *const model_controls[];

/* --- pci.c: what the kernel's PCI core shows ------------------------------------------------------------------------
 */

struct pci;
struct pci_driver {
    const char *name;
    /* The driver takes the device or says why not; lets it go. May be NULL. */
    int (*probe)(struct pci *pci);
    int (*remove)(struct pci *pci); /* -EBUSY: somebody uses it */
};
struct pci {
    char address[16];
    struct node *device;
    const struct pci_driver *driver;
    const struct pci_driver *usual; /* that takes it unless driver_override says otherwise */
    char override[32];
    unsigned group;
    unsigned users; /* opens of /dev/vfio/GROUP */
    struct node *driver_link, *driver_entry, *group_file;
    void *object;       /* of the driver */
    struct pci *parent; /* a VF's PF */
    unsigned vf_total, vf_count, vf_index;
    struct pci *vfs[64];
    unsigned numvfs_busy; /* so many writes to sriov_numvfs fail for now: somebody has the device */
    bool autoprobe, raw_numvfs_refused;
    const struct pci_driver *vf_driver;
    void (*vf_changed)(struct pci *pf); /* VFs were enabled or disabled */
};
void pci_open(void);
struct pci *pci_add(const char *address, const char *vendor, const char *device, const struct pci_driver *driver);
void pci_add_sriov(struct pci *pf, unsigned total, const struct pci_driver *vf_driver);
int pci_set_vfs(struct pci *pf, unsigned count);
int pci_bind(struct pci *pci, const struct pci_driver *driver);
int pci_unbind(struct pci *pci);
bool pci_in_use(const struct pci *pci);
unsigned pci_new_group(void);
extern const struct pci_driver pci_vfio;

/* --- mdev.c: what the kernel's mdev core shows ----------------------------------------------------------------------
 */

struct mdev_driver {
    const char *prefix; /* of type ids: "nvidia" */
    bool has_name, has_description;
    ssize_t (*description)(const struct type *type, char *buffer, size_t size);
    void (*device)(struct instance *instance, struct node *directory); /* adds the vendor's attributes */
};
void mdev_open(void);
void mdev_register(struct gpu *gpu, const struct mdev_driver *driver); /* the pGPU itself is the parent */
void mdev_unregister(struct gpu *gpu);
void mdev_register_at(struct mdev_parent *parent);
void mdev_unregister_at(const struct mdev_parent *parent);
extern const struct mdev_driver nvidia_mdev;

/* --- the drivers: each adds its pGPUs to the tree -------------------------------------------------------------------
 */

void nvidia_mdev_add(void);
void nvidia_vf_add(bool vfio, bool mdev); /* cards whose VFs are vGPUs themselves, and ones with an mdev on each VF */
void nvidia_vf_mix(void);                 /* enables all VFs and puts the first card into mixed-size mode */
void gvt_add(void);
void xe_add(void);
void mdpy_add(void);
void mbochs_add(void);

/* --- model.c --------------------------------------------------------------------------------------------------------
 */

extern struct gpu *model_gpus[MODEL_GPUS];
extern unsigned model_gpu_count;
struct gpu *model_gpu(const struct gpu *like); /* a copy of it, known to model_gpus */
/* Builds the tree of a profile; false: there is none of that name. */
bool model_build(const char *profile);
extern const char *const model_profiles[][2]; /* name, summary; ends with NULL */
/* Everything as after boot: no instance, nothing lost. */
void model_reset(void);
void model_on_reset(void (*call)(void));

/* Numbers as sysfs takes them: the whole text, a newline at its end allowed. */
bool model_number(const char *data, size_t length, unsigned long *value);

/* Says on stderr why not. */
bool model_may_be_at(const char *mountpoint);
int model_serve(const char *mountpoint, void (*ready)(const char *mountpoint));

#endif
