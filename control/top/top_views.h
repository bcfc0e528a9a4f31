/* SPDX-License-Identifier: BSD-3-Clause */
/* What ferrytop shows, without how: tables of a snapshot's records, sorted. */
#ifndef FERRY_TOP_VIEWS_H
#define FERRY_TOP_VIEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "ferry_stats.h"
#include "top_text.h"

struct top_column {
	const char *title;
	int width; /* of 80 columns in all; negative: to the left */
	void (*text)(const union ferry_stats_record *record, char text[TOP_TEXT]);
	/* What it is sorted by, the greatest first; NULL: by text, a first. */
	double (*value)(const union ferry_stats_record *record);
};

struct top_view {
	const char *name;
	uint16_t type; /* enum ferry_stats_type */
	uint8_t sort;  /* column, by default */
	const struct top_column *columns;
	size_t nb_columns;
	/* bit/s or the like, for the sparkline; NULL: there is none. */
	double (*rate)(const union ferry_stats_record *record);
	/* Is there a row for this record of the type? NULL: for each. */
	bool (*shows)(const union ferry_stats_record *record);
};

extern const struct top_view top_views[];
extern const size_t top_nb_views;

/* The rows of a view; *rows is for free(). SIZE_MAX: out of memory. */
size_t top_rows(const struct top_view *view, const struct ferry_stats_snapshot *snapshot,
	size_t sort, bool reverse, const union ferry_stats_record ***rows);

/* Sum of what all links send, bit/s; 0 of what is not known. */
double top_rate(const struct ferry_stats_snapshot *snapshot);

/* Uptime, load, packets: the line above all. */
void top_headline(
	const struct ferry_stats_snapshot *snapshot, const char *state, char *text, size_t size);

#endif
