#include "model/vocab_load.h"

#include "base/error.h"
#include "base/mem.h"

ew_status ewi_merge_split(ew_str line, ew_str *left, ew_str *right, ew_error *err) {
    const char *blank = line.len > 1 ? memchr(line.data + 1, ' ', line.len - 1) : NULL;
    if (!blank)
        return ewi_fail(err, EW_FORMAT, "vocabulary: merge \"%.*s\" is not two tokens with a blank between",
                        EWI_STR_ARG(line));
    *left = (ew_str){line.data, (size_t)(blank - line.data)};
    *right = (ew_str){blank + 1, line.len - left->len - 1};
    return EW_OK;
}

/* Spellings that mean "the answer ends here" in the models that have them. */
static const char *const end_names[] = {
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<｜end▁of▁sentence｜>",
    "<|EOT|>",
    "[EOS]",
    "<|end_of_role|>",
};

static bool is_special(uint8_t type) {
    unsigned kind = type & EWI_TOKEN_TYPE_MASK;
    return kind == EWI_TOKEN_CONTROL || kind == EWI_TOKEN_USER_DEFINED || kind == EWI_TOKEN_UNKNOWN;
}

ew_status ewi_vocab_find_eog(ewi_vocab *vocab, const int32_t *more, size_t n, ewi_arena *arena,
                             ew_error *err) {
    int32_t *eog = ewi_arena_array(arena, EWI_COUNT(end_names) + n, sizeof *eog);
    if (!eog) return ewi_no_memory(err, "the end tokens");
    size_t n_eog = 0;
    for (size_t i = 0; i < n; i++)
        if (more[i] != -1) eog[n_eog++] = more[i];
    bool found[EWI_COUNT(end_names)] = {false};
    for (size_t i = 0; i < vocab->n_tokens; i++) {
        if (!is_special(vocab->types[i])) continue;
        for (size_t k = 0; k < EWI_COUNT(end_names); k++) {
            if (found[k] || !ewi_str_is(vocab->tokens[i], end_names[k])) continue;
            found[k] = true;
            eog[n_eog++] = (int32_t)i;
        }
    }
    vocab->eog = eog;
    vocab->n_eog = n_eog;
    return EW_OK;
}
