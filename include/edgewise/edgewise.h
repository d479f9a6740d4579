/*
 * edgewise.h: small language models on the machine in front of you.
 *
 * A model is opened once and shared; an engine runs it in steps; a session is one conversation's state; a
 * sampler chooses tokens. The life of an answer:
 *
 *     ew_error err = {0};
 *     ew_model *model; ew_engine *engine; ew_session *session;
 *     if (ew_model_open("model.gguf", &model, &err) || ew_engine_new(model, NULL, &engine, &err)
 *         || ew_session_new(engine, NULL, &session, &err)) { fprintf(stderr, "%s\n", err.text); return 1; }
 *     ew_generate(session, prompt, n_prompt, NULL, on_text, user, NULL, &err);
 *     ew_session_free(session); ew_engine_free(engine); ew_model_close(model);
 *
 * Errors: a function that can fail returns ew_status and fills *err, which belongs to the caller and may be
 * NULL. Nothing is ever printed, and no input makes the library exit or abort. A broken promise of the caller
 * (a NULL where none is allowed) is EW_INVALID, or an abort in debug builds.
 * Ownership: new/open gives an object to the caller, free/close takes it back and accepts NULL. Slices
 * (ew_str) are borrowed.
 * Options: a struct starts with struct_size = sizeof itself; zero in any other field means the default, and
 * NULL all defaults.
 * Threads: models and tokenizers are immutable after opening and shared freely; an engine, its sessions and a
 * sampler are used by one thread at a time.
 */
#ifndef EDGEWISE_EDGEWISE_H
#define EDGEWISE_EDGEWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EW_API __attribute__((visibility("default")))

/* ------------------------------------------------------------------------------------- version and errors */

#define EW_VERSION "0.1.0"

/* EW_VERSION of the library that is linked. */
EW_API const char *ew_version(void);

/* X(name, number, text): append only, numbers never change. */
#define EW_STATUS_MAP(X)                                     \
    X(OK, 0, "done")                                         \
    X(INVALID, 1, "invalid argument")                        \
    X(NO_MEMORY, 2, "out of memory")                         \
    X(IO, 3, "input or output failed")                       \
    X(FORMAT, 4, "malformed file")                           \
    X(UNSUPPORTED, 5, "not supported")                       \
    X(LIMIT, 6, "larger than a limit, or than this machine") \
    X(CONTEXT_FULL, 7, "context full")                       \
    X(CANCELLED, 8, "cancelled")                             \
    X(TEMPLATE, 9, "the chat template refuses or fails")     \
    X(BUSY, 10, "too busy, try again")                       \
    X(DEADLINE, 11, "out of time")

typedef enum ew_status {
#define EW_STATUS_ENUM(name, number, text) EW_##name = number,
    EW_STATUS_MAP(EW_STATUS_ENUM)
#undef EW_STATUS_ENUM
} ew_status;

/* A few words for a status, a literal. */
EW_API const char *ew_status_text(ew_status status);

/* What failed, where, and what to do about it. */
typedef struct ew_error {
    ew_status status;
    char text[1020];
} ew_error;

/* Borrowed text, not NUL-terminated; may hold any bytes when it comes from a file. */
typedef struct ew_str {
    const char *data;
    size_t len;
} ew_str;

/* An index into a vocabulary. */
typedef int32_t ew_token;

/* ---------------------------------------------------------------------------------------- truncated files */

/*
 * Model files are mapped. When another process truncates one, touching the lost pages raises SIGBUS. This
 * installs a process-wide SIGBUS handler (call it once, from the program; a library must not do so by itself)
 * that puts zero pages in place of lost pages of Edgewise's own mappings and marks them, so that the running
 * call returns EW_IO; any other SIGBUS goes to the previous handler.
 */
EW_API ew_status ew_guard_install(ew_error *err);

/* ---------------------------------------------------------------------------------- files: what one holds */

typedef struct ew_file ew_file;

/* One metadata entry. `text` is its value written out; an array shows its first elements; `n` is an array's
 * length, else 1. */
typedef struct ew_meta {
    ew_str key;
    const char *type; /* "u32", "string", "array of string", ... */
    uint64_t n;
} ew_meta;

typedef struct ew_tensor_info {
    ew_str name;
    const char *dtype; /* "F32", "Q4_K", ... as the format spells it */
    uint32_t n_dims;
    uint64_t dims[8]; /* outermost first: a weight of y = x W^T is [out, in] */
    uint64_t size_bytes;
    uint64_t offset; /* from the start of its file */
    /* Of a matrix that linear layers multiply inputs with: x / input_scale, rounded and clamped to -128 ..
     * 127, stands for x, if a package says so (ew_quantize_options' activation_ranges); else 0. */
    float input_scale;
} ew_tensor_info;

/* Opens a GGUF or safetensors file, a folder with config.json and safetensors, or a package; checks all
 * structure. */
EW_API ew_status ew_file_open(const char *path, ew_file **out, ew_error *err);
EW_API void ew_file_close(ew_file *file);

/* Compares a package's weights with their digest, which opening does for all its other parts. EW_FORMAT when
 * they differ, EW_UNSUPPORTED when the file is no package. */
EW_API ew_status ew_file_verify(const ew_file *file, ew_error *err);

/* "GGUF v3", "safetensors", "safetensors, 3 shards", "package, q4s, from GGUF". */
EW_API const char *ew_file_format(const ew_file *file);
EW_API uint64_t ew_file_size_bytes(const ew_file *file);
EW_API size_t ew_file_n_meta(const ew_file *file);
EW_API size_t ew_file_n_tensors(const ew_file *file);
/* index < n. */
EW_API ew_meta ew_file_meta(const ew_file *file, size_t index);
EW_API ew_tensor_info ew_file_tensor(const ew_file *file, size_t index);
/* Writes entry `index` as JSON text of at most cap - 1 bytes and a NUL to buf; arrays longer than max_items
 * end in "...". Returns the length that the whole text has. */
EW_API size_t ew_file_meta_text(const ew_file *file, size_t index, size_t max_items, char *buf, size_t cap);

/* --------------------------------------------------------------------------------------------- tokenizers */

typedef struct ew_tokenizer ew_tokenizer;

/* Reads the vocabulary of a GGUF file, a tokenizer.json or tekken.json (or its folder), a package, or a
 * .tiktoken file. */
EW_API ew_status ew_tokenizer_open(const char *path, ew_tokenizer **out, ew_error *err);
EW_API void ew_tokenizer_close(ew_tokenizer *tokenizer);

EW_API size_t ew_tokenizer_n_vocab(const ew_tokenizer *tokenizer);

enum {
    EW_ENCODE_BOS = 1, /* put the beginning-of-sequence token first, when the vocabulary has one */
    /* Let special tokens that are spelled out in the text become tokens; never for a user's text. */
    EW_ENCODE_SPECIAL = 2,
    EW_ENCODE_EOS = 4, /* put the token last that the vocabulary asks for after a text, when it does */
};

/*
 * Encodes text (any bytes) with the flags above. Writes at most cap tokens to out, and the number that the
 * whole text has to *n: when *n > cap, call again with more room.
 */
EW_API ew_status ew_tokenizer_encode(const ew_tokenizer *tokenizer, ew_str text, unsigned flags,
                                     ew_token *out, size_t cap, size_t *n, ew_error *err);

enum {
    EW_TOKEN_CONTROL = 1, /* a special token: never part of an answer's text */
    EW_TOKEN_EOG = 2,     /* ends an answer */
    EW_TOKEN_BYTE = 4,    /* stands for one byte */
    EW_TOKEN_UNUSED = 8,
};

/* -1 when the vocabulary has none. */
EW_API ew_token ew_tokenizer_bos(const ew_tokenizer *tokenizer);
EW_API ew_token ew_tokenizer_eos(const ew_tokenizer *tokenizer);
/* Whether the model's metadata asks for a BOS before a text. */
EW_API bool ew_tokenizer_adds_bos(const ew_tokenizer *tokenizer);
/* Whether it asks for a token after a text, as BERT's do ([SEP]). */
EW_API bool ew_tokenizer_adds_eos(const ew_tokenizer *tokenizer);
/* Flags of a token, 0 <= token < n_vocab. */
EW_API unsigned ew_token_flags(const ew_tokenizer *tokenizer, ew_token token);
/* The token as the vocabulary file spells it, not as text. */
EW_API ew_str ew_token_spelling(const ew_tokenizer *tokenizer, ew_token token);

/*
 * Turns tokens into text as they come. UTF-8 characters are never split: bytes of an unfinished one wait in
 * the detokenizer. Bytes that can't become valid UTF-8 come out as U+FFFD, so that output is always valid
 * UTF-8. Caller-owned; start from {0}.
 */
typedef struct ew_detokenizer {
    uint8_t pending[4];
    uint8_t n_pending;
    bool started;
    ew_token last; /* once started: the token before */
} ew_detokenizer;

/*
 * Appends the text of token to buf: at most cap bytes are written, *len is what the whole text has. Control
 * tokens give no text unless `special`. When *len > cap, nothing was consumed: call again with more room.
 */
EW_API ew_status ew_detokenize(const ew_tokenizer *tokenizer, ew_detokenizer *state, ew_token token,
                               bool special, char *buf, size_t cap, size_t *len, ew_error *err);
/* Ends the text: writes what is still pending (an unfinished character becomes U+FFFD); at most 3 bytes.
 * Returns the length. */
EW_API size_t ew_detokenize_end(ew_detokenizer *state, char buf[4]);

/* ------------------------------------------------------------------------------------------------- models */

typedef struct ew_model ew_model;

/* Opens a GGUF file, a safetensors file, a folder with config.json, weights and tokenizer.json, or a package
 * (ew_quantize makes them). Weights stay in the mapping. */
EW_API ew_status ew_model_open(const char *path, ew_model **out, ew_error *err);
/* Only after the last engine on it is freed. */
EW_API void ew_model_close(ew_model *model);

/* How a text's hidden states become its embedding: their mean, the first's, the last's. Or a score of a pair
 * of texts (ew_rank) comes of the first's, and there are no embeddings. */
typedef enum ew_pooling {
    EW_POOLING_MODEL = 0, /* as ew_model_get_info says */
    EW_POOLING_MEAN = 1,
    EW_POOLING_CLS = 2,
    EW_POOLING_LAST = 3,
    EW_POOLING_RANK = 4, /* of ew_model_get_info alone */
} ew_pooling;

typedef struct ew_model_info {
    const char *arch; /* "llama", "qwen2" */
    ew_str name;      /* the file's own name for the model; may be empty */
    uint32_t n_layers, n_heads, n_kv_heads, head_dim;
    uint32_t d_model, d_ffn, n_vocab;
    uint32_t n_ctx_train; /* longest context the model was trained on */
    uint64_t n_params;
    uint64_t weight_bytes;
    bool has_chat_template;
    bool is_headless;   /* it makes embeddings only, or scores */
    bool is_encoder;    /* and each row sees all rows of its text */
    ew_pooling pooling; /* as its files say; else mean of encoders, last of others */
} ew_model_info;

EW_API ew_model_info ew_model_get_info(const ew_model *model);

/* How the model's makers recommend to sample (generation_config.json of a folder, or of the folder that a
 * package was made from). Negative: they do not say. */
typedef struct ew_model_sampling {
    float temperature, top_p, min_p, repeat_penalty; /* as in ew_sampler_options */
    int32_t top_k;
} ew_model_sampling;

EW_API ew_model_sampling ew_model_get_sampling(const ew_model *model);
/* NULL when the files hold no vocabulary. */
EW_API const ew_tokenizer *ew_model_tokenizer(const ew_model *model);

/* ----------------------------------------------------------------------------------------- chat templates */

/*
 * How a model wants a conversation written down: a Jinja template, as Hugging Face transformers renders it.
 * Immutable, shared by threads. Templates are not trusted: time, memory and output of a rendering are limited
 * (EW_LIMIT), and what a template refuses or cannot do is EW_TEMPLATE with its line.
 */
typedef struct ew_template ew_template;

/* The model's own. EW_UNSUPPORTED when it has none, or one that needs more of Jinja than there is here. */
EW_API ew_status ew_template_of_model(const ew_model *model, ew_template **out, ew_error *err);
/* That of a GGUF file, a package or a folder, of a tokenizer_config.json, or any other file's whole text. */
EW_API ew_status ew_template_open(const char *path, ew_template **out, ew_error *err);
EW_API ew_status ew_template_from_text(ew_str text, ew_template **out, ew_error *err);
EW_API void ew_template_close(ew_template *tmpl);

typedef struct ew_template_options {
    size_t struct_size;
    const char *bos, *eos; /* bos_token and eos_token; default: the model's, where it is known */
    const char *date;      /* "YYYY-MM-DD", for strftime_now; default: now, UTC */
} ew_template_options;

/* Bytes of a text up to `end`: the template's own words, or input, which came in with the conversation. */
typedef struct ew_segment {
    size_t end;
    bool input;
} ew_segment;

/* A rendered conversation. */
typedef struct ew_rendering ew_rendering;

/*
 * Renders a conversation, which is a JSON object: {"messages": [...], "tools": [...],
 * "add_generation_prompt": true, ...}; each member is a variable of the template. "messages" is required;
 * "tools" and "documents" are none by default, "add_generation_prompt" is false.
 */
EW_API ew_status ew_template_render(const ew_template *tmpl, ew_str json, const ew_template_options *options,
                                    ew_rendering **out, ew_error *err);
EW_API void ew_rendering_free(ew_rendering *rendering);
EW_API ew_str ew_rendering_text(const ew_rendering *rendering);
/* Ascending; neighbours differ; the last one ends with the text. */
EW_API const ew_segment *ew_rendering_segments(const ew_rendering *rendering, size_t *n);

/*
 * Encodes the text as ew_tokenizer_encode does. Special tokens are found in the template's own words only:
 * whatever a message says, it cannot forge one. (The "role" of a message counts as the template's when it is
 * one of the usual ones: templates build tokens from it.) A BOS is put first where the model asks for one
 * and the template did not write it.
 */
EW_API ew_status ew_rendering_encode(const ew_rendering *rendering, const ew_tokenizer *tokenizer,
                                     ew_token *out, size_t cap, size_t *n, ew_error *err);

/* ------------------------------------------------------------------------------------------- quantization */

/* A matrix, as the files name it, and what it becomes. */
typedef struct ew_tensor_type {
    ew_str tensor;
    const char *type;
} ew_tensor_type;

typedef struct ew_quantize_options {
    size_t struct_size;
    /* Of a package: "q4s" (default), "q8c", "q4c", "q8g", "q4g32", "q4g128", "f16"; of a GGUF file, a path
     * that ends in .gguf: "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k", "f16", "f32". */
    const char *type;
    uint32_t n_threads; /* default: the performance cores that this process may use */
    bool replace;       /* a package or GGUF file that lies at the path already */
    /* "round": to nearest (default); with a calibration text (from F32, F16 or BF16, without smooth), on
     * those scales of groups ("q4g32", "q4g128", "q8g") and sub-scales ("q4s") with which each matrix's
     * outputs on it change least. From F32, F16 or BF16, also "gptq": so that outputs on the calibration
     * text change least, behind the layers rounded before (arXiv 2210.17323); "awq": to nearest, after
     * channels between layers were scaled so that they change little (arXiv 2306.00978). Both are EW_INVALID
     * where all matrices become f16. */
    const char *method;
    /* A text in UTF-8 like those that the model will see; of a model that makes embeddings (it has no head,
     * or its files say how to pool) each line is one. Borrowed. */
    ew_str calibration;
    uint32_t calibration_tokens; /* of it, at most; default 16384 */
    bool calibration_special;    /* special tokens that it spells out become tokens */
    /* [n_types] of a package's matrices that become something else than `type`; not with "awq" or smooth. */
    const ew_tensor_type *types;
    size_t n_types;
    /* With "round" and "gptq": channels between layers are scaled first, so that inputs of 8 bits are not all
     * spent on a few large ones (SmoothQuant's alpha, arXiv 2211.10438: 0.5 as a rule, at most 1); 0: not. */
    float smooth;
    /* For machines that round the inputs of linear layers to 8 bits with one scale known beforehand: the
     * package says it of each matrix, found on the calibration text by "minmax", "p99.9", "p99.99"
     * (percentiles of magnitudes) or "mse" (least squared error). The text is the one that "round" goes by
     * too. NULL: not. */
    const char *activation_ranges;
    /* llama.cpp's importance matrix (a file of llama-imatrix), with "round" and no text: errors of inputs
     * that are large count more. Not for f16 and f32. NULL: none. */
    const char *imatrix;
} ew_quantize_options;

/* Receives how much of `total` is done (bytes, positions); returns false to stop. */
typedef bool (*ew_progress_fn)(void *user, uint64_t done, uint64_t total);

/* What became of the tensors that now have one type. */
typedef struct ew_quantize_row {
    const char *dtype; /* NULL: there are none */
    uint64_t n_tensors, n_params;
    uint64_t source_bytes, size_bytes;
    /* Sums over all weights of their squares and of those of their errors: the root of the quotient is the
     * relative error. */
    double squares, squared_errors;
} ew_quantize_row;

#define EW_QUANTIZE_ROWS 8

typedef struct ew_quantize_report {
    /* Matrices by type; the last: vectors, which stay f32. */
    ew_quantize_row rows[EW_QUANTIZE_ROWS];
    /* With "awq" and smooth: inputs of linear layers, and of them those whose channels were scaled. */
    uint32_t n_sites, n_scaled;
    /* With "gptq": matrices of experts that the router sent too little of the text to: fewer rows than a
     * quarter of their inputs. They were rounded to nearest (by this run, not an interrupted one before). */
    uint64_t n_unreached;
    /* Tensors that were not made anew: an earlier run had, before it was interrupted. */
    uint64_t n_resumed;
    /* After EW_CANCELLED, EW_IO and EW_NO_MEMORY: tensors that are kept beside the path for the next run. */
    uint64_t n_kept;
    /* Whether something that was kept there, of another model or with other options, was removed. */
    bool forgot;
} ew_quantize_report;

/*
 * Rounds the model's matrices (also output head and embedding) to nearest, with searched scales, and writes a
 * package: a folder that appears at the path whole or not at all. on_progress and report may be NULL. Weights
 * that are quantized already are rounded once more; a package is EW_UNSUPPORTED. A matrix with an infinity
 * or a NaN is EW_FORMAT. With "gptq" an embedding that is no head is rounded to nearest. Where a text is
 * needed, one that is empty, not UTF-8 or shorter than 512 tokens (or what the model was trained on) is
 * EW_INVALID. A package with scaled channels takes no adapters: they were made for the original's.
 *
 * What was interrupted (also by the end of the process) goes on after its last whole tensor when it is asked
 * for again: the same bytes come of it. Not where scales of channels or activation ranges are searched for,
 * or a text is there to round by; with "gptq" the models run over the text again, but only tensors that are
 * missing learn from it. Meanwhile it lies beside the path in a hidden folder, .NAME.KEY.part; the key is a
 * digest of the version, the model's files (numbers, sizes and times of change), the types, the imatrix and
 * the text. EW_IO when another process is making the same.
 */
EW_API ew_status ew_quantize(const ew_model *model, const char *path, const ew_quantize_options *options,
                             ew_progress_fn on_progress, void *user, ew_quantize_report *report,
                             ew_error *err);

/* ----------------------------------------------------------------------------------------------- adapters */

/* A LoRA adapter (arXiv 2106.09685) of a model; immutable, shared by engines. */
typedef struct ew_adapter ew_adapter;

/*
 * Reads a GGUF file that llama.cpp's convert_lora_to_gguf made, for a GGUF model, or a folder of Hugging Face
 * PEFT (adapter_config.json, adapter_model.safetensors), for a model in their form. The model must outlive
 * it. Errors: EW_FORMAT when it does not fit the model; EW_UNSUPPORTED names what is not implemented (DoRA,
 * biases, adapted embeddings and heads); EW_IO, EW_LIMIT, EW_NO_MEMORY.
 */
EW_API ew_status ew_adapter_open(const ew_model *model, const char *path, ew_adapter **out, ew_error *err);
/* Only after the last engine that was made with it is freed. */
EW_API void ew_adapter_close(ew_adapter *adapter);

/* ------------------------------------------------------------------------------------------------ engines */

typedef struct ew_engine ew_engine;
typedef struct ew_session ew_session;

/* EW_CACHE_Q8: 8-bit codes with a scale for each head and position; EW_CACHE_Q4R: of 4 bits, after a rotation
 * that spreads what is large over the whole head. */
typedef enum ew_cache_type {
    EW_CACHE_F16 = 0,
    EW_CACHE_F32 = 1,
    EW_CACHE_Q8 = 2,
    EW_CACHE_Q4R = 3
} ew_cache_type;

typedef struct ew_engine_options {
    size_t struct_size;
    uint32_t n_threads; /* default: the performance cores that this process may use */
    /* Most rows in a step. Default 128, with F16 or BF16 weights 256 unless exact, of encoders 512 or what
     * they were trained on. */
    uint32_t n_rows;
    ew_cache_type cache_k, cache_v;
    /* Steps of 16 rows and more use faster arithmetic within a bound for F16 and BF16 weights, and at level
     * amx for attention (docs/numerics.md, "Halves", "Tiles", "Attention on tiles"). Exact: never, and a
     * row's bits depend on nothing but itself. */
    bool exact;
    /* Inputs of linear layers are rounded to the 8 bits that the package says (input_scale) before all else:
     * to measure what that would cost. EW_UNSUPPORTED when it says none. */
    bool static_activations;
    /* Which adapters its sessions may use; copied. */
    const ew_adapter *const *adapters;
    size_t n_adapters; /* at most 64 */
    /* Its rows give hidden states (d_model floats, as the head reads them), not logits: for ew_embed. Engines
     * of models without a head always do. */
    bool embeds;
} ew_engine_options;

/* Builds, checks and plans the model's graph and starts the threads. The model must outlive the engine. */
EW_API ew_status ew_engine_new(const ew_model *model, const ew_engine_options *options, ew_engine **out,
                               ew_error *err);
/* Only after the last session on it is freed. */
EW_API void ew_engine_free(ew_engine *engine);

typedef struct ew_engine_info {
    uint32_t n_threads;
    uint32_t n_rows;
    const char *cpu_level;          /* "scalar", "avx2", "avx512", ... as in ew_machine */
    uint64_t arena_bytes;           /* activations of one step */
    uint64_t state_bytes_per_block; /* a session's state for 64 positions */
} ew_engine_info;

EW_API ew_engine_info ew_engine_get_info(const ew_engine *engine);

/* Time that an engine's steps spent on one kind of work, and how often it was done. */
typedef struct ew_profile_entry {
    const char *name; /* "attn_q+rope+attn_k+rope+attn_v+store", "attention"; lives as long as the engine */
    uint64_t ns, n_runs;
} ew_profile_entry;

/* Fills out[max] since the engine was made, or since the reset. Returns how many kinds there are (at most
 * 32). Between steps only. */
EW_API size_t ew_engine_profile(const ew_engine *engine, ew_profile_entry *out, size_t max);
EW_API void ew_engine_profile_reset(ew_engine *engine);

/* Receives text; returns false to stop. */
typedef bool (*ew_text_fn)(void *user, ew_str text);

/* Writes the graph after its passes, and its plan, as text. */
EW_API ew_status ew_engine_dump(const ew_engine *engine, ew_text_fn sink, void *user, ew_error *err);

/* ------------------------------------------------------------------------------------- sessions and steps */

typedef enum ew_context_full {
    EW_CONTEXT_FULL_ERROR = 0, /* the answer ends with EW_CONTEXT_FULL */
    /* Half of the tokens after the first n_keep are dropped and the rest is run again. */
    EW_CONTEXT_FULL_SHIFT = 1,
} ew_context_full;

typedef struct ew_session_options {
    size_t struct_size;
    /* Positions; default: the smaller of n_ctx_train and 4096. It decides what the rope scalings longrope and
     * dynamic compute, however little of it is used. */
    uint32_t n_ctx;
    ew_context_full context_full;
    uint32_t n_keep; /* for EW_CONTEXT_FULL_SHIFT */
} ew_session_options;

EW_API ew_status ew_session_new(ew_engine *engine, const ew_session_options *options, ew_session **out,
                                ew_error *err);
EW_API void ew_session_free(ew_session *session);

/* Positions held so far, and at most. */
EW_API uint32_t ew_session_length(const ew_session *session);
EW_API uint32_t ew_session_n_ctx(const ew_session *session);
/* Forgets everything from position `length` on (length <= ew_session_length). */
EW_API void ew_session_truncate(ew_session *session, uint32_t length);

/* One of the engine's adapters, and how much of it. */
typedef struct ew_adapter_use {
    const ew_adapter *adapter;
    float scale; /* 1: as it was trained */
} ew_adapter_use;

/*
 * From now on the session's rows are run with these adapters, added up; n = 0: with none. Copied. What the
 * session holds already stays as it was made: truncate it to have all of it made anew. Sessions with
 * different adapters may share steps. Errors: EW_INVALID when the engine was not made with one of them, when
 * one comes twice, or a scale is not finite.
 */
EW_API ew_status ew_session_set_adapters(ew_session *session, const ew_adapter_use *uses, size_t n,
                                         ew_error *err);

/* One row of a step: token `token` of a session at `position`. */
typedef struct ew_row {
    ew_session *session;
    uint32_t position;
    ew_token token;
    bool wants_logits;
} ew_row;

/* Receives the logits ([n_vocab] f32, valid during the call) of row `row`; called in the order of rows. */
typedef void (*ew_logits_fn)(void *user, size_t row, const float *logits);

/*
 * Runs rows of any number of sessions at once: the only way a model runs. The rows of one session follow each
 * other in position, beginning at its length. A row's logits do not depend, to the last bit, on the other
 * rows, on how rows are cut into steps, or on the number of threads. When it fails, every session is as it
 * was before.
 */
EW_API ew_status ew_step(ew_engine *engine, const ew_row *rows, size_t n_rows, ew_logits_fn on_logits,
                         void *user, ew_error *err);

/* Makes the session's running ew_eval, or the next one, return EW_CANCELLED before its next step; an
 * ew_generate ends with EW_FINISH_CANCELLED. Any thread, any time, also a signal handler. Each such call
 * clears the wish as it returns. */
EW_API void ew_session_cancel(ew_session *session);

/* Runs n tokens after what the session holds, in steps of the engine's n_rows; on_logits (may be NULL) gets
 * row = 0..n-1. */
EW_API ew_status ew_eval(ew_session *session, const ew_token *tokens, size_t n, ew_logits_fn on_logits,
                         void *user, ew_error *err);

/* ----------------------------------------------------------------------------------------------- sampling */

/* Added to a token's logit before all else; -100 all but forbids it, 100 all but demands it. */
typedef struct ew_logit_bias {
    ew_token token;
    float bias; /* -100 .. 100 */
} ew_logit_bias;

typedef struct ew_sampler_options {
    size_t struct_size;
    float temperature;    /* 0 = greedy */
    uint32_t top_k;       /* 0 = off */
    float top_p;          /* 0 or 1 = off */
    float min_p;          /* 0 = off */
    float repeat_penalty; /* divides positive and multiplies negative logits of recent tokens; 0 or 1 = off */
    float frequency_penalty; /* subtracted once per occurrence; 0 = off */
    float presence_penalty;  /* subtracted once per distinct token; 0 = off */
    uint32_t penalty_last_n; /* how many recent tokens the penalties see; default 64 */
    uint64_t seed;
    const ew_logit_bias *biases; /* copied; those of one token add up */
    size_t n_biases;
} ew_sampler_options;

typedef struct ew_sampler ew_sampler;

/* NaN, infinite or out-of-range values are EW_INVALID and named. NULL options: greedy. */
EW_API ew_status ew_sampler_new(const ew_sampler_options *options, size_t n_vocab, ew_sampler **out,
                                ew_error *err);
EW_API void ew_sampler_free(ew_sampler *sampler);
/* Tells the sampler that a token was used (prompt or answer), for the penalties. */
EW_API void ew_sampler_accept(ew_sampler *sampler, ew_token token);
/* Chooses from logits[n_vocab]; equal logits go to the lower token. Does not accept. */
EW_API ew_token ew_sampler_sample(ew_sampler *sampler, const float *logits);

/* --------------------------------------------------------------------------------------------- generation */

typedef enum ew_finish {
    EW_FINISH_END = 0,       /* the model ended its answer */
    EW_FINISH_LENGTH = 1,    /* n_predict tokens were made */
    EW_FINISH_STOP = 2,      /* a stop string appeared */
    EW_FINISH_CONTEXT = 3,   /* the context is full and the policy is error */
    EW_FINISH_CANCELLED = 4, /* ew_session_cancel, or the callback returned false */
} ew_finish;

/* Receives each token of an answer and the text that became certain with it (maybe none); false stops. */
typedef bool (*ew_token_fn)(void *user, ew_token token, ew_str text);

typedef struct ew_generate_options {
    size_t struct_size;
    uint32_t n_predict;  /* tokens at most; 0 = until the model ends or the context is full */
    ew_sampler *sampler; /* for the model's vocabulary or the first part of it; default: greedy */
    const ew_str *stops; /* the answer ends before any of these texts; they are not delivered */
    size_t n_stops;
    bool ignore_end; /* go on after an end token */
} ew_generate_options;

typedef struct ew_generation {
    ew_finish finish;
    uint32_t stop; /* of EW_FINISH_STOP: the index of the stop string */
    uint32_t n_prompt, n_generated;
    /* Times of the prompt, up to the first token, and of the rest. */
    uint64_t prompt_ns, first_token_ns, generate_ns;
} ew_generation;

/*
 * Runs the prompt and answers. The prompt and the answer stay in the session. A prompt that does not fit the
 * context is EW_CONTEXT_FULL with the counts. result (may be NULL) is filled also on failure.
 */
EW_API ew_status ew_generate(ew_session *session, const ew_token *prompt, size_t n_prompt,
                             const ew_generate_options *options, ew_token_fn on_token, void *user,
                             ew_generation *result, ew_error *err);

/* --------------------------------------------------------------------------------------------- embeddings */

typedef struct ew_embed_options {
    size_t struct_size;
    ew_pooling pooling;
    bool keep_length; /* do not divide by the Euclidean length */
} ew_embed_options;

/*
 * The embedding of a text: d_model floats into out. Forgets what the session held. The tokens are all that is
 * seen: encode with EW_ENCODE_BOS | EW_ENCODE_EOS, which mark a text's ends where the model wants them.
 * Errors: EW_INVALID when the engine does not embed; EW_LIMIT when a text is longer than an encoder's step;
 * EW_CONTEXT_FULL; EW_CANCELLED.
 */
EW_API ew_status ew_embed(ew_session *session, const ew_token *tokens, size_t n,
                          const ew_embed_options *options, float *out, ew_error *err);

/*
 * How well a document answers a query: the score that a cross-encoder's head makes of the two, as it comes;
 * the larger, the better. Forgets what the session held. *n_tokens (may be NULL) becomes how many the two
 * have with the marks around them. Errors: EW_UNSUPPORTED when the model (pooling other than EW_POOLING_RANK)
 * or its vocabulary has no way to see two texts; EW_CONTEXT_FULL with the counts; EW_LIMIT when they are
 * longer than a step; EW_CANCELLED.
 */
EW_API ew_status ew_rank(ew_session *session, ew_str query, ew_str document, float *score, size_t *n_tokens,
                         ew_error *err);

/* ---------------------------------------------------------------------------------- what a model is worth */

/* A mean and its standard error; NaN where there are too few numbers for one. */
typedef struct ew_estimate {
    double mean, se;
} ew_estimate;

typedef struct ew_evaluate_options {
    size_t struct_size;
    /* 0: windows of the text follow each other, and the second half of each is scored, as llama.cpp's
     * perplexity does: of n_ctx tokens those from n_ctx / 2 + 1 on. Else a window begins every `stride`
     * tokens and its last `stride` are scored; less than n_ctx. */
    uint32_t stride;
    uint32_t n_tokens; /* of the text, at most; default all */
    bool special;      /* special tokens that the text spells out become tokens */
    /* With a base, room for its n_layers + 1 numbers, or NULL: how far the hidden states are from the base's
     * after the embedding and after each layer, at scored tokens: the root of the sum of squared differences
     * over that of the base's squares. NaN when the layers of the two cannot be compared. */
    double *layer_errors;
} ew_evaluate_options;

/* Quantiles are i / EW_KLD_PARTS, interpolated between neighbours. */
#define EW_KLD_PARTS 1000

/* What a model says of a text. "Scored" is a token whose probability, given those before it in its window,
 * counts. */
typedef struct ew_evaluation {
    uint64_t n_tokens; /* of the text, with its BOS */
    uint64_t n_windows, n_scored;
    uint64_t n_unused; /* at the end of the text, which fill no window */
    uint32_t n_ctx;    /* tokens of a window */
    uint32_t n_stride; /* from one window's beginning to the next one's */
    ew_estimate ppl;   /* perplexity: e to the mean of -log p */
    /* With a base model: its perplexity, and the quotient of the two, of which the error counts that both
     * see the same tokens. */
    ew_estimate ppl_base, ppl_ratio;
    ew_estimate kld;    /* KL(base || model) of the next token's distribution, in nats */
    ew_estimate top1;   /* how often both have the same most probable token */
    ew_estimate dp;     /* p(token) of the model less that of the base */
    ew_estimate dp_rms; /* the root of the mean of its square */
    double kld_quantiles[EW_KLD_PARTS + 1];
} ew_evaluation;

/*
 * Runs a text in windows of the session's n_ctx tokens; the first one of each is a BOS where the model asks
 * for one. With a base (else NULL), a session of the same n_ctx, both run side by side and are compared at
 * every scored token; no more logits exist than those of one step. What the sessions hold is forgotten.
 * on_progress may be NULL. Errors: EW_FORMAT for a text that is empty, not UTF-8 or shorter than a window,
 * or logits that are no numbers; EW_UNSUPPORTED when there is no vocabulary, or the base has another one;
 * EW_CANCELLED; others of ew_eval.
 */
EW_API ew_status ew_evaluate(ew_session *session, ew_session *base, ew_str text,
                             const ew_evaluate_options *options, ew_progress_fn on_progress, void *user,
                             ew_evaluation *out, ew_error *err);

/* What a mix of types keeps to; the other one is 0. */
typedef struct ew_mix_options {
    size_t struct_size;
    uint64_t max_bytes; /* of all tensors: the divergence is as small as can be within them */
    double max_kld;     /* mean divergence from the original, in nats: the package is as small as can be */
} ew_mix_options;

typedef struct ew_mix {
    uint64_t size_bytes; /* of all tensors */
    ew_estimate kld;     /* measured, on the held part of the text */
    uint64_t n_scored;   /* tokens of it */
} ew_mix;

/*
 * ew_quantize with a type for each matrix, chosen by measurement. The last quarter of options' calibration
 * text is held back: on at most an eighth of its calibration_tokens, in windows of 512 tokens (or what the
 * model was trained on), the divergence of the model from the original is measured with each matrix in q4c,
 * q4s, q4g32, q8c and f16, alone; the choice whose divergences add up to least is then measured itself.
 * options' type and types are not set; its method rounds, with the first three quarters of the text where it
 * needs one. One package of each type lies in a hidden folder beside the path meanwhile. Errors: those of
 * ew_quantize and ew_evaluate; EW_LIMIT with the figure when a limit cannot be kept; EW_UNSUPPORTED names
 * models that cannot be mixed.
 */
EW_API ew_status ew_quantize_mixed(const ew_model *model, const char *path,
                                   const ew_quantize_options *options, const ew_mix_options *limits,
                                   ew_progress_fn on_progress, void *user, ew_quantize_report *report,
                                   ew_mix *out, ew_error *err);

/* Questions with the answers that would be right. */
typedef struct ew_tasks ew_tasks;

typedef struct ew_task {
    ew_str prompt;
    const ew_str *answers; /* [n_answers] */
    size_t n_answers;
} ew_task;

/* Reads JSON lines {"prompt": "...", "answer": "..."}, or "answers": ["...", ...]. Errors name the line;
 * another key is EW_FORMAT. */
EW_API ew_status ew_tasks_open(const char *path, ew_tasks **out, ew_error *err);
EW_API void ew_tasks_close(ew_tasks *tasks);
EW_API size_t ew_tasks_count(const ew_tasks *tasks);
/* index < count. */
EW_API ew_task ew_tasks_get(const ew_tasks *tasks, size_t index);

/* Means over all answers, 0 to 1; BLEU is one figure for all, 0 to 100. Of several right answers the best
 * one counts (for BLEU, n-grams of all). NaN when there was none. */
typedef struct ew_scores {
    uint64_t n;
    double exact, f1; /* equality and F1 of words, both as normalized by SQuAD 2.0's evaluation */
    double bleu;      /* as sacrebleu: 13a tokens, exponential smoothing */
    double rouge1, rouge2, rougel; /* F-measure, as the package rouge-score without a stemmer */
} ew_scores;

typedef struct ew_scorer ew_scorer;

EW_API ew_status ew_scorer_new(ew_scorer **out, ew_error *err);
EW_API void ew_scorer_free(ew_scorer *scorer);
/* n > 0 right answers. Errors: EW_LIMIT for more than 64 or a text of more than 64 KiB; EW_NO_MEMORY. */
EW_API ew_status ew_scorer_add(ew_scorer *scorer, ew_str answer, const ew_str *right, size_t n,
                               ew_error *err);
EW_API ew_scores ew_scorer_get(const ew_scorer *scorer);

/* ------------------------------------------------------------------------------------------------ serving */

/* A model that a server answers with; all pointers of it and of the options are borrowed until the close. */
typedef struct ew_served_model {
    const char *path;
    const char *name;            /* that requests use; default: the path's last part, without .gguf */
    const char *const *adapters; /* [n_adapters] paths, as ew_adapter_open takes them */
    const float *adapter_scales; /* [n_adapters] where a request says nothing; NULL: 1 for all */
    size_t n_adapters;
} ew_served_model;

typedef struct ew_server_options {
    size_t struct_size;
    const ew_served_model *models; /* [n_models] the first one answers where a request names none */
    size_t n_models;
    const char *host;         /* default "127.0.0.1": this machine alone */
    int32_t port;             /* default 11500; negative: any that is free */
    ew_engine_options engine; /* of all models, but for adapters and embeds; its struct_size may be 0 */
    uint32_t n_ctx;           /* positions of each conversation; default as ew_session_options' */
    uint32_t n_parallel;      /* answers at once, of each model; default 16 */
    uint32_t n_queue;         /* requests that wait, of each model; default 256; then HTTP 429 */
    uint32_t keep_alive_s;    /* models that nobody asks are closed after so long; default 300; ~0: never */
    uint64_t memory_bytes;    /* weights that are open at once; default: three quarters of the memory */
    const char *cache_folder; /* where state of prompts' beginnings is kept; NULL: in memory only */
    uint64_t cache_memory_bytes; /* default: an eighth of the memory; ~0: none */
    uint64_t cache_disk_bytes;   /* default 4 GiB */
    const char *const *keys;     /* [n_keys] requests must bring one; none: nobody needs one */
    size_t n_keys;
    const char *const *origins; /* [n_origins] web pages ("https://host:port") that may ask, beside ours */
    size_t n_origins;
    const char *const *hosts; /* [n_hosts] names that the server may be called by, beside this machine's */
    size_t n_hosts;
    /* A file of figures of requests, for ew_stats_read, made where there is none; servers may share it. NULL:
     * none. What is no such file is set aside under another name, and the log says so. */
    const char *ledger_path;
    /* Receives a line of the log, without its end and without any text of prompts or answers; NULL: no log.
     * From any thread. */
    void (*on_log)(void *user, ew_str line);
    void *user;
} ew_server_options;

typedef struct ew_server ew_server;

/*
 * Answers HTTP on threads of its own until it is closed (docs/serving.md: the APIs and what they do). Models
 * are opened when they are asked for. Errors: EW_UNSUPPORTED when libmicrohttpd is not installed, or this
 * library was built without network; EW_IO when the port is taken; EW_INVALID names the option.
 */
EW_API ew_status ew_server_open(const ew_server_options *options, ew_server **out, ew_error *err);
/* "http://127.0.0.1:11500". */
EW_API const char *ew_server_url(const ew_server *server);
/* Answers that are being written may take a few seconds to their end; then all is cut, and freed. */
EW_API void ew_server_close(ew_server *server);

/* A request that has ended, as a server's file of figures has it. */
typedef struct ew_request_record {
    int64_t time_s;                           /* when it ended, since 1970, UTC */
    ew_str api, model;                        /* "openai.chat"; "" where no model was found */
    int32_t code;                             /* HTTP's; 400 and more are errors */
    uint64_t client;                          /* the same for all requests of an API key or address */
    uint64_t n_prompt, n_cached, n_generated; /* tokens; cached ones are part of the prompt's */
    uint64_t queue_us, first_us, total_us;    /* first: to the first token; 0: there was none */
} ew_request_record;

/* The texts live as long as the call. False: no more. */
typedef bool (*ew_request_fn)(void *user, const ew_request_record *record);

/* Hands out the requests of a file that ended since then, in the order in which they were written; servers
 * may go on writing. Errors: EW_IO; EW_FORMAT when it is no such file; EW_CANCELLED when on_record said
 * so. */
EW_API ew_status ew_stats_read(const char *path, int64_t since_s, ew_request_fn on_record, void *user,
                               ew_error *err);

/* -------------------------------------------------------------------------------------------- the machine */

typedef struct ew_cpu_level {
    const char *name; /* "scalar", "avx2", ... */
    bool usable;
    const char *why; /* when not usable: "the processor has no AVX-512F"; else "" */
} ew_cpu_level;

typedef struct ew_machine {
    char cpu_name[64];
    /* Physical cores and hardware threads of this machine that the process may use. */
    uint32_t n_cores, n_threads;
    uint32_t n_performance_cores;
    uint64_t l1d_bytes, l2_bytes, l3_bytes; /* per instance; 0 = unknown */
    uint64_t memory_bytes, memory_available_bytes;
    const char *level_used;
    ew_cpu_level levels[8];
    size_t n_levels;
} ew_machine;

EW_API ew_status ew_machine_get(ew_machine *out, ew_error *err);

#ifdef __cplusplus
}
#endif

#endif
