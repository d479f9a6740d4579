/* inspect.c: edgewise inspect: what a model file holds, and whether this version runs it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "json_writer.h"
#include "message.h"
#include "table.h"
#include "verbs.h"

#define ITEMS_SHOWN   8     /* elements of an array */
#define COLUMNS_SHOWN 72    /* of a value, without --meta */
#define BYTES_SHOWN   1024u /* more than those columns can take */
#define MAX_DTYPES    64
#define DIMS_TEXT     200

typedef struct inspect_values {
    const char *file, *meta;
    bool tensors, json, verify;
} inspect_values;

static const cli_option options[] = {
    {NULL, "tensors", CLI_FLAG, offsetof(inspect_values, tensors), NULL, 0, 0, "list the tensors"},
    {NULL, "meta", CLI_TEXT, offsetof(inspect_values, meta), "KEY", 0, 0,
     "print only this metadata value, whole, as JSON"},
    {NULL, "verify", CLI_FLAG, offsetof(inspect_values, verify), NULL, 0, 0,
     "first compare a package's weights with their digest"},
    {NULL, "json", CLI_FLAG, offsetof(inspect_values, json), NULL, 0, 0,
     "print one JSON object, with the tensors; arrays are shortened"},
};

/* ---- what the file adds up to ---- */

typedef struct dtype_sum {
    const char *dtype;
    uint64_t n_tensors, n_params, size_bytes;
} dtype_sum;

typedef struct summary {
    dtype_sum dtypes[MAX_DTYPES];
    size_t n_dtypes;
    uint64_t n_params, size_bytes;
    bool runs;
    char why_not[1020];
} summary;

static uint64_t n_elements(const ew_tensor_info *tensor) {
    uint64_t n = 1;
    for (uint32_t i = 0; i < tensor->n_dims; i++)
        n *= tensor->dims[i]; /* the file's check bounded the product */
    return n;
}

static dtype_sum *find_dtype(summary *sums, const char *dtype) {
    for (size_t i = 0; i < sums->n_dtypes; i++)
        if (strcmp(sums->dtypes[i].dtype, dtype) == 0) return &sums->dtypes[i];
    if (sums->n_dtypes == MAX_DTYPES) return NULL;
    dtype_sum *sum = &sums->dtypes[sums->n_dtypes++];
    *sum = (dtype_sum){.dtype = dtype};
    return sum;
}

static void add_tensors(summary *sums, const ew_file *file) {
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        ew_tensor_info tensor = ew_file_tensor(file, i);
        uint64_t n = n_elements(&tensor);
        dtype_sum *sum = find_dtype(sums, tensor.dtype);
        sums->n_params += n;
        sums->size_bytes += tensor.size_bytes;
        if (!sum) continue;
        sum->n_tensors++;
        sum->n_params += n;
        sum->size_bytes += tensor.size_bytes;
    }
}

/* The only honest answer to "does it run": everything up to the plan is tried. */
static void try_to_run(summary *sums, const char *path) {
    ew_error err = {0};
    ew_model *model = NULL;
    ew_engine *engine = NULL;
    ew_engine_options one_thread = {.struct_size = sizeof one_thread, .n_threads = 1};
    sums->runs = ew_model_open(path, &model, &err) == EW_OK &&
                 ew_engine_new(model, &one_thread, &engine, &err) == EW_OK;
    if (!sums->runs) snprintf(sums->why_not, sizeof sums->why_not, "%s", err.text);
    ew_engine_free(engine);
    ew_model_close(model);
}

/* ---- values ---- */

/* Entry index as JSON text; the caller frees. */
static cli_bytes meta_text(const ew_file *file, size_t index, size_t max_items) {
    cli_bytes text;
    cli_bytes_init(&text, SIZE_MAX);
    cli_bytes_reserve(&text, 4096);
    size_t len = ew_file_meta_text(file, index, max_items, text.data, text.cap);
    if (len >= text.cap) {
        cli_bytes_reserve(&text, len + 1);
        ew_file_meta_text(file, index, max_items, text.data, text.cap);
    }
    text.len = len;
    return text;
}

static const char *dims_text(const ew_tensor_info *tensor, char buf[DIMS_TEXT]) {
    size_t len = 0;
    buf[0] = '\0';
    for (uint32_t i = 0; i < tensor->n_dims; i++) {
        int n = snprintf(buf + len, DIMS_TEXT - len, "%s%" PRIu64, i ? " x " : "", tensor->dims[i]);
        len += n > 0 ? (size_t)n : 0;
    }
    return tensor->n_dims ? buf : "scalar";
}

/* ---- for people ---- */

static void print_shortened(cli_out *out, ew_str text, size_t whole) {
    char shown[CLI_ESCAPED_MAX];
    size_t columns = 0;
    while (text.len && columns < COLUMNS_SHOWN) {
        size_t n = cli_escape_next(&text, CLI_ESCAPE_LINE, shown);
        cli_out_write(out, (ew_str){shown, n});
        columns += cli_text_columns((ew_str){shown, n});
    }
    if (text.len) cli_out_printf(out, " ... (%zu bytes)", whole);
}

static void print_meta(cli_out *out, const ew_file *file) {
    size_t n = ew_file_n_meta(file), width = 0;
    if (n == 0) return;
    for (size_t i = 0; i < n; i++) {
        size_t columns = cli_text_columns(ew_file_meta(file, i).key);
        if (columns > width && columns <= 48) width = columns;
    }
    cli_out_styled(out, CLI_BOLD, "\nmetadata");
    cli_out_printf(out, " (%zu)\n", n);
    for (size_t i = 0; i < n; i++) {
        ew_meta meta = ew_file_meta(file, i);
        size_t columns = cli_text_columns(meta.key);
        char head[BYTES_SHOWN];
        size_t whole = ew_file_meta_text(file, i, ITEMS_SHOWN, head, sizeof head);
        size_t held = whole < sizeof head ? whole : sizeof head - 1;
        cli_out_printf(out, "  ");
        cli_out_foreign(out, meta.key, CLI_ESCAPE_LINE);
        cli_out_printf(out, "%*s", columns < width ? (int)(width - columns) + 2 : 2, "");
        if (strncmp(meta.type, "array", 5) == 0) cli_out_printf(out, "(%" PRIu64 ") ", meta.n);
        print_shortened(out, (ew_str){head, held}, whole);
        cli_out_printf(out, "\n");
    }
}

static void print_dtypes(cli_out *out, const summary *sums) {
    char size[CLI_SIZE_TEXT], count[CLI_SIZE_TEXT];
    cli_table table;
    cli_out_printf(out, "\n");
    cli_table_init(&table, "<type|>tensors|>parameters|>size");
    for (size_t i = 0; i < sums->n_dtypes; i++) {
        const dtype_sum *sum = &sums->dtypes[i];
        cli_table_cellf(&table, "%s", sum->dtype);
        cli_table_cellf(&table, "%" PRIu64, sum->n_tensors);
        cli_table_cellf(&table, "%s", cli_count_text(sum->n_params, count));
        cli_table_cellf(&table, "%s", cli_size_text(sum->size_bytes, size));
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static bool has_scales(const ew_file *file) {
    for (size_t i = 0; i < ew_file_n_tensors(file); i++)
        if (ew_file_tensor(file, i).input_scale > 0) return true;
    return false;
}

static void print_tensors(cli_out *out, const ew_file *file) {
    char size[CLI_SIZE_TEXT], dims[DIMS_TEXT];
    cli_table table;
    const bool scales = has_scales(file);
    cli_out_printf(out, "\n");
    cli_table_init(&table, scales ? "<tensor|<type|<shape|>size|>input scale" : "<tensor|<type|<shape|>size");
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        ew_tensor_info tensor = ew_file_tensor(file, i);
        cli_table_cell(&table, tensor.name);
        cli_table_cellf(&table, "%s", tensor.dtype);
        cli_table_cellf(&table, "%s", dims_text(&tensor, dims));
        cli_table_cellf(&table, "%s", cli_size_text(tensor.size_bytes, size));
        if (scales && tensor.input_scale > 0) cli_table_cellf(&table, "%.6g", (double)tensor.input_scale);
        if (scales && tensor.input_scale == 0) cli_table_cellf(&table, "-");
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static void print_text(const inspect_values *values, const ew_file *file, const summary *sums, cli_out *out) {
    char text[CLI_SIZE_TEXT];
    uint64_t size_bytes = ew_file_size_bytes(file);
    cli_out_printf(out, "format      %s\n", ew_file_format(file));
    cli_out_printf(out, "size        %s (%" PRIu64 " bytes)\n", cli_size_text(size_bytes, text), size_bytes);
    cli_out_printf(out, "parameters  %s in %zu tensors\n", cli_count_text(sums->n_params, text),
                   ew_file_n_tensors(file));
    cli_out_printf(out, "runs        ");
    cli_out_styled(out, sums->runs ? CLI_GOOD : CLI_BAD, sums->runs ? "yes" : "no");
    if (!sums->runs) {
        cli_out_printf(out, ": ");
        cli_out_foreign(out, (ew_str){sums->why_not, strlen(sums->why_not)}, CLI_ESCAPE_LINE);
    }
    cli_out_printf(out, "\n");
    if (sums->n_dtypes) print_dtypes(out, sums);
    print_meta(out, file);
    if (values->tensors) print_tensors(out, file);
}

/* ---- for programs ---- */

static void json_meta(cli_json *json, const ew_file *file) {
    cli_json_open(json, "metadata", '[');
    for (size_t i = 0; i < ew_file_n_meta(file); i++) {
        ew_meta meta = ew_file_meta(file, i);
        cli_bytes text = meta_text(file, i, ITEMS_SHOWN);
        cli_json_open(json, NULL, '{');
        cli_json_string(json, "key", meta.key);
        cli_json_text(json, "type", meta.type);
        cli_json_count(json, "n", meta.n);
        cli_json_raw(json, "value", cli_bytes_str(&text));
        cli_json_close(json);
        cli_bytes_deinit(&text);
    }
    cli_json_close(json);
}

static void json_tensors(cli_json *json, const ew_file *file) {
    cli_json_open(json, "tensors", '[');
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        ew_tensor_info tensor = ew_file_tensor(file, i);
        cli_json_open(json, NULL, '{');
        cli_json_string(json, "name", tensor.name);
        cli_json_text(json, "dtype", tensor.dtype);
        cli_json_open(json, "shape", '[');
        for (uint32_t k = 0; k < tensor.n_dims; k++) cli_json_count(json, NULL, tensor.dims[k]);
        cli_json_close(json);
        cli_json_count(json, "size_bytes", tensor.size_bytes);
        cli_json_count(json, "offset", tensor.offset);
        if (tensor.input_scale > 0) cli_json_precise(json, "input_scale", (double)tensor.input_scale);
        cli_json_close(json);
    }
    cli_json_close(json);
}

static void json_dtypes(cli_json *json, const summary *sums) {
    cli_json_open(json, "dtypes", '[');
    for (size_t i = 0; i < sums->n_dtypes; i++) {
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "dtype", sums->dtypes[i].dtype);
        cli_json_count(json, "tensors", sums->dtypes[i].n_tensors);
        cli_json_count(json, "parameters", sums->dtypes[i].n_params);
        cli_json_count(json, "size_bytes", sums->dtypes[i].size_bytes);
        cli_json_close(json);
    }
    cli_json_close(json);
}

static void print_json(const ew_file *file, const summary *sums, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "format", ew_file_format(file));
    cli_json_count(&json, "size_bytes", ew_file_size_bytes(file));
    cli_json_count(&json, "parameters", sums->n_params);
    cli_json_count(&json, "tensor_bytes", sums->size_bytes);
    cli_json_bool(&json, "runs", sums->runs);
    if (sums->runs)
        cli_json_null(&json, "why_not");
    else
        cli_json_text(&json, "why_not", sums->why_not);
    json_dtypes(&json, sums);
    json_meta(&json, file);
    json_tensors(&json, file);
    cli_json_close(&json);
    cli_json_end(&json);
}

/* ---- the verb ---- */

static int print_one_meta(const ew_file *file, const char *key, cli_out *out) {
    size_t len = strlen(key);
    for (size_t i = 0; i < ew_file_n_meta(file); i++) {
        ew_meta meta = ew_file_meta(file, i);
        if (meta.key.len != len || memcmp(meta.key.data, key, len) != 0) continue;
        cli_bytes text = meta_text(file, i, SIZE_MAX);
        cli_out_foreign(out, cli_bytes_str(&text), CLI_ESCAPE_TEXT); /* JSON: no line ends inside */
        cli_out_printf(out, "\n");
        cli_bytes_deinit(&text);
        return CLI_OK;
    }
    cli_say("the file has no metadata \"%s\"", key);
    return CLI_FAILED;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    inspect_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (!values.file) return cli_usage(verb->name, "no file: edgewise inspect FILE");
    if (values.meta && (values.tensors || values.json))
        return cli_usage(verb->name, "--meta prints one value only: it takes neither --tensors nor --json");
    ew_file *file;
    ew_error err = {0};
    if (ew_file_open(values.file, &file, &err)) return cli_fail(&err);
    int code = CLI_OK;
    if (values.verify && ew_file_verify(file, &err)) {
        code = cli_fail(&err);
    } else if (values.meta) {
        code = print_one_meta(file, values.meta, out);
    } else {
        summary sums = {0};
        add_tensors(&sums, file);
        try_to_run(&sums, values.file);
        if (values.json)
            print_json(file, &sums, out);
        else
            print_text(&values, file, &sums, out);
    }
    ew_file_close(file);
    return code;
}

const cli_verb cli_verb_inspect = {
    .name = "inspect",
    .summary = "show what a model file holds, and whether it runs",
    .synopsis = "FILE [--tensors] [--meta KEY] [--json]",
    .about =
        "Shows format, size, element types and metadata of a GGUF or safetensors file, or of a folder with\n"
        "config.json and safetensors, and says whether this version runs it, or exactly why not.",
    .operand = "FILE",
    .operand_offset = offsetof(inspect_values, file),
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
