/* growth.c: whether memory grows with requests. */
#include "growth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PAIRS (GROWTH_PARTS * (GROWTH_PARTS - 1) / 2)

/* ---- the slope ---- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_mb(const growth_sample *samples, size_t n) {
    double *values = malloc(n * sizeof *values);
    if (!values) abort();
    for (size_t i = 0; i < n; i++) values[i] = samples[i].mb;
    qsort(values, n, sizeof *values, by_size);
    double median = (values[(n - 1) / 2] + values[n / 2]) / 2;
    free(values);
    return median;
}

growth growth_of(const growth_sample *samples, size_t n) {
    double x[GROWTH_PARTS], y[GROWTH_PARTS], slopes[PAIRS];
    size_t n_slopes = 0;
    if (n < GROWTH_PARTS) return (growth){0};
    for (size_t part = 0; part < GROWTH_PARTS; part++) {
        size_t begin = part * n / GROWTH_PARTS, end = (part + 1) * n / GROWTH_PARTS;
        x[part] = samples[(begin + end) / 2].requests / 1e5;
        y[part] = median_mb(samples + begin, end - begin);
        for (size_t before = 0; before < part; before++)
            if (x[part] > x[before]) slopes[n_slopes++] = (y[part] - y[before]) / (x[part] - x[before]);
    }
    if (n_slopes < PAIRS) return (growth){0}; /* the server stood still */
    qsort(slopes, PAIRS, sizeof *slopes, by_size);
    double k = GROWTH_PARTS, away = 1.96 * sqrt(k * (k - 1) * (2 * k + 5) / 18) / 2;
    return (growth){
        .is_known = true,
        .slope = (slopes[(PAIRS - 1) / 2] + slopes[PAIRS / 2]) / 2,
        .low = slopes[(size_t)(PAIRS / 2.0 - away)],
        .high = slopes[(size_t)(PAIRS / 2.0 + away)],
    };
}

/* ---- the picture ---- */

#define WIDTH  720
#define HEIGHT 300
#define LEFT   64
#define RIGHT  704
#define TOP    32
#define BOTTOM 252
#define LINES  4 /* of the grid, above the bottom */

static double x_of(const growth_sample *samples, size_t n, double seconds) {
    return LEFT + seconds / samples[n - 1].seconds * (RIGHT - LEFT);
}

static void draw_line(FILE *out, double x1, double x2, double y1, double y2, const char *style) {
    fprintf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, x2, y1, y2, style);
}

static void draw_grid(FILE *out, double top_mb, double top_minutes) {
    for (int i = 0; i <= LINES; i++) {
        double part = (double)i / LINES, y = BOTTOM - part * (BOTTOM - TOP);
        draw_line(out, LEFT, RIGHT, y, y, "stroke=\"#dddddd\"");
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", LEFT - 6, y + 4,
                part * top_mb);
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3g</text>\n",
                LEFT + part * (RIGHT - LEFT), BOTTOM + 18, part * top_minutes);
    }
}

static void draw(FILE *out, const growth_sample *samples, size_t n, size_t n_warm, const growth *g) {
    double most = 1;
    for (size_t i = 0; i < n; i++) most = fmax(most, samples[i].mb);
    most = ceil(most * 1.1 / LINES) * LINES;
    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
        "<text x=\"%d\" y=\"18\">resident memory of the server, MB; %.0f requests; %.3f (%.3f to %.3f) MB "
        "of 100,000 behind the dashed line</text>\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, samples[n - 1].requests, g->slope, g->low, g->high);
    draw_grid(out, most, samples[n - 1].seconds / 60);
    double warm = x_of(samples, n, n_warm < n ? samples[n_warm].seconds : samples[n - 1].seconds);
    draw_line(out, warm, warm, TOP, BOTTOM, "stroke=\"#c0392b\" stroke-dasharray=\"6 4\"");
    fprintf(out, "<polyline fill=\"none\" stroke=\"#2a6fb0\" stroke-width=\"2\" points=\"");
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%.1f,%.1f", i ? " " : "", x_of(samples, n, samples[i].seconds),
                BOTTOM - samples[i].mb / most * (BOTTOM - TOP));
    fprintf(out, "\"/>\n<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">minutes</text>\n</svg>\n",
            (LEFT + RIGHT) / 2, HEIGHT - 8);
}

bool growth_plot(const char *path, const growth_sample *samples, size_t n, size_t n_warm, const growth *g) {
    FILE *out = n ? fopen(path, "w") : NULL;
    if (!out) return false;
    draw(out, samples, n, n_warm, g);
    return fclose(out) == 0;
}
