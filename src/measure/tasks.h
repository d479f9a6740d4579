/*
 * tasks.h: questions with right answers, from JSON lines.
 *
 *     EWI_TRY(ewi_tasks_parse(text, &tasks, err));          keeps nothing of the text
 *     ew_tasks_close(tasks);
 */
#ifndef EW_MEASURE_TASKS_H
#define EW_MEASURE_TASKS_H

#include "base/compiler.h"
#include "base/slice.h"

EWI_NODISCARD ew_status ewi_tasks_parse(ewi_bytes text, ew_tasks **out, ew_error *err);

#endif
