/* A package's files as an attacker may write them: each refused by name. The forms are those of
 * docs/container.md and of the OCI image specification. */
#include "format/container.h"

#include "expect.h"

#include <stdio.h>

#define HEX        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TYPE       "application/vnd.edgewise.model."
#define BLOB(type) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" HEX "\",\"size\":7}"
#define MANIFEST   BLOB("application/vnd.oci.image.manifest.v1+json")
#define LAYERS     BLOB(TYPE "metadata.v1.gguf") "," BLOB(TYPE "tensors.v1+json") "," BLOB(TYPE "weights.v1")
#define HEAD       "\"schemaVersion\":2,\"artifactType\":\"" TYPE "v1\","
#define CONFIG     "\"config\":" BLOB(TYPE "config.v1+json") ","

typedef enum part { LAYOUT, INDEX, MANIFEST_FILE, CONFIG_FILE, TABLE } part;

static const uint8_t weights[1280];

static ew_status read_part(part which, const char *json, ewi_arena *arena, ewi_container *c, ew_error *err) {
    ewi_bytes bytes = {(const uint8_t *)json, strlen(json)};
    ewi_blob manifest;
    switch (which) {
    case LAYOUT: return ewi_container_read_layout(bytes, arena, err);
    case INDEX: return ewi_container_read_index(bytes, arena, &manifest, err);
    case MANIFEST_FILE: return ewi_container_read_manifest(bytes, arena, c, err);
    case CONFIG_FILE: return ewi_container_read_config(bytes, arena, c, err);
    case TABLE: break;
    }
    return ewi_container_read_tensors(bytes, (ewi_bytes){weights, sizeof weights}, arena, c, err);
}

static void refused(part which, const char *json, ew_status status, const char *culprit) {
    ewi_arena arena;
    ewi_container c = {0};
    ew_error err = {0};
    ewi_arena_init(&arena, 1u << 20);
    expect_refused(read_part(which, json, &arena, &c, &err), status, &err, culprit);
    ewi_arena_deinit(&arena);
}

static void accepted(part which, const char *json) {
    ewi_arena arena;
    ewi_container c = {0};
    ew_error err = {0};
    ewi_arena_init(&arena, 1u << 20);
    expect_ok(read_part(which, json, &arena, &c, &err), &err);
    ewi_arena_deinit(&arena);
}

static void layouts(void **state) {
    (void)state;
    accepted(LAYOUT, "{\"imageLayoutVersion\":\"1.0.0\",\"more\":[1]}");
    refused(LAYOUT, "{\"imageLayoutVersion\":\"2.0.0\"}", EW_UNSUPPORTED, "imageLayoutVersion is \"2.0.0\"");
    refused(LAYOUT, "{}", EW_FORMAT, "oci-layout: imageLayoutVersion is missing");
    refused(LAYOUT, "[]", EW_FORMAT, "oci-layout");
    refused(LAYOUT, "", EW_FORMAT, "oci-layout");
}

static void indexes(void **state) {
    (void)state;
    accepted(INDEX, "{\"schemaVersion\":2,\"manifests\":[" MANIFEST "]}");
    refused(INDEX, "{\"schemaVersion\":2,\"manifests\":[" MANIFEST "," MANIFEST "]}", EW_UNSUPPORTED,
            "more than one manifest");
    refused(INDEX, "{\"schemaVersion\":2,\"manifests\":[]}", EW_FORMAT, "is missing");
    refused(INDEX, "{\"schemaVersion\":1,\"manifests\":[" MANIFEST "]}", EW_UNSUPPORTED, "schemaVersion 1");
    refused(INDEX, "{\"schemaVersion\":2,\"manifests\":[" BLOB("image/png") "]}", EW_UNSUPPORTED,
            "image/png");
}

/* A digest is part of a path. */
static void digests(void **state) {
    (void)state;
    static const char *const bad[] = {
        "sha256:../../../../../../../../../../../../../../../../../../../../../etc/p",
        "sha512:" HEX,
        "sha256:" HEX "0",
        "sha256:" HEX "/../x",
        "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
        "sha256:",
        "",
    };
    for (size_t i = 0; i < EWI_COUNT(bad); i++) {
        char json[512];
        snprintf(json, sizeof json,
                 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
                 "vnd.oci.image.manifest.v1+json\","
                 "\"size\":1,\"digest\":\"%s\"}]}",
                 bad[i]);
        refused(INDEX, json, EW_FORMAT, "is not sha256: and 64 hexadecimal digits");
    }
    refused(INDEX, "{\"schemaVersion\":2,\"manifests\":[{\"size\":1}]}", EW_FORMAT,
            "lacks mediaType, digest or size");
    refused(INDEX, "{\"schemaVersion\":2,\"manifests\":[{\"size\":-1}]}", EW_FORMAT, "index.json");
}

static void manifests(void **state) {
    (void)state;
    accepted(MANIFEST_FILE, "{" HEAD CONFIG "\"layers\":[" LAYERS "],\"annotations\":{}}");
    refused(MANIFEST_FILE, "{" HEAD CONFIG "\"layers\":[" LAYERS "," BLOB(TYPE "weights.v1") "]}", EW_FORMAT,
            "two blobs of type " TYPE "weights.v1");
    refused(MANIFEST_FILE, "{" HEAD CONFIG "\"layers\":[" LAYERS "," BLOB(TYPE "adapter.v1") "]}",
            EW_UNSUPPORTED, TYPE "adapter.v1");
    refused(MANIFEST_FILE, "{" HEAD "\"layers\":[" LAYERS "]}", EW_FORMAT, "no blob of type " TYPE "config");
    refused(MANIFEST_FILE, "{" HEAD CONFIG "\"layers\":[]}", EW_FORMAT, "no blob of type " TYPE "tensors");
    refused(MANIFEST_FILE, "{" HEAD CONFIG "\"layers\":[" LAYERS "," BLOB(TYPE "hf-config.v1+json") "]}",
            EW_FORMAT, "either GGUF metadata or a Hugging Face config");
    refused(MANIFEST_FILE, "{\"schemaVersion\":2," CONFIG "\"layers\":[" LAYERS "]}", EW_FORMAT,
            "artifactType is missing");
}

static void configs(void **state) {
    (void)state;
    accepted(CONFIG_FILE, "{\"version\":1,\"type\":\"q8c\",\"source\":\"huggingface\"}");
    refused(CONFIG_FILE, "{\"version\":2,\"type\":\"q8c\",\"source\":\"huggingface\"}", EW_UNSUPPORTED,
            "version 2");
    refused(CONFIG_FILE, "{\"version\":1,\"type\":\"q8c\",\"source\":\"gguf\"}", EW_UNSUPPORTED,
            "source is \"gguf\"");
    refused(CONFIG_FILE, "{\"version\":1,\"type\":\"\\u0007\",\"source\":\"huggingface\"}", EW_FORMAT,
            "type");
    accepted(CONFIG_FILE, "{\"version\":1,\"type\":\"q8c\",\"source\":\"huggingface\",\"scaled\":true}");
    refused(CONFIG_FILE, "{\"version\":1,\"scaled\":true,\"scaled\":true}", EW_FORMAT,
            "\"scaled\" is there twice");
    accepted(CONFIG_FILE, "{\"version\":1,\"type\":\"q8c\",\"source\":\"huggingface\","
                          "\"activation_ranges\":\"mse\"}");
    refused(CONFIG_FILE,
            "{\"version\":1,\"type\":\"q8c\",\"source\":\"huggingface\","
            "\"activation_ranges\":\"\"}",
            EW_FORMAT, "activation_ranges");
    refused(CONFIG_FILE, "{\"version\":1,\"scaled\":1}", EW_FORMAT, "config");
    refused(CONFIG_FILE, "{\"version\":1,\"rope\":2}", EW_UNSUPPORTED, "member \"rope\"");
}

/* ---- tensors: 640 bytes of Q4S, then 640 of F32 ---- */

#define A \
    "{\"name\":\"a\",\"dtype\":\"Q4S\",\"layout\":\"packed\",\"dims\":[16,64],\"offset\":0,\"size\":640}"
#define B "{\"name\":\"b\",\"dtype\":\"F32\",\"layout\":\"plain\",\"dims\":[160],\"offset\":640,\"size\":640}"
#define ENTRY(name, dtype, layout, dims, offset, size)                                        \
    "{\"name\":\"" name "\",\"dtype\":\"" dtype "\",\"layout\":\"" layout "\",\"dims\":" dims \
    ",\"offset\":" offset ",\"size\":" size "}"
#define SCALED_A(scale)                                                                                   \
    "{\"name\":\"a\",\"dtype\":\"Q4S\",\"layout\":\"packed\",\"dims\":[16,64],\"offset\":0,\"size\":640," \
    "\"input_scale\":" scale "}"
#define LIST(a, b) "{\"tensors\":[" a "," b "]}"

static void tables(void **state) {
    (void)state;
    accepted(TABLE, LIST(A, B));
    accepted(TABLE, LIST(B, A));
    refused(TABLE, LIST(A, A), EW_FORMAT, "tensor a");
    accepted(TABLE, LIST(SCALED_A("1.5e-3"), B));
    refused(TABLE, LIST(SCALED_A("0"), B), EW_FORMAT, "input_scale");
    refused(TABLE, LIST(SCALED_A("-1"), B), EW_FORMAT, "input_scale");
    refused(TABLE, LIST(SCALED_A("1e300"), B), EW_FORMAT, "input_scale");
    refused(TABLE, LIST(SCALED_A("\"1\""), B), EW_FORMAT, "tensor table");
    refused(TABLE, LIST(SCALED_A("1,\"input_scale\":1"), B), EW_FORMAT, "is there twice");
    refused(TABLE,
            LIST(A, "{\"name\":\"b\",\"dtype\":\"F32\",\"layout\":\"plain\",\"dims\":[160],"
                    "\"offset\":640,\"size\":640,\"input_scale\":1}"),
            EW_FORMAT, "for matrices");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[160]", "576", "640")), EW_FORMAT,
            "tensor b: overlaps");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[144]", "704", "576")), EW_FORMAT,
            "tensor b: 64 bytes before it belong to no tensor");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[144]", "640", "576")), EW_FORMAT,
            "64 bytes after the last tensor");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[160]", "644", "640")), EW_FORMAT, "offset 644");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[160]", "704", "640")), EW_FORMAT, "past the end");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[160]", "18446744073709551552", "640")), EW_FORMAT,
            "past the end");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[160]", "640", "636")), EW_FORMAT,
            "its shape takes 640");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[4294967296,4294967296]", "640", "640")), EW_FORMAT,
            "tensor b");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "plain", "[0]", "640", "0")), EW_FORMAT, "it is empty");
    refused(TABLE, LIST(A, ENTRY("b", "Q9", "plain", "[160]", "640", "640")), EW_UNSUPPORTED, "type \"Q9\"");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "plain", "[160]", "640", "640")), EW_UNSUPPORTED,
            "must be packed");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "packed", "[16,10]", "640", "640")), EW_UNSUPPORTED,
            "has no packed layout");
    refused(TABLE, LIST(A, ENTRY("b", "F32", "woven", "[160]", "640", "640")), EW_UNSUPPORTED,
            "layout \"woven\"");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[1024]", "640", "640")), EW_FORMAT, "two dimensions");
    /* Of a stack, each matrix begins with a tile of its own. */
    accepted(TABLE, "{\"tensors\":[" ENTRY("a", "Q4S", "packed", "[2,8,64]", "0", "1280") "]}");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[2,8,64]", "640", "640")), EW_FORMAT,
            "its shape takes 1280");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[0,16,64]", "640", "0")), EW_FORMAT,
            "two dimensions");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[1,1,16,64]", "640", "576")), EW_FORMAT,
            "two dimensions");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[4294967296,4294967296,64]", "640", "640")),
            EW_FORMAT, "its size overflows");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[16,65537]", "640", "640")), EW_FORMAT, "65536");
    refused(TABLE, LIST(A, ENTRY("b", "Q6_K", "packed", "[16,64]", "640", "640")), EW_FORMAT, "whole blocks");
    refused(TABLE, LIST(A, ENTRY("b", "Q4S", "packed", "[18446744073709551615,64]", "640", "640")), EW_FORMAT,
            "tensor b");
    refused(TABLE, LIST(A, ENTRY("", "F32", "plain", "[160]", "640", "640")), EW_FORMAT, "printable name");
    refused(TABLE, LIST(A, "{\"name\":\"b\",\"bits\":4}"), EW_UNSUPPORTED, "member \"bits\"");
    refused(TABLE, LIST(A, "{\"name\":\"b\"}"), EW_FORMAT, "tensor b: dtype, layout, dims, offset or size");
    refused(TABLE, "{}", EW_FORMAT, "\"tensors\" is missing");
    refused(TABLE, "{\"tensors\":[]}", EW_FORMAT, "1280 bytes after the last tensor");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),   cmocka_unit_test(indexes), cmocka_unit_test(digests),
        cmocka_unit_test(manifests), cmocka_unit_test(configs), cmocka_unit_test(tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
