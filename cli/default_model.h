/* default_model.h: the model that is used when none is given. */
#ifndef CLI_DEFAULT_MODEL_H
#define CLI_DEFAULT_MODEL_H

/* Its folder: share/edgewise/pocket, beside the program (as built) or beside its folder (as installed). The
 * text lives as long as the program; NULL: there is none. */
const char *cli_default_model(void);

#define CLI_DEFAULT_MODEL_HINT \
    "pocket turns what you say to your home into calls of tools, as in: dim the lamps in the lounge a bit"

#endif
