/* SPDX-License-Identifier: BSD-3-Clause */
/* What ferrytop shows, without how: tables of a snapshot's records, sorted. */
#ifndef FERRY_TOP_VIEWS_H
#define FERRY_TOP_VIEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "ferry_stats.h"
#include "top_text.h"

#define TOP_COLUMNS_MAX 16 /* of a view */

struct top_column {
	const char *title;
	int width; /* at least, of 80 columns in all; negative: to the left */
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

/*
 * Widths of the view's columns, with a space between any two: as wide as they must be at least, and
 * from the left as their texts in these rows need, as far as the line has room.
 */
void top_widths(const struct top_view *view, const union ferry_stats_record *const *rows, size_t n,
	int room, int widths[TOP_COLUMNS_MAX]);

/*
 * A cell of so many bytes, 1 to TOP_TEXT - 1: of a record, or the title (record NULL). What does
 * not fit is cut, and a ~ stands where: a number keeps its end, a word its beginning.
 */
void top_cell(const struct top_column *column, const union ferry_stats_record *record, int width,
	char text[TOP_TEXT]);

/* Sum of what all links send, bit/s; 0 of what is not known. */
double top_rate(const struct ferry_stats_snapshot *snapshot);

/* Uptime, load, packets: the line above all. */
void top_headline(
	const struct ferry_stats_snapshot *snapshot, const char *state, char *text, size_t size);

#endif
