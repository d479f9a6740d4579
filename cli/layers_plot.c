#include "layers_plot.h"

#include <math.h>

#include "message.h"
#include "out.h"
#include "replace.h"

#define WIDTH   720
#define HEIGHT  300
#define LEFT    64
#define RIGHT   704
#define TOP     32
#define BOTTOM  252
#define N_LINES 5
#define N_NAMES 20u /* under the bars, at most about */

typedef struct plot {
    cli_out *out;
    const double *errors;
    size_t n;
    double most; /* at the top */
} plot;

static double x_of(const plot *p, double bar) {
    return LEFT + bar / (double)p->n * (RIGHT - LEFT);
}

static double y_of(const plot *p, double error) {
    return BOTTOM - error / p->most * (BOTTOM - TOP);
}

/* The next of 1, 2 and 5 times a power of ten. */
static double round_up(double x) {
    static const double steps[] = {1, 2, 5, 10};
    if (!(x > 0)) return 1;
    double power = pow(10, floor(log10(x)));
    size_t i = 0;
    while (i < 3 && steps[i] * power < x) i++;
    return steps[i] * power;
}

static void draw_grid(const plot *p) {
    for (int i = 0; i <= N_LINES; i++) {
        double error = p->most * i / N_LINES, y = y_of(p, error);
        cli_out_printf(p->out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n",
                       LEFT, RIGHT, y, y);
        cli_out_printf(p->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n", LEFT - 6, y + 4,
                       error);
    }
}

static void draw_name(const plot *p, size_t i) {
    double x = x_of(p, (double)i + 0.5);
    if (i == 0)
        cli_out_printf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">e</text>\n", x, BOTTOM + 18);
    else
        cli_out_printf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n", x,
                       BOTTOM + 18, i);
}

static void draw_bars(const plot *p) {
    const size_t every = p->n / N_NAMES + 1;
    for (size_t i = 0; i < p->n; i++) {
        double left = x_of(p, (double)i + 0.1), right = x_of(p, (double)i + 0.9), y = y_of(p, p->errors[i]);
        cli_out_printf(p->out,
                       "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#2a6fb0\"/>\n",
                       left, y, right - left, BOTTOM - y);
        if (i % every == 0) draw_name(p, i);
    }
}

static void draw(const plot *p) {
    cli_out_printf(p->out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                   "font-family=\"sans-serif\" font-size=\"12\">\n"
                   "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                   WIDTH, HEIGHT, WIDTH, HEIGHT);
    cli_out_printf(p->out,
                   "<text x=\"%d\" y=\"18\">relative error of the hidden states beside the base's</text>\n",
                   LEFT);
    draw_grid(p);
    draw_bars(p);
    cli_out_printf(p->out,
                   "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">after the embedding (e) and after each "
                   "layer</text>\n</svg>\n",
                   (LEFT + RIGHT) / 2, HEIGHT - 8);
}

int cli_layers_plot(const char *path, const double *errors, size_t n) {
    cli_replace file;
    int code = cli_replace_open(&file, path);
    if (code != CLI_OK) return code;
    cli_out out = cli_out_to(file.file, path);
    plot p = {.out = &out, .errors = errors, .n = n};
    for (size_t i = 0; i < n; i++) p.most = errors[i] > p.most ? errors[i] : p.most;
    p.most = round_up(p.most);
    draw(&p);
    code = cli_out_end(&out, CLI_OK);
    if (code == CLI_OK) return cli_replace_commit(&file);
    cli_replace_abandon(&file);
    return code;
}
