/*
 * shape_vocab.h: a byte-pair vocabulary of a given size, made of syllables, so that loading it costs what a
 * real one costs and any text can be encoded.
 *
 * Tokens are the 256 bytes in GPT-2's spelling, then words of one to three syllables, each also after a
 * blank, then special tokens. Every merge's two parts and its result are tokens, the parts earlier.
 *
 *     shape_vocab_write(&header, shape_find("llama-3.2-1b"));      adds the tokenizer.ggml.* entries
 */
#ifndef BENCH_SHAPE_VOCAB_H
#define BENCH_SHAPE_VOCAB_H

#include "gguf_header.h"
#include "shape.h"

void shape_vocab_write(gguf_header *h, const shape *s);

#endif
