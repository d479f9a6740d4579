/*
 * make_shape.c: make-shape, which writes a GGUF file of a real model's shape with random weights.
 *
 *     make-shape OUT.gguf SHAPE TYPE [--seed N]
 *     make-shape --list
 *
 * For measuring speed: the file's size and the work it asks for are those of the real model; what it says is
 * noise. Activations stay of order one: matrices have the standard deviation 0.02, norms are near 1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gguf_header.h"
#include "shape.h"
#include "shape_vocab.h"

#define DEVIATION    0.02f
#define PIECE_BLOCKS 4096u

static _Noreturn void usage(const char *problem) {
    fprintf(stderr,
            "make-shape: %s\n"
            "usage: make-shape OUT.gguf SHAPE TYPE [--seed N]\n"
            "       make-shape --list\n",
            problem);
    exit(2);
}

static _Noreturn void fail(const char *what, const char *path) {
    fprintf(stderr, "make-shape: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static int list(void) {
    printf("shapes:\n");
    for (size_t i = 0; i < n_shapes; i++)
        printf("  %-14s %u layers, width %u, feed-forward %u, %u/%u heads of %u, %u tokens\n", shapes[i].name,
               shapes[i].n_layers, shapes[i].d_model, shapes[i].d_ffn, shapes[i].n_heads,
               shapes[i].n_kv_heads, shapes[i].head_dim, shapes[i].n_vocab);
    printf("types:\n");
    for (size_t i = 0; i < n_recipes; i++) printf("  %-14s %s\n", recipes[i].name, recipes[i].meaning);
    return 0;
}

/* ---- header ---- */

static void put_u32(gguf_header *h, const shape *s, const char *name, uint32_t value) {
    char key[64];
    snprintf(key, sizeof key, "%s.%s", s->arch, name);
    gguf_header_u32(h, key, value);
}

static void put_f32(gguf_header *h, const shape *s, const char *name, float value) {
    char key[64];
    snprintf(key, sizeof key, "%s.%s", s->arch, name);
    gguf_header_f32(h, key, value);
}

static void put_sizes(gguf_header *h, const shape *s, const recipe *r) {
    gguf_header_text(h, "general.architecture", s->arch);
    gguf_header_text(h, "general.name", s->name);
    gguf_header_u32(h, "general.file_type", r->file_type);
    gguf_header_u32(h, "general.quantization_version", 2);
    put_u32(h, s, "context_length", s->n_ctx);
    put_u32(h, s, "embedding_length", s->d_model);
    put_u32(h, s, "block_count", s->n_layers);
    put_u32(h, s, "feed_forward_length", s->d_ffn);
    put_u32(h, s, "vocab_size", s->n_vocab);
    put_u32(h, s, "attention.head_count", s->n_heads);
    put_u32(h, s, "attention.head_count_kv", s->n_kv_heads);
    put_u32(h, s, "rope.dimension_count", s->head_dim);
    put_f32(h, s, "rope.freq_base", s->rope_base);
    put_f32(h, s, "attention.layer_norm_rms_epsilon", s->norm_eps);
}

static size_t n_blocks_of(const shape_tensor *t, weight_type type) {
    return (size_t)(t->n_in * t->n_out) / weight_block_elements(type);
}

static void put_tensors(gguf_header *h, const shape *s, const recipe *r) {
    for (size_t i = 0; i < shape_n_tensors(s); i++) {
        shape_tensor t = shape_get_tensor(s, i);
        weight_type type = recipe_type(r, s, &t);
        uint64_t dims[2] = {t.n_in, t.n_out};
        gguf_header_tensor(h, t.name, (uint32_t)type, t.role == ROLE_VECTOR ? 1 : 2, dims,
                           n_blocks_of(&t, type) * weight_block_bytes(type));
    }
}

/* ---- file ---- */

typedef struct output {
    FILE *file;
    const char *path;
    uint8_t *piece; /* PIECE_BLOCKS blocks of any type */
    uint64_t seed;
} output;

static void write_bytes(const output *o, const void *bytes, size_t n) {
    if (fwrite(bytes, 1, n, o->file) != n) fail("cannot write", o->path);
}

static void write_header(const output *o, const shape *s, const recipe *r) {
    gguf_header h;
    gguf_header_init(&h);
    put_sizes(&h, s, r);
    shape_vocab_write(&h, s);
    put_tensors(&h, s, r);
    gguf_header_finish(&h);
    if (h.bytes.failed) {
        errno = ENOMEM;
        fail("cannot make the header of", o->path);
    }
    write_bytes(o, h.bytes.data, h.bytes.len);
    gguf_header_deinit(&h);
}

static void write_tensor(const output *o, const shape_tensor *t, weight_type type) {
    static const uint8_t zeros[GGUF_ALIGN_BYTES];
    size_t n_blocks = n_blocks_of(t, type), block_bytes = weight_block_bytes(type);
    weight_stream stream = weight_stream_of(o->seed, t->name);
    for (size_t done = 0; done < n_blocks;) {
        size_t n = n_blocks - done < PIECE_BLOCKS ? n_blocks - done : PIECE_BLOCKS;
        if (t->role == ROLE_VECTOR)
            weight_fill_around(&stream, t->middle, 0.05f, o->piece, n);
        else
            weight_fill(&stream, type, DEVIATION, o->piece, n);
        write_bytes(o, o->piece, n * block_bytes);
        done += n;
    }
    write_bytes(o, zeros, (size_t)gguf_padding(n_blocks * block_bytes));
}

static void write_file(output *o, const shape *s, const recipe *r) {
    write_header(o, s, r);
    for (size_t i = 0; i < shape_n_tensors(s); i++) {
        shape_tensor t = shape_get_tensor(s, i);
        write_tensor(o, &t, recipe_type(r, s, &t));
    }
}

/* Under another name until it is whole: nobody finds half a file. */
static int make(const char *path, const shape *s, const recipe *r, uint64_t seed) {
    char unfinished[4096];
    if ((size_t)snprintf(unfinished, sizeof unfinished, "%s.unfinished", path) >= sizeof unfinished)
        usage("the file's name is too long");
    output o = {.path = unfinished, .seed = seed};
    o.piece = ewi_alloc_array(PIECE_BLOCKS, weight_block_bytes(WEIGHT_Q6_K));
    o.file = fopen(unfinished, "wb");
    if (!o.piece || !o.file) fail("cannot create", unfinished);
    write_file(&o, s, r);
    if (fclose(o.file) != 0) fail("cannot write", unfinished);
    ewi_free(o.piece);
    if (rename(unfinished, path) != 0) fail("cannot rename to", path);
    return 0;
}

static uint64_t number(const char *text) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-') usage("--seed needs a number");
    return value;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) return list();
    bool has_seed = argc == 6 && strcmp(argv[4], "--seed") == 0;
    if (argc != 4 && !has_seed) usage("needs a file to write, a shape and a type");
    const shape *s = shape_find(argv[2]);
    const recipe *r = recipe_find(argv[3]);
    if (!s) usage("no such shape: see --list");
    if (!r) usage("no such type: see --list");
    return make(argv[1], s, r, has_seed ? number(argv[5]) : 1);
}
