/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats_own.h"

struct stats_own_session {
	uint64_t id;
	uint32_t role, number;
	uint64_t packets, bytes, lost;
	uint64_t delays[FERRY_STATS_DELAYS];
};

/* The interval that is looked at. */
struct span {
	const struct stats_own *before;
	const char *name;
	double seconds;
	double cpuload; /* NAN: not known */
	uint64_t start, end;
};

static uint64_t
id_of(const struct ferry_stats_session *r)
{
	return (uint64_t)r->conference << 32 | r->session;
}

static int
compare(const void *a, const void *b)
{
	const struct stats_own_session *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* As it was at the last report; all 0 if it was not there, or began anew since. */
static struct stats_own_session
before(const struct stats_own *own, const struct ferry_stats_session *r)
{
	const struct stats_own_session key = {.id = id_of(r)};
	const struct stats_own_session *found = NULL;

	if (own->nb_sessions > 0)
		found = bsearch(&key, own->sessions, own->nb_sessions, sizeof(key), compare);
	if (found == NULL || found->role != r->role || found->number != r->number ||
		found->packets > r->packets || found->bytes > r->bytes)
		return key;
	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		if (found->delays[i] > r->delays[i])
			return key;
	return *found;
}

static void
begin_stream(const struct span *span, struct stats_stream *stream, uint64_t id)
{
	stats_stream_begin(stream, id);
	stream->start = span->start;
	stream->end = span->end;
	if (isfinite(span->cpuload))
		stats_stream_set(stream, STATS_CPULOAD, span->cpuload, span->name);
}

static void
fill_session(
	const struct span *span, const struct ferry_stats_session *r, struct stats_stream *stream)
{
	const struct stats_own_session old = before(span->before, r);
	double packets = (double)(r->packets - old.packets);
	/* A late packet takes its loss back. */
	double lost = r->lost > old.lost ? (double)(r->lost - old.lost) : 0;

	begin_stream(span, stream, id_of(r));
	if (span->seconds > 0)
		stats_stream_set(stream, STATS_RATE,
			(double)(r->bytes - old.bytes) * 8 / span->seconds, span->name);
	if (r->role != FERRY_STATS_DESTINATION)
		return;
	if (isfinite(r->jitter_us))
		stats_stream_set(stream, STATS_INJITTER, r->jitter_us, span->name);
	stats_stream_set(stream, STATS_CUMPKTLOST, (double)r->lost, span->name);
	stats_stream_set(
		stream, STATS_FRACLOST, lost > 0 ? lost / (lost + packets) : 0, span->name);
	stream->has_owd = true;
	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		stream->owd[i] = r->delays[i] - old.delays[i];
}

static void
sum_load(const struct ferry_stats_snapshot *snapshot, uint64_t *busy, uint64_t *idle)
{
	*busy = 0;
	*idle = 0;
	for (uint32_t i = 0; i < snapshot->count; i++) {
		if (snapshot->records[i].head.type != FERRY_STATS_WORKER)
			continue;
		*busy += snapshot->records[i].worker.busy_ns;
		*idle += snapshot->records[i].worker.idle_ns;
	}
}

static struct span
measure(const struct stats_own *own, const struct ferry_stats_snapshot *snapshot, const char *name)
{
	const struct ferry_stats_node *node = ferry_stats_snapshot_node(snapshot);
	/* UTC may be set meanwhile. */
	uint64_t past = node->uptime_ns > own->uptime_ns ? node->uptime_ns - own->uptime_ns : 0;
	uint64_t busy, idle;
	double all;

	sum_load(snapshot, &busy, &idle);
	all = (double)(busy - own->busy_ns) + (double)(idle - own->idle_ns);
	return (struct span){.before = own,
		.name = name,
		.seconds = (double)past / 1e9,
		.cpuload = all > 0 ? (double)(busy - own->busy_ns) / all : (double)NAN,
		.start = node->utc_ns > past ? (node->utc_ns - past) / 1000000000 : 0,
		.end = node->utc_ns / 1000000000};
}

static int
collect(const struct stats_own *own, const struct ferry_stats_snapshot *snapshot, const char *name,
	struct stats_stream **out, size_t *count)
{
	const struct span span = measure(own, snapshot, name);
	size_t n = 1;

	*out = malloc((snapshot->count + 1u) * sizeof(**out));
	if (*out == NULL)
		return -ENOMEM;
	begin_stream(&span, *out, 0);
	for (uint32_t i = 0; i < snapshot->count; i++)
		if (snapshot->records[i].head.type == FERRY_STATS_SESSION)
			fill_session(&span, &snapshot->records[i].session, &(*out)[n++]);
	*count = n;
	return 0;
}

int
stats_own_full(const struct ferry_stats_snapshot *snapshot, const char *name,
	struct stats_stream **out, size_t *count)
{
	const struct stats_own nothing = {0};

	return collect(&nothing, snapshot, name, out, count);
}

int
stats_own_take(struct stats_own *own, const struct ferry_stats_snapshot *snapshot, const char *name,
	struct stats_stream **out, size_t *count)
{
	struct stats_own_session *sessions = calloc(snapshot->count + 1u, sizeof(*sessions));
	size_t n = 0;

	if (sessions == NULL || collect(own, snapshot, name, out, count) != 0) {
		free(sessions);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < snapshot->count; i++) {
		const struct ferry_stats_session *r = &snapshot->records[i].session;

		if (r->head.type != FERRY_STATS_SESSION)
			continue;
		sessions[n] = (struct stats_own_session){.id = id_of(r),
			.role = r->role,
			.number = r->number,
			.packets = r->packets,
			.bytes = r->bytes,
			.lost = r->lost};
		memcpy(sessions[n++].delays, r->delays, sizeof(r->delays));
	}
	qsort(sessions, n, sizeof(*sessions), compare);
	free(own->sessions);
	own->sessions = sessions;
	own->nb_sessions = n;
	sum_load(snapshot, &own->busy_ns, &own->idle_ns);
	own->uptime_ns = ferry_stats_snapshot_node(snapshot)->uptime_ns;
	return 0;
}

void
stats_own_free(struct stats_own *own)
{
	free(own->sessions);
	*own = (struct stats_own){0};
}
