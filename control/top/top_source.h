/* SPDX-License-Identifier: BSD-3-Clause */
/* Where ferrytop's snapshots come from: a node's file, and the next one of that name. */
#ifndef FERRY_TOP_SOURCE_H
#define FERRY_TOP_SOURCE_H

#include <stdbool.h>

#include "ferry_stats.h"

#define TOP_DIRECTORY "/run/ferry"
#define TOP_PATH_MAX  256

struct top_source {
	char path[TOP_PATH_MAX];
	struct ferry_stats *stats;	      /* NULL: none is open */
	struct ferry_stats_snapshot snapshot; /* the last one that could be read */
	uint64_t tick;			      /* its number, and of which writer it is */
	uint64_t started;
	char state[256]; /* "lives", or what is wrong */
};

/*
 * The file of the only node that lives and has one in the directory; where none lives, the only
 * file that a dead one left. 0, or -1 with a sentence in error.
 */
int top_source_find(const char *directory, char path[TOP_PATH_MAX], char *error, size_t size);

/* Reads anew. True if there is a new snapshot. */
bool top_source_read(struct top_source *source);

void top_source_close(struct top_source *source);

#endif
