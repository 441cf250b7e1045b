/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fleet, and after a byte 0 the requests that are made to it. */
#include "catalog/catalog.h"
#include "support/file.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static void follow(const struct vg_fleet_file *fleet, const struct vg_request_stream *stream)
{
    double last_s = 0;
    for (size_t i = 0; i < stream->event_count; i++) {
        const struct vg_request_event *event = &stream->events[i];
        if (event->time_s < last_s || event->vm >= stream->arrival_count || event->host >= (int64_t)fleet->host_count ||
            event->pgpu >= (int64_t)fleet->pgpu_count || (!event->leaves && event->type >= (int)fleet->type_count))
            abort();
        last_s = event->time_s;
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    static const char *const models[] = { "same-size", "mixed-size", "same-type", "mig", "vf", "gvt-g" };
    struct vg_error err = { 0 };
    const unsigned char *zero = memchr(bytes, 0, length);
    size_t first = zero ? (size_t)(zero - bytes) : length;
    const char *path = fuzz_write("fleet.yaml", bytes, first);
    struct vg_fleet_file *fleet = vg_fleet_file_load("suites", path, models, VG_COUNT(models), &err);
    fuzz_expect(fleet, &err);
    if (!fleet)
        return 0;
    struct vg_request_stream stream = { 0 };
    path = fuzz_write("requests.csv", zero ? zero + 1 : bytes, zero ? length - first - 1 : 0);
    bool taken = vg_requests_load(path, fleet, &stream, &err);
    fuzz_expect(taken, &err);
    if (taken)
        follow(fleet, &stream);
    vg_requests_free(&stream);
    vg_fleet_file_free(fleet);
    return 0;
}
