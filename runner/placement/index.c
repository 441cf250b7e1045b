/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions whose cost does not grow with the fleet. pGPUs of one class (and, if the policy cares, one NUMA node) form
 * a pool. In a pool there is a tournament for each type, in which a member plays its rank, or, above all ranks, the
 * reason why it refuses; reasons are in the order of their specificity, so that the winner is the decision either way.
 * What a pGPU's rank is, the pure functions say. */
#include "placement/internal.h"
#include "placement/tournament.h"

enum { RANKS = VG_CLASS_INSTANCES_MAX + 1, REFUSED = 0x80 };

struct pool {
    unsigned class;
    int numa; /* VG_ANY: all nodes */
    unsigned *pgpus;
    unsigned count;
    struct vg_tournament *tournaments; /* by index in the class's types */
    uint8_t *codes; /* member by member, type by type: what plays in the tournaments, together for one member */
};

struct offer {
    unsigned pool, type;
};

struct vg_placement_index {
    const struct vg_placement_policy *policy;
    const struct vg_fleet *fleet;
    struct pool *pools;
    unsigned pool_count;
    struct {
        unsigned pool, member;
    } * places;            /* by pGPU */
    struct offer **offers; /* by type id */
    unsigned *offer_counts;
    unsigned id_limit;
    unsigned *by_host; /* pGPUs in the order of their hosts */
};

static unsigned find_pool(struct vg_placement_index *index, unsigned class, int numa)
{
    for (unsigned i = 0; i < index->pool_count; i++)
        if (index->pools[i].class == class && index->pools[i].numa == numa)
            return i;
    vg_push(index->pools, index->pool_count) = (struct pool) { .class = class, .numa = numa };
    return index->pool_count - 1;
}

static void add_offers(struct vg_placement_index *index, unsigned pool)
{
    const struct vg_pgpu_class *class = &index->fleet->classes[index->pools[pool].class];
    for (unsigned i = 0; i < class->type_count; i++) {
        unsigned id = class->types[i].id;
        vg_push(index->offers[id], index->offer_counts[id]) = (struct offer) { pool, i };
    }
}

static uint8_t code_of(const struct vg_placement_index *index, const struct vg_pgpu_class *class,
                       const struct vg_pgpu_state *state, unsigned type)
{
    unsigned available = vg_capacity_available(class, state, type);
    if (available)
        return (uint8_t)vg_placement_key_rank(index->policy, state->live, available);
    struct vg_vgpu_instance wanted = VG_INSTANCE_OF(type);
    return (uint8_t)(REFUSED | (unsigned)vg_capacity_check(class, state, &wanted));
}

void vg_placement_index_update(struct vg_placement_index *index, unsigned pgpu)
{
    struct pool *pool = &index->pools[index->places[pgpu].pool];
    const struct vg_pgpu_class *class = &index->fleet->classes[pool->class];
    const struct vg_pgpu_state *state = &index->fleet->states[pgpu];
    unsigned member = index->places[pgpu].member;
    uint8_t *codes = pool->codes + (size_t)member * class->type_count;
    for (unsigned type = 0; type < class->type_count; type++) {
        uint8_t code = code_of(index, class, state, type);
        if (code == codes[type])
            continue;
        codes[type] = code;
        vg_tournament_set(&pool->tournaments[type], member, code);
    }
}

unsigned vg_placement_index_class(const struct vg_placement_index *index, unsigned pgpu)
{
    return index->pools[index->places[pgpu].pool].class;
}

void vg_placement_index_prefetch_place(const struct vg_placement_index *index, unsigned pgpu)
{
    __builtin_prefetch(&index->places[pgpu]);
    __builtin_prefetch(&index->fleet->pgpus[pgpu]);
}

void vg_placement_index_prefetch(const struct vg_placement_index *index, unsigned pgpu)
{
    const struct pool *pool = &index->pools[index->places[pgpu].pool];
    size_t member = index->places[pgpu].member;
    __builtin_prefetch(&index->fleet->states[pgpu], 1);
    __builtin_prefetch(&pool->codes[member * index->fleet->classes[pool->class].type_count], 1);
}

static int compare_hosts(const void *a, const void *b, void *context)
{
    const struct vg_fleet *fleet = context;
    unsigned first = *(const unsigned *)a, second = *(const unsigned *)b;
    uint32_t first_host = fleet->pgpus[first].host, second_host = fleet->pgpus[second].host;
    return first_host != second_host ? (first_host < second_host ? -1 : 1) : first < second ? -1 : 1;
}

static void fill_pools(struct vg_placement_index *index)
{
    for (unsigned i = 0; i < index->pool_count; i++) {
        struct pool *pool = &index->pools[i];
        unsigned types = index->fleet->classes[pool->class].type_count;
        pool->tournaments = vg_calloc(types, sizeof(*pool->tournaments));
        pool->codes = vg_calloc_large((size_t)pool->count * types, sizeof(*pool->codes));
        memset(pool->codes, VG_TOURNAMENT_ABSENT, (size_t)pool->count * types);
        for (unsigned t = 0; t < types; t++)
            vg_tournament_new(&pool->tournaments[t], pool->count);
        for (unsigned m = 0; m < pool->count; m++)
            vg_placement_index_update(index, pool->pgpus[m]);
    }
}

struct vg_placement_index *vg_placement_index_new(const struct vg_placement_policy *policy,
                                                  const struct vg_fleet *fleet)
{
    struct vg_placement_index *index = vg_calloc(1, sizeof(*index));
    *index = (struct vg_placement_index) { .policy = policy, .fleet = fleet };
    for (unsigned i = 0; i < fleet->class_count; i++)
        for (unsigned t = 0; t < fleet->classes[i].type_count; t++)
            if (fleet->classes[i].types[t].id >= index->id_limit)
                index->id_limit = fleet->classes[i].types[t].id + 1;
    index->offers = vg_calloc(index->id_limit + 1, sizeof(struct offer *));
    index->offer_counts = vg_calloc(index->id_limit + 1, sizeof(*index->offer_counts));
    index->places = vg_calloc_large(fleet->pgpu_count + 1, sizeof(*index->places));
    index->by_host = vg_calloc(fleet->pgpu_count + 1, sizeof(*index->by_host));
    for (unsigned i = 0; i < fleet->pgpu_count; i++) {
        int numa = policy->locality == VG_LOCALITY_NONE ? VG_ANY : fleet->pgpus[i].numa;
        unsigned at = find_pool(index, fleet->pgpus[i].class, numa);
        index->places[i].pool = at;
        index->places[i].member = index->pools[at].count;
        vg_push(index->pools[at].pgpus, index->pools[at].count) = i;
        index->by_host[i] = i;
    }
    qsort_r(index->by_host, fleet->pgpu_count, sizeof(*index->by_host), compare_hosts, (void *)fleet);
    for (unsigned i = 0; i < index->pool_count; i++)
        add_offers(index, i);
    fill_pools(index);
    return index;
}

void vg_placement_index_free(struct vg_placement_index *index)
{
    if (!index)
        return;
    for (unsigned i = 0; i < index->pool_count; i++) {
        struct pool *pool = &index->pools[i];
        for (unsigned t = 0; t < index->fleet->classes[pool->class].type_count; t++)
            vg_tournament_free(&pool->tournaments[t]);
        free(pool->tournaments);
        free(pool->codes);
        free(pool->pgpus);
    }
    for (unsigned i = 0; i < index->id_limit; i++)
        free(index->offers[i]);
    free(index->offers);
    free(index->offer_counts);
    free(index->pools);
    free(index->places);
    free(index->by_host);
    free(index);
}

/* --- decisions ---------------------------------------------------------------------------------------------------- */

struct best {
    unsigned rank;
    const struct pool *pool; /* of the decision, and whose codes will be needed; NULL: not found by a tournament */
    unsigned member;
    struct vg_decision decision;
};
#define NONE_YET ((struct best) { .decision = { .pgpu = VG_ANY, .refusal = VG_REFUSED_UNSUPPORTED } })

static void offer_refusal(struct best *best, enum vg_refusal refusal)
{
    if (best->decision.pgpu == VG_ANY)
        best->decision.refusal = vg_refusal_more_specific(best->decision.refusal, refusal);
}

static bool offer_pgpu(struct best *best, unsigned rank, unsigned pgpu)
{
    if (best->decision.pgpu != VG_ANY &&
        (rank > best->rank || (rank == best->rank && pgpu > (uint64_t)best->decision.pgpu)))
        return false;
    *best = (struct best) { .rank = rank, .decision = { .pgpu = pgpu, .refusal = VG_REFUSED_NOT } };
    return true;
}

static void look_at(struct best *best, const struct vg_placement_index *index,
                    const struct vg_placement_request *request, unsigned pgpu)
{
    unsigned rank;
    enum vg_refusal refusal;
    if (vg_placement_rank(index->policy, index->fleet, request, pgpu, &rank, &refusal))
        offer_pgpu(best, rank, pgpu);
    else
        offer_refusal(best, refusal);
}

/* A host has a handful of pGPUs: they are looked at one by one. */
static struct vg_decision decide_on_host(const struct vg_placement_index *index,
                                         const struct vg_placement_request *request)
{
    const struct vg_fleet *fleet = index->fleet;
    unsigned low = 0, high = fleet->pgpu_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (fleet->pgpus[index->by_host[middle]].host < request->host)
            low = middle + 1;
        else
            high = middle;
    }
    struct best best = NONE_YET;
    for (; low < fleet->pgpu_count && fleet->pgpus[index->by_host[low]].host == request->host; low++)
        look_at(&best, index, request, index->by_host[low]);
    return best.decision;
}

static void look_at_pool(struct best *best, const struct pool *pool, unsigned type, bool other_node)
{
    unsigned member;
    uint8_t code = vg_tournament_least(&pool->tournaments[type], &member);
    if (code & REFUSED) {
        offer_refusal(best, (enum vg_refusal)(code & ~REFUSED));
    } else if (offer_pgpu(best, code + (other_node ? RANKS : 0), pool->pgpus[member])) {
        best->pool = pool;
        best->member = member;
    }
}

struct vg_decision vg_placement_index_decide(const struct vg_placement_index *index,
                                             const struct vg_placement_request *request)
{
    const struct vg_placement_policy *policy = index->policy;
    struct best best = NONE_YET;
    if (policy->named) {
        if (request->pgpu >= 0 && request->pgpu < index->fleet->pgpu_count)
            look_at(&best, index, request, (unsigned)request->pgpu);
        return best.decision;
    }
    if (request->host != VG_ANY)
        return decide_on_host(index, request);
    if (request->type >= index->id_limit)
        return best.decision;
    for (unsigned i = 0; i < index->offer_counts[request->type]; i++) {
        const struct offer *offer = &index->offers[request->type][i];
        const struct pool *pool = &index->pools[offer->pool];
        bool other_node = request->numa != VG_ANY && pool->numa != VG_ANY && pool->numa != request->numa;
        if (!other_node || policy->locality == VG_LOCALITY_PREFERRED)
            look_at_pool(&best, pool, offer->type, other_node);
    }
    if (best.pool) /* its place need not be read first */
        __builtin_prefetch(&best.pool->codes[(size_t)best.member * index->fleet->classes[best.pool->class].type_count],
                           1);
    return best.decision;
}
