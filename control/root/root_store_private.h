/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of root_store.h share: statements, and how they fail. */
#ifndef FERRY_ROOT_STORE_PRIVATE_H
#define FERRY_ROOT_STORE_PRIVATE_H

#include <sqlite3.h>

#include "root_store.h"

/* Sets what root_store_error says. Returns -1. */
int
store_fail(struct root_store *store, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* format: i = int64_t, s = text, of the statement's parameters in turn. 0 or -1. */
int store_change(struct root_store *store, const char *sql, const char *format, ...);
/* The same of one that has rows: for sqlite3_finalize(), or NULL. */
sqlite3_stmt *store_query(struct root_store *store, const char *sql, const char *format, ...);
/* The next row is there: true. *ret becomes -1 if it is because of a failure that it is not. */
bool store_row(struct root_store *store, sqlite3_stmt *statement, int *ret);
/* A row's text; "" for NULL. */
const char *store_text(sqlite3_stmt *statement, int column);
/* The number that a statement without parameters gives; unchanged if it gives no row. 0 or -1. */
int store_number(struct root_store *store, const char *sql, int64_t *number);

#endif
