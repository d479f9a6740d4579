/*
 * ledger.h: a row for each request that has ended, kept in a file over the runs of the server: figures alone,
 * never any text.
 *
 * Noting puts a row into a ring in memory and never waits for a disk; writing takes what is in the ring to
 * the file, in one transaction. Rows stay in the ring while the file cannot be written, and the oldest go
 * when it is full. What lies at the path and is no ledger, or a broken one, is set aside under another name.
 * Several servers may share a file. Any thread notes; one thread at a time writes.
 *
 *     ewi_ledger *ledger = ewi_ledger_new(path, on_trouble, user);
 *     ewi_ledger_note(ledger, &record);
 *     ewi_ledger_write(ledger);                          now and then
 *     ewi_ledger_free(ledger);                           writes the rest
 */
#ifndef EW_SERVE_LEDGER_H
#define EW_SERVE_LEDGER_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_ledger ewi_ledger;

#define EWI_LEDGER_RING 4096u   /* rows in memory */
#define EWI_LEDGER_ROWS 1000000 /* in the file; older ones go */

/* on_trouble hears when the file cannot be written and when it can be again, on the thread that writes; NULL:
 * nobody does. NULL: no memory. */
EWI_NODISCARD ewi_ledger *ewi_ledger_new(const char *path, void (*on_trouble)(void *user, const char *text),
                                         void *user);
/* NULL is allowed. */
void ewi_ledger_free(ewi_ledger *ledger);

/* The record's texts are copied, as far as there is room. NULL is allowed. */
void ewi_ledger_note(ewi_ledger *ledger, const ew_request_record *record);
/* NULL is allowed. */
void ewi_ledger_write(ewi_ledger *ledger);

#endif
