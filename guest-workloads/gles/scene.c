/* SPDX-License-Identifier: MIT */
/* A few hundred tumbling, lit, textured cubes in front of a moving camera, a pure function of the frame's index; and a
 * ray caster that knows what each pixel of it must look like. A pixel is only asked for if a bundle of rays around its
 * centre agrees, so that rounding in a rasteriser can never decide a verdict. */
#include "gles/scene.h"

#include <math.h>
#include "base/base.h"

const float scene_light[3] = { 0.48f, 0.64f, 0.6f };
const float scene_background[3] = { 0.0625f, 0.125f, 0.1875f };

/* Radians per frame. */
static const double speeds[SCENE_SPEEDS] = { 0.011, 0.023, -0.017, 0.031 };

#define TILE_TEXELS  (SCENE_TEXTURE_SIZE / SCENE_TILES)
#define BLOCK_TEXELS (TILE_TEXELS / SCENE_BLOCKS)
/* A linear filter mixes texels that are less than one texel apart. */
#define BLOCK_MARGIN (1.5 / BLOCK_TEXELS)
#define DEPTH_MARGIN 0.05

/* splitmix64: the scene is random-looking but the same everywhere. */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static double uniform(uint64_t *state, double low, double high)
{
    *state = mix(*state);
    return low + (high - low) * (double)(*state >> 11) * 0x1p-53;
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static void normalize(double v[3])
{
    double length = sqrt(dot(v, v));
    for (int i = 0; i < 3; i++)
        v[i] /= length;
}

static void make_instance(struct scene_instance *instance, uint64_t seed)
{
    uint64_t state = mix(seed);
    double axis[3];
    do {
        for (int i = 0; i < 3; i++)
            axis[i] = uniform(&state, -1, 1);
    } while (dot(axis, axis) < 0.01 || dot(axis, axis) > 1);
    normalize(axis);
    double angle = uniform(&state, 0, 2 * M_PI);
    static const double extent[3] = { 14, 8, 14 };
    for (int i = 0; i < 3; i++) {
        instance->place[i] = (float)uniform(&state, -extent[i], extent[i]);
        instance->spin[i] = (float)axis[i];
        instance->tint[i] = (float)uniform(&state, 0.4, 1);
    }
    instance->place[3] = (float)uniform(&state, 0.5, 1.3);
    instance->spin[3] = (float)(seed % SCENE_SPEEDS);
    instance->phase[0] = (float)cos(angle);
    instance->phase[1] = (float)sin(angle);
    instance->phase[2] = (float)(seed / SCENE_SPEEDS % SCENE_TILES);
    instance->phase[3] = (float)(seed / SCENE_SPEEDS / SCENE_TILES % SCENE_TILES);
    instance->tint[3] = 1;
}

void scene_make(struct scene *scene, size_t objects, int width, int height)
{
    *scene = (struct scene) { .width = width, .height = height, .count = objects };
    scene->instances = vg_calloc(objects, sizeof(*scene->instances));
    for (size_t i = 0; i < objects; i++)
        make_instance(&scene->instances[i], i);
    scene->texture = vg_calloc((size_t)SCENE_TEXTURE_SIZE * SCENE_TEXTURE_SIZE, 4);
    for (int y = 0; y < SCENE_TEXTURE_SIZE; y++)
        for (int x = 0; x < SCENE_TEXTURE_SIZE; x++) {
            uint64_t color = mix(0x7ea1 + (uint64_t)(y / BLOCK_TEXELS * SCENE_TEXTURE_SIZE + x / BLOCK_TEXELS));
            uint8_t *texel = &scene->texture[4 * (y * SCENE_TEXTURE_SIZE + x)];
            for (int i = 0; i < 3; i++)
                texel[i] = (uint8_t)(64 + (color >> (8 * i)) % 192);
            texel[3] = 255;
        }
}

void scene_free(struct scene *scene)
{
    free(scene->instances);
    free(scene->texture);
    *scene = (struct scene) { 0 };
}

/* Face f lies across axis f / 2; its u runs along the next axis and its v along the one after that. */
void scene_cube(struct scene_vertex vertices[SCENE_CUBE_CORNERS], uint16_t indices[SCENE_CUBE_INDICES])
{
    static const int corners[4][2] = { { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 1 } };
    static const int front[6] = { 0, 1, 2, 0, 2, 3 }, back[6] = { 0, 2, 1, 0, 3, 2 };
    for (int face = 0; face < 6; face++) {
        int axis = face / 2, side = face % 2 ? -1 : 1;
        for (int corner = 0; corner < 4; corner++) {
            struct scene_vertex *vertex = &vertices[face * 4 + corner];
            *vertex = (struct scene_vertex) { .uv = { (float)corners[corner][0], (float)corners[corner][1] } };
            vertex->position[axis] = vertex->normal[axis] = (float)side;
            vertex->position[(axis + 1) % 3] = 2 * vertex->uv[0] - 1;
            vertex->position[(axis + 2) % 3] = 2 * vertex->uv[1] - 1;
        }
        for (int i = 0; i < 6; i++)
            indices[face * 6 + i] = (uint16_t)(face * 4 + (side > 0 ? front[i] : back[i]));
    }
}

void scene_frame_at(const struct scene *scene, int64_t index, struct scene_frame *frame)
{
    double orbit = 0.006 * (double)index, height = 5 * sin(0.0041 * (double)index);
    double world_up[3] = { 0, 1, 0 };
    frame->eye[0] = 30 * cos(orbit);
    frame->eye[1] = height;
    frame->eye[2] = 30 * sin(orbit);
    for (int i = 0; i < 3; i++)
        frame->forward[i] = -frame->eye[i];
    normalize(frame->forward);
    cross(frame->forward, world_up, frame->right);
    normalize(frame->right);
    cross(frame->right, frame->forward, frame->up);
    frame->tangent = 0.4;
    frame->aspect = (double)scene->width / scene->height;

    double a = (SCENE_FAR + SCENE_NEAR) / (SCENE_NEAR - SCENE_FAR);
    double b = 2.0 * SCENE_FAR * SCENE_NEAR / (SCENE_NEAR - SCENE_FAR);
    const double *rows[3] = { frame->right, frame->up, frame->forward };
    const double scale[3] = { 1 / (frame->tangent * frame->aspect), 1 / frame->tangent, -a };
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++)
            frame->view_projection[column * 4 + row] = (float)(scale[row] * rows[row][column]);
        frame->view_projection[12 + row] = (float)(-scale[row] * dot(rows[row], frame->eye) + (row == 2 ? b : 0));
    }
    for (int column = 0; column < 3; column++)
        frame->view_projection[column * 4 + 3] = (float)frame->forward[column];
    frame->view_projection[15] = (float)-dot(frame->forward, frame->eye);

    for (int i = 0; i < SCENE_SPEEDS; i++) {
        frame->turn[i][0] = (float)cos(speeds[i] * (double)index);
        frame->turn[i][1] = (float)sin(speeds[i] * (double)index);
    }
}

/* A cube ready for rays: its own axes in the world. */
struct cube {
    double center[3], half, axes[3][3];
};

struct hit {
    size_t object; /* scene->count: none */
    int face, block_u, block_v;
    double u, v; /* inside the block, 0 .. 1 */
    double distance, second;
};

static void place_cube(const struct scene_instance *instance, const struct scene_frame *frame, struct cube *cube)
{
    const float *turn = frame->turn[(int)instance->spin[3]];
    double c = (double)turn[0] * instance->phase[0] - (double)turn[1] * instance->phase[1];
    double s = (double)turn[1] * instance->phase[0] + (double)turn[0] * instance->phase[1];
    double k[3] = { instance->spin[0], instance->spin[1], instance->spin[2] };
    for (int i = 0; i < 3; i++) {
        double unit[3] = { i == 0, i == 1, i == 2 }, side[3];
        cross(k, unit, side);
        cube->center[i] = instance->place[i];
        for (int j = 0; j < 3; j++)
            cube->axes[i][j] = unit[j] * c + side[j] * s + k[j] * k[i] * (1 - c);
    }
    cube->half = instance->place[3];
}

/* Slabs: where the ray enters the cube, through which face. */
static bool cast_at_cube(const struct cube *cube, const double from[3], const double along[3], double *distance,
                         int *face)
{
    double to[3] = { cube->center[0] - from[0], cube->center[1] - from[1], cube->center[2] - from[2] };
    double nearest = dot(to, along), reach = 3 * cube->half * cube->half;
    if (dot(to, to) - nearest * nearest > reach * 1.001) /* `along` has unit length */
        return false;
    double enter = -INFINITY, leave = INFINITY;
    for (int i = 0; i < 3; i++) {
        double speed = dot(cube->axes[i], along), middle = dot(cube->axes[i], to);
        if (fabs(speed) < 1e-12) {
            if (fabs(middle) > cube->half)
                return false;
            continue;
        }
        double first = (middle - copysign(cube->half, speed)) / speed;
        double last = (middle + copysign(cube->half, speed)) / speed;
        if (first > enter) {
            enter = first;
            *face = 2 * i + (speed > 0); /* it comes from the side that it moves away from */
        }
        leave = fmin(leave, last);
    }
    *distance = enter;
    return enter < leave && enter > 0;
}

static struct hit cast(const struct scene *scene, const struct cube *cubes, const struct scene_frame *frame, double x,
                       double y)
{
    double along[3];
    double horizontal = (2 * x / scene->width - 1) * frame->tangent * frame->aspect;
    double vertical = (2 * y / scene->height - 1) * frame->tangent;
    for (int i = 0; i < 3; i++)
        along[i] = frame->forward[i] + horizontal * frame->right[i] + vertical * frame->up[i];
    normalize(along);

    struct hit hit = { .object = scene->count, .distance = INFINITY, .second = INFINITY };
    for (size_t i = 0; i < scene->count; i++) {
        double distance;
        int face = 0;
        if (!cast_at_cube(&cubes[i], frame->eye, along, &distance, &face))
            continue;
        if (distance < hit.distance) {
            hit.second = hit.distance;
            hit.distance = distance;
            hit.object = i;
            hit.face = face;
        } else {
            hit.second = fmin(hit.second, distance);
        }
    }
    if (hit.object == scene->count)
        return hit;

    const struct cube *cube = &cubes[hit.object];
    double at[3];
    for (int i = 0; i < 3; i++)
        at[i] = frame->eye[i] + hit.distance * along[i] - cube->center[i];
    int axis = hit.face / 2;
    hit.u = (dot(at, cube->axes[(axis + 1) % 3]) / cube->half + 1) / 2 * SCENE_BLOCKS;
    hit.v = (dot(at, cube->axes[(axis + 2) % 3]) / cube->half + 1) / 2 * SCENE_BLOCKS;
    hit.block_u = (int)floor(hit.u);
    hit.block_v = (int)floor(hit.v);
    hit.u -= hit.block_u;
    hit.v -= hit.block_v;
    return hit;
}

/* Two rings around the pixel's centre: the inner one keeps off whatever an edge rounded to 1/256 of a pixel could
 * change, the outer one keeps off faces seen so flat that they are thinner than a pixel. */
static bool robust(const struct scene *scene, const struct cube *cubes, const struct scene_frame *frame, double x,
                   double y, struct hit *hit)
{
    static const double rings[][2] = {
        { 0.1, 0 },      { -0.1, 0 },      { 0, 0.1 },   { 0, -0.1 },   { 0.07, 0.07 }, { -0.07, 0.07 },
        { 0.07, -0.07 }, { -0.07, -0.07 }, { 0.5, 0.5 }, { -0.5, 0.5 }, { 0.5, -0.5 },  { -0.5, -0.5 },
    };
    *hit = cast(scene, cubes, frame, x, y);
    bool background = hit->object == scene->count;
    if (!background && (fmin(hit->u, hit->v) < BLOCK_MARGIN || fmax(hit->u, hit->v) > 1 - BLOCK_MARGIN ||
                        hit->second - hit->distance < DEPTH_MARGIN || hit->block_u < 0 ||
                        hit->block_u >= SCENE_BLOCKS || hit->block_v < 0 || hit->block_v >= SCENE_BLOCKS))
        return false;
    for (size_t i = 0; i < VG_COUNT(rings); i++) {
        struct hit other = cast(scene, cubes, frame, x + rings[i][0], y + rings[i][1]);
        if (other.object != hit->object)
            return false;
        if (!background && (other.face != hit->face || other.block_u != hit->block_u || other.block_v != hit->block_v))
            return false;
    }
    return true;
}

static void expected_color(const struct scene *scene, const struct cube *cubes, const struct hit *hit, uint8_t rgb[3])
{
    if (hit->object == scene->count) {
        for (int i = 0; i < 3; i++)
            rgb[i] = (uint8_t)lround(scene_background[i] * 255.0);
        return;
    }
    const struct scene_instance *instance = &scene->instances[hit->object];
    const double *axis = cubes[hit->object].axes[hit->face / 2];
    double light[3] = { scene_light[0], scene_light[1], scene_light[2] };
    double cosine = dot(axis, light) * (hit->face % 2 ? -1 : 1);
    double shade = SCENE_AMBIENT + SCENE_DIFFUSE * fmax(0, cosine);
    int column = (int)instance->phase[2] * SCENE_BLOCKS + hit->block_u;
    int row = (int)instance->phase[3] * SCENE_BLOCKS + hit->block_v;
    const uint8_t *texel = &scene->texture[4 * (row * BLOCK_TEXELS * SCENE_TEXTURE_SIZE + column * BLOCK_TEXELS)];
    for (int i = 0; i < 3; i++)
        rgb[i] = (uint8_t)lround(fmin(1, texel[i] / 255.0 * instance->tint[i] * shade) * 255);
}

size_t scene_probes(const struct scene *scene, int64_t index, struct scene_probe *probes, size_t wanted)
{
    struct scene_frame frame;
    scene_frame_at(scene, index, &frame);
    vg_autofree struct cube *cubes = vg_calloc(scene->count, sizeof(*cubes));
    for (size_t i = 0; i < scene->count; i++)
        place_cube(&scene->instances[i], &frame, &cubes[i]);

    uint64_t state = mix((uint64_t)index ^ 0x5ce4e);
    size_t found = 0, background = 0;
    for (size_t tries = 0; found < wanted && tries < wanted * 16; tries++) {
        struct scene_probe *probe = &probes[found];
        struct hit hit;
        probe->x = (int)uniform(&state, 0, scene->width);
        probe->y = (int)uniform(&state, 0, scene->height);
        if (!robust(scene, cubes, &frame, probe->x + 0.5, probe->y + 0.5, &hit))
            continue;
        probe->background = hit.object == scene->count;
        if (probe->background && background >= wanted / 4) /* the objects are what is to be looked at */
            continue;
        background += probe->background;
        expected_color(scene, cubes, &hit, probe->rgb);
        found++;
    }
    return found;
}
