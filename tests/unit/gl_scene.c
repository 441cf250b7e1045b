/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scene of gl-frame-stream: the colours that its ray caster expects are those that a rasteriser gets from what is
 * uploaded, worked out here in a third way (quaternions, triangles, barycentric coordinates). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include "base/base.h"
#include "common/egl.h"
#include "gles/calibrate.h"
#include "gles/cells.h"
#include "gles/long-draw.h"
#include "gles/early-fence.h"
#include "gles/scene.h"

#define WIDTH   320
#define HEIGHT  180
#define OBJECTS 200
#define PROBES  96

/* v turned by the unit quaternion q (w last). */
static void turn(const double q[4], const double v[3], double out[3])
{
    double t[3] = { 2 * (q[1] * v[2] - q[2] * v[1]), 2 * (q[2] * v[0] - q[0] * v[2]), 2 * (q[0] * v[1] - q[1] * v[0]) };
    out[0] = v[0] + q[3] * t[0] + q[1] * t[2] - q[2] * t[1];
    out[1] = v[1] + q[3] * t[1] + q[2] * t[0] - q[0] * t[2];
    out[2] = v[2] + q[3] * t[2] + q[0] * t[1] - q[1] * t[0];
}

static void quaternion(const struct scene_instance *instance, const struct scene_frame *frame, double q[4])
{
    const float *now = frame->turn[(int)instance->spin[3]];
    double angle =
        atan2((double)instance->phase[1], (double)instance->phase[0]) + atan2((double)now[1], (double)now[0]);
    for (int i = 0; i < 3; i++)
        q[i] = instance->spin[i] * sin(angle / 2);
    q[3] = cos(angle / 2);
}

struct corner {
    double x, y, z, w; /* window coordinates and depth; w of the clip space */
};

static struct corner project(const struct scene_frame *frame, const double p[3])
{
    double clip[4];
    for (int row = 0; row < 4; row++)
        clip[row] = (double)frame->view_projection[row] * p[0] + (double)frame->view_projection[4 + row] * p[1] +
                    (double)frame->view_projection[8 + row] * p[2] + (double)frame->view_projection[12 + row];
    return (struct corner) { (clip[0] / clip[3] + 1) / 2 * WIDTH, (clip[1] / clip[3] + 1) / 2 * HEIGHT,
                             clip[2] / clip[3], clip[3] };
}

static double area(const struct corner *a, const struct corner *b, double x, double y)
{
    return (b->x - a->x) * (y - a->y) - (b->y - a->y) * (x - a->x);
}

static void shade(const struct scene *scene, const struct scene_instance *instance, const double q[4],
                  const struct scene_vertex *vertex, const double uv[2], double rgb[3])
{
    double normal[3] = { vertex->normal[0], vertex->normal[1], vertex->normal[2] }, world[3];
    turn(q, normal, world);
    double cosine = 0;
    for (int i = 0; i < 3; i++)
        cosine += world[i] * scene_light[i];
    int texel[2];
    for (int i = 0; i < 2; i++)
        texel[i] = (int)((instance->phase[2 + i] + uv[i]) / SCENE_TILES * SCENE_TEXTURE_SIZE);
    for (int i = 0; i < 3; i++)
        rgb[i] = scene->texture[4 * (texel[1] * SCENE_TEXTURE_SIZE + texel[0]) + i] * (double)instance->tint[i] *
                 (SCENE_AMBIENT + SCENE_DIFFUSE * fmax(0, cosine));
}

/* The colour of the pixel by drawing every triangle; front faces only, nearest wins. */
static void rasterise(const struct scene *scene, const struct scene_frame *frame, double x, double y, double rgb[3])
{
    struct scene_vertex vertices[SCENE_CUBE_CORNERS];
    uint16_t indices[SCENE_CUBE_INDICES];
    scene_cube(vertices, indices);
    double nearest = 1;
    for (int i = 0; i < 3; i++)
        rgb[i] = scene_background[i] * 255.0;
    for (size_t object = 0; object < scene->count; object++) {
        const struct scene_instance *instance = &scene->instances[object];
        double q[4];
        struct corner corners[SCENE_CUBE_CORNERS];
        quaternion(instance, frame, q);
        for (int v = 0; v < SCENE_CUBE_CORNERS; v++) {
            double at[3] = { vertices[v].position[0], vertices[v].position[1], vertices[v].position[2] }, world[3];
            turn(q, at, world);
            for (int i = 0; i < 3; i++)
                world[i] = world[i] * instance->place[3] + instance->place[i];
            corners[v] = project(frame, world);
        }
        for (int i = 0; i < SCENE_CUBE_INDICES; i += 3) {
            const struct corner *a = &corners[indices[i]], *b = &corners[indices[i + 1]], *c = &corners[indices[i + 2]];
            double whole = area(a, b, c->x, c->y);
            double part[3] = { area(b, c, x, y) / whole, area(c, a, x, y) / whole, area(a, b, x, y) / whole };
            if (whole <= 0 || part[0] < 0 || part[1] < 0 || part[2] < 0)
                continue;
            double depth = part[0] * a->z + part[1] * b->z + part[2] * c->z;
            if (depth >= nearest || depth < -1)
                continue;
            nearest = depth;
            double weights[3] = { part[0] / a->w, part[1] / b->w, part[2] / c->w };
            double uv[2] = { 0 }, sum = weights[0] + weights[1] + weights[2];
            for (int v = 0; v < 3; v++)
                for (int k = 0; k < 2; k++)
                    uv[k] += weights[v] / sum * vertices[indices[i + v]].uv[k];
            shade(scene, instance, q, &vertices[indices[i]], uv, rgb);
        }
    }
}

static void expected_colors_are_those_of_a_rasteriser(void **state)
{
    (void)state;
    static const int64_t frames[] = { 0, 1, 250, 100000 };
    struct scene scene;
    scene_make(&scene, OBJECTS, WIDTH, HEIGHT);
    for (size_t i = 0; i < VG_COUNT(frames); i++) {
        struct scene_frame frame;
        struct scene_probe probes[PROBES];
        scene_frame_at(&scene, frames[i], &frame);
        size_t found = scene_probes(&scene, frames[i], probes, PROBES), background = 0;
        assert_true(found > PROBES / 2);
        for (size_t p = 0; p < found; p++) {
            double rgb[3];
            assert_in_range(probes[p].x, 0, WIDTH - 1);
            assert_in_range(probes[p].y, 0, HEIGHT - 1);
            background += probes[p].background;
            rasterise(&scene, &frame, probes[p].x + 0.5, probes[p].y + 0.5, rgb);
            for (int c = 0; c < 3; c++)
                if (fabs(rgb[c] - probes[p].rgb[c]) > 0.51)
                    fail_msg("frame %d, pixel (%d, %d), channel %d: %d expected, %.2f drawn", (int)frames[i],
                             probes[p].x, probes[p].y, c, probes[p].rgb[c], rgb[c]);
        }
        assert_true(background <= PROBES / 4);
    }
    scene_free(&scene);
}

static void a_frame_follows_from_its_index_alone(void **state)
{
    (void)state;
    struct scene a, b;
    scene_make(&a, OBJECTS, WIDTH, HEIGHT);
    scene_make(&b, OBJECTS, WIDTH, HEIGHT);
    assert_memory_equal(a.instances, b.instances, OBJECTS * sizeof(*a.instances));
    assert_memory_equal(a.texture, b.texture, (size_t)4 * SCENE_TEXTURE_SIZE * SCENE_TEXTURE_SIZE);
    struct scene_frame one, again, next;
    scene_frame_at(&a, 41, &one);
    scene_frame_at(&b, 41, &again);
    scene_frame_at(&a, 42, &next);
    assert_memory_equal(one.view_projection, again.view_projection, sizeof(one.view_projection));
    assert_memory_not_equal(one.view_projection, next.view_projection, sizeof(one.view_projection));
    assert_memory_not_equal(one.turn, next.turn, sizeof(one.turn));
    scene_free(&a);
    scene_free(&b);
}

static void an_extension_is_a_whole_word(void **state)
{
    (void)state;
    assert_true(vg_egl_has("EGL_A EGL_B EGL_C", "EGL_A"));
    assert_true(vg_egl_has("EGL_A EGL_B EGL_C", "EGL_C"));
    assert_true(vg_egl_has("EGL_AB EGL_A", "EGL_A"));
    assert_false(vg_egl_has("EGL_AB XEGL_A", "EGL_A"));
    assert_false(vg_egl_has("", "EGL_A"));
    assert_false(vg_egl_has(NULL, "EGL_A"));
}

/* The GPU as far as the grid is concerned. */
static void draw_cell(struct cells *cells, uint32_t *grid)
{
    uint32_t number = ++cells->submitted;
    cells_expect(number, &grid[(size_t)cells_place(cells, number) * CELL_WORDS]);
}

static void each_cell_is_proved_for_itself(void **unused)
{
    (void)unused;
    struct cells cells = { .side = CELLS_SIDE, .batch = 1, .every = 3 };
    vg_autofree uint32_t *grid = vg_calloc(cells_count(&cells), CELL_WORDS * sizeof(uint32_t));
    uint32_t due = 0;
    for (int i = 0; i < 10; i++) {
        draw_cell(&cells, grid);
        if (!cells_one_due(&cells))
            continue;
        due++;
        const uint32_t *cell = &grid[(size_t)cells_place(&cells, cells.submitted) * CELL_WORDS];
        const uint32_t *before = &grid[(size_t)cells_place(&cells, cells.submitted - 1) * CELL_WORDS];
        assert_false(cells_check_one(&cells, before)); /* the submission before is not this one */
        assert_int_equal(cells.each, due - 1);
        assert_true(cells_check_one(&cells, cell));
        assert_int_equal(cells.each, due);
    }
    assert_int_equal(due, 3);
    assert_int_equal(cells.checked, 0); /* proved by itself is not found in a grid, nor the other way round */
    assert_int_equal(cells_check_grid(&cells, grid), 0);
    assert_int_equal(cells.checked, 10);
    assert_int_equal(cells.each, 3);
}

static void no_cell_is_reused_unseen(void **unused)
{
    (void)unused;
    struct cells cells = { .side = CELLS_SIDE, .batch = 1, .every = 1000000 };
    vg_autofree uint32_t *grid = vg_calloc(cells_count(&cells), CELL_WORDS * sizeof(uint32_t));
    for (uint32_t round = 0; round < 2; round++) {
        while (!cells_grid_due(&cells))
            draw_cell(&cells, grid);
        assert_int_equal(cells.submitted, (round + 1) * cells_count(&cells));
        uint32_t *cell = &grid[(size_t)cells_place(&cells, cells.submitted - 5) * CELL_WORDS + 2];
        *cell ^= 1; /* one was skipped, or drew with another one's number */
        assert_int_equal(cells_check_grid(&cells, grid), cells.submitted - 5);
        assert_int_equal(cells.checked, round * cells_count(&cells));
        *cell ^= 1;
        assert_int_equal(cells_check_grid(&cells, grid), 0);
        assert_int_equal(cells.checked, cells.submitted);
    }
    assert_int_equal(cells.each, 0);
}

/* Batches that do not divide the grid: the look comes before one of them would reach a cell that nobody has seen. */
static void batches_are_proved_draw_by_draw(void **unused)
{
    (void)unused;
    struct cells cells = { .side = 16, .batch = 48, .every = 2 };
    vg_autofree uint32_t *grid = vg_calloc(cells_count(&cells), CELL_WORDS * sizeof(uint32_t));
    unsigned due = 0, looks = 0;
    for (unsigned submission = 1; submission <= 12; submission++) {
        for (uint32_t i = 0; i < cells.batch; i++)
            draw_cell(&cells, grid);
        due += cells_one_due(&cells);
        assert_true(cells.submitted - cells.checked <= cells_count(&cells));
        if (!cells_grid_due(&cells))
            continue;
        uint32_t *lost = &grid[(size_t)cells_place(&cells, cells.checked + 7) * CELL_WORDS];
        *lost ^= 1; /* a draw in the midst of the first batch */
        assert_int_equal(cells_check_grid(&cells, grid), cells.checked + 7);
        *lost ^= 1;
        assert_int_equal(cells_check_grid(&cells, grid), 0);
        looks++;
    }
    assert_int_equal(due, 6);   /* every second submission, not every second draw */
    assert_int_equal(looks, 2); /* five batches of 48 fit into 256 cells */
}

static struct early_verdict judge(size_t reads, int64_t latency_ns, int64_t read_ns, int64_t idle_ns)
{
    struct early_fence early = { 0 };
    for (size_t i = 0; i < 40; i++)
        early_fence_idle(&early, i == 3 ? idle_ns * 1000 : idle_ns); /* one was disturbed */
    for (size_t i = 0; i < reads; i++)
        early_fence_read(&early, latency_ns, read_ns);
    return early_fence_judge(&early);
}

static void an_early_fence_is_no_low_latency(void **unused)
{
    (void)unused;
    assert_false(judge(10000, 37000, 900, 700).early);          /* an honest one; reading is cheap */
    assert_false(judge(10000, 300000, 1100000, 1000000).early); /* an honest one; reading is dear */
    struct early_verdict verdict = judge(10000, 4000, 1036000, 1000000);
    assert_true(verdict.known && verdict.early);
    assert_int_equal(verdict.missing_ns, 36000);
    assert_int_equal(verdict.latency_ns, 4000);
    assert_true(judge(100, 4000, 20000, 700).early);
    assert_false(judge(EARLY_LEAST - 1, 4000, 20000, 700).known);
}

/* The walk of the shader, a step at a time: it does not stop early, and a draw that took another one is wrong. */
static void a_long_draw_is_known_by_its_walk(void **unused)
{
    (void)unused;
    assert_int_equal(long_draw_walk(0), 0);
    uint32_t at = 0;
    for (int step = 0; step < 3 * LONG_DRAW_STEPS; step++) {
        at = at * 1664525u + 1013904223u;
        at ^= at >> 15;
    }
    assert_int_equal(long_draw_walk(3), at);
    assert_true(long_draw_walk(LONG_DRAW_MOST) != long_draw_walk(LONG_DRAW_MOST - 1));
    struct cells cells = { .side = CELLS_SIDE, .batch = 1, .every = 1, .walked = long_draw_walk(3) };
    uint32_t words[CELL_WORDS];
    cells_expect(++cells.submitted, words);
    assert_false(cells_check_one(&cells, words)); /* it took no walk */
    words[3] ^= long_draw_walk(2);
    assert_false(cells_check_one(&cells, words)); /* it did not go so far */
    words[3] ^= long_draw_walk(2) ^ long_draw_walk(3);
    assert_true(cells_check_one(&cells, words));
}

/* A path that takes its time besides the work, and may see completions only every so often. */
struct slow_path {
    int64_t round_ns, draw_ns, fence_ns, poll_ns;
    bool noisy; /* the fence is late only now and then */
    unsigned calls;
};

static int64_t slow_path_time(void *path, uint32_t draws, uint32_t rounds)
{
    struct slow_path *slow = path;
    int64_t took_ns = draws * (slow->draw_ns + rounds * slow->round_ns);
    if (!slow->noisy || slow->calls++ % 4 == 3)
        took_ns += slow->fence_ns;
    return slow->poll_ns ? (took_ns + slow->poll_ns - 1) / slow->poll_ns * slow->poll_ns : took_ns;
}

static struct calibrated calibrate_by(struct slow_path slow, int64_t wanted_ns)
{
    struct calibration calibration = {
        .time_ns = slow_path_time, .path = &slow, .draws_most = CELLS_SIDE * CELLS_SIDE, .rounds_most = LONG_DRAW_MOST
    };
    return calibrate(&calibration, wanted_ns);
}

/* What a fence takes is no work of the draw in front of it. */
static void a_job_is_calibrated_without_its_path(void **unused)
{
    (void)unused;
    const struct slow_path paths[] = {
        { .round_ns = 70, .draw_ns = 3000 },
        { .round_ns = 70, .draw_ns = 3000, .fence_ns = 10000000 },
        { .round_ns = 70, .draw_ns = 300000, .fence_ns = 10000000 },
        { .round_ns = 70, .draw_ns = 3000, .fence_ns = 10000000, .noisy = true },
        { .round_ns = 70, .draw_ns = 3000, .poll_ns = 10000000 },
        { .round_ns = 700, .draw_ns = 3000, .fence_ns = 500000, .poll_ns = 10000000 },
    };
    static const int64_t wanted[] = { 100000, 1000000, 4000000 };
    for (size_t i = 0; i < VG_COUNT(paths); i++)
        for (size_t j = 0; j < VG_COUNT(wanted); j++) {
            struct calibrated found = calibrate_by(paths[i], wanted[j]);
            double work_ns = (double)found.rounds * (double)paths[i].round_ns;
            assert_true(found.good);
            /* Of the span, twice the poll, and the tolerance. */
            assert_true(fabs(work_ns / (double)wanted[j] - 1) < 0.21);
            if (!paths[i].poll_ns)
                assert_true(fabs(work_ns - (double)found.job_ns) < 0.001 * work_ns);
        }
}

static void a_job_that_cannot_be_so_long_is_refused(void **unused)
{
    (void)unused;
    struct calibrated found = calibrate_by((struct slow_path) { .round_ns = 10, .fence_ns = 10000000 }, 1000000);
    assert_int_equal(found.rounds, LONG_DRAW_MOST);
    assert_int_equal(found.job_ns, 600000);
    assert_false(found.good);
    assert_false(calibrate_by((struct slow_path) { .round_ns = 2000000 }, 1000000).good);  /* nor so short */
    assert_false(calibrate_by((struct slow_path) { .fence_ns = 10000000 }, 1000000).good); /* it does not walk */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expected_colors_are_those_of_a_rasteriser),
        cmocka_unit_test(a_frame_follows_from_its_index_alone),
        cmocka_unit_test(an_extension_is_a_whole_word),
        cmocka_unit_test(each_cell_is_proved_for_itself),
        cmocka_unit_test(no_cell_is_reused_unseen),
        cmocka_unit_test(batches_are_proved_draw_by_draw),
        cmocka_unit_test(a_long_draw_is_known_by_its_walk),
        cmocka_unit_test(a_job_is_calibrated_without_its_path),
        cmocka_unit_test(a_job_that_cannot_be_so_long_is_refused),
        cmocka_unit_test(an_early_fence_is_no_low_latency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
