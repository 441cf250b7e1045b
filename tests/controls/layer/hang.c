/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: when one VM's work does not end, nobody's does. Every device watches whether a fence behind its last
 * submission comes; while any VM's does not, all others hold their submissions back. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "layer.h"

#define HUNG_AFTER_NS (INT64_C(1500) * 1000000) /* jobs of tests take tens of milliseconds */
#define FRESH_NS      (INT64_C(300) * 1000000)
#define LOOK_NS       (INT64_C(20) * 1000000)

/* One file, mapped by all renderers. A VM that is gone stops renewing the time. */
struct shared {
    atomic_llong hung_ns;
    atomic_int vm;
};

struct watched {
    struct layer_device *device; /* NULL: free */
    VkQueue queue;
    VkFence fence;
    bool pending;
    int64_t since_ns;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watched watched[LAYER_QUEUES];

static struct shared *shared(void)
{
    static struct shared *mapped;
    char path[512];
    if (mapped)
        return mapped;
    snprintf(path, sizeof(path), "%s/hang", layer_directory());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *map = fd >= 0 && ftruncate(fd, sizeof(*mapped)) == 0
                    ? mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                    : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED) {
        layer_say("%s cannot be mapped", path);
        abort();
    }
    return mapped = map;
}

static void look(struct watched *one)
{
    struct layer_device *d = one->device;
    if (!d->device) {
        one->device = NULL;
        return;
    }
    if (d->GetFenceStatus(d->device, one->fence) == VK_SUCCESS) {
        d->ResetFences(d->device, 1, &one->fence);
        one->pending = false;
    } else if (layer_now_ns() - one->since_ns > HUNG_AFTER_NS) {
        atomic_store(&shared()->vm, layer_vm());
        atomic_store(&shared()->hung_ns, layer_now_ns());
    }
}

static void *watch(void *unused)
{
    (void)unused;
    for (;;) {
        layer_sleep_ns(LOOK_NS);
        pthread_mutex_lock(&lock);
        for (int i = 0; i < LAYER_QUEUES; i++)
            if (watched[i].device && watched[i].pending)
                look(&watched[i]);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void start_watching(struct layer_device *device)
{
    static bool started;
    pthread_t thread;
    (void)device;
    shared();
    if (!started && pthread_create(&thread, NULL, watch, NULL) == 0)
        started = true;
}

/* A fence behind what was just submitted, unless one is under way. Caller holds the lock. */
static void follow(struct layer_device *d, VkQueue queue)
{
    struct watched *place = NULL;
    for (int i = 0; i < LAYER_QUEUES; i++)
        if (watched[i].device == d && watched[i].queue == queue)
            place = &watched[i];
    for (int i = 0; i < LAYER_QUEUES && !place; i++)
        place = watched[i].device ? NULL : &watched[i];
    if (!place || place->pending)
        return;
    const VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    if (place->device != d || place->queue != queue) {
        *place = (struct watched) { .device = d, .queue = queue };
        if (d->CreateFence(d->device, &info, NULL, &place->fence) != VK_SUCCESS) {
            place->device = NULL;
            return;
        }
    }
    place->pending = d->QueueSubmit(queue, 0, NULL, place->fence) == VK_SUCCESS;
    place->since_ns = layer_now_ns();
}

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
    struct layer_device *d = layer_find(queue);
    while (atomic_load(&shared()->vm) != layer_vm() && layer_now_ns() - atomic_load(&shared()->hung_ns) < FRESH_NS)
        layer_sleep_ns(LOOK_NS);
    pthread_mutex_lock(&lock);
    VkResult result = d->QueueSubmit(queue, count, submits, fence);
    if (result == VK_SUCCESS)
        follow(d, queue);
    pthread_mutex_unlock(&lock);
    return result;
}

const struct control layer_hang_controls[] = {
    { .name = "hang-all", .device = start_watching, .QueueSubmit = submit },
    { 0 },
};
