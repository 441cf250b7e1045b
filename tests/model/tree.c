/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree itself. Out of memory ends the program: it is a test's, and half a tree would be a wrong one. */
#include "tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pthread_mutex_t tree_lock = PTHREAD_MUTEX_INITIALIZER;
struct node *tree_root;
void (*tree_parting)(const struct node *parent, const char *name);
static uint64_t numbers;

static void *must(void *memory)
{
    if (memory)
        return memory;
    fputs("vgauge-model: out of memory\n", stderr);
    exit(3);
}

static struct node *make(struct node *parent, const char *name, enum node_kind kind, mode_t mode)
{
    struct node *node = must(calloc(1, sizeof(*node)));
    node->kind = kind;
    node->name = must(strdup(name));
    node->parent = parent;
    node->mode = mode;
    node->number = ++numbers;
    if (parent) {
        node->next = parent->children;
        parent->children = node;
    }
    return node;
}

static void destroy(struct node *node)
{
    free(node->name);
    free(node->text);
    free(node);
}

/* What only the kernel still names: taken out of the tree, or never in it. The kernel need not forget each of them
 * before the program ends. */
static struct node *held;

static void hold(struct node *node)
{
    node->next = held;
    held = node;
}

static void let_go(struct node *node)
{
    struct node **place = &held;
    while (*place != node)
        place = &(*place)->next;
    *place = node->next;
    destroy(node);
}

void tree_open(void)
{
    if (tree_root) {
        tree_root->lookups = 0;
        tree_remove(tree_root);
    }
    tree_root = make(NULL, "", NODE_DIRECTORY, 0755);
}

struct node *tree_child(const struct node *parent, const char *name)
{
    for (struct node *node = parent->children; node; node = node->next)
        if (strcmp(node->name, name) == 0)
            return node;
    return NULL;
}

struct node *tree_directory(struct node *parent, const char *name)
{
    struct node *there = tree_child(parent, name);
    return there ? there : make(parent, name, NODE_DIRECTORY, 0755);
}

struct node *tree_path(const char *path)
{
    char *copy = must(strdup(path)), *rest = copy;
    struct node *node = tree_root;
    for (char *part; (part = strsep(&rest, "/")) != NULL;)
        if (*part)
            node = tree_directory(node, part);
    free(copy);
    return node;
}

struct node *tree_file(struct node *parent, const char *name, mode_t mode, const struct attribute *attribute,
                       void *object, long argument)
{
    struct node *node = make(parent, name, NODE_FILE, mode);
    node->attribute = attribute;
    node->object = object;
    node->argument = argument;
    return node;
}

struct node *tree_bytes(struct node *parent, const char *name, mode_t mode, const char *bytes, size_t length)
{
    struct node *node = make(parent, name, NODE_FILE, mode);
    node->text = must(malloc(length + 1));
    memcpy(node->text, bytes, length);
    node->text[length] = '\0';
    node->text_length = length;
    return node;
}

struct node *tree_text(struct node *parent, const char *name, mode_t mode, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return tree_bytes(parent, name, mode, text, length < 0 ? 0 : strlen(text));
}

static unsigned depth(const struct node *node)
{
    unsigned count = 0;
    for (; node->parent; node = node->parent)
        count++;
    return count;
}

/* "../../devices/x": up to the common ancestor, then down. */
struct node *tree_link(struct node *parent, const char *name, const struct node *target)
{
    char text[1024] = "", down[512] = "";
    const struct node *from = parent, *to = target;
    unsigned up = 0;
    while (from != to) {
        if (depth(from) >= depth(to)) {
            from = from->parent;
            up++;
            if (depth(from) >= depth(to))
                continue;
        }
        if (from == to)
            break;
        char longer[sizeof(down)];
        int length = snprintf(longer, sizeof(longer), "%s%s%s", to->name, *down ? "/" : "", down);
        if (length < 0 || (size_t)length >= sizeof(longer))
            break;
        memcpy(down, longer, (size_t)length + 1);
        to = to->parent;
    }
    for (unsigned i = 0; i < up; i++)
        strncat(text, i + 1 < up || *down ? "../" : "..", sizeof(text) - strlen(text) - 1);
    strncat(text, down, sizeof(text) - strlen(text) - 1);
    struct node *node = make(parent, name, NODE_LINK, 0777);
    node->text = must(strdup(text));
    node->text_length = strlen(text);
    return node;
}

/* Follows one path from a directory; links are followed up to a depth at which it must be a circle. */
static struct node *follow(struct node *from, const char *path, unsigned links)
{
    char *copy = must(strdup(path)), *rest = copy;
    struct node *node = *path == '/' ? tree_root : from;
    for (char *part; node && (part = strsep(&rest, "/")) != NULL;) {
        if (!*part || strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            node = node->parent ? node->parent : node;
            continue;
        }
        struct node *child = node->kind == NODE_DIRECTORY ? tree_child(node, part) : NULL;
        node = child && child->kind == NODE_LINK ? (links < 16 ? follow(node, child->text, links + 1) : NULL) : child;
    }
    free(copy);
    return node;
}

struct node *tree_find(const char *path)
{
    return follow(tree_root, path, 0);
}

static void take_out(struct node *node)
{
    while (node->children) {
        struct node *child = node->children;
        node->children = child->next;
        child->next = NULL;
        take_out(child);
    }
    node->gone = true;
    node->parent = NULL;
    node->object = NULL;
    if (node->lookups)
        hold(node);
    else
        destroy(node);
}

void tree_remove(struct node *node)
{
    if (!node)
        return;
    if (node->parent) {
        if (tree_parting)
            tree_parting(node->parent, node->name);
        struct node **place = &node->parent->children;
        while (*place != node)
            place = &(*place)->next;
        *place = node->next;
        node->next = NULL;
    }
    take_out(node);
}

struct node *tree_alias(const struct node *node)
{
    struct node *alias = must(calloc(1, sizeof(*alias)));
    alias->kind = NODE_FILE;
    alias->name = must(strdup(node->name));
    alias->mode = node->mode;
    alias->attribute = node->attribute;
    alias->object = node->object;
    alias->argument = node->argument;
    alias->number = ++numbers;
    alias->alias = true;
    hold(alias);
    return alias;
}

void tree_forget(struct node *node, uint64_t lookups)
{
    node->lookups -= lookups < node->lookups ? lookups : node->lookups;
    if (!node->lookups && (node->gone || node->alias))
        let_go(node);
}

ssize_t tree_read(const char *path, char *buffer, size_t size)
{
    pthread_mutex_lock(&tree_lock);
    struct node *node = tree_find(path);
    ssize_t got = -ENOENT;
    if (node && node->kind == NODE_FILE && node->text) {
        got = (ssize_t)(node->text_length < size ? node->text_length : size);
        memcpy(buffer, node->text, (size_t)got);
    } else if (node && node->kind == NODE_FILE) {
        got = node->attribute->show ? node->attribute->show(node->object, node->argument, buffer, size) : -EACCES;
    }
    if (got >= 0)
        buffer[(size_t)got < size ? (size_t)got : size - 1] = '\0';
    pthread_mutex_unlock(&tree_lock);
    return got;
}

ssize_t tree_write(const char *path, const char *data)
{
    pthread_mutex_lock(&tree_lock);
    struct node *node = tree_find(path);
    int result = -ENOENT;
    if (node && node->kind == NODE_FILE)
        result = node->attribute && node->attribute->store
                     ? node->attribute->store(node->object, node->argument, data, strlen(data))
                     : -EACCES;
    pthread_mutex_unlock(&tree_lock);
    return result < 0 ? result : (ssize_t)strlen(data);
}
