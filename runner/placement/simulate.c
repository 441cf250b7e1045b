/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of arrivals and departures through one policy. A VM that is refused does not wait or come again. No clock
 * and no files: who calls it measures and writes. */
#include "placement/internal.h"

void vg_simulation_begin(struct vg_simulation *simulation, const struct vg_placement_policy *policy,
                         const struct vg_fleet *fleet, const struct vg_request_stream *stream)
{
    memset(fleet->states, 0, fleet->pgpu_count * sizeof(*fleet->states));
    *simulation = (struct vg_simulation) { .policy = policy, .fleet = fleet, .stream = stream };
    for (unsigned i = 0; i < fleet->class_count; i++)
        for (unsigned t = 0; t < fleet->classes[i].type_count; t++)
            if (fleet->classes[i].types[t].id >= simulation->id_limit)
                simulation->id_limit = fleet->classes[i].types[t].id + 1;
    simulation->type_of = vg_calloc((size_t)fleet->class_count * simulation->id_limit, sizeof(*simulation->type_of));
    for (unsigned i = 0; i < fleet->class_count; i++)
        for (unsigned id = 0; id < simulation->id_limit; id++)
            simulation->type_of[i * simulation->id_limit + id] = (int8_t)vg_class_type(&fleet->classes[i], id);
    simulation->outcomes = vg_calloc_large(stream->arrival_count + 1, sizeof(*simulation->outcomes));
    simulation->index = vg_placement_index_new(policy, fleet);
}

void vg_simulation_end(struct vg_simulation *simulation)
{
    vg_placement_index_free(simulation->index);
    free(simulation->type_of);
    free(simulation->outcomes);
    *simulation = (struct vg_simulation) { 0 };
}

/* The fleet says it too, but the index is looked at anyway. */
static unsigned class_on(const struct vg_simulation *simulation, int64_t pgpu)
{
    return vg_placement_index_class(simulation->index, (unsigned)pgpu);
}

static unsigned type_on(const struct vg_simulation *simulation, int64_t pgpu, unsigned id)
{
    return (unsigned)simulation->type_of[class_on(simulation, pgpu) * simulation->id_limit + id];
}

static void arrive(struct vg_simulation *simulation, const struct vg_request_event *event)
{
    const struct vg_fleet *fleet = simulation->fleet;
    struct vg_outcome *outcome = &simulation->outcomes[event->vm];
    struct vg_placement_request request = {
        .type = (unsigned)event->type, .numa = event->numa, .host = event->host, .pgpu = event->pgpu
    };
    struct vg_decision decision = vg_placement_index_decide(simulation->index, &request);
    *outcome = (struct vg_outcome) { .pgpu = (int32_t)decision.pgpu, .refusal = (uint8_t)decision.refusal };
    if (decision.pgpu == VG_ANY) {
        simulation->refused[decision.refusal]++;
        return;
    }
    vg_placement_index_prefetch(simulation->index, (unsigned)decision.pgpu); /* all of it at once, not in turn */
    const struct vg_pgpu_class *class = &fleet->classes[class_on(simulation, decision.pgpu)];
    struct vg_vgpu_instance it = VG_INSTANCE_OF(type_on(simulation, decision.pgpu, request.type));
    enum vg_refusal refusal = vg_capacity_create(class, &fleet->states[decision.pgpu], &it, &it);
    if (refusal != VG_REFUSED_NOT) { /* the index promised it */
        *outcome = (struct vg_outcome) { .pgpu = VG_ANY, .refusal = (uint8_t)refusal };
        simulation->refused[refusal]++;
        return;
    }
    outcome->vf = (int8_t)it.vf;
    outcome->gi = (int8_t)it.gi;
    outcome->placement = (uint8_t)it.placement_id;
    simulation->placed++;
    vg_placement_index_update(simulation->index, (unsigned)decision.pgpu);
}

static void leave(struct vg_simulation *simulation, const struct vg_request_event *event)
{
    const struct vg_fleet *fleet = simulation->fleet;
    const struct vg_outcome *outcome = &simulation->outcomes[event->vm];
    if (outcome->pgpu == VG_ANY)
        return;
    const struct vg_pgpu_class *class = &fleet->classes[class_on(simulation, outcome->pgpu)];
    const struct vg_vgpu_instance it = { .type = type_on(simulation, outcome->pgpu, (unsigned)event->type),
                                         .vf = outcome->vf,
                                         .placement_id =
                                             class->model == VG_CAPACITY_MIXED_SIZE ? outcome->placement : VG_ANY,
                                         .gi = outcome->gi };
    if (vg_capacity_destroy(class, &fleet->states[outcome->pgpu], &it))
        vg_placement_index_update(simulation->index, (unsigned)outcome->pgpu);
}

/* A stream that is known beforehand lets the memory of a departure come while others are dealt with; which pGPU it is
 * stands in its outcome. An arrival's pGPU is not known before it is decided, unless it was named. */
static void look_ahead(const struct vg_simulation *simulation)
{
    enum { OUTCOME = 16, STATE = 8 };
    const struct vg_request_stream *stream = simulation->stream;
    if (simulation->next + OUTCOME >= stream->event_count)
        return;
    const struct vg_request_event *far = &stream->events[simulation->next + OUTCOME];
    const struct vg_request_event *near = &stream->events[simulation->next + STATE];
    if (far->leaves)
        __builtin_prefetch(&simulation->outcomes[far->vm]);
    else if (simulation->policy->named && far->pgpu >= 0)
        vg_placement_index_prefetch_place(simulation->index, (unsigned)far->pgpu);
    int64_t pgpu = near->leaves ? simulation->outcomes[near->vm].pgpu : simulation->policy->named ? near->pgpu : VG_ANY;
    if (pgpu >= 0)
        vg_placement_index_prefetch(simulation->index, (unsigned)pgpu);
}

void vg_simulation_run(struct vg_simulation *simulation, size_t until)
{
    const struct vg_request_stream *stream = simulation->stream;
    for (; simulation->next < until && simulation->next < stream->event_count; simulation->next++) {
        const struct vg_request_event *event = &stream->events[simulation->next];
        look_ahead(simulation);
        if (event->leaves)
            leave(simulation, event);
        else
            arrive(simulation, event);
    }
}
