/*
 * chat_template.h: a model's chat template, from wherever the files keep it.
 *
 *     EWI_TRY(ewi_chat_template_find(&checkpoint, &arena, &found, err));      found.text.data NULL: none
 */
#ifndef EW_MODEL_CHAT_TEMPLATE_H
#define EW_MODEL_CHAT_TEMPLATE_H

#include "model/checkpoint.h"
#include "text/template.h"

/* Borrowed from the checkpoint or from the arena; data is NULL where there is none. */
typedef struct ewi_chat_template {
    ew_str text, bos, eos;
} ewi_chat_template;

struct ew_template {
    ewi_arena arena;
    ewi_jinja_program program;
    ew_str bos, eos; /* data NULL: unknown */
};

EWI_NODISCARD ew_status ewi_chat_template_find(const ewi_checkpoint *checkpoint, ewi_arena *arena,
                                               ewi_chat_template *out, ew_error *err);

#endif
