/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel logged, which a guest can provoke: copied lines are short and bounded, and no more are counted than
 * there are. */
#include "support/file.h"
#include "probe.h"

extern const struct vg_probe vg_probe_kernel_log;

static unsigned copied, breaks;

static void take_line(void *context, int64_t time_ns, const char *line)
{
    enum { SHOWN_MOST = 1000 };
    (void)context;
    (void)time_ns;
    copied++;
    if (strlen(line) > SHOWN_MOST || strchr(line, '\n'))
        abort();
}

static void take_fact(void *context, const char *name, const char *value)
{
    (void)context;
    if (strcmp(name, "lines") == 0 && strtoul(value, NULL, 10) > breaks)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    const struct vg_probe_sink sink = { .log_line = take_line, .fact = take_fact };
    struct vg_error err = { 0 };
    void *state = NULL;
    vg_autofree char *directory = vg_format("%s/dev", fuzz_place());
    if (!vg_make_directories(directory, &err))
        abort();
    vg_autofree char *path = vg_strdup(fuzz_write("dev/kmsg", "", 0));
    const struct vg_probe_host host = { .root = fuzz_place() };
    copied = breaks = 0;
    for (size_t i = 0; i < length; i++)
        breaks += bytes[i] == '\n';
    if (!vg_probe_kernel_log.begin(&host, &sink, &state, &err))
        abort();
    fuzz_write("dev/kmsg", bytes, length);
    if (!vg_probe_kernel_log.sample(state, NULL, 0, &err))
        abort();
    vg_probe_kernel_log.end(state);
    if (copied > breaks)
        abort();
    return 0;
}
