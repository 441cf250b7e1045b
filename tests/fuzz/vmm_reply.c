/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What VMMs answer to a probe's questions: one that a guest has taken over may answer anything. The input's lines are
 * the answers, one after the other; an empty one is none at all. */
#include "base/base.h"
#include "probe.h"

#include <math.h>

extern const struct vg_probe vg_probe_virtqueue;
extern const struct vg_probe vg_probe_kvm_stats;

struct answers {
    const char *at;
};

static bool answer(void *vmm, const char *command, char **text, struct vg_error *err)
{
    struct answers *answers = vmm;
    size_t length = strcspn(answers->at, "\n");
    if (!command || !*command)
        abort();
    if (!length) {
        answers->at += *answers->at != '\0';
        return vg_fail(err, VG_ERROR_TIMEOUT, "it does not answer");
    }
    *text = vg_format("%.*s", (int)length, answers->at);
    answers->at += length + (answers->at[length] != '\0');
    return true;
}

static void take_row(void *context, const char *stream, int64_t time_ns, const char *tenant, const char *item,
                     const double *values)
{
    (void)context;
    (void)stream;
    (void)time_ns;
    if (strcmp(tenant, "peer.0") != 0 || !item || !isfinite(values[0]))
        abort();
}

static void take_fact(void *context, const char *name, const char *value)
{
    (void)context;
    if (!*name || !value)
        abort();
}

static void ask(const struct vg_probe *probe, const char *text)
{
    enum { LOOKS = 8 };
    const struct vg_probe_sink sink = { .row = take_row, .fact = take_fact };
    const struct vg_probe_host host = { .root = "/nonexistent" };
    struct answers answers = { text };
    const struct vg_probe_target target = { .tenant = "peer.0", .pid = 1, .ask = answer, .vmm = &answers };
    struct vg_error err = { 0 };
    void *state = NULL;
    if (!probe->begin(&host, &sink, &state, &err))
        return;
    for (unsigned i = 0; i < LOOKS; i++)
        probe->sample(state, &target, 1, &err);
    probe->end(state);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
    vg_autofree char *text = vg_calloc(length + 1, 1);
    memcpy(text, bytes, length);
    ask(&vg_probe_virtqueue, text);
    ask(&vg_probe_kvm_stats, text);
    return 0;
}
