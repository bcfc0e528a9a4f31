/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "metrics.h"
#include "metrics_families.h"

#define PIECE 128 /* records of a piece; the largest, a histogram, is some 2 KB of text */

/* Bytes that a label's value or a help must not hold as they are. */
static void
put_escaped(struct evbuffer *out, const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '\n')
			evbuffer_add(out, "\\n", 2);
		else if (*text == '\\' || *text == '"')
			evbuffer_add_printf(out, "\\%c", *text);
		else
			evbuffer_add(out, text, 1);
	}
}

static void
put_label(struct evbuffer *out, char before, const char *name, const char *value)
{
	evbuffer_add_printf(out, "%c%s=\"", before, name);
	put_escaped(out, value);
	evbuffer_add(out, "\"", 1);
}

static void
put_number_label(struct evbuffer *out, char before, const char *name, uint32_t value)
{
	evbuffer_add_printf(out, "%c%s=\"%" PRIu32 "\"", before, name, value);
}

/* What tells a record from others of its kind, without the closing brace; none of the node's. */
static void
put_labels(struct evbuffer *out, const union ferry_stats_record *r)
{
	switch (r->head.type) {
	case FERRY_STATS_WORKER:
		put_number_label(out, '{', "worker", r->head.index);
		break;
	case FERRY_STATS_PORT:
		put_label(out, '{', "port", r->port.name);
		break;
	case FERRY_STATS_LINK:
		put_number_label(out, '{', "id", r->link.id);
		put_label(out, ',', "name", r->link.name);
		put_label(out, ',', "port", r->link.port);
		break;
	case FERRY_STATS_FEEDER:
		put_number_label(out, '{', "id", r->feeder.id);
		put_label(out, ',', "name", r->feeder.name);
		break;
	case FERRY_STATS_SESSION:
		put_number_label(out, '{', "conference", r->session.conference);
		put_number_label(out, ',', "session", r->session.session);
		put_label(out, ',', "conference_name", r->session.conference_name);
		put_label(out, ',', "session_name", r->session.session_name);
		put_label(out, ',', "role",
			r->session.role == FERRY_STATS_SOURCE ? "source" : "destination");
		break;
	case FERRY_STATS_DROP:
		put_label(out, '{', "reason", r->drop.reason);
		break;
	default:
		break;
	}
}

/* Has the record labels, so that one more follows a comma? */
static char
before_more(const union ferry_stats_record *r)
{
	return r->head.type == FERRY_STATS_NODE ? '{' : ',';
}

static void
put_value(struct evbuffer *out, const struct metrics_family *family,
	const union ferry_stats_record *r)
{
	const uint8_t *field = (const uint8_t *)r + family->offset;
	uint64_t count = 0;
	double value;

	if (family->kind == METRICS_REAL)
		memcpy(&value, field, sizeof(value));
	else if (family->kind == METRICS_U32)
		value = *(const uint32_t *)(const void *)field;
	else
		memcpy(&count, field, sizeof(count));
	if (family->kind == METRICS_U64 && family->scale == 1) {
		evbuffer_add_printf(out, " %" PRIu64 "\n", count);
		return;
	}
	if (family->kind == METRICS_U64)
		value = (double)count;
	evbuffer_add_printf(out, " %.15g\n", value * family->scale);
}

static bool
is_known(const struct metrics_family *family, const union ferry_stats_record *r)
{
	double value;

	if (family->type == METRICS_HISTOGRAM || family->kind != METRICS_REAL)
		return true;
	memcpy(&value, (const uint8_t *)r + family->offset, sizeof(value));
	return isfinite(value);
}

static void
put_states(struct evbuffer *out, const struct metrics_family *family,
	const union ferry_stats_record *r)
{
	const uint32_t *state = (const void *)((const uint8_t *)r + family->offset);

	for (uint32_t i = 0; i < family->nb_states; i++) {
		evbuffer_add_printf(out, "%s", family->name);
		put_labels(out, r);
		put_label(out, before_more(r), family->name, family->state_name(i));
		evbuffer_add_printf(out, "} %d\n", i == *state);
	}
}

static void
put_histogram(struct evbuffer *out, const struct metrics_family *family,
	const union ferry_stats_record *r)
{
	const uint64_t *bins = (const void *)((const uint8_t *)r + family->offset);
	uint64_t sum = 0;

	for (int i = 0; i < FERRY_STATS_DELAYS; i++) {
		sum += bins[i];
		evbuffer_add_printf(out, "%s_bucket", family->name);
		put_labels(out, r);
		if (i == FERRY_STATS_DELAYS - 1)
			evbuffer_add_printf(out, ",le=\"+Inf\"");
		else if (ferry_stats_delay_bounds[i] % 1000000 == 0)
			evbuffer_add_printf(
				out, ",le=\"%u.0\"", ferry_stats_delay_bounds[i] / 1000000);
		else
			evbuffer_add_printf(out, ",le=\"%g\"", ferry_stats_delay_bounds[i] / 1e6);
		evbuffer_add_printf(out, "} %" PRIu64 "\n", sum);
	}
}

static void
put_info(struct evbuffer *out, const struct metrics_family *family,
	const union ferry_stats_record *r)
{
	evbuffer_add_printf(out, "%s_info", family->name);
	put_label(out, '{', "node", r->node.name);
	put_number_label(out, ',', "id", r->node.id);
	put_label(out, ',', "version", r->node.version);
	evbuffer_add_printf(out, "} 1\n");
}

static void
put_sample(struct evbuffer *out, const struct metrics_family *family,
	const union ferry_stats_record *r)
{
	switch (family->type) {
	case METRICS_INFO:
		put_info(out, family, r);
		return;
	case METRICS_STATESET:
		put_states(out, family, r);
		return;
	case METRICS_HISTOGRAM:
		put_histogram(out, family, r);
		return;
	default:
		break;
	}
	evbuffer_add_printf(
		out, "%s%s", family->name, family->type == METRICS_COUNTER ? "_total" : "");
	put_labels(out, r);
	if (before_more(r) == ',')
		evbuffer_add(out, "}", 1);
	put_value(out, family, r);
}

static void
put_family(struct evbuffer *out, const struct metrics_family *family)
{
	static const char *const types[] = {
		[METRICS_GAUGE] = "gauge",
		[METRICS_COUNTER] = "counter",
		[METRICS_HISTOGRAM] = "histogram",
		[METRICS_STATESET] = "stateset",
		[METRICS_INFO] = "info",
	};

	evbuffer_add_printf(out, "# TYPE %s %s\n", family->name, types[family->type]);
	if (family->unit != NULL)
		evbuffer_add_printf(out, "# UNIT %s %s\n", family->name, family->unit);
	evbuffer_add_printf(out, "# HELP %s %s\n", family->name, family->help);
}

static bool
belongs(const struct metrics_family *family, const union ferry_stats_record *r)
{
	if (r->head.type != family->record)
		return false;
	if (family->role != 0 && r->session.role != family->role)
		return false;
	if (family->counted && r->port.counted == 0)
		return false;
	if (family->coded && r->session.code == FERRY_STATS_CODE_OFF)
		return false;
	return is_known(family, r);
}

bool
metrics_write(struct evbuffer *out, const struct ferry_stats_snapshot *snapshot,
	struct metrics_cursor *cursor)
{
	size_t before = evbuffer_get_length(out), wanted = 0;

	for (uint32_t looked = 0; cursor->family < metrics_nb_families && looked < PIECE * 64;) {
		const struct metrics_family *family = &metrics_families[cursor->family];
		uint32_t put = 0;

		if (cursor->record == 0)
			put_family(out, family);
		for (; cursor->record < snapshot->count && put < PIECE; cursor->record++) {
			looked++;
			if (!belongs(family, &snapshot->records[cursor->record]))
				continue;
			put_sample(out, family, &snapshot->records[cursor->record]);
			put++;
		}
		if (cursor->record == snapshot->count) {
			cursor->family++;
			cursor->record = 0;
		}
		wanted = evbuffer_get_length(out) - before;
		if (wanted > 10000)
			return true;
	}
	if (cursor->family == metrics_nb_families) {
		cursor->done = true;
		return evbuffer_add(out, "# EOF\n", 6) == 0;
	}
	return true;
}
