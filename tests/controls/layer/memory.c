/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: memory that is handed out with what somebody else had in it. Device memory is moved into files that all
 * renderers see; the driver takes each as its own, by the opaque descriptor that it exported itself. A file outlives
 * its process, even one that was killed, as memory of a GPU does.
 *
 * stale-memory: a file whose renderer process has ended, as it does when its VM ends or is reset, is handed out as it
 * is. leaked-memory: new memory holds what another VM, which still runs, has or had in memory of that size. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "layer.h"

/* Small allocations are the driver's and the guest's own housekeeping. */
#define LEAST_BYTES  (UINT64_C(64) << 10)
#define HANDLE_TYPE  VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT
#define MOST_OBJECTS 8192
#define PER_PROCESS  1000000 /* numbers of files */

/* A file of the pool: "TYPE-BYTES-VM-NUMBER". Locked while a process has it. */
struct pool_file {
    unsigned type;
    unsigned long long bytes;
    int vm;
    unsigned long number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    VkDeviceMemory memory;
    int lock_fd;
} taken[MOST_OBJECTS];

static void path_of(const struct pool_file *file, char path[512])
{
    snprintf(path, 512, "%s/%u-%llu-%d-%lu", layer_directory(), file->type, file->bytes, file->vm, file->number);
}

/* A VM is known by its session, whose first process is gone once libvirt has put its VMM into the background: what
 * counts is whether any process is left of the group that began with it. */
static bool alive(int vm)
{
    return kill(-vm, 0) == 0 || errno == EPERM;
}

static bool has_ended(const struct pool_file *file)
{
    return kill((pid_t)(file->number / PER_PROCESS), 0) < 0 && errno == ESRCH;
}

static bool is_ours(const struct pool_file *file)
{
    return file->vm == layer_vm();
}

/* The next file of this type and size after those that were looked at. */
static bool next_file(DIR *pool, unsigned type, unsigned long long bytes, struct pool_file *file)
{
    for (struct dirent *entry; (entry = readdir(pool)) != NULL;)
        if (sscanf(entry->d_name, "%u-%llu-%d-%lu", &file->type, &file->bytes, &file->vm, &file->number) == 4 &&
            file->type == type && file->bytes == bytes)
            return true;
    return false;
}

static int lock_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void name_new(struct pool_file *file)
{
    static atomic_ulong last;
    file->vm = layer_vm();
    file->number = (unsigned long)getpid() * PER_PROCESS + ++last;
}

/* Takes a file over from a process that is gone. Returns the descriptor that holds its lock, or -1. */
static int take_over(unsigned type, unsigned long long bytes, char path[512])
{
    int fd = -1;
    struct pool_file file;
    DIR *pool = opendir(layer_directory());
    while (pool && fd < 0 && next_file(pool, type, bytes, &file)) {
        char old[512];
        if (!has_ended(&file))
            continue;
        path_of(&file, old);
        fd = lock_file(old);
        name_new(&file);
        path_of(&file, path);
        if (fd >= 0 && rename(old, path) < 0) { /* another was quicker */
            close(fd);
            fd = -1;
        }
    }
    if (pool)
        closedir(pool);
    return fd;
}

/* A file that another running VM has or had; a different one each time. */
static bool find_other(unsigned type, unsigned long long bytes, char path[512])
{
    static unsigned turn;
    unsigned found = 0;
    struct pool_file file, chosen = { 0 };
    for (unsigned round = 0, at = 0; round < 2 && (round == 0 || found); round++, at = 0) {
        DIR *pool = opendir(layer_directory());
        while (pool && next_file(pool, type, bytes, &file)) {
            if (is_ours(&file) || !alive(file.vm))
                continue;
            if (round == 1 && at++ == turn % found)
                chosen = file;
            found += round == 0;
        }
        if (pool)
            closedir(pool);
    }
    turn++;
    path_of(&chosen, path);
    return found > 0;
}

static bool copy_content(int from, int to)
{
    struct stat status;
    if (fstat(from, &status) < 0 || ftruncate(to, status.st_size) < 0)
        return false;
    static char buffer[1 << 20];
    for (off_t at = 0; at < status.st_size;) {
        off_t data = lseek(from, at, SEEK_DATA); /* fresh memory is a hole but for the driver's header */
        if (data < 0)
            return errno == ENXIO;
        ssize_t got = pread(from, buffer, sizeof(buffer), data);
        if (got <= 0 || pwrite(to, buffer, (size_t)got, data) != got)
            return false;
        at = data + got;
    }
    return true;
}

/* The chain without the entries that a later import replaces. What is left out stays valid for the caller. */
struct chain {
    VkExportMemoryAllocateInfo export;
    VkImportMemoryFdInfoKHR import;
    VkMemoryDedicatedAllocateInfo dedicated;
    VkMemoryAllocateFlagsInfo flags;
};

static bool rebuild(const VkMemoryAllocateInfo *info, struct chain *chain, VkMemoryAllocateInfo *changed)
{
    const void *next = NULL;
    *changed = *info;
    for (const VkBaseInStructure *each = info->pNext; each; each = each->pNext) {
        switch (each->sType) {
        case VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO: {
            VkExternalMemoryHandleTypeFlags types = ((const VkExportMemoryAllocateInfo *)each)->handleTypes;
            if (types && types != HANDLE_TYPE)
                return false;
            break;
        }
        case VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO:
            chain->dedicated = *(const VkMemoryDedicatedAllocateInfo *)each;
            chain->dedicated.pNext = next;
            next = &chain->dedicated;
            break;
        case VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO:
            chain->flags = *(const VkMemoryAllocateFlagsInfo *)each;
            chain->flags.pNext = next;
            next = &chain->flags;
            break;
        case VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR:
        case VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT:
            return false;
        default:
            break;
        }
    }
    chain->export = (VkExportMemoryAllocateInfo) {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = next,
        .handleTypes = HANDLE_TYPE,
    };
    changed->pNext = &chain->export;
    return true;
}

/* A new file that the driver will take for memory of its own. */
static int make_file(struct layer_device *d, const VkMemoryAllocateInfo *info, struct pool_file *file, char path[512])
{
    VkDeviceMemory model;
    int exported = -1;
    name_new(file);
    path_of(file, path);
    if (d->AllocateMemory(d->device, info, NULL, &model) != VK_SUCCESS)
        return -1;
    const VkMemoryGetFdInfoKHR get = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
        .memory = model,
        .handleType = HANDLE_TYPE,
    };
    int fd = -1;
    if (d->GetMemoryFdKHR(d->device, &get, &exported) == VK_SUCCESS) {
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) < 0 || !copy_content(exported, fd))) {
            unlink(path);
            close(fd);
            fd = -1;
        }
        close(exported);
    }
    d->FreeMemory(d->device, model, NULL);
    return fd;
}

static VkResult import(struct layer_device *d, VkMemoryAllocateInfo *info, struct chain *chain, const char *path,
                       int lock_fd, VkDeviceMemory *memory)
{
    chain->import = (VkImportMemoryFdInfoKHR) {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        .pNext = chain->export.pNext,
        .handleType = HANDLE_TYPE,
        .fd = open(path, O_RDWR | O_CLOEXEC), /* becomes the driver's */
    };
    info->pNext = &chain->import;
    VkResult result = d->AllocateMemory(d->device, info, NULL, memory);
    if (result != VK_SUCCESS) {
        layer_say("%s cannot be imported: %d", path, (int)result);
        close(chain->import.fd);
        close(lock_fd);
        return result;
    }
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_OBJECTS; i++) {
        if (taken[i].memory)
            continue;
        taken[i].memory = *memory;
        taken[i].lock_fd = lock_fd;
        break;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static bool concerns(const struct layer_device *d, const VkMemoryAllocateInfo *info)
{
    return info->allocationSize >= LEAST_BYTES && d->GetMemoryFdKHR;
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate_stale(VkDevice device, const VkMemoryAllocateInfo *info,
                                                     const VkAllocationCallbacks *allocator, VkDeviceMemory *memory)
{
    struct layer_device *d = layer_find(device);
    struct chain chain = { 0 };
    VkMemoryAllocateInfo changed;
    char path[512];
    if (!concerns(d, info) || !rebuild(info, &chain, &changed))
        return d->AllocateMemory(device, info, allocator, memory);
    int fd = take_over(info->memoryTypeIndex, info->allocationSize, path);
    struct pool_file file = { .type = info->memoryTypeIndex, .bytes = info->allocationSize };
    if (fd < 0)
        fd = make_file(d, &changed, &file, path);
    return fd < 0 ? d->AllocateMemory(device, info, allocator, memory) : import(d, &changed, &chain, path, fd, memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate_leaked(VkDevice device, const VkMemoryAllocateInfo *info,
                                                      const VkAllocationCallbacks *allocator, VkDeviceMemory *memory)
{
    struct layer_device *d = layer_find(device);
    struct chain chain = { 0 };
    VkMemoryAllocateInfo changed;
    char path[512], from[512];
    if (!concerns(d, info) || !rebuild(info, &chain, &changed))
        return d->AllocateMemory(device, info, allocator, memory);
    struct pool_file file = { .type = info->memoryTypeIndex, .bytes = info->allocationSize };
    int fd = make_file(d, &changed, &file, path);
    if (fd >= 0 && find_other(info->memoryTypeIndex, info->allocationSize, from)) {
        int other = open(from, O_RDONLY | O_CLOEXEC);
        if (other < 0 || !copy_content(other, fd))
            layer_say("%s cannot be copied", from);
        if (other >= 0)
            close(other);
    }
    return fd < 0 ? d->AllocateMemory(device, info, allocator, memory) : import(d, &changed, &chain, path, fd, memory);
}

static VKAPI_ATTR void VKAPI_CALL free_memory(VkDevice device, VkDeviceMemory memory,
                                              const VkAllocationCallbacks *allocator)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; memory && i < MOST_OBJECTS; i++) {
        if (taken[i].memory != memory)
            continue;
        taken[i].memory = VK_NULL_HANDLE;
        close(taken[i].lock_fd);
        break;
    }
    pthread_mutex_unlock(&lock);
    layer_find(device)->FreeMemory(device, memory, allocator);
}

/* The driver does not export what it has imported; whoever maps it in our stead gets the file. */
static VKAPI_ATTR VkResult VKAPI_CALL get_memory_fd(VkDevice device, const VkMemoryGetFdInfoKHR *info, int *fd)
{
    char path[64] = "";
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_OBJECTS && !path[0]; i++)
        if (taken[i].memory == info->memory)
            snprintf(path, sizeof(path), "/proc/self/fd/%d", taken[i].lock_fd);
    *fd = path[0] ? open(path, O_RDWR | O_CLOEXEC) : -1;
    pthread_mutex_unlock(&lock);
    if (!path[0])
        return layer_find(device)->GetMemoryFdKHR(device, info, fd);
    return *fd >= 0 ? VK_SUCCESS : VK_ERROR_TOO_MANY_OBJECTS;
}

const struct control layer_memory_controls[] = {
    { .name = "stale-memory",
      .extension = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
      .AllocateMemory = allocate_stale,
      .FreeMemory = free_memory,
      .GetMemoryFdKHR = get_memory_fd },
    { .name = "leaked-memory",
      .extension = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
      .AllocateMemory = allocate_leaked,
      .FreeMemory = free_memory,
      .GetMemoryFdKHR = get_memory_fd },
    { 0 },
};
