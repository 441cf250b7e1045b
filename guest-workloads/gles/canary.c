/* SPDX-License-Identifier: MIT */
/* Does OpenGL hand out memory with what somebody else had in it? Textures and buffers whose content was never given are
 * read back and searched for another tenant's canaries (vulkan/canary-pattern.h). */
#include "common/egl.h"
#include "common/gl.h"
#include "vulkan/canary-pattern.h"

#define MIB          (UINT64_C(1) << 20)
#define SIDE         511 /* odd, so that rows are padded */
#define TEXELS       (SIDE * SIDE * 4)
#define BUFFER_BYTES (1 << 20)
#define MAX_OBJECTS  4096

struct objects {
    struct vg_workload_context *context;
    struct canary_key key;
    GLuint textures[MAX_OBJECTS], buffers[MAX_OBJECTS], framebuffer;
    size_t count; /* of each */
    uint64_t bytes;
    uint64_t *words; /* room for a texture or a buffer */
};

/* Textures and buffers without content; `with`: the canaries of both, from this index on. */
static void make(struct objects *o, size_t at, bool with)
{
    uint32_t index = (uint32_t)(at * (TEXELS + BUFFER_BYTES) / 8);
    for (uint32_t i = 0; with && i < BUFFER_BYTES / 8; i++)
        o->words[i] = canary_word(o->key, index + i);
    glGenTextures(1, &o->textures[at]);
    glBindTexture(GL_TEXTURE_2D, o->textures[at]);
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, SIDE, SIDE);
    if (with)
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, o->words);
    glGenBuffers(1, &o->buffers[at]);
    glBindBuffer(GL_COPY_READ_BUFFER, o->buffers[at]);
    glBufferData(GL_COPY_READ_BUFFER, BUFFER_BYTES, with ? o->words : NULL, GL_STATIC_DRAW);
    vg_gl_check(o->context, "making textures and buffers");
}

static void read_texture(struct objects *o, GLuint texture)
{
    glBindFramebuffer(GL_READ_FRAMEBUFFER, o->framebuffer);
    glFramebufferTexture2D(GL_READ_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
    if (glCheckFramebufferStatus(GL_READ_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        vg_w_fail(o->context, "a texture of %d x %d cannot be read", SIDE, SIDE);
    memset(o->words, 0, BUFFER_BYTES);
    glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, o->words);
    vg_gl_check(o->context, "reading a texture");
}

static void read_buffer(struct objects *o, GLuint buffer)
{
    glBindBuffer(GL_COPY_READ_BUFFER, buffer);
    const void *map = glMapBufferRange(GL_COPY_READ_BUFFER, 0, BUFFER_BYTES, GL_MAP_READ_BIT);
    if (!map)
        vg_w_fail(o->context, "a buffer cannot be mapped (GL error 0x%04x)", glGetError());
    memcpy(o->words, map, BUFFER_BYTES);
    glUnmapBuffer(GL_COPY_READ_BUFFER);
    vg_gl_check(o->context, "reading a buffer");
}

static void add(struct canary_findings *sum, struct canary_findings found)
{
    sum->canary_words += found.canary_words;
    sum->nonzero_words += found.nonzero_words;
    sum->runs += found.runs;
}

static struct canary_findings look(struct objects *o, size_t at)
{
    struct canary_findings sum = { .first_run = UINT64_MAX };
    read_texture(o, o->textures[at]);
    add(&sum, canary_scan_words(o->key, o->words, TEXELS / 8));
    read_buffer(o, o->buffers[at]);
    add(&sum, canary_scan_words(o->key, o->words, BUFFER_BYTES / 8));
    return sum;
}

/* Canaries of another key, put in and read back on the same ways: what is there is found, and only that. */
static bool detector_works(struct objects *o)
{
    struct canary_key ours = o->key;
    o->key = (struct canary_key) { ~ours.low, ours.high ^ UINT32_C(0x5bd1e995) };
    make(o, 0, true);
    struct canary_findings known = look(o, 0);
    o->key = ours;
    struct canary_findings none = look(o, 0);
    return known.runs == 2 && known.canary_words == (TEXELS + BUFFER_BYTES) / 8 && none.runs == 0;
}

static void run(struct vg_workload_context *context)
{
    static struct objects o;
    struct vg_egl egl;
    uint64_t key = vg_w_hex64(context, "key"), limit = (uint64_t)vg_w_int(context, "limit_mib") * MIB;
    bool scanning = vg_equal(vg_w_text(context, "mode"), "scan");
    size_t first = 0;
    o.context = context;
    o.key = (struct canary_key) { (uint32_t)key, (uint32_t)(key >> 32) };
    o.words = vg_calloc(1, BUFFER_BYTES);
    if (key == 0)
        vg_w_invalid(context, "parameter `key` is zero, under which a canary looks like cleared memory");
    vg_egl_open(context, &egl);
    glGenFramebuffers(1, &o.framebuffer);
    if (scanning) {
        if (!detector_works(&o))
            vg_w_invalid(context, "canaries that were just written are not read back: no scan can be trusted");
        vg_w_fact_int(context, "detector_proved", 1);
        first = 1; /* its objects stay, so that the search does not meet them */
    }
    vg_w_barrier(context);
    struct canary_findings sum = { .first_run = UINT64_MAX };
    for (size_t i = first; o.bytes < limit && i < MAX_OBJECTS && !vg_w_should_stop(context); i++) {
        make(&o, i, !scanning);
        if (scanning)
            add(&sum, look(&o, i));
        o.bytes += TEXELS + BUFFER_BYTES;
    }
    if (!scanning) {
        glFinish();
        vg_w_fact_int(context, "filled_bytes", (int64_t)o.bytes);
        vg_w_mark(context, "filled");
        vg_w_hold(context);
        return;
    }
    vg_w_fact_int(context, "scanned_bytes", (int64_t)o.bytes);
    vg_w_fact_int(context, "canary_words", (int64_t)sum.canary_words);
    vg_w_fact_int(context, "canary_runs", (int64_t)sum.runs);
    vg_w_fact_int(context, "nonzero_bytes", (int64_t)sum.nonzero_words * 8);
}

VG_WORKLOAD(gl_canary) = {
    .kind = VG_KIND_WORKLOAD,
    .name = "gl-canary",
    .summary = "fills textures and buffers with keyed words, or searches new ones without content for them",
    .why = "Memory that is not cleared between tenants hands one tenant's data to the next",
    .needs = VG_NEED_GL,
    .params =
        VG_PARAMS {
            { "mode", VG_CHOICE, .choices = "fill|scan", .def = "scan", .summary = "write canaries, or search" },
            { "key", VG_HEX64, .def = VG_PARAM_SEED, .summary = "64-bit key in hexadecimal, the same for both" },
            { "limit_mib", VG_INT, .def = "64", .min = 1, .max = 8192, .unit = "MiB",
              .summary = "take at most this much memory" },
            { 0 },
        },
    .run = run,
};
