/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of arrivals and departures through one policy. A VM that is refused does not wait or come again. No clock
 * and no files: who calls it measures and writes. */
#include "placement/internal.h"

void vg_simulation_begin(struct vg_simulation *simulation, const struct vg_placement_policy *policy,
                         const struct vg_fleet *fleet, const struct vg_request_stream *stream)
{
    memset(fleet->states, 0, fleet->pgpu_count * sizeof(*fleet->states));
    *simulation = (struct vg_simulation) { .policy = policy, .fleet = fleet, .stream = stream };
    simulation->outcomes = vg_calloc(stream->arrival_count + 1, sizeof(*simulation->outcomes));
    simulation->index = vg_placement_index_new(policy, fleet);
}

void vg_simulation_end(struct vg_simulation *simulation)
{
    vg_placement_index_free(simulation->index);
    free(simulation->outcomes);
    *simulation = (struct vg_simulation) { 0 };
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
    const struct vg_pgpu_class *class = &fleet->classes[fleet->pgpus[decision.pgpu].class];
    struct vg_vgpu_instance it = VG_INSTANCE_OF((unsigned)vg_class_type(class, request.type));
    enum vg_refusal refusal = vg_capacity_create(class, &fleet->states[decision.pgpu], &it, &it);
    if (refusal != VG_REFUSED_NOT) { /* the index promised it */
        *outcome = (struct vg_outcome) { .pgpu = VG_ANY, .refusal = (uint8_t)refusal };
        simulation->refused[refusal]++;
        return;
    }
    outcome->vf = (int8_t)it.vf;
    outcome->gi = (int8_t)it.gi;
    outcome->placement = (int8_t)it.placement_id;
    simulation->placed++;
    vg_placement_index_update(simulation->index, (unsigned)decision.pgpu);
}

static void leave(struct vg_simulation *simulation, const struct vg_request_event *event)
{
    const struct vg_fleet *fleet = simulation->fleet;
    const struct vg_outcome *outcome = &simulation->outcomes[event->vm];
    if (outcome->pgpu == VG_ANY)
        return;
    const struct vg_pgpu_class *class = &fleet->classes[fleet->pgpus[outcome->pgpu].class];
    const struct vg_vgpu_instance it = { .type = (unsigned)vg_class_type(class, (unsigned)event->type),
                                         .vf = outcome->vf,
                                         .placement_id = outcome->placement,
                                         .gi = outcome->gi };
    if (vg_capacity_destroy(class, &fleet->states[outcome->pgpu], &it))
        vg_placement_index_update(simulation->index, (unsigned)outcome->pgpu);
}

void vg_simulation_run(struct vg_simulation *simulation, size_t until)
{
    const struct vg_request_stream *stream = simulation->stream;
    for (; simulation->next < until && simulation->next < stream->event_count; simulation->next++) {
        const struct vg_request_event *event = &stream->events[simulation->next];
        if (event->leaves)
            leave(simulation, event);
        else
            arrive(simulation, event);
    }
}
