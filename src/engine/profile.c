#include "engine/profile.h"

#include <string.h>

#include "base/slice.h"
#include "engine/engine.h"

/* "attn_q" of blk.3.attn_q.weight, "q_proj" of model.layers.3.self_attn.q_proj.weight; else the name. */
static ew_str short_name(ew_str name) {
    size_t end = name.len;
    while (end > 0 && name.data[end - 1] != '.') end--;
    if (end == 0) return name;
    size_t begin = end - 1;
    while (begin > 0 && name.data[begin - 1] != '.') begin--;
    return (ew_str){name.data + begin, end - 1 - begin};
}

static void append(char *name, ew_str part) {
    size_t used = strlen(name), room = EWI_PROFILE_NAME - 1 - used;
    if (used && room) name[used++] = '+', room--;
    size_t n = part.len < room ? part.len : room;
    memcpy(name + used, part.data, n);
    name[used + n] = '\0';
}

/* Matrices by their names, everything else by its op. */
static void name_step(const ewi_graph *graph, uint32_t first, char *name) {
    name[0] = '\0';
    for (uint32_t i = first; i <= ewi_graph_step_end(graph, first); i++) {
        const ewi_node *node = &graph->nodes[i];
        append(name,
               node->op == EWI_OP_LINEAR ? short_name(node->weight->name) : ewi_str(ewi_op_name(node->op)));
    }
}

static uint8_t kind_named(ewi_profile *p, const char *name) {
    for (uint32_t k = 0; k < p->n_kinds; k++)
        if (strcmp(p->names[k], name) == 0) return (uint8_t)k;
    if (p->n_kinds == EWI_PROFILE_KINDS) return EWI_PROFILE_KINDS - 1;
    const char *kept = p->n_kinds + 1 < EWI_PROFILE_KINDS ? name : "other";
    memcpy(p->names[p->n_kinds], kept, strlen(kept) + 1); /* made by name_step: it fits */
    return (uint8_t)p->n_kinds++;
}

bool ewi_profile_init(ewi_profile *p, const ewi_graph *graph, ewi_arena *arena) {
    p->names = ewi_arena_array(arena, EWI_PROFILE_KINDS, sizeof *p->names);
    p->ns = ewi_arena_array(arena, EWI_PROFILE_KINDS, sizeof *p->ns);
    p->n_runs = ewi_arena_array(arena, EWI_PROFILE_KINDS, sizeof *p->n_runs);
    p->kind_of = ewi_arena_array(arena, graph->n_nodes, sizeof *p->kind_of);
    if (!p->names || !p->ns || !p->n_runs || !p->kind_of) return false;
    for (uint32_t i = 0; i < graph->n_nodes; i = ewi_graph_step_end(graph, i) + 1) {
        char name[EWI_PROFILE_NAME];
        name_step(graph, i, name);
        p->kind_of[i] = kind_named(p, name);
    }
    return true;
}

void ewi_profile_add(ewi_profile *p, uint32_t first_node, uint64_t ns) {
    p->ns[p->kind_of[first_node]] += ns;
    p->n_runs[p->kind_of[first_node]]++;
}

size_t ew_engine_profile(const ew_engine *engine, ew_profile_entry *out, size_t max) {
    const ewi_profile *p = &engine->profile;
    for (size_t k = 0; k < p->n_kinds && k < max; k++)
        out[k] = (ew_profile_entry){p->names[k], p->ns[k], p->n_runs[k]};
    return p->n_kinds;
}

void ew_engine_profile_reset(ew_engine *engine) {
    memset(engine->profile.ns, 0, EWI_PROFILE_KINDS * sizeof *engine->profile.ns);
    memset(engine->profile.n_runs, 0, EWI_PROFILE_KINDS * sizeof *engine->profile.n_runs);
}
