/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis: how much of the host stands in the path of a submission. A class is only given where what the probes saw
 * leaves no other; what they could not see is told with it. The thresholds are the test's. */
#include "judge/submissions.h"

#include <math.h>

extern const struct vg_analysis vg_analysis_submission_class;

/* In the order of how much of the host is in the path: the metric's value. */
enum path { PATH_UNKNOWN, PATH_DIRECT, PATH_RING, PATH_DOORBELL, PATH_MEDIATED };
static const char *const path_words[] = {
    [PATH_UNKNOWN] = "not known",
    [PATH_DIRECT] = "direct: the host is not in the path",
    [PATH_RING] = "para-virtual, a ring without a doorbell per submission: the host polls",
    [PATH_DOORBELL] = "para-virtual, a doorbell per submission",
    [PATH_MEDIATED] = "mediated: the host handles each submission",
};

enum sight_name { SEEN_COMMANDS, SEEN_TRACED, SEEN_DEVICE, SEEN_FAST, SEEN_USERSPACE, SEEN_EXITS, SEEN_MMIO, SEEN_CPU };
static const char *const sight_counters[] = {
    [SEEN_COMMANDS] = "commands",         [SEEN_TRACED] = "traced-exits",
    [SEEN_DEVICE] = "device-exits",       [SEEN_FAST] = "fast-exits",
    [SEEN_USERSPACE] = "userspace-exits", [SEEN_EXITS] = "exits",
    [SEEN_MMIO] = "mmio-exits",           [SEEN_CPU] = "host-cpu",
};
#define SIGHTS VG_COUNT(sight_counters)

/* A counter that never moves says nothing: which one must have moved for this one to be believed. A path without exits
 * has device-exits that stand still, while those of other devices go on. */
static const enum sight_name alive_by[] = {
    [SEEN_COMMANDS] = SEEN_COMMANDS, [SEEN_TRACED] = SEEN_TRACED,    [SEEN_DEVICE] = SEEN_TRACED,
    [SEEN_FAST] = SEEN_TRACED,       [SEEN_USERSPACE] = SEEN_TRACED, [SEEN_EXITS] = SEEN_EXITS,
    [SEEN_MMIO] = SEEN_EXITS,        [SEEN_CPU] = SEEN_CPU,
};

struct limits {
    double none, each, cpu_us; /* per submission */
};

static bool at_most(const struct judge_sight *sight, double limit)
{
    return !sight->blind && sight->line.slope_upper <= limit;
}

static bool at_least(const struct judge_sight *sight, double limit)
{
    return !sight->blind && sight->line.slope_lower >= limit;
}

/* All of its interval lies above. */
static bool above(const struct judge_sight *sight, double limit)
{
    return !sight->blind && sight->line.slope_lower > limit;
}

/* Why a class that the rest would fit is not given. */
static const char outside[] = "exits come with the submissions that the trace does not find in the vGPU's BARs: they "
                              "are another device's, or its "
                              "doorbell lies outside of them";
static const char unattributed[] = "KVM counts exits that come with the submissions, and without a trace nobody knows "
                                   "whether they are doorbells of the vGPU";
static const char fewer[] =
    "KVM counts fewer exits of any kind than one per submission, so that commands are not doorbells";
static const char unwatched[] = "the trace sees the vGPU's BARs only, and nobody counted exits outside of them";

/* A virtio-gpu: the VMM takes commands from a queue. They bound the doorbells, of a guest that kicks for buffers only;
 * exits, where they are seen, are the doorbells. So the trace decides if there is one, and all of KVM's exits if there
 * are none; else the queue, and no exit that nobody can place may speak against a ring. */
static enum path virtio_path(const struct judge_sight *sights, const struct limits *limits, const char **doubt)
{
    bool traced = !sights[SEEN_DEVICE].blind;
    const struct judge_sight *doorbells = traced                                       ? &sights[SEEN_DEVICE]
                                          : at_most(&sights[SEEN_EXITS], limits->none) ? &sights[SEEN_EXITS]
                                                                                       : &sights[SEEN_COMMANDS];
    const struct judge_sight *exits = &sights[SEEN_EXITS];
    if (!traced && !exits->blind && exits->line.slope_upper < limits->each && at_least(doorbells, limits->each)) {
        *doubt = fewer;
        return PATH_UNKNOWN;
    }
    if (at_least(doorbells, limits->each))
        return PATH_DOORBELL;
    if (!at_most(doorbells, limits->none))
        return PATH_UNKNOWN;
    if (above(&sights[SEEN_MMIO], limits->none) || above(&sights[SEEN_TRACED], limits->none) ||
        (!traced && above(&sights[SEEN_EXITS], limits->none)))
        *doubt = traced ? outside : unattributed;
    return *doubt ? PATH_UNKNOWN : PATH_RING;
}

/* Whether exits that nobody can place speak against "no host in the path". */
static bool leaves_the_bars(const struct judge_sight *sights, const struct limits *limits, const char **doubt)
{
    if (above(&sights[SEEN_EXITS], limits->none) || above(&sights[SEEN_TRACED], limits->none))
        *doubt = outside;
    else if (sights[SEEN_EXITS].blind)
        *doubt = unwatched;
    else if (!(sights[SEEN_EXITS].line.slope_upper < limits->each))
        *doubt = "KVM's count of exits is too uneven to exclude one for each submission outside of the vGPU's BARs";
    return *doubt != NULL;
}

/* A piece of hardware, or what looks like one. Where the trace lives, only what it finds in the BARs is the vGPU's.
 * KVM's own counts of MMIO leave out doorbells that it turns into events, so that without the trace only all exits
 * together can show that there are none. */
static enum path device_path(const struct judge_sight *sights, const struct limits *limits, const char **doubt)
{
    bool traced = !sights[SEEN_DEVICE].blind;
    if (at_least(&sights[SEEN_USERSPACE], limits->each) || (!traced && at_least(&sights[SEEN_MMIO], limits->each)))
        return PATH_MEDIATED;
    if (at_least(&sights[SEEN_FAST], limits->each))
        return PATH_DOORBELL;
    if (at_least(&sights[SEEN_DEVICE], limits->each))
        return PATH_MEDIATED;
    if (!at_most(&sights[traced ? SEEN_DEVICE : SEEN_EXITS], limits->none))
        return PATH_UNKNOWN;
    if (traced && leaves_the_bars(sights, limits, doubt))
        return PATH_UNKNOWN;
    if (at_most(&sights[SEEN_CPU], limits->cpu_us))
        return PATH_DIRECT;
    return above(&sights[SEEN_CPU], limits->cpu_us) ? PATH_RING : PATH_UNKNOWN;
}

static void drop_dead(struct judge_sight *sights)
{
    for (size_t i = 0; i < SIGHTS; i++)
        judge_sight_drop_dead(&sights[i], &sights[alive_by[i]],
                              judge_counter_find(sight_counters[alive_by[i]])->summary);
}

/* What was seen, then what was not; each reason once. */
static char *describe(const struct judge_sight *sights, enum path path, const char *doubt)
{
    vg_autofree char *text = vg_format("%s%s%s", path_words[path], doubt ? ": " : "", doubt ? doubt : "");
    const char *unseen = "; not seen: ";
    for (size_t i = 0; i < SIGHTS; i++) {
        if (sights[i].blind || i == SEEN_TRACED)
            continue;
        char *longer = vg_format("%s; %s %.3g%s (%.3g to %.3g)", text, sight_counters[i], sights[i].line.slope,
                                 i == SEEN_CPU ? " us" : "", sights[i].line.slope_lower, sights[i].line.slope_upper);
        free(text);
        text = longer;
    }
    for (size_t i = 0; i < SIGHTS; i++) {
        bool told = !sights[i].blind || strstr(text, sights[i].blind) != NULL;
        if (told)
            continue;
        char *longer = vg_format("%s%s%s", text, unseen, sights[i].blind);
        free(text);
        text = longer;
        unseen = "; ";
    }
    return vg_strdup(text);
}

/* Those in the BARs where they were traced; else all of the VM's bound them. */
static void put_exits(struct vg_analysis_output *output, const struct vg_descriptor *self,
                      const struct judge_sight *sights)
{
    const struct judge_sight *exits = &sights[sights[SEEN_DEVICE].blind ? SEEN_EXITS : SEEN_DEVICE];
    const char *note = exits->blind ? exits->blind
                       : sights[SEEN_DEVICE].blind
                           ? "all exits of the VM, since those in the vGPU's BARs were not traced"
                           : NULL;
    vg_output_value(output, self, "exits", NULL, exits->blind ? NAN : exits->line.slope, note);
    vg_output_value(output, self, "exits_upper", NULL, exits->blind ? NAN : exits->line.slope_upper, note);
}

static bool run(const struct vg_analysis_input *input, struct vg_analysis_output *output, struct vg_error *err)
{
    const struct vg_descriptor *self = (const struct vg_descriptor *)&vg_analysis_submission_class;
    const struct limits limits = {
        .none = vg_analysis_param_real(input, "none"),
        .each = vg_analysis_param_real(input, "each"),
        .cpu_us = vg_analysis_param_real(input, "direct_cpu_us"),
    };
    struct judge_sight sights[SIGHTS] = { 0 };
    bool good = true;
    for (size_t i = 0; good && i < SIGHTS; i++) {
        good = judge_sight_look(input, sight_counters[i], i == SEEN_CPU, &sights[i], output, err);
    }
    if (good) {
        bool virtio = !sights[SEEN_COMMANDS].blind;
        drop_dead(sights);
        const char *doubt = NULL;
        enum path path = virtio ? virtio_path(sights, &limits, &doubt) : device_path(sights, &limits, &doubt);
        if (path == PATH_RING && virtio && sights[SEEN_DEVICE].blind && sights[SEEN_EXITS].blind)
            doubt = "by its queue alone, since no exits were seen: a kick without a buffer would not show";
        vg_autofree char *note = describe(sights, path, doubt);
        vg_output_value(output, self, "class", NULL, path == PATH_UNKNOWN ? NAN : (double)path, note);
        put_exits(output, self, sights);
        if (path == PATH_UNKNOWN)
            vg_output_invalid(output, "The path of submissions cannot be classified: what was seen is not enough. %s.",
                              note);
    }
    for (size_t i = 0; i < SIGHTS; i++) {
        judge_sight_free(&sights[i]);
    }
    return good;
}

VG_ANALYSIS(submission_class) = {
    .kind = VG_KIND_ANALYSIS,
    .name = "submission-class",
    .summary = "whether submissions are direct, para-virtual (with or without a doorbell each) or mediated",
    .why = "what is sold as direct must be seen to be direct; a class without evidence is an opinion",
    .params =
        VG_PARAMS {
            { .name = "rates",
              .type = VG_TEXT,
              .summary = "phases, one per rate, blanks between them; at least four, in one of which nothing is "
                         "submitted" },
            { .name = "tenant", .type = VG_TEXT, .summary = "the one that submits" },
            { .name = "stream",
              .type = VG_TEXT,
              .def = "submission",
              .summary = "the workload's table of submissions" },
            { .name = "column", .type = VG_TEXT, .def = "t0", .summary = "the instant of a submission in that stream" },
            { .name = "none",
              .type = VG_REAL,
              .min = 0,
              .max = 1,
              .unit = "1",
              .summary = "so many per submission, at the upper end of the interval, count as none" },
            { .name = "each",
              .type = VG_REAL,
              .min = 0,
              .max = 1,
              .unit = "1",
              .summary = "so many, at the lower end of the interval, count as one for each submission" },
            { .name = "direct_cpu_us",
              .type = VG_REAL,
              .min = 0,
              .max = 1000000,
              .unit = "us",
              .summary = "most CPU time of the host per submission where the path is direct" },
            { .name = NULL },
        },
    .metrics =
        VG_METRICS {
            { "class", "1", VG_LOWER, 0,
              "1 direct, 2 a ring without a doorbell per submission, 3 a doorbell per submission, 4 mediated" },
            { "exits", "1", VG_LOWER, 0.05,
              "per submission, the slope: those in the vGPU's BARs, or all of the VM's where they were not traced" },
            { "exits_upper", "1", VG_LOWER, 0, "upper end of the 95 % interval of `exits`" },
            { .name = NULL },
        },
    .run = run,
};
