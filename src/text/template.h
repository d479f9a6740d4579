/*
 * template.h: chat templates: Jinja as Hugging Face transformers sets it up (ImmutableSandboxedEnvironment,
 * trim_blocks, lstrip_blocks, loop controls, {% generation %}, tojson, raise_exception, strftime_now).
 *
 * A template is hostile: steps, nesting, memory and output are limited, and every failure names the line. So
 * is what it renders: bytes of the output are marked as the template's own or as input, and only the former
 * may become special tokens (ewi_encode_marked).
 *
 *     EWI_TRY(ewi_jinja_parse(source, &arena, &program, err));      immutable, shared by threads
 *     ewi_jinja_init(&run);                                         one rendering
 *     ... values in the run's memory, as `variables`, a dict ...
 *     status = ewi_template_render(&program, &run, variables, &text, err);
 *     ewi_jinja_deinit(&run);                                       frees the text too
 */
#ifndef EW_TEXT_TEMPLATE_H
#define EW_TEXT_TEMPLATE_H

#include "text/jinja_node.h"

void ewi_jinja_init(ewi_jinja *run);
void ewi_jinja_deinit(ewi_jinja *run);

/*
 * Errors: EW_TEMPLATE when the template raises, or does what Python would not; EW_LIMIT; EW_UNSUPPORTED;
 * EW_NO_MEMORY.
 */
EWI_NODISCARD ew_status ewi_template_render(const ewi_jinja_program *program, ewi_jinja *run,
                                            const ewi_jdict *variables, const ewi_jstring **out,
                                            ew_error *err);
/* The run's failure as an error. */
ew_status ewi_jinja_error(const ewi_jinja *run, ew_error *err);

/*
 * Text to tokens as ew_tokenizer_encode does, but special tokens are found in those bytes only that are not
 * input. add_bos: unless the text begins with the token. The last segment ends with the text.
 */
EWI_NODISCARD ew_status ewi_encode_marked(const ew_tokenizer *tokenizer, ew_str text,
                                          const ew_segment *segments, size_t n_segments, bool add_bos,
                                          ew_token *out, size_t cap, size_t *n, ew_error *err);

#endif
