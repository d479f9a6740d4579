#include "kld_plot.h"

#include <math.h>

#include "message.h"
#include "out.h"
#include "replace.h"

#define WIDTH  720
#define HEIGHT 360
#define LEFT   64
#define RIGHT  704
#define TOP    32
#define BOTTOM 312

/* Divergences that floats can tell from none. */
#define LEAST_KLD 1e-12

typedef struct plot {
    cli_out *out;
    int low, high; /* powers of ten at the bottom and at the top */
} plot;

static double x_of(size_t part) {
    return LEFT + (double)part / EW_KLD_PARTS * (RIGHT - LEFT);
}

static double y_of(const plot *p, double kld) {
    double power = log10(kld > LEAST_KLD ? kld : LEAST_KLD);
    if (power < p->low) power = p->low;
    return BOTTOM - (power - p->low) / (p->high - p->low) * (BOTTOM - TOP);
}

/* From the first percentile up, so that one token without any divergence does not stretch the picture. */
static void choose_range(plot *p, const double *kld) {
    double least = kld[EW_KLD_PARTS / 100], most = kld[EW_KLD_PARTS];
    p->low = (int)floor(log10(least > LEAST_KLD ? least : LEAST_KLD));
    p->high = (int)ceil(log10(most > LEAST_KLD ? most : LEAST_KLD));
    if (p->high <= p->low) p->high = p->low + 1;
}

static void draw_grid(const plot *p) {
    for (int power = p->low; power <= p->high; power++) {
        double y = y_of(p, pow(10, power));
        cli_out_printf(p->out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n",
                       LEFT, RIGHT, y, y);
        cli_out_printf(p->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">1e%d</text>\n", LEFT - 6, y + 4,
                       power);
    }
    for (size_t part = 0; part <= EW_KLD_PARTS; part += EW_KLD_PARTS / 10)
        cli_out_printf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n", x_of(part),
                       BOTTOM + 18, part / (EW_KLD_PARTS / 100));
}

static void draw_mean(const plot *p, double mean) {
    double y = y_of(p, mean);
    cli_out_printf(p->out,
                   "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#c0392b\" "
                   "stroke-dasharray=\"6 4\"/>\n",
                   LEFT, RIGHT, y, y);
}

static void draw_curve(const plot *p, const double *kld) {
    cli_out_printf(p->out, "<polyline fill=\"none\" stroke=\"#2a6fb0\" stroke-width=\"2\" points=\"");
    for (size_t part = 0; part <= EW_KLD_PARTS; part++)
        cli_out_printf(p->out, "%s%.1f,%.1f", part ? " " : "", x_of(part), y_of(p, kld[part]));
    cli_out_printf(p->out, "\"/>\n");
}

static void draw(const plot *p, const ew_evaluation *e) {
    cli_out_printf(p->out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                   "font-family=\"sans-serif\" font-size=\"12\">\n"
                   "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                   WIDTH, HEIGHT, WIDTH, HEIGHT);
    cli_out_printf(p->out,
                   "<text x=\"%d\" y=\"18\">divergence from the base of %llu tokens, nats: <tspan "
                   "fill=\"#2a6fb0\">so many stay below</tspan>, <tspan fill=\"#c0392b\">mean %.3g</tspan>"
                   "</text>\n",
                   LEFT, (unsigned long long)e->n_scored, e->kld.mean);
    draw_grid(p);
    draw_mean(p, e->kld.mean);
    draw_curve(p, e->kld_quantiles);
    cli_out_printf(p->out,
                   "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">percent of tokens</text>\n</svg>\n",
                   (LEFT + RIGHT) / 2, HEIGHT - 8);
}

int cli_kld_plot(const char *path, const ew_evaluation *evaluation) {
    cli_replace file;
    int code = cli_replace_open(&file, path);
    if (code != CLI_OK) return code;
    cli_out out = cli_out_to(file.file, path);
    plot p = {.out = &out};
    choose_range(&p, evaluation->kld_quantiles);
    draw(&p, evaluation);
    code = cli_out_end(&out, CLI_OK);
    if (code == CLI_OK) return cli_replace_commit(&file);
    cli_replace_abandon(&file);
    return code;
}
