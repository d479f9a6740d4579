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
