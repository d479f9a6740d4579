#define _XOPEN_SOURCE 700 /* localtime_r */

#include "stats_plot.h"

#include <math.h>
#include <time.h>

#include "figures.h"
#include "message.h"
#include "out.h"
#include "replace.h"

#define WIDTH     720
#define HEIGHT    400
#define LEFT      64
#define RIGHT     704
#define MAX_SPANS 96u
#define LAST_YEAR 253402300799 /* the end of 9999 */

/* What a request adds to the picture. */
typedef struct moment {
    int64_t time_s;
    uint64_t n_prompt, n_generated;
    bool failed;
} moment;

/* The sums of one span of time. */
typedef struct span {
    double answered, failed, prompt, generated;
} span;

typedef struct plot {
    cli_out *out;
    int64_t begin_s, span_s;
    size_t n;
    span spans[MAX_SPANS];
} plot;

/* One of the two charts: an amount that stands on another one. */
typedef struct chart {
    int top, bottom;
    const char *title, *lower, *upper; /* what the colours mean */
    size_t lower_offset, upper_offset; /* doubles of span */
} chart;

static const chart charts[] = {
    {40, 170, "requests", "answered", "errors", offsetof(span, answered), offsetof(span, failed)},
    {226, 356, "tokens", "generated", "prompt", offsetof(span, generated), offsetof(span, prompt)},
};
#define LOWER "#2a6fb0"
#define UPPER "#c0392b"

void cli_moments_init(cli_moments *moments) {
    *moments = (cli_moments){0};
    cli_bytes_init(&moments->items, CLI_MAX_REQUESTS * sizeof(moment));
}

void cli_moments_deinit(cli_moments *moments) {
    cli_bytes_deinit(&moments->items);
}

void cli_moments_add(cli_moments *moments, const ew_request_record *record) {
    moment m = {record->time_s, record->n_prompt, record->n_generated, record->code >= 400};
    if (m.time_s < 0 || m.time_s > LAST_YEAR || !cli_bytes_add(&moments->items, &m, sizeof m)) return;
    if (moments->n == 0 || m.time_s < moments->first_s) moments->first_s = m.time_s;
    if (moments->n == 0 || m.time_s > moments->last_s) moments->last_s = m.time_s;
    moments->n++;
}

/* ---- sums ---- */

/* The shortest of the usual spans that are few enough; days, doubled, when none is. */
static int64_t choose_span(int64_t seconds) {
    static const int64_t usual[] = {1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (seconds / usual[i] + 2 <= MAX_SPANS) return usual[i];
    int64_t days = 86400;
    while (seconds / days + 2 > MAX_SPANS) days *= 2;
    return days;
}

static void add_up(plot *p, const cli_moments *moments) {
    const moment *items = (const moment *)(const void *)moments->items.data;
    p->span_s = choose_span(moments->last_s - moments->first_s);
    p->begin_s = moments->first_s - moments->first_s % p->span_s;
    p->n = (size_t)((moments->last_s - p->begin_s) / p->span_s) + 1;
    for (size_t i = 0; i < moments->n; i++) {
        span *s = &p->spans[(items[i].time_s - p->begin_s) / p->span_s];
        *(items[i].failed ? &s->failed : &s->answered) += 1;
        s->prompt += (double)items[i].n_prompt;
        s->generated += (double)items[i].n_generated;
    }
}

/* ---- drawing ---- */

static double amount(const span *s, size_t offset) {
    return *(const double *)(const void *)((const char *)s + offset);
}

static double x_of(const plot *p, size_t i) {
    return LEFT + (double)i / (double)p->n * (RIGHT - LEFT);
}

/* 1, 2 or 5 times a power of ten. */
static double round_up(double value) {
    double power = pow(10, floor(log10(value)));
    for (int i = 0; i < 3; i++) {
        static const double steps[] = {1, 2, 5};
        if (value <= steps[i] * power) return steps[i] * power;
    }
    return 10 * power;
}

static double highest(const plot *p, const chart *c) {
    double most = 1;
    for (size_t i = 0; i < p->n; i++) {
        double sum = amount(&p->spans[i], c->lower_offset) + amount(&p->spans[i], c->upper_offset);
        if (sum > most) most = sum;
    }
    return round_up(most);
}

static void draw_bar(const plot *p, const chart *c, size_t i, double from, double value, double most,
                     const char *colour) {
    double scale = (c->bottom - c->top) / most;
    if (value <= 0) return;
    cli_out_printf(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                   x_of(p, i), c->bottom - (from + value) * scale, 0.9 * (x_of(p, i + 1) - x_of(p, i)),
                   value * scale, colour);
}

static void draw_grid(const plot *p, const chart *c, double most) {
    for (int i = 0; i <= 2; i++) {
        double y = c->bottom - i * (c->bottom - c->top) / 2.0;
        cli_out_printf(p->out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n",
                       LEFT, RIGHT, y, y);
        cli_out_printf(p->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 6, y + 4,
                       most * i / 2);
    }
}

static void draw_title(const plot *p, const chart *c) {
    cli_out_printf(p->out,
                   "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n"
                   "<text x=\"%d\" y=\"%d\" text-anchor=\"end\"><tspan fill=\"" LOWER "\">%s</tspan> "
                   "<tspan fill=\"" UPPER "\">%s</tspan></text>\n",
                   LEFT, c->top - 12, c->title, RIGHT, c->top - 12, c->lower, c->upper);
}

static void draw_time(const plot *p, const chart *c, size_t i, const char *anchor) {
    char text[32] = "";
    time_t at = (time_t)(p->begin_s + (int64_t)i * p->span_s);
    struct tm local;
    if (localtime_r(&at, &local)) strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
    cli_out_printf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x_of(p, i),
                   c->bottom + 18, anchor, text);
}

static void draw_chart(const plot *p, const chart *c) {
    double most = highest(p, c);
    draw_title(p, c);
    draw_grid(p, c, most);
    for (size_t i = 0; i < p->n; i++) {
        double lower = amount(&p->spans[i], c->lower_offset);
        draw_bar(p, c, i, 0, lower, most, LOWER);
        draw_bar(p, c, i, lower, amount(&p->spans[i], c->upper_offset), most, UPPER);
    }
    draw_time(p, c, 0, "start");
    draw_time(p, c, p->n, "end");
}

static void draw(const plot *p) {
    cli_out_printf(p->out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                   "font-family=\"sans-serif\" font-size=\"12\">\n"
                   "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                   WIDTH, HEIGHT, WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) draw_chart(p, &charts[i]);
    cli_out_printf(p->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">a bar: %lld s</text>\n</svg>\n",
                   (LEFT + RIGHT) / 2, HEIGHT - 8, (long long)p->span_s);
}

int cli_stats_plot(const char *path, const cli_moments *moments) {
    cli_replace file;
    int code = cli_replace_open(&file, path);
    if (code != CLI_OK) return code;
    cli_out out = cli_out_to(file.file, path);
    plot p = {.out = &out};
    add_up(&p, moments);
    draw(&p);
    code = cli_out_end(&out, CLI_OK);
    if (code == CLI_OK) return cli_replace_commit(&file);
    cli_replace_abandon(&file);
    return code;
}
