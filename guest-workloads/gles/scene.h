/* SPDX-License-Identifier: MIT */
/* The scene of gl-frame-stream, independent of OpenGL: what to upload, and which colour a pixel must have. The expected
 * colour comes from casting a ray on the CPU, so it owes nothing to the vGPU that is being tested. */
#ifndef VG_GLES_SCENE_H
#define VG_GLES_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCENE_TEXTURE_SIZE 256 /* texels along a side */
#define SCENE_TILES        4   /* tiles along a side of the texture; a cube's face shows one tile */
#define SCENE_BLOCKS       4   /* blocks of one colour along a side of a tile */
#define SCENE_SPEEDS       4
#define SCENE_NEAR         2.0f
#define SCENE_FAR          120.0f
#define SCENE_CUBE_INDICES 36
#define SCENE_CUBE_CORNERS 24

struct scene_vertex {
    float position[3]; /* -1 .. 1 */
    float normal[3];
    float uv[2]; /* 0 .. 1 across the face */
};

struct scene_instance {
    float place[4]; /* centre, half of the edge */
    float spin[4];  /* unit axis, index of the speed */
    float phase[4]; /* cosine and sine of the angle at frame 0, tile column and row */
    float tint[4];  /* colour that multiplies the texture's, unused */
};

/* What depends on the frame only. Matrices in column order. */
struct scene_frame {
    float view_projection[16];
    float turn[SCENE_SPEEDS][2]; /* cosine and sine of each speed's angle */
    double eye[3], right[3], up[3], forward[3];
    double tangent, aspect;
};

struct scene {
    int width, height;
    size_t count;
    struct scene_instance *instances;
    uint8_t *texture; /* RGBA8 */
};

extern const float scene_light[3];      /* unit, towards the light */
extern const float scene_background[3]; /* linear 0 .. 1 */
#define SCENE_AMBIENT 0.25f
#define SCENE_DIFFUSE 0.75f

void scene_make(struct scene *scene, size_t objects, int width, int height);
void scene_free(struct scene *scene);
void scene_cube(struct scene_vertex vertices[SCENE_CUBE_CORNERS], uint16_t indices[SCENE_CUBE_INDICES]);
void scene_frame_at(const struct scene *scene, int64_t index, struct scene_frame *frame);

/* One pixel whose colour every correct renderer agrees on; y counts from the bottom, as glReadPixels does. */
struct scene_probe {
    int x, y;
    uint8_t rgb[3];
    bool background; /* no object is there */
};
/* Chooses up to `wanted` such pixels by the frame's index, leaving out pixels at edges of objects, faces and texture
 * blocks and where two surfaces are nearly as deep. Returns how many were found. */
size_t scene_probes(const struct scene *scene, int64_t index, struct scene_probe *probes, size_t wanted);

#endif
