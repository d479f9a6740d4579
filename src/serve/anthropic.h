/* anthropic.h: errors in the style of Anthropic's API. */
#ifndef EW_SERVE_ANTHROPIC_H
#define EW_SERVE_ANTHROPIC_H

#include "base/buffer.h"
#include "serve/api_refusal.h"

/* {"type":"error","error":{"type","message"}} */
void ewi_anthropic_refuse(const ewi_refusal *refusal, ewi_buffer *out);

#endif
