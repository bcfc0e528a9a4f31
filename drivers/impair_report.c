/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include <jansson.h>
#include <libsmartcols.h>

#include "impair_report.h"

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static double
late_us(const struct impair_direction *d, double q)
{
	/* The middle of a bin may lie below 0, a frame never leaves early. */
	return RTE_MAX(delay_histogram_quantile(&d->late, q), 0) * 1e-3;
}

static double
late_most_us(const struct impair_direction *d)
{
	return d->late.count == 0 ? 0 : (double)d->late.max * 1e-3;
}

static json_t *
json_direction(const struct impair_report *report, unsigned int i)
{
	const struct impair_direction *d = &report->wire->directions[i];
	const struct impair_counters *c = &d->lane.counters;
	json_t *object = json_object(), *losses = json_object();

	json_object_set_new(object, "from", json_string(report->names[i]));
	json_object_set_new(object, "to", json_string(report->names[1 - i]));
	for (int e = 0; e < IMPAIR_FIRST_LOSS; e++)
		json_object_set_new(object, impair_event_name(e), number(c->events[e]));
	json_object_set_new(object, "bytes_received", number(c->bytes_received));
	json_object_set_new(object, "bytes_delivered", number(c->bytes_delivered));
	json_object_set_new(object, "held", number(c->held));
	json_object_set_new(object, "held_max", number(c->held_max));
	for (int e = IMPAIR_FIRST_LOSS; e < IMPAIR_EVENT_COUNT; e++)
		json_object_set_new(losses, impair_event_name(e), number(c->events[e]));
	json_object_set_new(object, "losses", losses);
	json_object_set_new(object, "missed", number(report->missed[i]));
	json_object_set_new(object, "refused", number(d->refused + report->failed[i]));
	json_object_set_new(object, "late_us",
		json_pack("{s:f, s:f, s:f}", "p50", late_us(d, 0.5), "p99", late_us(d, 0.99), "max",
			late_most_us(d)));
	return object;
}

static int
print_json(const struct impair_report *report, FILE *out)
{
	json_t *object = json_pack("{s:f, s:I, s:[o, o]}", "seconds", report->seconds, "sleeps",
		(json_int_t)report->sleeps, "directions", json_direction(report, 0),
		json_direction(report, 1));
	int rc;

	if (object == NULL)
		return -1;
	rc = json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
	json_decref(object);
	fputc('\n', out);
	fflush(out);
	return rc;
}

/* A row: what, and its value in both directions. */
static void
row(struct libscols_table *table, const char *what, const char *first, const char *second)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (line == NULL)
		return;
	scols_line_set_data(line, 0, what);
	scols_line_set_data(line, 1, first);
	scols_line_set_data(line, 2, second);
}

static void
count_row(struct libscols_table *table, const char *what, uint64_t first, uint64_t second)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), "%" PRIu64, first);
	snprintf(b, sizeof(b), "%" PRIu64, second);
	row(table, what, a, b);
}

static void
real_row(struct libscols_table *table, const char *what, double first, double second)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), "%.3f", first);
	snprintf(b, sizeof(b), "%.3f", second);
	row(table, what, a, b);
}

static void
fill(struct libscols_table *table, const struct impair_report *report)
{
	const struct impair_direction *d = report->wire->directions;
	const struct impair_counters *c[2] = {&d[0].lane.counters, &d[1].lane.counters};
	double seconds = report->seconds > 0 ? report->seconds : 1;

	for (int e = 0; e < IMPAIR_EVENT_COUNT; e++) {
		if (e == IMPAIR_FIRST_LOSS) {
			count_row(table, "on it now", c[0]->held, c[1]->held);
			count_row(table, "on it at most", c[0]->held_max, c[1]->held_max);
		}
		count_row(table, impair_event_text(e), c[0]->events[e], c[1]->events[e]);
	}
	count_row(table, "lost by the device before", report->missed[0], report->missed[1]);
	count_row(table, "lost by the device after", d[0].refused + report->failed[0],
		d[1].refused + report->failed[1]);
	real_row(table, "in, Mbit/s, mean", (double)c[0]->bytes_received * 8e-6 / seconds,
		(double)c[1]->bytes_received * 8e-6 / seconds);
	real_row(table, "out, Mbit/s, mean", (double)c[0]->bytes_delivered * 8e-6 / seconds,
		(double)c[1]->bytes_delivered * 8e-6 / seconds);
	real_row(
		table, "sent later than due, us, median", late_us(&d[0], 0.5), late_us(&d[1], 0.5));
	real_row(table, "99 %", late_us(&d[0], 0.99), late_us(&d[1], 0.99));
	real_row(table, "at most", late_most_us(&d[0]), late_most_us(&d[1]));
}

static int
print_table(const struct impair_report *report, FILE *out)
{
	struct libscols_table *table = scols_new_table();
	char titles[2][96];

	if (table == NULL)
		return -1;
	for (unsigned int i = 0; i < 2; i++)
		snprintf(titles[i], sizeof(titles[i]), "%.40s > %.40s", report->names[i],
			report->names[1 - i]);
	scols_table_set_stream(table, out);
	scols_table_new_column(table, "FRAMES", 0, 0);
	scols_table_new_column(table, titles[0], 0, SCOLS_FL_RIGHT);
	scols_table_new_column(table, titles[1], 0, SCOLS_FL_RIGHT);
	fprintf(out, "%.1f s\n", report->seconds);
	fill(table, report);
	scols_print_table(table);
	scols_unref_table(table);
	fflush(out);
	return 0;
}

int
impair_report_print(const struct impair_report *report, bool json, FILE *out)
{
	return json ? print_json(report, out) : print_table(report, out);
}
