/* hf_folder.c: made-up model folders. */
#define _XOPEN_SOURCE 700

#include "hf_folder.h"
#include "scratch.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_BYTES 1024

hf_folder hf_folder_new(void) {
    static unsigned number;
    char name[32];
    hf_folder f;
    snprintf(name, sizeof name, "folder-%u", number++);
    snprintf(f.path, sizeof f.path, "%s", scratch_path(name));
    if (mkdir(f.path, 0700) != 0) fail_msg("%s: cannot be made", f.path);
    return f;
}

/* Relative to the scratch folder. */
static const char *inside(const hf_folder *f, const char *name, char buf[PATH_MAX_BYTES]) {
    const char *folder = strrchr(f->path, '/') + 1;
    int n = snprintf(buf, PATH_MAX_BYTES, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_MAX_BYTES) fail_msg("%s: name too long", name);
    return buf;
}

void hf_folder_text(const hf_folder *f, const char *name, const char *text) {
    char buf[PATH_MAX_BYTES];
    scratch_file(inside(f, name, buf), text, strlen(text));
}

void hf_folder_link(const hf_folder *f, const char *name, const char *target) {
    char buf[PATH_MAX_BYTES];
    if (symlink(target, scratch_path(inside(f, name, buf))) != 0) fail_msg("%s: cannot be linked", name);
}

/* A header of these tensors, one after the other, into a file that holds all of them. */
static void describe_tensors(FILE *header, const ewi_tensor *tensors, size_t n) {
    unsigned long long at = 0;
    for (size_t i = 0; i < n; i++) {
        const ewi_tensor *t = &tensors[i];
        fprintf(header, "%s\"%.*s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "{", (int)t->name.len,
                t->name.data, ewi_dtype_get(t->dtype)->safetensors);
        for (uint32_t d = 0; d < t->n_dims; d++)
            fprintf(header, "%s%llu", d ? "," : "", (unsigned long long)t->dims[d]);
        fprintf(header, "],\"data_offsets\":[%llu,%llu]}", at, at + (unsigned long long)t->size_bytes);
        at += t->size_bytes;
    }
    fputc('}', header);
}

void hf_folder_tensors(const hf_folder *f, const ewi_tensor *tensors, size_t n) {
    char *header, *file, buf[PATH_MAX_BYTES];
    size_t header_len, file_len;
    FILE *text = open_memstream(&header, &header_len);
    assert_non_null(text);
    describe_tensors(text, tensors, n);
    fclose(text);
    FILE *all = open_memstream(&file, &file_len);
    assert_non_null(all);
    for (int i = 0; i < 8; i++) fputc((int)(header_len >> (8 * i) & 255), all);
    fwrite(header, 1, header_len, all);
    for (size_t i = 0; i < n; i++) fwrite(tensors[i].data, 1, (size_t)tensors[i].size_bytes, all);
    fclose(all);
    scratch_file(inside(f, "model.safetensors", buf), file, file_len);
    free(header);
    free(file);
}

void hf_folder_safetensors(const hf_folder *f, const char *name, const char *header, size_t n_data) {
    char buf[PATH_MAX_BYTES];
    size_t text_len = strlen(header), header_len = (text_len + 7) / 8 * 8, size = 8 + header_len + n_data;
    unsigned char *file = calloc(size, 1);
    assert_non_null(file);
    for (size_t i = 0; i < 8; i++) file[i] = (unsigned char)(header_len >> (8 * i));
    memset(file + 8, ' ', header_len);
    memcpy(file + 8, header, text_len);
    scratch_file(inside(f, name, buf), file, size);
    free(file);
}
