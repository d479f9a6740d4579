/* lettered.c: golden folders with a vocabulary of letters. */
#include "lettered.h"
#include "golden.h"
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lettered_spell(size_t token, char out[LETTERED_BYTES + 1]) {
    out[0] = (char)(0xc4 + token / 64);
    out[1] = (char)(0x80 + token % 64);
    out[2] = '\0';
}

static void add_vocabulary(const hf_folder *f) {
    char json[4096], letter[LETTERED_BYTES + 1];
    size_t n = (size_t)snprintf(json, sizeof json,
                                "{\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\"},"
                                "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[");
    for (size_t i = 0; i < LETTERED_TOKENS; i++) {
        lettered_spell(i, letter);
        n += (size_t)snprintf(json + n, sizeof json - n, "%s[\"%s\",-1.0]", i ? "," : "", letter);
    }
    snprintf(json + n, sizeof json - n, "]}}");
    hf_folder_text(f, "tokenizer.json", json);
}

hf_folder lettered_folder(const char *model) {
    char path[1024], folder[512];
    hf_folder f = hf_folder_new();
    snprintf(folder, sizeof folder, "%s", golden_path(model));
    add_vocabulary(&f);
    DIR *dir = opendir(folder);
    if (!dir) fail_msg("%s: cannot be read", folder);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name);
        hf_folder_link(&f, entry->d_name, path);
    }
    closedir(dir);
    return f;
}

/* By the generator of Knuth's MMIX. */
void lettered_text(char *out, size_t n, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        lettered_spell((seed >> 40) % LETTERED_TOKENS, out + LETTERED_BYTES * i);
    }
}
