/*
 * profile.h: where steps spend their time, by kinds of fused steps: the same nodes of all layers count
 * together. Owned by an engine, written by the thread that runs a step.
 *
 *     if (!ewi_profile_init(&e->profile, &e->graph, &e->tables)) ...
 *     ewi_profile_add(&e->profile, first_node, ns);
 */
#ifndef EW_ENGINE_PROFILE_H
#define EW_ENGINE_PROFILE_H

#include "graph/graph.h"

#define EWI_PROFILE_KINDS 32u
#define EWI_PROFILE_NAME  64u

typedef struct ewi_profile {
    char (*names)[EWI_PROFILE_NAME]; /* [EWI_PROFILE_KINDS]; the last takes what no other has room for */
    uint64_t *ns, *n_runs;           /* [EWI_PROFILE_KINDS] */
    uint32_t n_kinds;
    uint8_t *kind_of; /* [n_nodes], for first nodes of fused steps */
} ewi_profile;

/* False: no memory. */
EWI_NODISCARD bool ewi_profile_init(ewi_profile *profile, const ewi_graph *graph, ewi_arena *arena);
void ewi_profile_add(ewi_profile *profile, uint32_t first_node, uint64_t ns);

#endif
