/* SPDX-License-Identifier: BSD-3-Clause */
/* What tables there are: data (tables_specs.c) that tables.c prints. */
#ifndef FERRY_TABLES_PRIVATE_H
#define FERRY_TABLES_PRIVATE_H

#include <stdbool.h>

#include "tables_text.h"

#define TABLE_COLUMNS_MAX 24

struct table_column {
	const char *title;
	enum text_format format;
	const char *path; /* keys with dots between them; '/' first: from the outer object */
};

struct table_spec {
	const char *item;  /* of "show" */
	const char *title; /* the line above */
	const char *empty; /* printed instead when there are no rows; NULL = nothing */
	const char *list;  /* key of the rows' list; NULL = the data is the list */
	const char *need;  /* only rows where this is an object */
	const char *inner; /* the rows are those of this list within each */
	bool pairs;	   /* one object, a line a value */
	struct table_column columns[TABLE_COLUMNS_MAX]; /* ends with a NULL title */
};

/* Ends with a NULL item. */
extern const struct table_spec table_specs[];
extern const struct table_spec table_root_specs[]; /* of what the root program lists */

#endif
