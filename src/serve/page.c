#include "serve/page.h"

const ewi_page_file *ewi_page_find(ew_str path) {
    for (size_t i = 0; i < ewi_page_n_files; i++)
        if (ewi_str_is(path, ewi_page_files[i].path)) return &ewi_page_files[i];
    return NULL;
}
