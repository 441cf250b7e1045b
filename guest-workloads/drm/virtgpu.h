/* SPDX-License-Identifier: MIT */
/* A virtio-gpu without a driver in user space: the kernel's calls, each as one function that returns 0 or the errno, so
 * that a workload can ask for what no driver would. */
#ifndef VG_VIRTGPU_H
#define VG_VIRTGPU_H

#include "common/workload.h"
#include "drm/virtgpu-abi.h"

/* A file of the render node: a context of its own. The first virtio-gpu of the tenant; the run is skipped if there is
 * none. Close it with close(). */
int virtgpu_open(struct vg_workload_context *context);
/* -1: the kernel does not know the parameter. */
int virtgpu_param(int fd, enum virtgpu_param param);
/* An ioctl that is tried again when a signal interrupts it: 0 or errno. */
int virtgpu_call(int fd, unsigned long request, void *argument);
/* rings 0: the default. */
int virtgpu_context(int fd, unsigned capset, unsigned rings);
/* A virgl buffer of so many bytes, attached to the file's context. */
int virtgpu_buffer(int fd, uint32_t bytes, uint32_t *handle, uint32_t *resource);
int virtgpu_blob(int fd, uint32_t memory, uint32_t flags, uint64_t bytes, uint64_t blob_id, uint32_t *handle);
int virtgpu_close(int fd, uint32_t handle);
/* The object's memory in this process, or NULL with *error. Unmap it with munmap(). */
void *virtgpu_mapping(int fd, uint32_t handle, uint64_t bytes, int *error);
/* Sends a virgl command stream and waits (10 s) until its fence is seen: 0, or errno. */
int virtgpu_submit(int fd, const uint32_t *words, uint32_t count, const uint32_t *handles, uint32_t handle_count);
/* Copies the object's content between its guest memory and the host, and waits for it. */
int virtgpu_transfer(int fd, uint32_t handle, uint32_t bytes, bool to_host);
/* Waits until nothing of the object is pending. */
int virtgpu_idle(int fd, uint32_t handle);

#endif
