/*
 * server.h: what ties it together: HTTP, the models, workers that read requests, and what is counted.
 *
 * HTTP's thread hands each exchange to a worker (they wait for models to open and render templates); the
 * schedulers' threads write the answers.
 */
#ifndef EW_SERVE_SERVER_H
#define EW_SERVE_SERVER_H

#include "serve/http.h"
#include "serve/metrics.h"
#include "serve/models.h"

typedef struct ew_server ewi_server;

ewi_models *ewi_server_models(ewi_server *server);
ewi_metrics *ewi_server_metrics(ewi_server *server);
ewi_http *ewi_server_http(ewi_server *server);

/* ---- any thread ---- */

/* Unpredictable. */
uint64_t ewi_server_random(ewi_server *server);
/* 32 hexadecimal digits and a NUL: a name that nothing else has. */
#define EWI_ID 33
void ewi_server_make_id(ewi_server *server, char out[EWI_ID]);
/* Counts a request that has ended, and logs it. */
void ewi_server_note(ewi_server *server, const ewi_exchange *exchange, const ewi_request_note *note);

#endif
