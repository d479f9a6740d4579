/* test_bad_gguf.c: GGUF files that lie, each in one place, and what the program says of it. What is wrong is
 * wrong by the format's specification (ggml-org/ggml, docs/gguf.md). */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "refusal.h"
#include "scratch.h"
#include "tiny_model.h"

/* In the specification's numbers. */
enum { TYPE_U32 = 4, TYPE_I32 = 5, TYPE_F32 = 6, TYPE_STRING = 8, TYPE_ARRAY = 9 };

/* Tensors of the tiny model, in the order of the file. */
enum { TOKEN_EMBD = 0, ATTN_NORM = 1 };

/* One lie: a whole model, without `omit` where it is given, and bent. */
typedef struct lie {
    const char *what;
    unsigned verbs;
    const char *names; /* in the message */
    const char *omit;
    void (*bend)(gguf_build *b);
} lie;

static void tell(const lie *lies, size_t n) {
    for (size_t i = 0; i < n; i++) {
        gguf_build *b = tiny_model_build(&(tiny_model){.omit = lies[i].omit});
        if (lies[i].bend) lies[i].bend(b);
        const char *path = scratch_path("lie.gguf");
        gguf_build_write(b, path);
        gguf_build_free(b);
        expect_refused_file(lies[i].what, lies[i].verbs, path, lies[i].names);
    }
}

#define TELL(lies) tell((lies), sizeof(lies) / sizeof *(lies))

/* ---- shapes and places of tensors ---- */

static void product_wraps(gguf_build *b) {
    gguf_build_lie_dims(b, TOKEN_EMBD, 4, (uint64_t[]){1ull << 32, 1ull << 32, 1, 1});
}

static void product_wraps_to_the_truth(gguf_build *b) {
    gguf_build_lie_dims(b, TOKEN_EMBD, 3, (uint64_t[]){64, 320, (1ull << 63) + 1});
}

static void bytes_wrap(gguf_build *b) {
    gguf_build_lie_dims(b, TOKEN_EMBD, 1, (uint64_t[]){1ull << 62});
}

static void place_wraps(gguf_build *b) {
    gguf_build_lie_offset(b, ATTN_NORM, UINT64_MAX - 31);
}

static void dim_is_zero(gguf_build *b) {
    gguf_build_lie_dims(b, ATTN_NORM, 1, (uint64_t[]){0});
}

static void dim_is_negative(gguf_build *b) {
    gguf_build_lie_dims(b, ATTN_NORM, 1, (uint64_t[]){UINT64_MAX});
}

static void very_many_dims(gguf_build *b) {
    gguf_build_lie_dims(b, ATTN_NORM, 1u << 31, NULL);
}

static void past_the_end(gguf_build *b) {
    gguf_build_lie_dims(b, TOKEN_EMBD, 2, (uint64_t[]){64, 1 << 20});
}

static void overlap(gguf_build *b) {
    gguf_build_lie_offset(b, ATTN_NORM, 0);
}

static void hole(gguf_build *b) {
    gguf_build_lie_dims(b, TOKEN_EMBD, 2, (uint64_t[]){64, 319});
}

static void same_tensor(gguf_build *b) {
    gguf_build_tensor(b, "output_norm.weight", EWI_F32, 1, (uint64_t[]){64}, NULL);
}

static void unknown_type(gguf_build *b) {
    gguf_build_lie_type(b, ATTN_NORM, 9999);
}

static void removed_type(gguf_build *b) {
    gguf_build_lie_type(b, ATTN_NORM, 4);
}

static void places(void **state) {
    (void)state;
    static const lie lies[] = {
        {"dims whose product wraps to 0", BY_ALL, "tensor token_embd.weight", NULL, product_wraps},
        {"dims whose product wraps to the right size", BY_ALL, "tensor token_embd.weight", NULL,
         product_wraps_to_the_truth},
        {"a size in bytes that wraps", BY_ALL, "tensor token_embd.weight", NULL, bytes_wrap},
        {"an offset whose end wraps", BY_ALL, "tensor blk.0.attn_norm.weight", NULL, place_wraps},
        {"a dimension of 0", BY_ALL, "tensor blk.0.attn_norm.weight: dimension 0 is 0", NULL, dim_is_zero},
        {"a dimension of -1", BY_ALL, "tensor blk.0.attn_norm.weight: dimension 0 is -1", NULL,
         dim_is_negative},
        {"two thousand million dimensions", BY_ALL, "tensor blk.0.attn_norm.weight: 2147483648 dimensions",
         NULL, very_many_dims},
        {"a tensor that ends past the file", BY_ALL, "tensor token_embd.weight", NULL, past_the_end},
        {"tensors that overlap", BY_ALL, "overlaps tensor", NULL, overlap},
        {"a hole between tensors", BY_ALL, "tensor blk.0.attn_norm.weight", NULL, hole},
        {"the same tensor twice", BY_ALL, "tensor output_norm.weight occurs twice", NULL, same_tensor},
        {"an element type that is none", BY_ALL, "tensor blk.0.attn_norm.weight: type 9999", NULL,
         unknown_type},
        {"an element type that was removed", BY_ALL, "tensor blk.0.attn_norm.weight: type 4", NULL,
         removed_type},
    };
    TELL(lies);
}

/* ---- counts and lengths ---- */

static void very_many_entries(gguf_build *b) {
    gguf_build_lie_n_kv(b, 1ull << 40);
}

static void more_entries_than_bytes(gguf_build *b) {
    gguf_build_lie_n_kv(b, 20000);
}

static void very_many_tensors(gguf_build *b) {
    gguf_build_lie_n_tensors(b, 1ull << 63);
}

static void one_more_tensor(gguf_build *b) {
    gguf_build_lie_n_tensors(b, 22);
}

static void add_string_of(gguf_build *b, uint64_t len) {
    gguf_build_raw(b, ewi_str("long.string"), TYPE_STRING, &len, sizeof len);
}

static void endless_string(gguf_build *b) {
    add_string_of(b, UINT64_MAX);
}

static void string_past_the_end(gguf_build *b) {
    add_string_of(b, 1u << 30);
}

static void add_array_of(gguf_build *b, uint32_t item_type, uint64_t n) {
    uint8_t value[12];
    memcpy(value, &item_type, 4);
    memcpy(value + 4, &n, 8);
    gguf_build_raw(b, ewi_str("long.array"), TYPE_ARRAY, value, sizeof value);
}

static void endless_array(gguf_build *b) {
    add_array_of(b, TYPE_U32, UINT64_MAX);
}

static void array_whose_size_wraps(gguf_build *b) {
    add_array_of(b, TYPE_U32, 1ull << 62);
}

static void endless_strings(gguf_build *b) {
    add_array_of(b, TYPE_STRING, 1ull << 33);
}

static void array_of_arrays(gguf_build *b) {
    add_array_of(b, TYPE_ARRAY, 1);
}

static void array_of_nothing_known(gguf_build *b) {
    add_array_of(b, 99, 1);
}

static void counts(void **state) {
    (void)state;
    static const lie lies[] = {
        {"2^40 metadata entries", BY_ALL, "1099511627776 metadata entries", NULL, very_many_entries},
        {"more entries than the file holds", BY_ALL, "metadata entry 23 of 20000", NULL,
         more_entries_than_bytes},
        {"2^63 tensors", BY_ALL, "9223372036854775808 tensors", NULL, very_many_tensors},
        {"one tensor more than there is", BY_ALL, "tensor 21 of 22", NULL, one_more_tensor},
        {"a string of 2^64-1 bytes", BY_ALL, "key long.string", NULL, endless_string},
        {"a string past the end of the file", BY_ALL, "key long.string", NULL, string_past_the_end},
        {"an array of 2^64-1 items", BY_ALL, "key long.array: 18446744073709551615 items", NULL,
         endless_array},
        {"an array whose size wraps", BY_ALL, "key long.array: 4611686018427387904 items", NULL,
         array_whose_size_wraps},
        {"an array of 2^33 strings", BY_ALL, "key long.array: 8589934592 items", NULL, endless_strings},
        {"an array of arrays", BY_ALL, "key long.array: an array of arrays", NULL, array_of_arrays},
        {"an array of an unknown type", BY_ALL, "key long.array", NULL, array_of_nothing_known},
    };
    TELL(lies);
}

/* ---- keys, types, alignment ---- */

static void same_key(gguf_build *b) {
    gguf_build_u32(b, "llama.block_count", 2);
}

static void unknown_value_type(gguf_build *b) {
    gguf_build_raw(b, ewi_str("strange.key"), 13, "\0\0\0\0\0\0\0\0", 8);
}

static void bool_of_two(gguf_build *b) {
    gguf_build_raw(b, ewi_str("strange.key"), 7, "\2", 1);
}

static void key_not_utf8(gguf_build *b) {
    gguf_build_u32(b, "key\xc3(", 1);
}

static void key_with_escape(gguf_build *b) {
    gguf_build_u32(b, "key\x1b[2J", 1);
}

static void empty_key(gguf_build *b) {
    gguf_build_u32(b, "", 1);
}

static void version_9(gguf_build *b) {
    gguf_build_version(b, 9);
}

static void big_endian(gguf_build *b) {
    gguf_build_version(b, 3u << 24);
}

#define ALIGNED(name, value)                             \
    static void name(gguf_build *b) {                    \
        gguf_build_u32(b, "general.alignment", (value)); \
    }
ALIGNED(aligned_0, 0)
ALIGNED(aligned_3, 3)
ALIGNED(aligned_48, 48)
ALIGNED(aligned_2_31, 1u << 31)
#undef ALIGNED

static void aligned_by_words(gguf_build *b) {
    gguf_build_str(b, "general.alignment", "32");
}

static void keys(void **state) {
    (void)state;
    static const lie lies[] = {
        {"the same key twice", BY_ALL, "key llama.block_count occurs twice", NULL, same_key},
        {"a value of an unknown type", BY_ALL, "key strange.key: the type", NULL, unknown_value_type},
        {"a bool that is 2", BY_ALL, "key strange.key: bool 0 is 2", NULL, bool_of_two},
        {"a key that is not UTF-8", BY_ALL, "printable UTF-8", NULL, key_not_utf8},
        {"a key that clears the screen", BY_ALL, "printable UTF-8", NULL, key_with_escape},
        {"a key without a letter", BY_ALL, "key at offset", NULL, empty_key},
        {"a version of the future", BY_ALL, "version 9", NULL, version_9},
        {"a big-endian file", BY_ALL, "big-endian", NULL, big_endian},
        {"an alignment of 0", BY_ALL, "general.alignment is 0", NULL, aligned_0},
        {"an alignment of 3", BY_ALL, "general.alignment is 3", NULL, aligned_3},
        {"an alignment of 48", BY_ALL, "general.alignment is 48", NULL, aligned_48},
        {"an alignment of 2^31", BY_ALL, "general.alignment is 2147483648", NULL, aligned_2_31},
        {"an alignment in words", BY_ALL, "general.alignment is of type string", NULL, aligned_by_words},
    };
    TELL(lies);
}

/* ---- sizes and constants of the model ---- */

#define WITH_U32(name, key, value)         \
    static void name(gguf_build *b) {      \
        gguf_build_u32(b, (key), (value)); \
    }
#define WITH_F32(name, key, value)         \
    static void name(gguf_build *b) {      \
        gguf_build_f32(b, (key), (value)); \
    }
#define HEADS    "llama.attention.head_count"
#define KV_HEADS "llama.attention.head_count_kv"
#define EPSILON  "llama.attention.layer_norm_rms_epsilon"
#define BASE     "llama.rope.freq_base"
#define ROTATED  "llama.rope.dimension_count"
WITH_U32(no_heads, HEADS, 0)
WITH_U32(three_heads, HEADS, 3)
WITH_U32(no_kv_heads, KV_HEADS, 0)
WITH_U32(no_width, "llama.embedding_length", 0)
WITH_U32(other_width, "llama.embedding_length", 128)
WITH_U32(no_rotation, ROTATED, 0)
WITH_U32(odd_rotation, ROTATED, 15)
WITH_U32(no_layers, "llama.block_count", 0)
WITH_U32(one_layer, "llama.block_count", 1)
WITH_U32(three_layers, "llama.block_count", 3)
WITH_U32(very_many_layers, "llama.block_count", 1u << 31)
WITH_U32(no_context, "llama.context_length", 0)
WITH_U32(other_ffn, "llama.feed_forward_length", 97)
WITH_U32(other_vocab, "llama.vocab_size", 321)
WITH_U32(other_values, "llama.attention.value_length", 8)
WITH_U32(experts, "llama.expert_count", 8)
WITH_F32(layers_as_float, "llama.block_count", 2)
WITH_F32(epsilon_nan, EPSILON, NAN)
WITH_F32(epsilon_negative, EPSILON, -1)
WITH_F32(base_zero, BASE, 0)
WITH_F32(base_infinite, BASE, INFINITY)
WITH_F32(base_nan, BASE, NAN)
#undef WITH_U32
#undef WITH_F32

static void layers_as_text(gguf_build *b) {
    gguf_build_str(b, "llama.block_count", "2");
}

static void layers_as_nothing(gguf_build *b) {
    gguf_build_array(b, "llama.block_count", TYPE_U32, NULL, 0, 4);
}

static void experts_as_nothing(gguf_build *b) {
    gguf_build_array(b, "llama.expert_count", TYPE_U32, NULL, 0, 4);
}

static void experts_in_one_layer(gguf_build *b) {
    gguf_build_array(b, "llama.expert_count", TYPE_U32, (uint32_t[]){0, 8}, 2, 4);
}

static void heads_differ(gguf_build *b) {
    gguf_build_array(b, KV_HEADS, TYPE_U32, (uint32_t[]){2, 1}, 2, 4);
}

static void architecture_as_number(gguf_build *b) {
    gguf_build_u32(b, "general.architecture", 1);
}

static void architecture_unknown(gguf_build *b) {
    gguf_build_str(b, "general.architecture", "perceptron");
}

static void unused_tensor(gguf_build *b) {
    gguf_build_tensor(b, "blk.0.attn_q_norm.weight", EWI_F32, 1, (uint64_t[]){64}, NULL);
}

static void sizes(void **state) {
    (void)state;
    static const lie lies[] = {
        {"0 heads", BY_MODEL, HEADS ": 0", HEADS, no_heads},
        {"0 key/value heads", BY_MODEL, KV_HEADS ": 0", KV_HEADS, no_kv_heads},
        {"heads that cannot share", BY_MODEL, "3 attention heads", HEADS, three_heads},
        {"heads that differ between layers", BY_MODEL, KV_HEADS, KV_HEADS, heads_differ},
        {"a width of 0", BY_MODEL, "llama.embedding_length: 0", "llama.embedding_length", no_width},
        {"another width", BY_MODEL, "token_embd.weight", "llama.embedding_length", other_width},
        {"0 dimensions that rotate", BY_MODEL, ROTATED ": 0", ROTATED, no_rotation},
        {"15 dimensions that rotate", BY_MODEL, "15 of the 16 dimensions", ROTATED, odd_rotation},
        {"0 layers", BY_MODEL, "llama.block_count: 0", "llama.block_count", no_layers},
        {"fewer layers than tensors", BY_MODEL, "tensor blk.1.", "llama.block_count", one_layer},
        {"more layers than tensors", BY_MODEL, "tensor blk.2.", "llama.block_count", three_layers},
        {"2^31 layers", BY_MODEL, "llama.block_count: 2147483648", "llama.block_count", very_many_layers},
        {"layers as a float", BY_MODEL, "llama.block_count", "llama.block_count", layers_as_float},
        {"layers as a text", BY_MODEL, "llama.block_count", "llama.block_count", layers_as_text},
        {"layers as an empty array", BY_MODEL, "llama.block_count", "llama.block_count", layers_as_nothing},
        {"no layers at all", BY_MODEL, "llama.block_count: is missing", "llama.block_count", NULL},
        {"no number of heads", BY_MODEL, HEADS ": is missing", HEADS, NULL},
        {"a context of 0", BY_MODEL, "llama.context_length: 0", "llama.context_length", no_context},
        {"another inner width", BY_MODEL, "blk.0.ffn_", "llama.feed_forward_length", other_ffn},
        {"another vocabulary", BY_MODEL, "token_embd.weight", "llama.vocab_size", other_vocab},
        {"values shorter than keys", BY_MODEL, "16 for keys and 8 for values", "llama.attention.value_length",
         other_values},
        {"experts", BY_MODEL, "llama.expert_count", NULL, experts},
        {"experts as an empty array", BY_MODEL, "llama.expert_count", NULL, experts_as_nothing},
        {"experts in the second layer", BY_MODEL, "llama.expert_count", NULL, experts_in_one_layer},
        {"an epsilon of NaN", BY_MODEL, EPSILON, EPSILON, epsilon_nan},
        {"an epsilon below 0", BY_MODEL, EPSILON ": -1", EPSILON, epsilon_negative},
        {"a base of 0", BY_MODEL, BASE ": 0", BASE, base_zero},
        {"an infinite base", BY_MODEL, BASE ": inf", BASE, base_infinite},
        {"a base of NaN", BY_MODEL, BASE, BASE, base_nan},
        {"an architecture that is a number", BY_MODEL, "general.architecture", "general.architecture",
         architecture_as_number},
        {"an unknown architecture", BY_MODEL, "architecture perceptron", "general.architecture",
         architecture_unknown},
        {"a tensor that is missing", BY_MODEL, "tensor blk.1.ffn_up.weight: is missing",
         "blk.1.ffn_up.weight", NULL},
        {"a tensor that nothing uses", BY_MODEL, "tensor blk.0.attn_q_norm.weight", NULL, unused_tensor},
    };
    TELL(lies);
}

/* ---- tensors of another shape or type than the model needs ---- */

#define NORM "blk.1.attn_norm.weight"
#define Q    "blk.1.attn_q.weight"
#define UP   "blk.1.ffn_up.weight"
#define HEAD "output.weight"
#define EMBD "token_embd.weight"

static void shapes(void **state) {
    (void)state;
    static const struct {
        const char *what, *name;
        ewi_dtype dtype;
        uint32_t n_dims;
        uint64_t dims[4]; /* outermost first */
    } tensors[] = {
        {"a norm that is a number", NORM, EWI_F32, 0, {0}},
        {"a norm that is too short", NORM, EWI_F32, 1, {63}},
        {"a norm that is too long", NORM, EWI_F32, 1, {65}},
        {"a norm that is a matrix", NORM, EWI_F32, 2, {1, 64}},
        {"a norm that is another matrix", NORM, EWI_F32, 2, {64, 1}},
        {"a norm of whole numbers", NORM, EWI_I32, 1, {64}},
        {"a norm in blocks", NORM, EWI_Q8_0, 1, {64}},
        {"a matrix that is a vector", Q, EWI_F32, 1, {64 * 64}},
        {"a matrix that is a short vector", Q, EWI_F32, 1, {64}},
        {"a matrix that is a number", Q, EWI_F32, 0, {0}},
        {"a matrix that is a cube", Q, EWI_F32, 3, {64, 64, 1}},
        {"a matrix with fewer rows", Q, EWI_F32, 2, {63, 64}},
        {"a matrix with more columns", Q, EWI_F32, 2, {64, 65}},
        {"a transposed matrix", UP, EWI_F32, 2, {64, 96}},
        {"a matrix of doubles", UP, EWI_F64, 2, {96, 64}},
        {"a matrix of bytes", UP, EWI_I8, 2, {96, 64}},
        {"a head that is a vector", HEAD, EWI_F32, 1, {320}},
        {"a head with one row", HEAD, EWI_F32, 2, {1, 64}},
        {"a head with other columns", HEAD, EWI_F32, 2, {320, 32}},
        {"a head of whole numbers", HEAD, EWI_I32, 2, {320, 64}},
        {"an embedding that is a vector", EMBD, EWI_F32, 1, {320 * 64}},
        {"an embedding that is a number", EMBD, EWI_F32, 0, {0}},
        {"an embedding with other columns", EMBD, EWI_F32, 2, {320, 32}},
        {"an embedding of whole numbers", EMBD, EWI_I32, 2, {320, 64}},
        {"a bias that is a matrix", "blk.1.attn_q.bias", EWI_F32, 2, {64, 64}},
        {"a bias that is too short", "blk.1.attn_q.bias", EWI_F32, 1, {63}},
        {"a bias that is a number", "blk.1.attn_q.bias", EWI_F32, 0, {0}},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        gguf_build *b = tiny_model_build(&(tiny_model){.omit = tensors[i].name});
        gguf_build_tensor(b, tensors[i].name, tensors[i].dtype, tensors[i].n_dims, tensors[i].dims, NULL);
        const char *path = scratch_path("shape.gguf");
        gguf_build_write(b, path);
        gguf_build_free(b);
        expect_refused_file(tensors[i].what, BY_MODEL, path, tensors[i].name);
    }
}

/* ---- cut short ---- */

static void cut(void **state) {
    (void)state;
    gguf_build *b = tiny_model_build(&(tiny_model){0});
    ewi_bytes file = gguf_build_finish(b);
    const size_t lengths[] = {0, 3, 4, 7, 8, 15, 16, 23, 24, 40, 500, 5000, file.len / 2, file.len - 32};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char what[64];
        snprintf(what, sizeof what, "a file that ends after %zu bytes", lengths[i]);
        const char *path = scratch_file("cut.gguf", file.data, lengths[i]);
        expect_refused_file(what, BY_ALL, path, path);
    }
    gguf_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places), cmocka_unit_test(counts), cmocka_unit_test(keys),
        cmocka_unit_test(sizes),  cmocka_unit_test(cut),    cmocka_unit_test(shapes),
    };
    return cmocka_run_group_tests_name("bad GGUF files", tests, NULL, scratch_remove);
}
