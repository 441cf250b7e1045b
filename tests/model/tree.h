/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tree of directories, attributes and links, as sysfs is one, in memory. It knows nothing of FUSE, so that a model
 * can also be asked without being mounted.
 *
 * One lock (tree_lock) guards the tree and everything that the models keep; attributes are called with it held. */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

extern pthread_mutex_t tree_lock;

/* What a file does. Each call may be NULL. Errors are negative errno values. */
struct attribute {
    ssize_t (*show)(void *object, long argument, char *buffer, size_t size); /* bytes put into buffer */
    int (*store)(void *object, long argument, const char *data, size_t length);
    int (*open)(void *object, long argument);
    void (*release)(void *object, long argument);
};

enum node_kind { NODE_DIRECTORY, NODE_FILE, NODE_LINK };

struct node {
    enum node_kind kind;
    char *name;
    struct node *parent;
    struct node *children, *next; /* in the order of their making, newest first */
    mode_t mode;
    char *text; /* of a link: its target; of a constant file: its content */
    size_t text_length;
    const struct attribute *attribute;
    void *object;
    long argument;
    bool gone;        /* taken out of the tree */
    bool alias;       /* stands for another file, for one opener; not in the tree */
    uint64_t lookups; /* FUSE's references */
    uint64_t number;  /* never given twice */
};

extern struct node *tree_root;

/* Called, with the lock held, for what is about to be taken out of a directory; NULL: nobody keeps a copy of the tree.
 */
extern void (*tree_parting)(const struct node *parent, const char *name);

void tree_open(void);                                               /* an empty tree */
struct node *tree_directory(struct node *parent, const char *name); /* the one that is there, or a new one */
struct node *tree_path(const char *path);                           /* "sys/bus/pci/devices": makes what is missing */
struct node *tree_file(struct node *parent, const char *name, mode_t mode, const struct attribute *attribute,
                       void *object, long argument);
struct node *tree_text(struct node *parent, const char *name, mode_t mode, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct node *tree_bytes(struct node *parent, const char *name, mode_t mode, const char *bytes, size_t length);
/* A relative link, as sysfs makes them. */
struct node *tree_link(struct node *parent, const char *name, const struct node *target);
struct node *tree_child(const struct node *parent, const char *name);
/* The node that a path from the root leads to, links followed; NULL: none. */
struct node *tree_find(const char *path);
void tree_remove(struct node *node); /* with all below it; NULL is fine */
/* Another inode for the same file. The kernel lets only one writer at a time into an inode of a FUSE file system, where
 * sysfs lets writers meet in the driver: for races each opener must have its own. */
struct node *tree_alias(const struct node *node);
void tree_forget(struct node *node, uint64_t lookups);

/* What a program would do with the file: for asking without FUSE. Negative errno on failure. */
ssize_t tree_read(const char *path, char *buffer, size_t size);
ssize_t tree_write(const char *path, const char *data);

#endif
