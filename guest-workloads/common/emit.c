/* SPDX-License-Identifier: MIT */
/* What a workload says: facts, marks and ends, as lines of the link protocol, or kept for printing when nobody is at
 * the other end of a link. The kernel takes whole lines or the process ends: a workload never outlives its agent. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "common/runtime.h"

static void write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(3); /* EPIPE: the agent is gone, and nobody is left to tell */
        bytes += written;
        length -= (size_t)written;
    }
}

void vg_emit_bytes(const struct vg_workload_context *context, const char *bytes, size_t length)
{
    write_all(context->fd, bytes, length);
}

static void emit(int fd, json_t *object_stolen)
{
    vg_autofree char *text = json_dumps(object_stolen, JSON_COMPACT);
    json_decref(object_stolen);
    if (!text)
        _exit(3);
    size_t length = strlen(text);
    text[length] = '\n'; /* the newline takes the place of the NUL */
    write_all(fd, text, length + 1);
}

void vg_emit_json(const struct vg_workload_context *context, json_t *object_stolen)
{
    emit(context->fd, object_stolen);
}

static json_t *message_of(unsigned run, const char *type)
{
    json_t *object = vg_json_new_object();
    vg_json_set_text(object, "type", type);
    vg_json_set_int(object, "run", run);
    return object;
}

static void set_bounded(json_t *object, const char *key, const char *value)
{
    vg_autofree char *clean = vg_printable(value, strlen(value), VG_TEXT_BYTES - 4);
    vg_json_set_text(object, key, clean);
}

void vg_emit_end(int fd, unsigned run, const char *status, const char *message)
{
    json_t *object = message_of(run, "end");
    vg_json_set_text(object, "status", status);
    set_bounded(object, "message", message);
    emit(fd, object);
}

void vg_w_fact_text(struct vg_workload_context *context, const char *name, const char *value)
{
    if (context->run) {
        json_t *object = message_of(context->run, "fact");
        vg_json_set_text(object, "name", name);
        set_bounded(object, "value", value);
        vg_emit_json(context, object);
        return;
    }
    for (size_t i = 0; i < context->fact_count; i++) {
        if (vg_equal(context->facts[i].name, name)) {
            free(context->facts[i].value);
            context->facts[i].value = vg_printable(value, strlen(value), VG_TEXT_BYTES - 4);
            return;
        }
    }
    struct vg_kept_fact fact = { vg_strdup(name), vg_printable(value, strlen(value), VG_TEXT_BYTES - 4) };
    vg_push(context->facts, context->fact_count) = fact;
}

void vg_w_fact_int(struct vg_workload_context *context, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, value);
    vg_w_fact_text(context, name, text);
}

void vg_w_fact_real(struct vg_workload_context *context, const char *name, double value)
{
    char text[64];
    snprintf(text, sizeof(text), "%.9g", value);
    vg_w_fact_text(context, name, text);
}

void vg_w_mark(struct vg_workload_context *context, const char *name)
{
    int64_t now_ns = vg_now_ns();
    if (!context->released)
        vg_bug(context, "mark `%s` before the barrier", name);
    if (context->run) {
        json_t *object = message_of(context->run, "mark");
        vg_json_set_text(object, "name", name);
        vg_json_set_int(object, "at_ns", now_ns);
        vg_emit_json(context, object);
        return;
    }
    printf("mark %s at %.6f s\n", name, (double)(now_ns - context->release_ns) / 1e9);
    fflush(stdout); /* somebody may be waiting for it: `filled`, then the workload holds */
}

/* Exit status of a standalone run, as the runner's own. */
static int exit_status(const char *status)
{
    if (vg_equal(status, "ok"))
        return 0;
    if (vg_equal(status, "skip"))
        return 4;
    return vg_equal(status, "fail") ? 1 : 3;
}

/* _exit: threads of the Vulkan driver may be at work, and only the kernel can be trusted to stop them. */
_Noreturn void vg_finish(struct vg_workload_context *context, const char *status, const char *message)
{
    for (const struct vg_stream_spec *spec = context->workload->streams; spec && spec->name; spec++) {
        struct vg_stream *stream = &context->streams[spec - context->workload->streams];
        if (stream->width)
            vg_w_flush(stream);
    }
    if (context->run) {
        vg_emit_end(context->fd, context->run, status, message);
        _exit(0);
    }
    vg_standalone_print(context);
    fflush(stdout);
    if (message[0] != '\0')
        fprintf(stderr, "vgauge-workload: %s: %s\n", status, message);
    _exit(exit_status(status));
}

#define DEFINE_END(function, status)                                                                                   \
    void function(struct vg_workload_context *context, const char *format, ...)                                        \
    {                                                                                                                  \
        char message[VG_TEXT_BYTES];                                                                                   \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        vsnprintf(message, sizeof(message), format, arguments);                                                        \
        va_end(arguments);                                                                                             \
        vg_finish(context, status, message);                                                                           \
    }

DEFINE_END(vg_w_fail, "fail")
DEFINE_END(vg_w_invalid, "invalid")
DEFINE_END(vg_w_skip, "skip")

_Noreturn void vg_bug(struct vg_workload_context *context, const char *format, ...)
{
    char message[VG_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (context->run)
        vg_emit_end(context->fd, context->run, "error", message);
    else
        fprintf(stderr, "vgauge-workload: error in the workload: %s\n", message);
    _exit(context->run ? 0 : 3);
}
