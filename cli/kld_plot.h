/*
 * kld_plot.h: a picture of how far a model is from its base, token by token: the share of tokens on one axis,
 * the divergence that they stay below on the other.
 *
 *     int code = cli_kld_plot("kld.svg", &evaluation);          appears whole or not at all
 */
#ifndef CLI_KLD_PLOT_H
#define CLI_KLD_PLOT_H

#include "edgewise/edgewise.h"

/* Says what failed; returns the exit code. */
int cli_kld_plot(const char *path, const ew_evaluation *evaluation);

#endif
