/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_views.h"

struct order {
	const struct top_column *column;
	int sign;
};

/* Equal ones stay in the order of the snapshot. */
static int
compare(const void *a, const void *b, void *arg)
{
	const union ferry_stats_record *x = *(const union ferry_stats_record *const *)a;
	const union ferry_stats_record *y = *(const union ferry_stats_record *const *)b;
	const struct order *order = arg;
	char text[2][TOP_TEXT];
	int result = 0;

	if (order->column->value != NULL) {
		double p = order->column->value(x), q = order->column->value(y);

		/* What is not known comes last. */
		if (isnan(p) || isnan(q))
			result = isnan(p) - isnan(q);
		else
			result = (p < q) - (p > q);
	} else {
		order->column->text(x, text[0]);
		order->column->text(y, text[1]);
		result = strcmp(text[0], text[1]);
	}
	return result != 0 ? result * order->sign : (x > y) - (x < y);
}

static bool
is_shown(const struct top_view *view, const union ferry_stats_record *record)
{
	return record->head.type == view->type && (view->shows == NULL || view->shows(record));
}

size_t
top_rows(const struct top_view *view, const struct ferry_stats_snapshot *snapshot, size_t sort,
	bool reverse, const union ferry_stats_record ***rows)
{
	struct order order = {&view->columns[sort < view->nb_columns ? sort : 0], reverse ? -1 : 1};
	size_t n = 0;

	*rows = malloc((snapshot->count + 1u) * sizeof(**rows));
	if (*rows == NULL)
		return SIZE_MAX;
	for (uint32_t i = 0; i < snapshot->count; i++)
		if (is_shown(view, &snapshot->records[i]))
			(*rows)[n++] = &snapshot->records[i];
	qsort_r(*rows, n, sizeof(**rows), compare, &order);
	return n;
}

void
top_widths(const struct top_view *view, const union ferry_stats_record *const *rows, size_t n,
	int room, int widths[TOP_COLUMNS_MAX])
{
	int spare = room - (int)view->nb_columns + 1;

	for (size_t i = 0; i < view->nb_columns; i++) {
		widths[i] = abs(view->columns[i].width);
		spare -= widths[i];
	}
	for (size_t i = 0; i < view->nb_columns && spare > 0; i++) {
		int most = widths[i];

		for (size_t r = 0; r < n; r++) {
			char text[TOP_TEXT];
			int len;

			view->columns[i].text(rows[r], text);
			len = (int)strlen(text);
			most = len > most ? len : most;
		}
		most = most - widths[i] > spare ? widths[i] + spare : most;
		spare -= most - widths[i];
		widths[i] = most;
	}
}

void
top_cell(const struct top_column *column, const union ferry_stats_record *record, int width,
	char text[TOP_TEXT])
{
	char whole[TOP_TEXT];
	int len;

	if (record != NULL)
		column->text(record, whole);
	else
		snprintf(whole, sizeof(whole), "%s", column->title);
	if (whole[0] == 0)
		strcpy(whole, "-");
	len = (int)strlen(whole);
	if (len <= width)
		snprintf(text, TOP_TEXT, column->width < 0 ? "%-*s" : "%*s", width, whole);
	else if (column->width < 0)
		snprintf(text, TOP_TEXT, "%.*s~", width - 1, whole);
	else
		snprintf(text, TOP_TEXT, "~%s", whole + len - (width - 1));
}

double
top_rate(const struct ferry_stats_snapshot *snapshot)
{
	double sum = 0;

	for (uint32_t i = 0; i < snapshot->count; i++)
		if (snapshot->records[i].head.type == FERRY_STATS_LINK &&
			isfinite(snapshot->records[i].link.tx_bps))
			sum += snapshot->records[i].link.tx_bps;
	return sum;
}

void
top_headline(
	const struct ferry_stats_snapshot *snapshot, const char *state, char *text, size_t size)
{
	const struct ferry_stats_node *node = ferry_stats_snapshot_node(snapshot);
	char load[TOP_TEXT], received[TOP_TEXT], sent[TOP_TEXT], dropped[TOP_TEXT];
	uint64_t up;

	if (node == NULL) {
		snprintf(text, size, "no statistics: %s", state);
		return;
	}
	up = node->uptime_ns / 1000000000u;
	top_share(node->cpuload, load);
	top_number((double)node->received, received);
	top_number((double)node->sent, sent);
	top_number((double)node->dropped, dropped);
	snprintf(text, size,
		"%s (%" PRIu32 ") %s, up %" PRIu64 ":%02" PRIu64 ":%02" PRIu64
		", load %s, received %s, sent %s, dropped %s",
		node->name, node->id, state, up / 3600, up / 60 % 60, up % 60, load, received, sent,
		dropped);
}
