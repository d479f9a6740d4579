#include "graph/passes.h"

#include "base/error.h"

const ewi_pass ewi_passes_default[] = {{"narrow", ewi_pass_narrow},
                                       {"quantize", ewi_pass_quantize},
                                       {"dead", ewi_pass_dead},
                                       {"fuse", ewi_pass_fuse}};
const size_t ewi_n_passes_default = EWI_COUNT(ewi_passes_default);

static ew_status run_one(ewi_graph *graph, const ewi_pass *pass, ew_error *err) {
    ewi_graph next;
    ewi_graph_init(&next);
    pass->run(graph, &next);
    ew_status status = ewi_graph_verify(&next, err);
    if (status != EW_OK) {
        ewi_graph_deinit(&next);
        return ewi_fail_at(err, status, "pass %s", pass->name);
    }
    ewi_graph_deinit(graph);
    *graph = next;
    return EW_OK;
}

static void dump_graph(const ewi_graph *graph, const char *when, ewi_buffer *dump) {
    if (!dump) return;
    ewi_buffer_printf(dump, "# %s\n", when);
    ewi_graph_print(graph, dump);
}

ew_status ewi_passes_run(ewi_graph *graph, const ewi_pass *passes, size_t n_passes, ewi_buffer *dump,
                         ew_error *err) {
    EWI_TRY(ewi_graph_verify(graph, err));
    dump_graph(graph, "as built", dump);
    for (size_t i = 0; i < n_passes; i++) {
        EWI_TRY(run_one(graph, &passes[i], err));
        dump_graph(graph, passes[i].name, dump);
    }
    return EW_OK;
}
