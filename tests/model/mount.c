/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree as a file system, through libfuse's low-level interface. An inode is a node, and the kernel may keep what it
 * was told for ever: what is taken out of the tree is taken out of its memory too, before that write is answered. */
#define FUSE_USE_VERSION 312
#include "model.h"

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOR_EVER 1e6
enum { PAGE_BYTES = 4096, WRITE_MOST = 1 << 20 };

static struct node *node_of(fuse_ino_t inode)
{
    return inode == FUSE_ROOT_ID ? tree_root : (struct node *)(uintptr_t)inode; // NOLINT: FUSE hands integers around
}

static fuse_ino_t inode_of(const struct node *node)
{
    return node == tree_root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

static void describe(const struct node *node, struct stat *status)
{
    memset(status, 0, sizeof(*status));
    status->st_ino = node->number;
    status->st_nlink = node->kind == NODE_DIRECTORY ? 2 : 1;
    status->st_mode = node->mode | (node->kind == NODE_DIRECTORY ? S_IFDIR
                                    : node->kind == NODE_LINK    ? S_IFLNK
                                                                 : S_IFREG);
    status->st_size = node->text ? (off_t)node->text_length : node->kind == NODE_FILE ? PAGE_BYTES : 0;
}

/* Entries that were removed and that the kernel may still hold. */
static struct parted {
    struct parted *next;
    fuse_ino_t directory;
    char name[];
} * parted;
static struct fuse_session *session;

static void part(const struct node *directory, const char *name)
{
    size_t size = strlen(name) + 1;
    struct parted *entry = malloc(sizeof(*entry) + size);
    if (!entry) {
        fputs("vgauge-model: out of memory\n", stderr);
        exit(3);
    }
    entry->directory = inode_of(directory);
    memcpy(entry->name, name, size);
    entry->next = parted;
    parted = entry;
}

/* Ends what a handler did to the tree. The kernel is told without the lock: it waits for who looks something up in that
 * directory, and that one may wait for the lock. */
static void unlock_and_tell(void)
{
    struct parted *list = parted;
    parted = NULL;
    pthread_mutex_unlock(&tree_lock);
    while (list) {
        struct parted *entry = list;
        list = entry->next;
        fuse_lowlevel_notify_inval_entry(session, entry->directory, entry->name, strlen(entry->name));
        free(entry);
    }
}

/* The kernel need not ask for it again. Not so `create`, of which each opener has one of its own. */
static bool is_known_for_good(const struct node *node)
{
    return !node->gone && !node->alias;
}

static void do_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry = { 0 };
    pthread_mutex_lock(&tree_lock);
    struct node *from = node_of(parent);
    struct node *node = from->gone || from->kind != NODE_DIRECTORY ? NULL : tree_child(from, name);
    if (node && node->kind == NODE_FILE && strcmp(node->name, "create") == 0)
        node = tree_alias(node);
    if (node) {
        node->lookups++;
        entry.ino = inode_of(node);
        entry.generation = node->number;
        entry.attr_timeout = entry.entry_timeout = is_known_for_good(node) ? FOR_EVER : 0;
        describe(node, &entry.attr);
    }
    pthread_mutex_unlock(&tree_lock);
    if (node)
        fuse_reply_entry(request, &entry);
    else
        fuse_reply_err(request, ENOENT);
}

static void do_forget(fuse_req_t request, fuse_ino_t inode, uint64_t lookups)
{
    pthread_mutex_lock(&tree_lock);
    if (inode != FUSE_ROOT_ID)
        tree_forget(node_of(inode), lookups);
    pthread_mutex_unlock(&tree_lock);
    fuse_reply_none(request);
}

static void do_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)file;
    struct stat status;
    pthread_mutex_lock(&tree_lock);
    const struct node *node = node_of(inode);
    bool lasting = is_known_for_good(node);
    describe(node, &status);
    pthread_mutex_unlock(&tree_lock);
    fuse_reply_attr(request, &status, lasting ? FOR_EVER : 0);
}

/* Truncating an attribute is nothing, as in sysfs. */
static void do_setattr(fuse_req_t request, fuse_ino_t inode, struct stat *wanted, int which,
                       struct fuse_file_info *file)
{
    (void)wanted;
    (void)which;
    do_getattr(request, inode, file);
}

static void do_readlink(fuse_req_t request, fuse_ino_t inode)
{
    char text[1024] = "";
    pthread_mutex_lock(&tree_lock);
    const struct node *node = node_of(inode);
    bool link = node->kind == NODE_LINK && !node->gone;
    if (link)
        snprintf(text, sizeof(text), "%s", node->text);
    pthread_mutex_unlock(&tree_lock);
    if (link)
        fuse_reply_readlink(request, text);
    else
        fuse_reply_err(request, ENOENT);
}

static void do_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    int result = 0;
    pthread_mutex_lock(&tree_lock);
    struct node *node = node_of(inode);
    int access = file->flags & O_ACCMODE;
    if (node->gone)
        result = -ENODEV;
    else if ((access != O_WRONLY && !(node->mode & 0444)) || (access != O_RDONLY && !(node->mode & 0222)))
        result = -EACCES; /* also for root: sysfs has no operation to call there */
    else if (node->attribute && node->attribute->open)
        result = node->attribute->open(node->object, node->argument);
    if (node->text)
        file->keep_cache = 1;
    else
        file->direct_io = 1;
    unlock_and_tell();
    if (result < 0)
        fuse_reply_err(request, -result);
    else
        fuse_reply_open(request, file);
}

static void do_release(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)file;
    pthread_mutex_lock(&tree_lock);
    struct node *node = node_of(inode);
    if (!node->gone && node->attribute && node->attribute->release)
        node->attribute->release(node->object, node->argument);
    unlock_and_tell();
    fuse_reply_err(request, 0);
}

static void do_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)file;
    char page[PAGE_BYTES];
    ssize_t length = 0;
    pthread_mutex_lock(&tree_lock);
    const struct node *node = node_of(inode);
    if (node->gone)
        length = -ENODEV;
    else if (node->text) {
        size_t left = (size_t)offset < node->text_length ? node->text_length - (size_t)offset : 0;
        fuse_reply_buf(request, node->text + (left ? offset : 0), left < size ? left : size);
        pthread_mutex_unlock(&tree_lock);
        return;
    } else
        length = node->attribute->show ? node->attribute->show(node->object, node->argument, page, sizeof(page)) : -EIO;
    pthread_mutex_unlock(&tree_lock);
    if (length < 0)
        fuse_reply_err(request, (int)-length);
    else if (offset >= length)
        fuse_reply_buf(request, NULL, 0);
    else
        fuse_reply_buf(request, page + offset, (size_t)(length - offset) < size ? (size_t)(length - offset) : size);
}

static void do_write(fuse_req_t request, fuse_ino_t inode, const char *data, size_t size, off_t offset,
                     struct fuse_file_info *file)
{
    (void)offset;
    (void)file;
    char *text = size <= WRITE_MOST ? malloc(size + 1) : NULL;
    if (!text) {
        fuse_reply_err(request, size <= WRITE_MOST ? ENOMEM : EINVAL);
        return;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    pthread_mutex_lock(&tree_lock);
    const struct node *node = node_of(inode);
    int result = node->gone ? -ENODEV
                 : node->attribute && node->attribute->store
                     ? node->attribute->store(node->object, node->argument, text, size)
                     : -EIO;
    unlock_and_tell();
    free(text);
    if (result < 0)
        fuse_reply_err(request, -result);
    else
        fuse_reply_write(request, size);
}

/* A directory is read from a picture taken when it was opened. */
struct picture {
    char *bytes;
    size_t length;
};

static void add_entry(fuse_req_t request, struct picture *picture, const char *name, const struct node *node)
{
    struct stat status;
    describe(node, &status);
    size_t more = fuse_add_direntry(request, NULL, 0, name, NULL, 0);
    char *bytes = realloc(picture->bytes, picture->length + more);
    if (!bytes)
        return;
    picture->bytes = bytes;
    fuse_add_direntry(request, bytes + picture->length, more, name, &status, (off_t)(picture->length + more));
    picture->length += more;
}

static void do_opendir(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    struct picture *picture = calloc(1, sizeof(*picture));
    pthread_mutex_lock(&tree_lock);
    const struct node *node = node_of(inode);
    bool gone = node->gone || !picture;
    if (!gone) {
        add_entry(request, picture, ".", node);
        add_entry(request, picture, "..", node->parent ? node->parent : node);
        for (const struct node *child = node->children; child; child = child->next)
            add_entry(request, picture, child->name, child);
    }
    pthread_mutex_unlock(&tree_lock);
    if (gone) {
        free(picture);
        fuse_reply_err(request, ENOENT);
        return;
    }
    file->fh = (uint64_t)(uintptr_t)picture;
    fuse_reply_open(request, file);
}

static void do_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)inode;
    const struct picture *picture = (const struct picture *)(uintptr_t)file->fh; // NOLINT: as above
    size_t left = (size_t)offset < picture->length ? picture->length - (size_t)offset : 0;
    /* Whole entries only: an entry's end is the offset that the next call starts from. Under the lock: whoever reads
     * may have the reply, and close the directory, before this thread is back. */
    pthread_mutex_lock(&tree_lock);
    fuse_reply_buf(request, left ? picture->bytes + offset : NULL, left < size ? left : size);
    pthread_mutex_unlock(&tree_lock);
}

static void do_releasedir(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)inode;
    struct picture *picture = (struct picture *)(uintptr_t)file->fh; // NOLINT: as above
    pthread_mutex_lock(&tree_lock);
    free(picture->bytes);
    free(picture);
    pthread_mutex_unlock(&tree_lock);
    fuse_reply_err(request, 0);
}

static void do_init(void *data, struct fuse_conn_info *connection)
{
    (void)data;
    connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS; /* a link's target never changes */
}

static const struct fuse_lowlevel_ops operations = {
    .init = do_init,
    .lookup = do_lookup,
    .forget = do_forget,
    .getattr = do_getattr,
    .setattr = do_setattr,
    .readlink = do_readlink,
    .open = do_open,
    .release = do_release,
    .read = do_read,
    .write = do_write,
    .opendir = do_opendir,
    .readdir = do_readdir,
    .releasedir = do_releasedir,
};

int model_serve(const char *mountpoint, void (*ready)(const char *mountpoint))
{
    /* Requests of 16 threads must be able to meet in the driver, or no race could show. */
    enum { THREADS = 20 };
    char name[] = "vgauge-model", flag[] = "-o", value[] = "fsname=vgauge-model";
    char *arguments[] = { name, flag, value, NULL };
    struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
    session = fuse_session_new(&args, &operations, sizeof(operations), NULL);
    if (!session)
        return -1;
    int result = -1;
    if (fuse_set_signal_handlers(session) == 0 && fuse_session_mount(session, mountpoint) == 0) {
        struct fuse_loop_config *config = fuse_loop_cfg_create();
        fuse_loop_cfg_set_clone_fd(config, 0);
        fuse_loop_cfg_set_max_threads(config, THREADS);
        fuse_loop_cfg_set_idle_threads(config, THREADS);
        tree_parting = part;
        ready(mountpoint);
        result = fuse_session_loop_mt(session, config) < 0 ? -1 : 0;
        fuse_loop_cfg_destroy(config);
        fuse_session_unmount(session);
    }
    fuse_remove_signal_handlers(session);
    fuse_session_destroy(session);
    fuse_opt_free_args(&args);
    return result;
}
