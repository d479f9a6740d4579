/*
 * layers.h: how far a model's hidden states are from a base's, layer by layer.
 *
 * Both engines show what each stage passes on. Of a chunk of rows the base's states are kept, the model's are
 * compared with them as they come: [stages, rows, d_model] floats are held. Used by the thread that runs the
 * steps.
 *
 *     EWI_TRY(ewi_layers_new(session, base, n_rows, &layers, err));       NULL: they cannot be compared
 *     ewi_layers_watch(layers, true, position);    of the first row; the base runs the chunk, then the model
 *     ewi_layers_get(layers, errors);
 *     ewi_layers_free(layers);                     engines show nothing more
 */
#ifndef EW_MEASURE_LAYERS_H
#define EW_MEASURE_LAYERS_H

#include "engine/engine.h"

typedef struct ewi_layers ewi_layers;

/* Chunks have at most n_rows. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_layers_new(ew_session *session, ew_session *base, size_t n_rows, ewi_layers **out,
                                       ew_error *err);
/* NULL is allowed here, and below. */
void ewi_layers_free(ewi_layers *l);

void ewi_layers_watch(ewi_layers *l, bool watches, uint32_t position);

/* errors: [n] of the embedding, then of the layers: the root of the sum of squared differences over that of
 * the base's squares. NaN without anything to compare. */
void ewi_layers_get(const ewi_layers *l, double *errors, size_t n);

#endif
