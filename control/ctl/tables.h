/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node shows, as tables for people. The keys are those of show.h. */
#ifndef FERRY_TABLES_H
#define FERRY_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* Prints the data of "show WHAT", or of "show" alone or "help". 0, or -1: out of memory. */
int tables_print(FILE *out, const char *what, const json_t *data);

/* The same for what the root program lists: "nodes", "tree", ... false: it is none of these. */
int tables_print_root(FILE *out, const char *what, const json_t *data);
bool tables_is_root(const char *what);

/*
 * Prints events, one or a list of them, a line each; json: an object a line, else for people.
 * Flushing, and whether it could be written, is the caller's.
 */
void tables_print_events(FILE *out, const json_t *data, int json);

/* Prints the data of any other command: one line an object, "key value, key value". */
void tables_print_result(FILE *out, const json_t *data);

#endif
