/* fuzz_tasks.c: any file of tasks; each one that is accepted has answers, and they can be scored. */
#include "base/error.h"
#include "fuzz.h"
#include "measure/tasks.h"

static void score(const ew_tasks *tasks, ew_scorer *scorer) {
    for (size_t i = 0; i < ew_tasks_count(tasks); i++) {
        ew_error err = {0};
        ew_task task = ew_tasks_get(tasks, i);
        EW_ASSERT(task.n_answers > 0);
        ew_str answer = task.prompt.len <= 1000 ? task.prompt : (ew_str){task.prompt.data, 1000};
        ew_status status = ew_scorer_add(scorer, answer, task.answers, task.n_answers, &err);
        EW_ASSERT(status == EW_OK);
    }
    ew_scores s = ew_scorer_get(scorer);
    EW_ASSERT(s.exact >= 0 && s.exact <= 1 && s.f1 >= 0 && s.f1 <= 1 && s.bleu >= 0 && s.bleu <= 100.000001);
    EW_ASSERT(s.rouge1 <= 1 && s.rouge2 <= 1 && s.rougel <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ew_error err = {0};
    ew_tasks *tasks = NULL;
    ew_scorer *scorer;
    if (size > 100000 || ew_scorer_new(&scorer, &err)) return 0;
    ew_status status = ewi_tasks_parse((ewi_bytes){data, size}, &tasks, &err);
    if (status == EW_OK) score(tasks, scorer);
    EW_ASSERT(status == EW_OK || (err.status == status && err.text[0]));
    ew_tasks_close(tasks);
    ew_scorer_free(scorer);
    return 0;
}
