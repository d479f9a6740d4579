/*
 * base_states.h: the hidden states that a base passes on between its stages, kept, so that a model with the
 * same first stages need not run them: its steps begin with the first that is another.
 *
 * Both engines were made with the same options, which is what makes the states the same, bit for bit. Rows
 * are numbered by who keeps them; those of a step follow each other. Used by one thread.
 *
 *     EWI_TRY(ewi_base_states_new(base, n_rows, &states, err));       NULL: they would be too many
 *     ewi_base_states_keep(states, base, row);                         then steps of the base from position 0
 *     ewi_base_states_begin(states, session, row);                     and of the model
 *     ewi_base_states_end(session);                                    each, when they are done
 *     ewi_base_states_free(states);
 */
#ifndef EW_MEASURE_BASE_STATES_H
#define EW_MEASURE_BASE_STATES_H

#include "engine/engine.h"

typedef struct ewi_base_states ewi_base_states;

/* NULL where all of them take more than a GiB, and for models whose stages pass on more than one state. */
EWI_NODISCARD ew_status ewi_base_states_new(const ew_session *base, size_t n_rows, ewi_base_states **out,
                                            ew_error *err);
/* NULL is allowed. */
void ewi_base_states_free(ewi_base_states *states);

/* row: that of the token at position 0. */
void ewi_base_states_keep(ewi_base_states *states, ew_session *base, size_t row);
void ewi_base_states_begin(ewi_base_states *states, ew_session *session, size_t row);
void ewi_base_states_end(ew_session *session);

#endif
