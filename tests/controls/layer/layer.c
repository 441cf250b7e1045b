/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of the control layer: finds the control that the environment names, keeps what is below, and hands out the
 * control's functions where it has one. Everything else goes past the layer. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "layer.h"

#define EXPORT __attribute__((visibility("default")))

struct layer_instance {
    void *key;
    VkInstance instance;
    PFN_vkGetInstanceProcAddr next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct layer_instance instances[LAYER_OBJECTS];
static struct layer_device *devices[LAYER_OBJECTS];
static const struct control nothing = { .name = "nothing" };

void layer_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "vgauge-control: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
}

static _Noreturn void give_up(const char *why)
{
    layer_say("%s", why);
    abort();
}

static const struct control *find_control(void)
{
    const struct control *const lists[] = { layer_memory_controls, layer_bounds_controls, layer_completion_controls,
                                            layer_result_controls, layer_hang_controls };
    const char *wanted = getenv("VGAUGE_CONTROL");
    if (!wanted)
        return &nothing;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const struct control *each = lists[i]; each->name; each++)
            if (strcmp(each->name, wanted) == 0)
                return each;
    give_up("VGAUGE_CONTROL names no control of the layer");
}

static const struct control *control(void)
{
    static const struct control *chosen;
    if (!chosen)
        chosen = find_control();
    return chosen;
}

long layer_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

const char *layer_directory(void)
{
    const char *directory = getenv("VGAUGE_CONTROL_DIR");
    if (!directory)
        give_up("VGAUGE_CONTROL_DIR is not set");
    return directory;
}

int layer_vm(void)
{
    return (int)getsid(0);
}

int64_t layer_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void layer_sleep_ns(int64_t ns)
{
    struct timespec wait = { ns / 1000000000, ns % 1000000000 };
    nanosleep(&wait, NULL);
}

static void *key_of(const void *dispatchable)
{
    return *(void *const *)dispatchable;
}

struct layer_device *layer_find(const void *dispatchable)
{
    struct layer_device *found = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LAYER_OBJECTS && !found; i++)
        if (devices[i] && devices[i]->key == key_of(dispatchable))
            found = devices[i];
    pthread_mutex_unlock(&lock);
    if (!found)
        give_up("a handle that is of no device of this layer");
    return found;
}

static PFN_vkGetInstanceProcAddr next_of(VkInstance instance)
{
    PFN_vkGetInstanceProcAddr next = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LAYER_OBJECTS && !next; i++)
        if (instances[i].next && instances[i].key == key_of(instance))
            next = instances[i].next;
    pthread_mutex_unlock(&lock);
    return next;
}

/* The entry of the chain that the loader put in for this layer; `function` is its kind. */
static const void *link_info(const void *chain, VkStructureType type, VkLayerFunction function)
{
    for (const VkBaseInStructure *each = chain; each; each = each->pNext)
        if (each->sType == type && ((const VkLayerInstanceCreateInfo *)each)->function == function)
            return each;
    return NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator, VkInstance *instance)
{
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)link_info(
        info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO, VK_LAYER_LINK_INFO);
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    PFN_vkGetInstanceProcAddr next = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)next(VK_NULL_HANDLE, "vkCreateInstance");
    VkResult result = create(info, allocator, instance);
    if (result != VK_SUCCESS)
        return result;
    pthread_mutex_lock(&lock);
    int place = 0;
    while (place < LAYER_OBJECTS && instances[place].next)
        place++;
    if (place < LAYER_OBJECTS)
        instances[place] = (struct layer_instance) { key_of(*instance), *instance, next };
    pthread_mutex_unlock(&lock);
    if (place == LAYER_OBJECTS)
        give_up("more instances than the layer keeps");
    layer_say("%s is loaded into process %d of VM %d", control()->name, (int)getpid(), layer_vm());
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(VkInstance instance, const VkAllocationCallbacks *allocator)
{
    void *key = key_of(instance);
    PFN_vkDestroyInstance destroy = (PFN_vkDestroyInstance)next_of(instance)(instance, "vkDestroyInstance");
    destroy(instance, allocator);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LAYER_OBJECTS; i++)
        if (instances[i].key == key)
            instances[i] = (struct layer_instance) { 0 };
    pthread_mutex_unlock(&lock);
}

static void load(struct layer_device *d)
{
#define LOAD(name) d->name = (PFN_vk##name)d->next(d->device, "vk" #name)
    LOAD(DestroyDevice);
    LOAD(AllocateMemory);
    LOAD(FreeMemory);
    LOAD(GetMemoryFdKHR);
    LOAD(CreateBuffer);
    LOAD(GetBufferMemoryRequirements);
    LOAD(GetBufferMemoryRequirements2);
    LOAD(GetDeviceBufferMemoryRequirements);
    LOAD(UpdateDescriptorSets);
    LOAD(CmdDispatch);
    LOAD(CmdDraw);
    LOAD(QueueSubmit);
    LOAD(QueueSubmit2);
    LOAD(QueueWaitIdle);
    LOAD(DeviceWaitIdle);
    LOAD(CreateFence);
    LOAD(GetFenceStatus);
    LOAD(ResetFences);
#undef LOAD
}

/* The application's extensions and the control's own. Lives as long as the process: a few words per device. */
static const char *const *with_extension(const VkDeviceCreateInfo *info, uint32_t *count)
{
    const char *extension = control()->extension;
    *count = info->enabledExtensionCount;
    for (uint32_t i = 0; extension && i < *count; i++)
        if (strcmp(info->ppEnabledExtensionNames[i], extension) == 0)
            extension = NULL;
    if (!extension)
        return info->ppEnabledExtensionNames;
    const char **names = calloc(*count + 1, sizeof(*names));
    if (!names)
        give_up("no memory");
    for (uint32_t i = 0; i < *count; i++)
        names[i] = info->ppEnabledExtensionNames[i];
    names[(*count)++] = extension;
    return names;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator, VkDevice *device)
{
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)link_info(
        info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO, VK_LAYER_LINK_INFO);
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    PFN_vkGetInstanceProcAddr above = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    PFN_vkGetDeviceProcAddr next = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    /* A physical device has the dispatch table of its instance. */
    VkInstance instance = VK_NULL_HANDLE;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LAYER_OBJECTS; i++)
        if (instances[i].next && instances[i].key == key_of(physical))
            instance = instances[i].instance;
    pthread_mutex_unlock(&lock);
    PFN_vkCreateDevice create = (PFN_vkCreateDevice)above(instance, "vkCreateDevice");
    VkDeviceCreateInfo changed = *info;
    changed.ppEnabledExtensionNames = with_extension(info, &changed.enabledExtensionCount);
    VkResult result = create(physical, &changed, allocator, device);
    if (result != VK_SUCCESS)
        return result;
    struct layer_device *made = calloc(1, sizeof(*made));
    if (!made)
        give_up("no memory");
    made->key = key_of(*device);
    made->device = *device;
    made->physical = physical;
    made->next = next;
    pthread_mutex_init(&made->queues, NULL);
    load(made);
    pthread_mutex_lock(&lock);
    int place = 0;
    while (place < LAYER_OBJECTS && devices[place])
        place++;
    if (place < LAYER_OBJECTS)
        devices[place] = made;
    pthread_mutex_unlock(&lock);
    if (place == LAYER_OBJECTS)
        give_up("more devices than the layer keeps");
    if (control()->device)
        control()->device(made);
    return result;
}

/* What is known of the device is kept: a thread of a control may still look at it. */
static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice device, const VkAllocationCallbacks *allocator)
{
    if (!device)
        return;
    struct layer_device *d = layer_find(device);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LAYER_OBJECTS; i++)
        if (devices[i] == d)
            devices[i] = NULL;
    pthread_mutex_unlock(&lock);
    pthread_mutex_lock(&d->queues);
    d->device = VK_NULL_HANDLE;
    pthread_mutex_unlock(&d->queues);
    d->DestroyDevice(device, allocator);
}

static PFN_vkVoidFunction of_device(const char *name)
{
    const struct control *c = control();
    const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } functions[] = {
        { "vkDestroyDevice", (PFN_vkVoidFunction)destroy_device },
        { "vkAllocateMemory", (PFN_vkVoidFunction)c->AllocateMemory },
        { "vkFreeMemory", (PFN_vkVoidFunction)c->FreeMemory },
        { "vkGetMemoryFdKHR", (PFN_vkVoidFunction)c->GetMemoryFdKHR },
        { "vkCreateBuffer", (PFN_vkVoidFunction)c->CreateBuffer },
        { "vkGetBufferMemoryRequirements", (PFN_vkVoidFunction)c->GetBufferMemoryRequirements },
        { "vkGetBufferMemoryRequirements2", (PFN_vkVoidFunction)c->GetBufferMemoryRequirements2 },
        { "vkGetBufferMemoryRequirements2KHR", (PFN_vkVoidFunction)c->GetBufferMemoryRequirements2 },
        { "vkGetDeviceBufferMemoryRequirements", (PFN_vkVoidFunction)c->GetDeviceBufferMemoryRequirements },
        { "vkGetDeviceBufferMemoryRequirementsKHR", (PFN_vkVoidFunction)c->GetDeviceBufferMemoryRequirements },
        { "vkUpdateDescriptorSets", (PFN_vkVoidFunction)c->UpdateDescriptorSets },
        { "vkCmdDispatch", (PFN_vkVoidFunction)c->CmdDispatch },
        { "vkCmdDraw", (PFN_vkVoidFunction)c->CmdDraw },
        { "vkQueueSubmit", (PFN_vkVoidFunction)c->QueueSubmit },
        { "vkQueueSubmit2", (PFN_vkVoidFunction)c->QueueSubmit2 },
        { "vkQueueSubmit2KHR", (PFN_vkVoidFunction)c->QueueSubmit2 },
        { "vkQueueWaitIdle", (PFN_vkVoidFunction)c->QueueWaitIdle },
        { "vkDeviceWaitIdle", (PFN_vkVoidFunction)c->DeviceWaitIdle },
    };
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (strcmp(functions[i].name, name) == 0)
            return functions[i].function;
    return NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc(VkDevice device, const char *name)
{
    if (strcmp(name, "vkGetDeviceProcAddr") == 0)
        return (PFN_vkVoidFunction)get_device_proc;
    PFN_vkVoidFunction below = layer_find(device)->next(device, name);
    PFN_vkVoidFunction own = below ? of_device(name) : NULL;
    return own ? own : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance_proc(VkInstance instance, const char *name)
{
    if (strcmp(name, "vkGetInstanceProcAddr") == 0)
        return (PFN_vkVoidFunction)get_instance_proc;
    if (strcmp(name, "vkCreateInstance") == 0)
        return (PFN_vkVoidFunction)create_instance;
    if (strcmp(name, "vkDestroyInstance") == 0)
        return (PFN_vkVoidFunction)destroy_instance;
    if (strcmp(name, "vkCreateDevice") == 0)
        return (PFN_vkVoidFunction)create_device;
    if (strcmp(name, "vkGetDeviceProcAddr") == 0)
        return (PFN_vkVoidFunction)get_device_proc;
    if (!instance)
        return NULL;
    PFN_vkGetInstanceProcAddr next = next_of(instance);
    PFN_vkVoidFunction below = next ? next(instance, name) : NULL;
    PFN_vkVoidFunction own = below ? of_device(name) : NULL;
    return own ? own : below;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *version)
{
    if (version->loaderLayerInterfaceVersion < 2)
        return VK_ERROR_INITIALIZATION_FAILED;
    version->loaderLayerInterfaceVersion = 2;
    version->pfnGetInstanceProcAddr = get_instance_proc;
    version->pfnGetDeviceProcAddr = get_device_proc;
    version->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
