#include "quality.h"

#include <math.h>
#include <string.h>

#include "answer.h"
#include "conversation.h"
#include "input.h"
#include "message.h"
#include "progress.h"
#include "table.h"

#define DEFAULT_WINDOW 512u
#define DEFAULT_NEW    256u

/* ---- on a text ---- */

static bool on_progress(void *user, uint64_t done, uint64_t total) {
    cli_progress *progress = user;
    if (progress->total == 0) cli_progress_start(progress, "positions", total);
    cli_progress_set(progress, done);
    return true;
}

/* Without -c a window is no longer than what a model was trained on. */
static void shorten(const cli_opened *opened, uint32_t *window) {
    uint32_t trained = ew_model_get_info(opened->model).n_ctx_train;
    if (trained > 0 && trained < *window) *window = trained;
}

static int open_sessions(const cli_quality_values *values, cli_opened *model, cli_opened *base) {
    cli_engine_values engine = values->engine;
    if (!engine.context.given) {
        engine.context.value = DEFAULT_WINDOW;
        shorten(model, &engine.context.value);
        if (base->model) shorten(base, &engine.context.value);
    }
    int code = cli_open_session(&engine, model, &model->session);
    if (code == CLI_OK && base->model) code = cli_open_session(&engine, base, &base->session);
    return code;
}

static int evaluate(cli_quality *q, const cli_opened *model, const cli_opened *base, ew_str text) {
    ew_error err = {0};
    cli_progress progress = {0};
    if (base->model) {
        q->n_layer_errors = ew_model_get_info(base->model).n_layers + 1;
        q->layer_errors = cli_alloc(q->n_layer_errors, sizeof *q->layer_errors);
    }
    ew_evaluate_options how = {.struct_size = sizeof how,
                               .stride = q->values->stride.value,
                               .special = q->values->special,
                               .layer_errors = q->layer_errors};
    ew_status status =
        ew_evaluate(model->session, base->session, text, &how, on_progress, &progress, &q->text, &err);
    cli_progress_end(&progress);
    q->has_text = status == EW_OK;
    return status ? cli_fail(&err) : CLI_OK;
}

static int measure_text(cli_quality *q, cli_opened *model, cli_opened *base) {
    cli_bytes text;
    int code = q->values->text ? cli_read_file(q->values->text, &text) : cli_read_stdin(&text);
    if (code == CLI_OK) code = open_sessions(q->values, model, base);
    if (code == CLI_OK) code = evaluate(q, model, base, cli_bytes_str(&text));
    cli_bytes_deinit(&text);
    ew_session_free(model->session); /* answers have a context of another size */
    model->session = NULL;
    return code;
}

/* ---- by answers ---- */

static int answer_task(const cli_quality *q, const cli_opened *model, ew_str prompt, cli_answer *answer) {
    const cli_run_values how = {.raw = q->values->raw};
    ew_generate_options options = {.struct_size = sizeof options,
                                   .n_predict =
                                       q->values->n_new.given ? q->values->n_new.value : DEFAULT_NEW};
    cli_tokens tokens = {0};
    ew_error err = {0};
    int code = cli_conversation_prompt(&how, model, prompt, &tokens);
    ew_session_truncate(model->session, 0);
    if (code == CLI_OK && cli_answer_run(answer, model->session, &tokens, &options, &err))
        code = cli_fail(&err);
    cli_tokens_deinit(&tokens);
    return code;
}

static int score_task(const cli_quality *q, const cli_opened *model, ew_task task, ew_scorer *scorer) {
    cli_answer answer;
    cli_out nowhere = {0};
    ew_error err = {0};
    cli_answer_init(&answer, CLI_ANSWER_KEEP, &nowhere);
    int code = answer_task(q, model, task.prompt, &answer);
    if (code == CLI_OK &&
        ew_scorer_add(scorer, cli_bytes_str(&answer.text), task.answers, task.n_answers, &err))
        code = cli_fail(&err);
    cli_answer_deinit(&answer);
    return code;
}

static int score_tasks(cli_quality *q, const cli_opened *model, const ew_tasks *tasks) {
    ew_scorer *scorer;
    ew_error err = {0};
    cli_progress progress;
    size_t n = ew_tasks_count(tasks);
    if (ew_scorer_new(&scorer, &err)) return cli_fail(&err);
    int code = CLI_OK;
    cli_progress_start(&progress, "tasks", n);
    for (size_t i = 0; i < n && code == CLI_OK; i++) {
        code = score_task(q, model, ew_tasks_get(tasks, i), scorer);
        cli_progress_set(&progress, i + 1);
        if (code != CLI_OK) cli_say("%s: task %zu of %zu was not answered", q->values->tasks, i + 1, n);
    }
    cli_progress_end(&progress);
    q->tasks = ew_scorer_get(scorer);
    q->has_tasks = code == CLI_OK;
    ew_scorer_free(scorer);
    return code;
}

/* ---- both ---- */

static int measure_all(cli_quality *q, cli_opened *model, cli_opened *base, const ew_tasks *tasks,
                       bool wants_text) {
    q->engine = ew_engine_get_info(model->engine);
    int code = cli_need_head(model);
    if (code == CLI_OK && base->model) code = cli_need_head(base);
    if (code == CLI_OK) code = cli_need_tokenizer(model);
    if (code == CLI_OK && wants_text) code = measure_text(q, model, base);
    if (code == CLI_OK && tasks) code = cli_open_session(&q->values->engine, model, &model->session);
    if (code == CLI_OK && tasks) code = score_tasks(q, model, tasks);
    return code;
}

static int open_both(const cli_quality *q, cli_opened *model, cli_opened *base) {
    cli_engine_values of_base = q->values->engine;
    of_base.model = q->values->against;
    of_base.operand = NULL;
    of_base.adapters.n = 0;
    if (q->values->base_k.given) of_base.cache_k = q->values->base_k;
    if (q->values->base_v.given) of_base.cache_v = q->values->base_v;
    of_base.static_activations = false;
    int code = cli_open_engine(q->verb, &q->values->engine, model);
    return code == CLI_OK && of_base.model ? cli_open_engine(q->verb, &of_base, base) : code;
}

int cli_quality_measure(cli_quality *q, bool wants_text) {
    cli_opened model = {0}, base = {0};
    ew_tasks *tasks = NULL;
    ew_error err = {0};
    if (q->values->tasks && ew_tasks_open(q->values->tasks, &tasks, &err)) return cli_fail(&err);
    int code = open_both(q, &model, &base);
    if (code == CLI_OK) code = measure_all(q, &model, &base, tasks, wants_text);
    ew_tasks_close(tasks);
    cli_opened_close(&base);
    cli_opened_close(&model);
    return code;
}

void cli_quality_deinit(cli_quality *q) {
    cli_free(q->layer_errors);
}

int cli_quality_check(const cli_verb *verb, const cli_quality_values *values) {
    if (!values->tasks && (values->n_new.given || values->raw))
        return cli_usage(verb->name, "%s is about answers: it needs --tasks FILE",
                         values->raw ? "--raw" : "-n");
    if (!values->against && (values->base_k.given || values->base_v.given))
        return cli_usage(verb->name, "--base-cache-type-%c is about another model: it needs --against BASE",
                         values->base_k.given ? 'k' : 'v');
    return CLI_OK;
}

/* ---- what came of it ---- */

double cli_score(const ew_scores *s, size_t index) {
    const double scores[CLI_N_SCORES] = {s->exact, s->f1, s->bleu, s->rouge1, s->rouge2, s->rougel};
    return scores[index];
}

static void row(cli_table *table, const char *what, double value, double se, const char *meaning) {
    cli_table_cellf(table, "%s", what);
    cli_table_cellf(table, "%.6g", value);
    if (isfinite(se))
        cli_table_cellf(table, "± %.2g", se);
    else
        cli_table_cellf(table, "%s", "");
    cli_table_cellf(table, "%s", meaning);
}

static void row_of(cli_table *table, const char *what, ew_estimate e, const char *meaning) {
    row(table, what, e.mean, e.se, meaning);
}

static void print_quantiles(cli_table *table, const double *quantiles) {
    static const struct {
        const char *name;
        size_t at;
    } shown[] = {{"kld median", 500},
                 {"kld 90 %", 900},
                 {"kld 99 %", 990},
                 {"kld 99.9 %", 999},
                 {"kld max", EW_KLD_PARTS}};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        row(table, shown[i].name, quantiles[shown[i].at], (double)NAN,
            shown[i].at == EW_KLD_PARTS ? "the largest of a token" : "so many of the tokens are below it");
}

static void print_windows(const ew_evaluation *e, cli_out *out) {
    cli_out_printf(out,
                   "%llu tokens in %llu windows of %u, one every %u: %llu scored, %llu at the end unused\n\n",
                   (unsigned long long)e->n_tokens, (unsigned long long)e->n_windows, e->n_ctx, e->n_stride,
                   (unsigned long long)e->n_scored, (unsigned long long)e->n_unused);
}

static void print_text(const cli_quality *q, cli_out *out) {
    const ew_evaluation *e = &q->text;
    cli_table table;
    print_windows(e, out);
    cli_table_init(&table, "<what|>value|<error|<meaning");
    row_of(&table, "perplexity", e->ppl, "e to the mean of -log p");
    if (q->values->against) {
        row_of(&table, "base", e->ppl_base, "the base's perplexity");
        row_of(&table, "ratio", e->ppl_ratio, "the first over the second");
        row_of(&table, "kld mean", e->kld, "KL(base || model) of the next token, in nats");
        print_quantiles(&table, e->kld_quantiles);
        row_of(&table, "same top", e->top1, "how often both find the same token most probable");
        row_of(&table, "dp mean", e->dp, "p of the token that comes, less the base's");
        row_of(&table, "dp rms", e->dp_rms, "the root of the mean of its square");
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static void print_tasks(const ew_scores *s, cli_out *out) {
    cli_table table;
    cli_out_printf(out, "%llu tasks\n\n", (unsigned long long)s->n);
    cli_table_init(&table, "<score|>value|<meaning");
    static const char *const meanings[CLI_N_SCORES][2] = {
        {"exact", "answers that are right, as SQuAD normalizes them"},
        {"f1", "of their words"},
        {"bleu", "of all answers together, 0 to 100, as sacrebleu"},
        {"rouge1", "F of words, as rouge-score"},
        {"rouge2", "F of pairs of words"},
        {"rougeL", "F of the longest common subsequence"}};
    for (size_t i = 0; i < CLI_N_SCORES; i++) {
        cli_table_cellf(&table, "%s", meanings[i][0]);
        cli_table_cellf(&table, "%.4f", cli_score(s, i));
        cli_table_cellf(&table, "%s", meanings[i][1]);
    }
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

void cli_quality_print(const cli_quality *q, cli_out *out) {
    if (q->has_text) print_text(q, out);
    if (q->has_text && q->has_tasks) cli_out_printf(out, "\n");
    if (q->has_tasks) print_tasks(&q->tasks, out);
}

/* ---- as JSON ---- */

static void json_estimate(cli_json *json, const char *key, const char *se_key, ew_estimate e) {
    cli_json_precise(json, key, e.mean);
    cli_json_precise(json, se_key, e.se);
}

static void json_compared(const ew_evaluation *e, cli_json *json) {
    const double *kld = e->kld_quantiles;
    json_estimate(json, "ppl_base", "ppl_base_se", e->ppl_base);
    json_estimate(json, "ppl_ratio", "ppl_ratio_se", e->ppl_ratio);
    json_estimate(json, "kld_mean", "kld_se", e->kld);
    cli_json_precise(json, "kld_p50", kld[500]);
    cli_json_precise(json, "kld_p90", kld[900]);
    cli_json_precise(json, "kld_p99", kld[990]);
    cli_json_precise(json, "kld_p999", kld[999]);
    cli_json_precise(json, "kld_max", kld[EW_KLD_PARTS]);
    json_estimate(json, "top1_agreement", "top1_se", e->top1);
    json_estimate(json, "dp_mean", "dp_se", e->dp);
    json_estimate(json, "dp_rms", "dp_rms_se", e->dp_rms);
}

/* null where they cannot be compared. */
static void json_layers(const cli_quality *q, cli_json *json) {
    cli_json_open(json, "layer_errors", '[');
    for (size_t i = 0; i < q->n_layer_errors; i++) cli_json_precise(json, NULL, q->layer_errors[i]);
    cli_json_close(json);
}

static void json_text(const cli_quality *q, cli_json *json) {
    const ew_evaluation *e = &q->text;
    json_estimate(json, "ppl", "ppl_se", e->ppl);
    if (q->values->against) json_compared(e, json);
    if (q->values->against) json_layers(q, json);
    cli_json_count(json, "tokens", e->n_scored);
    cli_json_count(json, "text_tokens", e->n_tokens);
    cli_json_count(json, "unused_tokens", e->n_unused);
    cli_json_count(json, "windows", e->n_windows);
    cli_json_count(json, "n_ctx", e->n_ctx);
    cli_json_count(json, "stride", e->n_stride);
}

static void json_tasks(const ew_scores *s, cli_json *json) {
    cli_json_open(json, "tasks", '{');
    cli_json_count(json, "n", s->n);
    cli_json_precise(json, "exact", s->exact);
    cli_json_precise(json, "f1", s->f1);
    cli_json_precise(json, "bleu", s->bleu);
    cli_json_precise(json, "rouge1", s->rouge1);
    cli_json_precise(json, "rouge2", s->rouge2);
    cli_json_precise(json, "rougeL", s->rougel);
    cli_json_close(json);
}

void cli_quality_json(const cli_quality *q, cli_json *json) {
    if (q->has_text) json_text(q, json);
    if (q->has_tasks) json_tasks(&q->tasks, json);
    cli_json_text(json, "cpu_level", q->engine.cpu_level);
    cli_json_count(json, "threads", q->engine.n_threads);
}
