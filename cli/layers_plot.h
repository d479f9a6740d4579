/*
 * layers_plot.h: a picture of how far each layer's output is from the base's: a bar for the embedding and for
 * each layer.
 *
 *     int code = cli_layers_plot("layers.svg", errors, n_layers + 1);         appears whole or not at all
 */
#ifndef CLI_LAYERS_PLOT_H
#define CLI_LAYERS_PLOT_H

#include <stddef.h>

/* errors: [n] finite numbers, the embedding's first. Says what failed; returns the exit code. */
int cli_layers_plot(const char *path, const double *errors, size_t n);

#endif
